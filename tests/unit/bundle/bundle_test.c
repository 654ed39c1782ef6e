/* Bundles: the folder and the archive hold the same, and what cannot be written leaves nothing. */
#include "signalbox/ports/bundle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];
static struct sb_error err;

static int setup(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/sb-bundle-test-XXXXXX");
    return mkdtemp(dir) == NULL;
}

static int teardown(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static int SB_PRINTF(1, 2) run(const char *format, ...)
{
    char command[512];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    return system(command);
}

static unsigned entries(const char *path)
{
    unsigned count = 0;
    DIR *const folder = opendir(path);
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return count;
}

static void make(const char *name, char path[SB_BUNDLE_PATH_MAX])
{
    struct sb_bundle *bundle = NULL;
    static char large[700000];
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (char)(i * 7919 >> 3);
    assert_int_equal(sb_bundle_create(&bundle, dir, name, 1764806400, &err), SB_OK);
    assert_int_equal(sb_bundle_add(bundle, "a.txt", "hello\n", 6, &err), SB_OK);
    assert_int_equal(sb_bundle_add(bundle, "empty", "", 0, &err), SB_OK);
    assert_int_equal(sb_bundle_add(bundle, "large", large, sizeof large, &err), SB_OK);
    assert_int_equal(sb_bundle_finish(bundle, path, &err), SB_OK);
    sb_bundle_destroy(bundle);
}

static void archive__holds_what_the_folder_holds(void **state)
{
    (void)state;
    char path[SB_BUNDLE_PATH_MAX];
    struct stat status;
    make("INC-1", path);
    assert_int_equal(entries(dir), 2);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    assert_int_equal(run("cd %s && mkdir out && tar -xzf INC-1.tar.gz -C out && diff -r INC-1 out/INC-1", dir), 0);
    assert_int_equal(run("test \"$(tar -tzf %s/INC-1.tar.gz | tr '\\n' ' ')\" = 'INC-1/ INC-1/a.txt INC-1/empty INC-1/large '", dir), 0);
    assert_int_equal(run("test \"$(stat -c %%a %s/INC-1/large %s/INC-1.tar.gz | sort -u)\" = 600", dir, dir), 0);
}

static void name__that_is_taken_gets_a_number(void **state)
{
    (void)state;
    char first[SB_BUNDLE_PATH_MAX], second[SB_BUNDLE_PATH_MAX], third[SB_BUNDLE_PATH_MAX];
    make("INC-1", first);
    make("INC-1", second);
    make("INC-1", third);
    assert_string_equal(strrchr(second, '/'), "/INC-1.2");
    assert_string_equal(strrchr(third, '/'), "/INC-1.3");
    assert_int_equal(run("tar -tzf %s.tar.gz | grep -q '^INC-1.3/a.txt$'", third), 0);
}

static void names__that_are_no_plain_words_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", ".x", "../x", "a/b", "a b", "a\nb"};
    struct sb_bundle *bundle = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(sb_bundle_create(&bundle, dir, bad[i], 0, &err), SB_ERR_INVALID);
    assert_int_equal(sb_bundle_create(&bundle, dir, "good", 0, &err), SB_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(sb_bundle_add(bundle, bad[i], "", 0, &err), SB_ERR_INVALID);
    sb_bundle_destroy(bundle);
    assert_int_equal(entries(dir), 0);
}

/* A file-size limit fails as a full disk does: in the middle of a write. */
static void failure__leaves_no_half_bundle_and_says_what_happened(void **state)
{
    (void)state;
    struct rlimit before, small;
    struct sb_bundle *bundle = NULL;
    static char bytes[200000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(rand() & 0xff);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){.rlim_cur = 100000, .rlim_max = before.rlim_max};
    assert_int_equal(sb_bundle_create(&bundle, dir, "INC-1", 0, &err), SB_OK);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const enum sb_err folder = sb_bundle_add(bundle, "large", bytes, sizeof bytes, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(folder, SB_ERR_IO);
    assert_non_null(strstr(err.text, "large"));
    assert_non_null(strstr(err.text, "too large"));
    sb_bundle_destroy(bundle);
    assert_int_equal(entries(dir), 0);

    char path[SB_BUNDLE_PATH_MAX] = "";
    assert_int_equal(sb_bundle_create(&bundle, dir, "INC-1", 0, &err), SB_OK);
    enum sb_err code = SB_OK;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (unsigned i = 0; i < 3 && code == SB_OK; i++) { /* each fits, the archive of them does not */
        char name[] = "part0";
        name[4] = (char)('0' + i);
        code = sb_bundle_add(bundle, name, bytes + i * 1000, 90000, &err);
    }
    if (code == SB_OK)
        code = sb_bundle_finish(bundle, path, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(code, SB_ERR_IO);
    assert_non_null(strstr(err.text, "archive"));
    sb_bundle_destroy(bundle);
    assert_int_equal(entries(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(archive__holds_what_the_folder_holds, setup, teardown),
        cmocka_unit_test_setup_teardown(name__that_is_taken_gets_a_number, setup, teardown),
        cmocka_unit_test_setup_teardown(names__that_are_no_plain_words_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(failure__leaves_no_half_bundle_and_says_what_happened, setup, teardown),
    };
    return cmocka_run_group_tests_name("bundle", tests, NULL, NULL);
}
