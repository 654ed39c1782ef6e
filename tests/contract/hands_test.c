/* Steps lent from node to node (ports/hands.h) on a real PostgreSQL: a row is claimed once, a claim has a lease and a token, and what a hand says
 * whose claim is over does not count. */
#include "signalbox/ports/hands.h"

#include "tests/contract/store_world.h"

#include <stdatomic.h>

enum { CLAIMERS = 8, ROWS = 40 };
#define LEASE SB_S(30)

static const struct sb_op in_time = { .deadline = SB_NEVER };

static long on(const char *location, const char *sql)
{
    char text[512];
    (void)snprintf(text, sizeof text, "SET search_path = %s; %s", strstr(location, "%3D") + 3, sql);
    return test_pg_sql_as("signalbox", text);
}

static void run_on(const char *location, const char *sql)
{
    char text[512];
    (void)snprintf(text, sizeof text, "%s RETURNING 1", sql);
    (void)on(location, text);
}

/* A schema in which the seventh owner is active. */
static int set_up_location(void **state)
{
    static char location[TEST_LOCATION_MAX];
    struct sb_store *store = NULL;
    struct sb_error err = { 0 };
    test_pg_location(location, sizeof location);
    if (sb_store_open(&store, location, &err))
        fail_msg("%s", err.text);
    store->ops->close(store);
    run_on(location, "UPDATE node_lease SET token = 7");
    *state = location;
    return 0;
}

static int tear_down_location(void **state)
{
    test_pg_drop(*state);
    return 0;
}

static struct sb_hands *open_as(const char *location, const char *name, const char *config)
{
    const struct sb_hands_setup setup = { .location = location, .name = name, .version = "1.2", .config = config, .lease = LEASE };
    struct sb_hands *hands = NULL;
    struct sb_error err = { 0 };
    if (sb_hands_open(&hands, &setup, &err))
        fail_msg("%s: %s", name, err.text);
    return hands;
}

static void must_offer(struct sb_hands *hands, uint32_t count)
{
    struct sb_error err = { 0 };
    if (hands->ops->offer(hands, count, 0, &in_time, &err))
        fail_msg("offer: %s", err.text);
}

static struct sb_work work_of(uint64_t fence)
{
    static char outputs[] = "{\"read\":{\"rows\":3}}";
    return (struct sb_work){ .fence = fence, .run = 41, .term = 7, .recipe = UINT64_MAX - 5, .job = "report", .step = "crunch", .attempt = 2,
                             .tier = SB_TIER_MEDIUM, .left = SB_MIN(5), .outputs = outputs };
}

static bool try_put(struct sb_hands *hands, struct sb_work *work)
{
    struct sb_error err = { 0 };
    bool is_put = false;
    if (hands->ops->put(hands, work, &in_time, &is_put, &err))
        fail_msg("put: %s", err.text);
    return is_put;
}

static bool try_claim(struct sb_hands *hands, struct sb_work *work)
{
    struct sb_error err = { 0 };
    bool has_work = false;
    if (hands->ops->claim(hands, work, &in_time, &has_work, &err))
        fail_msg("claim: %s", err.text);
    return has_work;
}

static enum sb_work_hold hold_of(struct sb_hands *hands, const struct sb_work *work)
{
    struct sb_error err = { 0 };
    enum sb_work_hold hold = SB_WORK_LOST;
    if (hands->ops->renew(hands, work, &in_time, &hold, &err))
        fail_msg("renew: %s", err.text);
    return hold;
}

static bool try_answer(struct sb_hands *hands, const struct sb_work *work, const char *text)
{
    static char output[] = "{\"sum\":6}";
    struct sb_work_answer answer = { .state = SB_STEP_STATE_SUCCEEDED, .rows = 12, .retry_after = SB_S(4), .output = output };
    struct sb_error err = { 0 };
    bool counts = false;
    (void)sb_copy(answer.text, sizeof answer.text, text);
    if (hands->ops->answer(hands, work, &answer, &in_time, &counts, &err))
        fail_msg("answer: %s", err.text);
    return counts;
}

static struct sb_work_look look_at(struct sb_hands *hands, const struct sb_work *work)
{
    struct sb_error err = { 0 };
    struct sb_work_look look;
    if (hands->ops->look(hands, work, &in_time, &look, &err))
        fail_msg("look: %s", err.text);
    return look;
}

static bool try_drop(struct sb_hands *hands, const struct sb_work *work, bool is_unclaimed)
{
    struct sb_error err = { 0 };
    bool is_dropped = false;
    if (hands->ops->drop(hands, work, is_unclaimed, &in_time, &is_dropped, &err))
        fail_msg("drop: %s", err.text);
    return is_dropped;
}

/* ---- */

static void hands__work_goes_there_and_its_answer_comes_back(void **state)
{
    const char *location = *state;
    struct sb_hands *active = open_as(location, "a", "c0ffee"), *hand = open_as(location, "b", "c0ffee");
    struct sb_work put = work_of(101), taken;
    assert_false(try_put(active, &put)); /* nobody offers */
    assert_int_equal(on(location, "SELECT COUNT(*) FROM lent_steps"), 0);
    must_offer(hand, 1);
    assert_true(try_put(active, &put));
    hand->ops->wait(hand, -1, &in_time); /* it is told */
    assert_true(try_claim(hand, &taken));
    assert_int_equal(taken.fence, 101);
    assert_int_equal(taken.term, 7);
    assert_int_equal(taken.run, 41);
    assert_true(taken.recipe == UINT64_MAX - 5);
    assert_string_equal(taken.job, "report");
    assert_string_equal(taken.step, "crunch");
    assert_int_equal(taken.attempt, 2);
    assert_int_equal(taken.tier, SB_TIER_MEDIUM);
    assert_string_equal(taken.outputs, "{\"read\":{\"rows\":3}}");
    assert_true(taken.left > 0 && taken.left <= SB_MIN(5));
    struct sb_work_look look = look_at(active, &put);
    assert_int_equal(look.state, SB_WORK_CLAIMED);
    assert_string_equal(look.node, "b");
    assert_true(look.left > 0 && look.left <= sb_hands_claim_term(LEASE));
    assert_int_equal(hold_of(hand, &taken), SB_WORK_HELD);
    assert_true(try_answer(hand, &taken, "well done"));
    assert_true(try_answer(hand, &taken, "well done")); /* its connection may have been lost after the first time */
    active->ops->wait(active, -1, &in_time);
    look = look_at(active, &put);
    assert_int_equal(look.state, SB_WORK_DONE);
    assert_int_equal(look.answer.state, SB_STEP_STATE_SUCCEEDED);
    assert_int_equal(look.answer.class, SB_CLASS_NONE);
    assert_int_equal(look.answer.rows, 12);
    assert_true(look.answer.retry_after == SB_S(4));
    assert_string_equal(look.answer.text, "well done");
    assert_string_equal(look.answer.output, "{\"sum\":6}");
    free(look.answer.output);
    free(taken.outputs);
    assert_true(try_drop(active, &put, false));
    assert_int_equal(look_at(active, &put).state, SB_WORK_GONE);
    active->ops->close(active);
    hand->ops->close(hand);
}

static void hands__only_as_much_is_lent_as_hands_are_free_that_have_the_same_catalogue(void **state)
{
    const char *location = *state;
    struct sb_hands *active = open_as(location, "a", "c0ffee"), *other = open_as(location, "b", "decade"), *hand = open_as(location, "c", "c0ffee");
    struct sb_work first = work_of(1), second = work_of(2), third = work_of(3), taken;
    must_offer(other, 4);
    assert_false(try_put(active, &first)); /* another catalogue */
    must_offer(hand, 2);
    assert_true(try_put(active, &first));
    assert_true(try_put(active, &second));
    assert_false(try_put(active, &third));
    assert_false(try_claim(other, &taken));
    assert_true(try_claim(hand, &taken));
    free(taken.outputs);
    assert_false(try_put(active, &third)); /* claimed is not free */
    assert_true(try_drop(active, &first, false));
    assert_true(try_put(active, &third));
    assert_true(try_drop(active, &third, true));
    run_on(location, "UPDATE node_hands SET heartbeat_ms = 0 WHERE node = 'c'");
    assert_false(try_put(active, &third)); /* silent */
    must_offer(hand, 2);
    struct sb_error err = { 0 };
    assert_int_equal(hand->ops->leave(hand, &in_time, &err), SB_OK);
    assert_false(try_put(active, &third));
    active->ops->close(active);
    other->ops->close(other);
    hand->ops->close(hand);
}

struct claimer {
    const char *location;
    struct sb_thread *thread;
    char name[8];
    atomic_int *ready;
    uint64_t fences[ROWS];
    size_t count;
};

static void claim_all(void *arg)
{
    struct claimer *self = arg;
    struct sb_hands *hands = open_as(self->location, self->name, "c0ffee");
    struct sb_work work;
    must_offer(hands, ROWS); /* connected */
    atomic_fetch_add(self->ready, 1);
    while (atomic_load(self->ready) < CLAIMERS) {
    }
    while (try_claim(hands, &work)) {
        self->fences[self->count++] = work.fence;
        free(work.outputs);
    }
    hands->ops->close(hands);
}

static void hands__of_eight_claimers_at_once_each_row_has_one(void **state)
{
    const char *location = *state;
    static struct claimer claimers[CLAIMERS];
    struct sb_hands *active = open_as(location, "a", "c0ffee");
    atomic_int ready = 0;
    unsigned times[ROWS] = { 0 };
    must_offer(active, ROWS); /* so that there is somebody to put for */
    for (uint64_t i = 0; i < ROWS; i++) {
        struct sb_work work = work_of(i + 1);
        assert_true(try_put(active, &work));
    }
    for (size_t i = 0; i < CLAIMERS; i++) {
        claimers[i] = (struct claimer){ .location = location, .ready = &ready };
        (void)snprintf(claimers[i].name, sizeof claimers[i].name, "n%zu", i);
        assert_int_equal(sb_thread_start(&claimers[i].thread, "claimer", claim_all, &claimers[i], NULL), SB_OK);
    }
    for (size_t i = 0; i < CLAIMERS; i++) {
        sb_thread_join(claimers[i].thread);
        for (size_t k = 0; k < claimers[i].count; k++)
            times[claimers[i].fences[k] - 1]++;
    }
    for (size_t i = 0; i < ROWS; i++)
        assert_int_equal(times[i], 1);
    assert_int_equal(on(location, "SELECT COUNT(*) FROM lent_steps WHERE token = 1 AND state = 'claimed'"), ROWS);
    active->ops->close(active);
}

static void hands__a_claim_that_is_over_moves_and_the_late_answer_is_refused(void **state)
{
    const char *location = *state;
    struct sb_hands *active = open_as(location, "a", "c0ffee"), *paused = open_as(location, "b", "c0ffee"), *hand = open_as(location, "c", "c0ffee");
    struct sb_work put = work_of(5), late, taken;
    struct sb_error err = { 0 };
    must_offer(paused, 1);
    assert_true(try_put(active, &put));
    assert_true(try_claim(paused, &late));
    assert_int_equal(active->ops->requeue(active, &put, &in_time, &err), SB_OK);
    assert_int_equal(look_at(active, &put).state, SB_WORK_CLAIMED); /* its lease is not over */
    assert_false(try_drop(active, &put, true));
    run_on(location, "UPDATE lent_steps SET expires_ms = 0");
    assert_int_equal(look_at(active, &put).left, 0);
    assert_int_equal(hold_of(paused, &late), SB_WORK_LOST); /* also before anybody has taken it */
    assert_false(try_answer(paused, &late, "late"));
    assert_int_equal(active->ops->requeue(active, &put, &in_time, &err), SB_OK);
    assert_int_equal(look_at(active, &put).state, SB_WORK_WAITING);
    assert_true(try_claim(hand, &taken));
    assert_true(taken.token > late.token);
    assert_int_equal(hold_of(paused, &late), SB_WORK_LOST);
    assert_int_equal(paused->ops->give_back(paused, &late, &in_time, &err), SB_OK);
    assert_false(try_answer(paused, &late, "late"));
    assert_int_equal(hold_of(hand, &taken), SB_WORK_HELD);
    assert_true(try_answer(hand, &taken, "in time"));
    assert_false(try_answer(paused, &late, "late"));
    struct sb_work_look look = look_at(active, &put);
    assert_string_equal(look.answer.text, "in time");
    free(look.answer.output);
    free(late.outputs);
    free(taken.outputs);
    active->ops->close(active);
    paused->ops->close(paused);
    hand->ops->close(hand);
}

static void hands__what_is_taken_back_is_lost_for_the_hand(void **state)
{
    const char *location = *state;
    struct sb_hands *active = open_as(location, "a", "c0ffee"), *hand = open_as(location, "b", "c0ffee");
    struct sb_work put = work_of(6), taken;
    must_offer(hand, 1);
    assert_true(try_put(active, &put));
    assert_true(try_drop(active, &put, true)); /* nobody came */
    assert_false(try_claim(hand, &taken));
    assert_true(try_put(active, &put));
    assert_true(try_claim(hand, &taken));
    run_on(location, "UPDATE lent_steps SET expires_ms = 0");
    assert_true(try_drop(active, &put, true));
    assert_false(try_answer(hand, &taken, "late"));
    assert_true(try_drop(active, &put, true)); /* what is gone is dropped */
    free(taken.outputs);
    active->ops->close(active);
    hand->ops->close(hand);
}

static void hands__what_is_called_off_is_told_to_the_hand_and_claimed_by_nobody(void **state)
{
    const char *location = *state;
    struct sb_hands *active = open_as(location, "a", "c0ffee"), *hand = open_as(location, "b", "c0ffee");
    struct sb_work put = work_of(7), second = work_of(8), taken;
    struct sb_error err = { 0 };
    must_offer(hand, 2);
    assert_true(try_put(active, &put));
    assert_true(try_claim(hand, &taken));
    free(taken.outputs);
    assert_int_equal(hold_of(hand, &taken), SB_WORK_HELD);
    assert_int_equal(active->ops->call_off(active, &put, &in_time, &err), SB_OK);
    assert_int_equal(hold_of(hand, &taken), SB_WORK_CALLED_OFF);
    assert_true(try_answer(hand, &taken, "stopped")); /* so that the other side knows that it has ended */
    assert_true(try_put(active, &second));
    assert_int_equal(active->ops->call_off(active, &second, &in_time, &err), SB_OK);
    assert_false(try_claim(hand, &taken));
    active->ops->close(active);
    hand->ops->close(hand);
}

static void hands__what_is_given_back_or_refused_is_news_at_once(void **state)
{
    const char *location = *state;
    struct sb_hands *active = open_as(location, "a", "c0ffee"), *hand = open_as(location, "b", "c0ffee");
    struct sb_work put = work_of(9), taken;
    struct sb_error err = { 0 };
    bool counts = false;
    must_offer(hand, 1);
    assert_true(try_put(active, &put));
    assert_true(try_claim(hand, &taken));
    free(taken.outputs);
    assert_int_equal(hand->ops->give_back(hand, &taken, &in_time, &err), SB_OK);
    active->ops->wait(active, -1, &in_time);
    assert_int_equal(look_at(active, &put).state, SB_WORK_WAITING);
    assert_true(try_claim(hand, &taken));
    free(taken.outputs);
    assert_int_equal(hand->ops->answer(hand, &taken, NULL, &in_time, &counts, &err), SB_OK);
    assert_true(counts);
    active->ops->wait(active, -1, &in_time);
    assert_int_equal(look_at(active, &put).state, SB_WORK_REFUSED);
    assert_false(try_claim(hand, &taken));
    assert_true(try_drop(active, &put, true));
    active->ops->close(active);
    hand->ops->close(hand);
}

/* A new owner of the nodes' lease: what was lent before is over, first by its token, then as rows. */
static void hands__a_new_term_ends_what_was_lent_before(void **state)
{
    const char *location = *state;
    struct sb_hands *active = open_as(location, "a", "c0ffee"), *hand = open_as(location, "b", "c0ffee");
    struct sb_work put = work_of(10), second = work_of(11), third = work_of(12), taken, more;
    must_offer(hand, 3);
    assert_true(try_put(active, &put));
    assert_true(try_put(active, &second));
    assert_true(try_claim(hand, &taken));
    free(taken.outputs);
    run_on(location, "UPDATE node_lease SET token = 8");
    assert_int_equal(hold_of(hand, &taken), SB_WORK_LOST);
    assert_false(try_answer(hand, &taken, "of the old term"));
    assert_false(try_claim(hand, &more));
    assert_false(try_put(active, &third)); /* the old owner lends nothing more */
    assert_int_equal(on(location, "SELECT COUNT(*) FROM lent_steps"), 2);

    const struct sb_node_setup setup = { .location = location, .name = "n", .host = "here", .version = "1.2", .id = "aa", .lease = SB_S(30) };
    struct sb_node *node = NULL;
    struct sb_store *store = NULL;
    struct sb_hands *owner = NULL;
    struct sb_error err = { 0 };
    if (sb_node_open(&node, &setup, &err) || sb_store_open_as(&store, location, node, &err))
        fail_msg("%s", err.text);
    assert_int_equal(on(location, "SELECT COUNT(*) FROM lent_steps"), 0);
    const struct sb_hands_setup of_owner = { .location = location, .name = "n", .version = "1.2", .config = "c0ffee", .lease = LEASE, .node = node };
    assert_int_equal(sb_hands_open(&owner, &of_owner, &err), SB_OK);
    must_offer(hand, 3); /* those of nodes that are not there were forgotten too */
    assert_true(try_put(owner, &third));
    assert_int_equal(third.term, 9);
    assert_true(try_claim(hand, &more));
    assert_int_equal(more.term, 9);
    free(more.outputs);
    owner->ops->close(owner);
    store->ops->close(store);
    sb_node_close(node);
    active->ops->close(active);
    hand->ops->close(hand);
}

static void hands__both_sides_go_on_after_the_server_was_away(void **state)
{
    const char *location = *state;
    struct sb_hands *active = open_as(location, "a", "c0ffee"), *hand = open_as(location, "b", "c0ffee");
    const struct sb_op short_op = { .deadline = sb_now() + SB_S(60) };
    struct sb_work put = work_of(13), taken;
    struct sb_error err = { 0 };
    enum sb_work_hold hold = SB_WORK_LOST;
    must_offer(hand, 1);
    assert_true(try_put(active, &put));
    assert_true(try_claim(hand, &taken));
    test_pg_stop(SIGINT);
    assert_int_equal(hand->ops->renew(hand, &taken, &short_op, &hold, &err), SB_ERR_UNAVAILABLE);
    test_pg_boot();
    while (hand->ops->renew(hand, &taken, &short_op, &hold, &err) == SB_ERR_UNAVAILABLE)
        assert_true(sb_now() < short_op.deadline);
    assert_int_equal(hold, SB_WORK_HELD);
    struct sb_work_look look = { .state = SB_WORK_GONE };
    while (active->ops->look(active, &put, &short_op, &look, &err) == SB_ERR_UNAVAILABLE)
        assert_true(sb_now() < short_op.deadline);
    assert_int_equal(look.state, SB_WORK_CLAIMED);
    assert_true(try_answer(hand, &taken, "done"));
    active->ops->wait(active, -1, &short_op); /* it listens on the new connection too */
    look = look_at(active, &put);
    assert_int_equal(look.state, SB_WORK_DONE);
    free(look.answer.output);
    free(taken.outputs);
    active->ops->close(active);
    hand->ops->close(hand);
}

static void hands__an_older_schema_is_told_as_such(void **state)
{
    static char location[TEST_LOCATION_MAX];
    struct sb_error err = { 0 };
    (void)state;
    test_pg_location(location, sizeof location);
    struct sb_hands *hand = open_as(location, "b", "c0ffee");
    assert_int_equal(hand->ops->offer(hand, 1, 0, &in_time, &err), SB_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "older schema"));
    hand->ops->close(hand);
    test_pg_drop(location);
}

#undef TEST
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, set_up_location, tear_down_location)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hands__work_goes_there_and_its_answer_comes_back),
        TEST(hands__only_as_much_is_lent_as_hands_are_free_that_have_the_same_catalogue),
        TEST(hands__of_eight_claimers_at_once_each_row_has_one),
        TEST(hands__a_claim_that_is_over_moves_and_the_late_answer_is_refused),
        TEST(hands__what_is_taken_back_is_lost_for_the_hand),
        TEST(hands__what_is_called_off_is_told_to_the_hand_and_claimed_by_nobody),
        TEST(hands__what_is_given_back_or_refused_is_news_at_once),
        TEST(hands__a_new_term_ends_what_was_lent_before),
        TEST(hands__both_sides_go_on_after_the_server_was_away),
        cmocka_unit_test(hands__an_older_schema_is_told_as_such),
    };
    return cmocka_run_group_tests_name("lent steps", tests, NULL, NULL);
}
