/* Programs under measurement: started on a pseudo-terminal or without one, watched, ended by pid. Everything started dies with the
 * benchmark, however that ends. */
#include "seat.h"

#include "bench.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ_BYTES = 65536, ROW_BYTES = 4096, BURST_PAUSE_MS = 3, END_MS = 10000 };

static void set_environment(void)
{
    (void)setenv("TERM", "xterm-256color", 1);
    (void)setenv("LC_ALL", "C.UTF-8", 1);
    (void)unsetenv("NO_COLOR");
    (void)unsetenv("LINES");
    (void)unsetenv("COLUMNS");
}

static _Noreturn void become(const char *const *argv)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)execvp(argv[0], (char *const *)(uintptr_t)argv); /* exec does not write to it */
    (void)fprintf(stderr, "bench: cannot start %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

void seat_open(struct seat *seat, int rows, int cols, const char *const *argv, int (*scene)(void *arg), void *arg)
{
    struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };

    *seat = (struct seat){ .rows = rows, .cols = cols, .vt = vterm_new(rows, cols) };
    vterm_set_utf8(seat->vt, 1);
    seat->screen = vterm_obtain_screen(seat->vt);
    vterm_screen_enable_altscreen(seat->screen, 1);
    vterm_screen_reset(seat->screen, 1);
    (void)fflush(stdout);
    seat->began = seat->read_at = sb_now();
    seat->pid = forkpty(&seat->master, NULL, NULL, &size);
    if (seat->pid < 0)
        give_up("no pseudo-terminal: %s", strerror(errno));
    if (seat->pid == 0) {
        set_environment();
        if (scene == NULL)
            become(argv);
        _exit(scene(arg));
    }
    (void)fcntl(seat->master, F_SETFD, FD_CLOEXEC);
}

bool seat_read(struct seat *seat, sb_ns deadline)
{
    static char buf[READ_BYTES];
    const struct sb_op op = { .deadline = deadline };
    struct pollfd polled = { .fd = seat->master, .events = POLLIN };

    if (poll(&polled, 1, sb_op_poll_ms(&op)) <= 0 || (polled.revents & POLLIN) == 0)
        return false;
    ssize_t got = read(seat->master, buf, sizeof(buf));
    if (got <= 0)
        return false;
    sb_ns now = sb_now();
    seat->bursts += now - seat->read_at > SB_MS(BURST_PAUSE_MS) || seat->bytes == 0 ? 1u : 0u;
    seat->read_at = now;
    seat->bytes += (uint64_t)got;
    (void)vterm_input_write(seat->vt, buf, (size_t)got);
    return true;
}

void seat_watch(struct seat *seat, sb_ns deadline)
{
    while (sb_now() < deadline)
        if (!seat_read(seat, deadline) && sb_now() < deadline)
            give_up("the program on the terminal ended while it was watched");
}

void seat_settle(struct seat *seat, sb_ns quiet)
{
    while (seat_read(seat, sb_now() + quiet)) {
    }
}

void seat_type(struct seat *seat, const char *bytes, size_t count)
{
    if (write(seat->master, bytes, count) != (ssize_t)count)
        give_up("cannot type: %s", strerror(errno));
}

static size_t row_text(const struct seat *seat, int row, char *text, size_t cap)
{
    size_t len = vterm_screen_get_text(seat->screen, text, cap - 1,
                                       (VTermRect){ .start_row = row, .end_row = row + 1, .start_col = 0, .end_col = seat->cols });
    text[len] = '\0';
    return len;
}

int seat_rows_filled(const struct seat *seat)
{
    char text[ROW_BYTES];
    int filled = 0;
    vterm_screen_flush_damage(seat->screen);
    for (int row = 0; row < seat->rows; row++) {
        size_t len = row_text(seat, row, text, sizeof(text));
        filled += strspn(text, " ") < len;
    }
    return filled;
}

void seat_give_up(const struct seat *seat, const char *message)
{
    char text[ROW_BYTES];
    vterm_screen_flush_damage(seat->screen);
    for (int row = 0; row < seat->rows; row++)
        if (row_text(seat, row, text, sizeof(text)) > 0)
            (void)fprintf(stderr, "| %s\n", text);
    give_up("%s; %d of %d rows hold something", message, seat_rows_filled(seat), seat->rows);
}

void seat_word(const struct seat *seat, const char *prefix, char *out, size_t cap)
{
    char text[ROW_BYTES];
    VTermPos cursor;

    vterm_screen_flush_damage(seat->screen);
    vterm_state_get_cursorpos(vterm_obtain_state(seat->vt), &cursor);
    (void)row_text(seat, cursor.row, text, sizeof(text));
    const char *found = strstr(text, prefix);
    out[0] = '\0';
    if (found != NULL)
        (void)snprintf(out, cap, "%.*s", (int)strcspn(found, " "), found);
}

bool seat_shows(const struct seat *seat, const char *wanted)
{
    char text[ROW_BYTES];
    bool is_shown = false;
    vterm_screen_flush_damage(seat->screen);
    for (int row = 0; row < seat->rows && !is_shown; row++)
        is_shown = row_text(seat, row, text, sizeof(text)) > 0 && strstr(text, wanted) != NULL;
    return is_shown;
}

/* Waits for the end; a terminal's output is read meanwhile, so that nobody hangs on it. */
static bool has_ended(pid_t pid, struct seat *seat, int ms)
{
    sb_ns deadline = sb_now() + SB_MS(ms);
    while (waitpid(pid, NULL, WNOHANG) == 0) {
        if (sb_now() > deadline)
            return false;
        if (seat == NULL || !seat_read(seat, sb_now() + SB_MS(2)))
            (void)poll(NULL, 0, 2);
    }
    return true;
}

static void end(pid_t pid, struct seat *seat)
{
    (void)kill(pid, SIGTERM);
    if (has_ended(pid, seat, 100))
        return;
    (void)kill(pid, SIGTERM); /* the second one hurries */
    if (has_ended(pid, seat, END_MS))
        return;
    (void)kill(pid, SIGKILL);
    (void)fprintf(stderr, "bench: process %d did not end when asked\n", (int)pid);
    (void)waitpid(pid, NULL, 0);
}

void seat_close(struct seat *seat)
{
    end(seat->pid, seat);
    (void)close(seat->master);
    vterm_free(seat->vt);
}

/* ---- what the kernel knows ---- */

static size_t read_small(const char *path, char *buf, size_t cap)
{
    size_t len = 0;
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        len = fread(buf, 1, cap - 1, file);
        (void)fclose(file);
    }
    buf[len] = '\0';
    return len;
}

/* The number behind `label`, 0 when it is not there. */
static uint64_t number_behind(const char *text, const char *label)
{
    const char *at = strstr(text, label);
    return at != NULL ? strtoull(at + strlen(label), NULL, 10) : 0;
}

struct usage process_usage(pid_t pid)
{
    struct usage usage = { 0 };
    char path[512], text[4096];
    (void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    if (tasks == NULL)
        give_up("process %d is gone", (int)pid);
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        if (task->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)pid, task->d_name);
        if (read_small(path, text, sizeof(text)) > 0)
            usage.cpu += (sb_ns)strtoll(text, NULL, 10);
        (void)snprintf(path, sizeof(path), "/proc/%d/task/%s/status", (int)pid, task->d_name);
        if (read_small(path, text, sizeof(text)) > 0)
            usage.switches += number_behind(text, "\nvoluntary_ctxt_switches:");
    }
    (void)closedir(tasks);
    return usage;
}

uint64_t process_memory(pid_t pid, const char *line)
{
    char path[64], text[4096];
    (void)snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    if (read_small(path, text, sizeof(text)) == 0)
        give_up("process %d is gone", (int)pid);
    return number_behind(text, line) * 1024;
}

pid_t program_start(const char *const *argv)
{
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
        give_up("no process: %s", strerror(errno));
    if (pid > 0)
        return pid;
    int null = open("/dev/null", O_RDWR);
    (void)dup2(null, STDIN_FILENO);
    (void)dup2(null, STDOUT_FILENO);
    set_environment();
    become(argv);
}

void program_end(pid_t pid)
{
    end(pid, NULL);
}
