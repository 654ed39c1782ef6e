/* Server-sent events from bytes as they come (WHATWG HTML, "Interpreting an event stream"). Pure; private to this room. */
#ifndef SIGNALBOX_ATTACH_SSE_H
#define SIGNALBOX_ATTACH_SSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SSE_LINE_MAX = 8192, SSE_NAME_MAX = 40 };

/* Starts as all zero. */
struct sse {
    char line[SSE_LINE_MAX];
    size_t line_size;
    bool has_line_overflown, was_cr;
    char name[SSE_NAME_MAX]; /* of the event being read; "" = none was given */
    char data[SSE_LINE_MAX];
    size_t data_size;
    bool has_data, is_spoilt; /* spoilt: something of it did not fit */
    uint64_t dropped;         /* events that were passed over for their size */
};

/* An event: its name, and its data (not NUL-terminated). */
typedef void sse_take(void *arg, const char *name, const char *data, size_t size);
/* Calls `take` for each event that is complete. What comes after the last empty line waits for more. */
void sse_feed(struct sse *sse, const char *bytes, size_t count, sse_take *take, void *arg);

#endif
