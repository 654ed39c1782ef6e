/* Tripped breakers, incidents that had not ended, who acknowledged or silenced them, and the outbox of notices, as restore inputs. */
#include "restoring.h"

#include "signalbox/base/text.h"
#include "signalbox/model/alert.h"
#include "signalbox/os/os.h"

#define TELL_FOR_MS (86400 * INT64_C(1000)) /* that an incident is over is news for a day */

static uint8_t rule_of(const struct sb_rows *rows, size_t row)
{
    int rule = sb_field_enum_parse(SB_FIELD_rule, sb_rows_words(rows, row, "rule"));
    return rule < 0 ? SB_RULE_COUNT : (uint8_t)rule;
}

static void emit_alert(const struct restoring *r, const struct sb_rows *rows, size_t row)
{
    struct sb_input input = sb_input_make(SB_INPUT_RESTORE_ALERT);
    struct sb_in_restore_alert *out = &input.as.restore_alert;
    int component = sb_field_enum_parse(SB_FIELD_component, sb_rows_words(rows, row, "component"));
    out->alert = (uint32_t)sb_rows_number(rows, row, "alert");
    out->rule = rule_of(rows, row);
    out->severity = sb_restore_word(SB_FIELD_severity, sb_rows_words(rows, row, "severity"));
    out->job = r->job_of(r->arg, sb_rows_words(rows, row, "job_name"));
    out->component = component < 0 ? SB_COMPONENT_COUNT : (uint8_t)component;
    out->is_flapping = sb_rows_number(rows, row, "is_flapping") != 0;
    out->is_over = sb_rows_number(rows, row, "is_over") != 0;
    out->since = sb_rows_number(rows, row, "raised_at_ms") * SB_MS(1);
    (void)sb_copy(out->subject, sizeof out->subject, sb_rows_words(rows, row, "subject"));
    (void)sb_copy(out->text, sizeof out->text, sb_rows_words(rows, row, "text"));
    if (out->rule == SB_RULE_COUNT)
        return; /* a rule of another version */
    r->emit(r->arg, &input);
    if (out->is_over || sb_rows_number(rows, row, "acked_until_ms") == 0)
        return;
    struct sb_input ack = sb_input_make(SB_INPUT_RESTORE_ACK);
    ack.as.restore_ack.alert = out->alert;
    ack.as.restore_ack.until = sb_rows_number(rows, row, "acked_until_ms") * SB_MS(1);
    (void)sb_copy(ack.as.restore_ack.actor, SB_NAME_MAX, sb_rows_words(rows, row, "acked_by"));
    r->emit(r->arg, &ack);
}

static void emit_told(const struct restoring *r, const struct sb_rows *rows, size_t row)
{
    struct sb_input input = sb_input_make(SB_INPUT_RESTORE_TOLD);
    struct sb_in_restore_told *out = &input.as.restore_told;
    out->id = (uint64_t)sb_rows_number(rows, row, "notice");
    out->alert = (uint32_t)sb_rows_number(rows, row, "alert");
    out->notice = sb_restore_word(SB_FIELD_notice_kind, sb_rows_words(rows, row, "kind"));
    out->severity = sb_restore_word(SB_FIELD_severity, sb_rows_words(rows, row, "severity"));
    out->is_delivered = sb_rows_number(rows, row, "is_delivered") != 0;
    out->at = sb_rows_number(rows, row, "at_ms") * SB_MS(1);
    (void)sb_copy(out->channel, sizeof out->channel, sb_rows_words(rows, row, "channel"));
    r->emit(r->arg, &input);
}

static void emit_notice(const struct restoring *r, const struct sb_rows *rows, size_t row)
{
    struct sb_input input = sb_input_make(SB_INPUT_RESTORE_NOTICE);
    struct sb_in_restore_notice *out = &input.as.restore_notice;
    out->id = (uint64_t)sb_rows_number(rows, row, "notice");
    out->alert = (uint32_t)sb_rows_number(rows, row, "alert");
    out->notice = sb_restore_word(SB_FIELD_notice_kind, sb_rows_words(rows, row, "kind"));
    out->rule = rule_of(rows, row);
    out->severity = sb_restore_word(SB_FIELD_severity, sb_rows_words(rows, row, "severity"));
    out->attempt = (uint32_t)sb_rows_number(rows, row, "attempts");
    out->count = (uint32_t)sb_rows_number(rows, row, "count");
    out->since = sb_rows_number(rows, row, "since_ms") * SB_MS(1);
    out->at = sb_rows_number(rows, row, "queued_at_ms") * SB_MS(1);
    (void)sb_copy(out->channel, sizeof out->channel, sb_rows_words(rows, row, "channel"));
    (void)sb_copy(out->subject, sizeof out->subject, sb_rows_words(rows, row, "subject"));
    (void)sb_copy(out->text, sizeof out->text, sb_rows_words(rows, row, "text"));
    r->emit(r->arg, &input);
}

static void emit_silence(const struct restoring *r, const struct sb_rows *rows, size_t row)
{
    struct sb_input input = sb_input_make(SB_INPUT_RESTORE_SILENCE);
    struct sb_in_restore_silence *out = &input.as.restore_silence;
    out->silence = (uint32_t)sb_rows_number(rows, row, "silence");
    out->rule = rule_of(rows, row);
    if (out->rule == SB_RULE_COUNT && sb_rows_words(rows, row, "rule")[0] != '\0')
        return; /* of a rule of another version: it would cover everything */
    out->until = sb_rows_number(rows, row, "until_ms") * SB_MS(1);
    (void)sb_copy(out->subject, sizeof out->subject, sb_rows_words(rows, row, "subject"));
    (void)sb_copy(out->actor, sizeof out->actor, sb_rows_words(rows, row, "actor"));
    (void)sb_copy(out->reason, sizeof out->reason, sb_rows_words(rows, row, "reason"));
    r->emit(r->arg, &input);
}

static void emit_trip(const struct restoring *r, const struct sb_rows *rows, size_t row)
{
    struct sb_input input = sb_input_make(SB_INPUT_RESTORE_TRIP);
    (void)sb_copy(input.as.restore_trip.site, SB_NAME_MAX, sb_rows_words(rows, row, "name"));
    (void)sb_copy(input.as.restore_trip.actor, SB_NAME_MAX, sb_rows_words(rows, row, "actor"));
    (void)sb_copy(input.as.restore_trip.reason, SB_NOTE_MAX, sb_rows_words(rows, row, "reason"));
    r->emit(r->arg, &input);
}

/* Open ones, and those that ended before everybody who had heard of them was told so. */
static const char alerts_sql[] =
    "SELECT alert, rule, severity, job_name, component, subject, text, raised_at_ms, acked_until_ms, acked_by, is_flapping, "
    "CASE WHEN cleared_at_ms IS NULL THEN 0 ELSE 1 END AS is_over FROM alerts a WHERE cleared_at_ms IS NULL OR (cleared_at_ms > $1 AND EXISTS "
    "(SELECT 1 FROM alert_told t WHERE t.alert = a.alert AND t.kind <> 'resolved')) ORDER BY is_over, alert LIMIT 256";
static const char told_sql[] =
    "SELECT t.alert, t.channel, t.notice, t.kind, t.severity, t.at_ms, t.is_delivered FROM alert_told t, alerts a WHERE a.alert = t.alert "
    "AND (a.cleared_at_ms IS NULL OR a.cleared_at_ms > $1) ORDER BY t.notice, t.alert";
static const char notices_sql[] =
    "SELECT notice, alert, channel, kind, rule, severity, attempts, count, since_ms, queued_at_ms, subject, text FROM notices "
    "WHERE state = 'queued' ORDER BY notice LIMIT 64";
/* The last one for its number, whether it is in force or not. */
static const char silences_sql[] =
    "SELECT silence, rule, subject, actor, reason, CASE WHEN ended_at_ms IS NULL THEN until_ms ELSE 0 END AS until_ms FROM silences "
    "WHERE (ended_at_ms IS NULL AND until_ms > $1) OR silence = (SELECT MAX(silence) FROM silences) ORDER BY silence";

typedef void emit_row(const struct restoring *r, const struct sb_rows *rows, size_t row);

static enum sb_err each(const struct restoring *r, const char *sql, const struct sb_cell *params, size_t count, emit_row *emit)
{
    struct sb_rows *rows = NULL;
    enum sb_err code = sb_restore_query(r, sql, params, count, &rows);
    for (size_t i = 0; !code && i < sb_rows_count(rows); i++)
        emit(r, rows, i);
    sb_rows_destroy(rows);
    return code;
}

enum sb_err sb_restore_alerts(const struct restoring *r)
{
    const int64_t now_ms = sb_wall_now().ns / 1000000;
    const struct sb_cell since = sb_cell_int(now_ms - TELL_FOR_MS), now = sb_cell_int(now_ms);
    enum sb_err code = each(r, "SELECT name, actor, reason FROM tripped_breakers ORDER BY name", NULL, 0, emit_trip);
    if (!code)
        code = each(r, alerts_sql, &since, 1, emit_alert);
    if (!code)
        code = each(r, told_sql, &since, 1, emit_told);
    if (!code)
        code = each(r, notices_sql, NULL, 0, emit_notice);
    return code ? code : each(r, silences_sql, &now, 1, emit_silence);
}
