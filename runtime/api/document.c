/* The whole picture as one document: what a capture keeps of a model. Made of the pieces of the answers, so that both say the same. */
#include "call.h"

/* Documents of an earlier picture tell ages as they were. One thread writes one document at a time. */
static _Thread_local const struct at {
    sb_ns mono;
    struct sb_wall wall;
} *told_at;

sb_ns picture_now(void)
{
    return told_at != NULL ? told_at->mono : sb_now();
}

struct sb_wall picture_wall(void)
{
    return told_at != NULL ? told_at->wall : sb_wall_now();
}

static void put_steps(const struct sb_model *model, uint16_t id, struct sb_json_out *out)
{
    const struct sb_model_job *job = sb_model_job(model, id);
    sb_json_key(out, "steps");
    sb_json_array_begin(out);
    for (uint8_t i = 0; i < job->step_count; i++) {
        const struct sb_model_step *step = sb_model_step(model, id, i);
        if (step == NULL)
            continue;
        sb_json_object_begin(out);
        put_text(out, "name", step->name);
        put_text(out, "kind", sb_step_kind_text(step->kind));
        put_text(out, "state", sb_step_state_text(step->state));
        put_number(out, "duration_ms", step->duration / SB_MS(1));
        put_number(out, "rows", step->rows);
        put_text(out, "text", step->text);
        sb_json_object_end(out);
    }
    sb_json_array_end(out);
}

static void put_job(const struct sb_model *model, uint16_t id, struct sb_json_out *out)
{
    const struct sb_model_job *job = sb_model_job(model, id);
    sb_json_object_begin(out);
    put_text(out, "name", job->name);
    put_number(out, "priority", job->priority);
    put_text(out, "category", sb_category_text(job->category));
    put_text(out, "schedule", job->schedule);
    put_live(model, id, out);
    put_number(out, "last_run", (int64_t)job->run.id);
    put_text(out, "error", job->run.error[0] != '\0' ? job->run.error : NULL);
    if (job->is_paused) {
        put_text(out, "paused_by", job->pause_actor);
        put_text(out, "pause_reason", job->pause_reason);
    }
    put_steps(model, id, out);
    sb_json_object_end(out);
}

static void write_jobs(const struct sb_model *model, struct sb_json_out *out)
{
    sb_json_array_begin(out);
    for (uint32_t i = 0; i < model->job_high; i++)
        if (sb_model_job(model, (uint16_t)i) != NULL)
            put_job(model, (uint16_t)i, out);
    sb_json_array_end(out);
}

static void write_budget(const struct sb_model *model, struct sb_json_out *out)
{
    sb_json_object_begin(out);
    put_figures(model, out);
    sb_json_object_end(out);
}

static void write_incident(const struct sb_model *model, struct sb_json_out *out)
{
    const struct sb_model_incident *incident = &model->incident;
    sb_json_object_begin(out);
    put_text(out, "id", incident->is_open ? incident->id : NULL);
    if (incident->is_open) {
        put_text(out, "opened_by", incident->actor);
        put_wall(out, "since", incident->since_wall);
        put_text(out, "reason", incident->reason);
        put_text(out, "joined_by", incident->joined_count > 0 ? incident->joined : NULL);
        put_number(out, "actions", incident->actions);
    }
    sb_json_object_end(out);
}

static void write_last_command(const struct sb_model *model, struct sb_json_out *out)
{
    const struct sb_model_command *last = &model->last_command;
    sb_json_object_begin(out);
    if (last->is_known) {
        put_text(out, "kind", last->kind < SB_COMMAND_COUNT ? sb_command_infos[last->kind].name : NULL);
        put_text(out, "actor", last->actor);
        put_flag(out, "done", last->is_done);
        put_text(out, "outcome", last->outcome);
        put_wall(out, "at", last->at);
    }
    sb_json_object_end(out);
}

enum sb_err sb_api_picture(const struct sb_model *model, sb_ns mono, struct sb_wall wall, char **json, struct sb_error *err)
{
    static const struct {
        const char *key;
        document *write;
    } parts[] = {
        { "status", document_status },
        { "incident", write_incident },
        { "last_command", write_last_command },
        { "jobs", write_jobs },
        { "contexts", document_contexts },
        { "budget", write_budget },
        { "alerts", document_alerts },
        { "components", document_components },
        { "notifications", document_notifications },
    };
    const struct at at = { mono, wall };
    struct sb_json_out *out = sb_json_out_create(ANSWER_MAX);
    char *text = NULL;
    if (out == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the picture as a document");
    told_at = &at;
    sb_json_object_begin(out);
    for (size_t i = 0; i < SB_LEN(parts); i++) {
        sb_json_key(out, parts[i].key);
        parts[i].write(model, out);
    }
    sb_json_object_end(out);
    told_at = NULL;
    text = sb_json_out_take(out);
    sb_json_out_destroy(out);
    if (text == NULL)
        return sb_error_set(err, SB_ERR_TOO_LARGE, "the picture as a document needs more than %d MiB", ANSWER_MAX >> 20);
    *json = text;
    return SB_OK;
}
