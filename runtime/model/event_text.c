/* Log lines and severities of events. Pure. */
#include "signalbox/model/event.h"

#include <string.h>

/* Most kinds have the severity of their row; these depend on what they say. */
enum sb_severity sb_event_severity(const struct sb_event *event)
{
    const unsigned kind = event->kind;

    if (kind == SB_EVENT_RUN_ENDED) {
        uint8_t state = event->as.run_ended.state;
        return state == SB_RUN_STATE_FAILED || state == SB_RUN_STATE_QUARANTINED ? SB_SEVERITY_ERROR : SB_SEVERITY_INFO;
    }
    if (kind == SB_EVENT_STEP_ENDED)
        return event->as.step_ended.state == SB_STEP_STATE_FAILED ? SB_SEVERITY_WARN : SB_SEVERITY_DEBUG;
    if (kind == SB_EVENT_COMPONENT_CHANGED) {
        uint8_t state = event->as.component_changed.state;
        if (state == SB_COMPONENT_STATE_FAILED)
            return SB_SEVERITY_ERROR;
        return state == SB_COMPONENT_STATE_DEGRADED ? SB_SEVERITY_WARN : SB_SEVERITY_INFO;
    }
    if (kind == SB_EVENT_NOTE)
        return (enum sb_severity)event->as.note.severity;
    if (kind == SB_EVENT_ALERT_RAISED)
        return (enum sb_severity)event->as.alert_raised.severity;
    return kind < SB_EVENT_COUNT ? (enum sb_severity)sb_event_infos[kind].severity : SB_SEVERITY_DEBUG;
}

struct line {
    const struct sb_event *event;
    const struct sb_event_names *names;
    const unsigned char *payload;
    const struct sb_kind_info *info;
};

/* The job of this event, for naming its step. */
static uint16_t job_of(const struct line *line)
{
    for (unsigned i = 0; i < line->info->field_count; i++) {
        if (line->info->fields[i].type == SB_FIELD_job) {
            uint16_t job;
            memcpy(&job, line->payload + line->info->fields[i].offset, sizeof(job));
            return job;
        }
    }
    return SB_NO_JOB;
}

static uint64_t read_unsigned(const unsigned char *at, size_t size)
{
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    if (size == sizeof(u8)) {
        memcpy(&u8, at, sizeof(u8));
        return u8;
    }
    if (size == sizeof(u16)) {
        memcpy(&u16, at, sizeof(u16));
        return u16;
    }
    if (size == sizeof(u32)) {
        memcpy(&u32, at, sizeof(u32));
        return u32;
    }
    memcpy(&u64, at, sizeof(u64));
    return u64;
}

static void add_name(const struct line *line, const struct sb_field *field, uint64_t value, struct sb_text *out)
{
    const char *name = NULL;
    if (field->type == SB_FIELD_job) {
        if (value == SB_NO_JOB) {
            sb_text_add(out, "-");
            return;
        }
        if (line->names != NULL)
            name = line->names->job(line->names->self, (uint16_t)value);
    } else if (value != SB_NO_STEP && line->names != NULL) {
        name = line->names->step(line->names->self, job_of(line), (uint8_t)value);
    }
    if (name != NULL) {
        sb_text_add(out, name);
        return;
    }
    sb_text_add(out, field->type == SB_FIELD_job ? "job " : value == SB_NO_STEP ? "-" : "#");
    if (field->type == SB_FIELD_step && value == SB_NO_STEP)
        return;
    sb_text_add_u64(out, value);
}

static void add_field(const struct line *line, const struct sb_field *field, struct sb_text *out)
{
    const unsigned char *at = line->payload + field->offset;
    const char *word;

    if (field->type == SB_FIELD_name || field->type == SB_FIELD_note) {
        sb_text_add(out, (const char *)at);
        return;
    }
    uint64_t value = read_unsigned(at, sb_field_size(field->type));
    if (field->type == SB_FIELD_ns) {
        sb_text_add_duration(out, (sb_ns)value);
    } else if (field->type == SB_FIELD_i64) {
        sb_text_add_i64(out, (int64_t)value);
    } else if (field->type == SB_FIELD_wall) {
        sb_text_add_wall(out, (struct sb_wall){ (int64_t)value }, false);
    } else if (field->type == SB_FIELD_usd) {
        sb_text_add_usd(out, (struct sb_usd){ (int64_t)value }, 4);
    } else if (field->type == SB_FIELD_flag) {
        sb_text_add(out, value != 0 ? "yes" : "no");
    } else if (field->type == SB_FIELD_job || field->type == SB_FIELD_step) {
        add_name(line, field, value, out);
    } else if (field->type == SB_FIELD_ctx) {
        sb_text_add(out, value == SB_NO_CTX ? "no context" : "ctx ");
        if (value != SB_NO_CTX)
            sb_text_add_u64(out, value);
    } else if ((word = sb_field_enum_text(field->type, (unsigned)value)) != NULL) {
        sb_text_add(out, word);
    } else {
        sb_text_add_u64(out, value);
    }
}

void sb_event_text(const struct sb_event *event, const struct sb_event_names *names, struct sb_text *out)
{
    if (event->kind >= SB_EVENT_COUNT) {
        sb_text_add(out, "unknown event");
        return;
    }
    struct line line = { event, names, (const unsigned char *)&event->as, &sb_event_infos[event->kind] };
    for (const char *at = line.info->text; *at != '\0'; at++) {
        const char *end = *at == '{' ? strchr(at, '}') : NULL;
        if (end == NULL) {
            sb_text_add_char(out, *at);
            continue;
        }
        size_t size = (size_t)(end - at - 1);
        for (unsigned i = 0; i < line.info->field_count; i++) {
            const struct sb_field *field = &line.info->fields[i];
            if (strlen(field->name) == size && memcmp(field->name, at + 1, size) == 0)
                add_field(&line, field, out);
        }
        at = end;
    }
    while (out->len > 0 && out->buf[out->len - 1] == ' ') /* an empty text at the end leaves its space */
        out->buf[--out->len] = '\0';
}
