/* simulate: what a catalogue or a lane policy would do in virtual time, alone or beside another; better offsets; a picture. */
#include "app.h"

#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"
#include "signalbox/sim/sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDES_MAX = 2, LEASES_MAX = 40000, JSON_MAX = 65536 };

struct side {
    struct sb_catalogue *catalogue;
    struct sb_sim_setup setup;
    struct sb_sim_report report;
    struct sb_sim_timeline timeline;
    sb_ns wall;
};

/* --- reading what is asked ------------------------------------------------------------------------------------------------ */

static int read_policy(const char *option, const char *name, uint8_t *policy)
{
    *policy = SB_LANE_POLICY_COUNT;
    if (name == NULL)
        return EXIT_OK;
    for (uint8_t i = 0; i < SB_LANE_POLICY_COUNT; i++)
        if (strcmp(name, sb_lane_policy_text(i)) == 0) {
            *policy = i;
            return EXIT_OK;
        }
    complain("%s %s: expected strict, lend, reclaim or legacy", option, name);
    return EXIT_USAGE;
}

static int read_faults(const char *name, uint8_t *faults)
{
    *faults = SB_SIM_FAULTS_NONE;
    for (uint8_t i = 0; name != NULL && i < SB_SIM_FAULTS_COUNT; i++)
        if (strcmp(name, sb_sim_faults_text(i)) == 0) {
            *faults = i;
            return EXIT_OK;
        }
    if (name == NULL)
        return EXIT_OK;
    complain("--faults %s: expected none, light or heavy", name);
    return EXIT_USAGE;
}

/* "3", "1.5", "0.25": percent. */
static int read_load(const char *text, uint32_t *load_pct)
{
    char *end = NULL;
    *load_pct = 100;
    if (text == NULL)
        return EXIT_OK;
    double load = strtod(text, &end);
    if (end == text || *end != '\0' || !(load >= 0.01 && load <= 100)) {
        complain("--load %s: expected a factor from 0.01 to 100, as in 3 or 1.5", text);
        return EXIT_USAGE;
    }
    *load_pct = (uint32_t)(load * 100 + 0.5);
    return EXIT_OK;
}

/* A shipped catalogue by its name, or a file. */
static int load_named(struct sb_catalogue **catalogue, const struct options *options, const char *name)
{
    struct paths paths;
    struct sb_error error = { 0 };
    struct options asked = *options;
    asked.catalogue = name;
    enum sb_err rc = paths_find(&paths, &asked, "default", &error);
    if (rc != SB_OK) {
        complain("%s", error.text);
        return exit_code_of(rc);
    }
    if (strchr(name, '/') == NULL && strchr(name, '.') == NULL) {
        int wanted = snprintf(paths.catalogue, sizeof(paths.catalogue), "%s/%s.yaml", paths.data_dir, name);
        if (wanted < 0 || (size_t)wanted >= sizeof(paths.catalogue)) {
            complain("the name of the catalogue is too long");
            return EXIT_USAGE;
        }
    }
    return load_catalogue(catalogue, options, &paths);
}

static int open_side(struct side *side, const struct options *options, const char *name, const char *policy_option, const char *policy)
{
    struct sb_sim_setup *setup = &side->setup;
    *setup = (struct sb_sim_setup){
        .lasts = SB_HOUR(options->hours),
        .seed = (uint64_t)options->seed,
        .is_p95 = options->is_worst,
        .has_checks = options->checks_core || options->is_check,
    };
    int code = read_policy(policy_option, policy, &setup->policy);
    if (code == EXIT_OK)
        code = read_faults(options->faults, &setup->faults);
    if (code == EXIT_OK)
        code = read_load(options->load, &setup->load_pct);
    if (code == EXIT_OK)
        code = load_named(&side->catalogue, options, name);
    if (code != EXIT_OK)
        return code;
    setup->catalogue = side->catalogue;
    if (options->svg == NULL)
        return EXIT_OK;
    side->timeline = (struct sb_sim_timeline){ .leases = calloc(LEASES_MAX, sizeof(*side->timeline.leases)), .cap = LEASES_MAX };
    setup->timeline = &side->timeline;
    if (side->timeline.leases != NULL)
        return EXIT_OK;
    complain("out of memory");
    return EXIT_BUG;
}

static void close_side(struct side *side)
{
    free(side->timeline.leases);
    sb_catalogue_destroy(side->catalogue);
}

static int run_side(struct side *side)
{
    struct sb_error error = { 0 };
    sb_ns start = sb_now();
    enum sb_err rc = sb_sim_run(&side->setup, &side->report, &error);
    side->wall = sb_now() - start;
    if (rc != SB_OK)
        complain("%s", error.text);
    return exit_code_of(rc);
}

/* --- JSON ----------------------------------------------------------------------------------------------------------------- */

static double seconds(sb_ns ns)
{
    return (double)ns / 1e9;
}

static void number(struct sb_json_out *out, const char *key, double value)
{
    char text[64];
    (void)snprintf(text, sizeof(text), "%.3f", value);
    sb_json_key(out, key);
    sb_json_raw(out, text);
}

static void count(struct sb_json_out *out, const char *key, uint64_t value)
{
    sb_json_key(out, key);
    sb_json_integer(out, (int64_t)value);
}

static void json_category(struct sb_json_out *out, enum sb_category which, const struct sb_sim_category *category)
{
    sb_json_object_begin(out);
    sb_json_key(out, "name");
    sb_json_string(out, sb_category_text(which));
    count(out, "wanted", category->wanted);
    count(out, "granted", category->granted);
    count(out, "timeouts", category->timeouts);
    count(out, "dropped", category->dropped);
    count(out, "waiting", category->waiting);
    number(out, "waited_s", seconds(category->waited));
    number(out, "held_s", seconds(category->held));
    number(out, "wait_p50_s", seconds(category->wait_p50));
    number(out, "wait_p95_s", seconds(category->wait_p95));
    number(out, "wait_p99_s", seconds(category->wait_p99));
    number(out, "wait_max_s", seconds(category->wait_max));
    sb_json_object_end(out);
}

static void json_side(struct sb_json_out *out, const struct side *side)
{
    const struct sb_sim_report *report = &side->report;
    sb_json_object_begin(out);
    sb_json_key(out, "catalogue");
    sb_json_string(out, side->catalogue->name);
    sb_json_key(out, "policy");
    sb_json_string(out, sb_lane_policy_text(report->policy));
    number(out, "contention_s", seconds(report->contention));
    count(out, "runs", report->runs);
    count(out, "succeeded", report->succeeded);
    count(out, "failed", report->failed);
    count(out, "late", report->late);
    count(out, "skipped", report->skipped);
    count(out, "timeouts", report->timeouts);
    count(out, "jobs_starved", report->jobs_starved);
    count(out, "yields", report->yields);
    count(out, "revoked", report->revoked);
    count(out, "borrowed", report->borrowed);
    count(out, "bursts", report->bursts);
    count(out, "events", report->events);
    number(out, "wall_ms", (double)side->wall / 1e6);
    number(out, "utilisation", sb_sim_utilisation_pm(report, side->setup.lasts) / 1000.0);
    sb_json_key(out, "categories");
    sb_json_array_begin(out);
    for (int i = 0; i < SB_CATEGORY_COUNT; i++)
        if (i != SB_CATEGORY_NONE)
            json_category(out, (enum sb_category)i, &report->categories[i]);
    sb_json_array_end(out);
    sb_json_object_end(out);
}

/* The first side over the one it is held against; null when that had none. */
static void ratio(struct sb_json_out *out, const char *key, double mine, double other)
{
    if (other > 0) {
        number(out, key, mine / other);
        return;
    }
    sb_json_key(out, key);
    sb_json_raw(out, "null");
}

static void json_ratio(struct sb_json_out *out, const struct sb_sim_report *mine, const struct sb_sim_report *other)
{
    sb_json_key(out, "ratio");
    sb_json_object_begin(out);
    ratio(out, "contention", seconds(mine->contention), seconds(other->contention));
    ratio(out, "late", (double)mine->late, (double)other->late);
    ratio(out, "timeouts", (double)mine->timeouts, (double)other->timeouts);
    sb_json_object_end(out);
}

static int print_json(const struct side *sides, size_t side_count, const struct options *options)
{
    struct sb_json_out *out = sb_json_out_create(JSON_MAX);
    if (out == NULL) {
        complain("out of memory");
        return EXIT_BUG;
    }
    sb_json_object_begin(out);
    count(out, "seed", (uint64_t)options->seed);
    count(out, "hours", (uint64_t)options->hours);
    sb_json_key(out, "faults");
    sb_json_string(out, sb_sim_faults_text(sides[0].setup.faults));
    number(out, "load", sides[0].setup.load_pct / 100.0);
    sb_json_key(out, "sides");
    sb_json_array_begin(out);
    for (size_t i = 0; i < side_count; i++)
        json_side(out, &sides[i]);
    sb_json_array_end(out);
    if (side_count == SIDES_MAX)
        json_ratio(out, &sides[0].report, &sides[1].report);
    sb_json_object_end(out);
    return print_document(out);
}

/* --- plain text ----------------------------------------------------------------------------------------------------------- */

static void cell(sb_ns duration)
{
    char text[32];
    struct sb_text out;
    sb_text_init(&out, text, sizeof(text));
    sb_text_add_duration(&out, duration);
    (void)printf(" %8s", text);
}

static void print_side(const struct side *side)
{
    const struct sb_sim_report *report = &side->report;
    (void)printf("%s, policy %s\n", side->catalogue->name, sb_lane_policy_text(report->policy));
    (void)printf("  contention %.0f s, %llu timeouts; %llu runs: %llu succeeded, %llu failed, %llu late; %llu due times skipped\n",
                 seconds(report->contention), (unsigned long long)report->timeouts, (unsigned long long)report->runs,
                 (unsigned long long)report->succeeded, (unsigned long long)report->failed, (unsigned long long)report->late,
                 (unsigned long long)report->skipped);
    (void)printf("  %u contexts, used %.1f %%; lent %llu, burst %llu, yielded %llu, revoked %llu; jobs that never got one: %u\n",
                 report->contexts, sb_sim_utilisation_pm(report, side->setup.lasts) / 10.0, (unsigned long long)report->borrowed,
                 (unsigned long long)report->bursts, (unsigned long long)report->yields, (unsigned long long)report->revoked,
                 report->jobs_starved);
    (void)printf("  %-11s %8s %8s %8s %8s %8s %8s %8s\n", "category", "wanted", "granted", "timeouts", "wait p50", "p95", "p99", "max");
    for (int i = 0; i < SB_CATEGORY_COUNT; i++) {
        const struct sb_sim_category *category = &report->categories[i];
        if (category->wanted == 0)
            continue;
        (void)printf("  %-11s %8llu %8llu %8llu", sb_category_text((unsigned)i), (unsigned long long)category->wanted,
                     (unsigned long long)category->granted, (unsigned long long)category->timeouts);
        cell(category->wait_p50);
        cell(category->wait_p95);
        cell(category->wait_p99);
        cell(category->wait_max);
        (void)printf("\n");
    }
    if (report->jobs_guessed > 0)
        (void)printf("  %u jobs have no duration: one second is assumed (jobs.NAME.duration)\n", report->jobs_guessed);
    (void)printf("  %llu events in %.0f ms, %.2f million/s\n", (unsigned long long)report->events, (double)side->wall / 1e6,
                 (double)report->events / ((double)side->wall / 1e3));
}

static void print_plain(const struct side *sides, size_t side_count, const struct options *options)
{
    (void)printf("%lld hours of virtual time, seed %lld, faults %s, load %.2f%s\n\n", (long long)options->hours, (long long)options->seed,
                 sb_sim_faults_text(sides[0].setup.faults), sides[0].setup.load_pct / 100.0,
                 options->is_worst ? ", every run at its p95" : "");
    for (size_t i = 0; i < side_count; i++) {
        print_side(&sides[i]);
        (void)printf("\n");
    }
    if (side_count < SIDES_MAX)
        return;
    const struct sb_sim_report *mine = &sides[0].report, *other = &sides[1].report;
    if (other->contention > 0)
        (void)printf("contention: %.2f %% of the other side\n", (double)mine->contention / (double)other->contention * 100.0);
    if (other->late > 0)
        (void)printf("late runs:  %.2f %%\n", (double)mine->late / (double)other->late * 100.0);
    if (other->timeouts > 0)
        (void)printf("timeouts:   %.2f %%\n", (double)mine->timeouts / (double)other->timeouts * 100.0);
}

/* --- picture and offsets -------------------------------------------------------------------------------------------------- */

static int write_picture(const struct side *sides, size_t side_count, const struct options *options)
{
    struct sb_sim_picture pictures[SIDES_MAX];
    char titles[SIDES_MAX][160];
    for (size_t i = 0; i < side_count; i++) {
        (void)snprintf(titles[i], sizeof(titles[i]), "%s, policy %s, contention %.0f s in %lld h%s", sides[i].catalogue->name,
                       sb_lane_policy_text(sides[i].report.policy), seconds(sides[i].report.contention), (long long)options->hours,
                       options->hours > 24 ? ", first day shown" : "");
        pictures[i] = (struct sb_sim_picture){
            .title = titles[i], .timeline = &sides[i].timeline, .catalogue = sides[i].catalogue, .contexts = sides[i].report.contexts,
        };
        if (sides[i].timeline.is_cut)
            complain("%s: only the first %d leases are drawn", sides[i].catalogue->name, (int)LEASES_MAX);
    }
    FILE *to = fopen(options->svg, "we");
    if (to == NULL) {
        complain("%s: %s", options->svg, strerror(errno));
        return EXIT_CANNOT_CREATE;
    }
    bool is_written = sb_sim_svg(to, pictures, side_count, sides[0].setup.lasts);
    bool is_closed = fclose(to) == 0;
    if (is_written && is_closed)
        return EXIT_OK;
    complain("%s: could not be written", options->svg);
    return EXIT_INPUT_OUTPUT;
}

static int optimise(const struct side *side, bool is_json)
{
    struct sb_sim_offsets result;
    struct sb_error error = { 0 };
    const struct sb_catalogue *catalogue = side->catalogue;
    sb_ns *offsets = calloc((size_t)catalogue->job_count + 1, sizeof(*offsets));
    if (offsets == NULL) {
        complain("out of memory");
        return EXIT_BUG;
    }
    enum sb_err rc = sb_sim_optimise(&side->setup, offsets, &result, &error);
    if (rc != SB_OK) {
        complain("%s", error.text);
        free(offsets);
        return exit_code_of(rc);
    }
    if (is_json)
        (void)printf("{\"before_s\":%.3f,\"after_s\":%.3f,\"simulations\":%u,\"offsets_s\":{", seconds(result.before), seconds(result.after),
                     result.simulations);
    else
        (void)printf("# %s: predicted contention %.0f s -> %.0f s in %.0f hours (seeds that were not searched with); %u simulations\njobs:\n",
                     catalogue->name, seconds(result.before), seconds(result.after), seconds(side->setup.lasts) / 3600, result.simulations);
    const char *separator = "";
    for (uint32_t j = 0; j < catalogue->job_count; j++) {
        if (offsets[j] == catalogue->jobs[j].offset)
            continue;
        if (is_json) /* names are checked when a catalogue is loaded: letters, digits, - and _ */
            (void)printf("%s\"%s\":%lld", separator, catalogue->jobs[j].name, (long long)(offsets[j] / SB_S(1)));
        else
            (void)printf("  %s: { offset: %llds }   # was %llds\n", catalogue->jobs[j].name, (long long)(offsets[j] / SB_S(1)),
                         (long long)(catalogue->jobs[j].offset / SB_S(1)));
        separator = ",";
    }
    if (is_json)
        (void)printf("}}\n");
    else if (result.moved == 0)
        (void)printf("  # nothing to move: no other place was better\n");
    free(offsets);
    return EXIT_OK;
}

int command_simulate(struct options *options)
{
    struct side sides[SIDES_MAX];
    memset(sides, 0, sizeof(sides));
    const char *name = options->catalogue != NULL ? options->catalogue : "growth";
    if (options->is_budget) {
        int opened = open_side(&sides[0], options, name, "--policy", NULL);
        int simulated = opened == EXIT_OK ? simulate_budget(options, sides[0].catalogue, sides[0].setup.load_pct) : opened;
        close_side(&sides[0]);
        return simulated;
    }
    /* A second policy alone compares the same catalogue with itself. */
    const char *against = options->against != NULL ? options->against : options->against_policy != NULL ? name : NULL;
    size_t side_count = against != NULL && !options->is_optimise ? 2 : 1;
    int code = open_side(&sides[0], options, name, "--policy", options->policy);
    if (code == EXIT_OK && side_count == 2)
        code = open_side(&sides[1], options, against, "--against-policy", options->against_policy);
    struct recording_file *record = NULL;
    if (code == EXIT_OK && options->record != NULL && !options->is_optimise)
        code = recording_file_open(&record, options->record);
    if (record != NULL) {
        sides[0].setup.hear = recording_file_hear;
        sides[0].setup.hear_arg = record;
    }
    if (code == EXIT_OK && options->is_optimise) {
        code = optimise(&sides[0], options->is_json);
    } else {
        for (size_t i = 0; code == EXIT_OK && i < side_count; i++)
            code = run_side(&sides[i]);
        int recorded = recording_file_close(record);
        code = code == EXIT_OK ? recorded : code;
        if (code == EXIT_OK && options->svg != NULL)
            code = write_picture(sides, side_count, options);
        if (code == EXIT_OK && options->is_json)
            code = print_json(sides, side_count, options);
        else if (code == EXIT_OK)
            print_plain(sides, side_count, options);
    }
    for (size_t i = 0; i < SIDES_MAX; i++)
        close_side(&sides[i]);
    return code;
}
