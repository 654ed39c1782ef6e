/* node list: the processes that share a store. */
#include "client.h"

#include "signalbox/base/text.h"

int command_node(struct options *options)
{
    static const struct show_column columns[] = {
        { "NODE", "node", 24, SHOW_TEXT },       { "STATE", "state", 8, SHOW_TEXT },        { "HOST", "host", 20, SHOW_TEXT },
        { "PID", "pid", 8, SHOW_TEXT },          { "TOKEN", "token", 6, SHOW_TEXT },        { "VERSION", "version", 10, SHOW_TEXT },
        { "STARTED", "started_at", 20, SHOW_TIME },
        { "LENT", "lent", 4, SHOW_TEXT },        { "HANDS", "hands", 5, SHOW_TEXT },        { "BUSY", "running", 4, SHOW_TEXT },
        { "DONE", "done", 6, SHOW_TEXT },        { "RUNS", "runs", 28, SHOW_TEXT },
        { "BEHIND", "behind_ms", 0, SHOW_MS },
    };
    if (options->positional_count != 1 || !sb_streq(options->positionals[0], "list")) {
        complain("node: expected list");
        return EXIT_USAGE;
    }
    return show_list(options, "/v1/nodes", "nodes", columns, SB_LEN(columns));
}
