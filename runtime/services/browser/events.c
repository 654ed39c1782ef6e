/* What the browser tells on its own, and the replies it gives: runs on the I/O thread of a connection, which must never wait for anybody.
 * Parsing is done before the mutex is taken; under it only fields change and ready-made commands are queued. */
#include "events.h"

#include "signalbox/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *sb_cdp_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

bool sb_cdp_id_copy(char id[static SB_CDP_ID_MAX], const char *text)
{
    size_t length = strlen(text);

    if (length == 0 || length >= SB_CDP_ID_MAX)
        return false;
    /* Ids go back into commands as they are: only what needs no escaping passes. */
    for (size_t i = 0; i < length; i++)
        if (text[i] < '!' || text[i] > '~' || text[i] == '"' || text[i] == '\\')
            return false;
    return sb_copy(id, SB_CDP_ID_MAX, text);
}

void sb_context_lose(struct sb_context *context, enum sb_err code, const char *reason)
{
    if (context->is_gone)
        return;
    context->is_gone = true;
    (void)sb_copy(context->reason, sizeof(context->reason), reason);
    if (context->cdp != NULL)
        sb_calls_fail(context->cdp, context, code, reason);
    if (context->wake_fd >= 0)
        sb_wake_post(context->wake_fd);
}

/* The place of a frame's session in the context, or of a free one for "". NULL when there is none. */
static char *find_frame(struct sb_context *context, const char *session)
{
    for (size_t i = 0; i < SB_FRAMES_MAX; i++)
        if (sb_streq(context->frames[i], session))
            return context->frames[i];
    return NULL;
}

/* The same for pages which the page opened. */
static struct sb_popup *find_popup(struct sb_context *context, const char *session)
{
    for (size_t i = 0; i < SB_POPUPS_MAX; i++)
        if (sb_streq(context->popups[i].session, session))
            return &context->popups[i];
    return NULL;
}

/* Fills in whose the session is. */
static void find_session(struct sb_cdp *cdp, const char *session, struct sb_cdp_event *event)
{
    if (session[0] == '\0')
        return;
    for (struct sb_context *context = cdp->chromium->contexts; context != NULL; context = context->next) {
        if (context->cdp != cdp || context->is_gone)
            continue;
        event->is_frame = find_frame(context, session) != NULL;
        event->popup = find_popup(context, session);
        if (event->is_frame || event->popup != NULL || sb_streq(context->session, session)) {
            event->context = context;
            return;
        }
    }
}

static struct sb_context *find_browser_context(struct sb_cdp *cdp, const char *id)
{
    for (struct sb_context *context = cdp->chromium->contexts; context != NULL; context = context->next)
        if (context->cdp == cdp && context->id[0] != '\0' && sb_streq(context->id, id))
            return context;
    return NULL;
}

/* ---- targets: under the mutex, as everything below ---- */

/* Frames of other sites get processes and sessions of their own; the list of hosts holds for their documents too. Beyond the bound a frame
 * stays stopped: a page with so many is not worth an unguarded one. */
static void guard_frame(struct sb_context *context, const char *session)
{
    char *place = find_frame(context, "");
    json_t *patterns = sb_context_patterns(context, NULL);
    char *params = patterns != NULL ? json_dumps(patterns, JSON_COMPACT) : NULL;

    json_decref(patterns);
    if (place == NULL) {
        free(params);
        return;
    }
    (void)sb_copy(place, SB_CDP_ID_MAX, session);
    sb_cdp_fire(context->cdp, session, "Fetch.enable", params != NULL ? params : SB_DOCUMENTS_ONLY, NULL);
    free(params);
    sb_cdp_fire(context->cdp, session, "Target.setAutoAttach", SB_FRAMES_ATTACH, NULL);
    sb_cdp_fire(context->cdp, session, "Runtime.runIfWaitingForDebugger", "{}", NULL);
}

void sb_cdp_close_popup(struct sb_cdp *cdp, struct sb_popup *popup)
{
    char params[SB_CDP_ID_MAX + 32];

    (void)snprintf(params, sizeof(params), "{\"targetId\":\"%s\"}", popup->target);
    sb_cdp_fire(cdp, NULL, "Target.closeTarget", params, NULL);
    popup->session[0] = '\0';
}

/* A page which the page opened. While it waits for us its opener is stopped too, and closing alone would not wake that; and when it is closed
 * with a request on its way, the request goes out. So it is let run with its requests stopped, the first one is refused, and then it is
 * closed. One without an address asks for nothing and is closed at once. */
static void admit_popup(struct sb_cdp *cdp, struct sb_context *context, const char *session, const char *target)
{
    struct sb_popup extra, *popup = context != NULL && !context->opens_blank ? find_popup(context, "") : NULL;
    bool is_kept = popup != NULL;

    if (!is_kept)
        popup = &extra;
    (void)sb_copy(popup->session, sizeof(popup->session), session);
    (void)sb_copy(popup->target, sizeof(popup->target), target);
    sb_cdp_fire(cdp, session, "Fetch.enable", "{}", NULL);
    sb_cdp_fire(cdp, session, "Runtime.runIfWaitingForDebugger", "{}", NULL);
    if (!is_kept)
        sb_cdp_close_popup(cdp, popup);
}

/* Comes before the new page itself. */
static void on_window_open(const struct sb_cdp_event *event)
{
    const char *url = sb_cdp_text(event->params, "url");

    if (event->context != NULL)
        event->context->opens_blank = url[0] == '\0' || sb_streq(url, "about:blank");
}

/* Every new page waits for us before it does anything. The first one of a context is the one which open() asked for; every other was opened
 * by the page. */
static void on_attached(const struct sb_cdp_event *event)
{
    const json_t *info = json_object_get(event->params, "targetInfo");
    char session[SB_CDP_ID_MAX], target[SB_CDP_ID_MAX];

    if (!sb_cdp_id_copy(session, sb_cdp_text(event->params, "sessionId")) || !sb_cdp_id_copy(target, sb_cdp_text(info, "targetId")))
        return;
    if (event->context != NULL) {
        guard_frame(event->context, session);
        return;
    }
    struct sb_context *context = find_browser_context(event->cdp, sb_cdp_text(info, "browserContextId"));
    if (context != NULL && context->session[0] == '\0') {
        (void)sb_copy(context->session, sizeof(context->session), session);
        (void)sb_copy(context->target, sizeof(context->target), target);
        sb_wake_post(context->wake_fd);
    } else {
        admit_popup(event->cdp, context, session, target);
    }
}

static void on_detached(const struct sb_cdp_event *event)
{
    const char *session = sb_cdp_text(event->params, "sessionId");
    struct sb_cdp_event whose = { 0 };

    find_session(event->cdp, session, &whose);
    if (whose.is_frame)
        find_frame(whose.context, session)[0] = '\0';
    else if (whose.popup != NULL)
        whose.popup->session[0] = '\0';
    else if (whose.context != NULL)
        sb_context_lose(whose.context, SB_ERR_GONE, "the page was closed");
}

static void on_crashed(const struct sb_cdp_event *event)
{
    if (event->context != NULL && !event->is_frame && event->popup == NULL)
        sb_context_lose(event->context, SB_ERR_GONE, "the page crashed; close the context and open a new one");
}

static void on_dialog(const struct sb_cdp_event *event)
{
    /* A dialog stops the page until it is answered. Leaving a page is allowed, everything else is declined. */
    bool is_leaving = sb_streq(sb_cdp_text(event->params, "type"), "beforeunload");

    sb_cdp_fire(event->cdp, event->session, "Page.handleJavaScriptDialog", is_leaving ? "{\"accept\":true}" : "{\"accept\":false}", NULL);
}

/* ---- the main frame's life ---- */

static bool is_main_frame(const struct sb_cdp_event *event, const char *frame)
{
    return event->context != NULL && !event->is_frame && event->popup == NULL && sb_streq(frame, event->context->target);
}

static void on_navigation_started(const struct sb_cdp_event *event)
{
    const char *type = sb_cdp_text(event->params, "navigationType");
    struct sb_frame_state *frame;

    if (!is_main_frame(event, sb_cdp_text(event->params, "frameId")) || sb_streq(type, "sameDocument"))
        return;
    frame = &event->context->frame;
    /* Begun by the document before: that of the newest navigation was not there yet. */
    if (frame->newest[0] != '\0' && !sb_streq(frame->newest, frame->committed))
        (void)sb_copy(frame->lost[frame->lost_count++ % SB_LOST_MAX], SB_CDP_ID_MAX, frame->newest);
    if (!sb_cdp_id_copy(frame->newest, sb_cdp_text(event->params, "loaderId")))
        return;
    frame->is_stopped = frame->is_redirect_due = false;
    sb_wake_post(event->context->wake_fd);
}

static void on_lifecycle(const struct sb_cdp_event *event)
{
    const char *name = sb_cdp_text(event->params, "name");
    const char *loader = sb_cdp_text(event->params, "loaderId");
    struct sb_frame_state *frame;

    if (!is_main_frame(event, sb_cdp_text(event->params, "frameId")))
        return;
    frame = &event->context->frame;
    if (sb_streq(name, "init") && sb_cdp_id_copy(frame->committed, loader)) {
        frame->is_stopped = false;
        /* A document whose start was not announced is the newest all the same. */
        if (frame->newest[0] == '\0')
            (void)sb_copy(frame->newest, sizeof(frame->newest), frame->committed);
    } else if (sb_streq(name, "load") && sb_cdp_id_copy(frame->loaded, loader)) {
        sb_wake_post(event->context->wake_fd);
    }
}

/* "I will go elsewhere": a script, a meta element or a header. What is to happen later than in a second is not waited for. */
static void on_navigation_due(const struct sb_cdp_event *event)
{
    const json_t *delay = json_object_get(event->params, "delay");
    const char *disposition = sb_cdp_text(event->params, "disposition");

    if (!is_main_frame(event, sb_cdp_text(event->params, "frameId")) || json_number_value(delay) > 1.0)
        return;
    if (disposition[0] != '\0' && !sb_streq(disposition, "currentTab"))
        return;
    event->context->frame.is_redirect_due = true;
}

static void on_stopped_loading(const struct sb_cdp_event *event)
{
    if (!is_main_frame(event, sb_cdp_text(event->params, "frameId")))
        return;
    event->context->frame.is_stopped = true; /* what it means, navigate.c decides */
    sb_wake_post(event->context->wake_fd);
}

/* ---- what the page says, when somebody collects it ---- */

/* One argument of console.log as text: the value of simple ones, else what the browser calls it. */
static const char *argument_text(const json_t *argument, char *number, size_t cap)
{
    const json_t *value = json_object_get(argument, "value");

    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_integer(value))
        (void)snprintf(number, cap, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        (void)snprintf(number, cap, "%g", json_real_value(value));
    else if (json_is_boolean(value))
        return json_is_true(value) ? "true" : "false";
    else if (sb_cdp_text(argument, "description")[0] != '\0')
        return sb_cdp_text(argument, "description");
    else
        return sb_cdp_text(argument, "type");
    return number;
}

static void on_console_call(const struct sb_cdp_event *event)
{
    const json_t *argument, *arguments = json_object_get(event->params, "args");
    char said[512], number[32];
    struct sb_text text;
    size_t i;

    if (event->context == NULL || event->context->console == NULL)
        return;
    sb_text_init(&text, said, sizeof(said));
    json_array_foreach(arguments, i, argument)
    {
        sb_text_add(&text, i > 0 ? " " : "");
        sb_text_add(&text, argument_text(argument, number, sizeof(number)));
    }
    sb_console_add(event->context, "console", sb_cdp_text(event->params, "type"), said, "");
}

static void on_exception(const struct sb_cdp_event *event)
{
    const json_t *details = json_object_get(event->params, "exceptionDetails");
    const char *text = sb_cdp_text(json_object_get(details, "exception"), "description");

    if (event->context != NULL)
        sb_console_add(event->context, "script", "error", text[0] != '\0' ? text : sb_cdp_text(details, "text"), sb_cdp_text(details, "url"));
}

static void on_log_entry(const struct sb_cdp_event *event)
{
    const json_t *entry = json_object_get(event->params, "entry");

    if (event->context != NULL)
        sb_console_add(event->context, sb_cdp_text(entry, "source"), sb_cdp_text(entry, "level"), sb_cdp_text(entry, "text"),
                       sb_cdp_text(entry, "url"));
}

/* ---- dispatch ---- */

static const struct {
    const char *method;
    void (*handle)(const struct sb_cdp_event *event);
} handlers[] = {
    { "Page.lifecycleEvent", on_lifecycle },
    { "Page.frameStartedNavigating", on_navigation_started },
    { "Page.frameRequestedNavigation", on_navigation_due },
    { "Page.frameScheduledNavigation", on_navigation_due },
    { "Page.frameStoppedLoading", on_stopped_loading },
    { "Page.javascriptDialogOpening", on_dialog },
    { "Page.windowOpen", on_window_open },
    { "Fetch.requestPaused", sb_cdp_on_request_paused },
    { "Target.attachedToTarget", on_attached },
    { "Target.detachedFromTarget", on_detached },
    { "Inspector.targetCrashed", on_crashed },
    { "Runtime.consoleAPICalled", on_console_call },
    { "Runtime.exceptionThrown", on_exception },
    { "Log.entryAdded", on_log_entry },
};

static void dispatch(struct sb_cdp *cdp, const struct sb_message *message, void (*handle)(const struct sb_cdp_event *event))
{
    json_error_t where;
    char session[SB_CDP_ID_MAX];
    json_t *params = message->body.size > 0 ? json_loadb(message->body.at, message->body.size, JSON_ALLOW_NUL, &where) : NULL;

    session[0] = '\0';
    if (message->session.size > 0)
        (void)sb_copy_n(session, sizeof(session), message->session.at, message->session.size);
    sb_mutex_lock(cdp->chromium->mutex);
    struct sb_cdp_event event = { .cdp = cdp, .session = session, .params = params };
    find_session(cdp, session, &event);
    /* A session which nobody knows any more has nothing to say. */
    if (event.context != NULL || session[0] == '\0')
        handle(&event);
    sb_mutex_unlock(cdp->chromium->mutex);
    json_decref(params);
}

static bool is_orphan(struct sb_cdp *cdp, uint64_t id)
{
    for (size_t i = 0; i < cdp->orphan_count; i++) {
        if (cdp->orphans[i] == id) {
            cdp->orphans[i] = cdp->orphans[--cdp->orphan_count];
            return true;
        }
    }
    return false;
}

static void dispose_orphan(struct sb_cdp *cdp, const char *body, size_t size)
{
    char id[SB_CDP_ID_MAX], params[SB_CDP_ID_MAX + 32];
    json_error_t where;
    json_t *result = json_loadb(body, size, 0, &where);

    if (sb_cdp_id_copy(id, sb_cdp_text(result, "browserContextId"))) {
        (void)snprintf(params, sizeof(params), "{\"browserContextId\":\"%s\"}", id);
        sb_mutex_lock(cdp->chromium->mutex);
        sb_cdp_fire(cdp, NULL, "Target.disposeBrowserContext", params, NULL);
        sb_mutex_unlock(cdp->chromium->mutex);
    }
    json_decref(result);
}

static void on_reply(struct sb_cdp *cdp, const struct sb_message *message)
{
    size_t size = message->body.size;
    char *body = malloc(size + 1);

    /* Without memory the waiter gets an empty answer, which is an error, at once instead of waiting for its deadline. */
    if (body == NULL)
        size = 0;
    else
        memcpy(body, message->body.at, size);
    sb_mutex_lock(cdp->chromium->mutex);
    bool is_taken = sb_call_complete(cdp, message->id, message->is_error, body, size);
    bool is_late_context = !is_taken && is_orphan(cdp, message->id);
    sb_mutex_unlock(cdp->chromium->mutex);
    if (is_taken)
        return;
    if (is_late_context && body != NULL && !message->is_error)
        dispose_orphan(cdp, body, size);
    free(body);
}

void sb_cdp_on_message(struct sb_cdp *cdp, const char *text, size_t size)
{
    struct sb_message message;

    switch (sb_message_read(text, size, &message)) {
    case SB_MESSAGE_REPLY:
        on_reply(cdp, &message);
        break;
    case SB_MESSAGE_EVENT:
        for (size_t i = 0; i < SB_LEN(handlers); i++)
            if (sb_slice_is(message.method, handlers[i].method))
                dispatch(cdp, &message, handlers[i].handle);
        break;
    case SB_MESSAGE_BAD:
        sb_log(SB_LOG_WARN, "browser", "a message of the browser was not understood (%zu bytes)", size);
        break;
    }
}
