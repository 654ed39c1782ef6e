/* job: the jobs of the catalogue with what the store knows of them. Read-only; the runtime may be running meanwhile. */
#include "tables.h"

#include "signalbox/os/os.h"

#include <stdio.h>
#include <string.h>

/* --- job list ------------------------------------------------------------------------------------------------------------ */

static const char jobs_sql[] = "SELECT name, is_paused, last_run, last_state, failures FROM jobs ORDER BY name";
static const char last_run_sql[] = "SELECT state, duration_ns, error FROM job_runs WHERE run = $1";

static const char last_runs_sql[] = "SELECT run, cause, state, attempt, started_at_ms AS started_at, duration_ns / 1000000 AS duration_ms, "
                                    "error_class, error FROM job_runs WHERE job_name = $1 ORDER BY run DESC LIMIT 10";

static const struct sb_cell *of_job(const struct sb_rows *rows, const char *name, const char *column)
{
    for (size_t r = 0; r < sb_rows_count(rows); r++) {
        const struct sb_cell *cell = sb_rows_get(rows, r, "name");
        if (cell != NULL && cell->type == SB_CELL_TEXT && strcmp(cell->text, name) == 0)
            return sb_rows_get(rows, r, column);
    }
    return NULL;
}

static bool is_set(const struct sb_cell *cell)
{
    return cell != NULL && cell->type == SB_CELL_INT && cell->integer != 0;
}

static void put_replaces(const struct sb_catalogue *catalogue, const struct sb_job_def *job, struct sb_json_out *out)
{
    sb_json_key(out, "replaces");
    sb_json_array_begin(out);
    for (uint32_t i = 0; i < catalogue->job_alias_count; i++)
        if (&catalogue->jobs[catalogue->job_aliases[i].job] == job)
            sb_json_string(out, catalogue->job_aliases[i].name);
    sb_json_array_end(out);
}

/* Steps and last runs, for `job show`. */
static void put_more(struct installation *in, const struct sb_job_def *job, bool is_whole, struct sb_json_out *out)
{
    struct sb_cell name = sb_cell_text(job->name);
    if (!is_whole)
        return;
    sb_json_key(out, "steps");
    sb_json_array_begin(out);
    for (uint8_t i = 0; i < job->step_count; i++) {
        const struct sb_step_def *step = &in->catalogue->steps[job->first_step + i];
        sb_json_object_begin(out);
        sb_json_key(out, "name");
        sb_json_string(out, step->name);
        sb_json_key(out, "kind");
        sb_json_string(out, sb_step_kind_text(step->kind));
        sb_json_key(out, "timeout_ms");
        sb_json_integer(out, step->timeout / SB_MS(1));
        sb_json_key(out, "every_ms");
        sb_json_integer(out, step->every / SB_MS(1));
        sb_json_key(out, "effect");
        sb_json_boolean(out, step->is_effect);
        sb_json_object_end(out);
    }
    sb_json_array_end(out);
    tables_json_list(in, out, "last_runs", last_runs_sql, &name);
}

static int job_json(struct installation *in, struct sb_json_out *out, const struct sb_job_def *job, const struct sb_rows *rows, bool is_whole)
{
    const struct sb_cell *last_run = of_job(rows, job->name, "last_run");
    struct sb_rows *run = NULL;
    int code = tables_query(in, last_run_sql, &(struct sb_cell){ .type = SB_CELL_INT, .integer = last_run != NULL ? last_run->integer : 0 },
                     1, &run);
    if (code != EXIT_OK)
        return code;
    bool has_run = sb_rows_count(run) > 0;
    const struct sb_cell *duration = has_run ? sb_rows_get(run, 0, "duration_ns") : NULL;
    sb_json_object_begin(out);
    sb_json_key(out, "name");
    sb_json_string(out, job->name);
    sb_json_key(out, "priority");
    sb_json_integer(out, job->priority);
    sb_json_key(out, "category");
    sb_json_string(out, sb_category_text(job->category));
    sb_json_key(out, "schedule");
    sb_json_string(out, job->schedule_text);
    tables_json_cell(out, "state", has_run ? sb_rows_get(run, 0, "state") : NULL);
    sb_json_key(out, "paused");
    sb_json_boolean(out, is_set(of_job(rows, job->name, "is_paused")));
    sb_json_key(out, "next_due");
    sb_json_string(out, NULL); /* known to the runtime only; filled when it answers over its socket */
    tables_json_cell(out, "last_outcome", of_job(rows, job->name, "last_state"));
    sb_json_key(out, "last_duration_ms");
    sb_json_integer(out, duration != NULL && duration->type == SB_CELL_INT ? duration->integer / SB_MS(1) : 0);
    tables_json_cell(out, "why", has_run ? sb_rows_get(run, 0, "error") : NULL);
    put_replaces(in->catalogue, job, out);
    put_more(in, job, is_whole, out);
    sb_json_object_end(out);
    sb_rows_destroy(run);
    return EXIT_OK;
}

static int jobs_as_json(struct installation *in, const struct sb_rows *rows)
{
    struct sb_json_out *out = sb_json_out_create(8u << 20);
    if (out == NULL)
        return EXIT_BUG;
    sb_json_array_begin(out);
    for (uint32_t i = 0; i < in->catalogue->job_count; i++) {
        int code = job_json(in, out, &in->catalogue->jobs[i], rows, false);
        if (code != EXIT_OK) {
            sb_json_out_destroy(out);
            return code;
        }
    }
    sb_json_array_end(out);
    return tables_finish(out);
}

static int list_jobs(struct installation *in, const struct sb_rows *rows, bool is_json)
{
    if (is_json)
        return jobs_as_json(in, rows);
    (void)printf("%-28s %-4s %-11s %-20s %-7s %-12s %s\n", "JOB", "PRI", "CATEGORY", "SCHEDULE", "PAUSED", "LAST", "FAILURES");
    for (uint32_t i = 0; i < in->catalogue->job_count; i++) {
        const struct sb_job_def *job = &in->catalogue->jobs[i];
        const struct sb_cell *state = of_job(rows, job->name, "last_state");
        const struct sb_cell *failures = of_job(rows, job->name, "failures");
        (void)printf("%-28s %-4u %-11s %-20s %-7s %-12s %lld\n", job->name, job->priority, sb_category_text(job->category), job->schedule_text,
                     is_set(of_job(rows, job->name, "is_paused")) ? "paused" : "-",
                     state != NULL && state->type == SB_CELL_TEXT ? state->text : "-", failures != NULL ? (long long)failures->integer : 0);
    }
    return EXIT_OK;
}

static int show_text(struct installation *in, const struct sb_job_def *job)
{
    static const int widths[] = { 7, 10, 14, 7, 14, 12, 15, 60 };
    const struct sb_catalogue *catalogue = in->catalogue;
    struct sb_cell name = sb_cell_text(job->name);
    struct sb_rows *runs = NULL;
    (void)printf("%s: %s, priority %u, category %s%s%s\n", job->name, job->schedule_text, job->priority, sb_category_text(job->category),
                 job->is_critical ? ", critical" : "", job->is_enabled ? "" : ", disabled");
    for (uint32_t i = 0, shown = 0; i < catalogue->job_alias_count; i++)
        if (&catalogue->jobs[catalogue->job_aliases[i].job] == job)
            (void)printf("%s%s", shown++ == 0 ? "replaces " : ", ", catalogue->job_aliases[i].name);
    (void)printf("\n\n%-4s %-24s %-8s %-9s %-9s %s\n", "STEP", "NAME", "KIND", "LIMIT", "EVERY", "MARKS");
    for (uint8_t i = 0; i < job->step_count; i++) {
        const struct sb_step_def *step = &catalogue->steps[job->first_step + i];
        char limit[32], every[32] = "run";
        struct sb_text text;
        sb_text_init(&text, limit, sizeof(limit));
        sb_text_add_duration(&text, step->timeout);
        sb_text_init(&text, every, sizeof(every));
        if (step->every > 0)
            sb_text_add_duration(&text, step->every);
        else
            sb_text_add(&text, "run");
        (void)printf("%-4u %-24s %-8s %-9s %-9s %s%s%s\n", i + 1u, step->name, sb_step_kind_text(step->kind), limit, every,
                     step->is_effect ? "effect " : "", step->needs_context ? "context " : "", step->goes_on ? "goes on" : "");
    }
    (void)putchar('\n');
    int code = tables_query(in, last_runs_sql, &name, 1, &runs);
    if (code == EXIT_OK)
        tables_print(runs, widths);
    sb_rows_destroy(runs);
    return code;
}

static int show_job(struct installation *in, const struct sb_rows *rows, const char *name, bool is_json)
{
    uint16_t index = tables_job(in->catalogue, name);
    if (index == SB_NO_JOB)
        return EXIT_DATA;
    if (!is_json)
        return show_text(in, &in->catalogue->jobs[index]);
    struct sb_json_out *out = sb_json_out_create(8u << 20);
    int code = out != NULL ? job_json(in, out, &in->catalogue->jobs[index], rows, true) : EXIT_BUG;
    if (code == EXIT_OK)
        return tables_finish(out);
    sb_json_out_destroy(out);
    return code;
}

int command_job(struct options *options)
{
    struct installation in;
    struct sb_rows *rows = NULL;
    const char *verb = options->positional_count > 0 ? options->positionals[0] : "";
    bool is_list = strcmp(verb, "list") == 0 && options->positional_count == 1;
    bool is_show = strcmp(verb, "show") == 0 && options->positional_count == 2;
    if (!is_list && !is_show) {
        complain("job: expected list, or show NAME");
        return EXIT_USAGE;
    }
    int code = installation_open_store(&in, options, true);
    if (code != EXIT_OK)
        return code;
    code = tables_query(&in, jobs_sql, NULL, 0, &rows);
    if (code == EXIT_OK)
        code = is_list ? list_jobs(&in, rows, options->is_json) : show_job(&in, rows, options->positionals[1], options->is_json);
    sb_rows_destroy(rows);
    installation_close(&in);
    return code;
}
