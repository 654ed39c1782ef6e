/* runs, content: what the store knows, as tables or JSON. Read-only queries; the runtime may be running meanwhile. */
#include "tables.h"

#include <stdio.h>
#include <string.h>

/* --- runs ---------------------------------------------------------------------------------------------------------------- */

static const char runs_sql[] =
    "SELECT run AS id, job_name AS job, cause, state, attempt, queued_at_ms AS queued_at, started_at_ms AS started_at, "
    "ended_at_ms AS ended_at, error_class, error FROM job_runs "
    "WHERE ($1 = '' OR job_name = $1) AND ($2 = 0 OR state = 'failed') ORDER BY run DESC LIMIT $3";
static const char steps_sql[] =
    "SELECT name, state, duration_ns / 1000000 AS duration_ms FROM job_steps WHERE run = $1 ORDER BY step, attempt";

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
            tables_json_cell(out, sb_rows_column(rows, c), sb_rows_cell(rows, r, c));
        tables_json_list(in, out, "steps", steps_sql, &(struct sb_cell){ .type = SB_CELL_INT, .integer = id != NULL ? id->integer : 0 });
        sb_json_object_end(out);
    }
    sb_json_array_end(out);
    return tables_finish(out);
}

int command_runs(struct options *options)
{
    static const int widths[] = { 7, 26, 10, 12, 7, 14, 14, 14, 15, 40 };
    struct installation in;
    struct sb_rows *rows = NULL;
    int code = installation_open_store(&in, options, true);
    if (code != EXIT_OK)
        return code;
    uint16_t job = options->job != NULL ? tables_job(in.catalogue, options->job) : SB_NO_JOB;
    if (options->job != NULL && job == SB_NO_JOB) {
        installation_close(&in);
        return EXIT_DATA;
    }
    struct sb_cell params[] = { sb_cell_text(job != SB_NO_JOB ? in.catalogue->jobs[job].name : ""), sb_cell_int(options->is_failed_only),
                                sb_cell_int(options->limit) };
    code = tables_query(&in, runs_sql, params, SB_LEN(params), &rows);
    if (code == EXIT_OK && options->is_json)
        code = runs_as_json(&in, rows);
    else if (code == EXIT_OK)
        tables_print(rows, widths);
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
                tables_json_cell(out, column, cell);
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
    return tables_finish(out);
}

static const char row_sql[] =
    "SELECT decision_id, kind, status, account, text, topic, angle, tone, format, post_id, target_post_id, thread_id, part, "
    "scheduled_at_ms AS scheduled_at, claimed_at_ms AS claimed_at, posted_at_ms AS posted_at, attempts, last_error, intent, alias, cost_nano "
    "FROM content_metadata WHERE decision_id = $1";
static const char attempts_sql[] =
    "SELECT attempt, started_at_ms AS started_at, ended_at_ms AS ended_at, outcome, error FROM posting_attempts WHERE decision_id = $1 "
    "ORDER BY attempt";

static int show_content(struct installation *in, const char *id, bool is_json)
{
    struct sb_cell param = sb_cell_text(id);
    struct sb_rows *rows = NULL;
    static const int widths[] = { 8, 14, 14, 12, 60 };
    int code = tables_query(in, row_sql, &param, 1, &rows);
    if (code == EXIT_OK && sb_rows_count(rows) == 0) {
        complain("there is no content row %.60s; `signalbox content list` names them", id);
        code = EXIT_DATA;
    }
    struct sb_json_out *out = code == EXIT_OK && is_json ? sb_json_out_create(1u << 20) : NULL;
    if (out != NULL) {
        sb_json_object_begin(out);
        for (size_t c = 0; c < sb_rows_columns(rows); c++)
            tables_json_cell(out, sb_rows_column(rows, c), sb_rows_cell(rows, 0, c));
        tables_json_list(in, out, "attempts_made", attempts_sql, &param);
        sb_json_object_end(out);
        code = tables_finish(out);
    } else if (code == EXIT_OK) {
        for (size_t c = 0; c < sb_rows_columns(rows); c++)
            tables_field(sb_rows_column(rows, c), sb_rows_cell(rows, 0, c));
        sb_rows_destroy(rows);
        rows = NULL;
        code = tables_query(in, attempts_sql, &param, 1, &rows);
        if (code == EXIT_OK)
            tables_print(rows, widths);
    }
    sb_rows_destroy(rows);
    return code;
}

int command_content(struct options *options)
{
    static const int widths[] = { 38, 8, 11, 22, 15, 15, 20 };
    struct installation in;
    struct sb_rows *rows = NULL;
    bool is_list = options->positional_count == 1 && strcmp(options->positionals[0], "list") == 0;
    bool is_show = options->positional_count == 2 && strcmp(options->positionals[0], "show") == 0;
    if (!is_list && !is_show) {
        complain("content: expected list, or show ID");
        return EXIT_USAGE;
    }
    int code = installation_open_store(&in, options, true);
    if (code != EXIT_OK)
        return code;
    if (is_show) {
        code = show_content(&in, options->positionals[1], options->is_json);
        installation_close(&in);
        return code;
    }
    struct sb_cell limit = sb_cell_int(options->limit);
    code = tables_query(&in, content_sql, &limit, 1, &rows);
    if (code == EXIT_OK && options->is_json)
        code = content_as_json(rows);
    else if (code == EXIT_OK)
        tables_print(rows, widths);
    sb_rows_destroy(rows);
    installation_close(&in);
    return code;
}
