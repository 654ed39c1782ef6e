/* What a client asks for: a command to the core, which answers by an event that carries its id, and a verdict on a content row. */
#include "call.h"

#include <stdlib.h>

static const sb_ns lasts_max = SB_DAY(7);

/* A text of the document, into a caller's buffer; false when it is there and does not fit. */
static bool read_text(const struct sb_json *json, const char *key, char *out, size_t cap)
{
    char *text = sb_json_type(json, key) > SB_JSON_NULL ? sb_json_text(json, key) : NULL;
    bool is_ok = text == NULL || sb_copy(out, cap, text);
    free(text);
    return is_ok;
}

static int64_t read_number(const struct sb_json *json, const char *key, int64_t otherwise)
{
    int64_t value = otherwise;
    return sb_json_i64(json, key, &value) ? value : otherwise;
}

static int find_text(const char *(*text_of)(unsigned), unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++)
        if (sb_streq(text_of(i), name))
            return (int)i;
    return -1;
}

/* One named target: a category, a component or a policy. */
static enum sb_err read_choice(const struct sb_json *json, const char *key, const char *(*text_of)(unsigned), unsigned count, uint8_t *out,
                               struct sb_error *err)
{
    char name[SB_NAME_MAX] = "";
    if (sb_json_type(json, key) <= SB_JSON_NULL)
        return SB_OK;
    int found = read_text(json, key, name, sizeof(name)) ? find_text(text_of, count, name) : -1;
    if (found < 0)
        return sb_error_set(err, SB_ERR_INVALID, "%s \"%.39s\" is not known", key, name);
    *out = (uint8_t)found;
    return SB_OK;
}

static enum sb_err read_site(const struct call *call, const struct sb_json *json, struct sb_command *command, struct sb_error *err)
{
    char name[SB_NAME_MAX] = "";
    const struct sb_catalogue *catalogue = call->setup->catalogue;
    if (sb_json_type(json, "site") <= SB_JSON_NULL)
        return SB_OK;
    bool is_read = read_text(json, "site", name, sizeof(name));
    for (size_t i = 0; is_read && sb_catalogue_guarded(catalogue, i) != NULL; i++)
        if (sb_streq(sb_catalogue_guarded(catalogue, i), name)) {
            command->site = (uint8_t)i;
            return SB_OK;
        }
    return sb_error_set(err, SB_ERR_NOT_FOUND, "there is no site \"%.39s\"; /v1/components lists their breakers", name);
}

static enum sb_err read_job(const struct call *call, const struct sb_json *json, struct sb_command *command, const struct sb_job_alias **alias,
                            struct sb_error *err)
{
    char name[SB_NAME_MAX] = "";
    if (sb_json_type(json, "job") <= SB_JSON_NULL)
        return SB_OK;
    if (read_text(json, "job", name, sizeof(name)))
        command->job = sb_catalogue_resolve(call->setup->catalogue, name, alias);
    return command->job != SB_NO_JOB ? SB_OK : sb_error_set(err, SB_ERR_NOT_FOUND, "there is no job \"%.39s\"; /v1/jobs lists them", name);
}

static enum sb_err read_command(const struct call *call, const struct sb_json *json, struct sb_command *command,
                                const struct sb_job_alias **alias, struct sb_error *err)
{
    char kind[SB_NAME_MAX] = "";
    int found = read_text(json, "kind", kind, sizeof(kind)) ? sb_command_parse(kind) : -1;
    if (found < 0)
        return sb_error_set(err, SB_ERR_INVALID, "kind \"%.39s\" is no command; docs/API.md lists them", kind);
    *command = sb_command_make((enum sb_command_kind)found, (uint64_t)read_number(json, "id", 0), call->actor);
    command->run = (uint64_t)read_number(json, "run", 0);
    command->alert = (uint32_t)read_number(json, "alert", 0);
    command->ctx = (uint16_t)read_number(json, "context", SB_NO_CTX);
    char confirmed[8] = "";
    command->confirmed = read_text(json, "confirmed", confirmed, sizeof(confirmed)) && sb_streq(confirmed, "true");
    command->lasts = SB_MS(read_number(json, "lasts_ms", 0));
    if (read_number(json, "lasts_ms", 0) < 0 || read_number(json, "lasts_ms", 0) > lasts_max / SB_MS(1))
        return sb_error_set(err, SB_ERR_INVALID, "lasts_ms is from 0 to %lld", (long long)(lasts_max / SB_MS(1)));
    if (!read_text(json, "reason", command->reason, sizeof(command->reason)))
        return sb_error_set(err, SB_ERR_TOO_LARGE, "a reason has at most %d bytes", SB_NOTE_MAX - 1);
    enum sb_err rc = read_choice(json, "category", sb_category_text, SB_CATEGORY_COUNT, &command->category, err);
    if (rc == SB_OK)
        rc = read_choice(json, "component", sb_component_text, SB_COMPONENT_COUNT, &command->component, err);
    if (rc == SB_OK)
        rc = read_choice(json, "policy", sb_lane_policy_text, SB_LANE_POLICY_COUNT, &command->policy, err);
    if (rc == SB_OK)
        rc = read_choice(json, "tier", sb_tier_text, SB_TIER_COUNT, &command->tier, err);
    if (rc == SB_OK)
        rc = read_choice(json, "rule", sb_rule_text, SB_RULE_COUNT, &command->rule, err);
    if (rc == SB_OK && !read_text(json, "subject", command->subject, sizeof(command->subject)))
        rc = sb_error_set(err, SB_ERR_TOO_LARGE, "a subject has at most %d bytes", SB_NAME_MAX - 1);
    if (rc == SB_OK)
        rc = read_site(call, json, command, err);
    return rc == SB_OK ? read_job(call, json, command, alias, err) : rc;
}

/* The answer event of the command; the feed was opened before the command was sent. */
static enum sb_err await(struct sb_feed *feed, uint64_t id, const struct sb_op *op, struct sb_event *answer, struct sb_error *err)
{
    struct sb_event events[EVENTS_AT_ONCE];
    for (;;) {
        bool is_gap = false;
        size_t count = sb_feed_take(feed, events, EVENTS_AT_ONCE, &is_gap), ready = 0;
        int fd = sb_feed_fd(feed);
        for (size_t i = 0; i < count; i++) {
            bool is_answer = events[i].kind == SB_EVENT_COMMAND_DONE || events[i].kind == SB_EVENT_COMMAND_REFUSED;
            if (is_answer && events[i].as.command_done.command == id) { /* both have the same fields */
                *answer = events[i];
                return SB_OK;
            }
        }
        if (count == 0 && sb_poll_readable(&fd, 1, op, &ready, err) != SB_OK)
            return sb_error_set(err, SB_ERR_TIMEOUT, "command %llu was given to the runtime, which has not answered yet; the log will tell",
                                (unsigned long long)id);
    }
}

static void write_answer(const struct call *call, const struct sb_event *event, const struct sb_job_alias *alias, struct answer *answer)
{
    const struct sb_catalogue *catalogue = call->setup->catalogue;
    const struct sb_ev_command_done *said = &event->as.command_done;
    bool is_done = event->kind == SB_EVENT_COMMAND_DONE;
    struct sb_json_out *out = sb_json_out_create(BODY_MAX);
    if (out != NULL) {
        sb_json_object_begin(out);
        put_number(out, "id", (int64_t)said->command);
        put_text(out, "kind", said->kind < SB_COMMAND_COUNT ? sb_command_infos[said->kind].name : "?");
        put_flag(out, "done", is_done);
        put_text(out, "outcome", said->outcome);
        put_text(out, "job", said->job < catalogue->job_count ? catalogue->jobs[said->job].name : NULL);
        if (said->run != 0)
            put_number(out, "run", (int64_t)said->run);
        else
            put_text(out, "run", NULL);
        put_text(out, "actor", said->actor);
        if (alias != NULL) {
            const struct sb_job_def *job = &catalogue->jobs[alias->job];
            put_text(out, "alias", alias->name);
            put_text(out, "alias_step", catalogue->steps[job->first_step + alias->step].name);
        }
        sb_json_object_end(out);
    }
    answer_json(answer, is_done ? 200 : 409, out);
}

void handle_command(const struct call *call, struct answer *answer)
{
    struct sb_json *json = NULL;
    struct sb_feed *feed = NULL;
    struct sb_error err = { 0 };
    struct sb_command command = { 0 };
    struct sb_event said = { 0 };
    const struct sb_job_alias *alias = NULL;
    enum sb_err rc = sb_json_parse(&json, call->body, call->body_size, &err);
    if (rc != SB_OK)
        err.code = SB_ERR_INVALID;
    if (rc == SB_OK)
        rc = console_check(call, json, &err);
    if (rc == SB_OK)
        rc = read_command(call, json, &command, &alias, &err);
    if (rc == SB_OK)
        rc = picture_feed(call->setup->control, &call->op, &feed, &err);
    if (rc == SB_OK)
        rc = sb_control_command(call->setup->control, command, &command.id, &err);
    if (rc == SB_OK)
        rc = await(feed, command.id, &call->op, &said, &err);
    sb_feed_close(feed);
    sb_json_destroy(json);
    if (rc == SB_OK)
        write_answer(call, &said, alias, answer);
    else
        answer_failure(answer, &err);
}

void handle_verdict(const struct call *call, struct answer *answer)
{
    struct sb_json *json = NULL;
    struct sb_error err = { 0 };
    enum sb_err rc = sb_json_parse(&json, call->body, call->body_size, &err);
    if (rc != SB_OK || call->setup->judge == NULL) {
        sb_json_destroy(json);
        answer_error(answer, rc != SB_OK ? 400 : 503, "invalid", rc != SB_OK ? err.text : "there is no content here");
        return;
    }
    if (console_check(call, json, &err) != SB_OK) {
        sb_json_destroy(json);
        answer_failure(answer, &err);
        return;
    }
    char *name = sb_json_text(json, "verdict"), *detail = sb_json_type(json, "detail") == SB_JSON_STRING ? sb_json_text(json, "detail") : NULL;
    struct sb_api_verdict verdict = { name != NULL ? name : "", call->argument, detail != NULL ? detail : "", call->actor };
    rc = call->setup->judge(call->setup->judge_arg, &verdict, &err);
    if (rc == SB_OK) {
        struct sb_json_out *out = sb_json_out_create(BODY_MAX);
        if (out != NULL) {
            sb_json_object_begin(out);
            put_flag(out, "done", true);
            put_text(out, "decision_id", call->argument);
            put_text(out, "outcome", err.text);
            put_text(out, "actor", call->actor);
            sb_json_object_end(out);
        }
        answer_json(answer, 200, out);
    } else {
        answer_failure(answer, &err);
    }
    free(name);
    free(detail);
    sb_json_destroy(json);
}
