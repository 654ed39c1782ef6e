/* A console on a desk: four jobs, a grid, a clock, and hands. For tests of the screen. */
#ifndef SB_TEST_DESK_H
#define SB_TEST_DESK_H

#include "signalbox/tui/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signalbox/base/text.h"
#include "tests/golden/scene.h"

enum { ROWS = 24, COLS = 80, POSTING = 0, METRICS = 1, PLAN = 2, ANALYTICS = 3 };

static struct scene scene;
static unsigned folded;
static struct sb_screen *screen;
static struct sb_grid_cell cells[200 * 60];
static struct sb_grid grid;
static struct sb_now now;
static struct sb_screen_answer answer;
static bool is_runtime_silent; /* no heartbeat comes */
static char picture[200 * 60 * 4];

static inline void open_screen(bool is_read_only)
{
    const struct sb_screen_setup setup = {.actor = "ana", .environment = "prod", .is_ascii = true, .is_read_only = is_read_only};
    sb_screen_destroy(screen);
    screen = sb_screen_create(&setup, NULL);
    assert_non_null(screen);
    folded = 0;
}

static inline const char *draw(void)
{
    while (folded < scene.count)
        sb_screen_fold(screen, &scene.events[folded++]);
    if (!is_runtime_silent)
        scene_beat(screen, now);
    sb_screen_draw(screen, now, &grid);
    struct sb_text text;
    sb_text_init(&text, picture, sizeof picture);
    for (unsigned row = 0; row < grid.rows; row++) {
        for (unsigned col = 0; col < grid.cols; col++)
            sb_text_add_char(&text, (char)grid.cells[row * grid.cols + col].code_point);
        sb_text_add(&text, "\n");
    }
    return picture;
}

static inline void assert_shows(const char *needle)
{
    if (strstr(draw(), needle) == NULL)
        fail_msg("the screen does not show \"%s\":\n%s", needle, picture);
}

static inline void assert_hides(const char *needle)
{
    if (strstr(draw(), needle) != NULL)
        fail_msg("the screen shows \"%s\":\n%s", needle, picture);
}

static inline int setup(void **state)
{
    (void)state;
    is_runtime_silent = false;
    scene_init(&scene);
    scene_start(&scene);
    scene_job(&scene, POSTING, "posting", SB_CATEGORY_POSTING, 0, 5);
    scene_job(&scene, METRICS, "metrics_scraper", SB_CATEGORY_METRICS, 1, 3);
    scene_job(&scene, PLAN, "plan", SB_CATEGORY_NONE, 0, 2);
    scene_job(&scene, ANALYTICS, "analytics", SB_CATEGORY_NONE, 4, 2);
    scene_described(&scene);
    grid = (struct sb_grid){.rows = ROWS, .cols = COLS, .cells = cells};
    now = (struct sb_now){.mono = SCENE_NOW, .wall = {SCENE_WALL}};
    open_screen(false);
    draw();
    now.mono += SB_S(1);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    sb_screen_destroy(screen);
    screen = NULL;
    return 0;
}

static inline void wait_for(sb_ns time)
{
    now.mono += time;
    now.wall.ns += time;
    scene_wait(&scene, time);
}

/* Presses one key, half a second after the last. */
static inline void press(uint32_t key)
{
    wait_for(SB_MS(500));
    draw();
    sb_screen_key(screen, (struct sb_key){key}, now, &answer);
}

static inline void type(const char *text)
{
    for (; *text != '\0'; text++)
        press((uint32_t)*text);
}

static inline void select_job(const char *name)
{
    press('/');
    type(name);
    press(SB_KEY_ENTER);
}

static inline void fail_run(uint64_t run, uint16_t job)
{
    SAY(&scene, RUN_STARTED, run_started, .run = run, .job = job, .attempt = 1);
    SAY(&scene, RUN_ENDED, run_ended, .run = run, .job = job, .step = 1, .attempt = 1, .state = SB_RUN_STATE_FAILED,
        .class = SB_CLASS_FATAL, .error = "broken");
    draw();
}

static inline void start_run(uint64_t run, uint16_t job)
{
    SAY(&scene, RUN_STARTED, run_started, .run = run, .job = job, .attempt = 1);
    draw();
}

static inline void assert_command(enum sb_command_kind kind, uint16_t job, uint64_t run)
{
    assert_true(answer.has_command);
    assert_string_equal(sb_command_infos[answer.command.kind].name, sb_command_infos[kind].name);
    assert_int_equal(answer.command.job, job);
    assert_int_equal(answer.command.run, run);
    assert_string_equal(answer.command.actor, "ana");
}

static inline void assert_none(void)
{
    assert_false(answer.has_command);
    assert_false(answer.wants_leave);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
