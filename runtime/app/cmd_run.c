/* console and run: the installation's jobs, with and without a screen. */
#include "attach.h"
#include "client.h"
#include "keymap.h"

#include "signalbox/os/os.h"

#include <stdio.h>
#include <unistd.h>

static int run_once(struct options *options, bool is_headless, int signal_fd, struct turn *turn, _Atomic bool *is_reloading)
{
    static struct keymap keymap;
    struct installation in;
    int code = is_headless ? EXIT_OK : keymap_load(&keymap, options);
    if (code == EXIT_OK)
        code = installation_open(&in, options, !is_headless, turn);
    if (code != EXIT_OK)
        return code;
    const struct session session = {
        .installation = &in, .options = options, .turn = turn, .is_headless = is_headless, .signal_fd = signal_fd,
        .keys = is_headless ? NULL : &keymap.keys,
        .is_reloading = is_headless ? is_reloading : NULL, /* the hang-up of a terminal is its end */
        .environment = in.catalogue->settings.is_practice ? "practice" : in.catalogue->name,
    };
    if (turn == NULL || !turn->is_ended)
        code = session_run(&session);
    installation_close(&in);
    return code;
}

/* Begins anew as often as the configuration is read again; as one of several nodes (`turn`) also when its turn is lost, or could not be used: then
 * it waits for the next one. */
static int run_again_and_again(struct options *options, bool is_headless, int signal_fd, struct turn *turn)
{
    static const sb_ns after_failure = SB_S(5);
    const size_t overrides = options->override_count;
    _Atomic bool is_reloading;
    bool has_another;
    int code;
    do {
        is_reloading = false;
        options->override_count = overrides;
        if (turn != NULL)
            turn->was_active = turn->is_ended = false;
        code = run_once(options, is_headless, signal_fd, turn, &is_reloading);
        if (turn == NULL || turn->was_active)
            options->ready_fd = 0; /* it was told */
        if (turn != NULL)
            turn->hold_off = code == EXIT_OK ? 0 : after_failure;
        has_another = code == EXIT_OK ? is_reloading
                                      : turn != NULL && turn->was_active && !turn->is_ended && (code == EXIT_LATER || code == EXIT_UNAVAILABLE);
    } while (has_another);
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
    struct turn turn = { .signal_fd = signal_fd, .options = options };
    if (code == EXIT_OK)
        code = run_again_and_again(options, is_headless, signal_fd, options->is_standby ? &turn : NULL);
    sb_fd_close(&signal_fd);
    return code;
}

/* Embedded, or attached when a runtime serves this configuration already. */
int command_console(struct options *options)
{
    struct client_place place;
    int code = options->is_standby ? EXIT_OK : client_find(options, &place);
    if (code != EXIT_OK)
        return code;
    if (options->is_standby || !place.is_running)
        return run(options, false);
    (void)printf("a runtime serves %s already: attaching to it\n", place.paths.state_dir);
    (void)fflush(stdout);
    return attach_console(options, &place.paths, place.theme, place.socket_path);
}

int command_run(struct options *options)
{
    if (options->positional_count > 0)
        return command_one_run(options);
    return run(options, true);
}
