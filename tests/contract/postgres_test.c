/* What PostgreSQL alone can do to its store: lose connections, answers and itself. Nothing appended is lost, nothing is done twice. */
#include "tests/contract/store_world.h"

#include "postgres_proxy.h"

static struct sb_event note_of(uint64_t seq)
{
    struct sb_event event;
    memset(&event, 0, sizeof event);
    event.seq = seq;
    event.kind = SB_EVENT_NOTE;
    event.wall.ns = (int64_t)seq * 1000000;
    event.as.note.job = SB_NO_JOB;
    event.as.note.step = SB_NO_STEP;
    (void)sb_copy(event.as.note.text, sizeof event.as.note.text, "a note of ordinary length, as steps write them");
    return event;
}

static void append_note(struct world *world, uint64_t seq)
{
    const struct sb_event event = note_of(seq);
    assert_int_equal(world->store->ops->append(world->store, &event, 1, NULL), SB_OK);
}

/* ---- load ---- */

/* Appends in order, as the core would, until it is told to stop. */
struct appender {
    struct world *world;
    struct sb_thread *thread;
    _Atomic bool is_over;
    uint64_t appended;
};

static void append_on(void *arg)
{
    struct appender *self = arg;
    while (!atomic_load(&self->is_over)) {
        struct sb_event events[8];
        for (size_t i = 0; i < SB_LEN(events); i++)
            events[i] = note_of(++self->appended);
        if (self->world->store->ops->append(self->world->store, events, SB_LEN(events), NULL))
            return;
        struct sb_store_stats stats;
        do /* never far ahead, so that there are many transactions */
            self->world->store->ops->stats(self->world->store, &stats);
        while (stats.queue_count > 64 && !atomic_load(&self->is_over));
    }
}

/* Counts up in a row of its own; what was answered with success must be in the row once, everything else not at all. */
struct counter {
    struct world *world;
    struct sb_thread *thread;
    _Atomic bool *is_over;
    int id;
    int64_t counted, failed;
    struct sb_error last;
};

static void count_on(void *arg)
{
    struct counter *self = arg;
    char key[16];
    (void)snprintf(key, sizeof key, "c%d", self->id);
    const struct sb_cell param = sb_cell_text(key);
    const struct sb_statement up = { "UPDATE meta SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) WHERE key = $1", &param, 1, 1 };
    while (!atomic_load(self->is_over)) {
        enum sb_err code = self->world->store->ops->write(self->world->store, &up, 1, NULL, &patient, &self->last);
        self->counted += code == SB_OK;
        self->failed += code != SB_OK;
    }
}

enum { COUNTERS = 4 };
struct load {
    struct appender appender;
    struct counter counters[COUNTERS];
};

static void load_begin(struct load *load, struct world *world)
{
    memset(load, 0, sizeof *load);
    load->appender.world = world;
    for (int i = 0; i < COUNTERS; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "c%d", i);
        put_meta(world, key, "0");
        load->counters[i] = (struct counter){ .world = world, .is_over = &load->appender.is_over, .id = i };
        assert_int_equal(sb_thread_start(&load->counters[i].thread, "count", count_on, &load->counters[i], NULL), SB_OK);
    }
    assert_int_equal(sb_thread_start(&load->appender.thread, "append", append_on, &load->appender, NULL), SB_OK);
}

static void load_end(struct load *load)
{
    struct world *world = load->appender.world;
    int64_t counted = 0, failed = 0;
    atomic_store(&load->appender.is_over, true);
    sb_thread_join(load->appender.thread);
    for (int i = 0; i < COUNTERS; i++) {
        char sql[80];
        sb_thread_join(load->counters[i].thread);
        (void)snprintf(sql, sizeof sql, "SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'c%d'", i);
        assert_int_equal(number(world, sql), load->counters[i].counted);
        counted += load->counters[i].counted;
        failed += load->counters[i].failed;
    }
    wait_durable(world, load->appender.appended);
    assert_int_equal(world->disorder, 0);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM events"), load->appender.appended);
    assert_int_equal(number(world, "SELECT MAX(seq) FROM events"), load->appender.appended);
    print_message("%lld events, %lld writes, %lld failed%s%s\n", (long long)load->appender.appended, (long long)counted, (long long)failed,
                  failed ? ": " : "", failed ? load->counters[0].last.text : "");
}

static uint64_t durable(struct world *world)
{
    sb_mutex_lock(world->mutex);
    uint64_t seq = world->durable;
    sb_mutex_unlock(world->mutex);
    return seq;
}

static void wait_failures(struct world *world, unsigned count)
{
    sb_ns deadline = sb_now() + SB_S(60);
    sb_mutex_lock(world->mutex);
    while (world->failures < count && sb_now() < deadline)
        (void)sb_cond_wait(world->changed, world->mutex, sb_now() + SB_MS(20));
    unsigned seen = world->failures;
    sb_mutex_unlock(world->mutex);
    assert_true(seen >= count);
}

/* ---- faults ---- */

#define OURS "FROM pg_stat_activity WHERE usename = 'signalbox'"

static void postgres__ended_sessions_lose_nothing_and_repeat_nothing(void **state)
{
    struct world *world = *state;
    struct load load;
    load_begin(&load, world);
    for (int i = 0; i < 40; i++) {
        wait_durable(world, durable(world) + 1);
        test_pg_sql("SELECT COUNT(pg_terminate_backend(pid)) " OURS);
    }
    load_end(&load);
}

static void postgres__a_restart_of_the_server_loses_nothing(void **state)
{
    struct world *world = *state;
    struct load load;
    load_begin(&load, world);
    const int signals[] = { SIGINT, SIGQUIT };
    for (size_t i = 0; i < SB_LEN(signals); i++) {
        wait_durable(world, durable(world) + 20);
        test_pg_stop(signals[i]);
        test_pg_boot();
    }
    wait_durable(world, durable(world) + 20);
    load_end(&load);
}

static void postgres__what_is_appended_while_the_server_is_away_becomes_durable_in_order(void **state)
{
    struct world *world = *state;
    append_note(world, 1);
    wait_durable(world, 1);
    test_pg_stop(SIGINT);
    for (uint64_t seq = 2; seq <= 500; seq++)
        append_note(world, seq);
    wait_failures(world, 5); /* it goes on trying */
    struct sb_error err = { 0 };
    struct sb_rows *rows = NULL;
    assert_int_equal(write_one(world, "INSERT INTO meta (key, value) VALUES ('away', '1')", NULL, 0, 1, &err), SB_ERR_UNAVAILABLE);
    assert_int_equal(try_query(world, "SELECT 1", &rows, &err), SB_ERR_UNAVAILABLE);
    test_pg_boot();
    wait_durable(world, 500);
    assert_int_equal(world->disorder, 0);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM events WHERE at_ms = seq"), 500);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM meta WHERE key = 'away'"), 0);
}

/* A store behind the proxy instead. */
static void go_through(struct world *world, struct test_proxy *proxy)
{
    world->store->ops->close(world->store);
    test_proxy_start(proxy, world->location, sizeof world->location);
    open_store(world);
}

static void come_back(struct world *world, struct test_proxy *proxy)
{
    world->store->ops->close(world->store);
    test_proxy_stop(proxy);
    world->store = NULL;
    char *at = strstr(world->location, proxy->folder);
    memcpy(at, test_pg.folder, strlen(test_pg.folder)); /* both are as long */
    open_store(world);
}

static void postgres__a_commit_whose_answer_is_lost_counts_once(void **state)
{
    struct world *world = *state;
    struct test_proxy proxy;
    go_through(world, &proxy);
    put_meta(world, "n", "0");
    for (uint64_t i = 1; i <= 20; i++) {
        atomic_store(&proxy.lose_commits, i % 3 == 0 ? 2 : 1);
        if (i % 2)
            append_note(world, (i + 1) / 2);
        must_write(world, "UPDATE meta SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) WHERE key = 'n'", NULL, 0);
        if (i % 2)
            wait_durable(world, (i + 1) / 2);
    }
    assert_true(atomic_load(&proxy.lost) >= 20);
    assert_int_equal(number(world, "SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'n'"), 20);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM events"), 10);
    assert_int_equal(world->failures, 0); /* nobody had to hear of it */
    atomic_store(&proxy.lose_commits, 0);
    come_back(world, &proxy);
}

static void postgres__a_server_that_hangs_is_given_up_and_found_again(void **state)
{
    struct world *world = *state;
    struct test_proxy proxy;
    struct sb_error err = { 0 };
    struct sb_rows *rows = NULL;
    go_through(world, &proxy);
    put_meta(world, "n", "0");
    assert_int_equal(number(world, "SELECT 1"), 1);
    test_proxy_freeze(&proxy, true);
    const struct sb_op op = { .deadline = sb_now() + SB_MS(100) };
    const struct sb_statement look = { "SELECT 1", NULL, 0, -1 };
    const struct sb_statement up = { "UPDATE meta SET value = '1' WHERE key = 'n'", NULL, 0, 1 };
    assert_int_equal(world->store->ops->query(world->store, &look, &op, &rows, &err), SB_ERR_TIMEOUT);
    const struct sb_op later = { .deadline = sb_now() + SB_MS(100) };
    assert_int_not_equal(world->store->ops->write(world->store, &up, 1, NULL, &later, &err), SB_OK);
    test_proxy_freeze(&proxy, false);
    append_note(world, 1);
    wait_durable(world, 1);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM meta WHERE key = 'n' AND value = '0'"), 1);
    come_back(world, &proxy);
}

/* ---- manners ---- */

enum { READERS = 50 };
struct reader {
    struct world *world;
    _Atomic int *running;
    unsigned wrong;
};

static void read_often(void *arg)
{
    struct reader *self = arg;
    for (int i = 0; i < 100; i++) {
        struct sb_rows *rows = NULL;
        self->wrong += try_query(self->world, "SELECT COUNT(*) FROM meta, generate_series(1, 100) g", &rows, NULL) != SB_OK;
        sb_rows_destroy(rows);
    }
    atomic_fetch_sub(self->running, 1);
}

static void postgres__fifty_callers_share_the_pool(void **state)
{
    struct world *world = *state;
    struct reader readers[READERS];
    struct sb_thread *threads[READERS];
    _Atomic int running = READERS;
    long most = 0;
    for (int i = 0; i < READERS; i++) {
        readers[i] = (struct reader){ world, &running, 0 };
        assert_int_equal(sb_thread_start(&threads[i], "reader", read_often, &readers[i], NULL), SB_OK);
    }
    while (atomic_load(&running) > 0) {
        long now = test_pg_sql("SELECT COUNT(*) " OURS);
        most = now > most ? now : most;
    }
    for (int i = 0; i < READERS; i++) {
        sb_thread_join(threads[i]);
        assert_int_equal(readers[i].wrong, 0);
    }
    print_message("at most %ld connections\n", most);
    assert_in_range(most, 2, 6); /* four for queries, the writer, one that cancels */
}

static void postgres__what_is_called_off_does_not_go_on_in_the_server(void **state)
{
    struct world *world = *state;
    struct sb_rows *rows = NULL;
    struct sb_error err = { 0 };
    const struct sb_statement endless = { "SELECT pg_sleep(60)", NULL, 0, -1 };
    assert_int_equal(number(world, "SELECT 1"), 1); /* a reader is connected: the short deadline is for the statement */
    for (int i = 0; i < 2; i++) {
        const struct sb_op op = { .deadline = sb_now() + SB_MS(50) };
        enum sb_err code = i ? world->store->ops->write(world->store, &endless, 1, NULL, &op, &err)
                             : world->store->ops->query(world->store, &endless, &op, &rows, &err);
        if (code != SB_ERR_TIMEOUT)
            fail_msg("%d %s", code, err.text);
        assert_int_equal(test_pg_sql("SELECT COUNT(*) " OURS " AND state = 'active'"), 0);
    }
    /* the sessions themselves live on; the one that cancelled is soon gone */
    const sb_ns deadline = sb_now() + SB_S(20);
    while (test_pg_sql("SELECT COUNT(*) " OURS) > 2 && sb_now() < deadline) {
    }
    assert_int_equal(test_pg_sql("SELECT COUNT(*) " OURS), 2);
    assert_int_equal(number(world, "SELECT 1"), 1);
}

static void postgres__a_second_program_is_refused_also_after_a_lost_connection(void **state)
{
    struct world *world = *state;
    struct sb_store *second = NULL;
    struct sb_error err = { 0 };
    test_pg_sql("SELECT COUNT(pg_terminate_backend(pid)) " OURS);
    put_meta(world, "k", "v");
    assert_int_equal(sb_store_open(&second, world->location, &err), SB_ERR_EXISTS);
    assert_non_null(strstr(err.text, "is in use by signalbox pid "));
    assert_non_null(strstr(err.text, "stop the other signalbox"));
    assert_null(second);
    assert_int_equal(sb_store_view(&second, world->location, &err), SB_OK);
    second->ops->close(second);
}

static void assert_refused(const char *location, enum sb_err code, const char *what, const char *remedy)
{
    struct sb_store *store = NULL;
    struct sb_error err = { 0 };
    assert_int_equal(sb_store_open(&store, location, &err), code);
    assert_null(store);
    if (!strstr(err.text, what) || !strstr(err.text, remedy) || strstr(err.text, "horse"))
        fail_msg("%s", err.text);
}

static void postgres__a_newer_or_altered_schema_is_refused(void **state)
{
    struct world *world = *state;
    must_write(world, "INSERT INTO schema_migrations (number, name, checksum, applied_at_ms) VALUES (999, 'later', 'x', 0)", NULL, 0);
    world->store->ops->close(world->store);
    assert_refused(world->location, SB_ERR_UNSUPPORTED, "newer signalbox", "update signalbox");
    char sql[160];
    const char *schema = strstr(world->location, "%3D") + 3;
    (void)snprintf(sql, sizeof sql, "DELETE FROM %s.schema_migrations WHERE number = 999; UPDATE %s.schema_migrations SET checksum = 'other'", schema,
                   schema);
    test_pg_sql_as("signalbox", sql);
    assert_refused(world->location, SB_ERR_UNSUPPORTED, "another build", "name another database");
    (void)snprintf(sql, sizeof sql, "DROP TABLE %s.schema_migrations", schema);
    test_pg_sql_as("signalbox", sql);
    assert_refused(world->location, SB_ERR_CONFIG, "tables of another program", "name another database");
    (void)snprintf(sql, sizeof sql, "DROP SCHEMA %s CASCADE", schema);
    test_pg_sql_as("signalbox", sql);
    assert_refused(world->location, SB_ERR_CONFIG, "leads to no schema", "make one");
    (void)snprintf(sql, sizeof sql, "CREATE SCHEMA %s", schema);
    test_pg_sql_as("signalbox", sql);
    assert_int_equal(sb_store_view(&world->store, world->location, NULL), SB_ERR_NOT_FOUND);
    open_store(world);
}

static void postgres__a_password_is_used_and_never_told(void **state)
{
    struct world *world = *state;
    char location[TEST_LOCATION_MAX], shown[SB_LOCATION_SHOWN_MAX];
    struct sb_store *store = NULL;
    struct sb_error err = { 0 };
    (void)world;
    (void)snprintf(location, sizeof location, "postgresql://locked:wrong%%20horse@/signalbox?host=%s", test_pg.folder);
    assert_refused(location, SB_ERR_PERMISSION, "postgresql://locked@/signalbox", "passfile=");
    sb_store_show_location(location, shown);
    assert_null(strstr(shown, "horse"));
    (void)snprintf(location, sizeof location, "postgresql://locked@/signalbox?host=%s", test_pg.folder);
    assert_refused(location, SB_ERR_PERMISSION, "postgresql://locked@/signalbox", "passfile=");
    const char *const wrong[] = { "postgresql://locked:ho/rse@h:x/db", "postgresql://a:b horse@[::1/db", "postgresql://u@h/db?pass=horse",
                                  "postgresql://u:horse@h:1/db?x%zz=1" };
    for (size_t i = 0; i < SB_LEN(wrong); i++) {
        assert_refused(wrong[i], SB_ERR_CONFIG, "no PostgreSQL location", "postgresql://USER@HOST:PORT/DATABASE");
        sb_store_show_location(wrong[i], shown);
        assert_string_equal(shown, "postgresql://...");
    }
    assert_refused("postgresql://u:horse@h", SB_ERR_CONFIG, "names no database", "postgresql://USER@HOST/DATABASE");

    test_pg_sql_as("signalbox", "CREATE SCHEMA vault");
    test_pg_sql_as("signalbox", "GRANT ALL ON SCHEMA vault TO locked");
    (void)setenv("SB_TEST_PG_WORD", "right horse", 1);
    (void)snprintf(location, sizeof location, "postgresql://locked@/signalbox?host=%s&options=-csearch_path%%3Dvault&password=env:SB_TEST_PG_WORD",
                   test_pg.folder);
    if (sb_store_open(&store, location, &err))
        fail_msg("%s", err.text);
    store->ops->close(store);
    (void)unsetenv("SB_TEST_PG_WORD");
    assert_refused(location, SB_ERR_NOT_FOUND, "SB_TEST_PG_WORD", "not set");
}

static void postgres__bytes_that_are_no_text_do_not_stop_the_journal(void **state)
{
    struct world *world = *state;
    struct sb_event event = note_of(1);
    memset(&event, 0, sizeof event);
    event.seq = 1;
    event.kind = SB_EVENT_ALL_PAUSED;
    (void)memcpy(event.as.all_paused.reason, "caf\xe9 \xff\xc3", 8);
    (void)sb_copy(event.as.all_paused.actor, sizeof event.as.all_paused.actor, "ana");
    assert_int_equal(world->store->ops->append(world->store, &event, 1, NULL), SB_OK);
    wait_durable(world, 1);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM pauses WHERE reason LIKE 'caf_ __' AND reason NOT LIKE '%e%'"), 1);
}

static int set_up_postgres(void **state)
{
    (void)setenv("SB_TEST_STORE", "postgres", 1);
    return set_up(state);
}

#undef TEST
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, set_up_postgres, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(postgres__ended_sessions_lose_nothing_and_repeat_nothing),
        TEST(postgres__a_restart_of_the_server_loses_nothing),
        TEST(postgres__what_is_appended_while_the_server_is_away_becomes_durable_in_order),
        TEST(postgres__a_commit_whose_answer_is_lost_counts_once),
        TEST(postgres__a_server_that_hangs_is_given_up_and_found_again),
        TEST(postgres__fifty_callers_share_the_pool),
        TEST(postgres__what_is_called_off_does_not_go_on_in_the_server),
        TEST(postgres__a_second_program_is_refused_also_after_a_lost_connection),
        TEST(postgres__a_newer_or_altered_schema_is_refused),
        TEST(postgres__a_password_is_used_and_never_told),
        TEST(postgres__bytes_that_are_no_text_do_not_stop_the_journal),
    };
    return cmocka_run_group_tests_name("what PostgreSQL can do to its store", tests, NULL, NULL);
}
