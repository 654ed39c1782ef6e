/* Key table of `alerts`: what the catalogue may change of the rules that signalbox ships. Constant data plus what follows from several keys. */
#include "bind.h"
#include "key_macros.h"

#include "signalbox/base/text.h"

#include <string.h>

static const struct sb_cfg_key RULE_KEYS[] = {
    {FLAG("off", sb_cfg_alert, def.is_off, "false", "true: the rule is not looked at.")},
    {CHOICE("severity", sb_cfg_alert, def.severity, sb_severity_text, SB_SEVERITY_COUNT, NULL, "In place of the rule's own."),
     NOTE("by the incident")},
    {SPAN("for", sb_cfg_alert, def.hold, 0, SB_DAY(1), NULL, "How long it must be bad before it fires."), NOTE("the rule's own")},
    {SPAN("recover", sb_cfg_alert, def.recover, 0, SB_DAY(1), NULL, "How long it must be good before it is over."), NOTE("the rule's own")},
    {TEXT("raise", sb_cfg_alert, raise, sb_cfg_check_some, NULL, "N/M: so many of the last looks must be bad."), NOTE("the rule's own")},
    {TEXT("clear", sb_cfg_alert, clear, sb_cfg_check_some, NULL, "N/M: so many of the last looks must be good."), NOTE("the rule's own")},
    {TEXT("runbook", sb_cfg_alert, runbook, sb_cfg_check_some, NULL, "What to do, at most 127 bytes, or where it is written."),
     NOTE("the rule's own")},
    {SPAN("repeat", sb_cfg_alert, def.repeat, SB_MIN(1), SB_DAY(30), NULL, "How often it is told again while nobody acknowledges it."),
     NOTE("page 1h, error 4h, warn 12h, info never")},
};

static void finish_rule(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set);

static const struct sb_cfg_section RULE = {
    .title = "rule", .help = "What is different from the rule as it is shipped.", SECTION_OF(RULE_KEYS, sb_cfg_alert), .finish = finish_rule};

/* "2/3" */
static bool read_share(const char *text, uint8_t *n, uint8_t *of)
{
    const char *slash = strchr(text, '/');
    char first[8] = "";
    uint64_t some, all;
    if (slash == NULL || !sb_copy_n(first, sizeof first, text, (size_t)(slash - text)) || !sb_parse_u64(first, &some) ||
        !sb_parse_u64(slash + 1, &all) || some < 1 || some > all || all > SB_LOOKS_MAX)
        return false;
    *n = (uint8_t)some;
    *of = (uint8_t)all;
    return true;
}

static void take_share(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, const char *key, const char *text, uint8_t *n, uint8_t *of)
{
    if (text != NULL && !read_share(text, n, of))
        sb_cfg_blame(binder, sb_cfg_spot(node, key), "write 2/3 for two of the last three", "%s \"%s\" is no N/M with 1 <= N <= M <= %d", key, text,
                     SB_LOOKS_MAX);
}

static void finish_rule(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    struct sb_cfg_alert *rule = target;
    rule->def.has_severity = sb_cfg_is_set(&RULE, set, "severity");
    rule->has_hold = sb_cfg_is_set(&RULE, set, "for");
    rule->has_recover = sb_cfg_is_set(&RULE, set, "recover");
    take_share(binder, node, "raise", rule->raise, &rule->def.raise_n, &rule->def.raise_of);
    if (rule->runbook != NULL && !sb_copy(rule->def.runbook, sizeof rule->def.runbook, rule->runbook))
        sb_cfg_blame(binder, sb_cfg_spot(node, "runbook"), "shorten it, or name the page that has it", "runbook is longer than %d bytes",
                     SB_NOTE_MAX - 1);
    take_share(binder, node, "clear", rule->clear, &rule->def.clear_n, &rule->def.clear_of);
}

#define RULE_KEY(code, text) {SECTION(text, sb_cfg_root, alert_rules[SB_RULE_##code], RULE, "Rule " text ".")},
static const struct sb_cfg_key RULES_KEYS[] = { SB_LIST_RULE(RULE_KEY) };

static const struct sb_cfg_section RULES = {
    .title = "rules", .help = "The rules that differ from what is shipped.", SECTION_OF(RULES_KEYS, sb_cfg_root)};

#define BOUND(key, code, level, hi, d, h) {COUNT(key, sb_cfg_root, alerts.bounds[SB_GAUGE_##code].level, 0, hi, d, h)}
static const struct sb_cfg_key RESOURCES_KEYS[] = {
    BOUND("memory_warn_mib", MEMORY, warn, 1024 * 1024, "1024", "Memory of signalbox itself, not of the browser: a warning from so many MiB on."),
    BOUND("memory_error_mib", MEMORY, error, 1024 * 1024, "2048", "The same: an error."),
    BOUND("disk_warn_mib", DISK, warn, 1024 * 1024 * 1024, "1024", "Free space where the state is kept: a warning down from so many MiB."),
    BOUND("disk_error_mib", DISK, error, 1024 * 1024 * 1024, "512", "The same: an error."),
    BOUND("descriptors_warn_percent", DESCRIPTORS, warn, 100, "70", "Open files in percent of the limit: a warning from there on."),
    BOUND("descriptors_error_percent", DESCRIPTORS, error, 100, "90", "The same: an error."),
    BOUND("threads_warn", THREADS, warn, 100000, "256", "Threads of the process: a warning from so many on."),
    BOUND("threads_error", THREADS, error, 100000, "512", "The same: an error."),
};

static void finish_resources(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    static const char *const keys[SB_GAUGES_BOUND] = { "memory_warn_mib", "disk_warn_mib", "descriptors_warn_percent", "threads_warn" };
    const struct sb_cfg_root *root = target;
    (void)set;
    for (int gauge = 0; gauge < SB_GAUGES_BOUND; gauge++) {
        const struct sb_bounds *bounds = &root->alerts.bounds[gauge];
        const bool is_late = gauge == SB_GAUGE_DISK ? bounds->warn < bounds->error : bounds->warn > bounds->error;
        if (bounds->warn > 0 && bounds->error > 0 && is_late)
            sb_cfg_blame(binder, sb_cfg_spot(node, keys[gauge]), "the warning comes first", "%s %u would come after the error, %u", keys[gauge],
                         bounds->warn, bounds->error);
    }
}

static const struct sb_cfg_section RESOURCES = {
    .title = "resources", .help = "When a figure of the process is an alert.", SECTION_OF(RESOURCES_KEYS, sb_cfg_root), .finish = finish_resources};

static const struct sb_cfg_key ALERTS_KEYS[] = {
    {DECIMAL("success", sb_cfg_root, alerts.objectives[SB_OBJECTIVE_SUCCESS], 2, 5000, 9999, "99",
             "Percent of runs that should succeed, in 30 days (slo_burn).")},
    {DECIMAL("punctuality", sb_cfg_root, alerts.objectives[SB_OBJECTIVE_PUNCTUALITY], 2, 5000, 9999, "95",
             "Percent of runs that should not start late, in 30 days (slo_burn).")},
    {SPAN("start_hold", sb_cfg_root, alerts.start_hold, 0, SB_HOUR(1), "60s", "After a start nobody is told for so long.")},
    {SPAN("group_wait", sb_cfg_root, alerts.group_wait, 0, SB_HOUR(1), "30s", "What fires within it is told together.")},
    {SPAN("ack_for", sb_cfg_root, alerts.ack_for, SB_MIN(1), SB_DAY(30), "8h", "An acknowledgement without a time of its own expires.")},
    {SPAN("queue_wait", sb_cfg_root, alerts.queue_wait, SB_S(1), SB_DAY(1), "5m",
          "So long 19 of 20 runs wait at most for a context or a worker (queue_wait).")},
    {INLINE("resources", RESOURCES, "Bounds of rule resource; 0: none.")},
    {INLINE("rules", RULES, "Rules by name.")},
};

/* What the file does not name stays as it is shipped. */
static void finish_alerts(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    struct sb_cfg_root *root = target;
    struct sb_alerts_def shipped;
    (void)binder, (void)node, (void)set;
    sb_alerts_def_init(&shipped);
    for (int i = 0; i < SB_RULE_COUNT; i++) {
        const struct sb_cfg_alert *said = &root->alert_rules[i];
        struct sb_alert_def *rule = &root->alerts.rules[i];
        *rule = shipped.rules[i];
        rule->is_off = said->def.is_off;
        rule->has_severity = said->def.has_severity;
        rule->severity = said->def.severity;
        rule->repeat = said->def.repeat;
        memcpy(rule->runbook, said->def.runbook, sizeof rule->runbook);
        if (said->has_hold)
            rule->hold = said->def.hold;
        if (said->has_recover)
            rule->recover = said->def.recover;
        if (said->def.raise_of > 0) {
            rule->raise_n = said->def.raise_n;
            rule->raise_of = said->def.raise_of;
            rule->or_n = rule->or_of = 0;
        }
        if (said->def.clear_of > 0) {
            rule->clear_n = said->def.clear_n;
            rule->clear_of = said->def.clear_of;
        }
    }
}

const struct sb_cfg_section sb_cfg_alerts_section = {
    .title = "alerts", .help = "When incidents fire, end and are told.", SECTION_OF(ALERTS_KEYS, sb_cfg_root), .finish = finish_alerts};
