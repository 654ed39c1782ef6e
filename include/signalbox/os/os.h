/* The operating system, as the other rooms see it: clocks, threads, locks, child processes, files. The only room that calls
 * pthread_*, clock_*, fork and exec, and signal functions. */
#ifndef SIGNALBOX_OS_OS_H
#define SIGNALBOX_OS_OS_H

#include "signalbox/base/err.h"
#include "signalbox/base/redact.h"
#include "signalbox/base/units.h"
#include "signalbox/ports/op.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* CLOCK_MONOTONIC and CLOCK_REALTIME. */
sb_ns sb_now(void);
struct sb_wall sb_wall_now(void);
/* CLOCK_BOOTTIME: as sb_now, but goes on while the machine sleeps. */
sb_ns sb_now_with_sleep(void);
/* CPU time of this process (user + system). */
sb_ns sb_cpu_time(void);

/* Locks carry a rank: debug builds abort when a thread takes one of a lower or equal rank than it already holds. */
enum sb_rank {
    SB_RANK_RECORDER = 2,
    SB_RANK_PAGES = 3,
    SB_RANK_ASKER = 4,
    SB_RANK_RELAY = 5,
    SB_RANK_INBOX = 10,
    SB_RANK_WORKERS = 20,
    SB_RANK_RUNS = 25,
    SB_RANK_KEEPER = 26,
    SB_RANK_OUTPUTS = 27,
    SB_RANK_IDENTITIES = 28,
    SB_RANK_HANDS = 29,
    SB_RANK_JOURNAL = 30,
    SB_RANK_STORE = 32,
    SB_RANK_FEED = 40,
    SB_RANK_CONSOLES = 42,
    SB_RANK_ATTACH = 44,
    SB_RANK_BROWSER = 50,
    SB_RANK_CONTEXT = 52,
    SB_RANK_HTTP_OPENING = 58,
    SB_RANK_HTTP = 60,
    SB_RANK_CACHE = 62,
    SB_RANK_RECEIPTS = 70,
    SB_RANK_PRACTICE = 80,
    SB_RANK_FLIGHT = 84,
    SB_RANK_STATS = 86,
    SB_RANK_METRICS = 88,
    SB_RANK_LOG = 90,
};
struct sb_mutex;
struct sb_cond;
struct sb_mutex *sb_mutex_create(enum sb_rank rank); /* NULL when out of memory */
void sb_mutex_destroy(struct sb_mutex *mutex);
void sb_mutex_lock(struct sb_mutex *mutex);
void sb_mutex_unlock(struct sb_mutex *mutex);
struct sb_cond *sb_cond_create(void); /* waits by the monotonic clock; NULL when out of memory */
void sb_cond_destroy(struct sb_cond *cond);
void sb_cond_signal(struct sb_cond *cond);
void sb_cond_broadcast(struct sb_cond *cond);
/* Waits until signalled or the monotonic deadline (SB_NEVER = none). False when the deadline passed. Spurious wake-ups happen: loop. */
bool sb_cond_wait(struct sb_cond *cond, struct sb_mutex *mutex, sb_ns deadline);

/* Threads are named, block all signals and are always joined. */
struct sb_thread;
enum sb_err sb_thread_start(struct sb_thread **thread, const char *name, void (*main)(void *arg), void *arg,
                            struct sb_error *err) SB_MUST_USE;
/* Waits for its end and frees it. NULL is fine. */
void sb_thread_join(struct sb_thread *thread);

/* A loop's sign of life: who watches asks and wakes the loop, the loop answers at each of its turns. A loop that says when it only waits for news
 * is left asleep: it is asked, whether a wake-up still reaches it, at most every SB_PULSE_REST_MAX. Any thread, no lock. Starts as zero. */
#define SB_PULSE_REST_MAX SB_S(15)
struct sb_pulse {
    _Atomic(sb_ns) asked;      /* when the question was asked that is not answered; 0 = none */
    _Atomic(sb_ns) asked_last; /* when the last one was */
    _Atomic(uint32_t) resting; /* threads of the loop that wait for news */
};
/* For how long an answer is owed, 0 when none is. `*must_wake`: a question is open, and the caller wakes the loop for it. */
sb_ns sb_pulse_ask(struct sb_pulse *pulse, bool *must_wake);
void sb_pulse_answer(struct sb_pulse *pulse);
/* Around a wait for news; sb_pulse_rise answers too. */
void sb_pulse_rest(struct sb_pulse *pulse);
void sb_pulse_rise(struct sb_pulse *pulse);

/* A counter that can be polled (eventfd). */
enum sb_err sb_wake_open(int *fd, struct sb_error *err) SB_MUST_USE;
void sb_wake_post(int fd);  /* any thread, async-signal-safe */
void sb_wake_clear(int fd);
/* Waits for one of the descriptors to be readable, the op's cancellation or its deadline. Returns SB_OK with *ready = index,
 * SB_ERR_TIMEOUT or SB_ERR_CANCELLED. Negative descriptors are ignored. */
enum sb_err sb_poll_readable(const int *fds, size_t count, const struct sb_op *op, size_t *ready, struct sb_error *err) SB_MUST_USE;

/* Threads which a library starts by itself between these two take no signal either, like those of sb_thread_start. */
void sb_signals_hold(sigset_t *before);
void sb_signals_release(const sigset_t *before);

/* Blocks the signals in the calling thread (the main thread, before others start) and makes them readable on `*fd`; SIGPIPE is
 * ignored for the whole process. Close with sb_fd_close. */
enum sb_err sb_signals_open(int *fd, const int *numbers, size_t count, struct sb_error *err) SB_MUST_USE;
/* The next pending signal, or 0. Does not block. */
int sb_signals_take(int fd);

/* Child processes: own session and process group, stdin from /dev/null unless a pipe is asked for, every descriptor CLOEXEC but those given. */
struct sb_child_spec {
    const char *path;              /* executable, looked up in PATH when it has no slash */
    const char *const *argv;       /* NULL-terminated; argv[0] included */
    const char *const *envp;       /* NULL-terminated, or NULL = a clean PATH, HOME, LANG, TMPDIR */
    const char *const *more_env;   /* NULL-terminated NAME=VALUE texts behind the clean ones, at most 8, or NULL */
    const char *directory;         /* or NULL */
    const int *fds;                /* fds[i] becomes descriptor 3 + i in the child */
    size_t fd_count;
    int stdin_fd, stdout_fd, stderr_fd; /* -1 = /dev/null */
    bool has_terminal;             /* stays in our session, in front on the terminal of descriptor 0; after its end sb_terminal_take */
};
struct sb_child {
    pid_t pid;                     /* also the process group */
    int pidfd;                     /* readable when it has ended */
};
enum sb_err sb_child_start(struct sb_child *child, const struct sb_child_spec *spec, struct sb_error *err) SB_MUST_USE;
void sb_child_signal_group(const struct sb_child *child, int signal_number);
/* Waits for the end within the op; *status as waitpid (may be NULL). Then kills what is left of the group, reaps and closes: the child
 * is over. */
enum sb_err sb_child_wait(struct sb_child *child, const struct sb_op *op, int *status, struct sb_error *err) SB_MUST_USE;
/* SIGTERM to the group, up to `grace`, then SIGKILL, then reaps. Safe on a child that has ended. */
void sb_child_end(struct sb_child *child, sb_ns grace);

/* One program from its start to its end. */
struct sb_child_talk {
    const void *input;             /* what its stdin gives, or NULL = /dev/null */
    size_t input_size;
    size_t output_max;             /* bytes kept of each stream; what is more is read and dropped */
    char *out, *errors;            /* what it said, NUL-terminated; the caller's to free(), after a failure too; NULL when there was no memory */
    size_t out_size, errors_size;
    bool out_is_cut, errors_is_cut;
    int status;                    /* as waitpid; set on success */
};
/* Runs it until its end or the end of the op, after which nothing of its process group is left. The descriptors of the spec are not looked at. */
enum sb_err sb_child_talk(const struct sb_child_spec *spec, struct sb_child_talk *talk, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;

/* This process is in front on the terminal of descriptor 0 again. Nothing happens without a terminal. */
void sb_terminal_take(void);

/* Files. */
enum sb_err sb_file_read(const char *path, size_t max, char **bytes, size_t *size, struct sb_error *err) SB_MUST_USE; /* NUL-terminated; free() */
/* New file, fsync, rename, fsync of the folder. */
enum sb_err sb_file_write_atomically(const char *path, const void *bytes, size_t size, unsigned mode, struct sb_error *err) SB_MUST_USE;
enum sb_err sb_dir_make(const char *path, unsigned mode, struct sb_error *err) SB_MUST_USE; /* with its parents */
enum sb_err sb_dir_remove(const char *path, struct sb_error *err) SB_MUST_USE;              /* with its contents; follows no links; missing is fine */
/* Holds an exclusive lock on the file until closed; SB_ERR_EXISTS names the pid that holds it. */
enum sb_err sb_lock_open(int *fd, const char *path, struct sb_error *err) SB_MUST_USE;
void sb_fd_close(int *fd); /* closes and sets -1; -1 is fine */

/* Resident and proportional memory of this process, and free bytes of the file system of `path`. */
uint64_t sb_memory_rss(void);
uint64_t sb_disk_free(const char *path);
/* This process, as the system sees it; 0 for what cannot be read. */
struct sb_process {
    uint64_t memory;             /* resident bytes */
    uint32_t fds, fds_max, threads;
    sb_ns cpu;
};
void sb_process_look(struct sb_process *process);
/* `size` random bytes from the kernel. */
enum sb_err sb_random(void *bytes, size_t size, struct sb_error *err) SB_MUST_USE;

/* A secret by reference: "file:PATH", "env:NAME", "cred:NAME" (systemd credential). The value ends at the first newline. The caller
 * wipes and frees it with sb_secret_free. */
enum sb_err sb_secret_read(const char *reference, char **value, struct sb_error *err) SB_MUST_USE;
void sb_secret_free(char *value);

/* The values of secrets that must not get into events, rows or the log, whoever says them. Borrowed until the next call; NULL takes it away. To be
 * set while no thread uses it. */
void sb_veil_set(const struct sb_redactor *redactor);
/* Replaces them in a field of `cap` bytes; the field stays terminated. Any thread. */
void sb_veil_text(char *text, size_t cap);
/* The same in a malloc'ed text, which may be replaced. False without memory: then *text is NULL and nothing has leaked. */
bool sb_veil_document(char **text);
/* A crash of this process, or of its children, leaves no memory behind. */
void sb_core_dumps_off(void);

/* Tells systemd, or whoever else set NOTIFY_SOCKET, lines like "READY=1"; SB_OK when nobody wants to know. */
enum sb_err sb_notify(const char *state, struct sb_error *err) SB_MUST_USE;
/* How often WATCHDOG=1 is to be said: half of WATCHDOG_USEC; 0 when it is not set for this process. */
sb_ns sb_notify_interval(void);

/* The log: one line per call, "2026-11-23T14:41:07.312Z E area text", control characters made visible. Default sink: stderr; a console
 * sets a file. */
enum sb_log_level { SB_LOG_DEBUG, SB_LOG_INFO, SB_LOG_WARN, SB_LOG_ERROR };
enum sb_err sb_log_open(const char *path, struct sb_error *err) SB_MUST_USE; /* appends; NULL = stderr */
void sb_log_level_set(enum sb_log_level level);
void sb_log(enum sb_log_level level, const char *area, const char *format, ...) SB_PRINTF(3, 4);

#endif
