/* The practice LLM endpoint: OpenAI's wire form, invented answers, real accounting.
 *
 * The daemon's thread answers; the usage rows have a lock because any thread may read them. Answer n depends on the seed and n alone and
 * no text comes twice. What it charges is counted before the answer is sent, so that a lost answer still costs, as at a real provider. */
#include "call.h"
#include "corpus.h"

#include "signalbox/base/hash.h"
#include "signalbox/os/os.h"

#include <stdlib.h>
#include <string.h>

enum { CONTENT_MAX = 2048, ANSWER_MAX = 16384, MESSAGES_MAX = 64, BYTES_PER_TOKEN = 4, TOKENS_PER_MESSAGE = 4, CACHE_FROM = 1024,
       CACHE_STEP = 128 };

struct price_row {
    const char *model;
    int64_t in_nano, out_nano, cached_nano; /* per token; the same figures as in catalog/prices.yaml */
};

static const struct price_row prices[SB_LLM_MODELS] = {
    { "practice-premium", 2500, 10000, 1250 },
    { "practice-economy", 150, 600, 75 },
};

struct sb_llm_world {
    struct sb_mutex *mutex;
    uint64_t seed, next;
    struct sb_llm_usage_row rows[SB_LLM_MODELS]; /* under the mutex */
};

struct sb_llm_world *sb_llm_world_create(uint64_t seed, uint64_t first)
{
    struct sb_llm_world *llm = calloc(1, sizeof *llm);
    if (!llm) {
        return NULL;
    }
    llm->seed = seed;
    llm->next = first;
    llm->mutex = sb_mutex_create(SB_RANK_PRACTICE);
    for (size_t i = 0; i < SB_LLM_MODELS; i++) {
        llm->rows[i].model = prices[i].model;
    }
    if (!llm->mutex) {
        free(llm);
        return NULL;
    }
    return llm;
}

void sb_llm_world_destroy(struct sb_llm_world *llm)
{
    if (!llm) {
        return;
    }
    sb_mutex_destroy(llm->mutex);
    free(llm);
}

void sb_llm_world_usage(struct sb_llm_world *llm, struct sb_llm_usage_row rows[SB_LLM_MODELS])
{
    sb_mutex_lock(llm->mutex);
    memcpy(rows, llm->rows, sizeof llm->rows);
    sb_mutex_unlock(llm->mutex);
}

/* One answer in the making. */
struct answer_parts {
    size_t model;
    uint64_t number;
    int64_t cap;            /* tokens, 0 = none */
    bool is_json, is_cut, wants_posts, is_stream, has_stream_usage;
    char content[CONTENT_MAX];
    uint32_t tokens_in, tokens_out, tokens_cached;
};

static bool has_key(const struct sb_call *call, struct sb_answer *answer)
{
    if (call->authorization && sb_streq(call->authorization, "Bearer " SB_PRACTICE_KEY)) {
        return true;
    }
    sb_answer_error(answer, 401, "invalid_api_key", "the key of this endpoint is the word practice");
    return false;
}

static size_t find_model(const struct sb_json *json)
{
    char *model = sb_json_text(json, "model");
    size_t i = model ? 0 : SB_LLM_MODELS;
    while (i < SB_LLM_MODELS && !sb_streq(prices[i].model, model)) {
        i++;
    }
    free(model);
    return i;
}

/* Tokens of all messages; 0 when they are not a list of texts. */
static uint32_t count_prompt(const struct sb_json *json, bool *wants_posts)
{
    const size_t count = sb_json_count(json, "messages");
    size_t tokens = 3; /* the frame around the messages */
    if (sb_json_type(json, "messages") != SB_JSON_ARRAY || count == 0 || count > MESSAGES_MAX) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        char path[40];
        struct sb_text text;
        sb_text_init(&text, path, sizeof path);
        sb_text_addf(&text, "messages.%zu.content", i);
        if (sb_json_type(json, path) != SB_JSON_STRING) {
            return 0;
        }
        char *content = sb_json_text(json, path);
        tokens += (content ? strlen(content) + BYTES_PER_TOKEN - 1 : 0) / BYTES_PER_TOKEN + TOKENS_PER_MESSAGE;
        *wants_posts = *wants_posts || (content && strstr(content, "\"posts\"") != NULL);
        free(content);
    }
    return (uint32_t)tokens; /* the body's limit keeps it small */
}

static bool wants_json(const struct sb_json *json)
{
    char *type = sb_json_text(json, "response_format.type");
    const bool wanted = type && sb_streq(type, "json_object");
    free(type);
    return wanted;
}

static bool is_true(const struct sb_json *json, const char *path)
{
    char *text = sb_json_text(json, path);
    const bool is_it = text && sb_streq(text, "true");
    free(text);
    return is_it;
}

/* False with the answer written when the request is not acceptable. */
static bool read_request(const struct sb_call *call, struct answer_parts *parts, struct sb_answer *answer)
{
    struct sb_json *json = NULL;
    bool is_good = false;
    if (sb_json_parse(&json, call->body, call->body_size, NULL) != SB_OK) {
        sb_answer_error(answer, 400, "invalid_request_error", "the body is not JSON");
        return false;
    }
    parts->model = find_model(json);
    parts->tokens_in = count_prompt(json, &parts->wants_posts);
    parts->is_json = wants_json(json);
    parts->is_stream = is_true(json, "stream");
    parts->has_stream_usage = is_true(json, "stream_options.include_usage");
    if (!sb_json_i64(json, "max_completion_tokens", &parts->cap)) {
        (void)sb_json_i64(json, "max_tokens", &parts->cap); /* stays 0 = no cap when absent */
    }
    if (parts->model == SB_LLM_MODELS) {
        sb_answer_error(answer, 404, "model_not_found", "the models are practice-premium and practice-economy");
    } else if (parts->tokens_in == 0) {
        sb_answer_error(answer, 400, "invalid_request_error", "messages is a list of {role, content}");
    } else if (parts->cap < 0) {
        sb_answer_error(answer, 400, "invalid_request_error", "the output cap is negative");
    } else {
        is_good = true;
    }
    sb_json_destroy(json);
    return is_good;
}

static void put_text(struct sb_json_out *out, const char *key, const char *value)
{
    sb_json_key(out, key);
    sb_json_string(out, value);
}

/* Three texts of the corpus, as the parts of a thread. */
static void put_posts(struct sb_llm_world *llm, struct sb_json_out *out)
{
    sb_json_key(out, "posts");
    sb_json_array_begin(out);
    for (int i = 0; i < 3; i++) {
        char buf[512];
        struct sb_text text;
        struct sb_corpus_idea idea;
        sb_text_init(&text, buf, sizeof buf);
        sb_corpus_write(llm->seed, llm->next++, &text, &idea);
        sb_json_object_begin(out);
        put_text(out, "text", buf);
        put_text(out, "topic", idea.topic);
        sb_json_object_end(out);
    }
    sb_json_array_end(out);
}

/* A model does what it is asked for. This one cannot read, so it answers with every key that a growth catalogue asks for; a thread only when
 * the prompt names a list "posts". */
static bool write_json_content(struct sb_llm_world *llm, struct answer_parts *parts, const char *text, const struct sb_corpus_idea *idea)
{
    struct sb_json_out *out = sb_json_out_create(CONTENT_MAX - 1);
    const uint64_t draw = sb_hash_fold(llm->seed, parts->number);
    if (!out) {
        return false;
    }
    sb_json_object_begin(out);
    put_text(out, "text", text);
    put_text(out, "topic", idea->topic);
    put_text(out, "angle", idea->angle);
    put_text(out, "tone", idea->tone);
    put_text(out, "format", idea->format);
    put_text(out, "why", "It makes one claim, gives its evidence, and asks for one small thing.");
    put_text(out, "advice", "Claim, evidence, one question; mornings; plain words.");
    sb_json_key(out, "quality");
    sb_json_integer(out, 70 + (int64_t)(draw % 30u));
    sb_json_key(out, "score");
    sb_json_integer(out, 60 + (int64_t)((draw >> 8) % 40u));
    sb_json_key(out, "relevance");
    sb_json_integer(out, (int64_t)((draw >> 16) % 8u) + 3);
    if (parts->wants_posts) {
        put_posts(llm, out);
    }
    sb_json_object_end(out);
    char *json = sb_json_out_take(out);
    sb_json_out_destroy(out);
    if (json) {
        sb_copy(parts->content, sizeof parts->content, json);
    }
    free(json);
    return json != NULL;
}

static bool write_content(struct sb_llm_world *llm, struct answer_parts *parts)
{
    char buf[512];
    struct sb_text text;
    struct sb_corpus_idea idea;
    parts->number = llm->next++;
    sb_text_init(&text, buf, sizeof buf);
    sb_corpus_write(llm->seed, parts->number, &text, &idea);
    if (!parts->is_json) {
        sb_copy(parts->content, sizeof parts->content, buf);
        return true;
    }
    return write_json_content(llm, parts, buf, &idea);
}

/* Counts the tokens and cuts at the cap as a real endpoint does: in the middle of whatever was being said. */
static void apply_cap(struct answer_parts *parts)
{
    const size_t size = strlen(parts->content);
    size_t tokens = (size + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN;
    if (parts->cap > 0 && tokens > (size_t)parts->cap) {
        parts->is_cut = true;
        tokens = (size_t)parts->cap;
        parts->content[tokens * BYTES_PER_TOKEN] = '\0'; /* the corpus is ASCII */
    }
    parts->tokens_out = (uint32_t)tokens;
    parts->tokens_cached = parts->tokens_in >= CACHE_FROM ? parts->tokens_in / 2 / CACHE_STEP * CACHE_STEP : 0;
}

static void charge(struct sb_llm_world *llm, const struct answer_parts *parts)
{
    const struct price_row *price = &prices[parts->model];
    const int64_t nano = (int64_t)(parts->tokens_in - parts->tokens_cached) * price->in_nano +
                         (int64_t)parts->tokens_cached * price->cached_nano + (int64_t)parts->tokens_out * price->out_nano;
    struct sb_llm_usage_row *row = &llm->rows[parts->model];
    sb_mutex_lock(llm->mutex);
    row->calls++;
    row->tokens_in += parts->tokens_in;
    row->tokens_out += parts->tokens_out;
    row->tokens_cached += parts->tokens_cached;
    row->cost.nano += nano;
    sb_mutex_unlock(llm->mutex);
}

static void add_integer(struct sb_json_out *out, const char *key, int64_t value)
{
    sb_json_key(out, key);
    sb_json_integer(out, value);
}

static void add_string(struct sb_json_out *out, const char *key, const char *value)
{
    sb_json_key(out, key);
    sb_json_string(out, value);
}

static void add_choice(struct sb_json_out *out, const struct answer_parts *parts)
{
    sb_json_key(out, "choices");
    sb_json_array_begin(out);
    sb_json_object_begin(out);
    add_integer(out, "index", 0);
    sb_json_key(out, "message");
    sb_json_object_begin(out);
    add_string(out, "role", "assistant");
    add_string(out, "content", parts->content);
    add_string(out, "refusal", NULL);
    sb_json_object_end(out);
    add_string(out, "finish_reason", parts->is_cut ? "length" : "stop");
    sb_json_object_end(out);
    sb_json_array_end(out);
}

static void add_usage(struct sb_json_out *out, const struct answer_parts *parts)
{
    sb_json_key(out, "usage");
    sb_json_object_begin(out);
    add_integer(out, "prompt_tokens", parts->tokens_in);
    add_integer(out, "completion_tokens", parts->tokens_out);
    add_integer(out, "total_tokens", (int64_t)parts->tokens_in + parts->tokens_out);
    sb_json_key(out, "prompt_tokens_details");
    sb_json_object_begin(out);
    add_integer(out, "cached_tokens", parts->tokens_cached);
    sb_json_object_end(out);
    sb_json_object_end(out);
}

static struct sb_json_out *write_answer(const struct sb_call *call, const struct answer_parts *parts)
{
    char id[40];
    struct sb_text text;
    struct sb_json_out *out = sb_json_out_create(ANSWER_MAX);
    if (!out) {
        return NULL;
    }
    sb_text_init(&text, id, sizeof id);
    sb_text_addf(&text, "chatcmpl-practice-%llu", (unsigned long long)parts->number);
    sb_json_object_begin(out);
    add_string(out, "id", id);
    add_string(out, "object", "chat.completion");
    add_integer(out, "created", call->now_ms / 1000);
    add_string(out, "model", prices[parts->model].model);
    add_choice(out, parts);
    add_usage(out, parts);
    add_string(out, "service_tier", "default");
    sb_json_object_end(out);
    return out;
}

static bool add_chunk(struct sb_text *to, struct sb_json_out *out)
{
    char *json = out ? sb_json_out_take(out) : NULL;
    sb_json_out_destroy(out);
    if (json) {
        sb_text_addf(to, "data: %s\n\n", json);
    }
    free(json);
    return json != NULL && !to->is_cut;
}

/* One chunk of the answer's text; `finish` NULL = it goes on. */
static struct sb_json_out *text_chunk(const char *text, const char *finish)
{
    struct sb_json_out *out = sb_json_out_create(ANSWER_MAX);
    if (out) {
        sb_json_object_begin(out);
        add_string(out, "object", "chat.completion.chunk");
        sb_json_key(out, "choices");
        sb_json_array_begin(out);
        sb_json_object_begin(out);
        add_integer(out, "index", 0);
        sb_json_key(out, "delta");
        sb_json_object_begin(out);
        if (text) {
            add_string(out, "content", text);
        }
        sb_json_object_end(out);
        add_string(out, "finish_reason", finish);
        sb_json_object_end(out);
        sb_json_array_end(out);
        add_string(out, "usage", NULL);
        sb_json_object_end(out);
    }
    return out;
}

static struct sb_json_out *usage_chunk(const struct answer_parts *parts)
{
    struct sb_json_out *out = sb_json_out_create(ANSWER_MAX);
    if (out) {
        sb_json_object_begin(out);
        add_string(out, "object", "chat.completion.chunk");
        sb_json_key(out, "choices");
        sb_json_array_begin(out);
        sb_json_array_end(out);
        add_usage(out, parts);
        sb_json_object_end(out);
    }
    return out;
}

/* The same answer as server-sent events: some characters a chunk, the usage in a last one when it was asked for. */
static void write_stream(const struct answer_parts *parts, struct sb_answer *answer)
{
    enum { CHUNK = 48, STREAM_MAX = 65536 };
    char *body = malloc(STREAM_MAX);
    struct sb_text text;
    bool is_good = body != NULL;
    if (is_good) {
        sb_text_init(&text, body, STREAM_MAX);
    }
    for (size_t at = 0; is_good && at < strlen(parts->content); at += CHUNK) {
        char piece[CHUNK + 1];
        sb_copy(piece, sizeof piece, parts->content + at);
        is_good = add_chunk(&text, text_chunk(piece, NULL));
    }
    is_good = is_good && add_chunk(&text, text_chunk(NULL, parts->is_cut ? "length" : "stop"));
    if (is_good && parts->has_stream_usage) {
        is_good = add_chunk(&text, usage_chunk(parts));
    }
    if (!is_good) {
        free(body);
        sb_answer_error(answer, 500, "out_of_memory", "no memory for an answer");
        return;
    }
    sb_text_add(&text, "data: [DONE]\n\n");
    answer->status = 200;
    answer->type = "text/event-stream";
    answer->body = body;
}

void sb_llm_completions(struct sb_call *call, struct sb_answer *answer)
{
    struct answer_parts parts = { 0 };
    struct sb_llm_world *llm = call->parts->llm;
    if (!has_key(call, answer) || !read_request(call, &parts, answer)) {
        return;
    }
    if (!write_content(llm, &parts)) {
        sb_answer_error(answer, 500, "out_of_memory", "no memory for an answer");
        return;
    }
    apply_cap(&parts);
    if (call->fault == SB_PRACTICE_FAULT_IGNORED_CAP && parts.cap > 0) {
        parts.tokens_out = (uint32_t)parts.cap * 8;
    }
    charge(llm, &parts);
    if (parts.is_stream) {
        write_stream(&parts, answer);
    } else {
        sb_answer_json(answer, 200, write_answer(call, &parts));
    }
    if (call->fault == SB_PRACTICE_FAULT_BAD_JSON && answer->body) {
        answer->body[strlen(answer->body) / 2] = '\0';
    }
}

void sb_llm_models(struct sb_call *call, struct sb_answer *answer)
{
    if (!has_key(call, answer)) {
        return;
    }
    struct sb_json_out *out = sb_json_out_create(ANSWER_MAX);
    if (out) {
        sb_json_object_begin(out);
        add_string(out, "object", "list");
        sb_json_key(out, "data");
        sb_json_array_begin(out);
        for (size_t i = 0; i < SB_LLM_MODELS; i++) {
            sb_json_object_begin(out);
            add_string(out, "id", prices[i].model);
            add_string(out, "object", "model");
            add_integer(out, "created", sb_world_epoch_ms(call->parts->world) / 1000);
            add_string(out, "owned_by", "practice");
            sb_json_object_end(out);
        }
        sb_json_array_end(out);
        sb_json_object_end(out);
    }
    sb_answer_json(answer, 200, out);
}

void sb_llm_usage(struct sb_call *call, struct sb_answer *answer)
{
    struct sb_llm_usage_row rows[SB_LLM_MODELS];
    uint64_t calls = 0;
    int64_t nano = 0;
    struct sb_json_out *out = sb_json_out_create(ANSWER_MAX);
    sb_llm_world_usage(call->parts->llm, rows);
    if (out) {
        sb_json_object_begin(out);
        sb_json_key(out, "models");
        sb_json_array_begin(out);
        for (size_t i = 0; i < SB_LLM_MODELS; i++) {
            sb_json_object_begin(out);
            add_string(out, "model", rows[i].model);
            add_integer(out, "calls", (int64_t)rows[i].calls);
            add_integer(out, "prompt_tokens", (int64_t)rows[i].tokens_in);
            add_integer(out, "cached_tokens", (int64_t)rows[i].tokens_cached);
            add_integer(out, "completion_tokens", (int64_t)rows[i].tokens_out);
            add_integer(out, "cost_nano", rows[i].cost.nano);
            sb_json_object_end(out);
            calls += rows[i].calls;
            nano += rows[i].cost.nano;
        }
        sb_json_array_end(out);
        add_integer(out, "calls", (int64_t)calls);
        add_integer(out, "cost_nano", nano);
        sb_json_object_end(out);
    }
    sb_answer_json(answer, 200, out);
}
