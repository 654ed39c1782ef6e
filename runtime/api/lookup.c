/* What consoles elsewhere ask about the past: one question in the query, one answer as a document. lookup_read.c is its other side. */
#include "call.h"
#include "lookup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const sb_lookup_kinds[SB_LOOKUP_COUNT] = {
    [SB_LOOKUP_RUNS] = "runs",   [SB_LOOKUP_RUN] = "run",     [SB_LOOKUP_JOB] = "job",
    [SB_LOOKUP_ALERT] = "alert", [SB_LOOKUP_AUDIT] = "audit", [SB_LOOKUP_CONTENT] = "content",
};

static void put_run(const struct sb_past_run *run, struct sb_json_out *out)
{
    sb_json_object_begin(out);
    put_number(out, "id", (int64_t)run->id);
    put_text(out, "job", run->job);
    put_text(out, "state", sb_run_state_text(run->state));
    put_text(out, "cause", sb_cause_text(run->cause));
    put_text(out, "class", sb_class_text(run->class));
    put_number(out, "attempt", run->attempt);
    put_number(out, "nominal_ns", run->nominal.ns);
    put_number(out, "queued_ns", run->queued.ns);
    put_number(out, "started_ns", run->started.ns);
    put_number(out, "ended_ns", run->ended.ns);
    put_number(out, "duration_ns", run->duration);
    put_text(out, "error", run->error);
    sb_json_object_end(out);
}

static void put_step(const struct sb_past_step *step, struct sb_json_out *out)
{
    sb_json_object_begin(out);
    put_number(out, "step", step->step);
    put_number(out, "attempt", step->attempt);
    put_text(out, "state", sb_step_state_text(step->state));
    put_text(out, "class", sb_class_text(step->class));
    put_flag(out, "effect", step->is_effect);
    put_number(out, "ctx", step->ctx);
    put_number(out, "started_ns", step->started.ns);
    put_number(out, "duration_ns", step->duration);
    put_number(out, "rows", step->rows);
    put_text(out, "name", step->name);
    put_text(out, "text", step->text);
    sb_json_object_end(out);
}

static void put_event(const struct sb_past_event *past, struct sb_json_out *out)
{
    char line[SB_CODEC_EVENT_MAX + 1];
    line[sb_codec_event_write(&past->event, line, SB_CODEC_EVENT_MAX)] = '\0';
    sb_json_object_begin(out);
    put_text(out, "job", past->job);
    sb_json_key(out, "event");
    sb_json_raw(out, line);
    sb_json_object_end(out);
}

static void write_findings(const struct sb_findings *found, struct sb_json_out *out)
{
    sb_json_object_begin(out);
    put_text(out, "kind", sb_lookup_kinds[found->kind]);
    put_flag(out, "newest", found->is_newest);
    put_flag(out, "oldest", found->is_oldest);
    sb_json_key(out, "runs");
    sb_json_array_begin(out);
    for (uint32_t i = 0; i < found->run_count; i++)
        put_run(&found->runs[i], out);
    sb_json_array_end(out);
    sb_json_key(out, "steps");
    sb_json_array_begin(out);
    for (uint32_t i = 0; i < found->step_count; i++)
        put_step(&found->steps[i], out);
    sb_json_array_end(out);
    sb_json_key(out, "events");
    sb_json_array_begin(out);
    for (uint32_t i = 0; i < found->event_count; i++)
        put_event(&found->events[i], out);
    sb_json_array_end(out);
    put_text(out, "text", found->text);
    sb_json_object_end(out);
}

static bool read_question(const struct call *call, struct sb_lookup *lookup)
{
    char kind[16] = "";
    memset(lookup, 0, sizeof(*lookup));
    lookup->kind = SB_LOOKUP_COUNT;
    (void)call_query(call, "kind", kind, sizeof(kind));
    for (unsigned i = 0; i < SB_LOOKUP_COUNT; i++)
        if (sb_streq(kind, sb_lookup_kinds[i]))
            lookup->kind = (uint8_t)i;
    (void)call_query(call, "name", lookup->name, sizeof(lookup->name));
    const int64_t id = call_query_number(call, "id", 0), before = call_query_number(call, "before", 0), after = call_query_number(call, "after", 0);
    lookup->id = (uint64_t)id;
    lookup->before = (uint64_t)before;
    lookup->after = (uint64_t)after;
    lookup->from_oldest = call_query_number(call, "oldest", 0) != 0;
    lookup->since_ms = call_query_number(call, "since_ms", 0);
    return lookup->kind < SB_LOOKUP_COUNT && id >= 0 && before >= 0 && after >= 0;
}

static enum sb_err find(const struct call *call, const struct sb_lookup *lookup, struct sb_findings *found, struct sb_error *err)
{
    if (call->setup->lookup != NULL)
        return call->setup->lookup(call->setup->lookup_arg, lookup, &call->op, found, err);
    if (call->setup->store != NULL)
        return sb_lookup_read(call->setup->store, lookup, &call->op, found, err);
    return sb_error_set(err, SB_ERR_UNAVAILABLE, "there is no store yet; a first `signalbox run` makes it");
}

void handle_lookup(const struct call *call, struct answer *answer)
{
    struct sb_lookup lookup;
    struct sb_error err = { 0 };
    if (!read_question(call, &lookup)) {
        answer_error(answer, 400, "invalid", "kind is one of runs, run, job, alert, audit, content; id, before and after are numbers");
        return;
    }
    struct sb_findings *found = calloc(1, sizeof(*found));
    enum sb_err rc = found != NULL ? find(call, &lookup, found, &err) : sb_error_set(&err, SB_ERR_NOMEM, "no memory for an answer");
    if (rc != SB_OK) {
        answer_failure(answer, &err);
    } else {
        struct sb_json_out *out = sb_json_out_create(ANSWER_MAX);
        found->kind = lookup.kind;
        if (out != NULL)
            write_findings(found, out);
        answer_json(answer, 200, out);
    }
    free(found);
}

/* Every byte of a name that is no letter, digit, dash, dot or underscore goes as %XX. */
static void add_encoded(struct sb_text *text, const char *words)
{
    for (const unsigned char *at = (const unsigned char *)words; *at != '\0'; at++) {
        const bool is_plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9') || strchr("-_.", *at) != NULL;
        sb_text_addf(text, is_plain ? "%c" : "%%%02X", *at);
    }
}

void sb_api_lookup_target(const struct sb_lookup *lookup, char out[SB_API_LOOKUP_TARGET_MAX])
{
    struct sb_text text;
    sb_text_init(&text, out, SB_API_LOOKUP_TARGET_MAX);
    sb_text_addf(&text, "/v1/lookup?kind=%s&id=%llu&before=%llu&after=%llu&oldest=%d&since_ms=%lld&name=",
                 lookup->kind < SB_LOOKUP_COUNT ? sb_lookup_kinds[lookup->kind] : "none", (unsigned long long)lookup->id,
                 (unsigned long long)lookup->before, (unsigned long long)lookup->after, lookup->from_oldest, (long long)lookup->since_ms);
    add_encoded(&text, lookup->name);
}
