/* The contract of the browser port against real Chromium: faults, cancellation, and what must not be left behind. */
#include "browser_support.h"
#include "runtime/services/browser/chromium.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

static atomic_int exits;

static void on_exit_seen(void *arg, const char *reason)
{
    (void)arg;
    assert_non_null(reason);
    atomic_fetch_add(&exits, 1);
}

static int set_up(void **state)
{
    struct sb_error error = { 0 };

    (void)state;
    choose_browser();
    if (!server_start(&server, pages, SB_LEN(pages)) || sb_browser_create(&browser, &setup_wanted, &error) != SB_OK)
        return -1;
    browser->ops->set_callback(browser, NULL, on_exit_seen);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    browser->ops->close(browser);
    server_stop(&server);
    return 0;
}

static struct sb_browser_stats stats_now(void)
{
    struct sb_browser_stats stats;

    browser->ops->stats(browser, &stats);
    return stats;
}

static int entries(const char *folder)
{
    DIR *dir = opendir(folder);
    int count = 0;

    assert_non_null(dir);
    while (readdir(dir) != NULL)
        count++;
    (void)closedir(dir);
    return count;
}

/* ---- something happens on another thread while a call is under way ---- */

struct disturbance {
    void (*act)(struct disturbance *disturbance);
    struct sb_cancel *cancel;
    struct sb_context *context;
    int pid;
    sb_ns done;
    struct sb_thread *thread;
};

static void disturb(void *arg)
{
    struct disturbance *disturbance = arg;

    pause_ms(200);
    disturbance->done = sb_now();
    disturbance->act(disturbance);
}

static void begin_disturbance(struct disturbance *disturbance)
{
    struct sb_error error = { 0 };

    expect_code(sb_thread_start(&disturbance->thread, "test-disturb", disturb, disturbance, &error), SB_OK, &error);
}

static void act_cancel(struct disturbance *disturbance)
{
    sb_cancel_ask(disturbance->cancel);
}

static void act_close(struct disturbance *disturbance)
{
    browser->ops->close_context(browser, disturbance->context);
}

static void act_kill(struct disturbance *disturbance)
{
    assert_int_equal(kill(disturbance->pid, SIGKILL), 0);
}

static void cancel__ends_a_call_under_way_at_once(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/plain");
    struct sb_error error = { 0 };
    struct disturbance disturbance = { .act = act_cancel, .cancel = sb_cancel_create(&error) };
    struct sb_op op = within(30000);
    op.cancel = disturbance.cancel;
    begin_disturbance(&disturbance);
    expect_code(browser->ops->wait(context, "#never", &op, &error), SB_ERR_CANCELLED, &error);
    sb_ns after = sb_now();
    sb_thread_join(disturbance.thread);
    assert_true(after - disturbance.done < PATIENCE);
    expect_said(&error, "#never");
    expect_code(browser->ops->go(context, address("/plain"), &op, NULL, &error), SB_ERR_CANCELLED, &error);
    (void)go(context, "/plain"); /* without the cancelled token it serves on */
    sb_cancel_destroy(disturbance.cancel);
    browser->ops->close_context(browser, context);
}

static void close_context__ends_a_call_under_way_on_another_thread(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/plain");
    struct sb_error error = { 0 };
    struct disturbance disturbance = { .act = act_close, .context = context };
    const struct sb_op op = within(30000);
    begin_disturbance(&disturbance);
    expect_code(browser->ops->wait(context, "#never", &op, &error), SB_ERR_GONE, &error);
    sb_ns after = sb_now();
    sb_thread_join(disturbance.thread);
    assert_true(after - disturbance.done < PATIENCE);
    /* The one who worked with it may not know yet: its next call and its own close are harmless. */
    expect_code(browser->ops->go(context, address("/plain"), &op, NULL, &error), SB_ERR_GONE, &error);
    browser->ops->close_context(browser, context);
    assert_int_equal(stats_now().contexts_open, 0);
}

/* ---- pages that misbehave ---- */

static void endless_script__ends_at_the_deadline_and_the_context_can_be_replaced(void **state)
{
    (void)state;
    int pid = stats_now().pid;
    struct sb_context *context = open_context();
    struct sb_error error = { 0 };
    struct sb_op op = within(500);
    sb_ns begun = sb_now();
    expect_code(browser->ops->go(context, address("/endless"), &op, NULL, &error), SB_ERR_TIMEOUT, &error);
    assert_true(sb_now() - begun < PATIENCE);
    expect_said(&error, "/endless");
    begun = sb_now();
    browser->ops->close_context(browser, context);
    assert_true(sb_now() - begun < PATIENCE);

    context = open_at("/endless-click");
    op = within(500);
    expect_code(browser->ops->click(context, "#b", &op, &error), SB_ERR_TIMEOUT, &error);
    op = within(300);
    unsigned char *png;
    size_t size;
    expect_code(browser->ops->screenshot(context, &op, &png, &size, &error), SB_ERR_TIMEOUT, &error);
    begun = sb_now();
    browser->ops->close_context(browser, context);
    assert_true(sb_now() - begun < PATIENCE);

    context = open_at("/plain");
    browser->ops->close_context(browser, context);
    assert_int_equal(stats_now().pid, pid); /* the browser did not have to go */
    assert_int_equal(atomic_load(&exits), 0);
}

static void page_crash__fails_the_calls_of_its_context_only(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/plain"), *other = open_at("/plain");
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);
    sb_ns begun = sb_now();
    enum sb_err rc = browser->ops->go(context, "chrome://crash", &op, NULL, &error);
    if (rc != SB_ERR_GONE)
        rc = browser->ops->wait(context, "#never", &op, &error);
    expect_code(rc, SB_ERR_GONE, &error);
    assert_true(sb_now() - begun < PATIENCE);
    expect_code(browser->ops->go(context, address("/plain"), &op, NULL, &error), SB_ERR_GONE, &error);
    expect_said(&error, "crashed");
    (void)go(other, "/slow");
    browser->ops->close_context(browser, context);
    browser->ops->close_context(browser, other);
    assert_int_equal(atomic_load(&exits), 0);
}

/* ---- the browser dies ---- */

static void killed_browser__fails_calls_at_once_and_the_next_open_starts_another(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/plain"), *idle = open_context();
    struct sb_error error = { 0 };
    struct sb_browser_stats before = stats_now();
    struct disturbance disturbance = { .act = act_kill, .pid = before.pid };
    const struct sb_op op = within(30000);
    int group = group_of(before.pid);
    begin_disturbance(&disturbance);
    expect_code(browser->ops->wait(context, "#never", &op, &error), SB_ERR_GONE, &error);
    sb_ns after = sb_now();
    sb_thread_join(disturbance.thread);
    assert_true(after - disturbance.done < PATIENCE);
    expect_said(&error, "died");
    expect_code(browser->ops->go(idle, address("/plain"), &op, NULL, &error), SB_ERR_GONE, &error);
    browser->ops->close_context(browser, context);
    browser->ops->close_context(browser, idle);

    struct sb_context *next = open_at("/plain");
    struct sb_browser_stats now = stats_now();
    assert_int_not_equal(now.pid, before.pid);
    assert_int_equal(now.launches, before.launches + 1);
    assert_int_equal(now.crashes, before.crashes + 1);
    assert_int_equal(now.contexts_open, 1);
    assert_int_equal(atomic_load(&exits), 1);
    browser->ops->close_context(browser, next);
    for (int i = 0; i < 100 && group_members(group) > 0; i++)
        pause_ms(20);
    assert_int_equal(group_members(group), 0);
}

/* What a recovery does: also a browser that was given up on for a while is tried at once. */
static void restart__ends_the_browser_and_the_next_check_starts_another(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/plain");
    struct sb_error error = { 0 };
    struct sb_browser_stats before = stats_now();
    const struct sb_op op = within(30000);
    int exits_before = atomic_load(&exits);
    browser->ops->restart(browser);
    expect_code(browser->ops->wait(context, "#never", &op, &error), SB_ERR_GONE, &error);
    browser->ops->close_context(browser, context);
    expect_code(browser->ops->check(browser, &op, &error), SB_OK, &error);
    struct sb_browser_stats now = stats_now();
    assert_int_not_equal(now.pid, before.pid);
    assert_int_equal(now.launches, before.launches + 1);
    assert_int_equal(atomic_load(&exits), exits_before + 1);
}

static void missing_browser__is_named_and_not_tried_in_a_loop(void **state)
{
    (void)state;
    struct sb_browser *none = NULL;
    struct sb_error error = { 0 };
    struct sb_context *context = NULL;
    const struct sb_op op = within(10000);
    expect_code(sb_browser_create(&none, &(struct sb_browser_setup){ .executable = "/nonexistent/chromium" }, &error), SB_OK, &error);
    expect_code(none->ops->check(none, &op, &error), SB_ERR_UNAVAILABLE, &error);
    expect_said(&error, "/nonexistent/chromium");
    expect_code(none->ops->open(none, NULL, 0, &op, &context, &error), SB_ERR_UNAVAILABLE, &error);
    expect_said(&error, "next try");
    assert_null(context);
    none->ops->restart(none);
    expect_code(none->ops->check(none, &op, &error), SB_ERR_UNAVAILABLE, &error);
    assert_null(strstr(error.text, "next try")); /* it was really tried */
    none->ops->close(none);
}

static void wrong_executable__is_an_error_with_its_own_words(void **state)
{
    (void)state;
    struct sb_browser *wrong = NULL;
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);
    expect_code(sb_browser_create(&wrong, &(struct sb_browser_setup){ .executable = "/bin/cat" }, &error), SB_OK, &error);
    enum sb_err rc = wrong->ops->check(wrong, &op, &error);
    assert_int_not_equal(rc, SB_OK);
    expect_said(&error, "/bin/cat did not start");
    expect_said(&error, "it said");
    wrong->ops->close(wrong);
}

/* ---- nothing is left behind ---- */

static void open_and_close__leave_no_process_thread_or_descriptor(void **state)
{
    (void)state;
    struct sb_context *context = open_at("/plain");
    browser->ops->close_context(browser, context);
    int group = group_of(stats_now().pid);
    int threads = entries("/proc/self/task"), descriptors = entries("/proc/self/fd"), processes = group_members(group);
    for (int i = 0; i < 40; i++) {
        context = open_context();
        if (i % 8 == 0)
            (void)go(context, "/plain");
        browser->ops->close_context(browser, context);
    }
    /* Renderers end on their own time after their page is closed; the browser keeps at most a spare one. */
    for (int i = 0; i < 100 && group_members(group) > processes; i++)
        pause_ms(30);
    assert_int_equal(entries("/proc/self/task"), threads);
    assert_int_equal(entries("/proc/self/fd"), descriptors);
    assert_true(group_members(group) <= processes + 1);
    struct sb_browser_stats stats = stats_now();
    assert_int_equal(stats.contexts_open, 0);
    assert_int_equal(stats.contexts_opened, stats.contexts_closed);
}

struct worker {
    struct sb_thread *thread;
    int rounds_done;
};

static void work(void *arg)
{
    struct worker *worker = arg;
    struct sb_error error = { 0 };

    for (int i = 0; i < 5; i++) {
        const struct sb_op op = within(30000);
        struct sb_context *context = NULL;
        struct sb_navigation navigation = { 0 };
        char url[64];
        (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/later", server.port);
        if (browser->ops->open(browser, NULL, 0, &op, &context, &error) != SB_OK)
            return;
        bool is_ok = browser->ops->go(context, url, &op, &navigation, &error) == SB_OK && navigation.status == 200 &&
                     browser->ops->wait(context, "#late", &op, &error) == SB_OK;
        browser->ops->close_context(browser, context);
        worker->rounds_done += is_ok;
    }
}

static void workers__use_contexts_at_the_same_time(void **state)
{
    (void)state;
    struct worker workers[3] = { 0 };
    struct sb_error error = { 0 };
    for (size_t i = 0; i < SB_LEN(workers); i++)
        expect_code(sb_thread_start(&workers[i].thread, "test-worker", work, &workers[i], &error), SB_OK, &error);
    for (size_t i = 0; i < SB_LEN(workers); i++)
        sb_thread_join(workers[i].thread);
    for (size_t i = 0; i < SB_LEN(workers); i++)
        assert_int_equal(workers[i].rounds_done, 5);
}

static void cancelled_opens__leave_no_context_in_the_browser(void **state)
{
    (void)state;
    struct sb_error error = { 0 };
    struct sb_context *context = open_context();
    browser->ops->close_context(browser, context);
    int group = group_of(stats_now().pid), processes = group_members(group);
    for (int ms = 0; ms < 30; ms++) {
        const struct sb_op op = within(ms);
        context = NULL;
        if (browser->ops->open(browser, NULL, 0, &op, &context, &error) == SB_OK)
            browser->ops->close_context(browser, context);
        else
            assert_null(context);
    }
    for (int i = 0; i < 100 && group_members(group) > processes; i++)
        pause_ms(30);
    assert_true(group_members(group) <= processes + 1);
    assert_int_equal(stats_now().contexts_open, 0);

    /* A context without a page is no process: only the browser can tell that it is there. */
    const struct sb_op op = within(10000);
    json_t *result = NULL;
    expect_code(sb_browser_call((struct sb_chromium *)(void *)browser, NULL, "Target.getBrowserContexts", NULL, &op, &result, &error), SB_OK,
                &error);
    assert_int_equal(json_array_size(json_object_get(result, "browserContextIds")), 0);
    json_decref(result);
}

/* ---- an orphan of an earlier run ---- */

static unsigned long long started_at(pid_t pid)
{
    char path[64], text[1024];
    unsigned long long started = 0;

    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof(text), file));
    (void)fclose(file);
    assert_int_equal(sscanf(strrchr(text, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &started), 1);
    return started;
}

/* Creates and closes a service whose pid file names a stand-in with the start time given; tells whether the stand-in was ended. */
static bool is_ended_by_create(unsigned long long shift)
{
    const char *const argv[] = { "sleep", "600", NULL };
    const struct sb_child_spec spec = { .path = "sleep", .argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 };
    struct sb_child child;
    struct sb_error error = { 0 };
    struct sb_browser *next = NULL;
    char folder[] = "/tmp/signalbox-test-XXXXXX", pid_file[64], profile[96], text[256];
    size_t ready;

    assert_non_null(mkdtemp(folder));
    (void)snprintf(pid_file, sizeof(pid_file), "%s/browser.pid", folder);
    (void)snprintf(profile, sizeof(profile), "%s/signalbox-browser-left", folder);
    expect_code(sb_dir_make(profile, 0700, &error), SB_OK, &error);
    expect_code(sb_child_start(&child, &spec, &error), SB_OK, &error);
    unsigned long long started = started_at(child.pid) + shift;
    int size = snprintf(text, sizeof(text), "%d %llu %d %llu\n%s\n", (int)child.pid, started, (int)child.pid, started, profile);
    expect_code(sb_file_write_atomically(pid_file, text, (size_t)size, 0600, &error), SB_OK, &error);

    expect_code(sb_browser_create(&next, &(struct sb_browser_setup){ .pid_file = pid_file }, &error), SB_OK, &error);
    const struct sb_op op = within(shift == 0 ? 5000 : 100);
    bool is_ended = sb_poll_readable(&child.pidfd, 1, &op, &ready, NULL) == SB_OK;
    sb_child_end(&child, 0);
    assert_int_equal(access(profile, F_OK), -1);
    assert_int_equal(access(pid_file, F_OK), -1);
    next->ops->close(next);
    expect_code(sb_dir_remove(folder, &error), SB_OK, &error);
    return is_ended;
}

static void orphan__of_an_earlier_run_is_ended_at_creation(void **state)
{
    (void)state;
    assert_true(is_ended_by_create(0));
}

static void orphan__a_stranger_with_the_same_number_is_spared(void **state)
{
    (void)state;
    assert_false(is_ended_by_create(1));
}

static void profile__and_pid_file_exist_only_while_the_browser_runs(void **state)
{
    (void)state;
    struct sb_error error = { 0 };
    struct sb_browser *own = NULL;
    char folder[] = "/tmp/signalbox-test-XXXXXX", pid_file[64];
    const struct sb_op op = within(20000);
    assert_non_null(mkdtemp(folder));
    (void)snprintf(pid_file, sizeof(pid_file), "%s/browser.pid", folder);
    const struct sb_browser_setup setup = { .executable = setup_wanted.executable, .profile_root = folder, .pid_file = pid_file };
    expect_code(sb_browser_create(&own, &setup, &error), SB_OK, &error);
    expect_code(own->ops->check(own, &op, &error), SB_OK, &error);
    assert_int_equal(entries(folder), 2 + 2);
    own->ops->close(own);
    assert_int_equal(entries(folder), 2);
    expect_code(sb_dir_remove(folder, &error), SB_OK, &error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_and_close__leave_no_process_thread_or_descriptor),
        cmocka_unit_test(cancelled_opens__leave_no_context_in_the_browser),
        cmocka_unit_test(workers__use_contexts_at_the_same_time),
        cmocka_unit_test(cancel__ends_a_call_under_way_at_once),
        cmocka_unit_test(close_context__ends_a_call_under_way_on_another_thread),
        cmocka_unit_test(endless_script__ends_at_the_deadline_and_the_context_can_be_replaced),
        cmocka_unit_test(page_crash__fails_the_calls_of_its_context_only),
        cmocka_unit_test(killed_browser__fails_calls_at_once_and_the_next_open_starts_another),
        cmocka_unit_test(restart__ends_the_browser_and_the_next_check_starts_another),
        cmocka_unit_test(missing_browser__is_named_and_not_tried_in_a_loop),
        cmocka_unit_test(wrong_executable__is_an_error_with_its_own_words),
        cmocka_unit_test(orphan__of_an_earlier_run_is_ended_at_creation),
        cmocka_unit_test(orphan__a_stranger_with_the_same_number_is_spared),
        cmocka_unit_test(profile__and_pid_file_exist_only_while_the_browser_runs),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
