/* Owns how questions are answered. The answer is `y` and never Enter or the key that asked; the first quarter of a second is deaf; what was
 * latched when the question came up must still be so when it is answered. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

struct sb_dialog *sb_ask(struct sb_screen *screen, enum sb_key_action action, struct sb_now now, enum sb_command_kind kind)
{
    struct sb_dialog *const dialog = &screen->dialog;
    memset(dialog, 0, sizeof *dialog);
    dialog->is_open = true;
    dialog->action = action;
    dialog->opened = now.mono;
    dialog->command = sb_command_make(kind, 0, screen->actor);
    /* While an incident is open, what is done must say why; leaving is nobody's business. */
    dialog->needs_reason = screen->live->incident.is_open && action != SB_KEY_ACTION_LEAVE && action != SB_KEY_ACTION_TAKE_OVER;
    dialog->has_reason = screen->asks_reasons || dialog->needs_reason;
    dialog->at = dialog->needs_reason ? SB_ASK_REASON : SB_ASK_ANSWER;
    return dialog;
}

struct sb_text sb_ask_title(struct sb_dialog *dialog)
{
    struct sb_text text;
    sb_text_init(&text, dialog->title, sizeof dialog->title);
    return text;
}

struct sb_text sb_ask_line(struct sb_dialog *dialog)
{
    struct sb_text text;
    const unsigned at = dialog->line_count < SB_DIALOG_LINES ? dialog->line_count++ : SB_DIALOG_LINES - 1;
    sb_text_init(&text, dialog->lines[at], sizeof dialog->lines[at]);
    return text;
}

void sb_ask_say(struct sb_dialog *dialog, const char *line)
{
    struct sb_text text = sb_ask_line(dialog);
    sb_text_add(&text, line);
}

void sb_ask_anew(struct sb_dialog *dialog)
{
    dialog->line_count = 0;
    dialog->word[0] = '\0';
}

void sb_ask_choice(struct sb_dialog *dialog, char key, const char *label, uint8_t value)
{
    if (dialog->choice_count == SB_CHOICES_MAX)
        return;
    struct sb_choice *const choice = &dialog->choices[dialog->choice_count++];
    choice->key = key;
    choice->value = value;
    sb_copy(choice->label, sizeof choice->label, label);
}

uint8_t sb_ask_chosen(const struct sb_dialog *dialog)
{
    return dialog->choices[dialog->choice].value;
}

void sb_ask_refuse(struct sb_screen *screen, struct sb_now now, const char *why)
{
    struct sb_text text = sb_notice(screen, now, true);
    sb_text_add(&text, "refused: ");
    sb_add_keys(screen, &text, why);
}

/* ---- times that are typed ---- */

static bool two_digits(const char *at, unsigned *value)
{
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return false;
    *value = (unsigned)(at[0] - '0') * 10 + (unsigned)(at[1] - '0');
    return true;
}

static sb_ns until_clock(const char *text, struct sb_wall wall)
{
    unsigned hour = 0, minute = 0;
    if (!two_digits(text, &hour) || text[2] != ':' || !two_digits(text + 3, &minute) || hour > 23 || minute > 59)
        return 0;
    if (text[5] != '\0' && !sb_streq(text + 5, "Z"))
        return 0;
    const sb_ns day = SB_DAY(1), today = wall.ns % day, wanted = SB_HOUR(hour) + SB_MIN(minute);
    return wanted > today ? wanted - today : wanted + day - today;
}

static sb_ns until_span(const char *text)
{
    sb_ns value = 0;
    size_t i = 0;
    for (; text[i] >= '0' && text[i] <= '9' && i < 6; i++)
        value = value * 10 + (text[i] - '0');
    if (i == 0 || text[i] == '\0' || text[i + 1] != '\0')
        return 0;
    return text[i] == 'm' ? value * SB_MIN(1) : text[i] == 'h' ? value * SB_HOUR(1) : text[i] == 'd' ? value * SB_DAY(1) : 0;
}

sb_ns sb_until(const char *text, struct sb_wall wall)
{
    const size_t size = strlen(text);
    const sb_ns lasts = size >= 5 && text[2] == ':' ? until_clock(text, wall) : until_span(text);
    return lasts > SB_DAY(7) ? 0 : lasts;
}

/* ---- the answer ---- */

static bool is_word_typed(const struct sb_dialog *dialog)
{
    return dialog->word[0] == '\0' || sb_streq(dialog->typed, dialog->word);
}

static bool has_place(const struct sb_dialog *dialog, enum sb_ask_at at)
{
    switch (at) {
    case SB_ASK_ANSWER:
        return dialog->choice_count > 0 || dialog->word[0] == '\0';
    case SB_ASK_UNTIL:
        return dialog->has_until;
    case SB_ASK_REASON:
        return dialog->has_reason;
    case SB_ASK_WORD:
        return dialog->word[0] != '\0';
    case SB_ASK_AT_COUNT:
        break;
    }
    return false;
}

/* Where keys go now: a question that only wants a word takes it at once. */
static enum sb_ask_at place_of(const struct sb_dialog *dialog)
{
    return has_place(dialog, dialog->at) ? dialog->at : has_place(dialog, SB_ASK_ANSWER) ? SB_ASK_ANSWER : SB_ASK_WORD;
}

static enum sb_ask_at next_place(const struct sb_dialog *dialog)
{
    unsigned at = place_of(dialog);
    do
        at = (at + 1) % SB_ASK_AT_COUNT;
    while (!has_place(dialog, (enum sb_ask_at)at));
    return (enum sb_ask_at)at;
}

/* The first field that must be filled before y counts; ANSWER = none. */
static enum sb_ask_at missing(const struct sb_dialog *dialog, struct sb_now now)
{
    if (dialog->has_until && sb_until(dialog->until, now.wall) == 0)
        return SB_ASK_UNTIL;
    if (dialog->needs_reason && dialog->reason[0] == '\0')
        return SB_ASK_REASON;
    return is_word_typed(dialog) ? SB_ASK_ANSWER : SB_ASK_WORD;
}

static void confirm(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    struct sb_dialog *const dialog = &screen->dialog;
    const char *const reason = dialog->moved != NULL ? dialog->moved(screen, dialog) : NULL;
    dialog->is_open = false;
    if (reason != NULL) {
        sb_ask_refuse(screen, now, reason);
        return;
    }
    if (dialog->action == SB_KEY_ACTION_LEAVE) {
        answer->wants_leave = true;
        return;
    }
    if (dialog->action == SB_KEY_ACTION_TAKE_OVER) {
        answer->wants_take_over = true;
        return;
    }
    dialog->command.confirmed = true;
    sb_copy(dialog->command.reason, sizeof dialog->command.reason, dialog->reason);
    if (dialog->go != NULL) {
        dialog->go(screen, now, answer);
        return;
    }
    sb_emit(screen, now, &dialog->command, dialog->job_name, answer);
}

void sb_edit_text(char *text, size_t cap, uint32_t key)
{
    size_t used = strlen(text);
    if (key == SB_KEY_BACKSPACE || key == 8) {
        while (used > 0 && ((unsigned char)text[used - 1] & 0xc0U) == 0x80)
            used--;
        text[used > 0 ? used - 1 : 0] = '\0';
    } else if (key == 21) {
        text[0] = '\0';
    } else if (key >= 0x20 && key != 0x7f && key < 0x110000 && (key < 0xd800 || key > 0xdfff)) {
        char bytes[4];
        const unsigned count = sb_utf8_encode(key, bytes);
        if (used + count < cap) {
            memcpy(text + used, bytes, count);
            text[used + count] = '\0';
        }
    }
}

static void edit(struct sb_screen *screen, struct sb_dialog *dialog, uint32_t key, struct sb_now now)
{
    const enum sb_ask_at at = place_of(dialog);
    if (at == SB_ASK_UNTIL)
        sb_edit_text(dialog->until, sizeof dialog->until, key);
    else if (at == SB_ASK_REASON)
        sb_edit_text(dialog->reason, sizeof dialog->reason, key);
    else
        sb_edit_text(dialog->typed, sizeof dialog->typed, key);
    if (dialog->write != NULL)
        dialog->write(screen, dialog, now);
}

/* A key that is a choice's too takes that first. */
static bool is_turn(const struct sb_dialog *dialog, uint32_t key)
{
    if (dialog->turn_count < 2 || key != (uint32_t)dialog->turn_key)
        return false;
    for (unsigned i = 0; i < dialog->choice_count; i++) {
        if (dialog->choices[i].key == dialog->turn_key)
            return i == dialog->choice;
    }
    return true;
}

static void choose(struct sb_screen *screen, struct sb_dialog *dialog, uint32_t key, struct sb_now now)
{
    if (is_turn(dialog, key)) {
        dialog->turn = (uint8_t)((dialog->turn + 1U) % dialog->turn_count);
        dialog->write(screen, dialog, now);
        return;
    }
    for (unsigned i = 0; i < dialog->choice_count; i++) {
        if (key != (uint32_t)dialog->choices[i].key)
            continue;
        dialog->choice = i;
        dialog->typed[0] = '\0'; /* the word of another choice is no answer to this one */
        dialog->write(screen, dialog, now);
        return;
    }
}

void sb_dialog_key(struct sb_screen *screen, uint32_t key, struct sb_now now, struct sb_screen_answer *answer)
{
    struct sb_dialog *const dialog = &screen->dialog;
    if (now.mono - dialog->opened < SB_DIALOG_DEAF)
        return; /* meant for what was there before the question came up */
    const enum sb_ask_at at = place_of(dialog);
    const bool is_answering = at == SB_ASK_ANSWER;
    if (dialog->action == SB_KEY_ACTION_INCIDENT && sb_incident_key(screen, key, now, answer))
        return;
    if (key == SB_KEY_ESCAPE || key == 7 || (is_answering && (key == 'q' || key == 'n' || key == 'N'))) {
        dialog->is_open = false;
        sb_notice_say(screen, now, false, "not done");
    } else if (key == SB_KEY_ENTER && at == SB_ASK_REASON && dialog->needs_reason && dialog->reason[0] == '\0') {
        dialog->at = at; /* the question goes on with a reason only */
    } else if (key == SB_KEY_TAB || (key == SB_KEY_ENTER && !is_answering)) {
        dialog->at = next_place(dialog); /* Enter ends a field and never answers */
    } else if (key == 'y' && (is_answering || (at == SB_ASK_WORD && is_word_typed(dialog)))) {
        dialog->at = missing(dialog, now);
        if (dialog->at == SB_ASK_ANSWER)
            confirm(screen, now, answer);
    } else if (!is_answering) {
        edit(screen, dialog, key, now);
    } else {
        choose(screen, dialog, key, now);
    }
}

void sb_dialog_paste(struct sb_screen *screen, uint32_t key, struct sb_now now)
{
    struct sb_dialog *const dialog = &screen->dialog;
    const enum sb_ask_at at = place_of(dialog);
    const bool is_text = key >= 0x20 && key != 0x7f && key < 0x110000;
    if (now.mono - dialog->opened >= SB_DIALOG_DEAF && is_text && (at == SB_ASK_UNTIL || at == SB_ASK_REASON))
        edit(screen, dialog, key, now); /* a field is a prompt: text is what it is for; it is never an answer */
    else if (at != SB_ASK_UNTIL && at != SB_ASK_REASON)
        sb_notice_say(screen, now, true, "pasted or flooded text does not answer a question; press the keys");
}

/* ---- what it looks like ---- */

static void write_choices(const struct sb_dialog *dialog, struct sb_text *text)
{
    for (unsigned i = 0; i < dialog->choice_count; i++) {
        sb_text_add(text, i == 0 ? "[" : "  [");
        sb_text_add_char(text, dialog->choices[i].key);
        sb_text_add(text, i == dialog->choice ? "]*" : "] ");
        sb_text_add(text, dialog->choices[i].label);
    }
}

static void write_question(const struct sb_screen *screen, const struct sb_dialog *dialog, enum sb_ask_at at, struct sb_text *text)
{
    if (at == SB_ASK_UNTIL) {
        sb_text_add(text, "HH:MM in UTC, or 90m, 2h, 1d; [Enter] goes on   [Esc] no");
    } else if (at == SB_ASK_REASON && dialog->needs_reason && screen->live->incident.is_open) {
        sb_text_add(text, "why? for ");
        sb_text_add(text, screen->live->incident.id);
        sb_text_add(text, "   [Enter] goes on   [Esc] no");
    } else if (at == SB_ASK_REASON) {
        sb_text_add(text, dialog->needs_reason ? "a reason is needed; [Enter] goes on   [Esc] no" : "[Enter] goes on   [Esc] no");
    } else if (at == SB_ASK_WORD && !is_word_typed(dialog)) {
        sb_text_add(text, "type ");
        sb_text_add(text, dialog->word);
        sb_text_add(text, " in full, then y   [Esc] no");
    } else if (at == SB_ASK_WORD) {
        sb_text_add(text, "now press y   [Esc] no");
    } else {
        sb_text_add(text, "[y] yes   [n] no, default");
        if (dialog->has_until || dialog->has_reason || dialog->word[0] != '\0')
            sb_text_add(text, "   [Tab] next field");
    }
}

static void add_field(struct sb_dialog_text *shown, const char *label, const char *text, bool has_focus)
{
    if (shown->field_count < SB_DIALOG_FIELDS)
        shown->fields[shown->field_count++] = (struct sb_dialog_field){label, text, has_focus};
}

void sb_dialog_show(const struct sb_screen *screen, const struct sb_view *view)
{
    const struct sb_dialog *const dialog = &screen->dialog;
    const enum sb_ask_at at = place_of(dialog);
    char question[SB_DIALOG_LINE_MAX], choices[SB_DIALOG_LINE_MAX];
    struct sb_text text;
    sb_text_init(&text, question, sizeof question);
    if (dialog->action == SB_KEY_ACTION_INCIDENT)
        sb_incident_question(screen, &text);
    else
        write_question(screen, dialog, at, &text);
    sb_text_init(&text, choices, sizeof choices);
    write_choices(dialog, &text);
    struct sb_dialog_text shown = {.title = dialog->title, .line_count = dialog->line_count, .question = question};
    for (unsigned i = 0; i < dialog->line_count; i++)
        shown.lines[i] = dialog->lines[i];
    if (dialog->wants_id)
        add_field(&shown, ">", dialog->typed, true);
    if (dialog->choice_count > 0)
        add_field(&shown, NULL, choices, false);
    if (dialog->has_until)
        add_field(&shown, "until:", dialog->until, at == SB_ASK_UNTIL);
    if (dialog->has_reason)
        add_field(&shown, "why:", dialog->reason, at == SB_ASK_REASON);
    if (dialog->word[0] != '\0')
        add_field(&shown, ">", dialog->typed, at == SB_ASK_WORD);
    sb_dialog_draw(view, &shown);
}
