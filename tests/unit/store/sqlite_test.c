/* What only the SQLite store does: files it refuses and what it says about them, locks, migrations, what callers' SQL may not do. */
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct sb_op patient = { .deadline = SB_NEVER };

struct world {
    char folder[64], path[128];
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    (void)sb_copy(world->folder, sizeof world->folder, "/tmp/signalbox-sqlite-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    (void)snprintf(world->path, sizeof world->path, "%s/store.db", world->folder);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    assert_int_equal(sb_dir_remove(world->folder, NULL), SB_OK);
    free(world);
    return 0;
}

static struct sb_store *open_store(const char *location)
{
    struct sb_store *store = NULL;
    struct sb_error err = { 0 };
    if (sb_store_open(&store, location, &err))
        fail_msg("%s", err.text);
    return store;
}

static void close_store(struct sb_store *store)
{
    store->ops->close(store);
}

static void make_store(struct world *world)
{
    close_store(open_store(world->path));
}

/* The opening fails with that code, and the message says each of the words. */
static void assert_refused(const char *location, enum sb_err code, const char *word, const char *advice)
{
    struct sb_store *store = NULL;
    struct sb_error err = { 0 };
    enum sb_err found = sb_store_open(&store, location, &err);
    if (found == SB_OK)
        close_store(store);
    if (found != code || !strstr(err.text, word) || !strstr(err.text, advice))
        fail_msg("%s: expected %s with \"%s\" and \"%s\", got %s: %s", location, sb_err_text(code), word, advice, sb_err_text(found), err.text);
    assert_null(store);
}

/* SQL from outside, as another program would do it. */
static void outside(struct world *world, const char *sql)
{
    sqlite3 *db = NULL;
    char *message = NULL;
    assert_int_equal(sqlite3_open(world->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void overwrite(struct world *world, off_t offset, size_t size)
{
    char noise[65536];
    int fd = open(world->path, O_RDWR);
    assert_true(fd >= 0 && size <= sizeof noise);
    memset(noise, 0xa5, sizeof noise);
    assert_int_equal(pwrite(fd, noise, size, offset), (ssize_t)size);
    assert_int_equal(close(fd), 0);
}

/* ---- files ---- */

static void sqlite__a_new_store_is_private_and_its_folder_is_made(void **state)
{
    struct world *world = *state;
    char location[160];
    struct stat info;
    (void)snprintf(location, sizeof location, "sqlite:%s/deep/er/store.db", world->folder);
    close_store(open_store(location));
    assert_int_equal(stat(location + strlen("sqlite:"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void sqlite__a_file_that_is_no_database_is_refused_and_left_alone(void **state)
{
    struct world *world = *state;
    char *bytes = NULL;
    size_t size = 0;
    static const char text[] = "name: signalbox\nthis is a configuration file by mistake\n";
    assert_int_equal(sb_file_write_atomically(world->path, text, sizeof text - 1, 0600, NULL), SB_OK);
    assert_refused(world->path, SB_ERR_CORRUPT, world->path, "Move it away");
    assert_int_equal(sb_file_read(world->path, 4096, &bytes, &size, NULL), SB_OK);
    assert_int_equal(size, sizeof text - 1);
    assert_memory_equal(bytes, text, size);
    free(bytes);
}

static void sqlite__a_damaged_database_is_refused_with_what_to_do(void **state)
{
    struct world *world = *state;
    make_store(world);
    overwrite(world, 4096, 40960);
    assert_refused(world->path, SB_ERR_CORRUPT, "is damaged", ".recover");
}

static void sqlite__a_cut_database_is_refused(void **state)
{
    struct world *world = *state;
    make_store(world);
    assert_int_equal(truncate(world->path, 8192), 0);
    assert_refused(world->path, SB_ERR_CORRUPT, "is damaged", "backup");
    assert_int_equal(truncate(world->path, 10), 0);
    assert_refused(world->path, SB_ERR_CORRUPT, "does not start like", "backup");
}

static void sqlite__a_database_of_another_program_is_refused_and_left_alone(void **state)
{
    struct world *world = *state;
    outside(world, "CREATE TABLE meta (theirs TEXT)");
    assert_refused(world->path, SB_ERR_CONFIG, "another program", "another file");
    outside(world, "INSERT INTO meta (theirs) VALUES ('untouched')");
}

static void sqlite__a_folder_or_a_name_of_nothing_is_refused(void **state)
{
    struct world *world = *state;
    assert_refused(world->folder, SB_ERR_CONFIG, "is a folder", "name a file");
    assert_refused("sqlite:", SB_ERR_CONFIG, "names no file", "sqlite:PATH");
    assert_refused(":memory:", SB_ERR_CONFIG, "names no file", "sqlite:PATH");
    assert_refused("/dev/null", SB_ERR_CONFIG, "not a regular file", "another");
}

static void sqlite__an_unwritable_file_or_folder_is_refused_with_what_to_do(void **state)
{
    struct world *world = *state;
    const uid_t nobody = 65534;
    bool is_root = geteuid() == 0;
    make_store(world);
    /* root may write everything: look as somebody else (glibc changes all threads; there is only this one) */
    assert_int_equal(chmod(world->folder, 0755), 0);
    assert_int_equal(chmod(world->path, 0444), 0);
    if (is_root)
        assert_int_equal(seteuid(nobody), 0);
    struct sb_store *store = NULL;
    struct sb_error file = { 0 }, folder = { 0 };
    enum sb_err file_code = sb_store_open(&store, world->path, &file);
    if (is_root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(world->path, 0666), 0);
    assert_int_equal(chmod(world->folder, 0555), 0);
    if (is_root)
        assert_int_equal(seteuid(nobody), 0);
    enum sb_err folder_code = sb_store_open(&store, world->path, &folder);
    if (is_root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(world->folder, 0755), 0);
    assert_int_equal(file_code, SB_ERR_PERMISSION);
    assert_non_null(strstr(file.text, "write permission"));
    assert_int_equal(folder_code, SB_ERR_PERMISSION);
    assert_non_null(strstr(folder.text, "its folder"));
}

static void sqlite__a_second_opener_is_refused(void **state)
{
    struct world *world = *state;
    struct sb_store *store = open_store(world->path);
    assert_refused(world->path, SB_ERR_EXISTS, world->path, "stop the other signalbox");
    close_store(store);
    make_store(world);
}

/* ---- migrations ---- */

static void sqlite__a_store_of_a_newer_program_is_refused(void **state)
{
    struct world *world = *state;
    make_store(world);
    outside(world, "INSERT INTO schema_migrations (number, name, checksum, applied_at_ms) VALUES (999, 'later', '', 0)");
    assert_refused(world->path, SB_ERR_UNSUPPORTED, "schema 999", "update signalbox");
}

static void sqlite__an_altered_migration_is_refused(void **state)
{
    struct world *world = *state;
    make_store(world);
    outside(world, "UPDATE schema_migrations SET checksum = '0123456789abcdef' WHERE number = 1");
    assert_refused(world->path, SB_ERR_UNSUPPORTED, "migration 1 \"start\"", "the program that made it");
}

static void sqlite__opening_again_applies_nothing_twice(void **state)
{
    struct world *world = *state;
    make_store(world);
    make_store(world);
    struct sb_store *store = open_store(world->path);
    const struct sb_statement count = { "SELECT COUNT(*) AS n, COUNT(DISTINCT number) AS d FROM schema_migrations", NULL, 0, -1 };
    struct sb_rows *rows = NULL;
    assert_int_equal(store->ops->query(store, &count, &patient, &rows, NULL), SB_OK);
    assert_true(sb_rows_get(rows, 0, "n")->integer > 0);
    assert_int_equal(sb_rows_get(rows, 0, "n")->integer, sb_rows_get(rows, 0, "d")->integer);
    sb_rows_destroy(rows);
    close_store(store);
}

static void sqlite__a_half_made_schema_is_finished(void **state)
{
    struct world *world = *state;
    /* what a kill between the first two statements of the first open leaves */
    outside(world, "PRAGMA application_id = 1396854616");
    make_store(world);
    outside(world, "SELECT seq FROM events");
}

/* ---- what callers' SQL may not do ---- */

static void sqlite__callers_cannot_reach_the_connection_or_other_files(void **state)
{
    static const char *const forbidden[] = {
        "PRAGMA synchronous = OFF", "PRAGMA journal_mode = DELETE", "ATTACH DATABASE '/tmp/signalbox-stolen.db' AS other", "BEGIN", "COMMIT",
        "ROLLBACK", "SAVEPOINT a", "VACUUM INTO '/tmp/signalbox-stolen.db'", "SELECT load_extension('x')",
    };
    struct world *world = *state;
    struct sb_store *store = open_store(world->path);
    for (size_t i = 0; i < SB_LEN(forbidden); i++) {
        const struct sb_statement statement = { forbidden[i], NULL, 0, -1 };
        struct sb_rows *rows = NULL;
        assert_int_not_equal(store->ops->write(store, &statement, 1, NULL, &patient, NULL), SB_OK);
        assert_int_not_equal(store->ops->query(store, &statement, &patient, &rows, NULL), SB_OK);
        assert_null(rows);
    }
    assert_int_equal(access("/tmp/signalbox-stolen.db", F_OK), -1);
    close_store(store);
}

static void sqlite__a_failed_statement_leaves_readers_and_writer_usable(void **state)
{
    struct world *world = *state;
    struct sb_store *store = open_store(world->path);
    for (int i = 0; i < 50; i++) {
        const struct sb_statement bad = { "SELECT nothing FROM nowhere", NULL, 0, -1 };
        struct sb_rows *rows = NULL;
        assert_int_equal(store->ops->query(store, &bad, &patient, &rows, NULL), SB_ERR_INVALID);
        assert_int_equal(store->ops->write(store, &bad, 1, NULL, &patient, NULL), SB_ERR_INVALID);
    }
    assert_int_equal(store->ops->check(store, &patient, NULL), SB_OK);
    close_store(store);
}

static void sqlite__closing_leaves_no_log_behind(void **state)
{
    struct world *world = *state;
    char log[160];
    struct stat info;
    struct sb_store *store = open_store(world->path);
    assert_int_equal(store->ops->check(store, &patient, NULL), SB_OK);
    close_store(store);
    (void)snprintf(log, sizeof log, "%s-wal", world->path);
    assert_int_equal(stat(log, &info), -1);
}

static void sqlite__closing_nothing_is_fine(void **state)
{
    struct world *world = *state;
    struct sb_store *store = open_store(world->path);
    store->ops->close(NULL);
    close_store(store);
}

#define TEST(claim) cmocka_unit_test_setup_teardown(claim, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sqlite__a_new_store_is_private_and_its_folder_is_made),
        TEST(sqlite__a_file_that_is_no_database_is_refused_and_left_alone),
        TEST(sqlite__a_damaged_database_is_refused_with_what_to_do),
        TEST(sqlite__a_cut_database_is_refused),
        TEST(sqlite__a_database_of_another_program_is_refused_and_left_alone),
        TEST(sqlite__a_folder_or_a_name_of_nothing_is_refused),
        TEST(sqlite__an_unwritable_file_or_folder_is_refused_with_what_to_do),
        TEST(sqlite__a_second_opener_is_refused),
        TEST(sqlite__a_store_of_a_newer_program_is_refused),
        TEST(sqlite__an_altered_migration_is_refused),
        TEST(sqlite__opening_again_applies_nothing_twice),
        TEST(sqlite__a_half_made_schema_is_finished),
        TEST(sqlite__callers_cannot_reach_the_connection_or_other_files),
        TEST(sqlite__a_failed_statement_leaves_readers_and_writer_usable),
        TEST(sqlite__closing_leaves_no_log_behind),
        TEST(sqlite__closing_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
