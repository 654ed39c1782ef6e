/* runs, and run show | retry | cancel ID: the history, and what an operator may ask of one run. (`run` alone is the runtime, in cmd_run.c.) */
#include "client.h"

#include "signalbox/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct show_column columns[] = {
    { "RUN", "id", 7, SHOW_TEXT },             { "JOB", "job", 26, SHOW_TEXT },      { "CAUSE", "cause", 9, SHOW_TEXT },
    { "STATE", "state", 12, SHOW_TEXT },       { "TRY", "attempt", 3, SHOW_TEXT },   { "QUEUED", "queued_at", 20, SHOW_TIME },
    { "STARTED", "started_at", 20, SHOW_TIME }, { "ENDED", "ended_at", 20, SHOW_TIME }, { "CLASS", "error_class", 15, SHOW_TEXT },
    { "ERROR", "error", 0, SHOW_TEXT },
};
static const struct show_column fields[] = {
    { "run", "id", 0, SHOW_TEXT },           { "job", "job", 0, SHOW_TEXT },           { "cause", "cause", 0, SHOW_TEXT },
    { "state", "state", 0, SHOW_TEXT },      { "attempt", "attempt", 0, SHOW_TEXT },   { "queued", "queued_at", 0, SHOW_TIME },
    { "started", "started_at", 0, SHOW_TIME }, { "ended", "ended_at", 0, SHOW_TIME },  { "error class", "error_class", 0, SHOW_TEXT },
    { "error", "error", 0, SHOW_TEXT },
};
static const struct show_column step_columns[] = {
    { "STEP", "name", 24, SHOW_TEXT },   { "STATE", "state", 14, SHOW_TEXT }, { "TRY", "attempt", 3, SHOW_TEXT },
    { "TOOK", "duration_ms", 8, SHOW_MS }, { "CLASS", "class", 15, SHOW_TEXT }, { "ROWS", "rows", 6, SHOW_TEXT },    { "TEXT", "text", 0, SHOW_TEXT },
};

int command_runs(struct options *options)
{
    char target[256];
    (void)snprintf(target, sizeof(target), "/v1/runs?limit=%lld&failed=%d%s%.80s", (long long)options->limit, options->is_failed_only,
                   options->job != NULL ? "&job=" : "", options->job != NULL ? options->job : "");
    return show_list(options, target, "", columns, SB_LEN(columns));
}

/* The command names the run and its job: it is refused when the job has gone on to another run meanwhile. */
static int control_run(struct options *options, const char *kind, const char *target, const char *id)
{
    struct client_reply reply;
    int code = client_get(options, target, &reply);
    char *job = code == EXIT_OK ? sb_json_text(reply.json, "job") : NULL;
    client_reply_deinit(&reply);
    if (code == EXIT_OK) {
        const struct client_field sent[] = { { "kind", CLIENT_TEXT, kind, 0 }, { "job", CLIENT_TEXT, job, 0 }, { "run", CLIENT_TEXT, id, 0 },
                                             { "reason", CLIENT_TEXT, options->why, 0 } };
        code = client_send(options, "/v1/commands", sent, SB_LEN(sent));
    }
    free(job);
    return code;
}

int command_one_run(struct options *options)
{
    static const struct show_page page = { fields, step_columns, SB_LEN(fields), SB_LEN(step_columns), "steps" };
    const char *verb = options->positionals[0];
    const char *id = options->positional_count == 2 ? options->positionals[1] : NULL;
    char target[64];
    (void)snprintf(target, sizeof(target), "/v1/runs/%.24s", id != NULL ? id : "");
    if (id != NULL && sb_streq(verb, "show"))
        return show_document(options, target, &page);
    if (id != NULL && sb_streq(verb, "retry"))
        return control_run(options, options->is_whole ? "retry_run_whole" : "retry_run", target, id);
    if (id != NULL && sb_streq(verb, "cancel"))
        return control_run(options, options->is_confirmed ? "kill_run" : "cancel_run", target, id);
    complain("run: expected nothing (the runtime), or show, retry or cancel and the ID of a run");
    return EXIT_USAGE;
}
