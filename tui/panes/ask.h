/* Inside tui/panes: questions. A question is written by who asks it; how it is answered is the same for all (ask.c). */
#ifndef SB_TUI_ASK_H
#define SB_TUI_ASK_H

#include "signalbox/tui/keys.h"
#include "signalbox/tui/widgets.h"

struct sb_screen;
struct sb_dialog;

/* Writes title, lines, word and fields anew: after a choice, and after what was typed changed. */
typedef void sb_ask_write(struct sb_screen *screen, struct sb_dialog *dialog, struct sb_now now);
/* Why what was latched when the question came up is no longer so; NULL = it is. */
typedef const char *sb_ask_moved(const struct sb_screen *screen, const struct sb_dialog *dialog);
/* Does what was agreed to, in place of emitting the dialog's command. */
typedef void sb_ask_go(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer);

/* Where keys go. The answer is y or no; fields take text, in which y is a letter. */
enum sb_ask_at { SB_ASK_ANSWER, SB_ASK_UNTIL, SB_ASK_REASON, SB_ASK_WORD, SB_ASK_AT_COUNT };

enum { SB_CHOICES_MAX = 6, SB_UNTIL_MAX = 24 };

/* One of several things that may be agreed to; its key takes it, the preview changes, y is still to be pressed. */
struct sb_choice {
    char key, label[24];
    uint8_t value; /* for who asks */
};

/* A guarded or typed question. The target is latched when the key is pressed. */
struct sb_dialog {
    bool is_open;
    enum sb_key_action action;
    sb_ns opened;
    struct sb_command command;
    char job_name[SB_NAME_MAX];
    uint32_t generation;                 /* of the context to recycle; the policy or state that is to be changed */
    uint8_t run_state;
    uint64_t run;                        /* on the context to recycle */
    char title[SB_DIALOG_LINE_MAX];
    unsigned line_count;
    char lines[SB_DIALOG_LINES][SB_DIALOG_LINE_MAX];
    char word[SB_NAME_MAX];              /* to be typed in full; "" = y is enough */
    char typed[SB_NAME_MAX];

    sb_ask_write *write;                 /* NULL: the preview stands */
    sb_ask_moved *moved;                 /* NULL: nothing was latched, or by the action */
    sb_ask_go *go;                       /* NULL: the command is emitted */
    struct sb_choice choices[SB_CHOICES_MAX];
    unsigned choice_count, choice;
    char turn_key;                       /* goes on to the next of `turn_count` kinds, when it is a choice's while that is taken; 0 = none */
    uint8_t turn, turn_count;
    enum sb_ask_at at;
    bool has_until, has_reason, needs_reason;
    char until[SB_UNTIL_MAX];            /* "14:30" (UTC), or a time from now such as "90m" */
    char reason[SB_NOTE_MAX];            /* goes into the command */
    bool wants_id;                       /* INCIDENT: an id is typed; else its keys are in incident.c */
};

/* Opens a question about a command; the rest of it is empty. */
struct sb_dialog *sb_ask(struct sb_screen *screen, enum sb_key_action action, struct sb_now now, enum sb_command_kind kind);
/* The title, to be filled; whatever was there is gone. */
struct sb_text sb_ask_title(struct sb_dialog *dialog);
/* A further line of the preview; the last one collects what has no room. */
struct sb_text sb_ask_line(struct sb_dialog *dialog);
void sb_ask_say(struct sb_dialog *dialog, const char *line);
/* Forgets the lines, for `write`. */
void sb_ask_anew(struct sb_dialog *dialog);
void sb_ask_choice(struct sb_dialog *dialog, char key, const char *label, uint8_t value);
uint8_t sb_ask_chosen(const struct sb_dialog *dialog);
/* A notice that nothing was done, and why, in which {ACTION} is a key (sb_add_keys). */
void sb_ask_refuse(struct sb_screen *screen, struct sb_now now, const char *why);

/* How long until what was typed: "HH:MM" is the next such time in UTC, "90m", "2h" and "1d" count from now. 0: it is neither, or not
 * within seven days. */
sb_ns sb_until(const char *text, struct sb_wall wall);
/* A key into a text of `cap` bytes: a character behind it, Backspace takes one away, C-u all. */
void sb_edit_text(char *text, size_t cap, uint32_t key);

#endif
