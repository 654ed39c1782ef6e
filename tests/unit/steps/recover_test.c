/* Recovery: what the receipts and the own profile say decides, and "absent" needs proof. Real store and receipts, a profile out of a table,
 * clocks that stand still until told. */
#include "fakes.h"

static const struct sb_action post_actions[] = {
    { .kind = SB_ACTION_CLICK, .selector = "#send", .is_submit = true, .place = "p1" },
    { .kind = SB_ACTION_RECEIVE, .save_as = "created", .place = "p2" },
};
static const struct sb_action profile_actions[] = {
    { .kind = SB_ACTION_GOTO, .url = "/@{{account}}", .place = "f1" },
    { .kind = SB_ACTION_EXTRACT, .selector = ".profile", .save_as = "profile", .place = "f2" },
    { .kind = SB_ACTION_EXTRACT, .selector = ".posts", .save_as = "posts", .is_many = true, .place = "f3" },
};
static const struct sb_flow site_flows[] = { { "post", post_actions, SB_LEN(post_actions) },
                                             { "profile", profile_actions, SB_LEN(profile_actions) } };
static const struct sb_pair site_only[] = { { "site", "practice" } };
static const struct sb_pair with_claim[] = { { "site", "practice" }, { "row", "{{steps.claim}}" } };
static char outputs[8192];
static char posts[8192]; /* what the profile shows */
static char profile[64];

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    fixture_init(f);
    fixture_open(f);
    f->site.flows = site_flows;
    f->site.flow_count = SB_LEN(site_flows);
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

static void claim_row(struct fixture *f, const char *id, const char *text)
{
    struct sb_content_new row = { .decision_id = id, .kind = "single", .account = "me", .text = text, .scheduled_at_ms = now_ms() };
    struct sb_error err = { 0 };
    if (sb_content_queue(f->services.store, &row, 1, now_ms(), &f->env.op, &err) != SB_OK)
        fail_msg("%s", err.text);
    f->env.fence_number++;
    fixture_native(f, "content_claim", site_only, 1);
    assert_succeeded(f);
    (void)snprintf(outputs, sizeof outputs, "{\"claim\":%s}", f->result.output);
    f->env.outputs = outputs;
}

/* Claims and submits; the confirmation gets lost. */
static void submit_unconfirmed(struct fixture *f, const char *id, const char *text)
{
    claim_row(f, id, text);
    fake_rule_count = 0;
    fake_rule((struct fake_rule){ .op = "receive", .code = SB_ERR_IO });
    fixture_native(f, "content_publish", with_claim, 2);
    assert_failed(f, SB_CLASS_UNCERTAIN);
}

/* The profile shows so many posts in all, of which `list` is the JSON. */
static void show(int count, const char *list)
{
    (void)snprintf(profile, sizeof profile, "{\"post_count\":%d}", count);
    (void)snprintf(posts, sizeof posts, "%s", list);
    fake_rule_count = 0;
    fake_rule((struct fake_rule){ .op = "extract", .match = ".profile", .answer = profile });
    fake_rule((struct fake_rule){ .op = "extract", .match = ".posts", .answer = posts });
}

static void recover(struct fixture *f)
{
    fixture_native(f, "content_recover", site_only, 1);
    assert_succeeded(f);
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
    const struct sb_cell *cell = sb_rows_get(rows, 0, "v");
    (void)snprintf(text, sizeof text, "%s", cell != NULL && cell->type == SB_CELL_TEXT ? cell->text : "");
    if (cell != NULL && cell->type == SB_CELL_INT)
        (void)snprintf(text, sizeof text, "%lld", (long long)cell->integer);
    sb_rows_destroy(rows);
    return text;
}

static void keep_effect(void *arg, const struct sb_effect *effect)
{
    *(struct sb_effect *)arg = *effect;
}

static enum sb_effect_state open_state(struct fixture *f)
{
    struct sb_effect effect = { .state = SB_EFFECT_NONE };
    sb_receipts_open_effects(f->services.receipts, &effect, keep_effect);
    return effect.state;
}

static void recover__leaves_a_row_alone_that_may_still_be_worked_on(void **state)
{
    struct fixture *f = *state;
    claim_row(f, "a", "first text");
    fake_pass(SB_MIN(9));
    recover(f);
    assert_int_equal(f->result.rows, 0);
    assert_string_equal(column(f, "status", "a"), "posting");
}

static void recover__queues_a_stuck_row_that_was_never_submitted(void **state)
{
    struct fixture *f = *state;
    claim_row(f, "a", "first text");
    fake_pass(SB_MIN(11));
    recover(f);
    assert_string_equal(column(f, "status", "a"), "queued");
    assert_int_equal(fake_count("go"), 0); /* the receipts suffice */
}

static void recover__adopts_the_one_match_on_the_profile(void **state)
{
    struct fixture *f = *state;
    char list[512];
    submit_unconfirmed(f, "a", "First TEXT about walking https://x.example/1");
    (void)snprintf(list, sizeof list,
                   "[{\"id\":\"8\",\"author\":\"you\",\"text\":\"First text about walking\",\"time\":%lld},"
                   "{\"id\":\"9\",\"author\":\"me\",\"text\":\"first  text about walking\",\"time\":%lld},"
                   "{\"id\":\"7\",\"author\":\"me\",\"text\":\"something else entirely\",\"time\":%lld}]",
                   (long long)now_ms() + 500, (long long)now_ms() + 500, (long long)now_ms() + 400);
    show(3, list);
    recover(f);
    assert_string_equal(column(f, "status", "a"), "posted");
    assert_string_equal(column(f, "post_id", "a"), "9");
    assert_int_equal(open_state(f), SB_EFFECT_NONE);
    assert_int_equal(fake_count("click"), 1);
}

static void recover__does_not_adopt_a_post_from_before_the_intent(void **state)
{
    struct fixture *f = *state;
    char list[256];
    submit_unconfirmed(f, "a", "first text");
    (void)snprintf(list, sizeof list, "[{\"id\":\"3\",\"author\":\"me\",\"text\":\"first text\",\"time\":%lld}]",
                   (long long)now_ms() - 120000);
    show(1, list);
    recover(f);
    assert_string_equal(column(f, "status", "a"), "uncertain");
}

static void recover__does_not_adopt_a_post_of_another_row(void **state)
{
    struct fixture *f = *state;
    char list[256];
    f->catalogue.content.spacing = 0;
    claim_row(f, "b", "first text indeed");
    assert_int_equal(sb_content_save_posted(f->services.store, "b", "5", "e5", now_ms(), &f->env.op, NULL), SB_OK);
    submit_unconfirmed(f, "a", "first text");
    (void)snprintf(list, sizeof list, "[{\"id\":\"5\",\"author\":\"me\",\"text\":\"first text\",\"time\":%lld}]", (long long)now_ms());
    show(1, list);
    recover(f);
    assert_string_equal(column(f, "status", "a"), "uncertain");
    assert_int_equal(open_state(f), SB_EFFECT_SUBMITTED); /* and the journal was not told a wrong id */
}

static void recover__adopts_the_earliest_of_several_and_warns(void **state)
{
    struct fixture *f = *state;
    char list[512];
    submit_unconfirmed(f, "a", "first text");
    (void)snprintf(list, sizeof list,
                   "[{\"id\":\"6\",\"author\":\"me\",\"text\":\"first text\",\"time\":%lld},"
                   "{\"id\":\"5\",\"author\":\"me\",\"text\":\"first text\",\"time\":%lld}]",
                   (long long)now_ms() + 900, (long long)now_ms() + 100);
    show(2, list);
    recover(f);
    assert_string_equal(column(f, "post_id", "a"), "5");
    assert_true(fake_was_noted("several posts"));
}

static void recover__leaves_an_ambiguous_match_to_the_operator(void **state)
{
    struct fixture *f = *state;
    char list[512];
    submit_unconfirmed(f, "a", "one two three four five six seven eight");
    (void)snprintf(list, sizeof list,
                   "[{\"id\":\"6\",\"author\":\"me\",\"text\":\"one two three four five six seven nine\",\"time\":%lld},"
                   "{\"id\":\"5\",\"author\":\"me\",\"text\":\"one two three four five six seven ten\",\"time\":%lld}]",
                   (long long)now_ms(), (long long)now_ms());
    show(2, list);
    fake_pass(SB_HOUR(1));
    recover(f);
    assert_string_equal(column(f, "status", "a"), "uncertain");
    assert_true(fake_was_noted("operator"));
}

static void recover__calls_a_post_absent_only_after_horizon_and_two_readings(void **state)
{
    struct fixture *f = *state;
    submit_unconfirmed(f, "a", "first text");
    show(0, "[]");
    fake_pass(SB_S(119)); /* horizon: 30 s deadline + 30 s in flight + 60 s visibility */
    recover(f);
    recover(f);
    fake_pass(SB_S(2));
    recover(f); /* the first reading that counts */
    fake_pass(SB_S(29));
    recover(f);
    assert_string_equal(column(f, "status", "a"), "uncertain");
    assert_int_equal(open_state(f), SB_EFFECT_SUBMITTED);
    fake_pass(SB_S(2));
    recover(f);
    assert_string_equal(column(f, "status", "a"), "queued");
    assert_int_equal(open_state(f), SB_EFFECT_NONE); /* absent */
    assert_true(fake_was_noted("proven absent"));
}

static void recover__publishes_again_after_a_proven_absence(void **state)
{
    struct fixture *f = *state;
    submit_unconfirmed(f, "a", "first text");
    show(0, "[]");
    fake_pass(SB_S(121));
    recover(f);
    fake_pass(SB_S(31));
    recover(f);
    fake_rule_count = 0;
    fake_rule((struct fake_rule){ .op = "receive", .status = 201, .answer = "{\"post_id\":\"12\"}" });
    f->env.fence_number++;
    fixture_native(f, "content_claim", site_only, 1);
    assert_succeeded(f);
    (void)snprintf(outputs, sizeof outputs, "{\"claim\":%s}", f->result.output);
    fixture_native(f, "content_publish", with_claim, 2);
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "post_id"), "12");
}

static void recover__takes_no_incomplete_reading_for_a_proof(void **state)
{
    struct fixture *f = *state;
    char list[256];
    submit_unconfirmed(f, "a", "first text");
    fake_pass(SB_HOUR(1));
    /* 40 posts in all, one shown, and that one is newer than the intent: ours may be below it. */
    (void)snprintf(list, sizeof list, "[{\"id\":\"3\",\"author\":\"me\",\"text\":\"new words\",\"time\":%lld}]", (long long)now_ms());
    show(40, list);
    for (int i = 0; i < 3; i++) {
        recover(f);
        fake_pass(SB_MIN(1));
    }
    assert_string_equal(column(f, "status", "a"), "uncertain");
    /* A shown post older than the intent proves that nothing lies between. */
    (void)snprintf(list, sizeof list, "[{\"id\":\"3\",\"author\":\"me\",\"text\":\"old words\",\"time\":%lld}]",
                   (long long)now_ms() - 7200000);
    show(40, list);
    recover(f);
    fake_pass(SB_MIN(1));
    recover(f);
    assert_string_equal(column(f, "status", "a"), "queued");
}

static void recover__stays_uncertain_while_the_profile_cannot_be_read(void **state)
{
    struct fixture *f = *state;
    submit_unconfirmed(f, "a", "first text");
    fake_pass(SB_HOUR(1));
    fake_rule_count = 0;
    fake_rule((struct fake_rule){ .op = "go", .status = 503 });
    for (int i = 0; i < 3; i++) {
        recover(f);
        fake_pass(SB_MIN(1));
    }
    assert_string_equal(column(f, "status", "a"), "uncertain");
    assert_true(fake_was_noted("cannot be read"));
    f->env.context = NULL; /* no browser at all */
    recover(f);
    assert_string_equal(column(f, "status", "a"), "uncertain");
}

static void recover__moves_a_submitted_stuck_row_to_uncertain_first(void **state)
{
    struct fixture *f = *state;
    struct sb_native native = { .env = &f->env, .site = &f->site, .account = "me" };
    struct sb_content_row row = { .kind = "single", .account = "me", .decision_id = "a", .claim_token = 100 };
    char effect_id[SB_EFFECT_ID_MAX];
    claim_row(f, "a", "first text");
    (void)sb_copy(row.content_hash, sizeof row.content_hash, fixture_value(f, "content_hash"));
    assert_int_equal(sb_effect_id(&native, &row, effect_id, NULL), SB_OK);
    static const enum sb_receipt_kind kinds[] = { SB_RECEIPT_INTENT, SB_RECEIPT_SUBMIT }; /* the process was killed after the click */
    for (size_t i = 0; i < SB_LEN(kinds); i++) {
        struct sb_receipt receipt = sb_effect_receipt(&native, kinds[i], &row, effect_id);
        assert_int_equal(sb_receipts_append(f->services.receipts, &receipt, NULL), SB_OK);
    }
    fake_pass(SB_MIN(11));
    f->env.context = NULL;
    recover(f);
    assert_string_equal(column(f, "status", "a"), "uncertain");
    f->env.context = (struct sb_context *)f;
    show(1, "[{\"id\":\"44\",\"author\":\"@me\",\"text\":\"first text\",\"time\":\"2027-01-15T08:00:01.250Z\"}]");
    recover(f);
    assert_string_equal(column(f, "status", "a"), "posted");
    assert_string_equal(column(f, "post_id", "a"), "44");
    assert_string_equal(column(f, "posted_at_ms", "a"), "1800000001250"); /* the site's time, not ours */
}

static void recover__asks_the_site_when_the_journal_was_lost(void **state)
{
    struct fixture *f = *state;
    char path[128];
    submit_unconfirmed(f, "a", "first text");
    sb_receipts_close(f->services.receipts);
    f->services.receipts = NULL;
    (void)snprintf(path, sizeof path, "%s/receipts-new", f->folder);
    assert_int_equal(sb_receipts_open(&f->services.receipts, path, NULL), SB_OK);
    show(1, "[{\"id\":\"44\",\"author\":\"me\",\"text\":\"first text\",\"time\":\"2027-01-15T08:00:01Z\"}]");
    recover(f);
    assert_string_equal(column(f, "status", "a"), "posted");
}

static void recover__counts_an_uncertain_row_against_the_limits(void **state)
{
    struct fixture *f = *state;
    submit_unconfirmed(f, "a", "first text");
    struct sb_content_new row = { .decision_id = "b", .kind = "single", .account = "me", .text = "other", .scheduled_at_ms = now_ms() };
    assert_int_equal(sb_content_queue(f->services.store, &row, 1, now_ms(), &f->env.op, NULL), SB_OK);
    f->catalogue.content.posts_per_hour = 1;
    fixture_native(f, "content_claim", site_only, 1);
    assert_state(f, SB_STEP_STATE_NOTHING_TO_DO, SB_CLASS_NONE);
    assert_string_equal(f->result.text, "1 of 1 posts this hour");
}

/* An account that posts much: what is looked for stands on the second page. */
static const struct sb_action older_actions[] = {
    { .kind = SB_ACTION_WAIT, .selector = "before {{with.before}}", .place = "o1" },
    { .kind = SB_ACTION_EXTRACT, .selector = ".profile", .save_as = "profile", .place = "o2" },
    { .kind = SB_ACTION_EXTRACT, .selector = ".older", .save_as = "posts", .is_many = true, .place = "o3" },
};

static void recover__reads_older_pages_until_the_intent_is_covered(void **state)
{
    struct fixture *f = *state;
    const struct sb_flow flows[] = { site_flows[0], site_flows[1], { "profile_older", older_actions, SB_LEN(older_actions) } };
    static char page[512], older[512];
    submit_unconfirmed(f, "a", "first text");
    int64_t now = now_ms();
    (void)snprintf(page, sizeof page, "[{\"id\":\"9\",\"author\":\"me\",\"time\":%lld,\"text\":\"much later\"}]", (long long)now + 500000);
    (void)snprintf(older, sizeof older, "[{\"id\":\"7\",\"author\":\"me\",\"time\":%lld,\"text\":\"first text\"},"
                   "{\"id\":\"6\",\"author\":\"me\",\"time\":%lld,\"text\":\"long before\"}]", (long long)now, (long long)now - 3600000);
    show(500, page);
    fake_rule((struct fake_rule){ .op = "extract", .match = ".older", .answer = older });
    fake_pass(SB_MIN(20));
    recover(f);
    assert_string_equal(column(f, "status", "a"), "uncertain"); /* one page of a site without the flow proves nothing */
    f->site.flows = flows;
    f->site.flow_count = SB_LEN(flows);
    fake_call_count = 0;
    recover(f);
    assert_string_equal(column(f, "status", "a"), "posted");
    assert_string_equal(column(f, "post_id", "a"), "7");
    assert_int_equal(fake_count("extract .older"), 1); /* it stops where the intent is covered */
}

static void profile__reads_times_as_milliseconds_or_iso_text(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":1500,\"b\":\"1970-01-01T00:00:01.500Z\",\"c\":\"1970-01-01T00:00:02Z\",\"d\":\"yesterday\","
                               "\"e\":\"1970-13-01T00:00:02Z\",\"f\":null}";
    static const struct {
        const char *path;
        bool is_time;
        int64_t at_ms;
    } rows[] = { { "a", true, 1500 }, { "b", true, 1500 }, { "c", true, 2000 }, { "d", false, 0 }, { "e", false, 0 }, { "f", false, 0 } };
    struct sb_json *json = NULL;
    assert_int_equal(sb_json_parse(&json, text, sizeof text - 1, NULL), SB_OK);
    for (size_t i = 0; i < SB_LEN(rows); i++) {
        int64_t at = 0;
        assert_int_equal(sb_json_time(json, rows[i].path, &at), rows[i].is_time);
        assert_int_equal(at, rows[i].at_ms);
    }
    sb_json_destroy(json);
}

/* ---- after another node ---- */

static sb_ns lease_now(void)
{
    return fake_monotonic;
}
static struct sb_lease lease = { .now = lease_now };

/* What this process has of the effects of others: nothing. All claims so far are of another node, who was active until now. */
static void change_the_node(struct fixture *f)
{
    static int times;
    char path[128];
    sb_receipts_close(f->services.receipts);
    f->services.receipts = NULL;
    (void)snprintf(path, sizeof path, "%s/receipts-of-node-%d", f->folder, ++times);
    assert_int_equal(sb_receipts_open(&f->services.receipts, path, NULL), SB_OK);
    f->services.foreign_fence = f->services.live_fence = f->env.fence_number + 1;
    f->services.foreign_until_ms = now_ms();
}

static void nodes__nothing_is_clicked_after_the_lease(void **state)
{
    struct fixture *f = *state;
    lease.until = fake_monotonic + SB_S(3);
    f->services.lease = &lease;
    claim_row(f, "a", "first text");
    fake_rule_count = 0;
    fake_pass(SB_S(4)); /* the process was paused */
    fixture_native(f, "content_publish", with_claim, 2);
    assert_failed(f, SB_CLASS_DEPENDENCY_DOWN);
    assert_non_null(strstr(f->result.text, "lease"));
    assert_int_equal(fake_count("click"), 0);
    assert_string_equal(column(f, "status", "a"), "queued");
    assert_int_equal(open_state(f), SB_EFFECT_INTENDED);
    lease.until = fake_monotonic + SB_S(3); /* renewed */
    fake_rule_count = 0;
    f->env.fence_number++;
    fixture_native(f, "content_claim", site_only, 1);
    assert_succeeded(f);
    (void)snprintf(outputs, sizeof outputs, "{\"claim\":%s}", f->result.output);
    fake_rule((struct fake_rule){ .op = "receive", .status = 201, .answer = "{\"post_id\":\"12\"}" });
    fixture_native(f, "content_publish", with_claim, 2);
    assert_succeeded(f);
    assert_int_equal(fake_count("click"), 1);
}

static void nodes__a_claim_of_another_node_is_not_published_but_verified(void **state)
{
    struct fixture *f = *state;
    claim_row(f, "a", "first text");
    change_the_node(f);
    fixture_native(f, "content_publish", with_claim, 2); /* the run goes on here, with what the claim gave there */
    assert_failed(f, SB_CLASS_UNCERTAIN);
    assert_int_equal(fake_count("click"), 0);
    assert_string_equal(column(f, "status", "a"), "uncertain");
    show(1, "[{\"id\":\"44\",\"author\":\"me\",\"text\":\"first text\",\"time\":\"2027-01-15T08:00:01Z\"}]");
    recover(f);
    assert_string_equal(column(f, "status", "a"), "posted");
    assert_string_equal(column(f, "post_id", "a"), "44");
}

static void nodes__a_stuck_claim_of_another_node_is_never_taken_for_unsent(void **state)
{
    struct fixture *f = *state;
    claim_row(f, "a", "first text");
    fake_pass(SB_MIN(5)); /* the other node was paused that long, and had its lease until now */
    change_the_node(f);
    show(0, "[]");
    fake_pass(SB_S(119));
    recover(f); /* its last click may not be shown yet */
    assert_string_equal(column(f, "status", "a"), "uncertain");
    assert_int_equal(open_state(f), SB_EFFECT_SUBMITTED); /* so that it can be settled by hand */
    fake_pass(SB_S(31));
    recover(f); /* the first reading that counts */
    assert_string_equal(column(f, "status", "a"), "uncertain");
    fake_pass(SB_S(31));
    recover(f);
    assert_string_equal(column(f, "status", "a"), "queued");
}

static void nodes__an_absence_proven_before_another_node_came_proves_nothing_now(void **state)
{
    struct fixture *f = *state;
    submit_unconfirmed(f, "a", "first text");
    show(0, "[]");
    fake_pass(SB_S(121));
    recover(f);
    fake_pass(SB_S(31));
    recover(f);
    assert_string_equal(column(f, "status", "a"), "queued"); /* the receipts say ABSENT */
    f->env.fence_number++;
    fixture_native(f, "content_claim", site_only, 1); /* as the other node did, which then published it and ended */
    assert_succeeded(f);
    f->services.foreign_fence = f->services.live_fence = f->env.fence_number + 1;
    f->services.foreign_until_ms = now_ms();
    recover(f);
    assert_string_equal(column(f, "status", "a"), "uncertain");
    show(1, "[{\"id\":\"45\",\"author\":\"me\",\"text\":\"first text\",\"time\":\"2027-01-15T08:03:00Z\"}]");
    recover(f);
    assert_string_equal(column(f, "post_id", "a"), "45");
}

static void nodes__a_post_of_another_node_is_saved_and_its_text_known_afterwards(void **state)
{
    static const struct sb_pair with_publish[] = { { "site", "practice" }, { "row", "{{steps.publish}}" } };
    static char published[8192];
    struct fixture *f = *state;
    claim_row(f, "a", "first text");
    fake_rule_count = 0;
    fake_rule((struct fake_rule){ .op = "receive", .status = 201, .answer = "{\"post_id\":\"12\"}" });
    fixture_native(f, "content_publish", with_claim, 2);
    assert_succeeded(f);
    (void)snprintf(published, sizeof published, "{\"publish\":%s}", f->result.output);
    change_the_node(f);
    f->env.outputs = published;
    fixture_native(f, "content_save", with_publish, 2);
    assert_succeeded(f);
    assert_string_equal(column(f, "status", "a"), "posted");
    assert_string_equal(column(f, "post_id", "a"), "12");
    change_the_node(f); /* and a third one knows nothing of it again */
    fake_pass(SB_DAY(8));
    claim_row(f, "b", "first text");
    fixture_native(f, "content_publish", with_claim, 2);
    assert_state(f, SB_STEP_STATE_NOTHING_TO_DO, SB_CLASS_NONE);
    assert_string_equal(column(f, "status", "b"), "skipped");
    assert_int_equal(fake_count("click"), 1);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        test(recover__leaves_a_row_alone_that_may_still_be_worked_on),
        test(recover__queues_a_stuck_row_that_was_never_submitted),
        test(recover__adopts_the_one_match_on_the_profile),
        test(recover__does_not_adopt_a_post_from_before_the_intent),
        test(recover__does_not_adopt_a_post_of_another_row),
        test(recover__adopts_the_earliest_of_several_and_warns),
        test(recover__leaves_an_ambiguous_match_to_the_operator),
        test(recover__calls_a_post_absent_only_after_horizon_and_two_readings),
        test(recover__publishes_again_after_a_proven_absence),
        test(recover__takes_no_incomplete_reading_for_a_proof),
        test(recover__stays_uncertain_while_the_profile_cannot_be_read),
        test(recover__moves_a_submitted_stuck_row_to_uncertain_first),
        test(recover__asks_the_site_when_the_journal_was_lost),
        test(recover__counts_an_uncertain_row_against_the_limits),
        test(recover__reads_older_pages_until_the_intent_is_covered),
        test(nodes__nothing_is_clicked_after_the_lease),
        test(nodes__a_claim_of_another_node_is_not_published_but_verified),
        test(nodes__a_stuck_claim_of_another_node_is_never_taken_for_unsent),
        test(nodes__an_absence_proven_before_another_node_came_proves_nothing_now),
        test(nodes__a_post_of_another_node_is_saved_and_its_text_known_afterwards),
        cmocka_unit_test(profile__reads_times_as_milliseconds_or_iso_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
