/* Journal events -> rows: one handler per kind that leaves rows besides its journal row. Writer thread only. Never decides, never reads
 * the database, never fails because of what an event says. */
#include "folding.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"

#include <stdlib.h>
#include <string.h>

const char *const sb_fold_sql[SB_FOLD_SQL_COUNT] = {
#define X(code, sql) [SB_FOLD_SQL_##code] = sql,
#include "fold_sql.def"
#undef X
};

const char *const sb_fold_number_keys[SB_FOLD_NUMBER_COUNT] = { "next_run", "next_seq", "next_fence", "next_alert" };

struct sb_fold *sb_fold_create(void)
{
    struct sb_fold *fold = calloc(1, sizeof *fold);
    if (!fold)
        return NULL;
    for (unsigned i = 0; i < SB_FOLD_NUMBER_COUNT; i++)
        fold->numbers[i] = fold->written[i] = fold->durable[i] = 1;
    fold->names.touched = SB_NO_JOB;
    return fold;
}

void sb_fold_destroy(struct sb_fold *fold)
{
    if (!fold)
        return;
    sb_names_deinit(&fold->names);
    free(fold);
}

void sb_fold_number_set(struct sb_fold *fold, enum sb_fold_number number, uint64_t value)
{
    fold->numbers[number] = fold->written[number] = fold->durable[number] = value;
}

void sb_fold_saw(struct sb_fold *fold, enum sb_fold_number number, uint64_t used)
{
    if (used < INT64_MAX && used >= fold->numbers[number])
        fold->numbers[number] = used + 1;
}

enum sb_err sb_fold_run(const struct folding *f, enum sb_fold_sql sql, const struct sb_cell *params, size_t count)
{
    SB_ASSERT(count <= SB_FOLD_PARAMS_MAX);
    return f->exec->run(f->exec->arg, sql, params, count, f->err);
}

static struct sb_cell step_name(const struct folding *f, uint16_t job, uint8_t step)
{
    const struct sb_fold_step *found = sb_names_find_step(&f->fold->names, job, step);
    return found ? WORDS(found->name) : sb_cell_null();
}

/* NULL for "no job"; a number in words for one that was never defined. */
struct sb_cell sb_fold_job_name(const struct folding *f, uint16_t job)
{
    const struct sb_fold_job *found = sb_names_find(&f->fold->names, job);
    if (found)
        return WORDS(found->name);
    if (job == SB_NO_JOB)
        return sb_cell_null();
    struct sb_text text;
    sb_text_init(&text, f->fold->fallback, sizeof f->fold->fallback);
    sb_text_add_char(&text, '#');
    sb_text_add_u64(&text, job);
    return WORDS(f->fold->fallback);
}

static enum sb_err set_meta(const struct folding *f, const char *key, int64_t value)
{
    char digits[24];
    struct sb_text text;
    sb_text_init(&text, digits, sizeof digits);
    sb_text_add_i64(&text, value);
    return RUN(f, META, sb_cell_text(key), WORDS(digits));
}

static enum sb_err on_runtime_started(const struct folding *f)
{
    const struct sb_ev_runtime_started *e = &f->event->as.runtime_started;
    char digits[24];
    struct sb_text text;
    sb_text_init(&text, digits, sizeof digits);
    sb_text_add_i64(&text, e->genesis);
    enum sb_err code = RUN(f, META_ONCE, sb_cell_text("genesis_ns"), WORDS(digits));
    if (!code)
        code = set_meta(f, "boot", (int64_t)(e->boot & INT64_MAX));
    if (!code)
        code = RUN(f, META, sb_cell_text("version"), WORDS(e->version));
    if (!code)
        code = RUN(f, META, sb_cell_text("host"), WORDS(e->host));
    if (!code)
        code = RUN(f, META, sb_cell_text("config_hash"), WORDS(e->config_hash));
    if (!code) /* leases of the process before ended with it */
        code = RUN(f, LEASES_RESTART, sb_cell_int(f->at_ms));
    return code;
}

static enum sb_err on_job_defined(const struct folding *f)
{
    const struct sb_ev_job_defined *e = &f->event->as.job_defined;
    enum sb_err code = sb_fold_jobs_write(f); /* the number may have had another name */
    if (code)
        return code;
    if (!sb_names_job(&f->fold->names, e->job, e->name, e->steps))
        return sb_error_set(f->err, SB_ERR_NOMEM, "no memory for the names of the jobs");
    return RUN(f, JOB_SEEN, WORDS(e->name), sb_cell_int(f->at_ms));
}

static enum sb_err on_step_defined(const struct folding *f)
{
    const struct sb_ev_step_defined *e = &f->event->as.step_defined;
    sb_names_step(&f->fold->names, e->job, e->step, e->name, e->is_effect);
    return SB_OK;
}

static enum sb_err on_nominal_skipped(const struct folding *f)
{
    const struct sb_ev_nominal_skipped *e = &f->event->as.nominal_skipped;
    return sb_fold_job_watermark(f, e->job, e->last);
}

static enum sb_err on_run_queued(const struct folding *f)
{
    const struct sb_ev_run_queued *e = &f->event->as.run_queued;
    sb_fold_saw(f->fold, SB_FOLD_NEXT_RUN, e->run);
    struct sb_cell name = sb_fold_job_name(f, e->job);
    if (name.type == SB_CELL_NULL)
        return SB_OK;
    enum sb_err code = RUN(f, RUN_QUEUED, sb_fold_integer(e->run), name, sb_cell_text(sb_cause_text(e->cause)),
                           sb_cell_text(sb_run_state_text(SB_RUN_STATE_QUEUED)), sb_cell_int(e->attempt), sb_fold_none_or_step(e->step),
                           sb_cell_int(e->nominal), sb_cell_int(f->at_ms));
    /* other causes decide no nominal time */
    bool decides = e->cause == SB_CAUSE_SCHEDULE || e->cause == SB_CAUSE_CATCH_UP;
    if (!code && decides && e->nominal > 0)
        code = sb_fold_job_watermark(f, e->job, e->nominal);
    return code;
}

static enum sb_err set_run_state(const struct folding *f, uint64_t run_id, enum sb_run_state state)
{
    return RUN(f, RUN_STATE, sb_fold_integer(run_id), sb_cell_text(sb_run_state_text(state)));
}

static enum sb_err on_run_held(const struct folding *f)
{
    return set_run_state(f, f->event->as.run_held.run, SB_RUN_STATE_HELD);
}

static enum sb_err on_run_released(const struct folding *f)
{
    return set_run_state(f, f->event->as.run_released.run, SB_RUN_STATE_QUEUED);
}

static enum sb_err on_run_yielded(const struct folding *f)
{
    return set_run_state(f, f->event->as.run_yielded.run, SB_RUN_STATE_QUEUED);
}

static enum sb_err on_run_stopping(const struct folding *f)
{
    return set_run_state(f, f->event->as.run_stopping.run, SB_RUN_STATE_STOPPING);
}

static enum sb_err on_run_started(const struct folding *f)
{
    const struct sb_ev_run_started *e = &f->event->as.run_started;
    return RUN(f, RUN_STARTED, sb_fold_integer(e->run), sb_cell_text(sb_run_state_text(SB_RUN_STATE_RUNNING)), sb_cell_int(e->attempt),
               sb_cell_int(f->at_ms));
}

static enum sb_err on_run_retrying(const struct folding *f)
{
    const struct sb_ev_run_retrying *e = &f->event->as.run_retrying;
    return RUN(f, RUN_RETRYING, sb_fold_integer(e->run), sb_cell_text(sb_run_state_text(SB_RUN_STATE_BACKOFF)), sb_fold_none_or_step(e->step),
               sb_cell_int(e->attempt), sb_cell_text(sb_class_text(e->class)), WORDS(e->error));
}

static enum sb_err on_run_interrupted(const struct folding *f)
{
    const struct sb_ev_run_interrupted *e = &f->event->as.run_interrupted;
    enum sb_err code = RUN(f, RUN_INTERRUPTED, sb_fold_integer(e->run), sb_cell_text(sb_run_state_text(SB_RUN_STATE_INTERRUPTED)));
    if (!code)
        code = RUN(f, STEPS_INTERRUPTED, sb_fold_integer(e->run), sb_cell_text(sb_step_state_text(SB_STEP_STATE_FAILED)),
                   sb_cell_text(sb_class_text(e->was_effect ? SB_CLASS_UNCERTAIN : SB_CLASS_RETRYABLE)),
                   sb_cell_text(sb_step_state_text(SB_STEP_STATE_RUNNING)));
    return code;
}

static enum sb_err on_run_ended(const struct folding *f)
{
    const struct sb_ev_run_ended *e = &f->event->as.run_ended;
    enum sb_err code = RUN(f, RUN_ENDED, sb_fold_integer(e->run), sb_cell_text(sb_run_state_text(e->state)), sb_fold_none_or_step(e->step),
                           sb_cell_int(e->attempt), sb_cell_int(f->at_ms), sb_cell_int(e->duration), sb_cell_text(sb_class_text(e->class)),
                           WORDS(e->error));
    return code ? code : sb_fold_job_ended(f, e);
}

static enum sb_err on_step_started(const struct folding *f)
{
    const struct sb_ev_step_started *e = &f->event->as.step_started;
    const struct sb_fold_step *def = sb_names_find_step(&f->fold->names, e->job, e->step);
    struct sb_cell ctx = e->ctx == SB_NO_CTX ? sb_cell_null() : sb_cell_int(e->ctx);
    sb_fold_saw(f->fold, SB_FOLD_NEXT_FENCE, e->fence);
    enum sb_err code = RUN(f, STEP_STARTED, sb_fold_integer(e->run), sb_cell_int(e->step), sb_cell_int(e->attempt),
                           step_name(f, e->job, e->step), sb_cell_text(sb_step_state_text(SB_STEP_STATE_RUNNING)), ctx,
                           sb_fold_integer(e->fence), sb_cell_int(def && def->is_effect), sb_cell_int(f->at_ms));
    if (!code)
        code = RUN(f, RUN_STEP, sb_fold_integer(e->run), sb_cell_int(e->step), sb_cell_int(e->attempt),
                   sb_cell_text(sb_run_state_text(SB_RUN_STATE_RUNNING)));
    return code;
}

/* When a step with its own cadence succeeded, by names: numbers change with every catalogue. */
static enum sb_err remember_step(const struct folding *f, uint16_t job, uint8_t step)
{
    const struct sb_fold_job *of = sb_names_find(&f->fold->names, job);
    const struct sb_fold_step *def = sb_names_find_step(&f->fold->names, job, step);
    char key[SB_FOLD_STEP_KEY_MAX];
    struct sb_text text;
    if (!of || !def)
        return SB_OK;
    sb_text_init(&text, key, sizeof key);
    sb_text_add(&text, SB_FOLD_STEP_KEY);
    sb_text_add(&text, of->name);
    sb_text_add_char(&text, '/');
    sb_text_add(&text, def->name);
    return set_meta(f, key, f->at_ms);
}

static enum sb_err on_step_ended(const struct folding *f)
{
    const struct sb_ev_step_ended *e = &f->event->as.step_ended;
    const struct sb_fold_job *job = sb_names_find(&f->fold->names, e->job);
    enum sb_err code = RUN(f, STEP_ENDED, sb_fold_integer(e->run), sb_cell_int(e->step), sb_cell_int(e->attempt),
                           step_name(f, e->job, e->step), sb_cell_text(sb_step_state_text(e->state)),
                           sb_cell_text(sb_class_text(e->class)), sb_cell_int(e->duration), sb_cell_int(e->rows), WORDS(e->text));
    if (!code && e->is_paced && e->state == SB_STEP_STATE_SUCCEEDED)
        code = remember_step(f, e->job, e->step);
    /* a restart between two steps goes on with the second; after the last one run_ended follows in the same append */
    bool is_done = e->state == SB_STEP_STATE_SUCCEEDED || e->state == SB_STEP_STATE_SKIPPED;
    if (!code && is_done && job && e->step + 1 < job->step_count)
        code = RUN(f, RUN_NEXT_STEP, sb_fold_integer(e->run), sb_cell_int(e->step + 1));
    return code;
}

static enum sb_err on_lease_granted(const struct folding *f)
{
    const struct sb_ev_lease_granted *e = &f->event->as.lease_granted;
    sb_fold_saw(f->fold, SB_FOLD_NEXT_FENCE, e->fence);
    return RUN(f, LEASE_GRANTED, sb_fold_integer(f->event->seq), sb_fold_integer(e->fence), sb_cell_int(e->ctx), sb_fold_integer(e->run),
               sb_fold_job_name(f, e->job), sb_cell_text(sb_lane_text(e->lane)), sb_cell_int(e->is_borrowed), sb_cell_int(e->is_burst),
               sb_cell_int(e->waited), sb_cell_int(f->at_ms));
}

static enum sb_err on_lease_ended(const struct folding *f)
{
    const struct sb_ev_lease_ended *e = &f->event->as.lease_ended;
    return RUN(f, LEASE_ENDED, sb_cell_int(e->ctx), sb_fold_integer(e->run), sb_cell_int(f->at_ms));
}

static enum sb_err pause_scope(const struct folding *f, const char *scope, struct sb_cell name, struct sb_cell actor,
                               struct sb_cell reason)
{
    return RUN(f, PAUSE, sb_cell_text(scope), name, actor, reason, sb_cell_int(f->at_ms));
}

static enum sb_err on_job_paused(const struct folding *f)
{
    const struct sb_ev_job_paused *e = &f->event->as.job_paused;
    struct sb_cell name = sb_fold_job_name(f, e->job);
    if (name.type == SB_CELL_NULL)
        return SB_OK;
    enum sb_err code = RUN(f, JOB_PAUSED, name, sb_cell_int(1), sb_cell_int(f->at_ms));
    return code ? code : pause_scope(f, "job", name, WORDS(e->actor), WORDS(e->reason));
}

static enum sb_err on_job_resumed(const struct folding *f)
{
    struct sb_cell name = sb_fold_job_name(f, f->event->as.job_resumed.job);
    enum sb_err code = RUN(f, JOB_PAUSED, name, sb_cell_int(0), sb_cell_int(f->at_ms));
    return code ? code : RUN(f, UNPAUSE, sb_cell_text("job"), name);
}

static enum sb_err on_category_paused(const struct folding *f)
{
    const struct sb_ev_category_paused *e = &f->event->as.category_paused;
    return pause_scope(f, "category", sb_cell_text(sb_category_text(e->category)), WORDS(e->actor), WORDS(e->reason));
}

static enum sb_err on_category_resumed(const struct folding *f)
{
    const struct sb_ev_category_resumed *e = &f->event->as.category_resumed;
    return RUN(f, UNPAUSE, sb_cell_text("category"), sb_cell_text(sb_category_text(e->category)));
}

static enum sb_err on_all_paused(const struct folding *f)
{
    const struct sb_ev_all_paused *e = &f->event->as.all_paused;
    return pause_scope(f, "all", sb_cell_text(""), WORDS(e->actor), WORDS(e->reason));
}

static enum sb_err on_all_resumed(const struct folding *f)
{
    return RUN(f, UNPAUSE, sb_cell_text("all"), sb_cell_text(""));
}

static enum sb_err on_budget_window(const struct folding *f)
{
    const struct sb_ev_budget_window *e = &f->event->as.budget_window;
    enum sb_err code = set_meta(f, "budget_day_ns", e->day_start);
    return code ? code : set_meta(f, "budget_spent_nano", e->spent);
}

static enum sb_err on_budget_spent(const struct folding *f)
{
    const struct sb_ev_budget_spent *e = &f->event->as.budget_spent;
    return set_meta(f, "budget_spent_nano", e->spent); /* the calls are in the ledger (ports/ledger.h) */
}

/* Kinds without a row here leave only their journal row. */
static enum sb_err (*const handlers[SB_EVENT_COUNT])(const struct folding *f) = {
    [SB_EVENT_RUNTIME_STARTED] = on_runtime_started,
    [SB_EVENT_JOB_DEFINED] = on_job_defined,
    [SB_EVENT_STEP_DEFINED] = on_step_defined,
    [SB_EVENT_NOMINAL_SKIPPED] = on_nominal_skipped,
    [SB_EVENT_RUN_QUEUED] = on_run_queued,
    [SB_EVENT_RUN_HELD] = on_run_held,
    [SB_EVENT_RUN_RELEASED] = on_run_released,
    [SB_EVENT_RUN_STARTED] = on_run_started,
    [SB_EVENT_RUN_YIELDED] = on_run_yielded,
    [SB_EVENT_RUN_RETRYING] = on_run_retrying,
    [SB_EVENT_RUN_STOPPING] = on_run_stopping,
    [SB_EVENT_RUN_INTERRUPTED] = on_run_interrupted,
    [SB_EVENT_RUN_ENDED] = on_run_ended,
    [SB_EVENT_STEP_STARTED] = on_step_started,
    [SB_EVENT_STEP_ENDED] = on_step_ended,
    [SB_EVENT_LEASE_GRANTED] = on_lease_granted,
    [SB_EVENT_LEASE_ENDED] = on_lease_ended,
    [SB_EVENT_JOB_PAUSED] = on_job_paused,
    [SB_EVENT_JOB_RESUMED] = on_job_resumed,
    [SB_EVENT_CATEGORY_PAUSED] = on_category_paused,
    [SB_EVENT_CATEGORY_RESUMED] = on_category_resumed,
    [SB_EVENT_ALL_PAUSED] = on_all_paused,
    [SB_EVENT_ALL_RESUMED] = on_all_resumed,
    [SB_EVENT_RECOVERY_ENDED] = sb_store_on_recovery_ended,
    [SB_EVENT_INCIDENT_OPENED] = sb_store_on_incident_opened,
    [SB_EVENT_INCIDENT_CLOSED] = sb_store_on_incident_closed,
    [SB_EVENT_BUDGET_WINDOW] = on_budget_window,
    [SB_EVENT_BUDGET_SPENT] = on_budget_spent,
    [SB_EVENT_ALERT_RAISED] = sb_store_on_alert_raised,
    [SB_EVENT_ALERT_CLEARED] = sb_store_on_alert_cleared,
    [SB_EVENT_ALERT_ACKED] = sb_store_on_alert_acked,
    [SB_EVENT_ALERT_UNACKED] = sb_store_on_alert_unacked,
    [SB_EVENT_ALERT_MOVED] = sb_store_on_alert_moved,
    [SB_EVENT_BREAKER_CHANGED] = sb_store_on_breaker_changed,
    [SB_EVENT_SILENCE_SET] = sb_store_on_silence_set,
    [SB_EVENT_SILENCE_ENDED] = sb_store_on_silence_ended,
    [SB_EVENT_CHANNEL_DEFINED] = sb_store_on_channel_defined,
    [SB_EVENT_NOTICE_QUEUED] = sb_store_on_notice_queued,
    [SB_EVENT_NOTICE_JOINED] = sb_store_on_notice_joined,
    [SB_EVENT_NOTICE_SENT] = sb_store_on_notice_sent,
    [SB_EVENT_NOTICE_FAILED] = sb_store_on_notice_failed,
};

/* The first field of that type in the payload, or NULL. */
static const void *find_field(const struct sb_event *event, enum sb_field_type type)
{
    const struct sb_kind_info *info = &sb_event_infos[event->kind];
    for (unsigned i = 0; i < info->field_count; i++)
        if (info->fields[i].type == type)
            return (const char *)&event->as + info->fields[i].offset;
    return NULL;
}

static enum sb_err journal(const struct folding *f)
{
    char payload[SB_CODEC_EVENT_MAX];
    uint64_t run_id = 0;
    uint16_t job = SB_NO_JOB;
    const void *at = find_field(f->event, SB_FIELD_run);
    if (at)
        memcpy(&run_id, at, sizeof run_id);
    at = find_field(f->event, SB_FIELD_job);
    if (at)
        memcpy(&job, at, sizeof job);
    size_t size = sb_codec_event_payload(f->event, payload, sizeof payload);
    SB_ASSERT(size > 0);
    return RUN(f, EVENT, sb_fold_integer(f->event->seq), sb_cell_int(f->at_ms), sb_cell_text(sb_event_infos[f->event->kind].name),
               run_id ? sb_fold_integer(run_id) : sb_cell_null(), sb_fold_job_name(f, job), sb_fold_words(payload, size));
}

void sb_fold_begin(struct sb_fold *fold)
{
    sb_fold_jobs_clear(fold);
}

enum sb_err sb_fold_event(struct sb_fold *fold, const struct sb_event *event, const struct sb_fold_exec *exec, struct sb_error *err)
{
    SB_ASSERT(event->kind < SB_EVENT_COUNT);
    struct folding f = { .fold = fold, .event = event, .exec = exec, .err = err, .at_ms = event->wall.ns / 1000000 };
    sb_fold_saw(fold, SB_FOLD_NEXT_SEQ, event->seq);
    enum sb_err code = SB_OK;
    if (handlers[event->kind])
        code = handlers[event->kind](&f);
    return code ? code : journal(&f); /* after the handler, so that job_defined already has its name */
}

enum sb_err sb_fold_flush(struct sb_fold *fold, const struct sb_fold_exec *exec, struct sb_error *err)
{
    struct folding f = { .fold = fold, .exec = exec, .err = err };
    enum sb_err code = sb_fold_jobs_write(&f);
    if (code)
        return code;
    for (unsigned i = 0; i < SB_FOLD_NUMBER_COUNT; i++) {
        if (fold->numbers[i] == fold->durable[i])
            continue;
        code = set_meta(&f, sb_fold_number_keys[i], (int64_t)fold->numbers[i]);
        if (code)
            return code;
        fold->written[i] = fold->numbers[i];
    }
    return SB_OK;
}

void sb_fold_committed(struct sb_fold *fold)
{
    memcpy(fold->durable, fold->written, sizeof fold->durable);
}
