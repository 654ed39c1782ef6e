/* Dependencies: their last known state, when to look again, and whom a change concerns. Core thread only. */
#include "state.h"

bool sb_component_is_usable(const struct sb_core *core, enum sb_component component)
{
    uint8_t state = core->components[component].state;
    return state == SB_COMPONENT_STATE_OK || state == SB_COMPONENT_STATE_DEGRADED;
}

void sb_components_ask(struct sb_core *core, enum sb_component component, bool restart)
{
    core->components[component].is_probing = true;
    struct sb_order order = sb_order_make(SB_ORDER_PROBE);
    order.as.probe.component = (uint8_t)component;
    order.as.probe.restart = restart;
    sb_core_order(core, &order);
}

void sb_components_probe(struct sb_core *core, enum sb_component component)
{
    sb_components_ask(core, component, false);
}

void sb_components_begin(struct sb_core *core)
{
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++) {
        if (core->setup.components[i].is_used)
            sb_components_probe(core, (enum sb_component)i);
        else
            core->components[i].state = SB_COMPONENT_STATE_DISABLED;
    }
}

/* While failed or degraded: 1 s, 2 s, 4 s ... 30 s, for ever, so that an absent dependency is found again. */
static sb_ns next_probe(const struct sb_core *core, unsigned component)
{
    const struct component *c = &core->components[component];
    if (c->state != SB_COMPONENT_STATE_FAILED && c->state != SB_COMPONENT_STATE_DEGRADED) {
        sb_ns every = core->setup.components[component].probe_every;
        return every > 0 ? core->now + every : SB_NEVER;
    }
    sb_ns delay = SB_S(1) << (c->failed_probes < 5 ? c->failed_probes : 5);
    return core->now + (delay < SB_S(30) ? delay : SB_S(30));
}

void sb_components_input(struct sb_core *core, const struct sb_in_component *input)
{
    if (input->component >= SB_COMPONENT_COUNT || input->state >= SB_COMPONENT_STATE_COUNT)
        return;
    struct component *c = &core->components[input->component];
    bool was_usable = sb_component_is_usable(core, (enum sb_component)input->component);
    bool is_new = c->state != input->state || strncmp(c->reason, input->reason, sizeof(c->reason)) != 0;

    c->is_probing = false;
    c->latency = input->latency;
    c->failed_probes = input->state == SB_COMPONENT_STATE_OK ? 0 : c->failed_probes + 1;
    if (is_new) {
        c->state = input->state;
        c->since = core->now;
        note_copy(c->reason, input->reason);
        struct sb_event event = sb_event_make(core, SB_EVENT_COMPONENT_CHANGED);
        event.as.component_changed.component = input->component;
        event.as.component_changed.state = input->state;
        event.as.component_changed.latency = input->latency;
        note_copy(event.as.component_changed.reason, input->reason);
        sb_core_emit(core, &event);
    }
    sb_recover_seen(core, (enum sb_component)input->component);
    if (core->setup.components[input->component].is_used)
        sb_timer_set(core, timer_component(core, input->component), next_probe(core, input->component));
    if (was_usable != sb_component_is_usable(core, (enum sb_component)input->component))
        sb_advance_all(core);
}

void sb_components_timer(struct sb_core *core, enum sb_component component)
{
    if (!core->components[component].is_probing && !core->is_draining)
        sb_components_probe(core, component);
}
