/* A runtime in another process, reached over its Unix socket (docs/API.md): a console's source of events, and single questions.
 *
 * The source keeps a connection for the event stream and makes another for each command. When the connection ends it is made anew, after
 * 250 ms, 500 ms ... 5 s, for as long as the source is open; each one begins with a description of everything, so a runtime that was
 * restarted is simply another description. What the runtime says is read as untrusted: lines of bounded size, values in range or none.
 *
 * Threads: two of its own, which read and which send. The console's thread waits for neither. */
#ifndef SIGNALBOX_ATTACH_ATTACH_H
#define SIGNALBOX_ATTACH_ATTACH_H

#include "signalbox/ports/op.h"
#include "signalbox/ports/source.h"

struct sb_attach_setup {
    const char *socket_path; /* copied */
    bool is_viewer;          /* never asks to write */
};
/* Does not wait for the connection. Closing gives commands that were taken a second to be sent. */
enum sb_err sb_attach_open(struct sb_source **source, const struct sb_attach_setup *setup, struct sb_error *err) SB_MUST_USE;

/* By which number the runtime knows this console; for the member "console" of what is sent besides. */
uint64_t sb_attach_console(const struct sb_source *source);

struct sb_attach_reply {
    unsigned status;
    char *body;      /* NUL-terminated, for free(); untrusted */
    size_t size;
};
/* One request on a connection of its own. Any status is SB_OK; an answer above `max` bytes is SB_ERR_TOO_LARGE. `body` NULL = none. Any thread. */
enum sb_err sb_attach_ask(const char *socket_path, const char *method, const char *target, const char *body, size_t max, const struct sb_op *op,
                          struct sb_attach_reply *reply, struct sb_error *err) SB_MUST_USE;
/* The words of an answer that says no ("error.message"), or its status. Cut to `cap`. */
void sb_attach_words(const struct sb_attach_reply *reply, char *out, size_t cap);

#endif
