/* Sections store, postgres and receipts: what durability costs. The floor is a file that gets the same treatment: append, fdatasync. */
#include "bench.h"
#include "figures.h"
#include "jobs.h"

#include "tests/support/postgres_server.h"

#include "signalbox/os/os.h"
#include "signalbox/ports/receipts.h"
#include "signalbox/ports/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EVENTS_MAX = 90000, BATCH_RUNS = 10000, ALONE_RUNS = 1500, WRITES = 1500, FLOOR_WRITES = 500, RECEIPTS = 700, PATIENCE_S = 20 };

/* Events as the real core emits them, one group per step of the core. */
struct recording {
    struct sb_event *events;
    size_t count;
};

static void record(void *arg, const struct virtual *world, sb_ns began)
{
    struct recording *recording = arg;
    (void)began;
    for (uint32_t i = 0; i < world->out.event_count && recording->count < EVENTS_MAX; i++)
        recording->events[recording->count++] = world->out.events[i];
}

static void make_recording(struct recording *recording)
{
    struct jobs jobs;
    struct virtual world;

    *recording = (struct recording){ .events = calloc(EVENTS_MAX, sizeof(*recording->events)) };
    if (recording->events == NULL)
        give_up("no memory for events");
    jobs_init_even(&jobs, 30, SB_S(60), SB_MS(10));
    virtual_init(&world, &jobs);
    world.on_step = record;
    world.arg = recording;
    virtual_begin(&world);
    while (world.runs < BATCH_RUNS + ALONE_RUNS && recording->count < EVENTS_MAX)
        virtual_run(&world, world.now + SB_MIN(1));
    if (recording->count == EVENTS_MAX)
        give_up("more events than expected");
    virtual_deinit(&world);
    jobs_deinit(&jobs);
}

static struct {
    struct sb_mutex *mutex;
    struct sb_cond *news;
    uint64_t durable;
} progress;

static void on_durable(void *arg, uint64_t seq)
{
    (void)arg;
    sb_mutex_lock(progress.mutex);
    progress.durable = seq;
    sb_cond_signal(progress.news);
    sb_mutex_unlock(progress.mutex);
}

static void on_failure(void *arg, const struct sb_error *error)
{
    (void)arg;
    give_up("the store cannot write: %s", error->text);
}

static void wait_durable(uint64_t seq)
{
    sb_ns patience = sb_now() + SB_S(PATIENCE_S);
    sb_mutex_lock(progress.mutex);
    while (progress.durable < seq)
        if (!sb_cond_wait(progress.news, progress.mutex, patience))
            give_up("event %llu is not durable", (unsigned long long)seq);
    sb_mutex_unlock(progress.mutex);
}

/* Appends the events up to the end of the next `runs` runs, eight at a time, as the core would; returns where it stopped. */
static size_t append_runs(struct sb_store *store, const struct recording *recording, size_t from, uint64_t runs)
{
    struct sb_error error = { 0 };
    size_t at = from, first = from;
    for (uint64_t ended = 0; ended < runs && at < recording->count; at++) {
        ended += recording->events[at].kind == SB_EVENT_RUN_ENDED ? 1u : 0u;
        if (at + 1 - first == 8 || ended == runs) {
            must(store->ops->append(store, &recording->events[first], at + 1 - first, &error), "append", &error);
            first = at + 1;
        }
    }
    return at;
}

/* CPU time of the server's processes, without the postmaster. */
static sb_ns server_cpu(void)
{
    double ticks = 0;
    DIR *dir = opendir("/proc");
    if (dir == NULL)
        give_up("cannot read /proc");
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char path[300], line[512] = "";
        (void)snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
        FILE *file = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? fopen(path, "r") : NULL;
        if (file == NULL)
            continue;
        bool is_read = fgets(line, sizeof(line), file) != NULL;
        (void)fclose(file);
        const char *after = is_read ? strrchr(line, ')') : NULL; /* then: state, parent ... utime and stime as 14th and 15th of all */
        char *at = NULL;
        if (after == NULL || strtol(after + 4, &at, 10) != test_pg.child.pid)
            continue;
        for (int field = 5; field <= 15; field++) {
            double value = strtod(at, &at);
            ticks += field >= 14 ? value : 0;
        }
    }
    (void)closedir(dir);
    return (sb_ns)(ticks / (double)sysconf(_SC_CLK_TCK) * 1e9);
}

/* What a database is measured as: its name in the rows, and the targets for runs, together and one by one. */
struct subject {
    const char *name;
    double batched, alone;
    sb_ns (*server_cpu)(void); /* NULL = it works inside this process */
};

static const char *row_of(char row[96], const char *format, const struct subject *subject)
{
    const char *at = strchr(format, '@');
    (void)snprintf(row, 96, "%.*s%s%s", (int)(at - format), format, subject->name, at + 1);
    return row;
}

static void measure_journal(struct sb_store *store, const struct recording *recording, double floor_rate, const struct subject *subject)
{
    char row[96];
    sb_ns own = sb_cpu_time(), server = subject->server_cpu != NULL ? subject->server_cpu() : 0, began = sb_now();
    size_t at = append_runs(store, recording, 0, BATCH_RUNS);
    wait_durable(recording->events[at - 1].seq);
    double seconds = (double)(sb_now() - began) / 1e9;
    figures_row(row_of(row, "durable in @, group commit: events, runs", subject), figure(UNIT_PER_SECOND, (double)at / seconds),
                figure_at_least(UNIT_PER_SECOND, BATCH_RUNS / seconds, subject->batched));
    const double thousands = BATCH_RUNS / 1e3;
    if (subject->server_cpu != NULL)
        figures_row(row_of(row, "  CPU for 1,000 runs of @: server, client", subject),
                    figure_at_most(UNIT_NS, (double)(subject->server_cpu() - server) / thousands, 80e6),
                    figure_at_most(UNIT_NS, (double)(sb_cpu_time() - own) / thousands, 10e6));

    struct samples samples;
    samples_init(&samples, ALONE_RUNS);
    began = sb_now();
    for (int i = 0; i < ALONE_RUNS; i++) {
        sb_ns alone = sb_now();
        at = append_runs(store, recording, at, 1);
        wait_durable(recording->events[at - 1].seq);
        samples_add(&samples, sb_now() - alone);
    }
    seconds = (double)(sb_now() - began) / 1e9;
    figures_row(row_of(row, "durable in @, one by one: runs, share of floor", subject),
                figure_at_least(UNIT_PER_SECOND, ALONE_RUNS / seconds, subject->alone),
                figure(UNIT_TIMES, ALONE_RUNS / seconds / floor_rate));
    figures_row(row_of(row, "  a run's events -> durable in @: p50, p99", subject), figure(UNIT_NS, samples_permille(&samples, 500)),
                figure(UNIT_NS, samples_permille(&samples, 990)));
    samples_deinit(&samples);
}

static void measure_writes(struct sb_store *store, const struct subject *subject)
{
    char row[96];
    const struct sb_op op = { .deadline = sb_now() + SB_S(PATIENCE_S) };
    struct sb_error error = { 0 };
    struct samples samples;

    samples_init(&samples, WRITES);
    sb_ns began = sb_now();
    for (int i = 0; i < WRITES; i++) {
        char value[24];
        (void)snprintf(value, sizeof(value), "%d", i);
        const struct sb_cell params[] = { sb_cell_text("bench"), sb_cell_text(value) };
        const struct sb_statement statement = {
            "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value", params, 2, 1
        };
        sb_ns alone = sb_now();
        must(store->ops->write(store, &statement, 1, NULL, &op, &error), "write", &error);
        samples_add(&samples, sb_now() - alone);
    }
    double seconds = (double)(sb_now() - began) / 1e9;
    figures_row(row_of(row, "@, commits of one write: per second, p99", subject), figure(UNIT_PER_SECOND, WRITES / seconds),
                figure(UNIT_NS, samples_permille(&samples, 990)));
    samples_deinit(&samples);
}

/* Appends of 256 bytes, each forced to disk; returns how many a second. */
static double measure_floor(const struct bench *bench, const char *row)
{
    char path[512], block[256] = { 1 };
    struct samples samples;

    (void)snprintf(path, sizeof(path), "%s/floor", bench->scratch);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        give_up("cannot open %s", path);
    samples_init(&samples, FLOOR_WRITES);
    sb_ns start = sb_now();
    for (int i = 0; i < FLOOR_WRITES; i++) {
        sb_ns began = sb_now();
        if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block) || fdatasync(fd) != 0)
            give_up("cannot write %s", path);
        samples_add(&samples, sb_now() - began);
    }
    double rate = FLOOR_WRITES / ((double)(sb_now() - start) / 1e9);
    figures_row(row, figure(UNIT_NS, samples_permille(&samples, 500)), figure(UNIT_NS, samples_permille(&samples, 990)));
    samples_deinit(&samples);
    (void)close(fd);
    return rate;
}

static void measure_store(const struct bench *bench, const char *location, const struct subject *subject)
{
    char row[96];
    struct recording recording;
    struct sb_store *store = NULL;
    struct sb_error error = { 0 };

    progress.mutex = sb_mutex_create(SB_RANK_LOG);
    progress.news = sb_cond_create();
    if (progress.mutex == NULL || progress.news == NULL)
        give_up("no memory");
    make_recording(&recording);
    double floor_rate = measure_floor(bench, row_of(row, "(floor for @: write + fdatasync) p50, p99", subject));
    must(sb_store_open(&store, location, &error), "store", &error);
    store->ops->set_callbacks(store, NULL, on_durable, on_failure);
    measure_journal(store, &recording, floor_rate, subject);
    measure_writes(store, subject);
    store->ops->close(store);
    free(recording.events);
    sb_cond_destroy(progress.news);
    sb_mutex_destroy(progress.mutex);
}

void bench_store(const struct bench *bench)
{
    const struct subject sqlite = { "SQLite", 10e3, 1e3, NULL };
    char location[512];
    (void)snprintf(location, sizeof(location), "sqlite:%s/journal-%lld.db", bench->scratch, (long long)sb_now());
    measure_store(bench, location, &sqlite);
}

/* A server of its own with fsync, on the same machine, over its Unix socket. */
void bench_postgres(const struct bench *bench)
{
    const struct subject postgres = { "PostgreSQL", 12e3, 1.6e3, server_cpu };
    char location[256];
    test_pg_start(true);
    test_pg_location(location, sizeof(location));
    measure_store(bench, location, &postgres);
}

void bench_receipts(const struct bench *bench)
{
    char path[512];
    struct sb_receipts *receipts = NULL;
    struct sb_error error = { 0 };
    struct samples samples;

    (void)snprintf(path, sizeof(path), "%s/receipts-%lld", bench->scratch, (long long)sb_now());
    must(sb_receipts_open(&receipts, path, &error), "receipts", &error);
    samples_init(&samples, RECEIPTS);
    for (unsigned i = 0; i < RECEIPTS; i++) {
        struct sb_receipt receipt = { .kind = SB_RECEIPT_INTENT, .at = sb_wall_now(), .account = "bench", .run = i + 1, .token = i + 1 };
        (void)snprintf(receipt.effect_id, sizeof(receipt.effect_id), "%064u", i);
        (void)snprintf(receipt.decision_id, sizeof(receipt.decision_id), "%u", i);
        sb_ns began = sb_now();
        must(sb_receipts_append(receipts, &receipt, &error), "receipt", &error);
        samples_add(&samples, sb_now() - began);
    }
    figures_row("receipts journal, append + fdatasync: p50, p99", figure(UNIT_NS, samples_permille(&samples, 500)),
                figure(UNIT_NS, samples_permille(&samples, 990)));
    samples_deinit(&samples);
    sb_receipts_close(receipts);
}
