/* tui/term on a real pseudo-terminal, seen by libvterm: what is painted is what is there, and nothing is left behind. */
#include "pty.h"

#include "signalbox/base/text.h"
#include "signalbox/tui/term.h"

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

#define ROWS 24
#define COLS 80
#define THEMES SB_SOURCE_DIR "/themes"

static struct sb_grid_cell cells[60 * 200];

static struct sb_grid blank_grid(uint16_t rows, uint16_t cols)
{
    struct sb_grid grid = { .rows = rows, .cols = cols, .cells = cells };
    for (size_t i = 0; i < (size_t)rows * cols; i++) {
        cells[i] = (struct sb_grid_cell){ .code_point = ' ', .slot = SB_SLOT_TEXT, .width = 1 };
    }
    return grid;
}

static void put(struct sb_grid *grid, int row, int col, uint32_t code_point, enum sb_slot slot, uint8_t width)
{
    struct sb_grid_cell *cell = &grid->cells[(size_t)row * grid->cols + (size_t)col];
    cell[0] = (struct sb_grid_cell){ .code_point = code_point, .slot = (uint8_t)slot, .width = width };
    if (width == 2) {
        cell[1] = (struct sb_grid_cell){ .code_point = ' ', .slot = (uint8_t)slot, .width = 0 };
    }
}

static void put_text(struct sb_grid *grid, int row, int col, const char *text, enum sb_slot slot)
{
    for (int i = 0; text[i] != '\0'; i++) {
        put(grid, row, col + i, (uint32_t)text[i], slot, 1);
    }
}

/* A picture with every slot, a wide character and a line. */
static struct sb_grid picture(uint16_t rows, uint16_t cols)
{
    struct sb_grid grid = blank_grid(rows, cols);
    for (int slot = 0; slot < SB_SLOT_COUNT && slot < rows; slot++) {
        put_text(&grid, slot, 3, "job alpha", (enum sb_slot)slot);
        put(&grid, slot, cols - 1, 0x2502, SB_SLOT_FRAME, 1);
    }
    put(&grid, 2, 20, 0x6f22, SB_SLOT_TEXT, 2);
    put(&grid, 2, 22, 'x', SB_SLOT_TEXT, 1);
    put_text(&grid, rows - 1, cols - 4, "last", SB_SLOT_BAD);
    grid.cursor_row = 5;
    grid.cursor_col = 3;
    return grid;
}

static struct sb_term *open_term(const char *theme)
{
    struct sb_term *term = NULL;
    struct sb_error err = { SB_OK, "" };
    if (sb_term_open(&term, &err) != SB_OK || sb_term_theme(term, THEMES, theme, &err) != SB_OK) {
        _exit(77);
    }
    return term;
}

static void assert_exited(struct pty *pty, int code)
{
    int status = pty_until_end(pty);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), code);
}

static struct pty *start(pty_scene *scene, const char *const *env)
{
    return pty_start(&(struct pty_setup){ .rows = ROWS, .cols = COLS, .env = env, .scene = scene });
}

/* Whether the output has a colour in one of its SGR sequences. */
static bool has_colour(const struct pty *pty)
{
    for (size_t i = 0; i + 1 < pty->seen; i++) {
        if (pty->output[i] != '\033' || pty->output[i + 1] != '[') {
            continue;
        }
        int value = 0;
        for (i += 2; i < pty->seen; i++) {
            char c = pty->output[i];
            if (c >= '0' && c <= '9') {
                value = value * 10 + (c - '0');
                continue;
            }
            bool is_colour = (value >= 30 && value <= 49) || (value >= 90 && value <= 107);
            if ((c == 'm' || c == ';' || c == ':') && is_colour) {
                return true;
            }
            value = 0;
            if (c != ';' && c != ':') {
                break;
            }
        }
    }
    return false;
}

static int scene_picture(const struct scene *scene)
{
    (void)scene;
    struct sb_term *term = open_term("dark");
    struct sb_grid grid = picture(ROWS, COLS);
    bool sent = sb_term_paint(term, &grid);
    scene_mark();
    sb_term_close(term);
    return sent ? 0 : 1;
}

static void term__shows_every_cell_of_the_grid(void **state)
{
    (void)state;
    struct pty *pty = start(scene_picture, NULL);
    pty_until_mark(pty);
    struct sb_grid grid = picture(ROWS, COLS);
    for (int row = 0; row < ROWS; row++) {
        for (int col = 0; col < COLS; col++) {
            const struct sb_grid_cell *cell = &grid.cells[row * COLS + col];
            if (cell->width == 0) {
                continue;
            }
            assert_int_equal(pty_char(pty, row, col), cell->code_point);
            assert_int_equal(pty_cell(pty, row, col).width, cell->width);
        }
    }
    VTermPos cursor;
    vterm_state_get_cursorpos(vterm_obtain_state(pty->vt), &cursor);
    assert_int_equal(cursor.row, 5);
    assert_int_equal(cursor.col, 3);
    assert_true(pty->is_altscreen);
    assert_false(pty->is_cursor_visible);
    assert_exited(pty, 0);
    pty_stop(pty);
}

static void term__colours_and_attributes_are_the_themes(void **state)
{
    (void)state;
    struct pty *pty = start(scene_picture, NULL);
    pty_until_mark(pty);
    VTermScreenCell bad = pty_cell(pty, SB_SLOT_BAD, 3);
    assert_true(VTERM_COLOR_IS_INDEXED(&bad.fg));
    assert_int_equal(bad.fg.indexed.idx, 203);
    assert_true(VTERM_COLOR_IS_DEFAULT_BG(&bad.bg));
    assert_true(bad.attrs.bold);
    VTermScreenCell selected = pty_cell(pty, SB_SLOT_SELECTED, 3);
    assert_int_equal(selected.fg.indexed.idx, 255);
    assert_int_equal(selected.bg.indexed.idx, 24);
    assert_false(selected.attrs.bold);
    VTermScreenCell header = pty_cell(pty, SB_SLOT_HEADER, 3);
    assert_int_equal(header.attrs.underline, 1);
    assert_exited(pty, 0);
    pty_stop(pty);
}

static void term__gives_the_terminal_back_at_close(void **state)
{
    (void)state;
    struct pty *pty = start(scene_picture, NULL);
    pty_until_mark(pty);
    assert_exited(pty, 0);
    pty_assert_restored(pty);
    assert_non_null(memmem(pty->output, pty->seen, "\033[?2004h", 8));
    assert_non_null(memmem(pty->output, pty->seen, "\033[?2004l", 8));
    pty_stop(pty);
}

static int scene_changes(const struct scene *scene)
{
    struct sb_term *term = open_term("dark");
    struct sb_grid grid = picture(ROWS, COLS);
    int wrong = 0;

    wrong += !sb_term_paint(term, &grid);
    scene_mark();
    scene_wait(scene);
    wrong += sb_term_paint(term, &grid); /* nothing changed */
    scene_mark();
    scene_wait(scene);
    put(&grid, 10, 40, '7', SB_SLOT_WARN, 1); /* one cell */
    wrong += !sb_term_paint(term, &grid);
    scene_mark();
    scene_wait(scene);
    put_text(&grid, 0, 60, "14:41:07Z", SB_SLOT_TEXT);
    wrong += !sb_term_paint(term, &grid);
    scene_mark();
    scene_wait(scene);
    put_text(&grid, 0, 60, "14:41:08Z", SB_SLOT_TEXT); /* the clock ticks */
    wrong += !sb_term_paint(term, &grid);
    scene_mark();
    scene_wait(scene);
    sb_term_redraw(term);
    wrong += !sb_term_paint(term, &grid); /* C-l */
    scene_mark();
    sb_term_close(term);
    return wrong;
}

static void term__sends_only_what_changed(void **state)
{
    (void)state;
    struct pty *pty = start(scene_changes, NULL);
    size_t whole = pty_until_mark(pty);
    pty_go(pty);
    assert_int_equal(pty_until_mark(pty), 0);
    pty_go(pty);
    size_t one_cell = pty_until_mark(pty);
    assert_in_range(one_cell, 1, 63);
    assert_int_equal(pty_char(pty, 10, 40), '7');
    pty_go(pty);
    (void)pty_until_mark(pty);
    pty_go(pty);
    size_t clock = pty_until_mark(pty);
    assert_in_range(clock, 1, 63);
    assert_int_equal(pty_char(pty, 0, 67), '8');
    pty_go(pty);
    size_t redraw = pty_until_mark(pty);
    assert_in_range(redraw, whole / 2, whole * 2);
    print_message("bytes: whole screen %zu, one cell %zu, clock %zu, redraw %zu\n", whole, one_cell, clock, redraw);
    assert_exited(pty, 0);
    pty_stop(pty);
}

static int scene_wide_changes(const struct scene *scene)
{
    struct sb_term *term = open_term("dark");
    struct sb_grid grid = blank_grid(ROWS, COLS);
    put(&grid, 1, 5, 0x6f22, SB_SLOT_TEXT, 2);
    (void)sb_term_paint(term, &grid);
    scene_mark();
    scene_wait(scene);
    put(&grid, 1, 5, 'a', SB_SLOT_TEXT, 1); /* the wide character moves by half of itself */
    put(&grid, 1, 6, 0x5b57, SB_SLOT_TEXT, 2);
    (void)sb_term_paint(term, &grid);
    scene_mark();
    scene_wait(scene);
    put(&grid, 1, 5, 0x6f22, SB_SLOT_TEXT, 2);
    put(&grid, 1, 7, 'b', SB_SLOT_TEXT, 1);
    (void)sb_term_paint(term, &grid);
    scene_mark();
    sb_term_close(term);
    return 0;
}

static void term__wide_characters_can_be_overwritten_by_halves(void **state)
{
    (void)state;
    struct pty *pty = start(scene_wide_changes, NULL);
    pty_until_mark(pty);
    assert_int_equal(pty_char(pty, 1, 5), 0x6f22);
    pty_go(pty);
    pty_until_mark(pty);
    assert_int_equal(pty_char(pty, 1, 5), 'a');
    assert_int_equal(pty_char(pty, 1, 6), 0x5b57);
    pty_go(pty);
    pty_until_mark(pty);
    assert_int_equal(pty_char(pty, 1, 5), 0x6f22);
    assert_int_equal(pty_char(pty, 1, 7), 'b');
    assert_exited(pty, 0);
    pty_stop(pty);
}

static int scene_sizes(const struct scene *scene)
{
    struct sb_term *term = open_term("dark");
    for (int i = 0; i < 5; i++) {
        uint16_t rows, cols;
        scene_wait(scene);
        (void)sb_term_size(term, &rows, &cols);
        struct sb_grid grid = blank_grid(rows, cols);
        char text[32];
        (void)snprintf(text, sizeof text, "%ux%u", rows, cols);
        text[cols < 31 ? cols : 31] = '\0';
        put_text(&grid, rows - 1, 0, text, SB_SLOT_OK);
        (void)sb_term_paint(term, &grid);
        scene_mark();
    }
    sb_term_close(term);
    return 0;
}

static void term__follows_every_size_down_to_one_cell(void **state)
{
    (void)state;
    static const struct {
        int rows, cols;
        const char *text;
    } sizes[] = { { 24, 80, "24x80" }, { 10, 40, "10x40" }, { 1, 1, "1" }, { 50, 200, "50x200" }, { 24, 80, "24x80" } };
    struct pty *pty = start(scene_sizes, NULL);
    for (size_t i = 0; i < SB_LEN(sizes); i++) {
        pty_resize(pty, sizes[i].rows, sizes[i].cols);
        pty_go(pty);
        pty_until_mark(pty);
        assert_string_equal(pty_row(pty, sizes[i].rows - 1), sizes[i].text);
        assert_true(sizes[i].rows == 1 || pty_row(pty, 0)[0] == '\0');
    }
    assert_exited(pty, 0);
    pty_stop(pty);
}

static int scene_there_and_back(const struct scene *scene)
{
    struct sb_term *term = open_term("dark");
    struct sb_grid grid = picture(ROWS, COLS);
    uint16_t rows, cols;
    (void)sb_term_size(term, &rows, &cols);
    (void)sb_term_paint(term, &grid);
    bool is_quiet = !sb_term_size(term, &rows, &cols);
    scene_mark();
    scene_wait(scene);
    bool is_told = sb_term_size(term, &rows, &cols) && rows == ROWS && cols == COLS;
    (void)sb_term_paint(term, &grid);
    scene_mark();
    sb_term_close(term);
    return is_quiet && is_told ? 0 : 1;
}

static void term__repaints_a_window_that_went_to_another_size_and_back(void **state)
{
    (void)state;
    struct pty *pty = start(scene_there_and_back, NULL);
    pty_until_mark(pty);
    pty_resize(pty, 5, 10); /* the terminal forgets what it no longer shows */
    pty_resize(pty, ROWS, COLS);
    assert_string_equal(pty_row(pty, 10), "");
    pty_go(pty);
    pty_until_mark(pty);
    assert_memory_equal(pty_row(pty, 10), "   job alpha", 12);
    assert_int_equal(pty_char(pty, 10, COLS - 1), 0x2502);
    assert_exited(pty, 0);
    pty_stop(pty);
}

static int scene_abort(const struct scene *scene)
{
    (void)scene;
    struct sb_term *term = open_term("dark");
    struct sb_grid grid = picture(ROWS, COLS);
    (void)sb_term_paint(term, &grid);
    scene_mark();
    (void)fprintf(stderr, "assertion failed: the sky is up\n");
    abort();
}

static void term__gives_the_terminal_back_when_the_program_crashes(void **state)
{
    (void)state;
    struct pty *pty = start(scene_abort, NULL);
    pty_until_mark(pty);
    size_t before = pty->fed;
    int status = pty_until_end(pty);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    pty_assert_restored(pty);
    const char *left = memmem(pty->output + before, pty->seen - before, "\033[?1049l", 8);
    const char *said = memmem(pty->output + before, pty->seen - before, "the sky is up", 13);
    assert_non_null(left);
    assert_non_null(said);
    assert_true(left < said);
    assert_non_null(memmem(pty->output + before, pty->seen - before, "\033[?2004l", 8));
    pty_stop(pty);
}

static int scene_stderr(const struct scene *scene)
{
    struct sb_term *term = open_term("dark");
    struct sb_grid grid = blank_grid(ROWS, COLS);
    (void)sb_term_paint(term, &grid);
    for (int i = 0; i < 3000; i++) {
        (void)fprintf(stderr, "library complains %d .....................\n", i); /* more than is held: must not block */
    }
    scene_mark();
    scene_wait(scene);
    sb_term_close(term);
    return 0;
}

static void term__standard_error_never_reaches_the_screen(void **state)
{
    (void)state;
    struct pty *pty = start(scene_stderr, NULL);
    pty_until_mark(pty);
    assert_null(memmem(pty->output, pty->seen, "library", 7));
    pty_go(pty);
    assert_exited(pty, 0);
    assert_non_null(memmem(pty->output, pty->seen, "library complains 0 ", 20)); /* afterwards it is there */
    pty_assert_restored(pty);
    pty_stop(pty);
}

static void term__no_color_sends_no_colour(void **state)
{
    (void)state;
    static const char *const off[] = { "NO_COLOR=1", NULL };
    static const char *const empty[] = { "NO_COLOR=", NULL };
    struct pty *pty = start(scene_picture, off);
    pty_until_mark(pty);
    assert_true(pty_cell(pty, SB_SLOT_BAD, 3).attrs.reverse); /* the mono theme */
    assert_exited(pty, 0);
    assert_false(has_colour(pty));
    pty_stop(pty);
    pty = start(scene_picture, empty); /* an empty value means nothing */
    pty_until_mark(pty);
    assert_exited(pty, 0);
    assert_true(has_colour(pty));
    pty_stop(pty);
}

static void term__monochrome_terminals_get_no_colour(void **state)
{
    (void)state;
    static const char *const types[] = { "TERM=vt100", "TERM=vt220", "TERM=xterm-mono" };
    for (size_t i = 0; i < SB_LEN(types); i++) {
        const char *env[] = { types[i], NULL };
        struct pty *pty = start(scene_picture, env);
        pty_until_mark(pty);
        assert_exited(pty, 0);
        assert_false(has_colour(pty));
        pty_stop(pty);
    }
}

static void term__known_terminals_show_the_text(void **state)
{
    (void)state;
    static const char *const types[] = { "TERM=xterm",         "TERM=screen", "TERM=screen-256color",
                                         "TERM=tmux-256color", "TERM=linux",  "TERM=vt100" };
    for (size_t i = 0; i < SB_LEN(types); i++) {
        const char *env[] = { types[i], NULL };
        struct pty *pty = start(scene_picture, env);
        pty_until_mark(pty);
        for (int slot = 0; slot < SB_SLOT_COUNT - 1; slot++) {
            assert_memory_equal(pty_row(pty, slot), "   job alpha", 12);
        }
        assert_exited(pty, 0);
        pty_stop(pty);
    }
}

static void term__the_c_locale_gets_no_byte_above_ascii(void **state)
{
    (void)state;
    static const char *const env[] = { "LC_ALL=C", NULL };
    struct pty *pty = start(scene_picture, env);
    pty_until_mark(pty);
    assert_int_equal(pty_char(pty, 0, COLS - 1), '?');
    assert_int_equal(pty_char(pty, 2, 20), '?');
    assert_int_equal(pty_char(pty, 2, 22), 'x');
    assert_exited(pty, 0);
    for (size_t i = 0; i < pty->seen; i++) {
        assert_true((unsigned char)pty->output[i] < 0x80);
    }
    pty_stop(pty);
}

static int scene_hostile(const struct scene *scene)
{
    (void)scene;
    struct sb_term *term = open_term("dark");
    struct sb_grid grid = blank_grid(ROWS, COLS);
    static const uint32_t hostile[] = { 0, 7, 27, 0x7f, 0x9b, 0x202e, 0x200d, 0xd800, 0x110000, 0x6f22 /* wide, told as narrow */ };
    for (int i = 0; i < (int)SB_LEN(hostile); i++) {
        put(&grid, 3, i, hostile[i], SB_SLOT_TEXT, 1);
    }
    put(&grid, 3, (int)SB_LEN(hostile), 'z', SB_SLOT_COUNT, 1);
    (void)sb_term_paint(term, &grid);
    scene_mark();
    sb_term_close(term);
    return 0;
}

static void term__a_grid_cannot_move_the_cursor(void **state)
{
    (void)state;
    struct pty *pty = start(scene_hostile, NULL);
    pty_until_mark(pty);
    assert_string_equal(pty_row(pty, 3), "??????????z");
    assert_exited(pty, 0);
    pty_stop(pty);
}

static int scene_unknown(const struct scene *scene)
{
    struct sb_term *term = NULL;
    struct sb_error err = { SB_OK, "" };
    enum sb_err rc = sb_term_open(&term, &err);
    (void)!write(scene->result, err.text, strlen(err.text));
    (void)!write(scene->result, "\n", 1);
    return rc == SB_ERR_UNSUPPORTED && term == NULL ? 0 : 1;
}

static void assert_type_refused(const char *setting, const char *name, const char *advice)
{
    const char *const env[] = { setting, NULL };
    char said[512];
    struct pty *pty = start(scene_unknown, env);
    pty_report(pty, said, sizeof said);
    assert_non_null(strstr(said, name));
    assert_non_null(strstr(said, advice));
    assert_exited(pty, 0);
    pty_assert_restored(pty);
    pty_stop(pty);
}

static void term__an_unknown_type_is_an_error_which_says_what_to_do(void **state)
{
    (void)state;
    assert_type_refused("TERM=no-such-terminal", "'no-such-terminal'", "xterm-256color");
}

static void term__a_type_without_cursor_placement_is_an_error_which_says_what_to_do(void **state)
{
    (void)state;
    assert_type_refused("TERM=dumb", "'dumb'", "`signalbox run`");
}

static void term__no_terminal_is_an_error(void **state)
{
    (void)state;
    struct sb_term *term = NULL;
    struct sb_error err = { SB_OK, "" };
    int saved = dup(STDIN_FILENO), none = open("/dev/null", O_RDONLY);
    assert_true(saved >= 0 && none >= 0);
    assert_true(dup2(none, STDIN_FILENO) >= 0);
    enum sb_err rc = sb_term_open(&term, &err);
    assert_true(dup2(saved, STDIN_FILENO) >= 0);
    (void)close(saved);
    (void)close(none);
    assert_int_equal(rc, SB_ERR_UNSUPPORTED);
    assert_null(term);
}

static int scene_theme(const struct scene *scene)
{
    struct sb_term *term = NULL;
    struct sb_error err = { SB_OK, "" };
    (void)scene;
    if (sb_term_open(&term, &err) != SB_OK || sb_term_theme(term, THEMES, "no-such-theme", &err) != SB_ERR_NOT_FOUND) {
        return 1;
    }
    if (sb_term_theme(term, THEMES, "../themes/dark", &err) != SB_ERR_INVALID) {
        return 2;
    }
    struct sb_grid grid = picture(ROWS, COLS);
    (void)sb_term_paint(term, &grid);
    scene_mark();
    sb_term_close(term);
    return 0;
}

static void term__a_missing_theme_falls_back_to_the_built_in_one(void **state)
{
    (void)state;
    struct pty *pty = start(scene_theme, NULL);
    pty_until_mark(pty);
    assert_true(pty_cell(pty, SB_SLOT_BAD, 3).attrs.reverse);
    assert_exited(pty, 0);
    pty_stop(pty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(term__shows_every_cell_of_the_grid),
        cmocka_unit_test(term__colours_and_attributes_are_the_themes),
        cmocka_unit_test(term__gives_the_terminal_back_at_close),
        cmocka_unit_test(term__sends_only_what_changed),
        cmocka_unit_test(term__wide_characters_can_be_overwritten_by_halves),
        cmocka_unit_test(term__follows_every_size_down_to_one_cell),
        cmocka_unit_test(term__repaints_a_window_that_went_to_another_size_and_back),
        cmocka_unit_test(term__gives_the_terminal_back_when_the_program_crashes),
        cmocka_unit_test(term__standard_error_never_reaches_the_screen),
        cmocka_unit_test(term__no_color_sends_no_colour),
        cmocka_unit_test(term__monochrome_terminals_get_no_colour),
        cmocka_unit_test(term__known_terminals_show_the_text),
        cmocka_unit_test(term__the_c_locale_gets_no_byte_above_ascii),
        cmocka_unit_test(term__a_grid_cannot_move_the_cursor),
        cmocka_unit_test(term__an_unknown_type_is_an_error_which_says_what_to_do),
        cmocka_unit_test(term__a_type_without_cursor_placement_is_an_error_which_says_what_to_do),
        cmocka_unit_test(term__no_terminal_is_an_error),
        cmocka_unit_test(term__a_missing_theme_falls_back_to_the_built_in_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
