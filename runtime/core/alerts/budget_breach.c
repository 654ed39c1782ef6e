/* budget_breach: a bill passed what was held for it, and the ledger is closed until the day ends. The cap is a promise: this one pages. */
#include "alerts.h"

void sb_alert_rule_budget_breach(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    if (event->kind != SB_EVENT_BUDGET_LEDGER && event->kind != SB_EVENT_BUDGET_WINDOW)
        return;
    bool is_closed = event->kind == SB_EVENT_BUDGET_LEDGER && event->as.budget_ledger.is_closed;
    sb_text_add(&finding->subject, "budget");
    finding->verdict = is_closed ? VERDICT_RAISE : VERDICT_CLEAR;
    if (!is_closed)
        return;
    finding->severity = SB_SEVERITY_PAGE;
    sb_text_add(&finding->text, "a bill passed its hold, ");
    sb_text_add_usd(&finding->text, (struct sb_usd){ event->as.budget_ledger.spent }, 4);
    sb_text_add(&finding->text, " of ");
    sb_text_add_usd(&finding->text, core->setup.budget->limit, 2);
    sb_text_add(&finding->text, " USD: no paid call until the day ends; does the endpoint obey its output cap?");
}
