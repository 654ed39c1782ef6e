/* Several browser processes behind the browser port, on real Chromium: what one process costs when it dies. */
#include "browser_support.h"

#include <signal.h>

static const struct server_page fleet_pages[] = {
    { "/404", "404 Not Found", "", "<h1 id=t>nothing here</h1>", 0 },
    PAGE("/plain", "<title>Plain</title><h1 id=t>plain page</h1>"),
};

static char folder[64], pid_file[128], second_pid_file[136];
static atomic_uint exits;

static void on_exit_counted(void *arg, const char *reason)
{
    (void)arg, (void)reason;
    atomic_fetch_add(&exits, 1);
}

static void make_browser(void)
{
    struct sb_error error = { 0 };
    setup_wanted.pid_file = pid_file;
    setup_wanted.processes = 2;
    expect_code(sb_browser_create(&browser, &setup_wanted, &error), SB_OK, &error);
    browser->ops->set_callback(browser, NULL, on_exit_counted);
}

static int set_up(void **state)
{
    (void)state;
    choose_browser();
    (void)sb_copy(folder, sizeof(folder), "/tmp/signalbox-fleet-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(pid_file, sizeof(pid_file), "%s/chromium.pid", folder);
    (void)snprintf(second_pid_file, sizeof(second_pid_file), "%s.1", pid_file);
    if (!server_start(&server, fleet_pages, SB_LEN(fleet_pages)))
        return -1;
    make_browser();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    browser->ops->close(browser);
    server_stop(&server);
    return sb_dir_remove(folder, NULL) == SB_OK ? 0 : -1;
}

/* The process group that a pid file names. */
static int group_in(const char *path)
{
    char *text = NULL;
    size_t size = 0;
    int group = 0;
    struct sb_error error = { 0 };
    expect_code(sb_file_read(path, 4096, &text, &size, &error), SB_OK, &error);
    assert_int_equal(sscanf(text, "%d", &group), 1);
    free(text);
    assert_true(group > 1);
    return group;
}

static void fleet__spreads_contexts_over_its_processes(void **state)
{
    (void)state;
    struct sb_browser_stats stats;
    struct sb_context *first = open_at("/plain"), *second = open_at("/plain");
    browser->ops->stats(browser, &stats);
    assert_int_equal(stats.contexts_open, 2);
    assert_int_equal(stats.launches, 2);
    assert_true(group_in(pid_file) != group_in(second_pid_file));
    assert_true(stats.pss_bytes > 50u * 1024 * 1024);
    browser->ops->close_context(browser, first);
    browser->ops->close_context(browser, second);
}

static void fleet__a_killed_process_takes_only_its_own_contexts_along(void **state)
{
    (void)state;
    struct sb_error error = { 0 };
    const struct sb_op op = within(15000);
    struct sb_context *first = open_at("/plain"), *second = open_at("/plain");
    unsigned before = atomic_load(&exits);
    assert_int_equal(kill(-group_in(pid_file), SIGKILL), 0);
    while (atomic_load(&exits) == before)
        pause_ms(2);
    bool is_first_gone = browser->ops->is_gone(first);
    assert_true(is_first_gone != browser->ops->is_gone(second));
    struct sb_context *alive = is_first_gone ? second : first, *dead = is_first_gone ? first : second;
    (void)go(alive, "/plain");
    expect_shown(alive, "#t", NULL, "plain page");
    expect_code(browser->ops->go(dead, address("/plain"), &op, NULL, &error), SB_ERR_GONE, &error);
    /* The next lease is served by a new process, and the other one still has its context. */
    struct sb_context *third = open_at("/plain");
    assert_false(browser->ops->is_gone(alive));
    expect_code(browser->ops->check(browser, &op, &error), SB_OK, &error);
    browser->ops->close_context(browser, first);
    browser->ops->close_context(browser, second);
    browser->ops->close_context(browser, third);
}

static void fleet__closed_leaves_no_process_and_no_pid_file(void **state)
{
    (void)state;
    struct sb_context *first = open_at("/plain"), *second = open_at("/plain");
    int groups[] = { group_in(pid_file), group_in(second_pid_file) };
    browser->ops->close_context(browser, first);
    browser->ops->close_context(browser, second);
    browser->ops->close(browser);
    for (size_t i = 0; i < SB_LEN(groups); i++)
        assert_int_equal(group_members(groups[i]), 0);
    assert_int_equal(access(pid_file, F_OK), -1);
    assert_int_equal(access(second_pid_file, F_OK), -1);
    make_browser();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fleet__spreads_contexts_over_its_processes),
        cmocka_unit_test(fleet__a_killed_process_takes_only_its_own_contexts_along),
        cmocka_unit_test(fleet__closed_leaves_no_process_and_no_pid_file),
    };
    return cmocka_run_group_tests_name("browser_fleet", tests, set_up, tear_down);
}
