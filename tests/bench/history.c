/* Section history: a page of a job's runs, of a run and of the audit, in a store of a million runs. What the console's asker waits for; the screen
 * itself waits for nothing. */
#include "bench.h"
#include "figures.h"

#include "signalbox/os/os.h"
#include "signalbox/ports/lookup.h"
#include "signalbox/ports/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 1000000, JOBS = 30, PAGES = 300, CHUNK = 100000, COMMAND_EVERY = 500 };

static void write_sql(struct sb_store *store, const char *sql, const struct sb_cell *params, size_t count)
{
    const struct sb_op op = { .deadline = sb_now() + SB_S(120) };
    const struct sb_statement statement = { sql, params, count, -1 };
    struct sb_error error = { 0 };
    must(store->ops->write(store, &statement, 1, NULL, &op, &error), "a chunk of runs", &error);
}

/* Runs of thirty jobs, one a second, each with a step and three events; now and then an operator asks for something. */
static void fill(struct sb_store *store)
{
    static const char numbers[] = "WITH RECURSIVE n(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) ";
    char sql[1024];
    for (int64_t from = 1; from < RUNS; from += CHUNK) {
        const struct sb_cell range[] = { sb_cell_int(from), sb_cell_int(from + CHUNK - 1) };
        (void)snprintf(sql, sizeof(sql), "%sINSERT INTO job_runs (run, job_name, cause, state, attempt, queued_at_ms, started_at_ms, "
                       "ended_at_ms, duration_ns, error_class, error) SELECT i, 'job' || (i %% %d), 'schedule', 'succeeded', 1, "
                       "i * 1000, i * 1000 + 5, "
                       "i * 1000 + 900, 895000000, NULL, NULL FROM n", numbers, JOBS);
        write_sql(store, sql, range, 2);
        (void)snprintf(sql, sizeof(sql), "%sINSERT INTO job_steps (run, step, attempt, name, state, started_at_ms, duration_ns, rows, text) "
                       "SELECT i, 0, 1, 'work', 'succeeded', i * 1000 + 5, 800000000, 3, 'three rows' FROM n", numbers);
        write_sql(store, sql, range, 2);
        (void)snprintf(sql, sizeof(sql), "%sINSERT INTO events (seq, at_ms, kind, run, job_name, payload) SELECT i * 4, i * 1000, 'run_ended', i, "
                       "'job' || (i %% %d), '{\"run\":' || i || ',\"job\":1,\"state\":\"succeeded\",\"duration\":895000000}' FROM n", numbers, JOBS);
        write_sql(store, sql, range, 2);
        (void)snprintf(sql, sizeof(sql), "%sINSERT INTO events (seq, at_ms, kind, run, job_name, payload) SELECT i * 4 + 1, i * 1000, "
                       "'command_done', NULL, 'job1', '{\"command\":' || i || ',\"kind_\":0,\"job\":1,\"actor\":\"ana\",\"outcome\":\"ok\"}' "
                       "FROM n WHERE i %% %d = 0", numbers, COMMAND_EVERY);
        write_sql(store, sql, range, 2);
    }
}

static sb_ns look(struct sb_store *store, const struct sb_lookup *lookup, struct sb_findings *found)
{
    const struct sb_op op = { .deadline = sb_now() + SB_S(20) };
    struct sb_error error = { 0 };
    memset(found, 0, sizeof(*found));
    const sb_ns began = sb_now();
    must(sb_lookup_read(store, lookup, &op, found, &error), "a lookup", &error);
    return sb_now() - began;
}

static void report(const char *row, struct samples *samples)
{
    figures_row(row, figure(UNIT_NS, samples_permille(samples, 500)), figure_at_most(UNIT_NS, samples_permille(samples, 990), 16e6));
    samples->count = 0;
}

/* Page after page from the newest down, as somebody holds PgDn. */
static void walk_runs(struct sb_store *store, struct sb_findings *found, struct samples *samples)
{
    struct sb_lookup lookup = { .kind = SB_LOOKUP_RUNS, .name = "job7" };
    for (int i = 0; i < PAGES; i++) {
        lookup.before = 0;
        samples_add(samples, look(store, &lookup, found));
    }
    report("history, 1,000,000 runs: first page: p50, p99", samples);
    for (int i = 0; i < PAGES; i++) {
        if (found->run_count != SB_LOOKUP_PAGE)
            give_up("a page has %u runs", found->run_count);
        lookup.before = found->runs[found->run_count - 1].id;
        samples_add(samples, look(store, &lookup, found));
    }
    report("  page after page: p50, p99", samples);
    lookup.before = 0;
    lookup.from_oldest = true;
    for (int i = 0; i < PAGES; i++)
        samples_add(samples, look(store, &lookup, found));
    report("  the oldest page: p50, p99", samples);
}

void bench_history(const struct bench *bench)
{
    char location[512];
    struct sb_store *store = NULL;
    struct sb_error error = { 0 };
    struct samples samples;
    struct sb_findings *found = malloc(sizeof(*found));

    if (found == NULL)
        give_up("no memory");
    samples_init(&samples, PAGES);
    (void)snprintf(location, sizeof(location), "sqlite:%s/history-%lld.db", bench->scratch, (long long)sb_now());
    must(sb_store_open(&store, location, &error), "store", &error);
    fill(store);
    walk_runs(store, found, &samples);
    struct sb_lookup lookup = { .kind = SB_LOOKUP_RUN };
    for (uint64_t i = 0; i < PAGES; i++) {
        lookup.id = 1 + i * (RUNS / PAGES);
        samples_add(&samples, look(store, &lookup, found));
        if (found->event_count != 1)
            give_up("run %llu has %u events", (unsigned long long)lookup.id, found->event_count);
    }
    report("  one run with its steps and events: p50, p99", &samples);
    lookup = (struct sb_lookup){ .kind = SB_LOOKUP_AUDIT };
    for (int i = 0; i < RUNS / COMMAND_EVERY / SB_LOOKUP_PAGE - 1; i++) {
        samples_add(&samples, look(store, &lookup, found));
        if (found->event_count != SB_LOOKUP_PAGE)
            give_up("a page of the audit has %u events", found->event_count);
        lookup.before = found->events[found->event_count - 1].event.seq;
    }
    report("  operators' commands, page after page: p50, p99", &samples);
    samples_deinit(&samples);
    store->ops->close(store);
    free(found);
}
