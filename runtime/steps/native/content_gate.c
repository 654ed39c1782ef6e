/* Score, length and uniqueness of generated texts. What passes goes on; when nothing passes (with argument "whole", as for a thread: not all of
 * them) the step fails, and a new generation may pass. Argument "score_min" asks for as high a "score" from the model. */
#include "native.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXTS_MAX = 16, RECENT_MAX = 200, WHY_MAX = 96 };

struct gate {
    const struct sb_native *native;
    char *known[RECENT_MAX + TEXTS_MAX]; /* normalised: recent texts, then those that passed */
    size_t known_count;
    char why[WHY_MAX];                   /* the last rejection */
    int64_t score_min;                   /* 0 = not asked for */
};

static enum sb_err load_recent(struct gate *gate, struct sb_error *err)
{
    const struct sb_native *native = gate->native;
    struct sb_rows *rows = NULL;
    int64_t since = sb_step_now_ms(native->env) - SB_DAY(7) / SB_MS(1);
    enum sb_err code = sb_content_recent(native->env->services->store, native->account, since, RECENT_MAX, &native->env->op, &rows, err);
    if (code != SB_OK)
        return code;
    for (size_t i = 0; i < sb_rows_count(rows) && gate->known_count < RECENT_MAX; i++) {
        const struct sb_cell *cell = sb_rows_get(rows, i, "text");
        char *text = cell != NULL && cell->type == SB_CELL_TEXT ? sb_match_normalise(cell->text) : NULL;
        if (text != NULL)
            gate->known[gate->known_count++] = text;
    }
    sb_rows_destroy(rows);
    return SB_OK;
}

static bool SB_PRINTF(2, 3) refuse(struct gate *gate, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(gate->why, sizeof gate->why, format, args);
    va_end(args);
    return false;
}

/* Takes the text into the known ones when it passes. */
static bool passes(struct gate *gate, const char *text)
{
    int64_t max = gate->native->site->text_max, characters = sb_match_characters(text);
    if (characters < 0)
        return refuse(gate, "a text is not valid UTF-8");
    if (max > 0 && characters > max)
        return refuse(gate, "%" PRId64 " characters, the site takes %" PRId64, characters, max);
    char *normal = sb_match_normalise(text);
    if (normal == NULL || normal[0] == '\0') {
        free(normal);
        return refuse(gate, "a text without words");
    }
    for (size_t i = 0; i < gate->known_count; i++) {
        uint32_t overlap = sb_match_jaccard_pm(normal, gate->known[i]);
        if (overlap > SB_MATCH_SIMILAR_PM) {
            free(normal);
            return refuse(gate, "%" PRIu32 " permille of its words are in a text of the last 7 days, at most %d", overlap,
                          SB_MATCH_SIMILAR_PM);
        }
    }
    gate->known[gate->known_count++] = normal;
    return true;
}

static bool has_score(struct gate *gate, const struct sb_json *content, const char *prefix)
{
    char path[64];
    struct sb_text name;
    int64_t score = 0;
    sb_text_init(&name, path, sizeof path);
    sb_text_addf(&name, "%sscore", prefix);
    if (gate->score_min == 0)
        return true;
    if (!sb_json_i64(content, path, &score) && !sb_json_i64(content, "score", &score)) /* its own, or that of the whole */
        return refuse(gate, "a text without score");
    return score >= gate->score_min || refuse(gate, "score %" PRId64 ", at least %" PRId64 " is asked for", score, gate->score_min);
}

/* Whether element `index` passes; then it is written. The content is a list "posts", the "answers" of an llm step, or one object with a text. */
static bool judge(struct gate *gate, const struct sb_json *content, const char *prefix, const char *target, struct sb_json_out *out)
{
    static const char *const fields[] = { "text", "topic", "angle", "tone", "format" };
    char path[64];
    struct sb_text name;
    sb_text_init(&name, path, sizeof path);
    sb_text_addf(&name, "%stext", prefix);
    char *text = sb_json_type(content, path) == SB_JSON_STRING ? sb_json_text(content, path) : NULL;
    bool is_good = text != NULL ? has_score(gate, content, prefix) && passes(gate, text) : refuse(gate, "an element without text");
    free(text);
    if (!is_good)
        return false;
    sb_json_object_begin(out);
    for (size_t i = 0; i < SB_LEN(fields); i++) {
        sb_text_init(&name, path, sizeof path);
        sb_text_addf(&name, "%s%s", prefix, fields[i]);
        sb_json_key(out, fields[i]);
        sb_json_put(out, content, path);
    }
    if (target[0] != '\0' && sb_json_type(content, target) == SB_JSON_STRING) {
        sb_json_key(out, "target_post_id");
        sb_json_put(out, content, target);
    }
    sb_json_object_end(out);
    return true;
}

static size_t judge_all(struct gate *gate, const struct sb_json *content, struct sb_json_out *out, size_t *count)
{
    size_t passed = 0;
    bool is_list = sb_json_type(content, "posts") == SB_JSON_ARRAY, is_answers = sb_json_type(content, "answers") == SB_JSON_ARRAY;
    *count = is_list ? sb_json_count(content, "posts") : is_answers ? sb_json_count(content, "answers") : 1;
    for (size_t i = 0; i < *count && i < TEXTS_MAX; i++) {
        char prefix[32] = "", target[64] = "";
        struct sb_text name;
        sb_text_init(&name, prefix, sizeof prefix);
        if (is_list)
            sb_text_addf(&name, "posts.%zu.", i);
        else if (is_answers)
            sb_text_addf(&name, "answers.%zu.json.", i);
        sb_text_init(&name, target, sizeof target);
        if (is_answers)
            sb_text_addf(&name, "answers.%zu.item.target_post_id", i);
        bool is_good = judge(gate, content, prefix, target, out);
        passed += is_good;
        if (!is_good)
            sb_step_note(gate->native->env, SB_SEVERITY_INFO, "text %zu rejected: %s", i + 1, gate->why);
    }
    return passed;
}

static bool read_score(struct gate *gate)
{
    const char *text = sb_args_get(&gate->native->args, "score_min");
    return text == NULL || sb_parse_i64(text, &gate->score_min);
}

enum sb_err sb_native_content_gate(const struct sb_native *native, struct sb_step_result *result, struct sb_error *err)
{
    struct gate *gate = calloc(1, sizeof *gate);
    struct sb_json *content = NULL;
    struct sb_json_out *out = sb_json_out_create(SB_STEP_OUTPUT_MAX);
    size_t count = 0, passed = 0;
    const char *whole = sb_args_get(&native->args, "whole");
    bool is_nothing_asked = false, is_whole = whole != NULL && sb_streq(whole, "true");
    enum sb_err code = gate && out ? sb_native_needs(native, true, false, err) : sb_error_set(err, SB_ERR_NOMEM, "no memory for the gate");
    if (code != SB_OK)
        goto out;
    gate->native = native;
    code = sb_native_json(native, "content", &content, err);
    if (code == SB_OK && !read_score(gate))
        code = sb_error_set(err, SB_ERR_CONFIG, "%s: with.score_min is no number", native->env->params->place);
    if (code == SB_OK)
        code = load_recent(gate, err);
    if (code != SB_OK)
        goto out;
    sb_json_object_begin(out);
    sb_json_key(out, "posts");
    sb_json_array_begin(out);
    passed = judge_all(gate, content, out, &count);
    is_nothing_asked = count == 0 && sb_json_type(content, "answers") == SB_JSON_ARRAY; /* no element to write about */
    sb_json_array_end(out);
    sb_json_key(out, "rejected");
    sb_json_integer(out, (int64_t)(count - passed));
    sb_json_object_end(out);
    if ((passed == 0 && !is_nothing_asked) || (passed < count && is_whole)) {
        sb_step_fail_class(result, SB_CLASS_RETRYABLE, "%zu of %zu texts pass: %s", passed, count, count ? gate->why : "the answer holds none");
        goto out;
    }
    sb_step_succeed(result, (int64_t)passed, "%zu of %zu texts pass", passed, count);
    sb_step_output(result, out);
out:
    for (size_t i = 0; gate && i < gate->known_count; i++)
        free(gate->known[i]);
    free(gate);
    sb_json_destroy(content);
    sb_json_out_destroy(out);
    return code;
}
