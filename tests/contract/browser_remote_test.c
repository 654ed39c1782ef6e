/* A browser that somebody else runs, over a WebSocket: the same port on a real Chromium with a debugging port, started and ended by this test. */
#include "browser_support.h"

#include <signal.h>
#include <sys/wait.h>

static const struct server_page remote_pages[] = {
    { "/404", "404 Not Found", "", "<h1 id=t>nothing here</h1>", 0 },
    PAGE("/plain", "<title>Plain</title><h1 id=t>plain page</h1>"),
    PAGE("/long", "<h1 id=t>long</h1><script>document.getElementById('t').textContent='x'.repeat(60000)</script>"),
};

static char folder[64], found_url[128];
static struct sb_child chromium = { .pid = -1, .pidfd = -1 };
static int port; /* 0: any; later the same again */

static void start_chromium(void)
{
    char profile[128], port_flag[64], port_file[160];
    struct sb_error error = { 0 };
    const char *program = setup_wanted.executable != NULL ? setup_wanted.executable : "chromium-headless-shell";
    (void)snprintf(profile, sizeof(profile), "--user-data-dir=%s/profile", folder);
    (void)snprintf(port_flag, sizeof(port_flag), "--remote-debugging-port=%d", port);
    (void)snprintf(port_file, sizeof(port_file), "%s/profile/DevToolsActivePort", folder);
    (void)unlink(port_file);
    const char *argv[] = { program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-address=127.0.0.1",
                           port_flag, profile, "about:blank", NULL };
    const struct sb_child_spec spec = { .path = program, .argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 };
    expect_code(sb_child_start(&chromium, &spec, &error), SB_OK, &error);
    char *text = NULL;
    size_t size = 0;
    for (sb_ns deadline = sb_now() + SB_S(20); text == NULL && sb_now() < deadline; pause_ms(20))
        if (sb_file_read(port_file, 4096, &text, &size, NULL) == SB_OK && strchr(text, '\n') == NULL) {
            free(text); /* not written to its end yet */
            text = NULL;
        }
    assert_non_null(text);
    assert_int_equal(sscanf(text, "%d", &port), 1);
    (void)snprintf(found_url, sizeof(found_url), "ws://127.0.0.1:%d%s", port, strchr(text, '\n') + 1);
    free(text);
}

static void end_chromium(void)
{
    sb_child_end(&chromium, 0);
    chromium = (struct sb_child){ .pid = -1, .pidfd = -1 };
}

static void connect_by(const char *url)
{
    struct sb_error error = { 0 };
    setup_wanted.remote_url = url;
    expect_code(sb_browser_create(&browser, &setup_wanted, &error), SB_OK, &error);
}

static int set_up(void **state)
{
    (void)state;
    choose_browser();
    (void)sb_copy(folder, sizeof(folder), "/tmp/signalbox-remote-XXXXXX");
    if (mkdtemp(folder) == NULL || !server_start(&server, remote_pages, SB_LEN(remote_pages)))
        return -1;
    start_chromium();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    end_chromium();
    server_stop(&server);
    return sb_dir_remove(folder, NULL) == SB_OK ? 0 : -1;
}

static void remote__serves_contexts_like_one_of_our_own(void **state)
{
    (void)state;
    struct sb_error error = { 0 };
    const struct sb_op op = within(15000);
    connect_by(found_url);
    expect_code(browser->ops->check(browser, &op, &error), SB_OK, &error);
    struct sb_context *context = open_at("/plain");
    expect_shown(context, "#t", NULL, "plain page");
    (void)go(context, "/long");
    char *html = NULL;
    expect_code(browser->ops->source(context, 1024 * 1024, &op, &html, &error), SB_OK, &error);
    assert_true(strlen(html) > 60000); /* a message of several fragments arrives whole */
    free(html);
    unsigned char *png = NULL;
    size_t size = 0;
    expect_code(browser->ops->screenshot(context, &op, &png, &size, &error), SB_OK, &error);
    assert_true(size > 100);
    free(png);
    struct sb_browser_stats stats;
    browser->ops->stats(browser, &stats);
    assert_int_equal(stats.contexts_open, 1);
    assert_int_equal(stats.pid, 0);
    browser->ops->close_context(browser, context);
    browser->ops->close(browser);
}

static void remote__is_found_by_its_http_address_and_goes_on_after_we_left(void **state)
{
    (void)state;
    char url[64];
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d", port);
    for (int round = 0; round < 2; round++) {
        connect_by(url);
        struct sb_context *context = open_at("/plain");
        expect_shown(context, "#t", NULL, "plain page");
        browser->ops->close(browser); /* with an open context: it is closed there too */
        assert_int_equal(kill(chromium.pid, 0), 0);
    }
}

static void remote__that_dies_voids_its_contexts_and_is_met_again_when_it_is_back(void **state)
{
    (void)state;
    char url[64];
    struct sb_error error = { 0 };
    const struct sb_op op = within(30000);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d", port);
    connect_by(url);
    struct sb_context *context = open_at("/plain");
    end_chromium();
    expect_code(browser->ops->go(context, address("/plain"), &op, NULL, &error), SB_ERR_GONE, &error);
    assert_true(browser->ops->is_gone(context));
    browser->ops->close_context(browser, context);
    struct sb_context *none = NULL;
    expect_code(browser->ops->open(browser, NULL, 0, &op, &none, &error), SB_ERR_UNAVAILABLE, &error);
    expect_said(&error, "127.0.0.1");
    start_chromium();
    sb_ns deadline = sb_now() + SB_S(20);
    enum sb_err rc = SB_ERR_UNAVAILABLE; /* a refused connection is tried again after a growing delay */
    while (rc == SB_ERR_UNAVAILABLE && sb_now() < deadline) {
        rc = browser->ops->open(browser, NULL, 0, &op, &context, &error);
        if (rc != SB_OK)
            pause_ms(50);
    }
    expect_code(rc, SB_OK, &error);
    (void)go(context, "/plain");
    browser->ops->close_context(browser, context);
    browser->ops->close(browser);
}

static void remote__that_does_not_exist_is_named_without_its_token(void **state)
{
    (void)state;
    struct sb_error error = { 0 };
    const struct sb_op op = within(5000);
    connect_by("ws://127.0.0.1:9/devtools/browser/x?token=s3cret");
    expect_code(browser->ops->check(browser, &op, &error), SB_ERR_UNAVAILABLE, &error);
    expect_said(&error, "ws://127.0.0.1:9");
    assert_null(strstr(error.text, "s3cret"));
    browser->ops->close(browser);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remote__serves_contexts_like_one_of_our_own),
        cmocka_unit_test(remote__is_found_by_its_http_address_and_goes_on_after_we_left),
        cmocka_unit_test(remote__that_dies_voids_its_contexts_and_is_met_again_when_it_is_back),
        cmocka_unit_test(remote__that_does_not_exist_is_named_without_its_token),
    };
    return cmocka_run_group_tests_name("browser_remote", tests, set_up, tear_down);
}
