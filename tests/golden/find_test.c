/* Goldens of finding: the palette, the menus of order and columns, a search and a wrapped, marked log, over the recorded incident. */
#include "signalbox/tui/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/golden/incident.h"
#include "tests/golden/picture.h"

static struct scene scene;

/* Keys are typed one after the other, half a second apart; '\r' is Enter, '\x1b' Escape, '\t' Tab. */
static void check(const char *name, const char *keys, uint16_t cols, uint16_t rows, bool is_ascii)
{
    const struct sb_screen_setup setup = {.actor = "ana", .environment = "practice", .is_ascii = is_ascii, .themes = "dark light mono"};
    struct sb_screen *const screen = sb_screen_create(&setup, NULL);
    assert_non_null(screen);
    struct sb_grid grid = {.rows = rows, .cols = cols, .cells = cells};
    for (unsigned i = 0; i < scene.count; i++)
        sb_screen_fold(screen, &scene.events[i]);
    struct sb_now now = {.mono = scene.now, .wall = scene.wall};
    sb_screen_draw(screen, now, &grid);
    for (; *keys != '\0'; keys++) {
        struct sb_screen_answer answer;
        now.mono += SB_MS(500);
        now.wall.ns += SB_MS(500);
        sb_screen_key(screen, (struct sb_key){(uint32_t)*keys}, now, &answer);
        assert_false(answer.has_command);
        scene_beat(screen, now);
        sb_screen_draw(screen, now, &grid);
    }
    char file[96];
    struct sb_text text;
    sb_text_init(&text, file, sizeof file);
    sb_text_addf(&text, "%s-%ux%u-%s.txt", name, cols, rows, is_ascii ? "ascii" : "utf8");
    check_picture(file, &grid);
    sb_screen_destroy(screen);
}

static void at_two_sizes(const char *name, const char *keys)
{
    for (unsigned ascii = 0; ascii < 2; ascii++) {
        check(name, keys, 80, 24, ascii == 1);
        check(name, keys, 120, 40, ascii == 1);
    }
}

static void palette__looks_as_drawn(void **state)
{
    (void)state;
    at_two_sizes("palette", ":");
    at_two_sizes("palette-scr", ":scr");
    check("palette-retry", ":retry post", 80, 24, true);
    check("palette-tiny", ":post", 40, 10, true);
}

static void menus__look_as_drawn(void **state)
{
    (void)state;
    at_two_sizes("sort-menu", "oj");
    at_two_sizes("columns-menu", "cj ");
    check("columns-right", "lll", 80, 24, true);
}

static void filters__look_as_drawn(void **state)
{
    (void)state;
    check("filter-fuzzy", "/~rpsn\r", 80, 24, true);
    check("filter-regex", "/=_(s|h)[a-z]+r$\r", 120, 40, true);
    check("filter-bad", "/=scr(a", 80, 24, true);
    check("filter-key", "/sat:", 80, 24, true);
}

static void log__looks_as_drawn(void **state)
{
    (void)state;
    check("log-search", "6z/=run 1[0-9]2\r\\N", 80, 24, true);
    check("log-wrapped", "6zmw", 40, 20, true);
    check("log-tail", "/posting\rtz", 80, 24, true);
}

int main(void)
{
    incident_play(&scene);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(palette__looks_as_drawn),
        cmocka_unit_test(menus__look_as_drawn),
        cmocka_unit_test(filters__look_as_drawn),
        cmocka_unit_test(log__looks_as_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
