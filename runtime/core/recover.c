/* Bringing a component back because somebody asked, as a rule the health monitor: whether it is needed, whether it may be done, what came of it.
 * Nothing that works is touched, no outside effect is cut, and it is not done more often than the component's definition says, unless an operator
 * confirms. For a worker that a stuck step holds nobody has to ask. Core thread only.
 *
 *   idle --recover_component, sick--> under way --the component works--> idle: recovery_ended ok
 *                                         +-------it still does not after RECOVERY_LIMIT--> idle: recovery_ended failed, degraded */
#include "state.h"

enum { OPENS_FAILED_MAX = 3 };
#define RECOVERY_LIMIT SB_S(60)

/* A browser that answers and opens no contexts serves nobody. */
static bool opens_no_contexts(const struct sb_core *core)
{
    for (uint32_t i = 0; i < core->ctx_count; i++)
        if (core->ctxs[i].failed_opens >= OPENS_FAILED_MAX)
            return true;
    return false;
}

static bool is_sick(const struct sb_core *core, enum sb_component component)
{
    uint8_t state = core->components[component].state;
    return state == SB_COMPONENT_STATE_FAILED || state == SB_COMPONENT_STATE_DEGRADED ||
           (component == SB_COMPONENT_BROWSER && opens_no_contexts(core)) || (component == SB_COMPONENT_ENGINE && core->workers_lost > 0);
}

static bool is_effect_under_way(const struct sb_core *core)
{
    for (uint32_t i = 0; i < core->ctx_count; i++) {
        if (core->ctxs[i].run == NO_RUN)
            continue;
        const struct run *run = &core->runs[core->ctxs[i].run];
        if (run->fence != 0 && step_def(core, run->job, run->step)->is_effect)
            return true;
    }
    return false;
}

/* Whether another one is too many now; says why. */
static bool is_too_often(const struct sb_core *core, enum sb_component component, struct sb_text *why)
{
    const struct component *c = &core->components[component];
    const struct sb_component_def *def = &core->setup.components[component];
    unsigned most = def->recoveries_a_day < SB_RECOVERIES_MAX ? def->recoveries_a_day : SB_RECOVERIES_MAX;
    if (most == 0) {
        sb_text_add(why, "no recovery is allowed for it");
        return true;
    }
    if (c->recovery_count > 0 && core->now - c->recoveries[0] < def->recover_every) {
        sb_text_add(why, "the last recovery was ");
        sb_text_add_duration(why, core->now - c->recoveries[0]);
        sb_text_add(why, " ago, there is one in ");
        sb_text_add_duration(why, def->recover_every);
        return true;
    }
    if (c->recovery_count >= most && core->now - c->recoveries[most - 1] < SB_DAY(1)) {
        sb_text_add_u64(why, most);
        sb_text_add(why, " recoveries in a day did not last: somebody has to look");
        return true;
    }
    return false;
}

/* Other threads take the place of those that are held; when one of them answers after all, there is one more. */
static void replace_workers(struct sb_core *core, struct sb_text *said)
{
    struct sb_order order = sb_order_make(SB_ORDER_ADD_WORKERS);
    order.as.add_workers.count = core->workers_lost;
    sb_core_order(core, &order);
    sb_text_add(said, "replacing workers of the engine: ");
    sb_text_add_u64(said, core->workers_lost);
    core->workers_lost = 0;
    sb_components_engine(core);
}

static void begin(struct sb_core *core, enum sb_component component, struct sb_text *said)
{
    if (component == SB_COMPONENT_ENGINE) {
        replace_workers(core, said);
        return;
    }
    sb_components_ask(core, component, component == SB_COMPONENT_BROWSER);
    sb_text_add(said, component == SB_COMPONENT_BROWSER ? "restarting " : "asking ");
    sb_text_add(said, sb_component_text(component));
}

bool sb_recover(struct sb_core *core, enum sb_component component, const char *actor, bool is_confirmed, struct sb_text *said)
{
    struct component *c = &core->components[component];
    if (core->is_draining)
        sb_text_add(said, "shutting down");
    else if (c->is_recovering)
        sb_text_add(said, "its recovery is under way");
    else if (!is_sick(core, component))
        sb_text_add(said, "it works");
    else if (component == SB_COMPONENT_BROWSER && is_effect_under_way(core))
        sb_text_add(said, "an outside effect is under way in it");
    else if (is_confirmed || !is_too_often(core, component, said)) {
        memmove(c->recoveries + 1, c->recoveries, sizeof(c->recoveries) - sizeof(c->recoveries[0]));
        c->recoveries[0] = core->now;
        c->recovery_count = c->recovery_count < SB_RECOVERIES_MAX ? c->recovery_count + 1 : SB_RECOVERIES_MAX;
        c->is_recovering = true;
        (void)sb_copy(c->recovery_actor, sizeof(c->recovery_actor), actor);
        c->failed_probes = 0; /* the back-off begins anew */
        begin(core, component, said);
        return true;
    }
    return false;
}

void sb_recover_restore(struct sb_core *core, const struct sb_in_restore_recovery *restored)
{
    const sb_ns ago = core->wall.ns - restored->at;
    struct component *c = restored->component < SB_COMPONENT_COUNT ? &core->components[restored->component] : NULL;
    if (c == NULL || restored->at <= 0 || ago < 0 || ago >= SB_DAY(1) || c->recovery_count == SB_RECOVERIES_MAX)
        return;
    c->recoveries[c->recovery_count++] = core->now - ago;
}

void sb_recover_seen(struct sb_core *core, enum sb_component component)
{
    struct component *c = &core->components[component];
    bool is_over = !is_sick(core, component) || core->now - c->recoveries[0] >= RECOVERY_LIMIT;
    if (!c->is_recovering || !is_over)
        return;
    c->is_recovering = false;
    struct sb_event event = sb_event_make(core, SB_EVENT_RECOVERY_ENDED);
    event.as.recovery_ended.component = (uint8_t)component;
    event.as.recovery_ended.state = is_sick(core, component) && c->state == SB_COMPONENT_STATE_OK ? SB_COMPONENT_STATE_FAILED : c->state;
    event.as.recovery_ended.lasted = core->now - c->recoveries[0];
    (void)sb_copy(event.as.recovery_ended.actor, SB_NAME_MAX, c->recovery_actor);
    note_copy(event.as.recovery_ended.reason, c->state == SB_COMPONENT_STATE_OK && is_sick(core, component) ? "it opens no contexts" : c->reason);
    sb_core_emit(core, &event);
}
