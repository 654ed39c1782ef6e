/* Stories of the start: however large the catalogue, no step emits more than its outbox holds, and no job's first due time is lost. */
#include "world.h"

static void begin__fits_its_outbox_with_as_many_jobs_as_there_are(void **state)
{
    struct world *w = world_create();
    (void)state;
    for (int i = 0; i < WORLD_JOBS; i++) {
        char name[SB_NAME_MAX] = "job_00";
        name[4] = (char)('0' + i / 10);
        name[5] = (char)('0' + i % 10);
        (void)world_job(w, name, SB_HOUR(1), 0);
        (void)world_step(w, "work", false, SB_MS(1));
    }
    world_begin(w);
    world_run(w, SB_MIN(1));
    assert_int_equal(w->ends_total, WORLD_JOBS); /* offset 0: each is due at the start itself */
    world_destroy(w);
}

/* A catalogue takes several steps to announce; a slow machine lets time pass between them. */
static void begin__counts_from_its_own_time_however_long_it_takes(void **state)
{
    struct world *w = world_create();
    struct sb_event events[SB_OUTBOX_EVENTS_MIN];
    struct sb_order orders[SB_OUTBOX_ORDERS_MIN];
    bool is_told[WORLD_JOBS] = { false };
    uint32_t told = 0;
    (void)state;
    for (int i = 0; i < WORLD_JOBS; i++) {
        (void)world_job(w, i < WORLD_JOBS - 1 ? "early" : "last", SB_HOUR(1), 0);
        (void)world_step(w, "work", false, SB_MS(1));
    }
    world_init_core(w);
    struct sb_input input = sb_input_make(SB_INPUT_BEGIN);
    for (int steps = 0; steps == 0 || told < WORLD_JOBS; steps++) {
        struct sb_outbox out = { .events = events, .event_cap = SB_LEN(events), .orders = orders, .order_cap = SB_LEN(orders) };
        input.now = w->now;
        input.wall.ns = w->now + w->wall_offset;
        sb_core_step(w->core, &input, &out);
        sb_core_check(w->core);
        for (uint32_t i = 0; i < out.event_count; i++) {
            if (events[i].kind != SB_EVENT_JOB_SCHEDULED || is_told[events[i].as.job_scheduled.job])
                continue;
            is_told[events[i].as.job_scheduled.job] = true;
            told++;
            assert_int_equal(events[i].as.job_scheduled.due, w->wall_offset);
        }
        assert_true(steps < 100);
        w->now += SB_MS(10);
        input = sb_input_make(SB_INPUT_TICK);
    }
    world_destroy(w);
}

/* A restart must not forget whose pause it is. */
static void begin__tells_who_paused_what_before_the_restart(void **state)
{
    struct world *w = world_create();
    struct sb_event events[SB_OUTBOX_EVENTS_MIN];
    struct sb_order orders[SB_OUTBOX_ORDERS_MIN];
    struct sb_event told = { 0 }, all = { 0 };
    (void)state;
    (void)world_job(w, "walk", SB_HOUR(1), 0);
    (void)world_step(w, "work", false, SB_MS(1));
    world_init_core(w);
    struct sb_input inputs[] = { sb_input_make(SB_INPUT_RESTORE_JOB), sb_input_make(SB_INPUT_RESTORE_PAUSE),
                                 sb_input_make(SB_INPUT_RESTORE_PAUSE), sb_input_make(SB_INPUT_BEGIN) };
    inputs[0].as.restore_job = (struct sb_in_restore_job){ .job = 0, .is_paused = true, .last_state = SB_RUN_STATE_QUEUED };
    inputs[1].as.restore_pause = (struct sb_in_restore_pause){ .job = 0, .actor = "ann", .reason = "night", .at = w->wall_offset - SB_HOUR(1) };
    inputs[2].as.restore_pause = (struct sb_in_restore_pause){ .all = true, .job = SB_NO_JOB, .actor = "bob", .at = w->wall_offset - SB_MIN(1) };
    for (size_t i = 0; i < SB_LEN(inputs); i++) {
        struct sb_outbox out = { .events = events, .event_cap = SB_LEN(events), .orders = orders, .order_cap = SB_LEN(orders) };
        inputs[i].now = w->now;
        inputs[i].wall.ns = w->now + w->wall_offset;
        sb_core_step(w->core, &inputs[i], &out);
    }
    uint64_t cursor = 0;
    for (bool is_complete = false; !is_complete;) {
        struct sb_outbox out = { .events = events, .event_cap = SB_LEN(events), .orders = orders, .order_cap = SB_LEN(orders) };
        is_complete = sb_core_describe(w->core, &cursor, &out);
        for (uint32_t k = 0; k < out.event_count; k++) {
            told = events[k].kind == SB_EVENT_JOB_PAUSED ? events[k] : told;
            all = events[k].kind == SB_EVENT_ALL_PAUSED ? events[k] : all;
        }
    }
    assert_string_equal(told.as.job_paused.actor, "ann");
    assert_string_equal(told.as.job_paused.reason, "night");
    assert_int_equal(told.wall.ns, w->wall_offset - SB_HOUR(1));
    assert_string_equal(all.as.all_paused.actor, "bob");
    world_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begin__fits_its_outbox_with_as_many_jobs_as_there_are),
        cmocka_unit_test(begin__counts_from_its_own_time_however_long_it_takes),
        cmocka_unit_test(begin__tells_who_paused_what_before_the_restart),
    };
    return cmocka_run_group_tests_name("core: begin", tests, NULL, NULL);
}
