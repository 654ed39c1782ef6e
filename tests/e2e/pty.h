/* A scene in a child process on a pseudo-terminal, seen by libvterm. For tests only. */
#ifndef SB_TEST_PTY_H
#define SB_TEST_PTY_H

#include "signalbox/tui/grid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

#include <vterm.h>

#define PTY_OUTPUT_MAX (1u << 24) /* the slower the machine, the more pictures are sent meanwhile */

struct pty {
    int master, slave; /* the slave stays open here, to read its settings after the child is gone */
    int go, result;    /* to the child: one byte per pty_go; from the child: whatever the scene reports */
    pid_t pid;
    struct termios before;
    VTerm *vt;
    VTermScreen *screen;
    bool is_altscreen, is_cursor_visible;
    size_t seen, fed;            /* bytes of `output`, and how many of them the terminal was given */
    char output[PTY_OUTPUT_MAX]; /* everything the child sent, marks left out */
};

/* What a scene can do. */
struct scene {
    int go, result;
};
typedef int pty_scene(const struct scene *scene); /* answer: exit status */

struct pty_setup {
    int rows, cols;
    const char *const *env; /* "NAME=VALUE" or "NAME" to remove, NULL-terminated; TERM and LC_ALL have defaults */
    pty_scene *scene;
};

/* Fails the test when anything goes wrong. */
struct pty *pty_start(const struct pty_setup *setup);
/* Feeds the terminal what was sent before the scene's next mark, and nothing after it; returns the bytes. */
size_t pty_until_mark(struct pty *pty);
/* Feeds the terminal until the child is gone; returns its wait status. */
int pty_until_end(struct pty *pty);
/* Feeds the terminal everything that was sent before this call; for a child that sends nothing now. */
size_t pty_settle(struct pty *pty);
/* Reads for `ms` of real time, marks or not; returns the bytes that came. */
size_t pty_for(struct pty *pty, int ms);
void pty_go(struct pty *pty);
void pty_type(struct pty *pty, const char *bytes, size_t count);
void pty_resize(struct pty *pty, int rows, int cols);
/* Reads the scene's report up to `cap` - 1 bytes, NUL-terminated, until the scene has closed it or a newline came. */
void pty_report(struct pty *pty, char *out, size_t cap);
/* First character of a cell, 0 when empty. */
uint32_t pty_char(const struct pty *pty, int row, int col);
VTermScreenCell pty_cell(const struct pty *pty, int row, int col);
/* A row as UTF-8 without trailing spaces. */
const char *pty_row(const struct pty *pty, int row);
/* The last title that was sent, "" = none or taken back; and how often the bell rang. */
const char *pty_title(const struct pty *pty);
unsigned pty_bells(const struct pty *pty);
/* Every mode that was switched on by what was sent so far is off again, every title that was kept is back. */
void pty_assert_modes_are_off(const struct pty *pty);
/* Whether the terminal is as it was: settings, screen, cursor, modes, title. */
void pty_assert_restored(const struct pty *pty);
/* Kills what is left of the child. */
void pty_stop(struct pty *pty);

/* In the scene: a mark in the output that the parent waits for, and waiting for the parent. */
void scene_mark(void);
void scene_wait(const struct scene *scene);

#endif
