/* Goldens of the pane of contexts: one screen for each state that lanes can be in. */
#include "signalbox/tui/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/golden/picture.h"
#include "tests/golden/scene.h"

static struct scene scene;

enum { POSTING, REPLY, METRICS, HARVEST, NEWS, PEERS };

/* Contexts 0 low, 1 high, 2 posting, 3 burst; the first three are open. */
static void begin(void)
{
    static const struct {
        const char *name;
        enum sb_category category;
    } jobs[] = {
        [POSTING] = {"posting", SB_CATEGORY_POSTING},         [REPLY] = {"reply_posting", SB_CATEGORY_POSTING},
        [METRICS] = {"metrics_scraper", SB_CATEGORY_METRICS}, [HARVEST] = {"mega_viral_harvester", SB_CATEGORY_HARVESTING},
        [NEWS] = {"news_scraping", SB_CATEGORY_BACKGROUND},   [PEERS] = {"peer_scraper", SB_CATEGORY_BACKGROUND},
    };
    scene_init(&scene);
    scene_start(&scene);
    for (uint16_t i = 0; i < SB_LEN(jobs); i++)
        scene_job(&scene, i, jobs[i].name, jobs[i].category, (uint8_t)i, 3);
    for (uint16_t i = 0; i < 3; i++)
        SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = i, .state = SB_CTX_STATE_IDLE, .generation = 1);
    scene_described(&scene);
    scene_wait(&scene, SB_S(7));
}

static void grant(uint16_t ctx, uint64_t run, uint16_t job, bool is_borrowed)
{
    SAY(&scene, RUN_QUEUED, run_queued, .run = run, .job = job, .attempt = 1);
    SAY(&scene, LEASE_GRANTED, lease_granted, .ctx = ctx, .run = run, .job = job, .is_borrowed = is_borrowed, .is_burst = ctx == 3,
        .deadline = SB_S(60));
}

static void want(uint64_t run, uint16_t job, enum sb_lane lane, sb_ns rank)
{
    SAY(&scene, RUN_QUEUED, run_queued, .run = run, .job = job, .attempt = 1);
    SAY(&scene, LEASE_WANTED, lease_wanted, .run = run, .job = job, .lane = (uint8_t)lane, .rank = rank);
}

static void check_at(const char *state, uint16_t rows, uint16_t cols)
{
    const struct sb_screen_setup setup = {.actor = "ana", .environment = "prod", .is_ascii = true};
    struct sb_screen *const screen = sb_screen_create(&setup, NULL);
    assert_non_null(screen);
    struct sb_grid grid = {.rows = rows, .cols = cols, .cells = cells};
    for (unsigned i = 0; i < scene.count; i++)
        sb_screen_fold(screen, &scene.events[i]);
    struct sb_now now = {.mono = scene.now, .wall = scene.wall};
    static const uint32_t keys[] = {'2', 'z'};
    for (unsigned i = 0; i < SB_LEN(keys); i++) {
        struct sb_screen_answer answer;
        scene_beat(screen, now);
        sb_screen_draw(screen, now, &grid);
        sb_screen_key(screen, (struct sb_key){keys[i]}, now, &answer);
        now.mono += SB_MS(500);
        now.wall.ns += SB_MS(500);
    }
    scene_beat(screen, now);
    sb_screen_draw(screen, now, &grid);
    char name[128];
    struct sb_text text;
    sb_text_init(&text, name, sizeof name);
    sb_text_addf(&text, "lanes-%s-%ux%u-ascii.txt", state, cols, rows);
    check_picture(name, &grid);
    sb_screen_destroy(screen);
}

static void check(const char *state)
{
    check_at(state, 24, 80);
}

static void idle__looks_as_drawn(void **state)
{
    (void)state;
    begin();
    check("idle");
}

/* Everything is lent, posting works above the pool, and a borrower is asked to give posting's own context back. */
static void burst__looks_as_drawn(void **state)
{
    (void)state;
    begin();
    grant(0, 11, NEWS, false);
    grant(1, 12, METRICS, false);
    grant(2, 13, PEERS, true);
    scene_wait(&scene, SB_S(3));
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 3, .state = SB_CTX_STATE_IDLE, .generation = 1);
    grant(3, 14, POSTING, false);
    SAY(&scene, LEASE_YIELD_ASKED, lease_yield_asked, .ctx = 2, .run = 13, .for_run = 14);
    check("burst");
}

/* The order of the queue is the order of service: posting first, then by rank, not by arrival. */
static void queue__looks_as_drawn(void **state)
{
    (void)state;
    begin();
    grant(0, 11, NEWS, false);
    grant(1, 12, METRICS, false);
    grant(2, 13, POSTING, false);
    want(14, PEERS, SB_LANE_LOW, SB_S(500));
    scene_wait(&scene, SB_S(20));
    want(15, HARVEST, SB_LANE_HIGH, SB_S(300));
    scene_wait(&scene, SB_S(15));
    want(16, REPLY, SB_LANE_POSTING, SB_S(40));
    SAY(&scene, POOL_SATURATED, pool_saturated, .waiting = 3, .oldest = SB_S(35));
    check("queue");
}

static void revoked__looks_as_drawn(void **state)
{
    (void)state;
    begin();
    grant(2, 13, PEERS, true);
    want(16, POSTING, SB_LANE_POSTING, SB_S(10));
    SAY(&scene, LEASE_YIELD_ASKED, lease_yield_asked, .ctx = 2, .run = 13, .for_run = 16);
    scene_wait(&scene, SB_S(5));
    SAY(&scene, LEASE_REVOKED, lease_revoked, .ctx = 2, .run = 13, .reason = "lane reclaimed after grace");
    check("revoked");
}

static void overdue__looks_as_drawn(void **state)
{
    (void)state;
    begin();
    grant(1, 12, METRICS, false);
    scene_wait(&scene, SB_S(61));
    check("overdue");
}

static void down__looks_as_drawn(void **state)
{
    (void)state;
    begin();
    for (uint16_t i = 0; i < 3; i++)
        SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = i, .state = SB_CTX_STATE_DOWN, .generation = 1, .reason = "browser ended: signal 9");
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 2, .state = SB_CTX_STATE_OPENING, .generation = 2);
    want(16, POSTING, SB_LANE_POSTING, SB_S(10));
    check("down");
}

static void memory__looks_as_drawn(void **state)
{
    (void)state;
    begin();
    SAY(&scene, POOL_PRESSURE, pool_pressure, .level = 1, .used_mib = 1100, .limit_mib = 1024);
    SAY(&scene, CONTEXT_CHANGED, context_changed, .ctx = 0, .state = SB_CTX_STATE_DOWN, .generation = 1, .reason = "closed by the memory guard");
    want(14, PEERS, SB_LANE_LOW, SB_S(500));
    check("memory");
}

static void usage__looks_as_drawn(void **state)
{
    (void)state;
    begin();
    grant(1, 9, METRICS, false);
    grant(2, 10, POSTING, false);
    SAY(&scene, CONTEXT_MEASURED, context_measured, .ctx = 0, .generation = 1, .heap_kib = 1434);
    SAY(&scene, CONTEXT_MEASURED, context_measured, .ctx = 1, .generation = 1, .heap_kib = 98304, .is_cpu_known = true, .cpu_permille = 1234);
    SAY(&scene, CONTEXT_MEASURED, context_measured, .ctx = 2, .generation = 1, .heap_kib = 9216, .is_cpu_known = true);
    check_at("usage", 40, 120);
}

static void policy__set_by_an_operator_looks_as_drawn(void **state)
{
    (void)state;
    begin();
    SAY(&scene, LANE_POLICY_SET, lane_policy_set, .policy = SB_LANE_POLICY_STRICT, .actor = "ana", .lasts = SB_HOUR(1));
    check("policy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle__looks_as_drawn),    cmocka_unit_test(burst__looks_as_drawn),  cmocka_unit_test(queue__looks_as_drawn),
        cmocka_unit_test(revoked__looks_as_drawn), cmocka_unit_test(overdue__looks_as_drawn), cmocka_unit_test(down__looks_as_drawn),
        cmocka_unit_test(memory__looks_as_drawn),  cmocka_unit_test(usage__looks_as_drawn),
        cmocka_unit_test(memory__looks_as_drawn),  cmocka_unit_test(policy__set_by_an_operator_looks_as_drawn),
    };
    return cmocka_run_group_tests_name("golden_contexts", tests, NULL, NULL);
}
