/* Runs a scene on a pseudo-terminal and reads what it draws with libvterm. The scene ends its pictures with a mark in the output
 * itself, because a pseudo-terminal delivers later than the writer's write() returns. */
#include "pty.h"

#include "signalbox/os/os.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MARK "\033]777;sb-mark\007"
#define WAIT_MS 20000 /* a machine under load; nothing waits this long when it works */

static int on_property(VTermProp prop, VTermValue *value, void *user)
{
    struct pty *pty = user;
    if (prop == VTERM_PROP_ALTSCREEN) {
        pty->is_altscreen = value->boolean;
    } else if (prop == VTERM_PROP_CURSORVISIBLE) {
        pty->is_cursor_visible = value->boolean;
    }
    return 1;
}

static const VTermScreenCallbacks callbacks = { .settermprop = on_property };

static void set_environment(const struct pty_setup *setup)
{
    (void)setenv("TERM", "xterm-256color", 1);
    (void)setenv("LC_ALL", "C.UTF-8", 1);
    (void)unsetenv("NO_COLOR");
    (void)unsetenv("LINES");
    (void)unsetenv("COLUMNS");
    for (size_t i = 0; setup->env != NULL && setup->env[i] != NULL; i++) {
        char name[64];
        const char *equals = strchr(setup->env[i], '=');
        size_t len = equals != NULL ? (size_t)(equals - setup->env[i]) : strlen(setup->env[i]);
        assert_true(len < sizeof name);
        memcpy(name, setup->env[i], len);
        name[len] = '\0';
        if (equals != NULL) {
            (void)setenv(name, equals + 1, 1);
        } else {
            (void)unsetenv(name);
        }
    }
}

static _Noreturn void run_child(const struct pty_setup *setup, int slave, const struct scene *scene)
{
    (void)setsid();
    (void)ioctl(slave, TIOCSCTTY, 0);
    for (int fd = 0; fd < 3; fd++) {
        (void)dup2(slave, fd);
    }
    (void)close(slave);
    set_environment(setup);
    (void)setlocale(LC_ALL, "");
    _exit(setup->scene(scene));
}

struct pty *pty_start(const struct pty_setup *setup)
{
    struct pty *pty = calloc(1, sizeof *pty);
    struct winsize size = { .ws_row = (unsigned short)setup->rows, .ws_col = (unsigned short)setup->cols };
    int go[2], result[2];

    assert_non_null(pty);
    (void)signal(SIGPIPE, SIG_IGN); /* a scene that died is a failed assertion here, not the end of the test */
    assert_int_equal(openpty(&pty->master, &pty->slave, NULL, NULL, &size), 0);
    assert_int_equal(tcgetattr(pty->slave, &pty->before), 0);
    assert_int_equal(pipe(go), 0);
    assert_int_equal(pipe(result), 0);
    pty->vt = vterm_new(setup->rows, setup->cols);
    vterm_set_utf8(pty->vt, 1);
    pty->screen = vterm_obtain_screen(pty->vt);
    vterm_screen_enable_altscreen(pty->screen, 1);
    vterm_screen_set_callbacks(pty->screen, &callbacks, pty);
    vterm_screen_reset(pty->screen, 1);
    pty->pid = fork();
    assert_true(pty->pid >= 0);
    if (pty->pid == 0) {
        (void)close(pty->master);
        (void)close(go[1]);
        (void)close(result[0]);
        struct scene scene = { go[0], result[1] };
        run_child(setup, pty->slave, &scene);
    }
    (void)close(go[0]);
    (void)close(result[1]);
    pty->go = go[1];
    pty->result = result[0];
    return pty;
}

/* Takes what has come into `output`; false when nothing came within `ms` or the other side is closed. */
static bool take(struct pty *pty, int ms)
{
    struct pollfd polled = { .fd = pty->master, .events = POLLIN };
    int ready = poll(&polled, 1, ms);
    if (ready <= 0 || (polled.revents & POLLIN) == 0) {
        return false;
    }
    assert_true(pty->seen < PTY_OUTPUT_MAX);
    ssize_t got = read(pty->master, pty->output + pty->seen, PTY_OUTPUT_MAX - pty->seen);
    if (got <= 0) {
        return false;
    }
    pty->seen += (size_t)got;
    return true;
}

static char *find_mark(struct pty *pty)
{
    return memmem(pty->output + pty->fed, pty->seen - pty->fed, MARK, sizeof MARK - 1);
}

/* Gives the terminal what has come up to `end` of the output. */
static size_t feed(struct pty *pty, size_t end)
{
    size_t count = end - pty->fed;
    (void)vterm_input_write(pty->vt, pty->output + pty->fed, count);
    vterm_screen_flush_damage(pty->screen);
    pty->fed = end;
    return count;
}

static void cut_mark(struct pty *pty, char *mark)
{
    char *behind = mark + sizeof MARK - 1;
    memmove(mark, behind, (size_t)(pty->output + pty->seen - behind));
    pty->seen -= sizeof MARK - 1;
}

static size_t feed_all(struct pty *pty)
{
    char *mark;
    while ((mark = find_mark(pty)) != NULL) {
        cut_mark(pty, mark);
    }
    return feed(pty, pty->seen);
}

size_t pty_until_mark(struct pty *pty)
{
    char *mark;
    while ((mark = find_mark(pty)) == NULL) {
        if (!take(pty, WAIT_MS)) {
            fail_msg("no mark came; output so far: %.*s", (int)(pty->seen - pty->fed), pty->output + pty->fed);
        }
    }
    cut_mark(pty, mark);
    return feed(pty, (size_t)(mark - pty->output));
}

size_t pty_for(struct pty *pty, int ms)
{
    sb_ns end = sb_now() + SB_MS(ms);
    for (sb_ns left = SB_MS(ms); left > 0; left = end - sb_now()) {
        (void)take(pty, (int)(left / SB_MS(1)) + 1);
    }
    return feed_all(pty);
}

/* A pseudo-terminal delivers in its own time, but in order: a mark of our own behind what the child has sent. */
size_t pty_settle(struct pty *pty)
{
    assert_int_equal(write(pty->slave, MARK, sizeof MARK - 1), (ssize_t)sizeof MARK - 1);
    while (find_mark(pty) == NULL) {
        assert_true(take(pty, WAIT_MS));
    }
    return feed_all(pty);
}

int pty_until_end(struct pty *pty)
{
    int status = 0;
    pid_t ended = 0;

    for (int waited = 0; ended == 0 && waited < WAIT_MS; waited += 20) {
        while (take(pty, 20)) {
        }
        ended = waitpid(pty->pid, &status, WNOHANG);
    }
    assert_int_equal(ended, pty->pid);
    pty->pid = 0;
    (void)pty_settle(pty);
    return status;
}

void pty_go(struct pty *pty)
{
    assert_int_equal(write(pty->go, "g", 1), 1);
}

void pty_type(struct pty *pty, const char *bytes, size_t count)
{
    assert_int_equal(write(pty->master, bytes, count), (ssize_t)count);
}

void pty_resize(struct pty *pty, int rows, int cols)
{
    struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };
    assert_int_equal(ioctl(pty->master, TIOCSWINSZ, &size), 0);
    vterm_set_size(pty->vt, rows, cols);
}

void pty_report(struct pty *pty, char *out, size_t cap)
{
    size_t len = 0;
    while (len < cap - 1) {
        struct pollfd polled = { .fd = pty->result, .events = POLLIN };
        assert_true(poll(&polled, 1, WAIT_MS) > 0);
        if (read(pty->result, out + len, 1) != 1 || out[len] == '\n') {
            break;
        }
        len++;
    }
    out[len] = '\0';
}

VTermScreenCell pty_cell(const struct pty *pty, int row, int col)
{
    VTermScreenCell cell;
    assert_int_equal(vterm_screen_get_cell(pty->screen, (VTermPos){ .row = row, .col = col }, &cell), 1);
    return cell;
}

uint32_t pty_char(const struct pty *pty, int row, int col)
{
    uint32_t code = pty_cell(pty, row, col).chars[0];
    return code == 0 ? ' ' : code;
}

const char *pty_row(const struct pty *pty, int row)
{
    static char text[4096];
    int rows, cols;
    vterm_get_size(pty->vt, &rows, &cols);
    size_t len = vterm_screen_get_text(pty->screen, text, sizeof text - 1,
                                       (VTermRect){ .start_row = row, .end_row = row + 1, .start_col = 0, .end_col = cols });
    while (len > 0 && text[len - 1] == ' ') {
        len--;
    }
    text[len] = '\0';
    return text;
}

/* Walks over what was sent: calls `on` with each OSC text and each BEL that stands alone. */
static void walk(const struct pty *pty, void (*on)(void *arg, const char *text, size_t size), void *arg)
{
    const char *const end = pty->output + pty->fed;
    for (const char *at = pty->output; at < end; at++) {
        if (*at == '\a') {
            on(arg, NULL, 0);
        } else if (*at == '\033' && at + 1 < end && at[1] == ']') {
            const char *const text = at + 2;
            while (at < end && *at != '\a' && !(*at == '\033' && at >= text)) {
                at++;
            }
            on(arg, text, (size_t)(at - text));
        }
    }
}

static void on_title(void *arg, const char *text, size_t size)
{
    char *title = arg;
    if (text != NULL && size >= 2 && size < 200 && (text[0] == '2' || text[0] == '0') && text[1] == ';') {
        memcpy(title, text + 2, size - 2);
        title[size - 2] = '\0';
    }
}

const char *pty_title(const struct pty *pty)
{
    static char title[200];
    title[0] = '\0';
    walk(pty, on_title, title);
    return title;
}

static void on_bell(void *arg, const char *text, size_t size)
{
    (void)size;
    *(unsigned *)arg += text == NULL;
}

unsigned pty_bells(const struct pty *pty)
{
    unsigned bells = 0;
    walk(pty, on_bell, &bells);
    return bells;
}

static unsigned count_of(const struct pty *pty, const char *bytes)
{
    unsigned count = 0;
    const char *at = pty->output, *const end = pty->output + pty->fed;
    while ((at = memmem(at, (size_t)(end - at), bytes, strlen(bytes))) != NULL) {
        count++;
        at++;
    }
    return count;
}

void pty_assert_modes_are_off(const struct pty *pty)
{
    static const struct {
        const char *name, *on, *off;
    } pairs[] = {
        { "other screen", "\033[?1049h", "\033[?1049l" }, { "paste marks", "\033[?2004h", "\033[?2004l" },
        { "focus reports", "\033[?1004h", "\033[?1004l" }, { "titles kept", "\033[22;2t", "\033[23;2t" },
        { "keypad", "\033[?1h", "\033[?1l" },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        unsigned on = count_of(pty, pairs[i].on), off = count_of(pty, pairs[i].off);
        if (on > off) {
            fail_msg("%s: %u times on, %u times off", pairs[i].name, on, off);
        }
    }
    assert_string_equal(pty_title(pty), "");
}

static void fail_with_tail(const struct pty *pty, const char *what)
{
    char tail[512];
    size_t count = 0;
    for (size_t i = pty->fed > 100 ? pty->fed - 100 : 0; i < pty->fed && count + 5 < sizeof tail; i++) {
        const unsigned char c = (unsigned char)pty->output[i];
        count += (size_t)snprintf(tail + count, sizeof tail - count, c >= ' ' && c <= '~' ? "%c" : "\\x%02x", c);
    }
    fail_msg("%s; the last that was sent: %s", what, tail);
}

void pty_assert_restored(const struct pty *pty)
{
    pty_assert_modes_are_off(pty);
    struct termios after;
    assert_int_equal(tcgetattr(pty->slave, &after), 0);
    assert_int_equal(after.c_lflag, pty->before.c_lflag);
    assert_int_equal(after.c_iflag, pty->before.c_iflag);
    assert_int_equal(after.c_oflag, pty->before.c_oflag);
    assert_false(pty->is_altscreen);
    if (!pty->is_cursor_visible) {
        fail_with_tail(pty, "the cursor is hidden");
    }
}

void pty_stop(struct pty *pty)
{
    if (pty->pid > 0) {
        (void)kill(pty->pid, SIGKILL);
        (void)waitpid(pty->pid, NULL, 0);
    }
    (void)close(pty->master);
    (void)close(pty->slave);
    (void)close(pty->go);
    (void)close(pty->result);
    vterm_free(pty->vt);
    free(pty);
}

void scene_mark(void)
{
    if (write(STDOUT_FILENO, MARK, sizeof MARK - 1) != (ssize_t)sizeof MARK - 1) {
        _exit(99);
    }
}

void scene_wait(const struct scene *scene)
{
    char byte;
    ssize_t got;
    do {
        got = read(scene->go, &byte, 1);
    } while (got < 0 && errno == EINTR); /* SIGWINCH has a handler */
    if (got != 1) {
        _exit(98);
    }
}
