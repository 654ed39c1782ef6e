/* slo_burn: so many runs fail, or start late, that the objective of the month cannot be kept. Two windows each, a long one that says it matters and a
 * short one that says it goes on (research/ecosystem.md B3); and at least three bad ones of thirty runs in the long one:
 * fewer say nothing of a month, and what fails there has its own alert. */
#include "alerts.h"

enum { BAD_MIN = 3, RUNS_MIN = 30, WHOLE = 10000 };

static const struct burn {
    sb_ns within, lately;
    uint32_t tenths;           /* of the rate at which a month's allowance lasts a month */
    enum sb_severity severity;
} burns[] = {
    { SB_HOUR(1), SB_MIN(5), 144, SB_SEVERITY_PAGE },
    { SB_HOUR(6), SB_MIN(30), 60, SB_SEVERITY_PAGE },
    { SB_DAY(3), SB_HOUR(6), 10, SB_SEVERITY_WARN },
};

static bool burns_over(struct service_count count, uint32_t allowed, uint32_t tenths)
{
    return (uint64_t)count.bad * WHOLE * 10 > (uint64_t)count.all * allowed * tenths;
}

/* The gravest that holds, or NULL. */
static const struct burn *find(const struct sb_core *core, enum sb_objective objective, struct service_count *count)
{
    const uint32_t allowed = (uint32_t)WHOLE - core->alert_defs->objectives[objective];
    for (size_t i = 0; i < SB_LEN(burns); i++) {
        *count = sb_service_within(core, objective, burns[i].within);
        if (count->bad >= BAD_MIN && count->all >= RUNS_MIN && burns_over(*count, allowed, burns[i].tenths) &&
            burns_over(sb_service_within(core, objective, burns[i].lately), allowed, burns[i].tenths))
            return &burns[i];
    }
    return NULL;
}

void sb_alert_rule_slo_burn(const struct sb_core *core, const struct sb_event *event, struct finding *finding)
{
    static const char *const names[] = { "success", "punctuality" }, *const bad[] = { " runs failed within ", " runs started late within " };
    struct service_count count;
    enum sb_objective objective = event->kind == SB_EVENT_RUN_ENDED ? SB_OBJECTIVE_SUCCESS : SB_OBJECTIVE_PUNCTUALITY;

    if (!core->services[objective].is_fresh)
        return;
    sb_text_add(&finding->subject, names[objective]);
    const struct burn *burn = find(core, objective, &count);
    finding->verdict = burn != NULL ? VERDICT_RAISE : VERDICT_CLEAR;
    if (burn == NULL)
        return;
    finding->severity = burn->severity;
    sb_text_add_u64(&finding->text, count.bad);
    sb_text_add(&finding->text, " of ");
    sb_text_add_u64(&finding->text, count.all);
    sb_text_add(&finding->text, bad[objective]);
    sb_text_add_duration(&finding->text, burn->within);
    sb_text_add(&finding->text, "; the month's objective allows ");
    sb_text_add_u64(&finding->text, (uint64_t)(WHOLE - core->alert_defs->objectives[objective]) / 100);
    sb_text_add(&finding->text, " of 100");
}
