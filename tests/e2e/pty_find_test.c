/* Finding, in the program as it is: `signalbox console` with thirty quiet jobs on a pseudo-terminal, by the keys of an operator and by
 * what libvterm shows. No browser, no tmux. */
#include "pty.h"

#include "signalbox/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROWS = 40, COLS = 120, PATIENCE_MS = 15000, SLICE_MS = 20 };

static struct pty *pty;
static char folder[] = "/tmp/sb-pty-find-XXXXXX";

static int scene_console(const struct scene *scene)
{
    (void)scene;
    (void)execl(SB_PROGRAM, SB_PROGRAM, "console", "--catalogue", SB_SOURCE_DIR "/tests/bench/quiet.yaml", "--state-dir", folder, (char *)NULL);
    return 127;
}

static int row_of(const char *text)
{
    for (int row = 0; row < ROWS; row++)
        if (strstr(pty_row(pty, row), text) != NULL)
            return row;
    return -1;
}

static _Noreturn void give_up(const char *what, const char *text)
{
    for (int row = 0; row < ROWS; row++)
        (void)fprintf(stderr, "| %s\n", pty_row(pty, row));
    fail_msg("the screen %s \"%s\"", what, text);
    abort(); /* fail_msg does not come back */
}

static void until_shown(const char *text)
{
    for (int waited = 0; row_of(text) < 0; waited += SLICE_MS) {
        if (waited > PATIENCE_MS)
            give_up("does not show", text);
        (void)pty_for(pty, SLICE_MS);
    }
}

static void until_gone(const char *text)
{
    for (int waited = 0; row_of(text) >= 0; waited += SLICE_MS) {
        if (waited > PATIENCE_MS)
            give_up("still shows", text);
        (void)pty_for(pty, SLICE_MS);
    }
}

/* One key after the other, as fingers do: what comes faster is taken for pasted text. */
static void type(const char *keys)
{
    for (; *keys != '\0'; keys++) {
        pty_type(pty, keys, 1);
        (void)pty_for(pty, 40);
    }
}

/* A line with its Enter. The console may have read many keys at once when the machine is busy; then it listens to no Enter for a while. */
static void enter(const char *line)
{
    char shown[64];
    type(line);
    (void)snprintf(shown, sizeof shown, "%s_", line);
    until_shown(shown);
    (void)pty_for(pty, 200);
    type("\r");
    until_gone(shown);
}

static void press(const char *sequence)
{
    pty_type(pty, sequence, strlen(sequence));
    (void)pty_for(pty, 40);
}
#define UP "\033OA"
#define RIGHT "\033OC"
#define F5 "\033[15~"

static int open_console(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return 1;
    pty = pty_start(&(struct pty_setup){ .rows = ROWS, .cols = COLS, .scene = scene_console });
    until_shown("/30 ");
    return 0;
}

static int close_console(void **state)
{
    (void)state;
    type("Q");
    until_shown("Leave: drain");
    (void)pty_for(pty, 400); /* a question does not listen at first */
    type("y");
    const int status = pty_until_end(pty);
    pty_assert_restored(pty);
    pty_stop(pty);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? system(command) : 1;
}

static void filters__take_letters_and_patterns(void **state)
{
    (void)state;
    enter("/=_0000[37]$");
    until_shown("1-2/2 of 30");
    until_shown("job_00003");
    until_gone("job_00001");
    const int row = row_of("job_00003"), col = (int)(strstr(pty_row(pty, row), "job_00003") - pty_row(pty, row));
    const VTermScreenCell there = pty_cell(pty, row, col + 6), before = pty_cell(pty, row, col);
    assert_false(vterm_color_is_equal(&there.fg, &before.fg) && vterm_color_is_equal(&there.bg, &before.bg) &&
                 there.attrs.underline == before.attrs.underline && there.attrs.bold == before.attrs.bold &&
                 there.attrs.reverse == before.attrs.reverse); /* what matched is told apart */
    enter("/~j12");
    until_shown("1-1/1 of 30");
    until_shown("job_00012");
    type("/=job(");
    until_shown("( without its )");
    type("\033");
    until_gone("( without its )");
    until_shown("filter:~j12");
    type("\\");
    until_shown("filter:none");
}

static void palette__goes_anywhere_and_asks_as_the_key_does(void **state)
{
    (void)state;
    enter(":b17");
    until_shown(">-     job_00017");
    enter(":pause 21");
    until_shown("pause_job job_00021 -> ok");
    enter(":resume 21");
    until_shown("resume_job job_00021 -> ok");
    enter(":force 04");
    until_shown("Force-run job_00004");
    (void)pty_for(pty, 400);
    type("n");
    until_gone("Force-run job_00004");
    type(":");
    press(UP);
    until_shown(":force job_00004_");
    type("\033");
    until_gone(":force");
    enter(":light");
    until_shown("theme light");
    enter(":dark");
    until_shown("theme dark");
}

static void order_and_columns__are_chosen(void **state)
{
    (void)state;
    type(">");
    until_shown("sort:name ");
    type("I");
    until_shown("sort:name inverted");
    type("o");
    until_shown("Sort by");
    type("g\r");
    until_shown("sort:severity ");
    type("c");
    until_shown("[x] SCHEDULE");
    type("j ");
    until_shown("[ ] ATT");
    type(" q");
    until_gone("Columns");
    press(RIGHT);
    until_shown("columns:+1");
    type("h");
    until_gone("columns:+1");
}

static void log__is_tailed_wrapped_marked_and_searched(void **state)
{
    (void)state;
    enter(":job_00021");
    type("t");
    until_shown("tail:job_00021");
    until_shown("job_00021 paused");
    type("zw");
    until_shown("wrap FOLLOW");
    type("m");
    until_shown("mark 1 2");
    enter("/=resumed");
    until_shown("filter:=resumed");
    until_gone("job_00021 paused");
    type("\\N");
    until_shown("search:=resumed");
    until_shown("job_00021 paused");
    type("k");
    until_shown("HELD");
    type("f");
    until_shown("FOLLOW");
    type("\\\\");
    until_gone("tail:");
    type("0");
    until_shown(">1 Jobs<");
}

static void redraw__brings_back_what_something_else_wrote_over(void **state)
{
    (void)state;
    static const char *const keys[] = { "\014", F5 };
    for (size_t i = 0; i < SB_LEN(keys); i++) {
        static const char junk[] = "\033[1;1HJUNK FROM ELSEWHERE";
        (void)vterm_input_write(pty->vt, junk, sizeof junk - 1);
        assert_true(row_of("JUNK") == 0);
        press(keys[i]);
        until_gone("JUNK");
        until_shown("SIGNALBOX");
    }
    type("?");
    until_shown("every key and what it does");
    enter("/class:t");
    until_shown("wants the job's name");
    until_gone("one row down");
    type("q");
    until_shown(">1 Jobs<");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters__take_letters_and_patterns),
        cmocka_unit_test(palette__goes_anywhere_and_asks_as_the_key_does),
        cmocka_unit_test(order_and_columns__are_chosen),
        cmocka_unit_test(log__is_tailed_wrapped_marked_and_searched),
        cmocka_unit_test(redraw__brings_back_what_something_else_wrote_over),
    };
    return cmocka_run_group_tests(tests, open_console, close_console);
}
