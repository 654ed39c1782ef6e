/* What native functions share: their arguments, the content row that travels through the steps of a run, and the receipts of an effect. */
#ifndef SIGNALBOX_STEPS_NATIVE_H
#define SIGNALBOX_STEPS_NATIVE_H

#include "flow.h"
#include "match.h"
#include "signalbox/ports/content.h"

struct sb_native {
    const struct sb_step_env *env;
    struct sb_args args;           /* with: expanded */
    const struct sb_site *site;    /* with.site, or NULL */
    const char *account;           /* of the site, or NULL */
    struct sb_content_def content;
    sb_ns hour, day;               /* what the limits count over: shorter in a practice world that runs faster */
};

/* Entry points, one per row of natives.def. An error fails the step by its code; a function that wants another class fails the result itself
 * and returns SB_OK. */
#define X(name) enum sb_err sb_native_##name(const struct sb_native *native, struct sb_step_result *result, struct sb_error *err);
#include "natives.def"
#undef X

/* An argument, or an error naming it. */
enum sb_err sb_native_arg(const struct sb_native *native, const char *name, const char **value, struct sb_error *err) SB_MUST_USE;
/* An argument that is a JSON document. */
enum sb_err sb_native_json(const struct sb_native *native, const char *name, struct sb_json **json, struct sb_error *err) SB_MUST_USE;
/* Store and, when asked for, receipts and a site with an account; else an error that says what is missing. */
enum sb_err sb_native_needs(const struct sb_native *native, bool needs_site, bool needs_receipts, struct sb_error *err) SB_MUST_USE;
/* One integer of the first row, or `fallback` when there is no row or it is null. */
enum sb_err sb_native_number(const struct sb_native *native, const char *sql, const struct sb_cell *params, size_t param_count,
                             int64_t fallback, int64_t *value, struct sb_error *err) SB_MUST_USE;
/* A milliseconds value kept in the store's meta table, 0 when there is none; and its setter. */
enum sb_err sb_native_meta_get(const struct sb_native *native, const char *key, int64_t *value, struct sb_error *err) SB_MUST_USE;
enum sb_err sb_native_meta_set(const struct sb_native *native, const char *key, int64_t value, struct sb_error *err) SB_MUST_USE;
enum sb_err sb_native_meta_remove(const struct sb_native *native, const char *key, struct sb_error *err) SB_MUST_USE;

/* The claimed row as JSON of a step's output, and back from the argument "row". */
void sb_row_put(struct sb_json_out *out, const struct sb_content_row *row);
enum sb_err sb_row_read(const struct sb_native *native, struct sb_json **json, struct sb_content_row *row, struct sb_error *err) SB_MUST_USE;

/* Hex SHA-256 of account, kind, target and content version: a retry, a second node or a restored backup makes the same id. */
enum sb_err sb_effect_id(const struct sb_native *native, const struct sb_content_row *row, char *hex, struct sb_error *err) SB_MUST_USE;
/* Right before the outside effect, and once more when something slow came between: whether this node, this attempt and this moment may. */
enum sb_err sb_effect_may_begin(const struct sb_step_env *env, sb_ns submit_deadline, struct sb_error *err) SB_MUST_USE;
/* Another node claimed the row: what the receipts here do not know of it may have happened all the same. */
bool sb_effect_is_foreign(const struct sb_native *native, const struct sb_content_row *row);
/* Appends what the site or the store proved. A journal that knows nothing of the effect is told the intent first. */
enum sb_err sb_effect_append(const struct sb_native *native, struct sb_receipt *receipt, const struct sb_content_row *row,
                             struct sb_error *err) SB_MUST_USE;
/* A receipt of that effect with everything but what is special to its kind. */
struct sb_receipt sb_effect_receipt(const struct sb_native *native, enum sb_receipt_kind kind, const struct sb_content_row *row,
                                    const char *effect_id);
/* Saves the post into the store, then settles the effect in the receipts. Idempotent. */
enum sb_err sb_effect_settle(const struct sb_native *native, const char *decision_id, const char *account, const char *effect_id,
                             const char *post_id, int64_t posted_at_ms, struct sb_error *err) SB_MUST_USE;

#endif
