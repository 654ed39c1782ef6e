/* top: the console without a console. --once prints one screen as text, --plain a line for every change, for screen readers and logs. Both
 * follow the event stream of a running runtime and fold what the console folds. Main thread; nothing is decided and nothing is sent. */
#include "client.h"
#include "watch.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"
#include "signalbox/tui/plain.h"
#include "signalbox/tui/screen.h"
#include "signalbox/tui/theme.h"
#include "signalbox/tui/view.h"

#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { COLS_MAX = 1000, ROWS_MAX = 500, COLS_DEFAULT = 80, ROWS_DEFAULT = 24 };
static const sb_ns describe_max = SB_S(10);

static bool is_ascii_wanted(const struct options *options)
{
    return options->is_ascii || !sb_streq(nl_langinfo(CODESET), "UTF-8");
}

static void put_code_point(uint32_t code_point)
{
    char bytes[4];
    (void)fwrite(bytes, 1, sb_utf8_encode(code_point, bytes), stdout);
}

/* --- one screen -------------------------------------------------------------------------------------------------------------------- */

/* "200x50". */
static bool read_size(const char *text, uint16_t *cols, uint16_t *rows)
{
    char first[8];
    int64_t wide = 0, high = 0;
    const char *x = strchr(text, 'x');
    if (x == NULL || !sb_copy_n(first, sizeof(first), text, (size_t)(x - text)) || !sb_parse_i64(first, &wide) || !sb_parse_i64(x + 1, &high) ||
        wide < 1 || wide > COLS_MAX || high < 1 || high > ROWS_MAX)
        return false;
    *cols = (uint16_t)wide;
    *rows = (uint16_t)high;
    return true;
}

static uint16_t size_of_variable(const char *name, int64_t max, uint16_t otherwise)
{
    const char *text = getenv(name);
    int64_t value = 0;
    return text != NULL && sb_parse_i64(text, &value) && value >= 1 && value <= max ? (uint16_t)value : otherwise;
}

/* --size, else COLUMNS and LINES, else the terminal's, else 80x24. */
static int find_size(const struct options *options, struct sb_grid *grid)
{
    struct winsize window = { 0 };
    if (options->size != NULL) {
        if (read_size(options->size, &grid->cols, &grid->rows))
            return EXIT_OK;
        complain("--size %.40s: expected COLUMNSxROWS, as in 200x50, at most %dx%d", options->size, (int)COLS_MAX, (int)ROWS_MAX);
        return EXIT_USAGE;
    }
    const bool is_window = ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 && window.ws_row > 0 &&
                           window.ws_col <= COLS_MAX && window.ws_row <= ROWS_MAX;
    grid->cols = size_of_variable("COLUMNS", COLS_MAX, is_window ? window.ws_col : COLS_DEFAULT);
    grid->rows = size_of_variable("LINES", ROWS_MAX, is_window ? window.ws_row : ROWS_DEFAULT);
    return EXIT_OK;
}

/* Text for pipes and files has no colours unless CLICOLOR_FORCE asks for them; NO_COLOR has the last word. */
static bool wants_colours(void)
{
    const char *no = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE");
    return (no == NULL || no[0] == '\0') && force != NULL && force[0] != '\0' && !sb_streq(force, "0");
}

static enum sb_err load_theme(struct sb_theme *theme, const struct options *options, struct sb_error *err)
{
    struct paths paths;
    char path[PATH_BYTES + SB_THEME_NAME_MAX + 8], *bytes = NULL;
    size_t size = 0;
    const char *name = options->theme != NULL ? options->theme : "dark";
    enum sb_err rc = paths_find(&paths, options, "default", err);
    if (rc == SB_OK && !sb_theme_name_is_valid(name))
        rc = sb_error_set(err, SB_ERR_INVALID, "--theme %.40s: a name has a-z, 0-9 and '-'", name);
    if (rc != SB_OK)
        return rc;
    (void)snprintf(path, sizeof(path), "%s/%s.theme", paths.theme_dir, name);
    rc = sb_file_read(path, SB_THEME_FILE_MAX, &bytes, &size, err);
    if (rc == SB_OK)
        rc = sb_theme_parse(theme, name, bytes, size, NULL, err);
    free(bytes);
    return rc;
}

/* Select graphic rendition: ECMA-48, with the 256 colours of xterm. */
static void put_style(struct sb_style style)
{
    static const struct {
        uint8_t attr, code;
    } codes[] = { { SB_ATTR_BOLD, 1 }, { SB_ATTR_DIM, 2 }, { SB_ATTR_ITALIC, 3 }, { SB_ATTR_UNDERLINE, 4 }, { SB_ATTR_BLINK, 5 },
                  { SB_ATTR_REVERSE, 7 } };
    struct sb_style_shown shown = sb_style_show(style, SB_ABILITY_256);
    (void)fputs("\033[0", stdout);
    for (size_t i = 0; i < SB_LEN(codes); i++)
        if (shown.attrs & codes[i].attr)
            (void)printf(";%u", codes[i].code);
    if (shown.fg >= 0)
        (void)printf(";38;5;%d", (int)shown.fg);
    if (shown.bg >= 0)
        (void)printf(";48;5;%d", (int)shown.bg);
    (void)putchar('m');
}

static void print_row(const struct sb_grid *grid, unsigned row, const struct sb_theme *theme)
{
    const struct sb_grid_cell *cells = &grid->cells[(size_t)row * grid->cols];
    unsigned end = grid->cols, slot = SB_SLOT_COUNT;
    while (theme == NULL && end > 0 && cells[end - 1].code_point == ' ')
        end--; /* no trailing spaces; with colours they may be seen */
    for (unsigned col = 0; col < end; col++) {
        if (theme != NULL && cells[col].slot != slot) {
            slot = cells[col].slot;
            put_style(theme->styles[slot < SB_SLOT_COUNT ? slot : SB_SLOT_TEXT]);
        }
        if (cells[col].width > 0)
            put_code_point(cells[col].code_point);
    }
    (void)fputs(theme != NULL ? "\033[0m\n" : "\n", stdout);
}

/* Folds until everything has been described. */
static enum sb_err fold_description(struct watch *watch, struct sb_screen *screen, struct sb_error *err)
{
    const sb_ns deadline = sb_now() + describe_max;
    struct sb_event event = { .kind = SB_EVENT_COUNT };
    while (event.kind != SB_EVENT_DESCRIBED) {
        enum watch_got got = WATCH_END;
        enum sb_err rc = watch_next(watch, deadline, &got, &event, err);
        if (rc != SB_OK)
            return rc;
        if (got == WATCH_END)
            return sb_error_set(err, SB_ERR_UNAVAILABLE, "the runtime ended before it had described itself");
        if (got == WATCH_GAP) {
            event.kind = SB_EVENT_COUNT;
            sb_screen_reset(screen);
        } else {
            sb_screen_fold(screen, &event);
        }
    }
    return SB_OK;
}

static int print_once(const struct options *options, struct watch *watch)
{
    struct sb_grid grid = { .rows = 0 };
    struct sb_error error = { 0 };
    struct sb_theme theme;
    const char *actor = getenv("USER");
    const struct sb_screen_setup setup = { .actor = actor != NULL ? actor : "operator", .is_read_only = true, .is_ascii = is_ascii_wanted(options) };
    const bool has_colours = wants_colours();
    int code = find_size(options, &grid);
    if (code != EXIT_OK)
        return code;
    struct sb_screen *screen = sb_screen_create(&setup, &error);
    grid.cells = calloc((size_t)grid.rows * grid.cols, sizeof(*grid.cells));
    enum sb_err rc = screen != NULL && grid.cells != NULL ? SB_OK : sb_error_set(&error, SB_ERR_NOMEM, "no memory for a screen");
    if (rc == SB_OK && has_colours)
        rc = load_theme(&theme, options, &error);
    if (rc == SB_OK)
        rc = fold_description(watch, screen, &error);
    if (rc == SB_OK) {
        sb_screen_draw(screen, (struct sb_now){ sb_now(), sb_wall_now() }, &grid);
        for (unsigned row = 0; row < grid.rows; row++)
            print_row(&grid, row, has_colours ? &theme : NULL);
    } else {
        complain("%s", error.text);
    }
    free(grid.cells);
    sb_screen_destroy(screen);
    return exit_code_of(rc);
}

/* --- lines ------------------------------------------------------------------------------------------------------------------------- */

/* Untrusted text becomes safe here as everywhere: by what tui/view lets into a cell. */
static void print_line(void *arg, const char *text, size_t size)
{
    const bool is_ascii = *(const bool *)arg;
    for (size_t at = 0; at < size;) {
        uint32_t code_point = 0;
        const unsigned taken = sb_utf8_decode(text + at, size - at, &code_point);
        const struct sb_view_glyph glyph = sb_view_glyph(taken > 0 ? code_point : 0, is_ascii);
        at += taken > 0 ? taken : 1;
        if (glyph.width > 0)
            put_code_point(glyph.code_point);
    }
    (void)putchar('\n');
}

static enum sb_err follow(struct watch *watch, struct sb_plain *plain, struct sb_error *err)
{
    for (;;) {
        struct sb_event event;
        enum watch_got got = WATCH_END;
        enum sb_err rc = watch_next(watch, SB_NEVER, &got, &event, err);
        if (rc != SB_OK)
            return rc;
        if (got == WATCH_END)
            return plain->model->is_drained ? SB_OK
                                            : sb_error_set(err, SB_ERR_UNAVAILABLE, "the runtime has closed its event stream without a drain");
        if (got == WATCH_GAP) {
            (void)puts("changes were passed over; told anew:");
            sb_plain_reset(plain);
        } else {
            sb_plain_fold(plain, &event);
        }
        if (fflush(stdout) != 0)
            return sb_error_set(err, SB_ERR_IO, "nobody reads the lines");
    }
}

static int print_changes(const struct options *options, struct watch *watch)
{
    struct sb_error error = { 0 };
    static struct sb_plain plain;
    bool is_ascii = is_ascii_wanted(options);
    struct sb_model *model = sb_model_create();
    enum sb_err rc = model != NULL ? SB_OK : sb_error_set(&error, SB_ERR_NOMEM, "no memory for a picture");
    if (rc == SB_OK) {
        sb_plain_init(&plain, model, print_line, &is_ascii);
        rc = follow(watch, &plain, &error);
    }
    if (rc != SB_OK)
        complain("%s", error.text);
    sb_model_destroy(model);
    return exit_code_of(rc);
}

int command_top(struct options *options)
{
    struct client_place place;
    struct watch *watch = NULL;
    struct sb_error error = { 0 };
    if (!options->is_once && !options->is_plain && isatty(STDOUT_FILENO) && isatty(STDIN_FILENO))
        return command_attach(options); /* what top is on a terminal */
    if (options->is_once == options->is_plain) {
        complain("top: without a terminal expected --once, which prints one screen, or --plain, which prints a line for every change");
        return EXIT_USAGE;
    }
    int code = client_find(options, &place);
    if (code == EXIT_OK && !place.is_running)
        code = client_tell_not_running(options, &place);
    if (code != EXIT_OK)
        return code;
    enum sb_err rc = watch_open(&watch, place.socket_path, &error);
    if (rc != SB_OK) {
        complain("%s", error.text);
        return exit_code_of(rc);
    }
    code = options->is_once ? print_once(options, watch) : print_changes(options, watch);
    watch_close(watch);
    return code;
}
