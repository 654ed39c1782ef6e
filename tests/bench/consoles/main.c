/* One terminal program on a pseudo-terminal of one size: starts, an idle time, keys. What tests/bench/consoles/run starts, for every
 * contender alone.
 *
 *   sb_consoles NAME ROWSxCOLS STARTS SECONDS KEYS down|echo PROGRAM [ARGUMENT...]
 *
 * Prints lines `NAME ROWSxCOLS key=value...`. Everything it starts ends with it. */
#include "tree.h"

#include "tests/bench/bench.h"
#include "tests/bench/seat.h"

#include "signalbox/os/os.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    READS_MAX = 4096, ROWS_MAX = 300, COLS_MAX = 500,
    PATIENCE_S = 20, LOOK_MS = 1000, SETTLE_S = 3, COMPLETE_PERCENT = 80,
    REST_MS = 15,                 /* for the rest of a frame whose first bytes came */
    EDGE = 2,                     /* rows at the top and at the bottom with clocks, meters, status lines: no selection is there */
    TURN_AFTER = 5,               /* so many keys down, then as many up */
    LIMIT_S = 300,
};

struct contender {
    const char *name, *size;
    int rows, cols;
    const char *const *argv;
};

void give_up(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("consoles: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    exit(1);
}

/* A terminal answers when it is asked what it is. */
static bool read_and_answer(struct seat *seat, sb_ns deadline)
{
    char answer[256];
    if (!seat_read(seat, deadline))
        return false;
    const size_t count = vterm_output_read(seat->vt, answer, sizeof(answer));
    if (count > 0)
        seat_type(seat, answer, count);
    return true;
}

static void watch(struct seat *seat, sb_ns until)
{
    while (sb_now() < until)
        if (!read_and_answer(seat, until) && sb_now() < until)
            seat_give_up(seat, "the program ended while it was watched");
}

static void tell(const struct contender *contender, const char *key, double value)
{
    (void)printf("%s %s %s=%.3f\n", contender->name, contender->size, key, value);
}

/* ---- start ---- */

struct fill {
    sb_ns at;
    int rows, cells;
};

static struct fill fill_of(const struct seat *seat)
{
    struct fill fill = { .at = sb_now() };
    vterm_screen_flush_damage(seat->screen);
    for (int row = 0; row < seat->rows; row++) {
        int cells = 0;
        for (int col = 0; col < seat->cols; col++) {
            VTermScreenCell cell;
            (void)vterm_screen_get_cell(seat->screen, (VTermPos){ row, col }, &cell);
            cells += cell.chars[0] != 0 && cell.chars[0] != ' ';
        }
        fill.cells += cells;
        fill.rows += cells > 0;
    }
    return fill;
}

/* The first picture with at least 80 % of the rows and of the characters that are there a second after the first byte; milliseconds. */
static double measure_start(const struct contender *contender)
{
    static struct fill fills[READS_MAX];
    size_t count = 0;
    struct seat seat;

    seat_open(&seat, contender->rows, contender->cols, contender->argv, NULL, NULL);
    if (!read_and_answer(&seat, seat.began + SB_S(PATIENCE_S)))
        seat_give_up(&seat, "no picture came, or the program ended");
    const sb_ns until = sb_now() + SB_MS(LOOK_MS);
    do {
        struct fill fill = fill_of(&seat);
        fill.at = seat.read_at; /* counting is not the program's time */
        if (count < READS_MAX)
            fills[count++] = fill;
    } while (sb_now() < until && read_and_answer(&seat, until));
    const struct fill last = fills[count - 1];
    size_t at = 0;
    while (fills[at].rows * 100 < last.rows * COMPLETE_PERCENT || fills[at].cells * 100 < last.cells * COMPLETE_PERCENT)
        at++;
    if (last.cells == 0)
        seat_give_up(&seat, "the picture is empty");
    const double took = (double)(fills[at].at - seat.began) / 1e6;
    seat_close(&seat);
    tree_end();
    return took;
}

/* ---- keys ---- */

/* The ground most cells stand on. */
static VTermColor common_ground(const struct seat *seat)
{
    VTermColor ground = { 0 };
    int lead = 0;
    for (int row = 0; row < seat->rows; row++) {
        for (int col = 0; col < seat->cols; col++) {
            VTermScreenCell cell;
            (void)vterm_screen_get_cell(seat->screen, (VTermPos){ row, col }, &cell);
            if (lead == 0)
                ground = cell.bg;
            lead += vterm_color_is_equal(&ground, &cell.bg) ? 1 : -1;
        }
    }
    return ground;
}

/* What stands on another ground than the rest, in the middle of the screen: the selection, and its text. Nothing of a clock or a meter. */
static uint64_t selection_of(const struct seat *seat)
{
    uint64_t hash = 14695981039346656037u;
    vterm_screen_flush_damage(seat->screen);
    const VTermColor ground = common_ground(seat);
    for (int row = EDGE; row < seat->rows - EDGE; row++) {
        for (int col = 0; col < seat->cols; col++) {
            VTermScreenCell cell;
            (void)vterm_screen_get_cell(seat->screen, (VTermPos){ row, col }, &cell);
            if (!cell.attrs.reverse && vterm_color_is_equal(&ground, &cell.bg))
                continue;
            hash = (hash ^ (uint64_t)((unsigned)row << 10 | (unsigned)col)) * 1099511628211u;
            hash = (hash ^ cell.chars[0]) * 1099511628211u;
        }
    }
    return hash;
}

/* Where the cursor is: what a shell moves. */
static uint64_t cursor_of(const struct seat *seat)
{
    VTermPos at;
    vterm_screen_flush_damage(seat->screen);
    vterm_state_get_cursorpos(vterm_obtain_state(seat->vt), &at);
    return (uint64_t)((unsigned)at.row << 10 | (unsigned)at.col);
}

static void press(struct seat *seat, VTermKey key)
{
    char bytes[32];
    if (key == VTERM_KEY_NONE)
        vterm_keyboard_unichar(seat->vt, 'x', VTERM_MOD_NONE);
    else
        vterm_keyboard_key(seat->vt, key, VTERM_MOD_NONE); /* as the program has set the terminal's keys */
    const size_t count = vterm_output_read(seat->vt, bytes, sizeof(bytes));
    seat_type(seat, bytes, count);
}

static void measure_keys(const struct contender *contender, struct seat *seat, unsigned keys, bool is_echo)
{
    uint64_t (*const look)(const struct seat *) = is_echo ? cursor_of : selection_of;
    uint64_t bytes = 0;

    if (!is_echo) {
        press(seat, VTERM_KEY_DOWN); /* some programs select nothing until then */
        watch(seat, sb_now() + SB_MS(300));
    }
    for (unsigned i = 0; i < keys; i++) {
        const VTermKey key = is_echo ? VTERM_KEY_NONE : i / TURN_AFTER % 2 == 0 ? VTERM_KEY_DOWN : VTERM_KEY_UP;
        watch(seat, sb_now() + SB_MS(67 + 13 * (i % 4))); /* no part of a second */
        const uint64_t before = look(seat), sent = seat->bytes;
        const sb_ns began = sb_now(), patience = began + SB_S(PATIENCE_S);
        press(seat, key);
        do {
            if (!read_and_answer(seat, patience))
                seat_give_up(seat, "a key was not answered");
        } while (look(seat) == before);
        tell(contender, "key_ms", (double)(seat->read_at - began) / 1e6);
        watch(seat, sb_now() + SB_MS(REST_MS));
        bytes += seat->bytes - sent;
    }
    tell(contender, "key_bytes", (double)bytes / keys);
}

/* ---- idle ---- */

static void measure_idle(const struct contender *contender, struct seat *seat, unsigned seconds)
{
    watch(seat, sb_now() + SB_S(SETTLE_S));
    const struct tree before = tree_look(0);
    const uint64_t sent = seat->bytes;
    watch(seat, sb_now() + SB_S(seconds));
    const struct tree after = tree_look(1);
    if (before.count != after.count)
        (void)fprintf(stderr, "consoles: %s: %u processes before the idle time, %u after it\n", contender->name, before.count, after.count);
    tell(contender, "idle_cpu_ms", (double)(after.cpu - before.cpu) / 1e6 * 30 / seconds);
    tell(contender, "idle_bytes", (double)(seat->bytes - sent) / seconds);
    tell(contender, "rss_mib", (double)after.rss / (1024 * 1024));
    tell(contender, "pss_mib", (double)after.pss / (1024 * 1024));
    tell(contender, "processes", after.count);
}

static unsigned number(const char *text, unsigned max)
{
    char *end;
    const unsigned long value = strtoul(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value == 0 || value > max)
        give_up("%s is no number from 1 to %u", text, max);
    return (unsigned)value;
}

int main(int argc, char **argv)
{
    struct contender contender;
    struct seat seat;

    if (argc < 8)
        give_up("see the head of main.c");
    contender = (struct contender){ .name = argv[1], .size = argv[2], .argv = (const char *const *)(argv + 7) };
    if (sscanf(argv[2], "%dx%d", &contender.rows, &contender.cols) != 2 || contender.rows < 2 * EDGE + 1 || contender.rows > ROWS_MAX ||
        contender.cols < 1 || contender.cols > COLS_MAX)
        give_up("%s is no size ROWSxCOLS", argv[2]);
    const unsigned starts = number(argv[3], 1000), seconds = number(argv[4], 120), keys = number(argv[5], 200);
    const bool is_echo = strcmp(argv[6], "echo") == 0;
    if (!is_echo && strcmp(argv[6], "down") != 0)
        give_up("%s is neither down nor echo", argv[6]);
    (void)alarm(LIMIT_S); /* what was started on terminals ends with this process */
    tree_adopt();
    (void)measure_start(&contender); /* what it keeps on disk exists from here on */
    for (unsigned i = 0; i < starts; i++)
        tell(&contender, "start_ms", measure_start(&contender));
    seat_open(&seat, contender.rows, contender.cols, contender.argv, NULL, NULL);
    measure_idle(&contender, &seat, seconds);
    measure_keys(&contender, &seat, keys, is_echo);
    seat_close(&seat);
    tree_end();
    return fflush(stdout) == 0 ? 0 : 1;
}
