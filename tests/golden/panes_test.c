/* Goldens of every numbered pane: the whole screen for it, at three sizes, in UTF-8 and ASCII. */
#include "signalbox/tui/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/golden/picture.h"
#include "tests/golden/shift.h"

static struct scene scene;
static const uint16_t sizes[][2] = {{80, 24}, {120, 40}, {200, 50}};

/* The keys, then the picture. */
static void look(const char *name, const char *keys, unsigned cols, unsigned rows, bool is_ascii)
{
    const struct sb_screen_setup setup = {.actor = "ana", .environment = "practice", .is_ascii = is_ascii};
    struct sb_screen *const screen = sb_screen_create(&setup, NULL);
    assert_non_null(screen);
    struct sb_grid grid = {.rows = (uint16_t)rows, .cols = (uint16_t)cols, .cells = cells};
    struct sb_now now = {.mono = scene.now, .wall = scene.wall};
    for (unsigned i = 0; i < scene.count; i++)
        sb_screen_fold(screen, &scene.events[i]);
    sb_screen_draw(screen, now, &grid);
    for (; *keys != '\0'; keys++) {
        struct sb_screen_answer answer;
        now.mono += SB_MS(500);
        now.wall.ns += SB_MS(500);
        sb_screen_key(screen, (struct sb_key){(uint32_t)(unsigned char)*keys}, now, &answer);
        scene_beat(screen, now);
        if (sb_screen_polls(screen) == SB_SCREEN_PAGE_CONTENT)
            sb_screen_show_page(screen, SB_SCREEN_PAGE_CONTENT, 0, shift_content, "", now);
        else if (sb_screen_polls(screen) == SB_SCREEN_PAGE_NODES)
            sb_screen_show_page(screen, SB_SCREEN_PAGE_NODES, 0, shift_nodes, "", now);
        sb_screen_draw(screen, now, &grid);
    }
    char file[128];
    struct sb_text text;
    sb_text_init(&text, file, sizeof file);
    sb_text_addf(&text, "panes/%s-%ux%u-%s.txt", name, cols, rows, is_ascii ? "ascii" : "utf8");
    check_picture(file, &grid);
    sb_screen_destroy(screen);
}

static void look_at_all_sizes(const char *name, const char *keys)
{
    for (unsigned i = 0; i < SB_LEN(sizes); i++) {
        look(name, keys, sizes[i][0], sizes[i][1], false);
        look(name, keys, sizes[i][0], sizes[i][1], true);
    }
}

static void panes__look_as_drawn_when_zoomed(void **state)
{
    (void)state;
    static const char *const panes[][2] = {
        {"jobs", "1z"},    {"contexts", "2z"}, {"budget", "3z"},     {"alerts", "4z"}, {"services", "5z"},
        {"log", "6z"},     {"content", "7z"},  {"timeline", "8zj"},  {"nodes", "9zj"},
    };
    for (unsigned i = 0; i < SB_LEN(panes); i++)
        look_at_all_sizes(panes[i][0], panes[i][1]);
}

/* On a wide screen they stand beside the others, and on any other they take everything. */
static void panes__take_the_place_that_is_lent_to_them(void **state)
{
    (void)state;
    look("content-lent", "7jjjjjjjjj", 200, 50, true);
    look("nodes-lent", "9", 200, 50, true);
    look("timeline-lent", "8", 120, 40, true);
}

static void timeline__shows_other_times(void **state)
{
    (void)state;
    look("timeline-10min", "8z+", 120, 40, true);
    look("timeline-6h-utc", "8z-T", 120, 40, true);
}

static void layout__at_a_very_large_size_looks_as_drawn(void **state)
{
    (void)state;
    look("all", "", 400, 120, true);
}

int main(void)
{
    shift_play(&scene);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(panes__look_as_drawn_when_zoomed),
        cmocka_unit_test(panes__take_the_place_that_is_lent_to_them),
        cmocka_unit_test(timeline__shows_other_times),
        cmocka_unit_test(layout__at_a_very_large_size_looks_as_drawn),
    };
    return cmocka_run_group_tests_name("golden_panes", tests, NULL, NULL);
}
