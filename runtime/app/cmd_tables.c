/* job, runs, content: what the store knows, as tables or JSON. Read-only queries; the runtime may be running meanwhile. */
#include "app.h"

#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sb_op within_ten_seconds(void)
{
    return (struct sb_op){ .deadline = sb_now() + SB_S(10) };
}

/* Text from outside is printed with control characters made visible. */
static void print_cell(const struct sb_cell *cell, int width)
{
    char line[64];
    size_t used = 0;
    if (cell != NULL && cell->type == SB_CELL_INT) {
        (void)printf("%-*lld ", width, (long long)cell->integer);
        return;
    }
    for (size_t i = 0; cell != NULL && cell->type == SB_CELL_TEXT && i < cell->size && used + 1 < sizeof(line); i++) {
        unsigned char c = (unsigned char)cell->text[i];
        line[used++] = c < 0x20 || c == 0x7f ? '?' : (char)c;
    }
    line[used] = '\0';
    (void)printf("%-*s ", width, used > 0 ? line : "-");
}

static void print_rows(const struct sb_rows *rows, const int *widths)
{
    for (size_t c = 0; c < sb_rows_columns(rows); c++)
        (void)printf("%-*s ", widths[c], sb_rows_column(rows, c));
    (void)putchar('\n');
    for (size_t r = 0; r < sb_rows_count(rows); r++) {
        for (size_t c = 0; c < sb_rows_columns(rows); c++)
            print_cell(sb_rows_cell(rows, r, c), widths[c]);
        (void)putchar('\n');
    }
}

static void json_cell(struct sb_json_out *out, const char *key, const struct sb_cell *cell)
{
    sb_json_key(out, key);
    if (cell == NULL || cell->type == SB_CELL_NULL)
        sb_json_string(out, NULL);
    else if (cell->type == SB_CELL_INT)
        sb_json_integer(out, cell->integer);
    else
        sb_json_string_n(out, cell->text, cell->size);
}

static int print_out(struct sb_json_out *out)
{
    char *text = out != NULL ? sb_json_out_take(out) : NULL;
    if (text != NULL)
        (void)puts(text);
    int code = text != NULL ? EXIT_OK : EXIT_BUG;
    free(text);
    sb_json_out_destroy(out);
    return code;
}

static int query(struct installation *in, const char *sql, const struct sb_cell *params, size_t count, struct sb_rows **rows)
{
    struct sb_error error = { 0 };
    struct sb_op op = within_ten_seconds();
    struct sb_statement statement = { .sql = sql, .params = params, .param_count = count, .expect_rows = -1 };
    enum sb_err rc = in->services.store->ops->query(in->services.store, &statement, &op, rows, &error);
    if (rc != SB_OK)
        complain("%s", error.text);
    return exit_code_of(rc);
}

/* --- job list ------------------------------------------------------------------------------------------------------------ */

static const char jobs_sql[] = "SELECT name, is_paused, last_run, last_state, failures FROM jobs ORDER BY name";
static const char last_run_sql[] = "SELECT state, duration_ns, error FROM job_runs WHERE run = $1";

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

static int job_json(struct installation *in, struct sb_json_out *out, const struct sb_job_def *job, const struct sb_rows *rows)
{
    const struct sb_cell *last_run = of_job(rows, job->name, "last_run");
    struct sb_rows *run = NULL;
    int code = query(in, last_run_sql, &(struct sb_cell){ .type = SB_CELL_INT, .integer = last_run != NULL ? last_run->integer : 0 },
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
    json_cell(out, "state", has_run ? sb_rows_get(run, 0, "state") : NULL);
    sb_json_key(out, "paused");
    sb_json_boolean(out, is_set(of_job(rows, job->name, "is_paused")));
    sb_json_key(out, "next_due");
    sb_json_string(out, NULL); /* known to the runtime only; filled when it answers over its socket */
    json_cell(out, "last_outcome", of_job(rows, job->name, "last_state"));
    sb_json_key(out, "last_duration_ms");
    sb_json_integer(out, duration != NULL && duration->type == SB_CELL_INT ? duration->integer / SB_MS(1) : 0);
    json_cell(out, "why", has_run ? sb_rows_get(run, 0, "error") : NULL);
    sb_json_key(out, "replaces");
    sb_json_array_begin(out);
    sb_json_array_end(out);
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
        int code = job_json(in, out, &in->catalogue->jobs[i], rows);
        if (code != EXIT_OK) {
            sb_json_out_destroy(out);
            return code;
        }
    }
    sb_json_array_end(out);
    return print_out(out);
}

int command_job(struct options *options)
{
    struct installation in;
    struct sb_rows *rows = NULL;
    if (options->positional_count != 1 || strcmp(options->positionals[0], "list") != 0) {
        complain("job: expected list");
        return EXIT_USAGE;
    }
    int code = installation_open_store(&in, options, true);
    if (code != EXIT_OK)
        return code;
    code = query(&in, jobs_sql, NULL, 0, &rows);
    if (code == EXIT_OK && options->is_json) {
        code = jobs_as_json(&in, rows);
    } else if (code == EXIT_OK) {
        (void)printf("%-28s %-4s %-11s %-20s %-7s %-12s %s\n", "JOB", "PRI", "CATEGORY", "SCHEDULE", "PAUSED", "LAST", "FAILURES");
        for (uint32_t i = 0; i < in.catalogue->job_count; i++) {
            const struct sb_job_def *job = &in.catalogue->jobs[i];
            const struct sb_cell *state = of_job(rows, job->name, "last_state");
            const struct sb_cell *failures = of_job(rows, job->name, "failures");
            (void)printf("%-28s %-4u %-11s %-20s %-7s %-12s %lld\n", job->name, job->priority, sb_category_text(job->category),
                         job->schedule_text, is_set(of_job(rows, job->name, "is_paused")) ? "paused" : "-",
                         state != NULL && state->type == SB_CELL_TEXT ? state->text : "-",
                         failures != NULL ? (long long)failures->integer : 0);
        }
    }
    sb_rows_destroy(rows);
    installation_close(&in);
    return code;
}

/* --- runs ---------------------------------------------------------------------------------------------------------------- */

static const char runs_sql[] =
    "SELECT run AS id, job_name AS job, cause, state, attempt, queued_at_ms AS queued_at, started_at_ms AS started_at, "
    "ended_at_ms AS ended_at, error_class, error FROM job_runs "
    "WHERE ($1 = '' OR job_name = $1) AND ($2 = 0 OR state = 'failed') ORDER BY run DESC LIMIT $3";
static const char steps_sql[] =
    "SELECT name, state, duration_ns / 1000000 AS duration_ms FROM job_steps WHERE run = $1 ORDER BY step, attempt";

static void steps_as_json(struct installation *in, struct sb_json_out *out, int64_t run)
{
    struct sb_rows *steps = NULL;
    struct sb_cell id = sb_cell_int(run);
    sb_json_key(out, "steps");
    sb_json_array_begin(out);
    if (query(in, steps_sql, &id, 1, &steps) == EXIT_OK) {
        for (size_t r = 0; r < sb_rows_count(steps); r++) {
            sb_json_object_begin(out);
            for (size_t c = 0; c < sb_rows_columns(steps); c++)
                json_cell(out, sb_rows_column(steps, c), sb_rows_cell(steps, r, c));
            sb_json_object_end(out);
        }
    }
    sb_json_array_end(out);
    sb_rows_destroy(steps);
}

static int runs_as_json(struct installation *in, const struct sb_rows *rows)
{
    struct sb_json_out *out = sb_json_out_create(32u << 20);
    if (out == NULL)
        return EXIT_BUG;
    sb_json_array_begin(out);
    for (size_t r = 0; r < sb_rows_count(rows); r++) {
        const struct sb_cell *id = sb_rows_get(rows, r, "id");
        sb_json_object_begin(out);
        for (size_t c = 0; c < sb_rows_columns(rows); c++)
            json_cell(out, sb_rows_column(rows, c), sb_rows_cell(rows, r, c));
        steps_as_json(in, out, id != NULL ? id->integer : 0);
        sb_json_object_end(out);
    }
    sb_json_array_end(out);
    return print_out(out);
}

int command_runs(struct options *options)
{
    static const int widths[] = { 7, 26, 10, 12, 7, 14, 14, 14, 15, 40 };
    struct installation in;
    struct sb_rows *rows = NULL;
    int code = installation_open_store(&in, options, true);
    if (code != EXIT_OK)
        return code;
    struct sb_cell params[] = { sb_cell_text(options->job != NULL ? options->job : ""), sb_cell_int(options->is_failed_only),
                                sb_cell_int(options->limit) };
    code = query(&in, runs_sql, params, SB_LEN(params), &rows);
    if (code == EXIT_OK && options->is_json)
        code = runs_as_json(&in, rows);
    else if (code == EXIT_OK)
        print_rows(rows, widths);
    sb_rows_destroy(rows);
    installation_close(&in);
    return code;
}

/* --- content ------------------------------------------------------------------------------------------------------------- */

static const char content_sql[] =
    "SELECT decision_id, kind, status, post_id, scheduled_at_ms AS scheduled_at, posted_at_ms AS posted_at, account "
    "FROM content_metadata ORDER BY scheduled_at_ms DESC LIMIT $1";

static int content_as_json(const struct sb_rows *rows)
{
    struct sb_json_out *out = sb_json_out_create(8u << 20);
    if (out == NULL)
        return EXIT_BUG;
    sb_json_array_begin(out);
    for (size_t r = 0; r < sb_rows_count(rows); r++) {
        sb_json_object_begin(out);
        for (size_t c = 0; c < sb_rows_columns(rows); c++) {
            const char *column = sb_rows_column(rows, c);
            const struct sb_cell *cell = sb_rows_cell(rows, r, c);
            if (strcmp(column, "post_id") != 0) {
                json_cell(out, column, cell);
                continue;
            }
            sb_json_key(out, "post_ids");
            sb_json_array_begin(out);
            if (cell->type == SB_CELL_TEXT)
                sb_json_string_n(out, cell->text, cell->size);
            sb_json_array_end(out);
        }
        sb_json_object_end(out);
    }
    sb_json_array_end(out);
    return print_out(out);
}

int command_content(struct options *options)
{
    static const int widths[] = { 38, 8, 11, 22, 15, 15, 20 };
    struct installation in;
    struct sb_rows *rows = NULL;
    if (options->positional_count != 1 || strcmp(options->positionals[0], "list") != 0) {
        complain("content: expected list");
        return EXIT_USAGE;
    }
    int code = installation_open_store(&in, options, true);
    if (code != EXIT_OK)
        return code;
    struct sb_cell limit = sb_cell_int(options->limit);
    code = query(&in, content_sql, &limit, 1, &rows);
    if (code == EXIT_OK && options->is_json)
        code = content_as_json(rows);
    else if (code == EXIT_OK)
        print_rows(rows, widths);
    sb_rows_destroy(rows);
    installation_close(&in);
    return code;
}
