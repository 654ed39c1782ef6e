/* kill -9 at random instants: a child appends events, writes rows and receipts, and reports each acknowledgement over a pipe; after each kill
 * everything acknowledged must be in the reopened files. The child is this very program with arguments. */
#include "signalbox/base/hash.h"
#include "signalbox/base/hist.h"
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/receipts.h"
#include "signalbox/ports/store.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROUNDS = 45, REPORT_FD = 3 };
static const sb_ns all_rounds_max = SB_S(20);
static const struct sb_op patient = { .deadline = SB_NEVER };

/* One acknowledgement; smaller than PIPE_BUF, so reports of several threads do not mix. */
struct report {
    char kind; /* 'E' event, 'W' row, 'R' receipt */
    uint64_t number;
};

struct files {
    char folder[64], store[128], receipts[128];
};

static void name_files(struct files *files, const char *folder)
{
    (void)sb_copy(files->folder, sizeof files->folder, folder);
    (void)snprintf(files->store, sizeof files->store, "%s/store.db", folder);
    (void)snprintf(files->receipts, sizeof files->receipts, "%s/receipts", folder);
}

/* ---- events of one run, over and over ---- */

enum { STORY_EVENTS = 5 };

static void tell_story(uint64_t seq, struct sb_event events[STORY_EVENTS])
{
    static const enum sb_event_kind kinds[STORY_EVENTS] = { SB_EVENT_RUN_QUEUED, SB_EVENT_RUN_STARTED, SB_EVENT_STEP_STARTED,
                                                            SB_EVENT_STEP_ENDED, SB_EVENT_RUN_ENDED };
    uint64_t run = seq; /* unique, growing */
    memset(events, 0, STORY_EVENTS * sizeof *events);
    for (size_t i = 0; i < STORY_EVENTS; i++) {
        events[i].seq = seq + i;
        events[i].kind = (uint16_t)kinds[i];
        events[i].wall.ns = (int64_t)(seq + i) * 1000000;
    }
    events[0].as.run_queued = (struct sb_ev_run_queued){ .run = run, .attempt = 1, .nominal = (int64_t)run };
    events[1].as.run_started = (struct sb_ev_run_started){ .run = run, .attempt = 1 };
    events[2].as.step_started = (struct sb_ev_step_started){ .run = run, .attempt = 1, .ctx = SB_NO_CTX, .fence = run };
    events[3].as.step_ended = (struct sb_ev_step_ended){ .run = run, .attempt = 1, .state = SB_STEP_STATE_SUCCEEDED, .text = "done" };
    events[4].as.run_ended = (struct sb_ev_run_ended){ .run = run, .attempt = 1, .state = SB_RUN_STATE_SUCCEEDED };
}

static struct sb_event job_event(uint64_t seq)
{
    struct sb_event event;
    memset(&event, 0, sizeof event);
    event.seq = seq;
    event.kind = SB_EVENT_JOB_DEFINED;
    event.as.job_defined = (struct sb_ev_job_defined){ .job = 0, .name = "plan", .steps = 1 };
    return event;
}

/* ---- restore ---- */

struct base {
    uint64_t next_seq;
    unsigned open_runs;
};

static uint16_t job_of(void *arg, const char *name)
{
    (void)arg;
    return strcmp(name, "plan") == 0 ? 0 : SB_NO_JOB;
}

static void keep_base(void *arg, const struct sb_input *input)
{
    struct base *base = arg;
    if (input->kind == SB_INPUT_RESTORE_BASE)
        base->next_seq = input->as.restore_base.next_seq;
    base->open_runs += input->kind == SB_INPUT_RESTORE_RUN;
}

/* ---- the child: works until it is killed; any error ends it with status 1, which the parent does not forgive ---- */

struct child {
    struct sb_store *store;
    struct sb_receipts *receipts;
    struct sb_mutex *mutex;
    struct sb_cond *cond;
    uint64_t durable;
    uint64_t salt;
};

static void give_up(const char *what, const struct sb_error *err)
{
    (void)fprintf(stderr, "child: %s: %s\n", what, err->text);
    _exit(1);
}

static void report(char kind, uint64_t number)
{
    struct report out;
    memset(&out, 0, sizeof out);
    out.kind = kind;
    out.number = number;
    if (write(REPORT_FD, &out, sizeof out) != (ssize_t)sizeof out)
        _exit(1);
}

static void on_durable(void *arg, uint64_t seq)
{
    struct child *child = arg;
    report('E', seq);
    sb_mutex_lock(child->mutex);
    child->durable = seq;
    sb_cond_signal(child->cond);
    sb_mutex_unlock(child->mutex);
}

static void on_failure(void *arg, const struct sb_error *error)
{
    (void)arg;
    give_up("journal", error);
}

static void write_rows(void *arg)
{
    struct child *child = arg;
    struct sb_error err = { 0 };
    for (uint64_t i = 1;; i++) {
        uint64_t number = child->salt << 32 | i;
        char key[32];
        (void)snprintf(key, sizeof key, "w%llu", (unsigned long long)number);
        const struct sb_cell params[] = { sb_cell_text(key) };
        const struct sb_statement statement = { "INSERT INTO meta (key, value) VALUES ($1, 'x')", params, 1, 1 };
        if (child->store->ops->write(child->store, &statement, 1, NULL, &patient, &err))
            give_up("write", &err);
        report('W', number);
    }
}

static void write_receipts(void *arg)
{
    struct child *child = arg;
    struct sb_error err = { 0 };
    for (uint64_t i = 1;; i++) {
        for (int kind = SB_RECEIPT_INTENT; kind <= SB_RECEIPT_SETTLED; kind++) {
            struct sb_receipt receipt;
            memset(&receipt, 0, sizeof receipt);
            receipt.kind = (enum sb_receipt_kind)kind;
            (void)snprintf(receipt.effect_id, sizeof receipt.effect_id, "%llu-%llu", (unsigned long long)child->salt, (unsigned long long)i);
            (void)sb_copy(receipt.post_id, sizeof receipt.post_id, "p");
            if (sb_receipts_append(child->receipts, &receipt, &err))
                give_up("receipt", &err);
            report('R', receipt.seq);
        }
    }
}

static void append_stories(struct child *child, uint64_t seq)
{
    struct sb_error err = { 0 };
    struct sb_event first = job_event(seq++);
    if (child->store->ops->append(child->store, &first, 1, &err))
        give_up("append", &err);
    for (;; seq += STORY_EVENTS) {
        struct sb_event events[STORY_EVENTS];
        tell_story(seq, events);
        if (child->store->ops->append(child->store, events, STORY_EVENTS, &err))
            give_up("append", &err);
        sb_mutex_lock(child->mutex); /* at most 20 stories ahead of the disk */
        while (child->durable + (uint64_t)20 * STORY_EVENTS < seq)
            (void)sb_cond_wait(child->cond, child->mutex, SB_NEVER);
        sb_mutex_unlock(child->mutex);
    }
}

static int child_main(const char *folder, const char *salt)
{
    struct child child = { .mutex = sb_mutex_create(SB_RANK_LOG), .cond = sb_cond_create() };
    struct base base = { .next_seq = 0 };
    struct files files;
    struct sb_error err = { 0 };
    struct sb_thread *rows, *receipts;
    name_files(&files, folder);
    sb_log_level_set(SB_LOG_ERROR);
    if (!sb_parse_u64(salt, &child.salt) || sb_store_open(&child.store, files.store, &err))
        give_up("open", &err);
    if (sb_receipts_open(&child.receipts, files.receipts, &err))
        give_up("open receipts", &err);
    child.store->ops->set_callbacks(child.store, &child, on_durable, on_failure);
    if (child.store->ops->restore(child.store, &base, job_of, keep_base, &err))
        give_up("restore", &err);
    child.durable = base.next_seq;
    if (sb_thread_start(&rows, "rows", write_rows, &child, &err) || sb_thread_start(&receipts, "receipts", write_receipts, &child, &err))
        give_up("thread", &err);
    append_stories(&child, base.next_seq);
    return 1;
}

/* ---- the parent ---- */

struct acknowledged {
    uint64_t event, receipt; /* highest */
    uint64_t *rows;
    size_t row_count, row_cap;
    uint64_t reports;
};

static void take(struct acknowledged *seen, const struct report *in)
{
    seen->reports++;
    if (in->kind == 'E' && in->number > seen->event)
        seen->event = in->number;
    if (in->kind == 'R' && in->number > seen->receipt)
        seen->receipt = in->number;
    if (in->kind != 'W')
        return;
    if (seen->row_count == seen->row_cap) {
        seen->row_cap = seen->row_cap ? seen->row_cap * 2 : 1024;
        seen->rows = realloc(seen->rows, seen->row_cap * sizeof *seen->rows);
        assert_non_null(seen->rows);
    }
    seen->rows[seen->row_count++] = in->number;
}

/* Reads what is there; false at the end of the pipe. */
static bool read_reports(int fd, struct acknowledged *seen)
{
    struct report reports[256];
    ssize_t size = read(fd, reports, sizeof reports);
    if (size < 0)
        return errno == EAGAIN || errno == EINTR;
    assert_int_equal(size % (ssize_t)sizeof reports[0], 0);
    for (size_t i = 0; i < (size_t)size / sizeof reports[0]; i++)
        take(seen, &reports[i]);
    return size > 0;
}

/* Starts a child, lets it live for `life`, kills it, and collects its reports. */
static void run_and_kill(const struct files *files, uint64_t salt, sb_ns life, struct acknowledged *seen)
{
    int pipe_fds[2];
    char number[24];
    struct sb_child child;
    struct sb_error err = { 0 };
    int status = 0;
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    assert_int_equal(fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK), 0);
    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)salt);
    const char *const argv[] = { "kill_test", "child", files->folder, number, NULL };
    const struct sb_child_spec spec = { .path = "/proc/self/exe", .argv = argv, .fds = &pipe_fds[1], .fd_count = 1, .stdin_fd = -1,
                                        .stdout_fd = -1, .stderr_fd = STDERR_FILENO };
    if (sb_child_start(&child, &spec, &err))
        fail_msg("%s", err.text);
    sb_fd_close(&pipe_fds[1]);

    const struct sb_op op = { .deadline = sb_now() + life };
    size_t ready;
    while (sb_poll_readable(&pipe_fds[0], 1, &op, &ready, &err) == SB_OK)
        if (!read_reports(pipe_fds[0], seen))
            fail_msg("the child ended by itself");
    sb_child_signal_group(&child, SIGKILL);
    assert_int_equal(sb_child_wait(&child, &patient, &status, &err), SB_OK);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    while (read_reports(pipe_fds[0], seen)) {
    }
    sb_fd_close(&pipe_fds[0]);
    sb_child_end(&child, 0);
}

static int64_t ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(stmt, 0);
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    return value;
}

static void check_rows(sqlite3 *db, struct acknowledged *seen)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT COUNT(*) FROM meta WHERE key = ?1", -1, &stmt, NULL), SQLITE_OK);
    for (size_t i = 0; i < seen->row_count; i++) {
        char key[32];
        (void)snprintf(key, sizeof key, "w%llu", (unsigned long long)seen->rows[i]);
        assert_int_equal(sqlite3_bind_text(stmt, 1, key, -1, SQLITE_TRANSIENT), SQLITE_OK);
        assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
        if (sqlite3_column_int64(stmt, 0) != 1)
            fail_msg("acknowledged row %s is lost", key);
        assert_int_equal(sqlite3_reset(stmt), SQLITE_OK);
    }
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    seen->row_count = 0; /* checked */
}

/* Looks with SQLite itself first, as the kill left the files; then opens them the usual way. */
static void check_store(const struct files *files, struct acknowledged *seen)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_open(files->store, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(stmt, 0), "ok");
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    if (ask(db, "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'events'")) {
        int64_t last = ask(db, "SELECT COALESCE(MAX(seq), 0) FROM events");
        if ((uint64_t)last < seen->event)
            fail_msg("event %llu was acknowledged, %lld is the last", (unsigned long long)seen->event, (long long)last);
        assert_int_equal(ask(db, "SELECT COUNT(*) FROM events"), last); /* no hole */
        /* one append is one transaction: no story is cut, and its rows are there with it */
        assert_int_equal(ask(db, "SELECT COUNT(*) FROM events WHERE kind = 'run_queued'"),
                         ask(db, "SELECT COUNT(*) FROM events WHERE kind = 'run_ended'"));
        assert_int_equal(ask(db, "SELECT COUNT(*) FROM job_runs WHERE state = 'succeeded'"),
                         ask(db, "SELECT COUNT(*) FROM events WHERE kind = 'run_ended'"));
        check_rows(db, seen);
    } else {
        assert_int_equal(seen->event, 0); /* killed while the schema was made: nothing was acknowledged */
        assert_int_equal(seen->row_count, 0);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void check_reopened(const struct files *files, const struct acknowledged *seen)
{
    struct sb_store *store = NULL;
    struct sb_receipts *receipts = NULL;
    struct base base = { .next_seq = 0 };
    struct sb_error err = { 0 };
    struct sb_receipt next;
    if (sb_store_open(&store, files->store, &err) || store->ops->restore(store, &base, job_of, keep_base, &err))
        fail_msg("%s", err.text);
    assert_true(base.next_seq > seen->event);
    assert_int_equal(base.open_runs, 0);
    assert_int_equal(store->ops->check(store, &patient, &err), SB_OK);
    store->ops->close(store);

    if (sb_receipts_open(&receipts, files->receipts, &err))
        fail_msg("%s", err.text);
    memset(&next, 0, sizeof next);
    next.kind = SB_RECEIPT_INTENT;
    (void)sb_copy(next.effect_id, sizeof next.effect_id, "probe of the parent");
    assert_int_equal(sb_receipts_append(receipts, &next, &err), SB_OK);
    if (next.seq <= seen->receipt)
        fail_msg("receipt %llu was acknowledged, the next is %llu", (unsigned long long)seen->receipt, (unsigned long long)next.seq);
    sb_receipts_close(receipts);
}

static void torture__everything_acknowledged_survives_kill_9(void **state)
{
    const struct files *files = *state;
    struct sb_rng rng = { .state = 20261123 };
    struct acknowledged seen = { .event = 0 };
    sb_ns begun = sb_now();
    unsigned rounds = 0;
    while (rounds < ROUNDS && sb_now() - begun < all_rounds_max) {
        sb_ns life = SB_US(200) + (sb_ns)sb_rng_below(&rng, (uint64_t)(rounds % 4 == 0 ? SB_MS(15) : SB_MS(180)));
        run_and_kill(files, ++rounds, life, &seen);
        check_store(files, &seen);
        check_reopened(files, &seen);
    }
    printf("# %u kills, %llu acknowledgements, last event %llu, last receipt %llu, %.1f s\n", rounds, (unsigned long long)seen.reports,
           (unsigned long long)seen.event, (unsigned long long)seen.receipt, (double)(sb_now() - begun) / 1e9);
    assert_true(rounds >= 10); /* a slow disk makes fewer, but never none */
    assert_true(seen.event > 0 && seen.receipt > 0);
    free(seen.rows);
}

/* ---- figures: printed, not judged ---- */

struct waiter {
    struct sb_mutex *mutex;
    struct sb_cond *cond;
    uint64_t durable;
};

static void wake_waiter(void *arg, uint64_t seq)
{
    struct waiter *waiter = arg;
    sb_mutex_lock(waiter->mutex);
    waiter->durable = seq;
    sb_cond_signal(waiter->cond);
    sb_mutex_unlock(waiter->mutex);
}

static void no_failure(void *arg, const struct sb_error *error)
{
    (void)arg;
    fail_msg("%s", error->text);
}

static void measure_events(struct sb_store *store, uint64_t seq)
{
    enum { STORIES = 10000 };
    struct waiter waiter = { .mutex = sb_mutex_create(SB_RANK_LOG), .cond = sb_cond_create() };
    struct sb_event event = job_event(seq++);
    struct sb_store_stats before, after;
    store->ops->set_callbacks(store, &waiter, wake_waiter, no_failure);
    store->ops->stats(store, &before);
    sb_ns begun = sb_now();
    assert_int_equal(store->ops->append(store, &event, 1, NULL), SB_OK);
    for (unsigned i = 0; i < STORIES; i++, seq += STORY_EVENTS) {
        struct sb_event events[STORY_EVENTS];
        tell_story(seq, events);
        assert_int_equal(store->ops->append(store, events, STORY_EVENTS, NULL), SB_OK);
    }
    sb_mutex_lock(waiter.mutex);
    while (waiter.durable != seq - 1)
        (void)sb_cond_wait(waiter.cond, waiter.mutex, SB_NEVER);
    sb_mutex_unlock(waiter.mutex);
    double seconds = (double)(sb_now() - begun) / 1e9;
    store->ops->stats(store, &after);
    assert_int_equal(after.events_durable - before.events_durable, STORIES * STORY_EVENTS + 1);
    printf("# durable, batched: %.0f events/s, %.0f runs/s in %llu transactions, commit p50 %.2f ms p99 %.2f ms\n",
           STORIES * STORY_EVENTS / seconds, STORIES / seconds, (unsigned long long)(after.transactions - before.transactions),
           (double)after.commit_p50 / 1e6, (double)after.commit_p99 / 1e6);
    store->ops->set_callbacks(store, NULL, NULL, NULL);
    sb_cond_destroy(waiter.cond);
    sb_mutex_destroy(waiter.mutex);
}

static void measure_writes(struct sb_store *store)
{
    enum { WRITES = 500 };
    sb_ns begun = sb_now();
    for (int i = 0; i < WRITES; i++) {
        const struct sb_cell value = sb_cell_int(i);
        const struct sb_statement statement = { "INSERT INTO meta (key, value) VALUES ('figure', CAST($1 AS TEXT)) ON CONFLICT (key) "
                                                "DO UPDATE SET value = excluded.value", &value, 1, 1 };
        assert_int_equal(store->ops->write(store, &statement, 1, NULL, &patient, NULL), SB_OK);
    }
    printf("# durable, one by one: %.0f writes/s\n", WRITES / ((double)(sb_now() - begun) / 1e9));
}

static void measure_receipts(const char *path)
{
    enum { RECEIPTS = 500 };
    struct sb_receipts *receipts = NULL;
    struct sb_hist hist;
    sb_hist_init(&hist);
    assert_int_equal(sb_receipts_open(&receipts, path, NULL), SB_OK);
    for (int i = 0; i < RECEIPTS; i++) {
        struct sb_receipt receipt;
        memset(&receipt, 0, sizeof receipt);
        receipt.kind = SB_RECEIPT_INTENT;
        (void)snprintf(receipt.effect_id, sizeof receipt.effect_id, "figure-%d", i);
        sb_ns begun = sb_now();
        assert_int_equal(sb_receipts_append(receipts, &receipt, NULL), SB_OK);
        sb_hist_add(&hist, sb_now() - begun);
    }
    printf("# receipt on disk: p50 %.2f ms, p99 %.2f ms\n", (double)sb_hist_permille(&hist, 500) / 1e6,
           (double)sb_hist_permille(&hist, 990) / 1e6);
    sb_receipts_close(receipts);
}

static void torture__the_figures_are_of_rows_that_are_there(void **state)
{
    const struct files *files = *state;
    struct sb_store *store = NULL;
    struct base base = { .next_seq = 0 };
    assert_int_equal(sb_store_open(&store, files->store, NULL), SB_OK);
    assert_int_equal(store->ops->restore(store, &base, job_of, keep_base, NULL), SB_OK);
    measure_events(store, base.next_seq);
    measure_writes(store);
    store->ops->close(store);
    measure_receipts(files->receipts);
}

static int set_up(void **state)
{
    char folder[] = "/tmp/signalbox-torture-XXXXXX";
    struct files *files = calloc(1, sizeof *files);
    assert_non_null(files);
    assert_non_null(mkdtemp(folder));
    name_files(files, folder);
    sb_log_level_set(SB_LOG_ERROR); /* torn tails are expected here */
    *state = files;
    return 0;
}

static int tear_down(void **state)
{
    struct files *files = *state;
    assert_int_equal(sb_dir_remove(files->folder, NULL), SB_OK);
    free(files);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "child") == 0)
        return child_main(argv[2], argv[3]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(torture__everything_acknowledged_survives_kill_9, set_up, tear_down),
        cmocka_unit_test_setup_teardown(torture__the_figures_are_of_rows_that_are_there, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
