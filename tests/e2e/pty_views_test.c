/* The whole console on a pseudo-terminal: Enter leads through every view and q back; a store that hangs, or fails, costs its view an answer and
 * the operator nothing. */
#include "pty.h"

#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/source.h"
#include "signalbox/tui/screen.h"
#include "signalbox/tui/tui.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { EVENTS_MAX = 1024, ROWS = 24, COLS = 100 };

static struct {
    struct sb_source source;
    uint64_t commands;
    int fd;
    struct sb_event events[EVENTS_MAX];
    size_t count, next;
    int signal_fd;
    bool hangs; /* the store answers nothing until the question is called off */
} world;

static enum sb_err take_command(struct sb_source *source, struct sb_command command, uint64_t *id, struct sb_error *err)
{
    (void)source, (void)command, (void)err;
    *id = ++world.commands;
    return SB_OK;
}

static void ping(struct sb_source *source)
{
    (void)source;
}

static int fd(const struct sb_source *source)
{
    (void)source;
    return world.fd;
}

static void look(struct sb_source *source, struct sb_source_status *status)
{
    (void)source;
    memset(status, 0, sizeof *status);
}

/* The whole recording at once; a byte from the parent ends the console. */
static size_t take(struct sb_source *source, struct sb_event *events, size_t cap, bool *is_gap)
{
    (void)source;
    char byte;
    size_t count = 0;
    *is_gap = false;
    while (count < cap && world.next < world.count)
        events[count++] = world.events[world.next++];
    if (read(world.fd, &byte, 1) == 1)
        sb_wake_post(world.signal_fd);
    return count;
}

static const struct sb_source_ops ops = { .fd = fd, .take = take, .ping = ping, .command = take_command, .look = look };

static bool read_recording(void)
{
    char line[SB_CODEC_EVENT_MAX];
    struct sb_error err = { SB_OK, "" };
    FILE *file = fopen(SB_SOURCE_DIR "/tests/golden/incident.jsonl", "r");
    if (file == NULL)
        return false;
    while (fgets(line, sizeof line, file) != NULL && world.count < EVENTS_MAX)
        if (sb_codec_event_read(line, strcspn(line, "\n"), &world.events[world.count], &err) == SB_OK)
            world.count++;
    (void)fclose(file);
    /* As if it had just happened: the recording has a monotonic clock of its own, and a machine that runs for longer would call all of it old. */
    const sb_ns ago = world.count > 0 ? sb_now() - world.events[world.count - 1].now : 0;
    for (size_t i = 0; i < world.count; i++)
        world.events[i].now += ago;
    return world.count > 0;
}

/* The store of the test: two pages of runs, and little else. */
static enum sb_err lookup(const void *self, const struct sb_lookup *wanted, const struct sb_op *op, struct sb_findings *found, struct sb_error *err)
{
    size_t ready = 0;
    (void)self;
    if (world.hangs)
        return sb_poll_readable(NULL, 0, op, &ready, err);
    if (wanted->kind == SB_LOOKUP_RUNS) {
        const uint64_t top = wanted->before > 0 ? wanted->before - 1 : 400;
        found->run_count = wanted->before > 0 ? 3 : SB_LOOKUP_PAGE;
        found->is_newest = wanted->before == 0;
        found->is_oldest = wanted->before > 0;
        for (uint32_t i = 0; i < found->run_count; i++)
            found->runs[i] = (struct sb_past_run){ .id = top - i, .state = SB_RUN_STATE_SUCCEEDED, .queued = { SB_S(1) }, .ended = { SB_S(2) } };
    } else if (wanted->kind == SB_LOOKUP_RUN) {
        found->run_count = 1;
        found->runs[0] = (struct sb_past_run){ .id = wanted->id, .state = SB_RUN_STATE_FAILED, .error = "no such button" };
    } else if (wanted->kind == SB_LOOKUP_ALERT) {
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "the store is down: connection refused");
    } else {
        (void)sb_copy(found->text, sizeof found->text, "told by the store\n");
    }
    return SB_OK;
}

static enum sb_err page(const void *self, enum sb_screen_page which, uint64_t run, char **text, struct sb_error *err)
{
    (void)self, (void)run, (void)err;
    *text = strdup(which == SB_SCREEN_PAGE_CONTENT ? "content of me\n7f3a-1  single of me\n" : "==> failures/381-login-1/console.txt\nboom\n");
    return SB_OK;
}

static int run(const struct scene *scene, bool hangs)
{
    struct sb_error err = { SB_OK, "" };
    enum sb_tui_end end = SB_TUI_LEFT;
    world.fd = scene->go;
    world.hangs = hangs;
    world.source.ops = &ops;
    if (!read_recording() || fcntl(scene->go, F_SETFL, O_NONBLOCK) != 0 || sb_wake_open(&world.signal_fd, &err) != SB_OK)
        return 1;
    struct sb_tui_setup setup = { .source = &world.source, .theme_dir = SB_SOURCE_DIR "/themes", .actor = "ana", .environment = "practice",
                                  .page = page, .lookup = lookup, .finished_fd = -1, .signal_fd = world.signal_fd };
    return sb_tui_run(&setup, &end, &err) == SB_OK && end == SB_TUI_SIGNALLED ? 0 : 2;
}

static int scene_answers(const struct scene *scene)
{
    return run(scene, false);
}

static int scene_hangs(const struct scene *scene)
{
    return run(scene, true);
}

static struct pty *start(pty_scene *scene)
{
    return pty_start(&(struct pty_setup){ .rows = ROWS, .cols = COLS, .scene = scene });
}

static bool shows(const struct pty *pty, const char *text)
{
    for (int row = 0; row < ROWS; row++)
        if (strstr(pty_row(pty, row), text) != NULL)
            return true;
    return false;
}

static void until(struct pty *pty, const char *text)
{
    for (int waited = 0; !shows(pty, text); waited += 10) {
        if (waited > 20000) {
            for (int row = 0; row < ROWS; row++)
                print_message("%s\n", pty_row(pty, row));
            fail_msg("the screen never showed '%s'", text);
        }
        (void)pty_for(pty, 10);
    }
}

static void press(struct pty *pty, const char *keys, const char *then)
{
    pty_type(pty, keys, strlen(keys));
    until(pty, then);
}

static void stop(struct pty *pty)
{
    assert_int_equal(write(pty->go, "S", 1), 1);
    int status = pty_until_end(pty);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    pty_assert_restored(pty);
    pty_stop(pty);
}

static void views__enter_leads_in_and_q_leads_out_of_every_one(void **state)
{
    (void)state;
    struct pty *pty = start(scene_answers);
    until(pty, "LIVE");
    press(pty, "\r", ">Detail< reply_performance_snapshot");
    press(pty, "G", "told by the store");
    press(pty, "\r", ">History< runs of reply_performance_snapshot");
    until(pty, "newest 20, older below");
    press(pty, "jjjjjjjjjjjjjjjjjjj", "381 succeeded");
    press(pty, "j", "380 succeeded"); /* the next page */
    until(pty, ", the oldest");
    press(pty, "\r", ">Run< 380 of reply_performance_snapshot");
    until(pty, "no such button");
    press(pty, "\r", "boom");
    press(pty, "q", ">Run< 380");
    press(pty, "q", ">History<");
    press(pty, "q", ">Detail< reply_performance_snapshot");
    press(pty, "q", ">1 Jobs<");
    press(pty, "4\r", ">Alert< 1030 job_failed");
    press(pty, "G", "the store is down: connection refused; F5 asks again");
    press(pty, "q", ">4 Alerts<");
    press(pty, "2\r", ">Context< #0");
    press(pty, "\r", ">Detail< data_collection");
    press(pty, "qq", ">2 Contexts");
    press(pty, "5\r", ">Service< llm");
    press(pty, "q", ">5 Services<");
    press(pty, "L", ">Audit< operator actions");
    until(pty, "viral_scraper");
    press(pty, "q", ">5 Services<");
    press(pty, "7", "7f3a-1  single of me");
    press(pty, "\r", ">Content row< 7f3a-1");
    until(pty, "told by the store");
    press(pty, "q", ">7 Content<");
    press(pty, "8", ">8 Timeline<");
    press(pty, "\r", ">Detail< data_collection");
    press(pty, "q", ">8 Timeline<");
    stop(pty);
}

static void store__that_hangs_keeps_neither_keys_nor_frames_nor_the_end_waiting(void **state)
{
    (void)state;
    struct pty *pty = start(scene_hangs);
    until(pty, "LIVE");
    press(pty, "\r\r", "asking the store...");
    until(pty, "asking the store... 1s"); /* it is painted while the store hangs */
    press(pty, "q", ">Detail< reply_performance_snapshot");
    press(pty, "q", ">1 Jobs<");
    press(pty, "L", ">Audit< operator actions");
    until(pty, "viral_scraper"); /* what the model knows needs no store */
    until(pty, "asking the store...");
    stop(pty); /* the question under way is called off */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views__enter_leads_in_and_q_leads_out_of_every_one),
        cmocka_unit_test(store__that_hangs_keeps_neither_keys_nor_frames_nor_the_end_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
