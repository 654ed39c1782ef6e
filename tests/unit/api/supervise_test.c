/* What a supervisor hears, on a real notification socket, and what it is told when it asks. */
#include "api_client.h"

#include <sched.h>

struct fixture {
    char dir[64], socket_path[96], notify_path[96];
    int notify_fd;
    struct sb_api *api;
    struct sb_feed *feed;
    struct sb_api_setup setup;
    atomic_bool is_held, fails;
    atomic_uint probes;
};
static struct fixture fx;

/* The store's check: answers when the test lets it. */
static enum sb_component_state probe(void *arg, enum sb_component component, const struct sb_op *op, struct sb_error *err)
{
    (void)arg;
    if (component != SB_COMPONENT_STORE)
        return SB_COMPONENT_STATE_OK;
    atomic_fetch_add(&fx.probes, 1);
    while (atomic_load(&fx.is_held)) {
        if (sb_op_check(op, "the check", err) != SB_OK)
            return SB_COMPONENT_STATE_FAILED;
        (void)sched_yield();
    }
    if (!atomic_load(&fx.fails))
        return SB_COMPONENT_STATE_OK;
    (void)sb_error_set(err, SB_ERR_UNAVAILABLE, "no store here");
    return SB_COMPONENT_STATE_FAILED;
}

static int setup(void **state)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)state;
    memset(&fx, 0, sizeof(fx));
    rig_init();
    rig_job("walk");
    rig_step("only", SB_STEP_KIND_NATIVE);
    rig.setup.probe = probe;
    rig.catalogue.components[SB_COMPONENT_STORE] = (struct sb_component_def){ .class = SB_COMPONENT_CLASS_REQUIRED, .is_used = true };
    rig.catalogue.settings.startup_deadline = SB_S(20);
    (void)snprintf(fx.dir, sizeof(fx.dir), "/tmp/sb-supervise-XXXXXX");
    assert_non_null(mkdtemp(fx.dir));
    (void)snprintf(fx.socket_path, sizeof(fx.socket_path), "%s/s", fx.dir);
    (void)snprintf(fx.notify_path, sizeof(fx.notify_path), "%s/notify", fx.dir);
    fx.notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fx.notify_fd >= 0);
    assert_true(sb_copy(address.sun_path, sizeof(address.sun_path), fx.notify_path));
    assert_int_equal(bind(fx.notify_fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", fx.notify_path, 1), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_store_block_append(rig.store, false);
    atomic_store(&fx.is_held, false);
    sb_api_close(fx.api);
    rig_deinit();
    sb_fd_close(&fx.notify_fd);
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
    assert_int_equal(sb_dir_remove(fx.dir, NULL), SB_OK);
    return 0;
}

static void open_api(void)
{
    struct sb_error error = { .text = "" };
    fx.setup.catalogue = &rig.catalogue;
    fx.setup.control = sb_engine_control(rig.engine);
    fx.setup.socket_path = fx.socket_path;
    fx.setup.feed = fx.feed;
    if (sb_api_open(&fx.api, &fx.setup, &error) != SB_OK)
        fail_msg("api: %s", error.text);
}

static void start(void)
{
    rig.setup.first_feed = &fx.feed;
    rig_start();
    open_api();
}

/* The next message, or "" when none comes within the time. */
static const char *hear(sb_ns patience)
{
    static char message[512];
    const struct sb_op op = { .deadline = sb_now() + patience };
    size_t ready = 0;
    message[0] = '\0';
    if (sb_poll_readable(&fx.notify_fd, 1, &op, &ready, NULL) != SB_OK)
        return message;
    ssize_t size = recv(fx.notify_fd, message, sizeof(message) - 1, 0);
    assert_true(size >= 0);
    message[size] = '\0';
    return message;
}

/* Reads on until a message begins so; fails when one of `forbidden` comes first. */
static const char *await(const char *wanted, const char *forbidden)
{
    for (;;) {
        const char *message = hear(SB_S(30));
        if (message[0] == '\0')
            fail_msg("%s never comes", wanted);
        if (forbidden != NULL && strncmp(message, forbidden, strlen(forbidden)) == 0)
            fail_msg("%s came before %s", forbidden, wanted);
        if (strncmp(message, wanted, strlen(wanted)) == 0)
            return message;
    }
}

/* No such message comes within the time; others may. */
static void assert_silent(const char *unwanted, sb_ns patience)
{
    const sb_ns until = sb_now() + patience;
    do {
        if (strncmp(hear(until - sb_now()), unwanted, strlen(unwanted)) == 0)
            fail_msg("%s came", unwanted);
    } while (sb_now() < until);
}

static void start__is_told_when_the_verification_has_ended_and_not_before(void **state)
{
    (void)state;
    atomic_store(&fx.is_held, true);
    start();
    (void)await("STATUS=starting", "READY=1");
    while (atomic_load(&fx.probes) == 0)
        (void)sched_yield();
    client_await(fx.socket_path, "/startupz", "store is not checked yet"); /* once it has its picture of everything */
    assert_true(client_says(fx.socket_path, "/startupz", " 503 "));
    assert_true(client_says(fx.socket_path, "/readyz", " 503 "));
    assert_true(client_says(fx.socket_path, "/livez", " 200 "));
    assert_silent("READY=1", 0);
    atomic_store(&fx.is_held, false);
    assert_non_null(strstr(await("READY=1", NULL), "STATUS=ready"));
    client_await(fx.socket_path, "/startupz", " 200 ");
    assert_true(client_says(fx.socket_path, "/readyz?verbose", "store required ok"));
}

static void start__waits_for_a_required_component_beyond_the_deadline(void **state)
{
    (void)state;
    atomic_store(&fx.fails, true);
    rig.catalogue.settings.startup_deadline = SB_MS(1);
    start();
    (void)await("STATUS=not_ready: store failed", "READY=1");
    client_await(fx.socket_path, "/startupz", " 200 "); /* the verification has ended, and not well */
    assert_true(client_says(fx.socket_path, "/readyz", " 503 "));
    assert_int_equal(sb_api_start_failure(fx.api, NULL), SB_OK);
    atomic_store(&fx.fails, false);
    (void)await("READY=1", NULL);
}

static void start__goes_on_without_what_may_be_missing(void **state)
{
    (void)state;
    atomic_store(&fx.fails, true);
    rig.catalogue.components[SB_COMPONENT_STORE].class = SB_COMPONENT_CLASS_OPTIONAL;
    rig.catalogue.components[SB_COMPONENT_STORE].at_start = SB_START_POLICY_DEGRADE;
    rig.catalogue.settings.startup_deadline = SB_MS(1);
    start();
    assert_non_null(strstr(await("READY=1", NULL), "STATUS=degraded: store failed"));
}

static void start__ends_without_what_must_not_be_missing(void **state)
{
    struct sb_error error = { .text = "" };
    (void)state;
    atomic_store(&fx.fails, true);
    rig.catalogue.components[SB_COMPONENT_STORE].at_start = SB_START_POLICY_FAIL;
    rig.catalogue.settings.startup_deadline = SB_MS(1);
    start();
    (void)await("STOPPING=1", "READY=1");
    assert_int_equal(sb_api_start_failure(fx.api, &error), SB_ERR_UNAVAILABLE);
    assert_non_null(strstr(error.text, "component store does not work"));
    assert_non_null(strstr(error.text, "no store here"));
}

static void start__writes_to_the_descriptor_that_waits_for_it(void **state)
{
    int fds[2];
    char line[16] = "";
    (void)state;
    assert_int_equal(pipe(fds), 0);
    fx.setup.ready_fd = fds[1];
    start();
    (void)await("READY=1", NULL);
    assert_int_equal(read(fds[0], line, sizeof(line)), 6);
    assert_string_equal(line, "ready\n");
    assert_int_equal(read(fds[0], line, sizeof(line)), 0); /* and it is closed */
    sb_fd_close(&fds[0]);
}

static void watchdog__is_fed_only_while_every_loop_answers(void **state)
{
    const struct sb_input note = sb_input_make(SB_INPUT_NOTE);
    (void)state;
    assert_int_equal(setenv("WATCHDOG_USEC", "400000", 1), 0);
    start();
    (void)await("READY=1", NULL);
    for (int i = 0; i < 3; i++)
        (void)await("WATCHDOG=1", NULL);
    fake_store_block_append(rig.store, true);
    assert_int_equal(sb_control_input(sb_engine_control(rig.engine), &note, NULL), SB_OK);
    client_await(fx.socket_path, "/livez", " 503 ");
    assert_true(client_says(fx.socket_path, "/livez", "core has not answered for"));
    assert_true(client_says(fx.socket_path, "/readyz", " 503 "));
    while (hear(0)[0] != '\0') { /* what was said before */
    }
    assert_silent("WATCHDOG=1", SB_S(1)); /* two and a half times the limit of whoever listens */
    fake_store_block_append(rig.store, false);
    (void)await("WATCHDOG=1", NULL);
    client_await(fx.socket_path, "/livez", " 200 ");
}

static void watchdog__is_none_of_another_process(void **state)
{
    (void)state;
    assert_int_equal(setenv("WATCHDOG_USEC", "400000", 1), 0);
    assert_true(sb_notify_interval() == SB_MS(200));
    assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0);
    assert_true(sb_notify_interval() == 0);
    assert_int_equal(unsetenv("WATCHDOG_PID"), 0);
    start();
}

static void stop__is_told(void **state)
{
    (void)state;
    start();
    (void)await("READY=1", NULL);
    (void)rig_command(SB_COMMAND_DRAIN, SB_NO_JOB, 0);
    (void)await("STOPPING=1", NULL);
    client_await(fx.socket_path, "/readyz", "draining");
    assert_true(client_says(fx.socket_path, "/readyz", " 503 "));
}

static void vitals__of_the_process_reach_the_rules(void **state)
{
    (void)state;
    sb_alerts_def_init(&rig.catalogue.alerts);
    rig.catalogue.alerts.bounds[SB_GAUGE_THREADS].warn = 2;
    rig.setup.first_feed = &fx.feed;
    rig_start();
    rig_wait_begun(); /* from here on this test hears everything */
    open_api();
    const struct sb_ev_gauge_changed *changed = &rig_wait(SB_EVENT_GAUGE_CHANGED)->as.gauge_changed;
    assert_int_equal(changed->gauge, SB_GAUGE_THREADS);
    assert_int_equal(changed->level, 1);
    assert_true(changed->value > 4); /* the engine's and the interface's */
    assert_int_equal(changed->bound, 2);
}

static void stats_of_busy(struct sb_store *store, struct sb_store_stats *stats)
{
    (void)store;
    *stats = (struct sb_store_stats){ .reader_waits_long = 5 };
}

static void queries__that_waited_reach_the_rules(void **state)
{
    static const struct sb_store_ops ops = { .stats = stats_of_busy };
    static struct sb_store busy = { .ops = &ops };
    (void)state;
    fx.setup.store = &busy;
    rig.setup.first_feed = &fx.feed;
    rig_start();
    rig_wait_begun();
    open_api();
    const struct sb_ev_gauge_changed *changed = &rig_wait(SB_EVENT_GAUGE_CHANGED)->as.gauge_changed;
    assert_int_equal(changed->gauge, SB_GAUGE_QUERIES);
    assert_int_equal(changed->value, 5);
}

static char date[16];

static void endings__of_models_reach_the_rules(void **state)
{
    static const struct sb_model_alias aliases[] = {
        { .alias = "economy", .model = "small-2", .shutdown_date = "2999-01-01" },
        { .alias = "premium", .model = "large-1", .shutdown_date = date },
        { .alias = "local", .model = "old-0", .shutdown_date = "2020-01-01" }, /* ended: that is told by its failing */
    };
    (void)state;
    const struct sb_civil day = sb_wall_civil((struct sb_wall){ sb_wall_now().ns + SB_DAY(10) });
    (void)snprintf(date, sizeof(date), "%04d-%02u-%02u", (int)day.year, (unsigned)day.month, (unsigned)day.day);
    rig.catalogue.llm.aliases = aliases;
    rig.catalogue.llm.alias_count = SB_LEN(aliases);
    rig.setup.first_feed = &fx.feed;
    rig_start();
    rig_wait_begun();
    open_api();
    const struct sb_ev_model_ending *ending = &rig_wait(SB_EVENT_MODEL_ENDING)->as.model_ending;
    assert_string_equal(ending->model, "large-1");
    assert_int_equal(ending->level, 2);
    assert_true(ending->days == 10 || ending->days == 9); /* midnight may have passed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(start__is_told_when_the_verification_has_ended_and_not_before),
        TEST(start__waits_for_a_required_component_beyond_the_deadline),
        TEST(start__goes_on_without_what_may_be_missing),
        TEST(start__ends_without_what_must_not_be_missing),
        TEST(start__writes_to_the_descriptor_that_waits_for_it),
        TEST(watchdog__is_fed_only_while_every_loop_answers),
        TEST(watchdog__is_none_of_another_process),
        TEST(stop__is_told),
        TEST(vitals__of_the_process_reach_the_rules),
        TEST(endings__of_models_reach_the_rules),
        TEST(queries__that_waited_reach_the_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
