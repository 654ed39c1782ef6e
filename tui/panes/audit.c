/* Who asked for what, when, why, and what became of it: the newest commands from the model, older ones from the store, a page at a time. Pure. */
#include "lines.h"

#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>

enum { AT, ACTOR, COMMAND, TARGET, RESULT, INCIDENT, SAID, COLUMNS };

static const struct sb_column columns[COLUMNS] = {
    [AT] = {.title = "TIME", .width = 9},
    [ACTOR] = {.title = "WHO", .width = 9},
    [COMMAND] = {.title = "ASKED", .width = 17},
    [TARGET] = {.title = "ABOUT", .width = 18, .drop = 1},
    [RESULT] = {.title = "RESULT", .width = 8},
    [INCIDENT] = {.title = "INCIDENT", .width = 9, .drop = 2},
    [SAID] = {.title = "REASON / OUTCOME", .width = 12, .is_flex = true},
};

/* The commands of an older page, with the names of their jobs. Made when the page has come. */
struct sb_audit_page {
    uint64_t number;  /* of the answer it was made of */
    struct sb_audit audit;
    char jobs[SB_MODEL_COMMANDS][SB_NAME_MAX];
};

bool sb_audit_create(struct sb_screen *screen)
{
    screen->audit_page = calloc(1, sizeof *screen->audit_page);
    return screen->audit_page != NULL;
}

void sb_audit_destroy(struct sb_screen *screen)
{
    free(screen->audit_page);
}

static void take(struct sb_audit_page *page, const struct sb_past_event *past)
{
    const struct sb_event *const event = &past->event;
    sb_audit_take(&page->audit, event);
    if (event->kind != SB_EVENT_COMMAND_DONE && event->kind != SB_EVENT_COMMAND_REFUSED)
        return;
    for (uint64_t i = 0; i < page->audit.total && i < SB_MODEL_COMMANDS; i++) {
        if (page->audit.rows[i].command == event->as.command_done.command)
            memcpy(page->jobs[i], past->job, sizeof page->jobs[i]);
    }
}

static const struct sb_audit_page *page_of(const struct sb_screen *screen)
{
    struct sb_audit_page *const page = screen->audit_page;
    const struct sb_want *const want = &screen->wants.kinds[SB_LOOKUP_AUDIT];
    if (want->answered.number == page->number)
        return page;
    memset(page, 0, sizeof *page);
    page->number = want->answered.number;
    for (uint32_t i = want->found->event_count; i-- > 0;) /* they come newest first */
        take(page, &want->found->events[i]);
    return page;
}

struct row {
    const struct sb_model_asked *asked;
    const char *job;
};

static bool is_newest_page(const struct sb_screen *screen)
{
    const struct sb_want *const want = &screen->wants.kinds[SB_LOOKUP_AUDIT];
    return want->answered.number == 0 || want->found->is_newest;
}

static bool is_in_model(const struct sb_audit *audit, uint64_t command)
{
    const struct sb_model_asked *asked;
    for (uint64_t back = 0; (asked = sb_audit_at(audit, back)) != NULL; back++) {
        if (asked->command == command && asked->is_answered)
            return true;
    }
    return false;
}

/* The newest first. A command that is not answered yet stands in the last line but one of the screen. */
static uint32_t rows_of(const struct sb_screen *screen, struct row rows[2 * SB_MODEL_COMMANDS])
{
    const struct sb_audit *const live = &screen->model->audit;
    const struct sb_audit_page *const page = page_of(screen);
    const struct sb_model_asked *asked;
    uint32_t count = 0;
    const bool is_newest = is_newest_page(screen);
    for (uint64_t back = 0; is_newest && (asked = sb_audit_at(live, back)) != NULL; back++) {
        const struct sb_model_job *const job = sb_model_job(screen->model, asked->job);
        if (asked->is_answered)
            rows[count++] = (struct row){asked, job == NULL ? "" : job->name};
    }
    for (uint64_t back = 0; (asked = sb_audit_at(&page->audit, back)) != NULL; back++) {
        if (asked->is_answered && !(is_newest && is_in_model(live, asked->command)))
            rows[count++] = (struct row){asked, page->jobs[asked - page->audit.rows]};
    }
    return count;
}

uint32_t sb_pane_rows_audit(const struct sb_screen *screen)
{
    struct row rows[2 * SB_MODEL_COMMANDS];
    return rows_of(screen, rows);
}

struct frame {
    const struct sb_screen *screen;
    uint32_t count;
    struct row rows[2 * SB_MODEL_COMMANDS];
};

static void add_said(const struct sb_model_asked *asked, struct sb_text *text)
{
    if (asked->reason[0] != '\0') {
        sb_text_add(text, "'");
        sb_text_add(text, asked->reason);
        sb_text_add(text, "' ");
    }
    sb_text_add(text, asked->outcome);
}

static void cell(const void *context, uint32_t row, unsigned column, struct sb_text *text, enum sb_slot *slot)
{
    const struct frame *const frame = context;
    const struct sb_model_asked *const asked = frame->rows[row].asked;
    if (column == AT) {
        const int64_t day = SB_DAY(1);
        if (asked->at.ns / day == frame->screen->now.wall.ns / day) {
            sb_text_add_clock(text, asked->at);
        } else { /* another day: its date, the time is in the lines below */
            char date[32];
            struct sb_text whole;
            sb_text_init(&whole, date, sizeof date);
            sb_text_add_wall(&whole, asked->at, false);
            sb_text_add_n(text, date + 2, 8);
        }
    } else if (column == ACTOR) {
        sb_text_add(text, asked->actor);
    } else if (column == COMMAND) {
        sb_text_add(text, asked->kind < SB_COMMAND_COUNT ? sb_command_infos[asked->kind].name : "?");
    } else if (column == TARGET) {
        sb_audit_target(asked, frame->rows[row].job, text);
    } else if (column == RESULT) {
        sb_text_add(text, asked->is_done ? "ok" : "REFUSED!");
        *slot = asked->is_done ? SB_SLOT_OK : SB_SLOT_BAD;
    } else if (column == INCIDENT) {
        sb_text_add(text, asked->incident[0] != '\0' ? asked->incident : "-");
    } else {
        add_said(asked, text);
    }
}

/* The selected command in full: nothing of it is cut. */
static void draw_whole(struct sb_screen *screen, const struct sb_view *view, const struct row *row)
{
    char line[640];
    struct sb_text text;
    struct sb_lines lines = {.screen = screen, .view = view, .pane = SB_PANE_AUDIT};
    sb_view_fill(view, 0, 0, view->box.cols, 0x2500, '-', SB_SLOT_DIM);
    lines.count = 1;
    sb_text_init(&text, line, sizeof line);
    sb_text_add_wall(&text, row->asked->at, false);
    sb_text_add(&text, " ");
    sb_text_add(&text, row->asked->actor);
    sb_text_add(&text, " ");
    sb_text_add(&text, row->asked->kind < SB_COMMAND_COUNT ? sb_command_infos[row->asked->kind].name : "?");
    sb_text_add(&text, " ");
    sb_audit_target(row->asked, row->job, &text);
    if (row->asked->run != 0) {
        sb_text_add(&text, " run ");
        sb_text_add_u64(&text, row->asked->run);
    }
    if (row->asked->lasts > 0) {
        sb_text_add(&text, " for ");
        sb_text_add_duration(&text, row->asked->lasts);
    }
    if (row->asked->incident[0] != '\0') {
        sb_text_add(&text, ", incident ");
        sb_text_add(&text, row->asked->incident);
    }
    sb_lines_say_all(&lines, SB_SLOT_TEXT, "asked", line, 2);
    if (row->asked->reason[0] != '\0')
        sb_lines_say_all(&lines, SB_SLOT_TEXT, "why", row->asked->reason, 2);
    sb_lines_say_all(&lines, row->asked->is_done ? SB_SLOT_OK : SB_SLOT_BAD, row->asked->is_done ? "done" : "refused", row->asked->outcome, 3);
}

void sb_pane_draw_audit(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    struct frame frame = {.screen = screen};
    struct sb_scroll *const scroll = &screen->scrolls[SB_PANE_AUDIT];
    frame.count = rows_of(screen, frame.rows);
    const unsigned rows = view->box.rows, below = rows >= 14 && frame.count > 0 ? 7 : 0;
    const struct sb_view list = sb_view_part(view, 0, 0, rows - below, view->box.cols);
    const bool has_focus = screen->focus == SB_PANE_AUDIT;
    const struct sb_table table = {.columns = columns, .column_count = COLUMNS, .cell = cell, .context = &frame, .total = frame.count,
                                   .has_header = true, .has_selection = has_focus, .has_focus = has_focus};
    (void)sb_table_draw(&list, &table, scroll);
    screen->visible[SB_PANE_AUDIT] = list.box.rows > 1 ? list.box.rows - 1U : 1;
    if (below > 0 && scroll->selected < frame.count) {
        const struct sb_view part = sb_view_part(view, rows - below, 0, below, view->box.cols);
        draw_whole(screen, &part, &frame.rows[scroll->selected]);
    }
    char line[256];
    struct sb_text said;
    sb_text_init(&said, line, sizeof line);
    const bool is_bad = sb_wants_say(screen, SB_LOOKUP_AUDIT, &said);
    if (frame.count == 0 && rows > 1)
        sb_view_text(view, 1, 1, view->box.cols, is_bad ? SB_SLOT_WARN : SB_SLOT_DIM, said.len > 0 ? line : "nobody has asked for anything yet");
    sb_text_add(text, "operator actions");
    const struct sb_want *const want = &screen->wants.kinds[SB_LOOKUP_AUDIT];
    if (frame.count > 0 && said.len > 0) {
        sb_text_add(right, line);
    } else if (frame.count > 0 && want->answered.number != 0) {
        sb_text_add(right, want->found->is_newest ? "newest " : "");
        sb_text_add_u64(right, frame.count);
        sb_text_add(right, want->found->is_oldest ? ", the oldest" : ", older below");
    }
}

uint16_t sb_audit_selected_job(const struct sb_screen *screen)
{
    struct row rows[2 * SB_MODEL_COMMANDS];
    const uint32_t count = rows_of(screen, rows), at = screen->scrolls[SB_PANE_AUDIT].selected;
    return at < count && rows[at].job[0] != '\0' ? sb_model_find(screen->model, rows[at].job) : (uint16_t)SB_NO_JOB;
}
