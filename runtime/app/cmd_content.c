/* content: the rows of the queue, and an operator's verdicts on them. */
#include "client.h"

#include "signalbox/base/text.h"

#include <stdio.h>
#include <string.h>

static const struct show_column columns[] = {
    { "ID", "decision_id", 38, SHOW_TEXT },        { "KIND", "kind", 7, SHOW_TEXT },          { "STATUS", "status", 10, SHOW_TEXT },
    { "POST", "post_ids.0", 22, SHOW_TEXT },       { "SCHEDULED", "scheduled_at", 20, SHOW_TIME },
    { "POSTED", "posted_at", 20, SHOW_TIME },      { "ACCOUNT", "account", 0, SHOW_TEXT },
};
static const struct show_column fields[] = {
    { "id", "decision_id", 0, SHOW_TEXT },     { "kind", "kind", 0, SHOW_TEXT },          { "status", "status", 0, SHOW_TEXT },
    { "account", "account", 0, SHOW_TEXT },    { "text", "text", 0, SHOW_TEXT },          { "topic", "topic", 0, SHOW_TEXT },
    { "angle", "angle", 0, SHOW_TEXT },        { "tone", "tone", 0, SHOW_TEXT },          { "format", "format", 0, SHOW_TEXT },
    { "post", "post_ids.0", 0, SHOW_TEXT },    { "answers", "target_post_id", 0, SHOW_TEXT }, { "thread", "thread_id", 0, SHOW_TEXT },
    { "part", "part", 0, SHOW_TEXT },          { "scheduled", "scheduled_at", 0, SHOW_TIME }, { "claimed", "claimed_at", 0, SHOW_TIME },
    { "posted", "posted_at", 0, SHOW_TIME },   { "attempts", "attempts", 0, SHOW_TEXT },  { "last error", "last_error", 0, SHOW_TEXT },
    { "intent", "intent", 0, SHOW_TEXT },      { "model", "alias", 0, SHOW_TEXT },        { "cost, nano-USD", "cost_nano", 0, SHOW_TEXT },
};
static const struct show_column attempt_columns[] = {
    { "TRY", "attempt", 4, SHOW_TEXT },      { "STARTED", "started_at", 20, SHOW_TIME }, { "ENDED", "ended_at", 20, SHOW_TIME },
    { "OUTCOME", "outcome", 12, SHOW_TEXT }, { "ERROR", "error", 0, SHOW_TEXT },
};

int command_content(struct options *options)
{
    static const struct show_page page = { fields, attempt_columns, SB_LEN(fields), SB_LEN(attempt_columns), "attempts_made" };
    const char *verb = options->positional_count > 0 ? options->positionals[0] : "";
    const char *id = options->positional_count >= 2 ? options->positionals[1] : NULL;
    const char *detail = options->positional_count == 3 ? options->positionals[2] : NULL;
    const struct client_field sent[] = { { "verdict", CLIENT_TEXT, verb, 0 }, { "detail", CLIENT_TEXT, detail, 0 } };
    char target[128];
    if (sb_streq(verb, "list") && id == NULL) {
        (void)snprintf(target, sizeof(target), "/v1/content?limit=%lld", (long long)options->limit);
        return show_list(options, target, "", columns, SB_LEN(columns));
    }
    (void)snprintf(target, sizeof(target), "/v1/content/%.80s", id != NULL ? id : "");
    if (id != NULL && detail == NULL && sb_streq(verb, "show"))
        return show_document(options, target, &page);
    bool is_bare = id != NULL && detail == NULL && (sb_streq(verb, "approve") || sb_streq(verb, "reject"));
    if (is_bare || (detail != NULL && (sb_streq(verb, "settle") || sb_streq(verb, "edit"))))
        return client_send(options, target, sent, SB_LEN(sent));
    complain("content: expected list, or show, approve or reject ID, or settle ID POST, or edit ID TEXT");
    return EXIT_USAGE;
}
