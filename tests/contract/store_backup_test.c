/* The contract of backups: taken beside a running program, whole, and good for a new start. */
#include "tests/contract/store_world.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static void append_notes(struct world *world, uint64_t first, uint64_t last)
{
    for (uint64_t seq = first; seq <= last; seq++) {
        struct sb_event event;
        memset(&event, 0, sizeof event);
        event.seq = seq;
        event.kind = SB_EVENT_NOTE;
        event.as.note.job = SB_NO_JOB;
        event.as.note.step = SB_NO_STEP;
        (void)snprintf(event.as.note.text, sizeof event.as.note.text, "note %llu", (unsigned long long)seq);
        assert_int_equal(world->store->ops->append(world->store, &event, 1, NULL), SB_OK);
    }
    wait_durable(world, last);
}

/* A folder for the copy, and the copy's path in it. */
static void make_place(char folder[64], char path[96])
{
    (void)sb_copy(folder, 64, "/tmp/signalbox-copy-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, 96, "%s/copy", folder);
}

static unsigned files_in(const char *folder)
{
    unsigned count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        count += entry->d_name[0] != '.';
    (void)closedir(dir);
    return count;
}

/* The location of a store made from the copy. */
static void restore_copy(const struct world *world, const char *path, char location[TEST_LOCATION_MAX])
{
    char where[128];
    if (!test_store_is_postgres()) {
        (void)snprintf(location, TEST_LOCATION_MAX, "sqlite:%s", path);
        return;
    }
    test_pg_sql("DROP DATABASE IF EXISTS restored");
    test_pg_sql("CREATE DATABASE restored OWNER signalbox");
    (void)snprintf(where, sizeof where, "--dbname=host=%s user=signalbox dbname=restored", test_pg.folder);
    const char *const argv[] = { TEST_PG_BIN "pg_restore", "--no-owner", "--exit-on-error", where, path, NULL };
    const struct sb_child_spec spec = { .path = argv[0], .argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = STDERR_FILENO };
    struct sb_child child;
    int status = -1;
    assert_int_equal(sb_child_start(&child, &spec, NULL), SB_OK);
    assert_int_equal(sb_child_wait(&child, &patient, &status, NULL), SB_OK);
    assert_int_equal(status, 0);
    (void)snprintf(location, TEST_LOCATION_MAX, "postgresql://signalbox@/restored?%s", strchr(world->location, '?') + 1);
}

static void backup__of_a_running_store_starts_a_new_one(void **state)
{
    struct world *world = *state;
    struct world other = { .mutex = sb_mutex_create(SB_RANK_LOG), .changed = sb_cond_create() };
    char folder[64], path[96];
    struct sb_error err = { 0 };
    struct stat info;
    make_place(folder, path);
    append_notes(world, 1, 2000);
    put_meta(world, "kept", "gr\xc3\xbc\xc3\x9f'e");
    if (sb_store_backup(world->location, path, &patient, &err))
        fail_msg("%s", err.text);
    append_notes(world, 2001, 2010); /* the store goes on */
    assert_int_equal(files_in(folder), 1);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);

    restore_copy(world, path, other.location);
    open_store(&other);
    assert_int_equal(number(&other, "SELECT COUNT(*) FROM events"), 2000);
    assert_int_equal(number(&other, "SELECT COUNT(*) FROM meta WHERE key = 'kept' AND value = 'gr\xc3\xbc\xc3\x9f''e'"), 1);
    append_notes(&other, 2001, 2100); /* with the numbers it had */
    assert_int_equal(number(&other, "SELECT MAX(seq) FROM events"), 2100);
    other.store->ops->close(other.store);
    sb_cond_destroy(other.changed);
    sb_mutex_destroy(other.mutex);
    assert_int_equal(sb_dir_remove(folder, NULL), SB_OK);
}

static void backup__replaces_nothing_and_leaves_nothing_half_made(void **state)
{
    struct world *world = *state;
    char folder[64], path[96], nowhere[128];
    struct sb_error err = { 0 };
    make_place(folder, path);
    assert_int_equal(sb_store_backup(world->location, path, &patient, &err), SB_OK);
    assert_int_equal(sb_store_backup(world->location, path, &patient, &err), SB_ERR_EXISTS);
    assert_non_null(strstr(err.text, "name a new file"));
    (void)snprintf(nowhere, sizeof nowhere, "%s/none/copy", folder);
    assert_int_not_equal(sb_store_backup(world->location, nowhere, &patient, &err), SB_OK);
    assert_non_null(strstr(err.text, nowhere));
    (void)snprintf(nowhere, sizeof nowhere, "%s/late", folder);
    const struct sb_op over = { .deadline = sb_now() - 1 };
    append_notes(world, 1, 3000);
    assert_int_equal(sb_store_backup(world->location, nowhere, &over, &err), SB_ERR_TIMEOUT);
    assert_int_equal(files_in(folder), 1);
    assert_int_equal(sb_dir_remove(folder, NULL), SB_OK);
}

static void backup__without_pg_dump_says_what_to_install(void **state)
{
    struct world *world = *state;
    char folder[64], path[96], *before = strdup(getenv("PATH"));
    struct sb_error err = { 0 };
    make_place(folder, path);
    (void)setenv("PATH", folder, 1);
    enum sb_err code = sb_store_backup(world->location, path, &patient, &err);
    (void)setenv("PATH", before, 1);
    free(before);
    if (test_store_is_postgres()) {
        assert_int_not_equal(code, SB_OK);
        assert_non_null(strstr(err.text, "pg_dump"));
        assert_non_null(strstr(err.text, "postgresql-client"));
        assert_int_equal(files_in(folder), 0);
    } else {
        assert_int_equal(code, SB_OK); /* needs no program */
    }
    assert_int_equal(sb_dir_remove(folder, NULL), SB_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(backup__of_a_running_store_starts_a_new_one),
        TEST(backup__replaces_nothing_and_leaves_nothing_half_made),
        TEST(backup__without_pg_dump_says_what_to_install),
    };
    return cmocka_run_group_tests_name(test_store_suite("store backup contract"), tests, NULL, NULL);
}
