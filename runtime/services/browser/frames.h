/* Messages of the DevTools protocol as they come through a pipe: JSON texts, each ended by a NUL byte. Cuts the stream into messages
 * and reads the outermost level of one message, without copying and without parsing what is inside. Pure but for its buffer. */
#ifndef SIGNALBOX_BROWSER_FRAMES_H
#define SIGNALBOX_BROWSER_FRAMES_H

#include "signalbox/base/err.h"

#include <stdint.h>

struct sb_frames {
    char *buf;
    size_t start, len, cap; /* unread bytes are buf[start .. start+len) */
    size_t scanned;         /* of these, so many hold no NUL */
    size_t max;             /* bytes of one message */
};

void sb_frames_init(struct sb_frames *frames, size_t max);
void sb_frames_deinit(struct sb_frames *frames);
/* Room to read into: *at and *size (at least 1) stay valid until the next call on `frames`. SB_ERR_TOO_LARGE when the message under way
 * has reached `max`. */
enum sb_err sb_frames_reserve(struct sb_frames *frames, char **at, size_t *size, struct sb_error *err) SB_MUST_USE;
/* `size` bytes have been written to where reserve pointed. */
void sb_frames_commit(struct sb_frames *frames, size_t size);
/* The next whole message, NUL-terminated, borrowed until the next reserve. False when none is complete. */
bool sb_frames_next(struct sb_frames *frames, const char **message, size_t *size);

struct sb_slice {
    const char *at;
    size_t size;
};

enum sb_message_kind {
    SB_MESSAGE_REPLY, /* has an id, and a result or an error */
    SB_MESSAGE_EVENT, /* has a method and no id */
    SB_MESSAGE_BAD,   /* anything else */
};

struct sb_message {
    enum sb_message_kind kind;
    bool is_error;          /* a reply whose body is the error object */
    uint64_t id;
    struct sb_slice method; /* events; without quotes and free of escapes */
    struct sb_slice session;/* empty for the browser itself */
    struct sb_slice body;   /* params, result or error as JSON text; not validated inside. May be empty */
};

/* Slices point into `text`. A message is bad when its outermost level is not the one JSON object that the protocol allows. */
enum sb_message_kind sb_message_read(const char *text, size_t size, struct sb_message *message);

bool sb_slice_is(struct sb_slice slice, const char *text);

#endif
