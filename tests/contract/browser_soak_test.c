/* The soak: leases through the port as the pool takes them, on several threads, while pages hang, crash and the browser is killed. Nothing may
 * be left over, and no slot may be lost. SOAK_LEASES sets how many (200 unless told; 2,000 before a release). */
#include "browser_support.h"
#include "runtime/services/browser/chromium.h"

#include <signal.h>
#include <stdatomic.h>

enum { SLOTS = 3, KILL_EVERY = 100, LEASES_MIN = 20 };

enum visit { VISIT_PLAIN, VISIT_FORM, VISIT_HANG, VISIT_HANG_AT_LOAD, VISIT_CRASH, VISIT_CRASH_ADDRESS, VISIT_CANCELLED, VISIT_COUNT };

static const char *const visit_names[VISIT_COUNT] = { "plain", "form", "hang in a click", "hang at load", "Page.crash", "chrome://crash",
                                                      "cancelled" };

struct soak {
    atomic_int taken, granted, ended, open_failures;
    atomic_int good[VISIT_COUNT], bad[VISIT_COUNT];
    atomic_int kills;
    int leases;
    atomic_llong longest_open, longest_close;
};

static struct soak soak;

static int count_entries(const char *folder)
{
    DIR *dir = opendir(folder);
    int count = 0;

    assert_non_null(dir);
    while (readdir(dir) != NULL)
        count++;
    (void)closedir(dir);
    return count;
}

/* Profiles of ours in the folder for temporary files. */
static int count_profiles(const char *root)
{
    DIR *dir = opendir(root);
    const struct dirent *entry;
    int count = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        count += strncmp(entry->d_name, "signalbox-browser-", 18) == 0;
    (void)closedir(dir);
    return count;
}

/* Our children and theirs, zombies included. */
static int count_descendants(void)
{
    int pids[4096], parents[4096], count = 0, found = 0;
    bool is_ours[4096] = { false }, has_grown = true;
    DIR *dir = opendir("/proc");
    const struct dirent *entry;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL && count < 4096) {
        char path[300], line[512];
        (void)snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
        FILE *file = entry->d_name[0] >= '0' && entry->d_name[0] <= '9' ? fopen(path, "re") : NULL;
        if (file == NULL)
            continue;
        const char *rest = fgets(line, sizeof(line), file) != NULL ? strrchr(line, ')') : NULL;
        if (rest != NULL && sscanf(line, "%d", &pids[count]) == 1 && sscanf(rest, ") %*c %d", &parents[count]) == 1)
            count++;
        (void)fclose(file);
    }
    (void)closedir(dir);
    while (has_grown) {
        has_grown = false;
        for (int i = 0; i < count; i++) {
            bool is_child = parents[i] == (int)getpid();
            for (int k = 0; k < count && !is_child; k++)
                is_child = is_ours[k] && pids[k] == parents[i];
            if (is_child && !is_ours[i]) {
                is_ours[i] = has_grown = true;
                found++;
            }
        }
    }
    return found;
}

static void raise_longest(atomic_llong *longest, sb_ns took)
{
    long long seen = atomic_load(longest);
    while (took > seen && !atomic_compare_exchange_weak(longest, &seen, took))
        ;
}

static enum sb_err visit_page(struct sb_context *context, enum visit visit)
{
    static const char *const paths[VISIT_COUNT] = { "/plain", "/form", "/endless-click", "/endless", "/plain", "/plain", "/never" };
    struct sb_error error = { 0 };
    struct sb_navigation navigation;
    struct sb_op op = within(visit == VISIT_HANG_AT_LOAD ? 250 : 5000);
    char url[128];
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", server.port, paths[visit]);

    if (visit == VISIT_CANCELLED) {
        struct sb_cancel *cancel = sb_cancel_create(&error);
        assert_non_null(cancel);
        sb_cancel_ask(cancel);
        op.cancel = cancel;
        enum sb_err rc = browser->ops->go(context, url, &op, &navigation, &error);
        sb_cancel_destroy(cancel);
        return rc;
    }
    enum sb_err rc = browser->ops->go(context, url, &op, &navigation, &error);
    if (rc != SB_OK)
        return rc;
    op = within(visit == VISIT_HANG ? 250 : 5000);
    switch (visit) {
    case VISIT_FORM:
        return browser->ops->type(context, "#in", "some text", &op, &error);
    case VISIT_HANG:
        rc = browser->ops->click(context, "#b", &op, &error);
        return rc == SB_OK ? browser->ops->wait(context, "#never", &op, &error) : rc;
    case VISIT_CRASH:
        return sb_context_call(context, "Page.crash", NULL, &op, NULL, &error);
    case VISIT_CRASH_ADDRESS:
        return sb_context_call(context, "Page.navigate", json_pack("{s:s}", "url", "chrome://crash"), &op, NULL, &error);
    case VISIT_PLAIN:
    case VISIT_HANG_AT_LOAD:
    case VISIT_CANCELLED:
    case VISIT_COUNT:
        break;
    }
    return SB_OK;
}

/* Most visits are good ones; the bad ones come round in turn. */
static enum visit visit_of(int number)
{
    if (number % 4 != 0)
        return number % 2 == 0 ? VISIT_FORM : VISIT_PLAIN;
    return (enum visit)(VISIT_HANG + number / 4 % (VISIT_COUNT - VISIT_HANG));
}

static void kill_browser(void)
{
    struct sb_browser_stats stats;

    browser->ops->stats(browser, &stats);
    if (stats.pid > 0 && kill(stats.pid, SIGKILL) == 0)
        atomic_fetch_add(&soak.kills, 1);
}

/* One slot of the pool: opens, visits, closes, as often as there are leases left. */
static void slot_main(void *arg)
{
    (void)arg;
    for (;;) {
        int number = atomic_fetch_add(&soak.taken, 1);
        struct sb_context *context = NULL;
        struct sb_error error = { 0 };
        if (number >= soak.leases)
            return;
        if (number % KILL_EVERY == KILL_EVERY / 2)
            kill_browser();
        sb_ns begun = sb_now();
        const struct sb_op op = within(30000);
        /* A browser that was killed meanwhile is replaced; the slot tries until it has its context, like the keeper. */
        while (browser->ops->open(browser, NULL, 0, &op, &context, &error) != SB_OK && sb_now() < op.deadline) {
            atomic_fetch_add(&soak.open_failures, 1);
            pause_ms(20);
        }
        raise_longest(&soak.longest_open, sb_now() - begun);
        if (context == NULL)
            continue; /* a lost slot: granted != leases tells */
        atomic_fetch_add(&soak.granted, 1);
        enum visit visit = visit_of(number);
        enum sb_err rc = visit_page(context, visit);
        atomic_fetch_add(rc == SB_OK ? &soak.good[visit] : &soak.bad[visit], 1);
        begun = sb_now();
        browser->ops->close_context(browser, context);
        raise_longest(&soak.longest_close, sb_now() - begun);
        atomic_fetch_add(&soak.ended, 1);
    }
}

static void soak__leaves_nothing_behind_and_loses_no_slot(void **state)
{
    struct sb_error error = { 0 };
    struct sb_thread *threads[SLOTS];
    const char *wanted = getenv("SOAK_LEASES");
    char root[] = "/tmp/signalbox-soak-XXXXXX";
    int64_t leases = 200;

    (void)state;
    if (wanted != NULL)
        assert_true(sb_parse_i64(wanted, &leases) && leases >= LEASES_MIN && leases <= 1000000);
    soak.leases = (int)leases;
    choose_browser();
    assert_non_null(mkdtemp(root));
    setup_wanted.profile_root = root;
    assert_true(server_start(&server, pages, SB_LEN(pages)));
    int fds = count_entries("/proc/self/fd"), tasks = count_entries("/proc/self/task"), processes = count_descendants();
    uint64_t rss = sb_memory_rss();
    sb_ns begun = sb_now();
    expect_code(sb_browser_create(&browser, &setup_wanted, &error), SB_OK, &error);
    for (int i = 0; i < SLOTS; i++)
        expect_code(sb_thread_start(&threads[i], "test-slot", slot_main, NULL, &error), SB_OK, &error);
    for (int i = 0; i < SLOTS; i++)
        sb_thread_join(threads[i]);
    struct sb_browser_stats stats;
    browser->ops->stats(browser, &stats);
    const struct sb_op op = within(30000);
    expect_code(browser->ops->check(browser, &op, &error), SB_OK, &error); /* it serves on */
    browser->ops->close(browser);
    double seconds = (double)(sb_now() - begun) / 1e9;

    print_message("  %d leases in %.1f s on %d slots, %d kills, %d crashes seen, %d launches, %d opens tried again\n", (int)leases, seconds, SLOTS,
                  atomic_load(&soak.kills), (int)stats.crashes, (int)stats.launches, atomic_load(&soak.open_failures));
    for (int i = 0; i < VISIT_COUNT; i++)
        print_message("  %-16s %4d ended well, %4d failed\n", visit_names[i], atomic_load(&soak.good[i]), atomic_load(&soak.bad[i]));
    print_message("  longest open %.0f ms, longest close %.0f ms, memory of this process %+.1f MiB\n",
                  (double)atomic_load(&soak.longest_open) / 1e6, (double)atomic_load(&soak.longest_close) / 1e6,
                  ((double)sb_memory_rss() - (double)rss) / 1048576);
    assert_int_equal(atomic_load(&soak.granted), leases);
    assert_int_equal(atomic_load(&soak.ended), leases);
    assert_int_equal(stats.contexts_opened, leases);
    assert_int_equal(stats.contexts_closed, leases);
    assert_int_equal(stats.contexts_open, 0);
    assert_int_equal(stats.crashes, atomic_load(&soak.kills));
    assert_int_equal(atomic_load(&soak.good[VISIT_HANG]), 0);
    assert_int_equal(atomic_load(&soak.good[VISIT_CRASH]), 0);
    assert_true(atomic_load(&soak.longest_close) < PATIENCE);
    assert_true(atomic_load(&soak.longest_open) < PATIENCE); /* a browser that served well is followed by another one at once */
    assert_int_equal(count_entries("/proc/self/fd"), fds);
    assert_int_equal(count_entries("/proc/self/task"), tasks);
    assert_int_equal(count_descendants(), processes);
    assert_int_equal(count_profiles(root), 0);
    server_stop(&server);
    assert_int_equal(rmdir(root), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(soak__leaves_nothing_behind_and_loses_no_slot) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
