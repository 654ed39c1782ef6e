/* The interface for programs: HTTP over a Unix socket, read by `signalbox job`, `status` ... and by anybody with curl. docs/API.md is the
 * contract. What it answers comes from the same fold of events as the console's picture, and from the store.
 *
 * The socket is 0600 and serves its owner and root (SO_PEERCRED); a command carries the name of who sent it, as the system knows it. The same
 * without commands on 127.0.0.1 when a port is given.
 *
 * Threads: libmicrohttpd's, one per connection. A request may block for two seconds, an event stream for as long as it is read; none holds a
 * lock of the engine meanwhile. One more, the observer's, folds every event for /metrics and the questions of supervisors, watches the loops of
 * the process and speaks with systemd (docs/OPERATIONS.md). */
#ifndef SIGNALBOX_API_API_H
#define SIGNALBOX_API_API_H

#include "signalbox/model/catalogue.h"
#include "signalbox/ports/cache.h"
#include "signalbox/ports/control.h"
#include "signalbox/ports/ledger.h"
#include "signalbox/ports/lookup.h"
#include "signalbox/ports/node.h"
#include "signalbox/ports/store.h"

#include <stdbool.h>
#include <stdint.h>

struct sb_api;

/* A decision on a content row, by name: approve, reject, settle (`detail`: the post) or edit (`detail`: the text). */
struct sb_api_verdict {
    const char *verdict, *content_id, *detail, *actor;
};
/* Carries it out and says in `err->text`, also on success, what became of it. */
typedef enum sb_err sb_api_judge(const void *arg, const struct sb_api_verdict *verdict, struct sb_error *err);

/* A text that a console shows and that is no event ("content", "config", "kept" of a run), for free(); UNTRUSTED. Any thread, bounded time. */
typedef enum sb_err sb_api_page(const void *arg, const char *name, uint64_t run, char **text, struct sb_error *err);

/* Answers a console's question about the past, as sb_tui_setup.lookup. */
typedef enum sb_err sb_api_lookup(const void *arg, const struct sb_lookup *lookup, const struct sb_op *op, struct sb_findings *findings,
                                  struct sb_error *err);

/* A loop outside the engine that is watched too; as struct sb_loop. */
struct sb_api_loop {
    const char *name;
    sb_ns (*silence)(void *arg);
    void *arg;
};

/* Borrowed until sb_api_close. */
struct sb_api_setup {
    const struct sb_catalogue *catalogue;
    struct sb_store *store;        /* NULL: none of what only the store knows */
    struct sb_control *control;    /* NULL: no runtime; only what the store knows */
    struct sb_ledger *ledger;      /* NULL: no reconciliation */
    struct sb_cache *cache;        /* for the metrics */
    void (*cache_stats)(struct sb_cache *cache, struct sb_cache_stats *stats); /* NULL: none */
    struct sb_node *node;          /* NULL: the store is for one process. With it and without `control` this one waits for its turn */
    void (*look_at_node)(struct sb_node *node, struct sb_node_picture *picture);
    const _Atomic bool *is_reloading; /* set before a drain after which this process begins anew: a supervisor is told RELOADING; NULL = never */
    bool waits_again;              /* when another node takes over, this process does not end: no supervisor is told so */
    sb_api_judge *judge;           /* NULL: no verdicts */
    sb_api_page *page;             /* NULL: no such texts */
    const void *judge_arg;         /* of both */
    sb_api_lookup *lookup;         /* NULL: what the store alone knows */
    const void *lookup_arg;
    const char *socket_path;       /* a stale socket there is replaced: hold the installation's lock */
    uint16_t port;                 /* 0 = no TCP */
    const char *recordings;        /* folder of the flight recorder; NULL: nothing is recorded */
    struct sb_feed *feed;          /* taken: the engine's first feed; NULL = counters begin with the next event */
    const struct sb_api_loop *loops;
    size_t loop_count;
    int ready_fd;                  /* taken: gets the line "ready" and is closed when the start-up verification ends well; 0 = none */
};

enum sb_err sb_api_open(struct sb_api **api, const struct sb_api_setup *setup, struct sb_error *err) SB_MUST_USE;
/* Whether a component that must work at the start does not: then the runtime has been told to drain. */
enum sb_err sb_api_start_failure(struct sb_api *api, struct sb_error *err) SB_MUST_USE;
/* docs/METRICS.md, malloc'ed; NULL when out of memory. */
char *sb_api_metrics_page(void);
/* Ends every connection. Before the engine stops. NULL is fine. */
void sb_api_close(struct sb_api *api);

/* Answers a GET of `target` ("/v1/runs?failed=1") in this process, for commands beside no running runtime. `*body` is for free(). */
enum sb_err sb_api_get(const struct sb_api_setup *setup, const char *target, unsigned *status, char **body, struct sb_error *err) SB_MUST_USE;

/* The other side of GET /v1/lookup: where a question is asked, and its answer read. For consoles elsewhere. */
enum { SB_API_LOOKUP_TARGET_MAX = 512 };
void sb_api_lookup_target(const struct sb_lookup *lookup, char out[SB_API_LOOKUP_TARGET_MAX]);
enum sb_err sb_api_lookup_read(const char *body, size_t size, struct sb_findings *findings, struct sb_error *err) SB_MUST_USE;

/* The whole picture as one document, made of the answers to /v1/status, /v1/jobs and so on: `{"status", "incident", "jobs", "contexts", ...}`. Ages
 * are as of `mono` and `wall`, the time of the picture. For free(). Any thread; the model must not change meanwhile. */
struct sb_model;
enum sb_err sb_api_picture(const struct sb_model *model, sb_ns mono, struct sb_wall wall, char **json, struct sb_error *err) SB_MUST_USE;

/* An address for the socket that fits sockaddr_un, whatever the length of the path: `out` names it through an open folder when it must.
 * `*dir_fd` stays open as long as the address is used (-1 when none is). */
enum { SB_API_ADDRESS_MAX = 108 };
enum sb_err sb_api_address(const char *socket_path, char out[SB_API_ADDRESS_MAX], int *dir_fd, struct sb_error *err) SB_MUST_USE;

#endif
