/* Requests and responses which the browser stops for us: documents of hosts that are not allowed, kinds that are blocked, the captured
 * response, and everything that a page opened by the page asks for. Mostly I/O thread, under the mutex. Whatever is stopped is answered here
 * at once or, for a captured response, when its body has come: a forgotten one would hang the page. */
#include "events.h"
#include "hosts.h"

#include "signalbox/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Their names in the protocol. */
static const char *const resource_types[SB_RESOURCE_COUNT] = {
    [SB_RESOURCE_IMAGE] = "Image",
    [SB_RESOURCE_MEDIA] = "Media",
    [SB_RESOURCE_FONT] = "Font",
};

static void add_responses(json_t *list, const char *url_part)
{
    char escaped[2 * sizeof(((struct sb_capture *)0)->part) + 4];
    struct sb_text text;

    sb_text_init(&text, escaped, sizeof(escaped));
    sb_text_add_char(&text, '*');
    for (const char *at = url_part; *at != '\0'; at++) {
        if (strchr("*?\\", *at) != NULL)
            sb_text_add_char(&text, '\\');
        sb_text_add_char(&text, *at);
    }
    sb_text_add_char(&text, '*');
    (void)json_array_append_new(list, json_pack("{s:s,s:s}", "urlPattern", escaped, "requestStage", "Response"));
}

json_t *sb_context_patterns(const struct sb_context *context, const char *url_part)
{
    json_t *list = json_array();
    size_t wanted = 0;

    if (url_part != NULL) {
        add_responses(list, url_part);
        wanted++;
    }
    if (context->host_count > 0 || context->is_furnished) {
        (void)json_array_append_new(list, json_pack("{s:s,s:s}", "urlPattern", "*", "resourceType", "Document"));
        wanted++;
    }
    for (size_t i = 0; i < SB_RESOURCE_COUNT; i++) {
        if ((context->blocked >> i & 1u) == 0)
            continue;
        (void)json_array_append_new(list, json_pack("{s:s,s:s}", "urlPattern", "*", "resourceType", resource_types[i]));
        wanted++;
    }
    if (json_array_size(list) != wanted) {
        json_decref(list);
        return NULL;
    }
    return json_pack("{s:o}", "patterns", list);
}

/* Frames of other sites have sessions, and so lists, of their own. */
static void tell_frames(struct sb_context *context)
{
    json_t *patterns = sb_context_patterns(context, NULL);
    char *params = patterns != NULL ? json_dumps(patterns, JSON_COMPACT) : NULL;

    for (size_t i = 0; i < SB_FRAMES_MAX && params != NULL && context->cdp != NULL; i++)
        if (context->frames[i][0] != '\0')
            sb_cdp_fire(context->cdp, context->frames[i], "Fetch.enable", params, NULL);
    free(params);
    json_decref(patterns);
}

enum sb_err sb_page_block(struct sb_context *context, uint32_t kinds, const struct sb_op *op, struct sb_error *err)
{
    json_t *patterns = NULL;

    sb_mutex_lock(context->chromium->mutex);
    bool is_same = context->blocked == kinds;
    bool is_armed = context->capture.state != SB_CAPTURE_IDLE;
    context->blocked = kinds;
    if (!is_same) {
        patterns = sb_context_patterns(context, is_armed ? context->capture.part : NULL);
        tell_frames(context);
    }
    sb_mutex_unlock(context->chromium->mutex);
    if (is_same)
        return SB_OK;
    if (patterns == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a list of blocked requests");
    if (json_array_size(json_object_get(patterns, "patterns")) > 0)
        return sb_context_call(context, "Fetch.enable", patterns, op, NULL, err);
    json_decref(patterns);
    return sb_context_call(context, "Fetch.disable", NULL, op, NULL, err);
}

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

static bool is_blocked(const struct sb_context *context, const char *type)
{
    for (size_t i = 0; i < SB_RESOURCE_COUNT; i++)
        if (sb_streq(resource_types[i], type))
            return (context->blocked >> i & 1u) != 0;
    return false;
}

static void furnish(const struct sb_cdp_event *event, const char *request)
{
    char params[SB_CDP_ID_MAX + 128];

    (void)snprintf(params, sizeof(params),
                   "{\"requestId\":\"%s\",\"responseCode\":200,\"responseHeaders\":[{\"name\":\"Content-Type\",\"value\":\"text/html\"}]}",
                   request);
    sb_cdp_fire(event->cdp, event->session, "Fetch.fulfillRequest", params, NULL);
}

/* A document, or something that may be blocked, is about to be asked for. */
static void on_request(const struct sb_cdp_event *event, const char *id)
{
    const char *url = sb_cdp_text(json_object_get(event->params, "request"), "url");
    const char *type = sb_cdp_text(event->params, "resourceType");
    struct sb_context *context = event->context;

    if (is_blocked(context, type)) {
        refuse(event, id);
        return;
    }
    if (context->is_furnished) {
        furnish(event, id);
        return;
    }
    if (!sb_streq(type, "Document") || sb_hosts_allow((const char *const *)context->hosts, context->host_count, url)) {
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
