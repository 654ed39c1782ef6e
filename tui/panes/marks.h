/* Inside tui/panes: marks, and one action on everything that is marked. */
#ifndef SB_TUI_MARKS_H
#define SB_TUI_MARKS_H

#include "signalbox/model/command.h"
#include "signalbox/tui/keys.h"

enum { SB_MARKS_MAX = 256 }; /* of all panes together: as many as one bulk action takes */

/* A mark belongs to a job, an alert or a context and not to a row: rows may move, be filtered or vanish. */
struct sb_mark {
    uint8_t pane;
    uint32_t id;
    char name[SB_NAME_MAX];
};

struct sb_marks {
    uint32_t count;
    struct sb_mark marks[SB_MARKS_MAX];
    bool is_ranging;   /* v was pressed: from there to the selection */
    uint8_t range_pane;
    uint32_t range_from;
};

enum sb_bulk_state {
    SB_BULK_READY,    /* will be sent */
    SB_BULK_TAKEN,    /* handed to the caller, which tells sb_screen_posted */
    SB_BULK_SENT,     /* the inbox has it; the answer is an event */
    SB_BULK_DONE,
    SB_BULK_REFUSED,
    SB_BULK_FAILED,   /* the inbox did not take it, or nobody knows what became of it */
    SB_BULK_SKIPPED,  /* not sent: it is gone, or it is not in the state that the action needs */
};

struct sb_bulk_item {
    uint8_t state;     /* enum sb_bulk_state */
    uint32_t mark;     /* id of its mark */
    uint32_t generation; /* of a context */
    uint64_t id;       /* of the command */
    uint64_t holder;   /* run on the context */
    struct sb_command command;
    char name[SB_NAME_MAX];
    char why[SB_NOTE_MAX]; /* refused, failed, skipped */
};

/* One action on many; each item is a command of its own with an answer of its own. */
struct sb_bulk {
    uint8_t kind;      /* enum sb_command_kind of all of them */
    uint8_t pane;
    bool is_running;   /* agreed to, and not yet answered in full */
    bool is_said;      /* the last line but one shows it until another command ends */
    uint32_t count, next;
    sb_ns since;
    struct sb_wall at;
    struct sb_bulk_item items[SB_MARKS_MAX];
};

#endif
