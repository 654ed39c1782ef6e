/* Key table of the catalogue file: everything but jobs and sites. Constant data plus what follows from several keys of one section. */
#include "bind.h"
#include "key_macros.h"

#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>

#define USD_MAX (1000000 * SB_USD_NANO)

/* ------------------------------------------------------------------------------------------------ settings */

static const struct sb_cfg_key SETTINGS_KEYS[] = {
    {TEXT("store", sb_cfg_root, settings.store, sb_cfg_check_store, NULL,
          "Database: sqlite:PATH, or postgresql://USER@HOST/DATABASE?KEY=VALUE with libpq's keys; the password in ~/.pgpass, passfile=PATH, or by "
          "reference, password=file:PATH, env:NAME or cred:NAME."),
     NOTE("sqlite:STATE_DIR/signalbox.db")},
    {TEXT("cache", sb_cfg_root, settings.cache, sb_cfg_check_cache, "memory",
          "What may be forgotten: memory (of this process), redis://[USER@]HOST[:PORT][/DB] or redis+unix://[USER@]/PATH[?db=N]. While Redis does "
          "not answer, this process serves and the component cache is degraded.")},
    {TEXT("cache_password", sb_cfg_root, settings.cache_password, sb_cfg_check_secret, NULL,
          "Where the password of Redis is: file:PATH, env:NAME or cred:NAME; never the password itself."), NOTE("none")},
    {COUNT("cache_pool", sb_cfg_root, settings.cache_pool, 1, 64, "8", "Connections to Redis, never more.")},
    {TEXT("cache_prefix", sb_cfg_root, settings.cache_prefix, sb_cfg_check_prefix, "signalbox:",
          "Begins every key: installations that share a Redis without sharing their limits and values take different ones.")},
    {TEXT("state_dir", sb_cfg_root, settings.state_dir, sb_cfg_check_some, NULL, "Folder for receipts, captures and the lock file."),
     NOTE("$STATE_DIRECTORY, else $XDG_STATE_HOME/signalbox, else ~/.local/state/signalbox")},
    {TEXT("chromium", sb_cfg_root, settings.chromium, sb_cfg_check_some, NULL, "Browser to start."),
     NOTE("chromium-headless-shell, then chromium, in $PATH")},
    {COUNT("browsers", sb_cfg_root, settings.browsers, 1, 8, "1",
           "Processes of the browser; contexts are spread over them, and one that dies takes only its own along (some 130 MiB each).")},
    {TEXT("browser_url", sb_cfg_root, settings.browser_url, sb_cfg_check_browser_url, NULL,
          "A browser that somebody else runs, instead: ws://, wss://, http:// or https:// with host and port; an address that holds a token by "
          "reference, file:PATH, env:NAME or cred:NAME."), NOTE("none")},
    {TEXT("node", sb_cfg_root, settings.node, sb_cfg_check_prefix, NULL,
          "Name of this process among those that share a PostgreSQL (run --standby); each has its own."),
     NOTE("the host's name and four digits of the state folder's own")},
    {SPAN("lease", sb_cfg_root, settings.lease, SB_S(3), SB_MIN(5), "15s",
          "How long the active node may be silent before another one takes over. The same for all nodes.")},
    {COUNT("hands", sb_cfg_root, settings.hands, 0, 64, "4",
           "Steps with `node: any` that this process runs at a time for the active node while it waits for its turn (run --standby); 0: none.")},
    {TEXT("theme", sb_cfg_root, settings.theme, sb_cfg_check_file, "dark", "Colours of the console: the name of a theme file.")},
    {CHOICE("bell", sb_cfg_root, settings.bell, sb_bell_text, SB_BELL_COUNT, "off",
            "How the console calls when an alert begins to page: not at all, with BEL, or with a notice of the terminal (OSC 9; tmux passes none).")},
    {SPAN("drain", sb_cfg_root, settings.drain, 0, SB_HOUR(1), "30s", "How long running steps may finish after a stop was asked for.")},
    {SPAN("startup_deadline", sb_cfg_root, settings.startup_deadline, SB_S(1), SB_HOUR(1), "30s",
          "How long the start-up verification tries what does not work at once.")},
    {COUNT("api_port", sb_cfg_root, settings.api_port, 0, 65535, "0",
           "Port of 127.0.0.1 that answers questions (docs/API.md), for Prometheus and the like; 0: none. Commands go to the socket alone.")},
    {COUNT("record_mib", sb_cfg_root, settings.record_mib, 0, 65536, "64",
           "MiB that the flight recorder keeps in the folder recordings of state_dir, for rewinding ([ and @ in the console) and "
           "`signalbox replay`; 0: it records nothing.")},
    {SPAN("record_for", sb_cfg_root, settings.record_for, SB_MIN(1), SB_DAY(90), "24h", "How long recordings are kept, within record_mib.")},
    {FLAG("practice", sb_cfg_root, settings.is_practice, "false",
          "The installation talks to the practice world only; the console says so in its header.")},
    {DECIMAL("speed", sb_cfg_root, settings.speed_pct, 2, 100, 100000, NULL,
             "Practice only: schedules run so many times faster; an interval never falls below 1s.")},
    {FLAG("simulation_only", sb_cfg_root, settings.is_simulation_only, "false",
          "The catalogue describes a workload for `signalbox simulate`; nothing else starts it.")},
    {COUNT("speed_pct", sb_cfg_root, settings.speed_pct, 100, 100000, "100", "The same in percent: 6000 is 60 times faster.")},
};

static void finish_settings(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    const struct sb_cfg_root *root = target;
    (void)set;
    if (root->settings.speed_pct != 100 && !root->settings.is_practice) {
        const char *key = sb_cfg_get(node, "speed_pct") != NULL ? "speed_pct" : "speed";
        sb_cfg_blame(binder, sb_cfg_spot(node, key), "add practice: true, or remove it",
                     "%s is for the practice world; a real site gets real intervals", key);
    }
}

static const struct sb_cfg_section SETTINGS = {
    .title = "settings", .help = "Where things are and how the program behaves.", SECTION_OF(SETTINGS_KEYS, sb_cfg_root),
    .finish = finish_settings,
};

/* ------------------------------------------------------------------------------------------------ pool */

static const struct sb_cfg_key LANES_KEYS[] = {
    {COUNT("posting", sb_cfg_root, pool.lane_contexts[SB_LANE_POSTING], 0, SB_CONTEXTS_MAX, "1", "Contexts kept for posting.")},
    {COUNT("high", sb_cfg_root, pool.lane_contexts[SB_LANE_HIGH], 0, SB_CONTEXTS_MAX, "1", "Contexts kept for metrics and harvesting.")},
    {COUNT("low", sb_cfg_root, pool.lane_contexts[SB_LANE_LOW], 0, SB_CONTEXTS_MAX, "1", "Contexts kept for background work.")},
};

static const struct sb_cfg_section LANES = {
    .title = "lanes", .help = "Browser contexts by lane.", SECTION_OF(LANES_KEYS, sb_cfg_root)};

static const struct sb_cfg_key POOL_KEYS[] = {
    {INLINE("lanes", LANES, "Browser contexts by lane.")},
    {COUNT("burst", sb_cfg_root, pool.burst, 0, 4, "1", "Contexts posting may open above the pool when none is free.")},
    {COUNT("burst_kept", sb_cfg_root, pool.burst_kept, 0, 4, "1",
           "How many of them are opened ahead and wait for the next post (some 15 MiB each); more than `burst` means all.")},
    {COUNT("workers", sb_cfg_root, pool.workers, 1, 64, "4", "Threads for steps that need no context.")},
    {CHOICE("policy", sb_cfg_root, pool.policy, sb_lane_policy_text, SB_LANE_POLICY_COUNT, "reclaim",
            "strict: a lane serves its own categories only; lend: idle contexts serve anybody; reclaim: lend, and borrowers yield; "
            "legacy: no lanes, batches by priority, for comparing in `simulate`.")},
    {SPAN("ageing", sb_cfg_root, pool.ageing, 0, SB_HOUR(1), "60s", "Waiting time that one level of priority is worth.")},
    {SPAN("reclaim_grace", sb_cfg_root, pool.reclaim_grace, 0, SB_MIN(10), "5s",
          "How long a borrower may finish its step after it was asked to yield.")},
    {SPAN("stop_grace", sb_cfg_root, pool.stop_grace, SB_MS(100), SB_MIN(10), "5s", "From asking a step to stop until it is stopped hard.")},
    {SPAN("stuck_grace", sb_cfg_root, pool.stuck_grace, SB_MS(100), SB_MIN(10), "10s",
          "From the hard stop until the run counts as stuck and its context is given up.")},
    {COUNT("max_uses", sb_cfg_root, pool.max_uses, 1, 100000, "25", "Leases after which a context is replaced.")},
    {SPAN("max_age", sb_cfg_root, pool.max_age, SB_S(10), SB_DAY(7), "30m", "Age at which a context is replaced.")},
    {SPAN("saturated_after", sb_cfg_root, pool.saturated_after, SB_S(1), SB_DAY(1), "30s",
          "Waiting time of the oldest request that raises context_pool_saturated.")},
    {COUNT("memory_max_mib", sb_cfg_root, pool.memory_max_mib, 0, 1024 * 1024, "1024",
           "Memory of the browser in MiB: above it lane low gets no context, a quarter above it lane high neither; 0: no guard.")},
};

static void finish_pool(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    const struct sb_pool_def *pool = &((const struct sb_cfg_root *)target)->pool;
    unsigned sum = pool->burst;
    (void)set;
    for (int lane = 0; lane < SB_LANE_COUNT; lane++) {
        sum += pool->lane_contexts[lane];
    }
    if (sum > SB_CONTEXTS_MAX) {
        sb_cfg_blame(binder, sb_cfg_spot(node, "lanes"), NULL, "the lanes and burst add up to %u contexts; the limit is %d", sum,
                     SB_CONTEXTS_MAX);
    }
}

static const struct sb_cfg_section POOL = {
    .title = "pool", .help = "Browser contexts and worker threads.", SECTION_OF(POOL_KEYS, sb_cfg_root), .finish = finish_pool};

/* ------------------------------------------------------------------------------------------------ budget */

enum { LIMIT_DEFAULT_MILLI = 5000 }; /* thresholds are written for a limit of 5.00 USD */

static const struct sb_cfg_key THRESHOLDS_KEYS[] = {
    {DECIMAL("high", sb_cfg_root, high_nano, 9, 0, USD_MAX, "4.00", "Above this much left: tier high.")},
    {DECIMAL("medium", sb_cfg_root, medium_nano, 9, 0, USD_MAX, "2.00", "Above this much left: tier medium.")},
    {DECIMAL("low", sb_cfg_root, low_nano, 9, 0, USD_MAX, "0.50", "Above this much left: tier low; otherwise critical.")},
};

/* In permille of 5 USD; -1 when that is no whole number or above 1000. */
static int32_t permille(int64_t nano)
{
    int64_t unit = LIMIT_DEFAULT_MILLI * (SB_USD_NANO / 1000) / 1000;
    int64_t value = nano / unit;
    return nano % unit != 0 || value > 1000 ? -1 : (int32_t)value;
}

static void finish_thresholds(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    static const char *const NAMES[] = {"high", "medium", "low"};
    struct sb_cfg_root *root = target;
    int64_t nano[] = {root->high_nano, root->medium_nano, root->low_nano};
    (void)set;
    for (size_t i = 0; i < SB_LEN(NAMES); i++) {
        if (permille(nano[i]) < 0) {
            sb_cfg_blame(binder, sb_cfg_spot(node, NAMES[i]), "thresholds are written for a limit of 5.00 and scale with limit_usd",
                         "threshold %s is at most 5.00, in steps of 0.005", NAMES[i]);
            return;
        }
        if (i > 0 && nano[i] >= nano[i - 1]) {
            sb_cfg_blame(binder, sb_cfg_spot(node, NAMES[i]), NULL, "threshold %s must be below threshold %s", NAMES[i], NAMES[i - 1]);
            return;
        }
    }
}

static const struct sb_cfg_section THRESHOLDS = {
    .title = "thresholds",
    .help = "What must be left of the day's limit, in USD for a limit of 5.00; they scale with limit_usd.",
    SECTION_OF(THRESHOLDS_KEYS, sb_cfg_root), .finish = finish_thresholds};

#define STRETCH(tier, index, d) \
    {COUNT(tier, sb_cfg_root, budget.stretch[index], 1, 100, d, "At tier " tier " one of so many due times of generating jobs runs.")}

static const struct sb_cfg_key STRETCH_KEYS[] = {
    STRETCH("high", SB_TIER_HIGH, "1"),         STRETCH("medium", SB_TIER_MEDIUM, "1"), STRETCH("low", SB_TIER_LOW, "2"),
    STRETCH("critical", SB_TIER_CRITICAL, "4"), STRETCH("closed", SB_TIER_CLOSED, "4"),
};

static const struct sb_cfg_section STRETCH_SECTION = {
    .title = "stretch", .help = "How much less often jobs that generate content (llm.premium_intents) are planned, by tier.",
    SECTION_OF(STRETCH_KEYS, sb_cfg_root)};

static const struct sb_cfg_key BUDGET_KEYS[] = {
    {DECIMAL("limit_usd", sb_cfg_root, budget.limit.nano, 9, 0, USD_MAX, "5.00", "What the LLM may cost in one day.")},
    {TEXT("timezone", sb_cfg_root, budget_zone, sb_cfg_check_zone, "UTC", "Time zone of the day.")},
    {CHOICE("policy", sb_cfg_root, budget.policy, sb_budget_policy_text, SB_BUDGET_POLICY_COUNT, "paced",
            "paced: a floor is kept for every call that is still expected today, and only what is above it buys premium; "
            "absolute: by what is left, with the thresholds.")},
    {SPAN("dwell", sb_cfg_root, budget.dwell, SB_S(1), SB_DAY(1), "30m", "paced: how long a tier stays before it moves a step.")},
    {COUNT("calls_per_day", sb_cfg_root, budget.calls_per_day, 0, 1000000, "0",
           "paced: calls of a day, before there is a history; 0: counted from the schedules.")},
    {INLINE("stretch", STRETCH_SECTION, "How much less often content is generated, by tier.")},
    {INLINE("thresholds", THRESHOLDS, "absolute: what must be left of the limit for each tier.")},
};

static const struct sb_cfg_section BUDGET = {
    .title = "budget", .help = "The day's money for LLM calls.", SECTION_OF(BUDGET_KEYS, sb_cfg_root)};

/* ------------------------------------------------------------------------------------------------ llm, content */

static const struct sb_cfg_key ENDPOINT_KEYS[] = {
    {TEXT("name", sb_llm_endpoint, name, sb_cfg_check_name, NULL, "What aliases call it: MODEL@NAME."), REQUIRED},
    {TEXT("base_url", sb_llm_endpoint, base_url, sb_cfg_check_url, NULL, "Its address, up to and with /v1."), REQUIRED},
    {TEXT("key", sb_llm_endpoint, key, sb_cfg_check_secret, NULL, "Where its key is: file:PATH, env:NAME or cred:NAME."), NOTE("none")},
    {CHOICE("cap_field", sb_llm_endpoint, cap, sb_llm_cap_text, SB_LLM_CAP_COUNT, "max_completion_tokens",
            "Field of the output cap that it obeys: llama.cpp before 2026 and Ollama want max_tokens.")},
    {FLAG("free", sb_llm_endpoint, is_free, "false", "Its models cost nothing: they need no price, and go on when the budget is closed.")},
    {FLAG("stream", sb_llm_endpoint, streams, "false", "Ask for a stream with usage.")},
};

static const struct sb_cfg_section ENDPOINT = {
    .title = "endpoint", .help = "A further OpenAI-compatible endpoint.", SECTION_OF(ENDPOINT_KEYS, sb_llm_endpoint)};

static const struct sb_cfg_key LLM_KEYS[] = {
    {TEXT("base_url", sb_cfg_root, llm.base_url, sb_cfg_check_url, NULL, "OpenAI-compatible endpoint, e.g. https://api.openai.com/v1."),
     NOTE("none; needed by llm steps")},
    {TEXT("key", sb_cfg_root, llm.key, sb_cfg_check_secret, NULL, "Where the key is: file:PATH, env:NAME or cred:NAME; never the key itself.")},
    {CHOICE("cap_field", sb_cfg_root, llm.cap, sb_llm_cap_text, SB_LLM_CAP_COUNT, "max_completion_tokens",
            "Field of the output cap that the endpoint obeys.")},
    {FLAG("stream", sb_cfg_root, llm.streams, "false", "Ask for a stream with usage.")},
    {ELEMENTS("endpoints", SB_CFG_LIST_OF, sb_cfg_root, endpoints, endpoint_count, 8, NULL, ENDPOINT,
              "Further endpoints, for aliases that name one.")},
    {PAIRS("aliases", sb_cfg_root, aliases, alias_count, sb_cfg_check_name,
           "Model by alias: premium and economy, perhaps local; MODEL, or MODEL@ENDPOINT. Each needs a row in prices.yaml, but for free endpoints.")},
    {TEXTS("premium_intents", sb_cfg_root, llm.premium_intents, llm.premium_intent_count, sb_cfg_check_name,
           "Intents that keep the premium model at tier medium."),
     NOTE("[content_generation, reply_generation]")},
};

static const char *const PREMIUM_INTENTS[] = {"content_generation", "reply_generation"};

static const struct sb_cfg_section LLM = {
    .title = "llm", .help = "The language model endpoint.", SECTION_OF(LLM_KEYS, sb_cfg_root)};

#define PER_RUN(tier, index, d) \
    {COUNT(tier, sb_cfg_root, content.posts_per_run[index], 0, 10, d, "Posts one run of `plan` writes at tier " tier ".")}

static const struct sb_cfg_key PER_RUN_KEYS[] = {
    PER_RUN("high", SB_TIER_HIGH, "2"),         PER_RUN("medium", SB_TIER_MEDIUM, "1"), PER_RUN("low", SB_TIER_LOW, "1"),
    PER_RUN("critical", SB_TIER_CRITICAL, "0"), PER_RUN("closed", SB_TIER_CLOSED, "0"),
};

static const struct sb_cfg_section PER_RUN_SECTION = {
    .title = "posts_per_run", .help = "Posts per run of `plan` by budget tier.", SECTION_OF(PER_RUN_KEYS, sb_cfg_root)};

static const struct sb_cfg_key CONTENT_KEYS[] = {
    {COUNT("posts_per_hour", sb_cfg_root, content.posts_per_hour, 0, 1000, "2", "Posts in any hour, uncertain ones counted.")},
    {COUNT("posts_per_hour_max", sb_cfg_root, content.posts_per_hour_max, 0, 1000, "4", "What no override may exceed.")},
    {SPAN("spacing", sb_cfg_root, content.spacing, 0, SB_DAY(7), "30m", "Time between two planned posts.")},
    {SPAN("overdue_single", sb_cfg_root, content.overdue_single, SB_S(1), LONGEST, "2h", "A queued post is cancelled so long after its time.")},
    {SPAN("overdue_thread", sb_cfg_root, content.overdue_thread, SB_S(1), LONGEST, "6h", "The same for a thread.")},
    {SPAN("overdue_reply", sb_cfg_root, content.overdue_reply, SB_S(1), LONGEST, "1h", "The same for a reply.")},
    {COUNT("replies_per_hour", sb_cfg_root, content.replies_per_hour, 0, 1000, "4", "Replies in any hour, uncertain ones counted.")},
    {COUNT("replies_per_day", sb_cfg_root, content.replies_per_day, 0, 10000, "250", "Replies in any 24 hours, uncertain ones counted.")},
    {SPAN("reply_spacing", sb_cfg_root, content.reply_spacing, 0, SB_DAY(7), "5m", "Time between two replies.")},
    {TEXT("approval", sb_cfg_root, content.approval, sb_cfg_check_approval, "off",
          "Which texts wait for an operator: off, required, or first:N for the first N of an account.")},
    {SPAN("stuck_after", sb_cfg_root, content.stuck_after, SB_S(1), SB_DAY(7), "15m", "A row that is posting for so long is looked into.")},
    {SPAN("submit_deadline", sb_cfg_root, content.submit_deadline, SB_S(1), SB_MIN(10), "30s",
          "From the intent on disk until the button may no longer be pressed.")},
    {INLINE("posts_per_run", PER_RUN_SECTION, "Posts per run of `plan` by budget tier.")},
};

static void finish_content(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    struct sb_content_def *content = &((struct sb_cfg_root *)target)->content;
    uint64_t first = 0;
    (void)set;
    if (content->approval != NULL && sb_cfg_read_approval(content->approval, &first))
        content->approve_first = (uint32_t)first;
    if (content->posts_per_hour > content->posts_per_hour_max) {
        sb_cfg_blame(binder, sb_cfg_spot(node, "posts_per_hour"), NULL, "posts_per_hour %u is above posts_per_hour_max %u",
                     (unsigned)content->posts_per_hour, (unsigned)content->posts_per_hour_max);
    }
}

static const struct sb_cfg_section CONTENT = {
    .title = "content", .help = "How much is published, and when it counts as late.", SECTION_OF(CONTENT_KEYS, sb_cfg_root),
    .finish = finish_content};

/* ------------------------------------------------------------------------------------------------ components */

static const struct sb_cfg_key COMPONENT_KEYS[] = {
    {CHOICE("class", sb_cfg_component, def.class, sb_component_class_text, SB_COMPONENT_CLASS_COUNT, NULL,
            "required: nothing starts without it; important: degraded without it; optional."),
     NOTE("config, store, engine: required; cache: optional; the others: important")},
    {CHOICE("at_start", sb_cfg_component, def.at_start, sb_start_policy_text, SB_START_POLICY_COUNT, NULL,
            "When it does not work as the start-up verification ends: wait: not ready before it does, its jobs are held; fail: end with exit code "
            "69; degrade: go on without."),
     NOTE("required: wait; the others: degrade")},
    {SPAN("every", sb_cfg_component, def.probe_every, SB_MS(100), SB_DAY(1), "30s", "Time between two checks while it is ok.")},
    {SPAN("recover_every", sb_cfg_component, def.recover_every, SB_S(10), SB_DAY(1), "10m",
          "Least time between two recoveries that the health monitor asks for.")},
    {COUNT("recoveries_a_day", sb_cfg_component, def.recoveries_a_day, 0, SB_RECOVERIES_MAX, "3",
           "Most recoveries in any 24 hours; after them somebody has to look. 0: none.")},
    {FLAG("used", sb_cfg_component, def.is_used, NULL, "false: never checked, shown as disabled."),
     NOTE("true; browser and llm: whether a job needs them")},
};

static void finish_component(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set);

static const struct sb_cfg_section COMPONENT = {
    .title = "component", .help = "One thing the runtime depends on.", SECTION_OF(COMPONENT_KEYS, sb_cfg_component),
    .finish = finish_component};

static uint8_t start_policy_of(uint8_t class)
{
    return class == SB_COMPONENT_CLASS_REQUIRED ? SB_START_POLICY_WAIT : SB_START_POLICY_DEGRADE;
}

static void finish_component(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    (void)binder;
    (void)node;
    struct sb_cfg_component *component = target;
    component->has_used = sb_cfg_is_set(&COMPONENT, set, "used");
    if (!sb_cfg_is_set(&COMPONENT, set, "at_start"))
        component->def.at_start = start_policy_of(component->def.class);
}

#define COMPONENT_KEY(text, index, h) {SECTION(text, sb_cfg_root, components[index], COMPONENT, h)}

static const struct sb_cfg_key COMPONENTS_KEYS[] = {
    COMPONENT_KEY("config", SB_COMPONENT_CONFIG, "This configuration."),
    COMPONENT_KEY("store", SB_COMPONENT_STORE, "The database."),
    COMPONENT_KEY("browser", SB_COMPONENT_BROWSER, "Chromium."),
    COMPONENT_KEY("llm", SB_COMPONENT_LLM, "The language model endpoint."),
    COMPONENT_KEY("engine", SB_COMPONENT_ENGINE, "The job engine itself."),
    COMPONENT_KEY("timezones", SB_COMPONENT_TIMEZONES, "Time zone data."),
    COMPONENT_KEY("disk", SB_COMPONENT_DISK, "Space where the state is kept."),
    COMPONENT_KEY("cache", SB_COMPONENT_CACHE, "What may be forgotten."),
};
_Static_assert(SB_LEN(COMPONENTS_KEYS) == SB_COMPONENT_COUNT, "a row per component");

static const struct sb_cfg_section COMPONENTS = {
    .title = "components", .help = "What the runtime depends on, and how bad its absence is.",
    SECTION_OF(COMPONENTS_KEYS, sb_cfg_root)};

/* ------------------------------------------------------------------------------------------------ root */

extern const struct sb_cfg_section sb_cfg_job_section;     /* keys_jobs.c */
extern const struct sb_cfg_section sb_cfg_channel_section; /* keys_channels.c */

static const struct sb_cfg_key ROOT_KEYS[] = {
    {TEXT("catalogue", sb_cfg_root, name, sb_cfg_check_file, NULL, "Name of this catalogue."), REQUIRED},
    {INLINE("settings", SETTINGS, "Where things are and how the program behaves.")},
    {INLINE("pool", POOL, "Browser contexts and worker threads.")},
    {INLINE("budget", BUDGET, "The day's money for LLM calls.")},
    {INLINE("llm", LLM, "The language model endpoint.")},
    {INLINE("content", CONTENT, "How much is published, and when it counts as late.")},
    {INLINE("alerts", sb_cfg_alerts_section, "When incidents fire, end and are told.")},
    {INLINE("components", COMPONENTS, "What the runtime depends on.")},
    {TEXTS("sites", sb_cfg_root, sites, site_count, sb_cfg_check_file, "Site profiles in use; each is read from sites/NAME.yaml.")},
    {ELEMENTS("channels", SB_CFG_MAP_OF, sb_cfg_root, channels, channel_count, SB_CHANNELS_MAX, sb_cfg_check_file, sb_cfg_channel_section,
              "Who is told about alerts, by name.")},
    {ELEMENTS("jobs", SB_CFG_MAP_OF, sb_cfg_root, jobs, job_count, SB_JOBS_MAX, sb_cfg_check_name, sb_cfg_job_section,
              "The jobs by name."), REQUIRED},
};

static void begin_root(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target)
{
    struct sb_cfg_root *root = target;
    (void)binder;
    (void)node;
    for (int i = 0; i < SB_COMPONENT_COUNT; i++) {
        root->components[i].def.class = SB_COMPONENT_CLASS_IMPORTANT;
    }
    root->components[SB_COMPONENT_CONFIG].def.class = SB_COMPONENT_CLASS_REQUIRED;
    root->components[SB_COMPONENT_STORE].def.class = SB_COMPONENT_CLASS_REQUIRED;
    root->components[SB_COMPONENT_ENGINE].def.class = SB_COMPONENT_CLASS_REQUIRED;
    root->components[SB_COMPONENT_CACHE].def.class = SB_COMPONENT_CLASS_OPTIONAL;
    for (int i = 0; i < SB_COMPONENT_COUNT; i++) {
        root->components[i].def.at_start = start_policy_of(root->components[i].def.class);
    }
    root->llm.premium_intents = PREMIUM_INTENTS;
    root->llm.premium_intent_count = SB_LEN(PREMIUM_INTENTS);
}

static void finish_root(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    struct sb_cfg_root *root = target;
    (void)binder;
    (void)node;
    (void)set;
    int32_t high = permille(root->high_nano);
    int32_t medium = permille(root->medium_nano);
    int32_t low = permille(root->low_nano);
    root->budget.high_above_pm = (uint16_t)(high < 0 ? 0 : high); /* reported where they were bound */
    root->budget.medium_above_pm = (uint16_t)(medium < 0 ? 0 : medium);
    root->budget.low_above_pm = (uint16_t)(low < 0 ? 0 : low);
}

const struct sb_cfg_section sb_cfg_root_section = {
    .title = "the catalogue", .help = "The catalogue file.", SECTION_OF(ROOT_KEYS, sb_cfg_root), .begin = begin_root,
    .finish = finish_root};

/* ------------------------------------------------------------------------------------------------ prices */

#define PRICE_MAX (1000000 * 1000) /* a million USD per million tokens */

static const struct sb_cfg_key PRICE_KEYS[] = {
    {TEXT("model", sb_cfg_price, model, sb_cfg_check_some, NULL, "The provider's name of the model."), REQUIRED},
    {TEXT("effective_from", sb_cfg_price, effective_from, sb_cfg_check_date, NULL, "First day (UTC) of this price."), REQUIRED},
    {DECIMAL("in_usd_per_mtok", sb_cfg_price, in_nano, 3, 0, PRICE_MAX, NULL, "USD per million input tokens."), REQUIRED},
    {DECIMAL("out_usd_per_mtok", sb_cfg_price, out_nano, 3, 0, PRICE_MAX, NULL, "USD per million output tokens."), REQUIRED},
    {DECIMAL("cached_usd_per_mtok", sb_cfg_price, cached_nano, 3, 0, PRICE_MAX, NULL, "USD per million cached input tokens."),
     NOTE("in_usd_per_mtok")},
    {TEXT("shutdown_date", sb_cfg_price, shutdown_date, sb_cfg_check_date, NULL, "Day on which the provider ends the model.")},
    {TEXT("source", sb_cfg_price, source, sb_cfg_check_some, NULL, "Where the price was read; for people.")},
    {TEXT("checked_on", sb_cfg_price, checked_on, sb_cfg_check_date, NULL, "When it was read; for people.")},
};

static void finish_price(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set);

static const struct sb_cfg_section PRICE = {
    .title = "price", .help = "What a model costs from a day on.", SECTION_OF(PRICE_KEYS, sb_cfg_price), .is_draft = true,
    .finish = finish_price};

static void finish_price(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    struct sb_cfg_price *price = target;
    (void)binder;
    price->node = node;
    if (!sb_cfg_is_set(&PRICE, set, "cached_usd_per_mtok")) {
        price->cached_nano = price->in_nano;
    }
}

static const struct sb_cfg_key PRICES_KEYS[] = {
    {ELEMENTS("prices", SB_CFG_LIST_OF, sb_cfg_prices, rows, row_count, 4096, NULL, PRICE, "One row per model and day of change."), REQUIRED},
};

const struct sb_cfg_section sb_cfg_prices_section = {
    .title = "the price file", .help = "prices.yaml: a list of prices, or a map with the one key `prices`.",
    SECTION_OF(PRICES_KEYS, sb_cfg_prices), .shorthand = "prices"};
