/* Sections start, idle and keys: the release program on a pseudo-terminal, as an operator has it. */
#include "bench.h"
#include "figures.h"
#include "seat.h"

#include "signalbox/os/os.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PATH_BYTES = 512,
    START_RUNS = 11, PATIENCE_S = 20,
    IDLE_S = 30, SETTLE_S = 3,
    KEYS = 40, QUEUED_KEYS = 200, MANY_JOBS = 10000,
};

static void must_fit(int wanted, size_t cap)
{
    if (wanted < 0 || (size_t)wanted >= cap)
        give_up("a path is too long");
}

/* Until `share` percent of the rows hold something; nanoseconds since the start. */
static sb_ns first_frame(struct seat *seat, int share)
{
    sb_ns patience = seat->began + SB_S(PATIENCE_S);
    for (;;) {
        if (!seat_read(seat, patience))
            seat_give_up(seat, "no picture came, or the program ended");
        sb_ns at = sb_now();
        if (seat_rows_filled(seat) * 100 >= seat->rows * share)
            return at - seat->began;
    }
}

static void report_start(const char *row, struct samples *samples, bool has_target)
{
    double median = samples_permille(samples, 500), late = samples_permille(samples, 950);
    figures_row(row, has_target ? figure_at_most(UNIT_NS, median, 15e6) : figure(UNIT_NS, median),
                has_target ? figure_at_most(UNIT_NS, late, 30e6) : figure(UNIT_NS, late));
    samples->count = 0;
}

/* One byte on the screen is a frame of `echo`: what the harness itself takes. */
static sb_ns start_of_echo(void)
{
    const char *const argv[] = { "/bin/echo", "here", NULL };
    struct seat seat;
    seat_open(&seat, 2, 80, argv, NULL, NULL);
    sb_ns took = first_frame(&seat, 50);
    seat_close(&seat);
    return took;
}

static sb_ns start_of(const char *const *argv, int rows, int cols)
{
    struct seat seat;
    seat_open(&seat, rows, cols, argv, NULL, NULL);
    sb_ns took = first_frame(&seat, 80);
    seat_close(&seat);
    return took;
}

void bench_start(const struct bench *bench)
{
    char practice_state[PATH_BYTES], quiet_state[PATH_BYTES], quiet[PATH_BYTES];
    must_fit(snprintf(practice_state, sizeof(practice_state), "%s/practice", bench->scratch), sizeof(practice_state));
    must_fit(snprintf(quiet_state, sizeof(quiet_state), "%s/start", bench->scratch), sizeof(quiet_state));
    must_fit(snprintf(quiet, sizeof(quiet), "%s/tests/bench/quiet.yaml", bench->source), sizeof(quiet));
    const char *const practice_argv[] = { bench->program, "practice", "--state-dir", practice_state, NULL };
    const char *const quiet_argv[] = { bench->program, "console", "--catalogue", quiet, "--state-dir", quiet_state, NULL };
    struct samples echo, practice, small, plain;

    samples_init(&echo, START_RUNS);
    samples_init(&practice, START_RUNS);
    samples_init(&small, START_RUNS);
    samples_init(&plain, START_RUNS);
    (void)start_of(practice_argv, 50, 200); /* the state folders exist from here on */
    (void)start_of(quiet_argv, 50, 200);
    for (int i = 0; i < START_RUNS; i++) {
        samples_add(&echo, start_of_echo());
        samples_add(&practice, start_of(practice_argv, 50, 200));
        samples_add(&small, start_of(practice_argv, 24, 80));
        samples_add(&plain, start_of(quiet_argv, 50, 200));
    }
    report_start("(floor of the next rows: /bin/echo) median, p95", &echo, false);
    report_start("start -> first frame, practice 200x50: median, p95", &practice, true);
    report_start("start -> first frame, practice 80x24: median, p95", &small, true);
    report_start("start -> first frame, 30 quiet jobs 200x50: median, p95", &plain, true);
    samples_deinit(&echo);
    samples_deinit(&practice);
    samples_deinit(&small);
    samples_deinit(&plain);
}

/* ---- idle ---- */

static void report_idle(const char *what, const struct usage *before, const struct usage *after, double wakes_max)
{
    char row[80];
    double cpu = (double)(after->cpu - before->cpu), wakes = (double)(after->switches - before->switches) / IDLE_S;
    (void)snprintf(row, sizeof(row), "idle for 30 s, %s: CPU, wake-ups", what);
    figures_row(row, figure_at_most(UNIT_NS, cpu, 30e6),
                wakes_max > 0 ? figure_at_most(UNIT_PER_SECOND, wakes, wakes_max) : figure(UNIT_PER_SECOND, wakes));
}

void bench_idle(const struct bench *bench)
{
    char states[3][PATH_BYTES], quiet[PATH_BYTES];
    for (int i = 0; i < 3; i++)
        must_fit(snprintf(states[i], sizeof(states[i]), "%s/idle-%d", bench->scratch, i), sizeof(states[i]));
    must_fit(snprintf(quiet, sizeof(quiet), "%s/tests/bench/quiet.yaml", bench->source), sizeof(quiet));
    const char *const run_argv[] = { bench->program, "run", "--catalogue", quiet, "--state-dir", states[0], NULL };
    const char *const large_argv[] = { bench->program, "console", "--catalogue", quiet, "--state-dir", states[1], NULL };
    const char *const small_argv[] = { bench->program, "console", "--catalogue", quiet, "--state-dir", states[2], NULL };
    struct seat large, small;

    pid_t run = program_start(run_argv);
    seat_open(&large, 50, 200, large_argv, NULL, NULL);
    seat_open(&small, 24, 80, small_argv, NULL, NULL);
    (void)first_frame(&large, 80);
    (void)first_frame(&small, 80);
    seat_watch(&large, sb_now() + SB_S(SETTLE_S));
    seat_settle(&small, SB_MS(10));
    const pid_t pids[] = { run, large.pid, small.pid };
    struct usage before[3], after[3];
    for (int i = 0; i < 3; i++)
        before[i] = process_usage(pids[i]);
    uint64_t large_bytes = large.bytes, small_bytes = small.bytes;
    sb_ns until = sb_now() + SB_S(IDLE_S);
    while (sb_now() < until) { /* a terminal that nobody reads would not be painted */
        (void)seat_read(&large, sb_now() + SB_MS(500) < until ? sb_now() + SB_MS(500) : until);
        (void)seat_read(&small, 0);
    }
    seat_settle(&small, SB_MS(1));
    for (int i = 0; i < 3; i++)
        after[i] = process_usage(pids[i]);
    report_idle("run", &before[0], &after[0], 1.5);
    report_idle("console 200x50", &before[1], &after[1], 0);
    report_idle("console 80x24", &before[2], &after[2], 0);
    figures_row("bytes to the terminal per idle second: 200x50, 80x24",
                figure_at_most(UNIT_BYTES, (double)(large.bytes - large_bytes) / IDLE_S, 64),
                figure_at_most(UNIT_BYTES, (double)(small.bytes - small_bytes) / IDLE_S, 64));
    double alone = (double)process_memory(run, "\nRss:"), with = (double)process_memory(large.pid, "\nRss:");
    figures_row("memory of `run`, no Chromium: RSS, PSS", figure_at_most(UNIT_BYTES, alone, 10.0 * 1024 * 1024),
                figure(UNIT_BYTES, (double)process_memory(run, "\nPss:")));
    figures_row("memory of the console 200x50: RSS, above `run`", figure(UNIT_BYTES, with),
                figure_at_most(UNIT_BYTES, with - alone, 4.0 * 1024 * 1024));
    seat_close(&small);
    seat_close(&large);
    program_end(run);
}

/* ---- keys ---- */

/* Types, and waits until another job is selected on the screen. */
static sb_ns key_to_paint(struct seat *seat, const char *key, const char *wanted)
{
    char before[64], after[64];
    seat_word(seat, "job_", before, sizeof(before));
    sb_ns began = sb_now(), patience = began + SB_S(PATIENCE_S);
    seat_type(seat, key, strlen(key));
    for (;;) {
        if (!seat_read(seat, patience))
            seat_give_up(seat, "a key selected no other job");
        sb_ns at = sb_now();
        seat_word(seat, "job_", after, sizeof(after));
        if (after[0] != '\0' && (wanted != NULL ? strcmp(after, wanted) == 0 : strcmp(before, after) != 0))
            return at - began;
    }
}

/* Pairs of keys that lead back to where they began; the pause between two is longer than between two frames, and not a part of a second. */
static void measure_keys(struct seat *seat, const char *row, const char *there, const char *back, double p50, double p95, double bytes)
{
    struct samples samples;
    uint64_t sent = 0;

    samples_init(&samples, KEYS);
    for (int i = 0; i < KEYS; i++) {
        seat_watch(seat, sb_now() + SB_MS(67 + 13 * (i % 4)));
        uint64_t before = seat->bytes;
        samples_add(&samples, key_to_paint(seat, i % 2 == 0 ? there : back, NULL));
        seat_watch(seat, sb_now() + SB_MS(15)); /* the rest of the frame */
        sent += seat->bytes - before;
    }
    figures_row(row, figure_at_most(UNIT_NS, samples_permille(&samples, 500), p50),
                figure_at_most(UNIT_NS, samples_permille(&samples, 950), p95));
    if (bytes > 0) {
        char bytes_row[80];
        (void)snprintf(bytes_row, sizeof(bytes_row), "  bytes of it (%s), mean", there[0] == '\033' ? "page" : "line");
        figures_row(bytes_row, figure_at_most(UNIT_BYTES, (double)sent / KEYS, bytes), figure_none());
    }
    samples_deinit(&samples);
}

/* Keys that wait when the console comes to read: how many frames, how long, is one lost. */
static void measure_queue(struct seat *seat)
{
    char keys[QUEUED_KEYS], wanted[32];
    (void)key_to_paint(seat, "j", "job_00001");
    seat_settle(seat, SB_MS(200));
    (void)key_to_paint(seat, "g", "job_00000");
    seat_settle(seat, SB_MS(200));
    memset(keys, 'j', sizeof(keys));
    (void)snprintf(wanted, sizeof(wanted), "job_%05d", (int)QUEUED_KEYS);
    uint64_t bursts = seat->bursts;
    char word[64];
    sb_ns began = sb_now(), patience = began + SB_S(PATIENCE_S);
    seat_type(seat, keys, sizeof(keys));
    sb_ns took = 0;
    while (took == 0) {
        if (!seat_read(seat, patience))
            seat_give_up(seat, "keys were lost");
        seat_word(seat, "job_", word, sizeof(word));
        took = strcmp(word, wanted) == 0 ? sb_now() - began : 0;
    }
    figures_row("200 queued keys, 10,000 jobs: until painted, frames", figure_at_most(UNIT_NS, (double)took, 20e6),
                figure_at_most(UNIT_COUNT, (double)(seat->bursts - bursts), 3));
}

/* Types a line key by key, each until the screen shows it in the line; the line is left by Escape. */
static void measure_line(struct seat *seat, const char *row, const char *line, double p50)
{
    struct samples samples;

    samples_init(&samples, KEYS);
    while (samples.count < KEYS) {
        for (size_t at = 0; line[at] != '\0'; at++) {
            char wanted[80];
            (void)snprintf(wanted, sizeof(wanted), "%.*s_", (int)at + 1, line);
            seat_watch(seat, sb_now() + SB_MS(67 + 13 * (int)(at % 4)));
            sb_ns began = sb_now(), patience = began + SB_S(PATIENCE_S);
            seat_type(seat, line + at, 1);
            while (!seat_shows(seat, wanted))
                if (!seat_read(seat, patience))
                    seat_give_up(seat, "a key of a line was not shown");
            samples_add(&samples, seat->read_at - began);
        }
        seat_type(seat, "\033", 1);
        seat_settle(seat, SB_MS(200));
    }
    figures_row(row, figure_at_most(UNIT_NS, samples_permille(&samples, 500), p50),
                figure_at_most(UNIT_NS, samples_permille(&samples, 990), 16e6));
    samples_deinit(&samples);
}

/* Another order, until the title names it. */
static void measure_sort(struct seat *seat)
{
    static const char *const words[] = { "sort:name ", "sort:attempts ", "sort:last ", "sort:p50 ",   "sort:p95 ", "sort:next ",
                                         "sort:ctx ",  "sort:ok% ",      "sort:usd ",  "sort:age ", "sort:priority ", "sort:severity " };
    struct samples samples;

    samples_init(&samples, KEYS);
    for (size_t i = 0; i < KEYS; i++) {
        seat_watch(seat, sb_now() + SB_MS(67 + 13 * (int)(i % 4)));
        sb_ns began = sb_now(), patience = began + SB_S(PATIENCE_S);
        seat_type(seat, ">", 1);
        while (!seat_shows(seat, words[i % SB_LEN(words)]))
            if (!seat_read(seat, patience))
                seat_give_up(seat, "the order did not change");
        samples_add(&samples, seat->read_at - began);
    }
    figures_row("key to paint, 10,000 jobs, another order: p50, p99", figure_at_most(UNIT_NS, samples_permille(&samples, 500), 10e6),
                figure_at_most(UNIT_NS, samples_permille(&samples, 990), 16e6));
    samples_deinit(&samples);
}

static void write_many(const char *path)
{
    FILE *file = fopen(path, "we");
    if (file == NULL)
        give_up("cannot write %s", path);
    (void)fputs("catalogue: many\nsettings: { drain: 1s }\npool: { lanes: { posting: 0, high: 0, low: 0 }, burst: 0, workers: 2 }\n"
                "components:\n  browser: { used: false }\n  llm: { used: false }\n"
                "llm: { base_url: \"http://127.0.0.1:1/v1\" }\njobs:\n", file);
    for (int i = 0; i < MANY_JOBS; i++)
        (void)fprintf(file, "  job_%05d: { every: 12h, offset: 6h, steps: [{ name: look, check: { what: memory } }] }\n", i);
    if (fclose(file) != 0)
        give_up("cannot write %s", path);
}

static void open_console(struct seat *seat, const struct bench *bench, const char *catalogue, const char *state, int rows, int cols)
{
    const char *const argv[] = { bench->program, "console", "--catalogue", catalogue, "--state-dir", state, NULL };
    char word[64];
    seat_open(seat, rows, cols, argv, NULL, NULL);
    sb_ns patience = sb_now() + SB_S(PATIENCE_S);
    do {
        if (!seat_read(seat, patience))
            seat_give_up(seat, "no job was shown");
        seat_word(seat, "job_", word, sizeof(word));
    } while (word[0] == '\0');
}

static void measure_many(const struct bench *bench)
{
    char state[PATH_BYTES], many[PATH_BYTES];
    struct seat seat;

    must_fit(snprintf(state, sizeof(state), "%s/keys-many", bench->scratch), sizeof(state));
    must_fit(snprintf(many, sizeof(many), "%s/many.yaml", bench->scratch), sizeof(many));
    write_many(many);
    open_console(&seat, bench, many, state, 50, 200); /* writes the 10,000 jobs into the store */
    seat_watch(&seat, sb_now() + SB_MS(1500));
    seat_close(&seat);
    open_console(&seat, bench, many, state, 50, 200);
    figures_row("start -> jobs on the screen, 10,000 jobs 200x50", figure(UNIT_NS, (double)(seat.read_at - seat.began)), figure_none());
    seat_watch(&seat, sb_now() + SB_S(1));
    measure_keys(&seat, "key to paint, 10,000 jobs, a line: p50, p95", "j", "k", 2e6, 8e6, 500);
    measure_keys(&seat, "key to paint, 10,000 jobs, a page: p50, p95", "\033[6~", "\033[5~", 5e6, 8e6, 10e3);
    measure_queue(&seat);
    measure_line(&seat, "key to paint, 10,000 jobs, a filter: p50, p99", "/job 12 3", 5e6);
    measure_line(&seat, "  by letters", "/~jb123", 5e6);
    measure_line(&seat, "  by a pattern", "/=_0[1-4]+7$", 5e6);
    measure_line(&seat, "key to paint, 10,000 jobs, the palette: p50, p99", ":force jb99", 5e6);
    measure_sort(&seat);
    seat_close(&seat);
}

void bench_keys(const struct bench *bench)
{
    char state[PATH_BYTES], quiet[PATH_BYTES];
    struct seat seat;

    must_fit(snprintf(state, sizeof(state), "%s/keys", bench->scratch), sizeof(state));
    must_fit(snprintf(quiet, sizeof(quiet), "%s/tests/bench/quiet.yaml", bench->source), sizeof(quiet));
    open_console(&seat, bench, quiet, state, 50, 200);
    seat_watch(&seat, sb_now() + SB_S(1));
    measure_keys(&seat, "key to paint, 30 jobs 200x50: p50, p95", "j", "k", 2e6, 8e6, 0);
    seat_close(&seat);
    open_console(&seat, bench, quiet, state, 24, 80);
    seat_watch(&seat, sb_now() + SB_S(1));
    measure_keys(&seat, "key to paint, 30 jobs 80x24: p50, p95", "j", "k", 2e6, 8e6, 0);
    seat_close(&seat);
    measure_many(bench);
}
