/* What steps do with the cache: answers that serve again, turns to ask a host, and the check. The cache is the real one. */
#include "fakes.h"

#include "signalbox/os/digest.h"
#include "signalbox/ports/cache.h"

static struct sb_cache *cache;

static sb_ns cache_now(void)
{
    return fake_monotonic;
}

static void open_cache(struct fixture *f, const char *location)
{
    const struct sb_cache_setup setup = { .location = location, .now = cache_now };
    assert_int_equal(sb_cache_open(&cache, &setup, NULL), SB_OK);
    f->services.cache = cache;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    fixture_init(f);
    open_cache(f, "memory");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture_deinit(*state);
    free(*state);
    sb_cache_close(cache);
    return 0;
}

static void get(struct fixture *f, const char *url, const struct sb_pair *headers, size_t header_count)
{
    f->params.as.http = (struct sb_http_params){ .method = "GET", .url = url, .headers = headers, .header_count = header_count,
                                                 .cache_for = SB_MIN(10) };
    fixture_run(f, SB_STEP_KIND_HTTP);
}

static void answer__serves_the_same_request_again_until_its_time_is_over(void **state)
{
    struct fixture *f = *state;
    fake_http.body = "{\"n\":1}";
    get(f, "http://h.test/a", NULL, 0);
    assert_succeeded(f);
    fake_http.body = "{\"n\":2}";
    get(f, "http://h.test/a", NULL, 0);
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "json.n"), "1");
    assert_non_null(strstr(f->result.text, "from the cache"));
    assert_int_equal(fake_http.calls, 1);
    fake_pass(SB_MIN(10));
    get(f, "http://h.test/a", NULL, 0);
    assert_string_equal(fixture_value(f, "json.n"), "2");
    assert_int_equal(fake_http.calls, 2);
}

static void answer__of_another_address_or_header_is_another(void **state)
{
    struct fixture *f = *state;
    static const struct sb_pair mine[] = { { "X-Who", "me" } }, yours[] = { { "X-Who", "you" } }, split[] = { { "X-Wh", "ome" } };
    get(f, "http://h.test/a", NULL, 0);
    get(f, "http://h.test/b", NULL, 0);
    get(f, "http://h.test/a", mine, 1);
    get(f, "http://h.test/a", yours, 1);
    get(f, "http://h.test/a", split, 1);
    assert_int_equal(fake_http.calls, 5);
    get(f, "http://h.test/a", mine, 1);
    assert_int_equal(fake_http.calls, 5);
}

static void answer__that_failed_is_not_kept(void **state)
{
    struct fixture *f = *state;
    fake_http.status = 500;
    get(f, "http://h.test/a", NULL, 0);
    assert_failed(f, SB_CLASS_RETRYABLE);
    fake_http.status = 200;
    get(f, "http://h.test/a", NULL, 0);
    assert_succeeded(f);
    assert_int_equal(fake_http.calls, 2);
}

/* Who shares a Redis may write into it: what is no document is asked for anew. */
static void answer__that_is_no_document_is_not_served(void **state)
{
    struct fixture *f = *state;
    const struct sb_op op = { .deadline = SB_NEVER };
    char key[SB_NAME_MAX * 2] = "http:";
    assert_int_equal(sb_sha256_hex("http://h.test/a", sizeof("http://h.test/a"), key + strlen(key), NULL), SB_OK);
    get(f, "http://h.test/a", NULL, 0);
    char *value = NULL;
    size_t size = 0;
    assert_int_equal(sb_cache_get(cache, key, &op, &value, &size, NULL), SB_OK); /* it is the key */
    free(value);
    assert_int_equal(sb_cache_set(cache, key, "{\"status\":", 10, SB_MIN(1), &op, NULL), SB_OK);
    get(f, "http://h.test/a", NULL, 0);
    assert_succeeded(f);
    assert_int_equal(fake_http.calls, 2);
}

static void limited(struct fixture *f, const char *url, const char *limit, uint32_t count, sb_ns window)
{
    f->params.as.http = (struct sb_http_params){ .method = "POST", .url = url, .limit = limit, .rate = { count, window } };
    fixture_run(f, SB_STEP_KIND_HTTP);
}

static void limit__makes_the_run_wait_for_its_turn(void **state)
{
    struct fixture *f = *state;
    limited(f, "http://box:hunter2@h.test/a", "2/1m", 2, SB_MIN(1));
    fake_pass(SB_S(20));
    limited(f, "http://h.test/b?x", "2/1m", 2, SB_MIN(1));
    assert_succeeded(f);
    limited(f, "http://h.test/c", "2/1m", 2, SB_MIN(1));
    assert_failed(f, SB_CLASS_RATE_LIMITED);
    assert_int_equal(f->result.retry_after, SB_S(40));
    assert_non_null(strstr(f->result.text, "limit of 2/1m for h.test is used up"));
    assert_int_equal(fake_http.calls, 2); /* nothing was sent */
    limited(f, "http://other.test/c", "2/1m", 2, SB_MIN(1));
    assert_succeeded(f);
    fake_pass(SB_S(40));
    limited(f, "http://box:hunter2@h.test/c", "2/1m", 2, SB_MIN(1));
    assert_succeeded(f);
    limited(f, "http://box:hunter2@h.test/c", "2/1m", 2, SB_MIN(1));
    assert_failed(f, SB_CLASS_RATE_LIMITED);
    assert_null(strstr(f->result.text, "hunter2"));
}

static void limit__takes_no_turn_for_an_answer_that_serves_again(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        f->params.as.http = (struct sb_http_params){ .method = "GET", .url = "http://h.test/a", .cache_for = SB_HOUR(1), .limit = "1/1h",
                                                     .rate = { 1, SB_HOUR(1) } };
        fixture_run(f, SB_STEP_KIND_HTTP);
        assert_succeeded(f);
    }
    assert_int_equal(fake_http.calls, 1);
}

static void without_a_cache__such_a_step_says_so(void **state)
{
    struct fixture *f = *state;
    f->services.cache = NULL;
    limited(f, "http://h.test/a", "2/1m", 2, SB_MIN(1));
    assert_failed(f, SB_CLASS_DEPENDENCY_DOWN);
    get(f, "http://h.test/a", NULL, 0);
    assert_failed(f, SB_CLASS_DEPENDENCY_DOWN);
    assert_int_equal(fake_http.calls, 0);
}

static void check__warns_while_redis_is_away_and_names_it(void **state)
{
    struct fixture *f = *state;
    f->params.as.check = (struct sb_check_params){ "cache", 0, INT64_MIN };
    fixture_run(f, SB_STEP_KIND_CHECK);
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "verdict"), "ok");
    sb_cache_close(cache);
    open_cache(f, "redis+unix:///nonexistent/socket");
    fixture_run(f, SB_STEP_KIND_CHECK);
    assert_succeeded(f);
    assert_string_equal(fixture_value(f, "verdict"), "warn");
    assert_true(fake_was_noted("/nonexistent/socket"));
    f->params.as.check.fail = 0;
    fixture_run(f, SB_STEP_KIND_CHECK);
    assert_failed(f, SB_CLASS_RETRYABLE);
    f->services.cache = NULL;
    fixture_run(f, SB_STEP_KIND_CHECK);
    assert_failed(f, SB_CLASS_DEPENDENCY_DOWN);
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(answer__serves_the_same_request_again_until_its_time_is_over),
        TEST(answer__of_another_address_or_header_is_another),
        TEST(answer__that_failed_is_not_kept),
        TEST(answer__that_is_no_document_is_not_served),
        TEST(limit__makes_the_run_wait_for_its_turn),
        TEST(limit__takes_no_turn_for_an_answer_that_serves_again),
        TEST(without_a_cache__such_a_step_says_so),
        TEST(check__warns_while_redis_is_away_and_names_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
