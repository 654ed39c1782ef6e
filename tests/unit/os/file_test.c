#include "signalbox/os/os.h"

#include "os_support.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[256];

static int folder_make(void **state)
{
    (void)state;
    test_folder(folder, sizeof(folder));
    return 0;
}

static int folder_remove(void **state)
{
    (void)state;
    return sb_dir_remove(folder, NULL) == SB_OK ? 0 : -1;
}

static const char *in_folder(const char *name)
{
    static char path[512];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const char *text)
{
    assert_int_equal(sb_file_write_atomically(in_folder(name), text, strlen(text), 0600, NULL), SB_OK);
}

static void file__comes_back_as_written_with_its_mode(void **state)
{
    char *bytes = NULL;
    size_t size = 0;
    struct stat info;

    (void)state;
    put("a", "old");
    assert_int_equal(sb_file_write_atomically(in_folder("a"), "new\0text", 8, 0640, NULL), SB_OK);
    assert_int_equal(sb_file_read(in_folder("a"), 8, &bytes, &size, NULL), SB_OK);
    assert_int_equal(size, 8);
    assert_memory_equal(bytes, "new\0text\0", 9);
    free(bytes);
    assert_int_equal(stat(in_folder("a"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    assert_int_equal(test_count(folder), 1); /* no temporary left */
}

static void file__failed_write_leaves_the_old_one(void **state)
{
    struct sb_error err;

    (void)state;
    assert_int_equal(mkdir(in_folder("taken"), 0700), 0);
    assert_int_not_equal(sb_file_write_atomically(in_folder("taken"), "x", 1, 0600, &err), SB_OK);
    assert_non_null(strstr(err.text, "taken"));
    assert_int_equal(test_count(folder), 1);
    assert_int_equal(sb_file_write_atomically(in_folder("no/such"), "x", 1, 0600, &err), SB_ERR_NOT_FOUND);
}

static void file__larger_than_allowed_is_refused(void **state)
{
    char *bytes = (char *)1;
    size_t size = 77;

    (void)state;
    put("b", "123456789");
    assert_int_equal(sb_file_read(in_folder("b"), 8, &bytes, &size, NULL), SB_ERR_TOO_LARGE);
    assert_ptr_equal(bytes, (char *)1);
    assert_int_equal(size, 77);
}

static void file__of_proc_is_read_whatever_its_size_says(void **state)
{
    char *bytes = NULL;
    size_t size = 0;

    (void)state;
    assert_int_equal(sb_file_read("/proc/self/maps", 1 << 20, &bytes, &size, NULL), SB_OK);
    assert_true(size > 4096 / 4 && strlen(bytes) == size);
    free(bytes);
}

static void file__only_regular_ones_are_read(void **state)
{
    char *bytes;
    size_t size;

    (void)state;
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    assert_int_equal(sb_file_read(in_folder("pipe"), 8, &bytes, &size, NULL), SB_ERR_INVALID);
    assert_int_equal(sb_file_read(folder, 8, &bytes, &size, NULL), SB_ERR_INVALID);
    assert_int_equal(sb_file_read(in_folder("none"), 8, &bytes, &size, NULL), SB_ERR_NOT_FOUND);
}

static void dir__is_made_with_its_parents(void **state)
{
    struct stat info;
    struct sb_error err;

    (void)state;
    assert_int_equal(sb_dir_make(in_folder("x/y/z"), 0700, NULL), SB_OK);
    assert_int_equal(sb_dir_make(in_folder("x/y/z"), 0700, NULL), SB_OK);
    assert_int_equal(stat(in_folder("x/y/z"), &info), 0);
    assert_true(S_ISDIR(info.st_mode));
    put("plain", "");
    assert_int_equal(sb_dir_make(in_folder("plain/sub"), 0700, &err), SB_ERR_INVALID);
}

static void dir__remove_takes_contents_but_follows_no_link(void **state)
{
    char target[600];

    (void)state;
    assert_int_equal(sb_dir_make(in_folder("keep"), 0700, NULL), SB_OK);
    put("keep/file", "precious");
    snprintf(target, sizeof(target), "%s/keep", folder);
    assert_int_equal(sb_dir_make(in_folder("gone/deep/er"), 0700, NULL), SB_OK);
    put("gone/deep/file", "x");
    assert_int_equal(symlink(target, in_folder("gone/deep/link")), 0);
    assert_int_equal(sb_dir_remove(in_folder("gone"), NULL), SB_OK);
    assert_int_equal(access(in_folder("gone"), F_OK), -1);
    assert_int_equal(access(in_folder("keep/file"), F_OK), 0);

    assert_int_equal(symlink(target, in_folder("link")), 0);
    assert_int_not_equal(sb_dir_remove(in_folder("link"), NULL), SB_OK);
    assert_int_equal(access(in_folder("keep/file"), F_OK), 0);
    assert_int_equal(sb_dir_remove(in_folder("never-was"), NULL), SB_OK);
}

static void lock__names_the_process_that_holds_it(void **state)
{
    int first = -1, second = -1;
    char pid[32];
    struct sb_error err;

    (void)state;
    assert_int_equal(sb_lock_open(&first, in_folder("lock"), NULL), SB_OK);
    assert_int_equal(sb_lock_open(&second, in_folder("lock"), &err), SB_ERR_EXISTS);
    snprintf(pid, sizeof(pid), "process %d;", (int)getpid());
    assert_non_null(strstr(err.text, pid));
    assert_int_equal(second, -1);
    sb_fd_close(&first);
    assert_int_equal(sb_lock_open(&second, in_folder("lock"), &err), SB_OK);
    sb_fd_close(&second);
}

static void lock__ends_with_its_process(void **state)
{
    int fd = -1, status = 0;
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        int inner = -1;
        _exit(sb_lock_open(&inner, in_folder("lock"), NULL) == SB_OK ? 0 : 1); /* dies without unlocking */
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(sb_lock_open(&fd, in_folder("lock"), NULL), SB_OK);
    sb_fd_close(&fd);
}

static void secret__ends_at_the_first_newline(void **state)
{
    char reference[600], *value = NULL;

    (void)state;
    put("secret", "s3cret with spaces\nsecond line\n");
    snprintf(reference, sizeof(reference), "file:%s", in_folder("secret"));
    assert_int_equal(sb_secret_read(reference, &value, NULL), SB_OK);
    assert_string_equal(value, "s3cret with spaces");
    sb_secret_free(value);
    sb_secret_free(NULL);
}

static void secret__comes_from_environment_and_credentials(void **state)
{
    char *value = NULL;
    struct sb_error err;

    (void)state;
    assert_int_equal(setenv("SB_TEST_KEY", "from env", 1), 0);
    assert_int_equal(sb_secret_read("env:SB_TEST_KEY", &value, NULL), SB_OK);
    assert_string_equal(value, "from env");
    sb_secret_free(value);
    assert_int_equal(sb_secret_read("env:SB_TEST_NONE", &value, &err), SB_ERR_NOT_FOUND);

    put("token", "from systemd");
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
    assert_int_equal(sb_secret_read("cred:token", &value, NULL), SB_OK);
    assert_string_equal(value, "from systemd");
    sb_secret_free(value);
    assert_int_equal(sb_secret_read("cred:../token", &value, &err), SB_ERR_INVALID);
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    assert_int_equal(sb_secret_read("cred:token", &value, &err), SB_ERR_NOT_FOUND);
}

static void secret__given_in_place_of_a_reference_is_not_repeated(void **state)
{
    char *value = NULL, reference[600];
    struct sb_error err;

    (void)state;
    assert_int_equal(sb_secret_read("hunter2-the-real-thing", &value, &err), SB_ERR_CONFIG);
    assert_null(strstr(err.text, "hunter2"));
    put("empty", "\nnot this\n");
    snprintf(reference, sizeof(reference), "file:%s", in_folder("empty"));
    assert_int_equal(sb_secret_read(reference, &value, &err), SB_ERR_CONFIG);
    assert_null(strstr(err.text, "not this"));
    assert_null(value);
}

static void system__knows_memory_disk_and_chance(void **state)
{
    unsigned char a[32] = { 0 }, b[32] = { 0 };

    (void)state;
    assert_true(sb_memory_rss() > 100000);
    assert_true(sb_disk_free(folder) > 0);
    assert_true(sb_disk_free("/no/such/place") == 0);
    assert_int_equal(sb_random(a, sizeof(a), NULL), SB_OK);
    assert_int_equal(sb_random(b, sizeof(b), NULL), SB_OK);
    assert_memory_not_equal(a, b, sizeof(a));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(file__comes_back_as_written_with_its_mode),
        IN_FOLDER(file__failed_write_leaves_the_old_one),
        IN_FOLDER(file__larger_than_allowed_is_refused),
        IN_FOLDER(file__of_proc_is_read_whatever_its_size_says),
        IN_FOLDER(file__only_regular_ones_are_read),
        IN_FOLDER(dir__is_made_with_its_parents),
        IN_FOLDER(dir__remove_takes_contents_but_follows_no_link),
        IN_FOLDER(lock__names_the_process_that_holds_it),
        IN_FOLDER(lock__ends_with_its_process),
        IN_FOLDER(secret__ends_at_the_first_newline),
        IN_FOLDER(secret__comes_from_environment_and_credentials),
        IN_FOLDER(secret__given_in_place_of_a_reference_is_not_repeated),
        IN_FOLDER(system__knows_memory_disk_and_chance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
