/* Owns the folder of what failed steps left behind: its names, its bounds, reading it back. Any thread; what others keep there is left alone. */
#include "kept.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    RUNS_KEPT = 50,
    ENTRIES_MAX = 1024,     /* folders looked at */
    PATH_BYTES = 1024,
    SHOWN_MAX = 256 * 1024, /* of one file, when it is read back */
};
#define BYTES_KEPT (100u * 1024 * 1024)

const char *sb_kept_file_name(enum sb_kept_file which)
{
    static const char *const names[SB_KEPT_FILES] = { "page.png", "page.html", "console.txt" };
    return names[which];
}

bool sb_kept_folder(const char *state_dir, char *folder, size_t cap)
{
    int size = snprintf(folder, cap, "%s/failures", state_dir);
    return size > 0 && (size_t)size < cap;
}

void sb_kept_name(uint64_t run, const char *step, unsigned attempt, char *name, size_t cap)
{
    (void)snprintf(name, cap, "%" PRIu64 "-%.39s-%u", run, step, attempt);
}

struct entry {
    char name[64];
    uint64_t run, bytes;
    struct timespec at;
};

static int newest_first(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->run != y->run)
        return x->run < y->run ? 1 : -1;
    if (x->at.tv_sec != y->at.tv_sec)
        return x->at.tv_sec < y->at.tv_sec ? 1 : -1;
    return strcmp(y->name, x->name);
}

/* Ours are named by a run's number. Whatever else somebody keeps there is left alone. */
static bool read_entry(const char *folder, const char *name, struct entry *entry)
{
    char path[PATH_BYTES + 128], number[24];
    size_t digits = strspn(name, "0123456789");
    struct stat info;

    if (digits == 0 || name[digits] != '-' || !sb_copy_n(number, sizeof number, name, digits) || !sb_parse_u64(number, &entry->run) ||
        !sb_copy(entry->name, sizeof entry->name, name))
        return false;
    (void)snprintf(path, sizeof path, "%s/%s", folder, entry->name);
    if (lstat(path, &info) != 0 || !S_ISDIR(info.st_mode))
        return false;
    entry->at = info.st_mtim;
    entry->bytes = 0;
    for (size_t i = 0; i < SB_KEPT_FILES; i++) {
        (void)snprintf(path, sizeof path, "%s/%s/%s", folder, entry->name, sb_kept_file_name((enum sb_kept_file)i));
        entry->bytes += stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;
    }
    return true;
}

/* Entries of one run, or of all when `run` is 0, the newest first. NULL when there are none. */
static struct entry *list(const char *folder, uint64_t run, size_t *count)
{
    struct entry *entries = calloc(ENTRIES_MAX, sizeof *entries);
    DIR *dir = opendir(folder);
    const struct dirent *found;

    *count = 0;
    while (entries != NULL && dir != NULL && *count < ENTRIES_MAX && (found = readdir(dir)) != NULL)
        *count += read_entry(folder, found->d_name, &entries[*count]) && (run == 0 || entries[*count].run == run);
    if (dir != NULL)
        (void)closedir(dir);
    if (*count > 0)
        qsort(entries, *count, sizeof *entries, newest_first);
    return entries;
}

void sb_kept_tidy(const char *folder)
{
    size_t count = 0, runs = 0;
    struct entry *entries = list(folder, 0, &count);
    uint64_t bytes = 0;
    char path[PATH_BYTES + 128];

    for (size_t i = 0; i < count; i++) {
        struct sb_error err = { 0 };
        runs += i == 0 || entries[i].run != entries[i - 1].run;
        bytes += entries[i].bytes;
        if (runs <= RUNS_KEPT && bytes <= BYTES_KEPT)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entries[i].name);
        if (sb_dir_remove(path, &err) != SB_OK)
            sb_log(SB_LOG_WARN, "failure", "an old failure stays: %s", err.text);
    }
    free(entries);
}

/* ---- reading ---- */

/* One file with its path above it; nothing when it is not there. */
static void tell_file(FILE *out, const char *folder, const char *name, enum sb_kept_file which)
{
    char path[PATH_BYTES + 128];
    char *bytes = NULL;
    size_t size = 0;
    struct sb_error err = { 0 };
    struct stat info;

    (void)snprintf(path, sizeof path, "%s/%s/%s", folder, name, sb_kept_file_name(which));
    if (stat(path, &info) != 0)
        return;
    (void)fprintf(out, "==> %s (%lld bytes)\n", path, (long long)info.st_size);
    if (which == SB_KEPT_PICTURE) {
        (void)fputs("a picture: open this path with an image viewer\n\n", out);
        return;
    }
    if (sb_file_read(path, (size_t)info.st_size + 1, &bytes, &size, &err) != SB_OK) {
        (void)fprintf(out, "cannot be read: %s\n\n", err.text);
        return;
    }
    (void)fwrite(bytes, 1, size < SHOWN_MAX ? size : SHOWN_MAX, out);
    (void)fputs(size > SHOWN_MAX ? "\n... the rest is in the file\n\n" : "\n\n", out);
    free(bytes);
}

enum sb_err sb_kept_read(const char *state_dir, uint64_t run, char **text, struct sb_error *err)
{
    static const enum sb_kept_file order[SB_KEPT_FILES] = { SB_KEPT_CONSOLE, SB_KEPT_PICTURE, SB_KEPT_SOURCE };
    char folder[PATH_BYTES];
    char *told = NULL;
    size_t size = 0, count = 0;

    if (!sb_kept_folder(state_dir, folder, sizeof folder))
        return sb_error_set(err, SB_ERR_INVALID, "the path of the state folder is too long");
    struct entry *entries = list(folder, run, &count);
    FILE *out = count > 0 ? open_memstream(&told, &size) : NULL;
    for (size_t i = 0; out != NULL && i < count; i++)
        for (size_t k = 0; k < SB_KEPT_FILES; k++)
            tell_file(out, folder, entries[i].name, order[k]);
    bool is_told = out != NULL && fclose(out) == 0;
    free(entries);
    if (count == 0)
        return sb_error_set(err, SB_ERR_NOT_FOUND, "nothing of a page is kept of run %" PRIu64 " (%s)", run, folder);
    if (!is_told) {
        free(told);
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for what is kept of run %" PRIu64, run);
    }
    *text = told;
    return SB_OK;
}

void sb_kept_paths(const char *state_dir, uint64_t run, char *out, size_t cap)
{
    char folder[PATH_BYTES];
    size_t count = 0;
    struct sb_text text;
    sb_text_init(&text, out, cap);
    if (!sb_kept_folder(state_dir, folder, sizeof folder))
        return;
    struct entry *entries = list(folder, run, &count);
    for (size_t i = 0; i < count; i++)
        sb_text_addf(&text, "%s%s/%s", i > 0 ? ", " : "", folder, entries[i].name);
    free(entries);
}
