/* Goldens: a recording of events, a few keys, a size, and every cell of the picture with its slot. GENERATE=1 writes recordings and
 * pictures anew; a change of them is to be read like a change of code. */
#include "signalbox/tui/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signalbox/codec/codec.h"
#include "signalbox/tui/keys.h"
#include "tests/golden/incident.h"
#include "tests/golden/picture.h"

static struct scene scene;
/* ---- recordings ---- */

static void write_recording(const char *name)
{
    char path[512], line[SB_CODEC_EVENT_MAX];
    path_of(path, sizeof path, name);
    FILE *const file = fopen(path, "w");
    assert_non_null(file);
    for (unsigned i = 0; i < scene.count; i++) {
        assert_true(sb_codec_event_write(&scene.events[i], line, sizeof line) > 0);
        assert_true(fputs(line, file) >= 0 && fputc('\n', file) == '\n');
    }
    assert_int_equal(fclose(file), 0);
}

/* Folds a recording; returns the time of its last event. */
static struct sb_now fold_recording(struct sb_screen *screen, const char *name)
{
    char path[512], line[SB_CODEC_EVENT_MAX];
    struct sb_now now = {.mono = SCENE_NOW, .wall = {SCENE_WALL}};
    path_of(path, sizeof path, name);
    FILE *const file = fopen(path, "r");
    if (file == NULL)
        fail_msg("%s is missing; GENERATE=1 writes it", path);
    while (fgets(line, sizeof line, file) != NULL) {
        struct sb_event event;
        struct sb_error err;
        const size_t size = strcspn(line, "\n");
        if (sb_codec_event_read(line, size, &event, &err) != SB_OK)
            fail_msg("%s: %s", path, err.text);
        sb_screen_fold(screen, &event);
        now = (struct sb_now){.mono = event.now, .wall = event.wall};
    }
    fclose(file);
    return now;
}

/* One view of a recording: keys are pressed after the first frame, each 300 ms after the one before. */
struct look {
    const char *name, *recording;
    uint32_t keys[16];
    uint16_t cols, rows;
    bool is_ascii, is_read_only;
};

static void check_look(const struct look *look)
{
    const struct sb_screen_setup setup = {.actor = "ana", .environment = "practice", .is_ascii = look->is_ascii,
            .is_read_only = look->is_read_only};
    struct sb_screen *const screen = sb_screen_create(&setup, NULL);
    assert_non_null(screen);
    struct sb_grid grid = {.rows = look->rows, .cols = look->cols, .cells = cells};
    struct sb_now now = {.mono = SCENE_NOW, .wall = {SCENE_WALL}};
    if (look->recording != NULL)
        now = fold_recording(screen, look->recording);
    now.mono += SB_MS(400);
    now.wall.ns += SB_MS(400);
    sb_screen_draw(screen, now, &grid);
    for (unsigned i = 0; i < SB_LEN(look->keys) && look->keys[i] != 0; i++) {
        struct sb_screen_answer answer;
        now.mono += SB_MS(500);
        now.wall.ns += SB_MS(500);
        sb_screen_key(screen, (struct sb_key){look->keys[i]}, now, &answer);
        scene_beat(screen, now);
        assert_false(answer.has_command);
        sb_screen_draw(screen, now, &grid);
    }
    char name[128];
    struct sb_text text;
    sb_text_init(&text, name, sizeof name);
    sb_text_addf(&text, "%s-%ux%u-%s.txt", look->name, look->cols, look->rows, look->is_ascii ? "ascii" : "utf8");
    check_picture(name, &grid);
    sb_screen_destroy(screen);
}

#define INCIDENT "incident.jsonl"

static void incident__looks_as_drawn_at_three_sizes(void **state)
{
    (void)state;
    static const uint16_t sizes[][2] = {{80, 24}, {120, 40}, {200, 50}};
    for (unsigned i = 0; i < SB_LEN(sizes); i++) {
        for (unsigned ascii = 0; ascii < 2; ascii++) {
            const struct look look = {.name = "incident", .recording = INCIDENT, .cols = sizes[i][0], .rows = sizes[i][1],
                    .is_ascii = ascii == 1};
            check_look(&look);
        }
    }
}

static void incident__keeps_its_most_important_lines_on_small_screens(void **state)
{
    (void)state;
    static const uint16_t sizes[][2] = {{40, 10}, {20, 5}, {70, 14}, {100, 30}};
    for (unsigned i = 0; i < SB_LEN(sizes); i++) {
        const struct look look = {.name = "incident", .recording = INCIDENT, .cols = sizes[i][0], .rows = sizes[i][1], .is_ascii = true};
        check_look(&look);
    }
}

static void detail__looks_as_drawn(void **state)
{
    (void)state;
    const struct look failed = {.name = "detail", .recording = INCIDENT, .keys = {'j', SB_KEY_ENTER}, .cols = 80, .rows = 24};
    const struct look wide = {.name = "detail", .recording = INCIDENT, .keys = {'j', SB_KEY_ENTER}, .cols = 120, .rows = 40};
    const struct look waiting = {.name = "detail-waiting", .recording = INCIDENT,
            .keys = {'/', 'a', 'c', 'c', 'o', 'u', SB_KEY_ENTER, SB_KEY_ENTER},
                                 .cols = 100, .rows = 24};
    check_look(&failed);
    check_look(&wide);
    check_look(&waiting);
}

static void help__looks_as_drawn(void **state)
{
    (void)state;
    const struct look help = {.name = "help", .recording = INCIDENT, .keys = {'?'}, .cols = 100, .rows = 46, .is_ascii = true};
    const struct look viewer = {.name = "help-viewer", .recording = INCIDENT, .keys = {'?'}, .cols = 80, .rows = 24,
            .is_ascii = true, .is_read_only = true};
    check_look(&help);
    check_look(&viewer);
}

static void questions__look_as_drawn(void **state)
{
    (void)state;
    const struct look force = {.name = "force", .recording = INCIDENT, .keys = {'j', 'j', '!'}, .cols = 80, .rows = 24, .is_ascii = true};
    const struct look kill = {.name = "kill", .recording = INCIDENT, .keys = {'/', 'm', 'e', 't', 'r', SB_KEY_ENTER, 'K', 'm', 'e'},
                              .cols = 80, .rows = 24, .is_ascii = true};
    const struct look tiny = {.name = "leave", .recording = INCIDENT, .keys = {'Q'}, .cols = 30, .rows = 4, .is_ascii = true};
    const struct look leave = {.name = "leave", .recording = INCIDENT, .keys = {'Q'}, .cols = 80, .rows = 24, .is_ascii = true};
    check_look(&force);
    check_look(&kill);
    check_look(&tiny);
    check_look(&leave);
}

static void views__look_as_drawn(void **state)
{
    (void)state;
    const struct look frozen = {.name = "frozen", .recording = INCIDENT, .keys = {'F', 'T'}, .cols = 120, .rows = 40, .is_ascii = true};
    const struct look filtered = {.name = "filtered", .recording = INCIDENT, .keys = {'/', 's', 't', 'a', 't', 'e', ':', 'f', 'a', 'i', 'l'},
                                  .cols = 80, .rows = 24, .is_ascii = true};
    const struct look log = {.name = "log", .recording = INCIDENT, .keys = {'6', 'z', 'k'}, .cols = 80, .rows = 24, .is_ascii = true};
    const struct look contexts = {.name = "contexts", .recording = INCIDENT, .keys = {'2', 'z'}, .cols = 80, .rows = 24, .is_ascii = true};
    const struct look services = {.name = "services", .recording = INCIDENT, .keys = {'5', 'z', 'j'}, .cols = 80, .rows = 24, .is_ascii = true};
    check_look(&frozen);
    check_look(&filtered);
    check_look(&log);
    check_look(&contexts);
    check_look(&services);
}

static void start__says_that_it_connects(void **state)
{
    (void)state;
    const struct look look = {.name = "start", .cols = 80, .rows = 24, .is_ascii = true};
    check_look(&look);
}

static void nodes__are_named_in_line_1_when_there_are_several(void **state)
{
    (void)state;
    const struct sb_screen_setup setup = {.actor = "ana", .environment = "prod"};
    struct sb_screen *const screen = sb_screen_create(&setup, NULL);
    assert_non_null(screen);
    struct sb_grid grid = {.rows = 24, .cols = 120, .cells = cells};
    const struct sb_now now = fold_recording(screen, INCIDENT);
    static const char *const words[] = {"", "node a of 3"};
    for (unsigned i = 0; i < SB_LEN(words); i++) {
        sb_screen_node(screen, words[i]);
        sb_screen_draw(screen, now, &grid);
        paint(&grid, drawn);
        drawn[strcspn(drawn, "\n")] = '\0';
        assert_true((strstr(drawn, "node a of 3") != NULL) == (i == 1));
    }
    sb_screen_destroy(screen);
}

static void recording__folded_twice_gives_the_same_picture(void **state)
{
    (void)state;
    const struct sb_screen_setup setup = {.actor = "ana", .environment = "practice"};
    struct sb_screen *const screen = sb_screen_create(&setup, NULL);
    assert_non_null(screen);
    struct sb_grid grid = {.rows = 50, .cols = 200, .cells = cells};
    for (unsigned i = 0; i < 2; i++) {
        const struct sb_now now = fold_recording(screen, INCIDENT);
        sb_screen_draw(screen, now, &grid);
        paint(&grid, i == 0 ? expected : drawn);
        sb_screen_reset(screen);
    }
    assert_string_equal(drawn, expected);
    sb_screen_destroy(screen);
}

static void recording__and_scene_give_the_same_picture(void **state)
{
    (void)state;
    const struct sb_screen_setup setup = {.actor = "ana", .environment = "practice"};
    struct sb_screen *const screen = sb_screen_create(&setup, NULL);
    assert_non_null(screen);
    struct sb_grid grid = {.rows = 50, .cols = 200, .cells = cells};
    const struct sb_now now = fold_recording(screen, INCIDENT);
    sb_screen_draw(screen, now, &grid);
    paint(&grid, expected);
    sb_screen_reset(screen);
    for (unsigned i = 0; i < scene.count; i++)
        sb_screen_fold(screen, &scene.events[i]);
    sb_screen_draw(screen, now, &grid);
    paint(&grid, drawn);
    assert_string_equal(drawn, expected);
    sb_screen_destroy(screen);
}

int main(void)
{
    incident_play(&scene);
    if (is_generating())
        write_recording(INCIDENT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(incident__looks_as_drawn_at_three_sizes),
        cmocka_unit_test(incident__keeps_its_most_important_lines_on_small_screens),
        cmocka_unit_test(detail__looks_as_drawn),
        cmocka_unit_test(help__looks_as_drawn),
        cmocka_unit_test(questions__look_as_drawn),
        cmocka_unit_test(views__look_as_drawn),
        cmocka_unit_test(start__says_that_it_connects),
        cmocka_unit_test(nodes__are_named_in_line_1_when_there_are_several),
        cmocka_unit_test(recording__folded_twice_gives_the_same_picture),
        cmocka_unit_test(recording__and_scene_give_the_same_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
