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

/* When the account's last planned or published post (or reply) goes or went out. */
static enum sb_err last_planned(const struct sb_native *native, bool is_reply, int64_t *at_ms, struct sb_error *err)
{
    struct sb_cell params[] = { sb_cell_text(native->account), sb_cell_int(is_reply) };
    return sb_native_number(native,
                            "SELECT MAX(CASE WHEN posted_at_ms IS NOT NULL THEN posted_at_ms ELSE scheduled_at_ms END) FROM content_metadata "
                            "WHERE account = $1 AND part = 1 AND CASE WHEN kind = 'reply' THEN 1 ELSE 0 END = $2 "
                            "AND status IN ('draft', 'queued', 'posting', 'uncertain', 'posted', 'verified', 'archived')",
                            params, SB_LEN(params), 0, at_ms, err);
}

enum { FIELDS = 6 };

struct texts {
    char *items[FIELDS]; /* text, topic, angle, tone, format, target_post_id; NULL when there is none */
};

static void texts_load(struct texts *texts, const struct sb_json *content, size_t index)
{
    static const char *const fields[FIELDS] = { "text", "topic", "angle", "tone", "format", "target_post_id" };
    for (size_t i = 0; i < FIELDS; i++) {
        char path[48];
        struct sb_text name;
        sb_text_init(&name, path, sizeof path);
        sb_text_addf(&name, "posts.%zu.%s", index, fields[i]);
        texts->items[i] = sb_json_type(content, path) == SB_JSON_STRING ? sb_json_text(content, path) : NULL;
    }
}

static void texts_free(struct texts *texts)
{
    for (size_t i = 0; i < FIELDS; i++)
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
    const char *kind, *intent;
    struct sb_json_out *out;
    char alias[SB_NAME_MAX];
    int64_t cost_nano, at_ms; /* of each text; when the next one goes out */
    sb_ns spacing;
    bool is_draft;
    int64_t queued, known;
};

static void put_queued(struct queueing *queueing, const struct sb_content_new *row)
{
    sb_json_object_begin(queueing->out);
    sb_json_key(queueing->out, "decision_id");
    sb_json_string(queueing->out, row->decision_id);
    sb_json_key(queueing->out, "scheduled_at_ms");
    sb_json_integer(queueing->out, row->scheduled_at_ms);
    if (row->target != NULL) {
        sb_json_key(queueing->out, "target_post_id");
        sb_json_string(queueing->out, row->target);
    }
    sb_json_object_end(queueing->out);
    queueing->queued++;
}

/* `count` rows together or none: one text, or the parts of a thread. */
static enum sb_err queue_rows(struct queueing *queueing, const struct texts *texts, size_t count, struct sb_error *err)
{
    const struct sb_native *native = queueing->native;
    struct sb_content_new rows[TEXTS_MAX];
    char ids[TEXTS_MAX][SB_DECISION_MAX];
    bool is_thread = count > 1;
    enum sb_err code = SB_OK;
    for (size_t i = 0; i < count && code == SB_OK; i++) {
        char *const *items = texts[i].items;
        code = items[0] ? new_decision(ids[i], err) : sb_error_set(err, SB_ERR_INVALID, "element %zu has no text", i + 1);
        rows[i] = (struct sb_content_new){ .decision_id = ids[i], .kind = queueing->kind, .account = native->account, .text = items[0],
                                           .topic = items[1], .angle = items[2], .tone = items[3], .format = items[4], .target = items[5],
                                           .intent = queueing->intent, .alias = queueing->alias, .scheduled_at_ms = queueing->at_ms,
                                           .cost_nano = queueing->cost_nano, .thread = is_thread ? ids[0] : NULL, .part = (int32_t)i + 1,
                                           .is_draft = queueing->is_draft };
    }
    if (code == SB_OK)
        code = sb_content_queue(native->env->services->store, rows, count, sb_step_now_ms(native->env), &native->env->op, err);
    if (code == SB_ERR_EXISTS) { /* a repeated attempt of this step, or the model repeated itself */
        sb_step_note(native->env, SB_SEVERITY_INFO, "not queued: %s", err->text);
        queueing->known += (int64_t)count;
        return SB_OK;
    }
    for (size_t i = 0; i < count && code == SB_OK; i++)
        put_queued(queueing, &rows[i]);
    if (code == SB_OK)
        queueing->at_ms += queueing->spacing / SB_MS(1);
    return code;
}

static enum sb_err queue_all(struct queueing *queueing, const struct sb_json *content, struct sb_error *err)
{
    struct texts texts[TEXTS_MAX];
    size_t count = sb_json_count(content, "posts");
    bool is_thread = sb_streq(queueing->kind, "thread");
    enum sb_err code = SB_OK;
    count = count < TEXTS_MAX ? count : TEXTS_MAX;
    generation(queueing->native, queueing->alias, &queueing->cost_nano);
    if (count > 0)
        queueing->cost_nano = (queueing->cost_nano + (int64_t)count - 1) / (int64_t)count;
    for (size_t i = 0; i < count; i++)
        texts_load(&texts[i], content, i);
    if (is_thread && count < 2)
        code = sb_error_set(err, SB_ERR_INVALID, "a thread has at least two parts, this one %zu", count);
    else if (is_thread)
        code = queue_rows(queueing, texts, count, err);
    for (size_t i = 0; i < count && code == SB_OK && !is_thread; i++)
        code = queue_rows(queueing, &texts[i], 1, err);
    for (size_t i = 0; i < count; i++)
        texts_free(&texts[i]);
    return code;
}

/* Argument "kind": single (the default), thread or reply, with what follows from it. */
static enum sb_err plan(struct queueing *queueing, struct sb_error *err)
{
    const struct sb_native *native = queueing->native;
    const char *kind = sb_args_get(&native->args, "kind");
    int64_t last = 0, published = 0, now = sb_step_now_ms(native->env);
    bool is_reply = kind != NULL && sb_streq(kind, "reply");
    queueing->kind = kind != NULL ? kind : "single";
    queueing->intent = is_reply ? "reply_generation" : "content_generation";
    queueing->spacing = is_reply ? native->content.reply_spacing : native->content.spacing;
    if (!is_reply && !sb_streq(queueing->kind, "single") && !sb_streq(queueing->kind, "thread"))
        return sb_error_set(err, SB_ERR_CONFIG, "%s: with.kind is single, thread or reply, not \"%s\"", native->env->params->place, kind);
    enum sb_err code = last_planned(native, is_reply, &last, err);
    int64_t next = last > 0 ? last + queueing->spacing / SB_MS(1) : 0;
    queueing->at_ms = next > now ? next : now;
    queueing->is_draft = native->content.approve_first == SB_APPROVE_ALL;
    if (code == SB_OK && native->content.approve_first > 0 && !queueing->is_draft) {
        struct sb_cell params[] = { sb_cell_text(native->account) };
        code = sb_native_number(native, "SELECT COUNT(*) FROM content_metadata WHERE account = $1", params, SB_LEN(params), 0, &published, err);
        queueing->is_draft = published < (int64_t)native->content.approve_first;
    }
    return code;
}

enum sb_err sb_native_content_queue(const struct sb_native *native, struct sb_step_result *result, struct sb_error *err)
{
    struct queueing queueing = { .native = native };
    struct sb_json *content = NULL;
    enum sb_err code = sb_native_needs(native, true, false, err);
    if (code == SB_OK)
        code = sb_native_json(native, "content", &content, err);
    if (code == SB_OK)
        code = plan(&queueing, err);
    if (code == SB_OK && (queueing.out = sb_json_out_create(SB_STEP_OUTPUT_MAX)) == NULL)
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for the queue");
    if (code != SB_OK)
        goto out;
    sb_json_object_begin(queueing.out);
    sb_json_key(queueing.out, "rows");
    sb_json_array_begin(queueing.out);
    code = queue_all(&queueing, content, err);
    sb_json_array_end(queueing.out);
    sb_json_object_end(queueing.out);
    if (code == SB_OK) {
        sb_step_succeed(result, queueing.queued, "%lld %s, %lld known already", (long long)queueing.queued,
                        queueing.is_draft ? "drafts wait for approval" : "queued", (long long)queueing.known);
        sb_step_output(result, queueing.out);
    }
out:
    sb_json_out_destroy(queueing.out);
    sb_json_destroy(content);
    return code;
}
