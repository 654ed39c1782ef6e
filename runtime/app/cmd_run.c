/* console and run: the installation's jobs, with and without a screen. */
#include "app.h"

#include "signalbox/os/os.h"

#include <unistd.h>

static int run(struct options *options, bool is_headless)
{
    struct installation in;
    if (!is_headless && (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))) {
        complain("the console needs a terminal; `signalbox run` works without one");
        return EXIT_USAGE;
    }
    int signal_fd = -1;
    int code = session_signals(&signal_fd);
    if (code == EXIT_OK)
        code = installation_open(&in, options, !is_headless);
    if (code == EXIT_OK) {
        const struct session session = {
            .installation = &in, .options = options, .is_headless = is_headless, .signal_fd = signal_fd,
            .environment = in.catalogue->settings.is_practice ? "practice" : in.catalogue->name,
        };
        code = session_run(&session);
        installation_close(&in);
    }
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
