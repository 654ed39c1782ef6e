/* Owns one action on many: what is marked becomes items, each latched when the key is pressed, and a question that names them. How they are
 * sent and answered is in sending.c. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { NAMES_COLS = 72 };

void sb_bulk_begin(struct sb_screen *screen, enum sb_pane pane, enum sb_command_kind kind, struct sb_now now)
{
    struct sb_bulk *const bulk = &screen->bulk;
    bulk->kind = (uint8_t)kind;
    bulk->pane = (uint8_t)pane;
    bulk->is_running = bulk->is_said = false;
    bulk->count = bulk->next = 0;
    bulk->since = now.mono;
    bulk->at = now.wall;
    if (screen->undo.is_bulk)
        screen->undo.is_armed = false; /* the items that it would take back are no longer kept */
}

struct sb_bulk_item *sb_bulk_add(struct sb_screen *screen, uint32_t mark, const char *name)
{
    struct sb_bulk *const bulk = &screen->bulk;
    if (bulk->count == SB_MARKS_MAX)
        return NULL;
    struct sb_bulk_item *const item = &bulk->items[bulk->count++];
    memset(item, 0, sizeof *item);
    item->mark = mark;
    item->command = sb_command_make((enum sb_command_kind)bulk->kind, 0, screen->actor);
    item->command.confirmed = true;
    sb_copy(item->name, sizeof item->name, name);
    return item;
}

uint32_t sb_bulk_count(const struct sb_bulk *bulk, enum sb_bulk_state state)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < bulk->count; i++)
        count += bulk->items[i].state == state;
    return count;
}

/* ---- whether an item can be done now ---- */

static const char *job_blocks(const struct sb_screen *screen, const struct sb_bulk_item *item)
{
    const struct sb_command *const command = &item->command;
    const struct sb_model_job *const job = sb_model_job(screen->live, command->job);
    if (job == NULL || !sb_streq(job->name, item->name))
        return "has vanished";
    if (command->run != 0 && job->run.id != command->run)
        return "has another run by now";
    if (command->kind == SB_COMMAND_PAUSE_JOB)
        return job->is_paused ? "is paused already" : NULL;
    if (command->kind == SB_COMMAND_RESUME_JOB)
        return job->is_paused ? NULL : "is not paused";
    if (command->kind == SB_COMMAND_RETRY_RUN || command->kind == SB_COMMAND_RETRY_RUN_WHOLE)
        return sb_model_run_is_retryable(&job->run) ? NULL : "has no failed run";
    if (command->kind == SB_COMMAND_CANCEL_RUN || command->kind == SB_COMMAND_KILL_RUN)
        return sb_model_run_is_active(&job->run) ? NULL : "has no active run";
    return NULL; /* the core knows best */
}

static const char *alert_blocks(const struct sb_screen *screen, const struct sb_bulk_item *item)
{
    const struct sb_model *const model = screen->live;
    for (uint32_t i = 0; i < model->alert_count; i++) {
        const struct sb_model_alert *const alert = &model->alerts[i];
        if (alert->id != item->mark || !sb_streq(alert->subject[0] != '\0' ? alert->subject : sb_rule_text(alert->rule), item->name))
            continue;
        return alert->is_acked && item->command.kind == SB_COMMAND_ACK_ALERT ? "is acknowledged already" : NULL;
    }
    return "has cleared";
}

static const char *context_blocks(const struct sb_screen *screen, const struct sb_bulk_item *item)
{
    const struct sb_model_ctx *const ctx = &screen->live->contexts[item->command.ctx];
    if (!ctx->is_defined || ctx->state == SB_CTX_STATE_DOWN)
        return "is not open";
    return ctx->generation == item->generation && ctx->run == item->holder ? NULL : "has another holder by now";
}

static const char *blocks(const struct sb_screen *screen, const struct sb_bulk_item *item)
{
    if (screen->bulk.pane == SB_PANE_JOBS)
        return job_blocks(screen, item);
    return screen->bulk.pane == SB_PANE_ALERTS ? alert_blocks(screen, item) : context_blocks(screen, item);
}

void sb_bulk_look(struct sb_screen *screen)
{
    for (uint32_t i = 0; i < screen->bulk.count; i++) {
        struct sb_bulk_item *const item = &screen->bulk.items[i];
        const char *const why = item->state == SB_BULK_READY ? blocks(screen, item) : NULL;
        if (why != NULL) {
            item->state = SB_BULK_SKIPPED;
            sb_copy(item->why, sizeof item->why, why);
        }
    }
}

/* ---- what is marked ---- */

/* Pausing goes before resuming: only when everything marked is paused, p resumes. */
static enum sb_command_kind pause_or_resume(const struct sb_screen *screen)
{
    for (uint32_t i = 0; i < screen->marks.count; i++) {
        const struct sb_mark *const mark = &screen->marks.marks[i];
        const struct sb_model_job *const job = mark->pane == SB_PANE_JOBS ? sb_model_job(screen->model, (uint16_t)mark->id) : NULL;
        if (job != NULL && sb_streq(job->name, mark->name) && !job->is_paused)
            return SB_COMMAND_PAUSE_JOB;
    }
    return SB_COMMAND_RESUME_JOB;
}

static bool latches_run(unsigned kind)
{
    return kind == SB_COMMAND_RETRY_RUN || kind == SB_COMMAND_RETRY_RUN_WHOLE || kind == SB_COMMAND_CANCEL_RUN || kind == SB_COMMAND_KILL_RUN;
}

static void latch(const struct sb_screen *screen, struct sb_bulk_item *item)
{
    const struct sb_model *const shown = screen->model; /* what was seen; whether it still is so, is asked of the live one */
    if (screen->bulk.pane == SB_PANE_JOBS) {
        item->command.job = (uint16_t)item->mark;
        const struct sb_model_job *const job = sb_model_job(shown, item->command.job);
        if (job != NULL && latches_run(item->command.kind))
            item->command.run = job->run.id;
    } else if (screen->bulk.pane == SB_PANE_CONTEXTS) {
        item->command.ctx = (uint16_t)item->mark;
        item->generation = shown->contexts[item->mark].generation;
        item->holder = shown->contexts[item->mark].run;
    } else {
        item->command.alert = item->mark;
    }
}

static void take_marks(struct sb_screen *screen, enum sb_command_kind kind, struct sb_now now)
{
    sb_bulk_begin(screen, screen->focus, kind, now);
    for (uint32_t i = 0; i < screen->marks.count; i++) {
        const struct sb_mark *const mark = &screen->marks.marks[i];
        if (mark->pane != screen->focus)
            continue;
        struct sb_bulk_item *const item = sb_bulk_add(screen, mark->id, mark->name);
        if (item != NULL)
            latch(screen, item);
    }
    sb_bulk_look(screen);
}

/* ---- the question ---- */

/* "a, b, c" over as many lines as may be used; the rest is counted. */
static void lines_of(const struct sb_bulk *bulk, enum sb_bulk_state state, const char *before, unsigned lines, struct sb_dialog *dialog)
{
    struct sb_text text = {0};
    uint32_t left = sb_bulk_count(bulk, state);
    unsigned used = 0;
    for (uint32_t i = 0; i < bulk->count; i++) {
        const struct sb_bulk_item *const item = &bulk->items[i];
        if (item->state != state)
            continue;
        const size_t size = strlen(item->name) + (item->why[0] != '\0' ? strlen(item->why) + 1 : 0) + 2;
        if (text.buf == NULL || text.len + size > NAMES_COLS - (used == lines ? 10U : 0)) {
            if (used == lines) {
                sb_text_add(&text, " +");
                sb_text_add_u64(&text, left);
                return;
            }
            text = sb_ask_line(dialog);
            sb_text_add(&text, used++ == 0 ? before : "  ");
        } else {
            sb_text_add(&text, ", ");
        }
        sb_text_add(&text, item->name);
        if (item->why[0] != '\0') {
            sb_text_add(&text, " ");
            sb_text_add(&text, item->why);
        }
        left--;
    }
}

static const char *verb_of(unsigned kind)
{
    static const char *const verbs[SB_COMMAND_COUNT] = {
        [SB_COMMAND_PAUSE_JOB] = "Pause",         [SB_COMMAND_RESUME_JOB] = "Resume",  [SB_COMMAND_RETRY_RUN] = "Retry from the failed step:",
        [SB_COMMAND_RETRY_RUN_WHOLE] = "Retry from the first step:", [SB_COMMAND_RUN_JOB] = "Force-run", [SB_COMMAND_CANCEL_RUN] = "Cancel",
        [SB_COMMAND_KILL_RUN] = "KILL",           [SB_COMMAND_ACK_ALERT] = "Acknowledge", [SB_COMMAND_SILENCE] = "Silence",
        [SB_COMMAND_RECYCLE_CONTEXT] = "Recycle",
    };
    return kind < SB_COMMAND_COUNT && verbs[kind] != NULL ? verbs[kind] : "Do";
}

/* What that does to each of them. */
static const char *effect_of(unsigned kind)
{
    static const char *const effects[SB_COMMAND_COUNT] = {
        [SB_COMMAND_PAUSE_JOB] = "they start nothing new; what runs goes on to its end",
        [SB_COMMAND_RESUME_JOB] = "they run again at their next time",
        [SB_COMMAND_RETRY_RUN_WHOLE] = "all their steps run again, those that had succeeded too",
        [SB_COMMAND_CANCEL_RUN] = "each running step is asked to stop, then stopped",
        [SB_COMMAND_KILL_RUN] = "their contexts, child processes and requests are ended at once",
        [SB_COMMAND_RECYCLE_CONTEXT] = "a run on one of them is stopped and retried",
        [SB_COMMAND_ACK_ALERT] = "no more notices until one gets worse, clears, or its acknowledgement ends",
    };
    return kind < SB_COMMAND_COUNT ? effects[kind] : NULL;
}

static void line_of_hidden(const struct sb_screen *screen, struct sb_dialog *dialog)
{
    const struct sb_mark_count count = sb_marks_count(screen, (enum sb_pane)screen->bulk.pane);
    if (count.hidden == 0)
        return;
    struct sb_text text = sb_ask_line(dialog);
    sb_text_add_u64(&text, count.hidden);
    sb_text_add(&text, " of the marked are hidden by the filter");
}

/* How many of them go past something, and past what. */
static bool line_of_overrides(const struct sb_screen *screen, struct sb_dialog *dialog)
{
    const struct sb_model *const model = screen->live;
    unsigned paused = 0, active = 0, browsers = 0, denied = 0;
    for (uint32_t i = 0; i < screen->bulk.count; i++) {
        const struct sb_bulk_item *const item = &screen->bulk.items[i];
        if (item->state != SB_BULK_READY)
            continue;
        const struct sb_model_job *const job = &model->jobs[item->command.job];
        paused += sb_model_is_paused(model, job);
        active += sb_model_run_is_active(&job->run);
        browsers += job->needs_browser;
        denied += job->needs_llm && model->budget.is_known && model->budget.tier >= SB_TIER_CRITICAL;
    }
    struct sb_text text = sb_ask_line(dialog);
    sb_text_add(&text, "overrides the schedule of all; a pause: ");
    sb_text_add_u64(&text, paused);
    sb_text_add(&text, "; the budget: ");
    sb_text_add_u64(&text, denied);
    sb_text_add(&text, "; active already: ");
    sb_text_add_u64(&text, active);
    text = sb_ask_line(dialog);
    sb_text_add_u64(&text, browsers);
    sb_text_add(&text, " take a context ahead of ");
    sb_text_add_u64(&text, model->waiter_count);
    sb_text_add(&text, " waiting; leased ");
    sb_text_add_u64(&text, sb_model_contexts_leased(model));
    sb_text_add(&text, "/");
    sb_text_add_u64(&text, model->pool_contexts);
    return denied > 0;
}

static void word_of(struct sb_dialog *dialog, const char *verb, uint32_t count)
{
    struct sb_text text;
    sb_text_init(&text, dialog->word, sizeof dialog->word);
    sb_text_add(&text, verb);
    sb_text_add(&text, " ");
    sb_text_add_u64(&text, count);
}

static void go(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    for (uint32_t i = 0; i < screen->bulk.count; i++)
        sb_copy(screen->bulk.items[i].command.reason, SB_NOTE_MAX, screen->dialog.command.reason);
    sb_bulk_start(screen, now);
}

void sb_bulk_describe(const struct sb_screen *screen, struct sb_dialog *dialog)
{
    const struct sb_bulk *const bulk = &screen->bulk;
    struct sb_text text = sb_ask_title(dialog);
    sb_text_add(&text, verb_of(bulk->kind));
    sb_text_add(&text, " ");
    sb_text_add_u64(&text, sb_bulk_count(bulk, SB_BULK_READY));
    sb_text_add(&text, bulk->pane == SB_PANE_JOBS ? " jobs" : bulk->pane == SB_PANE_ALERTS ? " alerts" : " contexts");
    lines_of(bulk, SB_BULK_READY, "", 2, dialog);
    line_of_hidden(screen, dialog);
    lines_of(bulk, SB_BULK_SKIPPED, "skipped: ", 2, dialog);
    if (effect_of(bulk->kind) != NULL)
        sb_ask_say(dialog, effect_of(bulk->kind));
}

static void ask(struct sb_screen *screen, enum sb_key_action action, struct sb_now now)
{
    const struct sb_bulk *const bulk = &screen->bulk;
    const uint32_t ready = sb_bulk_count(bulk, SB_BULK_READY);
    struct sb_dialog *const dialog = sb_ask(screen, action, now, (enum sb_command_kind)bulk->kind);
    dialog->go = go;
    sb_bulk_describe(screen, dialog);
    if (bulk->kind == SB_COMMAND_RUN_JOB && line_of_overrides(screen, dialog))
        word_of(dialog, "run", ready); /* the budget says no */
    else if (bulk->kind == SB_COMMAND_KILL_RUN)
        word_of(dialog, "kill", ready);
    else if (bulk->kind == SB_COMMAND_RECYCLE_CONTEXT)
        word_of(dialog, "recycle", ready);
}

/* One that is selected needs no more of a question than without a mark. */
static bool is_the_selected(const struct sb_screen *screen, const struct sb_bulk_item *item)
{
    const struct sb_model_alert *const alert = screen->bulk.pane == SB_PANE_ALERTS ? sb_selected_alert(screen) : NULL;
    return screen->bulk.pane == SB_PANE_JOBS ? item->mark == screen->selected_job : alert != NULL && item->mark == alert->id;
}

/* Sends it, or asks first. */
static void propose(struct sb_screen *screen, enum sb_key_action action, bool is_asking, struct sb_now now)
{
    const struct sb_bulk *const bulk = &screen->bulk;
    const uint32_t ready = sb_bulk_count(bulk, SB_BULK_READY);
    if (ready == 0) {
        struct sb_text text = sb_notice(screen, now, true);
        sb_text_add(&text, "nothing to do: ");
        for (uint32_t i = 0; i < bulk->count && i < 3; i++) {
            sb_text_add(&text, i == 0 ? "" : ", ");
            sb_text_add(&text, bulk->items[i].name);
            sb_text_add(&text, " ");
            sb_text_add(&text, bulk->items[i].why);
        }
        sb_text_add(&text, bulk->count > 3 ? " ..." : "");
    } else if (!is_asking && bulk->count == 1 && is_the_selected(screen, &bulk->items[0])) {
        sb_bulk_start(screen, now);
    } else {
        ask(screen, action, now);
    }
}

bool sb_bulk_act(struct sb_screen *screen, enum sb_key_action action, struct sb_now now)
{
    static const struct {
        enum sb_key_action action;
        uint8_t pane, kind;
        bool is_asking; /* also for one */
    } acts[] = {
        {SB_KEY_ACTION_PAUSE, SB_PANE_JOBS, SB_COMMAND_PAUSE_JOB, false},
        {SB_KEY_ACTION_RETRY, SB_PANE_JOBS, SB_COMMAND_RETRY_RUN, false},
        {SB_KEY_ACTION_RETRY_WHOLE, SB_PANE_JOBS, SB_COMMAND_RETRY_RUN_WHOLE, true},
        {SB_KEY_ACTION_FORCE, SB_PANE_JOBS, SB_COMMAND_RUN_JOB, true},
        {SB_KEY_ACTION_CANCEL, SB_PANE_JOBS, SB_COMMAND_CANCEL_RUN, true},
        {SB_KEY_ACTION_KILL, SB_PANE_JOBS, SB_COMMAND_KILL_RUN, true},
        {SB_KEY_ACTION_RECYCLE, SB_PANE_CONTEXTS, SB_COMMAND_RECYCLE_CONTEXT, true},
        {SB_KEY_ACTION_ACK, SB_PANE_ALERTS, SB_COMMAND_ACK_ALERT, false},
    };
    for (unsigned i = 0; i < SB_LEN(acts); i++) {
        if (acts[i].action != action || acts[i].pane != (uint8_t)screen->focus)
            continue;
        sb_marks_settle(screen, now);
        if (sb_marks_count(screen, screen->focus).all == 0)
            return false;
        if (sb_bulk_is_busy(screen, now))
            return true;
        const bool is_pause = action == SB_KEY_ACTION_PAUSE;
        take_marks(screen, is_pause ? pause_or_resume(screen) : (enum sb_command_kind)acts[i].kind, now);
        propose(screen, action, acts[i].is_asking, now);
        return true;
    }
    return false;
}

void sb_act_ack_all(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    uint16_t order[SB_ALERTS_MAX];
    const uint32_t count = sb_alert_order(screen, order);
    if (sb_bulk_is_busy(screen, now))
        return;
    sb_bulk_begin(screen, SB_PANE_ALERTS, SB_COMMAND_ACK_ALERT, now);
    for (uint32_t i = 0; i < count; i++) {
        const struct sb_model_alert *const alert = &screen->model->alerts[order[i]];
        if (alert->is_acked)
            continue;
        struct sb_bulk_item *const item = sb_bulk_add(screen, alert->id, alert->subject[0] != '\0' ? alert->subject : sb_rule_text(alert->rule));
        if (item != NULL)
            latch(screen, item);
    }
    sb_bulk_look(screen);
    if (screen->bulk.count == 0)
        sb_notice_say(screen, now, false, count == 0 ? "no alert is active" : "all alerts are acknowledged");
    else
        propose(screen, SB_KEY_ACTION_ACK_ALL, true, now);
}
