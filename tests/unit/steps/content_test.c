/* From a generated text to a saved post: gate, queue, claim, publish, save - over the real store and receipts and a browser that follows a
 * table. */
#include "fakes.h"


static const struct sb_extract_field made_fields[] = { { .name = "post_id", .selector = "post.id" },
                                                       { .name = "text", .selector = "post.text", .is_optional = true } };
static const struct sb_action post_actions[] = {
    { .kind = SB_ACTION_TYPE, .selector = "textarea", .text = "{{with.text}}", .place = "p1" },
    { .kind = SB_ACTION_CAPTURE, .url = "/api/posts", .place = "p2" },
    { .kind = SB_ACTION_CLICK, .selector = "#send", .is_submit = true, .place = "p3" },
    { .kind = SB_ACTION_RECEIVE, .save_as = "created", .fields = made_fields, .field_count = 2, .place = "p4" },
};
static const struct sb_flow site_flows[] = { { "post", post_actions, SB_LEN(post_actions) } };
static const struct sb_pair site_only[] = { { "site", "practice" } };
static const struct sb_pair with_claim[] = { { "site", "practice" }, { "row", "{{steps.claim}}" } };
static const struct sb_pair with_publish[] = { { "site", "practice" }, { "row", "{{steps.publish}}" } };
static char outputs[8192];

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    fixture_init(f);
    fixture_open(f);
    f->site.flows = site_flows;
    f->site.flow_count = SB_LEN(site_flows);
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

static void queue_row(struct fixture *f, const char *id, const char *text, sb_ns from_now)
{
    struct sb_content_new row = { .decision_id = id, .kind = "single", .account = "me", .text = text,
                                  .scheduled_at_ms = (fake_wall.ns + from_now) / SB_MS(1) };
    struct sb_error err = { 0 };
    if (sb_content_queue(f->services.store, &row, 1, fake_wall.ns / SB_MS(1), &f->env.op, &err) != SB_OK)
        fail_msg("%s", err.text);
}

/* Makes the last output the output of a step of that name, alone. */
static void keep_output(struct fixture *f, const char *step)
{
    (void)snprintf(outputs, sizeof outputs, "{\"%s\":%s}", step, f->result.output ? f->result.output : "{}");
    f->env.outputs = outputs;
}

static void claim(struct fixture *f)
{
    fixture_native(f, "content_claim", site_only, 1);
    assert_succeeded(f);
    keep_output(f, "claim");
}

static void publish(struct fixture *f)
{
    fixture_native(f, "content_publish", with_claim, 2);
}

static char *column(struct fixture *f, const char *name, const char *id)
{
    static char text[256];
    char sql[160];
    struct sb_rows *rows = NULL;
    struct sb_cell params[] = { sb_cell_text(id) };
    (void)snprintf(sql, sizeof sql, "SELECT %s AS v FROM content_metadata WHERE decision_id = $1", name);
    struct sb_statement statement = { sql, params, 1, -1 };
    assert_int_equal(f->services.store->ops->query(f->services.store, &statement, &f->env.op, &rows, NULL), SB_OK);
    assert_int_equal(sb_rows_count(rows), 1);
    const struct sb_cell *cell = sb_rows_get(rows, 0, "v");
    (void)snprintf(text, sizeof text, "%s", cell->type == SB_CELL_TEXT ? cell->text : cell->type == SB_CELL_NULL ? "null" : "");
    if (cell->type == SB_CELL_INT)
        (void)snprintf(text, sizeof text, "%lld", (long long)cell->integer);
    sb_rows_destroy(rows);
    return text;
}

static void count_effect(void *arg, const struct sb_effect *effect)
{
    *(struct sb_effect *)arg = *effect;
}

/* The only effect that is neither settled nor absent. */
static struct sb_effect open_effect(struct fixture *f)
{
    struct sb_effect effect = { .state = SB_EFFECT_NONE };
    sb_receipts_open_effects(f->services.receipts, &effect, count_effect);
    return effect;
}

/* ---- gate and queue */

static void gate(struct fixture *f, const char *content)
{
    struct sb_pair with[] = { { "site", "practice" }, { "content", content } };
    fixture_native(f, "content_gate", with, 2);
}

static void gate__lets_short_and_new_texts_pass(void **state)
{
    struct fixture *f = *state;
    gate(f, "{\"text\":\"Walk after lunch\",\"topic\":\"walking\"}");
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "posts.0.text"), "Walk after lunch");
    assert_string_equal(fixture_value(f, "posts.0.topic"), "walking");
    gate(f, "{\"answers\":[{\"json\":{\"text\":\"one thing\"}},{\"json\":{\"text\":\"another idea\"}}]}");
    assert_succeeded(f);
    assert_int_equal(f->result.rows, 2);
}

static void gate__counts_characters_at_the_boundary(void **state)
{
    struct fixture *f = *state;
    f->site.text_max = 4;
    gate(f, "{\"text\":\"\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\"}");
    assert_succeeded(f);
    gate(f, "{\"text\":\"\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\"}");
    assert_failed(f, SB_CLASS_RETRYABLE);
    assert_non_null(strstr(f->result.text, "5 characters, the site takes 4"));
}

static void gate__rejects_what_was_said_within_seven_days(void **state)
{
    struct fixture *f = *state;
    queue_row(f, "a", "walk every single day after lunch", 0);
    gate(f, "{\"text\":\"Walk EVERY single day, after lunch!\"}");
    assert_failed(f, SB_CLASS_RETRYABLE);
    assert_non_null(strstr(f->result.text, "permille"));
    fake_pass(SB_DAY(8));
    gate(f, "{\"text\":\"Walk EVERY single day, after lunch!\"}");
    assert_succeeded(f);
}

static void gate__takes_exactly_seven_of_ten_shared_words(void **state)
{
    struct fixture *f = *state;
    queue_row(f, "a", "a b c d e f g h", 0);
    gate(f, "{\"text\":\"a b c d e f g x y\"}"); /* 7 of 10 */
    assert_succeeded(f);
    gate(f, "{\"text\":\"a b c d e f g x\"}"); /* 7 of 9 */
    assert_failed(f, SB_CLASS_RETRYABLE);
}

static void gate__compares_the_new_texts_with_each_other(void **state)
{
    struct fixture *f = *state;
    gate(f, "{\"posts\":[{\"text\":\"the same words here\"},{\"text\":\"The same words here.\"}]}");
    assert_succeeded(f);
    assert_int_equal(f->result.rows, 1);
    assert_string_equal(fixture_value(f, "rejected"), "1");
}

static void queue__spaces_rows_after_what_is_planned(void **state)
{
    struct fixture *f = *state;
    static const struct sb_pair with[] = { { "site", "practice" },
                                           { "content", "{\"posts\":[{\"text\":\"one\",\"topic\":\"t\"},{\"text\":\"two\"}]}" },
                                           { "llm", "{\"alias\":\"premium\",\"cost_nano\":9}" } };
    int64_t now = fake_wall.ns / SB_MS(1), spacing = f->catalogue.content.spacing / SB_MS(1);
    queue_row(f, "a", "planned", SB_MIN(5));
    fixture_native(f, "content_queue", with, 3);
    assert_succeeded(f);
    assert_int_equal(f->result.rows, 2);
    int64_t first = 0, second = 0;
    assert_true(sb_parse_i64(fixture_value(f, "rows.0.scheduled_at_ms"), &first));
    assert_true(sb_parse_i64(fixture_value(f, "rows.1.scheduled_at_ms"), &second));
    assert_int_equal(first, now + SB_MIN(5) / SB_MS(1) + spacing);
    assert_int_equal(second, first + spacing);
    char id[SB_DECISION_MAX];
    (void)sb_copy(id, sizeof id, fixture_value(f, "rows.0.decision_id"));
    assert_int_equal(strlen(id), 36);
    assert_int_equal(id[14], '4'); /* version 4 */
    assert_non_null(strchr("89ab", id[19]));
    assert_string_equal(column(f, "cost_nano", id), "5"); /* rounded up */
    assert_string_equal(column(f, "alias", id), "premium");
    assert_string_equal(column(f, "topic", id), "t");
}

static void queue__starts_now_when_nothing_is_planned_and_knows_repetitions(void **state)
{
    struct fixture *f = *state;
    static const struct sb_pair with[] = { { "site", "practice" }, { "content", "{\"posts\":[{\"text\":\"one\"}]}" } };
    fixture_native(f, "content_queue", with, 2);
    assert_succeeded(f);
    int64_t at = 0;
    assert_true(sb_parse_i64(fixture_value(f, "rows.0.scheduled_at_ms"), &at));
    assert_int_equal(at, fake_wall.ns / SB_MS(1));
    fixture_native(f, "content_queue", with, 2);
    assert_succeeded(f);
    assert_int_equal(f->result.rows, 0);
}

static void choose__wants_as_many_texts_as_the_tier_allows(void **state)
{
    struct fixture *f = *state;
    static const struct sb_pair with[] = { { "site", "practice" },     { "topics", "sleep, walking,food" }, { "angles", "a" },
                                           { "tones", "calm,direct" }, { "formats", "tip" },                { "queue_max", "2" } };
    fixture_native(f, "content_choose", with, 6);
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "count"), "2");
    char first[64];
    (void)sb_copy(first, sizeof first, fixture_value(f, "slots.0.topic"));
    assert_string_not_equal(first, fixture_value(f, "slots.1.topic"));
    f->env.tier = SB_TIER_MEDIUM;
    fixture_native(f, "content_choose", with, 6);
    assert_int_equal(f->result.rows, 1);
    assert_string_equal(fixture_value(f, "slots.0.topic"), first); /* same run, same choice */
    f->env.tier = SB_TIER_CRITICAL;
    fixture_native(f, "content_choose", with, 6);
    assert_state(f, SB_STEP_STATE_NOTHING_TO_DO, SB_CLASS_NONE);
    f->env.tier = SB_TIER_HIGH;
    queue_row(f, "a", "one", 0);
    queue_row(f, "b", "two", 0);
    fixture_native(f, "content_choose", with, 6);
    assert_state(f, SB_STEP_STATE_NOTHING_TO_DO, SB_CLASS_NONE);
}

/* ---- claim */

static void claim__takes_the_oldest_due_row_once(void **state)
{
    struct fixture *f = *state;
    queue_row(f, "late", "later text", SB_MIN(5));
    queue_row(f, "a", "first text", -SB_MIN(1));
    claim(f);
    assert_string_equal(fixture_value(f, "decision_id"), "a");
    assert_string_equal(fixture_value(f, "claim_token"), "99");
    assert_string_equal(column(f, "status", "a"), "posting");
    f->env.fence_number = 100;
    fixture_native(f, "content_claim", site_only, 1);
    assert_state(f, SB_STEP_STATE_NOTHING_TO_DO, SB_CLASS_NONE);
}

static void claim__says_why_nothing_goes_out(void **state)
{
    struct fixture *f = *state;
    fixture_native(f, "content_claim", site_only, 1);
    assert_state(f, SB_STEP_STATE_NOTHING_TO_DO, SB_CLASS_NONE);
    assert_string_equal(f->result.text, "no text is due");
    queue_row(f, "a", "first text", 0);
    claim(f);
    assert_int_equal(sb_content_save_posted(f->services.store, "a", "p1", "e1", fake_wall.ns / SB_MS(1), &f->env.op, NULL), SB_OK);
    queue_row(f, "b", "second text", 0);
    fake_pass(SB_MIN(1));
    fixture_native(f, "content_claim", site_only, 1);
    assert_state(f, SB_STEP_STATE_NOTHING_TO_DO, SB_CLASS_NONE);
    assert_string_equal(f->result.text, "next post in 1140 s: posts are spaced");
    f->catalogue.content.spacing = 0;
    f->catalogue.content.posts_per_hour = 1;
    fixture_native(f, "content_claim", site_only, 1);
    assert_string_equal(f->result.text, "1 of 1 posts this hour");
    fake_pass(SB_HOUR(1));
    claim(f);
    assert_string_equal(fixture_value(f, "decision_id"), "b");
}

static void claim__never_passes_the_hard_maximum(void **state)
{
    struct fixture *f = *state;
    f->catalogue.content.spacing = 0;
    f->catalogue.content.posts_per_hour = 50;
    f->catalogue.content.posts_per_hour_max = 1;
    queue_row(f, "a", "first text", 0);
    claim(f);
    assert_int_equal(sb_content_save_posted(f->services.store, "a", "p1", "e1", fake_wall.ns / SB_MS(1), &f->env.op, NULL), SB_OK);
    queue_row(f, "b", "second text", 0);
    fixture_native(f, "content_claim", site_only, 1);
    assert_string_equal(f->result.text, "1 of 1 posts this hour");
}

static void claim__cancels_overdue_rows_and_goes_on(void **state)
{
    struct fixture *f = *state;
    queue_row(f, "old", "old text", -SB_HOUR(3));
    queue_row(f, "new", "new text", -SB_MIN(3));
    claim(f);
    assert_string_equal(fixture_value(f, "decision_id"), "new");
    assert_string_equal(column(f, "status", "old"), "cancelled");
    assert_true(fake_was_noted("1 overdue"));
}

static void claim__waits_when_the_limits_cannot_be_counted(void **state)
{
    struct fixture *f = *state;
    queue_row(f, "a", "first text", 0);
    f->env.op.deadline = 1; /* long over: the store refuses */
    fixture_native(f, "content_claim", site_only, 1);
    assert_int_equal(f->result.state, SB_STEP_STATE_FAILED);
    f->env.op.deadline = SB_NEVER;
    assert_string_equal(column(f, "status", "a"), "queued");
}

/* ---- publish and save */

static struct fixture *seen; /* for the world's side effects during a click */
static enum sb_effect_state state_at_click;

static void look_at_click(void)
{
    state_at_click = open_effect(seen).state;
}

static void publish__brackets_the_click_with_receipts(void **state)
{
    struct fixture *f = *state;
    seen = f;
    queue_row(f, "a", "first text", 0);
    claim(f);
    fake_rule((struct fake_rule){ .op = "click", .then = look_at_click });
    fake_rule((struct fake_rule){ .op = "receive", .status = 201, .answer = "{\"post\":{\"id\":\"991\",\"text\":\"First  text\"}}" });
    publish(f);
    assert_succeeded(f);
    assert_int_equal(state_at_click, SB_EFFECT_SUBMITTED);
    struct sb_effect effect = open_effect(f);
    assert_int_equal(effect.state, SB_EFFECT_RECEIVED);
    assert_string_equal(effect.last.post_id, "991");
    assert_string_equal(effect.last.how, "response");
    assert_string_equal(effect.last.decision_id, "a");
    assert_int_equal(effect.last_intent.submit_deadline, fake_monotonic + SB_S(30));
    assert_int_equal(fake_count("type textarea=first text"), 1);
    assert_string_equal(fixture_value(f, "post_id"), "991");
    keep_output(f, "publish");
    fixture_native(f, "content_save", with_publish, 2);
    assert_succeeded(f);
    assert_string_equal(column(f, "status", "a"), "posted");
    assert_string_equal(column(f, "post_id", "a"), "991");
    assert_int_equal(open_effect(f).state, SB_EFFECT_NONE); /* settled */
    fixture_native(f, "content_save", with_publish, 2); /* safe to repeat */
    assert_succeeded(f);
}

static void publish__adopts_an_effect_that_has_its_receipt(void **state)
{
    struct fixture *f = *state;
    queue_row(f, "a", "first text", 0);
    claim(f);
    fake_rule((struct fake_rule){ .op = "receive", .status = 201, .answer = "{\"post\":{\"id\":\"991\"}}" });
    publish(f);
    assert_succeeded(f);
    publish(f);
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "post_id"), "991");
    assert_int_equal(fake_count("click"), 1);
    assert_true(fake_was_noted("adopted"));
}

static void publish__does_not_click_without_a_valid_fence(void **state)
{
    struct fixture *f = *state;
    queue_row(f, "a", "first text", 0);
    claim(f);
    fake_fence = false;
    publish(f);
    assert_failed(f, SB_CLASS_CANCELLED);
    assert_int_equal(fake_count("click"), 0);
    assert_int_equal(open_effect(f).state, SB_EFFECT_INTENDED);
    assert_string_equal(column(f, "status", "a"), "queued");
}

static void pass_the_deadline(void)
{
    fake_pass(SB_S(31));
}

static void publish__does_not_click_after_the_submit_deadline(void **state)
{
    struct fixture *f = *state;
    queue_row(f, "a", "first text", 0);
    claim(f);
    fake_rule((struct fake_rule){ .op = "type", .then = pass_the_deadline });
    publish(f);
    assert_failed(f, SB_CLASS_RETRYABLE);
    assert_int_equal(fake_count("click"), 0);
    assert_string_equal(column(f, "status", "a"), "queued");
}

static void publish__leaves_an_unconfirmed_click_uncertain(void **state)
{
    struct fixture *f = *state;
    queue_row(f, "a", "first text", 0);
    claim(f);
    fake_rule((struct fake_rule){ .op = "receive", .code = SB_ERR_PROTOCOL });
    publish(f);
    assert_failed(f, SB_CLASS_UNCERTAIN);
    assert_string_equal(column(f, "status", "a"), "uncertain");
    assert_int_equal(open_effect(f).state, SB_EFFECT_SUBMITTED);
    assert_int_equal(fake_count("click"), 1);
}

static void publish__does_not_adopt_an_answer_about_another_text(void **state)
{
    struct fixture *f = *state;
    queue_row(f, "a", "first text", 0);
    claim(f);
    fake_rule((struct fake_rule){ .op = "receive", .status = 201, .answer = "{\"post\":{\"id\":\"5\",\"text\":\"entirely different\"}}" });
    publish(f);
    assert_failed(f, SB_CLASS_UNCERTAIN);
    assert_int_equal(open_effect(f).state, SB_EFFECT_SUBMITTED);
    assert_true(fake_was_noted("not about this text"));
}

static void publish__takes_no_id_that_was_read_before_the_click(void **state)
{
    struct fixture *f = *state;
    static const struct sb_action actions[] = {
        { .kind = SB_ACTION_EXTRACT, .selector = ".latest", .save_as = "latest", .place = "p1" }, /* the account's previous post */
        { .kind = SB_ACTION_CLICK, .selector = "#send", .is_submit = true, .place = "p2" },
        { .kind = SB_ACTION_EXTRACT, .selector = ".toast", .save_as = "toast", .place = "p3" },
    };
    static const struct sb_flow flows[] = { { "post", actions, SB_LEN(actions) } };
    f->site.flows = flows;
    queue_row(f, "a", "first text", 0);
    claim(f);
    fake_rule((struct fake_rule){ .op = "extract", .match = ".latest", .answer = "{\"post_id\":\"4\"}" });
    fake_rule((struct fake_rule){ .op = "extract", .match = ".toast", .answer = "{\"address\":\"http://site.test/post/5?new=1\"}" });
    publish(f);
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "post_id"), "5");
    assert_string_equal(fixture_value(f, "how"), "address");
}

static void publish__gives_a_text_up_after_three_failures_before_the_click(void **state)
{
    struct fixture *f = *state;
    queue_row(f, "a", "first text", 0);
    fake_rule((struct fake_rule){ .op = "type", .code = SB_ERR_NOT_FOUND });
    static const sb_ns waits[] = { 0, SB_MIN(3) };
    for (size_t i = 0; i < 2; i++) {
        claim(f);
        publish(f);
        assert_failed(f, SB_CLASS_RETRYABLE);
        assert_string_equal(column(f, "status", "a"), "queued");
        int64_t at = 0;
        assert_true(sb_parse_i64(column(f, "scheduled_at_ms", "a"), &at));
        assert_int_equal(at, (fake_wall.ns + waits[i]) / SB_MS(1));
        fake_pass(waits[i]);
        f->env.fence_number++;
    }
    claim(f);
    publish(f);
    assert_failed(f, SB_CLASS_FATAL);
    assert_string_equal(column(f, "status", "a"), "failed");
    assert_int_equal(fake_count("click"), 0);
}

static void publish__blames_no_text_for_a_lost_browser(void **state)
{
    struct fixture *f = *state;
    queue_row(f, "a", "first text", 0);
    fake_rule((struct fake_rule){ .op = "type", .code = SB_ERR_GONE });
    for (size_t i = 0; i < 5; i++) {
        claim(f);
        publish(f);
        assert_failed(f, SB_CLASS_RETRYABLE);
        f->env.fence_number++;
    }
    assert_string_equal(column(f, "status", "a"), "queued");
}

static void publish__skips_a_text_that_went_out_as_another_row(void **state)
{
    struct fixture *f = *state;
    queue_row(f, "a", "first text", 0);
    claim(f);
    fake_rule((struct fake_rule){ .op = "receive", .status = 201, .answer = "{\"post\":{\"id\":\"991\"}}" });
    publish(f);
    keep_output(f, "publish");
    fixture_native(f, "content_save", with_publish, 2);
    assert_succeeded(f);
    fake_pass(SB_DAY(8)); /* the store takes the same text again after a week */
    queue_row(f, "b", "first text", 0);
    claim(f);
    publish(f);
    assert_state(f, SB_STEP_STATE_NOTHING_TO_DO, SB_CLASS_NONE);
    assert_string_equal(column(f, "status", "b"), "skipped");
    assert_int_equal(fake_count("click"), 1);
}

static void publish__does_nothing_without_a_receipts_journal(void **state)
{
    struct fixture *f = *state;
    queue_row(f, "a", "first text", 0);
    claim(f);
    sb_receipts_close(f->services.receipts);
    f->services.receipts = NULL;
    publish(f);
    assert_failed(f, SB_CLASS_DEPENDENCY_DOWN);
    assert_int_equal(fake_call_count, 0);
}

static void replay__saves_a_post_whose_save_was_lost(void **state)
{
    struct fixture *f = *state;
    queue_row(f, "a", "first text", 0);
    claim(f);
    fake_rule((struct fake_rule){ .op = "receive", .status = 201, .answer = "{\"post\":{\"id\":\"991\"}}" });
    publish(f);
    assert_string_equal(column(f, "status", "a"), "posting"); /* the process ended here */
    fixture_native(f, "receipts_replay", NULL, 0);
    assert_succeeded(f);
    assert_int_equal(f->result.rows, 1);
    assert_string_equal(column(f, "status", "a"), "posted");
    assert_string_equal(column(f, "post_id", "a"), "991");
    fixture_native(f, "receipts_replay", NULL, 0);
    assert_int_equal(f->result.rows, 0);
}

/* A publisher was slower than `stuck_after`: the row waits in the queue again, and then its post is out. */
static void save__takes_a_row_that_was_called_stuck_while_it_was_published(void **state)
{
    struct fixture *f = *state;
    for (unsigned by_replay = 0; by_replay < 2; by_replay++) {
        const char *id = by_replay ? "b" : "a";
        queue_row(f, id, by_replay ? "second text" : "first text", 0);
        claim(f);
        fake_pass(SB_MIN(11));
        fixture_native(f, "content_recover", site_only, 1);
        assert_string_equal(column(f, "status", id), "queued");
        fake_rule((struct fake_rule){ .op = "receive", .status = 201, .times = 1,
                                      .answer = by_replay ? "{\"post\":{\"id\":\"992\"}}" : "{\"post\":{\"id\":\"991\"}}" });
        publish(f);
        keep_output(f, "publish");
        fixture_native(f, by_replay ? "receipts_replay" : "content_save", with_publish, by_replay ? 0 : 2);
        assert_succeeded(f);
        assert_string_equal(column(f, "status", id), "posted");
        assert_string_equal(column(f, "post_id", id), by_replay ? "992" : "991");
        fake_pass(SB_HOUR(1)); /* posts are spaced */
    }
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        test(gate__lets_short_and_new_texts_pass),
        test(gate__counts_characters_at_the_boundary),
        test(gate__rejects_what_was_said_within_seven_days),
        test(gate__takes_exactly_seven_of_ten_shared_words),
        test(gate__compares_the_new_texts_with_each_other),
        test(queue__spaces_rows_after_what_is_planned),
        test(queue__starts_now_when_nothing_is_planned_and_knows_repetitions),
        test(choose__wants_as_many_texts_as_the_tier_allows),
        test(claim__takes_the_oldest_due_row_once),
        test(claim__says_why_nothing_goes_out),
        test(claim__never_passes_the_hard_maximum),
        test(claim__cancels_overdue_rows_and_goes_on),
        test(claim__waits_when_the_limits_cannot_be_counted),
        test(publish__brackets_the_click_with_receipts),
        test(publish__adopts_an_effect_that_has_its_receipt),
        test(publish__does_not_click_without_a_valid_fence),
        test(publish__does_not_click_after_the_submit_deadline),
        test(publish__leaves_an_unconfirmed_click_uncertain),
        test(publish__does_not_adopt_an_answer_about_another_text),
        test(publish__takes_no_id_that_was_read_before_the_click),
        test(publish__gives_a_text_up_after_three_failures_before_the_click),
        test(publish__blames_no_text_for_a_lost_browser),
        test(publish__skips_a_text_that_went_out_as_another_row),
        test(publish__does_nothing_without_a_receipts_journal),
        test(replay__saves_a_post_whose_save_was_lost),
        test(save__takes_a_row_that_was_called_stuck_while_it_was_published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
