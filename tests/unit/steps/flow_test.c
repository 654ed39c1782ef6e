/* Flows of a site over a browser that follows a table. */
#include "fakes.h"

static struct sb_action actions[12];
static struct sb_flow flows[3];

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    fixture_init(f);
    memset(actions, 0, sizeof actions);
    memset(flows, 0, sizeof flows);
    flows[0] = (struct sb_flow){ .name = "read", .actions = actions, .action_count = 0 };
    f->site.flows = flows;
    f->site.flow_count = 1;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture_deinit(*state);
    free(*state);
    return 0;
}

static void add(struct sb_action action)
{
    if (action.place == NULL)
        action.place = "practice.yaml:9:5";
    actions[flows[0].action_count++] = action;
}

static void browse(struct fixture *f, struct sb_browse_params params)
{
    params.site = "practice";
    params.flow = params.flow ? params.flow : "read";
    f->params.as.browse = params;
    fixture_run(f, SB_STEP_KIND_BROWSE);
}

static void flow__runs_its_actions_in_order_and_saves_by_name(void **state)
{
    struct fixture *f = *state;
    struct sb_pair with[] = { { "id", "{{run}}" } };
    add((struct sb_action){ .kind = SB_ACTION_GOTO, .url = "/post/{{with.id}}" });
    add((struct sb_action){ .kind = SB_ACTION_WAIT, .selector = "#a" });
    add((struct sb_action){ .kind = SB_ACTION_TYPE, .selector = "#b", .text = "by {{account}}" });
    add((struct sb_action){ .kind = SB_ACTION_EXTRACT, .selector = ".c", .save_as = "item" });
    add((struct sb_action){ .kind = SB_ACTION_EXTRACT, .selector = ".d", .save_as = "more", .is_many = true });
    fake_rule((struct fake_rule){ .op = "extract", .match = ".c", .answer = "{\"likes\":7}" });
    fake_rule((struct fake_rule){ .op = "extract", .match = ".d", .answer = "[1,2]" });
    browse(f, (struct sb_browse_params){ .with = with, .with_count = 1 });
    assert_succeeded(f);
    assert_string_equal(f->result.output, "{\"item\":{\"likes\":7},\"more\":[1,2]}");
    assert_string_equal(fake_calls[0], "go http://site.test/post/17");
    assert_string_equal(fake_calls[1], "wait #a");
    assert_string_equal(fake_calls[2], "type #b=by me");
    assert_int_equal(fake_call_count, 5);
}

static void flow__stops_at_the_first_failure_and_names_its_place(void **state)
{
    struct fixture *f = *state;
    add((struct sb_action){ .kind = SB_ACTION_WAIT, .selector = "#gone" });
    add((struct sb_action){ .kind = SB_ACTION_CLICK, .selector = "#never" });
    fake_rule((struct fake_rule){ .op = "wait", .code = SB_ERR_TIMEOUT });
    browse(f, (struct sb_browse_params){ 0 });
    assert_failed(f, SB_CLASS_RETRYABLE);
    assert_non_null(strstr(f->result.text, "practice.yaml:9:5 wait"));
    assert_int_equal(fake_count("click"), 0);
    assert_int_equal(fake_count("screenshot"), 1); /* selector drift leaves a picture */
    assert_true(fake_was_noted("picture"));
    assert_null(f->result.output);
}

static void flow__goes_on_after_an_optional_action_failed(void **state)
{
    struct fixture *f = *state;
    add((struct sb_action){ .kind = SB_ACTION_CLICK, .selector = "#banner", .is_optional = true });
    add((struct sb_action){ .kind = SB_ACTION_WAIT, .selector = "#a" });
    fake_rule((struct fake_rule){ .op = "click", .code = SB_ERR_NOT_FOUND });
    browse(f, (struct sb_browse_params){ 0 });
    assert_succeeded(f);
    assert_true(fake_was_noted("optional"));
}

static void flow__does_not_ignore_a_lost_context_in_an_optional_action(void **state)
{
    struct fixture *f = *state;
    add((struct sb_action){ .kind = SB_ACTION_CLICK, .selector = "#banner", .is_optional = true });
    fake_rule((struct fake_rule){ .op = "click", .code = SB_ERR_GONE });
    browse(f, (struct sb_browse_params){ 0 });
    assert_failed(f, SB_CLASS_RETRYABLE);
}

static void flow__takes_an_error_page_for_a_failure(void **state)
{
    struct fixture *f = *state;
    add((struct sb_action){ .kind = SB_ACTION_GOTO, .url = "/home" });
    fake_rule((struct fake_rule){ .op = "go", .status = 500, .times = 1 });
    fake_rule((struct fake_rule){ .op = "go", .status = 429, .times = 1 });
    fake_rule((struct fake_rule){ .op = "go", .status = 404, .times = 1 });
    browse(f, (struct sb_browse_params){ 0 });
    assert_failed(f, SB_CLASS_RETRYABLE);
    assert_non_null(strstr(f->result.text, "500"));
    browse(f, (struct sb_browse_params){ 0 });
    assert_failed(f, SB_CLASS_RATE_LIMITED);
    browse(f, (struct sb_browse_params){ 0 });
    assert_failed(f, SB_CLASS_FATAL);
}

static void flow__expects_a_text_apart_from_white_space_around_it(void **state)
{
    struct fixture *f = *state;
    add((struct sb_action){ .kind = SB_ACTION_EXPECT, .selector = "h1", .text = "Hello {{account}}" });
    fake_rule((struct fake_rule){ .op = "extract", .answer = "{\"text\":\"\\n Hello me \"}", .times = 1 });
    fake_rule((struct fake_rule){ .op = "extract", .answer = "{\"text\":\"Hello you\"}" });
    browse(f, (struct sb_browse_params){ 0 });
    assert_succeeded(f);
    browse(f, (struct sb_browse_params){ 0 });
    assert_failed(f, SB_CLASS_FATAL);
    assert_non_null(strstr(f->result.text, "Hello you"));
}

static void flow__reads_fields_of_the_captured_answer_by_path(void **state)
{
    struct fixture *f = *state;
    static const struct sb_extract_field fields[] = { { .name = "post_id", .selector = "post.id" },
                                                      { .name = "likes", .selector = "post.likes", .type = SB_VALUE_NUMBER },
                                                      { .name = "seen", .selector = "post.seen", .is_optional = true } };
    add((struct sb_action){ .kind = SB_ACTION_CAPTURE, .url = "/api/posts" });
    add((struct sb_action){ .kind = SB_ACTION_RECEIVE, .save_as = "made", .fields = fields, .field_count = SB_LEN(fields) });
    fake_rule((struct fake_rule){ .op = "receive", .status = 201, .answer = "{\"post\":{\"id\":991,\"likes\":\"12\"}}" });
    browse(f, (struct sb_browse_params){ 0 });
    assert_succeeded(f);
    assert_string_equal(f->result.output, "{\"made\":{\"post_id\":\"991\",\"likes\":12,\"seen\":null}}");
}

static void flow__refuses_a_submit_in_a_browse_step(void **state)
{
    struct fixture *f = *state;
    add((struct sb_action){ .kind = SB_ACTION_CLICK, .selector = "#send", .is_submit = true });
    browse(f, (struct sb_browse_params){ 0 });
    assert_failed(f, SB_CLASS_FATAL);
    assert_int_equal(fake_count("click"), 0);
}

static enum sb_err refuse(void *arg, struct sb_error *err)
{
    ++*(int *)arg;
    return sb_error_set(err, SB_ERR_STALE, "fence is over");
}

static void flow__does_not_click_when_the_hook_refuses(void **state)
{
    struct fixture *f = *state;
    struct sb_scope scope = { .env = &f->env, .account = "me", .place = "x" };
    int asked = 0;
    struct sb_flow_hooks hooks = { .arg = &asked, .submit = refuse };
    struct sb_flow_call call = { &f->env, &f->site, &flows[0], &scope, &hooks };
    struct sb_error err = { 0 };
    char *output = NULL;
    add((struct sb_action){ .kind = SB_ACTION_CLICK, .selector = "#send", .is_submit = true });
    assert_int_equal(sb_flow_run(&call, &output, &err), SB_ERR_STALE);
    assert_null(output);
    assert_int_equal(asked, 1);
    assert_int_equal(fake_count("wait #send"), 1); /* the button is awaited before anything is promised */
    assert_int_equal(fake_count("click"), 0);
}

static void browse__runs_once_per_element_and_survives_one_bad_one(void **state)
{
    struct fixture *f = *state;
    struct sb_pair with[] = { { "post_id", "{{item.post_id}}" } };
    f->env.outputs = "{\"due\":{\"rows\":[{\"post_id\":\"a\"},{\"post_id\":\"b\"},{\"post_id\":\"c\"},{\"post_id\":\"d\"}]}}";
    add((struct sb_action){ .kind = SB_ACTION_GOTO, .url = "/post/{{with.post_id}}" });
    add((struct sb_action){ .kind = SB_ACTION_EXTRACT, .selector = ".x", .save_as = "item" });
    fake_rule((struct fake_rule){ .op = "go", .match = "/b", .status = 404 });
    fake_rule((struct fake_rule){ .op = "extract", .answer = "{\"n\":1}" });
    browse(f, (struct sb_browse_params){ .with = with, .with_count = 1, .for_each = "steps.due.rows", .max_items = 3 });
    assert_succeeded(f);
    assert_int_equal(f->result.rows, 2);
    assert_int_equal(fake_count("go"), 3);
    assert_string_equal(fixture_value(f, "items.1.item.post_id"), "c");
    assert_string_equal(fixture_value(f, "items.1.found.item.n"), "1");
    assert_string_equal(fixture_value(f, "failed"), "1");
    assert_true(fake_was_noted("3 of 4 items"));
}

static void browse__fails_when_no_element_could_be_read(void **state)
{
    struct fixture *f = *state;
    f->env.outputs = "{\"due\":{\"rows\":[1,2]}}";
    add((struct sb_action){ .kind = SB_ACTION_GOTO, .url = "/x" });
    fake_rule((struct fake_rule){ .op = "go", .status = 500 });
    browse(f, (struct sb_browse_params){ .for_each = "due.rows" });
    assert_failed(f, SB_CLASS_RETRYABLE);
}

static void browse__leaves_the_batch_when_the_context_is_gone(void **state)
{
    struct fixture *f = *state;
    f->env.outputs = "{\"due\":{\"rows\":[1,2,3]}}";
    add((struct sb_action){ .kind = SB_ACTION_GOTO, .url = "/x" });
    fake_rule((struct fake_rule){ .op = "go", .status = 200, .times = 1 });
    fake_rule((struct fake_rule){ .op = "go", .code = SB_ERR_GONE });
    browse(f, (struct sb_browse_params){ .for_each = "due.rows" });
    assert_failed(f, SB_CLASS_RETRYABLE);
    assert_int_equal(fake_count("go"), 2);
}

static void browse__names_a_missing_site_flow_or_context(void **state)
{
    struct fixture *f = *state;
    browse(f, (struct sb_browse_params){ .flow = "dance" });
    assert_failed(f, SB_CLASS_FATAL);
    assert_non_null(strstr(f->result.text, "\"dance\""));
    add((struct sb_action){ .kind = SB_ACTION_WAIT, .selector = "#a" });
    f->env.context = NULL;
    browse(f, (struct sb_browse_params){ 0 });
    assert_failed(f, SB_CLASS_FATAL);
    assert_non_null(strstr(f->result.text, "context"));
}

static void session__logs_in_only_when_the_check_says_no(void **state)
{
    struct fixture *f = *state;
    static const struct sb_action check[] = { { .kind = SB_ACTION_EXTRACT, .selector = "me", .save_as = "me", .place = "c" } };
    static const struct sb_action login[] = { { .kind = SB_ACTION_TYPE, .selector = "#p", .text = "{{with.user}}:{{with.password}}", .place = "l" } };
    struct sb_error err = { 0 };
    flows[1] = (struct sb_flow){ "check", check, 1 };
    flows[2] = (struct sb_flow){ "login", login, 1 };
    f->site.flow_count = 3;
    f->site.login_user = "me";
    f->site.login_secret = "env:SB_TEST_STEPS_PASSWORD";
    assert_int_equal(setenv("SB_TEST_STEPS_PASSWORD", "swordfish", 1), 0);
    fake_rule((struct fake_rule){ .op = "extract", .match = "me", .code = SB_ERR_NOT_FOUND, .times = 1 });
    fake_rule((struct fake_rule){ .op = "extract", .match = "me", .answer = "{\"handle\":\"me\"}" });
    assert_int_equal(sb_flow_session(&f->env, &f->site, &err), SB_OK);
    assert_int_equal(fake_count("type #p=me:swordfish"), 1);
    assert_int_equal(sb_flow_session(&f->env, &f->site, &err), SB_OK);
    assert_int_equal(fake_count("type"), 1);
    assert_false(fake_was_noted("swordfish"));
}

static void session__refuses_another_account(void **state)
{
    struct fixture *f = *state;
    static const struct sb_action check[] = { { .kind = SB_ACTION_EXTRACT, .selector = "me", .save_as = "me", .place = "c" } };
    struct sb_error err = { 0 };
    flows[1] = (struct sb_flow){ "check", check, 1 };
    flows[2] = (struct sb_flow){ "login", NULL, 0 };
    f->site.flow_count = 3;
    fake_rule((struct fake_rule){ .op = "extract", .match = "me", .answer = "{\"handle\":\"somebody\"}" });
    assert_int_equal(sb_flow_session(&f->env, &f->site, &err), SB_ERR_PERMISSION);
}

static void session__passes_on_that_the_site_is_down(void **state)
{
    struct fixture *f = *state;
    static const struct sb_action check[] = { { .kind = SB_ACTION_GOTO, .url = "/", .place = "c" } };
    struct sb_error err = { 0 };
    flows[1] = (struct sb_flow){ "check", check, 1 };
    flows[2] = (struct sb_flow){ "login", NULL, 0 };
    f->site.flow_count = 3;
    fake_rule((struct fake_rule){ .op = "go", .status = 503 });
    assert_int_equal(sb_flow_session(&f->env, &f->site, &err), SB_ERR_PROTOCOL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(flow__runs_its_actions_in_order_and_saves_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(flow__stops_at_the_first_failure_and_names_its_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(flow__goes_on_after_an_optional_action_failed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(flow__does_not_ignore_a_lost_context_in_an_optional_action, set_up, tear_down),
        cmocka_unit_test_setup_teardown(flow__takes_an_error_page_for_a_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(flow__expects_a_text_apart_from_white_space_around_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(flow__reads_fields_of_the_captured_answer_by_path, set_up, tear_down),
        cmocka_unit_test_setup_teardown(flow__refuses_a_submit_in_a_browse_step, set_up, tear_down),
        cmocka_unit_test_setup_teardown(flow__does_not_click_when_the_hook_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(browse__runs_once_per_element_and_survives_one_bad_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(browse__fails_when_no_element_could_be_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(browse__leaves_the_batch_when_the_context_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(browse__names_a_missing_site_flow_or_context, set_up, tear_down),
        cmocka_unit_test_setup_teardown(session__logs_in_only_when_the_check_says_no, set_up, tear_down),
        cmocka_unit_test_setup_teardown(session__refuses_another_account, set_up, tear_down),
        cmocka_unit_test_setup_teardown(session__passes_on_that_the_site_is_down, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
