/* What the stores have in common besides the queue and the fold. Private to this room. */
#ifndef SIGNALBOX_STORE_SHARED_H
#define SIGNALBOX_STORE_SHARED_H

#include "signalbox/ports/node.h"
#include "signalbox/ports/store.h"

/* One kind of database: a row of backends.def. */
struct sb_backend {
    const char *const *prefixes; /* of its locations, NULL-terminated */
    enum sb_err (*open)(struct sb_store **store, const char *location, struct sb_error *err);
    enum sb_err (*open_as)(struct sb_store **store, const char *location, struct sb_node *node, struct sb_error *err); /* NULL: one process only */
    enum sb_err (*view)(struct sb_store **store, const char *location, struct sb_error *err);
    /* See the port; `out` has room for SB_LOCATION_SHOWN_MAX. */
    enum sb_err (*check_location)(const char *location, struct sb_error *err);
    void (*show_location)(const char *location, char *out);
    enum sb_err (*backup)(const char *location, const char *path, const struct sb_op *op, struct sb_error *err);
};

/* store.c: operations that are made of query and write. */
enum sb_err sb_store_check_rows(struct sb_store *store, const struct sb_op *op, struct sb_error *err);
enum sb_err sb_store_look(struct sb_store *store, const struct sb_op *op, struct sb_error *err);
enum sb_err sb_store_prune_rows(struct sb_store *store, struct sb_wall before, const struct sb_op *op, int64_t *deleted, struct sb_error *err);

/* store.c: the operations of a store that was opened for looking only. */
enum sb_err sb_viewer_write(struct sb_store *store, const struct sb_statement *statements, size_t count, int64_t *changed,
                            const struct sb_op *op, struct sb_error *err);
enum sb_err sb_viewer_append(struct sb_store *store, const struct sb_event *events, size_t count, struct sb_error *err);
enum sb_err sb_viewer_restore(struct sb_store *store, void *arg, uint16_t (*job_of)(void *arg, const char *name),
                              void (*emit)(void *arg, const struct sb_input *input), struct sb_error *err);
enum sb_err sb_viewer_prune(struct sb_store *store, struct sb_wall before, const struct sb_op *op, int64_t *deleted, struct sb_error *err);

/* backup.c: an empty file beside `path`, for its owner only, which becomes `path` when all went well (forced to disk) and is removed when it did
 * not; `code` is how it went, and is returned then. An existing `path` is never touched: SB_ERR_EXISTS. */
enum sb_err sb_backup_begin(const char *path, char *part, size_t cap, struct sb_error *err) SB_MUST_USE;
enum sb_err sb_backup_end(const char *path, const char *part, enum sb_err code, struct sb_error *err) SB_MUST_USE;

/* restore.c: through the port alone. */
enum sb_err sb_restore(struct sb_store *store, void *arg, uint16_t (*job_of)(void *arg, const char *name),
                       void (*emit)(void *arg, const struct sb_input *input), struct sb_error *err);

/* migrate.c: brings a schema to this program's; refuses a newer or altered one. `shown` is the location as errors name it. Nobody else
 * may migrate meanwhile: the database's half has seen to that. */
struct sb_migrating {
    void *arg;
    const char *shown;
    const char *begin; /* the statement that opens a transaction */
    const char *move_away; /* what to do with a store of another build, as part of a sentence */
    enum sb_err (*exec)(void *arg, const char *sql, const struct sb_cell *params, size_t count, struct sb_error *err);
    /* First cell of the first row, "" when there is none. */
    enum sb_err (*text)(void *arg, const char *sql, char *out, size_t cap, struct sb_error *err);
};
enum sb_err sb_migrate(const struct sb_migrating *migrating, struct sb_error *err) SB_MUST_USE;

#endif
