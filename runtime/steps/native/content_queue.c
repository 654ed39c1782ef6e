/* Queues what the gate let pass, spaced after what is planned already. */
#include "native.h"

#include <stdlib.h>
#include <string.h>

enum { TEXTS_MAX = 16 };

/* A random UUID, version 4, variant 1 (RFC 9562). */
static enum sb_err new_decision(char id[SB_DECISION_MAX], struct sb_error *err)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[16];
    enum sb_err code = sb_random(bytes, sizeof bytes, err);
    if (code != SB_OK)
        return code;
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
    size_t at = 0;
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            id[at++] = '-';
        id[at++] = digits[bytes[i] >> 4];
        id[at++] = digits[bytes[i] & 15];
    }
    id[at] = '\0';
    return SB_OK;
}

/* When the account's last planned or published text goes (or went) out. */
static enum sb_err last_planned(const struct sb_native *native, int64_t *at_ms, struct sb_error *err)
{
    struct sb_cell params[] = { sb_cell_text(native->account) };
    return sb_native_number(native,
                            "SELECT MAX(CASE WHEN posted_at_ms IS NOT NULL THEN posted_at_ms ELSE scheduled_at_ms END) FROM content_metadata "
                            "WHERE account = $1 AND status IN ('queued', 'posting', 'uncertain', 'posted', 'verified', 'archived')",
                            params, SB_LEN(params), 0, at_ms, err);
}

struct texts {
    char *items[5]; /* text, topic, angle, tone, format; NULL when the model gave none */
};

static void texts_load(struct texts *texts, const struct sb_json *content, size_t index)
{
    static const char *const fields[] = { "text", "topic", "angle", "tone", "format" };
    for (size_t i = 0; i < SB_LEN(fields); i++) {
        char path[48];
        struct sb_text name;
        sb_text_init(&name, path, sizeof path);
        sb_text_addf(&name, "posts.%zu.%s", index, fields[i]);
        texts->items[i] = sb_json_type(content, path) == SB_JSON_STRING ? sb_json_text(content, path) : NULL;
    }
}

static void texts_free(struct texts *texts)
{
    for (size_t i = 0; i < SB_LEN(texts->items); i++)
        free(texts->items[i]);
}

/* What the generation cost and with which alias, when the argument "llm" tells. */
static void generation(const struct sb_native *native, char alias[SB_NAME_MAX], int64_t *cost_nano)
{
    const char *text = sb_args_get(&native->args, "llm");
    struct sb_json *json = NULL;
    if (text == NULL || sb_json_parse(&json, text, strlen(text), NULL) != SB_OK)
        return;
    (void)sb_json_copy(json, "alias", alias, SB_NAME_MAX);
    (void)sb_json_i64(json, "cost_nano", cost_nano);
    sb_json_destroy(json);
}

struct queueing {
    const struct sb_native *native;
    const struct sb_json *content;
    struct sb_json_out *out;
    char alias[SB_NAME_MAX];
    int64_t cost_nano, at_ms;
    int64_t queued, known;
};

static enum sb_err queue_one(struct queueing *queueing, size_t index, struct sb_error *err)
{
    const struct sb_native *native = queueing->native;
    int64_t now = sb_step_now_ms(native->env);
    char id[SB_DECISION_MAX];
    struct texts texts = { { NULL } };
    texts_load(&texts, queueing->content, index);
    enum sb_err code = texts.items[0] ? new_decision(id, err) : sb_error_set(err, SB_ERR_INVALID, "element %zu has no text", index);
    if (code == SB_OK) {
        struct sb_content_new row = { .decision_id = id, .kind = "single", .account = native->account, .text = texts.items[0],
                                      .topic = texts.items[1], .angle = texts.items[2], .tone = texts.items[3], .format = texts.items[4],
                                      .intent = "content_generation", .alias = queueing->alias, .scheduled_at_ms = queueing->at_ms,
                                      .cost_nano = queueing->cost_nano };
        code = sb_content_queue(native->env->services->store, &row, now, &native->env->op, err);
    }
    if (code == SB_ERR_EXISTS) { /* a repeated attempt of this step, or the model repeated itself */
        sb_step_note(native->env, SB_SEVERITY_INFO, "not queued: %s", err->text);
        queueing->known++;
        code = SB_OK;
    } else if (code == SB_OK) {
        sb_json_object_begin(queueing->out);
        sb_json_key(queueing->out, "decision_id");
        sb_json_string(queueing->out, id);
        sb_json_key(queueing->out, "scheduled_at_ms");
        sb_json_integer(queueing->out, queueing->at_ms);
        sb_json_object_end(queueing->out);
        queueing->queued++;
        queueing->at_ms += native->content.spacing / SB_MS(1);
    }
    texts_free(&texts);
    return code;
}

enum sb_err sb_native_content_queue(const struct sb_native *native, struct sb_step_result *result, struct sb_error *err)
{
    struct queueing queueing = { .native = native };
    struct sb_json *content = NULL;
    int64_t last = 0, now = sb_step_now_ms(native->env), next = 0;
    size_t count = 0;
    enum sb_err code = sb_native_needs(native, true, false, err);
    if (code == SB_OK)
        code = sb_native_json(native, "content", &content, err);
    if (code == SB_OK)
        code = last_planned(native, &last, err);
    if (code == SB_OK && (queueing.out = sb_json_out_create(SB_STEP_OUTPUT_MAX)) == NULL)
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for the queue");
    if (code != SB_OK)
        goto out;
    next = last > 0 ? last + native->content.spacing / SB_MS(1) : 0;
    queueing.at_ms = next > now ? next : now;
    queueing.content = content;
    count = sb_json_count(content, "posts");
    count = count < TEXTS_MAX ? count : TEXTS_MAX;
    generation(native, queueing.alias, &queueing.cost_nano);
    if (count > 0)
        queueing.cost_nano = (queueing.cost_nano + (int64_t)count - 1) / (int64_t)count;
    sb_json_object_begin(queueing.out);
    sb_json_key(queueing.out, "rows");
    sb_json_array_begin(queueing.out);
    for (size_t i = 0; i < count && code == SB_OK; i++)
        code = queue_one(&queueing, i, err);
    sb_json_array_end(queueing.out);
    sb_json_object_end(queueing.out);
    if (code == SB_OK) {
        sb_step_succeed(result, queueing.queued, "%lld queued, %lld known already", (long long)queueing.queued, (long long)queueing.known);
        sb_step_output(result, queueing.out);
    }
out:
    sb_json_out_destroy(queueing.out);
    sb_json_destroy(content);
    return code;
}
