/* Lines instead of a picture. Owns what has been told of each job. Pure. */
#include "signalbox/tui/plain.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { LINE_BYTES = 1024 };

/* As somebody would say it aloud. */
static const char *const words[SB_JOB_STATE_COUNT] = {
    [SB_JOB_STATE_FAIL] = "failing", [SB_JOB_STATE_HELD] = "held", [SB_JOB_STATE_RUN] = "running", [SB_JOB_STATE_PAUSED] = "paused",
    [SB_JOB_STATE_WAIT] = "waiting", [SB_JOB_STATE_OK] = "ok",     [SB_JOB_STATE_NONE] = "idle",
};

void sb_plain_init(struct sb_plain *plain, struct sb_model *model, void (*line)(void *arg, const char *text, size_t size), void *arg)
{
    *plain = (struct sb_plain){ .model = model, .line = line, .arg = arg };
    memset(plain->told, SB_JOB_STATE_NONE, sizeof plain->told);
}

void sb_plain_reset(struct sb_plain *plain)
{
    sb_model_reset(plain->model);
    sb_plain_init(plain, plain->model, plain->line, plain->arg);
}

static struct sb_text begin(const struct sb_plain *plain, char buf[LINE_BYTES])
{
    struct sb_text text;
    sb_text_init(&text, buf, LINE_BYTES);
    sb_text_add_wall(&text, plain->model->wall, false);
    sb_text_add_char(&text, ' ');
    return text;
}

/* NULL ends the list. */
static void add_all(struct sb_text *text, const char *const *words_of_it)
{
    for (; *words_of_it != NULL; words_of_it++)
        sb_text_add(text, *words_of_it);
}
#define ADD(text, ...) add_all((text), (const char *const[]){ __VA_ARGS__, NULL })

static void add_number(struct sb_text *text, const char *before, uint64_t number, const char *after)
{
    sb_text_add(text, before);
    sb_text_add_u64(text, number);
    sb_text_add(text, after);
}

static void end(const struct sb_plain *plain, const struct sb_text *text, const char *buf)
{
    plain->line(plain->arg, buf, text->len);
}

/* "job posting failing, was running: error ..." */
static void tell_job(struct sb_plain *plain, uint16_t job, bool is_change)
{
    const struct sb_model *model = plain->model;
    char buf[LINE_BYTES];
    const uint8_t state = model->jobs[job].state, before = plain->told[job];
    struct sb_text text = begin(plain, buf);
    ADD(&text, "job ", model->jobs[job].name, " ", words[state]);
    if (is_change && before != SB_JOB_STATE_NONE)
        ADD(&text, ", was ", words[before]);
    if (state != SB_JOB_STATE_OK) {
        sb_text_add(&text, ": ");
        sb_model_why(model, job, model->now, model->wall, &text);
        const struct sb_model_run *run = &model->jobs[job].run;
        if (run->id != 0 && run->error[0] != '\0' && run->state != SB_RUN_STATE_SUCCEEDED)
            ADD(&text, " (", sb_class_text(run->class), ": ", run->error, ")");
    }
    end(plain, &text, buf);
    plain->told[job] = state;
}

static void tell_alert(const struct sb_plain *plain, const struct sb_model_alert *alert)
{
    char buf[LINE_BYTES];
    struct sb_text text = begin(plain, buf);
    add_number(&text, "alert ", alert->id, " ");
    ADD(&text, sb_severity_text(alert->severity), " ", alert->subject, ": ", alert->text);
    if (alert->is_acked)
        ADD(&text, ", acknowledged by ", alert->acked_by);
    end(plain, &text, buf);
}

static void add_share(struct sb_text *text, const struct sb_model_budget *budget)
{
    const int64_t hundredth = budget->limit.nano / 100;
    if (!budget->is_known)
        return;
    ADD(text, "; budget ", sb_tier_text(budget->tier));
    if (hundredth > 0 && budget->spent.nano >= 0)
        add_number(text, ", ", (uint64_t)(budget->spent.nano / hundredth), " percent spent");
}

/* How things stand, in one line. */
static void tell_summary(const struct sb_plain *plain)
{
    const struct sb_model *model = plain->model;
    char buf[LINE_BYTES];
    struct sb_text text = begin(plain, buf);
    if (model->is_practice)
        sb_text_add(&text, "PRACTICE ");
    add_number(&text, "", model->job_count, " jobs:");
    const char *comma = " ";
    for (unsigned state = 0; state < SB_JOB_STATE_COUNT; state++) {
        if (model->jobs_in_state[state] == 0)
            continue;
        add_number(&text, comma, model->jobs_in_state[state], " ");
        sb_text_add(&text, words[state]);
        comma = ", ";
    }
    add_number(&text, "; contexts ", sb_model_contexts_leased(model), " of ");
    add_number(&text, "", model->pool_contexts, " used, ");
    add_number(&text, "", model->waiter_count, " waiting");
    add_share(&text, &model->budget);
    add_number(&text, "; alerts ", sb_model_alerts_unacked(model), " unacknowledged of ");
    sb_text_add_u64(&text, model->alert_count);
    const unsigned worst = sb_model_worst_component(model);
    if (worst < SB_COMPONENT_COUNT)
        ADD(&text, "; ", sb_component_text(worst), " is ", sb_component_state_text(model->components[worst].state));
    if (model->all_paused.is_on)
        ADD(&text, "; everything is paused by ", model->all_paused.actor);
    end(plain, &text, buf);
}

static void tell_everything(struct sb_plain *plain)
{
    const struct sb_model *model = plain->model;
    tell_summary(plain);
    for (uint16_t job = 0; job < model->job_high; job++) {
        if (sb_model_job(model, job) == NULL)
            continue;
        const uint8_t state = model->jobs[job].state;
        if (state == SB_JOB_STATE_FAIL || state == SB_JOB_STATE_HELD || state == SB_JOB_STATE_PAUSED)
            tell_job(plain, job, false);
        plain->told[job] = state;
    }
    for (uint32_t i = 0; i < model->alert_count; i++)
        tell_alert(plain, &model->alerts[i]);
}

/* What happens inside runs: their jobs' states say enough of it, unless it is a warning. */
static bool is_of_a_run(const struct sb_event *event)
{
    static const char *const families[] = { "run_", "step_", "lease_", "job_", "context_", "budget_spent", "nominal_" };
    for (size_t i = 0; i < SB_LEN(families); i++) {
        if (strncmp(sb_event_infos[event->kind].name, families[i], strlen(families[i])) == 0)
            return true;
    }
    return false;
}

static void tell_event(const struct sb_plain *plain, const struct sb_event *event)
{
    const struct sb_event_names names = sb_model_names(plain->model);
    const enum sb_severity severity = sb_event_severity(event);
    char buf[LINE_BYTES];
    if (severity < (is_of_a_run(event) ? SB_SEVERITY_WARN : SB_SEVERITY_INFO))
        return;
    struct sb_text text = begin(plain, buf);
    ADD(&text, sb_severity_text((unsigned)severity), " ");
    sb_event_text(event, &names, &text);
    end(plain, &text, buf);
}

static bool is_worth_telling(struct sb_plain *plain, uint16_t job)
{
    const uint8_t state = plain->model->jobs[job].state;
    const sb_ns now = plain->model->now;
    if (state != SB_JOB_STATE_WAIT)
        plain->waits_since[job] = 0;
    if (state == plain->told[job])
        return false;
    if (state != SB_JOB_STATE_WAIT)
        return true;
    if (plain->waits_since[job] == 0)
        plain->waits_since[job] = now;
    return now - plain->waits_since[job] >= SB_S(1);
}

void sb_plain_fold(struct sb_plain *plain, const struct sb_event *event)
{
    const struct sb_model *model = plain->model;
    bool has_told = false;
    sb_model_fold(plain->model, event);
    if (event->kind >= SB_EVENT_COUNT)
        return;
    if (!plain->is_described) {
        plain->is_described = model->is_described;
        if (plain->is_described)
            tell_everything(plain);
        return;
    }
    for (uint16_t job = 0; job < model->job_high; job++) {
        if (sb_model_job(model, job) != NULL && is_worth_telling(plain, job)) {
            tell_job(plain, job, true);
            has_told = true;
        }
    }
    if (!has_told || !is_of_a_run(event))
        tell_event(plain, event);
}
