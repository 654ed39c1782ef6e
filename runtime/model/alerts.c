/* The rules as they are shipped. Constant data and what follows from it alone. */
#include "signalbox/model/alert.h"

#include "signalbox/base/text.h"

#include <string.h>

#define ONE 1, 1, 1, 1
#define NONE 0, 0

const struct sb_rule_info sb_rule_infos[SB_RULE_COUNT] = {
    [SB_RULE_JOB_FAILED] = { SB_LOOK_EDGE, ONE, 0, 0, NONE, "signalbox runs --job NAME --failed shows the step and its error; r retries it" },
    [SB_RULE_JOB_LATE_START] = { SB_LOOK_EDGE, ONE, 0, 0, NONE, "signalbox job why NAME says what the run waits for" },
    [SB_RULE_JOB_STUCK] = { SB_LOOK_EDGE, ONE, 0, 0, NONE, "the step's thread is given up; restart signalbox when several are" },
    [SB_RULE_JOB_OVERRUN] = { SB_LOOK_EDGE, ONE, 0, 0, NONE,
        "signalbox run show ID: which step takes so long; x cancels it, its time limit ends it" },
    [SB_RULE_DEP_DOWN] = { SB_LOOK_LEVEL, ONE, 0, SB_S(30), NONE,
        "signalbox check says what is wrong; jobs that need it wait and go on by themselves" },
    [SB_RULE_DEP_SLOW] = { SB_LOOK_EDGE, ONE, 0, 0, NONE,
        "signalbox check --json has the latency of each dependency; look at the machine it runs on" },
    [SB_RULE_CONTEXT_POOL_SATURATED] = { SB_LOOK_LEVEL, ONE, 0, SB_MIN(2), NONE, "signalbox context list shows who holds the contexts" },
    [SB_RULE_BROWSER_MEMORY] = { SB_LOOK_LEVEL, ONE, 0, SB_MIN(2), NONE, "recycle the oldest context, or raise pool.memory_max_mib" },
    [SB_RULE_BUDGET_BREACH] = { SB_LOOK_LEVEL, ONE, 0, 0, NONE, "signalbox budget show; compare with the provider's bill, then budget reconcile" },
    [SB_RULE_LLM_ACCOUNT] = { SB_LOOK_EDGE, ONE, 0, 0, NONE, "check the key and the account's balance at the provider" },
    [SB_RULE_SITE_DOWN] = { SB_LOOK_LEVEL, ONE, 0, SB_S(30), NONE, "signalbox site breakers; it closes by itself when the site answers" },
    [SB_RULE_JOB_FAILING_STREAK] = { SB_LOOK_EDGE, 3, 3, 2, 2, 0, 0, 5, 10, "so many failures are no accident: signalbox runs --job NAME" },
    [SB_RULE_JOB_SLOW] = { SB_LOOK_EDGE, 2, 3, 2, 3, 0, 0, NONE, "signalbox job show NAME has its last runs and steps: what waits, and for whom" },
    [SB_RULE_SLO_BURN] = { SB_LOOK_EDGE, ONE, 0, 0, NONE, "signalbox runs --failed: what the failures or late starts have in common" },
    [SB_RULE_BUDGET_PACE] = { SB_LOOK_LEVEL, ONE, SB_MIN(10), SB_MIN(10), NONE, "signalbox budget show: which job or alias spends so much" },
    [SB_RULE_BUDGET_TIER_LOW] = { SB_LOOK_LEVEL, ONE, SB_S(30), SB_MIN(5), NONE, "signalbox budget why; generation waits, everything else goes on" },
    [SB_RULE_LLM_FAILURES] = { SB_LOOK_EDGE, 3, 10, 8, 10, 0, 0, NONE, "signalbox budget show lists the failures and their verdict" },
    [SB_RULE_CLOCK_JUMP] = { SB_LOOK_MOMENT, ONE, 0, SB_MIN(10), NONE, "look at the machine's time service" },
    [SB_RULE_CHANNEL_FAILING] = { SB_LOOK_EDGE, ONE, 0, 0, NONE, "signalbox notify test CHANNEL" },
    [SB_RULE_QUEUE_WAIT] = { SB_LOOK_LEVEL, ONE, SB_MIN(5), SB_MIN(10), NONE,
        "signalbox context list, signalbox job list: what holds contexts and workers; space the jobs, or give them more" },
    [SB_RULE_CONTEXT_LEAK] = { SB_LOOK_LEVEL, ONE, 0, 0, NONE, "signalbox context list; signalbox context recycle N takes it back" },
    [SB_RULE_CONFIG_STALE] = { SB_LOOK_LEVEL, ONE, 0, 0, NONE, "signalbox config check, then systemctl reload signalbox" },
    [SB_RULE_LOOP_STALL] = { SB_LOOK_LEVEL, ONE, SB_S(30), SB_S(30), NONE,
        "look at the machine first: load, memory, disk; /livez?verbose names the loops" },
    [SB_RULE_RESOURCE] = { SB_LOOK_LEVEL, ONE, SB_MIN(5), SB_MIN(10), NONE, "make room, or raise the limit; a figure that only grows is a leak" },
    [SB_RULE_BUDGET_DRIFT] = { SB_LOOK_EDGE, ONE, 0, 0, NONE,
        "compare the provider's list of calls with signalbox budget show; then signalbox budget reconcile day USD" },
    [SB_RULE_LOG_DROP] = { SB_LOOK_LEVEL, ONE, 0, SB_MIN(10), NONE, "what was not written down cannot be found later: look at the machine's load" },
    [SB_RULE_DB_POOL_EXHAUSTED] = { SB_LOOK_LEVEL, ONE, SB_MIN(1), SB_MIN(2), NONE,
        "/metrics has how long queries take: a slow disk or server, or too many workers (pool.workers)" },
    [SB_RULE_MODEL_SHUTDOWN] = { SB_LOOK_LEVEL, ONE, 0, 0, NONE, "name its successor in llm.aliases, with its price in prices.yaml, and reload" },
};

void sb_alerts_def_init(struct sb_alerts_def *alerts)
{
    memset(alerts, 0, sizeof(*alerts));
    for (int rule = 0; rule < SB_RULE_COUNT; rule++) {
        const struct sb_rule_info *info = &sb_rule_infos[rule];
        alerts->rules[rule] = (struct sb_alert_def){ .raise_n = info->raise_n, .raise_of = info->raise_of, .clear_n = info->clear_n,
                                                     .clear_of = info->clear_of, .hold = info->hold, .recover = info->recover,
                                                     .or_n = info->or_n, .or_of = info->or_of };
    }
    alerts->objectives[SB_OBJECTIVE_SUCCESS] = 9900;
    alerts->objectives[SB_OBJECTIVE_PUNCTUALITY] = 9500;
    alerts->bounds[SB_GAUGE_MEMORY] = (struct sb_bounds){ .warn = 1024, .error = 2048 };
    alerts->bounds[SB_GAUGE_DISK] = (struct sb_bounds){ .warn = 1024, .error = 512 };
    alerts->bounds[SB_GAUGE_DESCRIPTORS] = (struct sb_bounds){ .warn = 70, .error = 90 };
    alerts->bounds[SB_GAUGE_THREADS] = (struct sb_bounds){ .warn = 256, .error = 512 };
    alerts->queue_wait = SB_MIN(5);
    alerts->start_hold = SB_S(60);
    alerts->group_wait = SB_S(30);
    alerts->ack_for = SB_HOUR(8);
}

bool sb_alert_def_is_changed(const struct sb_alert_def *def, enum sb_rule rule)
{
    const struct sb_rule_info *info = &sb_rule_infos[rule];
    return def->is_off || def->has_severity || def->raise_n != info->raise_n || def->raise_of != info->raise_of ||
           def->clear_n != info->clear_n || def->clear_of != info->clear_of || def->hold != info->hold || def->recover != info->recover ||
           def->or_n != info->or_n || def->or_of != info->or_of || def->repeat != 0 || def->runbook[0] != '\0';
}

bool sb_silence_covers(const char *pattern, const char *subject)
{
    size_t size = strlen(pattern);
    if (size > 0 && pattern[size - 1] == '*')
        return strncmp(pattern, subject, size - 1) == 0;
    return size == 0 || sb_streq(pattern, subject);
}
