/* llm_account: the provider refuses the key, or the account has no money. Trying again does not help; somebody must act. Cleared by the next
 * call that is paid for. */
#include "alerts.h"

void sb_alert_rule_llm_account(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    (void)core;
    bool is_failed = event->kind == SB_EVENT_LLM_FAILED && event->as.llm_failed.status != 0 &&
                     (event->as.llm_failed.category == SB_LLM_CATEGORY_INVALID_KEY ||
                      event->as.llm_failed.category == SB_LLM_CATEGORY_BUDGET_EXCEEDED);
    if (!is_failed && event->kind != SB_EVENT_BUDGET_SPENT)
        return;
    sb_text_add(&finding->subject, "llm account");
    finding->verdict = is_failed ? VERDICT_RAISE : VERDICT_CLEAR;
    if (!is_failed)
        return;
    finding->severity = SB_SEVERITY_ERROR;
    sb_text_add(&finding->text, sb_llm_category_text(event->as.llm_failed.category));
    sb_text_add(&finding->text, ": ");
    sb_text_add(&finding->text, event->as.llm_failed.reason);
}
