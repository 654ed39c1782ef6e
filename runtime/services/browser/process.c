/* The browser as a process: which executable, with which flags and which profile folder, and what /proc knows of its group. Any thread;
 * nothing here takes the mutex. The profile is our own, new for each start, and removed at its end; nothing of a person's profile is read. */
#include "chromium.h"

#include "signalbox/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROFILE_PREFIX "signalbox-browser-"

enum {
    PATH_MAX_BYTES = 512,
    PID_FILE_MAX = 4096,
    PROC_FILE_MAX = 8192,
    SHM_MIN_MIB = 256, /* below, Chromium's renderers die of a full /dev/shm */
};

static const char *const flags[] = {
    "--headless", "--remote-debugging-pipe", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-default-browser-check",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions",
    "--disable-breakpad", "--disable-crash-reporter", "--disable-client-side-phishing-detection", "--disable-domain-reliability",
    "--disable-field-trial-config", "--metrics-recording-only", "--no-pings", "--mute-audio", "--hide-scrollbars",
    "--password-store=basic", "--use-mock-keychain", "--force-color-profile=srgb", "--window-size=1280,900",
    /* Pages of several contexts work at once; none of them is "in the background". */
    "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
    "--disable-features=Translate,MediaRouter,OptimizationHints,DialMediaRouteProvider,AcceptCHFrame",
};

static bool is_runnable_file(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

static bool find_in_path(const char *name, char *path, size_t cap)
{
    const char *dirs = getenv("PATH");

    if (dirs == NULL)
        dirs = "/usr/local/bin:/usr/bin:/bin";
    while (*dirs != '\0') {
        size_t length = strcspn(dirs, ":");
        int size = snprintf(path, cap, "%.*s/%s", (int)length, dirs, name);
        if (size > 0 && (size_t)size < cap && is_runnable_file(path))
            return true;
        dirs += length + (dirs[length] == ':');
    }
    return false;
}

enum sb_err sb_chromium_find(const char *wanted, char *path, size_t cap, struct sb_error *err)
{
    static const char *const names[] = { "chromium-headless-shell", "chromium" };

    if (wanted != NULL && strchr(wanted, '/') != NULL) {
        if (is_runnable_file(wanted) && sb_copy(path, cap, wanted))
            return SB_OK;
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "no executable browser at %s; correct the setting `chromium` or remove it", wanted);
    }
    if (wanted != NULL) {
        if (find_in_path(wanted, path, cap))
            return SB_OK;
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "no browser %s in PATH; correct the setting `chromium` or remove it", wanted);
    }
    for (size_t i = 0; i < SB_LEN(names); i++)
        if (find_in_path(names[i], path, cap))
            return SB_OK;
    return sb_error_set(err, SB_ERR_UNAVAILABLE,
                        "no Chromium found in PATH; install the package chromium-headless-shell (or chromium) or set `chromium` to its path");
}

/* ---- start ---- */

void sb_chromium_remove_profile(const char *profile)
{
    struct sb_error error = { 0 };

    /* A folder that stays is only disk space: nobody has to stop for it. */
    if (sb_dir_remove(profile, &error) != SB_OK)
        sb_log(SB_LOG_WARN, "browser", "the profile folder stays behind: %s", error.text);
}

/* After a start that failed. */
static void forget_profile(struct sb_cdp *cdp)
{
    cdp->profile[0] = '\0';
    if (cdp->chromium->pid_file != NULL)
        (void)unlink(cdp->chromium->pid_file);
}

/* The folder is written down before it exists: a process that is killed at any instant leaves nothing that the next start cannot find. */
static enum sb_err make_profile(struct sb_cdp *cdp, struct sb_error *err)
{
    const char *root = cdp->chromium->profile_root;
    uint64_t chance = 0;

    if (root == NULL)
        root = getenv("TMPDIR");
    if (root == NULL || root[0] == '\0')
        root = "/tmp";
    enum sb_err rc = sb_random(&chance, sizeof(chance), err);
    if (rc != SB_OK)
        return rc;
    int size = snprintf(cdp->profile, sizeof(cdp->profile), "%s/" PROFILE_PREFIX "%016" PRIx64, root, chance);
    bool is_made = size > 0 && (size_t)size < sizeof(cdp->profile);
    if (is_made) {
        sb_chromium_note_process(cdp->chromium, 0, 0, cdp->profile);
        is_made = mkdir(cdp->profile, 0700) == 0;
    }
    if (is_made)
        return SB_OK;
    rc = sb_error_set(err, SB_ERR_IO, "cannot make a profile folder for the browser in %s (%s); is it writable and the disk not full?", root,
                      strerrorname_np(errno));
    forget_profile(cdp);
    return rc;
}

enum { ARGS_MAX = (int)SB_LEN(flags) + 8 };

enum sb_err sb_chromium_start(struct sb_cdp *cdp, const char *path, int commands_fd, int replies_fd, int stderr_fd, struct sb_error *err)
{
    const char *argv[ARGS_MAX];
    char profile[PATH_MAX_BYTES + 32], home[PATH_MAX_BYTES + 32], temporary[PATH_MAX_BYTES + 32], search[4096];
    const char *path_dirs = getenv("PATH");
    const int fds[] = { commands_fd, replies_fd };
    size_t count = 0;

    enum sb_err rc = make_profile(cdp, err);
    if (rc != SB_OK)
        return rc;
    (void)snprintf(profile, sizeof(profile), "--user-data-dir=%s", cdp->profile);
    /* Home and temporary files are inside the profile too, so that its removal removes everything the browser wrote. */
    (void)snprintf(home, sizeof(home), "HOME=%s", cdp->profile);
    (void)snprintf(temporary, sizeof(temporary), "TMPDIR=%s", cdp->profile);
    (void)snprintf(search, sizeof(search), "PATH=%s", path_dirs != NULL ? path_dirs : "/usr/local/bin:/usr/bin:/bin");
    const char *const envp[] = { search, home, temporary, "LANG=C.UTF-8", NULL };

    argv[count++] = path;
    for (size_t i = 0; i < SB_LEN(flags); i++)
        argv[count++] = flags[i];
    argv[count++] = profile;
    /* Chromium's sandbox refuses to work for root; everybody else keeps it. */
    if (geteuid() == 0)
        argv[count++] = "--no-sandbox";
    if (sb_disk_free("/dev/shm") < (uint64_t)SHM_MIN_MIB * 1024 * 1024)
        argv[count++] = "--disable-dev-shm-usage";
    argv[count] = NULL;

    const struct sb_child_spec spec = {
        .path = path, .argv = argv, .envp = envp, .fds = fds, .fd_count = SB_LEN(fds), .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = stderr_fd,
    };
    rc = sb_child_start(&cdp->child, &spec, err);
    if (rc == SB_OK) {
        /* Until the browser says which of its processes is which, its group stands for all of them. */
        sb_chromium_note_process(cdp->chromium, cdp->child.pid, cdp->child.pid, cdp->profile);
    } else {
        sb_chromium_remove_profile(cdp->profile);
        forget_profile(cdp);
    }
    return rc;
}

/* ---- /proc ---- */

struct process {
    pid_t group;
    char state;
    uint64_t started; /* clock ticks after boot: tells a process from a later one of the same number */
};

static bool read_process(pid_t pid, struct process *process)
{
    char path[64], *text = NULL, *rest;
    size_t size = 0;
    int group = 0;
    unsigned long long started = 0;

    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (sb_file_read(path, PROC_FILE_MAX, &text, &size, NULL) != SB_OK)
        return false;
    /* "pid (name) state ppid pgrp ... starttime(22)": the name may hold anything, so reading begins behind its last ")". */
    rest = strrchr(text, ')');
    bool is_read = rest != NULL && sscanf(rest, ") %c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                                          &process->state, &group, &started) == 3;
    process->group = (pid_t)group;
    process->started = started;
    free(text);
    return is_read;
}

static uint64_t read_pss(pid_t pid)
{
    char path[64], *text = NULL;
    size_t size = 0;
    unsigned long long kib = 0;

    (void)snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    if (sb_file_read(path, PROC_FILE_MAX, &text, &size, NULL) != SB_OK)
        return 0;
    const char *line = strstr(text, "\nPss:");
    if (line == NULL || sscanf(line, "\nPss: %llu kB", &kib) != 1)
        kib = 0;
    free(text);
    return (uint64_t)kib * 1024;
}

uint64_t sb_chromium_group_pss(pid_t group)
{
    DIR *dir = opendir("/proc");
    const struct dirent *entry;
    struct process process;
    uint64_t sum = 0;
    int64_t pid;

    if (dir == NULL)
        return 0;
    while ((entry = readdir(dir)) != NULL)
        if (sb_parse_i64(entry->d_name, &pid) && read_process((pid_t)pid, &process) && process.group == group)
            sum += read_pss((pid_t)pid);
    (void)closedir(dir);
    return sum;
}

/* ---- pid file: "group group_started browser browser_started\nprofile\n"; the numbers are 0 before the process is started ---- */

void sb_chromium_note_process(const struct sb_chromium *chromium, pid_t group, pid_t browser, const char *profile)
{
    struct process leader = { 0 }, main_process = { 0 };
    struct sb_error error = { 0 };
    char text[PATH_MAX_BYTES + 128];

    if (chromium->pid_file == NULL || (group > 0 && (!read_process(group, &leader) || !read_process(browser, &main_process))))
        return;
    int size = snprintf(text, sizeof(text), "%d %llu %d %llu\n%s\n", (int)group, (unsigned long long)leader.started, (int)browser,
                        (unsigned long long)main_process.started, profile);
    if (size <= 0 || (size_t)size >= sizeof(text))
        return;
    if (sb_file_write_atomically(chromium->pid_file, text, (size_t)size, 0600, &error) != SB_OK)
        sb_log(SB_LOG_WARN, "browser", "an orphaned browser could not be found after a crash: %s", error.text);
}

/* Only a folder which we can have made is removed, whatever the file says. */
static bool is_profile(const char *profile)
{
    const char *name = strrchr(profile, '/');

    return profile[0] == '/' && strstr(profile, "/../") == NULL && name != NULL &&
           strncmp(name + 1, PROFILE_PREFIX, strlen(PROFILE_PREFIX)) == 0;
}

void sb_chromium_end_orphan(const char *pid_file)
{
    char *text = NULL, profile[PATH_MAX_BYTES] = "";
    size_t size = 0;
    int group = 0, browser = 0;
    unsigned long long group_started = 0, browser_started = 0;
    struct process process;

    if (pid_file == NULL || sb_file_read(pid_file, PID_FILE_MAX, &text, &size, NULL) != SB_OK)
        return;
    bool is_read = sscanf(text, "%d %llu %d %llu\n%511[^\n]", &group, &group_started, &browser, &browser_started, profile) == 5;
    /* The group is ours when its leader or the browser in it is still the very process which was written down. */
    bool is_ours = is_read && group > 1 &&
                   ((read_process(group, &process) && process.started == group_started && process.group == group) ||
                    (read_process(browser, &process) && process.started == browser_started && process.group == group));
    if (is_ours) {
        const struct sb_child orphan = { .pid = group, .pidfd = -1 };
        sb_log(SB_LOG_WARN, "browser", "ending browser %d, which an earlier run left behind", browser);
        sb_child_signal_group(&orphan, SIGKILL);
    }
    if (is_read && is_profile(profile))
        sb_chromium_remove_profile(profile);
    (void)unlink(pid_file);
    free(text);
}
