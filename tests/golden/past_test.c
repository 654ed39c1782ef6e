/* Goldens of the past: line 1 says when it is, the last lines lead through it, and nothing can be changed there. */
#include "signalbox/tui/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "signalbox/tui/model.h"
#include "tests/golden/incident.h"
#include "tests/golden/picture.h"

static struct scene scene;

struct look {
    const char *name;
    uint32_t keys[24];
    uint16_t cols, rows;
    bool is_recording;
    unsigned speed;
    sb_ns later; /* the present is so much later than the incident */
};

static void check_look(const struct look *look)
{
    const struct sb_screen_setup setup = {.actor = "ana", .environment = look->is_recording ? "recording" : "practice", .is_ascii = true,
            .is_read_only = look->is_recording, .is_recording = look->is_recording};
    struct sb_screen *const screen = sb_screen_create(&setup, NULL);
    struct sb_model *const model = sb_model_create();
    assert_non_null(screen);
    assert_non_null(model);
    struct sb_grid grid = {.rows = look->rows, .cols = look->cols, .cells = cells};
    const unsigned until = scene.count - 40;
    for (unsigned i = 0; i < scene.count; i++) {
        if (!look->is_recording)
            sb_screen_fold(screen, &scene.events[i]);
        if (i < until)
            sb_model_fold(model, &scene.events[i]);
    }
    struct sb_now now = {.mono = scene.now + look->later, .wall = {scene.wall.ns + look->later}};
    const struct sb_now at = {.mono = scene.events[until - 1].now, .wall = scene.events[until - 1].wall};
    scene_beat(screen, now);
    sb_screen_show_past(screen, model, at, look->speed);
    sb_screen_draw(screen, now, &grid);
    for (unsigned i = 0; i < SB_LEN(look->keys) && look->keys[i] != 0; i++) {
        struct sb_screen_answer answer;
        now.mono += SB_MS(500);
        now.wall.ns += SB_MS(500);
        sb_screen_key(screen, (struct sb_key){look->keys[i]}, now, &answer);
        assert_false(answer.has_command);
        assert_int_equal(answer.past, SB_SCREEN_PAST_NONE);
        sb_screen_draw(screen, now, &grid);
    }
    char name[128];
    struct sb_text text;
    sb_text_init(&text, name, sizeof name);
    sb_text_addf(&text, "past-%s-%ux%u.txt", look->name, look->cols, look->rows);
    check_picture(name, &grid);
    sb_screen_destroy(screen);
    sb_model_destroy(model);
}

static void past__looks_as_drawn(void **state)
{
    (void)state;
    static const uint16_t sizes[][2] = {{80, 24}, {120, 40}, {40, 10}};
    for (unsigned i = 0; i < SB_LEN(sizes); i++)
        check_look(&(struct look){.name = "rewound", .cols = sizes[i][0], .rows = sizes[i][1], .later = SB_MIN(20)});
    check_look(&(struct look){.name = "yesterday", .cols = 80, .rows = 24, .speed = 60, .later = SB_DAY(1)});
    check_look(&(struct look){.name = "recording", .cols = 80, .rows = 24, .is_recording = true, .later = SB_DAY(30)});
}

static void past__refuses_actions_and_asks_for_a_time(void **state)
{
    (void)state;
    check_look(&(struct look){.name = "refused", .keys = {'j', 'p'}, .cols = 80, .rows = 24, .later = SB_MIN(20)});
    check_look(&(struct look){.name = "asked", .keys = {'@', '1', '4', ':', '0'}, .cols = 80, .rows = 24, .later = SB_MIN(20)});
    check_look(&(struct look){.name = "wrong", .keys = {'@', 's', 'o', 'o', 'n', SB_KEY_ENTER}, .cols = 80, .rows = 24, .later = SB_MIN(20)});
}

int main(void)
{
    incident_play(&scene);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(past__looks_as_drawn),
        cmocka_unit_test(past__refuses_actions_and_asks_for_a_time),
    };
    return cmocka_run_group_tests_name("golden_past", tests, NULL, NULL);
}
