/* One request and its answer, as the handlers see them. Private to the room; libmicrohttpd stays in server.c. */
#ifndef SIGNALBOX_API_CALL_H
#define SIGNALBOX_API_CALL_H

#include "signalbox/api/api.h"
#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"
#include "signalbox/tui/model.h"

enum { BODY_MAX = 65536, ANSWER_MAX = 32 << 20, EVENTS_AT_ONCE = 64 };

struct call {
    const struct sb_api_setup *setup;
    const char *target;     /* path and query, as sent */
    const char *argument;   /* what the route's pattern left open: a name, an id; "" */
    const char *body;       /* NUL-terminated */
    size_t body_size;
    const char *actor;      /* user name of the other side */
    int64_t peer;           /* its process; 0 = not known */
    const char *accept;     /* the header of that name; "" */
    struct observer *observer; /* NULL beside no running runtime */
    struct sb_op op;
};

/* Starts as all zero. */
struct answer {
    unsigned status;
    const char *type;       /* NULL = application/json */
    char *body;             /* malloc'ed */
    bool is_stream;         /* events follow; see events.c */
};

typedef void handler(const struct call *call, struct answer *answer);

struct route {
    const char *method, *path;
    handler *handle;
    bool needs_runtime;
    const char *help;
};
/* NULL when none fits; `*is_path_known`: only the method does not. */
const struct route *route_find(const char *method, const char *target, char *argument, size_t argument_cap, bool *is_path_known);
/* Calls the handler, or answers why not. */
void route_answer(const char *method, struct call *call, struct answer *answer);
/* The decoded value of a query parameter; false when absent or too long. */
bool call_query(const struct call *call, const char *name, char *out, size_t cap);
int64_t call_query_number(const struct call *call, const char *name, int64_t otherwise);

/* nodes.c: what a node that waits answers to a path that needs a runtime; false when this is none. */
bool standby_answer(const struct call *call, const char *path, struct answer *answer);

/* Takes the text and destroys `out`, which may be NULL: then, or when the text grew too large, the answer is 500. */
void answer_json(struct answer *answer, unsigned status, struct sb_json_out *out);
/* {"error":{"code":"not_found","message":"..."}} */
void answer_error(struct answer *answer, unsigned status, const char *code, const char *message);
/* The status that fits the error, and its text. */
void answer_failure(struct answer *answer, const struct sb_error *err);

/* The model as it is now: a feed's description of everything, folded. The caller destroys it. */
enum sb_err picture_take(struct sb_control *control, const struct sb_op *op, struct sb_model **model, struct sb_error *err);
/* consoles.c: what an event stream is opened with that is a console's; false when it is none. */
struct console_wish {
    uint64_t id;
    bool wants_to_write;
    char name[SB_NAME_MAX];
};
bool console_wish(const struct call *call, struct console_wish *wish);
/* Whether what was sent may be done: by a program, or by the console that writes. */
enum sb_err console_check(const struct call *call, const struct sb_json *json, struct sb_error *err);

/* A document made of that picture. */
typedef void document(const struct sb_model *model, struct sb_json_out *out);
void answer_with(const struct call *call, struct answer *answer, document *write);
/* A feed whose description has been read away: what comes next happens after this call. */
enum sb_err picture_feed(struct sb_control *control, const struct sb_op *op, struct sb_feed **feed, struct sb_error *err);

/* The time a document is of: now, unless document.c writes one of an earlier picture. */
sb_ns picture_now(void);
struct sb_wall picture_wall(void);
/* The documents that need nothing but a picture; parts of an open object: a job as it is, the budget's figures. */
document document_status, document_contexts, document_components, document_alerts, document_notifications;
void put_live(const struct sb_model *model, uint16_t id, struct sb_json_out *out);
void put_figures(const struct sb_model *model, struct sb_json_out *out);

/* ready: all that is used works; degraded: something does not, and nothing required; not_ready: something required does not, or is not known. */
const char *picture_verdict(const struct sb_model *model);
/* A component whose first check has not ended, or NULL. */
const char *picture_unchecked(const struct sb_model *model);

#define X(method, path, function, needs_runtime, help) handler handle_##function;
#include "routes.def"
#undef X

/* "key": value, for documents. */
void put_text(struct sb_json_out *out, const char *key, const char *value); /* NULL = null */
void put_number(struct sb_json_out *out, const char *key, int64_t value);
void put_flag(struct sb_json_out *out, const char *key, bool value);
void put_wall(struct sb_json_out *out, const char *key, struct sb_wall wall); /* milliseconds since 1970; null for 0 */
void put_usd(struct sb_json_out *out, const char *key, struct sb_usd usd);    /* dollars as a decimal string would be: 1.234567 */
void put_cell(struct sb_json_out *out, const char *key, const struct sb_cell *cell);
/* "key": [{...}] of a query; an empty list when it fails, which `err` tells. `key` NULL: the array alone. */
enum sb_err put_rows(struct sb_json_out *out, const char *key, struct sb_store *store, const char *sql, const struct sb_cell *params,
                     size_t param_count, const struct sb_op *op, struct sb_error *err);

/* seat.c: {"writes", "writer", "consoles", "node", "nodes"}. */
enum { SEAT_MAX = 1024 };
struct sb_seat;
struct seat_node {
    char name[SB_NODE_NAME_MAX]; /* "" = the store is for one process */
    uint32_t count;              /* nodes alive */
};
/* Zeroed with its padding: equal ones have equal bytes. */
void seat_node(const struct sb_api_setup *setup, struct seat_node *out);
void seat_write(const struct sb_seat *seat, const struct seat_node *node, char *out, size_t cap);

/* An event stream: what handle_events starts. `read` is called by one thread until `close`.
 * `console` NULL: it is no console's. */
struct stream;
struct stream *stream_open(const struct call *call, const char *last_event_id, bool has_heartbeat, const struct console_wish *console, int stop_fd,
                           struct sb_error *err);
/* Waits for events and gives their text; 0 when the stream is over. */
size_t stream_read(struct stream *stream, char *out, size_t cap);
/* It ends with the description: what comes afterwards was not asked for. */
void stream_end_described(struct stream *stream);
void stream_close(struct stream *stream);

#endif
