/* Opening and closing the terminal: its abilities, its size, its theme.
 *
 * Thread: the one that opened it. Must never exit the process (initscr would), leave the terminal changed, or let standard error
 * write over the picture. */
#include "term_private.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <langinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <term.h>

#define ESCAPE_DELAY_MS 25 /* longer makes Esc feel dead, shorter splits arrow keys of slow lines */

static bool colour_is_refused(void)
{
    const char *no_color = getenv("NO_COLOR"); /* no-color.org: present and not empty */
    return no_color != NULL && no_color[0] != '\0';
}

/* COLORTERM is not asked: ncurses can only send what the terminal's entry describes, and redefining the palette would change the
 * colours of the operator's other windows. */
static enum sb_ability ability_of(struct sb_term *term)
{
    if (colour_is_refused() || !has_colors() || start_color() == ERR) {
        return SB_ABILITY_MONO;
    }
    term->has_default_colours = use_default_colors() == OK;
    if (COLORS >= 1 << 24) {
        return SB_ABILITY_TRUE;
    }
    if (COLORS >= 256) {
        return SB_ABILITY_256;
    }
    if (COLORS >= 16) {
        return SB_ABILITY_16;
    }
    return COLORS >= 8 ? SB_ABILITY_8 : SB_ABILITY_MONO;
}

/* A string of the terminal's entry, NULL when it has none. */
static const char *capability(const char *name)
{
    char copy[16]; /* tigetstr takes a char * in this version */
    (void)sb_copy(copy, sizeof copy, name);
    const char *value = tigetstr(copy);
    return value == (const char *)-1 ? NULL : value;
}

static void configure(struct sb_term *term)
{
    (void)raw(); /* C-c, C-z and C-s are keys: the runtime must not stop because of one */
    (void)noecho();
    (void)nonl();
    (void)keypad(stdscr, TRUE);
    (void)nodelay(stdscr, TRUE);
    (void)leaveok(stdscr, FALSE); /* the cursor is parked on the selection, for screen readers */
    (void)scrollok(stdscr, FALSE);
    (void)intrflush(stdscr, FALSE);
    (void)curs_set(0);
    (void)set_escdelay(ESCAPE_DELAY_MS);
    const char *paste_on = capability("BE");
    term->has_paste_marks = paste_on != NULL && capability("BD") != NULL;
    if (term->has_paste_marks) {
        (void)putp(paste_on);
        (void)fflush(stdout);
    }
    term->has_osc = term_knows_osc(getenv("TERM"));
    term_attention_begin(term);
    term->has_mouse = capability("kmous") != NULL;
    term_keys_init(term);
}

enum sb_err sb_term_open(struct sb_term **term, struct sb_error *err)
{
    struct sb_term *self = NULL;
    const char *type = getenv("TERM");
    enum sb_err rc;

    if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) {
        return sb_error_set(err, SB_ERR_UNSUPPORTED, "the console needs a terminal on standard input and output; without one use `run`");
    }
    self = calloc(1, sizeof *self);
    if (self == NULL) {
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the terminal");
    }
    self->resize_fd = -1;
    rc = crash_save_terminal(err);
    if (rc == SB_OK) {
        rc = sb_signals_open(&self->resize_fd, (const int[]){ SIGWINCH, SIGTSTP }, 2, err);
    }
    if (rc != SB_OK) {
        goto out;
    }
    use_tioctl(TRUE); /* the kernel knows the size better than LINES and COLUMNS */
    self->screen = newterm(NULL, stdout, stdin);
    if (self->screen == NULL) {
        rc = sb_error_set(err, SB_ERR_UNSUPPORTED, "terminal type '%.40s' (TERM) is not known; set TERM=xterm-256color or install ncurses-term",
                          type != NULL ? type : "");
        goto out;
    }
    (void)set_term(self->screen);
    if (capability("cup") == NULL) {
        rc = sb_error_set(err, SB_ERR_UNSUPPORTED, "terminal type '%.40s' (TERM) cannot place the cursor; set TERM=xterm-256color, or watch a "
                          "runtime with `signalbox top --plain`; `signalbox run` (practice: --headless) needs no terminal", type != NULL ? type : "");
        (void)endwin();
        goto out;
    }
    self->is_utf8 = sb_streq(nl_langinfo(CODESET), "UTF-8");
    self->ability = ability_of(self);
    configure(self);
    crash_arm(self);
    struct sb_theme theme;
    sb_theme_fallback(&theme);
    term_use_theme(self, &theme);
    *term = self;
    self = NULL;
out:
    if (self != NULL) {
        if (self->screen != NULL) {
            delscreen(self->screen);
        }
        sb_fd_close(&self->resize_fd);
    }
    free(self);
    return rc;
}

static void send_paste_mark(const struct sb_term *term, const char *name)
{
    const char *mark = term->has_paste_marks ? capability(name) : NULL;
    if (mark != NULL) {
        (void)putp(mark);
        (void)fflush(stdout);
    }
}

/* endwin shows the cursor before it leaves the other screen. Terminals on libvterm (those inside editors) keep the visibility with the cursor's
 * place and bring it back hidden, so it is shown once more. */
static void leave_screen(const struct sb_term *term)
{
    const char *show_cursor = capability("cnorm");
    term_attention_end(term);
    send_paste_mark(term, "BD");
    term_mouse_send(term, false);
    (void)endwin();
    if (show_cursor != NULL) {
        (void)putp(show_cursor);
        (void)fflush(stdout);
    }
}

void sb_term_suspend(struct sb_term *term)
{
    leave_screen(term);
}

void sb_term_resume(struct sb_term *term)
{
    (void)refresh(); /* back to the program's modes */
    send_paste_mark(term, "BE");
    term_attention_begin(term);
    term_mouse_send(term, term->is_mouse_on);
    (void)flushinp(); /* what was typed for the other program */
    term_forget_shown(term);
    term->wants_redraw = true;
}

void sb_term_close(struct sb_term *term)
{
    if (term == NULL) {
        return;
    }
    leave_screen(term);
    crash_disarm();
    delscreen(term->screen);
    sb_fd_close(&term->resize_fd);
    free(term->shown.cells);
    free(term);
}

enum sb_ability sb_term_ability(const struct sb_term *term)
{
    return term->ability;
}

bool sb_term_is_utf8(const struct sb_term *term)
{
    return term->is_utf8;
}

int sb_term_fd(const struct sb_term *term)
{
    (void)term;
    return STDIN_FILENO;
}

int sb_term_resize_fd(const struct sb_term *term)
{
    return term->resize_fd;
}

/* Like the shell's own jobs: the terminal first, then this process. It goes on here. */
static void stop_here(struct sb_term *term)
{
    sb_term_suspend(term);
    (void)raise(SIGSTOP);
    sb_term_resume(term);
}

bool sb_term_size(struct sb_term *term, uint16_t *rows, uint16_t *cols)
{
    struct winsize size = { 0 };
    bool has_changed = false;

    for (int number = 0; (number = sb_signals_take(term->resize_fd)) != 0;) {
        has_changed = true;
        if (number == SIGTSTP) {
            stop_here(term);
        }
    }
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0 &&
        is_term_resized(size.ws_row, size.ws_col)) {
        (void)resizeterm(size.ws_row, size.ws_col);
        has_changed = true;
    }
    if (has_changed) {
        term_forget_shown(term);
        term->wants_redraw = true;
    }
    int have_rows = 0, have_cols = 0;
    getmaxyx(stdscr, have_rows, have_cols);
    *rows = (uint16_t)(have_rows < 1 ? 1 : have_rows);
    *cols = (uint16_t)(have_cols < 1 ? 1 : have_cols);
    return has_changed;
}

static enum sb_err load_theme(struct sb_theme *theme, const char *theme_dir, const char *name, struct sb_error *err)
{
    char path_buf[1024];
    struct sb_text path;
    char *bytes = NULL;
    size_t size = 0;

    if (!sb_theme_name_is_valid(name)) {
        return sb_error_set(err, SB_ERR_INVALID, "theme name must be a-z, 0-9 and '-', at most %d", SB_THEME_NAME_MAX - 1);
    }
    sb_text_init(&path, path_buf, sizeof path_buf);
    sb_text_addf(&path, "%s/%s.theme", theme_dir, name);
    if (path.is_cut) {
        return sb_error_set(err, SB_ERR_TOO_LARGE, "theme folder has too long a name");
    }
    enum sb_err rc = sb_file_read(path_buf, SB_THEME_FILE_MAX, &bytes, &size, err);
    if (rc != SB_OK) {
        return rc;
    }
    rc = sb_theme_parse(theme, name, bytes, size, NULL, err);
    free(bytes);
    return rc;
}

enum sb_err sb_term_theme(struct sb_term *term, const char *theme_dir, const char *name, struct sb_error *err)
{
    struct sb_theme theme;
    const char *wanted = term->ability == SB_ABILITY_MONO ? "mono" : name;

    enum sb_err rc = load_theme(&theme, theme_dir, wanted, err);
    if (rc == SB_OK) {
        term_use_theme(term, &theme);
    }
    return rc;
}
