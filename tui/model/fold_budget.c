/* The fold of what happens to the LLM budget: figures, tiers, who spends, what fails. Pure. */
#include "fold.h"

#include "signalbox/base/text.h"

#include <string.h>

static void name_copy(char dst[SB_NAME_MAX], const char *src)
{
    (void)sb_copy(dst, SB_NAME_MAX, src);
}

static void note_copy(char dst[SB_NOTE_MAX], const char *src)
{
    (void)sb_copy(dst, SB_NOTE_MAX, src);
}

void sb_fold_budget_window(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_budget_window *const ev = &event->as.budget_window;
    struct sb_model_budget *const budget = &model->budget;
    if (budget->day_start.ns != ev->day_start) { /* a new day: spending by job and by alias starts again */
        const struct sb_model_budget before = *budget;
        memset(budget, 0, sizeof *budget);
        budget->is_forced = before.is_forced;
        budget->forced_until = before.forced_until;
        name_copy(budget->forced_by, before.forced_by);
        note_copy(budget->forced_reason, before.forced_reason);
        for (uint32_t i = 0; i < model->job_high; i++)
            model->jobs[i].spent.nano = 0;
    }
    budget->is_known = true;
    budget->tier = ev->tier;
    budget->policy = ev->policy;
    budget->limit = (struct sb_usd){ev->limit};
    budget->spent = (struct sb_usd){ev->spent};
    budget->day_start = (struct sb_wall){ev->day_start};
    budget->day_end = (struct sb_wall){ev->day_end};
}

static void usd_add(struct sb_usd *sum, int64_t nano)
{
    *sum = sb_usd_add(*sum, (struct sb_usd){nano});
}

static void spend_on(struct sb_model_spending *rows, uint32_t *count, const char *name, int64_t cost)
{
    uint32_t at = 0;
    while (at < *count && strncmp(rows[at].name, name, SB_NAME_MAX - 1) != 0)
        at++;
    if (at == SB_MODEL_ALIASES)
        at = SB_MODEL_ALIASES - 1;
    if (at == *count) {
        name_copy(rows[at].name, at == SB_MODEL_ALIASES - 1 ? "(others)" : name);
        ++*count;
    }
    rows[at].calls++;
    usd_add(&rows[at].cost, cost);
}

void sb_fold_budget_spent(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_budget_spent *const ev = &event->as.budget_spent;
    struct sb_model_budget *const budget = &model->budget;
    budget->spent = (struct sb_usd){ev->spent};
    budget->tokens_in += ev->tokens_in;
    budget->tokens_out += ev->tokens_out;
    budget->calls++;
    spend_on(budget->aliases, &budget->alias_count, ev->alias, ev->cost);
    spend_on(budget->intents, &budget->intent_count, ev->intent, ev->cost);
    const int64_t hour = sb_ns_sub(event->wall.ns, budget->day_start.ns) / SB_HOUR(1);
    usd_add(&budget->burn[hour < 0 ? 0 : hour < SB_MODEL_HOURS ? hour : SB_MODEL_HOURS - 1], ev->cost);
    struct sb_model_job *const job = sb_model_job_mutable(model, ev->job);
    if (job != NULL)
        usd_add(&job->spent, ev->cost);
}

void sb_fold_budget_tier(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_budget_tier *const ev = &event->as.budget_tier;
    struct sb_model_budget *const budget = &model->budget;
    budget->tier = ev->to;
    budget->limit = (struct sb_usd){ev->limit};
    budget->floor = (struct sb_usd){ev->floor};
    budget->calls_left = ev->calls_left;
    budget->q_permille = ev->q_permille;
    budget->tier_since = event->wall;
    name_copy(budget->tier_why, ev->why);
}

void sb_fold_budget_ledger(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_budget_ledger *const ev = &event->as.budget_ledger;
    struct sb_model_budget *const budget = &model->budget;
    budget->spent = (struct sb_usd){ev->spent};
    budget->held = (struct sb_usd){ev->held};
    budget->uncertain = (struct sb_usd){ev->uncertain};
    budget->floor = (struct sb_usd){ev->floor};
    budget->forecast = (struct sb_usd){ev->forecast};
    budget->calls_left = ev->calls_left;
    budget->q_permille = ev->q_permille;
    budget->is_closed = ev->is_closed;
}

void sb_fold_budget_forced(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_budget_forced *const ev = &event->as.budget_forced;
    struct sb_model_budget *const budget = &model->budget;
    budget->is_forced = ev->is_on;
    budget->forced_until = (struct sb_wall){sb_ns_add(event->wall.ns, ev->lasts)};
    name_copy(budget->forced_by, ev->actor);
    note_copy(budget->forced_reason, ev->reason);
    if (ev->is_on)
        budget->tier = ev->tier;
}

void sb_fold_job_stretched(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_job_stretched *const ev = &event->as.job_stretched;
    struct sb_model_job *const job = sb_model_job_mutable(model, ev->job);
    if (job != NULL)
        job->stretched = ev->to > ev->from ? ev->to : 0;
}

void sb_fold_llm_failed(struct sb_model *model, const struct sb_event *event)
{
    const struct sb_ev_llm_failed *const ev = &event->as.llm_failed;
    if (ev->category >= SB_LLM_CATEGORY_COUNT)
        return;
    struct sb_model_llm_failures *const failures = &model->budget.failures[ev->category];
    failures->count = ev->count;
    failures->first = (struct sb_wall){ev->first};
    failures->last = event->wall;
    name_copy(failures->alias, ev->alias);
    note_copy(failures->reason, ev->reason);
}
