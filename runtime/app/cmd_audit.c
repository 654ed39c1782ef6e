/* audit: what operators asked for, why, and what became of it. */
#include "client.h"

#include <stdio.h>

int command_audit(struct options *options)
{
    static const struct show_column columns[] = {
        { "TIME", "at", 20, SHOW_TIME },          { "WHO", "actor", 12, SHOW_TEXT },     { "ASKED", "kind", 18, SHOW_TEXT },
        { "ABOUT", "target", 24, SHOW_TEXT },     { "RUN", "run", 7, SHOW_TEXT },        { "RESULT", "result", 8, SHOW_TEXT },
        { "INCIDENT", "incident", 10, SHOW_TEXT }, { "WHY", "reason", 28, SHOW_TEXT },   { "OUTCOME", "outcome", 0, SHOW_TEXT },
    };
    char target[128];
    int64_t last_ms = 0;
    if (options->positional_count > 0) {
        complain("audit: \"%.40s\" is too much; --last 24h says how far back", options->positionals[0]);
        return EXIT_USAGE;
    }
    if (options->last != NULL && (!client_span(options->last, &last_ms) || last_ms <= 0)) {
        complain("--last \"%.20s\": expected a time such as 12h or 7d", options->last);
        return EXIT_USAGE;
    }
    (void)snprintf(target, sizeof(target), "/v1/audit?last_ms=%lld&limit=%lld", (long long)last_ms, (long long)options->limit);
    return show_list(options, target, "", columns, SB_LEN(columns));
}
