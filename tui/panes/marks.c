/* Owns marks: what an operator has picked for one action. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

static bool has_marks(enum sb_pane pane)
{
    return pane == SB_PANE_JOBS || pane == SB_PANE_CONTEXTS || pane == SB_PANE_ALERTS;
}

/* Rows of a pane as it shows them: places in the model. */
static uint32_t rows_of(const struct sb_screen *screen, enum sb_pane pane, const uint16_t **rows, uint16_t scratch[SB_ALERTS_MAX])
{
    *rows = pane == SB_PANE_JOBS ? screen->order : scratch;
    if (pane == SB_PANE_JOBS)
        return screen->order_count;
    return pane == SB_PANE_ALERTS ? sb_alert_order(screen, scratch) : sb_contexts_shown(screen, scratch);
}

static uint32_t id_of(const struct sb_screen *screen, enum sb_pane pane, uint16_t row)
{
    return pane == SB_PANE_ALERTS ? screen->model->alerts[row].id : row;
}

static const char *name_of_alert(const struct sb_model_alert *alert)
{
    return alert->subject[0] != '\0' ? alert->subject : sb_rule_text(alert->rule);
}

static void name_of(const struct sb_screen *screen, enum sb_pane pane, uint16_t row, struct sb_text *text)
{
    if (pane == SB_PANE_JOBS) {
        sb_text_add(text, sb_model_job_name(screen->model, row));
    } else if (pane == SB_PANE_ALERTS) {
        sb_text_add(text, name_of_alert(&screen->model->alerts[row]));
    } else {
        sb_text_add(text, "ctx");
        sb_text_add_u64(text, row);
    }
}

static uint32_t find(const struct sb_marks *marks, enum sb_pane pane, uint32_t id)
{
    for (uint32_t i = 0; i < marks->count; i++) {
        if (marks->marks[i].pane == pane && marks->marks[i].id == id)
            return i;
    }
    return marks->count;
}

static bool put(struct sb_screen *screen, enum sb_pane pane, uint16_t row)
{
    struct sb_marks *const marks = &screen->marks;
    const uint32_t id = id_of(screen, pane, row);
    if (find(marks, pane, id) < marks->count)
        return true;
    if (marks->count == SB_MARKS_MAX)
        return false;
    struct sb_mark *const mark = &marks->marks[marks->count++];
    struct sb_text text;
    mark->pane = (uint8_t)pane;
    mark->id = id;
    memset(mark->name, 0, sizeof mark->name);
    sb_text_init(&text, mark->name, sizeof mark->name);
    name_of(screen, pane, row, &text);
    return true;
}

void sb_mark_drop(struct sb_screen *screen, enum sb_pane pane, uint32_t id)
{
    struct sb_marks *const marks = &screen->marks;
    const uint32_t at = find(marks, pane, id);
    if (at < marks->count) {
        memmove(&marks->marks[at], &marks->marks[at + 1], (marks->count - at - 1U) * sizeof marks->marks[0]);
        marks->count--;
    }
}

/* Place of what is selected in the pane's rows; the count when it is none of them, such as a silence. */
static uint32_t selected_place(const struct sb_screen *screen, enum sb_pane pane, const uint16_t *rows, uint32_t count)
{
    if (pane == SB_PANE_JOBS)
        return sb_order_place(screen, screen->selected_job);
    if (pane == SB_PANE_CONTEXTS)
        return screen->scrolls[pane].selected < count ? screen->scrolls[pane].selected : count;
    const struct sb_model_alert *const alert = sb_selected_alert(screen);
    for (uint32_t i = 0; alert != NULL && i < count; i++) {
        if (&screen->model->alerts[rows[i]] == alert)
            return i;
    }
    return count;
}

/* First and last row of the range; false when there is none, or an end of it is not shown any more. */
static bool range_of(const struct sb_screen *screen, enum sb_pane pane, uint32_t *first, uint32_t *last)
{
    uint16_t scratch[SB_ALERTS_MAX];
    const uint16_t *rows = NULL;
    if (!screen->marks.is_ranging || screen->marks.range_pane != pane)
        return false;
    const uint32_t count = rows_of(screen, pane, &rows, scratch);
    const uint32_t here = selected_place(screen, pane, rows, count);
    uint32_t there = 0;
    while (there < count && id_of(screen, pane, rows[there]) != screen->marks.range_from)
        there++;
    if (here >= count || there >= count)
        return false;
    *first = here < there ? here : there;
    *last = here < there ? there : here;
    return true;
}

bool sb_mark_is_shown(const struct sb_screen *screen, enum sb_pane pane, uint32_t row, uint32_t id)
{
    uint32_t first = 0, last = 0;
    if (find(&screen->marks, pane, id) < screen->marks.count)
        return true;
    return range_of(screen, pane, &first, &last) && row >= first && row <= last;
}

bool sb_mark_is_there(const struct sb_screen *screen, const struct sb_mark *mark)
{
    const struct sb_model *const model = screen->live;
    if (mark->pane == SB_PANE_JOBS) {
        const struct sb_model_job *const job = sb_model_job(model, (uint16_t)mark->id);
        return job != NULL && sb_streq(job->name, mark->name);
    }
    if (mark->pane == SB_PANE_CONTEXTS)
        return mark->id < SB_CONTEXTS_MAX && model->contexts[mark->id].is_defined;
    for (uint32_t i = 0; i < model->alert_count; i++) {
        if (model->alerts[i].id == mark->id) /* another run of the program may have given the number to another alert */
            return sb_streq(name_of_alert(&model->alerts[i]), mark->name);
    }
    return false;
}

struct sb_mark_count sb_marks_count(const struct sb_screen *screen, enum sb_pane pane)
{
    struct sb_mark_count count = {0};
    for (uint32_t i = 0; i < screen->marks.count; i++) {
        const struct sb_mark *const mark = &screen->marks.marks[i];
        if (mark->pane != pane)
            continue;
        count.all++;
        if (!sb_mark_is_there(screen, mark))
            count.gone++;
        else if (pane == SB_PANE_JOBS && sb_order_place(screen, (uint16_t)mark->id) == screen->order_count)
            count.hidden++;
    }
    return count;
}

void sb_marks_say(const struct sb_screen *screen, enum sb_pane pane, struct sb_text *text)
{
    const struct sb_mark_count count = sb_marks_count(screen, pane);
    if (screen->marks.is_ranging && screen->marks.range_pane == pane)
        sb_text_add(text, " range");
    if (count.all == 0)
        return;
    sb_text_add(text, " marked:");
    sb_text_add_u64(text, count.all);
    if (count.hidden > 0) {
        sb_text_add(text, " (");
        sb_text_add_u64(text, count.hidden);
        sb_text_add(text, " hidden)");
    }
}

void sb_marks_follow(struct sb_screen *screen)
{
    for (uint32_t i = 0; i < screen->marks.count; i++) {
        struct sb_mark *const mark = &screen->marks.marks[i];
        if (mark->pane != SB_PANE_JOBS || sb_mark_is_there(screen, mark))
            continue;
        const uint16_t found = sb_model_find(screen->live, mark->name);
        if (found != SB_NO_JOB)
            mark->id = found;
    }
}

static void say_full(struct sb_screen *screen, struct sb_now now)
{
    sb_notice_keys(screen, now, true, "256 are marked: that is as many as one action takes; {MARK_CLEAR} clears the marks");
}

/* The range becomes marks. */
void sb_marks_settle(struct sb_screen *screen, struct sb_now now)
{
    const enum sb_pane pane = (enum sb_pane)screen->marks.range_pane;
    uint16_t scratch[SB_ALERTS_MAX];
    const uint16_t *rows = NULL;
    uint32_t first = 0, last = 0;
    if (range_of(screen, pane, &first, &last)) {
        (void)rows_of(screen, pane, &rows, scratch);
        for (uint32_t i = first; i <= last; i++) {
            if (!put(screen, pane, rows[i])) {
                say_full(screen, now);
                break;
            }
        }
    }
    screen->marks.is_ranging = false;
}

/* The row under the selection; false after a notice. */
static bool selected_row(struct sb_screen *screen, struct sb_now now, uint16_t *row)
{
    uint16_t scratch[SB_ALERTS_MAX];
    const uint16_t *rows = NULL;
    if (!has_marks(screen->focus))
        return false;
    const uint32_t count = rows_of(screen, screen->focus, &rows, scratch);
    const uint32_t place = selected_place(screen, screen->focus, rows, count);
    if (place >= count) {
        sb_notice_say(screen, now, false, "nothing is selected that can be marked");
        return false;
    }
    *row = rows[place];
    return true;
}

void sb_act_mark(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    uint16_t row = 0;
    if (!selected_row(screen, now, &row))
        return;
    const uint32_t id = id_of(screen, screen->focus, row);
    if (find(&screen->marks, screen->focus, id) < screen->marks.count)
        sb_mark_drop(screen, screen->focus, id);
    else if (!put(screen, screen->focus, row))
        say_full(screen, now);
    sb_act_do(screen, SB_KEY_ACTION_DOWN, now, answer); /* the next one: a column of marks is one key held down */
}

void sb_act_mark_range(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    uint16_t row = 0;
    if (screen->marks.is_ranging && screen->marks.range_pane == screen->focus) {
        sb_marks_settle(screen, now);
        return;
    }
    if (!selected_row(screen, now, &row))
        return;
    screen->marks.is_ranging = true;
    screen->marks.range_pane = (uint8_t)screen->focus;
    screen->marks.range_from = id_of(screen, screen->focus, row);
    screen->is_chosen = screen->is_chosen || screen->focus == SB_PANE_JOBS; /* the other end must not run away */
    sb_notice_keys(screen, now, false, "a range begins here: move, then {MARK_RANGE} again marks it; {MARK_CLEAR} gives it up");
}

void sb_act_mark_all(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    uint16_t scratch[SB_ALERTS_MAX];
    const uint16_t *rows = NULL;
    const enum sb_pane pane = screen->focus;
    if (!has_marks(pane))
        return;
    sb_order_refresh(screen);
    const uint32_t count = rows_of(screen, pane, &rows, scratch);
    if (count == 0)
        sb_notice_say(screen, now, false, "there is nothing to mark");
    for (uint32_t i = 0; i < count; i++) {
        if (!put(screen, pane, rows[i])) {
            say_full(screen, now);
            break;
        }
    }
}

void sb_act_mark_clear(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    struct sb_marks *const marks = &screen->marks;
    uint32_t kept = 0;
    if (sb_marks_count(screen, screen->focus).all == 0 && !marks->is_ranging)
        sb_notice_say(screen, now, false, "nothing is marked here");
    for (uint32_t i = 0; i < marks->count; i++) {
        if (marks->marks[i].pane != screen->focus)
            marks->marks[kept++] = marks->marks[i];
    }
    marks->count = kept;
    marks->is_ranging = false;
}
