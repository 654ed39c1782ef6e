/* The way out when something goes wrong: a fatal signal gives the terminal back before the process dies, and standard error never
 * writes over the picture.
 *
 * Signals belong to runtime/os; this file is the exception because the handler is about nothing but the terminal: it is set while the
 * terminal is ours and runs on whichever thread fails. In the handler only calls that POSIX lists as async-signal-safe are made
 * (write, read, dup2, tcsetattr, sigaction, raise); endwin is not one of them. The state is static because a handler has no argument
 * of ours and ncurses has one terminal per process. */
#include "term_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <term.h>

#define RESET_BYTES_MAX 512
#define HELD_BYTES_MAX 65536 /* capacity of a pipe; what does not fit is dropped by the writer */

static const int fatal_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };

static struct {
    char reset[RESET_BYTES_MAX];
    size_t reset_len;
    struct termios before;
    struct sigaction previous[SB_LEN(fatal_signals)];
    stack_t previous_stack;
    int held_read, held_write, real_stderr; /* -1 when standard error is no terminal */
    volatile sig_atomic_t is_armed;
    char stack[65536]; /* so that a stack overflow on the UI thread can still be handled */
} crash = { .held_read = -1, .held_write = -1, .real_stderr = -1 };

/* Sanitizers end the process on their own; they offer this hook instead of a signal. Absent in other builds. */
extern void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void write_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(fd, bytes, count);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return; /* nobody left to tell */
        }
        bytes += written;
        count -= (size_t)written;
    }
}

/* Standard error is itself again, and what was held is written there. */
static void release_stderr(void)
{
    char part[1024];
    ssize_t got;

    if (crash.real_stderr < 0) {
        return;
    }
    (void)dup2(crash.real_stderr, STDERR_FILENO);
    while ((got = read(crash.held_read, part, sizeof part)) > 0) {
        write_all(STDERR_FILENO, part, (size_t)got);
    }
}

static void restore_terminal(void)
{
    if (!crash.is_armed) {
        return;
    }
    crash.is_armed = 0;
    write_all(STDOUT_FILENO, crash.reset, crash.reset_len);
    (void)tcsetattr(STDOUT_FILENO, TCSANOW, &crash.before);
    release_stderr();
}

static void on_fatal_signal(int number, siginfo_t *info, void *context)
{
    (void)context;
    restore_terminal();
    for (size_t i = 0; i < SB_LEN(fatal_signals); i++) {
        if (fatal_signals[i] == number) {
            (void)sigaction(number, &crash.previous[i], NULL);
        }
    }
    if (info->si_code <= 0) {
        (void)raise(number); /* sent by abort() or kill(); a fault comes again by itself when its instruction is run again */
    }
}

/* tputs hands over one byte at a time and has no argument of ours. */
static int collect(int byte)
{
    if (crash.reset_len < sizeof crash.reset) {
        crash.reset[crash.reset_len++] = (char)byte;
    }
    return byte;
}

static void collect_capability(const char *name)
{
    char copy[16] = "";
    memcpy(copy, name, strlen(name) < sizeof copy ? strlen(name) : sizeof copy - 1);
    const char *value = tigetstr(copy);
    if (value != NULL && value != (const char *)-1) {
        (void)tputs(value, 1, collect);
    }
}

static void collect_bytes(const char *bytes)
{
    for (; *bytes != '\0'; bytes++) {
        (void)collect(*bytes);
    }
}

enum sb_err crash_save_terminal(struct sb_error *err)
{
    if (tcgetattr(STDOUT_FILENO, &crash.before) != 0) {
        return sb_error_set(err, SB_ERR_IO, "cannot read the terminal's settings: error %d", errno);
    }
    return SB_OK;
}

static void hold_stderr(void)
{
    int ends[2];

    if (isatty(STDERR_FILENO) == 0 || pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return; /* redirected already; or out of descriptors, and then a stray line on the screen is the smaller evil */
    }
    int real = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (real < 0 || dup2(ends[1], STDERR_FILENO) < 0) {
        (void)close(ends[0]);
        (void)close(ends[1]);
        if (real >= 0) {
            (void)close(real);
        }
        return;
    }
    crash.held_read = ends[0];
    crash.held_write = ends[1];
    crash.real_stderr = real;
}

void crash_arm(const struct sb_term *term)
{
    static const char *const names[] = { "rmkx", "BD", "sgr0", "rmcup", "cnorm" };
    struct sigaction action = { .sa_sigaction = on_fatal_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    stack_t stack = { .ss_sp = crash.stack, .ss_size = sizeof crash.stack };

    crash.reset_len = 0;
    for (size_t i = 0; i < SB_LEN(names); i++) {
        if (term->has_paste_marks || strcmp(names[i], "BD") != 0) {
            collect_capability(names[i]);
        }
    }
    if (term->has_osc) {
        collect_bytes(TERM_FOCUS_OFF TERM_TITLE_BACK);
    }
    for (const char *at = term->has_mouse ? TERM_MOUSE_OFF : ""; *at != '\0'; at++) {
        (void)collect(*at);
    }
    (void)collect('\r');
    (void)collect('\n');
    hold_stderr();
    (void)sigaltstack(&stack, &crash.previous_stack);
    (void)sigemptyset(&action.sa_mask);
    crash.is_armed = 1;
    for (size_t i = 0; i < SB_LEN(fatal_signals); i++) {
        (void)sigaction(fatal_signals[i], &action, &crash.previous[i]);
    }
    if (__sanitizer_set_death_callback != NULL) {
        __sanitizer_set_death_callback(restore_terminal);
    }
}

void crash_disarm(void)
{
    crash.is_armed = 0;
    for (size_t i = 0; i < SB_LEN(fatal_signals); i++) {
        (void)sigaction(fatal_signals[i], &crash.previous[i], NULL);
    }
    (void)sigaltstack(&crash.previous_stack, NULL);
    release_stderr();
    int *const fds[] = { &crash.held_read, &crash.held_write, &crash.real_stderr };
    for (size_t i = 0; i < SB_LEN(fds); i++) {
        if (*fds[i] >= 0) {
            (void)close(*fds[i]);
            *fds[i] = -1;
        }
    }
}
