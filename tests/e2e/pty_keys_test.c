/* Keys through tui/term from a real pseudo-terminal: what is typed, pasted or reported by a terminal, and what becomes of it. */
#include "pty.h"

#include "signalbox/base/text.h"
#include "signalbox/tui/term.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Reports keys as "j <65> [paste: p q]" until it saw 'Z'. */
static int report_keys(const struct scene *scene, bool has_mouse)
{
    static struct sb_grid_cell cell = { .code_point = ' ', .width = 1 };
    struct sb_grid grid = { .rows = 1, .cols = 1, .cells = &cell };
    struct sb_term *term = NULL;
    struct sb_key keys[64];
    char buf[2048];
    struct sb_text text;
    bool is_over = false;

    if (sb_term_open(&term, NULL) != SB_OK) {
        return 1;
    }
    (void)sb_term_paint(term, &grid);
    if (has_mouse && !sb_term_mouse(term, true)) {
        return 2;
    }
    scene_mark();
    sb_text_init(&text, buf, sizeof buf);
    while (!is_over) {
        struct pollfd polled = { .fd = sb_term_fd(term), .events = POLLIN };
        (void)poll(&polled, 1, 10000);
        bool is_paste = false;
        size_t count;
        while ((count = sb_term_keys(term, keys, SB_LEN(keys), &is_paste)) > 0) {
            for (size_t i = 0; i < count; i++) {
                sb_text_addf(&text, keys[i].code > ' ' && keys[i].code < 0x7f ? "%s%c " : "%s<%x> ", is_paste ? "p:" : "", keys[i].code);
                is_over = is_over || keys[i].code == 'Z';
            }
        }
    }
    sb_term_close(term);
    (void)!write(scene->result, buf, text.len);
    (void)!write(scene->result, "\n", 1);
    return 0;
}

static int scene_keys(const struct scene *scene)
{
    return report_keys(scene, false);
}

static int scene_mouse(const struct scene *scene)
{
    return report_keys(scene, true);
}

static void keys_of_become(pty_scene *scene, const char *typed, size_t count, const char *expected)
{
    char said[2048];
    struct pty *pty = pty_start(&(struct pty_setup){ .rows = 24, .cols = 80, .scene = scene });
    pty_until_mark(pty);
    pty_type(pty, typed, count);
    pty_type(pty, "Z", 1);
    pty_report(pty, said, sizeof said);
    assert_string_equal(said, expected);
    int status = pty_until_end(pty);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    const bool has_asked = strstr(pty->output, "\033[?1000h") != NULL, has_ended = strstr(pty->output, "\033[?1000l") != NULL;
    assert_true(has_asked == (scene == scene_mouse) && has_ended == has_asked); /* what was asked for is given back */
    pty_stop(pty);
}

static void keys_become(const char *typed, size_t count, const char *expected)
{
    keys_of_become(scene_keys, typed, count, expected);
}
#define KEYS_BECOME(typed, expected) keys_become(typed, sizeof typed - 1, expected)

static void keys__arrive_as_code_points_and_names(void **state)
{
    (void)state;
    KEYS_BECOME("jG!\t\r\x04\x0c\x7f\x08\x03", "j G ! <9> <d> <4> <c> <7f> <7f> <3> Z ");
    KEYS_BECOME("\033OA\033OB\033[5~\033[6~\033[Z\033[15~\033[3~", "<110000> <110001> <110006> <110007> <110008> <110009> <11000a> Z ");
    KEYS_BECOME("\xc3\xa9\xe6\xbc\xa2\xff\xc2\x9bj", "<e9> <6f22> j Z ");
}

static void keys__a_paste_is_told_apart_from_typing(void **state)
{
    (void)state;
    KEYS_BECOME("a\033[200~!p\rq\033[201~b", "a p:! p:p p:<d> p:q b Z ");
}

static void keys__unknown_sequences_are_swallowed_whole(void **state)
{
    (void)state;
    KEYS_BECOME("j\033[27;5;33~k\033[<0;10;10Mk\033Ozk", "j k k k Z ");
}

static void keys__of_the_mouse_come_only_when_it_was_asked_for(void **state)
{
    (void)state;
    static const char typed[] = "j\033[<0;1;1M\033[<0;1;1m\033[<64;5;5M\033[<65;5;5M\033[<0;80;24M\033[<2;1;1M\033[<0;0;1M\033[<0;5000;1M"
                                "\033[<;;Mk";
    keys_of_become(scene_mouse, typed, sizeof typed - 1, "j <200000> <11000c> <11000d> <205c4f> k Z ");
    KEYS_BECOME("j\033[<0;1;1M\033[<64;5;5Mk", "j k Z ");
}

static void keys__an_alt_chord_only_steps_back(void **state)
{
    (void)state;
    KEYS_BECOME("j\033!k", "j <1b> k Z ");
}

static void keys__a_flood_loses_none(void **state)
{
    (void)state;
    char typed[200], expected[512];
    struct sb_text text;
    memset(typed, 'j', sizeof typed);
    sb_text_init(&text, expected, sizeof expected);
    for (size_t i = 0; i < sizeof typed; i++) {
        sb_text_add(&text, "j ");
    }
    sb_text_add(&text, "Z ");
    keys_become(typed, sizeof typed, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys__arrive_as_code_points_and_names),
        cmocka_unit_test(keys__a_paste_is_told_apart_from_typing),
        cmocka_unit_test(keys__unknown_sequences_are_swallowed_whole),
        cmocka_unit_test(keys__of_the_mouse_come_only_when_it_was_asked_for),
        cmocka_unit_test(keys__an_alt_chord_only_steps_back),
        cmocka_unit_test(keys__a_flood_loses_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
