/* Compares what the jobs did with what they should have done: notes hung runs, and asks the scheduler (never runs anything itself) to start
 * critical jobs that are late. */
#include "native.h"

#include <inttypes.h>
#include <stdlib.h>

static const sb_ns ask_again_after = SB_MIN(10); /* per job */
static const sb_ns hung_grace = SB_MIN(2);       /* above the job's own time limit */
static const sb_ns limit_default = SB_MIN(15);   /* of a job without a time limit */

struct watch {
    const struct sb_native *native;
    int64_t now_ms;
    int64_t hung, late, asked;
};

/* What the store knows of one job. */
struct history {
    int64_t last_queued_ms, open_count, open_since_ms;
    bool is_paused;
};

static enum sb_err load(const struct watch *watch, const char *name, struct history *history, struct sb_error *err)
{
    struct sb_store *store = watch->native->env->services->store;
    struct sb_cell params[] = { sb_cell_text(name) };
    struct sb_statement statement = { .sql = "SELECT (SELECT MAX(queued_at_ms) FROM job_runs WHERE job_name = $1), "
                                             "(SELECT COUNT(*) FROM job_runs WHERE job_name = $1 AND ended_at_ms IS NULL), "
                                             "(SELECT MIN(started_at_ms) FROM job_runs WHERE job_name = $1 AND ended_at_ms IS NULL "
                                             "AND state IN ('running', 'stopping')), "
                                             "(SELECT MAX(is_paused) FROM jobs WHERE name = $1)",
                                      .params = params, .param_count = SB_LEN(params), .expect_rows = -1 };
    struct sb_rows *rows = NULL;
    int64_t values[4] = { 0 };
    enum sb_err code = store->ops->query(store, &statement, &watch->native->env->op, &rows, err);
    if (code != SB_OK)
        return code;
    for (size_t i = 0; i < SB_LEN(values); i++) {
        const struct sb_cell *cell = sb_rows_cell(rows, 0, i);
        values[i] = cell->type == SB_CELL_INT ? cell->integer : 0;
    }
    sb_rows_destroy(rows);
    *history = (struct history){ values[0], values[1], values[2], values[3] != 0 };
    return SB_OK;
}

static enum sb_err ask(struct watch *watch, uint16_t index, const struct sb_job_def *job, struct sb_error *err)
{
    const struct sb_step_env *env = watch->native->env;
    struct sb_command command = sb_command_make(SB_COMMAND_RUN_JOB, 0, "job_watchdog");
    struct sb_error refusal = { 0 };
    char key[SB_NAME_MAX + 16];
    struct sb_text text;
    int64_t last = 0;
    sb_text_init(&text, key, sizeof key);
    sb_text_addf(&text, "watchdog:%s", job->name);
    enum sb_err code = sb_native_meta_get(watch->native, key, &last, err);
    bool was_asked = last > 0 && last <= watch->now_ms && watch->now_ms - last < ask_again_after / SB_MS(1);
    if (code != SB_OK || was_asked)
        return code;
    /* Remembered before it is asked: a failure in between asks too seldom, never too often. */
    code = sb_native_meta_set(watch->native, key, watch->now_ms, err);
    if (code != SB_OK)
        return code;
    command.job = index;
    command.confirmed = true;
    (void)sb_copy(command.reason, sizeof command.reason, "late");
    if (env->services->control == NULL || sb_control_command(env->services->control, command, NULL, &refusal) != SB_OK) {
        sb_step_note(env, SB_SEVERITY_WARN, "%s is late and could not be asked for: %s", job->name, refusal.text);
        return SB_OK;
    }
    watch->asked++;
    sb_step_note(env, SB_SEVERITY_WARN, "%s is late: asked for a run", job->name);
    return SB_OK;
}

static enum sb_err look_at(struct watch *watch, uint16_t index, const struct sb_job_def *job, int64_t genesis_ms, struct sb_error *err)
{
    struct history history = { 0 };
    enum sb_err code = load(watch, job->name, &history, err);
    if (code != SB_OK)
        return code;
    int64_t limit = ((job->timeout > 0 ? job->timeout : limit_default) + hung_grace) / SB_MS(1);
    if (history.open_since_ms > 0 && watch->now_ms - history.open_since_ms > limit) {
        watch->hung++;
        sb_step_note(watch->native->env, SB_SEVERITY_ERROR, "%s hangs: under way for %" PRId64 " s, limit %" PRId64 " s", job->name,
                     (watch->now_ms - history.open_since_ms) / 1000, limit / 1000);
    }
    if (!job->is_enabled || history.is_paused || job->schedule != SB_SCHEDULE_EVERY || job->every <= 0)
        return SB_OK;
    /* Half an interval late counts; a job that never ran is due its offset after the store's first start. */
    int64_t last = history.last_queued_ms > 0 ? history.last_queued_ms : genesis_ms + (job->offset - job->every) / SB_MS(1);
    if (watch->now_ms - last <= (job->every + job->every / 2) / SB_MS(1))
        return SB_OK;
    watch->late++;
    return job->is_critical && history.open_count == 0 ? ask(watch, index, job, err) : SB_OK;
}

enum sb_err sb_native_watchdog(const struct sb_native *native, struct sb_step_result *result, struct sb_error *err)
{
    const struct sb_catalogue *catalogue = native->env->services->catalogue;
    struct watch watch = { .native = native, .now_ms = sb_step_now_ms(native->env) };
    int64_t genesis = 0, stopped = 0;
    enum sb_err code = sb_native_needs(native, false, false, err);
    if (code == SB_OK)
        code = sb_native_meta_get(native, "genesis_ns", &genesis, err);
    if (code == SB_OK && genesis == 0) /* a store that was never started: nothing can be late yet */
        genesis = watch.now_ms * SB_MS(1);
    if (code == SB_OK) /* paused by an operator, all of it or a category: nothing is late then */
        code = sb_native_number(native, "SELECT COUNT(*) FROM pauses WHERE scope IN ('all', 'category')", NULL, 0, 0, &stopped, err);
    for (uint32_t i = 0; i < catalogue->job_count && code == SB_OK && stopped == 0; i++)
        if (i != native->env->job_id)
            code = look_at(&watch, (uint16_t)i, &catalogue->jobs[i], genesis / SB_MS(1), err);
    if (code == SB_OK && stopped > 0)
        sb_step_succeed(result, 0, "paused by an operator: nothing is late");
    else if (code == SB_OK)
        sb_step_succeed(result, (int64_t)catalogue->job_count, "%" PRIu32 " jobs: %" PRId64 " hung, %" PRId64 " late, %" PRId64 " asked for",
                        catalogue->job_count, watch.hung, watch.late, watch.asked);
    return code;
}
