/* alert: what is wrong, who has been told, and what an operator may do about it. */
#include "client.h"

#include "signalbox/base/text.h"
#include "signalbox/model/alert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int list(struct options *options)
{
    static const struct show_column columns[] = {
        { "ID", "id", 5, SHOW_TEXT },         { "SEVERITY", "severity", 8, SHOW_TEXT }, { "STATE", "state", 10, SHOW_TEXT },
        { "RULE", "rule", 22, SHOW_TEXT },    { "SUBJECT", "subject", 26, SHOW_TEXT },  { "SINCE", "since", 20, SHOW_TIME },
        { "FLAPS", "flapping", 8, SHOW_FLAG }, { "ACKED BY", "acked_by", 10, SHOW_TEXT }, { "TEXT", "text", 0, SHOW_TEXT },
    };
    return show_list(options, "/v1/alerts", "", columns, SB_LEN(columns));
}

static int channels(struct options *options)
{
    static const struct show_column columns[] = {
        { "CHANNEL", "name", 16, SHOW_TEXT }, { "KIND", "kind", 12, SHOW_TEXT },   { "FROM", "min_severity", 6, SHOW_TEXT },
        { "SENT", "sent", 6, SHOW_TEXT },     { "LAST", "sent_at", 20, SHOW_TIME }, { "FAILING", "failing", 7, SHOW_TEXT },
        { "REASON", "reason", 0, SHOW_TEXT },
    };
    return show_list(options, "/v1/notifications", "channels", columns, SB_LEN(columns));
}

static int silences(struct options *options)
{
    static const struct show_column columns[] = {
        { "ID", "id", 5, SHOW_TEXT },      { "RULE", "rule", 22, SHOW_TEXT },   { "SUBJECT", "subject", 26, SHOW_TEXT },
        { "FOR", "for_ms", 8, SHOW_MS },   { "BY", "actor", 12, SHOW_TEXT },    { "REASON", "reason", 0, SHOW_TEXT },
    };
    return show_list(options, "/v1/notifications", "silences", columns, SB_LEN(columns));
}

static bool read_id(const char *text, int64_t *id)
{
    if (sb_parse_i64(text, id) && *id > 0)
        return true;
    complain("\"%.40s\" is no number; signalbox alert list and alert silences show them", text);
    return false;
}

/* Which place of the list has that alert; -1 when none. */
static long find(const struct sb_json *json, int64_t id)
{
    for (size_t i = 0; i < sb_json_count(json, ""); i++) {
        char at[32];
        int64_t found = 0;
        (void)snprintf(at, sizeof(at), "%zu.id", i);
        if (sb_json_i64(json, at, &found) && found == id)
            return (long)i;
    }
    return -1;
}

static int why(struct options *options, const char *text)
{
    static const struct show_column columns[] = {
        { "CHANNEL", "channel", 16, SHOW_TEXT }, { "TOLD, OR WHY NOT", "why", 0, SHOW_TEXT },
    };
    static const struct {
        const char *title, *key;
    } fields[] = { { "alert", "text" },       { "rule", "rule" },     { "bounds", "bounds" },   { "severity", "severity" }, { "state", "state_line" },
                   { "follows", "follows" },  { "to do", "runbook" }, { "manual", "manual" },   { "in short", "remedy" } };
    struct client_reply reply;
    int64_t id = 0;
    if (!read_id(text, &id))
        return EXIT_USAGE;
    int code = client_get(options, "/v1/alerts", &reply);
    long row = code == EXIT_OK ? find(reply.json, id) : -1;
    if (code == EXIT_OK && row < 0) {
        complain("alert %lld is not active; signalbox alert list shows those that are", (long long)id);
        code = EXIT_NO;
    }
    for (size_t i = 0; code == EXIT_OK && i < SB_LEN(fields); i++) {
        char at[48];
        (void)snprintf(at, sizeof(at), "%ld.%s", row, fields[i].key);
        if (sb_json_type(reply.json, at) <= SB_JSON_NULL)
            continue;
        char *value = sb_json_text(reply.json, at);
        (void)printf("%-10s ", fields[i].title);
        show_text(value != NULL ? value : "-", 0, 0);
        (void)putchar('\n');
        free(value);
    }
    if (code == EXIT_OK) {
        char at[32];
        (void)snprintf(at, sizeof(at), "%ld.channels", row);
        (void)putchar('\n');
        show_table(reply.json, at, columns, SB_LEN(columns));
        if (sb_json_count(reply.json, at) == 0)
            (void)puts("no channel is configured: nobody is told of anything (docs/OPERATIONS.md, Notifications)");
    }
    client_reply_deinit(&reply);
    return code;
}

static int read_for(struct options *options, bool is_needed, int64_t *lasts_ms)
{
    if (options->lasts == NULL && !is_needed)
        return EXIT_OK;
    if (options->lasts != NULL && client_span(options->lasts, lasts_ms))
        return EXIT_OK;
    complain("--for \"%.20s\": expected a time such as 30m, 2h or 1d", options->lasts != NULL ? options->lasts : "");
    return EXIT_USAGE;
}

static int ack(struct options *options, const char *text)
{
    int64_t id = 0, lasts_ms = 0;
    if (!read_id(text, &id) || read_for(options, false, &lasts_ms) != EXIT_OK)
        return EXIT_USAGE;
    const struct client_field fields[] = { { "kind", CLIENT_TEXT, "ack_alert", 0 }, { "alert", CLIENT_NUMBER, NULL, id },
                                           { "lasts_ms", CLIENT_NUMBER, NULL, lasts_ms }, { "reason", CLIENT_TEXT, options->why, 0 } };
    return client_send(options, "/v1/commands", fields, SB_LEN(fields));
}

static int unack(struct options *options, const char *text)
{
    int64_t id = 0;
    if (!read_id(text, &id))
        return EXIT_USAGE;
    const struct client_field fields[] = { { "kind", CLIENT_TEXT, "unack_alert", 0 }, { "alert", CLIENT_NUMBER, NULL, id } };
    return client_send(options, "/v1/commands", fields, SB_LEN(fields));
}

/* RULE or RULE:SUBJECT; "any" for every rule. */
static int silence(struct options *options, const char *text)
{
    char rule[SB_NAME_MAX];
    const char *colon = strchr(text, ':');
    int64_t lasts_ms = 0;
    size_t size = colon != NULL ? (size_t)(colon - text) : strlen(text);
    if (!sb_copy_n(rule, sizeof(rule), text, size)) {
        complain("alert silence: \"%.40s\" is no rule", text);
        return EXIT_USAGE;
    }
    if (options->why == NULL) {
        complain("alert silence: --why TEXT tells those who come after why they hear nothing");
        return EXIT_USAGE;
    }
    if (read_for(options, true, &lasts_ms) != EXIT_OK)
        return EXIT_USAGE;
    const struct client_field fields[] = { { "kind", CLIENT_TEXT, "silence", 0 },
                                           { "rule", CLIENT_TEXT, sb_streq(rule, "any") ? NULL : rule, 0 },
                                           { "subject", CLIENT_TEXT, colon != NULL ? colon + 1 : NULL, 0 },
                                           { "lasts_ms", CLIENT_NUMBER, NULL, lasts_ms },
                                           { "reason", CLIENT_TEXT, options->why, 0 } };
    return client_send(options, "/v1/commands", fields, SB_LEN(fields));
}

static int unsilence(struct options *options, const char *text)
{
    int64_t id = 0;
    if (!read_id(text, &id))
        return EXIT_USAGE;
    const struct client_field fields[] = { { "kind", CLIENT_TEXT, "unsilence", 0 }, { "alert", CLIENT_NUMBER, NULL, id },
                                           { "reason", CLIENT_TEXT, options->why, 0 } };
    return client_send(options, "/v1/commands", fields, SB_LEN(fields));
}

int command_alert(struct options *options)
{
    static const struct {
        const char *verb;
        int (*run)(struct options *options, const char *argument);
    } verbs[] = { { "ack", ack }, { "unack", unack }, { "why", why }, { "silence", silence }, { "unsilence", unsilence } };
    const char *verb = options->positional_count > 0 ? options->positionals[0] : "";
    if (options->positional_count == 1 && sb_streq(verb, "list"))
        return list(options);
    if (options->positional_count == 1 && sb_streq(verb, "channels"))
        return channels(options);
    if (options->positional_count == 1 && sb_streq(verb, "silences"))
        return silences(options);
    if (sb_streq(verb, "test") && options->positional_count <= 2)
        return alert_test(options, options->positional_count == 2 ? options->positionals[1] : NULL);
    for (size_t i = 0; i < SB_LEN(verbs) && options->positional_count == 2; i++)
        if (sb_streq(verb, verbs[i].verb))
            return verbs[i].run(options, options->positionals[1]);
    complain("alert: expected list, why ID, ack ID, unack ID, silence RULE[:SUBJECT] --for 2h --why TEXT, unsilence ID, silences, channels "
             "or test [RULE]");
    return EXIT_USAGE;
}
