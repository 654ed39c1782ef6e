/* Active alerts: the unacknowledged and worst first. Pure. */
#include "panes.h"

#include <string.h>

#include "signalbox/base/text.h"

enum { SEVERITY, SINCE, TEXT, ACK, TOLD, COLUMNS };

static const struct sb_column columns[COLUMNS] = {
    [SEVERITY] = {.title = "SEV", .width = 5},
    [SINCE] = {.title = "SINCE", .width = 6, .drop = 1, .is_right = true},
    [TEXT] = {.title = "ALERT", .width = 25, .is_flex = true},
    [ACK] = {.title = "ACK", .width = 10, .drop = 2}, /* the mark says it too: ! or ~ */
    [TOLD] = {.title = "TOLD", .width = 8, .drop = 3}, /* only where there are channels */
};

static const struct {
    const char *word;
    enum sb_slot slot;
} severities[SB_SEVERITY_COUNT] = {
    [SB_SEVERITY_DEBUG] = {"DEBU", SB_SLOT_DIM}, [SB_SEVERITY_INFO] = {"INFO", SB_SLOT_TEXT}, [SB_SEVERITY_WARN] = {"WARN", SB_SLOT_WARN},
    [SB_SEVERITY_ERROR] = {"ERR", SB_SLOT_BAD},  [SB_SEVERITY_PAGE] = {"PAGE", SB_SLOT_BAD},
};

/* One frame's order, so that a cell does not sort again. */
struct frame {
    const struct sb_screen *screen;
    uint16_t order[SB_ALERTS_MAX];
    uint32_t alerts; /* rows below are silences */
    uint8_t silences[SB_SILENCES_MAX];
};

uint32_t sb_pane_rows_alerts(const struct sb_screen *screen)
{
    uint8_t silences[SB_SILENCES_MAX];
    return screen->model->alert_count + sb_silence_list(screen->model, silences);
}

/* A silence: how long it lasts yet, who began it, and what is not told. */
static void cell_silence(const struct frame *frame, const struct sb_model_silence *silence, unsigned column, struct sb_text *text, enum sb_slot *slot)
{
    const sb_ns now = frame->screen->now.mono, left = silence->until > now ? silence->until - now : 0;
    *slot = SB_SLOT_DIM;
    if (column == SEVERITY) {
        sb_text_add(text, "-SIL");
    } else if (column == SINCE) {
        sb_model_add_age(text, left);
    } else if (column == TEXT) {
        sb_text_add(text, "until ");
        sb_text_add_clock(text, (struct sb_wall){sb_ns_add(frame->screen->now.wall.ns, left)});
        sb_text_add(text, " by ");
        sb_text_add(text, silence->actor);
        sb_text_add(text, ": ");
        sb_silence_say(silence, text);
        sb_text_add(text, silence->reason[0] != '\0' ? ", " : "");
        sb_text_add(text, silence->reason);
    }
}

static bool is_marked(const void *context, uint32_t row)
{
    const struct frame *const frame = context;
    return row < frame->alerts && sb_mark_is_shown(frame->screen, SB_PANE_ALERTS, row, frame->screen->model->alerts[frame->order[row]].id);
}

static void cell(const void *context, uint32_t row, unsigned column, struct sb_text *text, enum sb_slot *slot)
{
    const struct frame *const frame = context;
    if (row >= frame->alerts) {
        cell_silence(frame, &frame->screen->model->silences[frame->silences[row - frame->alerts]], column, text, slot);
        return;
    }
    const struct sb_model_alert *const alert = &frame->screen->model->alerts[frame->order[row]];
    const unsigned severity = alert->severity < SB_SEVERITY_COUNT ? alert->severity : SB_SEVERITY_ERROR;
    *slot = alert->is_acked ? SB_SLOT_DIM : severities[severity].slot;
    if (column == SEVERITY) {
        sb_text_add(text, alert->is_acked ? "~" : "!");
        sb_text_add(text, severities[severity].word);
    } else if (column == SINCE) {
        sb_add_since(frame->screen, text, alert->since, alert->since_wall);
        *slot = SB_SLOT_TEXT;
    } else if (column == ACK) {
        sb_text_add(text, alert->is_acked ? "ack " : "UNACK");
        if (alert->is_acked)
            sb_text_add(text, alert->acked_by);
    } else if (column == TOLD) {
        const char *const told = sb_model_alert_told(frame->screen->model, alert);
        sb_text_add(text, told);
        *slot = told[0] == 'F' ? SB_SLOT_BAD : SB_SLOT_TEXT;
    } else {
        if (sb_silence_on(frame->screen->model, alert) != NULL)
            sb_text_add(text, "[silent] ");
        if (alert->is_flapping)
            sb_text_add(text, "[flaps] ");
        else if (alert->is_stale)
            sb_text_add(text, "[stale] ");
        else if (alert->state == SB_ALERT_STATE_RECOVERING)
            sb_text_add(text, "[recovering] ");
        const char *const subject = alert->subject[0] != '\0' ? alert->subject : sb_rule_text(alert->rule);
        if (strncmp(alert->text, subject, strlen(subject)) != 0) { /* most texts name what they are about themselves */
            sb_text_add(text, subject);
            sb_text_add(text, ": ");
        }
        sb_text_add(text, alert->text);
    }
}

void sb_pane_draw_alerts(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    struct frame frame = {.screen = screen};
    const uint32_t count = frame.alerts = sb_alert_order(screen, frame.order);
    const uint32_t silences = sb_silence_list(screen->model, frame.silences);
    const struct sb_model_silence *const silence = sb_selected_silence(screen);
    struct sb_scroll *const scroll = &screen->scrolls[SB_PANE_ALERTS];
    for (uint32_t i = 0; i < count; i++) {
        if (screen->model->alerts[frame.order[i]].id == screen->selected_alert)
            scroll->selected = i; /* the selection is an alert, not a row */
    }
    for (uint32_t i = 0; silence != NULL && i < silences; i++) {
        if (&screen->model->silences[frame.silences[i]] == silence)
            scroll->selected = count + i;
    }
    if (silence == NULL && count > 0 && scroll->selected >= count)
        scroll->selected = 0; /* what was selected has gone; the first one stands for it */
    struct sb_column own[COLUMNS];
    for (unsigned i = 0; i < COLUMNS; i++)
        own[i] = columns[i];
    if (screen->is_absolute_time)
        own[SINCE].width = 9;
    const bool has_focus = screen->focus == SB_PANE_ALERTS;
    bool has_channels = false;
    for (unsigned i = 0; i < SB_CHANNELS_MAX; i++)
        has_channels = has_channels || screen->model->channels[i].is_defined;
    const struct sb_table table = {.columns = own, .column_count = COLUMNS - (has_channels ? 0 : 1),
                                   .cell = cell, .context = &frame, .total = count + silences, .is_marked = is_marked,
                                   .has_selection = has_focus, .has_focus = has_focus};
    const uint32_t shown = sb_table_draw(view, &table, scroll);
    for (uint32_t row = 0; row < shown; row++)
        sb_find_paint(screen, SB_PANE_ALERTS, view, row, 8U + own[SINCE].width, view->box.cols);
    screen->visible[SB_PANE_ALERTS] = view->box.rows;
    if (count + silences == 0)
        sb_view_text(view, 0, 1, view->box.cols, SB_SLOT_DIM,
                     screen->model->alert_count == 0 ? "no alert is active" : "no alert matches the filter; \\ clears it");
    sb_text_add_u64(text, sb_model_alerts_unacked(screen->model));
    sb_text_add(text, " unacked");
    sb_marks_say(screen, SB_PANE_ALERTS, text);
    if (silences > 0) {
        sb_text_add(text, " silences:");
        sb_text_add_u64(text, silences);
    }
    if (screen->sort.by[SB_PANE_ALERTS] != 0 || screen->sort.is_inverted[SB_PANE_ALERTS]) {
        sb_text_add(text, " ");
        sb_sort_title(screen, SB_PANE_ALERTS, text);
    }
    sb_find_title(screen, SB_PANE_ALERTS, text);
    sb_text_add_u64(right, count);
    if (screen->model->alerts_dropped > 0) {
        sb_text_add(right, " +");
        sb_text_add_u64(right, screen->model->alerts_dropped);
        sb_text_add(right, " without room");
    }
}
