/* The LLM client over a scripted HTTP port: what it sends, how it reads and judges answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "signalbox/base/text.h"
#include "signalbox/ports/http.h"
#include "signalbox/ports/llm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The port's only function that the client calls, scripted: the library's one is not linked because this one is here. */
static struct {
    enum sb_err code;
    long status;
    const char *body;
    sb_ns retry_after;
    bool was_sent;
    unsigned calls;
    char method[16], url[256], authorization[128], sent[4096];
} script;

enum sb_err sb_http_send(struct sb_http *http, const struct sb_http_request *request, const struct sb_op *op,
                         struct sb_http_response *response, struct sb_error *err)
{
    (void)http;
    (void)op;
    script.calls++;
    snprintf(script.method, sizeof script.method, "%s", request->method);
    snprintf(script.url, sizeof script.url, "%s", request->url);
    snprintf(script.sent, sizeof script.sent, "%.*s", (int)request->body_size, request->body ? request->body : "");
    for (size_t i = 0; i < request->header_count; i++) {
        if (sb_streq(request->headers[i].name, "Authorization")) {
            snprintf(script.authorization, sizeof script.authorization, "%s", request->headers[i].value);
        }
    }
    response->was_sent = script.was_sent;
    if (script.code != SB_OK) {
        return sb_error_set(err, script.code, "scripted failure");
    }
    response->status = script.status;
    response->body = strdup(script.body);
    response->body_size = strlen(script.body);
    response->retry_after = script.retry_after;
    return SB_OK;
}

static const struct sb_model_alias aliases[] = {
    { .alias = "premium", .model = "big-1", .in_nano = 2500, .out_nano = 10000, .cached_nano = 1250 },
    { .alias = "economy", .model = "small-1", .in_nano = 150, .out_nano = 600, .cached_nano = 75 },
};
static const char *const premium_intents[] = { "expert_analysis" };
static struct sb_llm_def def;

static int begin(void **state)
{
    struct sb_llm *llm = NULL;
    memset(&script, 0, sizeof script);
    script.was_sent = true;
    def = (struct sb_llm_def){ .base_url = "http://127.0.0.1:1/v1", .key = "env:SB_TEST_LLM_KEY", .aliases = aliases,
                               .alias_count = SB_LEN(aliases), .premium_intents = premium_intents, .premium_intent_count = 1 };
    assert_int_equal(setenv("SB_TEST_LLM_KEY", "k-123-hidden", 1), 0);
    assert_int_equal(sb_llm_create(&llm, NULL, &def, NULL), SB_OK);
    *state = llm;
    return 0;
}

static int end(void **state)
{
    sb_llm_destroy(*state);
    return 0;
}

static const struct sb_op forever = { .deadline = SB_NEVER };
static const struct sb_llm_request question = { .alias = "premium", .system = "be \"brief\"", .user = "hi", .output_tokens_max = 64,
                                                .temperature_pm = 700, .is_json = true };

#define ANSWER(usage, content, finish)                                                                   \
    "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":" content "},"           \
    "\"finish_reason\":\"" finish "\"}],\"usage\":{" usage "}}"
#define USAGE "\"prompt_tokens\":1000,\"completion_tokens\":7,\"prompt_tokens_details\":{\"cached_tokens\":600}"

static void llm__sends_model_messages_cap_and_json_mode(void **state)
{
    struct sb_llm_reply reply;
    struct sb_llm_failure failure;
    script.status = 200;
    script.body = ANSWER(USAGE, "\"{}\"", "stop");
    assert_int_equal(sb_llm_complete(*state, &question, &forever, &reply, &failure, NULL), SB_OK);
    assert_string_equal(script.method, "POST");
    assert_string_equal(script.url, "http://127.0.0.1:1/v1/chat/completions");
    assert_string_equal(script.authorization, "Bearer k-123-hidden");
    assert_string_equal(script.sent,
                        "{\"model\":\"big-1\",\"messages\":[{\"role\":\"system\",\"content\":\"be \\\"brief\\\"\"},"
                        "{\"role\":\"user\",\"content\":\"hi\"}],\"max_completion_tokens\":64,\"temperature\":0.700,"
                        "\"response_format\":{\"type\":\"json_object\"},\"stream\":false}");
    free(reply.text);
}

static void llm__prices_cached_and_fresh_tokens_exactly(void **state)
{
    struct sb_llm_reply reply;
    struct sb_llm_failure failure;
    script.status = 200;
    script.body = ANSWER(USAGE, "\"text\"", "stop");
    assert_int_equal(sb_llm_complete(*state, &question, &forever, &reply, &failure, NULL), SB_OK);
    assert_string_equal(reply.text, "text");
    assert_int_equal(reply.tokens_in, 1000);
    assert_int_equal(reply.tokens_cached, 600);
    assert_int_equal(reply.tokens_out, 7);
    assert_int_equal(reply.cost.nano, 400 * 2500 + 600 * 1250 + 7 * 10000);
    assert_false(reply.is_truncated);
    assert_int_equal(failure.class, SB_CLASS_NONE);
    free(reply.text);
}

static void llm__charges_in_full_when_the_cached_count_is_absurd(void **state)
{
    struct sb_llm_reply reply;
    struct sb_llm_failure failure;
    script.status = 200;
    script.body = ANSWER("\"prompt_tokens\":10,\"completion_tokens\":1,\"prompt_tokens_details\":{\"cached_tokens\":11}", "\"t\"", "stop");
    assert_int_equal(sb_llm_complete(*state, &question, &forever, &reply, &failure, NULL), SB_OK);
    assert_int_equal(reply.tokens_cached, 0);
    assert_int_equal(reply.cost.nano, 10 * 2500 + 10000);
    free(reply.text);
}

static void llm__says_when_the_cap_cut_the_answer(void **state)
{
    struct sb_llm_reply reply;
    struct sb_llm_failure failure;
    script.status = 200;
    script.body = ANSWER(USAGE, "\"{\\\"te\"", "length");
    assert_int_equal(sb_llm_complete(*state, &question, &forever, &reply, &failure, NULL), SB_OK);
    assert_true(reply.is_truncated);
    free(reply.text);
}

struct verdict {
    long status;
    const char *body;
    enum sb_err code;
    enum sb_class class;
    const char *says;
};

static void llm__judges_statuses_by_error_code(void **state)
{
    static const struct verdict verdicts[] = {
        { 401, "{\"error\":{\"code\":\"invalid_api_key\"}}", SB_ERR_PERMISSION, SB_CLASS_FATAL, "put a valid key where llm.key points" },
        { 403, "", SB_ERR_PERMISSION, SB_CLASS_FATAL, "check its project" },
        { 402, "{}", SB_ERR_REFUSED, SB_CLASS_BUDGET, "add credit" },
        { 429, "{\"error\":{\"type\":\"insufficient_quota\",\"code\":null}}", SB_ERR_REFUSED, SB_CLASS_BUDGET, "used up" },
        { 429, "{\"error\":{\"code\":\"project_spend_limit_exceeded\"}}", SB_ERR_REFUSED, SB_CLASS_BUDGET, "project_spend_limit_exceeded" },
        { 429, "{\"error\":{\"code\":\"rate_limit_exceeded\"}}", SB_ERR_RATE_LIMITED, SB_CLASS_RATE_LIMITED, "too many" },
        { 429, "not json", SB_ERR_RATE_LIMITED, SB_CLASS_RATE_LIMITED, "too many" },
        { 404, "{\"error\":{\"code\":\"model_not_found\"}}", SB_ERR_NOT_FOUND, SB_CLASS_FATAL, "check llm.base_url" },
        { 400, "{\"error\":{\"code\":\"context_length_exceeded\"}}", SB_ERR_REFUSED, SB_CLASS_FATAL, "context_length_exceeded" },
        { 408, "", SB_ERR_UNAVAILABLE, SB_CLASS_RETRYABLE, "408" },
        { 500, "<html>", SB_ERR_UNAVAILABLE, SB_CLASS_DEPENDENCY_DOWN, "500" },
        { 503, "{\"error\":{\"code\":\"server_is_overloaded\"}}", SB_ERR_UNAVAILABLE, SB_CLASS_DEPENDENCY_DOWN, "server_is_overloaded" },
        { 302, "", SB_ERR_PROTOCOL, SB_CLASS_RETRYABLE, "302" },
    };
    (void)state;
    for (size_t i = 0; i < SB_LEN(verdicts); i++) {
        struct sb_llm_reply reply;
        struct sb_llm_failure failure;
        struct sb_error err = { 0 };
        script.status = verdicts[i].status;
        script.body = verdicts[i].body;
        script.retry_after = SB_S(9);
        struct sb_llm *llm = NULL; /* a new one: refusals are remembered */
        assert_int_equal(sb_llm_create(&llm, NULL, &def, NULL), SB_OK);
        assert_int_equal(sb_llm_complete(llm, &question, &forever, &reply, &failure, &err), verdicts[i].code);
        sb_llm_destroy(llm);
        assert_int_equal(failure.class, verdicts[i].class);
        assert_int_equal(failure.retry_after, SB_S(9));
        assert_non_null(strstr(err.text, verdicts[i].says));
        assert_null(strstr(err.text, "hidden"));
    }
}

#define CHUNK(delta) "data: {\"choices\":[{\"index\":0,\"delta\":{" delta "},\"finish_reason\":null}],\"usage\":null}\n\n"

static void llm__of_a_stream_gathers_text_and_usage(void **state)
{
    struct sb_llm_reply reply;
    struct sb_llm_failure failure;
    (void)state;
    def.streams = true;
    script.status = 200;
    script.body = ": hello\n\n" CHUNK("\"role\":\"assistant\"") CHUNK("\"content\":\"one \"") CHUNK("\"content\":\"two\"")
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n\r\n"
        "data: {\"choices\":[],\"usage\":{" USAGE "}}\n\ndata: [DONE]\n\n";
    assert_int_equal(sb_llm_complete(*state, &question, &forever, &reply, &failure, NULL), SB_OK);
    assert_string_equal(reply.text, "one two");
    assert_int_equal(reply.cost.nano, 400 * 2500 + 600 * 1250 + 7 * 10000);
    assert_non_null(strstr(script.sent, "\"stream\":true,\"stream_options\":{\"include_usage\":true}"));
    free(reply.text);
}

static void llm__of_a_stream_that_was_cut_or_told_no_usage_makes_no_answer(void **state)
{
    static const struct {
        const char *body, *says;
    } rows[] = {
        { CHUNK("\"content\":\"one\""), "cut before its end" },
        { CHUNK("\"content\":\"one\"") "data: {\"choi", "not JSON" },
        { CHUNK("\"content\":\"one\"") "data: [DONE]\n", "told no usage" },
        { "", "cut before its end" },
    };
    def.streams = true;
    for (size_t i = 0; i < SB_LEN(rows); i++) {
        struct sb_llm_reply reply;
        struct sb_llm_failure failure;
        struct sb_error err = { 0 };
        script.status = 200;
        script.body = rows[i].body;
        assert_int_equal(sb_llm_complete(*state, &question, &forever, &reply, &failure, &err), SB_ERR_PROTOCOL);
        assert_non_null(strstr(err.text, rows[i].says));
        assert_true(failure.is_charged);
    }
}

static void llm__calls_the_endpoint_of_the_alias_with_the_cap_it_obeys(void **state)
{
    static const struct sb_llm_endpoint local = { .name = "here", .base_url = "http://127.0.0.1:2/v1", .cap = SB_LLM_CAP_TOKENS, .is_free = true };
    static const struct sb_model_alias with_local[] = { { .alias = "local", .model = "small", .endpoint = &local } };
    struct sb_llm_request request = question;
    struct sb_llm_reply reply;
    struct sb_llm_failure failure;
    def.aliases = with_local;
    def.alias_count = 1;
    request.alias = "local";
    script.status = 200;
    script.body = ANSWER(USAGE, "\"text\"", "stop");
    assert_int_equal(sb_llm_complete(*state, &request, &forever, &reply, &failure, NULL), SB_OK);
    assert_string_equal(script.url, "http://127.0.0.1:2/v1/chat/completions");
    assert_string_equal(script.authorization, ""); /* our key is not for others */
    assert_non_null(strstr(script.sent, "\"max_tokens\":64"));
    assert_null(strstr(script.sent, "max_completion_tokens"));
    assert_int_equal(reply.cost.nano, 0);
    free(reply.text);
}

static void llm__asks_no_provider_again_that_refused_key_or_account_until_something_changes(void **state)
{
    static const char *const bodies[] = { "{\"error\":{\"code\":\"invalid_api_key\"}}", "{\"error\":{\"code\":\"insufficient_quota\"}}" };
    static const long statuses[] = { 401, 429 };
    (void)state;
    for (size_t i = 0; i < SB_LEN(bodies); i++) {
        struct sb_llm *llm = NULL;
        struct sb_llm_reply reply;
        struct sb_llm_failure failure;
        struct sb_error err = { 0 };
        assert_int_equal(sb_llm_create(&llm, NULL, &def, NULL), SB_OK);
        script.calls = 0;
        script.status = statuses[i];
        script.body = bodies[i];
        assert_int_not_equal(sb_llm_complete(llm, &question, &forever, &reply, &failure, &err), SB_OK);
        script.status = 200;
        script.body = ANSWER(USAGE, "\"text\"", "stop");
        assert_int_not_equal(sb_llm_complete(llm, &question, &forever, &reply, &failure, &err), SB_OK);
        assert_int_equal(script.calls, 1);
        assert_non_null(strstr(err.text, "not asked again yet"));
        assert_false(failure.was_sent);
        assert_false(failure.is_charged);
        assert_int_equal(setenv("SB_TEST_LLM_KEY", "k-456-other", 1), 0);
        assert_int_equal(sb_llm_complete(llm, &question, &forever, &reply, &failure, &err), SB_OK);
        free(reply.text);
        assert_int_equal(setenv("SB_TEST_LLM_KEY", "k-123-hidden", 1), 0);
        sb_llm_destroy(llm);
    }
}

static void llm__repeats_no_hostile_error_code(void **state)
{
    struct sb_llm_reply reply;
    struct sb_llm_failure failure;
    struct sb_error err = { 0 };
    script.status = 400;
    script.body = "{\"error\":{\"code\":\"\\u001b[2J boo\"}}";
    assert_int_equal(sb_llm_complete(*state, &question, &forever, &reply, &failure, &err), SB_ERR_REFUSED);
    assert_null(strstr(err.text, "boo"));
}

static void llm__judges_calls_without_an_answer(void **state)
{
    static const struct {
        enum sb_err code;
        enum sb_class class;
    } rows[] = {
        { SB_ERR_TIMEOUT, SB_CLASS_RETRYABLE },      { SB_ERR_UNAVAILABLE, SB_CLASS_DEPENDENCY_DOWN },
        { SB_ERR_CANCELLED, SB_CLASS_CANCELLED },    { SB_ERR_TOO_LARGE, SB_CLASS_RETRYABLE },
        { SB_ERR_INVALID, SB_CLASS_FATAL },
    };
    for (size_t i = 0; i < SB_LEN(rows); i++) {
        struct sb_llm_reply reply;
        struct sb_llm_failure failure;
        script.code = rows[i].code;
        script.was_sent = i % 2 == 0;
        assert_int_equal(sb_llm_complete(*state, &question, &forever, &reply, &failure, NULL), rows[i].code);
        assert_int_equal(failure.class, rows[i].class);
        assert_int_equal(failure.was_sent, i % 2 == 0);
    }
}

static void llm__takes_a_broken_answer_as_retryable(void **state)
{
    static const char *const bodies[] = {
        "", "{", "[]", "{\"usage\":{}}", ANSWER("\"prompt_tokens\":1", "\"t\"", "stop"),
        ANSWER("\"prompt_tokens\":-1,\"completion_tokens\":1", "\"t\"", "stop"),
        ANSWER("\"prompt_tokens\":99999999999,\"completion_tokens\":1", "\"t\"", "stop"), ANSWER(USAGE, "null", "stop"),
        ANSWER(USAGE, "[1]", "stop"),
    };
    for (size_t i = 0; i < SB_LEN(bodies); i++) {
        struct sb_llm_reply reply = { .tokens_in = 77 };
        struct sb_llm_failure failure;
        script.status = 200;
        script.body = bodies[i];
        assert_int_equal(sb_llm_complete(*state, &question, &forever, &reply, &failure, NULL), SB_ERR_PROTOCOL);
        assert_int_equal(failure.class, SB_CLASS_RETRYABLE);
        assert_int_equal(reply.tokens_in, 77);
    }
}

static void llm__takes_a_refusal_as_fatal(void **state)
{
    struct sb_llm_reply reply;
    struct sb_llm_failure failure;
    script.status = 200;
    script.body = "{\"choices\":[{\"message\":{\"content\":null,\"refusal\":\"no\"}}],\"usage\":{" USAGE "}}";
    assert_int_equal(sb_llm_complete(*state, &question, &forever, &reply, &failure, NULL), SB_ERR_REFUSED);
    assert_int_equal(failure.class, SB_CLASS_FATAL);
}

static void llm__sends_nothing_without_its_key(void **state)
{
    struct sb_llm_reply reply;
    struct sb_llm_failure failure;
    struct sb_error err = { 0 };
    unsetenv("SB_TEST_LLM_KEY");
    assert_int_not_equal(sb_llm_complete(*state, &question, &forever, &reply, &failure, &err), SB_OK);
    assert_int_equal(failure.class, SB_CLASS_FATAL);
    assert_int_equal(script.calls, 0);
    assert_non_null(strstr(err.text, "no key for the LLM endpoint"));
    assert_non_null(strstr(err.text, "SB_TEST_LLM_KEY"));
}

static void llm__sends_no_authorization_when_no_key_is_configured(void **state)
{
    struct sb_llm_reply reply;
    struct sb_llm_failure failure;
    def.key = NULL;
    script.status = 200;
    script.body = ANSWER(USAGE, "\"t\"", "stop");
    assert_int_equal(sb_llm_complete(*state, &question, &forever, &reply, &failure, NULL), SB_OK);
    assert_string_equal(script.authorization, "");
    free(reply.text);
}

static void llm__does_not_know_other_aliases(void **state)
{
    struct sb_llm_reply reply;
    struct sb_llm_failure failure;
    struct sb_llm_request other = question;
    other.alias = "local";
    assert_int_equal(sb_llm_complete(*state, &other, &forever, &reply, &failure, NULL), SB_ERR_CONFIG);
    assert_int_equal(failure.class, SB_CLASS_FATAL);
    assert_int_equal(script.calls, 0);
}

static void llm__check_looks_for_the_models_of_the_aliases(void **state)
{
    struct sb_error err = { 0 };
    script.status = 200;
    script.body = "{\"data\":[{\"id\":\"small-1\"},{\"id\":\"big-1\"}]}";
    assert_int_equal(sb_llm_check(*state, &forever, &err), SB_OK);
    assert_string_equal(script.method, "GET");
    assert_string_equal(script.url, "http://127.0.0.1:1/v1/models");
    script.body = "{\"data\":[{\"id\":\"small-1\"}]}";
    assert_int_equal(sb_llm_check(*state, &forever, &err), SB_ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "big-1"));
    script.body = "{}";
    assert_int_equal(sb_llm_check(*state, &forever, &err), SB_ERR_PROTOCOL);
    script.status = 401;
    assert_int_equal(sb_llm_check(*state, &forever, &err), SB_ERR_PERMISSION);
}

static void llm__chooses_the_alias_by_tier_and_intent(void **state)
{
    (void)state;
    static const struct {
        const char *intent;
        enum sb_tier tier;
        const char *first, *second;
    } rows[] = {
        { "content_generation", SB_TIER_HIGH, "premium", "economy" }, { "expert_analysis", SB_TIER_MEDIUM, "premium", "economy" },
        { "content_generation", SB_TIER_MEDIUM, "economy", NULL },    { "expert_analysis", SB_TIER_LOW, "economy", NULL },
        { "expert_analysis", SB_TIER_CRITICAL, "economy", NULL },     { "content_generation", SB_TIER_CRITICAL, NULL, NULL },
        { "expert_analysis", SB_TIER_CLOSED, NULL, NULL },
    };
    for (size_t i = 0; i < SB_LEN(rows); i++) {
        const char *out[SB_LLM_ALIASES_MAX] = { NULL };
        size_t count = sb_llm_aliases(&def, rows[i].intent, rows[i].tier, out);
        assert_int_equal(count, (rows[i].first != NULL) + (rows[i].second != NULL));
        if (rows[i].first)
            assert_string_equal(out[0], rows[i].first);
        if (rows[i].second)
            assert_string_equal(out[1], rows[i].second);
    }
}

static void llm__refuses_a_prompt_over_its_limit_before_sending(void **state)
{
    struct sb_llm_reply reply;
    struct sb_llm_failure failure;
    struct sb_llm_request big = question;
    char *prompt = malloc(2u << 20);
    assert_non_null(prompt);
    memset(prompt, 'x', (2u << 20) - 1);
    prompt[(2u << 20) - 1] = '\0';
    big.user = prompt;
    assert_int_equal(sb_llm_complete(*state, &big, &forever, &reply, &failure, NULL), SB_ERR_TOO_LARGE);
    assert_int_equal(failure.class, SB_CLASS_FATAL);
    assert_int_equal(script.calls, 0);
    free(prompt);
}

#define LLM_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LLM_TEST(llm__sends_model_messages_cap_and_json_mode),
        LLM_TEST(llm__prices_cached_and_fresh_tokens_exactly),
        LLM_TEST(llm__charges_in_full_when_the_cached_count_is_absurd),
        LLM_TEST(llm__says_when_the_cap_cut_the_answer),
        LLM_TEST(llm__judges_statuses_by_error_code),
        LLM_TEST(llm__of_a_stream_gathers_text_and_usage),
        LLM_TEST(llm__of_a_stream_that_was_cut_or_told_no_usage_makes_no_answer),
        LLM_TEST(llm__calls_the_endpoint_of_the_alias_with_the_cap_it_obeys),
        LLM_TEST(llm__asks_no_provider_again_that_refused_key_or_account_until_something_changes),
        LLM_TEST(llm__repeats_no_hostile_error_code),
        LLM_TEST(llm__judges_calls_without_an_answer),
        LLM_TEST(llm__takes_a_broken_answer_as_retryable),
        LLM_TEST(llm__takes_a_refusal_as_fatal),
        LLM_TEST(llm__sends_nothing_without_its_key),
        LLM_TEST(llm__sends_no_authorization_when_no_key_is_configured),
        LLM_TEST(llm__does_not_know_other_aliases),
        LLM_TEST(llm__check_looks_for_the_models_of_the_aliases),
        LLM_TEST(llm__chooses_the_alias_by_tier_and_intent),
        LLM_TEST(llm__refuses_a_prompt_over_its_limit_before_sending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
