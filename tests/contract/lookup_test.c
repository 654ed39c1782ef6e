/* What consoles ask about the past: pages without holes, whole commands, the events of one run and of one incident. */
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/lookup.h"
#include "signalbox/ports/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stores.h"

static const struct sb_op patient = { .deadline = SB_NEVER };

struct world {
    char location[TEST_LOCATION_MAX];
    struct sb_store *store;
    uint64_t seq;
    struct sb_findings found;
};

static void open_store(struct world *world)
{
    struct sb_error err = { 0 };
    if (sb_store_open(&world->store, world->location, &err))
        fail_msg("%s", err.text);
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    test_store_create(world->location);
    open_store(world);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    world->store->ops->close(world->store);
    test_store_destroy(world->location);
    free(world);
    return 0;
}

/* Event n happens at n seconds: far enough apart that the times of a run find its events. */
#define TELL(world, CODE, name, ...)                                                              \
    do {                                                                                          \
        struct sb_event told;                                                                     \
        memset(&told, 0, sizeof told);                                                            \
        told.kind = SB_EVENT_##CODE;                                                              \
        told.as.name = (struct sb_ev_##name){ __VA_ARGS__ };                                      \
        told.seq = ++(world)->seq;                                                                \
        told.wall.ns = SB_S((int64_t)told.seq);                                                   \
        assert_int_equal((world)->store->ops->append((world)->store, &told, 1, NULL), SB_OK);     \
    } while (0)

/* Closing writes everything that was appended. */
static void settle(struct world *world)
{
    world->store->ops->close(world->store);
    open_store(world);
}

static const struct sb_findings *look(struct world *world, const struct sb_lookup *lookup)
{
    struct sb_error err = { 0 };
    memset(&world->found, 0, sizeof world->found);
    if (sb_lookup_read(world->store, lookup, &patient, &world->found, &err) != SB_OK)
        fail_msg("%s", err.text);
    return &world->found;
}

static void define_jobs(struct world *world)
{
    TELL(world, JOB_DEFINED, job_defined, .job = 0, .name = "plan", .steps = 2);
    TELL(world, STEP_DEFINED, step_defined, .job = 0, .step = 0, .name = "think");
    TELL(world, STEP_DEFINED, step_defined, .job = 0, .step = 1, .name = "save", .is_effect = true);
    TELL(world, JOB_DEFINED, job_defined, .job = 1, .name = "posting", .steps = 1);
}

static void put_run(struct world *world, uint64_t run, uint16_t job)
{
    TELL(world, RUN_QUEUED, run_queued, .run = run, .job = job, .attempt = 1, .cause = SB_CAUSE_SCHEDULE);
    TELL(world, RUN_STARTED, run_started, .run = run, .job = job, .attempt = 1);
    TELL(world, RUN_ENDED, run_ended, .run = run, .job = job, .attempt = 1, .state = SB_RUN_STATE_SUCCEEDED, .duration = SB_MS(5));
}

static void assert_runs(const struct sb_findings *found, uint64_t first, uint32_t count, bool is_newest, bool is_oldest)
{
    assert_int_equal(found->run_count, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(found->runs[i].id == first - 2 * i); /* every second run is of the job */
        assert_string_equal(found->runs[i].job, "plan");
    }
    assert_int_equal(found->is_newest, is_newest);
    assert_int_equal(found->is_oldest, is_oldest);
}

static void runs__come_in_pages_of_one_job_downwards_and_upwards_without_a_hole(void **state)
{
    struct world *world = *state;
    define_jobs(world);
    for (uint64_t run = 1; run <= 90; run++)
        put_run(world, run, run % 2 == 0 ? 0 : 1);
    settle(world);
    struct sb_lookup lookup = { .kind = SB_LOOKUP_RUNS, .name = "plan" };
    assert_runs(look(world, &lookup), 90, 20, true, false);
    lookup.before = 52;
    assert_runs(look(world, &lookup), 50, 20, false, false);
    lookup.before = 12;
    assert_runs(look(world, &lookup), 10, 5, false, true);
    lookup.before = 0;
    lookup.after = 10;
    assert_runs(look(world, &lookup), 50, 20, false, false);
    lookup.after = 50;
    assert_runs(look(world, &lookup), 90, 20, true, false);
    lookup.after = 0;
    lookup.from_oldest = true;
    assert_runs(look(world, &lookup), 40, 20, false, true);
}

static void runs__of_a_job_that_never_ran_are_none(void **state)
{
    struct world *world = *state;
    define_jobs(world);
    settle(world);
    const struct sb_lookup lookup = { .kind = SB_LOOKUP_RUNS, .name = "plan" };
    const struct sb_findings *found = look(world, &lookup);
    assert_int_equal(found->run_count, 0);
    assert_true(found->is_newest && found->is_oldest);
}

static void run__has_its_steps_by_attempt_and_its_own_events_alone(void **state)
{
    struct world *world = *state;
    define_jobs(world);
    for (uint64_t run = 1; run <= 30; run++)
        put_run(world, run, 1);
    TELL(world, RUN_QUEUED, run_queued, .run = 31, .job = 0, .attempt = 1, .cause = SB_CAUSE_FORCE);
    TELL(world, LEASE_GRANTED, lease_granted, .run = 31, .job = 0, .ctx = 2, .waited = SB_S(4), .lane = SB_LANE_LOW);
    TELL(world, RUN_STARTED, run_started, .run = 31, .job = 0, .attempt = 1, .waited = SB_S(4));
    for (uint8_t attempt = 1; attempt <= 2; attempt++) {
        TELL(world, STEP_STARTED, step_started, .run = 31, .job = 0, .step = 0, .attempt = attempt, .ctx = 2, .fence = attempt);
        TELL(world, STEP_ENDED, step_ended, .run = 31, .job = 0, .step = 0, .attempt = attempt, .duration = SB_S(9),
             .state = attempt == 1 ? SB_STEP_STATE_FAILED : SB_STEP_STATE_SUCCEEDED, .class = attempt == 1 ? SB_CLASS_RETRYABLE : SB_CLASS_NONE,
             .rows = 7, .text = "seven");
    }
    put_run(world, 32, 1); /* of another job, in between */
    TELL(world, RUN_ENDED, run_ended, .run = 31, .job = 0, .attempt = 2, .state = SB_RUN_STATE_FAILED, .class = SB_CLASS_FATAL,
         .duration = SB_S(20), .error = "no \"quotes\"");
    for (uint64_t run = 33; run <= 50; run++)
        put_run(world, run, 1);
    settle(world);
    const struct sb_lookup lookup = { .kind = SB_LOOKUP_RUN, .id = 31 };
    const struct sb_findings *found = look(world, &lookup);
    assert_int_equal(found->run_count, 1);
    const struct sb_past_run *run = &found->runs[0];
    assert_string_equal(run->job, "plan");
    assert_int_equal(run->cause, SB_CAUSE_FORCE);
    assert_int_equal(run->state, SB_RUN_STATE_FAILED);
    assert_int_equal(run->class, SB_CLASS_FATAL);
    assert_string_equal(run->error, "no \"quotes\"");
    assert_true(run->started.ns > run->queued.ns && run->ended.ns > run->started.ns);
    assert_int_equal(found->step_count, 2);
    assert_int_equal(found->steps[0].attempt, 1);
    assert_int_equal(found->steps[0].state, SB_STEP_STATE_FAILED);
    assert_int_equal(found->steps[1].attempt, 2);
    assert_int_equal(found->steps[1].ctx, 2);
    assert_int_equal(found->steps[1].rows, 7);
    assert_string_equal(found->steps[1].name, "think");
    assert_int_equal(found->event_count, 8);
    for (uint32_t i = 0; i < found->event_count; i++)
        assert_string_equal(found->events[i].job, "plan");
    assert_int_equal(found->events[0].event.kind, SB_EVENT_RUN_QUEUED);
    assert_true(found->events[1].event.as.lease_granted.waited == SB_S(4));
    assert_int_equal(found->events[7].event.kind, SB_EVENT_RUN_ENDED);
}

static void run__that_is_not_there_is_not_found(void **state)
{
    struct world *world = *state;
    struct sb_error err = { 0 };
    const struct sb_lookup lookup = { .kind = SB_LOOKUP_RUN, .id = 4711 };
    assert_int_equal(sb_lookup_read(world->store, &lookup, &patient, &world->found, &err), SB_ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "4711"));
}

static void alert__has_its_own_life_and_not_that_of_one_whose_number_begins_alike(void **state)
{
    struct world *world = *state;
    define_jobs(world);
    TELL(world, ALERT_RAISED, alert_raised, .alert = 1, .rule = SB_RULE_JOB_FAILED, .job = 0, .subject = "plan", .text = "\"alert\":12, is no field");
    TELL(world, ALERT_RAISED, alert_raised, .alert = 12, .rule = SB_RULE_DEP_DOWN, .job = SB_NO_JOB, .subject = "llm");
    TELL(world, NOTICE_QUEUED, notice_queued, .alert = 12, .channel = 0, .subject = "llm");
    TELL(world, NOTICE_SENT, notice_sent, .id = 7, .alert = 12, .channel = 0, .name = "team");
    TELL(world, ALERT_ACKED, alert_acked, .alert = 12, .actor = "ana");
    TELL(world, ALERT_CLEARED, alert_cleared, .alert = 1, .rule = SB_RULE_JOB_FAILED, .subject = "plan");
    settle(world);
    const struct sb_lookup lookup = { .kind = SB_LOOKUP_ALERT, .id = 12 };
    const struct sb_findings *found = look(world, &lookup);
    assert_int_equal(found->event_count, 4);
    assert_int_equal(found->events[0].event.kind, SB_EVENT_ALERT_RAISED);
    assert_string_equal(found->events[0].event.as.alert_raised.subject, "llm");
    assert_int_equal(found->events[3].event.kind, SB_EVENT_ALERT_ACKED);
}

static void put_command(struct world *world, uint64_t command, bool has_reason)
{
    if (has_reason)
        TELL(world, COMMAND_ASKED, command_asked, .command = command, .kind = SB_COMMAND_PAUSE_JOB, .ctx = SB_NO_CTX, .reason = "because");
    TELL(world, JOB_PAUSED, job_paused, .job = 0, .actor = "ana");
    TELL(world, COMMAND_DONE, command_done, .command = command, .kind = SB_COMMAND_PAUSE_JOB, .job = 0, .actor = "ana", .outcome = "paused plan");
}

/* Answers of the page, and whether every one has what was asked with it. */
static unsigned answers_of(const struct sb_findings *found, uint64_t newest)
{
    unsigned answers = 0, questions = 0;
    for (uint32_t i = 0; i < found->event_count; i++) {
        const struct sb_event *event = &found->events[i].event;
        if (event->kind == SB_EVENT_COMMAND_DONE) {
            assert_true(event->as.command_done.command == newest - answers);
            assert_string_equal(found->events[i].job, "plan");
            answers++;
        } else {
            assert_int_equal(event->kind, SB_EVENT_COMMAND_ASKED);
            assert_true(event->as.command_asked.command == newest - questions);
            questions++;
        }
    }
    assert_int_equal(answers, questions);
    return answers;
}

static void audit__pages_are_whole_commands_and_leave_none_out(void **state)
{
    struct world *world = *state;
    define_jobs(world);
    for (uint64_t command = 1; command <= 50; command++)
        put_command(world, command, true);
    settle(world);
    struct sb_lookup lookup = { .kind = SB_LOOKUP_AUDIT };
    const struct sb_findings *found = look(world, &lookup);
    assert_int_equal(answers_of(found, 50), 20);
    assert_true(found->is_newest && !found->is_oldest);
    lookup.before = found->events[found->event_count - 1].event.seq;
    found = look(world, &lookup);
    assert_int_equal(answers_of(found, 30), 20);
    const uint64_t top = found->events[0].event.seq;
    lookup.before = found->events[found->event_count - 1].event.seq;
    found = look(world, &lookup);
    assert_int_equal(answers_of(found, 10), 10);
    assert_true(found->is_oldest && !found->is_newest);
    lookup.before = 0;
    lookup.after = top;
    found = look(world, &lookup);
    assert_int_equal(answers_of(found, 50), 20);
}

static void audit__goes_no_further_back_than_asked(void **state)
{
    struct world *world = *state;
    define_jobs(world);
    for (uint64_t command = 1; command <= 9; command++)
        put_command(world, command, true); /* three events, three seconds each */
    settle(world);
    const struct sb_lookup lookup = { .kind = SB_LOOKUP_AUDIT, .since_ms = ((int64_t)world->seq - 5) * 1000 };
    assert_int_equal(answers_of(look(world, &lookup), 9), 2);
}

static void content__row_is_told_with_its_attempts(void **state)
{
    struct world *world = *state;
    struct sb_error err = { 0 };
    const struct sb_statement statements[] = {
        { "INSERT INTO content_metadata (decision_id, kind, account, text, status, scheduled_at_ms, attempts, content_hash, last_error, "
          "created_at_ms, updated_at_ms) VALUES ('7f3a-1', 'single', 'me', 'hello', 'queued', 5000, 1, 'h', 'no answer', 1, 1)", NULL, 0, 1 },
        { "INSERT INTO posting_attempts (decision_id, attempt, token, started_at_ms, outcome, error) VALUES ('7f3a-1', 1, 9, 6000, 'failed', "
          "'no button')", NULL, 0, 1 },
    };
    if (world->store->ops->write(world->store, statements, SB_LEN(statements), NULL, &patient, &err) != SB_OK)
        fail_msg("%s", err.text);
    struct sb_lookup lookup = { .kind = SB_LOOKUP_CONTENT, .name = "7f3a-1" };
    const struct sb_findings *found = look(world, &lookup);
    assert_non_null(strstr(found->text, "text       hello\n"));
    assert_non_null(strstr(found->text, "last error no answer\n"));
    assert_non_null(strstr(found->text, "#1 1970-01-01T00:00:06Z failed no button\n"));
    (void)sb_copy(lookup.name, sizeof lookup.name, "7f3a-2");
    assert_int_equal(sb_lookup_read(world->store, &lookup, &patient, &world->found, &err), SB_ERR_NOT_FOUND);
}

static void lookup__obeys_its_deadline(void **state)
{
    struct world *world = *state;
    struct sb_error err = { 0 };
    const struct sb_op over = { .deadline = sb_now() - 1 };
    const struct sb_lookup lookup = { .kind = SB_LOOKUP_RUNS, .name = "plan" };
    assert_int_equal(sb_lookup_read(world->store, &lookup, &over, &world->found, &err), SB_ERR_TIMEOUT);
    assert_true(err.text[0] != '\0');
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(runs__come_in_pages_of_one_job_downwards_and_upwards_without_a_hole),
        TEST(runs__of_a_job_that_never_ran_are_none),
        TEST(run__has_its_steps_by_attempt_and_its_own_events_alone),
        TEST(run__that_is_not_there_is_not_found),
        TEST(alert__has_its_own_life_and_not_that_of_one_whose_number_begins_alike),
        TEST(audit__pages_are_whole_commands_and_leave_none_out),
        TEST(audit__goes_no_further_back_than_asked),
        TEST(content__row_is_told_with_its_attempts),
        TEST(lookup__obeys_its_deadline),
    };
    return cmocka_run_group_tests_name(test_store_suite("lookup"), tests, NULL, NULL);
}
