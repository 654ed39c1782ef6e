/* The practice site over real loopback connections, with a clock of the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client.h"

#include "signalbox/os/os.h"

#define EPOCH_NS 1795443000000000000LL

static int64_t clock_ns; /* read by the daemon's thread between two requests of this one */

static struct sb_wall test_now(void *arg)
{
    (void)arg;
    return (struct sb_wall){ __atomic_load_n(&clock_ns, __ATOMIC_SEQ_CST) };
}

static void clock_set(int64_t ns)
{
    __atomic_store_n(&clock_ns, ns, __ATOMIC_SEQ_CST);
}

static struct sb_practice *start(uint64_t seed, const char *state_path)
{
    struct sb_practice *practice = NULL;
    struct sb_error err = { 0 };
    const struct sb_practice_setup setup = { .seed = seed, .speed_pct = 100, .state_path = state_path, .now = test_now };
    if (sb_practice_start(&practice, &setup, &err) != SB_OK) {
        fail_msg("%s", err.text);
    }
    return practice;
}

static int begin(void **state)
{
    clock_set(EPOCH_NS);
    *state = start(7, NULL);
    return 0;
}

static int end(void **state)
{
    sb_practice_stop(*state);
    return 0;
}

static void site__asks_for_a_log_in(void **state)
{
    struct page page = get(*state, "/compose", "");
    assert_int_equal(page.status, 303);
    assert_non_null(strstr(page.text, "Location: /login?next=/compose\r\n"));
    free(page.text);
}

static void site__refuses_a_wrong_password(void **state)
{
    struct page page = ask(*state, "POST", "/login", "", "username=signal_ops&password=wrong&next=/home");
    assert_int_equal(page.status, 401);
    assert_null(strstr(page.text, "Set-Cookie"));
    assert_non_null(strstr(page.body, "data-role=\"error\""));
    free(page.text);
}

static void site__never_leads_from_the_log_in_to_another_host(void **state)
{
    struct page page = ask(*state, "POST", "/login", "", "username=signal_ops&password=practice&next=%2F%2Fevil.example%2F");
    assert_int_equal(page.status, 303);
    assert_non_null(strstr(page.text, "Location: /home\r\n"));
    free(page.text);
}

static void site__shows_the_composer_to_who_is_logged_in(void **state)
{
    char cookie[96];
    log_in(*state, "signal_ops", cookie);
    struct page page = get(*state, "/compose", cookie);
    assert_int_equal(page.status, 200);
    assert_non_null(strstr(page.body, "<textarea id=\"text\""));
    assert_non_null(strstr(page.body, "data-handle=\"signal_ops\""));
    free(page.text);
}

static void site__shows_a_post_on_the_profile_first(void **state)
{
    char cookie[96], id[32], mark[64];
    log_in(*state, "signal_ops", cookie);
    const uint64_t before = sb_practice_post_count(*state, "signal_ops");
    struct page made = post(*state, cookie, "hello world", NULL);
    assert_int_equal(made.status, 201);
    id_of(&made, id);
    assert_int_equal(sb_practice_post_count(*state, "signal_ops"), before + 1);
    struct page page = get(*state, "/@signal_ops", "");
    snprintf(mark, sizeof mark, "data-role=\"post\" data-id=\"%s\"", id);
    const char *first = strstr(page.body, "<article");
    assert_non_null(first);
    assert_ptr_equal(strstr(first, "data-role=\"post\""), strstr(first, mark));
    assert_non_null(strstr(page.body, "hello world"));
    free(page.text);
    free(made.text);
}

static void site__refuses_a_post_without_a_session(void **state)
{
    struct page made = post(*state, "", "nobody", NULL);
    assert_int_equal(made.status, 401);
    free(made.text);
}

static void site__refuses_empty_and_too_long_texts(void **state)
{
    char cookie[96], text[1024] = "";
    log_in(*state, "signal_ops", cookie);
    struct page made = post(*state, cookie, " \\n ", NULL);
    assert_int_equal(made.status, 422);
    free(made.text);
    for (int i = 0; i < 280; i++) {
        memcpy(text + 2 * i, "\xc3\xa9", 3); /* characters count, not bytes */
    }
    made = post(*state, cookie, text, NULL);
    assert_int_equal(made.status, 201);
    free(made.text);
    memcpy(text + 560, "x", 2);
    made = post(*state, cookie, text, NULL);
    assert_int_equal(made.status, 422);
    free(made.text);
}

static void site__refuses_a_body_over_64_kib(void **state)
{
    char *body = malloc(70001);
    assert_non_null(body);
    memset(body, 'x', 70000);
    body[70000] = '\0';
    struct page page = ask(*state, "POST", "/api/posts", "Content-Type: application/json\r\n", body);
    assert_int_equal(page.status, 413);
    free(page.text);
    free(body);
}

static void site__escapes_hostile_text(void **state)
{
    char cookie[96], id[32], path[64];
    log_in(*state, "signal_ops", cookie);
    struct page made = post(*state, cookie, "<script>x('&')</script> \\\"q\\\"", NULL);
    assert_int_equal(made.status, 201);
    id_of(&made, id);
    snprintf(path, sizeof path, "/post/%s", id);
    struct page page = get(*state, path, "");
    assert_non_null(strstr(page.body, "&lt;script&gt;x(&#39;&amp;&#39;)&lt;/script&gt; &quot;q&quot;"));
    assert_null(strstr(page.body, "<script>"));
    free(page.text);
    page = get(*state, "/search?q=%22%3E%3Cscript%3E", cookie);
    assert_non_null(strstr(page.body, "value=\"&quot;&gt;&lt;script&gt;\""));
    free(page.text);
    free(made.text);
}

static void site__keeps_threads_together_by_reply_to(void **state)
{
    char cookie[96], first[32], path[64], mark[96];
    log_in(*state, "signal_ops", cookie);
    struct page made = post(*state, cookie, "part one", NULL);
    id_of(&made, first);
    struct page reply = post(*state, cookie, "part two", first);
    assert_int_equal(reply.status, 201);
    snprintf(path, sizeof path, "/post/%s", first);
    struct page page = get(*state, path, "");
    snprintf(mark, sizeof mark, "data-reply-to=\"%s\"", first);
    const char *replies = strstr(page.body, "data-role=\"replies\"");
    assert_non_null(replies);
    assert_non_null(strstr(replies, mark));
    assert_non_null(strstr(replies, "part two"));
    free(page.text);
    free(reply.text);
    free(made.text);
    made = post(*state, cookie, "to nobody", "1790000000000000001");
    assert_int_equal(made.status, 404);
    free(made.text);
}

static void site__lists_a_long_profile_in_pages_without_gaps(void **state)
{
    char cookie[96], path[128] = "/@signal_ops";
    unsigned seen = 0, pages = 0;
    log_in(*state, "signal_ops", cookie);
    for (int i = 0; i < 60; i++) {
        struct page made = post(*state, cookie, "one of many", NULL);
        assert_int_equal(made.status, 201);
        free(made.text);
    }
    while (path[0]) {
        struct page page = get(*state, path, "");
        for (const char *at = page.body; (at = strstr(at, "<article")) != NULL; at++) {
            seen++;
        }
        const char *older = strstr(page.body, "rel=\"next\" href=\"");
        path[0] = '\0';
        if (older) {
            snprintf(path, sizeof path, "%.*s", (int)strcspn(older + 17, "\""), older + 17);
        }
        free(page.text);
        pages++;
    }
    assert_int_equal(seen, sb_practice_post_count(*state, "signal_ops"));
    assert_int_equal(pages, 2);
}

static void site__grows_counters_with_time(void **state)
{
    struct page page = get(*state, "/@drpark_sleep", "");
    const char *article = strstr(page.body, "<article");
    const long likes = counter(article, "likes"), views = counter(article, "views");
    free(page.text);
    clock_set(EPOCH_NS + SB_HOUR(5));
    page = get(*state, "/@drpark_sleep", "");
    article = strstr(page.body, "<article");
    assert_true(counter(article, "likes") > likes);
    assert_true(counter(article, "views") > views);
    free(page.text);
}

static void site__finds_posts_by_text(void **state)
{
    char cookie[96];
    log_in(*state, "signal_ops", cookie);
    struct page made = post(*state, cookie, "a needle here", NULL);
    struct page page = get(*state, "/search?q=NEEDLE", cookie);
    assert_non_null(strstr(page.body, "a needle here"));
    free(page.text);
    page = get(*state, "/search?q=no+such+words", cookie);
    assert_non_null(strstr(page.body, "data-role=\"nothing\""));
    free(page.text);
    free(made.text);
}

static void site__answers_no_other_host(void **state)
{
    const int fd = client_connect(*state);
    const char request[] = "GET /home HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    client_send(fd, request, sizeof request - 1);
    struct page page = client_read(fd);
    assert_int_equal(page.status, 421);
    free(page.text);
}

static void site__is_the_same_for_the_same_seed_and_requests(void **state)
{
    struct sb_practice *other = start(7, NULL), *different = start(8, NULL);
    struct page a = get(*state, "/@lena_moves", ""), b = get(other, "/@lena_moves", ""), c = get(different, "/@lena_moves", "");
    assert_string_equal(a.body, b.body);
    assert_string_not_equal(a.body, c.body);
    free(a.text);
    free(b.text);
    free(c.text);
    char cookie_a[96], cookie_b[96];
    log_in(*state, "signal_ops", cookie_a);
    log_in(other, "signal_ops", cookie_b);
    assert_string_equal(cookie_a, cookie_b);
    a = post(*state, cookie_a, "same", NULL);
    b = post(other, cookie_b, "same", NULL);
    assert_string_equal(a.body, b.body);
    free(a.text);
    free(b.text);
    sb_practice_stop(other);
    sb_practice_stop(different);
}

static void make_state_path(char path[64])
{
    snprintf(path, 64, "/tmp/sb-practice-XXXXXX");
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
}

static void state__keeps_posts_over_a_restart(void **state)
{
    char path[64], cookie[96], first[32], second[32], item[64];
    (void)state;
    make_state_path(path);
    clock_set(EPOCH_NS);
    struct sb_practice *practice = start(3, path);
    log_in(practice, "signal_ops", cookie);
    struct page made = post(practice, cookie, "kept \\u00e9 \\n line", NULL);
    id_of(&made, first);
    free(made.text);
    sb_practice_stop(practice);
    clock_set(EPOCH_NS + SB_HOUR(1));
    practice = start(3, path);
    assert_int_equal(sb_practice_post_count(practice, "signal_ops"), 13);
    snprintf(item, sizeof item, "/post/%s", first);
    struct page page = get(practice, item, "");
    assert_int_equal(page.status, 200);
    assert_non_null(strstr(page.body, "kept \xc3\xa9 \n line"));
    free(page.text);
    log_in(practice, "signal_ops", cookie);
    made = post(practice, cookie, "after", first);
    id_of(&made, second);
    assert_string_not_equal(first, second);
    free(made.text);
    sb_practice_stop(practice);
    unlink(path);
}

static void state__forgets_a_line_that_was_never_finished(void **state)
{
    char path[64];
    (void)state;
    make_state_path(path);
    struct sb_practice *practice = start(3, path);
    sb_practice_stop(practice);
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    fputs("{\"kind\":\"post\",\"id\":\"17", file);
    fclose(file);
    practice = start(3, path);
    assert_int_equal(sb_practice_post_count(practice, "signal_ops"), 12);
    sb_practice_stop(practice);
    practice = start(3, path); /* and what was written after it is whole again */
    sb_practice_stop(practice);
    unlink(path);
}

static void state__refuses_a_file_of_another_seed(void **state)
{
    char path[64];
    struct sb_practice *practice = NULL;
    struct sb_error err = { 0 };
    (void)state;
    make_state_path(path);
    sb_practice_stop(start(3, path));
    const struct sb_practice_setup setup = { .seed = 4, .state_path = path, .now = test_now };
    assert_int_equal(sb_practice_start(&practice, &setup, &err), SB_ERR_CONFIG);
    assert_null(practice);
    assert_non_null(strstr(err.text, "belongs to seed 3"));
    unlink(path);
}

static void state__tells_tests_what_the_site_holds(void **state)
{
    char cookie[96];
    log_in(*state, "signal_ops", cookie);
    struct page made = post(*state, cookie, "counted", NULL);
    struct page page = get(*state, "/api/state.json?account=signal_ops&limit=2", "");
    assert_non_null(strstr(page.body, "\"post_count\":13,"));
    assert_non_null(strstr(page.body, "\"posts_created\":1,"));
    assert_non_null(strstr(page.body, "\"text\":\"counted\""));
    free(page.text);
    free(made.text);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(site__asks_for_a_log_in),
        WORLD_TEST(site__refuses_a_wrong_password),
        WORLD_TEST(site__never_leads_from_the_log_in_to_another_host),
        WORLD_TEST(site__shows_the_composer_to_who_is_logged_in),
        WORLD_TEST(site__shows_a_post_on_the_profile_first),
        WORLD_TEST(site__refuses_a_post_without_a_session),
        WORLD_TEST(site__refuses_empty_and_too_long_texts),
        WORLD_TEST(site__refuses_a_body_over_64_kib),
        WORLD_TEST(site__escapes_hostile_text),
        WORLD_TEST(site__keeps_threads_together_by_reply_to),
        WORLD_TEST(site__lists_a_long_profile_in_pages_without_gaps),
        WORLD_TEST(site__grows_counters_with_time),
        WORLD_TEST(site__finds_posts_by_text),
        WORLD_TEST(site__answers_no_other_host),
        WORLD_TEST(site__is_the_same_for_the_same_seed_and_requests),
        cmocka_unit_test(state__keeps_posts_over_a_restart),
        cmocka_unit_test(state__forgets_a_line_that_was_never_finished),
        cmocka_unit_test(state__refuses_a_file_of_another_seed),
        WORLD_TEST(state__tells_tests_what_the_site_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
