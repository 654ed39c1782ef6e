/* replay: the console over a recording, without a runtime. Nothing in it can be changed. */
#include "app.h"

#include "client.h"

#include "signalbox/base/when.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/source.h"
#include "signalbox/recording/recording.h"
#include "signalbox/tui/past.h"
#include "signalbox/tui/rewind.h"
#include "signalbox/tui/tui.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A source that gives nothing: the past comes from files. */
struct silence {
    struct sb_source source;
    int fd; /* never readable */
};

static void close_source(struct sb_source *source)
{
    (void)source;
}

static int fd(const struct sb_source *source)
{
    return ((const struct silence *)source)->fd;
}

static size_t take(struct sb_source *source, struct sb_event *events, size_t cap, bool *is_gap)
{
    (void)source;
    (void)events;
    (void)cap;
    *is_gap = false;
    return 0;
}

static void ping(struct sb_source *source)
{
    (void)source;
}

static enum sb_err command(struct sb_source *source, struct sb_command command, uint64_t *id, struct sb_error *err)
{
    (void)source;
    (void)command;
    (void)id;
    return sb_error_set(err, SB_ERR_REFUSED, "a recording takes no commands");
}

static void look(struct sb_source *source, struct sb_source_status *status)
{
    (void)source;
    memset(status, 0, sizeof(*status));
}

struct opened {
    struct sb_history **history;
};

static enum sb_err give_history(const void *self, struct sb_history **history, struct sb_error *err)
{
    const struct opened *opened = self;
    if (*opened->history == NULL)
        return sb_error_set(err, SB_ERR_NOT_FOUND, "the recording is closed");
    *history = *opened->history;
    *opened->history = NULL; /* it is the console's now */
    return SB_OK;
}

/* Where the recording is: the named one, or this installation's. */
static int open_recording(struct options *options, struct installation *in, struct sb_history **history)
{
    struct sb_error err = { 0 };
    memset(in, 0, sizeof(*in));
    in->lock_fd = -1;
    enum sb_err rc = paths_find(&in->paths, options, "default", &err);
    if (rc != SB_OK) {
        complain("%s", err.text);
        return exit_code_of(rc);
    }
    if (options->positional_count > 0) {
        rc = sb_history_open(history, options->positionals[0], &err);
    } else {
        const bool is_named = options->state_dir != NULL || in->paths.catalogue[0] == '\0';
        int code = is_named ? EXIT_OK : installation_load(in, options);
        if (code != EXIT_OK)
            return code;
        rc = recordings_open(in, history, &err);
    }
    if (rc == SB_OK)
        return EXIT_OK;
    complain("%s", err.text);
    return rc == SB_ERR_NOT_FOUND ? EXIT_DATA : exit_code_of(rc);
}

/* The time to begin at, told from the end of the recording; `*has_start` false: its end. */
static int find_start(const struct options *options, struct sb_history *history, struct sb_rewind_setup *setup)
{
    struct sb_error err = { 0 };
    struct sb_past *past = sb_past_create(history);
    enum sb_err rc = past != NULL ? sb_past_go_to_end(past, &err) : sb_error_set(&err, SB_ERR_NOMEM, "out of memory");
    const struct sb_wall end = past != NULL && rc == SB_OK ? sb_past_wall(past) : (struct sb_wall){ 0 };
    sb_past_destroy(past);
    if (rc != SB_OK) {
        complain("%s", err.text);
        return exit_code_of(rc);
    }
    int64_t last_ms = 0;
    bool is_clock = false;
    if (options->at != NULL && !sb_when_parse(options->at, end, &setup->start, &is_clock)) {
        complain("--at %s: expected a UTC time as in 14:02, 14:02:10 or 2026-11-27T14:02:10, or -10m before the end of the recording", options->at);
        return EXIT_USAGE;
    }
    if (options->last != NULL && !client_span(options->last, &last_ms)) {
        complain("--last %s: expected a time as in 30m, 2h or 1d", options->last);
        return EXIT_USAGE;
    }
    if (is_clock && setup->start.ns > end.ns + SB_S(1))
        setup->start.ns -= SB_DAY(1);
    if (options->at == NULL && options->last != NULL)
        setup->start.ns = sb_ns_sub(end.ns, last_ms * SB_MS(1));
    setup->has_start = options->at != NULL || options->last != NULL;
    return EXIT_OK;
}

static int show(const struct options *options, const struct installation *in, struct sb_history **history, struct sb_rewind_setup *rewind,
                int signal_fd)
{
    static const struct sb_source_ops ops = { .close = close_source, .fd = fd, .take = take, .ping = ping, .command = command, .look = look };
    struct silence silence = { .source = { &ops }, .fd = -1 };
    struct sb_error err = { 0 };
    enum sb_tui_end end = SB_TUI_LEFT;
    const struct opened opened = { history };
    rewind->open = give_history;
    rewind->self = &opened;
    rewind->is_recording = true;
    struct sb_tui_setup setup = {
        .source = &silence.source,
        .theme_dir = in->paths.theme_dir,
        .theme = options->theme,
        .actor = "nobody",
        .environment = "recording",
        .is_read_only = true,
        .is_ascii = options->is_ascii,
        .past = &sb_rewind_past,
        .rewind = sb_rewind_create(rewind),
        .is_recording = true,
        .finished_fd = -1,
        .signal_fd = signal_fd,
    };
    enum sb_err rc = setup.rewind != NULL ? sb_tui_run(&setup, &end, &err) : sb_error_set(&err, SB_ERR_NOMEM, "out of memory");
    sb_rewind_destroy(setup.rewind);
    if (rc != SB_OK)
        complain("%s", err.text);
    return exit_code_of(rc);
}

int command_replay(struct options *options)
{
    struct installation in;
    struct sb_history *history = NULL;
    struct sb_rewind_setup rewind = { .has_start = false };
    int signal_fd = -1;

    int code = open_recording(options, &in, &history);
    if (code == EXIT_OK)
        code = find_start(options, history, &rewind);
    if (code == EXIT_OK && (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))) {
        complain("replay needs a terminal");
        code = EXIT_USAGE;
    }
    if (code == EXIT_OK)
        code = session_signals(&signal_fd);
    if (code == EXIT_OK)
        code = show(options, &in, &history, &rewind, signal_fd);
    sb_history_close(history);
    sb_fd_close(&signal_fd);
    installation_close(&in);
    return code;
}
