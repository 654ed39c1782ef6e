/* What the machine has left, and its randomness. Any thread. */
#include "os_private.h"

#include "signalbox/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

uint64_t sb_memory_rss(void)
{
    char *text = NULL;
    size_t size = 0;
    uint64_t pages = 0;

    if (sb_file_read("/proc/self/statm", 4096, &text, &size, NULL) != SB_OK)
        return 0;
    /* "total resident shared ..." in pages */
    char *resident = text + strcspn(text, " ");
    resident += *resident == ' ';
    resident[strcspn(resident, " ")] = '\0';
    if (!sb_parse_u64(resident, &pages))
        pages = 0;
    free(text);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t sb_disk_free(const char *path)
{
    struct statvfs info;

    return statvfs(path, &info) == 0 ? (uint64_t)info.f_bavail * (uint64_t)info.f_frsize : 0;
}

static uint32_t entry_count(const char *path)
{
    DIR *dir = opendir(path);
    uint32_t count = 0;

    if (dir == NULL)
        return 0;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        count += entry->d_name[0] != '.';
    (void)closedir(dir);
    return count;
}

void sb_process_look(struct sb_process *process)
{
    struct rlimit limit = { 0 };

    *process = (struct sb_process){ .memory = sb_memory_rss(), .cpu = sb_cpu_time(), .threads = entry_count("/proc/self/task") };
    process->fds = entry_count("/proc/self/fd");
    process->fds -= process->fds > 0; /* the one that read the folder */
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        process->fds_max = limit.rlim_cur < UINT32_MAX ? (uint32_t)limit.rlim_cur : UINT32_MAX;
}

enum sb_err sb_random(void *bytes, size_t size, struct sb_error *err)
{
    unsigned char *at = bytes;

    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sb_error_set(err, SB_ERR_IO, "no random bytes from the kernel: %s", os_errno_text(errno));
        at += got;
        size -= (size_t)got;
    }
    return SB_OK;
}
