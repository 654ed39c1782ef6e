/* Migrations: numbered, checksummed, each applied in one transaction with its row in schema_migrations. Runs at open, on the opening
 * thread, before anything else uses the database. */
#include "sqlite.h"

#include "signalbox/base/hash.h"
#include "signalbox/base/text.h"

#include <stdio.h>
#include <string.h>

enum { MIGRATION_STATEMENTS_MAX = 64 };

struct migration {
    int number;
    const char *name;
    const char *sql[MIGRATION_STATEMENTS_MAX + 1]; /* NULL-terminated */
};

/* The preprocessor turns the SQL into text: white space and comments do not count, so they do not change the checksum either. */
#define SQL(...) #__VA_ARGS__,
#define MIGRATION(number, name) { number, name, {
#define END } },
static const struct migration migrations[] = {
#include "migrations.def"
};
#undef SQL
#undef MIGRATION
#undef END

static uint64_t checksum(const struct migration *migration)
{
    uint64_t sum = 0;
    for (size_t i = 0; migration->sql[i]; i++)
        sum = sb_hash_fold(sum, sb_hash_bytes(migration->sql[i], strlen(migration->sql[i])));
    return sum;
}

static void checksum_text(const struct migration *migration, char out[17])
{
    (void)snprintf(out, 17, "%016llx", (unsigned long long)checksum(migration));
}

/* What the database has of this migration must be what this program has. */
static enum sb_err compare(sqlite3 *db, const struct migration *migration, const char *path, struct sb_error *err)
{
    char sql[96], found[32], expected[17];
    (void)snprintf(sql, sizeof sql, "SELECT checksum FROM schema_migrations WHERE number = %d", migration->number);
    enum sb_err code = sb_sqlite_text(db, sql, found, sizeof found, err);
    if (code)
        return code;
    checksum_text(migration, expected);
    if (sb_streq(found, expected))
        return SB_OK;
    return sb_error_set(err, SB_ERR_UNSUPPORTED,
                        "store %s was made by another build: its migration %d \"%s\" is not this program's. Use the program that made it, "
                        "or move the file away to start empty", path, migration->number, migration->name);
}

static enum sb_err record(sqlite3 *db, const struct migration *migration, struct sb_error *err)
{
    char sum[17];
    sqlite3_stmt *stmt = NULL;
    checksum_text(migration, sum);
    const struct sb_cell params[] = { sb_cell_int(migration->number), sb_cell_text(migration->name), sb_cell_text(sum),
                                      sb_cell_int(sb_wall_now().ns / 1000000) };
    enum sb_err code = sb_sqlite_prepare(
        db, "INSERT INTO schema_migrations (number, name, checksum, applied_at_ms) VALUES ($1, $2, $3, $4)", 0, &stmt, err);
    if (!code)
        code = sb_sqlite_bind(stmt, params, SB_LEN(params), err);
    if (!code && sqlite3_step(stmt) != SQLITE_DONE)
        code = sb_sqlite_error(db, "schema_migrations", err);
    sqlite3_finalize(stmt);
    return code;
}

static enum sb_err apply(sqlite3 *db, const struct migration *migration, struct sb_error *err)
{
    enum sb_err code = sb_sqlite_exec(db, "BEGIN EXCLUSIVE", err);
    if (code)
        return code;
    for (size_t i = 0; migration->sql[i] && !code; i++)
        code = sb_sqlite_exec(db, migration->sql[i], err);
    if (!code)
        code = record(db, migration, err);
    if (!code)
        code = sb_sqlite_exec(db, "COMMIT", err);
    if (code) {
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL); /* the first error is the one to tell */
        if (err)
            (void)sb_error_wrap(err, "migration %d \"%s\"", migration->number, migration->name);
    }
    return code;
}

enum sb_err sb_migrate(sqlite3 *db, const char *path, struct sb_error *err)
{
    const int known = migrations[SB_LEN(migrations) - 1].number;
    int64_t applied = 0;
    enum sb_err code = sb_sqlite_exec(db, "CREATE TABLE IF NOT EXISTS schema_migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL, "
                                          "checksum TEXT NOT NULL, applied_at_ms BIGINT NOT NULL)", err);
    if (!code)
        code = sb_sqlite_number(db, "SELECT COALESCE(MAX(number), 0) FROM schema_migrations", 0, &applied, err);
    if (!code && applied > known)
        code = sb_error_set(err, SB_ERR_UNSUPPORTED,
                            "store %s was written by a newer signalbox (schema %lld, this program knows %d): update signalbox, or use "
                            "another store", path, (long long)applied, known);
    for (size_t i = 0; i < SB_LEN(migrations) && !code; i++)
        code = migrations[i].number <= applied ? compare(db, &migrations[i], path, err) : apply(db, &migrations[i], err);
    return code;
}
