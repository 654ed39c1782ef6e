/* Child processes. Each gets a session and process group of its own, so that one signal reaches everything it started, and no
 * descriptor but those it was given. Any thread; a `struct sb_child` belongs to one thread at a time.
 *
 * Between fork and exec only async-signal-safe calls are made, because another thread may hold any lock of the C library. */
#include "os_private.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { CHILD_FDS_MAX = 16, CHILD_PATH_MAX = 4096, CHILD_ENV_MAX = 4, CHILD_MORE_MAX = 8 };

/* What the child tells when it could not become the program. */
struct exec_failure {
    int number;
    char stage[24];
};

struct launch {
    const struct sb_child_spec *spec;
    char path[CHILD_PATH_MAX];
    char env_texts[CHILD_ENV_MAX][CHILD_PATH_MAX];
    const char *env[CHILD_ENV_MAX + CHILD_MORE_MAX + 1];
    const char *const *envp;
    int report_fd; /* write end of the pipe that exec closes */
    sigset_t mask;
};

static bool is_runnable(const char *path)
{
    return access(path, X_OK) == 0;
}

static enum sb_err find_program(const char *name, char *path, size_t cap, struct sb_error *err)
{
    const char *dirs = getenv("PATH");

    if (strchr(name, '/') != NULL)
        return sb_copy(path, cap, name) ? SB_OK : sb_error_set(err, SB_ERR_TOO_LARGE, "path of the program is too long: %s", name);
    if (dirs == NULL)
        dirs = "/usr/local/bin:/usr/bin:/bin";
    while (*dirs != '\0') {
        size_t length = strcspn(dirs, ":");
        struct sb_text candidate;
        sb_text_init(&candidate, path, cap);
        sb_text_add_n(&candidate, length > 0 ? dirs : ".", length > 0 ? length : 1);
        sb_text_add_char(&candidate, '/');
        sb_text_add(&candidate, name);
        if (!candidate.is_cut && is_runnable(path))
            return SB_OK;
        dirs += length + (dirs[length] == ':');
    }
    return sb_error_set(err, SB_ERR_NOT_FOUND, "program %s is not in PATH; install it or give its full path", name);
}

static void clean_environment(struct launch *launch)
{
    static const struct {
        const char *name, *fallback;
    } kept[CHILD_ENV_MAX] = {
        { "PATH", "/usr/local/bin:/usr/bin:/bin" }, { "HOME", "/" }, { "LANG", "C.UTF-8" }, { "TMPDIR", "/tmp" }
    };

    for (size_t i = 0; i < CHILD_ENV_MAX; i++) {
        const char *value = getenv(kept[i].name);
        struct sb_text text;
        sb_text_init(&text, launch->env_texts[i], sizeof(launch->env_texts[i]));
        sb_text_add(&text, kept[i].name);
        sb_text_add_char(&text, '=');
        sb_text_add(&text, value != NULL ? value : kept[i].fallback);
        launch->env[i] = launch->env_texts[i];
    }
    const char *const *more = launch->spec->more_env;
    size_t count = CHILD_ENV_MAX;
    for (; more != NULL && *more != NULL; more++) {
        SB_ASSERT(count < CHILD_ENV_MAX + CHILD_MORE_MAX);
        launch->env[count++] = *more;
    }
    launch->env[count] = NULL;
    launch->envp = launch->env;
}

/* ---- in the child, after fork ---- */

static _Noreturn void child_fail(int report_fd, const char *stage)
{
    struct exec_failure failure = { .number = errno };

    for (size_t i = 0; i + 1 < sizeof(failure.stage) && stage[i] != '\0'; i++)
        failure.stage[i] = stage[i];
    ssize_t written = write(report_fd, &failure, sizeof(failure));
    (void)written; /* the parent is gone then, and with it everybody who could care */
    _exit(127);
}

static void child_signals(const struct launch *launch)
{
    struct sigaction normal = { .sa_handler = SIG_DFL };
    sigset_t none;

    /* Ignored signals would stay ignored in the program: SIGPIPE is. Reserved numbers refuse, which is fine. */
    for (int number = 1; number < NSIG; number++)
        (void)sigaction(number, &normal, NULL);
    sigemptyset(&none);
    if (sigprocmask(SIG_SETMASK, &none, NULL) != 0)
        child_fail(launch->report_fd, "unblock signals");
}

/* Puts the descriptors where the program expects them. Everything is first moved out of the way, because a source may have the
 * number of another one's target. */
static void child_descriptors(struct launch *launch)
{
    const struct sb_child_spec *spec = launch->spec;
    int standard[3] = { spec->stdin_fd, spec->stdout_fd, spec->stderr_fd };
    int count = 3 + (int)spec->fd_count;
    int sources[3 + CHILD_FDS_MAX];

    launch->report_fd = fcntl(launch->report_fd, F_DUPFD_CLOEXEC, count);
    if (launch->report_fd < 0)
        _exit(127);
    for (int i = 0; i < count; i++) {
        int from = i < 3 ? standard[i] : spec->fds[i - 3];
        if (from < 0)
            from = open("/dev/null", O_RDWR | O_CLOEXEC);
        sources[i] = from < 0 ? -1 : fcntl(from, F_DUPFD_CLOEXEC, count);
        if (sources[i] < 0)
            child_fail(launch->report_fd, "prepare descriptors");
    }
    for (int i = 0; i < count; i++)
        if (dup2(sources[i], i) < 0)
            child_fail(launch->report_fd, "place descriptors");
    /* Ours are all CLOEXEC; this covers what a library opened without it. A kernel before 5.11 lacks the call. */
    (void)close_range((unsigned)count, ~0U, CLOSE_RANGE_CLOEXEC);
}

/* The exec interface takes pointers to mutable strings for historical reasons; it does not change them. */
static char *const *mutable_strings(const char *const *strings)
{
    union {
        const char *const *from;
        char *const *to;
    } cast = { .from = strings };

    return cast.to;
}

static _Noreturn void child_main(struct launch *launch)
{
    const struct sb_child_spec *spec = launch->spec;

    if (spec->has_terminal) {
        /* All signals are blocked here, so that the terminal is given to a group that was not in front. */
        if (setpgid(0, 0) != 0 || tcsetpgrp(STDIN_FILENO, getpgrp()) != 0)
            child_fail(launch->report_fd, "give the terminal to");
    } else if (setsid() < 0) {
        child_fail(launch->report_fd, "open a session for");
    }
    child_descriptors(launch);
    child_signals(launch);
    if (spec->directory != NULL && chdir(spec->directory) != 0)
        child_fail(launch->report_fd, "enter the folder of");
    execve(launch->path, mutable_strings(spec->argv), mutable_strings(launch->envp));
    child_fail(launch->report_fd, "run");
}

/* ---- in the parent ---- */

static pid_t fork_child(struct launch *launch)
{
    sigset_t all;

    /* No handler of ours may run in the child before it has become the program. */
    sigfillset(&all);
    int rc = pthread_sigmask(SIG_SETMASK, &all, &launch->mask);
    SB_ASSERT(rc == 0);
    pid_t pid = fork();
    if (pid == 0)
        child_main(launch);
    int number = errno;
    rc = pthread_sigmask(SIG_SETMASK, &launch->mask, NULL);
    SB_ASSERT(rc == 0);
    errno = number;
    return pid;
}

/* Waits until exec has closed the pipe, or reads why it did not come to that. */
static enum sb_err exec_outcome(int fd, const struct launch *launch, struct sb_error *err)
{
    struct exec_failure failure = { .number = 0 };
    ssize_t got;

    do
        got = read(fd, &failure, sizeof(failure));
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return SB_OK;
    if (got != (ssize_t)sizeof(failure))
        return sb_error_set(err, SB_ERR_IO, "cannot run %s: the new process died before it could say why", launch->path);
    failure.stage[sizeof(failure.stage) - 1] = '\0';
    return sb_error_set(err, os_errno_code(failure.number), "cannot %s %s: %s; check that it is installed, executable and that its folder exists",
                        failure.stage, launch->path, os_errno_text(failure.number));
}

void sb_terminal_take(void)
{
    sigset_t stop, before;

    sigemptyset(&stop);
    sigaddset(&stop, SIGTTOU);
    int rc = pthread_sigmask(SIG_BLOCK, &stop, &before);
    SB_ASSERT(rc == 0);
    (void)tcsetpgrp(STDIN_FILENO, getpgrp()); /* fails without a terminal, where there is nothing to take */
    rc = pthread_sigmask(SIG_SETMASK, &before, NULL);
    SB_ASSERT(rc == 0);
}

static void reap(pid_t pid, int *status)
{
    pid_t got;

    do
        got = waitpid(pid, status, 0);
    while (got < 0 && errno == EINTR);
    SB_ASSERT(got == pid && "only this room reaps children");
}

static enum sb_err launch_and_report(struct sb_child *child, struct launch *launch, struct sb_error *err)
{
    int ends[2] = { -1, -1 }, pidfd = -1, status = 0;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return os_error_path(err, errno, "open a pipe to", launch->path, "raise the limit of open files (ulimit -n)");
    launch->report_fd = ends[1];
    pid_t pid = fork_child(launch);
    int number = errno;
    sb_fd_close(&ends[1]);
    if (pid < 0) {
        sb_fd_close(&ends[0]);
        return os_error_path(err, number, "start a process for", launch->path, "is the limit of processes reached?");
    }
    enum sb_err rc = exec_outcome(ends[0], launch, err);
    sb_fd_close(&ends[0]);
    if (rc == SB_OK) {
        pidfd = pidfd_open(pid, 0);
        if (pidfd < 0)
            rc = os_error_path(err, errno, "watch", launch->path, "a kernel from 5.3 on is needed");
    }
    if (rc != SB_OK) {
        (void)kill(pid, SIGKILL); /* it is unreaped, so the number is still its own */
        reap(pid, &status);
        return rc;
    }
    *child = (struct sb_child){ .pid = pid, .pidfd = pidfd };
    return SB_OK;
}

enum sb_err sb_child_start(struct sb_child *child, const struct sb_child_spec *spec, struct sb_error *err)
{
    SB_ASSERT(spec->path != NULL && spec->argv != NULL && spec->fd_count <= CHILD_FDS_MAX);
    struct launch *launch = calloc(1, sizeof(*launch));

    if (launch == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory to start %s", spec->path);
    launch->spec = spec;
    launch->envp = spec->envp;
    if (spec->envp == NULL)
        clean_environment(launch);
    enum sb_err rc = find_program(spec->path, launch->path, sizeof(launch->path), err);
    if (rc == SB_OK)
        rc = launch_and_report(child, launch, err);
    free(launch);
    return rc;
}

void sb_child_signal_group(const struct sb_child *child, int signal_number)
{
    /* ESRCH: the group is empty, which is what the caller is after. */
    if (child->pid > 0)
        (void)kill(-child->pid, signal_number);
}

/* The leader has ended but is not reaped: its number still names the group, so this cannot hit a stranger. */
static void release(struct sb_child *child, int *status)
{
    sb_child_signal_group(child, SIGKILL);
    reap(child->pid, status);
    sb_fd_close(&child->pidfd);
    child->pid = -1;
}

enum sb_err sb_child_wait(struct sb_child *child, const struct sb_op *op, int *status, struct sb_error *err)
{
    size_t ready = 0;
    int ended = 0;

    SB_ASSERT(child->pid > 0);
    enum sb_err rc = sb_poll_readable(&child->pidfd, 1, op, &ready, err);
    if (rc != SB_OK)
        return rc;
    release(child, &ended);
    if (status != NULL)
        *status = ended;
    return SB_OK;
}

void sb_child_end(struct sb_child *child, sb_ns grace)
{
    int status = 0;
    size_t ready = 0;

    if (child->pid <= 0)
        return;
    sb_child_signal_group(child, SIGTERM);
    sb_child_signal_group(child, SIGCONT); /* a stopped process would not see the SIGTERM */
    const struct sb_op op = { .deadline = sb_ns_add(sb_now(), grace) };
    if (sb_poll_readable(&child->pidfd, 1, &op, &ready, NULL) != SB_OK)
        sb_child_signal_group(child, SIGKILL);
    release(child, &status);
}
