/* Goldens of what an operator does: marks, actions on many with their results, and questions with choices, an end and a reason. */
#include "signalbox/tui/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/golden/incident.h"
#include "tests/golden/picture.h"

enum { TAB = 9, DOWN = SB_KEY_DOWN, ENTER = SB_KEY_ENTER, ANSWERS = 1 }; /* ANSWERS: the runtime answers what was sent */

static struct scene scene;

struct act {
    const char *name;
    uint32_t keys[24];
    uint16_t cols, rows;
};

/* Sends what an action on many wants, and answers: every third is refused. */
static void answer_all(struct sb_screen *screen, struct sb_now now)
{
    struct sb_command command;
    uint64_t id = 900;
    for (; sb_screen_take_command(screen, &command); id++) {
        struct sb_event event = {.kind = id % 3 == 2 ? SB_EVENT_COMMAND_REFUSED : SB_EVENT_COMMAND_DONE, .now = now.mono, .wall = now.wall};
        sb_screen_posted(screen, id, SB_OK);
        event.as.command_done.command = id; /* both answers have the same fields */
        event.as.command_done.kind = command.kind;
        event.as.command_done.job = command.job;
        sb_copy(event.as.command_done.actor, SB_NAME_MAX, "ana");
        sb_copy(event.as.command_done.outcome, SB_NOTE_MAX, id % 3 == 2 ? "is drained" : "paused");
        sb_screen_fold(screen, &event);
    }
}

static void check(const struct act *act)
{
    const struct sb_screen_setup setup = {.actor = "ana", .environment = "practice", .is_ascii = true};
    struct sb_screen *const screen = sb_screen_create(&setup, NULL);
    assert_non_null(screen);
    struct sb_grid grid = {.rows = act->rows != 0 ? act->rows : 24, .cols = act->cols != 0 ? act->cols : 80, .cells = cells};
    for (unsigned i = 0; i < scene.count; i++)
        sb_screen_fold(screen, &scene.events[i]);
    struct sb_now now = {.mono = scene.now + SB_MS(900), .wall = {scene.wall.ns + SB_MS(900)}};
    sb_screen_draw(screen, now, &grid);
    for (unsigned i = 0; i < SB_LEN(act->keys) && act->keys[i] != 0; i++) {
        struct sb_screen_answer answer;
        now.mono += SB_MS(500);
        now.wall.ns += SB_MS(500);
        scene_beat(screen, now);
        if (act->keys[i] == ANSWERS)
            answer_all(screen, now);
        else
            sb_screen_key(screen, (struct sb_key){act->keys[i]}, now, &answer);
        sb_screen_draw(screen, now, &grid);
    }
    char name[128];
    struct sb_text text;
    sb_text_init(&text, name, sizeof name);
    sb_text_addf(&text, "%s-%ux%u-ascii.txt", act->name, grid.cols, grid.rows);
    check_picture(name, &grid);
    sb_screen_destroy(screen);
}

static int setup(void **state)
{
    (void)state;
    incident_play(&scene);
    SAY(&scene, BREAKER_CHANGED, breaker_changed, .site = 0, .state = SB_BREAKER_STATE_CLOSED, .name = "mastodon");
    SAY(&scene, BREAKER_CHANGED, breaker_changed, .site = 1, .state = SB_BREAKER_STATE_TRIPPED, .name = "llm",
        .actor = "bo", .reason = "key leaked");
    return 0;
}

static void marks__look_as_drawn(void **state)
{
    (void)state;
    const struct act marks = {.name = "marks", .keys = {'g', ' ', ' ', 'v', 'j', 'j'}};
    const struct act asked = {.name = "bulk-pause", .keys = {'g', ' ', ' ', ' ', ' ', ' ', '/', 'p', 'l', 'a', ENTER, 'p'}};
    const struct act told = {.name = "bulk-result", .keys = {'g', ' ', ' ', ' ', ' ', ' ', 'p', 'y', ANSWERS}};
    const struct act wide = {.name = "bulk-result", .keys = {'g', ' ', ' ', ' ', ' ', ' ', 'p', 'y', ANSWERS}, .cols = 120, .rows = 40};
    const struct act typed = {.name = "bulk-kill", .keys = {'*', 'K', 'k', 'i'}};
    check(&marks);
    check(&asked);
    check(&told);
    check(&wide);
    check(&typed);
}

static void silences__look_as_drawn(void **state)
{
    (void)state;
    const struct act asked = {.name = "silence", .keys = {'4', 's'}};
    const struct act reason = {.name = "silence-until", .keys = {'4', 's', 'w', '4', TAB, '1', '6', ':', '3', '0', ENTER, 'd', 'i', 's', 'k'}};
    check(&asked);
    check(&reason);
    SAY(&scene, SILENCE_SET, silence_set, .silence = 3, .rule = SB_RULE_DEP_DOWN, .lasts = SB_HOUR(1), .actor = "bo",
        .reason = "the disk is swapped");
    const struct act shown = {.name = "silences", .keys = {'4', 'G'}};
    const struct act wide = {.name = "silences", .keys = {'4', 'z', 'G'}, .cols = 120, .rows = 40};
    check(&shown);
    check(&wide);
}

static void questions__look_as_drawn(void **state)
{
    (void)state;
    const struct act all = {.name = "ack-all", .keys = {'4', 'A'}};
    const struct act tier = {.name = "tier", .keys = {'3', 'O', '4', TAB, TAB, 'l', 'a', 'u', 'n', 'c', 'h', ENTER, 'c', 'r', 'i'}};
    const struct act pause = {.name = "pause-category", .keys = {'P', '2'}};
    const struct act retry = {.name = "retry-choices", .keys = {'j', 'R', '2'}};
    const struct act trip = {.name = "breaker-trip", .keys = {'5', 'z', 'G', 'b', 'y'}};
    const struct act reset = {.name = "breaker-reset", .keys = {'5', 'z', 'j', 'b'}};
    const struct act recover = {.name = "recover", .keys = {'5', 'K'}};
    const struct act tiny = {.name = "tier", .keys = {'3', 'O', TAB}, .cols = 40, .rows = 10};
    check(&all);
    check(&tier);
    check(&pause);
    check(&retry);
    check(&trip);
    check(&reset);
    check(&recover);
    check(&tiny);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(marks__look_as_drawn, setup),
        cmocka_unit_test_setup(silences__look_as_drawn, setup),
        cmocka_unit_test_setup(questions__look_as_drawn, setup),
    };
    return cmocka_run_group_tests_name("golden_control", tests, NULL, NULL);
}
