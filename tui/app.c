/* The console's loop: waits for keys, events, the next second and the end; folds everything that waits, then paints once.
 *
 * Thread: the one that calls sb_tui_run; it makes every terminal call. It holds no lock of the runtime, so a terminal that nobody
 * reads stops this loop and nothing else (the feed then drops and describes anew). Must never decide anything about jobs: keys become
 * commands, events become pictures. */
#include "errand.h"

#include "signalbox/tui/tui.h"

#include "asker.h"
#include "themes.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"
#include "signalbox/tui/screen.h"
#include "signalbox/tui/term.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_PER_READ 256
#define READS_PER_TURN 16 /* a paste of any size must not keep the picture from being painted */
#define EVENTS_PER_TAKE 128
#define TAKES_PER_TURN 64
#define PAST_PER_TAKE 32

/* Frames come from a bucket: a key after a pause is painted at once, and still no second ever sees more than 20 frames
 * (3 saved up + one per 60 ms). */
#define FRAMES_SAVED_MAX 3
#define FRAME_EVERY SB_MS(60)
#define POLL_AGAIN SB_MS(200) /* after a text that was not there yet */
#define FIRST_PICTURE_WAIT_MS 15 /* for the first events, so that the first frame is not an empty one */

#define UNFOCUSED_EVERY_S 10 /* a clock that ticks in a window nobody looks at keeps tmux from noticing silence */

enum { AT_KEYS, AT_RESIZE, AT_FEED, AT_FINISHED, AT_SIGNAL, AT_ANSWER, AT_ERRAND, AT_COUNT };

struct app {
    const struct sb_tui_setup *setup;
    struct sb_term *term;
    struct sb_screen *screen;
    struct sb_source *source;
    struct sb_source_status status; /* as the screen knows it */
    struct sb_errand *errand;
    struct sb_grid grid;
    char *pages[SB_SCREEN_PAGE_COUNT]; /* texts that the screen shows */
    enum sb_screen_page polled;        /* the one that is read anew while it is shown, */
    sb_ns poll_at;                     /* and when the next time is */
    struct sb_asker *asker; /* NULL until something is asked */
    struct sb_findings *findings;
    size_t grid_cap; /* cells allocated */
    bool is_dirty, has_ended, has_more_events;
    enum sb_tui_end end;
    unsigned frames_saved;
    sb_ns frames_counted_at; /* monotonic: when the bucket was last filled */
    int64_t painted_second;  /* wall second of the last picture: the clock in line 1 */
    int64_t asked_second;    /* unfocused: when the runtime was last asked for a heartbeat, 0 = no answer is awaited */
    bool was_focused, is_called_known;
    uint32_t called;         /* the newest alert that pages which the operator was called for */
    struct sb_key keys[KEYS_PER_READ];
    struct sb_screen_answer answers[KEYS_PER_READ];
    struct sb_event events[EVENTS_PER_TAKE], past[PAST_PER_TAKE];
};

static struct sb_now now(void)
{
    return (struct sb_now){ .mono = sb_now(), .wall = sb_wall_now() };
}

static void end_with(struct app *app, enum sb_tui_end end)
{
    if (!app->has_ended) {
        app->has_ended = true;
        app->end = end;
    }
}

static void show_page(struct app *app, enum sb_screen_page page, uint64_t run)
{
    struct sb_error err = { SB_OK, "this console cannot read that" };
    char *text = NULL;
    bool is_read = app->setup->page != NULL && app->setup->page(app->setup->page_self, page, run, &text, &err) == SB_OK;
    sb_screen_show_page(app->screen, page, run, is_read ? text : NULL, err.text, now());
    if (is_read || page == SB_SCREEN_PAGE_KEPT) { /* a polled one stays until there is a newer one */
        free(app->pages[page]);
        app->pages[page] = text;
    }
    app->polled = page == SB_SCREEN_PAGE_KEPT ? app->polled : page;
    app->poll_at = now().mono + (is_read ? SB_SCREEN_POLL : POLL_AGAIN);
    app->is_dirty = app->is_dirty || is_read;
}

/* Reads the text of the pane that is shown when its time has come. */
static void poll_page(struct app *app)
{
    const enum sb_screen_page page = sb_screen_polls(app->screen);
    if (page == SB_SCREEN_PAGE_NONE) {
        app->polled = page;
    } else if (page != app->polled || now().mono >= app->poll_at) {
        show_page(app, page, 0);
    }
}

static void judge(struct app *app, const struct sb_screen_answer *answer)
{
    struct sb_error err = { SB_OK, "there is no content here" };
    const bool has_terminal = answer->verdict != SB_SCREEN_EDIT;
    if (!has_terminal) {
        sb_term_suspend(app->term);
    }
    bool is_done = app->setup->judge != NULL &&
                   app->setup->judge(app->setup->page_self, answer, app->setup->actor, &err) == SB_OK;
    if (!has_terminal) {
        sb_term_resume(app->term);
    }
    show_page(app, SB_SCREEN_PAGE_CONTENT, 0);
    sb_screen_say(app->screen, !is_done, err.text, now());
}

static void post(struct app *app, const struct sb_command *command)
{
    uint64_t id = command->id;
    struct sb_error err = { SB_OK, "" };
    enum sb_err rc = app->source->ops->command(app->source, *command, &id, &err);
    sb_screen_posted(app->screen, id, rc); /* a full inbox is shown to the operator, who decides */
}

/* What an action on many has to say further: a few at a time, the next ones when those are answered. */
static void post_waiting(struct app *app)
{
    struct sb_command more;
    while (!app->setup->is_read_only && sb_screen_take_command(app->screen, &more)) {
        post(app, &more);
        app->is_dirty = true;
    }
}

static void wear(struct app *app, const char *theme)
{
    struct sb_error err = { SB_OK, "" };
    char said[64 + SB_THEME_NAME_MAX];
    struct sb_text text;
    enum sb_err rc = sb_term_theme(app->term, app->setup->theme_dir, theme, &err);
    sb_text_init(&text, said, sizeof said);
    sb_text_add(&text, "theme ");
    sb_text_add(&text, theme);
    sb_text_add(&text, sb_term_ability(app->term) == SB_ABILITY_MONO ? ": this terminal shows no colours, mono stays" : "");
    sb_term_redraw(app->term);
    sb_screen_say(app->screen, rc != SB_OK, rc != SB_OK ? err.text : said, now());
}

static bool fit_grid(struct app *app)
{
    uint16_t rows, cols;

    bool has_changed = sb_term_size(app->term, &rows, &cols) || rows != app->grid.rows || cols != app->grid.cols;
    size_t count = (size_t)rows * cols;
    if (count > app->grid_cap) {
        struct sb_grid_cell *cells = realloc(app->grid.cells, count * sizeof *cells);
        if (cells == NULL) {
            return false; /* the old size goes on being drawn */
        }
        app->grid.cells = cells;
        app->grid_cap = count;
    }
    app->grid.rows = rows;
    app->grid.cols = cols;
    return has_changed;
}

/* Everything the operator sees is drawn and copied here; the rest is the errand's. */
static void capture(struct app *app)
{
    const struct sb_now at = now();
    struct sb_screen_stamp stamp;
    struct sb_error err = { SB_OK, "" };
    (void)fit_grid(app);
    if (app->grid.cells == NULL) {
        return;
    }
    sb_screen_draw(app->screen, at, &app->grid);
    sb_screen_stamp(app->screen, at, &stamp);
    if (errand_capture(app->errand, &app->grid, &stamp, &err) != SB_OK) {
        sb_screen_say(app->screen, true, err.text, at);
    } else {
        sb_screen_say(app->screen, false, "capturing ...", at);
        sb_log(SB_LOG_INFO, "tui", "capture: %lld us on the console's thread", (long long)((sb_now() - at.mono) / SB_US(1)));
    }
}

static void copy(struct app *app, const struct sb_screen_answer *answer)
{
    struct sb_error err = { SB_OK, "" };
    uint16_t box[4];
    sb_screen_pane_box(app->screen, box);
    char *text = answer->copy == SB_SCREEN_COPY_PANE ? errand_pane_text(&app->grid, box) : strdup(answer->copy_text);
    if (errand_copy(app->errand, text, &err) != SB_OK) {
        sb_screen_say(app->screen, true, err.text, now());
    }
}

/* tmux first, then the terminal, else the path on the screen must do; which way it went is said. */
static void take_errand(struct app *app)
{
    struct errand_result result;
    char said[sizeof result.said + sizeof result.place + 64];
    struct sb_text text;
    if (!errand_take(app->errand, &result)) {
        return;
    }
    sb_text_init(&text, said, sizeof said);
    sb_text_add(&text, result.said);
    if (result.text != NULL) {
        sb_text_add(&text, result.is_copied                                             ? " (copied by tmux)"
                           : sb_term_copy(app->term, result.text, strlen(result.text)) ? " (copied by OSC 52)"
                                                                                       : " (not copied: no tmux, no clipboard here)");
    }
    sb_text_add(&text, result.place);
    sb_screen_say(app->screen, result.is_bad, said, now());
    free(result.text);
    app->is_dirty = true;
}

static void obey(struct app *app, const struct sb_screen_answer *answer)
{
    if (answer->has_command && !app->setup->is_read_only) {
        post(app, &answer->command);
    }
    if (answer->verdict != SB_SCREEN_VERDICT_NONE && !app->setup->is_read_only) {
        judge(app, answer);
    }
    if (answer->wants_page != SB_SCREEN_PAGE_NONE) {
        show_page(app, answer->wants_page, answer->page_run);
    }
    if (answer->theme[0] != '\0') {
        wear(app, answer->theme);
    }
    if (answer->wants_capture) {
        capture(app);
    }
    if (answer->copy != SB_SCREEN_COPY_NONE) {
        copy(app, answer);
    }
    if (answer->past != SB_SCREEN_PAST_NONE && app->setup->past != NULL) {
        app->setup->past->obey(app->setup->rewind, app->screen, answer, now());
    } else if (answer->past != SB_SCREEN_PAST_NONE) {
        sb_screen_say(app->screen, true, "nothing is recorded for this console", now());
    }
    if (answer->wants_redraw) {
        sb_term_redraw(app->term);
    }
    if (answer->wants_take_over && app->source->ops->take_over != NULL) {
        struct sb_error err = { SB_OK, "" };
        if (app->source->ops->take_over(app->source, &err) != SB_OK) {
            sb_screen_say(app->screen, true, err.text, now());
        }
    }
    if (answer->wants_mouse || answer->wants_no_mouse) {
        sb_screen_mouse(app->screen, sb_term_mouse(app->term, answer->wants_mouse), now());
    }
    if (answer->wants_leave) {
        end_with(app, SB_TUI_LEFT);
    }
}

static void take_keys(struct app *app)
{
    for (unsigned reads = 0; reads < READS_PER_TURN && !app->has_ended; reads++) {
        bool is_paste = false;
        size_t count = sb_term_keys(app->term, app->keys, KEYS_PER_READ, &is_paste);
        if (count == 0) {
            break;
        }
        memset(app->answers, 0, count * sizeof app->answers[0]);
        sb_screen_keys(app->screen, app->keys, count, is_paste, now(), app->answers);
        for (size_t i = 0; i < count && !app->has_ended; i++) {
            obey(app, &app->answers[i]);
        }
        app->is_dirty = true;
    }
}

/* The log begins before the picture, when the source knows what was. */
static void recall(struct app *app)
{
    size_t count = PAST_PER_TAKE;
    while (count == PAST_PER_TAKE && app->source->ops->take_past != NULL) {
        count = app->source->ops->take_past(app->source, app->past, PAST_PER_TAKE);
        for (size_t i = 0; i < count; i++) {
            sb_screen_recall(app->screen, &app->past[i]);
        }
    }
}

static void take_events(struct app *app)
{
    app->has_more_events = true;
    for (unsigned takes = 0; takes < TAKES_PER_TURN; takes++) {
        bool is_gap = false;
        size_t count = app->source->ops->take(app->source, app->events, EVENTS_PER_TAKE, &is_gap);
        if (is_gap) {
            sb_screen_reset(app->screen);
            recall(app);
            app->is_dirty = true;
        }
        for (size_t i = 0; i < count; i++) {
            sb_screen_fold(app->screen, &app->events[i]);
            if (app->events[i].kind != SB_EVENT_HEARTBEAT) { /* the next second's picture shows it */
                app->is_dirty = true;
            } else if (app->asked_second != 0) { /* unless it is the one a picture waits for */
                app->asked_second = 0;
                app->is_dirty = true;
            }
        }
        if (count == 0) {
            app->has_more_events = false;
            return;
        }
    }
}

/* What the source says of itself: whether it is live, and which commands came to nothing. */
static void look_at_source(struct app *app)
{
    struct sb_source_status status;
    struct sb_source_failure failure;

    memset(&status, 0, sizeof status); /* compared with its padding */
    app->source->ops->look(app->source, &status);
    if (memcmp(&status, &app->status, sizeof status) != 0) {
        memcpy(&app->status, &status, sizeof status);
        sb_screen_source(app->screen, &status, now());
        app->is_dirty = true;
    }
    while (app->source->ops->take_failure != NULL && app->source->ops->take_failure(app->source, &failure)) {
        sb_screen_failed(app->screen, &failure, now());
        app->is_dirty = true;
    }
}

/* What views want to know of the past goes to the asker; nothing of it is waited for here. */
static void pass_wants(struct app *app)
{
    struct sb_lookup lookup;
    if (!sb_screen_wants(app->screen, now(), &lookup)) {
        return;
    }
    app->is_dirty = true;
    if (app->findings == NULL) {
        app->findings = calloc(1, sizeof *app->findings);
        app->asker = app->findings != NULL && app->setup->lookup != NULL ? sb_asker_create(app->setup) : NULL;
    }
    if (app->asker != NULL) {
        sb_asker_ask(app->asker, &lookup);
    } else if (app->findings != NULL) {
        memset(app->findings, 0, sizeof *app->findings);
        app->findings->number = lookup.number;
        app->findings->kind = lookup.kind;
        app->findings->code = SB_ERR_UNSUPPORTED;
        (void)sb_copy(app->findings->text, sizeof app->findings->text, "this console cannot ask about the past");
        sb_screen_found(app->screen, app->findings, now());
    }
}

static void take_answer(struct app *app)
{
    if (app->asker != NULL && sb_asker_take(app->asker, app->findings)) {
        sb_screen_found(app->screen, app->findings, now());
        app->is_dirty = true;
    }
}

/* Spends a frame when one is saved. */
static bool may_paint(struct app *app, sb_ns mono)
{
    sb_ns earned = (mono - app->frames_counted_at) / FRAME_EVERY;
    if (earned > 0) {
        app->frames_counted_at += earned * FRAME_EVERY;
        sb_ns saved = earned + app->frames_saved;
        app->frames_saved = saved > FRAMES_SAVED_MAX ? FRAMES_SAVED_MAX : (unsigned)saved;
    }
    if (app->frames_saved == 0) {
        return false;
    }
    app->frames_saved--;
    return true;
}

/* Whether the clock alone is worth a picture: every second while somebody looks, every tenth else, and at once when somebody looks again.
 * Heartbeats are asked for with every picture, so after a longer pause one is asked for first: the picture would call itself stale. */
static bool is_tick(struct app *app, int64_t second)
{
    const bool is_focused = sb_term_is_focused(app->term), is_back = is_focused && !app->was_focused;
    app->was_focused = is_focused;
    if (app->asked_second != 0) {
        return second > app->asked_second + 1; /* no answer: then the picture says so */
    }
    if (second - app->painted_second < (is_focused ? 1 : UNFOCUSED_EVERY_S) && !is_back) {
        return false;
    }
    if ((!is_focused || is_back) && second - app->painted_second > 1) {
        app->asked_second = second;
        app->source->ops->ping(app->source);
        return false;
    }
    return true;
}

/* The title, and a call for alerts that were not there before. Those that page already when the console starts are on the screen. */
static void draw_attention(struct app *app)
{
    struct sb_screen_attention attention;
    sb_screen_attention(app->screen, &attention);
    sb_term_title(app->term, attention.title);
    if (!attention.is_known) {
        return;
    }
    if (attention.newest_page > app->called) {
        if (app->is_called_known && app->setup->bell != SB_BELL_OFF) {
            sb_term_call(app->term, app->setup->bell == SB_BELL_NOTICE, attention.pages);
        }
        app->called = attention.newest_page;
    }
    app->is_called_known = true;
}

static void paint(struct app *app)
{
    struct sb_now at = now();
    int64_t second = at.wall.ns / SB_S(1);
    if (fit_grid(app) || is_tick(app, second)) {
        app->is_dirty = true;
    }
    if (!app->is_dirty || app->grid.cells == NULL || !may_paint(app, at.mono)) {
        return;
    }
    if (second != app->painted_second) {
        char node[96] = "";
        if (app->setup->node != NULL)
            app->setup->node(app->setup->page_self, node, sizeof node);
        sb_screen_node(app->screen, node);
        app->source->ops->ping(app->source); /* its answer is the age of the next picture */
    }
    sb_screen_draw(app->screen, at, &app->grid);
    (void)sb_term_paint(app->term, &app->grid);
    draw_attention(app);
    app->is_dirty = false;
    app->asked_second = 0;
    app->painted_second = second;
}

/* Until the next frame that is allowed when one is wanted, else until the next full second. */
static int wait_ms(const struct app *app)
{
    if (app->has_more_events || sb_term_has_more(app->term)) {
        return 0;
    }
    const sb_ns wall = sb_wall_now().ns;
    sb_ns wait = SB_S(1) - wall % SB_S(1);
    if (!sb_term_is_focused(app->term) && !app->is_dirty && app->asked_second == 0) {
        const sb_ns slow = SB_S(app->painted_second + UNFOCUSED_EVERY_S) - wall;
        wait = slow > wait && slow <= SB_S(UNFOCUSED_EVERY_S) ? slow : wait;
    }
    if (app->polled != SB_SCREEN_PAGE_NONE) {
        sb_ns poll = app->poll_at - sb_now();
        wait = poll < wait ? poll : wait;
    }
    if (app->setup->past != NULL) {
        sb_ns next = app->setup->past->next(app->setup->rewind);
        sb_ns rest = next == SB_NEVER ? wait : next - sb_now();
        wait = rest < wait ? rest : wait;
    }
    if (app->is_dirty) {
        sb_ns frame = app->frames_counted_at + FRAME_EVERY - sb_now();
        wait = frame < wait ? frame : wait;
    }
    return wait <= 0 ? 0 : (int)((wait + SB_MS(1) - 1) / SB_MS(1));
}

static void turn(struct app *app, int timeout_ms)
{
    struct pollfd polled[AT_COUNT] = {
        [AT_KEYS] = { .fd = sb_term_fd(app->term), .events = POLLIN },
        [AT_RESIZE] = { .fd = sb_term_resize_fd(app->term), .events = POLLIN },
        [AT_FEED] = { .fd = app->source->ops->fd(app->source), .events = POLLIN },
        [AT_FINISHED] = { .fd = app->setup->finished_fd, .events = POLLIN },
        [AT_SIGNAL] = { .fd = app->setup->signal_fd, .events = POLLIN },
        [AT_ANSWER] = { .fd = sb_asker_fd(app->asker), .events = POLLIN },
        [AT_ERRAND] = { .fd = errand_fd(app->errand), .events = POLLIN },
    };
    if (poll(polled, AT_COUNT, timeout_ms) < 0 && errno != EINTR) {
        end_with(app, SB_TUI_SIGNALLED); /* no memory for poll: draining is all that is left */
        return;
    }
    take_keys(app);
    take_events(app);
    look_at_source(app);
    if ((polled[AT_ANSWER].revents & POLLIN) != 0) {
        take_answer(app);
    }
    pass_wants(app);
    post_waiting(app);
    take_errand(app);
    if (app->setup->past != NULL && app->setup->past->turn(app->setup->rewind, app->screen, now())) {
        app->is_dirty = true;
    }
    if ((polled[AT_KEYS].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0 || (polled[AT_SIGNAL].revents & POLLIN) != 0) {
        end_with(app, SB_TUI_SIGNALLED); /* the terminal went away, or we were asked to end */
    }
    if ((polled[AT_FINISHED].revents & POLLIN) != 0) {
        end_with(app, SB_TUI_FINISHED);
    }
    poll_page(app);
    paint(app);
}

static enum sb_err open_app(struct app *app, struct sb_error *err)
{
    const struct sb_tui_setup *setup = app->setup;
    struct sb_error theme_err = { SB_OK, "" };

    enum sb_err rc = sb_term_open(&app->term, err);
    if (rc != SB_OK) {
        return rc;
    }
    if (sb_term_theme(app->term, setup->theme_dir, setup->theme != NULL ? setup->theme : "dark", &theme_err) != SB_OK) {
        sb_log(SB_LOG_WARN, "tui", "theme not used: %s", theme_err.text); /* the built-in one is; the console works */
    }
    char themes[512];
    sb_themes_list(setup->theme_dir, themes, sizeof themes);
    struct sb_screen_setup screen = { .themes = themes,
                                      .actor = setup->actor,
                                      .environment = setup->environment,
                                      .is_read_only = setup->is_read_only,
                                      .keys = setup->keys,
                                      .is_recording = setup->is_recording,
                                      .is_ascii = setup->is_ascii || !sb_term_is_utf8(app->term) };
    app->screen = sb_screen_create(&screen, err);
    if (app->screen == NULL) {
        return sb_error_wrap(err, "console");
    }
    return errand_create(&app->errand, setup, err);
}

enum sb_err sb_tui_run(const struct sb_tui_setup *setup, enum sb_tui_end *end, struct sb_error *err)
{
    struct app *app = calloc(1, sizeof *app);

    if (app == NULL) {
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the console");
    }
    app->setup = setup;
    app->source = setup->source;
    app->is_dirty = true;
    app->was_focused = true;
    app->frames_saved = FRAMES_SAVED_MAX;
    app->frames_counted_at = sb_now();
    enum sb_err rc = open_app(app, err);
    for (int timeout_ms = FIRST_PICTURE_WAIT_MS; rc == SB_OK && !app->has_ended; timeout_ms = wait_ms(app)) {
        turn(app, timeout_ms);
    }
    sb_term_close(app->term);
    sb_asker_destroy(app->asker);
    free(app->findings);
    errand_destroy(app->errand);
    sb_screen_destroy(app->screen);
    if (rc == SB_OK) {
        *end = app->end;
    }
    for (unsigned page = 0; page < SB_SCREEN_PAGE_COUNT; page++) {
        free(app->pages[page]);
    }
    free(app->grid.cells);
    free(app);
    return rc;
}
