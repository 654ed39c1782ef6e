/* Templates: "{{path}}" is replaced by a value of the run, as model/catalogue.h documents. Values are data: what they contain is never
 * interpreted again. */
#ifndef SIGNALBOX_STEPS_TEMPLATE_H
#define SIGNALBOX_STEPS_TEMPLATE_H

#include "steps.h"

/* Where paths are looked up; everything is borrowed. */
struct sb_scope {
    const struct sb_step_env *env;
    const struct sb_json *outputs;   /* steps.* */
    const struct sb_json *item;      /* document that holds item.*, or NULL */
    const char *item_path;           /* place of the element inside it */
    const struct sb_pair *with;      /* with.*: values, already expanded */
    size_t with_count;
    const char *account;             /* NULL: unknown to this step */
    const char *place;               /* of the step or action, for errors */
};

/* A scope of a step: its place, and the account of the catalogue's first site unless the caller knows better. */
struct sb_scope sb_scope_make(const struct sb_step_env *env, const struct sb_json *outputs);

/* TEXT: inserted as it is. URL: values are percent-encoded unless the template begins with them. */
enum sb_template_use { SB_TEMPLATE_TEXT, SB_TEMPLATE_URL };

/* Expands into a malloc'ed text of at most SB_STEP_TEXT_MAX bytes. A path that leads nowhere is SB_ERR_NOT_FOUND naming path and place. */
enum sb_err sb_template_expand(const struct sb_scope *scope, const char *template, enum sb_template_use use, char **text,
                               struct sb_error *err) SB_MUST_USE;
/* Expands into a bound parameter: a template that is one lone "{{path}}" keeps the value's type (integer, null, text); anything else
 * is text. `*text` owns the characters of the cell, or is NULL. */
enum sb_err sb_template_cell(const struct sb_scope *scope, const char *template, struct sb_cell *cell, char **text,
                             struct sb_error *err) SB_MUST_USE;
/* Finds the array that for_each names: "steps.NAME.FIELD" (the "steps." may be left out). `*path` is malloc'ed, inside `outputs`. */
enum sb_err sb_template_array(const struct sb_scope *scope, const char *for_each, char **path, size_t *count,
                              struct sb_error *err) SB_MUST_USE;

/* Arguments of a step or flow, expanded once. Zero-initialise; sb_args_free wipes and frees. */
struct sb_args {
    struct sb_pair *pairs;
    size_t count;
};
enum sb_err sb_args_expand(const struct sb_scope *scope, const struct sb_pair *pairs, size_t count, struct sb_args *args,
                           struct sb_error *err) SB_MUST_USE;
/* Value of a name, or NULL. */
const char *sb_args_get(const struct sb_args *args, const char *name);
void sb_args_free(struct sb_args *args);

#endif
