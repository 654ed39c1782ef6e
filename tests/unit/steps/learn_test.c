/* What plan learns from: arms move by measured posts, each post once, and what did well is drawn more often. */
#include "fakes.h"

#include "runtime/steps/bandit.h"

static const struct sb_pair site_only[] = { { "site", "practice" } };

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    fixture_init(f);
    fixture_open(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture_deinit(*state);
    free(*state);
    return 0;
}

static void sql(struct fixture *f, const char *text)
{
    struct sb_statement statement = { text, NULL, 0, -1 };
    struct sb_error err = { 0 };
    if (f->services.store->ops->write(f->services.store, &statement, 1, NULL, &f->env.op, &err) != SB_OK)
        fail_msg("%s: %s", text, err.text);
}

static int64_t ask(struct fixture *f, const char *text)
{
    struct sb_statement statement = { text, NULL, 0, -1 };
    struct sb_rows *rows = NULL;
    assert_int_equal(f->services.store->ops->query(f->services.store, &statement, &f->env.op, &rows, NULL), SB_OK);
    int64_t value = sb_rows_count(rows) > 0 ? sb_rows_cell(rows, 0, 0)->integer : -1;
    sb_rows_destroy(rows);
    return value;
}

/* A post of that topic, read two hours after it went out. */
static void measured(struct fixture *f, const char *id, const char *topic, int likes, int views)
{
    char text[640];
    long long at = fake_wall.ns / SB_MS(1) - 7200000;
    (void)snprintf(text, sizeof text,
                   "INSERT INTO content_metadata (decision_id, kind, account, text, topic, status, scheduled_at_ms, posted_at_ms, post_id, "
                   "content_hash, created_at_ms, updated_at_ms) VALUES ('%s', 'single', 'me', 't', '%s', 'posted', %lld, %lld, 'p%s', '%s', 1, 1)",
                   id, topic, at, at, id, id);
    sql(f, text);
    (void)snprintf(text, sizeof text,
                   "INSERT INTO outcomes (decision_id, account, post_id, posted_at_ms, collected_at_ms, likes, reposts, replies, views) "
                   "VALUES ('%s', 'me', 'p%s', %lld, %lld, %d, 0, 0, %d)", id, id, at, at + 7200000, likes, views);
    sql(f, text);
}

static void learn__moves_the_arms_of_a_measured_post_once(void **state)
{
    struct fixture *f = *state;
    measured(f, "a", "sleep", 90, 1000);
    measured(f, "b", "coffee", 10, 1000);
    fixture_native(f, "bandit_learn", site_only, 1);
    assert_succeeded(f);
    assert_int_equal(f->result.rows, 2);
    int64_t sleep = ask(f, "SELECT wins_milli FROM bandit_arms WHERE dimension = 'topic' AND arm = 'sleep'");
    int64_t coffee = ask(f, "SELECT wins_milli FROM bandit_arms WHERE dimension = 'topic' AND arm = 'coffee'");
    assert_int_equal(sleep, 90 * 1000 / (90 + 50)); /* against the average of 50 per mille */
    assert_int_equal(coffee, 10 * 1000 / (10 + 50));
    fixture_native(f, "bandit_learn", site_only, 1);
    assert_int_equal(f->result.rows, 0);
    assert_int_equal(ask(f, "SELECT wins_milli FROM bandit_arms WHERE arm = 'sleep'"), sleep);
}

static void learn__waits_until_a_post_is_an_hour_old(void **state)
{
    struct fixture *f = *state;
    measured(f, "a", "sleep", 90, 1000);
    sql(f, "UPDATE outcomes SET collected_at_ms = posted_at_ms + 1800000");
    fixture_native(f, "bandit_learn", site_only, 1);
    assert_succeeded(f);
    assert_int_equal(f->result.rows, 0);
}

static void arms__that_did_well_draw_higher(void **state)
{
    struct sb_rng rng = { .state = 7 };
    uint64_t good = 0, bad = 0;
    unsigned wins = 0;
    (void)state;
    for (int i = 0; i < 2000; i++) {
        uint32_t a = sb_arm_sample((struct sb_arm){ 30000, 10000 }, &rng), b = sb_arm_sample((struct sb_arm){ 10000, 30000 }, &rng);
        good += a >> 16;
        bad += b >> 16;
        wins += a > b;
    }
    /* Means of Beta(31, 11) and Beta(11, 31). */
    assert_in_range(good / 2000, 65536 * 71 / 100, 65536 * 77 / 100);
    assert_in_range(bad / 2000, 65536 * 23 / 100, 65536 * 29 / 100);
    assert_true(wins > 1950);
}

static void arms__nothing_is_known_of_draw_evenly(void **state)
{
    struct sb_rng rng = { .state = 11 };
    unsigned low = 0;
    (void)state;
    for (int i = 0; i < 4000; i++)
        low += sb_arm_sample((struct sb_arm){ 0, 0 }, &rng) < UINT32_MAX / 4;
    assert_in_range(low, 900, 1100);
}

static void choose__prefers_what_was_learnt(void **state)
{
    struct fixture *f = *state;
    static const struct sb_pair with[] = { { "site", "practice" }, { "topics", "sleep, coffee" }, { "angles", "x" }, { "tones", "y" },
                                           { "formats", "z" } };
    unsigned sleep = 0;
    sql(f, "INSERT INTO bandit_arms VALUES ('me', 'topic', 'sleep', 40000, 2000, 1), ('me', 'topic', 'coffee', 2000, 40000, 1)");
    f->env.tier = SB_TIER_MEDIUM; /* one text per run */
    for (uint64_t run = 1; run <= 40; run++) {
        f->env.run = run;
        fixture_native(f, "content_choose", with, SB_LEN(with));
        assert_succeeded(f);
        sleep += strcmp(fixture_value(f, "slots.0.topic"), "sleep") == 0;
    }
    assert_true(sleep >= 38);
}

static void collect__keeps_whole_posts_and_updates_their_counters(void **state)
{
    struct fixture *f = *state;
    struct sb_pair with[] = { { "site", "practice" }, { "source", "viral" },
                              { "items", "[{\"item\":{},\"found\":{\"posts\":[{\"id\":\"7\",\"author\":\"@her\",\"text\":\"t\",\"likes\":5,"
                                         "\"time\":\"2027-01-01T10:00:00Z\"},{\"id\":\"8\",\"text\":\"no author\"}]}}]" } };
    fixture_native(f, "posts_collect", with, 3);
    assert_succeeded(f);
    assert_string_equal(f->result.text, "1 posts kept, 1 left out");
    assert_int_equal(ask(f, "SELECT likes FROM collected_posts WHERE post_id = '7' AND author = 'her' AND posted_at_ms = 1798797600000"), 5);
    with[2].value = "{\"posts\":[{\"id\":\"7\",\"author\":\"her\",\"text\":\"t\",\"likes\":9}]}";
    fixture_native(f, "posts_collect", with, 3);
    assert_int_equal(ask(f, "SELECT likes FROM collected_posts WHERE post_id = '7'"), 9);
    assert_int_equal(ask(f, "SELECT COUNT(*) FROM collected_posts"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(learn__moves_the_arms_of_a_measured_post_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(learn__waits_until_a_post_is_an_hour_old, set_up, tear_down),
        cmocka_unit_test(arms__that_did_well_draw_higher),
        cmocka_unit_test(arms__nothing_is_known_of_draw_evenly),
        cmocka_unit_test_setup_teardown(choose__prefers_what_was_learnt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(collect__keeps_whole_posts_and_updates_their_counters, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("learning", tests, NULL, NULL);
}
