/* The cache of this process: its bounds, and what goes first. What every backend promises is in tests/contract/cache_test.c. */
#include "signalbox/os/os.h"
#include "signalbox/ports/cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct sb_op patient = { .deadline = SB_NEVER };
static sb_ns now = SB_S(1);

static sb_ns test_now(void)
{
    return now;
}

static struct sb_cache *open_memory(size_t bytes, size_t entries)
{
    const struct sb_cache_setup setup = { .location = "memory", .memory_bytes = bytes, .memory_entries = entries, .now = test_now };
    struct sb_cache *cache = NULL;
    assert_int_equal(sb_cache_open(&cache, &setup, NULL), SB_OK);
    return cache;
}

static bool is_there(struct sb_cache *cache, const char *key)
{
    char *value = NULL;
    size_t size = 0;
    enum sb_err rc = sb_cache_get(cache, key, &patient, &value, &size, NULL);
    free(value);
    return rc == SB_OK;
}

static enum sb_err set(struct sb_cache *cache, const char *key, size_t size)
{
    static const char bytes[100000];
    return sb_cache_set(cache, key, bytes, size, SB_HOUR(1), &patient, NULL);
}

static void memory__gives_up_what_was_used_least_recently(void **state)
{
    (void)state;
    struct sb_cache *cache = open_memory(0, 3);
    struct sb_cache_stats stats;
    assert_int_equal(set(cache, "a", 1), SB_OK);
    assert_int_equal(set(cache, "b", 1), SB_OK);
    assert_int_equal(set(cache, "c", 1), SB_OK);
    assert_true(is_there(cache, "a"));
    assert_int_equal(set(cache, "d", 1), SB_OK);
    assert_false(is_there(cache, "b"));
    assert_true(is_there(cache, "a") && is_there(cache, "c") && is_there(cache, "d"));
    sb_cache_stats(cache, &stats);
    assert_int_equal(stats.entries, 3);
    assert_int_equal(stats.evicted, 1);
    sb_cache_close(cache);
}

static void memory__never_passes_its_bytes(void **state)
{
    (void)state;
    struct sb_cache *cache = open_memory(200000, 0);
    struct sb_cache_stats stats;
    char key[16];
    for (int i = 0; i < 500; i++) {
        (void)snprintf(key, sizeof(key), "k%d", i % 40);
        assert_int_equal(set(cache, key, (size_t)(i * 197 % 50000)), SB_OK);
        assert_true(is_there(cache, key));
        sb_cache_stats(cache, &stats);
        assert_true(stats.bytes <= 200000);
    }
    assert_true(stats.evicted > 0);
    assert_int_equal(set(cache, "most", 100000), SB_OK);
    for (int i = 0; i < 40; i++) {
        (void)snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(sb_cache_remove(cache, key, &patient, NULL), SB_OK);
    }
    assert_int_equal(sb_cache_remove(cache, "most", &patient, NULL), SB_OK);
    sb_cache_stats(cache, &stats);
    assert_int_equal(stats.bytes, 0);
    assert_int_equal(stats.entries, 0);
    sb_cache_close(cache);
}

static void memory__refuses_what_is_larger_than_all_of_it(void **state)
{
    (void)state;
    struct sb_cache *cache = open_memory(50000, 0);
    assert_int_equal(set(cache, "a", 10), SB_OK);
    assert_int_equal(set(cache, "b", 60000), SB_ERR_TOO_LARGE);
    assert_true(is_there(cache, "a"));
    sb_cache_close(cache);
}

static void memory__gives_turns_at_the_very_nanosecond(void **state)
{
    (void)state;
    const struct sb_rate rate = { 3, SB_S(10) };
    struct sb_cache *cache = open_memory(0, 0);
    struct sb_cache_turn turn;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sb_cache_limit(cache, "r", &rate, &patient, &turn, NULL), SB_OK);
        assert_true(turn.is_allowed);
        assert_int_equal(turn.left, 2 - i);
        now += SB_S(2);
    }
    assert_int_equal(sb_cache_limit(cache, "r", &rate, &patient, &turn, NULL), SB_OK);
    assert_false(turn.is_allowed);
    assert_int_equal(turn.retry_after, SB_S(4)); /* the first was 6 s ago */
    now += turn.retry_after - 1;
    assert_int_equal(sb_cache_limit(cache, "r", &rate, &patient, &turn, NULL), SB_OK);
    assert_int_equal(turn.retry_after, 1);
    now += 1;
    assert_int_equal(sb_cache_limit(cache, "r", &rate, &patient, &turn, NULL), SB_OK);
    assert_true(turn.is_allowed);
    assert_int_equal(sb_cache_limit(cache, "r", &rate, &patient, &turn, NULL), SB_OK);
    assert_int_equal(turn.retry_after, SB_S(2)); /* the second's turn is next */
    sb_cache_close(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory__gives_up_what_was_used_least_recently),
        cmocka_unit_test(memory__never_passes_its_bytes),
        cmocka_unit_test(memory__refuses_what_is_larger_than_all_of_it),
        cmocka_unit_test(memory__gives_turns_at_the_very_nanosecond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
