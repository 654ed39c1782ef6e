/* Incidents with who was told of them, or why not; the channels; the silences. */
#include "call.h"

static void put_left(struct sb_json_out *out, const char *key, sb_ns until)
{
    if (until > picture_now())
        put_number(out, key, (until - picture_now()) / SB_MS(1));
}

static void put_told(const struct sb_model *model, const struct sb_model_alert *alert, struct sb_json_out *out)
{
    sb_json_key(out, "channels");
    sb_json_array_begin(out);
    for (unsigned c = 0; c < SB_CHANNELS_MAX; c++) {
        const struct sb_model_told *told = &alert->told[c];
        if (!model->channels[c].is_defined)
            continue;
        sb_json_object_begin(out);
        put_text(out, "channel", model->channels[c].name);
        put_text(out, "told", sb_told_text(told->why));
        put_text(out, "notice", told->notice < SB_NOTICE_KIND_COUNT && told->at != 0 ? sb_notice_kind_text(told->notice) : NULL);
        put_text(out, "by", told->by[0] != '\0' ? told->by : NULL);
        put_left(out, "for_ms", told->until);
        put_text(out, "reason", told->why == SB_TOLD_FAILED ? model->channels[c].reason : NULL);
        char line[320];
        struct sb_text text;
        sb_text_init(&text, line, sizeof(line));
        sb_model_told_line(model, alert, c, sb_now(), &text);
        put_text(out, "why", line);
        sb_json_object_end(out);
    }
    sb_json_array_end(out);
}

/* The explanation, in the words of the console. */
static void put_words(const struct sb_model *model, const struct sb_model_alert *alert, struct sb_json_out *out)
{
    char line[512];
    struct sb_text text;
    const struct sb_model_alert *cause = sb_model_alert_cause(model, alert);
    const char *manual = sb_model_manual(model, alert->rule);
    sb_text_init(&text, line, sizeof(line));
    sb_model_rule_line(model, alert->rule, &text);
    put_text(out, "bounds", line);
    sb_text_init(&text, line, sizeof(line));
    sb_model_alert_state_line(alert, sb_now(), &text);
    put_text(out, "state_line", line);
    put_text(out, "runbook", sb_model_runbook(model, alert->rule));
    put_text(out, "manual", manual[0] != '\0' ? manual : NULL);
    if (cause != NULL)
        put_number(out, "follows", cause->id);
}

void document_alerts(const struct sb_model *model, struct sb_json_out *out)
{
    sb_json_array_begin(out);
    for (uint32_t i = 0; i < model->alert_count; i++) {
        const struct sb_model_alert *alert = &model->alerts[i];
        sb_json_object_begin(out);
        put_number(out, "id", alert->id);
        put_text(out, "rule", sb_rule_text(alert->rule));
        put_text(out, "severity", sb_severity_text(alert->severity));
        put_text(out, "state", sb_alert_state_text(alert->state));
        put_flag(out, "flapping", alert->is_flapping);
        put_flag(out, "stale", alert->is_stale);
        put_left(out, "for_ms", alert->until);
        put_text(out, "subject", alert->subject);
        put_text(out, "job", alert->job != SB_NO_JOB ? sb_model_job_name(model, alert->job) : NULL);
        put_text(out, "text", alert->text);
        put_text(out, "remedy", alert->rule < SB_RULE_COUNT ? sb_rule_infos[alert->rule].remedy : NULL);
        put_words(model, alert, out);
        put_wall(out, "since", alert->since_wall);
        put_flag(out, "acked", alert->is_acked);
        put_text(out, "acked_by", alert->is_acked ? alert->acked_by : NULL);
        if (alert->is_acked)
            put_left(out, "acked_for_ms", alert->acked_until);
        put_told(model, alert, out);
        sb_json_object_end(out);
    }
    sb_json_array_end(out);
}

void handle_alerts(const struct call *call, struct answer *answer)
{
    answer_with(call, answer, document_alerts);
}

void document_notifications(const struct sb_model *model, struct sb_json_out *out)
{
    sb_json_object_begin(out);
    sb_json_key(out, "channels");
    sb_json_array_begin(out);
    for (unsigned c = 0; c < SB_CHANNELS_MAX; c++) {
        const struct sb_model_channel *channel = &model->channels[c];
        if (!channel->is_defined)
            continue;
        sb_json_object_begin(out);
        put_text(out, "name", channel->name);
        put_text(out, "kind", channel->kind);
        put_text(out, "min_severity", sb_severity_text(channel->min_severity));
        put_number(out, "sent", channel->sent);
        put_number(out, "failed", channel->failed);
        put_number(out, "failing", channel->failing);
        put_wall(out, "sent_at", channel->sent_at);
        put_wall(out, "failed_at", channel->failed_at);
        put_text(out, "reason", channel->failing > 0 ? channel->reason : NULL);
        sb_json_object_end(out);
    }
    sb_json_array_end(out);
    sb_json_key(out, "silences");
    sb_json_array_begin(out);
    for (unsigned i = 0; i < SB_SILENCES_MAX; i++) {
        const struct sb_model_silence *silence = &model->silences[i];
        if (silence->id == 0)
            continue;
        sb_json_object_begin(out);
        put_number(out, "id", silence->id);
        put_text(out, "rule", silence->rule < SB_RULE_COUNT ? sb_rule_text(silence->rule) : NULL);
        put_text(out, "subject", silence->subject);
        put_left(out, "for_ms", silence->until);
        put_text(out, "actor", silence->actor);
        put_text(out, "reason", silence->reason);
        sb_json_object_end(out);
    }
    sb_json_array_end(out);
    sb_json_object_end(out);
}

void handle_notifications(const struct call *call, struct answer *answer)
{
    answer_with(call, answer, document_notifications);
}
