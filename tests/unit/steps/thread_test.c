/* Threads and replies: claimed in order, published under their targets, never twice, never past a part that is not out - over the real store
 * and receipts and a browser that follows a table. */
#include "fakes.h"

static const struct sb_extract_field made_fields[] = { { .name = "post_id", .selector = "post.id" } };
static const struct sb_action post_actions[] = {
    { .kind = SB_ACTION_TYPE, .selector = "textarea", .text = "{{with.text}}", .place = "p1" },
    { .kind = SB_ACTION_CLICK, .selector = "#send", .is_submit = true, .place = "p2" },
    { .kind = SB_ACTION_RECEIVE, .save_as = "created", .fields = made_fields, .field_count = 1, .place = "p3" },
};
static const struct sb_action reply_actions[] = {
    { .kind = SB_ACTION_GOTO, .url = "/compose?reply_to={{with.post_id}}", .place = "r0" },
    { .kind = SB_ACTION_TYPE, .selector = "textarea", .text = "{{with.text}}", .place = "r1" },
    { .kind = SB_ACTION_CLICK, .selector = "#send", .is_submit = true, .place = "r2" },
    { .kind = SB_ACTION_RECEIVE, .save_as = "created", .fields = made_fields, .field_count = 1, .place = "r3" },
};
static const struct sb_flow site_flows[] = { { "post", post_actions, SB_LEN(post_actions) },
                                             { "reply", reply_actions, SB_LEN(reply_actions) } };
static const struct sb_pair site_only[] = { { "site", "practice" } };
static const struct sb_pair replies_only[] = { { "site", "practice" }, { "which", "replies" } };
static const struct sb_pair with_claim[] = { { "site", "practice" }, { "row", "{{steps.claim}}" } };
static char outputs[8192];

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    fixture_init(f);
    fixture_open(f);
    f->site.flows = site_flows;
    f->site.flow_count = SB_LEN(site_flows);
    f->site.allowed_hosts = (const char *const[]){ "site.test" };
    f->site.allowed_host_count = 1;
    f->catalogue.content.replies_per_hour = 2;
    f->catalogue.content.replies_per_day = 3;
    f->catalogue.content.reply_spacing = SB_MIN(5);
    f->catalogue.content.overdue_reply = SB_HOUR(1);
    outputs[0] = '\0';
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture_deinit(*state);
    free(*state);
    return 0;
}

static int64_t now_ms(void)
{
    return fake_wall.ns / SB_MS(1);
}

static void queue_thread(struct fixture *f)
{
    static const char *const ids[] = { "t1", "t2", "t3" }, *const texts[] = { "first of three", "then the second", "and a third end" };
    struct sb_content_new rows[3];
    struct sb_error err = { 0 };
    for (size_t i = 0; i < 3; i++)
        rows[i] = (struct sb_content_new){ .decision_id = ids[i], .kind = "thread", .account = "me", .text = texts[i],
                                           .thread = "t1", .part = (int32_t)i + 1, .scheduled_at_ms = now_ms() };
    if (sb_content_queue(f->services.store, rows, 3, now_ms(), &f->env.op, &err) != SB_OK)
        fail_msg("%s", err.text);
}

static enum sb_err queue_reply(struct fixture *f, const char *id, const char *text, const char *target)
{
    struct sb_content_new row = { .decision_id = id, .kind = "reply", .account = "me", .text = text, .target = target,
                                  .scheduled_at_ms = now_ms() };
    return sb_content_queue(f->services.store, &row, 1, now_ms(), &f->env.op, NULL);
}

static void claim(struct fixture *f, const struct sb_pair *with, size_t count)
{
    f->env.fence_number++;
    fixture_native(f, "content_claim", with, count);
    (void)snprintf(outputs, sizeof outputs, "{\"claim\":%s}", f->result.output ? f->result.output : "{}");
    f->env.outputs = outputs;
}

static void publish(struct fixture *f)
{
    fixture_native(f, "content_publish", with_claim, 2);
}

/* "status post target" of a row. */
static const char *story(struct fixture *f, const char *id)
{
    static char text[256];
    struct sb_rows *rows = NULL;
    struct sb_cell params[] = { sb_cell_text(id) };
    struct sb_statement statement = { "SELECT status || ' ' || COALESCE(post_id, '-') || ' ' || COALESCE(target_post_id, '-') AS v "
                                      "FROM content_metadata WHERE decision_id = $1", params, 1, -1 };
    assert_int_equal(f->services.store->ops->query(f->services.store, &statement, &f->env.op, &rows, NULL), SB_OK);
    assert_int_equal(sb_rows_count(rows), 1);
    (void)snprintf(text, sizeof text, "%s", sb_rows_get(rows, 0, "v")->text);
    sb_rows_destroy(rows);
    return text;
}

static void answer(int times, const char *id)
{
    static char bodies[8][64];
    static size_t next;
    char *body = bodies[next++ % SB_LEN(bodies)];
    (void)snprintf(body, sizeof bodies[0], "{\"post\":{\"id\":\"%s\"}}", id);
    fake_rule((struct fake_rule){ .op = "receive", .status = 201, .answer = body, .times = times });
}

static void thread__is_published_part_after_part_in_one_run(void **state)
{
    struct fixture *f = *state;
    queue_thread(f);
    claim(f, site_only, 1);
    assert_succeeded(f);
    answer(1, "901");
    answer(1, "902");
    answer(1, "903");
    publish(f);
    assert_succeeded(f);
    assert_int_equal(fake_count("click"), 3);
    assert_int_equal(fake_count("go http://site.test/compose?reply_to=901"), 1);
    assert_int_equal(fake_count("go http://site.test/compose?reply_to=902"), 1);
    assert_string_equal(story(f, "t1"), "posted 901 -");
    assert_string_equal(story(f, "t2"), "posted 902 901");
    assert_string_equal(story(f, "t3"), "posted 903 902");
    assert_string_equal(fixture_value(f, "post_id"), "903");
}

static void thread__goes_on_after_the_last_settled_part_against_no_limit(void **state)
{
    struct fixture *f = *state;
    queue_thread(f);
    claim(f, site_only, 1);
    answer(1, "901");
    fake_rule((struct fake_rule){ .op = "type", .match = "second", .code = SB_ERR_PROTOCOL, .times = 1 });
    publish(f);
    assert_failed(f, SB_CLASS_RETRYABLE);
    assert_string_equal(story(f, "t1"), "posted 901 -");
    assert_string_equal(story(f, "t2"), "queued - 901");
    claim(f, site_only, 1); /* although the first part was just posted and posts are spaced */
    assert_succeeded(f);
    answer(1, "902");
    answer(1, "903");
    publish(f);
    assert_succeeded(f);
    assert_int_equal(fake_count("type textarea=first"), 1);
    assert_string_equal(story(f, "t2"), "posted 902 901");
}

static void thread__never_passes_a_part_that_is_uncertain(void **state)
{
    struct fixture *f = *state;
    queue_thread(f);
    claim(f, site_only, 1);
    answer(1, "901");
    fake_rule((struct fake_rule){ .op = "receive", .code = SB_ERR_PROTOCOL });
    publish(f);
    assert_failed(f, SB_CLASS_UNCERTAIN);
    assert_string_equal(story(f, "t2"), "uncertain - 901");
    claim(f, site_only, 1);
    assert_int_equal(f->result.state, SB_STEP_STATE_NOTHING_TO_DO);
    assert_string_equal(story(f, "t3"), "queued - -");
}

static void thread__that_lost_a_part_does_not_go_on(void **state)
{
    struct fixture *f = *state;
    queue_thread(f);
    claim(f, site_only, 1);
    assert_int_equal(sb_content_move(f->services.store, "t1", (int64_t)f->env.fence_number, SB_CONTENT_POSTING, SB_CONTENT_FAILED, 0, "no",
                                     &f->env.op, NULL), SB_OK);
    claim(f, site_only, 1);
    assert_int_equal(f->result.state, SB_STEP_STATE_NOTHING_TO_DO);
    assert_string_equal(story(f, "t2"), "cancelled - -");
    assert_string_equal(story(f, "t3"), "cancelled - -");
}

static void thread__leaves_the_rest_to_the_next_run_when_its_time_is_short(void **state)
{
    struct fixture *f = *state;
    queue_thread(f);
    claim(f, site_only, 1);
    answer(0, "901");
    f->env.op.deadline = sb_ns_add(fake_monotonic, SB_S(20));
    publish(f);
    assert_succeeded(f);
    assert_int_equal(fake_count("click"), 1);
    f->env.op.deadline = SB_NEVER;
}

static void reply__goes_under_its_target_once(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(queue_reply(f, "r1", "good point about sleep", "77"), SB_OK);
    assert_int_equal(queue_reply(f, "r2", "another answer to the same", "77"), SB_ERR_EXISTS);
    claim(f, site_only, 1); /* posts only */
    assert_int_equal(f->result.state, SB_STEP_STATE_NOTHING_TO_DO);
    claim(f, replies_only, 2);
    assert_succeeded(f);
    answer(1, "905");
    publish(f);
    assert_succeeded(f);
    assert_int_equal(fake_count("go http://site.test/compose?reply_to=77"), 1);
    publish(f); /* the same claim once more */
    assert_succeeded(f);
    assert_int_equal(fake_count("click"), 1);
}

static void replies__keep_their_own_limits(void **state)
{
    struct fixture *f = *state;
    char id[8] = "ra", text[16] = "answer a", target[8] = "10", post[8] = "50";
    for (int i = 0; i < 4; i++) {
        id[1] = text[7] = (char)('a' + i);
        target[0] = post[0] = (char)('1' + i);
        assert_int_equal(queue_reply(f, id, text, target), SB_OK);
    }
    for (int i = 0; i < 2; i++) {
        claim(f, replies_only, 2);
        assert_succeeded(f);
        answer(1, i == 0 ? "501" : "502");
        publish(f);
        assert_succeeded(f);
        fixture_native(f, "receipts_replay", NULL, 0);
        claim(f, replies_only, 2);
        assert_non_null(strstr(f->result.text, i == 0 ? "replies are spaced" : "2 of 2 replies this hour"));
        fake_pass(SB_MIN(6));
    }
}

static void recovery__takes_back_what_an_ended_process_had_claimed_at_once(void **state)
{
    struct fixture *f = *state;
    queue_thread(f);
    claim(f, site_only, 1);
    fixture_native(f, "content_recover", site_only, 1);
    assert_succeeded(f);
    assert_string_equal(story(f, "t1"), "posting - -"); /* its process may still live */
    f->services.live_fence = f->env.fence_number + 1;
    fixture_native(f, "content_recover", site_only, 1);
    assert_succeeded(f);
    assert_string_equal(story(f, "t1"), "queued - -");
}

static void queue__makes_one_thread_of_its_texts(void **state)
{
    struct fixture *f = *state;
    struct sb_pair with[] = { { "site", "practice" }, { "kind", "thread" },
                              { "content", "{\"posts\":[{\"text\":\"part one is here\"},{\"text\":\"part two follows\"}]}" } };
    struct sb_pair short_one[] = { { "site", "practice" }, { "kind", "thread" }, { "content", "{\"posts\":[{\"text\":\"alone\"}]}" } };
    fixture_native(f, "content_queue", with, 3);
    assert_succeeded(f);
    assert_int_equal(f->result.rows, 2);
    fixture_native(f, "content_queue", with, 3); /* a repeated attempt */
    assert_succeeded(f);
    assert_int_equal(f->result.rows, 0);
    fixture_native(f, "content_queue", short_one, 3);
    assert_failed(f, SB_CLASS_FATAL);
    claim(f, site_only, 1);
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "text"), "part one is here");
}

static void queue__drafts_wait_for_approval(void **state)
{
    struct fixture *f = *state;
    struct sb_pair with[] = { { "site", "practice" }, { "content", "{\"posts\":[{\"text\":\"a draft text\"}]}" } };
    f->catalogue.content.approve_first = 1;
    fixture_native(f, "content_queue", with, 2);
    assert_succeeded(f);
    char *id = strdup(fixture_value(f, "rows.0.decision_id"));
    claim(f, site_only, 1);
    assert_int_equal(f->result.state, SB_STEP_STATE_NOTHING_TO_DO);
    assert_int_equal(sb_content_edit(f->services.store, id, "a better text", &f->env.op, NULL), SB_OK);
    assert_int_equal(sb_content_move(f->services.store, id, 0, SB_CONTENT_DRAFT, SB_CONTENT_QUEUED, 0, NULL, &f->env.op, NULL), SB_OK);
    assert_int_equal(sb_content_edit(f->services.store, id, "too late", &f->env.op, NULL), SB_ERR_CONFLICT);
    free(id);
    claim(f, site_only, 1);
    assert_string_equal(fixture_value(f, "text"), "a better text");
    with[1].value = "{\"posts\":[{\"text\":\"the second one goes out at once\"}]}";
    fixture_native(f, "content_queue", with, 2);
    assert_non_null(strstr(f->result.text, "1 queued"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(thread__is_published_part_after_part_in_one_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(thread__goes_on_after_the_last_settled_part_against_no_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(thread__never_passes_a_part_that_is_uncertain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(thread__that_lost_a_part_does_not_go_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(thread__leaves_the_rest_to_the_next_run_when_its_time_is_short, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reply__goes_under_its_target_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(replies__keep_their_own_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(recovery__takes_back_what_an_ended_process_had_claimed_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(queue__makes_one_thread_of_its_texts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(queue__drafts_wait_for_approval, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("threads and replies", tests, NULL, NULL);
}
