/* The practice site's own interface: creating posts, as its composer does, and the state for tests. On the daemon's thread.
 *
 * A post is in the state file before it is in the world, and in the world before its answer is written: an answer that got lost never
 * means a lost post. */
#include "call.h"

#include "signalbox/os/os.h"

#include <stdlib.h>
#include <string.h>

enum { STATE_POSTS_DEFAULT = 1000 };

static size_t count_characters(const char *text)
{
    size_t count = 0;
    for (; *text; text++) {
        count += ((unsigned char)*text & 0xc0u) != 0x80u;
    }
    return count;
}

static void add_post(struct sb_json_out *out, const struct sb_world *world, uint32_t index)
{
    const struct sb_world_post *post = sb_world_post(world, index);
    char id[SB_WORLD_ID_MAX], target[SB_WORLD_ID_MAX], stamp[40];
    struct sb_text time;
    sb_text_init(&time, stamp, sizeof stamp);
    sb_text_add_wall(&time, (struct sb_wall){ post->at_ms * 1000000 }, true);
    sb_world_post_id(world, index, id);
    sb_json_object_begin(out);
    sb_json_key(out, "id");
    sb_json_string(out, id);
    sb_json_key(out, "author");
    sb_json_string(out, sb_world_account(post->author)->handle);
    sb_json_key(out, "text");
    sb_json_string(out, post->text);
    sb_json_key(out, "time");
    sb_json_string(out, stamp);
    sb_json_key(out, "reply_to");
    if (post->reply_to != SB_WORLD_NO_POST) {
        sb_world_post_id(world, post->reply_to, target);
    }
    sb_json_string(out, post->reply_to != SB_WORLD_NO_POST ? target : NULL);
    sb_json_object_end(out);
}

/* Reads and judges the request. NULL with the answer written, or the text (malloc'ed) and its target. */
static char *read_request(struct sb_call *call, uint32_t *reply_to, struct sb_answer *answer)
{
    struct sb_json *json = NULL;
    char *text = NULL, *target = NULL, *result = NULL;
    *reply_to = SB_WORLD_NO_POST;
    if (!call->content_type || strncasecmp(call->content_type, "application/json", 16) != 0) {
        sb_answer_error(answer, 415, "wrong_type", "send application/json");
        goto out;
    }
    if (sb_json_parse(&json, call->body, call->body_size, NULL) != SB_OK || sb_json_type(json, "text") != SB_JSON_STRING) {
        sb_answer_error(answer, 400, "bad_request", "send {\"text\": \"...\"}");
        goto out;
    }
    text = sb_json_text(json, "text");
    if (sb_json_type(json, "reply_to") == SB_JSON_STRING) {
        target = sb_json_text(json, "reply_to");
        *reply_to = target ? sb_world_find_post(call->parts->world, target) : SB_WORLD_NO_POST;
    }
    if (!text) {
        sb_answer_error(answer, 500, "out_of_memory", "no memory for a post");
    } else if (target && *reply_to == SB_WORLD_NO_POST) {
        sb_answer_error(answer, 404, "no_such_post", "the post to reply to does not exist");
    } else if (strspn(text, " \t\r\n") == strlen(text)) {
        sb_answer_error(answer, 422, "text_empty", "a post needs a text");
    } else if (count_characters(text) > SB_PRACTICE_TEXT_MAX) {
        sb_answer_error(answer, 422, "text_too_long", "a post has at most 280 characters");
    } else {
        result = text;
        text = NULL;
    }
out:
    free(text);
    free(target);
    sb_json_destroy(json);
    return result;
}

static uint32_t store_post(struct sb_call *call, char *text, uint32_t reply_to, struct sb_answer *answer)
{
    struct sb_practice_parts *parts = call->parts;
    const uint32_t next = sb_world_post_count(parts->world);
    struct sb_error err = { 0 };
    if (next >= SB_PRACTICE_POSTS_MAX) {
        sb_answer_error(answer, 507, "full", "this world holds no more posts");
        return SB_WORLD_NO_POST;
    }
    if (parts->file &&
        sb_statefile_append(parts->file, parts->world, next, call->account, text, reply_to, call->now_ms, &err) != SB_OK) {
        sb_answer_error(answer, 500, "not_stored", err.text);
        return SB_WORLD_NO_POST;
    }
    return sb_world_add_post(parts->world, call->account, text, reply_to, call->now_ms);
}

void sb_api_create_post(struct sb_call *call, struct sb_answer *answer)
{
    uint32_t reply_to = SB_WORLD_NO_POST;
    if (call->account == SB_WORLD_NO_ACCOUNT) {
        sb_answer_error(answer, 401, "not_logged_in", "log in first");
        return;
    }
    char *text = read_request(call, &reply_to, answer);
    if (!text) {
        return;
    }
    char *copy = call->fault == SB_PRACTICE_FAULT_DUPLICATE ? strdup(text) : NULL;
    const uint32_t index = store_post(call, text, reply_to, answer);
    if (index == SB_WORLD_NO_POST) {
        free(text);
        free(copy);
        return;
    }
    if (copy && store_post(call, copy, reply_to, answer) == SB_WORLD_NO_POST) {
        free(copy);
        return;
    }
    sb_mutex_lock(call->parts->stats_mutex);
    call->parts->stats.posts_created++;
    sb_mutex_unlock(call->parts->stats_mutex);
    const uint32_t told = call->fault == SB_PRACTICE_FAULT_SWAPPED_RESPONSE ? sb_world_other_author(call->parts->world, index) : index;
    struct sb_json_out *out = sb_json_out_create(SB_PRACTICE_BODY_MAX);
    if (out) {
        sb_json_object_begin(out);
        sb_json_key(out, "post");
        add_post(out, call->parts->world, told);
        sb_json_object_end(out);
    }
    sb_answer_json(answer, 201, out);
}

static void add_figure(struct sb_json_out *out, const char *key, uint64_t value)
{
    sb_json_key(out, key);
    sb_json_integer(out, (int64_t)value);
}

static void add_posts(struct sb_json_out *out, const struct sb_world *world, uint32_t account, uint64_t max)
{
    sb_json_key(out, "posts");
    sb_json_array_begin(out);
    for (uint32_t i = sb_world_post_count(world); i-- > 0 && max > 0;) {
        if (sb_world_post(world, i)->author == account) {
            add_post(out, world, i);
            max--;
        }
    }
    sb_json_array_end(out);
}

void sb_api_state(struct sb_call *call, struct sb_answer *answer)
{
    const char *handle = sb_call_query(call, "account"), *limit = sb_call_query(call, "limit");
    uint64_t max = STATE_POSTS_DEFAULT;
    const uint32_t account = sb_world_find_account(handle ? handle : SB_PRACTICE_ACCOUNT);
    if (account == SB_WORLD_NO_ACCOUNT || (limit && !sb_parse_u64(limit, &max))) {
        sb_answer_error(answer, 404, "no_such_account", "?account=HANDLE&limit=NUMBER of newest posts");
        return;
    }
    sb_mutex_lock(call->parts->stats_mutex);
    const struct sb_practice_stats stats = call->parts->stats;
    sb_mutex_unlock(call->parts->stats_mutex);
    struct sb_json_out *out = sb_json_out_create(SB_STATE_BYTES_MAX);
    if (out) {
        sb_json_object_begin(out);
        sb_json_key(out, "account");
        sb_json_string(out, sb_world_account(account)->handle);
        add_figure(out, "seed", sb_world_seed(call->parts->world));
        add_figure(out, "post_count", sb_world_posts_of(call->parts->world, account));
        add_figure(out, "requests", stats.requests);
        add_figure(out, "posts_created", stats.posts_created);
        add_figure(out, "logins", stats.logins);
        add_posts(out, call->parts->world, account, max);
        sb_json_object_end(out);
    }
    sb_answer_json(answer, 200, out);
}
