/* Owns what `key:value` means for a job, an alert, a component and a line of the log. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

struct of_job {
    const struct sb_model *model;
    uint16_t id;
};

/* An alert of the job by its rule or text; yes and no: whether there is one. */
static bool job_has_alert(const struct of_job *of, const char *value, size_t size)
{
    const struct sb_model *const model = of->model;
    bool is_any = false, is_fit = false;
    for (uint32_t i = 0; i < model->alert_count; i++) {
        if (model->alerts[i].job != of->id)
            continue;
        is_any = true;
        is_fit = is_fit || sb_match_is_part(value, size, sb_rule_text(model->alerts[i].rule)) || sb_match_is_part(value, size, model->alerts[i].text);
    }
    return is_fit || sb_match_is_yes(value, size, is_any);
}

static bool job_field(const void *context, enum sb_match_key key, const char *value, size_t size)
{
    const struct of_job *const of = context;
    const struct sb_model_job *const job = &of->model->jobs[of->id];
    if (key == SB_MATCH_KEY_STATE)
        return sb_match_is_begin(value, size, sb_job_state_word((enum sb_job_state)job->state));
    if (key == SB_MATCH_KEY_JOB)
        return sb_match_is_part(value, size, job->name);
    if (key == SB_MATCH_KEY_CATEGORY)
        return sb_match_is_begin(value, size, sb_category_text(job->category));
    if (key == SB_MATCH_KEY_CTX)
        return job->run.id != 0 && job->run.ctx != SB_NO_CTX && sb_match_is_number(value, size, job->run.ctx);
    if (key == SB_MATCH_KEY_STEP) {
        const struct sb_model_step *const step = job->run.id == 0 ? NULL : sb_model_step(of->model, of->id, job->run.step);
        return step != NULL && sb_match_is_part(value, size, step->name);
    }
    if (key == SB_MATCH_KEY_ERROR)
        return job->run.id != 0 && job->run.error[0] != '\0' &&
               (sb_match_is_part(value, size, job->run.error) || sb_match_is_begin(value, size, sb_class_text(job->run.class)));
    if (key == SB_MATCH_KEY_ALERT)
        return job_has_alert(of, value, size);
    if (key == SB_MATCH_KEY_PAUSED)
        return sb_match_is_yes(value, size, sb_model_is_paused(of->model, job));
    return key == SB_MATCH_KEY_CRITICAL && sb_match_is_yes(value, size, job->is_critical);
}

bool sb_match_job(const struct sb_match *match, const struct sb_model *model, uint16_t job)
{
    const struct of_job of = {model, job};
    return match->term_count == 0 || sb_match_fits(match, model->jobs[job].name, &of, job_field);
}

static bool context_field(const void *context, enum sb_match_key key, const char *value, size_t size)
{
    const struct of_job *const of = context;
    const struct sb_model_ctx *const ctx = &of->model->contexts[of->id];
    if (key == SB_MATCH_KEY_STATE)
        return sb_match_is_begin(value, size, sb_ctx_state_text(ctx->state));
    if (key == SB_MATCH_KEY_LANE)
        return sb_match_is_begin(value, size, sb_lane_text(ctx->lane));
    if (key == SB_MATCH_KEY_CTX)
        return sb_match_is_number(value, size, of->id);
    return key == SB_MATCH_KEY_JOB && ctx->run != 0 && sb_match_is_part(value, size, sb_model_job_name(of->model, ctx->job));
}

/* Its text is what its row says: name, state, lane and holder. */
bool sb_match_context(const struct sb_match *match, const struct sb_model *model, uint16_t id)
{
    const struct of_job of = {model, id};
    const struct sb_model_ctx *const ctx = &model->contexts[id];
    char buffer[2 * SB_NOTE_MAX];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof buffer);
    sb_text_add(&text, "#");
    sb_text_add_u64(&text, id);
    sb_text_add(&text, " ctx");
    sb_text_add_u64(&text, id);
    sb_text_add(&text, " ");
    sb_text_add(&text, sb_ctx_state_text(ctx->state));
    sb_text_add(&text, " ");
    sb_text_add(&text, sb_lane_text(ctx->lane));
    sb_text_add(&text, " ");
    sb_text_add(&text, ctx->run != 0 ? sb_model_job_name(model, ctx->job) : ctx->reason);
    sb_text_add(&text, ctx->is_borrowed ? " borrowed" : ctx->is_burst ? " burst" : "");
    return match->term_count == 0 || sb_match_fits(match, buffer, &of, context_field);
}

struct of_alert {
    const struct sb_model *model;
    const struct sb_model_alert *alert;
};

static bool alert_field(const void *context, enum sb_match_key key, const char *value, size_t size)
{
    const struct of_alert *const of = context;
    if (key == SB_MATCH_KEY_STATE)
        return sb_match_is_begin(value, size, sb_alert_state_text(of->alert->state)) ||
               (of->alert->is_flapping && sb_match_is_begin(value, size, "flapping"));
    if (key == SB_MATCH_KEY_JOB)
        return of->alert->job != SB_NO_JOB && sb_match_is_part(value, size, sb_model_job_name(of->model, of->alert->job));
    if (key == SB_MATCH_KEY_ALERT)
        return sb_match_is_part(value, size, sb_rule_text(of->alert->rule));
    if (key == SB_MATCH_KEY_SEVERITY)
        return sb_match_is_begin(value, size, sb_severity_text(of->alert->severity));
    return key == SB_MATCH_KEY_ACKED && sb_match_is_yes(value, size, of->alert->is_acked);
}

bool sb_match_alert(const struct sb_match *match, const struct sb_model *model, const struct sb_model_alert *alert)
{
    const struct of_alert of = {model, alert};
    char buffer[SB_NAME_MAX + SB_NOTE_MAX + 4];
    struct sb_text text;
    if (match->term_count == 0)
        return true;
    sb_text_init(&text, buffer, sizeof buffer);
    sb_text_add(&text, alert->subject);
    sb_text_add(&text, ": ");
    sb_text_add(&text, alert->text);
    return sb_match_fits(match, buffer, &of, alert_field);
}

static bool component_field(const void *context, enum sb_match_key key, const char *value, size_t size)
{
    const struct sb_model_component *const component = context;
    return sb_match_is_begin(value, size, key == SB_MATCH_KEY_STATE ? sb_component_state_text(component->state)
                                                                    : sb_component_class_text(component->class));
}

bool sb_match_component(const struct sb_match *match, const struct sb_model *model, unsigned component)
{
    char buffer[SB_NAME_MAX + SB_NOTE_MAX + 4];
    struct sb_text text;
    if (match->term_count == 0)
        return true;
    sb_text_init(&text, buffer, sizeof buffer);
    sb_text_add(&text, sb_component_text(component));
    sb_text_add(&text, ": ");
    sb_text_add(&text, model->components[component].reason);
    return sb_match_fits(match, buffer, &model->components[component], component_field);
}

/* ---- lines of the log ---- */

struct of_event {
    const struct sb_model *model;
    const struct sb_event *event;
};

uint64_t sb_event_number(const struct sb_event *event, const struct sb_field *field)
{
    const unsigned char *const at = (const unsigned char *)&event->as + field->offset;
    uint16_t two = 0;
    uint32_t four = 0;
    uint64_t eight = 0;
    switch (sb_field_size(field->type)) {
    case sizeof two: memcpy(&two, at, sizeof two); return two;
    case sizeof four: memcpy(&four, at, sizeof four); return four;
    case sizeof eight: memcpy(&eight, at, sizeof eight); return eight;
    default: return *at;
    }
}

static bool event_field(const void *context, enum sb_match_key key, const char *value, size_t size)
{
    const struct of_event *const of = context;
    if (of->event->kind >= SB_EVENT_COUNT)
        return false;
    const struct sb_kind_info *const info = &sb_event_infos[of->event->kind];
    if (key == SB_MATCH_KEY_EVENT)
        return sb_match_is_part(value, size, info->name);
    if (key == SB_MATCH_KEY_SEVERITY)
        return sb_match_is_begin(value, size, sb_severity_text(sb_event_severity(of->event)));
    for (unsigned i = 0; i < info->field_count; i++) {
        const struct sb_field *const field = &info->fields[i];
        if (key == SB_MATCH_KEY_JOB && field->type == SB_FIELD_job) {
            const uint64_t job = sb_event_number(of->event, field);
            if (job != SB_NO_JOB && sb_match_is_part(value, size, sb_model_job_name(of->model, (uint16_t)job)))
                return true;
        }
        const bool is_number = (key == SB_MATCH_KEY_RUN && field->type == SB_FIELD_run) || (key == SB_MATCH_KEY_CTX && field->type == SB_FIELD_ctx) ||
                               (key == SB_MATCH_KEY_ALERT && field->type == SB_FIELD_u32 && sb_streq(field->name, "alert"));
        if (is_number && sb_match_is_number(value, size, sb_event_number(of->event, field)))
            return true;
        if (key == SB_MATCH_KEY_ALERT && field->type == SB_FIELD_rule &&
            sb_match_is_part(value, size, sb_rule_text((unsigned)sb_event_number(of->event, field))))
            return true;
    }
    return false;
}

bool sb_match_event(const struct sb_match *match, const struct sb_model *model, const struct sb_event *event, const char *line)
{
    const struct of_event of = {model, event};
    return match->term_count == 0 || sb_match_fits(match, line, &of, event_field);
}
