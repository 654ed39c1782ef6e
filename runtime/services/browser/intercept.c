/* Requests and responses which the browser stops for us: documents of hosts that are not allowed, the captured response, and everything that
 * a page opened by the page asks for. I/O thread, under the mutex. Whatever is stopped is answered here at once or, for a captured response,
 * when its body has come: a forgotten one would hang the page. */
#include "events.h"
#include "hosts.h"

#include "signalbox/base/text.h"

#include <stdio.h>
#include <string.h>

static void let_go(const struct sb_cdp_event *event, const char *request)
{
    char params[SB_CDP_ID_MAX + 32];

    (void)snprintf(params, sizeof(params), "{\"requestId\":\"%s\"}", request);
    sb_cdp_fire(event->cdp, event->session, "Fetch.continueRequest", params, NULL);
}

static void refuse(const struct sb_cdp_event *event, const char *request)
{
    char params[SB_CDP_ID_MAX + 64];

    (void)snprintf(params, sizeof(params), "{\"requestId\":\"%s\",\"errorReason\":\"BlockedByClient\"}", request);
    sb_cdp_fire(event->cdp, event->session, "Fetch.failRequest", params, NULL);
}

static bool is_wanted(const struct sb_capture *capture, const json_t *request, int status)
{
    /* Preflights have the same address but are the browser's own; redirects have no body, and their target answers. */
    return capture->state == SB_CAPTURE_ARMED && strstr(sb_cdp_text(request, "url"), capture->part) != NULL &&
           !sb_streq(sb_cdp_text(request, "method"), "OPTIONS") && (status < 300 || status > 399 || status == 304);
}

/* A response has come and the page has not seen it yet. The captured one is let go when its body is here: a page that moves on at once, as
 * they do after such a response, would make the browser forget the body. */
static void on_response(const struct sb_cdp_event *event, const char *id)
{
    struct sb_capture *capture = &event->context->capture;
    int status = (int)json_integer_value(json_object_get(event->params, "responseStatusCode"));
    char params[SB_CDP_ID_MAX + 32];

    if (!is_wanted(capture, json_object_get(event->params, "request"), status)) {
        let_go(event, id);
        return;
    }
    if (status == 0) {
        capture->state = SB_CAPTURE_FAILED;
        (void)sb_copy(capture->failure, sizeof(capture->failure), sb_cdp_text(event->params, "responseErrorReason"));
        let_go(event, id);
    } else {
        capture->state = SB_CAPTURE_SEEN;
        capture->status = status;
        (void)sb_copy(capture->request, sizeof(capture->request), id);
        capture->call = (struct sb_call){ .wake_fd = event->context->wake_fd, .context = event->context, .is_capture = true };
        (void)snprintf(params, sizeof(params), "{\"requestId\":\"%s\"}", id);
        sb_cdp_fire(event->cdp, event->session, "Fetch.getResponseBody", params, &capture->call);
    }
    sb_wake_post(event->context->wake_fd);
}

/* A document is about to be asked for. */
static void on_request(const struct sb_cdp_event *event, const char *id)
{
    const char *url = sb_cdp_text(json_object_get(event->params, "request"), "url");
    struct sb_context *context = event->context;

    if (sb_hosts_allow((const char *const *)context->hosts, context->host_count, url)) {
        let_go(event, id);
        return;
    }
    (void)sb_copy(context->frame.refused, sizeof(context->frame.refused), url);
    refuse(event, id);
}

void sb_cdp_on_request_paused(const struct sb_cdp_event *event)
{
    char id[SB_CDP_ID_MAX];

    if (event->context == NULL || !sb_cdp_id_copy(id, sb_cdp_text(event->params, "requestId")))
        return;
    if (event->popup != NULL) {
        refuse(event, id);
        sb_cdp_close_popup(event->cdp, event->popup);
        return;
    }
    if (json_object_get(event->params, "responseStatusCode") != NULL || json_object_get(event->params, "responseErrorReason") != NULL)
        on_response(event, id);
    else
        on_request(event, id);
}
