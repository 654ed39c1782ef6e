/* Owns silences: who is told of what for a time, with what it matches now; and which are in force. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { SCOPE_ONE, SCOPE_SUBJECT, SCOPE_RULE, SCOPES, UNTIL = 0 }; /* UNTIL: the choice whose time is typed; the others are minutes */

uint32_t sb_silence_list(const struct sb_model *model, uint8_t list[SB_SILENCES_MAX])
{
    uint32_t count = 0;
    for (uint8_t i = 0; i < SB_SILENCES_MAX; i++) {
        if (model->silences[i].id == 0)
            continue;
        uint32_t at = count++;
        for (; at > 0 && model->silences[i].until < model->silences[list[at - 1]].until; at--)
            list[at] = list[at - 1];
        list[at] = i;
    }
    return count;
}

const struct sb_model_silence *sb_selected_silence(const struct sb_screen *screen)
{
    for (unsigned i = 0; screen->selected_silence != 0 && i < SB_SILENCES_MAX; i++) {
        if (screen->model->silences[i].id == screen->selected_silence)
            return &screen->model->silences[i];
    }
    return NULL;
}

static bool matches(uint8_t rule, const char *subject, const struct sb_model_alert *alert)
{
    return (rule >= SB_RULE_COUNT || rule == alert->rule) && sb_silence_covers(subject, alert->subject);
}

const struct sb_model_silence *sb_silence_on(const struct sb_model *model, const struct sb_model_alert *alert)
{
    for (unsigned i = 0; i < SB_SILENCES_MAX; i++) {
        if (model->silences[i].id != 0 && matches(model->silences[i].rule, model->silences[i].subject, alert))
            return &model->silences[i];
    }
    return NULL;
}

void sb_silence_say(const struct sb_model_silence *silence, struct sb_text *text)
{
    sb_text_add(text, silence->rule < SB_RULE_COUNT ? sb_rule_text(silence->rule) : "every rule");
    if (silence->subject[0] != '\0') {
        sb_text_add(text, " of ");
        sb_text_add(text, silence->subject);
    }
}

/* ---- beginning one ---- */

static sb_ns lasts_of(const struct sb_dialog *dialog, struct sb_now now)
{
    return sb_ask_chosen(dialog) == UNTIL ? sb_until(dialog->until, now.wall) : sb_ask_chosen(dialog) * SB_MIN(1);
}

static void line_of_end(struct sb_dialog *dialog, sb_ns lasts, struct sb_now now)
{
    struct sb_text text = sb_ask_line(dialog);
    if (lasts == 0) {
        sb_text_add(&text, "until when? a time within seven days");
        return;
    }
    sb_text_add(&text, "for ");
    sb_model_add_age(&text, lasts);
    sb_text_add(&text, ", until ");
    sb_text_add_wall(&text, (struct sb_wall){sb_ns_add(now.wall.ns, lasts)}, false);
    sb_text_add(&text, "; nobody is told, it is still shown");
}

/* What the silence would keep quiet now. */
static void lines_of_matches(const struct sb_model *model, struct sb_dialog *dialog)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->alert_count; i++)
        count += matches(dialog->command.rule, dialog->command.subject, &model->alerts[i]);
    struct sb_text text = sb_ask_line(dialog);
    sb_text_add(&text, "matches now: ");
    sb_text_add_u64(&text, count);
    sb_text_add(&text, count == 1 ? " alert" : " alerts");
    for (uint32_t i = 0, named = 0; i < model->alert_count && named < 3; i++) {
        const struct sb_model_alert *const alert = &model->alerts[i];
        if (!matches(dialog->command.rule, dialog->command.subject, alert))
            continue;
        text = sb_ask_line(dialog);
        sb_text_add(&text, "  ");
        sb_text_add(&text, sb_rule_text(alert->rule));
        sb_text_add(&text, " ");
        sb_text_add(&text, alert->subject);
        sb_text_add(&text, ++named == 3 && count > 3 ? " and more" : "");
    }
}

static const struct sb_model_alert *alert_of(const struct sb_model *model, uint32_t id)
{
    for (uint32_t i = 0; i < model->alert_count; i++) {
        if (model->alerts[i].id == id)
            return &model->alerts[i];
    }
    return NULL;
}

/* The scope is taken from the latched alert while that is there, and stays as it was when it clears. */
static void take_scope(const struct sb_model *model, struct sb_dialog *dialog)
{
    const struct sb_model_alert *const alert = alert_of(model, dialog->generation);
    if (alert == NULL)
        return;
    const bool has_subject = alert->subject[0] != '\0';
    dialog->turn_count = has_subject ? SCOPES : 1;
    dialog->command.rule = dialog->turn == SCOPE_SUBJECT ? SB_RULE_COUNT : alert->rule;
    sb_copy(dialog->command.subject, sizeof dialog->command.subject, dialog->turn == SCOPE_RULE ? "" : alert->subject);
}

static void write(struct sb_screen *screen, struct sb_dialog *dialog, struct sb_now now)
{
    const struct sb_model *const model = screen->live;
    const struct sb_command *const command = &dialog->command;
    take_scope(model, dialog);
    dialog->has_until = sb_ask_chosen(dialog) == UNTIL;
    dialog->command.lasts = lasts_of(dialog, now);
    sb_ask_anew(dialog);
    struct sb_text text = sb_ask_title(dialog);
    sb_text_add(&text, "Silence ");
    sb_text_add(&text, command->rule < SB_RULE_COUNT ? sb_rule_text(command->rule) : "every rule");
    sb_text_add(&text, command->subject[0] != '\0' ? " of " : " of anything");
    sb_text_add(&text, command->subject);
    line_of_end(dialog, command->lasts, now);
    lines_of_matches(model, dialog);
    if (dialog->turn_count > 1)
        sb_ask_say(dialog, dialog->turn == SCOPE_ONE       ? "w: wider, every rule of this subject"
                           : dialog->turn == SCOPE_SUBJECT ? "w: this rule of any subject"
                                                           : "w: back to this rule of this subject");
}

static void go(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    struct sb_dialog *const dialog = &screen->dialog;
    dialog->command.lasts = lasts_of(dialog, now); /* "until 14:30" means that time, however long the question stood */
    const char *const target = dialog->command.subject[0] != '\0' ? dialog->command.subject : sb_rule_text(dialog->command.rule);
    sb_emit(screen, now, &dialog->command, target, answer);
    sb_undo_arm(screen, now, &dialog->command, target);
}

static struct sb_dialog *open(struct sb_screen *screen, struct sb_now now)
{
    struct sb_dialog *const dialog = sb_ask(screen, SB_KEY_ACTION_SILENCE, now, SB_COMMAND_SILENCE);
    dialog->has_reason = dialog->needs_reason = true; /* those who come after hear nothing and must know why */
    sb_ask_choice(dialog, '1', "15 m", 15);
    sb_ask_choice(dialog, '2', "1 h", 60);
    sb_ask_choice(dialog, '3', "4 h", 240);
    sb_ask_choice(dialog, '4', "until", UNTIL);
    dialog->choice = 1;
    return dialog;
}

/* ---- one for each mark ---- */

static void write_many(struct sb_screen *screen, struct sb_dialog *dialog, struct sb_now now)
{
    dialog->has_until = sb_ask_chosen(dialog) == UNTIL;
    sb_ask_anew(dialog);
    sb_bulk_describe(screen, dialog);
    line_of_end(dialog, lasts_of(dialog, now), now);
}

static void go_many(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    for (uint32_t i = 0; i < screen->bulk.count; i++) {
        struct sb_command *const command = &screen->bulk.items[i].command;
        command->lasts = lasts_of(&screen->dialog, now);
        sb_copy(command->reason, sizeof command->reason, screen->dialog.command.reason);
    }
    sb_bulk_start(screen, now);
}

static bool ask_many(struct sb_screen *screen, struct sb_now now)
{
    sb_marks_settle(screen, now);
    if (sb_marks_count(screen, SB_PANE_ALERTS).all == 0)
        return false;
    if (sb_bulk_is_busy(screen, now))
        return true;
    sb_bulk_begin(screen, SB_PANE_ALERTS, SB_COMMAND_SILENCE, now);
    for (uint32_t i = 0; i < screen->marks.count; i++) {
        const struct sb_mark *const mark = &screen->marks.marks[i];
        const struct sb_model_alert *const alert = mark->pane == SB_PANE_ALERTS ? alert_of(screen->live, mark->id) : NULL;
        struct sb_bulk_item *const item = mark->pane == SB_PANE_ALERTS ? sb_bulk_add(screen, mark->id, mark->name) : NULL;
        if (item == NULL || alert == NULL)
            continue; /* one that has cleared is told as skipped */
        item->command.rule = alert->rule;
        sb_copy(item->command.subject, sizeof item->command.subject, alert->subject);
    }
    sb_bulk_look(screen);
    if (sb_bulk_count(&screen->bulk, SB_BULK_READY) == 0) {
        sb_notice_say(screen, now, true, "nothing to do: what is marked has cleared");
        return true;
    }
    struct sb_dialog *const dialog = open(screen, now);
    dialog->write = write_many;
    dialog->go = go_many;
    write_many(screen, dialog, now);
    return true;
}

void sb_act_silence(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    if (ask_many(screen, now))
        return;
    const struct sb_model_alert *const alert = sb_target_alert(screen);
    if (alert == NULL || alert_of(screen->live, alert->id) == NULL) {
        sb_notice_say(screen, now, false, alert == NULL ? "no alert is selected" : "that alert has cleared");
        return;
    }
    struct sb_dialog *const dialog = open(screen, now);
    dialog->generation = alert->id;
    dialog->turn_key = 'w';
    dialog->write = write;
    dialog->go = go;
    write(screen, dialog, now);
}

/* ---- ending one ---- */

/* The selected one, else the one that keeps the selected alert quiet, else the only one. */
static const struct sb_model_silence *to_end(const struct sb_screen *screen)
{
    uint8_t list[SB_SILENCES_MAX];
    const struct sb_model_silence *const selected = sb_selected_silence(screen);
    const struct sb_model_alert *const alert = sb_target_alert(screen);
    if (selected != NULL)
        return selected;
    const struct sb_model_silence *const on = alert == NULL ? NULL : sb_silence_on(screen->model, alert);
    if (on != NULL)
        return on;
    return sb_silence_list(screen->model, list) == 1 ? &screen->model->silences[list[0]] : NULL;
}

void sb_act_unsilence(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    const struct sb_model_silence *const silence = to_end(screen);
    if (silence == NULL) {
        uint8_t list[SB_SILENCES_MAX];
        sb_notice_say(screen, now, false, sb_silence_list(screen->model, list) == 0 ? "no silence is in force" : "no silence is selected");
        return;
    }
    char target[SB_NAME_MAX];
    struct sb_text text;
    sb_text_init(&text, target, sizeof target);
    sb_text_add_u64(&text, silence->id);
    sb_text_add(&text, " ");
    sb_text_add(&text, silence->subject[0] != '\0' ? silence->subject : sb_rule_text(silence->rule));
    struct sb_command command = sb_command_make(SB_COMMAND_UNSILENCE, 0, screen->actor);
    command.alert = silence->id;
    sb_emit(screen, now, &command, target, answer);
}
