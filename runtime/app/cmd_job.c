/* job: the jobs of the catalogue, and what an operator may ask of them. */
#include "client.h"

#include "signalbox/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct show_column list_columns[] = {
    { "JOB", "name", 28, SHOW_TEXT },          { "PRI", "priority", 3, SHOW_TEXT },     { "CATEGORY", "category", 11, SHOW_TEXT },
    { "SCHEDULE", "schedule", 20, SHOW_TEXT }, { "STATE", "state", 10, SHOW_TEXT },     { "PAUSED", "paused", 6, SHOW_FLAG },
    { "LAST", "last_outcome", 11, SHOW_TEXT }, { "NEXT", "next_due", 20, SHOW_TIME },   { "WHY", "why", 0, SHOW_TEXT },
};
static const struct show_column job_fields[] = {
    { "state", "state", 0, SHOW_TEXT },         { "why", "why", 0, SHOW_TEXT },
    { "next", "next_due", 0, SHOW_TIME },       { "last outcome", "last_outcome", 0, SHOW_TEXT },
    { "last duration", "last_duration_ms", 0, SHOW_MS }, { "failures", "failures", 0, SHOW_TEXT },
};
static const struct show_column step_columns[] = {
    { "STEP", "name", 24, SHOW_TEXT },       { "KIND", "kind", 7, SHOW_TEXT },    { "LIMIT", "timeout_ms", 7, SHOW_MS },
    { "EVERY", "every_ms", 7, SHOW_MS },     { "EFFECT", "effect", 6, SHOW_FLAG }, { "CONTEXT", "context", 7, SHOW_FLAG },
    { "STATE", "state", 13, SHOW_TEXT },     { "TOOK", "duration_ms", 7, SHOW_MS }, { "TEXT", "text", 0, SHOW_TEXT },
};
static const struct show_column run_columns[] = {
    { "RUN", "id", 7, SHOW_TEXT },             { "CAUSE", "cause", 9, SHOW_TEXT },   { "STATE", "state", 12, SHOW_TEXT },
    { "TRY", "attempt", 3, SHOW_TEXT },        { "STARTED", "started_at", 20, SHOW_TIME }, { "TOOK", "duration_ms", 7, SHOW_MS },
    { "CLASS", "error_class", 15, SHOW_TEXT }, { "ERROR", "error", 0, SHOW_TEXT },
};

static void print_line(const struct sb_json *json, const char *path, const char *before, const char *after)
{
    char *text = sb_json_text(json, path);
    (void)fputs(before, stdout);
    show_text(text != NULL ? text : "-", 0, 0);
    (void)fputs(after, stdout);
    free(text);
}

static void print_job(const struct client_reply *reply)
{
    print_line(reply->json, "name", "", "");
    print_line(reply->json, "schedule", ": ", "");
    print_line(reply->json, "priority", ", priority ", "");
    print_line(reply->json, "category", ", category ", "\n");
    for (size_t i = 0; i < sb_json_count(reply->json, "replaces"); i++) {
        char at[32];
        (void)snprintf(at, sizeof(at), "replaces.%zu", i);
        print_line(reply->json, at, i == 0 ? "replaces " : ", ", "");
    }
    (void)fputs(sb_json_count(reply->json, "replaces") > 0 ? "\n\n" : "\n", stdout);
    show_fields(reply->json, job_fields, SB_LEN(job_fields));
    (void)putchar('\n');
    show_table(reply->json, "steps", step_columns, SB_LEN(step_columns));
    (void)putchar('\n');
    show_table(reply->json, "last_runs", run_columns, SB_LEN(run_columns));
}

/* `is_why`: one line, for people and scripts. */
static int show_job(struct options *options, const char *name, bool is_why)
{
    struct client_reply reply;
    char target[128];
    (void)snprintf(target, sizeof(target), "/v1/jobs/%.80s", name);
    int code = client_get(options, target, &reply);
    if (code == EXIT_OK) {
        client_tell_alias(&reply, "name");
        if (options->is_json)
            (void)puts(reply.body);
        else if (is_why)
            print_line(reply.json, "why", "", "\n");
        else
            print_job(&reply);
    }
    client_reply_deinit(&reply);
    return code;
}

static int control_job(struct options *options, const char *kind, const char *name)
{
    const struct client_field fields[] = { { "kind", CLIENT_TEXT, kind, 0 }, { "job", CLIENT_TEXT, name, 0 },
                                           { "reason", CLIENT_TEXT, options->why, 0 },
                                           { "confirmed", CLIENT_FLAG, NULL, options->is_confirmed } };
    return client_send(options, "/v1/commands", fields, SB_LEN(fields));
}

int command_job(struct options *options)
{
    static const struct {
        const char *verb, *kind;
    } controls[] = { { "pause", "pause_job" }, { "resume", "resume_job" }, { "run", "run_job" }, { "retry", "retry_run" } };
    const char *verb = options->positional_count > 0 ? options->positionals[0] : "";
    const char *name = options->positional_count == 2 ? options->positionals[1] : NULL;
    if (sb_streq(verb, "list") && options->positional_count == 1)
        return show_list(options, "/v1/jobs", "", list_columns, SB_LEN(list_columns));
    if (name != NULL && (sb_streq(verb, "show") || sb_streq(verb, "why")))
        return show_job(options, name, sb_streq(verb, "why"));
    for (size_t i = 0; name != NULL && i < SB_LEN(controls); i++)
        if (sb_streq(verb, controls[i].verb))
            return control_job(options, controls[i].kind, name);
    complain("job: expected list, or show, why, pause, resume, run or retry and a NAME");
    return EXIT_USAGE;
}
