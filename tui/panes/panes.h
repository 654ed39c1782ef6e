/* Inside tui/panes: the screen's state and what its panes share. */
#ifndef SB_TUI_PANES_H
#define SB_TUI_PANES_H

#include "ask.h"
#include "marks.h"
#include "signalbox/tui/keys.h"
#include "signalbox/tui/layout.h"
#include "signalbox/tui/model.h"
#include "signalbox/tui/widgets.h"

#include "nav.h"
#include "pager.h"
#include "wants.h"

enum sb_pane {
#define X(code, name, number, title, area) SB_PANE_##code,
#include "panes.def"
#undef X
    SB_PANE_COUNT,
    SB_PANE_NUMBERED = SB_PANE_DETAIL /* panes below it are reached by digit and Tab */
};

enum {
    SB_FILTER_MAX = 64,
    SB_PENDING_MAX = 16,
    SB_BURST_KEYS = 6,  /* more mixed keys than this ... */
    SB_TITLE_MAX = 160,
};
#include "find.h"
#include "menu.h"
#include "palette.h"

#define SB_BURST_WINDOW SB_MS(30)   /* ... within this time are no typing */
#define SB_BURST_TAIL SB_MS(100)    /* and what follows at once belongs to them */
#define SB_DIALOG_DEAF SB_MS(250)
#define SB_UNDO_WINDOW SB_S(5)
#define SB_NOTICE_TIME SB_S(5)
#define SB_SETTLE_TIME SB_MS(400)   /* an action is refused so soon after the top row changed by itself */

/* A text that others read for a pane, anew while it is shown. */
struct sb_polled {
    const char *text;        /* borrowed; NULL = none yet */
    sb_ns at;                /* when it came */
    char trouble[160];       /* why no newer one came, or "" */
};

/* A command on its way. */
struct sb_pending {
    bool is_used;
    uint64_t id; /* 0 until the inbox took it */
    uint64_t number; /* order of sending */
    sb_ns since;
    struct sb_wall at;
    char text[80];
};

struct sb_screen {
    char actor[SB_NAME_MAX], environment[SB_NAME_MAX], node[96];
    bool is_read_only, is_ascii;
    struct sb_source_status source; /* as it was told last */
    struct sb_keys keys;      /* those in force */
    bool has_mouse;           /* the terminal reports it */
    struct sb_box places[SB_PANE_COUNT]; /* where the rows of each pane were drawn last; empty: not shown */

    struct sb_model *live, *frozen;
    bool is_frozen;
    struct sb_now frozen_at;
    uint64_t frozen_changes;

    const struct sb_model *past; /* borrowed; NULL = the present */
    struct sb_now past_at;
    unsigned past_speed;
    bool is_recording;
    bool is_asking_time;      /* the prompt of @ is open */
    char time_asked[32], time_before[32]; /* what is typed, and what was asked for before */

    /* what is drawn and acted on: live, the frozen picture, or the past */
    const struct sb_model *model;
    struct sb_now now;

    enum sb_pane focus;
    struct sb_nav nav;        /* where closing a view goes */
    struct sb_shown shown;    /* what the views of one thing show */
    struct sb_wants wants;    /* what they ask about the past */
    enum sb_page_to page_to;  /* where the selection goes in the page that is asked for */
    uint64_t history_run;     /* the selected run of the history */
    struct sb_audit_page *audit_page;
    uint32_t line_counts[SB_PANE_COUNT]; /* of panes that are a text */
    bool is_zoomed, is_absolute_time, is_tiny;
    struct sb_scroll scrolls[SB_PANE_COUNT];
    uint32_t visible[SB_PANE_COUNT]; /* rows a pane showed when it was drawn: a page */

    /* the selection is a job, not a row; until the operator chooses, it is the worst job */
    uint16_t selected_job;
    char selected_name[SB_NAME_MAX];
    bool is_chosen;
    sb_ns settled_at;         /* when the unchosen selection last moved by itself */
    uint32_t selected_alert;  /* id, 0 = the first */
    uint32_t selected_silence; /* id; 0 = an alert is selected */
    bool has_service;         /* selected_service was chosen */
    uint16_t selected_service; /* a component, or SB_SERVICE_SITE + a site */
    struct sb_marks marks;

    char filters[SB_PANE_COUNT][SB_FILTER_MAX];
    bool is_prompting;
    char prompt_before[SB_FILTER_MAX];

    struct sb_find find;
    struct sb_tail tail;
    struct sb_log_marks log_marks;
    bool is_wrapping;         /* long lines of the log */
    uint16_t log_side;        /* columns of its text that are left out */
    struct sb_sort sort;
    struct sb_columns columns;
    struct sb_menu menu;
    struct sb_palette palette;

    bool is_following;
    uint64_t log_end;         /* absolute number after the last shown line, when not following */
    uint32_t help_lines;

    const char *page;         /* borrowed text of pane PAGE: which it is, and of which run */
    uint64_t page_run;
    uint32_t page_lines;

    struct sb_polled polled[SB_SCREEN_PAGE_COUNT];
    enum sb_pane lent_from;   /* which pane had the focus before one from CONTENT on */
    struct {
        char item[40];        /* id of the row under the cursor, "" = none; and of the post it may be, in such a line */
        char post[64];
        uint32_t lines, into; /* lines of the text; how far the cursor is below the first line of its row */
        uint16_t cols;        /* at which the lines were folded */
        bool is_new;          /* the text changed: the cursor has to follow its row */
        sb_ns settled_at;     /* when the row under the cursor went away by itself */
    } content;

    unsigned timeline_range;  /* of timeline.c */
    uint32_t timeline_row;    /* what is selected there: 1 + a context, or SB_TIMELINE_JOB + a job; 0 = the first row */

    struct sb_dialog dialog;
    bool asks_reasons;        /* every question has a line for a reason */
    struct sb_pending pending[SB_PENDING_MAX];
    struct {
        bool is_armed;
        sb_ns until;
        uint64_t number, of;         /* the sent command it takes back: its number here and its id */
        struct sb_command command;   /* what was sent; its inverse is made when it is wanted */
        bool is_bulk;                /* it was the items of `bulk` */
        char target[SB_NAME_MAX];
    } undo;
    struct sb_bulk bulk;
    struct sb_box focus_box;  /* of the pane with the focus, as it was drawn */
    uint64_t sent;            /* commands emitted so far */
    struct {
        sb_ns until;
        bool is_bad;
        char text[160];
    } notice;
    struct {
        sb_ns at[SB_BURST_KEYS + 2];
        uint32_t code[SB_BURST_KEYS + 2];
        unsigned next;
        sb_ns until;
    } burst;

    /* jobs that pass the filter, sorted; kept until the model or the filter changes */
    uint16_t *order, *order_scratch; /* [SB_JOBS_MAX] */
    uint64_t *order_keys;     /* [SB_JOBS_MAX], by job: what it is sorted by */
    uint32_t order_count;
    bool is_order_valid;
    uint64_t order_changes;
    const struct sb_model *order_model;
};

struct sb_pane_info {
    const char *name, *title;
    char number;
    enum sb_area area;
    uint32_t where; /* its bit in the keymap */
    /* Draws the content; `text` and `right` go into the title line. */
    void (*draw)(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right);
    /* Rows the selection can move over. */
    uint32_t (*rows)(const struct sb_screen *screen);
};
extern const struct sb_pane_info sb_pane_infos[SB_PANE_COUNT];

#define X(code, name, number, title, area) \
    void sb_pane_draw_##name(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right); \
    uint32_t sb_pane_rows_##name(const struct sb_screen *screen);
#include "panes.def"
#undef X

void sb_header_draw(struct sb_screen *screen, const struct sb_view *view, struct sb_now now);
void sb_footer_draw(struct sb_screen *screen, const struct sb_view *view, struct sb_now now);

/* order.c */
void sb_order_refresh(struct sb_screen *screen);
void sb_order_invalidate(struct sb_screen *screen);
/* Place of a job in the list, or order_count. */
uint32_t sb_order_place(const struct sb_screen *screen, uint16_t job);

/* selection.c */
/* Follows what happened to the selected job and to the list since the last frame. */
void sb_selection_settle(struct sb_screen *screen, sb_ns mono);
/* Goes along with a filter that is being typed; `is_choice`: what was found is what the operator wants. */
void sb_selection_find(struct sb_screen *screen, bool is_choice);
void sb_selection_take(struct sb_screen *screen, uint16_t job);
void sb_selection_move(struct sb_screen *screen, int64_t delta);
/* Alerts that pass the pane's filter, as its sort says; returns their count. */
uint32_t sb_alert_order(const struct sb_screen *screen, uint16_t order[SB_ALERTS_MAX]);
const struct sb_model_alert *sb_selected_alert(const struct sb_screen *screen);
/* Contexts that are shown: a burst context that is down is none. */
uint32_t sb_context_list(const struct sb_model *model, uint16_t list[SB_CONTEXTS_MAX]);
/* ... and those that the pane's filter leaves: its rows. */
uint32_t sb_contexts_shown(const struct sb_screen *screen, uint16_t list[SB_CONTEXTS_MAX]);
/* What its page uses: "3.4M", "12%"; "-" = not known. */
void sb_add_heap(const struct sb_model_ctx *ctx, struct sb_text *text);
void sb_add_cpu(const struct sb_model_ctx *ctx, struct sb_text *text);
/* Components, worst first. */
uint32_t sb_component_list(const struct sb_model *model, uint8_t list[SB_COMPONENT_COUNT]);
/* ... those that pass the filter of the pane. */
uint32_t sb_services_shown(const struct sb_screen *screen, uint8_t list[SB_COMPONENT_COUNT]);

/* page.c: bytes of the next row of a text: up to a line's end, else as many whole characters as surely fit. */
size_t sb_page_row_length(const char *at, size_t cols);

/* polled.c: the first line of a polled text and how old it is; the text without that line. */
void sb_polled_title(const struct sb_screen *screen, enum sb_screen_page page, struct sb_text *text, struct sb_text *right);
const char *sb_polled_body(const struct sb_screen *screen, enum sb_screen_page page);
/* What to say in place of a text. */
void sb_polled_say_none(const struct sb_screen *screen, enum sb_screen_page page, const struct sb_view *view);

/* timeline.c */
enum { SB_TIMELINE_JOB = 0x10000 };
void sb_timeline_move(struct sb_screen *screen, int64_t delta);
void sb_timeline_range(struct sb_screen *screen, int step);
/* The job behind the selected row, SB_NO_JOB when a context is selected that nobody holds: `ctx` is that one. */
uint16_t sb_timeline_job(const struct sb_screen *screen, uint16_t *ctx);

/* nav.c */
/* Puts a view in front; the one below and its selection are remembered. */
void sb_nav_open(struct sb_screen *screen, enum sb_pane pane);
/* Goes back to where the view in front was opened; false when it was not. */
bool sb_nav_back(struct sb_screen *screen);
void sb_nav_forget(struct sb_screen *screen);

/* open.c */
/* Enter: the view of what is under the cursor. */
void sb_act_open(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer);
void sb_act_audit(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer);
/* The alert and the component that an action is about: the one that is shown, or the selected one; NULL, SB_COMPONENT_COUNT = none. */
const struct sb_model_alert *sb_target_alert(const struct sb_screen *screen);
unsigned sb_target_component(const struct sb_screen *screen);
/* The place in the list of contexts of the one that is shown, or selected; `count` = none. */
uint32_t sb_target_context(const struct sb_screen *screen, const uint16_t *list, uint32_t count);

/* pager.c */
void sb_page_arrived(struct sb_screen *screen, enum sb_lookup_kind kind);

/* history.c, audit.c */
enum sb_slot sb_slot_of_run(unsigned run_state);
const struct sb_past_run *sb_history_selected(const struct sb_screen *screen);
bool sb_audit_create(struct sb_screen *screen);
void sb_audit_destroy(struct sb_screen *screen);
uint16_t sb_audit_selected_job(const struct sb_screen *screen);

/* Alerts come first in their pane, then the silences in force. silence.c */
uint32_t sb_silence_list(const struct sb_model *model, uint8_t list[SB_SILENCES_MAX]);
const struct sb_model_silence *sb_selected_silence(const struct sb_screen *screen);
/* The one that keeps the alert quiet, or NULL. */
const struct sb_model_silence *sb_silence_on(const struct sb_model *model, const struct sb_model_alert *alert);
void sb_silence_say(const struct sb_model_silence *silence, struct sb_text *text);
/* Components and breakers, the worst first. service.c */
enum { SB_SERVICE_SITE = 64, SB_SERVICES_MAX = SB_COMPONENT_COUNT + SB_SITES_MAX };
uint32_t sb_service_list(const struct sb_screen *screen, uint16_t list[SB_SERVICES_MAX]);
uint32_t sb_service_place(const struct sb_screen *screen);
void sb_service_take(struct sb_screen *screen, uint32_t row);
void sb_service_move(struct sb_screen *screen, int64_t delta);

/* marks.c */
struct sb_mark_count {
    uint32_t all, hidden, gone; /* hidden: there, but the filter does not show it; gone: its job, alert or context is no more */
};
struct sb_mark_count sb_marks_count(const struct sb_screen *screen, enum sb_pane pane);
/* Whether a row is drawn as marked: it is, or it lies in the range that is being marked. */
bool sb_mark_is_shown(const struct sb_screen *screen, enum sb_pane pane, uint32_t row, uint32_t id);
bool sb_mark_is_there(const struct sb_screen *screen, const struct sb_mark *mark);
void sb_mark_drop(struct sb_screen *screen, enum sb_pane pane, uint32_t id);
/* " range marked:3 (1 hidden)", or nothing. */
void sb_marks_say(const struct sb_screen *screen, enum sb_pane pane, struct sb_text *text);
/* After a reload: jobs go by their names. */
void sb_marks_follow(struct sb_screen *screen);
/* A range that is under way becomes marks. */
void sb_marks_settle(struct sb_screen *screen, struct sb_now now);

/* bulk.c: what is to be done to many */
void sb_bulk_begin(struct sb_screen *screen, enum sb_pane pane, enum sb_command_kind kind, struct sb_now now);
/* A further item of the kind that was begun with; NULL = it is full. */
struct sb_bulk_item *sb_bulk_add(struct sb_screen *screen, uint32_t mark, const char *name);
/* Skips the items that cannot be done as things are. */
void sb_bulk_look(struct sb_screen *screen);
uint32_t sb_bulk_count(const struct sb_bulk *bulk, enum sb_bulk_state state);
/* Title and lines of a question: what, which, how many, and what is skipped. */
void sb_bulk_describe(const struct sb_screen *screen, struct sb_dialog *dialog);
/* Whether the action was one on marks here; then it was done, asked or refused. */
bool sb_bulk_act(struct sb_screen *screen, enum sb_key_action action, struct sb_now now);
/* sending.c: from the answer on */
bool sb_bulk_is_busy(struct sb_screen *screen, struct sb_now now); /* with a notice */
void sb_bulk_start(struct sb_screen *screen, struct sb_now now);
void sb_bulk_undo(struct sb_screen *screen, struct sb_now now);
bool sb_bulk_posted(struct sb_screen *screen, uint64_t command_id, enum sb_err result); /* whether it was an item */
void sb_bulk_fold(struct sb_screen *screen, const struct sb_event *event);
void sb_bulk_fail(struct sb_screen *screen, uint64_t command_id, const char *why); /* no event will answer it */
void sb_bulk_lose(struct sb_screen *screen); /* answers may have been passed over */
/* The line of the last operation, when that was one on many. */
bool sb_bulk_say(const struct sb_screen *screen, struct sb_now now, struct sb_text *text, enum sb_slot *slot);

/* undo.c */
/* Arms undo for a command just emitted, when there is an inverse. */
void sb_undo_arm(struct sb_screen *screen, struct sb_now now, const struct sb_command *done, const char *target);
void sb_undo_arm_bulk(struct sb_screen *screen, struct sb_now now);
bool sb_undo_make(const struct sb_screen *screen, const struct sb_command *done, struct sb_command *inverse);

/* mouse.c */
void sb_mouse_key(struct sb_screen *screen, uint32_t key, struct sb_now now, struct sb_screen_answer *answer);
bool sb_mouse_is(uint32_t key); /* whether the key is a report of the mouse */

/* log.c */
void sb_log_move(struct sb_screen *screen, int64_t delta);
void sb_log_sideways(struct sb_screen *screen, int step, struct sb_now now);

/* actions.c, ask.c, questions.c */
typedef void sb_act(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer);
void sb_act_do(struct sb_screen *screen, enum sb_key_action action, struct sb_now now, struct sb_screen_answer *answer);
/* incident.c */
sb_act sb_act_capture, sb_act_copy, sb_act_copy_pane, sb_act_incident;
/* The keys of the question about an incident; false when they are those of any question. */
bool sb_incident_key(struct sb_screen *screen, uint32_t key, struct sb_now now, struct sb_screen_answer *answer);
void sb_incident_question(const struct sb_screen *screen, struct sb_text *text);

sb_act sb_act_retry_whole, sb_act_force, sb_act_cancel, sb_act_kill, sb_act_recycle, sb_act_policy, sb_act_pause_all, sb_act_leave, sb_act_take_over;
sb_act sb_act_mouse, sb_act_mark, sb_act_mark_range, sb_act_mark_all, sb_act_mark_clear, sb_act_undo;
sb_act sb_act_ack_all, sb_act_silence, sb_act_unsilence, sb_act_tier, sb_act_probe, sb_act_recover, sb_act_breaker;
/* Active runs, or only those which run now. pause.c */
uint32_t sb_runs_active(const struct sb_model *model, bool only_running);
sb_act sb_act_next_match, sb_act_prev_match, sb_act_filter_clear, sb_act_tail, sb_act_wrap, sb_act_mark_line; /* search.c, log_*.c */
sb_act sb_act_sort, sb_act_sort_left, sb_act_sort_right, sb_act_invert, sb_act_columns, sb_act_palette;           /* sort.c, columns.c, palette.c */
sb_act sb_act_column_left, sb_act_column_right;
/* One key of a line that is being typed; false when it is none of such a line. `line` holds SB_FILTER_MAX bytes. */
bool sb_prompt_edit(char *line, uint32_t key);
void sb_focus_on(struct sb_screen *screen, enum sb_pane pane);
void sb_dialog_key(struct sb_screen *screen, uint32_t key, struct sb_now now, struct sb_screen_answer *answer);
/* A key of a paste or a flood: text for a field, never an answer. */
void sb_dialog_paste(struct sb_screen *screen, uint32_t key, struct sb_now now);
void sb_dialog_show(const struct sb_screen *screen, const struct sb_view *view);
/* Moves the selection of the pane with the focus. */
void sb_act_move_by(struct sb_screen *screen, int64_t delta);
/* Starts a notice on the last line but one; add its text to the result. */
struct sb_text sb_notice(struct sb_screen *screen, struct sb_now now, bool is_bad);
void sb_notice_say(struct sb_screen *screen, struct sb_now now, bool is_bad, const char *text);
/* The same for words that name keys: "{FREEZE} shows it" says the key that the action has now. Not for untrusted text. */
void sb_notice_keys(struct sb_screen *screen, struct sb_now now, bool is_bad, const char *words);
/* The job the pane acts on, latched from the picture and checked against the live state; NULL after a notice. */
const struct sb_model_job *sb_target(struct sb_screen *screen, struct sb_now now, uint16_t *id);
void sb_emit(struct sb_screen *screen, struct sb_now now, const struct sb_command *command, const char *target, struct sb_screen_answer *answer);

/* source.c */
/* Whether actions are off: for good (--readonly), or because another console writes. */
bool sb_is_viewer(const struct sb_screen *screen);
bool sb_is_offered(const struct sb_screen *screen, enum sb_key_action action);
void sb_add_writer(const struct sb_screen *screen, struct sb_text *text);
void sb_say_viewer(struct sb_screen *screen, struct sb_now now);

/* past.c */
sb_act sb_act_past_back, sb_act_past_forward, sb_act_past_change_before, sb_act_past_change_after, sb_act_past_go;
/* Takes the picture that is shown for `model`: the past, what is frozen, or live. */
void sb_past_choose_model(struct sb_screen *screen);
/* Asks to be live again, when it is not; false: it is, or there is no present. */
bool sb_past_leave(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer);
/* Whether the action works where the picture is: in the past, those that change nothing. */
bool sb_past_allows(const struct sb_screen *screen, enum sb_key_action action);
/* Says that it does not; false: it does. */
bool sb_past_refuses(struct sb_screen *screen, enum sb_key_action action, struct sb_now now);
void sb_past_prompt_key(struct sb_screen *screen, uint32_t key, struct sb_now now, struct sb_screen_answer *answer);
void sb_past_prompt_draw(const struct sb_screen *screen, const struct sb_view *view);
/* "PAST 14:02:10Z x10", with its date when that is not today's; without it as `brief`. */
void sb_past_add_mode(const struct sb_screen *screen, struct sb_wall today, bool is_brief, struct sb_text *text);
/* What happened in the second that is shown, and the keys. */
void sb_past_add_line(const struct sb_screen *screen, struct sb_text *text);

/* common.c */
/* Adds words in which {ACTION} is the first key of that action in force. */
void sb_add_keys(const struct sb_screen *screen, struct sb_text *out, const char *words);
enum sb_slot sb_slot_of_state(unsigned job_state);
/* Age since `since`, or the UTC time of `wall` when times are absolute. */
void sb_add_since(const struct sb_screen *screen, struct sb_text *out, sb_ns since, struct sb_wall wall);

#endif
