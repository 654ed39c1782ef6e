/* Events of the browser, as their handlers see them. I/O thread, under the mutex. */
#ifndef SIGNALBOX_BROWSER_EVENTS_H
#define SIGNALBOX_BROWSER_EVENTS_H

#include "chromium.h"

struct sb_cdp_event {
    struct sb_cdp *cdp;
    struct sb_context *context; /* of the session; NULL for the browser's own events */
    struct sb_popup *popup;     /* the session is one of a page which the page opened */
    bool is_frame;              /* the session is one of a frame inside the page */
    const char *session;
    const json_t *params;       /* NULL when they are not valid JSON */
};

/* intercept.c: a request or response is stopped until we say what becomes of it. */
void sb_cdp_on_request_paused(const struct sb_cdp_event *event);
/* events.c: closes a page which the page opened. */
void sb_cdp_close_popup(struct sb_cdp *cdp, struct sb_popup *popup);

#endif
