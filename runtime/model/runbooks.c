/* What to do about each rule's alerts, as shipped; the catalogue may say otherwise (alerts.rules.NAME.runbook). Constant data. */
#include "signalbox/model/alert.h"

const struct sb_runbook sb_runbooks[SB_RULE_COUNT] = {
    [SB_RULE_JOB_FAILED] =
        {"Reading the screen",
         "Enter on the job shows the step that failed and what was kept of its page. When the cause is gone, r retries from that step; "
         "R from the beginning."},
    [SB_RULE_JOB_LATE_START] =
        {"Browser contexts",
         "Look at what the run waits for: a context (who holds it, and for how long), a dependency, a pause. It starts by itself when "
         "that is over."},
    [SB_RULE_JOB_STUCK] =
        {"Recovery",
         "A step ignored its end, and its thread is given up. One costs nothing but its run; when several are stuck, stop signalbox and"
         " start it again."},
    [SB_RULE_JOB_OVERRUN] =
        {"Reading the screen",
         "Open the run: which step takes so long, and is it working or waiting? Its limit ends it by itself; x asks it to end now, and it "
         "is retried by its policy."},
    [SB_RULE_DEP_DOWN] =
        {"Recovery",
         "Open the component: its reason says what to mend. It is probed by itself, r asks at once, and jobs that wait for it go on "
         "without you."},
    [SB_RULE_DEP_SLOW] =
        {"Recovery",
         "It answers, but far more slowly than usual. Look at the machine it runs on and at what else asks it; jobs go on meanwhile, only "
         "longer."},
    [SB_RULE_CONTEXT_POOL_SATURATED] =
        {"Browser contexts",
         "Look at who holds the contexts: one that stays beyond its deadline is recycled (K). When all of them work, fewer jobs at once"
         " or pool.contexts help."},
    [SB_RULE_BROWSER_MEMORY] =
        {"Browser contexts",
         "The guard keeps lanes from getting contexts until memory is free. Recycle the context with the most uses (K); raise "
         "pool.memory_max_mib only when the machine has it."},
    [SB_RULE_BUDGET_BREACH] =
        {"The LLM budget",
         "A bill was larger than what was held for its call. Compare the provider's figure for the day with budget show, then budget "
         "reconcile USD; generation stays closed until then."},
    [SB_RULE_LLM_ACCOUNT] =
        {"The LLM budget",
         "The provider refuses the key or the account: look there for an expired key, a limit or an unpaid bill. The key is read again "
         "at the next call."},
    [SB_RULE_SITE_DOWN] =
        {"Recovery",
         "The site answers nothing, so nobody asks it. Look at it from another network; its breaker tries by itself and closes when the"
         " site answers, site reset NAME closes it at once."},
    [SB_RULE_JOB_FAILING_STREAK] =
        {"Reading the screen",
         "Three failures in a row are no accident: compare the error classes of its runs. Pause the job (p) while a site or an account "
         "is being mended."},
    [SB_RULE_JOB_SLOW] =
        {"Browser contexts",
         "Compare the steps of a slow run with those of one before: what grew, its waiting or one step? Waiting is a matter of "
         "contexts, a step one of its site or endpoint."},
    [SB_RULE_SLO_BURN] =
        {"Alerts",
         "So many runs fail or start late that the month's objective is in danger. Look for what they have in common: one site, one lane, "
         "one component; mend that before single jobs."},
    [SB_RULE_BUDGET_PACE] =
        {"The LLM budget",
         "At this rate the day costs more than its limit. Look at which job and alias spend; pause what can wait. The tier falls by "
         "itself before the money is gone."},
    [SB_RULE_BUDGET_TIER_LOW] =
        {"The LLM budget",
         "Generation waits until the next day or for a better tier; everything else goes on. A tier can be forced for a time, with a "
         "reason; the cap holds all the same."},
    [SB_RULE_LLM_FAILURES] =
        {"The LLM budget",
         "Look at the category: rate limits pass by themselves, timeouts are the endpoint's, refusals a prompt's. Open the llm "
         "component when most calls fail."},
    [SB_RULE_CLOCK_JUMP] =
        {"Starting",
         "Due times were worked out again. Look at the time service of the machine: a clock that jumps again and again makes runs "
         "early, late or twice."},
    [SB_RULE_CHANNEL_FAILING] =
        {"Notifications",
         "The channel takes nothing, so tell people by other means. Its last error stands beside it; notify test CHANNEL tries it once "
         "it is mended."},
    [SB_RULE_QUEUE_WAIT] =
        {"Browser contexts",
         "More work is planned than contexts or workers can do. Look at what holds them, and for how long: one slow site, or too many jobs "
         "at once? Space the jobs, or raise pool.lanes or pool.workers."},
    [SB_RULE_CONTEXT_LEAK] =
        {"Browser contexts",
         "A run keeps a context beyond its time: mostly it waits for a worker between two steps that share a page. Recycle the context "
         "(K); raise pool.workers when it comes back."},
    [SB_RULE_CONFIG_STALE] =
        {"Starting",
         "The file was changed, and what runs is the configuration of before. Check it, then reload: running steps may finish, and "
         "mistakes leave everything as it is."},
    [SB_RULE_LOOP_STALL] =
        {"Starting and being watched",
         "Decisions come more than a second late, again and again. Mostly the machine is too busy, swaps or was stopped; a step cannot do "
         "it. Keep flight.jsonl and the log when it lasts."},
    [SB_RULE_RESOURCE] =
        {"Starting and being watched",
         "Look at the figure over the last days: one that grows with the work needs more room or a higher limit, one that only grows is a "
         "leak; a restart gives it back meanwhile."},
    [SB_RULE_BUDGET_DRIFT] =
        {"The LLM budget",
         "The provider's day and the ledger's differ. Look for calls made with the same key elsewhere, an old price, or another day's "
         "bounds; give the figure again when it is mended."},
    [SB_RULE_LOG_DROP] =
        {"Starting and being watched",
         "Lines or events were given up because nobody took them in time. The runtime itself lost nothing it decides by; the log and the "
         "counters have a hole at that time."},
    [SB_RULE_DB_POOL_EXHAUSTED] =
        {"Starting and being watched",
         "All connections to the store are in use and queries wait for one: slow queries hold them, or there are too few for the workers. Nothing "
         "is lost; steps and pages take longer."},
    [SB_RULE_MODEL_SHUTDOWN] =
        {"The LLM budget",
         "The price file has a date on which the provider ends a model that an alias names: from that day every call of the alias fails. Told 60, "
         "14 and 3 days before."},
};
