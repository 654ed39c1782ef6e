/* What was: runs and content rows, from the store alone. */
#include "call.h"

static const char runs_sql[] =
    "SELECT run AS id, job_name AS job, cause, state, attempt, queued_at_ms AS queued_at, started_at_ms AS started_at, "
    "ended_at_ms AS ended_at, error_class, error FROM job_runs "
    "WHERE ($1 = '' OR job_name = $1) AND ($2 = 0 OR state = 'failed') AND ($3 = 0 OR run = $3) AND ($5 = 0 OR run < $5) ORDER BY run DESC LIMIT $4";
static const char steps_sql[] =
    "SELECT name, state, duration_ns / 1000000 AS duration_ms, attempt, class, rows, text FROM job_steps WHERE run = $1 ORDER BY step, attempt";
static const char content_sql[] =
    "SELECT decision_id, kind, status, post_id, scheduled_at_ms AS scheduled_at, posted_at_ms AS posted_at, account "
    "FROM content_metadata WHERE ($1 = '' OR status = $1) ORDER BY scheduled_at_ms DESC LIMIT $2";
static const char content_row_sql[] =
    "SELECT decision_id, kind, status, account, text, topic, angle, tone, format, post_id, target_post_id, thread_id, part, "
    "scheduled_at_ms AS scheduled_at, claimed_at_ms AS claimed_at, posted_at_ms AS posted_at, attempts, last_error, intent, alias, cost_nano "
    "FROM content_metadata WHERE decision_id = $1";
static const char attempts_sql[] =
    "SELECT attempt, started_at_ms AS started_at, ended_at_ms AS ended_at, outcome, error FROM posting_attempts WHERE decision_id = $1 "
    "ORDER BY attempt";

/* What follows a row's columns inside its object. */
typedef enum sb_err more(const struct call *call, const struct sb_rows *rows, size_t row, struct sb_json_out *out, struct sb_error *err);

static enum sb_err put_object(const struct call *call, const struct sb_rows *rows, size_t row, more *put_more, struct sb_json_out *out,
                              struct sb_error *err)
{
    sb_json_object_begin(out);
    for (size_t c = 0; c < sb_rows_columns(rows); c++) {
        const struct sb_cell *cell = sb_rows_cell(rows, row, c);
        if (!sb_streq(sb_rows_column(rows, c), "post_id")) {
            put_cell(out, sb_rows_column(rows, c), cell);
            continue;
        }
        sb_json_key(out, "post_ids");
        sb_json_array_begin(out);
        if (cell->type == SB_CELL_TEXT)
            sb_json_string_n(out, cell->text, cell->size);
        sb_json_array_end(out);
    }
    enum sb_err rc = put_more != NULL ? put_more(call, rows, row, out, err) : SB_OK;
    sb_json_object_end(out);
    return rc;
}

/* All rows as an array, or the first alone (404 without one). */
static void answer_rows(const struct call *call, struct answer *answer, const char *sql, const struct sb_cell *params, size_t count,
                        more *put_more, bool is_single)
{
    struct sb_store *store = call->setup->store;
    struct sb_rows *rows = NULL;
    struct sb_error err = { 0 };
    struct sb_statement statement = { .sql = sql, .params = params, .param_count = count, .expect_rows = -1 };
    enum sb_err rc = store != NULL ? store->ops->query(store, &statement, &call->op, &rows, &err)
                                   : sb_error_set(&err, SB_ERR_UNAVAILABLE, "there is no store yet; a first `signalbox run` makes it");
    if (rc == SB_OK && is_single && sb_rows_count(rows) == 0)
        rc = sb_error_set(&err, SB_ERR_NOT_FOUND, "there is no %.60s", call->argument);
    struct sb_json_out *out = rc == SB_OK ? sb_json_out_create(ANSWER_MAX) : NULL;
    if (out != NULL && is_single) {
        rc = put_object(call, rows, 0, put_more, out, &err);
    } else if (out != NULL) {
        sb_json_array_begin(out);
        for (size_t r = 0; rc == SB_OK && r < sb_rows_count(rows); r++)
            rc = put_object(call, rows, r, put_more, out, &err);
        sb_json_array_end(out);
    }
    sb_rows_destroy(rows);
    if (rc == SB_OK) {
        answer_json(answer, 200, out);
        return;
    }
    sb_json_out_destroy(out);
    answer_failure(answer, &err);
}

static enum sb_err put_run_steps(const struct call *call, const struct sb_rows *rows, size_t row, struct sb_json_out *out, struct sb_error *err)
{
    struct sb_cell id = sb_cell_int(sb_rows_number(rows, row, "id"));
    return put_rows(out, "steps", call->setup->store, steps_sql, &id, 1, &call->op, err);
}

static int64_t limit_of(const struct call *call)
{
    int64_t limit = call_query_number(call, "limit", 50);
    return limit < 1 ? 1 : limit > 10000 ? 10000 : limit;
}

void handle_runs(const struct call *call, struct answer *answer)
{
    char name[SB_NAME_MAX] = "";
    const struct sb_job_alias *alias = NULL;
    if (call_query(call, "job", name, sizeof(name))) {
        uint16_t job = sb_catalogue_resolve(call->setup->catalogue, name, &alias);
        if (job == SB_NO_JOB) {
            answer_error(answer, 404, "not_found", "there is no job of that name; /v1/jobs lists them");
            return;
        }
        (void)sb_copy(name, sizeof(name), call->setup->catalogue->jobs[job].name);
    }
    struct sb_cell params[] = { sb_cell_text(name), sb_cell_int(call_query_number(call, "failed", 0) != 0), sb_cell_int(0),
                                sb_cell_int(limit_of(call)), sb_cell_int(call_query_number(call, "before", 0)) };
    answer_rows(call, answer, runs_sql, params, SB_LEN(params), put_run_steps, false);
}

void handle_run(const struct call *call, struct answer *answer)
{
    int64_t id = 0;
    if (!sb_parse_i64(call->argument, &id) || id <= 0) {
        answer_error(answer, 400, "invalid", "a run is named by its number; /v1/runs lists them");
        return;
    }
    struct sb_cell params[] = { sb_cell_text(""), sb_cell_int(0), sb_cell_int(id), sb_cell_int(1), sb_cell_int(0) };
    answer_rows(call, answer, runs_sql, params, SB_LEN(params), put_run_steps, true);
}

void handle_content(const struct call *call, struct answer *answer)
{
    char status[24] = "";
    (void)call_query(call, "status", status, sizeof(status));
    struct sb_cell params[] = { sb_cell_text(status), sb_cell_int(limit_of(call)) };
    answer_rows(call, answer, content_sql, params, SB_LEN(params), NULL, false);
}

static enum sb_err put_attempts(const struct call *call, const struct sb_rows *rows, size_t row, struct sb_json_out *out, struct sb_error *err)
{
    struct sb_cell id = sb_cell_text(sb_rows_words(rows, row, "decision_id"));
    return put_rows(out, "attempts_made", call->setup->store, attempts_sql, &id, 1, &call->op, err);
}

void handle_content_row(const struct call *call, struct answer *answer)
{
    struct sb_cell id = sb_cell_text(call->argument);
    answer_rows(call, answer, content_row_sql, &id, 1, put_attempts, true);
}
