/* One HTTP request over a Unix socket and its answer, piece by piece. Private to this room. */
#ifndef SIGNALBOX_ATTACH_WIRE_H
#define SIGNALBOX_ATTACH_WIRE_H

#include "signalbox/base/err.h"
#include "signalbox/ports/op.h"

#include <stddef.h>

enum { WIRE_HEAD_MAX = 16384 };

/* Owns the descriptor. Close with wire_close; all zero but `fd` -1 is fine. */
struct wire {
    int fd;
    unsigned status;
    bool was_sent;              /* the request left: whether it was obeyed is not known when no answer comes */
    char bytes[WIRE_HEAD_MAX];  /* read and not given out: from .. to */
    size_t from, to;
};

/* Connects, sends the request and reads the answer's head. On failure the wire is closed; `was_sent` tells. */
enum sb_err wire_open(struct wire *wire, const char *socket_path, const char *method, const char *target, const char *body,
                      const struct sb_op *op, struct sb_error *err) SB_MUST_USE;
/* The next piece of the body, valid until the next call; `*count` 0 = it has ended. */
enum sb_err wire_read(struct wire *wire, const char **piece, size_t *count, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;
void wire_close(struct wire *wire);

#endif
