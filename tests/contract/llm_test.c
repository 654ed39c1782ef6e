/* The LLM port against a real HTTP endpoint: that of the practice world. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/http.h"
#include "signalbox/ports/llm.h"
#include "signalbox/practice/practice.h"

#include <stdlib.h>
#include <string.h>

static const struct sb_model_alias aliases[] = {
    { .alias = "premium", .model = "practice-premium", .in_nano = 2500, .out_nano = 10000, .cached_nano = 1250 },
    { .alias = "economy", .model = "practice-economy", .in_nano = 150, .out_nano = 600, .cached_nano = 75 },
};

struct bench {
    struct sb_practice *practice;
    struct sb_http *http;
    struct sb_llm *llm;
    struct sb_llm_def def;
};

static int begin(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    const struct sb_practice_setup setup = { .seed = 11 };
    assert_non_null(bench);
    assert_int_equal(setenv("SB_TEST_LLM_KEY", SB_PRACTICE_KEY, 1), 0);
    assert_int_equal(sb_practice_start(&bench->practice, &setup, NULL), SB_OK);
    assert_int_equal(sb_http_create(&bench->http, NULL), SB_OK);
    bench->def = (struct sb_llm_def){ .base_url = sb_practice_llm_url(bench->practice), .key = "env:SB_TEST_LLM_KEY", .aliases = aliases,
                                      .alias_count = SB_LEN(aliases) };
    assert_int_equal(sb_llm_create(&bench->llm, bench->http, &bench->def, NULL), SB_OK);
    *state = bench;
    return 0;
}

static int end(void **state)
{
    struct bench *bench = *state;
    sb_llm_destroy(bench->llm);
    sb_http_destroy(bench->http);
    sb_practice_stop(bench->practice);
    free(bench);
    return 0;
}

static const struct sb_llm_request question = { .alias = "economy", .system = "You write posts.", .user = "Write one post as JSON.",
                                                .output_tokens_max = 400, .temperature_pm = 800, .is_json = true };

static enum sb_err complete(struct bench *bench, const struct sb_llm_request *request, sb_ns timeout, struct sb_llm_reply *reply,
                            struct sb_llm_failure *failure)
{
    const struct sb_op op = { .deadline = sb_ns_add(sb_now(), timeout) };
    return sb_llm_complete(bench->llm, request, &op, reply, failure, NULL);
}

static void set_fault(struct bench *bench, uint8_t kind, uint32_t delay_ms)
{
    const struct sb_practice_fault fault = { .target = SB_PRACTICE_LLM, .kind = kind, .path = "/v1/chat", .probability_pm = 1000,
                                             .count = 1, .delay_ms = delay_ms };
    assert_int_equal(sb_practice_fault_add(bench->practice, &fault, NULL, NULL), SB_OK);
}

static void llm__writes_a_post_as_json_and_the_bill_agrees(void **state)
{
    struct bench *bench = *state;
    struct sb_llm_reply reply;
    struct sb_llm_failure failure;
    struct sb_json *json = NULL;
    struct sb_practice_stats stats;
    assert_int_equal(complete(bench, &question, SB_S(20), &reply, &failure), SB_OK);
    assert_int_equal(sb_json_parse(&json, reply.text, strlen(reply.text), NULL), SB_OK);
    assert_int_equal(sb_json_type(json, "text"), SB_JSON_STRING);
    assert_false(reply.is_truncated);
    sb_practice_stats(bench->practice, &stats);
    assert_int_equal(reply.cost.nano, stats.llm_cost.nano);
    assert_true(reply.cost.nano > 0);
    sb_json_destroy(json);
    free(reply.text);
}

static void llm__prices_cached_tokens_as_the_endpoint_does(void **state)
{
    struct bench *bench = *state;
    struct sb_llm_reply reply;
    struct sb_llm_failure failure;
    struct sb_practice_stats stats;
    struct sb_llm_request request = question;
    char prompt[8000];
    memset(prompt, 'p', sizeof prompt - 1);
    prompt[sizeof prompt - 1] = '\0';
    request.user = prompt;
    request.alias = "premium";
    assert_int_equal(complete(bench, &request, SB_S(20), &reply, &failure), SB_OK);
    assert_true(reply.tokens_cached > 0);
    sb_practice_stats(bench->practice, &stats);
    assert_int_equal(reply.cost.nano, stats.llm_cost.nano);
    free(reply.text);
}

static void llm__obeys_the_output_cap(void **state)
{
    struct sb_llm_reply reply;
    struct sb_llm_failure failure;
    struct sb_llm_request request = question;
    request.output_tokens_max = 6;
    assert_int_equal(complete(*state, &request, SB_S(20), &reply, &failure), SB_OK);
    assert_true(reply.is_truncated);
    assert_int_equal(reply.tokens_out, 6);
    free(reply.text);
}

static void llm__finds_its_models(void **state)
{
    struct bench *bench = *state;
    const struct sb_op op = { .deadline = sb_ns_add(sb_now(), SB_S(20)) };
    assert_int_equal(sb_llm_check(bench->llm, &op, NULL), SB_OK);
}

static void llm__uses_a_key_that_was_changed_meanwhile(void **state)
{
    struct bench *bench = *state;
    struct sb_llm_reply reply;
    struct sb_llm_failure failure;
    assert_int_equal(setenv("SB_TEST_LLM_KEY", "stale", 1), 0);
    assert_int_equal(complete(bench, &question, SB_S(20), &reply, &failure), SB_ERR_PERMISSION);
    assert_int_equal(failure.class, SB_CLASS_FATAL);
    assert_int_equal(setenv("SB_TEST_LLM_KEY", SB_PRACTICE_KEY, 1), 0);
    assert_int_equal(complete(bench, &question, SB_S(20), &reply, &failure), SB_OK);
    free(reply.text);
}

static void llm__streams_the_same_answer_for_the_same_bill(void **state)
{
    struct bench *bench = *state;
    struct sb_llm_reply reply;
    struct sb_llm_failure failure;
    struct sb_json *json = NULL;
    struct sb_practice_stats stats;
    bench->def.streams = true;
    assert_int_equal(complete(bench, &question, SB_S(20), &reply, &failure), SB_OK);
    assert_int_equal(sb_json_parse(&json, reply.text, strlen(reply.text), NULL), SB_OK);
    sb_practice_stats(bench->practice, &stats);
    assert_int_equal(stats.llm_cost.nano, reply.cost.nano);
    sb_json_destroy(json);
    free(reply.text);
    set_fault(bench, SB_PRACTICE_FAULT_BAD_JSON, 0); /* cut in the middle */
    assert_int_equal(complete(bench, &question, SB_S(20), &reply, &failure), SB_ERR_PROTOCOL);
    assert_true(failure.is_charged);
}

static void llm__tells_faults_apart(void **state)
{
    static const struct {
        uint8_t fault;
        enum sb_class class;
        sb_ns retry_after;
    } rows[] = {
        { SB_PRACTICE_FAULT_ERROR401, SB_CLASS_FATAL, 0 },
        { SB_PRACTICE_FAULT_ERROR429, SB_CLASS_RATE_LIMITED, SB_S(2) },
        { SB_PRACTICE_FAULT_QUOTA, SB_CLASS_BUDGET, 0 },
        { SB_PRACTICE_FAULT_ERROR500, SB_CLASS_DEPENDENCY_DOWN, 0 },
        { SB_PRACTICE_FAULT_BAD_JSON, SB_CLASS_RETRYABLE, 0 },
        { SB_PRACTICE_FAULT_LOST_CONFIRMATION, SB_CLASS_DEPENDENCY_DOWN, 0 },
    };
    for (size_t i = 0; i < SB_LEN(rows); i++) {
        struct sb_llm_reply reply;
        struct sb_llm_failure failure;
        struct bench *bench = *state;
        sb_llm_destroy(bench->llm); /* a new one: refusals are remembered */
        assert_int_equal(sb_llm_create(&bench->llm, bench->http, &bench->def, NULL), SB_OK);
        set_fault(*state, rows[i].fault, 0);
        assert_int_not_equal(complete(*state, &question, SB_S(20), &reply, &failure), SB_OK);
        assert_int_equal(failure.class, rows[i].class);
        assert_int_equal(failure.retry_after, rows[i].retry_after);
        assert_true(failure.was_sent);
    }
}

static void llm__ends_at_its_deadline(void **state)
{
    struct sb_llm_reply reply;
    struct sb_llm_failure failure;
    set_fault(*state, SB_PRACTICE_FAULT_DELAY, 60000);
    assert_int_equal(complete(*state, &question, SB_MS(150), &reply, &failure), SB_ERR_TIMEOUT);
    assert_int_equal(failure.class, SB_CLASS_RETRYABLE);
    assert_true(failure.was_sent);
}

enum { CALLERS = 8, CALLS_EACH = 5 };
struct caller {
    struct bench *bench;
    int64_t nano;
    unsigned good;
};

static void caller_main(void *arg)
{
    struct caller *caller = arg;
    for (int i = 0; i < CALLS_EACH; i++) {
        struct sb_llm_reply reply;
        struct sb_llm_failure failure;
        if (complete(caller->bench, &question, SB_S(20), &reply, &failure) == SB_OK) {
            caller->nano += reply.cost.nano;
            caller->good++;
            free(reply.text);
        }
    }
}

static void llm__adds_up_over_concurrent_callers(void **state)
{
    struct caller callers[CALLERS];
    struct sb_thread *threads[CALLERS];
    struct sb_practice_stats stats;
    struct bench *bench = *state;
    int64_t nano = 0;
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){ .bench = bench };
        assert_int_equal(sb_thread_start(&threads[i], "test-caller", caller_main, &callers[i], NULL), SB_OK);
    }
    for (int i = 0; i < CALLERS; i++) {
        sb_thread_join(threads[i]);
        assert_int_equal(callers[i].good, CALLS_EACH);
        nano += callers[i].nano;
    }
    sb_practice_stats(bench->practice, &stats);
    assert_int_equal(stats.llm_calls, CALLERS * CALLS_EACH);
    assert_int_equal(stats.llm_cost.nano, nano);
}

#define LLM_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LLM_TEST(llm__writes_a_post_as_json_and_the_bill_agrees),
        LLM_TEST(llm__prices_cached_tokens_as_the_endpoint_does),
        LLM_TEST(llm__obeys_the_output_cap),
        LLM_TEST(llm__finds_its_models),
        LLM_TEST(llm__uses_a_key_that_was_changed_meanwhile),
        LLM_TEST(llm__streams_the_same_answer_for_the_same_bill),
        LLM_TEST(llm__tells_faults_apart),
        LLM_TEST(llm__ends_at_its_deadline),
        LLM_TEST(llm__adds_up_over_concurrent_callers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
