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

static int list_content(struct options *options)
{
    char target[64];
    struct client_reply reply;
    (void)snprintf(target, sizeof(target), "/v1/content?limit=%lld", (long long)options->limit);
    int code = client_get(options, target, &reply);
    if (code == EXIT_OK && options->is_json)
        (void)puts(reply.body);
    else if (code == EXIT_OK)
        show_table(reply.json, "", columns, SB_LEN(columns));
    client_reply_deinit(&reply);
    return code;
}

static int show_content(struct options *options, const char *id)
{
    char target[128];
    struct client_reply reply;
    (void)snprintf(target, sizeof(target), "/v1/content/%.80s", id);
    int code = client_get(options, target, &reply);
    if (code == EXIT_OK && options->is_json) {
        (void)puts(reply.body);
    } else if (code == EXIT_OK) {
        show_fields(reply.json, fields, SB_LEN(fields));
        (void)putchar('\n');
        show_table(reply.json, "attempts_made", attempt_columns, SB_LEN(attempt_columns));
    }
    client_reply_deinit(&reply);
    return code;
}

static int judge(struct options *options, const char *verdict, const char *id, const char *detail)
{
    char target[128];
    struct client_reply reply;
    struct sb_json_out *out = sb_json_out_create(65536);
    (void)snprintf(target, sizeof(target), "/v1/content/%.80s", id);
    if (out != NULL) {
        sb_json_object_begin(out);
        sb_json_key(out, "verdict");
        sb_json_string(out, verdict);
        sb_json_key(out, "detail");
        sb_json_string(out, detail);
        sb_json_object_end(out);
    }
    int code = client_post(options, target, out, &reply);
    if (code == EXIT_OK)
        code = client_tell(options, &reply);
    client_reply_deinit(&reply);
    return code;
}

int command_content(struct options *options)
{
    const char *verb = options->positional_count > 0 ? options->positionals[0] : "";
    const char *id = options->positional_count >= 2 ? options->positionals[1] : NULL;
    const char *detail = options->positional_count == 3 ? options->positionals[2] : NULL;
    if (sb_streq(verb, "list") && id == NULL)
        return list_content(options);
    if (id != NULL && detail == NULL && sb_streq(verb, "show"))
        return show_content(options, id);
    if (id != NULL && detail == NULL && (sb_streq(verb, "approve") || sb_streq(verb, "reject")))
        return judge(options, verb, id, NULL);
    if (detail != NULL && (sb_streq(verb, "settle") || sb_streq(verb, "edit")))
        return judge(options, verb, id, detail);
    complain("content: expected list, or show, approve or reject ID, or settle ID POST, or edit ID TEXT");
    return EXIT_USAGE;
}
