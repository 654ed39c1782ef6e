/* Migrations: numbered, checksummed, each applied in one transaction with its row in schema_migrations. Runs at open, on the opening
 * thread, before anything else uses the database. */
#include "shared.h"

#include "signalbox/base/hash.h"
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

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
static enum sb_err compare(const struct sb_migrating *m, const struct migration *migration, struct sb_error *err)
{
    char sql[96], found[32], expected[17];
    (void)snprintf(sql, sizeof sql, "SELECT checksum FROM schema_migrations WHERE number = %d", migration->number);
    enum sb_err code = m->text(m->arg, sql, found, sizeof found, err);
    if (code)
        return code;
    checksum_text(migration, expected);
    if (sb_streq(found, expected))
        return SB_OK;
    return sb_error_set(err, SB_ERR_UNSUPPORTED,
                        "store %s was made by another build: its migration %d \"%s\" is not this program's. Use the program that made it, "
                        "or %s to start empty", m->shown, migration->number, migration->name, m->move_away);
}

static enum sb_err record(const struct sb_migrating *m, const struct migration *migration, struct sb_error *err)
{
    char sum[17];
    checksum_text(migration, sum);
    const struct sb_cell params[] = { sb_cell_int(migration->number), sb_cell_text(migration->name), sb_cell_text(sum),
                                      sb_cell_int(sb_wall_now().ns / 1000000) };
    return m->exec(m->arg, "INSERT INTO schema_migrations (number, name, checksum, applied_at_ms) VALUES ($1, $2, $3, $4)", params,
                   SB_LEN(params), err);
}

static enum sb_err apply(const struct sb_migrating *m, const struct migration *migration, struct sb_error *err)
{
    enum sb_err code = m->exec(m->arg, m->begin, NULL, 0, err);
    if (code)
        return code;
    for (size_t i = 0; migration->sql[i] && !code; i++)
        code = m->exec(m->arg, migration->sql[i], NULL, 0, err);
    if (!code)
        code = record(m, migration, err);
    if (!code)
        code = m->exec(m->arg, "COMMIT", NULL, 0, err);
    if (code) {
        (void)m->exec(m->arg, "ROLLBACK", NULL, 0, NULL); /* the first error is the one to tell */
        if (err)
            (void)sb_error_wrap(err, "migration %d \"%s\"", migration->number, migration->name);
    }
    return code;
}

enum sb_err sb_migrate(const struct sb_migrating *m, struct sb_error *err)
{
    const int known = migrations[SB_LEN(migrations) - 1].number;
    char newest[24] = "";
    int64_t applied = 0;
    enum sb_err code = m->exec(m->arg, "CREATE TABLE IF NOT EXISTS schema_migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL, "
                                       "checksum TEXT NOT NULL, applied_at_ms BIGINT NOT NULL)", NULL, 0, err);
    if (!code)
        code = m->text(m->arg, "SELECT COALESCE(MAX(number), 0) FROM schema_migrations", newest, sizeof newest, err);
    if (!code && !sb_parse_i64(newest, &applied))
        code = sb_error_set(err, SB_ERR_CORRUPT, "schema_migrations has the number \"%s\"", newest);
    if (!code && applied > known)
        code = sb_error_set(err, SB_ERR_UNSUPPORTED,
                            "store %s was written by a newer signalbox (schema %lld, this program knows %d): update signalbox, or use "
                            "another store", m->shown, (long long)applied, known);
    for (size_t i = 0; i < SB_LEN(migrations) && !code; i++)
        code = migrations[i].number <= applied ? compare(m, &migrations[i], err) : apply(m, &migrations[i], err);
    return code;
}
