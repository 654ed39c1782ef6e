/* Answers of /v1/lookup, read by a console elsewhere. The other side may be of another version, or hostile: every text is bounded, every number
 * that is out of range is none, and there is never more than there is room for. */
#include "lookup.h"

#include "signalbox/api/api.h"
#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 64 };

/* A member of an element: "runs.3.id". */
struct at {
    const struct sb_json *json;
    const char *list;
    uint32_t row;
};

static const char *path_of(const struct at *at, const char *key, char out[PATH_BYTES])
{
    (void)snprintf(out, PATH_BYTES, "%s.%u.%s", at->list, at->row, key);
    return out;
}

static int64_t number(const struct at *at, const char *key)
{
    char path[PATH_BYTES];
    int64_t value = 0;
    return sb_json_i64(at->json, path_of(at, key, path), &value) ? value : 0;
}

static unsigned small(const struct at *at, const char *key, unsigned max, unsigned otherwise)
{
    const int64_t value = number(at, key);
    return value >= 0 && value <= (int64_t)max ? (unsigned)value : otherwise;
}

static void words(const struct at *at, const char *key, char *out, size_t cap)
{
    char path[PATH_BYTES];
    char *text = sb_json_text(at->json, path_of(at, key, path));
    (void)sb_copy(out, cap, text != NULL ? text : "");
    free(text);
}

static uint8_t choice(const struct at *at, const char *key, enum sb_field_type type)
{
    char word[64];
    words(at, key, word, sizeof(word));
    const int value = sb_field_enum_parse(type, word);
    return value >= 0 ? (uint8_t)value : 0;
}

static void read_run(const struct at *at, struct sb_past_run *run)
{
    const int64_t id = number(at, "id");
    run->id = id > 0 ? (uint64_t)id : 0;
    words(at, "job", run->job, sizeof(run->job));
    run->state = choice(at, "state", SB_FIELD_run_state);
    run->cause = choice(at, "cause", SB_FIELD_cause);
    run->class = choice(at, "class", SB_FIELD_class);
    run->attempt = (uint8_t)small(at, "attempt", UINT8_MAX, 0);
    run->nominal.ns = number(at, "nominal_ns");
    run->queued.ns = number(at, "queued_ns");
    run->started.ns = number(at, "started_ns");
    run->ended.ns = number(at, "ended_ns");
    run->duration = number(at, "duration_ns");
    words(at, "error", run->error, sizeof(run->error));
}

static void read_step(const struct at *at, struct sb_past_step *step)
{
    char path[PATH_BYTES];
    char *effect = sb_json_text(at->json, path_of(at, "effect", path));
    step->is_effect = effect != NULL && sb_streq(effect, "true");
    free(effect);
    step->step = (uint8_t)small(at, "step", SB_JOB_STEPS_MAX, 0);
    step->attempt = (uint8_t)small(at, "attempt", UINT8_MAX, 0);
    step->state = choice(at, "state", SB_FIELD_step_state);
    step->class = choice(at, "class", SB_FIELD_class);
    step->ctx = (uint16_t)small(at, "ctx", SB_CONTEXTS_MAX - 1, SB_NO_CTX);
    step->started.ns = number(at, "started_ns");
    step->duration = number(at, "duration_ns");
    step->rows = number(at, "rows");
    words(at, "name", step->name, sizeof(step->name));
    words(at, "text", step->text, sizeof(step->text));
}

/* An event of a kind that this version does not know is passed over. */
static bool read_event(const struct at *at, struct sb_past_event *past)
{
    char path[PATH_BYTES];
    struct sb_error err = { 0 };
    char *line = sb_json_text(at->json, path_of(at, "event", path));
    const bool is_read = line != NULL && sb_codec_event_read(line, strlen(line), &past->event, &err) == SB_OK;
    free(line);
    if (is_read)
        words(at, "job", past->job, sizeof(past->job));
    return is_read;
}

static uint32_t count_of(const struct sb_json *json, const char *list, uint32_t max)
{
    const size_t count = sb_json_count(json, list);
    return count < max ? (uint32_t)count : max;
}

static bool flag(const struct sb_json *json, const char *key)
{
    char *text = sb_json_text(json, key);
    const bool is_set = text != NULL && sb_streq(text, "true");
    free(text);
    return is_set;
}

enum sb_err sb_api_lookup_read(const char *body, size_t size, struct sb_findings *findings, struct sb_error *err)
{
    struct sb_json *json = NULL;
    enum sb_err rc = sb_json_parse(&json, body, size, err);
    if (rc != SB_OK)
        return sb_error_set(err, SB_ERR_PROTOCOL, "the runtime's answer about the past is no JSON");
    memset(findings, 0, sizeof(*findings));
    findings->is_newest = flag(json, "newest");
    findings->is_oldest = flag(json, "oldest");
    char *kind = sb_json_text(json, "kind");
    findings->kind = SB_LOOKUP_COUNT;
    for (unsigned i = 0; kind != NULL && i < SB_LOOKUP_COUNT; i++)
        if (sb_streq(kind, sb_lookup_kinds[i]))
            findings->kind = (uint8_t)i;
    free(kind);
    findings->run_count = count_of(json, "runs", SB_LOOKUP_PAGE);
    for (uint32_t i = 0; i < findings->run_count; i++)
        read_run(&(struct at){ json, "runs", i }, &findings->runs[i]);
    findings->step_count = count_of(json, "steps", SB_LOOKUP_STEPS_MAX);
    for (uint32_t i = 0; i < findings->step_count; i++)
        read_step(&(struct at){ json, "steps", i }, &findings->steps[i]);
    for (uint32_t i = 0; i < count_of(json, "events", SB_LOOKUP_EVENTS_MAX); i++)
        findings->event_count += read_event(&(struct at){ json, "events", i }, &findings->events[findings->event_count]) ? 1u : 0u;
    char *text = sb_json_text(json, "text");
    (void)sb_copy(findings->text, sizeof(findings->text), text != NULL ? text : "");
    free(text);
    sb_json_destroy(json);
    return findings->kind < SB_LOOKUP_COUNT ? SB_OK : sb_error_set(err, SB_ERR_PROTOCOL, "the runtime's answer about the past is none");
}
