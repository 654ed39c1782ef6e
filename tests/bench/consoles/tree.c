/* The processes below this one, from /proc. */
#include "tree.h"

#include "tests/bench/bench.h"
#include "tests/bench/seat.h"

#include "signalbox/os/os.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSES_MAX = 4096, BELOW_MAX = 64, END_MS = 10000 };

struct link {
    pid_t pid, parent;
};

void tree_adopt(void)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        give_up("cannot adopt: %s", strerror(errno));
}

static pid_t parent_of(pid_t pid)
{
    char path[64], text[512] = "";
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    (void)fclose(file);
    const char *name_end = strrchr(text, ')'); /* ") S PARENT": the name may hold anything */
    return name_end != NULL && strlen(name_end) > 4 ? (pid_t)strtol(name_end + 4, NULL, 10) : 0;
}

/* Every descendant of this process, parents before children; returns how many. */
static unsigned below(pid_t *pids)
{
    static struct link links[PROCESSES_MAX];
    size_t count = 0;
    unsigned found = 0;
    DIR *processes = opendir("/proc");

    if (processes == NULL)
        give_up("/proc: %s", strerror(errno));
    for (struct dirent *entry; (entry = readdir(processes)) != NULL && count < PROCESSES_MAX;) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0)
            links[count++] = (struct link){ pid, parent_of(pid) };
    }
    (void)closedir(processes);
    for (unsigned at = 0; at <= found; at++) {
        const pid_t parent = at == 0 ? getpid() : pids[at - 1];
        for (size_t i = 0; i < count && found < BELOW_MAX; i++)
            if (links[i].parent == parent)
                pids[found++] = links[i].pid;
    }
    return found;
}

static sb_ns cpu_of(pid_t pid)
{
    clockid_t clock;
    struct timespec used = { 0 };
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return 0;
    return SB_S(used.tv_sec) + used.tv_nsec;
}

struct tree tree_look(int with_memory)
{
    struct tree tree = { 0 };
    pid_t pids[BELOW_MAX];
    const unsigned count = below(pids);
    for (unsigned i = 0; i < count; i++) {
        tree.count++;
        tree.cpu += cpu_of(pids[i]);
        if (with_memory) {
            tree.rss += process_memory(pids[i], "\nRss:");
            tree.pss += process_memory(pids[i], "\nPss:");
        }
    }
    return tree;
}

/* Until nobody is left; false after `ms`. */
static bool is_alone(int ms)
{
    const sb_ns deadline = sb_now() + SB_MS(ms);
    for (;;) {
        const pid_t reaped = waitpid(-1, NULL, WNOHANG);
        if (reaped < 0 && errno == ECHILD)
            return true;
        if (reaped == 0) {
            if (sb_now() > deadline)
                return false;
            (void)poll(NULL, 0, 2);
        }
    }
}

static void signal_all(int number)
{
    pid_t pids[BELOW_MAX];
    const unsigned count = below(pids);
    for (unsigned i = 0; i < count; i++)
        (void)kill(pids[i], number);
}

void tree_end(void)
{
    signal_all(SIGTERM);
    if (is_alone(END_MS))
        return;
    signal_all(SIGKILL);
    if (!is_alone(END_MS))
        give_up("a contender's processes do not end");
}
