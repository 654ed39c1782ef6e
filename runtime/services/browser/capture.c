/* The response of a request which the page itself makes: armed before the action that causes it, taken afterwards. Runs on the thread that
 * uses the context; the I/O thread recognises the response, holds it back from the page, fetches its body and lets it go (events.c).
 *
 *   idle --capture--> armed --response matches--> seen (the call is for the body) --receive--> idle
 *                        \-----request failed----> failed --receive--> idle
 *
 * What a service worker of the page answers by itself is not seen. */
#include "chromium.h"
#include "values.h"

#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>

enum sb_err sb_page_capture(struct sb_context *context, const char *url_part, const struct sb_op *op, struct sb_error *err)
{
    struct sb_capture *capture = &context->capture;
    json_t *params;

    if (url_part[0] == '\0' || strlen(url_part) >= sizeof(capture->part))
        return sb_error_set(err, SB_ERR_INVALID, "capture: the part of the address must have 1 to %zu bytes", sizeof(capture->part) - 1);
    sb_mutex_lock(context->chromium->mutex);
    params = sb_context_patterns(context, url_part);
    sb_mutex_unlock(context->chromium->mutex);
    if (params == NULL)
        return sb_error_set(err, SB_ERR_INVALID, "capture: the part of the address is not valid UTF-8, or memory ended");
    /* Idle first: while the old call is dropped, the I/O thread must not begin another in its place. */
    sb_mutex_lock(context->chromium->mutex);
    capture->state = SB_CAPTURE_IDLE;
    sb_mutex_unlock(context->chromium->mutex);
    sb_call_drop(&capture->call);
    enum sb_err rc = sb_context_call(context, "Fetch.enable", params, op, NULL, err);
    if (rc != SB_OK) {
        (void)sb_error_wrap(err, "capture %.120s", url_part);
        return rc;
    }
    sb_mutex_lock(context->chromium->mutex);
    (void)sb_copy(capture->part, sizeof(capture->part), url_part);
    capture->state = SB_CAPTURE_ARMED;
    capture->status = 0;
    sb_mutex_unlock(context->chromium->mutex);
    return SB_OK;
}

/* Until the body is there. The call for it is not given up at the end of the op: the response would be lost, and a later receive can have it. */
static enum sb_err await_response(struct sb_context *context, const struct sb_op *op, struct sb_error *err)
{
    struct sb_capture *capture = &context->capture;

    for (;;) {
        enum sb_err rc = SB_OK;
        sb_mutex_lock(context->chromium->mutex);
        enum sb_capture_state state = capture->state;
        bool is_here = state == SB_CAPTURE_SEEN && capture->call.is_done;
        if (state == SB_CAPTURE_IDLE)
            rc = sb_error_set(err, SB_ERR_INVALID, "receive: nothing was armed; capture comes first");
        if (state == SB_CAPTURE_FAILED)
            rc = sb_error_set(err, SB_ERR_UNAVAILABLE, "receive %.120s: the request failed: %s", capture->part, capture->failure);
        sb_mutex_unlock(context->chromium->mutex);
        if (rc != SB_OK || is_here)
            return rc;
        rc = sb_context_wait_news(context, op, err);
        if (rc != SB_OK) {
            (void)sb_error_wrap(err, "receive %.120s on %.100s: %s", capture->part, context->url,
                                state == SB_CAPTURE_ARMED ? "no such response" : "the response did not end");
            return rc;
        }
    }
}

static enum sb_err read_body(const struct sb_capture *capture, const json_t *result, char **body, struct sb_error *err)
{
    const json_t *text = json_object_get(result, "body");
    size_t size = json_string_length(text);
    char *bytes = NULL;

    if (!json_is_string(text))
        return sb_error_set(err, SB_ERR_PROTOCOL, "receive %.120s: the browser gave no body", capture->part);
    if (json_is_true(json_object_get(result, "base64Encoded"))) {
        bytes = (char *)sb_page_base64(json_string_value(text), size, &size);
    } else if (size <= SB_BODY_MAX) {
        bytes = malloc(size + 1);
        if (bytes != NULL)
            memcpy(bytes, json_string_value(text), size + 1);
    }
    if (size > SB_BODY_MAX) {
        free(bytes);
        return sb_error_set(err, SB_ERR_TOO_LARGE, "receive %.120s: the body has %zu bytes, at most %d are taken", capture->part, size, SB_BODY_MAX);
    }
    if (bytes == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "receive %.120s: no memory, or the body is damaged", capture->part);
    *body = bytes;
    return SB_OK;
}

enum sb_err sb_page_receive(struct sb_context *context, const struct sb_op *op, int *status, char **body, struct sb_error *err)
{
    struct sb_capture *capture = &context->capture;
    json_t *result = NULL;
    char *bytes = NULL;

    enum sb_err rc = await_response(context, op, err);
    if (rc == SB_ERR_TIMEOUT || rc == SB_ERR_CANCELLED || rc == SB_ERR_GONE || rc == SB_ERR_INVALID)
        return rc; /* still armed: the response may come yet */
    if (rc == SB_OK) {
        rc = sb_call_end(&capture->call, op, &result, err);
        if (rc == SB_OK)
            rc = read_body(capture, result, &bytes, err);
        else
            (void)sb_error_wrap(err, "receive %.120s", capture->part);
    }
    sb_mutex_lock(context->chromium->mutex);
    int seen = capture->status;
    capture->state = SB_CAPTURE_IDLE;
    sb_mutex_unlock(context->chromium->mutex);
    json_decref(result);
    if (rc != SB_OK)
        return rc;
    *status = seen;
    *body = bytes;
    return SB_OK;
}
