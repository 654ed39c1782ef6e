/* Sends commands one after the other. The outcome comes as an event; what ends without one is a failure. The speaker's thread. */
#include "parts.h"

#include "signalbox/codec/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPLY_MAX = 65536 };
static const sb_ns answer_time = SB_S(5);

/* A command that the core refused is answered by an event too; "done" tells it from what never reached the core. */
static bool has_outcome(const struct sb_remote_reply *reply)
{
    struct sb_json *json = NULL;
    struct sb_error unread = { 0 };
    const bool has_any = sb_json_parse(&json, reply->body, reply->size, &unread) == SB_OK && sb_json_type(json, "done") == SB_JSON_BOOL;
    sb_json_destroy(json);
    return has_any;
}

static void carry_out(struct remote *remote, const struct errand *errand)
{
    char target[64] = "/v1/commands", words[SB_NOTE_MAX] = "", text[SB_NOTE_MAX + 32];
    struct sb_remote_reply reply = { 0 };
    struct sb_error err = { 0 };
    const struct sb_op op = { .deadline = sb_now() + answer_time, .cancel = remote->stop_speaking };
    if (errand->id == 0)
        (void)snprintf(target, sizeof(target), "/v1/consoles/%llu", (unsigned long long)remote->console);
    enum sb_err rc = sb_remote_ask(remote->socket_path, "POST", target, errand->body, REPLY_MAX, &op, &reply, &err);
    if (rc == SB_OK && has_outcome(&reply)) {
        free(reply.body);
        return;
    }
    if (rc == SB_OK)
        sb_remote_words(&reply, words, sizeof(words));
    (void)snprintf(text, sizeof(text), rc == SB_OK ? "%s" : "no answer: %s; whether it was done is not known", rc == SB_OK ? words : err.text);
    remote_fail(remote, errand->id, text);
    free(reply.body);
}

void remote_speak(void *arg)
{
    struct remote *remote = arg;
    sb_mutex_lock(remote->mutex);
    for (;;) {
        while (remote->errand_count == 0 && !remote->is_closing)
            (void)sb_cond_wait(remote->errand, remote->mutex, SB_NEVER);
        if (remote->errand_count == 0 || sb_cancel_is_asked(remote->stop_speaking))
            break;
        const struct errand errand = remote->errands[0];
        remote->errand_count--;
        memmove(remote->errands, remote->errands + 1, remote->errand_count * sizeof(remote->errands[0]));
        sb_mutex_unlock(remote->mutex);
        carry_out(remote, &errand);
        free(errand.body);
        sb_mutex_lock(remote->mutex);
    }
    remote->has_spoken = true;
    sb_cond_broadcast(remote->spoken);
    sb_mutex_unlock(remote->mutex);
}
