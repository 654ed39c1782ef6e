/* Sends commands one after the other. The outcome comes as an event; what ends without one is a failure. The speaker's thread. */
#include "parts.h"

#include "signalbox/codec/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPLY_MAX = 65536 };
static const sb_ns answer_time = SB_S(5);

/* A command that the core refused is answered by an event too; "done" tells it from what never reached the core. */
static bool has_outcome(const struct sb_attach_reply *reply)
{
    struct sb_json *json = NULL;
    struct sb_error unread = { 0 };
    const bool has_any = sb_json_parse(&json, reply->body, reply->size, &unread) == SB_OK && sb_json_type(json, "done") == SB_JSON_BOOL;
    sb_json_destroy(json);
    return has_any;
}

static void carry_out(struct attached *attached, const struct errand *errand)
{
    char target[64] = "/v1/commands", words[SB_NOTE_MAX] = "", text[SB_NOTE_MAX + 32];
    struct sb_attach_reply reply = { 0 };
    struct sb_error err = { 0 };
    const struct sb_op op = { .deadline = sb_now() + answer_time, .cancel = attached->stop_speaking };
    if (errand->id == 0)
        (void)snprintf(target, sizeof(target), "/v1/consoles/%llu", (unsigned long long)attached->console);
    enum sb_err rc = sb_attach_ask(attached->socket_path, "POST", target, errand->body, REPLY_MAX, &op, &reply, &err);
    if (rc == SB_OK && has_outcome(&reply)) {
        free(reply.body);
        return;
    }
    if (rc == SB_OK)
        sb_attach_words(&reply, words, sizeof(words));
    (void)snprintf(text, sizeof(text), rc == SB_OK ? "%s" : "no answer: %s; whether it was done is not known", rc == SB_OK ? words : err.text);
    attached_fail(attached, errand->id, text);
    free(reply.body);
}

void attached_speak(void *arg)
{
    struct attached *attached = arg;
    sb_mutex_lock(attached->mutex);
    for (;;) {
        while (attached->errand_count == 0 && !attached->is_closing)
            (void)sb_cond_wait(attached->errand, attached->mutex, SB_NEVER);
        if (attached->errand_count == 0 || sb_cancel_is_asked(attached->stop_speaking))
            break;
        const struct errand errand = attached->errands[0];
        attached->errand_count--;
        memmove(attached->errands, attached->errands + 1, attached->errand_count * sizeof(attached->errands[0]));
        sb_mutex_unlock(attached->mutex);
        carry_out(attached, &errand);
        free(errand.body);
        sb_mutex_lock(attached->mutex);
    }
    attached->has_spoken = true;
    sb_cond_broadcast(attached->spoken);
    sb_mutex_unlock(attached->mutex);
}
