/* The jobs of the catalogue: as the runtime sees them, or, without one, as the store remembers them. The keys are the same. */
#include "call.h"

static const char jobs_sql[] =
    "SELECT j.name AS name, j.is_paused AS is_paused, j.last_state AS last_state, j.failures AS failures, r.state AS state, "
    "r.duration_ns / 1000000 AS duration_ms, r.error AS error FROM jobs j LEFT JOIN job_runs r ON r.run = j.last_run ORDER BY j.name";
static const char last_runs_sql[] =
    "SELECT run AS id, cause, state, attempt, started_at_ms AS started_at, duration_ns / 1000000 AS duration_ms, error_class, error "
    "FROM job_runs WHERE job_name = $1 ORDER BY run DESC LIMIT 10";

/* What a document is made of; each may be missing. */
struct sources {
    const struct call *call;
    struct sb_model *model;
    struct sb_rows *rows; /* of jobs_sql */
};

/* Row of the job, or -1. */
static long row_of(const struct sb_rows *rows, const char *name)
{
    for (size_t r = 0; rows != NULL && r < sb_rows_count(rows); r++)
        if (sb_streq(sb_rows_words(rows, r, "name"), name))
            return (long)r;
    return -1;
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

void put_live(const struct sb_model *model, uint16_t id, struct sb_json_out *out)
{
    const struct sb_model_job *job = sb_model_job(model, id);
    char line[512];
    struct sb_text why;
    if (job == NULL)
        return;
    sb_text_init(&why, line, sizeof(line));
    sb_model_why(model, id, picture_now(), picture_wall(), &why);
    bool is_active = sb_model_run_is_active(&job->run);
    put_text(out, "state", sb_job_state_word(job->state));
    put_flag(out, "paused", job->is_paused);
    put_wall(out, "next_due", job->next_due);
    put_text(out, "last_outcome", job->last_outcome != SB_RUN_STATE_QUEUED ? sb_run_state_text(job->last_outcome) : NULL);
    put_number(out, "last_duration_ms", job->last_duration / SB_MS(1));
    put_number(out, "failures", job->failures);
    put_text(out, "why", line);
    if (is_active) {
        put_number(out, "run", (int64_t)job->run.id);
        put_text(out, "run_state", sb_run_state_text(job->run.state));
        put_number(out, "attempt", job->run.attempt);
        const struct sb_model_step *step = sb_model_step(model, id, job->run.step);
        put_text(out, "step", step != NULL ? step->name : NULL);
    }
}

static void put_remembered(const struct sources *from, const struct sb_job_def *job, struct sb_json_out *out)
{
    long row = row_of(from->rows, job->name);
    const struct sb_cell *none = NULL;
    size_t r = row >= 0 ? (size_t)row : 0;
    put_cell(out, "state", row >= 0 ? sb_rows_get(from->rows, r, "state") : none);
    put_flag(out, "paused", row >= 0 && sb_rows_number(from->rows, r, "is_paused") != 0);
    put_text(out, "next_due", NULL); /* known to a runtime only */
    put_cell(out, "last_outcome", row >= 0 ? sb_rows_get(from->rows, r, "last_state") : none);
    put_number(out, "last_duration_ms", row >= 0 ? sb_rows_number(from->rows, r, "duration_ms") : 0);
    put_number(out, "failures", row >= 0 ? sb_rows_number(from->rows, r, "failures") : 0);
    put_cell(out, "why", row >= 0 ? sb_rows_get(from->rows, r, "error") : none);
}

static void put_steps(const struct sources *from, const struct sb_job_def *job, struct sb_json_out *out)
{
    sb_json_key(out, "steps");
    sb_json_array_begin(out);
    for (uint8_t i = 0; i < job->step_count; i++) {
        const struct sb_catalogue *catalogue = from->call->setup->catalogue;
        const struct sb_step_def *step = &catalogue->steps[job->first_step + i];
        const struct sb_model_step *seen =
            from->model != NULL ? sb_model_step(from->model, (uint16_t)(job - catalogue->jobs), i) : NULL;
        sb_json_object_begin(out);
        put_text(out, "name", step->name);
        put_text(out, "kind", sb_step_kind_text(step->kind));
        put_number(out, "timeout_ms", step->timeout / SB_MS(1));
        put_number(out, "every_ms", step->every / SB_MS(1));
        put_flag(out, "effect", step->is_effect);
        put_flag(out, "context", step->needs_context);
        put_flag(out, "goes_on", step->goes_on);
        if (seen != NULL && seen->state != SB_STEP_STATE_PENDING) {
            put_text(out, "state", sb_step_state_text(seen->state));
            put_number(out, "duration_ms", seen->duration / SB_MS(1));
            put_number(out, "rows", seen->rows);
            put_text(out, "text", seen->text);
        }
        sb_json_object_end(out);
    }
    sb_json_array_end(out);
}

static void put_whole(const struct sources *from, const struct sb_job_def *job, struct sb_json_out *out)
{
    struct sb_cell name = sb_cell_text(job->name);
    struct sb_error err = { 0 };
    sb_json_key(out, "policies");
    sb_json_object_begin(out);
    put_flag(out, "enabled", job->is_enabled);
    put_flag(out, "critical", job->is_critical);
    put_text(out, "overlap", sb_overlap_text(job->overlap));
    put_text(out, "misfire", sb_misfire_text(job->misfire));
    put_number(out, "attempts", job->retry.attempts);
    put_number(out, "retry_base_ms", job->retry.base / SB_MS(1));
    put_number(out, "timeout_ms", job->timeout / SB_MS(1));
    sb_json_object_end(out);
    put_steps(from, job, out);
    if (put_rows(out, "last_runs", from->call->setup->store, last_runs_sql, &name, 1, &from->call->op, &err) != SB_OK)
        put_text(out, "last_runs_error", err.text);
}

/* `alias`: the name it was asked by, or NULL. */
static void put_job(const struct sources *from, const struct sb_job_def *job, bool is_whole, const struct sb_job_alias *alias,
                    struct sb_json_out *out)
{
    const struct sb_catalogue *catalogue = from->call->setup->catalogue;
    sb_json_object_begin(out);
    put_text(out, "name", job->name);
    put_number(out, "priority", job->priority);
    put_text(out, "category", sb_category_text(job->category));
    put_text(out, "schedule", job->schedule_text);
    if (from->model != NULL)
        put_live(from->model, (uint16_t)(job - catalogue->jobs), out);
    else
        put_remembered(from, job, out);
    put_replaces(catalogue, job, out);
    if (alias != NULL) {
        put_text(out, "alias", alias->name);
        put_text(out, "alias_step", catalogue->steps[job->first_step + alias->step].name);
    }
    if (is_whole)
        put_whole(from, job, out);
    sb_json_object_end(out);
}

/* SB_OK, or the answer is written. */
static enum sb_err open_sources(struct sources *from, const struct call *call, struct answer *answer)
{
    struct sb_error err = { 0 };
    struct sb_statement statement = { .sql = jobs_sql, .expect_rows = -1 };
    struct sb_store *store = call->setup->store;
    *from = (struct sources){ .call = call };
    enum sb_err rc = SB_OK;
    if (call->setup->control != NULL)
        rc = picture_take(call->setup->control, &call->op, &from->model, &err);
    else if (store != NULL)
        rc = store->ops->query(store, &statement, &call->op, &from->rows, &err);
    if (rc != SB_OK)
        answer_failure(answer, &err);
    return rc;
}

static void close_sources(struct sources *from)
{
    sb_model_destroy(from->model);
    sb_rows_destroy(from->rows);
}

void handle_jobs(const struct call *call, struct answer *answer)
{
    struct sources from;
    if (open_sources(&from, call, answer) != SB_OK)
        return;
    struct sb_json_out *out = sb_json_out_create(ANSWER_MAX);
    if (out != NULL) {
        sb_json_array_begin(out);
        for (uint32_t i = 0; i < call->setup->catalogue->job_count; i++)
            put_job(&from, &call->setup->catalogue->jobs[i], false, NULL, out);
        sb_json_array_end(out);
    }
    answer_json(answer, 200, out);
    close_sources(&from);
}

void handle_job(const struct call *call, struct answer *answer)
{
    const struct sb_job_alias *alias = NULL;
    const struct sb_catalogue *catalogue = call->setup->catalogue;
    uint16_t job = sb_catalogue_resolve(catalogue, call->argument, &alias);
    struct sources from;
    if (job == SB_NO_JOB) {
        answer_error(answer, 404, "not_found", "there is no job of that name; /v1/jobs lists them");
        return;
    }
    if (open_sources(&from, call, answer) != SB_OK)
        return;
    struct sb_json_out *out = sb_json_out_create(ANSWER_MAX);
    if (out != NULL)
        put_job(&from, &catalogue->jobs[job], true, alias, out);
    answer_json(answer, 200, out);
    close_sources(&from);
}
