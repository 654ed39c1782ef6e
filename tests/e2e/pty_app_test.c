/* The console's loop (tui/app.c) on a pseudo-terminal, with a screen and a runtime made for this test: what is waited for, how often it
 * paints, and on which ways it ends. Real time, because the loop's subject is time. */
#include "app_source.h"
#include "pty.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"
#include "signalbox/tui/screen.h"
#include "signalbox/tui/tui.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define DRAWS_MAX 4096

/* The screen of the test: shows how much it was told. */
struct sb_screen {
    unsigned folds, keys, posted, resets, draws, failures, many, mouse;
    bool is_lost;
    uint64_t posted_id;
    enum sb_err posted_result;
    sb_ns drawn_at[DRAWS_MAX];
    enum sb_screen_page polls;
    const char *page; /* borrowed */
};
static struct sb_screen the_screen;
static enum sb_bell bell;

struct sb_screen *sb_screen_create(const struct sb_screen_setup *setup, struct sb_error *err)
{
    (void)setup;
    (void)err;
    return &the_screen;
}

void sb_screen_destroy(struct sb_screen *screen)
{
    (void)screen;
}

void sb_screen_reset(struct sb_screen *screen)
{
    screen->resets++;
    screen->folds = 0;
}

void sb_screen_recall(struct sb_screen *screen, const struct sb_event *event)
{
    (void)screen, (void)event;
    fail_msg("the source of this test has no past");
}

void sb_screen_source(struct sb_screen *screen, const struct sb_source_status *status, struct sb_now now)
{
    (void)now;
    screen->is_lost = status->state == SB_SOURCE_LOST;
}

void sb_screen_failed(struct sb_screen *screen, const struct sb_source_failure *failure, struct sb_now now)
{
    (void)now;
    screen->failures += failure->id == 4711 ? 1 : 100;
}

void sb_screen_node(struct sb_screen *screen, const char *text)
{
    (void)screen;
    (void)text;
}

void sb_screen_attention(const struct sb_screen *screen, struct sb_screen_attention *out)
{
    *out = (struct sb_screen_attention){ .is_known = true, .newest_page = screen->resets, .pages = 1 };
    (void)snprintf(out->title, sizeof out->title, "signalbox %uF", screen->folds);
}

void sb_screen_fold(struct sb_screen *screen, const struct sb_event *event)
{
    (void)event;
    screen->folds++;
}

void sb_screen_keys(struct sb_screen *screen, const struct sb_key *keys, size_t count, bool is_paste, struct sb_now now,
                    struct sb_screen_answer *answers)
{
    (void)is_paste;
    (void)now;
    for (size_t i = 0; i < count; i++) {
        screen->keys++;
        answers[i].wants_leave = keys[i].code == 'Q';
        answers[i].has_command = keys[i].code == 'p';
        screen->many += keys[i].code == 'b' ? 5 : 0;
        answers[i].wants_redraw = keys[i].code == 12;
        if (keys[i].code == '7' || keys[i].code == '1') {
            screen->polls = keys[i].code == '7' ? SB_SCREEN_PAGE_CONTENT : SB_SCREEN_PAGE_NONE;
        }
    }
}

bool sb_screen_take_command(struct sb_screen *screen, struct sb_command *command)
{
    (void)command;
    if (screen->many == 0) {
        return false;
    }
    screen->many--;
    return true;
}

void sb_screen_posted(struct sb_screen *screen, uint64_t command_id, enum sb_err result)
{
    screen->posted++;
    screen->posted_id = command_id;
    screen->posted_result = result;
}

void sb_screen_show_page(struct sb_screen *screen, enum sb_screen_page page, uint64_t run, const char *text, const char *why,
                         struct sb_now now)
{
    (void)run, (void)why, (void)now;
    assert_int_equal(page, SB_SCREEN_PAGE_CONTENT);
    screen->page = text != NULL ? text : screen->page;
}

enum sb_screen_page sb_screen_polls(const struct sb_screen *screen)
{
    return screen->polls;
}

/* Every other time there is nothing newer. */
static enum sb_err read_page(const void *self, enum sb_screen_page page, uint64_t run, char **text, struct sb_error *err)
{
    static unsigned calls;
    (void)self, (void)page, (void)run;
    if (++calls % 2 == 1) {
        return sb_error_set(err, SB_ERR_TIMEOUT, "being read");
    }
    *text = strdup("text 0");
    if (*text == NULL) {
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the test's page");
    }
    (*text)[5] = (char)('0' + calls / 2 % 10);
    return SB_OK;
}

bool sb_screen_wants(struct sb_screen *screen, struct sb_now now, struct sb_lookup *lookup)
{
    (void)screen, (void)now, (void)lookup;
    return false; /* pty_views_test asks */
}

void sb_screen_found(struct sb_screen *screen, const struct sb_findings *findings, struct sb_now now)
{
    (void)screen, (void)findings, (void)now;
    fail_msg("no key of this test asks about the past");
}

void sb_screen_mouse(struct sb_screen *screen, bool is_on, struct sb_now now)
{
    (void)now;
    screen->mouse = is_on ? 1 : 0;
}

void sb_screen_say(struct sb_screen *screen, bool is_bad, const char *text, struct sb_now now)
{
    (void)screen, (void)is_bad, (void)text, (void)now;
    fail_msg("no key of this test decides anything");
}

void sb_screen_stamp(const struct sb_screen *screen, struct sb_now now, struct sb_screen_stamp *stamp)
{
    (void)screen, (void)now, (void)stamp;
    fail_msg("no key of this test captures anything");
}

void sb_screen_pane_box(const struct sb_screen *screen, uint16_t box[4])
{
    (void)screen, (void)box;
    fail_msg("no key of this test copies anything");
}

void sb_screen_draw(struct sb_screen *screen, struct sb_now now, struct sb_grid *grid)
{
    char buf[128];
    struct sb_text text;

    for (size_t i = 0; i < (size_t)grid->rows * grid->cols; i++) {
        grid->cells[i] = (struct sb_grid_cell){ .code_point = ' ', .slot = SB_SLOT_TEXT, .width = 1 };
    }
    sb_text_init(&text, buf, sizeof buf);
    sb_text_addf(&text, "folds %u keys %u size %ux%u", screen->folds, screen->keys, grid->rows, grid->cols);
    if (screen->is_lost || screen->failures > 0) {
        sb_text_addf(&text, " lost %d failures %u", screen->is_lost, screen->failures);
    }
    if (screen->page != NULL) {
        sb_text_addf(&text, " %s", screen->page);
    }
    for (size_t i = 0; i < text.len && i < grid->cols; i++) {
        grid->cells[i].code_point = (uint32_t)buf[i];
    }
    if (screen->draws < DRAWS_MAX) {
        screen->drawn_at[screen->draws++] = now.mono;
    }
}

static unsigned most_draws_in_a_second(void)
{
    unsigned most = 0;
    for (unsigned first = 0; first < the_screen.draws; first++) {
        unsigned count = 0;
        while (first + count < the_screen.draws && the_screen.drawn_at[first + count] - the_screen.drawn_at[first] < SB_S(1)) {
            count++;
        }
        most = count > most ? count : most;
    }
    return most;
}

static int run(const struct scene *scene, bool is_read_only, enum sb_err answer)
{
    struct sb_error err = { SB_OK, "" };
    enum sb_tui_end end = SB_TUI_LEFT;

    world.events_fd = scene->go;
    world.source.ops = &ops;
    world.answer = answer;
    if (fcntl(scene->go, F_SETFL, O_NONBLOCK) != 0 || sb_wake_open(&world.finished_fd, &err) != SB_OK ||
        sb_wake_open(&world.signal_fd, &err) != SB_OK) {
        return 1;
    }
    struct sb_tui_setup setup = { .source = &world.source,
                                  .theme_dir = SB_SOURCE_DIR "/themes",
                                  .actor = "test",
                                  .environment = "test",
                                  .bell = bell,
                                  .is_read_only = is_read_only,
                                  .page = read_page,
                                  .finished_fd = world.finished_fd,
                                  .signal_fd = world.signal_fd };
    if (sb_tui_run(&setup, &end, &err) != SB_OK) {
        return 2;
    }
    (void)dprintf(scene->result, "end %d keys %u folds %u resets %u draws %u most %u commands %d posted %u id %llu result %d\n", (int)end,
                  the_screen.keys, the_screen.folds, the_screen.resets, the_screen.draws, most_draws_in_a_second(),
                  world.commands, the_screen.posted, (unsigned long long)the_screen.posted_id, (int)the_screen.posted_result);
    return 0;
}

static int scene_plain(const struct scene *scene)
{
    return run(scene, false, SB_OK);
}

static int scene_read_only(const struct scene *scene)
{
    return run(scene, true, SB_OK);
}

static int scene_full(const struct scene *scene)
{
    return run(scene, false, SB_ERR_FULL);
}

struct report {
    int end, commands, result;
    unsigned keys, folds, resets, draws, most, posted;
    unsigned long long id;
};

static struct report report_of(struct pty *pty)
{
    char said[512];
    struct report r;
    pty_report(pty, said, sizeof said);
    int fields = sscanf(said, "end %d keys %u folds %u resets %u draws %u most %u commands %d posted %u id %llu result %d", &r.end, &r.keys,
                        &r.folds, &r.resets, &r.draws, &r.most, &r.commands, &r.posted, &r.id, &r.result);
    assert_int_equal(fields, 10);
    return r;
}

static struct pty *start(pty_scene *scene)
{
    return pty_start(&(struct pty_setup){ .rows = 24, .cols = 80, .scene = scene });
}

static void until_row(struct pty *pty, const char *text)
{
    for (int waited = 0; strcmp(pty_row(pty, 0), text) != 0; waited += 10) {
        if (waited > 10000) {
            fail_msg("'%s' did not become '%s'", pty_row(pty, 0), text);
        }
        (void)pty_for(pty, 10);
    }
}

static void tell(struct pty *pty, char what, size_t count)
{
    char bytes[1024];
    assert_true(count <= sizeof bytes);
    memset(bytes, what, count);
    assert_int_equal(write(pty->go, bytes, count), (ssize_t)count);
}

static struct report leave(struct pty *pty)
{
    pty_type(pty, "Q", 1);
    struct report r = report_of(pty);
    int status = pty_until_end(pty);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    pty_assert_restored(pty);
    pty_stop(pty);
    assert_int_equal(r.end, SB_TUI_LEFT);
    return r;
}

static void app__folds_all_waiting_events_before_it_paints(void **state)
{
    (void)state;
    struct pty *pty = start(scene_plain);
    until_row(pty, "folds 0 keys 0 size 24x80");
    tell(pty, 'e', 1000);
    until_row(pty, "folds 1000 keys 0 size 24x80");
    struct report r = leave(pty);
    assert_int_equal(r.folds, 1000);
    assert_in_range(r.draws, 2, 5); /* the first, one or two for the events, and a second may have passed */
}

/* A text is asked for when its pane is shown and then again and again; one that is not there yet leaves the last one on the screen. */
static void app__reads_a_polled_page_anew_while_it_is_shown(void **state)
{
    (void)state;
    struct pty *pty = start(scene_plain);
    until_row(pty, "folds 0 keys 0 size 24x80");
    pty_type(pty, "7", 1);
    until_row(pty, "folds 0 keys 1 size 24x80 text 1");
    until_row(pty, "folds 0 keys 1 size 24x80 text 2");
    pty_type(pty, "1", 1);
    until_row(pty, "folds 0 keys 2 size 24x80 text 2");
    leave(pty);
}

static void app__writes_nothing_when_nothing_changed(void **state)
{
    (void)state;
    struct pty *pty = start(scene_plain);
    const sb_ns begun = sb_now();
    until_row(pty, "folds 0 keys 0 size 24x80");
    assert_int_equal(pty_for(pty, 2500), 0);
    struct report r = leave(pty);
    assert_in_range(r.draws, 2, 3 + (sb_now() - begun) / SB_S(1)); /* once a second, for the clock */
}

static void app__paints_at_most_twenty_frames_in_any_second(void **state)
{
    (void)state;
    struct pty *pty = start(scene_plain);
    until_row(pty, "folds 0 keys 0 size 24x80");
    for (int i = 0; i < 300; i++) {
        pty_type(pty, "j", 1);
        (void)pty_for(pty, 5);
    }
    until_row(pty, "folds 0 keys 300 size 24x80");
    struct report r = leave(pty);
    assert_in_range(r.most, 4, 20); /* keys came all the time, so it painted */
}

static void app__two_hundred_queued_keys_cost_three_frames_and_none_is_lost(void **state)
{
    (void)state;
    char keys[200];
    memset(keys, 'j', sizeof keys);
    struct pty *pty = start(scene_plain);
    until_row(pty, "folds 0 keys 0 size 24x80");
    pty_type(pty, keys, sizeof keys);
    until_row(pty, "folds 0 keys 200 size 24x80");
    struct report r = leave(pty);
    assert_int_equal(r.keys, 201);
    assert_in_range(r.draws, 2, 5); /* the first, up to three, and a second may have passed */
}

static void app__a_new_size_is_drawn(void **state)
{
    (void)state;
    struct pty *pty = start(scene_plain);
    until_row(pty, "folds 0 keys 0 size 24x80");
    pty_resize(pty, 10, 60);
    until_row(pty, "folds 0 keys 0 size 10x60");
    pty_resize(pty, 50, 200);
    until_row(pty, "folds 0 keys 0 size 50x200");
    (void)leave(pty);
}

static void app__forgets_the_model_after_a_gap(void **state)
{
    (void)state;
    struct pty *pty = start(scene_plain);
    tell(pty, 'e', 5);
    until_row(pty, "folds 5 keys 0 size 24x80");
    tell(pty, 'G', 1);
    until_row(pty, "folds 0 keys 0 size 24x80");
    assert_int_equal(leave(pty).resets, 1);
}

static void app__posts_commands_and_tells_the_screen(void **state)
{
    (void)state;
    struct pty *pty = start(scene_plain);
    until_row(pty, "folds 0 keys 0 size 24x80");
    pty_type(pty, "p", 1);
    struct report r = leave(pty);
    assert_int_equal(r.commands, 1);
    assert_int_equal(r.id, 4711);
    assert_int_equal(r.result, SB_OK);
}

static void app__tells_the_screen_when_the_source_is_lost_and_when_it_is_back(void **state)
{
    (void)state;
    struct pty *pty = start(scene_plain);
    tell(pty, 'e', 2);
    until_row(pty, "folds 2 keys 0 size 24x80");
    tell(pty, 'L', 1);
    until_row(pty, "folds 2 keys 0 size 24x80 lost 1 failures 0");
    tell(pty, 'X', 1);
    until_row(pty, "folds 2 keys 0 size 24x80 lost 1 failures 1");
    tell(pty, 'B', 1);
    until_row(pty, "folds 2 keys 0 size 24x80 lost 0 failures 1");
    assert_int_equal(leave(pty).resets, 0); /* the picture stays until there is another */
}

static void app__posts_every_command_of_an_action_on_many(void **state)
{
    (void)state;
    struct pty *pty = start(scene_plain);
    until_row(pty, "folds 0 keys 0 size 24x80");
    pty_type(pty, "b", 1);
    struct report r = leave(pty);
    assert_int_equal(r.commands, 5);
    assert_int_equal(r.posted, 5);
    pty = start(scene_full);
    until_row(pty, "folds 0 keys 0 size 24x80");
    pty_type(pty, "b", 1);
    r = leave(pty);
    assert_int_equal(r.posted, 5); /* each is told, and none is tried for ever */
    assert_int_equal(r.result, SB_ERR_FULL);
}

static void app__a_full_inbox_is_told_to_the_screen(void **state)
{
    (void)state;
    struct pty *pty = start(scene_full);
    until_row(pty, "folds 0 keys 0 size 24x80");
    pty_type(pty, "p", 1);
    struct report r = leave(pty);
    assert_int_equal(r.posted, 1);
    assert_int_equal(r.result, SB_ERR_FULL);
}

static void app__read_only_posts_nothing(void **state)
{
    (void)state;
    struct pty *pty = start(scene_read_only);
    until_row(pty, "folds 0 keys 0 size 24x80");
    pty_type(pty, "pb", 2);
    assert_int_equal(leave(pty).commands, 0);
}

static void ends_with(char what, enum sb_tui_end expected)
{
    struct pty *pty = start(scene_plain);
    until_row(pty, "folds 0 keys 0 size 24x80");
    tell(pty, what, 1);
    struct report r = report_of(pty);
    int status = pty_until_end(pty);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    pty_assert_restored(pty);
    pty_stop(pty);
    assert_int_equal(r.end, expected);
}

/* The answer to what the loop asks for is in the test's hands: without it an unfocused console draws once in ten seconds. */
static void app__without_focus_the_clock_stands_still_and_events_still_show(void **state)
{
    (void)state;
    struct pty *pty = start(scene_plain);
    until_row(pty, "folds 0 keys 0 size 24x80");
    const sb_ns begun = sb_now();
    pty_type(pty, "\033[O", 3);
    (void)pty_for(pty, 3500);
    tell(pty, 'e', 3);
    until_row(pty, "folds 3 keys 0 size 24x80");
    struct report r = leave(pty);
    /* the first, the events, and a second may have ended before the report was read; and what a slow machine takes */
    assert_in_range(r.draws, 2, 4 + (sb_now() - begun) / SB_S(10));
}

static int scene_bell(const struct scene *scene)
{
    bell = SB_BELL_BELL;
    return run(scene, false, SB_OK);
}

/* In this test's screen every gap is an alert that begins to page. */
static void app__calls_once_for_an_alert_that_begins_to_page(void **state)
{
    (void)state;
    for (unsigned is_on = 0; is_on < 2; is_on++) {
        struct pty *pty = start(is_on ? scene_bell : scene_plain);
        until_row(pty, "folds 0 keys 0 size 24x80");
        tell(pty, 'G', 1);
        tell(pty, 'e', 1);
        until_row(pty, "folds 1 keys 0 size 24x80");
        tell(pty, 'e', 1);
        until_row(pty, "folds 2 keys 0 size 24x80");
        (void)pty_for(pty, 50); /* what follows the picture */
        assert_string_equal(pty_title(pty), "signalbox 2F");
        assert_int_equal(pty_bells(pty), is_on);
        (void)leave(pty);
    }
}

static void app__ends_when_the_runtime_has_finished(void **state)
{
    (void)state;
    ends_with('F', SB_TUI_FINISHED);
}

static void app__ends_when_a_signal_came(void **state)
{
    (void)state;
    ends_with('S', SB_TUI_SIGNALLED);
}

static int scene_detached(const struct scene *scene)
{
    (void)signal(SIGHUP, SIG_IGN); /* as a program that reads its signals elsewhere */
    return run(scene, false, SB_OK);
}

static void app__ends_when_the_terminal_goes_away(void **state)
{
    (void)state;
    struct pty *pty = start(scene_detached);
    until_row(pty, "folds 0 keys 0 size 24x80");
    (void)close(pty->master);
    pty->master = -1;
    assert_int_equal(report_of(pty).end, SB_TUI_SIGNALLED);
    pty_stop(pty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(app__folds_all_waiting_events_before_it_paints),
        cmocka_unit_test(app__reads_a_polled_page_anew_while_it_is_shown),
        cmocka_unit_test(app__writes_nothing_when_nothing_changed),
        cmocka_unit_test(app__paints_at_most_twenty_frames_in_any_second),
        cmocka_unit_test(app__two_hundred_queued_keys_cost_three_frames_and_none_is_lost),
        cmocka_unit_test(app__a_new_size_is_drawn),
        cmocka_unit_test(app__forgets_the_model_after_a_gap),
        cmocka_unit_test(app__posts_commands_and_tells_the_screen),
        cmocka_unit_test(app__tells_the_screen_when_the_source_is_lost_and_when_it_is_back),
        cmocka_unit_test(app__posts_every_command_of_an_action_on_many),
        cmocka_unit_test(app__a_full_inbox_is_told_to_the_screen),
        cmocka_unit_test(app__read_only_posts_nothing),
        cmocka_unit_test(app__without_focus_the_clock_stands_still_and_events_still_show),
        cmocka_unit_test(app__calls_once_for_an_alert_that_begins_to_page),
        cmocka_unit_test(app__ends_when_the_runtime_has_finished),
        cmocka_unit_test(app__ends_when_a_signal_came),
        cmocka_unit_test(app__ends_when_the_terminal_goes_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
