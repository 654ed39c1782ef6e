/* llm_failures: many of the last calls failed, whatever the reason. Cleared when they succeed again. */
#include "alerts.h"

void sb_alert_rule_llm_failures(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    (void)core;
    if (event->kind != SB_EVENT_LLM_FAILED && event->kind != SB_EVENT_BUDGET_SPENT)
        return;
    sb_text_add(&finding->subject, "llm calls");
    finding->verdict = event->kind == SB_EVENT_LLM_FAILED ? VERDICT_RAISE : VERDICT_CLEAR;
    if (finding->verdict == VERDICT_CLEAR)
        return;
    finding->severity = SB_SEVERITY_WARN;
    sb_text_add(&finding->text, "LLM calls keep failing, last ");
    sb_text_add(&finding->text, sb_llm_category_text(event->as.llm_failed.category));
    sb_text_add(&finding->text, ": ");
    sb_text_add(&finding->text, event->as.llm_failed.reason);
}
