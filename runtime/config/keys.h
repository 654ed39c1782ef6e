/* The key table: one row per key. The binder, the JSON Schema, the reference page and `explain` all read it. Constant data. */
#ifndef SB_CONFIG_KEYS_H
#define SB_CONFIG_KEYS_H

#include "scan.h"
#include "tree.h"

#include "signalbox/model/catalogue.h"

enum sb_cfg_type {
    SB_CFG_FLAG,      /* bool */
    SB_CFG_COUNT,     /* unsigned of `size` bytes */
    SB_CFG_NUMBER,    /* signed of `size` bytes */
    SB_CFG_DECIMAL,   /* exact decimal * 10^scale, unsigned of 2 or signed of 8 bytes */
    SB_CFG_SPAN,      /* sb_ns */
    SB_CFG_TEXT,      /* const char * */
    SB_CFG_TEMPLATE,  /* const char * with checked {{paths}} */
    SB_CFG_PATH,      /* const char *: steps.NAME.FIELD without braces */
    SB_CFG_CHOICE,    /* uint8_t of an enumeration; with a number in parentheses at aside_offset */
    SB_CFG_TEXTS,     /* const char *const * and size_t count */
    SB_CFG_TEMPLATES,
    SB_CFG_CHOICES,   /* uint32_t mask */
    SB_CFG_PAIRS,     /* struct sb_pair * and count; values are templates */
    SB_CFG_SECTION,   /* a struct inside */
    SB_CFG_BRANCH,    /* a struct inside that is only there when its key is; `value` goes to the section's kind_offset */
    SB_CFG_LIST_OF,   /* array of structs and count, from a list */
    SB_CFG_MAP_OF,    /* array of structs and count, from a map; the key is the element's name */
};

struct sb_cfg_binder;
struct sb_cfg_section;

struct sb_cfg_key {
    const char *name;
    enum sb_cfg_type type;
    bool is_required;
    uint8_t size, scale, value;
    const char *default_text; /* as a file would say it; NULL: none */
    const char *default_note; /* when it is derived from other keys */
    const char *help;
    size_t offset, aside_offset; /* aside: the count of arrays, the number of a choice */
    int64_t min, max;         /* counts in their unit; items of lists and maps: max */
    const char *(*text_of)(unsigned value); /* choices */
    unsigned choice_count;
    const char *word;         /* spans: a word that stands for SB_CFG_SPAN_WORD, NULL: none */
    unsigned aside_choice;    /* bit mask: choices that may carry "(n)" */
    sb_cfg_check *check;
    const struct sb_cfg_section *section;
};

#define SB_CFG_SPAN_WORD (-1) /* value of a span that was given as its word */

enum { SB_CFG_KEYS_MAX = 40, SB_CFG_LIST_MAX = 256 };

struct sb_cfg_section {
    const char *title, *help;
    const struct sb_cfg_key *keys;
    size_t key_count;
    size_t size;             /* of one element's struct */
    size_t name_offset;      /* MAP_OF: where the element's name goes, const char * */
    bool has_name;
    bool is_draft;           /* elements live only while loading */
    const char *shorthand;   /* the key a plain text stands for */
    const char *branch_note; /* exactly one of the BRANCH keys; how they are called in messages */
    size_t kind_offset;      /* uint8_t that receives the branch's value */
    /* Before the first key and after the last one; `set` has a bit per key that is there. May be NULL. */
    void (*begin)(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target);
    void (*finish)(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set);
};

/* ---- what the root file is bound to before it becomes a catalogue */

struct sb_cfg_step {
    const struct sb_cfg_node *node;
    struct sb_step_def def;
    const char *name;
    bool wants_context;
    uint8_t restart, where; /* where 1: on any node */
    const char **uses; /* names of earlier steps */
    size_t uses_count;
    struct sb_step_params params;
};

struct sb_cfg_job {
    const struct sb_cfg_node *node;
    struct sb_job_def def;
    const char *name, *cron, *timezone;
    bool has_late_after, has_misfire_window;
    struct sb_duration_def duration;
    const struct sb_pair *replaces; /* old name: step */
    size_t replaces_count;
    struct sb_cfg_step *steps;
    size_t step_count;
};

struct sb_cfg_component {
    struct sb_component_def def;
    bool has_used;
};

/* What the file says of a rule, and of what it says something. */
struct sb_cfg_alert {
    struct sb_alert_def def;
    const char *raise, *clear; /* "2/3" */
    const char *runbook;
    bool has_hold, has_recover;
};

struct sb_cfg_root {
    const char *name;
    struct sb_settings settings;
    struct sb_pool_def pool;
    struct sb_budget_def budget;
    int64_t limit_nano, high_nano, medium_nano, low_nano;
    const char *budget_zone;
    struct sb_llm_def llm;
    const struct sb_pair *aliases;
    size_t alias_count;
    struct sb_llm_endpoint *endpoints;
    size_t endpoint_count;
    struct sb_content_def content;
    struct sb_alerts_def alerts;
    struct sb_cfg_alert alert_rules[SB_RULE_COUNT];
    struct sb_cfg_component components[SB_COMPONENT_COUNT];
    const char *const *sites;
    size_t site_count;
    const struct sb_channel_def *channels;
    size_t channel_count;
    struct sb_cfg_job *jobs;
    size_t job_count;
};

struct sb_cfg_price {
    const struct sb_cfg_node *node;
    const char *model, *effective_from, *shutdown_date;
    const char *source, *checked_on; /* for people */
    int64_t in_nano, out_nano, cached_nano; /* per token */
};

struct sb_cfg_prices {
    struct sb_cfg_price *rows;
    size_t row_count;
};

extern const struct sb_cfg_section sb_cfg_root_section;   /* -> struct sb_cfg_root */
extern const struct sb_cfg_section sb_cfg_alerts_section; /* -> struct sb_cfg_root */
extern const struct sb_cfg_section sb_cfg_site_section;   /* -> struct sb_site */
extern const struct sb_cfg_section sb_cfg_prices_section; /* -> struct sb_cfg_prices; shorthand for a bare list */

const struct sb_cfg_key *sb_cfg_find_key(const struct sb_cfg_section *section, const char *name);

#endif
