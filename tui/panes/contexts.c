/* Browser contexts and the queues for them: who holds, for how long, who waits. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

enum { ID, STATE, LANE, AGE, LEFT, USES, PRIORITY, GENERATION, HEAP, CPU, OWNER, COLUMNS };
enum { ROOM_FOR_ALL = 72, ROOM_FOR_USAGE = 84 }; /* columns: from here on what matters less than the whole owner */

static const struct sb_column columns[COLUMNS] = {
    [ID] = {.title = "ID", .width = 3},
    [STATE] = {.title = "STATE", .width = 5},
    [LANE] = {.title = "LANE", .width = 7, .drop = 1},
    [AGE] = {.title = "AGE", .width = 6, .drop = 2, .is_right = true},
    [LEFT] = {.title = "LEFT", .width = 6, .drop = 3, .is_right = true},
    [USES] = {.title = "USES", .width = 4, .drop = 4, .is_right = true},
    [PRIORITY] = {.title = "PRI", .width = 3, .drop = 5, .is_right = true},
    [GENERATION] = {.title = "GEN", .width = 3, .drop = 6, .is_right = true}, /* how often it was opened anew */
    [HEAP] = {.title = "HEAP", .width = 5, .drop = 7, .is_right = true}, /* of the scripts of its page; "-": not known */
    [CPU] = {.title = "CPU", .width = 4, .drop = 8, .is_right = true},   /* of the page's renderer, of one core */
    [OWNER] = {.title = "OWNER", .width = 12, .is_flex = true},
};

static const struct {
    const char *word;
    enum sb_slot slot;
} states[SB_CTX_STATE_COUNT] = {
    [SB_CTX_STATE_DOWN] = {"DOWN!", SB_SLOT_BAD},     [SB_CTX_STATE_OPENING] = {"OPEN.", SB_SLOT_WAIT},
    [SB_CTX_STATE_IDLE] = {"IDLE", SB_SLOT_OK},       [SB_CTX_STATE_LEASED] = {"BUSY", SB_SLOT_RUN},
    [SB_CTX_STATE_CLOSING] = {"CLOS.", SB_SLOT_WAIT},
};

void sb_add_heap(const struct sb_model_ctx *ctx, struct sb_text *text)
{
    const uint32_t mib = ctx->heap_kib >> 10;
    if (ctx->heap_kib == 0) {
        sb_text_add(text, "-");
        return;
    }
    sb_text_add_u64(text, mib);
    if (mib < 10) {
        sb_text_add(text, ".");
        sb_text_add_u64(text, (ctx->heap_kib & 1023U) * 10 / 1024);
    }
    sb_text_add(text, "M");
}

void sb_add_cpu(const struct sb_model_ctx *ctx, struct sb_text *text)
{
    if (ctx->heap_kib == 0 || !ctx->is_cpu_known) {
        sb_text_add(text, "-");
        return;
    }
    sb_text_add_u64(text, (ctx->cpu_permille + 5) / 10);
    sb_text_add(text, "%");
}

uint32_t sb_pane_rows_contexts(const struct sb_screen *screen)
{
    uint16_t list[SB_CONTEXTS_MAX];
    return sb_contexts_shown(screen, list);
}

static void add_owner(const struct sb_screen *screen, const struct sb_model_ctx *ctx, struct sb_text *text)
{
    if (ctx->run == 0) {
        sb_text_add(text, ctx->reason[0] != '\0' ? ctx->reason : ctx->is_burst_slot ? "kept for the next post" : "-");
        return;
    }
    sb_text_add(text, sb_model_job_name(screen->model, ctx->job));
    if (ctx->is_burst)
        sb_text_add(text, " burst");
    if (ctx->is_borrowed)
        sb_text_add(text, " borrowed");
    if (ctx->is_revoked)
        sb_text_add(text, " REVOKED");
    else if (ctx->yield_for != 0)
        sb_text_add(text, " asked to yield");
}

static void cell(const void *context, uint32_t row, unsigned column, struct sb_text *text, enum sb_slot *slot)
{
    const struct sb_screen *const screen = context;
    uint16_t list[SB_CONTEXTS_MAX];
    const uint32_t count = sb_contexts_shown(screen, list);
    if (row >= count)
        return;
    const struct sb_model_ctx *const ctx = &screen->model->contexts[list[row]];
    const sb_ns now = screen->now.mono;
    if (column == ID) {
        sb_text_add(text, "#");
        sb_text_add_u64(text, list[row]);
    } else if (column == STATE) {
        const unsigned state = ctx->state < SB_CTX_STATE_COUNT ? ctx->state : SB_CTX_STATE_DOWN;
        sb_text_add(text, states[state].word);
        *slot = states[state].slot;
    } else if (column == LANE) {
        sb_text_add(text, sb_lane_text(ctx->lane));
    } else if (column == AGE) {
        const sb_ns since = ctx->run != 0 ? ctx->leased_at : ctx->since;
        const bool is_calm = ctx->run == 0 && ctx->state == SB_CTX_STATE_IDLE;
        (is_calm ? sb_model_add_minutes : sb_model_add_age)(text, now > since ? now - since : 0);
    } else if (column == LEFT) {
        if (ctx->run == 0 || ctx->deadline == 0)
            sb_text_add(text, "-");
        else if (ctx->deadline > now)
            sb_model_add_age(text, ctx->deadline - now);
        else
            sb_text_add(text, "OVER");
        *slot = ctx->run != 0 && ctx->deadline != 0 && ctx->deadline <= now ? SB_SLOT_BAD : SB_SLOT_TEXT;
    } else if (column == USES) {
        sb_text_add_u64(text, ctx->uses);
    } else if (column == PRIORITY) {
        const struct sb_model_job *const job = ctx->run == 0 ? NULL : sb_model_job(screen->model, ctx->job);
        if (job == NULL)
            sb_text_add(text, "-");
        else
            sb_text_add_u64(text, job->priority);
    } else if (column == GENERATION) {
        sb_text_add_u64(text, ctx->generation);
    } else if (column == HEAP) {
        sb_add_heap(ctx, text);
    } else if (column == CPU) {
        sb_add_cpu(ctx, text);
    } else {
        add_owner(screen, ctx, text);
        *slot = ctx->run == 0 ? SB_SLOT_DIM : ctx->is_borrowed || ctx->is_burst ? SB_SLOT_WARN : SB_SLOT_TEXT;
    }
}

static bool is_marked(const void *context, uint32_t row)
{
    const struct sb_screen *const screen = context;
    uint16_t list[SB_CONTEXTS_MAX];
    return row < sb_contexts_shown(screen, list) && sb_mark_is_shown(screen, SB_PANE_CONTEXTS, row, list[row]);
}

/* "q1 account_discovery high 17s"; `is_long`: with its words. */
static void add_waiter(const struct sb_screen *screen, struct sb_text *text, uint32_t number, bool is_long)
{
    const struct sb_model_waiter *const waiter = &screen->model->waiters[number];
    sb_text_add(text, "q");
    sb_text_add_u64(text, number + 1U);
    sb_text_add(text, " ");
    sb_text_add(text, sb_model_job_name(screen->model, waiter->job));
    sb_text_add(text, is_long ? " waits for lane " : " ");
    sb_text_add(text, sb_lane_text(waiter->lane));
    sb_text_add(text, " ");
    sb_model_add_age(text, screen->now.mono > waiter->since ? screen->now.mono - waiter->since : 0);
}

/* Who waits, next first, one a row; the last row takes as many of the rest as it has room for. */
static void draw_waiters(const struct sb_screen *screen, const struct sb_view *view, unsigned row)
{
    const uint32_t count = screen->model->waiter_count;
    for (uint32_t i = 0; i < count && row < view->box.rows; row++) {
        char buffer[160];
        struct sb_text text;
        const bool is_last = row + 1U == view->box.rows;
        unsigned at = 1;
        do {
            sb_text_init(&text, buffer, sizeof buffer);
            add_waiter(screen, &text, i, !is_last);
            if (at > 1 && at + text.len + 9 > view->box.cols) /* as much as "+99 more" needs */
                break;
            at += sb_view_text(view, row, at, view->box.cols, SB_SLOT_WAIT, buffer) + 2;
            i++;
        } while (is_last && i < count);
        if (!is_last || i == count)
            continue;
        sb_text_init(&text, buffer, sizeof buffer);
        sb_text_add(&text, "+");
        sb_text_add_u64(&text, count - i);
        sb_text_add(&text, " more");
        const unsigned width = (unsigned)text.len;
        sb_view_text(view, row, at + width <= view->box.cols ? at : view->box.cols > width ? view->box.cols - width : 0, width, SB_SLOT_WAIT, buffer);
    }
}

void sb_pane_draw_contexts(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    const struct sb_model *const model = screen->model;
    uint16_t list[SB_CONTEXTS_MAX];
    const uint32_t count = sb_contexts_shown(screen, list);
    struct sb_column own[COLUMNS];
    for (unsigned i = 0; i < COLUMNS; i++)
        own[i] = columns[i];
    if (view->box.cols < ROOM_FOR_ALL)
        own[PRIORITY].width = own[GENERATION].width = UINT8_MAX; /* dropped */
    if (view->box.cols < ROOM_FOR_USAGE)
        own[HEAP].width = own[CPU].width = UINT8_MAX;
    const struct sb_table table = {
        .columns = own, .column_count = COLUMNS, .cell = cell, .context = screen, .total = count,
        .has_header = count > 0 && view->box.rows > count + 1, .has_selection = screen->focus == SB_PANE_CONTEXTS,
        .has_focus = screen->focus == SB_PANE_CONTEXTS, .is_marked = is_marked,
    };
    const unsigned used = sb_table_draw(view, &table, &screen->scrolls[SB_PANE_CONTEXTS]) + (table.has_header ? 1U : 0U);
    screen->visible[SB_PANE_CONTEXTS] = view->box.rows;
    if (count == 0)
        sb_view_text(view, 0, 1, view->box.cols, SB_SLOT_DIM,
                     screen->filters[SB_PANE_CONTEXTS][0] != '\0' ? "no context fits the filter" : "no context is defined");
    sb_find_paint_all(screen, SB_PANE_CONTEXTS, view);
    draw_waiters(screen, view, used);
    sb_text_add_u64(text, sb_model_contexts_leased(model));
    sb_text_add(text, "/");
    sb_text_add_u64(text, model->pool_contexts);
    sb_text_add(text, " q");
    sb_text_add_u64(text, model->waiter_count);
    sb_find_title(screen, SB_PANE_CONTEXTS, text);
    sb_marks_say(screen, SB_PANE_CONTEXTS, text);
    if (model->is_saturated)
        sb_text_add(text, " FULL!");
    if (model->memory_level > 0) { /* which lanes stand still is in the words of the event and the alert */
        sb_text_add(text, model->memory_level > 1 ? " MEM!! " : " MEM! ");
        sb_text_add_u64(text, model->memory_used_mib);
        sb_text_add(text, "/");
        sb_text_add_u64(text, model->memory_limit_mib);
        sb_text_add(text, " MiB");
    }
    sb_text_add(right, sb_lane_policy_text(model->lane_policy));
    if (model->lane_policy != model->lane_policy_defined)
        sb_text_add(right, "!");
    if (model->lane_policy_until > screen->now.mono) {
        sb_text_add_u64(right, (uint64_t)((model->lane_policy_until - screen->now.mono + SB_MIN(1) - 1) / SB_MIN(1)));
        sb_text_add(right, "m");
    }
}
