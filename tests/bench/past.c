/* Section past: what the flight recorder's writing costs per event, and how long the console needs to rewind in a day of the shipped catalogue. */
#include "bench.h"
#include "figures.h"

#include "signalbox/base/hash.h"
#include "signalbox/os/os.h"
#include "signalbox/recording/recording.h"
#include "signalbox/tui/past.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 8, STEPS = 2000, JUMPS = 300, PATH_MAX_BYTES = 600 };

/* A day of events, from the simulator: parts of ten minutes, each with its snapshot. */
static struct sb_history *simulate(const struct bench *bench, char path[PATH_MAX_BYTES])
{
    struct sb_error error = { 0 };
    struct sb_history *history = NULL;
    const char *const argv[] = { bench->program, "simulate", "--hours", "24", "--record", path, NULL };
    const struct sb_child_spec spec = { .path = bench->program, .argv = argv };
    struct sb_child_talk talk = { .output_max = 1 << 16 };
    const struct sb_op op = { .deadline = sb_now() + SB_S(20) };

    (void)snprintf(path, PATH_MAX_BYTES, "%s/day.jsonl", bench->scratch);
    must(sb_child_talk(&spec, &talk, &op, &error), "simulate", &error);
    if (talk.status != 0)
        give_up("simulate: %s", talk.errors != NULL ? talk.errors : "");
    free(talk.out);
    free(talk.errors);
    must(sb_history_open(&history, path, &error), "day", &error);
    return history;
}

/* Writes the day as segments, a few events at a time as they come. */
static void record(struct sb_history *day, const char *folder)
{
    const struct sb_recording_limits limits = { .keep = SB_DAY(2), .keep_bytes = 1 << 30, .segment_lasts = SB_MIN(15), .segment_bytes = 1 << 19 };
    struct sb_recording *recording = NULL;
    struct sb_error error = { 0 };
    uint64_t events = 0, bytes = 0;
    sb_ns cpu = 0;

    must(sb_recording_open(&recording, folder, &limits, &error), "recording", &error);
    for (size_t i = 0; i < sb_history_count(day); i++) {
        struct sb_history_events part;
        must(sb_history_load(day, i, &part, &error), "day", &error);
        const sb_ns began = sb_cpu_time();
        must(sb_recording_begin(recording, part.events, part.snapshot, part.events[part.snapshot].wall, &error), "segment", &error);
        for (size_t at = part.snapshot; at < part.count; at += BATCH)
            must(sb_recording_append(recording, part.events + at, part.count - at < BATCH ? part.count - at : BATCH, &error), "append", &error);
        cpu += sb_cpu_time() - began;
        events += part.count - part.snapshot;
        bytes += sb_history_part(day, i).size;
    }
    sb_recording_close(recording);
    figures_row("record a day, snapshots too, per event: CPU, bytes", figure(UNIT_NS, (double)cpu / (double)events),
                figure(UNIT_BYTES, (double)bytes / (double)events));
    figures_row("  the day: bytes, events", figure(UNIT_BYTES, (double)bytes), figure(UNIT_COUNT, (double)events));
}

static void walk(const char *folder)
{
    struct sb_error error = { 0 };
    struct sb_history *history = NULL;
    struct samples steps, jumps;
    struct sb_rng rng = { 1 };

    const sb_ns opened = sb_now();
    must(sb_history_open(&history, folder, &error), "recording", &error);
    struct sb_past *past = sb_past_create(history);
    if (past == NULL)
        give_up("no memory for the past");
    must(sb_past_go_to_end(past, &error), "end", &error);
    must(sb_past_step(past, SB_PAST_SAMPLE, false, &error), "first step", &error);
    figures_row("first step back from the present, files unread", figure(UNIT_NS, (double)(sb_now() - opened)), figure_none());
    const struct sb_wall end = sb_past_wall(past);
    samples_init(&steps, STEPS);
    samples_init(&jumps, JUMPS);
    for (unsigned i = 0; i < STEPS; i++) {
        const sb_ns began = sb_now();
        must(sb_past_step(past, SB_PAST_SAMPLE, false, &error), "step", &error);
        samples_add(&steps, sb_now() - began);
    }
    for (unsigned i = 0; i < JUMPS; i++) {
        const struct sb_wall to = { end.ns - (sb_ns)sb_rng_below(&rng, (uint64_t)SB_HOUR(23)) };
        const sb_ns began = sb_now();
        must(sb_past_go(past, to, &error), "jump", &error);
        samples_add(&jumps, sb_now() - began);
    }
    figures_row("step back in 24 h: p50, p99", figure_at_most(UNIT_NS, samples_permille(&steps, 500), 16e6),
                figure(UNIT_NS, samples_permille(&steps, 990)));
    figures_row("jump in 24 h: p50, p99", figure(UNIT_NS, samples_permille(&jumps, 500)), figure(UNIT_NS, samples_permille(&jumps, 990)));
    must(sb_past_go_to_end(past, &error), "end", &error);
    const sb_ns began = sb_now();
    unsigned alerts = 0;
    while (sb_past_step(past, SB_PAST_ALERT, false, &error) == SB_OK)
        alerts++;
    figures_row("every alert of 24 h, newest first: all, how many", figure(UNIT_NS, (double)(sb_now() - began)), figure(UNIT_COUNT, alerts));
    samples_deinit(&steps);
    samples_deinit(&jumps);
    sb_past_destroy(past);
    sb_history_close(history);
}

void bench_past(const struct bench *bench)
{
    char path[PATH_MAX_BYTES], folder[PATH_MAX_BYTES];
    struct sb_history *day = simulate(bench, path);

    (void)snprintf(folder, sizeof(folder), "%s/recordings", bench->scratch);
    record(day, folder);
    sb_history_close(day);
    walk(folder);
}
