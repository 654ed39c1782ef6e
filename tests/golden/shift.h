/* The hour before the incident, and the incident: leases and runs of 50 minutes, with a context that dies, one that is recycled, attempts that
 * fail and a queue, so that the timeline has something to tell. */
#ifndef SB_TEST_SHIFT_H
#define SB_TEST_SHIFT_H

#include "tests/golden/incident.h"

/* One run on a context: waits, runs, fails or not. */
static inline void shift_run(struct scene *scene, uint64_t run, uint16_t job, uint16_t ctx, sb_ns waits, sb_ns takes, enum sb_run_state end)
{
    SAY(scene, RUN_QUEUED, run_queued, .run = run, .job = job, .attempt = 1, .cause = SB_CAUSE_SCHEDULE, .nominal = scene->wall.ns);
    SAY(scene, LEASE_WANTED, lease_wanted, .run = run, .job = job, .category = SB_CATEGORY_METRICS, .lane = SB_LANE_LOW);
    scene_wait(scene, waits);
    SAY(scene, LEASE_GRANTED, lease_granted, .ctx = ctx, .run = run, .job = job, .fence = run, .waited = waits, .deadline = SB_MIN(10));
    SAY(scene, RUN_STARTED, run_started, .run = run, .job = job, .attempt = 1, .waited = waits);
    scene_wait(scene, takes);
    SAY(scene, LEASE_ENDED, lease_ended, .ctx = ctx, .run = run, .job = job, .held = takes);
    SAY(scene, RUN_ENDED, run_ended, .run = run, .job = job, .attempt = 1, .state = (uint8_t)end, .duration = takes,
        .class = end == SB_RUN_STATE_FAILED ? SB_CLASS_RETRYABLE : SB_CLASS_NONE, .error = "");
}

static inline void shift_play(struct scene *scene)
{
    scene_init(scene);
    scene_wait(scene, -SB_MIN(57));
    incident_define(scene);
    uint64_t run = 20;
    for (unsigned round = 0; round < 4; round++) {
        shift_run(scene, run++, 3, 1, SB_S(2), SB_S(150 + 40 * round), SB_RUN_STATE_SUCCEEDED);
        shift_run(scene, run++, 13, 0, round == 1 ? SB_S(130) : 0, SB_S(95), SB_RUN_STATE_SUCCEEDED);
        shift_run(scene, run++, 0, 2, 0, SB_S(32), round % 2 == 1 ? SB_RUN_STATE_FAILED : SB_RUN_STATE_SUCCEEDED);
        if (round == 1) {
            SAY(scene, CONTEXT_CHANGED, context_changed, .ctx = 2, .state = SB_CTX_STATE_DOWN, .generation = 1, .reason = "browser ended: signal 9");
            scene_wait(scene, SB_S(80));
            SAY(scene, CONTEXT_CHANGED, context_changed, .ctx = 2, .state = SB_CTX_STATE_OPENING, .generation = 2);
            SAY(scene, CONTEXT_CHANGED, context_changed, .ctx = 2, .state = SB_CTX_STATE_IDLE, .generation = 2);
        }
        shift_run(scene, run++, 5, 1, SB_S(45), SB_S(60), round == 2 ? SB_RUN_STATE_CANCELLED : SB_RUN_STATE_SUCCEEDED);
        shift_run(scene, run++, 8, 0, 0, SB_S(75), SB_RUN_STATE_SUCCEEDED);
        scene_wait(scene, SB_S(50));
    }
    const uint64_t next = incident_history(scene);
    incident_spending(scene);
    incident_snapshot(scene, next);
    incident_posting(scene, next + 1);
    incident_running(scene, next + 10);
    SAY(scene, JOB_PAUSED, job_paused, .job = 7, .actor = "ana", .reason = "rate limit");
    incident_waiting(scene, next + 20);
    SAY(scene, BREAKER_CHANGED, breaker_changed, .site = 0, .state = SB_BREAKER_STATE_TRIPPED, .lasts = SB_MIN(12), .name = "llm", .actor = "ana",
        .reason = "too dear");
}

static const char shift_content[] =
    "2 drafts, 1 uncertain, 1 queued, 7 posted today\n"
    "= content of signal_ops\n"
    "reply   queued 1 verified 2\n"
    "single  draft 2 posted 3 uncertain 1 verified 1\n"
    "thread  posted 3\n"
    "\n"
    "= in flight or uncertain, with what it may be: 1\n"
    "b21c0a36-cf79-417f-8b65-91354e239244  single of signal_ops, 4m10s ago, attempt 2, no receipt\n"
    "    \"Balance training scales down well: half of it still counts.\"\n"
    "    may be post 1790000000163000980, 4m08s ago\n"
    "    \"Balance training scales down well: half of it still counts\"\n"
    "\n"
    "= drafts that wait for approval: 2\n"
    "a7676df7-e9d2-4df4-b5e6-5efde604c88f  single of signal_ops, in 12m00s\n"
    "    \"caf\xc3\xa9 \xe6\xbc\xa2\xe5\xad\x97 \x1b[31mred: "
    "untrusted words keep to their cells, and a long line of them is folded where the pane ends\"\n"
    "683fe18e-920b-47ae-954d-19bd151d5029  single of signal_ops, in 24m00s\n"
    "    \"A cool bedroom shows up in mood earlier than in numbers.\"\n"
    "\n"
    "= queued, next first: 1\n"
    "a285a85a-e973-47e5-9832-50ebe96cbcc4  reply of signal_ops, in 2m00s\n"
    "    \"Grip strength is overrated as a cure and underrated as a habit.\"\n";

static const char shift_nodes[] =
    "3 nodes, this is ops1-9f3a, ops1-9f3a is active\n"
    "ops1-9f3a\tactive\t2h05m\t8.1s\t0.4s\t2 lent\t-\t1.4.2\tops1\t4121\n"
    "ops2-77ac\tstandby\t12d03h\t-\t1.2s\t2/4 report/crunch\t318\t1.4.2\tops2.example.org\t988\n"
    "ops3-01be\tsilent\t9m02s\t-\t41s\t-\t-\t1.4.1\tops3\t77\n";

#endif
