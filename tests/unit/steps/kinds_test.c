/* The kinds llm, http and check, and what all kinds share. */
#include "fakes.h"

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    fixture_init(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture_deinit(*state);
    free(*state);
    return 0;
}

static void step__has_an_implementation_of_every_kind(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < SB_STEP_KIND_COUNT; kind++) {
        const struct sb_step_kind_ops *ops = sb_step_kind_ops((enum sb_step_kind)kind);
        assert_non_null(ops);
        assert_non_null(ops->run);
        assert_string_equal(ops->name, sb_step_kind_text(kind));
    }
}

static void step__derives_the_class_from_the_error(void **state)
{
    (void)state;
    static const struct {
        enum sb_err code;
        enum sb_class class;
    } rows[] = { { SB_ERR_TIMEOUT, SB_CLASS_RETRYABLE },   { SB_ERR_IO, SB_CLASS_RETRYABLE },
                 { SB_ERR_PROTOCOL, SB_CLASS_RETRYABLE },  { SB_ERR_GONE, SB_CLASS_RETRYABLE },
                 { SB_ERR_CONFLICT, SB_CLASS_RETRYABLE },  { SB_ERR_UNAVAILABLE, SB_CLASS_DEPENDENCY_DOWN },
                 { SB_ERR_CANCELLED, SB_CLASS_CANCELLED }, { SB_ERR_STALE, SB_CLASS_CANCELLED },
                 { SB_ERR_RATE_LIMITED, SB_CLASS_RATE_LIMITED }, { SB_ERR_CONFIG, SB_CLASS_FATAL },
                 { SB_ERR_INVALID, SB_CLASS_FATAL } };
    for (size_t i = 0; i < SB_LEN(rows); i++) {
        struct sb_step_result result = { .state = SB_STEP_STATE_PENDING };
        struct sb_error error = { .code = rows[i].code, .text = "why" };
        sb_step_fail(&result, &error);
        assert_int_equal(result.state, SB_STEP_STATE_FAILED);
        assert_int_equal(result.class, rows[i].class);
        assert_string_equal(result.text, "why");
    }
}

static void step__notes_carry_run_step_and_severity(void **state)
{
    struct fixture *f = *state;
    f->env.step_id = 3;
    sb_step_note(&f->env, SB_SEVERITY_WARN, "%d of %d", 1, 2);
    const struct sb_input *input = fake_input_of(SB_INPUT_NOTE);
    assert_non_null(input);
    assert_int_equal(input->as.note.run, 17);
    assert_int_equal(input->as.note.step, 3);
    assert_int_equal(input->as.note.severity, SB_SEVERITY_WARN);
    assert_string_equal(input->as.note.text, "1 of 2");
}

/* ---- llm */

static void llm_run(struct fixture *f)
{
    static const char *const required[] = { "text" };
    f->params.as.llm = (struct sb_llm_params){ .intent = "content_generation", .system = "be kind", .prompt = "about {{steps.c.topic}}",
                                               .output_tokens_max = 200, .is_json = true, .required = required, .required_count = 1,
                                               .for_each = f->params.as.llm.for_each };
    if (f->params.as.llm.for_each)
        f->params.as.llm.prompt = "about {{item.topic}}";
    f->env.outputs = "{\"c\":{\"topic\":\"sleep\",\"slots\":[{\"topic\":\"a\"},{\"topic\":\"b\"},{\"topic\":\"c\"}]}}";
    fixture_run(f, SB_STEP_KIND_LLM);
}

static size_t spent_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < fake_input_count; i++)
        count += fake_inputs[i].kind == SB_INPUT_SPENT;
    return count;
}

static void llm__answers_with_checked_json_and_tells_what_it_cost(void **state)
{
    struct fixture *f = *state;
    fake_llm.replies[0] = "```json\n{\"text\": \"hi\"}\n```";
    llm_run(f);
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "json.text"), "hi");
    assert_string_equal(fixture_value(f, "alias"), "premium");
    assert_string_equal(fixture_value(f, "cost_nano"), "450000");
    assert_string_equal(fake_llm.user, "about sleep");
    const struct sb_input *spent = fake_input_of(SB_INPUT_SPENT);
    assert_non_null(spent);
    assert_int_equal(spent->as.spent.cost, 450000);
    assert_int_equal(spent->as.spent.tokens_in, 100);
    assert_string_equal(spent->as.spent.alias, "premium");
    assert_string_equal(spent->as.spent.intent, "content_generation");
}

static void llm__tells_the_cost_of_a_bad_answer_too(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = { "no object", "{\"txt\":1}", "{\"text\":null}", "{\"text\":" };
    for (size_t i = 0; i < SB_LEN(bad); i++) {
        fixture_forget();
        fake_llm.replies[0] = bad[i];
        llm_run(f);
        assert_failed(f, SB_CLASS_RETRYABLE);
        assert_int_equal(spent_count(), 1);
        assert_null(f->result.output);
    }
}

static void llm__refuses_a_cut_answer(void **state)
{
    struct fixture *f = *state;
    fake_llm.replies[0] = "{\"text\":\"hi\"}";
    fake_llm.is_truncated = true;
    llm_run(f);
    assert_failed(f, SB_CLASS_RETRYABLE);
    assert_int_equal(spent_count(), 1);
}

static void llm__passes_on_the_class_of_a_failed_call(void **state)
{
    struct fixture *f = *state;
    fake_llm.class = SB_CLASS_RATE_LIMITED;
    fake_llm.retry_after = SB_S(7);
    llm_run(f);
    assert_failed(f, SB_CLASS_RATE_LIMITED);
    assert_int_equal(f->result.retry_after, SB_S(7));
    assert_int_equal(spent_count(), 0);
}

static void llm__makes_no_call_at_tier_critical_and_closed(void **state)
{
    struct fixture *f = *state;
    for (unsigned tier = SB_TIER_CRITICAL; tier <= SB_TIER_CLOSED; tier++) {
        f->env.tier = (enum sb_tier)tier;
        llm_run(f);
        assert_failed(f, SB_CLASS_BUDGET);
    }
    assert_int_equal(fake_llm.calls, 0);
}

static void llm__offers_the_cost_again_while_the_inbox_is_full(void **state)
{
    struct fixture *f = *state;
    fake_llm.replies[0] = "{\"text\":\"hi\"}";
    fake_inbox_full_times = 2;
    llm_run(f);
    assert_succeeded(f);
    assert_int_equal(spent_count(), 1);
}

static void llm__calls_once_per_element_and_keeps_what_was_paid_for(void **state)
{
    struct fixture *f = *state;
    fake_llm.replies[0] = "{\"text\":\"one\"}";
    fake_llm.replies[1] = "{\"text\":\"two\"}";
    fake_llm.class = SB_CLASS_RETRYABLE; /* the third call fails */
    f->params.as.llm.for_each = "steps.c.slots";
    llm_run(f);
    assert_succeeded(f);
    assert_int_equal(f->result.rows, 2);
    assert_int_equal(spent_count(), 2);
    assert_string_equal(fixture_value(f, "answers.1.json.text"), "two");
    assert_string_equal(fixture_value(f, "cost_nano"), "900000");
    assert_true(fake_was_noted("2 of 3 calls"));
    f->params.as.llm.for_each = NULL;
}

/* ---- http */

static void http_run(struct fixture *f, struct sb_http_params params)
{
    f->params.as.http = params;
    f->env.outputs = "{\"a\":{\"t\":\"x y\\r\\nEvil: 1\"}}";
    fixture_run(f, SB_STEP_KIND_HTTP);
}

static void http__gives_status_and_parsed_json(void **state)
{
    struct fixture *f = *state;
    fake_http.body = "{\"n\":[1]}";
    http_run(f, (struct sb_http_params){ .method = "POST", .url = "https://h.test/{{account}}", .body = "{{run}}" });
    assert_succeeded(f);
    assert_string_equal(f->result.output, "{\"status\":200,\"json\":{\"n\":[1]}}");
    assert_string_equal(fake_http.url, "https://h.test/me");
    assert_string_equal(fake_http.request_body, "17");
    assert_string_equal(fake_http.method, "POST");
}

static void http__gives_other_bodies_as_text(void **state)
{
    struct fixture *f = *state;
    fake_http.body = "plain \xFF";
    http_run(f, (struct sb_http_params){ .url = "http://h.test/" });
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "body"), "plain \xEF\xBF\xBD");
}

static void http__classifies_statuses(void **state)
{
    struct fixture *f = *state;
    static const struct {
        long status;
        enum sb_class class;
    } rows[] = { { 500, SB_CLASS_RETRYABLE }, { 408, SB_CLASS_RETRYABLE }, { 404, SB_CLASS_FATAL }, { 429, SB_CLASS_RATE_LIMITED },
                 { 302, SB_CLASS_FATAL } };
    fake_http.retry_after = SB_S(9);
    for (size_t i = 0; i < SB_LEN(rows); i++) {
        fake_http.status = rows[i].status;
        http_run(f, (struct sb_http_params){ .url = "http://h.test/" });
        assert_failed(f, rows[i].class);
    }
    fake_http.status = 404;
    http_run(f, (struct sb_http_params){ .url = "http://h.test/", .expect_status = 404 });
    assert_succeeded(f);
    fake_http.code = SB_ERR_UNAVAILABLE;
    http_run(f, (struct sb_http_params){ .url = "http://h.test/" });
    assert_failed(f, SB_CLASS_DEPENDENCY_DOWN);
}

static void http__takes_only_http_addresses(void **state)
{
    struct fixture *f = *state;
    static const char *const wrong[] = { "file:///etc/passwd", "gopher://h/", "h.test/x" };
    for (size_t i = 0; i < SB_LEN(wrong); i++) {
        http_run(f, (struct sb_http_params){ .url = wrong[i] });
        assert_failed(f, SB_CLASS_FATAL);
    }
    assert_int_equal(fake_http.calls, 0);
}

static void http__lets_no_value_add_a_header(void **state)
{
    struct fixture *f = *state;
    static const struct sb_pair evil[] = { { "X-Text", "{{steps.a.t}}" } };
    static const struct sb_pair good[] = { { "X-Account", "{{account}}" } };
    http_run(f, (struct sb_http_params){ .url = "http://h.test/", .headers = evil, .header_count = 1 });
    assert_failed(f, SB_CLASS_FATAL);
    assert_int_equal(fake_http.calls, 0);
    static const struct sb_pair plain[] = { { "X-Job", "{{job}}" } };
    (void)good;
    http_run(f, (struct sb_http_params){ .url = "http://h.test/", .headers = plain, .header_count = 1 });
    assert_succeeded(f);
    assert_string_equal(fake_http.header, "X-Job: posting");
}

/* ---- check */

static void check_run(struct fixture *f, const char *what, int64_t warn, int64_t fail)
{
    f->params.as.check = (struct sb_check_params){ what, warn, fail };
    fixture_run(f, SB_STEP_KIND_CHECK);
}

static void check__judges_memory_against_both_bounds(void **state)
{
    struct fixture *f = *state;
    check_run(f, "memory", 1000000, 2000000);
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "verdict"), "ok");
    check_run(f, "memory", 0, 1000000);
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "verdict"), "warn");
    assert_true(fake_was_noted("memory"));
    check_run(f, "memory", INT64_MIN, 0);
    assert_failed(f, SB_CLASS_RETRYABLE);
}

static void check__takes_the_bounds_of_free_disk_as_floors(void **state)
{
    struct fixture *f = *state;
    check_run(f, "disk", 1, 0);
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "verdict"), "ok");
    check_run(f, "disk", INT64_MIN, INT64_MAX);
    assert_failed(f, SB_CLASS_RETRYABLE);
}

static void check__fails_with_the_reason_when_it_cannot_look(void **state)
{
    struct fixture *f = *state;
    fake_rule((struct fake_rule){ .op = "check", .code = SB_ERR_UNAVAILABLE });
    check_run(f, "browser", INT64_MIN, INT64_MIN);
    assert_failed(f, SB_CLASS_DEPENDENCY_DOWN);
    f->services.browser = NULL;
    check_run(f, "browser", INT64_MIN, INT64_MIN);
    assert_failed(f, SB_CLASS_DEPENDENCY_DOWN);
    check_run(f, "database", INT64_MIN, INT64_MIN);
    assert_failed(f, SB_CLASS_DEPENDENCY_DOWN);
    check_run(f, "weather", INT64_MIN, INT64_MIN);
    assert_failed(f, SB_CLASS_FATAL);
}

static void native__names_an_unknown_function(void **state)
{
    struct fixture *f = *state;
    fixture_native(f, "dance", NULL, 0);
    assert_failed(f, SB_CLASS_FATAL);
    assert_non_null(strstr(f->result.text, "\"dance\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(step__has_an_implementation_of_every_kind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(step__derives_the_class_from_the_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(step__notes_carry_run_step_and_severity, set_up, tear_down),
        cmocka_unit_test_setup_teardown(llm__answers_with_checked_json_and_tells_what_it_cost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(llm__tells_the_cost_of_a_bad_answer_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(llm__refuses_a_cut_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(llm__passes_on_the_class_of_a_failed_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(llm__makes_no_call_at_tier_critical_and_closed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(llm__offers_the_cost_again_while_the_inbox_is_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(llm__calls_once_per_element_and_keeps_what_was_paid_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(http__gives_status_and_parsed_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(http__gives_other_bodies_as_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(http__classifies_statuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(http__takes_only_http_addresses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(http__lets_no_value_add_a_header, set_up, tear_down),
        cmocka_unit_test_setup_teardown(check__judges_memory_against_both_bounds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(check__takes_the_bounds_of_free_disk_as_floors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(check__fails_with_the_reason_when_it_cannot_look, set_up, tear_down),
        cmocka_unit_test_setup_teardown(native__names_an_unknown_function, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
