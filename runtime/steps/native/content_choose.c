/* Chooses what the next texts are about: how many the budget's tier allows, and a topic, angle, tone and format out of the catalogue's lists,
 * by what was learnt of each. Also hands over the latest texts, so that the model can avoid them. */
#include "bandit.h"
#include "native.h"

#include <stdlib.h>
#include <string.h>

enum { RECENT_MAX = 10, QUEUE_DEFAULT_MAX = 12 };

enum { DIMENSIONS = 4, WORDS_MAX = 64, WORD_MAX = 64 };

static const struct {
    const char *list, *name;
} dimensions[DIMENSIONS] = { { "topics", "topic" }, { "angles", "angle" }, { "tones", "tone" }, { "formats", "format" } };

/* The words of one list with what was learnt of each. */
struct words {
    char texts[WORDS_MAX][WORD_MAX];
    struct sb_arm arms[WORDS_MAX];
    bool is_taken[WORDS_MAX];
    size_t count;
};

/* A comma-separated list, without the spaces around its words. */
static void split(const char *list, struct words *words)
{
    while (*list != '\0' && words->count < WORDS_MAX) {
        list += strspn(list, " ,");
        size_t size = strcspn(list, ","), kept = size;
        while (kept > 0 && list[kept - 1] == ' ')
            kept--;
        if (kept > 0)
            (void)sb_copy_n(words->texts[words->count++], WORD_MAX, list, kept < WORD_MAX ? kept : WORD_MAX - 1);
        list += size;
    }
}

static enum sb_err load_arms(const struct sb_native *native, const char *dimension, struct words *words, struct sb_error *err)
{
    struct sb_store *store = native->env->services->store;
    struct sb_cell params[] = { sb_cell_text(native->account), sb_cell_text(dimension) };
    struct sb_statement statement = { "SELECT arm, wins_milli, losses_milli FROM bandit_arms WHERE account = $1 AND dimension = $2", params,
                                      SB_LEN(params), -1 };
    struct sb_rows *rows = NULL;
    enum sb_err code = store->ops->query(store, &statement, &native->env->op, &rows, err);
    if (code != SB_OK)
        return code;
    for (size_t row = 0; row < sb_rows_count(rows); row++)
        for (size_t i = 0; i < words->count; i++)
            if (sb_streq(words->texts[i], sb_rows_cell(rows, row, 0)->text))
                words->arms[i] = (struct sb_arm){ sb_rows_cell(rows, row, 1)->integer, sb_rows_cell(rows, row, 2)->integer };
    sb_rows_destroy(rows);
    return SB_OK;
}

/* The word whose arm draws highest; none twice in a run while there are others. */
static const char *draw_word(struct words *words, struct sb_rng *rng)
{
    size_t best = WORDS_MAX;
    uint32_t best_draw = 0;
    for (int round = 0; round < 2 && best == WORDS_MAX; round++) {
        for (size_t i = 0; i < words->count; i++) {
            uint32_t draw = sb_arm_sample(words->arms[i], rng);
            if (!words->is_taken[i] && (best == WORDS_MAX || draw > best_draw)) {
                best = i;
                best_draw = draw;
            }
        }
        if (best == WORDS_MAX)
            memset(words->is_taken, 0, sizeof words->is_taken);
    }
    words->is_taken[best] = true;
    return words->texts[best];
}

static enum sb_err load_words(const struct sb_native *native, struct words words[DIMENSIONS], struct sb_error *err)
{
    for (size_t i = 0; i < DIMENSIONS; i++) {
        const char *list = NULL;
        enum sb_err code = sb_native_arg(native, dimensions[i].list, &list, err);
        if (code == SB_OK) {
            split(list, &words[i]);
            code = words[i].count > 0 ? load_arms(native, dimensions[i].name, &words[i], err)
                                      : sb_error_set(err, SB_ERR_CONFIG, "%s: with.%s holds no word", native->env->params->place,
                                                     dimensions[i].list);
        }
        if (code != SB_OK)
            return code;
    }
    return SB_OK;
}

/* Seeded by account and run, so that a retry asks for the same. */
static enum sb_err put_slots(const struct sb_native *native, uint64_t count, struct sb_json_out *out, struct sb_error *err)
{
    struct words *words = calloc(DIMENSIONS, sizeof *words);
    struct sb_rng rng = { .state = sb_hash_fold(sb_hash_bytes(native->account, strlen(native->account)), native->env->run) };
    enum sb_err code = words ? load_words(native, words, err) : sb_error_set(err, SB_ERR_NOMEM, "no memory for the choice");
    for (uint64_t slot = 0; slot < count && code == SB_OK; slot++) {
        sb_json_object_begin(out);
        for (size_t i = 0; i < DIMENSIONS; i++) {
            sb_json_key(out, dimensions[i].name);
            sb_json_string(out, draw_word(&words[i], &rng));
        }
        sb_json_object_end(out);
    }
    free(words);
    return code;
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
    code = put_slots(native, count, out, err);
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
