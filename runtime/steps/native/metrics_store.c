/* Stores the public counters of own posts, and marks as verified what was seen on the site. Only an item whose author and text are those of
 * the row is believed; all writes of a step are one transaction. */
#include "native.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS_MAX = 200, PARAMS = 8 };

struct reading {
    char post_id[SB_POST_ID_MAX], decision_id[SB_DECISION_MAX];
    struct sb_cell cells[PARAMS]; /* account, post, at, decision, likes, reposts, replies, views */
};

static void path_of(char path[128], size_t index, const char *part, const char *name)
{
    struct sb_text text;
    sb_text_init(&text, path, 128);
    sb_text_addf(&text, "%zu.%s.%s", index, part, name);
}

static bool text_matches(const struct sb_json *json, const char *row_path, const char *seen_path)
{
    char *row = sb_json_text(json, row_path), *seen = sb_json_text(json, seen_path);
    char *row_normal = row ? sb_match_normalise(row) : NULL, *seen_normal = seen ? sb_match_normalise(seen) : NULL;
    bool is = row_normal && seen_normal && sb_match_pair(row_normal, seen_normal, NULL) != SB_MATCH_NONE;
    free(row_normal);
    free(seen_normal);
    free(row);
    free(seen);
    return is;
}

/* Why the item is not the row's post, or NULL. */
static const char *mismatch(const struct sb_native *native, const struct sb_json *json, size_t index, const char *part)
{
    char path[128], row_path[128], author[SB_ACCOUNT_MAX + 1];
    path_of(path, index, part, "author");
    if (!sb_json_copy(json, path, author, sizeof author) || !sb_streq(author[0] == '@' ? author + 1 : author, native->account))
        return "another author";
    path_of(path, index, part, "text");
    path_of(row_path, index, "item", "text");
    return text_matches(json, row_path, path) ? NULL : "another text";
}

static struct sb_cell counter(const struct sb_json *json, size_t index, const char *part, const char *name)
{
    char path[128];
    int64_t value = 0;
    path_of(path, index, part, name);
    bool is_number = sb_json_type(json, path) != SB_JSON_NULL && sb_json_i64(json, path, &value) && value >= 0;
    return is_number ? sb_cell_int(value) : sb_cell_null();
}

static bool read_item(const struct sb_native *native, const struct sb_json *json, size_t index, const char *part, struct reading *reading)
{
    char path[128];
    path_of(path, index, "item", "post_id");
    bool has_row = sb_json_copy(json, path, reading->post_id, sizeof reading->post_id);
    path_of(path, index, "item", "decision_id");
    has_row = has_row && sb_json_copy(json, path, reading->decision_id, sizeof reading->decision_id);
    const char *why = has_row ? mismatch(native, json, index, part) : "no row";
    if (why != NULL) {
        sb_step_note(native->env, SB_SEVERITY_WARN, "counters of post %s rejected: %s", has_row ? reading->post_id : "?", why);
        return false;
    }
    reading->cells[0] = sb_cell_text(native->account);
    reading->cells[1] = sb_cell_text(reading->post_id);
    reading->cells[2] = sb_cell_int(sb_step_now_ms(native->env));
    reading->cells[3] = sb_cell_text(reading->decision_id);
    reading->cells[4] = counter(json, index, part, "likes");
    reading->cells[5] = counter(json, index, part, "reposts");
    reading->cells[6] = counter(json, index, part, "replies");
    reading->cells[7] = counter(json, index, part, "views");
    return true;
}

static enum sb_err store_all(const struct sb_native *native, const struct reading *readings, size_t count, struct sb_error *err)
{
    struct sb_store *store = native->env->services->store;
    struct sb_statement *statements = calloc(3 * count + 1, sizeof *statements);
    if (statements == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for %zu readings", count);
    for (size_t i = 0; i < count; i++) {
        statements[3 * i] = (struct sb_statement){
            "INSERT INTO post_metrics (account, post_id, at_ms, decision_id, likes, reposts, replies, views) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (account, post_id, at_ms) DO NOTHING",
            readings[i].cells, PARAMS, -1
        };
        statements[3 * i + 1] = (struct sb_statement){
            "UPDATE outcomes SET collected_at_ms = $3, likes = $5, reposts = $6, replies = $7, views = $8 "
            "WHERE account = $1 AND post_id = $2 AND decision_id = $4",
            readings[i].cells, PARAMS, -1
        };
        statements[3 * i + 2] = (struct sb_statement){
            "UPDATE content_metadata SET status = 'verified', updated_at_ms = $3 WHERE account = $1 AND post_id = $2 AND decision_id = $4 AND "
            "status = 'posted'", readings[i].cells, 4, -1
        };
    }
    enum sb_err code = count > 0 ? store->ops->write(store, statements, 3 * count, NULL, &native->env->op, err) : SB_OK;
    free(statements);
    return code;
}

enum sb_err sb_native_metrics_store(const struct sb_native *native, struct sb_step_result *result, struct sb_error *err)
{
    struct sb_json *json = NULL;
    struct reading *readings = NULL;
    char part[64];
    struct sb_text text;
    size_t count = 0, stored = 0;
    enum sb_err code = sb_native_needs(native, true, false, err);
    if (code == SB_OK)
        code = sb_native_json(native, "items", &json, err);
    if (code != SB_OK)
        return code;
    const char *as = sb_args_get(&native->args, "found"); /* name under which the flow saves the item */
    sb_text_init(&text, part, sizeof part);
    sb_text_addf(&text, "found.%s", as ? as : "item");
    count = sb_json_count(json, "");
    count = count < ITEMS_MAX ? count : ITEMS_MAX;
    readings = calloc(count + 1, sizeof *readings);
    if (readings == NULL)
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for %zu readings", count);
    for (size_t i = 0; i < count && code == SB_OK; i++)
        stored += read_item(native, json, i, part, &readings[stored]);
    if (code == SB_OK)
        code = store_all(native, readings, stored, err);
    if (code == SB_OK && count > 0 && stored == 0)
        sb_step_fail_class(result, SB_CLASS_RETRYABLE, "none of %zu items is the post it should be", count);
    else if (code == SB_OK)
        sb_step_succeed(result, (int64_t)stored, "%zu posts measured, %zu rejected", stored, count - stored);
    free(readings);
    sb_json_destroy(json);
    return code;
}
