/* How the program behaves as a guest of a terminal: title, focus, calls, themes while it runs, and no mode left behind on any way out. */
#include "pty.h"

#include "signalbox/base/text.h"
#include "signalbox/tui/term.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROWS = 24, COLS = 80 };
#define THEMES SB_SOURCE_DIR "/themes"

static struct sb_grid_cell cells[ROWS * COLS];

/* A cell of every slot in its row. */
static struct sb_grid picture(void)
{
    for (int i = 0; i < ROWS * COLS; i++) {
        cells[i] = (struct sb_grid_cell){ .code_point = i % COLS < 9 ? 'x' : ' ', .slot = (uint8_t)(i / COLS % SB_SLOT_COUNT), .width = 1 };
    }
    return (struct sb_grid){ .rows = ROWS, .cols = COLS, .cells = cells };
}

static struct sb_term *open_term(void)
{
    struct sb_term *term = NULL;
    struct sb_error err = { SB_OK, "" };
    if (sb_term_open(&term, &err) != SB_OK || sb_term_theme(term, THEMES, "dark", &err) != SB_OK) {
        _exit(77);
    }
    struct sb_grid grid = picture();
    (void)sb_term_paint(term, &grid);
    return term;
}

static struct pty *start(pty_scene *scene, const char *const *env)
{
    return pty_start(&(struct pty_setup){ .rows = ROWS, .cols = COLS, .env = env, .scene = scene });
}

static void assert_exited(struct pty *pty, int code)
{
    int status = pty_until_end(pty);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), code);
    pty_assert_restored(pty);
    pty_stop(pty);
}

/* --- the title ------------------------------------------------------------------------------------------------------------------------ */

static int scene_title(const struct scene *scene)
{
    struct sb_term *term = open_term();
    sb_term_title(term, "signalbox 2F T1");
    scene_mark();
    scene_wait(scene);
    sb_term_title(term, "signalbox 2F T1"); /* no change: nothing is sent */
    scene_mark();
    scene_wait(scene);
    sb_term_title(term, "a\033]2;b\a\xe2\x80\xaez\x9b");
    scene_mark();
    sb_term_close(term);
    return 0;
}

static void title__is_sent_when_it_changes_and_taken_back_at_the_end(void **state)
{
    (void)state;
    struct pty *pty = start(scene_title, NULL);
    pty_until_mark(pty);
    assert_string_equal(pty_title(pty), "signalbox 2F T1");
    assert_non_null(memmem(pty->output, pty->seen, "\033[22;2t", 7)); /* the one from before is kept by the terminal */
    pty_go(pty);
    assert_int_equal(pty_until_mark(pty), 0);
    pty_go(pty);
    pty_until_mark(pty);
    assert_string_equal(pty_title(pty), "a?]2;b????z?");
    assert_exited(pty, 0);
}

static void title__is_not_sent_to_terminals_that_could_print_it(void **state)
{
    (void)state;
    static const char *const types[] = { "TERM=vt100", "TERM=linux", "TERM=xterm-mono" };
    for (size_t i = 0; i < SB_LEN(types); i++) {
        struct pty *pty = start(scene_title, (const char *const[]){ types[i], NULL });
        for (unsigned marks = 0; marks < 3; marks++) {
            pty_until_mark(pty);
            if (marks < 2) {
                pty_go(pty);
            }
        }
        assert_null(memmem(pty->output, pty->seen, "\033]", 2));
        assert_null(memmem(pty->output, pty->seen, "1004", 4));
        assert_null(memmem(pty->output, pty->seen, "signalbox", 9));
        assert_exited(pty, 0);
    }
}

static void title__is_sent_inside_tmux_and_screen(void **state)
{
    (void)state;
    static const char *const types[] = { "TERM=tmux-256color", "TERM=screen", "TERM=screen-256color" };
    for (size_t i = 0; i < SB_LEN(types); i++) {
        struct pty *pty = start(scene_title, (const char *const[]){ types[i], NULL });
        pty_until_mark(pty);
        assert_string_equal(pty_title(pty), "signalbox 2F T1");
        pty_go(pty);
        pty_until_mark(pty);
        pty_go(pty);
        pty_until_mark(pty);
        assert_exited(pty, 0);
    }
}

/* --- focus and calls ------------------------------------------------------------------------------------------------------------------ */

static int scene_focus(const struct scene *scene)
{
    struct sb_term *term = open_term();
    struct sb_key keys[8];
    bool is_paste;
    scene_mark();
    for (;;) {
        struct pollfd polled = { .fd = sb_term_fd(term), .events = POLLIN };
        (void)poll(&polled, 1, -1);
        size_t count = sb_term_keys(term, keys, SB_LEN(keys), &is_paste);
        for (size_t i = 0; i < count; i++) {
            (void)dprintf(scene->result, "%c%d", (char)keys[i].code, (int)sb_term_is_focused(term));
        }
        if (count > 0 && keys[count - 1].code == 'Q') {
            break;
        }
    }
    (void)dprintf(scene->result, "\n");
    sb_term_close(term);
    return 0;
}

/* Keys and reports are sent one after the other, each when the one before was read: a burst would be one read. */
static void focus__is_followed_and_no_report_becomes_a_key(void **state)
{
    (void)state;
    char said[64];
    struct pty *pty = start(scene_focus, NULL);
    pty_until_mark(pty);
    pty_type(pty, "\033[Oa", 4);
    pty_type(pty, "\033[Ib", 4);
    pty_type(pty, "\033[O\033[O\033[IQ", 10);
    pty_report(pty, said, sizeof said);
    /* what was read together is told with the last state; the last key came after the last report */
    assert_int_equal(strlen(said), 6);
    assert_int_equal(said[0], 'a');
    assert_int_equal(said[2], 'b');
    assert_string_equal(said + 4, "Q1");
    assert_exited(pty, 0);
}

static int scene_unfocused(const struct scene *scene)
{
    struct sb_term *term = open_term();
    struct sb_key keys[8];
    bool is_paste;
    scene_mark();
    while (sb_term_is_focused(term)) {
        struct pollfd polled = { .fd = sb_term_fd(term), .events = POLLIN };
        (void)poll(&polled, 1, -1);
        if (sb_term_keys(term, keys, SB_LEN(keys), &is_paste) != 0) {
            return 1;
        }
    }
    (void)dprintf(scene->result, "unfocused\n");
    sb_term_call(term, false, 1);
    sb_term_call(term, true, 3);
    scene_mark();
    sb_term_close(term);
    return 0;
}

static void focus__lost_is_known_and_calls_reach_the_terminal(void **state)
{
    (void)state;
    char said[64];
    struct pty *pty = start(scene_unfocused, NULL);
    pty_until_mark(pty);
    assert_int_equal(pty_bells(pty), 0);
    pty_type(pty, "\033[O", 3);
    pty_report(pty, said, sizeof said);
    assert_string_equal(said, "unfocused");
    pty_until_mark(pty);
    assert_int_equal(pty_bells(pty), 1);
    assert_non_null(memmem(pty->output, pty->seen, "\033]9;signalbox: 3 alerts page\a", 29));
    assert_exited(pty, 0);
}

/* --- themes --------------------------------------------------------------------------------------------------------------------------- */

static int scene_switch(const struct scene *scene)
{
    struct sb_term *term = open_term();
    struct sb_error err = { SB_OK, "" };
    struct sb_grid grid = picture();
    scene_mark();
    scene_wait(scene);
    int wrong = sb_term_theme(term, THEMES, "deuteranopia", &err) != SB_OK;
    wrong += !sb_term_paint(term, &grid);
    scene_mark();
    scene_wait(scene);
    wrong += sb_term_theme(term, THEMES, "no-such-theme", &err) != SB_ERR_NOT_FOUND;
    (void)sb_term_paint(term, &grid);
    scene_mark();
    sb_term_close(term);
    return wrong;
}

static void theme__changes_while_it_runs_and_stays_when_the_next_is_missing(void **state)
{
    (void)state;
    struct pty *pty = start(scene_switch, NULL);
    pty_until_mark(pty);
    assert_int_equal(pty_cell(pty, SB_SLOT_BAD, 3).fg.indexed.idx, 203);
    for (unsigned i = 0; i < 2; i++) {
        pty_go(pty);
        pty_until_mark(pty);
        assert_int_equal(pty_cell(pty, SB_SLOT_BAD, 3).fg.indexed.idx, 16);
        assert_int_equal(pty_cell(pty, SB_SLOT_BAD, 3).bg.indexed.idx, 208);
    }
    assert_exited(pty, 0);
}

/* --- ways out ------------------------------------------------------------------------------------------------------------------------- */

static int scene_end(const struct scene *scene)
{
    char how = 'c';
    struct sb_term *term = open_term();
    sb_term_title(term, "signalbox");
    scene_mark();
    if (read(scene->go, &how, 1) != 1) {
        return 1;
    }
    switch (how) {
    case 's': (void)raise(SIGSEGV); break;
    case 'b': (void)raise(SIGBUS); break;
    case 'a': abort();
    case 'e': /* another program had the terminal meanwhile */
        sb_term_suspend(term);
        scene_mark();
        scene_wait(scene);
        sb_term_resume(term);
        break;
    default: break;
    }
    sb_term_close(term);
    return 0;
}

static void way_out__leaves_no_mode_and_no_title_behind(void **state)
{
    (void)state;
    static const struct {
        char how;
        int signal;
    } ways[] = { { 'c', 0 }, { 's', SIGSEGV }, { 'b', SIGBUS }, { 'a', SIGABRT } };
    for (size_t i = 0; i < SB_LEN(ways); i++) {
        struct pty *pty = start(scene_end, NULL);
        pty_until_mark(pty);
        assert_true(pty->is_altscreen);
        assert_string_equal(pty_title(pty), "signalbox");
        assert_int_equal(write(pty->go, &ways[i].how, 1), 1);
        int status = pty_until_end(pty);
        assert_true(ways[i].signal == 0 ? WIFEXITED(status) : !WIFEXITED(status) || WEXITSTATUS(status) != 0);
        pty_assert_restored(pty);
        pty_stop(pty);
    }
}

static void way_out__to_another_program_and_back(void **state)
{
    (void)state;
    struct pty *pty = start(scene_end, NULL);
    pty_until_mark(pty);
    assert_int_equal(write(pty->go, "e", 1), 1);
    pty_until_mark(pty);
    pty_assert_restored(pty); /* the editor finds a plain terminal */
    pty_go(pty);
    assert_exited(pty, 0);
}

static int scene_stop(const struct scene *scene)
{
    uint16_t rows, cols;
    struct sb_term *term = open_term();
    struct sb_grid grid = picture();
    struct pollfd polled = { .fd = sb_term_resize_fd(term), .events = POLLIN };
    sb_term_title(term, "signalbox");
    scene_mark();
    (void)poll(&polled, 1, -1);
    bool has_changed = sb_term_size(term, &rows, &cols); /* stops in here */
    (void)sb_term_paint(term, &grid);
    sb_term_title(term, "signalbox");
    scene_mark();
    scene_wait(scene);
    sb_term_close(term);
    return has_changed ? 0 : 1;
}

static void way_out__a_stop_gives_the_terminal_back_and_going_on_takes_it_again(void **state)
{
    (void)state;
    int status = 0;
    struct pty *pty = start(scene_stop, NULL);
    pty_until_mark(pty);
    assert_int_equal(kill(pty->pid, SIGTSTP), 0);
    assert_int_equal(waitpid(pty->pid, &status, WUNTRACED), pty->pid);
    assert_true(WIFSTOPPED(status));
    (void)pty_settle(pty);
    pty_assert_restored(pty);
    assert_int_equal(kill(pty->pid, SIGCONT), 0);
    pty_until_mark(pty);
    assert_true(pty->is_altscreen);
    assert_string_equal(pty_title(pty), "signalbox");
    assert_int_equal(pty_char(pty, 5, 3), 'x');
    pty_go(pty);
    assert_exited(pty, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(title__is_sent_when_it_changes_and_taken_back_at_the_end),
        cmocka_unit_test(title__is_not_sent_to_terminals_that_could_print_it),
        cmocka_unit_test(title__is_sent_inside_tmux_and_screen),
        cmocka_unit_test(focus__is_followed_and_no_report_becomes_a_key),
        cmocka_unit_test(focus__lost_is_known_and_calls_reach_the_terminal),
        cmocka_unit_test(theme__changes_while_it_runs_and_stays_when_the_next_is_missing),
        cmocka_unit_test(way_out__leaves_no_mode_and_no_title_behind),
        cmocka_unit_test(way_out__to_another_program_and_back),
        cmocka_unit_test(way_out__a_stop_gives_the_terminal_back_and_going_on_takes_it_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
