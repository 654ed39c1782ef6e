/* Cuts a stream of bytes into events. A line or an event that is too long costs itself alone: it is passed over up to its end and counted.
 * `id` and `retry` are not used: a broken connection begins with a description, not where it was. Pure. */
#include "sse.h"

#include <string.h>

static void end_event(struct sse *sse, sse_take *take, void *arg)
{
    if (sse->is_spoilt)
        sse->dropped++;
    else if (sse->has_data)
        take(arg, sse->name[0] != '\0' ? sse->name : "message", sse->data, sse->data_size);
    sse->name[0] = '\0';
    sse->data_size = 0;
    sse->has_data = sse->is_spoilt = false;
}

static void set_name(struct sse *sse, const char *value, size_t size)
{
    if (size >= sizeof(sse->name) || memchr(value, '\0', size) != NULL) {
        sse->is_spoilt = true;
        return;
    }
    memcpy(sse->name, value, size);
    sse->name[size] = '\0';
}

static void add_data(struct sse *sse, const char *value, size_t size)
{
    const size_t joint = sse->has_data ? 1 : 0; /* several data lines are one text with line breaks */
    if (joint + size > sizeof(sse->data) - sse->data_size) {
        sse->is_spoilt = true;
        return;
    }
    if (joint > 0)
        sse->data[sse->data_size++] = '\n';
    memcpy(sse->data + sse->data_size, value, size);
    sse->data_size += size;
    sse->has_data = true;
}

static bool is_field(const char *line, size_t size, const char *name)
{
    return size == strlen(name) && memcmp(line, name, size) == 0;
}

static void end_line(struct sse *sse, sse_take *take, void *arg)
{
    const char *line = sse->line;
    const size_t size = sse->line_size;
    sse->line_size = 0;
    if (sse->has_line_overflown) {
        sse->has_line_overflown = false;
        sse->is_spoilt = true;
        return;
    }
    if (size == 0) {
        end_event(sse, take, arg);
        return;
    }
    const char *colon = memchr(line, ':', size);
    const size_t field = colon != NULL ? (size_t)(colon - line) : size;
    const char *value = colon != NULL ? colon + 1 : line + size;
    size_t value_size = colon != NULL ? size - field - 1 : 0;
    if (value_size > 0 && value[0] == ' ') {
        value++;
        value_size--;
    }
    if (is_field(line, field, "event"))
        set_name(sse, value, value_size);
    else if (is_field(line, field, "data"))
        add_data(sse, value, value_size);
}

void sse_feed(struct sse *sse, const char *bytes, size_t count, sse_take *take, void *arg)
{
    for (size_t i = 0; i < count; i++) {
        const char c = bytes[i];
        const bool is_second = c == '\n' && sse->was_cr; /* of "\r\n", which is one end of line */
        sse->was_cr = c == '\r';
        if (is_second)
            continue;
        if (c == '\n' || c == '\r')
            end_line(sse, take, arg);
        else if (sse->line_size < sizeof(sse->line))
            sse->line[sse->line_size++] = c;
        else
            sse->has_line_overflown = true;
    }
}
