/* Owns what actions do: movement and views, and the commands which run at once. Guarded ones are in questions.c. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

struct sb_text sb_notice(struct sb_screen *screen, struct sb_now now, bool is_bad)
{
    struct sb_text text;
    screen->notice.until = sb_ns_add(now.mono, SB_NOTICE_TIME);
    screen->notice.is_bad = is_bad;
    sb_text_init(&text, screen->notice.text, sizeof screen->notice.text);
    return text;
}

void sb_notice_say(struct sb_screen *screen, struct sb_now now, bool is_bad, const char *said)
{
    struct sb_text text = sb_notice(screen, now, is_bad);
    sb_text_add(&text, said);
}

void sb_notice_keys(struct sb_screen *screen, struct sb_now now, bool is_bad, const char *words)
{
    struct sb_text text = sb_notice(screen, now, is_bad);
    sb_add_keys(screen, &text, words);
}

/* ---- commands ---- */

void sb_emit(struct sb_screen *screen, struct sb_now now, const struct sb_command *command, const char *target, struct sb_screen_answer *answer)
{
    struct sb_pending *place = &screen->pending[0];
    for (unsigned i = 0; i < SB_PENDING_MAX; i++) {
        struct sb_pending *const pending = &screen->pending[i];
        if (!pending->is_used) {
            place = pending;
            break;
        }
        if (pending->number < place->number)
            place = pending; /* all taken: the oldest is told no more, its event still reaches the log */
    }
    memset(place, 0, sizeof *place);
    place->is_used = true;
    place->number = ++screen->sent;
    place->since = now.mono;
    place->at = now.wall;
    struct sb_text text;
    sb_text_init(&text, place->text, sizeof place->text);
    sb_text_add(&text, sb_command_infos[command->kind].name);
    sb_text_add(&text, " ");
    sb_text_add(&text, target);
    answer->has_command = true;
    answer->command = *command;
    screen->notice.text[0] = '\0';
}

const struct sb_model_job *sb_target(struct sb_screen *screen, struct sb_now now, uint16_t *id)
{
    const struct sb_model_job *const shown = sb_model_job(screen->model, screen->selected_job);
    if (shown == NULL || !sb_streq(shown->name, screen->selected_name)) {
        sb_notice_say(screen, now, true, "no job is selected");
        return NULL;
    }
    if (!screen->is_chosen && screen->settled_at != 0 && now.mono - screen->settled_at < SB_SETTLE_TIME) {
        struct sb_text text = sb_notice(screen, now, true);
        sb_text_add(&text, "the selection has just moved to ");
        sb_text_add(&text, shown->name);
        sb_text_add(&text, ": press again if you mean it");
        return NULL;
    }
    if (screen->focus == SB_PANE_RUN && screen->shown.run != shown->run.id) { /* an old run is no target, and must not stand for a new one */
        struct sb_text text = sb_notice(screen, now, true);
        sb_text_add(&text, "run ");
        sb_text_add_u64(&text, screen->shown.run);
        sb_text_add(&text, " is over and ");
        sb_text_add(&text, shown->name);
        sb_text_add(&text, " has gone on; its detail (q) is where it is acted on");
        return NULL;
    }
    const struct sb_model_job *const live = sb_model_job(screen->live, screen->selected_job);
    if (live == NULL || !sb_streq(live->name, shown->name) || live->run.id != shown->run.id || live->is_paused != shown->is_paused) {
        struct sb_text text = sb_notice(screen, now, true);
        sb_text_add(&text, "refused: ");
        sb_text_add(&text, shown->name);
        sb_text_add(&text, " moved since the picture was frozen; shown ");
        sb_text_add(&text, sb_job_state_mark((enum sb_job_state)shown->state));
        sb_text_add(&text, ", now ");
        sb_text_add(&text, live == NULL ? "gone" : sb_job_state_mark((enum sb_job_state)live->state));
        sb_add_keys(screen, &text, " ({FREEZE} shows it)");
        return NULL;
    }
    screen->is_chosen = true; /* who acts on a job has chosen it */
    *id = screen->selected_job;
    return live;
}

static void act_pause(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    uint16_t id = SB_NO_JOB;
    const struct sb_model_job *const job = sb_target(screen, now, &id);
    if (job == NULL)
        return;
    struct sb_command command = sb_command_make(job->is_paused ? SB_COMMAND_RESUME_JOB : SB_COMMAND_PAUSE_JOB, 0, screen->actor);
    command.job = id;
    sb_emit(screen, now, &command, job->name, answer);
    sb_undo_arm(screen, now, &command, job->name);
}

static void act_retry(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    uint16_t id = SB_NO_JOB;
    const struct sb_model_job *const job = sb_target(screen, now, &id);
    if (job == NULL)
        return;
    if (!sb_model_run_is_retryable(&job->run)) {
        struct sb_text text = sb_notice(screen, now, true);
        sb_text_add(&text, "nothing to retry: ");
        sb_text_add(&text, job->name);
        sb_text_add(&text, job->run.id == 0 ? " has not run yet" : ", its run is ");
        sb_text_add(&text, job->run.id == 0 ? "" : sb_run_state_text(job->run.state));
        return;
    }
    struct sb_command command = sb_command_make(SB_COMMAND_RETRY_RUN, 0, screen->actor);
    command.job = id;
    command.run = job->run.id;
    sb_emit(screen, now, &command, job->name, answer);
}

static void focus_on(struct sb_screen *screen, enum sb_pane pane)
{
    sb_nav_forget(screen);
    if (screen->focus < SB_PANE_CONTENT) /* where q leads from the panes that take another's place */
        screen->lent_from = screen->focus;
    screen->focus = pane;
    screen->is_zoomed = false;
    screen->is_prompting = false;
}

void sb_focus_on(struct sb_screen *screen, enum sb_pane pane)
{
    focus_on(screen, pane);
}

static void act_ack(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    /* Elsewhere it only leads there: nothing is acknowledged unseen. */
    if (screen->focus != SB_PANE_ALERTS && screen->focus != SB_PANE_ALERT_DETAIL) {
        focus_on(screen, SB_PANE_ALERTS);
        sb_notice_keys(screen, now, false, "alerts: {ACK} acknowledges the selected one");
        return;
    }
    const struct sb_model_alert *const alert = sb_target_alert(screen);
    if (alert == NULL) {
        sb_notice_keys(screen, now, false, sb_selected_silence(screen) != NULL ? "that is a silence; {UNSILENCE} ends it" : "no alert is active");
        return;
    }
    if (alert->is_acked) {
        struct sb_text text = sb_notice(screen, now, false);
        sb_text_add(&text, "already acknowledged by ");
        sb_text_add(&text, alert->acked_by);
        return;
    }
    struct sb_command command = sb_command_make(SB_COMMAND_ACK_ALERT, 0, screen->actor);
    command.alert = alert->id;
    sb_emit(screen, now, &command, alert->subject, answer);
    sb_undo_arm(screen, now, &command, alert->subject);
}

/* ---- views ---- */

static void act_help(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)now;
    (void)answer;
    if (screen->focus == SB_PANE_HELP)
        return;
    const bool is_zoomed = screen->is_zoomed;
    sb_nav_open(screen, SB_PANE_HELP);
    screen->is_zoomed = is_zoomed;
    screen->filters[SB_PANE_HELP][0] = '\0';
}

static void act_filter(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)now;
    (void)answer;
    sb_copy(screen->prompt_before, sizeof screen->prompt_before, screen->filters[screen->focus]);
    screen->filters[screen->focus][0] = '\0';
    screen->is_prompting = true;
    screen->find.why[0] = '\0';
    sb_find_forget(screen);
    sb_order_invalidate(screen);
}

static void act_freeze(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    if (sb_past_leave(screen, now, answer))
        return;
    screen->is_frozen = !screen->is_frozen;
    if (screen->is_frozen) {
        sb_model_copy(screen->frozen, screen->live);
        screen->frozen_at = now;
        screen->frozen_changes = screen->live->changes;
    }
    sb_order_invalidate(screen);
}

static void act_follow(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)now;
    (void)answer;
    if (screen->is_following)
        screen->log_end = screen->model->log_total;
    screen->is_following = !screen->is_following;
}

static void act_time(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)now;
    (void)answer;
    screen->is_absolute_time = !screen->is_absolute_time;
}

static void act_redraw(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)now;
    sb_wants_arrive(screen, true); /* F5 is also: ask again */
    answer->wants_redraw = true;
}

static void give_verdict(struct sb_screen *screen, enum sb_screen_verdict verdict, struct sb_now now, struct sb_screen_answer *answer)
{
    if (screen->content.settled_at != 0 && now.mono - screen->content.settled_at < SB_SETTLE_TIME) {
        sb_notice_say(screen, now, true, "the row under the cursor has just gone: press again if you mean what is there now");
        return;
    }
    if (screen->content.item[0] == '\0') {
        sb_notice_say(screen, now, true, "no content row is under the cursor");
        return;
    }
    answer->verdict = verdict;
    (void)sb_copy(answer->content_id, sizeof answer->content_id, screen->content.item);
}

static void act_approve(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    give_verdict(screen, SB_SCREEN_APPROVE, now, answer);
}

static void act_reject(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    give_verdict(screen, SB_SCREEN_REJECT, now, answer);
}

static void act_edit(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    give_verdict(screen, SB_SCREEN_EDIT, now, answer);
}

static void act_settle(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    if (screen->content.post[0] == '\0') {
        sb_notice_say(screen, now, true, "no post is under the cursor: go to a line \"may be post ...\" of an uncertain row");
        return;
    }
    give_verdict(screen, SB_SCREEN_SETTLE, now, answer);
    (void)sb_copy(answer->post_id, sizeof answer->post_id, screen->content.post);
}

static void act_back(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    if (sb_nav_back(screen)) {
        sb_wants_arrive(screen, false);
    } else if (screen->focus >= SB_PANE_NUMBERED) { /* nobody remembers from where */
        focus_on(screen, SB_PANE_JOBS);
    } else if (screen->is_zoomed) {
        screen->is_zoomed = false;
    } else if (screen->focus >= SB_PANE_CONTENT) {
        focus_on(screen, screen->lent_from);
    } else if (!sb_past_leave(screen, now, answer)) {
        sb_notice_keys(screen, now, false, "nothing to go back to; {LEAVE} leaves");
    }
}

static void go(struct sb_screen *screen, int step)
{
    const int at = screen->focus < SB_PANE_NUMBERED ? (int)screen->focus : 0;
    focus_on(screen, (enum sb_pane)((at + step + SB_PANE_NUMBERED) % SB_PANE_NUMBERED));
}

static void act_layout(struct sb_screen *screen)
{
    focus_on(screen, SB_PANE_JOBS);
    screen->is_chosen = false;
    sb_order_invalidate(screen);
}

static void act_zoom(struct sb_screen *screen)
{
    if (screen->focus < SB_PANE_NUMBERED)
        screen->is_zoomed = !screen->is_zoomed;
}

/* ---- movement ---- */

static void move_alert(struct sb_screen *screen, int64_t delta)
{
    uint16_t order[SB_ALERTS_MAX];
    uint8_t silences[SB_SILENCES_MAX];
    const uint32_t count = sb_alert_order(screen, order), all = count + sb_silence_list(screen->model, silences);
    struct sb_scroll *const scroll = &screen->scrolls[SB_PANE_ALERTS];
    sb_scroll_move(scroll, delta, all);
    screen->selected_silence = 0;
    if (scroll->selected < count)
        screen->selected_alert = screen->model->alerts[order[scroll->selected]].id;
    else if (all > count)
        screen->selected_silence = screen->model->silences[silences[scroll->selected - count]].id;
}

void sb_act_move_by(struct sb_screen *screen, int64_t delta)
{
    sb_find_forget(screen);
    if (screen->focus == SB_PANE_JOBS)
        sb_selection_move(screen, delta);
    else if (screen->focus == SB_PANE_ALERTS)
        move_alert(screen, delta);
    else if (screen->focus == SB_PANE_SERVICES)
        sb_service_move(screen, delta);
    else if (screen->focus == SB_PANE_TIMELINE)
        sb_timeline_move(screen, delta);
    else if (screen->focus == SB_PANE_LOG)
        sb_log_move(screen, delta > SB_MODEL_LOG ? SB_MODEL_LOG : delta < -SB_MODEL_LOG ? -SB_MODEL_LOG : delta);
    else if (screen->focus == SB_PANE_HISTORY || screen->focus == SB_PANE_AUDIT)
        sb_page_move(screen, delta);
    else
        sb_scroll_move(&screen->scrolls[screen->focus], delta, sb_pane_infos[screen->focus].rows(screen));
}

static int64_t page_of(const struct sb_screen *screen)
{
    return screen->visible[screen->focus] > 1 ? (int64_t)screen->visible[screen->focus] : 1;
}

static bool act_move(struct sb_screen *screen, enum sb_key_action action)
{
    const int64_t page = page_of(screen), half = page / 2 > 0 ? page / 2 : 1;
    const struct {
        enum sb_key_action action;
        int64_t delta;
    } moves[] = {
        {SB_KEY_ACTION_DOWN, 1},          {SB_KEY_ACTION_UP, -1},            {SB_KEY_ACTION_TOP, INT32_MIN},   {SB_KEY_ACTION_BOTTOM, INT32_MAX},
        {SB_KEY_ACTION_HALF_DOWN, half},  {SB_KEY_ACTION_HALF_UP, -half},    {SB_KEY_ACTION_PAGE_DOWN, page},  {SB_KEY_ACTION_PAGE_UP, -page},
    };
    for (unsigned i = 0; i < SB_LEN(moves); i++) {
        if (moves[i].action != action)
            continue;
        sb_act_move_by(screen, moves[i].delta);
        if (action == SB_KEY_ACTION_BOTTOM && screen->focus == SB_PANE_LOG)
            screen->is_following = true;
        return true;
    }
    return false;
}

static bool act_pane(struct sb_screen *screen, enum sb_key_action action)
{
    if (action >= SB_KEY_ACTION_PANE_1 && action <= SB_KEY_ACTION_PANE_9)
        focus_on(screen, (enum sb_pane)((unsigned)action - SB_KEY_ACTION_PANE_1));
    else if (action == SB_KEY_ACTION_NEXT_PANE || action == SB_KEY_ACTION_PREV_PANE)
        go(screen, action == SB_KEY_ACTION_NEXT_PANE ? 1 : -1);
    else if (action == SB_KEY_ACTION_LAYOUT)
        act_layout(screen);
    else if (action == SB_KEY_ACTION_ZOOM)
        act_zoom(screen);
    else if (action == SB_KEY_ACTION_RANGE_LESS || action == SB_KEY_ACTION_RANGE_MORE)
        sb_timeline_range(screen, action == SB_KEY_ACTION_RANGE_MORE ? 1 : -1);
    else
        return false;
    return true;
}

void sb_act_do(struct sb_screen *screen, enum sb_key_action action, struct sb_now now, struct sb_screen_answer *answer)
{
    static sb_act *const acts[SB_KEY_ACTION_COUNT] = {
        [SB_KEY_ACTION_HELP] = act_help,       [SB_KEY_ACTION_FILTER] = act_filter, [SB_KEY_ACTION_FILTER_CLEAR] = sb_act_filter_clear,
        [SB_KEY_ACTION_PAUSE] = act_pause,     [SB_KEY_ACTION_RETRY] = act_retry,   [SB_KEY_ACTION_PROBE] = sb_act_probe,
        [SB_KEY_ACTION_RETRY_WHOLE] = sb_act_retry_whole, [SB_KEY_ACTION_FORCE] = sb_act_force, [SB_KEY_ACTION_CANCEL] = sb_act_cancel,
        [SB_KEY_ACTION_KILL] = sb_act_kill,    [SB_KEY_ACTION_RECYCLE] = sb_act_recycle, [SB_KEY_ACTION_PAUSE_ALL] = sb_act_pause_all,
        [SB_KEY_ACTION_POLICY] = sb_act_policy, [SB_KEY_ACTION_AUDIT] = sb_act_audit,
        [SB_KEY_ACTION_APPROVE] = act_approve, [SB_KEY_ACTION_REJECT] = act_reject,
        [SB_KEY_ACTION_SETTLE] = act_settle,   [SB_KEY_ACTION_EDIT] = act_edit,
        [SB_KEY_ACTION_ACK] = act_ack,         [SB_KEY_ACTION_UNDO] = sb_act_undo,     [SB_KEY_ACTION_FREEZE] = act_freeze,
        [SB_KEY_ACTION_FOLLOW] = act_follow,   [SB_KEY_ACTION_TIME] = act_time,     [SB_KEY_ACTION_OPEN] = sb_act_open,
        [SB_KEY_ACTION_MOUSE] = sb_act_mouse,
        [SB_KEY_ACTION_MARK] = sb_act_mark,    [SB_KEY_ACTION_MARK_RANGE] = sb_act_mark_range,
        [SB_KEY_ACTION_MARK_ALL] = sb_act_mark_all, [SB_KEY_ACTION_MARK_CLEAR] = sb_act_mark_clear,
        [SB_KEY_ACTION_ACK_ALL] = sb_act_ack_all, [SB_KEY_ACTION_SILENCE] = sb_act_silence,
        [SB_KEY_ACTION_UNSILENCE] = sb_act_unsilence, [SB_KEY_ACTION_TIER] = sb_act_tier,
        [SB_KEY_ACTION_RECOVER] = sb_act_recover, [SB_KEY_ACTION_BREAKER] = sb_act_breaker,
        [SB_KEY_ACTION_CAPTURE] = sb_act_capture, [SB_KEY_ACTION_COPY] = sb_act_copy, [SB_KEY_ACTION_COPY_PANE] = sb_act_copy_pane,
        [SB_KEY_ACTION_INCIDENT] = sb_act_incident,
        [SB_KEY_ACTION_PAST_BACK] = sb_act_past_back, [SB_KEY_ACTION_PAST_FORWARD] = sb_act_past_forward,
        [SB_KEY_ACTION_PAST_CHANGE_BEFORE] = sb_act_past_change_before, [SB_KEY_ACTION_PAST_CHANGE_AFTER] = sb_act_past_change_after,
        [SB_KEY_ACTION_PAST_GO] = sb_act_past_go,
        [SB_KEY_ACTION_BACK] = act_back,       [SB_KEY_ACTION_REDRAW] = act_redraw, [SB_KEY_ACTION_LEAVE] = sb_act_leave,
        [SB_KEY_ACTION_TAKE_OVER] = sb_act_take_over,
        [SB_KEY_ACTION_NEXT_MATCH] = sb_act_next_match, [SB_KEY_ACTION_PREV_MATCH] = sb_act_prev_match,
        [SB_KEY_ACTION_PALETTE] = sb_act_palette, [SB_KEY_ACTION_SORT] = sb_act_sort,
        [SB_KEY_ACTION_SORT_LEFT] = sb_act_sort_left, [SB_KEY_ACTION_SORT_RIGHT] = sb_act_sort_right,
        [SB_KEY_ACTION_INVERT] = sb_act_invert, [SB_KEY_ACTION_COLUMNS] = sb_act_columns,
        [SB_KEY_ACTION_COLUMN_LEFT] = sb_act_column_left, [SB_KEY_ACTION_COLUMN_RIGHT] = sb_act_column_right,
        [SB_KEY_ACTION_TAIL] = sb_act_tail, [SB_KEY_ACTION_WRAP] = sb_act_wrap, [SB_KEY_ACTION_MARK_LINE] = sb_act_mark_line,
    };
    if (sb_past_refuses(screen, action, now) || act_move(screen, action) || act_pane(screen, action) || sb_bulk_act(screen, action, now))
        return;
    if (action < SB_KEY_ACTION_COUNT && acts[action] != NULL)
        acts[action](screen, now, answer);
}
