/* Rehearsal: the alert rules over recorded events, in virtual time that is the events' wall time. Core state of a core that never begins: only
 * incidents and notices move. */
#include "notices.h"

static void pass_time(struct sb_core *core, sb_ns to)
{
    if (to > core->now)
        core->now = to;
    core->wall.ns = core->now;
}

/* One timer that is due before `at`, if there is one: later than that would be too late for the event, sooner would miss what it says. */
static bool timer_before(struct sb_core *core, sb_ns at)
{
    const struct sb_heap_item *top = sb_heap_top(&core->timers);
    if (top == NULL || top->key >= at)
        return false;
    uint32_t id = top->id;
    pass_time(core, top->key);
    sb_heap_remove(&core->timers, id);
    if (id == timer_single(core, TIMER_ALERTS)) {
        sb_alerts_timer(core);
    } else {
        SB_ASSERT(id == timer_single(core, TIMER_NOTICES));
        sb_notices_timer(core);
    }
    return true;
}

/* Somebody still waits for the word that it is over. */
static bool is_told(const struct sb_core *core, size_t alert)
{
    for (uint32_t c = 0; c < core->setup.channel_count; c++)
        if (core->told[alert][c].notice != SB_NOTICE_KIND_COUNT && core->told[alert][c].notice != SB_NOTICE_RESOLVED)
            return true;
    return false;
}

/* A start has what the store gave back (sb_alerts_restore): open incidents, stale, and ended ones that are still to be told. */
static void restart(struct sb_core *core)
{
    for (size_t i = 0; i < SB_LEN(core->alerts); i++) {
        struct alert *alert = &core->alerts[i];
        if (!alert->is_used)
            continue;
        alert->looks = alert->look_count = 1;
        if (sb_alert_is_open(alert)) {
            alert->state = SB_ALERT_STATE_FIRING;
            alert->is_stale = true;
            alert->until = SB_NEVER;
            alert->flaps = alert->is_flapping ? 1 : 0;
            alert->changes[0] = alert->since;
            for (size_t k = 1; k < SB_LEN(alert->changes); k++)
                alert->changes[k] = SB_NEVER;
        } else if (alert->state != SB_ALERT_STATE_OK || !is_told(core, i)) {
            *alert = (struct alert){ .until = SB_NEVER };
        }
    }
    sb_alerts_begin(core);
}

bool sb_core_rehearse(struct sb_core *core, const struct sb_event *event, struct sb_outbox *out)
{
    bool is_taken = false;
    SB_ASSERT(!core->is_begun && event->kind < SB_EVENT_COUNT);
    SB_ASSERT(out->event_cap >= SB_OUTBOX_EVENTS_MIN && out->order_cap >= SB_OUTBOX_ORDERS_MIN);
    out->event_count = out->order_count = 0;
    core->out = out;
    while (!is_taken && sb_has_room(core)) {
        if (!timer_before(core, event->wall.ns)) {
            is_taken = true;
            pass_time(core, event->wall.ns);
            if (event->kind == SB_EVENT_RUNTIME_STARTED)
                restart(core);
            if (sb_rules_look_at(event))
                sb_alerts_event(core, event);
        }
        sb_notices_arrive(core);
        out->order_count = 0;
    }
    core->out = NULL;
    return is_taken;
}
