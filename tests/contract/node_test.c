/* Several nodes on one PostgreSQL (ports/node.h): who is active, how that changes, and that whoever was active before writes nothing more. */
#include "signalbox/ports/node.h"

#include "tests/contract/store_world.h"

#include "postgres_proxy.h"

#define TERM SB_S(3)

static int set_up_location(void **state)
{
    static char location[TEST_LOCATION_MAX];
    test_pg_location(location, sizeof location);
    *state = location;
    return 0;
}

static int tear_down_location(void **state)
{
    test_pg_drop(*state);
    return 0;
}

static struct sb_node_setup setup_of(const char *location, const char *name, const char *id, bool is_standby)
{
    return (struct sb_node_setup){ .location = location, .name = name, .host = "here", .version = "1.2", .id = id, .lease = TERM,
                                   .is_standby = is_standby };
}

static struct sb_node *must_open(const char *location, const char *name, const char *id, bool is_standby)
{
    const struct sb_node_setup setup = setup_of(location, name, id, is_standby);
    struct sb_node *node = NULL;
    struct sb_error err = { 0 };
    if (sb_node_open(&node, &setup, &err))
        fail_msg("%s: %s", name, err.text);
    return node;
}

static sb_ns await_state(struct sb_node *node, enum sb_node_state wanted)
{
    const sb_ns begun = sb_now();
    const struct sb_op op = { .deadline = begun + SB_S(60) };
    while (sb_node_state(node) != wanted) {
        const int fd = sb_node_fd(node);
        size_t ready = 0;
        assert_int_equal(sb_poll_readable(&fd, 1, &op, &ready, NULL), SB_OK);
    }
    return sb_now() - begun;
}

static void await_active_name(struct sb_node *node, const char *name)
{
    const sb_ns deadline = sb_now() + SB_S(60);
    struct sb_node_picture picture = { .name = "" };
    while (!sb_streq(picture.active, name) && sb_now() < deadline)
        sb_node_look(node, &picture);
    assert_string_equal(picture.active, name);
    assert_string_equal(picture.trouble, "");
}

/* First number of a statement on the lease's schema. */
static long on(const char *location, const char *sql)
{
    char text[512];
    (void)snprintf(text, sizeof text, "SET search_path = %s; %s", strstr(location, "%3D") + 3, sql);
    return test_pg_sql_as("signalbox", text);
}

static long token(const char *location)
{
    return on(location, "SELECT token FROM node_lease");
}

static enum sb_err put(struct sb_store *store, const char *key, struct sb_error *err)
{
    const struct sb_cell param = sb_cell_text(key);
    const struct sb_statement statement = { "INSERT INTO meta (key, value) VALUES ($1, '1')", &param, 1, 1 };
    return store->ops->write(store, &statement, 1, NULL, &patient, err);
}

static struct sb_store *must_open_store(const char *location, struct sb_node *node)
{
    struct sb_store *store = NULL;
    struct sb_error err = { 0 };
    if (sb_store_open_as(&store, location, node, &err))
        fail_msg("%s", err.text);
    return store;
}

/* ---- */

static void node__the_first_is_active_and_makes_the_schema_a_standby_waits_and_a_third_is_refused(void **state)
{
    const char *location = *state;
    struct sb_error err = { 0 };
    struct sb_node *a = must_open(location, "a", "aa", false), *c = NULL;
    assert_int_equal(sb_node_state(a), SB_NODE_ACTIVE);
    assert_true(sb_lease_holds(sb_node_lease(a)));
    struct sb_node *b = must_open(location, "b", "bb", true);
    await_active_name(b, "a");
    assert_int_equal(sb_node_state(b), SB_NODE_STANDBY);
    assert_false(sb_lease_holds(sb_node_lease(b)));
    const struct sb_node_setup third = setup_of(location, "c", "cc", false), same = setup_of(location, "b", "cc", false);
    assert_int_equal(sb_node_open(&c, &third, &err), SB_ERR_EXISTS);
    assert_non_null(strstr(err.text, "is in use by node a"));
    assert_non_null(strstr(err.text, "--standby"));
    assert_int_equal(sb_node_open(&c, &same, &err), SB_ERR_CONFIG);
    assert_non_null(strstr(err.text, "settings.node"));
    assert_int_equal(on(location, "SELECT COUNT(*) FROM nodes WHERE node IN ('a', 'b')"), 2);
    assert_int_equal(on(location, "SELECT COUNT(*) FROM meta WHERE key IN ('node version a', 'node version b') AND value = '1.2'"), 2);
    sb_node_close(b);
    sb_node_close(a);
    assert_int_equal(on(location, "SELECT COUNT(*) FROM nodes"), 0);
}

/* A server that answers nothing for longer than a turn may take. */
static void thaw(void *arg)
{
    int nobody = -1;
    size_t ready = 0;
    const struct sb_op op = { .deadline = sb_now() + TERM / 2 };
    assert_int_equal(sb_wake_open(&nobody, NULL), SB_OK);
    assert_int_equal(sb_poll_readable(&nobody, 1, &op, &ready, NULL), SB_ERR_TIMEOUT);
    sb_fd_close(&nobody);
    test_proxy_freeze(arg, false);
}

static void node__the_first_start_waits_for_a_slow_server_longer_than_its_lease_lets_a_later_turn(void **state)
{
    const char *location = *state;
    struct test_proxy proxy;
    struct sb_thread *thread;
    char through[TEST_LOCATION_MAX];
    (void)snprintf(through, sizeof through, "%s", location);
    test_proxy_start(&proxy, through, sizeof through);
    test_proxy_freeze(&proxy, true);
    assert_int_equal(sb_thread_start(&thread, "thaw", thaw, &proxy, NULL), SB_OK);
    struct sb_node *a = must_open(through, "a", "aa", false);
    sb_thread_join(thread);
    assert_int_equal(sb_node_state(a), SB_NODE_ACTIVE);
    assert_int_equal(on(location, "SELECT COUNT(*) FROM nodes WHERE node = 'a' AND state = 'active'"), 1);
    sb_node_close(a);
    test_proxy_stop(&proxy);
}

static void node__a_lease_is_renewed_and_stays_with_its_owner(void **state)
{
    const char *location = *state;
    struct sb_node *a = must_open(location, "a", "aa", false), *b = must_open(location, "b", "bb", true);
    const long first = on(location, "SELECT expires_ms FROM node_lease"), owned = token(location);
    const sb_ns deadline = sb_now() + SB_S(60);
    while (on(location, "SELECT expires_ms FROM node_lease") < first + 2 * TERM / SB_MS(1) && sb_now() < deadline)
        assert_true(sb_lease_holds(sb_node_lease(a)));
    assert_true(sb_now() < deadline);
    assert_int_equal(token(location), owned);
    assert_int_equal(sb_node_state(a), SB_NODE_ACTIVE);
    assert_int_equal(sb_node_state(b), SB_NODE_STANDBY);
    sb_node_close(b);
    sb_node_close(a);
}

static void node__a_clean_end_hands_over_at_once(void **state)
{
    const char *location = *state;
    struct sb_node *a = must_open(location, "a", "aa", false), *b = must_open(location, "b", "bb", true);
    struct sb_store *store = must_open_store(location, a);
    await_active_name(b, "a");
    const long before = token(location);
    store->ops->close(store);
    sb_node_close(a);
    const sb_ns took = await_state(b, SB_NODE_ACTIVE);
    print_message("handed over in %lld ms\n", (long long)(took / SB_MS(1)));
    assert_true(token(location) > before);
    store = must_open_store(location, b);
    assert_int_equal(put(store, "of b", NULL), SB_OK);
    store->ops->close(store);
    sb_node_close(b);
}

static void node__one_that_restarts_has_its_own_lease_back_at_once(void **state)
{
    const char *location = *state;
    struct test_proxy proxy;
    char through[TEST_LOCATION_MAX];
    (void)snprintf(through, sizeof through, "%s", location);
    test_proxy_start(&proxy, through, sizeof through);
    struct sb_node *a = must_open(through, "a", "aa", false);
    const long before = token(location);
    test_proxy_freeze(&proxy, true); /* its end is not heard of, as after kill -9 */
    sb_node_close(a);
    a = must_open(location, "a", "aa", false);
    assert_true(token(location) > before);
    sb_node_close(a);
    test_proxy_freeze(&proxy, false);
    test_proxy_stop(&proxy);
}

/* The active one is cut off, as if it were paused or its network were gone. */
static void node__what_is_cut_off_is_replaced_and_writes_nothing_more(void **state)
{
    const char *location = *state;
    struct test_proxy proxy;
    char through[TEST_LOCATION_MAX];
    struct sb_error err = { 0 };
    (void)snprintf(through, sizeof through, "%s", location);
    test_proxy_start(&proxy, through, sizeof through);
    struct sb_node *a = must_open(through, "a", "aa", false), *b = must_open(location, "b", "bb", true);
    struct sb_store *old = must_open_store(through, a);
    assert_int_equal(put(old, "of a", &err), SB_OK);
    await_active_name(b, "a");
    const long before = token(location);
    test_proxy_freeze(&proxy, true);
    const sb_ns took = await_state(b, SB_NODE_ACTIVE);
    assert_false(sb_lease_holds(sb_node_lease(a))); /* it has given up by itself, before anybody could go on */
    assert_int_equal(token(location), before + 1);
    const sb_ns begun = sb_now();
    struct sb_store *fresh = must_open_store(location, b); /* whose lock is taken from the other session */
    print_message("taken over after %lld ms, the store was there after %lld ms\n", (long long)(took / SB_MS(1)),
                  (long long)((sb_now() - begun) / SB_MS(1)));
    assert_int_equal(put(fresh, "of b", &err), SB_OK);
    test_proxy_freeze(&proxy, false);
    (void)await_state(a, SB_NODE_LOST);
    assert_false(sb_lease_holds(sb_node_lease(a)));
    assert_int_equal(put(old, "of a, later", &err), SB_ERR_STALE);
    assert_non_null(strstr(err.text, "another node has taken over"));
    struct sb_event event = { .seq = 1, .kind = SB_EVENT_NOTE };
    (void)old->ops->append(old, &event, 1, NULL);
    assert_int_equal(put(old, "of a, later still", &err), SB_ERR_STALE);
    old->ops->close(old);
    sb_node_close(a); /* gives nothing back that is not its own */
    assert_int_equal(token(location), before + 1);
    assert_int_equal(sb_node_state(b), SB_NODE_ACTIVE);
    assert_int_equal(put(fresh, "of b, later", &err), SB_OK);
    assert_int_equal(on(location, "SELECT COUNT(*) FROM meta WHERE key LIKE 'of a, later%'"), 0);
    assert_int_equal(on(location, "SELECT COUNT(*) FROM events"), 0);
    fresh->ops->close(fresh);
    sb_node_close(b);
    test_proxy_stop(&proxy);
}

static void node__claims_of_others_are_told_from_its_own(void **state)
{
    const char *location = *state;
    uint64_t fence = 0, later = 0;
    int64_t until = 0, again = 0;
    struct sb_node *a = must_open(location, "a", "aa", false);
    struct sb_store *store = must_open_store(location, a);
    struct sb_event event = { .seq = 1, .kind = SB_EVENT_STEP_STARTED };
    sb_node_foreign(a, &fence, &until);
    assert_int_equal(fence, 1); /* nobody was here before */
    event.as.step_started.fence = 700 << 16;
    assert_int_equal(store->ops->append(store, &event, 1, NULL), SB_OK);
    store->ops->close(store);
    sb_node_close(a);
    a = must_open(location, "a", "aa", false); /* the same state folder: its receipts are there */
    store = must_open_store(location, a);
    sb_node_foreign(a, &later, &again);
    assert_int_equal(later, fence);
    assert_int_equal(again, until);
    store->ops->close(store);
    sb_node_close(a);
    struct sb_node *b = must_open(location, "b", "bb", false);
    const int64_t before = sb_wall_now().ns / SB_MS(1);
    store = must_open_store(location, b);
    sb_node_foreign(b, &later, &again);
    assert_true(later > 700 << 16);
    assert_true(again >= before);
    store->ops->close(store);
    sb_node_close(b);
}

static void node__all_come_back_after_the_server_was_away_and_one_is_active(void **state)
{
    const char *location = *state;
    struct sb_node *a = must_open(location, "a", "aa", false), *b = must_open(location, "b", "bb", true);
    await_active_name(b, "a");
    const long before = token(location);
    test_pg_stop(SIGINT);
    const sb_ns deadline = sb_now() + SB_S(60);
    while (sb_lease_holds(sb_node_lease(a)) && sb_now() < deadline) {
    }
    assert_false(sb_lease_holds(sb_node_lease(a)));
    struct sb_node_picture picture = { .trouble = "" };
    sb_node_look(b, &picture);
    assert_true(picture.trouble[0] != '\0');
    test_pg_boot();
    while (!sb_lease_holds(sb_node_lease(a)) && !sb_lease_holds(sb_node_lease(b)) && sb_now() < deadline) {
    }
    assert_true(sb_lease_holds(sb_node_lease(a)) != sb_lease_holds(sb_node_lease(b)));
    print_message("%s goes on\n", token(location) == before ? "the same" : "another one");
    sb_node_close(b);
    sb_node_close(a);
}

#undef TEST
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, set_up_location, tear_down_location)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(node__the_first_is_active_and_makes_the_schema_a_standby_waits_and_a_third_is_refused),
        TEST(node__the_first_start_waits_for_a_slow_server_longer_than_its_lease_lets_a_later_turn),
        TEST(node__a_lease_is_renewed_and_stays_with_its_owner),
        TEST(node__a_clean_end_hands_over_at_once),
        TEST(node__one_that_restarts_has_its_own_lease_back_at_once),
        TEST(node__what_is_cut_off_is_replaced_and_writes_nothing_more),
        TEST(node__claims_of_others_are_told_from_its_own),
        TEST(node__all_come_back_after_the_server_was_away_and_one_is_active),
    };
    return cmocka_run_group_tests_name("nodes on one database", tests, NULL, NULL);
}
