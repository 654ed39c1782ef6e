/* resource: the process nears the end of its memory, descriptors, threads or disk; two bounds each, of the catalogue. Graver beyond the second one.
 * Cleared when the figure is back by a tenth (gauges.c). */
#include "alerts.h"

void sb_alert_rule_resource(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    static const char *const before[SB_GAUGES_BOUND] = { "signalbox itself uses ", "the state folder has ", "of the descriptors ", "there are " };
    static const char *const after[SB_GAUGES_BOUND] = { " MiB", " MiB left", " percent are open", " threads" };
    const struct sb_ev_gauge_changed *changed = &event->as.gauge_changed;
    (void)core;
    if (event->kind != SB_EVENT_GAUGE_CHANGED || changed->gauge >= SB_GAUGES_BOUND)
        return;
    if (changed->gauge == SB_GAUGE_DISK)
        finding->component = SB_COMPONENT_DISK; /* dep_down says it once more when nothing is left */
    sb_text_add(&finding->subject, sb_gauge_text(changed->gauge));
    finding->verdict = changed->level > 0 ? VERDICT_RAISE : VERDICT_CLEAR;
    if (finding->verdict == VERDICT_CLEAR)
        return;
    finding->severity = changed->level > 1 ? SB_SEVERITY_ERROR : SB_SEVERITY_WARN;
    sb_text_add(&finding->text, before[changed->gauge]);
    sb_text_add_u64(&finding->text, changed->value);
    sb_text_add(&finding->text, after[changed->gauge]);
    sb_text_add(&finding->text, changed->level > 1 ? "; the error bound is " : "; the warning bound is ");
    sb_text_add_u64(&finding->text, changed->bound);
}
