/* The whole console on a pseudo-terminal under a storm: a recorded incident plays, keys are hammered and the window changes its size all
 * the time, from one cell upwards. It must not end, and afterwards the terminal must show exactly what the grid holds. Seeded. */
#include "pty.h"

#include "signalbox/base/hash.h"
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

enum { EVENTS_MAX = 1024, ROWS = 24, COLS = 80 };

static struct {
    struct sb_source source;
    uint64_t commands;
    int fd;
    struct sb_event events[EVENTS_MAX];
    size_t count, next;
    int result_fd, signal_fd;
    const struct sb_grid *drawn; /* the grid of the last frame */
} world;

/* The linker puts this in front of the real one (--wrap), to know what the last frame was. */
void __real_sb_screen_draw(struct sb_screen *screen, struct sb_now now, struct sb_grid *grid);
void __wrap_sb_screen_draw(struct sb_screen *screen, struct sb_now now, struct sb_grid *grid);
void __wrap_sb_screen_draw(struct sb_screen *screen, struct sb_now now, struct sb_grid *grid)
{
    __real_sb_screen_draw(screen, now, grid);
    world.drawn = grid;
}

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

static void report_grid(void)
{
    static char buf[1 << 17];
    struct sb_text text;
    sb_text_init(&text, buf, sizeof buf);
    for (size_t i = 0; i < (size_t)world.drawn->rows * world.drawn->cols; i++) {
        const struct sb_grid_cell *cell = &world.drawn->cells[i];
        sb_text_addf(&text, "%x ", cell->width == 0 ? 0 : cell->code_point);
    }
    sb_text_add_char(&text, '\n');
    if (write(world.result_fd, buf, text.len) != (ssize_t)text.len) {
        _exit(97);
    }
}

/* e = the next events of the recording, G = it starts again after a gap, D = report the grid, S = a signal. */
static size_t take(struct sb_source *source, struct sb_event *events, size_t cap, bool *is_gap)
{
    char what;
    size_t count = 0;

    (void)source;
    if (read(world.fd, &what, 1) != 1) {
        return 0;
    }
    if (what == 'D') {
        report_grid();
    } else if (what == 'S') {
        sb_wake_post(world.signal_fd);
    } else if (what == 'G') {
        *is_gap = true;
        world.next = 0;
    }
    while (what == 'e' && count < 8 && count < cap && world.next < world.count) {
        events[count++] = world.events[world.next++];
    }
    return count;
}

static const struct sb_source_ops ops = { .fd = fd, .take = take, .ping = ping, .command = take_command, .look = look };

static bool read_recording(void)
{
    char line[SB_CODEC_EVENT_MAX];
    FILE *file = fopen(SB_SOURCE_DIR "/tests/golden/incident.jsonl", "r");

    while (file != NULL && world.count < EVENTS_MAX && fgets(line, sizeof line, file) != NULL) {
        if (sb_codec_event_read(line, strcspn(line, "\n"), &world.events[world.count], NULL) != SB_OK) {
            break;
        }
        world.count++;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return world.count > 100;
}

static int scene_console(const struct scene *scene)
{
    struct sb_error err = { SB_OK, "" };
    enum sb_tui_end end = SB_TUI_LEFT;

    world.result_fd = scene->result;
    world.fd = scene->go;
    world.source.ops = &ops;
    if (!read_recording() || fcntl(scene->go, F_SETFL, O_NONBLOCK) != 0 || sb_wake_open(&world.signal_fd, &err) != SB_OK) {
        return 1;
    }
    struct sb_tui_setup setup = { .source = &world.source,
                                  .theme_dir = SB_SOURCE_DIR "/themes",
                                  .actor = "ana",
                                  .environment = "practice",
                                  .finished_fd = -1,
                                  .signal_fd = world.signal_fd };
    if (sb_tui_run(&setup, &end, &err) != SB_OK || end != SB_TUI_SIGNALLED) {
        return 2;
    }
    return 0;
}

/* Whether the terminal shows the grid of the last frame; the clock may have ticked in between, so the caller asks again. */
static bool shows_the_grid(struct pty *pty)
{
    static char said[1 << 17];

    assert_int_equal(write(pty->go, "D", 1), 1);
    pty_report(pty, said, sizeof said);
    (void)pty_for(pty, 30);
    const char *at = said;
    for (int i = 0; i < ROWS * COLS; i++) {
        char *end = NULL;
        unsigned long code = strtoul(at, &end, 16);
        if (end == at) {
            return false; /* the last frame was of another size */
        }
        at = end;
        if (code != 0 && pty_char(pty, i / COLS, i % COLS) != code) {
            return false;
        }
    }
    return strspn(at, " ") == strlen(at);
}

static void until_it_shows_the_grid(struct pty *pty)
{
    for (int tries = 0; !shows_the_grid(pty); tries++) {
        if (tries == 20) {
            fail_msg("the terminal does not show the grid; row 0 is '%s'", pty_row(pty, 0));
        }
        (void)pty_for(pty, 100);
    }
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

static void storm(uint64_t seed)
{
    /* every key but those that lead out: Q, and ':' behind which a word could */
    static const char *const keys[] = { "j", "k", "g", "G", "h", "l", "\t", "\033[Z", "1", "2", "3", "4", "5", "6", "0", "z",
                                        "\r", "q",  "/",  "n",  "\\",   "?",    " ",      "p",       "P",       "r", "R", "!", "x", "K", "a", "u",
                                        "L", "F", "f",  "T",  "t",  "\004", "\025", "\014",   "\007",    "\033",    "y", "v", "*", "o", "<", ">", "C",
                                        "[",  "]",  "{",  "}",  "@",
                                        "s",  "fail", "\x7f", "\xe6\xbc\xa2", "\xff", "\033[A", "\033[5~", "\033[200~p!x\033[201~" };
    struct sb_rng rng = { seed };
    struct pty *pty = pty_start(&(struct pty_setup){ .rows = ROWS, .cols = COLS, .scene = scene_console });

    for (int i = 0; i < 200; i++) {
        if (sb_rng_below(&rng, 4) == 0) {
            uint64_t rows = 1 + sb_rng_below(&rng, sb_rng_below(&rng, 2) ? 60 : 6);
            uint64_t cols = 1 + sb_rng_below(&rng, sb_rng_below(&rng, 2) ? 220 : 20);
            pty_resize(pty, (int)rows, (int)cols);
        }
        for (uint64_t count = sb_rng_below(&rng, 5); count > 0; count--) {
            const char *key = keys[sb_rng_below(&rng, SB_LEN(keys))];
            pty_type(pty, key, strlen(key));
        }
        assert_int_equal(write(pty->go, sb_rng_below(&rng, 40) == 0 ? "G" : "e", 1), 1);
        (void)pty_for(pty, 4);
    }
    pty_resize(pty, ROWS, COLS);
    until_it_shows_the_grid(pty);
    stop(pty);
}

static void storm__the_terminal_shows_the_grid_afterwards(void **state)
{
    (void)state;
    storm(1);
    storm(20261123);
}

static void storm__a_playing_recording_is_shown_cell_by_cell(void **state)
{
    (void)state;
    struct pty *pty = pty_start(&(struct pty_setup){ .rows = ROWS, .cols = COLS, .scene = scene_console });
    for (int i = 0; i < 100; i++) {
        assert_int_equal(write(pty->go, "e", 1), 1);
        (void)pty_for(pty, 2);
    }
    until_it_shows_the_grid(pty);
    stop(pty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(storm__a_playing_recording_is_shown_cell_by_cell),
        cmocka_unit_test(storm__the_terminal_shows_the_grid_afterwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
