/* The store on PostgreSQL: opening and closing. The thread that opens is the thread that closes. */
#include "postgres_node.h"

#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>

/* A server that has just been started says so and is waited for. */
static const sb_ns start_patience = SB_S(30);

/* Everything; the writer thread has ended or never began. */
static void free_parts(struct sb_postgres *self)
{
    if (self->seats.mutex)
        sb_pg_readers_close(self);
    sb_pg_disconnect(&self->writer);
    sb_queue_deinit(&self->queue);
    sb_fold_destroy(self->fold);
    sb_pg_rows_deinit(&self->rows);
    sb_seats_deinit(&self->seats);
    sb_pg_canceller_deinit(&self->canceller);
    sb_pg_target_deinit(&self->target);
    free(self);
}

static void postgres_close(struct sb_store *store)
{
    if (!store)
        return;
    struct sb_postgres *self = sb_postgres_of(store);
    (void)sb_queue_stop(&self->queue); /* it has told what could not be written */
    free_parts(self);
}

static enum sb_err append(struct sb_store *store, const struct sb_event *events, size_t count, struct sb_error *err)
{
    return sb_queue_append(&sb_postgres_of(store)->queue, events, count, err);
}

static enum sb_err write_all(struct sb_store *store, const struct sb_statement *statements, size_t count, int64_t *changed,
                             const struct sb_op *op, struct sb_error *err)
{
    return sb_queue_write(&sb_postgres_of(store)->queue, statements, count, changed, op, err);
}

static void set_callbacks(struct sb_store *store, void *arg, void (*on_durable)(void *arg, uint64_t seq),
                          void (*on_failure)(void *arg, const struct sb_error *error))
{
    sb_queue_set_callbacks(&sb_postgres_of(store)->queue, arg, on_durable, on_failure);
}

static enum sb_err prune(struct sb_store *store, struct sb_wall before, const struct sb_op *op, int64_t *deleted, struct sb_error *err)
{
    int64_t count = 0;
    enum sb_err code = sb_store_prune_rows(store, before, op, &count, err); /* the server's autovacuum does the rest */
    if (!code)
        *deleted = count;
    return code;
}

static void stats(struct sb_store *store, struct sb_store_stats *out)
{
    sb_queue_stats(&sb_postgres_of(store)->queue, out);
    sb_seats_stats(&sb_postgres_of(store)->seats, out);
}

static const struct sb_store_ops postgres_ops = {
    .name = "postgresql",
    .close = postgres_close,
    .query = sb_pg_query,
    .write = write_all,
    .append = append,
    .set_callbacks = set_callbacks,
    .restore = sb_restore,
    .check = sb_store_check_rows,
    .prune = prune,
    .stats = stats,
};

/* --- opening, under the advisory lock ------------------------------------------------------------------------------------------ */

static const struct sb_op forever = { .deadline = SB_NEVER };

static enum sb_err migrate_exec(void *arg, const char *sql, const struct sb_cell *params, size_t count, struct sb_error *err)
{
    struct sb_postgres *self = arg;
    return sb_pg_ask(&self->writer, sql, params, count, &forever, NULL, err);
}

static enum sb_err migrate_text(void *arg, const char *sql, char *out, size_t cap, struct sb_error *err)
{
    struct sb_postgres *self = arg;
    PGresult *rows = NULL;
    enum sb_err code = sb_pg_ask(&self->writer, sql, NULL, 0, &forever, &rows, err);
    if (code)
        return code;
    (void)sb_copy(out, cap, PQntuples(rows) > 0 ? PQgetvalue(rows, 0, 0) : "");
    PQclear(rows);
    return SB_OK;
}

/* A schema that others use is left alone. */
static enum sb_err check_owner(struct sb_postgres *self, struct sb_error *err)
{
    char found[80];
    enum sb_err code = migrate_text(self, "SELECT 1 WHERE to_regclass('schema_migrations') IS NOT NULL", found, sizeof found, err);
    if (code || found[0])
        return code;
    code = migrate_text(self, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1 LIMIT 1", found, sizeof found, err);
    if (!code && found[0])
        code = sb_error_set(err, SB_ERR_CONFIG, "store %s has tables of another program (%s): name another database, or another schema with "
                            "?options=-csearch_path%%3DSCHEMA", self->target.shown, found);
    return code;
}

static enum sb_err migrate(struct sb_postgres *self, struct sb_error *err)
{
    const struct sb_migrating migrating = { .arg = self, .shown = self->target.shown, .begin = "BEGIN", .move_away = "name another database",
                                            .exec = migrate_exec, .text = migrate_text };
    enum sb_err code = check_owner(self, err);
    if (!code) /* a large table may take its time */
        code = migrate_exec(self, "SELECT set_config('statement_timeout', '0', false)", NULL, 0, err);
    if (!code)
        code = sb_migrate(&migrating, err);
    if (!code)
        code = migrate_exec(self, "SELECT set_config('statement_timeout', '60000', false)", NULL, 0, err);
    if (code == SB_ERR_PERMISSION && err)
        (void)sb_error_wrap(err, "store %s: the role must own the schema (ALTER SCHEMA ... OWNER TO ...)", self->target.shown);
    return code;
}

static enum sb_err load_numbers(struct sb_postgres *self, struct sb_error *err)
{
    PGresult *rows = NULL;
    enum sb_err code = sb_pg_ask(&self->writer, "SELECT key, value FROM meta", NULL, 0, &forever, &rows, err);
    for (int row = 0; row < PQntuples(rows); row++) {
        for (unsigned i = 0; i < SB_FOLD_NUMBER_COUNT; i++) {
            int64_t value;
            if (sb_streq(PQgetvalue(rows, row, 0), sb_fold_number_keys[i]) && sb_parse_i64(PQgetvalue(rows, row, 1), &value))
                sb_fold_number_set(self->fold, (enum sb_fold_number)i, (uint64_t)value);
        }
    }
    PQclear(rows);
    return code;
}

/* While the server is starting up or shutting down (57P03) it is asked again. */
static enum sb_err connect_patiently(struct sb_postgres *self, struct sb_error *err)
{
    const struct sb_op op = { .deadline = sb_now() + start_patience };
    struct sb_error why = { 0 };
    for (;;) {
        enum sb_err code = sb_pg_gate_check(&self->writer_gate, NULL) ? SB_ERR_UNAVAILABLE : sb_pg_writer_open(self, &op, &why);
        bool is_starting = code == SB_ERR_UNAVAILABLE && (strstr(why.text, "starting up") || strstr(why.text, "shutting down"));
        if (!is_starting || sb_now() >= op.deadline) {
            if (code && err)
                *err = why;
            return code;
        }
        if (sb_now() >= self->writer_gate.until)
            sb_pg_gate_failed(&self->writer_gate, &why);
        sb_mutex_lock(self->seats.mutex); /* nobody else has the store yet: only the clock ends this */
        (void)sb_cond_wait(self->seats.freed, self->seats.mutex, self->writer_gate.until);
        sb_mutex_unlock(self->seats.mutex);
    }
}

static enum sb_err open_writer(struct sb_postgres *self, struct sb_error *err)
{
    enum sb_err code = sb_random(&self->boot, sizeof self->boot, err);
    if (!code)
        code = connect_patiently(self, err);
    if (!code)
        code = migrate(self, err);
    return code ? code : load_numbers(self, err);
}

static enum sb_err create(struct sb_postgres **made, const struct sb_store_ops *ops, const char *location, struct sb_error *err)
{
    struct sb_postgres *self = calloc(1, sizeof *self);
    if (!self)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a store");
    self->store.ops = ops;
    bool has_seats = false;
    enum sb_err code = sb_pg_target_init(&self->target, location, err);
    if (!code) {
        has_seats = sb_seats_init(&self->seats, SB_PG_READERS_MAX);
        self->fold = sb_fold_create();
        self->writer.canceller = &self->canceller;
        for (size_t i = 0; i < SB_PG_READERS_MAX; i++)
            self->readers[i].canceller = &self->canceller;
        code = sb_queue_init(&self->queue, &sb_pg_writer, self, err);
    }
    if (!code)
        code = sb_pg_canceller_init(&self->canceller, &self->target, err);
    if (!code && (!has_seats || !self->fold))
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for a store");
    if (code)
        free_parts(self);
    else
        *made = self;
    return code;
}

static enum sb_err postgres_open_as(struct sb_store **store, const char *location, struct sb_node *node, struct sb_error *err)
{
    struct sb_postgres *self = NULL;
    enum sb_err code = create(&self, &postgres_ops, location, err);
    if (code)
        return code;
    self->node = node;
    code = open_writer(self, err);
    if (!code && node)
        code = sb_node_adopt(node, &self->writer, err);
    if (!code)
        code = sb_queue_start(&self->queue, err);
    if (code)
        free_parts(self);
    else
        *store = &self->store;
    return code;
}

static enum sb_err postgres_open(struct sb_store **store, const char *location, struct sb_error *err)
{
    return postgres_open_as(store, location, NULL, err);
}

/* --- a viewer: readers only, beside a running program ------------------------------------------------------------------------ */

static void viewer_close(struct sb_store *store)
{
    if (store)
        free_parts(sb_postgres_of(store));
}

static const struct sb_store_ops viewer_ops = {
    .name = "postgresql, read-only",
    .close = viewer_close,
    .query = sb_pg_query,
    .write = sb_viewer_write,
    .append = sb_viewer_append,
    .set_callbacks = set_callbacks,
    .restore = sb_viewer_restore,
    .check = sb_store_look,
    .prune = sb_viewer_prune,
    .stats = stats,
};

static enum sb_err postgres_view(struct sb_store **store, const char *location, struct sb_error *err)
{
    static const struct sb_statement look = { "SELECT 1 WHERE to_regclass('schema_migrations') IS NOT NULL", NULL, 0, -1 };
    const struct sb_op op = { .deadline = sb_now() + SB_S(15) };
    struct sb_postgres *self = NULL;
    struct sb_rows *rows = NULL;
    enum sb_err code = create(&self, &viewer_ops, location, err);
    if (code)
        return code;
    code = sb_pg_query(&self->store, &look, &op, &rows, err);
    if (!code && sb_rows_count(rows) == 0)
        code = sb_error_set(err, SB_ERR_NOT_FOUND, "store %s is empty: nothing has run here yet", self->target.shown);
    sb_rows_destroy(rows);
    if (code)
        free_parts(self);
    else
        *store = &self->store;
    return code;
}

static enum sb_err check_location(const char *location, struct sb_error *err)
{
    struct sb_pg_target target;
    enum sb_err code = sb_pg_target_init(&target, location, err);
    if (!code)
        sb_pg_target_deinit(&target);
    return code;
}

static const char *const prefixes[] = { "postgresql://", "postgres://", NULL };

const struct sb_backend sb_backend_postgres = {
    .prefixes = prefixes,
    .open = postgres_open,
    .open_as = postgres_open_as,
    .view = postgres_view,
    .check_location = check_location,
    .show_location = sb_pg_show,
    .backup = sb_pg_backup,
};
