/* The last state of the rows as restore inputs, through the port's query and write alone, so that it serves every database. Runs once,
 * before the first append, on the starting thread. */
#include "fold.h"
#include "restoring.h"
#include "shared.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <string.h>

enum { PAGE = 1000 };

static const struct sb_op forever = { .deadline = SB_NEVER };

enum sb_err sb_restore_query(const struct restoring *r, const char *sql, const struct sb_cell *params, size_t count, struct sb_rows **rows)
{
    const struct sb_statement statement = { sql, params, count, -1 };
    return r->store->ops->query(r->store, &statement, &forever, rows, r->err);
}

/* A value of meta as a number; `fallback` when it is not there. */
static int64_t meta(const struct sb_rows *rows, const char *key, int64_t fallback)
{
    int64_t value;
    for (size_t i = 0; i < sb_rows_count(rows); i++)
        if (sb_streq(sb_rows_words(rows, i, "key"), key) && sb_parse_i64(sb_rows_words(rows, i, "value"), &value))
            return value;
    return fallback;
}

/* Step and state columns hold what the fold wrote; anything else reads as none. */
static uint8_t step_of(const struct sb_rows *rows, size_t row, const char *column)
{
    const struct sb_cell *cell = sb_rows_get(rows, row, column);
    bool is_step = cell && cell->type == SB_CELL_INT && cell->integer >= 0 && cell->integer < SB_JOB_STEPS_MAX;
    return is_step ? (uint8_t)cell->integer : (uint8_t)SB_NO_STEP;
}

static uint8_t small(int64_t value)
{
    return value < 0 ? 0 : value > UINT8_MAX ? UINT8_MAX : (uint8_t)value;
}

uint8_t sb_restore_word(enum sb_field_type type, const char *text)
{
    int value = sb_field_enum_parse(type, text);
    return value < 0 ? 0 : (uint8_t)value;
}

/* A row that tells when a step with its own cadence succeeded; any other row is passed over. */
static void emit_step(const struct restoring *r, const char *key, const char *value)
{
    const size_t prefix = strlen(SB_FOLD_STEP_KEY);
    const char *slash = strncmp(key, SB_FOLD_STEP_KEY, prefix) == 0 ? strchr(key + prefix, '/') : NULL;
    struct sb_input input = sb_input_make(SB_INPUT_RESTORE_STEP);
    char job[SB_NAME_MAX];
    int64_t at_ms;
    if (!slash || !sb_copy_n(job, sizeof job, key + prefix, (size_t)(slash - key) - prefix) || !sb_parse_i64(value, &at_ms) ||
        !sb_copy(input.as.restore_step.step_name, SB_NAME_MAX, slash + 1))
        return;
    input.as.restore_step.job = r->job_of(r->arg, job);
    input.as.restore_step.done = at_ms * SB_MS(1);
    if (input.as.restore_step.job != SB_NO_JOB)
        r->emit(r->arg, &input);
}

static enum sb_err restore_meta(const struct restoring *r, int64_t *budget_day, int64_t *budget_spent)
{
    struct sb_rows *rows = NULL;
    enum sb_err code = sb_restore_query(r, "SELECT key, value FROM meta", NULL, 0, &rows);
    if (code)
        return code;
    struct sb_input input = sb_input_make(SB_INPUT_RESTORE_BASE);
    input.as.restore_base.genesis = meta(rows, "genesis_ns", 0);
    input.as.restore_base.next_run = (uint64_t)meta(rows, sb_fold_number_keys[SB_FOLD_NEXT_RUN], 1);
    input.as.restore_base.next_seq = (uint64_t)meta(rows, sb_fold_number_keys[SB_FOLD_NEXT_SEQ], 1);
    input.as.restore_base.next_fence = (uint64_t)meta(rows, sb_fold_number_keys[SB_FOLD_NEXT_FENCE], 1);
    input.as.restore_base.next_alert = (uint32_t)meta(rows, sb_fold_number_keys[SB_FOLD_NEXT_ALERT], 1);
    r->emit(r->arg, &input);
    for (size_t i = 0; i < sb_rows_count(rows); i++)
        emit_step(r, sb_rows_words(rows, i, "key"), sb_rows_words(rows, i, "value"));
    *budget_day = meta(rows, "budget_day_ns", 0);
    *budget_spent = meta(rows, "budget_spent_nano", 0);
    sb_rows_destroy(rows);
    return SB_OK;
}

static void emit_job(const struct restoring *r, const struct sb_rows *rows, size_t row)
{
    uint16_t job = r->job_of(r->arg, sb_rows_words(rows, row, "name"));
    if (job == SB_NO_JOB)
        return;
    struct sb_input input = sb_input_make(SB_INPUT_RESTORE_JOB);
    struct sb_in_restore_job *out = &input.as.restore_job;
    out->job = job;
    out->watermark = sb_rows_number(rows, row, "watermark_ns");
    out->is_paused = sb_rows_number(rows, row, "is_paused") != 0;
    out->last_run = (uint64_t)sb_rows_number(rows, row, "last_run");
    out->last_state = sb_restore_word(SB_FIELD_run_state, sb_rows_words(rows, row, "last_state"));
    out->failed_step = step_of(rows, row, "failed_step");
    out->last_attempt = small(sb_rows_number(rows, row, "last_attempt"));
    int64_t failures = sb_rows_number(rows, row, "failures");
    out->failures = failures > UINT32_MAX ? UINT32_MAX : (uint32_t)failures;
    r->emit(r->arg, &input);
}

static enum sb_err restore_jobs(const struct restoring *r)
{
    char last[256] = "";
    size_t count = PAGE;
    while (count == PAGE) {
        const struct sb_cell params[] = { sb_cell_text(last), sb_cell_int(PAGE) };
        struct sb_rows *rows = NULL;
        enum sb_err code = sb_restore_query(r, "SELECT name, watermark_ns, is_paused, last_run, last_state, failed_step, last_attempt, failures "
                                    "FROM jobs WHERE name > $1 ORDER BY name LIMIT $2", params, SB_LEN(params), &rows);
        if (code)
            return code;
        count = sb_rows_count(rows);
        for (size_t i = 0; i < count; i++)
            emit_job(r, rows, i);
        if (count > 0)
            (void)sb_copy(last, sizeof last, sb_rows_words(rows, count - 1, "name")); /* names are shorter than SB_NAME_MAX */
        sb_rows_destroy(rows);
    }
    return SB_OK;
}

static enum sb_err restore_pauses(const struct restoring *r)
{
    struct sb_rows *rows = NULL;
    enum sb_err code = sb_restore_query(r, "SELECT scope, name, actor, reason, at_ms FROM pauses ORDER BY scope, name", NULL, 0, &rows);
    if (code)
        return code;
    for (size_t i = 0; i < sb_rows_count(rows); i++) {
        struct sb_input input = sb_input_make(SB_INPUT_RESTORE_PAUSE);
        int category = sb_field_enum_parse(SB_FIELD_category, sb_rows_words(rows, i, "name"));
        struct sb_in_restore_pause *pause = &input.as.restore_pause;
        bool is_job = sb_streq(sb_rows_words(rows, i, "scope"), "job");
        pause->all = sb_streq(sb_rows_words(rows, i, "scope"), "all");
        pause->job = is_job ? r->job_of(r->arg, sb_rows_words(rows, i, "name")) : SB_NO_JOB;
        if (is_job ? pause->job == SB_NO_JOB : !pause->all && category < 0)
            continue; /* a job or category that is no longer there */
        pause->category = category < 0 ? 0 : (uint8_t)category;
        pause->at = sb_rows_number(rows, i, "at_ms") * SB_MS(1);
        (void)sb_copy(pause->actor, sizeof pause->actor, sb_rows_words(rows, i, "actor"));
        (void)sb_copy(pause->reason, sizeof pause->reason, sb_rows_words(rows, i, "reason"));
        r->emit(r->arg, &input);
    }
    sb_rows_destroy(rows);
    return SB_OK;
}

static void restore_budget(const struct restoring *r, int64_t day, int64_t spent)
{
    if (day == 0)
        return;
    struct sb_input input = sb_input_make(SB_INPUT_RESTORE_BUDGET);
    input.as.restore_budget.day_start = day;
    input.as.restore_budget.spent = spent;
    r->emit(r->arg, &input);
}

/* A run of a job that left the catalogue can never go on. */
static enum sb_err bury(const struct restoring *r, int64_t run)
{
    const struct sb_cell params[] = { sb_cell_int(run), sb_cell_int(sb_wall_now().ns / 1000000),
                                      sb_cell_text(sb_run_state_text(SB_RUN_STATE_CANCELLED)) };
    const struct sb_statement statement = { "UPDATE job_runs SET state = $3, ended_at_ms = $2, error_class = 'cancelled', "
                                            "error = 'its job is no longer in the catalogue' WHERE run = $1", params, SB_LEN(params), -1 };
    return r->store->ops->write(r->store, &statement, 1, NULL, &forever, r->err);
}

static enum sb_err emit_run(const struct restoring *r, const struct sb_rows *rows, size_t row)
{
    uint16_t job = r->job_of(r->arg, sb_rows_words(rows, row, "job_name"));
    int64_t run = sb_rows_number(rows, row, "run");
    if (job == SB_NO_JOB)
        return bury(r, run);
    struct sb_input input = sb_input_make(SB_INPUT_RESTORE_RUN);
    struct sb_in_restore_run *out = &input.as.restore_run;
    uint8_t step = step_of(rows, row, "step");
    out->run = (uint64_t)run;
    out->job = job;
    out->step = step == SB_NO_STEP ? 0 : step;
    out->attempt = small(sb_rows_number(rows, row, "attempt"));
    out->recoveries = small(sb_rows_number(rows, row, "recoveries"));
    out->cause = sb_restore_word(SB_FIELD_cause, sb_rows_words(rows, row, "cause"));
    out->was_running = sb_rows_number(rows, row, "running") > 0;
    out->was_effect = sb_rows_number(rows, row, "effects") > 0;
    out->nominal = sb_rows_number(rows, row, "nominal_ns");
    r->emit(r->arg, &input);
    return SB_OK;
}

static enum sb_err restore_runs(const struct restoring *r)
{
    int64_t last = 0;
    size_t count = PAGE;
    enum sb_err code = SB_OK;
    while (count == PAGE && !code) {
        const struct sb_cell params[] = { sb_cell_int(last), sb_cell_int(PAGE) };
        struct sb_rows *rows = NULL;
        code = sb_restore_query(r, "SELECT run, job_name, cause, step, attempt, recoveries, nominal_ns, "
                        "(SELECT COUNT(*) FROM job_steps s WHERE s.run = r.run AND s.state = 'running') AS running, "
                        "(SELECT COALESCE(SUM(is_effect), 0) FROM job_steps s WHERE s.run = r.run AND s.state = 'running') AS effects "
                        "FROM job_runs r WHERE ended_at_ms IS NULL AND run > $1 ORDER BY run LIMIT $2", params, SB_LEN(params), &rows);
        if (code)
            return code;
        count = sb_rows_count(rows);
        for (size_t i = 0; i < count && !code; i++)
            code = emit_run(r, rows, i);
        if (count > 0)
            last = sb_rows_number(rows, count - 1, "run");
        sb_rows_destroy(rows);
    }
    return code;
}

/* How many calls the hours of earlier budget days had, and today's; what calls have cost. A week of them. */
static enum sb_err restore_forecast(const struct restoring *r)
{
    static const char hours[] =
        "SELECT (l.ended_at_ms - w.starts_ms) / 3600000 AS hour, SUM(CASE WHEN w.starts_ms = n.newest THEN 0 ELSE 1 END) AS earlier, "
        "SUM(CASE WHEN w.starts_ms = n.newest THEN 1 ELSE 0 END) AS today, (SELECT COUNT(*) FROM budget_windows d WHERE d.starts_ms < n.newest "
        "AND d.starts_ms > n.newest - 691200000) AS days FROM (SELECT MAX(starts_ms) AS newest FROM budget_windows) n, budget_windows w, "
        "llm_ledger l WHERE w.starts_ms > n.newest - 691200000 AND l.window_id = w.window_id AND l.state IN ('settled', 'unknown', 'reconciled') "
        "GROUP BY 1, 4 ORDER BY 1";
    static const char costs[] =
        "SELECT CASE alias WHEN 'premium' THEN 1 ELSE 0 END AS is_premium, COUNT(*) AS calls, SUM(cost_nano) AS cost FROM llm_ledger "
        "WHERE state = 'settled' AND cost_nano > 0 AND ended_at_ms > (SELECT MAX(starts_ms) FROM budget_windows) - 691200000 GROUP BY 1";
    struct sb_rows *rows = NULL;
    enum sb_err code = sb_restore_query(r, hours, NULL, 0, &rows);
    for (size_t i = 0; !code && i < sb_rows_count(rows); i++) {
        struct sb_input input = sb_input_make(SB_INPUT_RESTORE_HOUR);
        int64_t days = sb_rows_number(rows, i, "days"), hour = sb_rows_number(rows, i, "hour");
        if (hour < 0 || hour > 23)
            continue; /* a day of 25 hours, or a clock that was set */
        input.as.restore_hour.hour = (uint8_t)hour;
        input.as.restore_hour.calls_milli = days > 0 ? (uint64_t)(sb_rows_number(rows, i, "earlier") * 1000 / days) : 0;
        input.as.restore_hour.today = (uint32_t)sb_rows_number(rows, i, "today");
        r->emit(r->arg, &input);
    }
    sb_rows_destroy(rows);
    rows = NULL;
    code = code ? code : sb_restore_query(r, costs, NULL, 0, &rows);
    for (size_t i = 0; !code && i < sb_rows_count(rows); i++) {
        struct sb_input input = sb_input_make(SB_INPUT_RESTORE_CALLS);
        input.as.restore_calls.is_premium = sb_rows_number(rows, i, "is_premium") != 0;
        input.as.restore_calls.count = (uint64_t)sb_rows_number(rows, i, "calls");
        input.as.restore_calls.cost = sb_rows_number(rows, i, "cost");
        r->emit(r->arg, &input);
    }
    sb_rows_destroy(rows);
    return code;
}

enum sb_err sb_restore(struct sb_store *store, void *arg, uint16_t (*job_of)(void *arg, const char *name),
                       void (*emit)(void *arg, const struct sb_input *input), struct sb_error *err)
{
    const struct restoring r = { .store = store, .arg = arg, .job_of = job_of, .emit = emit, .err = err };
    int64_t day = 0, spent = 0;
    enum sb_err code = restore_meta(&r, &day, &spent);
    if (!code)
        code = restore_jobs(&r);
    if (!code)
        code = restore_pauses(&r);
    if (!code)
        code = sb_restore_incident(&r);
    if (!code)
        code = sb_restore_recoveries(&r);
    if (!code)
        code = sb_restore_alerts(&r);
    if (!code)
        code = restore_forecast(&r);
    if (!code) {
        restore_budget(&r, day, spent);
        code = restore_runs(&r);
    }
    return code;
}
