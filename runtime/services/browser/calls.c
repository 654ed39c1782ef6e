/* Commands to the browser and the table of those under way. Any thread.
 *
 *   begun --reply--> done --end--> over          A call is in `cdp->calls` exactly from begin until it is done or dropped, so a
 *     |                              ^           reply that comes later finds nobody and is thrown away.
 *     +--timeout, cancel, drop-------+
 *     +--page or browser lost--> done (code is not OK)
 *
 * Nothing here waits under the mutex. */
#include "chromium.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Appends one command to the bytes on their way. False when the browser has not read for so long that there is no room. */
static bool queue(struct sb_cdp *cdp, uint64_t id, const char *session, const char *method, const char *params)
{
    char head[192], tail[SB_CDP_ID_MAX + 24];
    int head_size = snprintf(head, sizeof(head), "{\"id\":%llu,\"method\":\"%s\",\"params\":", (unsigned long long)id, method);
    int tail_size = session != NULL && session[0] != '\0' ? snprintf(tail, sizeof(tail), ",\"sessionId\":\"%s\"}", session)
                                                           : snprintf(tail, sizeof(tail), "}");
    SB_ASSERT(head_size > 0 && (size_t)head_size < sizeof(head) && tail_size > 0 && (size_t)tail_size < sizeof(tail));
    const struct sb_slice parts[] = { { head, (size_t)head_size }, { params, strlen(params) }, { tail, (size_t)tail_size + 1 } };

    size_t size = 0;
    for (size_t i = 0; i < SB_LEN(parts); i++)
        size += parts[i].size;
    if (size > SB_CDP_OUT_MAX - cdp->out_len)
        return false;
    if (cdp->out_start + cdp->out_len + size > SB_CDP_OUT_MAX) {
        memmove(cdp->out, cdp->out + cdp->out_start, cdp->out_len);
        cdp->out_start = 0;
    }
    for (size_t i = 0; i < SB_LEN(parts); i++) {
        memcpy(cdp->out + cdp->out_start + cdp->out_len, parts[i].at, parts[i].size);
        cdp->out_len += parts[i].size;
    }
    cdp->chromium->stats.commands++;
    sb_cdp_flush(cdp);
    return true;
}

static void enlist(struct sb_call *call, struct sb_cdp *cdp)
{
    call->cdp = cdp;
    call->next = cdp->calls;
    cdp->calls = call;
}

/* True when it was in the table. */
static bool delist(struct sb_call *call)
{
    if (call->cdp == NULL)
        return false;
    for (struct sb_call **at = &call->cdp->calls; *at != NULL; at = &(*at)->next) {
        if (*at == call) {
            *at = call->next;
            call->cdp = NULL;
            return true;
        }
    }
    SB_ASSERT(false && "a registered call is in the table");
    return false;
}

static void finish(struct sb_call *call, enum sb_err code, const char *reason)
{
    call->is_done = true;
    call->code = code;
    if (reason != NULL)
        (void)sb_copy(call->reason, sizeof(call->reason), reason);
    sb_wake_post(call->wake_fd);
}

static enum sb_err begin_locked(struct sb_call *call, struct sb_cdp *cdp, const char *params, struct sb_error *err)
{
    const struct sb_context *context = call->context;

    if (context != NULL && context->is_gone)
        return sb_error_set(err, SB_ERR_GONE, "%s: %s", call->method, context->reason);
    if (context != NULL)
        cdp = context->cdp;
    else if (cdp == NULL)
        cdp = call->chromium->cdp;
    if (cdp == NULL || cdp->is_dead)
        return sb_error_set(err, SB_ERR_GONE, "%s: %s", call->method, cdp != NULL ? cdp->reason : "the browser is not running any more");
    if (!queue(cdp, call->id, context != NULL && !call->is_for_browser ? context->session : NULL, call->method, params))
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "%s: the browser has stopped reading commands (%d bytes wait, command has %zu)",
                            call->method, (int)cdp->out_len, strlen(params));
    enlist(call, cdp);
    return SB_OK;
}

enum sb_err sb_call_begin(struct sb_call *call, struct sb_chromium *chromium, struct sb_cdp *cdp, struct sb_context *context,
                          const char *method, json_t *params, struct sb_error *err)
{
    char *text = params != NULL ? json_dumps(params, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

    call->cdp = NULL;
    call->chromium = chromium;
    call->context = context;
    call->is_done = call->is_error = false;
    call->code = SB_OK;
    call->body = NULL;
    call->body_size = 0;
    call->method = method;
    call->id = atomic_fetch_add(&chromium->next_id, 1);
    if (params != NULL) {
        json_decref(params);
        if (text == NULL)
            return sb_error_set(err, SB_ERR_INVALID, "%s: the command cannot be written as JSON", method);
    }
    sb_mutex_lock(chromium->mutex);
    enum sb_err rc = begin_locked(call, cdp, text != NULL ? text : "{}", err);
    sb_mutex_unlock(chromium->mutex);
    free(text);
    return rc;
}

/* Under the mutex: the page gets the response whose body this call was for. */
static void release_response(struct sb_cdp *cdp, const struct sb_call *call)
{
    char params[SB_CDP_ID_MAX + 32];

    if (!call->is_capture || call->context->is_gone)
        return;
    (void)snprintf(params, sizeof(params), "{\"requestId\":\"%s\"}", call->context->capture.request);
    sb_cdp_fire(cdp, call->context->session, "Fetch.continueRequest", params, NULL);
}

void sb_call_drop(struct sb_call *call)
{
    struct sb_chromium *chromium = call->chromium;

    if (chromium == NULL)
        return;
    sb_mutex_lock(chromium->mutex);
    struct sb_cdp *cdp = call->cdp;
    if (delist(call)) {
        if (call->context != NULL)
            call->context->has_unanswered = true;
        release_response(cdp, call);
        /* The context will be made although nobody waits: its id comes with the late reply, and it is disposed then. */
        if (call->makes_context && cdp->orphan_count < SB_CDP_ORPHANS_MAX)
            cdp->orphans[cdp->orphan_count++] = call->id;
    }
    char *body = call->body;
    call->body = NULL;
    sb_mutex_unlock(chromium->mutex);
    free(body);
}

/* Replies which say that the document the command was meant for is not there any more. */
static bool is_document_change(const char *message)
{
    static const char *const texts[] = {
        "Execution context was destroyed", "Cannot find context with specified id", "Cannot find default execution context",
        "Inspected target navigated or closed", "Promise was collected",
    };

    for (size_t i = 0; i < SB_LEN(texts); i++)
        if (strstr(message, texts[i]) != NULL)
            return true;
    return false;
}

static enum sb_err read_error(const struct sb_call *call, const json_t *body, struct sb_error *err)
{
    const char *message = sb_cdp_text(body, "message");

    if (is_document_change(message))
        return sb_error_set(err, SB_ERR_CONFLICT, "%s: the document changed (%s)", call->method, message);
    if (strstr(message, "Session with given id not found") != NULL)
        return sb_error_set(err, SB_ERR_GONE, "%s: the page is gone", call->method);
    return sb_error_set(err, SB_ERR_PROTOCOL, "%s: the browser refused: %.200s", call->method, message);
}

static enum sb_err read_reply(const struct sb_call *call, json_t **result, struct sb_error *err)
{
    json_error_t where;

    if (call->code != SB_OK)
        return sb_error_set(err, call->code, "%s: %s", call->method, call->reason);
    if (!call->is_error && result == NULL)
        return SB_OK;
    json_t *body = json_loadb(call->body, call->body_size, JSON_ALLOW_NUL, &where);
    if (body == NULL)
        return sb_error_set(err, SB_ERR_PROTOCOL, "%s: the browser's answer is not valid JSON (%s)", call->method, where.text);
    if (call->is_error) {
        enum sb_err rc = read_error(call, body, err);
        json_decref(body);
        return rc;
    }
    *result = body;
    return SB_OK;
}

enum sb_err sb_call_end(struct sb_call *call, const struct sb_op *op, json_t **result, struct sb_error *err)
{
    struct sb_chromium *chromium = call->chromium;
    enum sb_err rc = SB_OK;
    size_t ready;

    for (;;) {
        /* Cleared before the look: news that comes after the look makes the descriptor readable again. */
        sb_wake_clear(call->wake_fd);
        sb_mutex_lock(chromium->mutex);
        bool is_done = call->is_done;
        sb_mutex_unlock(chromium->mutex);
        if (is_done) {
            rc = SB_OK; /* a reply that came together with the deadline counts: it may name something that must be cleaned up */
            break;
        }
        if (rc != SB_OK)
            break;
        rc = sb_poll_readable(&call->wake_fd, 1, op, &ready, err);
    }
    if (rc == SB_OK)
        rc = read_reply(call, result, err);
    else
        (void)sb_error_wrap(err, "%s", call->method);
    sb_call_drop(call);
    return rc;
}

enum sb_err sb_context_call(struct sb_context *context, const char *method, json_t *params, const struct sb_op *op, json_t **result,
                            struct sb_error *err)
{
    struct sb_call call = { .wake_fd = context->wake_fd };
    enum sb_err rc = sb_call_begin(&call, context->chromium, NULL, context, method, params, err);

    return rc == SB_OK ? sb_call_end(&call, op, result, err) : rc;
}

enum sb_err sb_browser_call(struct sb_chromium *chromium, struct sb_cdp *cdp, const char *method, json_t *params, const struct sb_op *op,
                            json_t **result, struct sb_error *err)
{
    struct sb_call call = { .wake_fd = -1 };
    enum sb_err rc = sb_wake_open(&call.wake_fd, err);

    if (rc != SB_OK) {
        json_decref(params);
        return rc;
    }
    rc = sb_call_begin(&call, chromium, cdp, NULL, method, params, err);
    if (rc == SB_OK)
        rc = sb_call_end(&call, op, result, err);
    sb_fd_close(&call.wake_fd);
    return rc;
}

/* ---- under the mutex ---- */

void sb_calls_fail(struct sb_cdp *cdp, const struct sb_context *context, enum sb_err code, const char *reason)
{
    struct sb_call *call = cdp->calls;

    while (call != NULL) {
        struct sb_call *next = call->next;
        if (context == NULL || call->context == context) {
            (void)delist(call);
            finish(call, code, reason);
        }
        call = next;
    }
}

bool sb_call_complete(struct sb_cdp *cdp, uint64_t id, bool is_error, char *body, size_t size)
{
    for (struct sb_call *call = cdp->calls; call != NULL; call = call->next) {
        if (call->id != id)
            continue;
        (void)delist(call);
        call->is_error = is_error;
        call->body = body;
        call->body_size = size;
        finish(call, SB_OK, NULL);
        release_response(cdp, call);
        return true;
    }
    return false;
}

void sb_cdp_fire(struct sb_cdp *cdp, const char *session, const char *method, const char *params, struct sb_call *call)
{
    uint64_t id = atomic_fetch_add(&cdp->chromium->next_id, 1);
    bool is_sent = !cdp->is_dead && queue(cdp, id, session, method, params);

    if (call == NULL)
        return; /* a browser that does not take a courtesy command is found out by the next one that matters */
    call->chromium = cdp->chromium;
    call->id = id;
    call->method = method;
    if (is_sent)
        enlist(call, cdp);
    else
        finish(call, SB_ERR_UNAVAILABLE, "the browser has stopped reading commands");
}
