/* The store, whatever the database: choosing it by its location, and what needs nothing but its query and write. */
#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include "shared.h"

#include <string.h>

enum { PRUNE_ROWS = 1000 }; /* per transaction, so that the journal never waits long */

#define X(name) extern const struct sb_backend sb_backend_##name;
#include "backends.def"
#undef X

static const struct sb_backend *const backends[] = {
#define X(name) &sb_backend_##name,
#include "backends.def"
#undef X
};

static const struct sb_backend *find_backend(const char *location)
{
    for (size_t i = 0; i < SB_LEN(backends); i++)
        for (const char *const *prefix = backends[i]->prefixes; *prefix; prefix++)
            if (strncmp(location, *prefix, strlen(*prefix)) == 0)
                return backends[i];
    return backends[0]; /* a plain path */
}

enum sb_err sb_store_open(struct sb_store **store, const char *location, struct sb_error *err)
{
    return find_backend(location)->open(store, location, err);
}

bool sb_node_is_possible(const char *location)
{
    return find_backend(location)->open_as != NULL;
}

enum sb_err sb_store_open_as(struct sb_store **store, const char *location, struct sb_node *node, struct sb_error *err)
{
    const struct sb_backend *backend = find_backend(location);
    SB_ASSERT(backend->open_as);
    return backend->open_as(store, location, node, err);
}

enum sb_err sb_store_view(struct sb_store **store, const char *location, struct sb_error *err)
{
    return find_backend(location)->view(store, location, err);
}

enum sb_err sb_store_check_location(const char *location, struct sb_error *err)
{
    return find_backend(location)->check_location(location, err);
}

void sb_store_show_location(const char *location, char out[SB_LOCATION_SHOWN_MAX])
{
    find_backend(location)->show_location(location, out);
}

enum sb_err sb_store_backup(const char *location, const char *path, const struct sb_op *op, struct sb_error *err)
{
    return find_backend(location)->backup(location, path, op, err);
}

/* ---- made of query and write ---- */

/* The test value only ever grows, whoever writes it: checks at the same time are each other's proof, not each other's failure. */
enum sb_err sb_store_check_rows(struct sb_store *store, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_cell value = sb_cell_int(sb_wall_now().ns);
    const struct sb_statement put = { "INSERT INTO meta (key, value) VALUES ('check', CAST($1 AS TEXT)) "
                                      "ON CONFLICT (key) DO UPDATE SET value = CASE "
                                      "WHEN CAST(meta.value AS BIGINT) < CAST(excluded.value AS BIGINT) THEN excluded.value "
                                      "ELSE CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT) END", &value, 1, 1 };
    const struct sb_statement get = { "SELECT 1 FROM meta WHERE key = 'check' AND CASE key WHEN 'check' THEN CAST(value AS BIGINT) END >= $1",
                                      &value, 1, -1 };
    struct sb_rows *rows = NULL;
    enum sb_err code = store->ops->write(store, &put, 1, NULL, op, err);
    if (!code)
        code = store->ops->query(store, &get, op, &rows, err);
    if (!code && sb_rows_count(rows) != 1)
        code = sb_error_set(err, SB_ERR_CONFLICT, "the test row was not read back");
    sb_rows_destroy(rows);
    return code;
}

/* Repeats a bounded delete until it finds nothing more. */
static enum sb_err delete_all(struct sb_store *store, const char *sql, int64_t before, const struct sb_op *op, int64_t *deleted,
                              struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_int(before), sb_cell_int(PRUNE_ROWS) };
    const struct sb_statement statement = { sql, params, SB_LEN(params), -1 };
    int64_t changed;
    do {
        enum sb_err code = store->ops->write(store, &statement, 1, &changed, op, err);
        if (code)
            return code;
        *deleted += changed;
    } while (changed > 0);
    return SB_OK;
}

enum sb_err sb_store_prune_rows(struct sb_store *store, struct sb_wall before, const struct sb_op *op, int64_t *deleted, struct sb_error *err)
{
    static const char *const deletes[] = {
        "DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE seq < COALESCE((SELECT MIN(seq) FROM events WHERE at_ms >= $1), "
        "9223372036854775807) ORDER BY seq LIMIT $2)",
        "DELETE FROM job_steps WHERE run IN (SELECT run FROM job_runs WHERE ended_at_ms < $1 AND EXISTS "
        "(SELECT 1 FROM job_steps s WHERE s.run = job_runs.run) ORDER BY run LIMIT $2)",
        "DELETE FROM step_outputs WHERE run IN (SELECT run FROM job_runs WHERE ended_at_ms < $1 AND EXISTS "
        "(SELECT 1 FROM step_outputs s WHERE s.run = job_runs.run) ORDER BY run LIMIT $2)",
        "DELETE FROM job_runs WHERE run IN (SELECT run FROM job_runs WHERE ended_at_ms < $1 ORDER BY run LIMIT $2)",
        "DELETE FROM leases WHERE seq IN (SELECT seq FROM leases WHERE released_at_ms < $1 ORDER BY seq LIMIT $2)",
        "DELETE FROM alerts WHERE alert IN (SELECT alert FROM alerts WHERE cleared_at_ms < $1 ORDER BY alert LIMIT $2)",
    };
    int64_t count = 0;
    enum sb_err code = SB_OK;
    for (size_t i = 0; i < SB_LEN(deletes) && !code; i++)
        code = delete_all(store, deletes[i], before.ns / 1000000, op, &count, err);
    if (!code)
        *deleted = count;
    return code;
}

/* ---- for looking only ---- */

static enum sb_err refuse(struct sb_error *err)
{
    return sb_error_set(err, SB_ERR_READ_ONLY, "the store was opened for looking only");
}

enum sb_err sb_viewer_write(struct sb_store *store, const struct sb_statement *statements, size_t count, int64_t *changed,
                                const struct sb_op *op, struct sb_error *err)
{
    (void)store, (void)statements, (void)count, (void)changed, (void)op;
    return refuse(err);
}

enum sb_err sb_viewer_append(struct sb_store *store, const struct sb_event *events, size_t count, struct sb_error *err)
{
    (void)store, (void)events, (void)count;
    return refuse(err);
}

enum sb_err sb_viewer_restore(struct sb_store *store, void *arg, uint16_t (*job_of)(void *arg, const char *name),
                                  void (*emit)(void *arg, const struct sb_input *input), struct sb_error *err)
{
    (void)store, (void)arg, (void)job_of, (void)emit;
    return refuse(err);
}

enum sb_err sb_store_look(struct sb_store *store, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_statement look = { "SELECT value FROM meta WHERE key = 'genesis_ns'", NULL, 0, -1 };
    struct sb_rows *rows = NULL;
    enum sb_err code = store->ops->query(store, &look, op, &rows, err);
    sb_rows_destroy(rows);
    return code;
}

enum sb_err sb_viewer_prune(struct sb_store *store, struct sb_wall before, const struct sb_op *op, int64_t *deleted, struct sb_error *err)
{
    (void)store, (void)before, (void)op, (void)deleted;
    return refuse(err);
}
