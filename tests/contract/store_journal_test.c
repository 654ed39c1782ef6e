/* The contract of the store port: the journal, what a start is told, keeping house. */
#include "tests/contract/store_world.h"

/* ---- the journal ---- */

static struct sb_event event_of(uint64_t seq, enum sb_event_kind kind)
{
    struct sb_event event;
    memset(&event, 0, sizeof event);
    event.seq = seq;
    event.kind = (uint16_t)kind;
    event.wall.ns = (int64_t)seq * 1000000;
    return event;
}

static void append_notes(struct world *world, uint64_t first, uint64_t count)
{
    enum { PART = 500 };
    static struct sb_event events[PART];
    while (count > 0) {
        size_t part = count < PART ? (size_t)count : PART;
        for (size_t i = 0; i < part; i++) {
            events[i] = event_of(first + i, SB_EVENT_NOTE);
            events[i].as.note.job = SB_NO_JOB;
            events[i].as.note.step = SB_NO_STEP;
            (void)sb_copy(events[i].as.note.text, sizeof events[i].as.note.text, "a note of ordinary length, as steps write them");
        }
        assert_int_equal(world->store->ops->append(world->store, events, part, NULL), SB_OK);
        first += part;
        count -= part;
    }
}

static void store__appended_events_become_durable_in_order_without_holes(void **state)
{
    struct world *world = *state;
    append_notes(world, 1, 3000);
    wait_durable(world, 3000);
    assert_int_equal(world->disorder, 0);
    assert_int_equal(world->failures, 0);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM events"), 3000);
    assert_int_equal(number(world, "SELECT MAX(seq) FROM events"), 3000);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM events WHERE kind = 'note' AND at_ms = seq AND run IS NULL"), 3000);
}

static void store__closing_writes_what_was_appended(void **state)
{
    struct world *world = *state;
    append_notes(world, 1, 5000);
    reopen(world);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM events"), 5000);
}

static void store__the_queue_stays_within_its_bound(void **state)
{
    struct world *world = *state;
    struct sb_store_stats stats;
    append_notes(world, 1, 150000);
    wait_durable(world, 150000);
    world->store->ops->stats(world->store, &stats);
    assert_true(stats.queue_count_max <= 65536);
    assert_int_equal(stats.queue_count, 0);
    assert_int_equal(stats.events_durable, 150000);
    assert_true(stats.transactions < 5000);
}

static void store__an_event_number_used_twice_breaks_the_journal_aloud(void **state)
{
    struct world *world = *state;
    append_notes(world, 1, 10);
    wait_durable(world, 10);
    struct sb_event again = event_of(7, SB_EVENT_DESCRIBED);
    assert_int_equal(world->store->ops->append(world->store, &again, 1, NULL), SB_OK);
    put_meta(world, "other", "writes go on"); /* even in the very transaction that fails; comes back after it */
    struct sb_error err = { 0 };
    struct sb_event next = event_of(11, SB_EVENT_DESCRIBED);
    assert_int_not_equal(world->store->ops->append(world->store, &next, 1, &err), SB_OK);
    assert_non_null(strstr(err.text, "event 7"));
    assert_int_equal(world->failures, 1);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM events"), 10);
}

/* ---- restore ---- */

struct restored {
    struct sb_input inputs[32];
    size_t count;
};

static uint16_t job_of(void *arg, const char *name)
{
    (void)arg;
    if (strcmp(name, "posting") == 0)
        return 5; /* another number than before */
    return strcmp(name, "plan") == 0 ? 0 : SB_NO_JOB;
}

static void keep(void *arg, const struct sb_input *input)
{
    struct restored *restored = arg;
    assert_true(restored->count < SB_LEN(restored->inputs));
    restored->inputs[restored->count++] = *input;
}

static struct restored restore(struct world *world)
{
    struct restored restored = { .count = 0 };
    struct sb_error err = { 0 };
    if (world->store->ops->restore(world->store, &restored, job_of, keep, &err))
        fail_msg("restore: %s", err.text);
    return restored;
}

static void store__an_empty_store_restores_the_beginning(void **state)
{
    struct restored restored = restore(*state);
    assert_int_equal(restored.count, 1);
    assert_int_equal(restored.inputs[0].kind, SB_INPUT_RESTORE_BASE);
    assert_int_equal(restored.inputs[0].as.restore_base.genesis, 0);
    assert_int_equal(restored.inputs[0].as.restore_base.next_run, 1);
    assert_int_equal(restored.inputs[0].as.restore_base.next_seq, 1);
}

static void append_story(struct world *world, struct sb_event *events, size_t count)
{
    for (size_t i = 0; i < count; i++)
        events[i].seq = i + 1;
    assert_int_equal(world->store->ops->append(world->store, events, count, NULL), SB_OK);
    wait_durable(world, count);
}

static void store__the_last_state_is_restored_by_names_with_its_open_run(void **state)
{
    struct world *world = *state;
    struct sb_event story[8];
    for (size_t i = 0; i < SB_LEN(story); i++)
        story[i] = event_of(1, SB_EVENT_DESCRIBED);
    story[0].kind = SB_EVENT_RUNTIME_STARTED;
    story[0].as.runtime_started.genesis = 12345;
    story[1].kind = SB_EVENT_JOB_DEFINED;
    story[1].as.job_defined = (struct sb_ev_job_defined){ .job = 3, .name = "posting", .steps = 2 };
    story[2].kind = SB_EVENT_STEP_DEFINED;
    story[2].as.step_defined = (struct sb_ev_step_defined){ .job = 3, .step = 1, .is_effect = true, .name = "submit" };
    story[3].kind = SB_EVENT_RUN_QUEUED;
    story[3].as.run_queued = (struct sb_ev_run_queued){ .run = 41, .job = 3, .attempt = 1, .cause = SB_CAUSE_SCHEDULE, .nominal = 900 };
    story[4].kind = SB_EVENT_RUN_STARTED;
    story[4].as.run_started = (struct sb_ev_run_started){ .run = 41, .job = 3, .attempt = 1 };
    story[5].kind = SB_EVENT_STEP_STARTED;
    story[5].as.step_started = (struct sb_ev_step_started){ .run = 41, .job = 3, .step = 1, .attempt = 2, .ctx = 1, .fence = 77 };
    story[6].kind = SB_EVENT_CATEGORY_PAUSED;
    story[6].as.category_paused = (struct sb_ev_category_paused){ .category = SB_CATEGORY_METRICS };
    story[7].kind = SB_EVENT_BUDGET_WINDOW;
    story[7].as.budget_window = (struct sb_ev_budget_window){ .day_start = 500, .spent = 9 };
    append_story(world, story, SB_LEN(story));
    reopen(world);

    struct restored restored = restore(world);
    assert_int_equal(restored.count, 5);
    const struct sb_in_restore_base *base = &restored.inputs[0].as.restore_base;
    assert_int_equal(base->genesis, 12345);
    assert_int_equal(base->next_run, 42);
    assert_int_equal(base->next_seq, 9);
    assert_int_equal(base->next_fence, 78);
    assert_int_equal(restored.inputs[1].kind, SB_INPUT_RESTORE_JOB);
    assert_int_equal(restored.inputs[1].as.restore_job.job, 5);
    assert_int_equal(restored.inputs[1].as.restore_job.watermark, 900);
    assert_int_equal(restored.inputs[2].kind, SB_INPUT_RESTORE_PAUSE);
    assert_int_equal(restored.inputs[2].as.restore_pause.category, SB_CATEGORY_METRICS);
    assert_false(restored.inputs[2].as.restore_pause.all);
    assert_int_equal(restored.inputs[3].kind, SB_INPUT_RESTORE_BUDGET);
    assert_int_equal(restored.inputs[3].as.restore_budget.spent, 9);
    const struct sb_in_restore_run *run = &restored.inputs[4].as.restore_run;
    assert_int_equal(restored.inputs[4].kind, SB_INPUT_RESTORE_RUN);
    assert_int_equal(run->run, 41);
    assert_int_equal(run->job, 5);
    assert_int_equal(run->step, 1);
    assert_int_equal(run->attempt, 2);
    assert_int_equal(run->recoveries, 0);
    assert_int_equal(run->nominal, 900);
    assert_true(run->was_running && run->was_effect);
}

/* ---- keeping house ---- */

static void store__check_writes_and_reads_back(void **state)
{
    struct world *world = *state;
    struct sb_error err = { 0 };
    const struct sb_op op = { .deadline = sb_now() + SB_S(10) };
    if (world->store->ops->check(world->store, &op, &err))
        fail_msg("%s", err.text);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM meta WHERE key = 'check'"), 1);
}

struct checking {
    struct sb_store *store;
    struct sb_thread *thread;
    unsigned failures;
    struct sb_error err;
};

static void check_often(void *arg)
{
    struct checking *checking = arg;
    for (unsigned i = 0; i < 60; i++)
        checking->failures += checking->store->ops->check(checking->store, &patient, &checking->err) != SB_OK;
}

/* A probe and a job look at the store whenever they like. */
static void store__checks_at_the_same_time_do_not_fail_each_other(void **state)
{
    struct world *world = *state;
    struct checking checking[4] = { 0 };
    for (size_t i = 0; i < SB_LEN(checking); i++) {
        checking[i].store = world->store;
        assert_int_equal(sb_thread_start(&checking[i].thread, "check", check_often, &checking[i], NULL), SB_OK);
    }
    for (size_t i = 0; i < SB_LEN(checking); i++)
        sb_thread_join(checking[i].thread);
    for (size_t i = 0; i < SB_LEN(checking); i++)
        if (checking[i].failures > 0)
            fail_msg("%u checks failed: %s", checking[i].failures, checking[i].err.text);
}

static void store__pruning_deletes_the_old_and_keeps_the_numbers(void **state)
{
    struct world *world = *state;
    int64_t deleted = 0;
    append_notes(world, 1, 4000); /* event n happened at n ms */
    wait_durable(world, 4000);
    assert_int_equal(world->store->ops->prune(world->store, (struct sb_wall){ SB_MS(3001) }, &patient, &deleted, NULL), SB_OK);
    assert_int_equal(deleted, 3000);
    assert_int_equal(number(world, "SELECT MIN(seq) FROM events"), 3001);
    assert_int_equal(world->store->ops->prune(world->store, (struct sb_wall){ SB_MS(9999) }, &patient, &deleted, NULL), SB_OK);
    assert_int_equal(deleted, 1000);
    reopen(world);
    struct restored restored = restore(world);
    assert_int_equal(restored.inputs[0].as.restore_base.next_seq, 4001);
}

static void store__pruning_takes_ended_runs_with_their_steps_and_leaves_open_ones(void **state)
{
    struct world *world = *state;
    int64_t deleted = 0;
    must_write(world, "INSERT INTO job_runs (run, job_name, cause, state, queued_at_ms, ended_at_ms) VALUES "
                      "(1, 'a', 'schedule', 'succeeded', 10, 20), (2, 'a', 'schedule', 'running', 10, NULL)", NULL, 0);
    must_write(world, "INSERT INTO job_steps (run, step, attempt, state) VALUES (1, 0, 1, 'succeeded'), (1, 1, 1, 'succeeded'), "
                      "(2, 0, 1, 'running')", NULL, 0);
    must_write(world, "INSERT INTO step_outputs (run, step_name, output) VALUES (1, 'x', '{}'), (2, 'x', '{}')", NULL, 0);
    assert_int_equal(world->store->ops->prune(world->store, (struct sb_wall){ SB_MS(100) }, &patient, &deleted, NULL), SB_OK);
    assert_int_equal(deleted, 4);
    assert_int_equal(number(world, "SELECT MIN(run) FROM job_runs"), 2);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM job_steps"), 1);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM step_outputs"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(store__appended_events_become_durable_in_order_without_holes),
        TEST(store__closing_writes_what_was_appended),
        TEST(store__the_queue_stays_within_its_bound),
        TEST(store__an_event_number_used_twice_breaks_the_journal_aloud),
        TEST(store__an_empty_store_restores_the_beginning),
        TEST(store__the_last_state_is_restored_by_names_with_its_open_run),
        TEST(store__check_writes_and_reads_back),
        TEST(store__checks_at_the_same_time_do_not_fail_each_other),
        TEST(store__pruning_deletes_the_old_and_keeps_the_numbers),
        TEST(store__pruning_takes_ended_runs_with_their_steps_and_leaves_open_ones),
    };
    return cmocka_run_group_tests_name(test_store_suite("store journal contract"), tests, NULL, NULL);
}
