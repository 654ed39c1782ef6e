/* budget: the day's LLM money, in figures and in words, and what an operator may do about it. */
#include "client.h"

#include "signalbox/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct show_column fields[] = {
    { "tier", "tier", 0, SHOW_TEXT },               { "policy", "policy", 0, SHOW_TEXT },       { "limit, USD", "limit_usd", 0, SHOW_TEXT },
    { "spent, USD", "spent_usd", 0, SHOW_TEXT },    { "held, USD", "held_usd", 0, SHOW_TEXT },  { "uncertain, USD", "uncertain_usd", 0, SHOW_TEXT },
    { "floor, USD", "floor_usd", 0, SHOW_TEXT },    { "forecast, USD", "forecast_usd", 0, SHOW_TEXT },
    { "window from", "window.start", 0, SHOW_TIME }, { "window to", "window.end", 0, SHOW_TIME }, { "failures", "verdict", 0, SHOW_TEXT },
};
static const struct show_column alias_columns[] = {
    { "ALIAS", "alias", 12, SHOW_TEXT },    { "CALLS", "calls", 7, SHOW_TEXT }, { "IN", "tokens_in", 9, SHOW_TEXT },
    { "OUT", "tokens_out", 9, SHOW_TEXT }, { "COST, nano-USD", "cost_nano", 0, SHOW_TEXT },
};
static const struct show_column intent_columns[] = {
    { "INTENT", "intent", 28, SHOW_TEXT }, { "CALLS", "calls", 7, SHOW_TEXT }, { "COST, nano-USD", "cost_nano", 0, SHOW_TEXT },
};
static const struct show_column failure_columns[] = {
    { "FAILURES", "category", 16, SHOW_TEXT }, { "ALIAS", "alias", 10, SHOW_TEXT }, { "INTENT", "intent", 20, SHOW_TEXT },
    { "COUNT", "count", 6, SHOW_TEXT },        { "FIRST", "first", 20, SHOW_TIME }, { "LAST", "last", 20, SHOW_TIME },
    { "REASON", "reason", 0, SHOW_TEXT },
};

static int show(struct options *options)
{
    struct client_reply reply;
    int code = client_get(options, "/v1/budget", &reply);
    if (code == EXIT_OK && options->is_json) {
        (void)puts(reply.body);
    } else if (code == EXIT_OK) {
        show_fields(reply.json, fields, SB_LEN(fields));
        (void)putchar('\n');
        show_table(reply.json, "by_alias", alias_columns, SB_LEN(alias_columns));
        (void)putchar('\n');
        show_table(reply.json, "by_intent", intent_columns, SB_LEN(intent_columns));
        (void)putchar('\n');
        show_table(reply.json, "failures", failure_columns, SB_LEN(failure_columns));
    }
    client_reply_deinit(&reply);
    return code;
}

static int why(struct options *options)
{
    static const char *const keys[] = { "why", "verdict" };
    struct client_reply reply;
    int code = client_get(options, "/v1/budget", &reply);
    if (code == EXIT_OK && options->is_json)
        (void)puts(reply.body);
    for (size_t i = 0; code == EXIT_OK && !options->is_json && i < SB_LEN(keys); i++) {
        char *line = sb_json_type(reply.json, keys[i]) == SB_JSON_STRING ? sb_json_text(reply.json, keys[i]) : NULL;
        if (line != NULL) {
            show_text(line, 0, 0);
            (void)putchar('\n');
        }
        free(line);
    }
    client_reply_deinit(&reply);
    return code;
}

static int force(struct options *options, const char *tier)
{
    int64_t lasts_ms = 0;
    if (!client_span(options->lasts, &lasts_ms) || options->why == NULL) {
        complain("budget force TIER needs an end and a reason, as in: budget force low --for 2h --why \"the campaign ends\"");
        return EXIT_USAGE;
    }
    const struct client_field sent[] = { { "kind", CLIENT_TEXT, "force_tier", 0 }, { "tier", CLIENT_TEXT, tier, 0 },
                                         { "lasts_ms", CLIENT_NUMBER, NULL, lasts_ms }, { "reason", CLIENT_TEXT, options->why, 0 } };
    return client_send(options, "/v1/commands", sent, SB_LEN(sent));
}

int command_budget(struct options *options)
{
    const char *verb = options->positional_count > 0 ? options->positionals[0] : "";
    const char *what = options->positional_count == 2 ? options->positionals[1] : NULL;
    bool is_alone = options->positional_count == 1;
    if (is_alone && sb_streq(verb, "show"))
        return show(options);
    if (is_alone && sb_streq(verb, "why"))
        return why(options);
    if (what != NULL && sb_streq(verb, "force"))
        return force(options, what);
    const struct client_field freed = { "kind", CLIENT_TEXT, "free_tier", 0 }, charged = { "charged_usd", CLIENT_TEXT, what, 0 };
    if (is_alone && sb_streq(verb, "free"))
        return client_send(options, "/v1/commands", &freed, 1);
    if (what != NULL && sb_streq(verb, "reconcile"))
        return client_send(options, "/v1/budget/reconcile", &charged, 1);
    if (options->positional_count == 3 && sb_streq(verb, "reconcile") && sb_streq(options->positionals[1], "day")) {
        const struct client_field day = { "day_usd", CLIENT_TEXT, options->positionals[2], 0 };
        return client_send(options, "/v1/budget/reconcile", &day, 1);
    }
    complain("budget: expected show, why, force TIER --for 2h --why TEXT, free, reconcile USD (what the bill has for what is uncertain), or "
             "reconcile day USD (what it has for the whole day)");
    return EXIT_USAGE;
}
