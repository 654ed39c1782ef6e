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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begin__fits_its_outbox_with_as_many_jobs_as_there_are),
        cmocka_unit_test(begin__counts_from_its_own_time_however_long_it_takes),
    };
    return cmocka_run_group_tests_name("core: begin", tests, NULL, NULL);
}
