/* console and run: the installation's jobs, with and without a screen. */
#include "app.h"

#include "signalbox/os/os.h"

#include <unistd.h>

static int run_once(struct options *options, bool is_headless, int signal_fd, struct turn *turn)
{
    struct installation in;
    int code = installation_open(&in, options, !is_headless, turn);
    if (code != EXIT_OK)
        return code;
    const struct session session = {
        .installation = &in, .options = options, .turn = turn, .is_headless = is_headless, .signal_fd = signal_fd,
        .environment = in.catalogue->settings.is_practice ? "practice" : in.catalogue->name,
    };
    if (turn == NULL || !turn->is_ended)
        code = session_run(&session);
    installation_close(&in);
    return code;
}

/* As one of several nodes: whoever loses its turn, or could not use it, waits for the next one. The catalogue is read again each time. */
static int take_turns(struct options *options, int signal_fd)
{
    static const sb_ns after_failure = SB_S(5);
    const size_t overrides = options->override_count;
    struct turn turn = { .signal_fd = signal_fd };
    int code;
    do {
        turn.was_active = false;
        options->override_count = overrides;
        code = run_once(options, true, signal_fd, &turn);
        options->ready_fd = turn.was_active ? 0 : options->ready_fd; /* it was told */
        turn.hold_off = after_failure;
    } while (turn.was_active && !turn.is_ended && (code == EXIT_LATER || code == EXIT_UNAVAILABLE));
    return code;
}

static int run(struct options *options, bool is_headless)
{
    if (options->is_standby && !is_headless) {
        complain("--standby is for `signalbox run`: a node that waits has nothing to show");
        return EXIT_USAGE;
    }
    if (!is_headless && (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))) {
        complain("the console needs a terminal; `signalbox run` works without one");
        return EXIT_USAGE;
    }
    int signal_fd = -1;
    int code = session_signals(&signal_fd);
    if (code == EXIT_OK && options->is_standby)
        code = take_turns(options, signal_fd);
    else if (code == EXIT_OK)
        code = run_once(options, is_headless, signal_fd, NULL);
    sb_fd_close(&signal_fd);
    return code;
}

int command_console(struct options *options)
{
    return run(options, false);
}

int command_run(struct options *options)
{
    if (options->positional_count > 0)
        return command_one_run(options);
    return run(options, true);
}
