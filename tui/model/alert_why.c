/* An incident in words: the rule and its bounds, the state, who was told or why not, what it follows from, what to do. The only explanation of
 * alerts: the API, the command line and the console say it in these words. Pure. */
#include "fold.h"

#include "signalbox/base/text.h"

#include <string.h>

/* As it is in force: what the catalogue does not change is as shipped. */
static struct sb_model_rule rule_of(const struct sb_model *model, uint8_t rule)
{
    if (model->rules[rule].is_changed)
        return model->rules[rule];
    const struct sb_rule_info *const info = &sb_rule_infos[rule];
    return (struct sb_model_rule){.severity = SB_SEVERITY_COUNT, .raise_n = info->raise_n, .raise_of = info->raise_of, .clear_n = info->clear_n,
                                  
                                  .clear_of = info->clear_of, .or_n = info->or_n, .or_of = info->or_of, .hold = info->hold, .recover = info->recover};
}

void sb_fold_rule_defined(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_rule_defined *const ev = &event->as.rule_defined;
    if (ev->rule >= SB_RULE_COUNT)
        return;
    struct sb_model_rule *const rule = &model->rules[ev->rule];
    rule->is_changed = true;
    rule->is_off = ev->is_off;
    rule->severity = ev->severity;
    rule->raise_n = ev->raise_n;
    rule->raise_of = ev->raise_of;
    rule->clear_n = ev->clear_n;
    rule->clear_of = ev->clear_of;
    rule->or_n = ev->or_n;
    rule->or_of = ev->or_of;
    rule->hold = ev->hold;
    rule->recover = ev->recover;
    rule->repeat = ev->repeat;
    sb_copy_n(rule->runbook, sizeof rule->runbook, ev->runbook, strnlen(ev->runbook, sizeof ev->runbook));
}

/* "at once", "when 2 of the last 3 looks are bad", each perhaps with "for 30s". */
static void add_bound(struct sb_text *out, unsigned n, unsigned of, const char *quality, sb_ns lasts)
{
    if (of > 1) {
        sb_text_add(out, n == of ? "when the last " : "when ");
        sb_text_add_u64(out, n);
        if (n != of) {
            sb_text_add(out, " of the last ");
            sb_text_add_u64(out, of);
        }
        sb_text_add(out, " looks are ");
        sb_text_add(out, quality);
    } else {
        sb_text_add(out, "at the first ");
        sb_text_add(out, quality);
        sb_text_add(out, " look");
    }
    if (lasts > 0) {
        sb_text_add(out, " and so for ");
        sb_text_add_duration(out, lasts);
    }
}

void sb_model_rule_line(const struct sb_model *model, uint8_t rule, struct sb_text *out)
{
    if (rule >= SB_RULE_COUNT)
        return;
    const struct sb_model_rule def = rule_of(model, rule);
    sb_text_add(out, "fires ");
    add_bound(out, def.raise_n, def.raise_of, "bad", def.hold);
    if (def.or_of > 0) {
        sb_text_add(out, ", or ");
        add_bound(out, def.or_n, def.or_of, "bad", 0);
    }
    sb_text_add(out, "; ends ");
    if (sb_rule_infos[rule].look == SB_LOOK_MOMENT) {
        sb_text_add(out, "by itself after ");
        sb_text_add_duration(out, def.recover);
    } else {
        add_bound(out, def.clear_n, def.clear_of, "good", def.recover);
    }
    if (def.is_changed)
        sb_text_add(out, " (as the catalogue has it)");
}

static void add_left(struct sb_text *out, const char *before, sb_ns until, sb_ns now)
{
    if (until <= now)
        return;
    sb_text_add(out, before);
    sb_model_add_age(out, until - now);
}

void sb_model_alert_state_line(const struct sb_model_alert *alert, sb_ns now, struct sb_text *out)
{
    sb_text_add(out, sb_alert_state_text(alert->state));
    if (alert->state == SB_ALERT_STATE_RECOVERING)
        add_left(out, ", over in ", alert->until, now);
    if (alert->is_flapping)
        sb_text_add(out, "; comes and goes: channels hear nothing until it is quiet");
    if (alert->is_stale)
        sb_text_add(out, "; from before the start, and nobody has looked again since");
    if (alert->is_acked) {
        sb_text_add(out, "; acknowledged by ");
        sb_text_add(out, alert->acked_by);
        add_left(out, ", for ", alert->acked_until, now);
    }
}

void sb_model_told_line(const struct sb_model *model, const struct sb_model_alert *alert, unsigned channel, sb_ns now, struct sb_text *out)
{
    const struct sb_model_told *const told = &alert->told[channel];
    sb_text_add(out, sb_told_text(told->why));
    if (told->by[0] != '\0') {
        sb_text_add(out, told->why == SB_TOLD_INHIBITED ? ": " : " by ");
        sb_text_add(out, told->by);
    }
    if (told->why == SB_TOLD_SEVERITY) {
        sb_text_add(out, ", which is ");
        sb_text_add(out, sb_severity_text(model->channels[channel].min_severity));
        sb_text_add(out, " and graver");
    }
    add_left(out, ", for ", told->until, now);
    const bool is_of_notice = told->why == SB_TOLD_SENT || told->why == SB_TOLD_QUEUED || told->why == SB_TOLD_FAILED;
    if (is_of_notice && told->notice < SB_NOTICE_KIND_COUNT && told->at != 0) {
        sb_text_add(out, ", ");
        sb_text_add(out, sb_notice_kind_text(told->notice));
        sb_text_add(out, " ");
        sb_model_add_age(out, now - told->at);
        sb_text_add(out, " ago");
    }
    if (told->why == SB_TOLD_FAILED) {
        sb_text_add(out, ": ");
        sb_text_add(out, model->channels[channel].reason);
    }
}

const struct sb_model_alert *sb_model_alert_cause(const struct sb_model *model, const struct sb_model_alert *alert)
{
    const char *by = NULL;
    for (unsigned c = 0; c < SB_CHANNELS_MAX && by == NULL; c++) {
        if (alert->told[c].why == SB_TOLD_INHIBITED && alert->told[c].by[0] != '\0')
            by = alert->told[c].by;
    }
    for (uint32_t i = 0; by != NULL && i < model->alert_count; i++) {
        if (&model->alerts[i] != alert && sb_streq(model->alerts[i].subject, by))
            return &model->alerts[i];
    }
    return NULL;
}

const char *sb_model_runbook(const struct sb_model *model, uint8_t rule)
{
    if (rule >= SB_RULE_COUNT)
        return "";
    return model->rules[rule].runbook[0] != '\0' ? model->rules[rule].runbook : sb_runbooks[rule].text;
}

const char *sb_model_manual(const struct sb_model *model, uint8_t rule)
{
    return rule >= SB_RULE_COUNT || model->rules[rule].runbook[0] != '\0' ? "" : sb_runbooks[rule].manual;
}

bool sb_model_is_silenced(const struct sb_model_silence *silence, const struct sb_model_alert *alert, sb_ns now)
{
    return silence->id != 0 && silence->until > now && (silence->rule >= SB_RULE_COUNT || silence->rule == alert->rule) &&
           sb_silence_covers(silence->subject, alert->subject);
}

bool sb_alert_is_of_component(const struct sb_model_alert *alert)
{
    return (alert->rule == SB_RULE_DEP_DOWN || alert->rule == SB_RULE_DEP_SLOW) && alert->component < SB_COMPONENT_COUNT;
}

void sb_model_alert_press(const struct sb_model *model, const struct sb_model_alert *alert, struct sb_text *out)
{
    const struct sb_model_job *const job = sb_model_job(model, alert->job);
    if (!alert->is_acked)
        sb_text_add(out, "a acknowledges it; ");
    if (job != NULL) {
        sb_text_add(out, "Enter opens ");
        sb_text_add(out, job->name);
        sb_text_add(out, sb_model_run_is_retryable(&job->run) ? ", where r retries its failed run" : "");
    } else if (sb_alert_is_of_component(alert)) {
        sb_text_add(out, "Enter opens ");
        sb_text_add(out, sb_component_text(alert->component));
        sb_text_add(out, ", where r checks it now");
    } else {
        sb_text_add(out, alert->rule < SB_RULE_COUNT ? sb_rule_infos[alert->rule].remedy : "q goes back");
    }
}
