/* /v1/lookup and /v1/audit: what the store has comes back through JSON as it was, page by page; an answer of somebody else's making is bounded. */
#include "signalbox/api/api.h"
#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"
#include "signalbox/ports/step.h"
#include "signalbox/ports/store.h"

#include "os_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* No step runs here; the engine wants to know the kinds all the same. */
const struct sb_step_kind_ops *sb_step_kind_ops(enum sb_step_kind kind)
{
    (void)kind;
    return NULL;
}

static struct sb_findings direct, carried;

struct world {
    char dir[64];
    char location[128];
    struct sb_store *store;
    uint64_t seq;
};

static void open_store(struct world *world)
{
    struct sb_error err = { 0 };
    if (sb_store_open(&world->store, world->location, &err) != SB_OK)
        fail_msg("%s", err.text);
}

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

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    test_folder(world->dir, sizeof world->dir);
    (void)snprintf(world->location, sizeof world->location, "sqlite:%s/store.db", world->dir);
    open_store(world);
    TELL(world, JOB_DEFINED, job_defined, .job = 0, .name = "plan", .steps = 1);
    TELL(world, STEP_DEFINED, step_defined, .job = 0, .step = 0, .name = "think");
    for (uint64_t run = 1; run <= 25; run++) {
        TELL(world, RUN_QUEUED, run_queued, .run = run, .job = 0, .attempt = 1, .cause = SB_CAUSE_FORCE);
        TELL(world, STEP_STARTED, step_started, .run = run, .job = 0, .step = 0, .attempt = 1, .ctx = 3);
        TELL(world, STEP_ENDED, step_ended, .run = run, .job = 0, .step = 0, .attempt = 1, .state = SB_STEP_STATE_FAILED,
             .class = SB_CLASS_FATAL, .duration = SB_MS(7), .rows = 9, .text = "caf\xc3\xa9 \"quoted\"");
        TELL(world, RUN_ENDED, run_ended, .run = run, .job = 0, .attempt = 1, .state = SB_RUN_STATE_FAILED, .class = SB_CLASS_FATAL, .error = "no");
    }
    for (uint64_t command = 1; command <= 45; command++) {
        TELL(world, COMMAND_ASKED, command_asked, .command = command, .kind = SB_COMMAND_PAUSE_JOB, .ctx = SB_NO_CTX, .reason = "because",
             .component = SB_COMPONENT_COUNT);
        TELL(world, COMMAND_REFUSED, command_refused, .command = command, .kind = SB_COMMAND_PAUSE_JOB, .job = 0, .actor = "ana",
             .outcome = "already paused");
    }
    world->store->ops->close(world->store);
    open_store(world);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    world->store->ops->close(world->store);
    assert_int_equal(sb_dir_remove(world->dir, NULL), SB_OK);
    free(world);
    return 0;
}

static char *get(struct world *world, const char *target, unsigned status)
{
    const struct sb_api_setup setup = { .store = world->store };
    struct sb_error err = { 0 };
    unsigned answered = 0;
    char *body = NULL;
    assert_int_equal(sb_api_get(&setup, target, &answered, &body, &err), SB_OK);
    if (answered != status)
        fail_msg("%s: %u %s", target, answered, body);
    return body;
}

/* The answer as it is read from the store, and as it comes through the interface. */
static void carry(struct world *world, const struct sb_lookup *lookup)
{
    const struct sb_op op = { .deadline = SB_NEVER };
    struct sb_error err = { 0 };
    char target[SB_API_LOOKUP_TARGET_MAX];
    memset(&direct, 0, sizeof direct);
    assert_int_equal(sb_lookup_read(world->store, lookup, &op, &direct, &err), SB_OK);
    direct.kind = lookup->kind;
    sb_api_lookup_target(lookup, target);
    char *body = get(world, target, 200);
    if (sb_api_lookup_read(body, strlen(body), &carried, &err) != SB_OK)
        fail_msg("%s", err.text);
    free(body);
}

static void lookup__comes_through_the_interface_as_the_store_gave_it(void **state)
{
    struct world *world = *state;
    const struct sb_lookup lookups[] = {
        { .kind = SB_LOOKUP_RUNS, .name = "plan" },
        { .kind = SB_LOOKUP_RUNS, .name = "plan", .before = 10 },
        { .kind = SB_LOOKUP_RUNS, .name = "plan", .from_oldest = true },
        { .kind = SB_LOOKUP_RUN, .id = 17 },
        { .kind = SB_LOOKUP_AUDIT },
    };
    for (size_t i = 0; i < SB_LEN(lookups); i++) {
        carry(world, &lookups[i]);
        assert_true(direct.run_count + direct.event_count > 0);
        assert_int_equal(carried.is_newest, direct.is_newest);
        assert_int_equal(carried.is_oldest, direct.is_oldest);
        assert_int_equal(carried.run_count, direct.run_count);
        assert_memory_equal(carried.runs, direct.runs, sizeof direct.runs);
        assert_int_equal(carried.step_count, direct.step_count);
        assert_memory_equal(carried.steps, direct.steps, sizeof direct.steps);
        assert_int_equal(carried.event_count, direct.event_count);
        assert_memory_equal(carried.events, direct.events, sizeof direct.events);
        assert_string_equal(carried.text, direct.text);
    }
}

static void lookup__that_makes_no_sense_is_refused(void **state)
{
    free(get(*state, "/v1/lookup?kind=everything", 400));
    free(get(*state, "/v1/lookup?kind=run&id=-3", 400));
    free(get(*state, "/v1/lookup?kind=run&id=4711", 404));
}

static void answer__of_somebody_elses_making_is_bounded(void **state)
{
    (void)state;
    struct sb_error err = { 0 };
    static char body[65536];
    struct sb_text text;
    sb_text_init(&text, body, sizeof body);
    sb_text_add(&text, "{\"kind\":\"runs\",\"runs\":[");
    for (unsigned i = 0; i < 100; i++)
        sb_text_addf(&text, "%s{\"id\":%d,\"state\":\"flying\",\"attempt\":70000,\"job\":\"%0100d\"}", i > 0 ? "," : "", i % 2 == 0 ? 7 : -7, 1);
    sb_text_add(&text, "],\"steps\":[{\"ctx\":99,\"step\":200}],\"events\":[{\"event\":{\"kind\":\"no_such\"}},{\"event\":3},5]}");
    assert_int_equal(sb_api_lookup_read(body, text.len, &carried, &err), SB_OK);
    assert_int_equal(carried.run_count, SB_LOOKUP_PAGE);
    assert_true(carried.runs[0].id == 7 && carried.runs[1].id == 0);
    assert_int_equal(carried.runs[0].attempt, 0);
    assert_int_equal(strlen(carried.runs[0].job), SB_NAME_MAX - 1);
    assert_int_equal(carried.steps[0].ctx, SB_NO_CTX);
    assert_int_equal(carried.steps[0].step, 0);
    assert_int_equal(carried.event_count, 0);
    assert_int_equal(sb_api_lookup_read("[1]", 3, &carried, &err), SB_ERR_PROTOCOL);
    assert_int_equal(sb_api_lookup_read("{", 1, &carried, &err), SB_ERR_PROTOCOL);
}

static void audit__goes_over_all_pages_up_to_its_limit(void **state)
{
    struct sb_json *json = NULL;
    struct sb_error err = { 0 };
    int64_t seq = 0, last = INT64_MAX;
    char *body = get(*state, "/v1/audit?limit=43", 200);
    assert_int_equal(sb_json_parse(&json, body, strlen(body), &err), SB_OK);
    assert_int_equal(sb_json_count(json, ""), 43);
    for (unsigned i = 0; i < 43; i++) {
        char path[32];
        (void)snprintf(path, sizeof path, "%u.seq", i);
        assert_true(sb_json_i64(json, path, &seq) && seq < last);
        last = seq;
    }
    char *reason = sb_json_text(json, "42.reason"), *result = sb_json_text(json, "0.result"), *target = sb_json_text(json, "0.target");
    assert_string_equal(reason, "because");
    assert_string_equal(result, "refused");
    assert_string_equal(target, "plan");
    free(reason);
    free(result);
    free(target);
    sb_json_destroy(json);
    free(body);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lookup__comes_through_the_interface_as_the_store_gave_it),
        TEST(lookup__that_makes_no_sense_is_refused),
        TEST(answer__of_somebody_elses_making_is_bounded),
        TEST(audit__goes_over_all_pages_up_to_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
