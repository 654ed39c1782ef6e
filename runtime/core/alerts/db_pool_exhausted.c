/* db_pool_exhausted: queries wait a second and longer for a connection to the store, again and again (gauges.c).
 * Cleared when none did for a while. */
#include "alerts.h"

void sb_alert_rule_db_pool_exhausted(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    const struct sb_ev_gauge_changed *changed = &event->as.gauge_changed;
    (void)core;
    if (event->kind != SB_EVENT_GAUGE_CHANGED || changed->gauge != SB_GAUGE_QUERIES)
        return;
    sb_text_add(&finding->subject, "store");
    finding->verdict = changed->level > 0 ? VERDICT_RAISE : VERDICT_CLEAR;
    if (finding->verdict == VERDICT_CLEAR)
        return;
    finding->severity = SB_SEVERITY_WARN;
    sb_text_add(&finding->text, "queries wait a second and longer for a connection, ");
    sb_text_add_u64(&finding->text, changed->value);
    sb_text_add(&finding->text, " since the start");
}
