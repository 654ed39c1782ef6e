/* What tests need from the machine: a folder of their own, and counts that show leaks. Header only; each test program uses what it needs. */
#ifndef SIGNALBOX_TEST_OS_SUPPORT_H
#define SIGNALBOX_TEST_OS_SUPPORT_H

#include "signalbox/os/os.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A fresh folder below TMPDIR; ended by sb_dir_remove. */
static inline void test_folder(char *path, size_t cap)
{
    const char *root = getenv("TMPDIR");

    snprintf(path, cap, "%s/sb-test-XXXXXX", root != NULL ? root : "/tmp");
    if (mkdtemp(path) == NULL)
        abort();
}

/* Entries of a folder of /proc: descriptors ("/proc/self/fd") or threads ("/proc/self/task"). */
static inline unsigned test_count(const char *path)
{
    DIR *dir = opendir(path);
    unsigned count = 0;

    if (dir == NULL)
        abort();
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

/* An operation with a deadline far enough for a slow machine under a sanitizer and near enough to fail a hanging test. */
static inline struct sb_op test_op(void)
{
    return (struct sb_op){ .deadline = sb_now() + SB_S(30) };
}

#endif
