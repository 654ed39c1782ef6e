/* A program on a pseudo-terminal whose screen is read by libvterm, and what the kernel knows about a process. One thread. */
#ifndef SIGNALBOX_BENCH_SEAT_H
#define SIGNALBOX_BENCH_SEAT_H

#include "signalbox/base/units.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <vterm.h>

struct seat {
    pid_t pid;
    int master;
    int rows, cols;
    VTerm *vt;
    VTermScreen *screen;
    sb_ns began, read_at;  /* before the fork; when the last bytes came */
    uint64_t bytes, bursts; /* read so far; groups of bytes with a pause before them */
};

/* Starts argv[0] with a terminal of that size; `scene` instead of a program when it is not NULL (runs in the child, then exits). */
void seat_open(struct seat *seat, int rows, int cols, const char *const *argv, int (*scene)(void *arg), void *arg);
/* Reads what comes until the deadline into the screen; returns at once after one read. False when nothing came or the program is gone. */
bool seat_read(struct seat *seat, sb_ns deadline);
/* Reads until the deadline. */
void seat_watch(struct seat *seat, sb_ns deadline);
/* Reads until nothing has come for `quiet`. */
void seat_settle(struct seat *seat, sb_ns quiet);
void seat_type(struct seat *seat, const char *bytes, size_t count);
/* Rows which hold something. */
int seat_rows_filled(const struct seat *seat);
/* The word on the cursor's row that begins with `prefix`, "" when there is none. */
void seat_word(const struct seat *seat, const char *prefix, char *out, size_t cap);
/* Whether a row holds the text. */
bool seat_shows(const struct seat *seat, const char *text);
/* Ends the benchmark with the message and what stands on the screen. */
_Noreturn void seat_give_up(const struct seat *seat, const char *message);
/* Asks it to end, then makes it, and frees everything. */
void seat_close(struct seat *seat);

/* All threads of the process: CPU time from the scheduler, voluntary switches (a thread that woke up and waited again). */
struct usage {
    sb_ns cpu;
    uint64_t switches;
};
struct usage process_usage(pid_t pid);
/* A line like "Rss:   1234 kB" of smaps_rollup, in bytes. */
uint64_t process_memory(pid_t pid, const char *line);

/* A program without a terminal, its output thrown away. */
pid_t program_start(const char *const *argv);
void program_end(pid_t pid);

#endif
