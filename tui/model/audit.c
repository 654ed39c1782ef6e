/* What somebody asked for: three events become one row. The same fold makes the rows of the model's ring and those of an older page. Pure. */
#include "fold.h"

#include "signalbox/base/text.h"
#include "signalbox/model/command.h"

#include <string.h>

static void text_copy(char *to, size_t cap, const char *from)
{
    sb_copy_n(to, cap, from, strnlen(from, cap));
}

static struct sb_model_asked *find(struct sb_audit *audit, uint64_t command)
{
    const uint64_t kept = audit->total < SB_MODEL_COMMANDS ? audit->total : SB_MODEL_COMMANDS;
    for (uint64_t back = 0; back < kept; back++) { /* the newest first: it is nearly always that one */
        struct sb_model_asked *const row = &audit->rows[(audit->total - 1 - back) % SB_MODEL_COMMANDS];
        if (row->command == command)
            return row;
    }
    return NULL;
}

/* A repeated question gets the same answer again: it stays one row. */
static struct sb_model_asked *row_of(struct sb_audit *audit, uint64_t command)
{
    struct sb_model_asked *row = find(audit, command);
    if (row != NULL)
        return row;
    row = &audit->rows[audit->total++ % SB_MODEL_COMMANDS];
    memset(row, 0, sizeof *row);
    row->command = command;
    row->job = SB_NO_JOB;
    row->ctx = SB_NO_CTX;
    row->component = SB_COMPONENT_COUNT;
    return row;
}

static void take_answer(struct sb_audit *audit, const struct sb_event *event, const struct sb_ev_command_done *ev, bool is_done)
{
    struct sb_model_asked *const row = row_of(audit, ev->command);
    if (row->is_answered && row->seq != event->seq)
        return;
    row->is_answered = true;
    row->is_done = is_done;
    row->seq = event->seq;
    row->kind = ev->kind;
    row->job = ev->job;
    row->run = ev->run;
    row->at = event->wall;
    text_copy(row->actor, sizeof row->actor, ev->actor);
    text_copy(row->outcome, sizeof row->outcome, ev->outcome);
}

static void take_question(struct sb_audit *audit, const struct sb_event *event)
{
    const struct sb_ev_command_asked *const ev = &event->as.command_asked;
    struct sb_model_asked *const row = row_of(audit, ev->command);
    row->kind = ev->kind;
    row->ctx = ev->ctx;
    row->component = ev->component;
    row->alert = ev->alert;
    row->lasts = ev->lasts;
    text_copy(row->subject, sizeof row->subject, ev->subject);
    text_copy(row->reason, sizeof row->reason, ev->reason);
}

void sb_audit_stamp(struct sb_audit *audit, uint64_t command, const char *incident, const char *reason)
{
    struct sb_model_asked *const row = find(audit, command);
    if (row == NULL)
        return;
    text_copy(row->incident, sizeof row->incident, incident);
    if (row->reason[0] == '\0')
        text_copy(row->reason, sizeof row->reason, reason);
}

static void take_stamp(struct sb_audit *audit, const struct sb_event *event)
{
    const struct sb_ev_incident_action *const ev = &event->as.incident_action;
    char incident[SB_NAME_MAX], reason[SB_NOTE_MAX];
    text_copy(incident, sizeof incident, ev->incident);
    text_copy(reason, sizeof reason, ev->reason);
    sb_audit_stamp(audit, ev->command, incident, reason);
}

void sb_audit_take(struct sb_audit *audit, const struct sb_event *event)
{
    _Static_assert(sizeof(struct sb_ev_command_done) == sizeof(struct sb_ev_command_refused), "answers are alike");
    if (event->kind == SB_EVENT_COMMAND_DONE)
        take_answer(audit, event, &event->as.command_done, true);
    else if (event->kind == SB_EVENT_COMMAND_REFUSED)
        take_answer(audit, event, &event->as.command_done, false);
    else if (event->kind == SB_EVENT_COMMAND_ASKED)
        take_question(audit, event);
    else if (event->kind == SB_EVENT_INCIDENT_ACTION)
        take_stamp(audit, event);
}

const struct sb_model_asked *sb_audit_at(const struct sb_audit *audit, uint64_t back)
{
    if (back >= audit->total || back >= SB_MODEL_COMMANDS)
        return NULL;
    return &audit->rows[(audit->total - 1 - back) % SB_MODEL_COMMANDS];
}

void sb_audit_target(const struct sb_model_asked *asked, const char *job_name, struct sb_text *out)
{
    if (job_name[0] != '\0') {
        sb_text_add(out, job_name);
    } else if (asked->ctx != SB_NO_CTX) {
        sb_text_add(out, "ctx");
        sb_text_add_u64(out, asked->ctx);
    } else if (asked->component < SB_COMPONENT_COUNT) {
        sb_text_add(out, sb_component_text(asked->component));
    } else if (asked->alert != 0) {
        sb_text_add(out, asked->kind == SB_COMMAND_UNSILENCE ? "silence " : "alert ");
        sb_text_add_u64(out, asked->alert);
    } else {
        sb_text_add(out, asked->subject);
    }
}

void sb_fold_command_asked(struct sb_model *model, const struct sb_event *event)
{
    sb_audit_take(&model->audit, event);
}
