/* Configuration: YAML files -> catalogue. Strict: unknown and duplicate keys, anchors, tabs, wrong types and dangling references are all
 * reported in one run (up to 20), each as "path:line:column: message" with the source line, a caret and a suggestion. */
#ifndef SIGNALBOX_CONFIG_CONFIG_H
#define SIGNALBOX_CONFIG_CONFIG_H

#include "signalbox/base/text.h"
#include "signalbox/model/catalogue.h"

#include <stddef.h>

enum { SB_CONFIG_ERRORS_MAX = 20 };

struct sb_config_error {
    char path[256];
    uint32_t line, column;     /* 1-based; 0 = the whole file */
    char message[320];
    char source[160];          /* the line, tabs as spaces, cut */
    char hint[200];            /* "" when there is none */
};

struct sb_config_errors {
    struct sb_config_error items[SB_CONFIG_ERRORS_MAX];
    size_t count;              /* kept */
    size_t total;              /* found */
};

/* A value given on the command line or in the environment: "pool.policy" = "strict". */
struct sb_config_override {
    const char *key, *value, *origin; /* origin: "--set", "SIGNALBOX_POOL_POLICY" */
};

struct sb_config_source {
    const char *catalogue_path;       /* jobs and everything else of one installation */
    const char *site_dirs[4];         /* searched for NAME.yaml, NULL-terminated */
    const char *prices_path;          /* or NULL: prices.yaml beside the catalogue */
    const struct sb_config_override *overrides;
    size_t override_count;
    struct sb_wall now;               /* picks the price of the day; 0 = the newest price of each model */
};

/* Loads everything. On mistakes returns SB_ERR_CONFIG with `errors` filled and *catalogue untouched. Free with sb_catalogue_destroy. */
enum sb_err sb_config_load(struct sb_catalogue **catalogue, const struct sb_config_source *source,
                           struct sb_config_errors *errors, struct sb_error *err) SB_MUST_USE;
/* The same from memory (tests and fuzzing); `name` stands for the path in messages. Sites come from `source` as above. */
enum sb_err sb_config_load_text(struct sb_catalogue **catalogue, const char *name, const char *yaml, size_t size,
                                const struct sb_config_source *source, struct sb_config_errors *errors,
                                struct sb_error *err) SB_MUST_USE;
void sb_catalogue_destroy(struct sb_catalogue *catalogue);

/* All mistakes as text for a terminal: place, message, source line, caret, hint. */
void sb_config_errors_print(const struct sb_config_errors *errors, struct sb_text *out);

/* The configuration as the files and overrides say it now: a line `key: "value"  # place` per value, defaults included, and the hash that a catalogue
 * loaded from it has. References to secrets are written, secrets are not in there. malloc'ed. Any thread; reads the files again. */
enum sb_err sb_config_effective(const struct sb_config_source *source, char **text, char hash[SB_NAME_MAX], struct sb_error *err) SB_MUST_USE;

/* Each key with its type, default and meaning, as JSON Schema (draft 2020-12) or as a Markdown reference page. malloc'ed. */
char *sb_config_schema(void);
char *sb_config_reference(void);
/* Where a loaded value came from: "catalogue.yaml:12:5", "default", "--set". NULL for an unknown key. */
const char *sb_config_explain(const char *key);
/* The same of a catalogue that sb_config_load made, from any thread while it lives; false and "" for an unknown key. */
bool sb_config_origin(const struct sb_catalogue *catalogue, const char *key, char *out, size_t cap);

/* A value that the files, the environment or the command line give; what they do not give is at its default. What could be a secret is ***. */
struct sb_config_value {
    const char *key;       /* "jobs.plan.steps.choose.timeout" */
    const char *value;     /* in one line, cut after 511 bytes with "..."; secrets are references here, never themselves. Untrusted text */
    const char *file;      /* or the origin of an override */
    uint32_t line, column; /* 0: of an override */
    bool is_default;       /* nobody gave it: file is NULL */
    bool is_derived;       /* a default that follows from other things: `value` says from what, in words */
};
/* Every value of the catalogue loaded last, defaults included: what is there once in the order of the reference page, then jobs, sites and
 * whatever else has names, as far as the files say something of them. False when there is no memory. */
bool sb_config_each(void (*visit)(void *arg, const struct sb_config_value *value), void *arg);
/* False after the last one. They live as long as the catalogue. */
bool sb_config_value_at(const struct sb_catalogue *catalogue, size_t index, struct sb_config_value *value);
/* What another catalogue gives differently, one call for each key: `before` or `after` is NULL where only the other one gives it. */
void sb_config_compare(const struct sb_catalogue *before, const struct sb_catalogue *after, void *arg,
                       void (*each)(void *arg, const struct sb_config_value *before, const struct sb_config_value *after));

#endif
