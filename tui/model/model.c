/* Owns the storage of the console's model and the questions panes ask about it. Pure: one allocation in create, none after; never
 * reads a clock, never prints. Thread: one at a time. */
#include "signalbox/tui/model.h"

#include "signalbox/base/hash.h"
#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>

static const char *const state_marks[SB_JOB_STATE_COUNT] = {
#define X(code, mark, word) [SB_JOB_STATE_##code] = mark,
    SB_LIST_JOB_STATE(X)
#undef X
};
static const char *const state_words[SB_JOB_STATE_COUNT] = {
#define X(code, mark, word) [SB_JOB_STATE_##code] = word,
    SB_LIST_JOB_STATE(X)
#undef X
};

const char *sb_job_state_mark(enum sb_job_state state)
{
    return (unsigned)state < SB_JOB_STATE_COUNT ? state_marks[state] : "?";
}

const char *sb_job_state_word(enum sb_job_state state)
{
    return (unsigned)state < SB_JOB_STATE_COUNT ? state_words[state] : "?";
}

struct sb_model *sb_model_create(void)
{
    /* calloc of this size comes from fresh zero pages: what is never touched costs address space only. */
    struct sb_model *model = calloc(1, sizeof *model);
    if (model == NULL)
        return NULL;
    model->log = calloc(SB_MODEL_LOG, sizeof *model->log);
    model->jobs = calloc(SB_JOBS_MAX, sizeof *model->jobs);
    model->steps = calloc(SB_MODEL_STEPS_MAX, sizeof *model->steps);
    model->waiters = calloc(SB_MODEL_WAITERS_MAX, sizeof *model->waiters);
    model->job_spans = calloc(SB_JOBS_MAX, sizeof *model->job_spans);
    model->ctx_spans = calloc(SB_CONTEXTS_MAX, sizeof *model->ctx_spans);
    if (model->log == NULL || model->jobs == NULL || model->steps == NULL || model->waiters == NULL || model->job_spans == NULL ||
        model->ctx_spans == NULL) {
        sb_model_destroy(model);
        return NULL;
    }
    return model;
}

void sb_model_destroy(struct sb_model *model)
{
    if (model == NULL)
        return;
    free(model->ctx_spans);
    free(model->job_spans);
    free(model->waiters);
    free(model->steps);
    free(model->jobs);
    free(model->log);
    free(model);
}

static uint64_t log_used(const struct sb_model *model)
{
    return model->log_total < SB_MODEL_LOG ? model->log_total : SB_MODEL_LOG;
}

/* Everything but the six areas, which are kept. */
static void assign_head(struct sb_model *to, const struct sb_model *from)
{
    struct sb_event *const log = to->log;
    struct sb_model_job *const jobs = to->jobs;
    struct sb_model_step *const steps = to->steps;
    struct sb_model_waiter *const waiters = to->waiters;
    struct sb_model_spans *const job_spans = to->job_spans, *const ctx_spans = to->ctx_spans;
    if (from == NULL)
        memset(to, 0, sizeof *to);
    else
        memcpy(to, from, sizeof *to);
    to->log = log;
    to->jobs = jobs;
    to->steps = steps;
    to->waiters = waiters;
    to->job_spans = job_spans;
    to->ctx_spans = ctx_spans;
}

void sb_model_reset(struct sb_model *model)
{
    memset(model->log, 0, (size_t)log_used(model) * sizeof *model->log);
    memset(model->jobs, 0, model->job_high * sizeof *model->jobs);
    memset(model->steps, 0, model->step_used * sizeof *model->steps);
    memset(model->waiters, 0, model->waiter_count * sizeof *model->waiters);
    memset(model->job_spans, 0, model->job_high * sizeof *model->job_spans);
    memset(model->ctx_spans, 0, SB_CONTEXTS_MAX * sizeof *model->ctx_spans);
    assign_head(model, NULL);
}

void sb_model_copy(struct sb_model *to, const struct sb_model *from)
{
    sb_model_reset(to);
    assign_head(to, from);
    memcpy(to->log, from->log, (size_t)log_used(from) * sizeof *to->log);
    memcpy(to->jobs, from->jobs, from->job_high * sizeof *to->jobs);
    memcpy(to->steps, from->steps, from->step_used * sizeof *to->steps);
    memcpy(to->waiters, from->waiters, from->waiter_count * sizeof *to->waiters);
    memcpy(to->job_spans, from->job_spans, from->job_high * sizeof *to->job_spans);
    memcpy(to->ctx_spans, from->ctx_spans, SB_CONTEXTS_MAX * sizeof *to->ctx_spans);
}

uint64_t sb_model_hash(const struct sb_model *model)
{
    const size_t head = offsetof(struct sb_model, log);
    uint64_t hash = sb_hash_bytes(model, head);
    hash = sb_hash_fold(hash, sb_hash_bytes(model->log, (size_t)log_used(model) * sizeof *model->log));
    hash = sb_hash_fold(hash, sb_hash_bytes(model->jobs, model->job_high * sizeof *model->jobs));
    hash = sb_hash_fold(hash, sb_hash_bytes(model->steps, model->step_used * sizeof *model->steps));
    hash = sb_hash_fold(hash, sb_hash_bytes(model->waiters, model->waiter_count * sizeof *model->waiters));
    hash = sb_hash_fold(hash, sb_hash_bytes(model->job_spans, model->job_high * sizeof *model->job_spans));
    return sb_hash_fold(hash, sb_hash_bytes(model->ctx_spans, SB_CONTEXTS_MAX * sizeof *model->ctx_spans));
}

const struct sb_model_job *sb_model_job(const struct sb_model *model, uint16_t job)
{
    if (job >= SB_JOBS_MAX || !model->jobs[job].is_defined)
        return NULL;
    return &model->jobs[job];
}

uint16_t sb_model_find(const struct sb_model *model, const char *name)
{
    for (uint32_t i = 0; i < model->job_high; i++) {
        if (model->jobs[i].is_defined && sb_streq(model->jobs[i].name, name))
            return (uint16_t)i;
    }
    return SB_NO_JOB;
}

const struct sb_model_step *sb_model_step(const struct sb_model *model, uint16_t job, uint8_t step)
{
    const struct sb_model_job *const found = sb_model_job(model, job);
    if (found == NULL || step >= found->step_count)
        return NULL;
    return &model->steps[found->first_step + step];
}

const char *sb_model_job_name(const struct sb_model *model, uint16_t job)
{
    const struct sb_model_job *const found = sb_model_job(model, job);
    return found == NULL ? "-" : found->name;
}

static const char *name_of_job(const void *self, uint16_t job)
{
    const struct sb_model_job *const found = sb_model_job(self, job);
    return found == NULL ? NULL : found->name;
}

static const char *name_of_step(const void *self, uint16_t job, uint8_t step)
{
    const struct sb_model_step *const found = sb_model_step(self, job, step);
    return found == NULL || found->name[0] == '\0' ? NULL : found->name;
}

struct sb_event_names sb_model_names(const struct sb_model *model)
{
    return (struct sb_event_names){.self = model, .job = name_of_job, .step = name_of_step};
}

const struct sb_event *sb_model_log_at(const struct sb_model *model, uint64_t back)
{
    if (back >= log_used(model))
        return NULL;
    return &model->log[(model->log_total - 1 - back) % SB_MODEL_LOG];
}

bool sb_model_run_is_active(const struct sb_model_run *run)
{
    return run->id != 0 && run->state <= SB_RUN_STATE_BACKOFF;
}

bool sb_model_run_is_retryable(const struct sb_model_run *run)
{
    return run->id != 0 && (run->state == SB_RUN_STATE_FAILED || run->state == SB_RUN_STATE_INTERRUPTED ||
                            run->state == SB_RUN_STATE_QUARANTINED || run->state == SB_RUN_STATE_CANCELLED ||
                            run->state == SB_RUN_STATE_BACKOFF);
}

bool sb_model_is_paused(const struct sb_model *model, const struct sb_model_job *job)
{
    return job->is_paused || model->all_paused.is_on ||
           (job->category < SB_CATEGORY_COUNT && model->category_paused[job->category].is_on);
}

unsigned sb_model_recent_at(const struct sb_model_job *job, unsigned i)
{
    const unsigned first = job->recent_next + (unsigned)SB_MODEL_RECENT - job->recent_count;
    return (first + i) % SB_MODEL_RECENT;
}

sb_ns sb_model_recent_permille(const struct sb_model_job *job, unsigned permille)
{
    sb_ns sorted[SB_MODEL_RECENT];
    unsigned count = 0;
    for (unsigned i = 0; i < job->recent_count; i++) {
        unsigned at = count;
        if (job->recent_duration[i] <= 0)
            continue; /* of a run that ended before this runtime began: nobody remembers */
        count++;
        while (at > 0 && sorted[at - 1] > job->recent_duration[i]) {
            sorted[at] = sorted[at - 1];
            at--;
        }
        sorted[at] = job->recent_duration[i];
    }
    if (count == 0)
        return 0;
    /* Nearest rank: the smallest value that at least `permille` of the values do not exceed. */
    unsigned rank = (count * permille + 999) / 1000;
    rank = rank == 0 ? 1 : rank > count ? count : rank;
    return sorted[rank - 1];
}

int sb_model_recent_ok(const struct sb_model_job *job)
{
    if (job->recent_count == 0)
        return -1;
    unsigned good = 0;
    for (unsigned i = 0; i < job->recent_count; i++)
        good += job->recent_outcome[i] == SB_RUN_STATE_SUCCEEDED;
    return (int)(good * 100 / job->recent_count);
}

const char *sb_model_alert_told(const struct sb_model *model, const struct sb_model_alert *alert)
{
    /* what counts most of all channels, first */
    static const struct {
        uint8_t why;
        const char *word;
    } words[] = {
        { SB_TOLD_SENT, "told" },     { SB_TOLD_FAILED, "FAILS" },      { SB_TOLD_QUEUED, "going" },      { SB_TOLD_GROUPING, "waits" },
        { SB_TOLD_RATE, "waits" },    { SB_TOLD_START_HOLD, "waits" },  { SB_TOLD_SILENCED, "silenced" }, { SB_TOLD_INHIBITED, "follows" },
        { SB_TOLD_ACKED, "acked" },   { SB_TOLD_LATER, "later" },       { SB_TOLD_SEVERITY, "nobody" },   { SB_TOLD_RULE, "nobody" },
    };
    bool has_channel = false;
    for (size_t w = 0; w < SB_LEN(words); w++) {
        for (unsigned c = 0; c < SB_CHANNELS_MAX; c++) {
            has_channel = has_channel || model->channels[c].is_defined;
            if (model->channels[c].is_defined && alert->told[c].why == words[w].why)
                return words[w].word;
        }
    }
    return has_channel ? "waits" : "";
}

uint32_t sb_model_alerts_unacked(const struct sb_model *model)
{
    uint32_t unacked = 0;
    for (uint32_t i = 0; i < model->alert_count; i++)
        unacked += !model->alerts[i].is_acked;
    return unacked;
}

uint32_t sb_model_contexts_leased(const struct sb_model *model)
{
    uint32_t leased = 0;
    for (unsigned i = 0; i < SB_CONTEXTS_MAX; i++)
        leased += model->contexts[i].is_defined && model->contexts[i].state == SB_CTX_STATE_LEASED;
    return leased;
}

unsigned sb_model_open_breaker(const struct sb_model *model)
{
    unsigned found = SB_SITES_MAX;
    for (unsigned i = 0; i < SB_SITES_MAX; i++) {
        const struct sb_model_breaker *const breaker = &model->breakers[i];
        if (breaker->is_defined && breaker->state != SB_BREAKER_STATE_CLOSED &&
            (found == SB_SITES_MAX || breaker->since < model->breakers[found].since))
            found = i;
    }
    return found;
}

unsigned sb_model_worst_component(const struct sb_model *model)
{
    static const uint8_t badness[SB_COMPONENT_STATE_COUNT] = {
        [SB_COMPONENT_STATE_FAILED] = 3, [SB_COMPONENT_STATE_DEGRADED] = 2, [SB_COMPONENT_STATE_UNCHECKED] = 1};
    unsigned worst = SB_COMPONENT_COUNT, worst_badness = 0;
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++) {
        const struct sb_model_component *const component = &model->components[i];
        if (!component->is_defined || component->state >= SB_COMPONENT_STATE_COUNT)
            continue;
        /* Among equally bad ones the more needed class wins; REQUIRED is the lowest value. */
        const unsigned value = badness[component->state] == 0 ? 0 : badness[component->state] * 4U + (3U - (component->class & 3U));
        if (value > worst_badness) {
            worst_badness = value;
            worst = i;
        }
    }
    return worst;
}
