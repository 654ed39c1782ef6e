/* The contract of the browser port against real Chromium: what the pool of contexts needs. Memory of an account, blocked kinds of requests,
 * what a page complained about, proxies, and browsers which do not answer any more. */
#include "browser_support.h"

#include <signal.h>

static const struct server_page pool_pages[] = {
    { "/404", "404 Not Found", "", "<h1 id=t>nothing here</h1>", 0 },
    PAGE("/plain", "<title>Plain</title><h1 id=t>plain page</h1>"),
    { "/log-in", "200 OK", "Set-Cookie: sid=s3cret; Path=/; HttpOnly; Max-Age=86400; SameSite=Lax\r\nSet-Cookie: here=1; Path=/\r\n",
      "<p id=t>in</p><script>localStorage.setItem('token','t\xc3\xb6ken \"1\"');localStorage.setItem('theme','dark')</script>", 0 },
    PAGE("/storage", "<p id=c>[{cookie}]</p><p id=t>-</p><script>document.getElementById('t').textContent="
                     "Object.keys(localStorage).sort().map(function(k){return k+'='+localStorage.getItem(k)}).join(';').replace(/\"/g,'')"
                     "</script>"),
    PAGE("/log-out", "<script>localStorage.clear();document.cookie='here=; path=/; max-age=0'</script><p id=t>out</p>"),
    PAGE("/heavy", "<style>@font-face{font-family:f;src:url(/font)}p{font-family:f}</style><p>text</p><img src=/image>"
                   "<video src=/media preload=auto></video><script src=/script></script>"),
    { "/image", "200 OK", "Content-Type: image/svg+xml\r\n", "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", 0 },
    { "/media", "200 OK", "Content-Type: video/mp4\r\n", "no video", 0 },
    { "/font", "200 OK", "Content-Type: font/woff2\r\n", "no font", 0 },
    { "/script", "200 OK", "Content-Type: text/javascript\r\n", "document.body.setAttribute('data-script','ran')", 0 },
    PAGE("/frame-heavy", "<iframe src='http://localhost:{port}/heavy'></iframe>"),
    PAGE("/noisy", "<script>console.log('first',7,true,null,{a:1});console.warn('care\\nful');setTimeout(function(){throw new Error('broken "
                   "thing')},0)</script><img src=/404><p id=t>noisy</p>"),
    PAGE("/chatter", "<script>for(var i=0;i<500;i++)console.log('line '+i+' '+'x'.repeat(i==499?5000:1))</script><p id=t>chatter</p>"),
    PAGE("/endless-click", "<button id=b onclick='while(true);'>go</button>"),
    { "/api", "200 OK", "Content-Type: application/json\r\n", "{\"v\":1}", 0 },
    PAGE("/asks", "<img src=/image><button id=b onclick=\"fetch('/api')\">ask</button>"),
};

static int set_up(void **state)
{
    struct sb_error error = { 0 };

    (void)state;
    choose_browser();
    return server_start(&server, pool_pages, SB_LEN(pool_pages)) && sb_browser_create(&browser, &setup_wanted, &error) == SB_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    browser->ops->close(browser);
    server_stop(&server);
    return 0;
}

static const char *hosts[] = { "127.0.0.1" };

static struct sb_context *open_guarded(void)
{
    struct sb_error error = { 0 };
    struct sb_context *context = NULL;
    const struct sb_op op = within(20000);

    expect_code(browser->ops->open(browser, hosts, 1, &op, &context, &error), SB_OK, &error);
    return context;
}

static char *remember(struct sb_context *context, const char *before)
{
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);
    char *memory = NULL;

    expect_code(browser->ops->remember(context, hosts, 1, before, &op, &memory, &error), SB_OK, &error);
    return memory;
}

static void recall(struct sb_context *context, const char *memory)
{
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);

    expect_code(browser->ops->recall(context, memory, &op, &error), SB_OK, &error);
}

/* ---- memory of an account ---- */

static void memory__goes_from_one_context_to_the_next(void **state)
{
    (void)state;
    struct sb_context *first = open_guarded();
    (void)go(first, "/log-in");
    char *memory = remember(first, NULL);
    assert_non_null(strstr(memory, "s3cret"));
    browser->ops->close_context(browser, first);

    struct sb_context *second = open_guarded();
    int hits = server_hits(&server, "/404");
    recall(second, memory);
    assert_int_equal(server_hits(&server, "/404"), hits); /* the site heard nothing of it */
    (void)go(second, "/storage");
    expect_shown(second, "#c", NULL, "[sid=s3cret; here=1]");
    expect_shown(second, "#t", NULL, "theme=dark;token=t\xc3\xb6ken 1");
    char *again = remember(second, memory);
    assert_string_equal(again, memory); /* equal memories are equal texts */
    free(again);
    free(memory);
    browser->ops->close_context(browser, second);
}

static void memory__keeps_other_origins_and_forgets_what_was_removed(void **state)
{
    (void)state;
    struct sb_context *context = open_guarded();
    (void)go(context, "/log-in");
    char *in = remember(context, "{\"cookies\":[],\"storage\":{\"http://127.0.0.1:1\":{\"k\":\"kept\"}}}");
    assert_non_null(strstr(in, "kept"));
    assert_non_null(strstr(in, "token"));
    (void)go(context, "/log-out");
    char *out = remember(context, in);
    assert_non_null(strstr(out, "kept"));
    assert_null(strstr(out, "token"));
    assert_null(strstr(out, "\"here\""));
    free(in);
    free(out);
    browser->ops->close_context(browser, context);
}

static void memory__of_other_hosts_is_not_taken(void **state)
{
    (void)state;
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);
    const char *others[] = { "site.example", "27.0.0.1", "127.0.0.1.example" };
    struct sb_context *context = open_at("/log-in");
    char *memory = NULL;
    expect_code(browser->ops->remember(context, others, 3, NULL, &op, &memory, &error), SB_OK, &error);
    assert_string_equal(memory, "{\"cookies\":[],\"storage\":{}}");
    free(memory);
    browser->ops->close_context(browser, context);
}

static void memory__that_is_damaged_is_refused_and_harms_nothing(void **state)
{
    (void)state;
    static const char *const damaged[] = { "", "{", "[]", "{\"cookies\":{},\"storage\":{}}", "{\"cookies\":[]}" };
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);
    struct sb_context *context = open_guarded();
    for (size_t i = 0; i < SB_LEN(damaged); i++)
        expect_code(browser->ops->recall(context, damaged[i], &op, &error), SB_ERR_INVALID, &error);
    /* Well-formed and nonsense: the browser refuses it, and our message does not repeat it. */
    expect_code(browser->ops->recall(context, "{\"cookies\":[{\"value\":\"s3cret\"}],\"storage\":{}}", &op, &error), SB_ERR_PROTOCOL, &error);
    assert_null(strstr(error.text, "s3cret"));
    recall(context, "{\"cookies\":[],\"storage\":{\"http://elsewhere.example\":{\"k\":\"v\"},\"about:blank\":{\"k\":\"v\"}}}");
    (void)go(context, "/plain");
    expect_shown(context, "#t", NULL, "plain page");
    browser->ops->close_context(browser, context);
}

static void memory__leaves_documents_guarded_afterwards(void **state)
{
    (void)state;
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);
    char memory[200], outside[100];
    struct sb_context *context = open_guarded();
    (void)snprintf(memory, sizeof(memory), "{\"cookies\":[],\"storage\":{\"http://127.0.0.1:%d\":{\"k\":\"v\"}}}", server.port);
    recall(context, memory);
    (void)snprintf(outside, sizeof(outside), "http://localhost:%d/plain", server.port);
    expect_code(browser->ops->go(context, outside, &op, NULL, &error), SB_ERR_REFUSED, &error);
    struct sb_navigation navigation = go(context, "/storage");
    assert_int_equal(navigation.status, 200);
    expect_shown(context, "#t", NULL, "k=v");
    browser->ops->close_context(browser, context);
}

/* ---- blocked kinds ---- */

static void block_kinds(struct sb_context *context, uint32_t kinds)
{
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);

    expect_code(browser->ops->block(context, kinds, &op, &error), SB_OK, &error);
}

static void block__keeps_kinds_of_requests_from_the_site(void **state)
{
    (void)state;
    struct sb_context *context = open_context();
    block_kinds(context, 1u << SB_RESOURCE_IMAGE | 1u << SB_RESOURCE_MEDIA | 1u << SB_RESOURCE_FONT);
    int images = server_hits(&server, "/image"), media = server_hits(&server, "/media"), fonts = server_hits(&server, "/font");
    (void)go(context, "/heavy");
    expect_shown(context, "body", "data-script", "ran");
    assert_int_equal(server_hits(&server, "/image"), images);
    assert_int_equal(server_hits(&server, "/media"), media);
    assert_int_equal(server_hits(&server, "/font"), fonts);
    block_kinds(context, 1u << SB_RESOURCE_FONT);
    (void)go(context, "/heavy");
    assert_true(server_hits(&server, "/image") > images);
    assert_int_equal(server_hits(&server, "/font"), fonts);
    block_kinds(context, 0);
    (void)go(context, "/heavy");
    assert_true(server_hits(&server, "/font") > fonts);
    browser->ops->close_context(browser, context);
}

static void block__holds_for_frames_of_other_sites_and_beside_a_capture(void **state)
{
    (void)state;
    static const char *both[] = { "127.0.0.1", "localhost" };
    struct sb_error error = { 0 };
    const struct sb_op op = within(20000);
    struct sb_context *context = NULL;
    int status = 0;
    char *body = NULL;
    expect_code(browser->ops->open(browser, both, 2, &op, &context, &error), SB_OK, &error);
    block_kinds(context, 1u << SB_RESOURCE_IMAGE);
    int images = server_hits(&server, "/image");
    (void)go(context, "/frame-heavy");
    (void)go(context, "/asks");
    expect_code(browser->ops->capture(context, "/api", &op, &error), SB_OK, &error);
    click(context, "#b");
    expect_code(browser->ops->receive(context, &op, &status, &body, &error), SB_OK, &error);
    assert_string_equal(body, "{\"v\":1}");
    free(body);
    (void)go(context, "/heavy");
    assert_int_equal(server_hits(&server, "/image"), images);
    browser->ops->close_context(browser, context);
}

/* ---- what a page complained about ---- */

static char *console_of(struct sb_context *context)
{
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);
    char *lines = NULL;

    expect_code(browser->ops->console(context, &op, &lines, &error), SB_OK, &error);
    return lines;
}

static void console__tells_what_was_said_before_anybody_asked(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/noisy");
    expect_shown(context, "#t", NULL, "noisy");
    for (int i = 0; i < 2; i++) { /* and the same when asked again */
        char *lines = console_of(context);
        if (strstr(lines, "console log: first 7 true") == NULL || strstr(lines, "console warning: care ful") == NULL ||
            strstr(lines, "broken thing") == NULL || strstr(lines, "404") == NULL)
            fail_msg("the page said: %s", lines);
        free(lines);
    }
    (void)go(context, "/plain");
    char *lines = console_of(context);
    assert_null(strstr(lines, "broken thing")); /* of the document before */
    free(lines);
    browser->ops->close_context(browser, context);
}

static void console__is_bounded_and_keeps_the_newest(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/chatter");
    char *lines = console_of(context);
    size_t count = 0;
    for (const char *at = lines; (at = strchr(at, '\n')) != NULL; at++)
        count++;
    assert_int_equal(count, 201);
    assert_non_null(strstr(lines, "line 499"));
    assert_null(strstr(lines, "line 299 "));
    assert_true(strlen(lines) < 200 * 501);
    free(lines);
    browser->ops->close_context(browser, context);
}

/* ---- proxy ---- */

static void proxy__carries_the_traffic_of_its_context_alone(void **state)
{
    (void)state;
    struct sb_error error = { 0 };
    const struct sb_op op = within(20000);
    struct sb_navigation navigation;
    struct sb_context *through = NULL, *dead = NULL, *direct = open_context();
    char proxy[64];
    /* The test's server answers requests for a proxy too: an unknown address gets its first page. */
    (void)snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", server.port);
    expect_code(browser->ops->open_through(browser, proxy, NULL, 0, &op, &through, &error), SB_OK, &error);
    expect_code(browser->ops->go(through, "http://no-such-host.example/plain", &op, &navigation, &error), SB_OK, &error);
    assert_int_equal(navigation.status, 404);
    expect_code(browser->ops->open_through(browser, "http://127.0.0.1:9", NULL, 0, &op, &dead, &error), SB_OK, &error);
    expect_code(browser->ops->go(dead, address("/plain"), &op, &navigation, &error), SB_ERR_UNAVAILABLE, &error);
    (void)go(direct, "/plain");
    browser->ops->close_context(browser, dead);
    browser->ops->close_context(browser, through);
    browser->ops->close_context(browser, direct);
}

/* ---- a browser that hangs ---- */

static void check__kills_a_browser_that_does_not_answer(void **state)
{
    (void)state;
    struct sb_error error = { 0 };
    struct sb_browser_stats before, after;
    struct sb_context *context = open_at("/plain");
    browser->ops->stats(browser, &before);
    assert_int_equal(kill(before.pid, SIGSTOP), 0);
    struct sb_op op = within(300);
    expect_code(browser->ops->check(browser, &op, &error), SB_ERR_TIMEOUT, &error);
    browser->ops->stats(browser, &after);
    assert_int_equal(after.pid, before.pid); /* an impatient caller proves nothing */
    op = within(20000);
    sb_ns begun = sb_now();
    enum sb_err rc = browser->ops->check(browser, &op, &error);
    assert_true(rc == SB_ERR_TIMEOUT);
    assert_true(sb_now() - begun < SB_S(15)); /* not the 20 s of the caller */
    op = within(20000);
    expect_code(browser->ops->check(browser, &op, &error), SB_OK, &error); /* another one */
    browser->ops->stats(browser, &after);
    assert_int_not_equal(after.pid, before.pid);
    assert_int_equal(after.crashes, before.crashes + 1);
    expect_code(browser->ops->go(context, address("/plain"), &op, NULL, &error), SB_ERR_GONE, &error);
    expect_said(&error, "did not answer");
    browser->ops->close_context(browser, context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory__goes_from_one_context_to_the_next),
        cmocka_unit_test(memory__keeps_other_origins_and_forgets_what_was_removed),
        cmocka_unit_test(memory__of_other_hosts_is_not_taken),
        cmocka_unit_test(memory__that_is_damaged_is_refused_and_harms_nothing),
        cmocka_unit_test(memory__leaves_documents_guarded_afterwards),
        cmocka_unit_test(block__keeps_kinds_of_requests_from_the_site),
        cmocka_unit_test(block__holds_for_frames_of_other_sites_and_beside_a_capture),
        cmocka_unit_test(console__tells_what_was_said_before_anybody_asked),
        cmocka_unit_test(console__is_bounded_and_keeps_the_newest),
        cmocka_unit_test(proxy__carries_the_traffic_of_its_context_alone),
        cmocka_unit_test(check__kills_a_browser_that_does_not_answer),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
