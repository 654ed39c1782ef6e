/* Which handler answers what. Private to practice. */
#ifndef SIGNALBOX_PRACTICE_ROUTES_H
#define SIGNALBOX_PRACTICE_ROUTES_H

#include "call.h"

struct sb_route {
    const char *method;  /* GET also serves HEAD */
    const char *path;    /* exact, or with a * at the end for one more path segment */
    uint8_t target;      /* enum sb_practice_target, or SB_PRACTICE_TARGET_COUNT: no fault hits it */
    bool needs_session;
    sb_handler *handler;
};

/* NULL when there is none; `*argument` points to what the * stood for, or to "". `*is_path_known`: another method would do. */
const struct sb_route *sb_route_find(const char *method, const char *path, const char **argument, bool *is_path_known);
/* What a fault answers in place of the handler; false when the fault is the handler's or the connection's business. */
bool sb_route_fail(const struct sb_route *route, const struct sb_call *call, struct sb_answer *answer);

#endif
