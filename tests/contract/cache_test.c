/* The cache's contract: the same claims for the cache of this process, for a real Redis, and for the cache the program uses (Redis, with this
 * process behind it). What happens when Redis fails is in cache_faults_test.c. */
#include "signalbox/ports/cache.h"

#include "signalbox/base/text.h"

#include "redis_server.h"

#include <stdatomic.h>

enum { THREADS = 16, LOOPS = 50 };

struct world {
    const char *name;
    bool has_server, has_no_fallback;
    struct redis_server server;
    struct sb_cache *cache;
};
static const struct sb_op patient = { .deadline = SB_NEVER };
static _Atomic sb_ns test_clock = SB_S(1000);

static sb_ns clock_now(void)
{
    return atomic_load(&test_clock);
}

static struct world worlds[] = {
    { .name = "memory" }, { .name = "redis", .has_server = true, .has_no_fallback = true }, { .name = "both", .has_server = true },
};
static struct world *world;

static int set_up(void **state)
{
    (void)state;
    struct sb_error err = { 0 };
    if (world->has_server)
        redis_server_start(&world->server, NULL);
    const struct sb_cache_setup setup = { .location = world->has_server ? world->server.location : "memory", .pool = 4,
                                          .has_no_fallback = world->has_no_fallback, .now = clock_now };
    if (sb_cache_open(&world->cache, &setup, &err) != SB_OK)
        fail_msg("%s: %s", world->name, err.text);
    return 0;
}

/* Nothing was switched, nothing failed: the claims were about the backend that was meant. */
static int tear_down(void **state)
{
    (void)state;
    struct sb_cache_stats stats;
    sb_cache_stats(world->cache, &stats);
    assert_string_equal(stats.mode, world->has_server ? "redis" : "memory");
    assert_int_equal(stats.switches, 0);
    assert_int_equal(stats.in_use, 0);
    assert_true(stats.connections_max <= 4);
    sb_cache_close(world->cache);
    redis_server_end(&world->server);
    return 0;
}

static enum sb_err get(const char *key, char **value, size_t *size)
{
    return sb_cache_get(world->cache, key, &patient, value, size, NULL);
}

static bool is_there(const char *key)
{
    char *value = NULL;
    size_t size = 0;
    enum sb_err rc = get(key, &value, &size);
    free(value);
    assert_true(rc == SB_OK || rc == SB_ERR_NOT_FOUND);
    return rc == SB_OK;
}

static void must_set(const char *key, const void *value, size_t size, sb_ns ttl)
{
    struct sb_error err = { 0 };
    if (sb_cache_set(world->cache, key, value, size, ttl, &patient, &err) != SB_OK)
        fail_msg("set: %s", err.text);
}

/* At least so long passes for the cache: its clock is set, or the server itself is the hour-glass. */
static void pass_time(sb_ns span)
{
    const sb_ns deadline = sb_now() + SB_S(60);
    if (!world->has_server) {
        atomic_fetch_add(&test_clock, span);
        return;
    }
    must_set("hour-glass", "", 0, span);
    while (is_there("hour-glass")) {
        assert_true(sb_now() < deadline);
        (void)poll(NULL, 0, 2);
    }
}

static void run_threads(void (*work)(void *arg))
{
    struct sb_thread *threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(sb_thread_start(&threads[i], "worker", work, NULL, NULL), SB_OK);
    for (size_t i = 0; i < THREADS; i++)
        sb_thread_join(threads[i]);
}

/* ---- values ---- */

static void value__comes_back_as_it_was_written(void **state)
{
    (void)state;
    const size_t sizes[] = { 0, 1, 3, 4096, SB_CACHE_VALUE_MAX };
    unsigned char *bytes = malloc(SB_CACHE_VALUE_MAX);
    for (size_t i = 0; i < SB_CACHE_VALUE_MAX; i++)
        bytes[i] = (unsigned char)(i * 31 + (i >> 8)); /* NULs, line breaks and what is no UTF-8 among them */
    for (size_t i = 0; i < SB_LEN(sizes); i++) {
        char *value = NULL;
        size_t size = 7;
        must_set("v", bytes, sizes[i], SB_MIN(1));
        assert_int_equal(get("v", &value, &size), SB_OK);
        assert_int_equal(size, sizes[i]);
        assert_memory_equal(value, bytes, size);
        assert_int_equal(value[size], 0);
        free(value);
    }
    free(bytes);
    assert_int_equal(sb_cache_remove(world->cache, "v", &patient, NULL), SB_OK);
    assert_false(is_there("v"));
    assert_int_equal(sb_cache_remove(world->cache, "v", &patient, NULL), SB_OK);
}

static void keys__of_any_bytes_are_different_keys(void **state)
{
    (void)state;
    static const char *const keys[] = { "a", "A", " a", "a ", "a\n", "\r\nFLUSHALL\r\n", "$3\r\nabc", "\xff\xfe", "\xc3\xbc", "{x}",
                                        "*", "'\"\\", "%s%n", "\t" };
    char longest[SB_CACHE_KEY_MAX + 2];
    memset(longest, 'k', sizeof(longest));
    longest[SB_CACHE_KEY_MAX] = '\0';
    for (size_t i = 0; i < SB_LEN(keys); i++)
        must_set(keys[i], &i, sizeof(i), SB_MIN(1));
    must_set(longest, "x", 1, SB_MIN(1));
    for (size_t i = 0; i < SB_LEN(keys); i++) {
        char *value = NULL;
        size_t size = 0;
        assert_int_equal(get(keys[i], &value, &size), SB_OK);
        assert_int_equal(size, sizeof(i));
        assert_memory_equal(value, &i, size);
        free(value);
    }
    assert_true(is_there(longest));
}

static void arguments__out_of_bounds_are_refused(void **state)
{
    (void)state;
    char key[SB_CACHE_KEY_MAX + 2];
    struct sb_error err = { 0 };
    char *big = calloc(1, SB_CACHE_VALUE_MAX + 1);
    memset(key, 'k', sizeof(key));
    key[sizeof(key) - 1] = '\0';
    assert_int_equal(sb_cache_set(world->cache, "", "x", 1, SB_S(1), &patient, &err), SB_ERR_INVALID);
    assert_int_equal(sb_cache_set(world->cache, key, "x", 1, SB_S(1), &patient, &err), SB_ERR_TOO_LARGE);
    assert_int_equal(sb_cache_set(world->cache, "k", big, SB_CACHE_VALUE_MAX + 1, SB_S(1), &patient, &err), SB_ERR_TOO_LARGE);
    assert_int_equal(sb_cache_set(world->cache, "k", "x", 1, 0, &patient, &err), SB_ERR_INVALID);
    assert_int_equal(sb_cache_set(world->cache, "k", "x", 1, -1, &patient, &err), SB_ERR_INVALID);
    assert_int_equal(sb_cache_set(world->cache, "k", "x", 1, SB_DAY(32), &patient, &err), SB_ERR_INVALID);
    assert_non_null(strstr(err.text, "31 days"));
    assert_false(is_there("k"));
    free(big);
    struct sb_cache_turn turn;
    const struct sb_rate none = { 0, SB_S(1) }, many = { SB_CACHE_RATE_MAX + 1, SB_S(1) };
    assert_int_equal(sb_cache_limit(world->cache, "k", &none, &patient, &turn, &err), SB_ERR_INVALID);
    assert_int_equal(sb_cache_limit(world->cache, "k", &many, &patient, &turn, &err), SB_ERR_INVALID);
}

static void value__goes_when_its_time_is_over(void **state)
{
    (void)state;
    must_set("long", "x", 1, SB_MIN(10));
    must_set("short", "x", 1, SB_MS(60));
    pass_time(SB_MS(61));
    assert_false(is_there("short"));
    assert_true(is_there("long"));
}

static void call__that_was_called_off_does_nothing(void **state)
{
    (void)state;
    struct sb_cancel *cancel = sb_cancel_create(NULL);
    const struct sb_op off = { .deadline = SB_NEVER, .cancel = cancel }, over = { .deadline = sb_now() - 1 };
    sb_cancel_ask(cancel);
    assert_int_equal(sb_cache_set(world->cache, "k", "x", 1, SB_S(9), &off, NULL), SB_ERR_CANCELLED);
    assert_int_equal(sb_cache_set(world->cache, "k", "x", 1, SB_S(9), &over, NULL), SB_ERR_TIMEOUT);
    sb_cancel_destroy(cancel);
    assert_false(is_there("k"));
}

/* ---- counters ---- */

static void count_up(void *arg)
{
    (void)arg;
    int64_t value;
    for (int i = 0; i < LOOPS; i++)
        assert_int_equal(sb_cache_add(world->cache, "n", 3, SB_HOUR(1), &patient, &value, NULL), SB_OK);
}

static void counter__adds_exactly_from_sixteen_threads(void **state)
{
    (void)state;
    int64_t value = 0;
    run_threads(count_up);
    assert_int_equal(sb_cache_add(world->cache, "n", 0, SB_HOUR(1), &patient, &value, NULL), SB_OK);
    assert_int_equal(value, 3 * THREADS * LOOPS);
}

static void counter__keeps_the_time_of_its_first_addition(void **state)
{
    (void)state;
    int64_t value = 0;
    assert_int_equal(sb_cache_add(world->cache, "n", 5, SB_MS(80), &patient, &value, NULL), SB_OK);
    assert_int_equal(sb_cache_add(world->cache, "n", 5, SB_HOUR(1), &patient, &value, NULL), SB_OK);
    pass_time(SB_MS(81));
    assert_false(is_there("n"));
}

static void counter__is_exact_to_its_limits_and_refuses_to_pass_them(void **state)
{
    (void)state;
    int64_t value = 0;
    struct sb_error err = { 0 };
    const int64_t big = (1LL << 53) + 1; /* what a double cannot hold */
    assert_int_equal(sb_cache_add(world->cache, "big", big, SB_HOUR(1), &patient, &value, NULL), SB_OK);
    assert_true(value == big);
    assert_int_equal(sb_cache_add(world->cache, "big", INT64_MAX - big, SB_HOUR(1), &patient, &value, NULL), SB_OK);
    assert_true(value == INT64_MAX);
    assert_int_equal(sb_cache_add(world->cache, "big", 1, SB_HOUR(1), &patient, &value, &err), SB_ERR_INVALID);
    assert_non_null(strstr(err.text, "overflow"));
    must_set("words", "some", 4, SB_HOUR(1));
    assert_int_equal(sb_cache_add(world->cache, "words", 1, SB_HOUR(1), &patient, &value, &err), SB_ERR_INVALID);
    assert_non_null(strstr(err.text, "no number"));
}

/* ---- locks and claims ---- */

static atomic_int inside, entered;

static void enter_and_leave(void *arg)
{
    (void)arg;
    for (int i = 0; i < LOOPS; i++) {
        struct sb_cache_lock lock;
        enum sb_err rc = sb_cache_lock(world->cache, "door", SB_HOUR(1), &patient, &lock, NULL);
        if (rc == SB_ERR_EXISTS)
            continue;
        assert_int_equal(rc, SB_OK);
        assert_int_equal(atomic_fetch_add(&inside, 1), 0);
        atomic_fetch_add(&entered, 1);
        atomic_fetch_sub(&inside, 1);
        assert_int_equal(sb_cache_unlock(world->cache, &lock, &patient, NULL), SB_OK);
    }
}

static void lock__is_held_by_one_of_sixteen_threads(void **state)
{
    (void)state;
    atomic_store(&entered, 0);
    run_threads(enter_and_leave);
    assert_true(atomic_load(&entered) > 0);
    assert_false(is_there("door"));
}

static void lock__is_left_alone_by_a_stale_token(void **state)
{
    (void)state;
    struct sb_cache_lock first, second;
    struct sb_error err = { 0 };
    assert_int_equal(sb_cache_lock(world->cache, "door", SB_MS(50), &patient, &first, NULL), SB_OK);
    pass_time(SB_MS(51));
    assert_int_equal(sb_cache_lock(world->cache, "door", SB_HOUR(1), &patient, &second, NULL), SB_OK);
    assert_int_equal(sb_cache_renew(world->cache, &first, SB_HOUR(1), &patient, &err), SB_ERR_STALE);
    assert_int_equal(sb_cache_unlock(world->cache, &first, &patient, &err), SB_ERR_STALE);
    assert_non_null(strstr(err.text, "door"));
    assert_int_equal(sb_cache_lock(world->cache, "door", SB_HOUR(1), &patient, &first, NULL), SB_ERR_EXISTS);
    assert_int_equal(sb_cache_unlock(world->cache, &second, &patient, NULL), SB_OK);
    assert_int_equal(sb_cache_unlock(world->cache, &second, &patient, NULL), SB_ERR_STALE);
}

static void lock__lives_longer_when_it_is_renewed(void **state)
{
    (void)state;
    struct sb_cache_lock lock, other;
    assert_int_equal(sb_cache_lock(world->cache, "door", SB_S(5), &patient, &lock, NULL), SB_OK);
    assert_int_equal(sb_cache_renew(world->cache, &lock, SB_MS(70), &patient, NULL), SB_OK); /* from now, not on top */
    pass_time(SB_MS(71));
    assert_int_equal(sb_cache_lock(world->cache, "door", SB_S(5), &patient, &other, NULL), SB_OK);
    assert_int_equal(sb_cache_renew(world->cache, &other, SB_HOUR(1), &patient, NULL), SB_OK);
    pass_time(SB_MS(71));
    assert_int_equal(sb_cache_lock(world->cache, "door", SB_S(5), &patient, &lock, NULL), SB_ERR_EXISTS);
}

static void claim__is_granted_once_until_its_time_is_over(void **state)
{
    (void)state;
    bool is_first = false;
    char *value = NULL;
    size_t size = 0;
    assert_int_equal(sb_cache_claim(world->cache, "c", "me", SB_MS(60), &patient, &is_first, NULL), SB_OK);
    assert_true(is_first);
    assert_int_equal(get("c", &value, &size), SB_OK);
    assert_string_equal(value, "me");
    free(value);
    assert_int_equal(sb_cache_claim(world->cache, "c", "you", SB_HOUR(1), &patient, &is_first, NULL), SB_OK);
    pass_time(SB_MS(61));
    assert_int_equal(sb_cache_claim(world->cache, "c", "you", SB_HOUR(1), &patient, &is_first, NULL), SB_OK);
    assert_true(is_first);
    assert_int_equal(sb_cache_claim(world->cache, "c", "me", SB_HOUR(1), &patient, &is_first, NULL), SB_OK);
    assert_false(is_first);
}

/* ---- rates ---- */

static atomic_int allowed, refused;
static const struct sb_rate ten = { 10, SB_HOUR(1) };

static void take_turns(void *arg)
{
    (void)arg;
    for (int i = 0; i < 5; i++) {
        struct sb_cache_turn turn;
        assert_int_equal(sb_cache_limit(world->cache, "r", &ten, &patient, &turn, NULL), SB_OK);
        atomic_fetch_add(turn.is_allowed ? &allowed : &refused, 1);
        assert_true(turn.is_allowed ? turn.left < 10 : turn.retry_after > 0 && turn.retry_after <= SB_HOUR(1));
    }
}

static void rate__is_exact_from_sixteen_threads(void **state)
{
    (void)state;
    atomic_store(&allowed, 0);
    atomic_store(&refused, 0);
    run_threads(take_turns);
    assert_int_equal(atomic_load(&allowed), 10);
    assert_int_equal(atomic_load(&refused), 5 * THREADS - 10);
}

static void rate__gives_a_turn_again_when_the_oldest_is_out_of_the_window(void **state)
{
    (void)state;
    const struct sb_rate two = { 2, SB_MS(400) };
    struct sb_cache_turn turn;
    assert_int_equal(sb_cache_limit(world->cache, "r", &two, &patient, &turn, NULL), SB_OK);
    assert_true(turn.is_allowed);
    assert_int_equal(turn.left, 1);
    for (int turns = 0; turns < 5;) { /* refused until the time it told is over, then allowed */
        assert_int_equal(sb_cache_limit(world->cache, "r", &two, &patient, &turn, NULL), SB_OK);
        if (turn.is_allowed) {
            turns++;
            continue;
        }
        assert_true(turn.retry_after > 0 && turn.retry_after <= two.window);
        pass_time(turn.retry_after + SB_MS(1));
        assert_int_equal(sb_cache_limit(world->cache, "r", &two, &patient, &turn, NULL), SB_OK);
        assert_true(turn.is_allowed);
        turns++;
    }
}

static void rate__follows_a_count_that_was_lowered_or_raised(void **state)
{
    (void)state;
    const struct sb_rate rates[] = { { 3, SB_HOUR(1) }, { 2, SB_HOUR(1) }, { 5, SB_HOUR(1) } };
    const unsigned turns[] = { 3, 0, 2 };
    struct sb_cache_turn turn;
    for (size_t i = 0; i < SB_LEN(rates); i++) {
        unsigned got = 0;
        while (sb_cache_limit(world->cache, "r", &rates[i], &patient, &turn, NULL) == SB_OK && turn.is_allowed)
            got++;
        assert_int_equal(got, turns[i]);
    }
}

static void kinds__are_not_mixed_up(void **state)
{
    (void)state;
    struct sb_cache_turn turn;
    char *value = NULL;
    size_t size = 0;
    assert_int_equal(sb_cache_limit(world->cache, "r", &ten, &patient, &turn, NULL), SB_OK);
    assert_int_equal(get("r", &value, &size), SB_ERR_INVALID);
    must_set("v", "x", 1, SB_S(9));
    assert_int_equal(sb_cache_limit(world->cache, "v", &ten, &patient, &turn, NULL), SB_ERR_INVALID);
    must_set("r", "x", 1, SB_S(9)); /* written over, whatever it was */
    assert_true(is_there("r"));
}

static void check__passes_and_the_figures_agree(void **state)
{
    (void)state;
    struct sb_error err = { 0 };
    struct sb_cache_stats stats;
    if (sb_cache_check(world->cache, &patient, &err) != SB_OK)
        fail_msg("check: %s", err.text);
    must_set("k", "x", 1, SB_S(9));
    assert_true(is_there("k"));
    assert_false(is_there("other"));
    sb_cache_stats(world->cache, &stats);
    assert_int_equal(stats.hits, 1);
    assert_int_equal(stats.misses, 1);
    assert_int_equal(stats.errors, 0);
    assert_int_equal(stats.connections, world->has_server ? 1 : 0);
    assert_int_equal(stats.entries, world->has_server ? 0 : 1);
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(value__comes_back_as_it_was_written),
        TEST(keys__of_any_bytes_are_different_keys),
        TEST(arguments__out_of_bounds_are_refused),
        TEST(value__goes_when_its_time_is_over),
        TEST(call__that_was_called_off_does_nothing),
        TEST(counter__adds_exactly_from_sixteen_threads),
        TEST(counter__keeps_the_time_of_its_first_addition),
        TEST(counter__is_exact_to_its_limits_and_refuses_to_pass_them),
        TEST(lock__is_held_by_one_of_sixteen_threads),
        TEST(lock__is_left_alone_by_a_stale_token),
        TEST(lock__lives_longer_when_it_is_renewed),
        TEST(claim__is_granted_once_until_its_time_is_over),
        TEST(rate__is_exact_from_sixteen_threads),
        TEST(rate__gives_a_turn_again_when_the_oldest_is_out_of_the_window),
        TEST(rate__follows_a_count_that_was_lowered_or_raised),
        TEST(kinds__are_not_mixed_up),
        TEST(check__passes_and_the_figures_agree),
    };
    int failed = 0;
    for (size_t i = 0; i < SB_LEN(worlds); i++) {
        world = &worlds[i];
        failed += cmocka_run_group_tests_name(world->name, tests, NULL, NULL);
    }
    return failed;
}
