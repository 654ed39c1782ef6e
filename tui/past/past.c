/* Owns where in a recording the past stands: finds places by time and by steps. What the model was there is in replay.c. Thread: one at a time. */
#include "past.h"

#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>

struct sb_past *sb_past_create(struct sb_history *history)
{
    struct sb_past *past = calloc(1, sizeof *past);
    if (past == NULL)
        return NULL;
    past->history = history;
    past->model = sb_model_create();
    if (past->model != NULL)
        return past;
    sb_past_destroy(past);
    return NULL;
}

void sb_past_destroy(struct sb_past *past)
{
    if (past == NULL)
        return;
    for (unsigned i = 0; i < PAST_KEYS; i++)
        sb_model_destroy(past->keys[i].model);
    sb_model_destroy(past->model);
    free(past);
}

const struct sb_model *sb_past_model(const struct sb_past *past)
{
    return past->model;
}

struct sb_wall sb_past_wall(const struct sb_past *past)
{
    return past->wall;
}

sb_ns sb_past_mono(const struct sb_past *past)
{
    const sb_ns after = sb_ns_sub(past->wall.ns, past->model->wall.ns);
    return sb_ns_add(past->model->now, after > 0 ? after : 0);
}

bool sb_past_is_change(const struct sb_event *event)
{
    static const bool changes[SB_EVENT_COUNT] = {
        [SB_EVENT_ALERT_RAISED] = true,    [SB_EVENT_ALERT_CLEARED] = true, [SB_EVENT_RUN_STUCK] = true,     [SB_EVENT_COMPONENT_CHANGED] = true,
        [SB_EVENT_BREAKER_CHANGED] = true, [SB_EVENT_BUDGET_TIER] = true,   [SB_EVENT_BUDGET_FORCED] = true, [SB_EVENT_ALL_PAUSED] = true,
        [SB_EVENT_ALL_RESUMED] = true,     [SB_EVENT_CLOCK_STEPPED] = true, [SB_EVENT_DRAIN_STARTED] = true, [SB_EVENT_RUNTIME_STARTED] = true,
    };
    if (event->kind == SB_EVENT_RUN_ENDED)
        return event->as.run_ended.state == SB_RUN_STATE_FAILED || event->as.run_ended.state == SB_RUN_STATE_QUARANTINED;
    return event->kind < SB_EVENT_COUNT && changes[event->kind];
}

static int64_t second_of(struct sb_wall wall)
{
    return wall.ns / SB_S(1);
}

static bool is_of(enum sb_past_unit unit, const struct sb_event *event)
{
    return unit == SB_PAST_SAMPLE || (unit == SB_PAST_CHANGE ? sb_past_is_change(event) : event->kind == SB_EVENT_ALERT_RAISED);
}

static enum sb_err fail(struct sb_error *err, enum sb_err code, const char *what, const struct sb_wall *at)
{
    struct sb_text text;
    if (err == NULL)
        return code;
    err->code = code;
    sb_text_init(&text, err->text, sizeof err->text);
    sb_text_add(&text, what);
    if (at != NULL)
        sb_text_add_wall(&text, *at, false);
    return code;
}

/* How many events of the part are not new in it: its snapshot, and what it repeats of the part before. */
static enum sb_err first_of(struct sb_past *past, size_t index, size_t *first, bool *goes_on, struct sb_error *err)
{
    struct sb_history_events events;
    ptrdiff_t repeated = 0;
    enum sb_err rc = past_overlap(past, index, &repeated, err);
    if (rc == SB_OK)
        rc = sb_history_load(past->history, index, &events, err);
    if (rc != SB_OK)
        return rc;
    *goes_on = repeated >= 0;
    *first = events.snapshot + (repeated > 0 ? (size_t)repeated : 0);
    return SB_OK;
}

/* The event before the place; then the place is before it. NULL: there is none. */
static enum sb_err back(struct sb_past *past, struct place *at, const struct sb_event **event, struct sb_error *err)
{
    struct sb_history_events events;
    struct place to = *at;

    *event = NULL;
    for (;;) {
        size_t first = 0;
        bool goes_on = false;
        enum sb_err rc = first_of(past, to.index, &first, &goes_on, err);
        if (rc == SB_OK)
            rc = sb_history_load(past->history, to.index, &events, err);
        if (rc != SB_OK)
            return rc;
        if (to.n > first) {
            to.n--;
            *event = &events.events[to.n];
            *at = to;
            return SB_OK;
        }
        if (to.index == 0)
            return SB_OK;
        to.index--;
        rc = sb_history_load(past->history, to.index, &events, err);
        if (rc != SB_OK)
            return rc;
        to.n = events.count;
    }
}

/* The event behind the place; then the place is behind it. NULL: there is none. */
static enum sb_err forth(struct sb_past *past, struct place *at, const struct sb_event **event, struct sb_error *err)
{
    struct sb_history_events events;
    struct place to = *at;

    *event = NULL;
    for (;;) {
        enum sb_err rc = sb_history_load(past->history, to.index, &events, err);
        if (rc != SB_OK)
            return rc;
        if (to.n < events.count) {
            *event = &events.events[to.n];
            to.n++;
            *at = to;
            return SB_OK;
        }
        if (to.index + 1 >= sb_history_count(past->history))
            return SB_OK;
        to.index++;
        bool goes_on = false;
        rc = first_of(past, to.index, &to.n, &goes_on, err);
        if (rc != SB_OK)
            return rc;
    }
}

bool sb_past_is_at_end(struct sb_past *past)
{
    const struct sb_event *event = NULL;
    struct place at = past->at;
    return !past->has_place || (forth(past, &at, &event, NULL) == SB_OK && event == NULL);
}

/* What is only repeated in the part is the end of the part before: one place has one name. */
static enum sb_err settle(struct sb_past *past, struct place *at, struct sb_error *err)
{
    struct sb_history_events events;
    size_t first = 0;
    bool goes_on = false;

    enum sb_err rc = first_of(past, at->index, &first, &goes_on, err);
    if (rc != SB_OK || at->n > first || !goes_on || at->index == 0)
        return rc;
    rc = sb_history_load(past->history, at->index - 1, &events, err);
    if (rc == SB_OK)
        *at = (struct place){ at->index - 1, events.count };
    return rc;
}

static enum sb_err stand(struct sb_past *past, struct place at, struct sb_wall wall, struct sb_error *err)
{
    enum sb_err rc = settle(past, &at, err);
    if (rc == SB_OK)
        rc = past_fold_to(past, at, err);
    if (rc != SB_OK) { /* back to where it stood */
        if (!past->has_place || past_fold_to(past, past->at, NULL) != SB_OK)
            sb_model_reset(past->model);
        return rc;
    }
    past->at = at;
    past->at_id = sb_history_part(past->history, at.index).id;
    past->wall = wall;
    past->has_place = true;
    return SB_OK;
}

/* Parts may have come and gone since: looks for the one it stands in. One that is gone was the oldest. */
static enum sb_err look_again(struct sb_past *past, struct sb_error *err)
{
    enum sb_err rc = sb_history_refresh(past->history, err);
    if (rc != SB_OK)
        return rc;
    const size_t count = sb_history_count(past->history);
    if (count == 0)
        return fail(err, SB_ERR_NOT_FOUND, "nothing has been recorded yet", NULL);
    size_t index = 0;
    while (index + 1 < count && sb_history_part(past->history, index).id < past->at_id)
        index++;
    if (past->has_place && sb_history_part(past->history, index).id != past->at_id)
        past->at.n = 0;
    past->at.index = index;
    past_forget_gone(past);
    return SB_OK;
}

/* The last event of the part, counted from its end, that is not later; false: all that is new in it is. */
static enum sb_err search(struct sb_past *past, size_t index, struct sb_wall to, size_t *n, bool *is_found, struct sb_error *err)
{
    struct sb_history_events events;
    size_t first = 0;
    bool goes_on = false;

    enum sb_err rc = first_of(past, index, &first, &goes_on, err);
    if (rc == SB_OK)
        rc = sb_history_load(past->history, index, &events, err);
    if (rc != SB_OK)
        return rc;
    size_t at = events.count;
    while (at > first && events.events[at - 1].wall.ns > to.ns)
        at--;
    *is_found = at > first;
    *n = *is_found ? at : first;
    return SB_OK;
}

enum sb_err sb_past_go(struct sb_past *past, struct sb_wall to, struct sb_error *err)
{
    enum sb_err rc = look_again(past, err);
    if (rc != SB_OK)
        return rc;
    /* A segment begins a moment after its first events were made. */
    size_t index = sb_history_count(past->history) - 1;
    while (index > 0 && sb_history_part(past->history, index).from.ns > sb_ns_add(to.ns, SB_S(2)))
        index--;
    for (;; index--) {
        size_t n = 0;
        bool is_found = false;
        rc = search(past, index, to, &n, &is_found, err);
        if (rc != SB_OK)
            return rc;
        const struct sb_wall from = sb_history_part(past->history, index).from;
        if (is_found || from.ns <= to.ns)
            return stand(past, (struct place){ index, n }, to, err);
        if (index == 0)
            return stand(past, (struct place){ 0, n }, from, err);
    }
}

enum sb_err sb_past_go_to_end(struct sb_past *past, struct sb_error *err)
{
    const struct sb_event *event = NULL;
    struct sb_history_events events;

    enum sb_err rc = look_again(past, err);
    if (rc != SB_OK)
        return rc;
    struct place at = { sb_history_count(past->history) - 1, 0 };
    rc = sb_history_load(past->history, at.index, &events, err);
    if (rc != SB_OK)
        return rc;
    at.n = events.count;
    struct place before = at;
    rc = back(past, &before, &event, err);
    if (rc != SB_OK)
        return rc;
    const struct sb_wall from = sb_history_part(past->history, at.index).from;
    return stand(past, at, event != NULL && before.index == at.index ? event->wall : from, err);
}

/* Behind the event and what follows it in the same second. */
static enum sb_err to_end_of_second(struct sb_past *past, struct place *at, struct sb_wall *wall, struct sb_error *err)
{
    const int64_t second = second_of(*wall);
    for (;;) {
        struct place next = *at;
        const struct sb_event *event = NULL;
        enum sb_err rc = forth(past, &next, &event, err);
        if (rc != SB_OK)
            return rc;
        if (event == NULL || second_of(event->wall) != second)
            return SB_OK;
        *at = next;
        *wall = event->wall;
    }
}

static enum sb_err step_back(struct sb_past *past, enum sb_past_unit unit, struct sb_error *err)
{
    struct place at = past->at;
    bool is_here = true, is_first = true; /* is_here: still in the second that is shown */

    for (;;) {
        const struct sb_event *event = NULL;
        struct place behind = at;
        enum sb_err rc = back(past, &at, &event, err);
        if (rc != SB_OK)
            return rc;
        if (event == NULL)
            break;
        if (at.index != behind.index)
            behind = (struct place){ at.index, at.n + 1 };
        /* who went to a time and not to an event has seen no change of that second yet */
        is_here = is_here && second_of(event->wall) == second_of(past->wall) &&
                  (unit == SB_PAST_SAMPLE || !is_first || event->wall.ns == past->wall.ns);
        is_first = false;
        if (is_here || !is_of(unit, event))
            continue;
        struct sb_wall wall = event->wall;
        if (unit != SB_PAST_SAMPLE) {
            rc = to_end_of_second(past, &behind, &wall, err);
            if (rc != SB_OK)
                return rc;
        }
        return stand(past, behind, wall, err);
    }
    const struct sb_wall from = sb_history_part(past->history, 0).from;
    return fail(err, SB_ERR_NOT_FOUND, unit == SB_PAST_SAMPLE   ? "the recording begins at "
                                       : unit == SB_PAST_CHANGE ? "no change before; the recording begins at "
                                                                : "no alert was raised before; the recording begins at ", &from);
}

static enum sb_err step_forward(struct sb_past *past, enum sb_past_unit unit, struct sb_error *err)
{
    struct place at = past->at;

    for (;;) {
        const struct sb_event *event = NULL;
        enum sb_err rc = forth(past, &at, &event, err);
        if (rc != SB_OK)
            return rc;
        if (event == NULL)
            break;
        if (!is_of(unit, event))
            continue;
        struct sb_wall wall = event->wall;
        rc = to_end_of_second(past, &at, &wall, err);
        return rc != SB_OK ? rc : stand(past, at, wall, err);
    }
    return fail(err, SB_ERR_NOT_FOUND, unit == SB_PAST_SAMPLE   ? "nothing has been recorded after this"
                                       : unit == SB_PAST_CHANGE ? "no change has been recorded after this"
                                                                : "no alert was raised after this", NULL);
}

enum sb_err sb_past_step(struct sb_past *past, enum sb_past_unit unit, bool is_forward, struct sb_error *err)
{
    enum sb_err rc = look_again(past, err);
    if (rc != SB_OK)
        return rc;
    if (!past->has_place) {
        rc = sb_past_go_to_end(past, err);
        if (rc != SB_OK)
            return rc;
    }
    return is_forward ? step_forward(past, unit, err) : step_back(past, unit, err);
}
