/* The keys of an incident: its id, the capture of a picture, and what goes to the clipboard; and the reason that guarded actions are asked for
 * while one is open. Pure: what is written or copied, the loop does. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

void sb_act_capture(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)screen;
    (void)now; /* nothing is said before the picture was taken: it would be on it */
    answer->wants_capture = true;
}

/* ---- the clipboard ---- */

static void copy_log_line(const struct sb_screen *screen, struct sb_text *text)
{
    const uint64_t end = screen->is_following ? screen->model->log_total : screen->log_end;
    const struct sb_event *const event = end > 0 ? sb_model_log_at(screen->model, screen->model->log_total - end) : NULL;
    const struct sb_event_names names = sb_model_names(screen->model);
    if (event != NULL)
        sb_event_text(event, &names, text);
}

static void copy_context(const struct sb_screen *screen, struct sb_text *text)
{
    uint16_t list[SB_CONTEXTS_MAX];
    const uint32_t selected = screen->scrolls[SB_PANE_CONTEXTS].selected;
    if (selected >= sb_contexts_shown(screen, list))
        return;
    sb_text_add(text, "ctx");
    sb_text_add_u64(text, list[selected]);
}

static void copy_component(const struct sb_screen *screen, struct sb_text *text)
{
    const unsigned component = sb_target_component(screen);
    if (component < SB_COMPONENT_COUNT)
        sb_text_add(text, sb_component_text(component));
}

/* What the command line takes for the selected row: a name, or a number. */
static void copy_of(const struct sb_screen *screen, struct sb_text *text)
{
    const struct sb_model_job *const job = sb_model_job(screen->model, screen->selected_job);
    const struct sb_model_alert *const alert = sb_selected_alert(screen);
    if (screen->focus == SB_PANE_JOBS && job != NULL)
        sb_text_add(text, job->name);
    else if (screen->focus == SB_PANE_DETAIL && job != NULL && job->run.id != 0)
        sb_text_add_u64(text, job->run.id);
    else if (screen->focus == SB_PANE_CONTEXTS)
        copy_context(screen, text);
    else if (screen->focus == SB_PANE_ALERTS && alert != NULL)
        sb_text_add_u64(text, alert->id);
    else if (screen->focus == SB_PANE_SERVICES)
        copy_component(screen, text);
    else if (screen->focus == SB_PANE_LOG)
        copy_log_line(screen, text);
    else if (screen->focus == SB_PANE_CONTENT)
        sb_text_add(text, screen->content.item);
}

void sb_act_copy(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    struct sb_text text;
    sb_text_init(&text, answer->copy_text, sizeof answer->copy_text);
    copy_of(screen, &text);
    if (text.len > 0)
        answer->copy = SB_SCREEN_COPY_TEXT;
    else
        sb_notice_say(screen, now, false, "no row with a name is selected here; Y copies the pane's text");
}

void sb_act_copy_pane(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)screen;
    (void)now;
    answer->copy = SB_SCREEN_COPY_PANE;
}

void sb_screen_pane_box(const struct sb_screen *screen, uint16_t box[4])
{
    box[0] = screen->focus_box.row;
    box[1] = screen->focus_box.col;
    box[2] = screen->focus_box.rows;
    box[3] = screen->focus_box.cols;
}

/* ---- the stamp ---- */

#define STALE_AFTER SB_S(3) /* as line 1 says it */

static void add_state(const struct sb_screen *screen, struct sb_now now, sb_ns age, struct sb_text *text)
{
    const struct sb_model *const model = screen->live;
    if (screen->past != NULL) {
        sb_text_add(text, "PAST ");
        sb_text_add_wall(text, screen->past_at.wall, false);
        return;
    }
    if (!screen->is_frozen) {
        sb_text_add(text, !model->is_described ? "CONNECTING"
                          : model->is_drained  ? "ENDED"
                          : age > STALE_AFTER  ? "STALE"
                          : model->is_draining ? "DRAINING"
                                               : "LIVE");
        return;
    }
    const uint64_t seconds = now.mono > screen->frozen_at.mono ? (uint64_t)((now.mono - screen->frozen_at.mono) / SB_S(1)) : 0;
    sb_text_add(text, "FROZEN -");
    sb_text_add_padded(text, seconds / 60, 2);
    sb_text_add(text, ":");
    sb_text_add_padded(text, seconds % 60, 2);
}

void sb_screen_stamp(const struct sb_screen *screen, struct sb_now now, struct sb_screen_stamp *stamp)
{
    struct sb_text text;
    memset(stamp, 0, sizeof *stamp);
    stamp->model = screen->past != NULL ? screen->past : screen->is_frozen ? screen->frozen : screen->live;
    stamp->at = screen->past != NULL ? screen->past_at : screen->is_frozen ? screen->frozen_at : now;
    stamp->is_frozen = screen->is_frozen;
    stamp->is_ascii = screen->is_ascii;
    stamp->data_age = stamp->at.mono > stamp->model->now ? stamp->at.mono - stamp->model->now : 0;
    sb_copy(stamp->actor, sizeof stamp->actor, screen->actor);
    sb_copy(stamp->environment, sizeof stamp->environment, screen->environment);
    sb_text_init(&text, stamp->state, sizeof stamp->state);
    add_state(screen, now, stamp->data_age, &text);
}

/* ---- the id ---- */

static void ask_open(struct sb_dialog *dialog)
{
    dialog->wants_id = true;
    sb_copy(dialog->title, sizeof dialog->title, "Open an incident");
    struct sb_text text = sb_ask_line(dialog);
    sb_text_add(&text, "every console shows its id; commands and captures carry it");
    text = sb_ask_line(dialog);
    sb_text_add(&text, "an id of your own (letters, digits, - _ .), or nothing: the next number");
}

static void ask_open_one(const struct sb_screen *screen, struct sb_dialog *dialog, struct sb_now now)
{
    const struct sb_model_incident *const incident = &screen->live->incident;
    struct sb_text text;
    sb_text_init(&text, dialog->title, sizeof dialog->title);
    sb_text_add(&text, "Incident ");
    sb_text_add(&text, incident->id);
    text = sb_ask_line(dialog);
    sb_text_add(&text, "opened by ");
    sb_text_add(&text, incident->actor);
    sb_text_add(&text, " ");
    sb_model_add_age(&text, now.mono > incident->since ? now.mono - incident->since : 0);
    sb_text_add(&text, " ago");
    if (incident->reason[0] != '\0') {
        sb_text_add(&text, ": ");
        sb_text_add(&text, incident->reason);
    }
    if (incident->joined_count > 0) {
        text = sb_ask_line(dialog);
        sb_text_add(&text, "joined last: ");
        sb_text_add(&text, incident->joined);
    }
}

void sb_act_incident(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    struct sb_dialog *const dialog = sb_ask(screen, SB_KEY_ACTION_INCIDENT, now, SB_COMMAND_INCIDENT_OPEN);
    dialog->has_reason = dialog->needs_reason = false;
    if (screen->live->incident.is_open) {
        sb_copy(dialog->job_name, sizeof dialog->job_name, screen->live->incident.id); /* latched */
        ask_open_one(screen, dialog, now);
    } else {
        ask_open(dialog);
    }
}

/* It runs at once; u takes it back. */
static void emit(struct sb_screen *screen, struct sb_now now, const struct sb_command *command, struct sb_screen_answer *answer)
{
    screen->dialog.is_open = false;
    sb_emit(screen, now, command, command->subject, answer);
    sb_undo_arm(screen, now, command, command->subject);
}

static void open_key(struct sb_screen *screen, uint32_t key, struct sb_now now, struct sb_screen_answer *answer)
{
    struct sb_dialog *const dialog = &screen->dialog;
    if (key != SB_KEY_ENTER) {
        sb_edit_text(dialog->typed, sizeof dialog->typed, key);
        return;
    }
    if (screen->live->incident.is_open) {
        dialog->is_open = false;
        sb_notice_say(screen, now, true, "refused: somebody opened an incident first; i joins it");
        return;
    }
    sb_copy(dialog->command.subject, sizeof dialog->command.subject, dialog->typed);
    struct sb_command command = dialog->command;
    emit(screen, now, &command, answer);
}

static void opened_key(struct sb_screen *screen, uint32_t key, struct sb_now now, struct sb_screen_answer *answer)
{
    struct sb_dialog *const dialog = &screen->dialog;
    if (key != 'c' && key != 'j')
        return;
    const struct sb_model_incident *const incident = &screen->live->incident;
    if (!incident->is_open || !sb_streq(incident->id, dialog->job_name)) {
        dialog->is_open = false;
        sb_notice_say(screen, now, true, "refused: the incident is another one by now, or closed");
        return;
    }
    struct sb_command command = sb_command_make(key == 'c' ? SB_COMMAND_INCIDENT_CLOSE : SB_COMMAND_INCIDENT_OPEN, 0, screen->actor);
    sb_copy(command.subject, sizeof command.subject, incident->id);
    if (key == 'c') {
        emit(screen, now, &command, answer);
    } else {
        dialog->is_open = false; /* joining changes nothing that could be taken back */
        sb_emit(screen, now, &command, command.subject, answer);
    }
}

bool sb_incident_key(struct sb_screen *screen, uint32_t key, struct sb_now now, struct sb_screen_answer *answer)
{
    const bool is_back = key == SB_KEY_ESCAPE || key == 7 || (!screen->dialog.wants_id && (key == 'q' || key == 'n'));
    if (is_back)
        return false;
    if (screen->dialog.wants_id)
        open_key(screen, key, now, answer);
    else
        opened_key(screen, key, now, answer);
    return true;
}

void sb_incident_question(const struct sb_screen *screen, struct sb_text *text)
{
    sb_text_add(text, screen->dialog.wants_id ? "[Enter] open it   [Esc] no" : "[j] join   [c] close it   [Esc] back");
}
