/* model_shutdown: the provider ends a model that an alias names (endings.c has the days). Cleared when no alias names it any more. */
#include "alerts.h"

void sb_alert_rule_model_shutdown(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    static const enum sb_severity severities[] = { SB_SEVERITY_INFO, SB_SEVERITY_INFO, SB_SEVERITY_WARN, SB_SEVERITY_PAGE };
    const struct sb_ev_model_ending *ending = &event->as.model_ending;
    if (event->kind != SB_EVENT_MODEL_ENDING)
        return;
    sb_text_add(&finding->subject, ending->model);
    finding->verdict = ending->level > 0 ? VERDICT_RAISE : VERDICT_CLEAR;
    if (finding->verdict == VERDICT_CLEAR)
        return;
    finding->severity = severities[ending->level < SB_LEN(severities) ? ending->level : SB_LEN(severities) - 1];
    const struct sb_civil last = sb_wall_civil((struct sb_wall){ core->wall.ns + SB_DAY((int64_t)ending->days) });
    sb_text_add(&finding->text, "its provider ends it on ");
    sb_text_add_padded(&finding->text, (uint64_t)last.year, 4);
    sb_text_add_char(&finding->text, '-');
    sb_text_add_padded(&finding->text, last.month, 2);
    sb_text_add_char(&finding->text, '-');
    sb_text_add_padded(&finding->text, last.day, 2);
}
