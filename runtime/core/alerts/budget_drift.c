/* budget_drift: the provider's figure for the day is not the ledger's, by more than one part in fifty and a cent. Cleared by a figure that agrees.
 * The ledger's is a span: what is settled, and with what calls without a bill may have cost on top of it. */
#include "alerts.h"

enum { PART = 50 };
#define LEAST (SB_USD_NANO / 100)

void sb_alert_rule_budget_drift(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    const struct sb_ev_budget_compared *compared = &event->as.budget_compared;
    (void)core;
    if (event->kind != SB_EVENT_BUDGET_COMPARED)
        return;
    const int64_t least = compared->spent, most = compared->uncertain < INT64_MAX - least ? least + compared->uncertain : INT64_MAX;
    const int64_t drift = compared->provider < least ? least - compared->provider : compared->provider > most ? compared->provider - most : 0;
    sb_text_add(&finding->subject, "budget");
    finding->verdict = drift > LEAST && drift > compared->provider / PART ? VERDICT_RAISE : VERDICT_CLEAR;
    if (finding->verdict == VERDICT_CLEAR)
        return;
    finding->severity = SB_SEVERITY_WARN;
    sb_text_add(&finding->text, "the provider has ");
    sb_text_add_usd(&finding->text, (struct sb_usd){ compared->provider }, 4);
    sb_text_add(&finding->text, " USD for the day, the ledger ");
    sb_text_add_usd(&finding->text, (struct sb_usd){ compared->spent }, 4);
    if (compared->uncertain > 0) {
        sb_text_add(&finding->text, " and at most ");
        sb_text_add_usd(&finding->text, (struct sb_usd){ compared->uncertain }, 4);
        sb_text_add(&finding->text, " more");
    }
}
