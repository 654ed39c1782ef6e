/* The loaded configuration: jobs, what their steps do, sites, prices, settings. Built by the config room, immutable afterwards,
 * shared by all threads, freed at the end. Strings belong to the catalogue. */
#ifndef SIGNALBOX_MODEL_CATALOGUE_H
#define SIGNALBOX_MODEL_CATALOGUE_H

#include "signalbox/model/alert.h"
#include "signalbox/model/job.h"
#include "signalbox/model/notice.h"

#include <stddef.h>

/* At most `count` in any `window`. */
struct sb_rate {
    uint32_t count;
    sb_ns window;
};

struct sb_pair {
    const char *key;
    const char *value; /* a template, see below */
};

/* Templates. "{{path}}" is replaced by a value of the run: now (milliseconds since 1970; now.iso as text), account, job, run, tier,
 * item.FIELD (inside for_each), steps.NAME.FIELD[.FIELD...] (outputs of earlier steps; a number is an array index), with.NAME (arguments of
 * a flow). Nothing else is interpreted; an unknown path is an error of the step that names it. A value goes into SQL only as a bound
 * parameter. */

/* browse: runs a flow of a site. */
struct sb_browse_params {
    const char *site, *flow;
    const struct sb_pair *with;
    size_t with_count;
    const char *for_each;      /* path of an array, or NULL; the flow runs once per element */
    uint32_t max_items;        /* bound of for_each */
    uint32_t pages_max;        /* reserved for flows that paginate; 1 */
};

struct sb_llm_params {
    const char *intent;        /* "content_generation" */
    const char *system, *prompt;
    uint32_t output_tokens_max, output_tokens_min; /* fewer than min are of no use: the call is not made */
    uint16_t temperature_pm;   /* permille; 700 = 0.7 */
    bool is_json;              /* ask for and require a JSON object */
    const char *const *required; /* keys the JSON object must have */
    size_t required_count;
    const char *for_each;      /* path of an array, or NULL; one call per element (at most 16), answers in output "answers" */
};

/* sql: one statement in the dialect both stores share, parameters $1..$n bound from templates. */
struct sb_sql_params {
    const char *statement;
    const char *const *params;
    size_t param_count;
    bool is_write;
    const char *for_each;      /* run once per element of an array, in one transaction */
    const char *stop_when;     /* NULL, or "empty": no row ends the run as nothing-to-do */
};

struct sb_http_params {
    const char *method, *url, *body;
    const struct sb_pair *headers;
    size_t header_count;
    uint16_t expect_status;    /* 0 = any 2xx */
    sb_ns cache_for;           /* GET: an answer so old still serves; 0 = none */
    const char *limit;         /* "30/1m" as written, or NULL; shared by all steps that ask the same host with the same limit */
    struct sb_rate rate;       /* the same */
};

struct sb_exec_params {
    const char *const *argv;   /* templates; no shell */
    size_t argc;
    const struct sb_pair *env;
    size_t env_count;
    const char *input;         /* stdin template, or NULL */
    const char *directory;     /* or NULL */
    uint32_t output_max;       /* bytes kept of each stream */
};

/* check: looks at one thing and fails when it is out of its bounds. */
struct sb_check_params {
    const char *what;          /* row of steps/checks.def: database, browser, jobs, memory, disk, budget ... */
    int64_t warn, fail;        /* in the check's unit; INT64_MIN = none */
};

struct sb_native_params {
    const char *function;      /* row of steps/natives.def */
    const struct sb_pair *with;
    size_t with_count;
};

struct sb_step_params {
    uint8_t kind;              /* enum sb_step_kind */
    bool is_lent;              /* any node may run it (ports/hands.h); only exec without effect and context */
    const char *place;         /* "growth.yaml:41:7" for messages */
    union {
        struct sb_browse_params browse;
        struct sb_llm_params llm;
        struct sb_sql_params sql;
        struct sb_http_params http;
        struct sb_exec_params exec;
        struct sb_check_params check;
        struct sb_native_params native;
    } as;
};

/* Site profiles. */
#define SB_LIST_ACTION(X)                                                                        \
    X(GOTO, "goto")         /* url (template, relative to base) */                               \
    X(WAIT, "wait")         /* selector becomes visible */                                       \
    X(CLICK, "click")       /* selector; submit: true marks the outside effect */                \
    X(TYPE, "type")         /* selector, text (template) */                                      \
    X(PRESS, "press")       /* key: Enter, Tab, Escape ... */                                    \
    X(SCROLL, "scroll")     /* down, pixels */                                                   \
    X(EXTRACT, "extract")   /* selector of the items, fields, many: list or single object */     \
    X(EXPECT, "expect")     /* selector must exist, or text must equal the template */           \
    X(CAPTURE, "capture")   /* arm: remember the response whose URL contains url */              \
    X(RECEIVE, "receive")   /* wait for the armed response and read fields by JSON path */       \
    X(SCREENSHOT, "screenshot")

enum sb_action_kind {
#define SB_ACTION_MEMBER(code, text) SB_ACTION_##code,
    SB_LIST_ACTION(SB_ACTION_MEMBER)
#undef SB_ACTION_MEMBER
    SB_ACTION_COUNT
};
const char *sb_action_text(unsigned value);

#define SB_LIST_VALUE(X) X(TEXT, "text") X(NUMBER, "number") X(TIME, "time") X(FLAG, "flag")
enum sb_value_type {
#define SB_VALUE_MEMBER(code, text) SB_VALUE_##code,
    SB_LIST_VALUE(SB_VALUE_MEMBER)
#undef SB_VALUE_MEMBER
    SB_VALUE_COUNT
};

struct sb_extract_field {
    const char *name;
    const char *selector;      /* inside the item; "" = the item itself. For RECEIVE: a JSON path "post.id" */
    const char *attribute;     /* NULL = text content */
    uint8_t type;              /* enum sb_value_type; numbers accept "1,234" and "1.2K" */
    bool is_optional;
};

struct sb_action {
    uint8_t kind;              /* enum sb_action_kind */
    bool is_optional;          /* a failure is ignored and noted */
    bool is_submit;            /* CLICK or PRESS: the outside effect happens here */
    bool is_many;              /* EXTRACT: array of items, else one object */
    const char *selector, *text, *url, *key;
    const char *save_as;       /* name in the flow's output */
    int32_t pixels;
    uint32_t max;              /* EXTRACT: at most so many items */
    sb_ns timeout;             /* 0 = the step's */
    const struct sb_extract_field *fields;
    size_t field_count;
    const char *place;
};

struct sb_flow {
    const char *name;
    const struct sb_action *actions;
    size_t action_count;
};

/* Kinds of requests which a site's pages can do without. */
#define SB_LIST_RESOURCE(X) X(IMAGE, "image") X(MEDIA, "media") X(FONT, "font")
enum sb_resource {
#define SB_RESOURCE_MEMBER(code, text) SB_RESOURCE_##code,
    SB_LIST_RESOURCE(SB_RESOURCE_MEMBER)
#undef SB_RESOURCE_MEMBER
    SB_RESOURCE_COUNT
};

struct sb_site {
    const char *name;
    const char *base_url;      /* "http://127.0.0.1:8080" */
    const char *const *allowed_hosts; /* host[:port]; navigation elsewhere is refused */
    size_t allowed_host_count;
    const char *account;
    const char *login_user, *login_secret; /* secret is a reference: file:PATH, env:NAME, cred:NAME */
    sb_ns pacing;              /* at least so long between two navigations of this site */
    uint32_t text_max;         /* characters of one post */
    sb_ns visibility_lag;      /* until a post is on the own profile for sure */
    const struct sb_flow *flows;
    size_t flow_count;
    uint32_t block;            /* bits 1 << enum sb_resource: what its pages are not given */
    const char *proxy;         /* "http://host:port" that its pages go through, or NULL */
};

/* The request's field for the output cap. OpenAI's is max_completion_tokens; older servers ignore it and obey max_tokens alone. */
#define SB_LIST_LLM_CAP(X) X(COMPLETION_TOKENS, "max_completion_tokens") X(TOKENS, "max_tokens")
enum sb_llm_cap {
#define SB_LLM_CAP_MEMBER(code, text) SB_LLM_CAP_##code,
    SB_LIST_LLM_CAP(SB_LLM_CAP_MEMBER)
#undef SB_LLM_CAP_MEMBER
    SB_LLM_CAP_COUNT
};
const char *sb_llm_cap_text(unsigned value);

/* An endpoint that speaks OpenAI's chat completions, and what it can. */
struct sb_llm_endpoint {
    const char *name;
    const char *base_url;      /* ".../v1" */
    const char *key;           /* secret reference, or NULL */
    uint8_t cap;               /* enum sb_llm_cap */
    bool is_free;              /* its models cost nothing: no price is needed, no cap is trusted */
    bool streams;              /* asked for a stream with usage: a call that stalls is noticed at its first silence */
};

/* LLM endpoints, aliases and prices. */
struct sb_model_alias {
    const char *alias;         /* premium, economy, local */
    const char *model;         /* the provider's name */
    int64_t in_nano, out_nano, cached_nano; /* nano-dollars per token */
    const char *shutdown_date; /* or NULL */
    const struct sb_llm_endpoint *endpoint; /* NULL = the one of struct sb_llm_def itself */
};

struct sb_llm_def {
    const char *base_url;      /* ".../v1" */
    const char *key;           /* secret reference, or NULL */
    uint8_t cap;               /* enum sb_llm_cap */
    bool streams;
    const struct sb_llm_endpoint *endpoints; /* further ones */
    size_t endpoint_count;
    const struct sb_model_alias *aliases;
    size_t alias_count;
    const char *const *premium_intents; /* intents that keep premium at tier medium */
    size_t premium_intent_count;
};

#define SB_APPROVE_ALL UINT32_MAX
struct sb_content_def {
    uint32_t posts_per_hour, posts_per_hour_max, replies_per_hour, replies_per_day;
    sb_ns spacing, reply_spacing, overdue_single, overdue_thread, overdue_reply, stuck_after, submit_deadline;
    uint32_t approve_first; /* as many texts of an account wait for approval: 0 none, SB_APPROVE_ALL every one */
    const char *approval;   /* the same in words: off, required, first:N */
    uint16_t posts_per_run[SB_TIER_COUNT]; /* plan: 2/1/1/0/0 */
};

/* How a console calls its operator when an alert pages: not at all, by BEL, or by a notice of the terminal (OSC 9). */
#define SB_LIST_BELL(X) X(OFF, "off") X(BELL, "bell") X(NOTICE, "notice")
enum sb_bell {
#define SB_BELL_MEMBER(code, text) SB_BELL_##code,
    SB_LIST_BELL(SB_BELL_MEMBER)
#undef SB_BELL_MEMBER
    SB_BELL_COUNT
};
const char *sb_bell_text(unsigned value);

struct sb_settings {
    const char *store;         /* "sqlite:PATH" or "postgresql://..." (ports/store.h) */
    const char *state_dir;     /* receipts, captures, lock file */
    const char *chromium;      /* path, or NULL = search */
    uint32_t browsers;         /* processes of it */
    const char *browser_url;   /* of a remote browser instead, or a reference to one that holds a token; NULL = our own processes */
    const char *cache;         /* "memory", or the address of a Redis */
    const char *cache_password; /* secret reference, or NULL */
    const char *cache_prefix;
    uint32_t cache_pool;       /* connections to Redis at most */
    const char *node;          /* name of this process among those on one store; NULL = made of host and state folder */
    sb_ns lease;               /* of the active one */
    uint32_t hands;            /* lent steps that it runs at a time while it waits; 0 = none */
    const char *theme;
    uint8_t bell;              /* enum sb_bell */
    bool is_practice;
    bool is_simulation_only;   /* a workload for the simulator: its steps do nothing real, so nothing else may start it */
    uint16_t api_port;         /* of 127.0.0.1, for questions only; 0 = none */
    uint32_t record_mib;       /* of the flight recorder's recordings; 0 = none */
    sb_ns record_for;          /* how long they are kept */
    uint32_t speed_pct;        /* practice time scale: 100 = real intervals, 6000 = 60x shorter; never for a real site */
    sb_ns drain;
    sb_ns startup_deadline;    /* of the start-up verification */
};

/* How long a whole run of a job takes when it waits for nothing: median and 95th percentile. Only the simulator uses it. */
struct sb_duration_def {
    sb_ns p50, p95;            /* 0 = not known */
};

/* A job of an earlier system, or an earlier name, and where its work is done now. */
struct sb_job_alias {
    const char *name;
    uint16_t job;
    uint8_t step;              /* of that job */
};

struct sb_catalogue {
    const char *name, *path;
    char config_hash[SB_NAME_MAX];  /* 12 hexadecimal digits of a hash over all files: it tells changes, it guards against nobody */
    struct sb_job_def *jobs;        /* [job_count] */
    const struct sb_duration_def *durations; /* [job_count] */
    uint32_t job_count;
    const struct sb_job_alias *job_aliases; /* [job_alias_count], in the order of the file */
    uint32_t job_alias_count;
    struct sb_step_def *steps;      /* [step_count], those of a job adjacent */
    const struct sb_step_params *params; /* [step_count] */
    uint32_t step_count;
    struct sb_zone *zones;          /* [0] is UTC */
    uint32_t zone_count;
    const struct sb_site *sites;
    size_t site_count;
    struct sb_pool_def pool;
    struct sb_budget_def budget;
    struct sb_component_def components[SB_COMPONENT_COUNT];
    struct sb_llm_def llm;
    struct sb_content_def content;
    struct sb_alerts_def alerts;
    struct sb_settings settings;
    const struct sb_channel_def *channels; /* [channel_count], at most SB_CHANNELS_MAX, in the order of the file */
    size_t channel_count;
};

/* What has a breaker in front of it: the sites, then the LLM endpoints together as "llm", the browser and the store, as far as there is room. NULL
 * beyond the last one. Numbers are those of struct sb_step_def.site less 1, and of the core's sites. */
const char *sb_catalogue_guarded(const struct sb_catalogue *catalogue, size_t index);
/* The alias whose model its provider ends first, of those that end in `from` days or later, with the days until then (negative: it has ended), or
 * NULL when no such date is known. */
const struct sb_model_alias *sb_catalogue_ending(const struct sb_catalogue *catalogue, struct sb_wall now, int64_t from, int64_t *days);
/* NULL when there is none of that name. */
const struct sb_site *sb_catalogue_site(const struct sb_catalogue *catalogue, const char *name);
const struct sb_flow *sb_site_flow(const struct sb_site *site, const char *name);
/* Index, or SB_NO_JOB. */
uint16_t sb_catalogue_job(const struct sb_catalogue *catalogue, const char *name);
/* The same for a name that may be an alias; then *alias says so, else it is NULL. */
uint16_t sb_catalogue_resolve(const struct sb_catalogue *catalogue, const char *name, const struct sb_job_alias **alias);

#endif
