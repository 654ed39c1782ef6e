/* Keeps posts that flows have read: of searches, timelines and other accounts. Argument "items" is the output of a browse step, one flow's
 * (an object with a list "posts") or many flows' (a list of {"item", "found"}); "source" says where they come from. What has no id, no author
 * or no text is left out and counted. One transaction. */
#include "native.h"
#include "profile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { POSTS_MAX = 500, PARAMS = 11, TEXT_MAX = 2000 };

static const char upsert[] =
    "INSERT INTO collected_posts (site, post_id, author, text, source, posted_at_ms, collected_at_ms, likes, reposts, replies, views) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (site, post_id) DO UPDATE SET collected_at_ms = "
    "excluded.collected_at_ms, likes = excluded.likes, reposts = excluded.reposts, replies = excluded.replies, views = excluded.views";

struct collecting {
    const struct sb_native *native;
    const char *source;
    struct sb_statement *statements;
    struct sb_cell (*cells)[PARAMS];
    char **texts; /* three per post: id, author, text */
    size_t count, left_out;
};

static char *field(const struct sb_json *json, const char *prefix, size_t index, const char *name)
{
    char path[128];
    struct sb_text text;
    sb_text_init(&text, path, sizeof path);
    sb_text_addf(&text, "%sposts.%zu.%s", prefix, index, name);
    return sb_json_type(json, path) == SB_JSON_STRING ? sb_json_text(json, path) : NULL;
}

static struct sb_cell number(const struct sb_json *json, const char *prefix, size_t index, const char *name)
{
    char path[128];
    struct sb_text text;
    int64_t value = 0;
    sb_text_init(&text, path, sizeof path);
    sb_text_addf(&text, "%sposts.%zu.%s", prefix, index, name);
    return sb_json_i64(json, path, &value) && value >= 0 ? sb_cell_int(value) : sb_cell_null();
}

static struct sb_cell time_of(const struct sb_json *json, const char *prefix, size_t index)
{
    char path[128];
    struct sb_text text;
    int64_t at_ms = 0;
    sb_text_init(&text, path, sizeof path);
    sb_text_addf(&text, "%sposts.%zu.time", prefix, index);
    return sb_json_time(json, path, &at_ms) ? sb_cell_int(at_ms) : sb_cell_null();
}

static void collect_one(struct collecting *collecting, const struct sb_json *json, const char *prefix, size_t index)
{
    static const char *const names[] = { "id", "author", "text" };
    static const char *const counters[] = { "likes", "reposts", "replies", "views" };
    char **texts = &collecting->texts[collecting->count * SB_LEN(names)];
    struct sb_cell *cells = collecting->cells[collecting->count];
    bool is_whole = true;
    for (size_t i = 0; i < SB_LEN(names); i++) {
        texts[i] = field(json, prefix, index, names[i]);
        is_whole = is_whole && texts[i] != NULL && texts[i][0] != '\0' && strlen(texts[i]) <= TEXT_MAX;
    }
    if (!is_whole || strlen(texts[0]) >= SB_POST_ID_MAX || strlen(texts[1]) >= SB_ACCOUNT_MAX) {
        for (size_t i = 0; i < SB_LEN(names); i++) {
            free(texts[i]);
            texts[i] = NULL;
        }
        collecting->left_out++;
        return;
    }
    cells[0] = sb_cell_text(collecting->native->site->name);
    cells[1] = sb_cell_text(texts[0]);
    cells[2] = sb_cell_text(texts[1][0] == '@' ? texts[1] + 1 : texts[1]);
    cells[3] = sb_cell_text(texts[2]);
    cells[4] = sb_cell_text(collecting->source);
    cells[5] = time_of(json, prefix, index);
    cells[6] = sb_cell_int(sb_step_now_ms(collecting->native->env));
    for (size_t i = 0; i < SB_LEN(counters); i++)
        cells[7 + i] = number(json, prefix, index, counters[i]);
    collecting->statements[collecting->count++] = (struct sb_statement){ upsert, cells, PARAMS, -1 };
}

static void collect_list(struct collecting *collecting, const struct sb_json *json, const char *prefix)
{
    char path[96];
    struct sb_text text;
    sb_text_init(&text, path, sizeof path);
    sb_text_addf(&text, "%sposts", prefix);
    size_t count = sb_json_type(json, path) == SB_JSON_ARRAY ? sb_json_count(json, path) : 0;
    for (size_t i = 0; i < count && collecting->count < POSTS_MAX; i++)
        collect_one(collecting, json, prefix, i);
}

static void collect_all(struct collecting *collecting, const struct sb_json *json)
{
    char prefix[64];
    struct sb_text text;
    if (sb_json_type(json, "") != SB_JSON_ARRAY) {
        collect_list(collecting, json, "");
        return;
    }
    for (size_t i = 0; i < sb_json_count(json, ""); i++) {
        sb_text_init(&text, prefix, sizeof prefix);
        sb_text_addf(&text, "%zu.found.", i);
        collect_list(collecting, json, prefix);
    }
}

enum sb_err sb_native_posts_collect(const struct sb_native *native, struct sb_step_result *result, struct sb_error *err)
{
    struct collecting collecting = { .native = native };
    struct sb_json *json = NULL;
    enum sb_err code = sb_native_needs(native, true, false, err);
    if (code == SB_OK)
        code = sb_native_arg(native, "source", &collecting.source, err);
    if (code == SB_OK)
        code = sb_native_json(native, "items", &json, err);
    if (code != SB_OK)
        return code;
    collecting.statements = calloc(POSTS_MAX, sizeof *collecting.statements);
    collecting.cells = calloc(POSTS_MAX, sizeof *collecting.cells);
    collecting.texts = calloc((size_t)POSTS_MAX * 3, sizeof *collecting.texts);
    if (collecting.statements == NULL || collecting.cells == NULL || collecting.texts == NULL)
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for %d posts", POSTS_MAX);
    if (code == SB_OK)
        collect_all(&collecting, json);
    if (code == SB_OK && collecting.count > 0)
        code = native->env->services->store->ops->write(native->env->services->store, collecting.statements, collecting.count, NULL,
                                                        &native->env->op, err);
    if (code == SB_OK)
        sb_step_succeed(result, (int64_t)collecting.count, "%zu posts kept, %zu left out", collecting.count, collecting.left_out);
    for (size_t i = 0; collecting.texts != NULL && i < collecting.count * 3; i++)
        free(collecting.texts[i]);
    free(collecting.texts);
    free(collecting.cells);
    free(collecting.statements);
    sb_json_destroy(json);
    return code;
}
