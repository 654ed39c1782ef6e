/* Chooses what the next texts are about: how many the budget's tier allows, and a topic, angle, tone and format out of the catalogue's lists.
 * Deterministic by run, so that a retry asks for the same. Also hands over the latest texts, so that the model can avoid them. */
#include "native.h"

#include "signalbox/base/hash.h"

#include <string.h>

enum { RECENT_MAX = 10, QUEUE_DEFAULT_MAX = 12 };

/* The `pick`-th of a comma-separated list, without the spaces around it. */
static void pick_word(const char *list, uint64_t pick, char *word, size_t cap)
{
    size_t count = 1, index = 0;
    for (const char *at = list; *at; at++)
        count += *at == ',';
    index = (size_t)(pick % count);
    while (index > 0)
        index -= *list++ == ',';
    size_t size = strcspn(list, ",");
    while (size > 0 && *list == ' ') {
        list++;
        size--;
    }
    while (size > 0 && list[size - 1] == ' ')
        size--;
    (void)sb_copy_n(word, cap, list, size < cap ? size : cap - 1);
}

static enum sb_err put_slot(const struct sb_native *native, uint64_t slot, struct sb_json_out *out, struct sb_error *err)
{
    static const struct {
        const char *list, *name;
    } choices[] = { { "topics", "topic" }, { "angles", "angle" }, { "tones", "tone" }, { "formats", "format" } };
    uint64_t state = sb_hash_fold(sb_hash_bytes(native->account, strlen(native->account)), native->env->run);
    sb_json_object_begin(out);
    for (size_t i = 0; i < SB_LEN(choices); i++) {
        const char *list = NULL;
        char word[64];
        enum sb_err code = sb_native_arg(native, choices[i].list, &list, err);
        if (code != SB_OK)
            return code;
        /* The topics of one run follow each other in the list, so that no two are the same. */
        pick_word(list, (sb_hash_fold(state, i) >> 1) + slot, word, sizeof word);
        sb_json_key(out, choices[i].name);
        sb_json_string(out, word);
    }
    sb_json_object_end(out);
    return SB_OK;
}

static enum sb_err put_recent(const struct sb_native *native, struct sb_json_out *out, struct sb_error *err)
{
    struct sb_rows *rows = NULL;
    int64_t since = sb_step_now_ms(native->env) - SB_DAY(7) / SB_MS(1);
    enum sb_err code = sb_content_recent(native->env->services->store, native->account, since, RECENT_MAX, &native->env->op, &rows, err);
    if (code != SB_OK)
        return code;
    sb_json_key(out, "recent");
    sb_json_array_begin(out);
    for (size_t i = 0; i < sb_rows_count(rows); i++) {
        const struct sb_cell *cell = sb_rows_get(rows, i, "text");
        sb_json_string(out, cell != NULL && cell->type == SB_CELL_TEXT ? cell->text : "");
    }
    sb_json_array_end(out);
    sb_rows_destroy(rows);
    return SB_OK;
}

enum sb_err sb_native_content_choose(const struct sb_native *native, struct sb_step_result *result, struct sb_error *err)
{
    int64_t queued = 0, queue_max = QUEUE_DEFAULT_MAX;
    enum sb_err code = sb_native_needs(native, true, false, err);
    if (code != SB_OK)
        return code;
    uint16_t count = native->content.posts_per_run[native->env->tier];
    if (count == 0) {
        sb_step_nothing(result, "no new texts: the budget's tier is %s", sb_tier_text(native->env->tier));
        return SB_OK;
    }
    struct sb_cell params[] = { sb_cell_text(native->account) };
    code = sb_native_number(native, "SELECT COUNT(*) FROM content_metadata WHERE account = $1 AND status = 'queued'", params, 1, 0, &queued, err);
    const char *max_text = sb_args_get(&native->args, "queue_max");
    if (code == SB_OK && max_text != NULL && !sb_parse_i64(max_text, &queue_max))
        code = sb_error_set(err, SB_ERR_CONFIG, "%s: with.queue_max is no number", native->env->params->place);
    if (code != SB_OK)
        return code;
    if (queued >= queue_max) {
        sb_step_nothing(result, "%lld texts wait already", (long long)queued);
        return SB_OK;
    }
    struct sb_json_out *out = sb_json_out_create(SB_STEP_OUTPUT_MAX);
    if (out == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the choice");
    sb_json_object_begin(out);
    sb_json_key(out, "count");
    sb_json_integer(out, count);
    sb_json_key(out, "text_max");
    sb_json_integer(out, native->site->text_max);
    sb_json_key(out, "slots");
    sb_json_array_begin(out);
    for (uint64_t slot = 0; slot < count && code == SB_OK; slot++)
        code = put_slot(native, slot, out, err);
    sb_json_array_end(out);
    if (code == SB_OK)
        code = put_recent(native, out, err);
    sb_json_object_end(out);
    if (code == SB_OK) {
        sb_step_succeed(result, count, "%u texts wanted, tier %s", count, sb_tier_text(native->env->tier));
        sb_step_output(result, out);
    }
    sb_json_out_destroy(out);
    return code;
}
