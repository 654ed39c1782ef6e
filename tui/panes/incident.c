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
    if (selected >= sb_context_list(screen->model, list))
        return;
    sb_text_add(text, "ctx");
    sb_text_add_u64(text, list[selected]);
}

static void copy_component(const struct sb_screen *screen, struct sb_text *text)
{
    uint8_t list[SB_COMPONENT_COUNT];
    const uint32_t selected = screen->scrolls[SB_PANE_SERVICES].selected;
    if (selected < sb_component_list(screen->model, list))
        sb_text_add(text, sb_component_text(list[selected]));
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
    stamp->model = screen->is_frozen ? screen->frozen : screen->live;
    stamp->at = screen->is_frozen ? screen->frozen_at : now;
    stamp->is_frozen = screen->is_frozen;
    stamp->is_ascii = screen->is_ascii;
    stamp->data_age = stamp->at.mono > stamp->model->now ? stamp->at.mono - stamp->model->now : 0;
    sb_copy(stamp->actor, sizeof stamp->actor, screen->actor);
    sb_copy(stamp->environment, sizeof stamp->environment, screen->environment);
    sb_text_init(&text, stamp->state, sizeof stamp->state);
    add_state(screen, now, stamp->data_age, &text);
}

/* ---- the id ---- */

static struct sb_text line_of(struct sb_dialog *dialog)
{
    struct sb_text text;
    const unsigned at = dialog->line_count < SB_DIALOG_LINES ? dialog->line_count++ : SB_DIALOG_LINES - 1;
    sb_text_init(&text, dialog->lines[at], sizeof dialog->lines[at]);
    return text;
}

static void ask_open(struct sb_dialog *dialog)
{
    dialog->wants_text = true;
    sb_copy(dialog->title, sizeof dialog->title, "Open an incident");
    struct sb_text text = line_of(dialog);
    sb_text_add(&text, "every console shows its id; commands and captures carry it");
    text = line_of(dialog);
    sb_text_add(&text, "an id of your own (letters, digits, - _ .), or nothing: the next number");
}

static void ask_open_one(const struct sb_screen *screen, struct sb_dialog *dialog, struct sb_now now)
{
    const struct sb_model_incident *const incident = &screen->live->incident;
    struct sb_text text;
    sb_text_init(&text, dialog->title, sizeof dialog->title);
    sb_text_add(&text, "Incident ");
    sb_text_add(&text, incident->id);
    text = line_of(dialog);
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
        text = line_of(dialog);
        sb_text_add(&text, "joined last: ");
        sb_text_add(&text, incident->joined);
    }
}

void sb_act_incident(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    struct sb_dialog *const dialog = &screen->dialog;
    memset(dialog, 0, sizeof *dialog);
    dialog->is_open = true;
    dialog->action = SB_KEY_ACTION_INCIDENT;
    dialog->opened = now.mono;
    dialog->command = sb_command_make(SB_COMMAND_INCIDENT_OPEN, 0, screen->actor);
    if (screen->live->incident.is_open) {
        sb_copy(dialog->job_name, sizeof dialog->job_name, screen->live->incident.id); /* latched */
        ask_open_one(screen, dialog, now);
    } else {
        ask_open(dialog);
    }
}

/* It runs at once; u takes it back. */
static void emit(struct sb_screen *screen, struct sb_now now, const struct sb_command *command, enum sb_command_kind inverse,
                 struct sb_screen_answer *answer)
{
    screen->dialog.is_open = false;
    sb_emit(screen, now, command, command->subject, answer);
    screen->undo.is_armed = true;
    screen->undo.until = sb_ns_add(now.mono, SB_UNDO_WINDOW);
    screen->undo.number = screen->sent;
    screen->undo.of = 0;
    screen->undo.command = sb_command_make(inverse, 0, screen->actor);
    sb_copy(screen->undo.command.subject, sizeof screen->undo.command.subject, command->subject);
}

static void type(struct sb_dialog *dialog, uint32_t key)
{
    char bytes[4];
    const size_t used = strlen(dialog->text);
    if (key == SB_KEY_BACKSPACE || key == 8) {
        size_t left = used;
        while (left > 0 && ((unsigned char)dialog->text[left - 1] & 0xc0U) == 0x80)
            left--;
        dialog->text[left > 0 ? left - 1 : 0] = '\0';
    } else if (key == 21) {
        dialog->text[0] = '\0';
    } else if (key >= 0x20 && key != 0x7f && key < 0x110000 && (key < 0xd800 || key > 0xdfff)) {
        const unsigned count = sb_utf8_encode(key, bytes);
        const size_t cap = dialog->action == SB_KEY_ACTION_INCIDENT ? SB_NAME_MAX : sizeof dialog->text;
        if (used + count >= cap)
            return;
        memcpy(dialog->text + used, bytes, count);
        dialog->text[used + count] = '\0';
    }
}

static void open_key(struct sb_screen *screen, uint32_t key, struct sb_now now, struct sb_screen_answer *answer)
{
    struct sb_dialog *const dialog = &screen->dialog;
    if (key != SB_KEY_ENTER) {
        type(dialog, key);
        return;
    }
    if (screen->live->incident.is_open) {
        dialog->is_open = false;
        sb_notice_say(screen, now, true, "refused: somebody opened an incident first; i joins it");
        return;
    }
    sb_copy(dialog->command.subject, sizeof dialog->command.subject, dialog->text);
    struct sb_command command = dialog->command;
    emit(screen, now, &command, SB_COMMAND_INCIDENT_CLOSE, answer);
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
        emit(screen, now, &command, SB_COMMAND_INCIDENT_OPEN, answer);
    } else {
        dialog->is_open = false; /* joining changes nothing that could be taken back */
        sb_emit(screen, now, &command, command.subject, answer);
    }
}

bool sb_incident_key(struct sb_screen *screen, uint32_t key, struct sb_now now, struct sb_screen_answer *answer)
{
    struct sb_dialog *const dialog = &screen->dialog;
    const bool asks_text = dialog->wants_text && !dialog->has_text;
    if (key == SB_KEY_ESCAPE || key == 7 || (dialog->action != SB_KEY_ACTION_INCIDENT && !asks_text))
        return false;
    if (dialog->action == SB_KEY_ACTION_INCIDENT && dialog->wants_text) {
        open_key(screen, key, now, answer);
    } else if (dialog->action == SB_KEY_ACTION_INCIDENT) {
        if (key == 'q' || key == 'n')
            return false;
        opened_key(screen, key, now, answer);
    } else if (key != SB_KEY_ENTER) {
        type(dialog, key);
    } else if (dialog->text[0] != '\0') { /* Enter ends the text; the question itself is still to be answered */
        dialog->has_text = true;
        sb_copy(dialog->command.reason, sizeof dialog->command.reason, dialog->text);
    }
    return true;
}

void sb_incident_question(const struct sb_screen *screen, struct sb_text *text)
{
    const struct sb_dialog *const dialog = &screen->dialog;
    if (dialog->action != SB_KEY_ACTION_INCIDENT) {
        sb_text_add(text, "why? for ");
        sb_text_add(text, screen->live->incident.id);
        sb_text_add(text, "   [Enter] goes on   [Esc] no");
    } else if (dialog->wants_text) {
        sb_text_add(text, "[Enter] open it   [Esc] no");
    } else {
        sb_text_add(text, "[j] join   [c] close it   [Esc] back");
    }
}

void sb_incident_ask_why(const struct sb_screen *screen, struct sb_dialog *dialog)
{
    dialog->wants_text = screen->live->incident.is_open && dialog->action != SB_KEY_ACTION_LEAVE;
}
