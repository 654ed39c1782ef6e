/* What the budget's pacing needs of the rest of the catalogue: which steps generate, how many calls a day will make, and what a call costs before
 * there is any history. */
#include "load.h"

#include "signalbox/base/text.h"

/* A call of a step like those of the shipped catalogue. */
enum { TOKENS_IN = 1000, TOKENS_OUT = 300, CALLS_PER_LIST = 3, CALLS_MAX = 1000000 };

static bool is_premium_intent(const struct sb_llm_def *llm, const char *intent)
{
    for (size_t i = 0; i < llm->premium_intent_count; i++)
        if (intent != NULL && sb_streq(llm->premium_intents[i], intent))
            return true;
    return false;
}

static struct sb_usd cost_of(const struct sb_llm_def *llm, const char *name)
{
    for (size_t i = 0; i < llm->alias_count; i++)
        if (sb_streq(llm->aliases[i].alias, name))
            return (struct sb_usd){ llm->aliases[i].in_nano * TOKENS_IN + llm->aliases[i].out_nano * TOKENS_OUT };
    return (struct sb_usd){ 0 };
}

static int64_t calls_of(const struct sb_job_def *job, const struct sb_step_def *step, const struct sb_step_params *params)
{
    sb_ns every = step->every > job->every ? step->every : job->every;
    if (!step->uses_llm || !job->is_enabled || job->schedule != SB_SCHEDULE_EVERY || every <= 0)
        return 0;
    return SB_DAY(1) / every * (params->as.llm.for_each != NULL ? CALLS_PER_LIST : 1);
}

void sb_cfg_finish_budget(struct sb_cfg_loader *loader)
{
    struct sb_catalogue *catalogue = &loader->box->catalogue;
    struct sb_budget_def *budget = &catalogue->budget;
    int64_t calls = 0;
    for (uint32_t i = 0; i < catalogue->job_count; i++) {
        const struct sb_job_def *job = &catalogue->jobs[i];
        for (uint32_t k = job->first_step; k < job->first_step + job->step_count; k++) {
            struct sb_step_def *step = &catalogue->steps[k];
            step->is_generation = step->uses_llm && is_premium_intent(&catalogue->llm, catalogue->params[k].as.llm.intent);
            calls += calls_of(job, step, &catalogue->params[k]);
        }
    }
    if (budget->calls_per_day == 0)
        budget->calls_per_day = (uint32_t)(calls < 1 ? 1 : calls > CALLS_MAX ? CALLS_MAX : calls);
    budget->premium_call = cost_of(&catalogue->llm, "premium");
    budget->economy_call = cost_of(&catalogue->llm, "economy");
}
