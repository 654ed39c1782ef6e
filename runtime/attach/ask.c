/* Single questions: the whole answer of one request. Any thread. */
#include "signalbox/attach/attach.h"

#include "wire.h"

#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum sb_err collect(struct wire *wire, size_t max, const struct sb_op *op, struct sb_attach_reply *reply, struct sb_error *err)
{
    for (;;) {
        const char *piece = NULL;
        size_t count = 0;
        enum sb_err rc = wire_read(wire, &piece, &count, op, err);
        if (rc != SB_OK)
            return rc;
        if (count == 0)
            return SB_OK;
        if (count > max - reply->size)
            return sb_error_set(err, SB_ERR_TOO_LARGE, "the answer has more than %zu bytes", max);
        char *body = realloc(reply->body, reply->size + count + 1);
        if (body == NULL)
            return sb_error_set(err, SB_ERR_NOMEM, "no memory for the answer");
        memcpy(body + reply->size, piece, count);
        reply->body = body;
        reply->size += count;
        body[reply->size] = '\0';
    }
}

enum sb_err sb_attach_ask(const char *socket_path, const char *method, const char *target, const char *body, size_t max, const struct sb_op *op,
                          struct sb_attach_reply *reply, struct sb_error *err)
{
    struct wire wire;
    struct sb_attach_reply fresh = { .body = calloc(1, 1) };
    if (fresh.body == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the answer");
    enum sb_err rc = wire_open(&wire, socket_path, method, target, body, op, err);
    if (rc == SB_OK) {
        fresh.status = wire.status;
        rc = collect(&wire, max, op, &fresh, err);
        wire_close(&wire);
    }
    if (rc == SB_OK)
        *reply = fresh;
    else
        free(fresh.body);
    return rc;
}

void sb_attach_words(const struct sb_attach_reply *reply, char *out, size_t cap)
{
    struct sb_json *json = NULL;
    struct sb_error unread = { 0 };
    char *words = NULL;
    if (sb_json_parse(&json, reply->body, reply->size, &unread) == SB_OK)
        words = sb_json_text(json, "error.message");
    if (words != NULL)
        (void)sb_copy(out, cap, words);
    else
        (void)snprintf(out, cap, "the runtime answers %u", reply->status);
    free(words);
    sb_json_destroy(json);
}
