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

void sb_components_engine(struct sb_core *core)
{
    const struct sb_in_component input = { .component = SB_COMPONENT_ENGINE, .state = SB_COMPONENT_STATE_OK };
    if (core->setup.components[SB_COMPONENT_ENGINE].is_used)
        sb_components_input(core, &input);
}

/* Whether the engine is there is known to who is asked; how many of its threads answer is known here. */
static void judge_engine(const struct sb_core *core, struct sb_in_component *input)
{
    struct sb_text reason;
    if (input->component != SB_COMPONENT_ENGINE || input->state != SB_COMPONENT_STATE_OK || core->workers_lost == 0)
        return;
    input->state = SB_COMPONENT_STATE_DEGRADED;
    sb_text_init(&reason, input->reason, sizeof(input->reason));
    sb_text_add(&reason, "workers held by steps that do not stop: ");
    sb_text_add_u64(&reason, core->workers_lost);
}

enum { SLOW_TIMES = 5, SLOW_LOOKS = 7 /* three of three, as bits */ };
#define SLOW_FROM SB_MS(200) /* quicker than that, five times as long hurts nobody */

static sb_ns usual_latency(const struct component *c)
{
    sb_ns latencies[RECENT_LATENCIES];
    memcpy(latencies, c->latencies, sizeof(latencies));
    return c->latency_count < RECENT_LATENCIES / 2 ? 0 : sb_service_median(latencies, c->latency_count);
}

/* Slow three times in a row, or three times not: told once. What is slow does not become what is usual. */
static void judge_latency(struct sb_core *core, enum sb_component component)
{
    struct component *c = &core->components[component];
    if (c->state != SB_COMPONENT_STATE_OK)
        return;
    const sb_ns usual = usual_latency(c);
    const bool is_slow = usual > 0 && c->latency > SLOW_FROM && c->latency > SLOW_TIMES * usual;
    c->slow_looks = (uint8_t)((c->slow_looks << 1 | (is_slow ? 1 : 0)) & SLOW_LOOKS);
    if (!is_slow) {
        c->latencies[c->latency_next] = c->latency;
        c->latency_next = (uint8_t)((c->latency_next + 1) % RECENT_LATENCIES);
        c->latency_count = c->latency_count < RECENT_LATENCIES ? (uint8_t)(c->latency_count + 1) : RECENT_LATENCIES;
    }
    if (c->slow_looks != (c->is_slow ? 0 : SLOW_LOOKS))
        return;
    c->is_slow = !c->is_slow;
    struct sb_event event = sb_event_make(core, SB_EVENT_COMPONENT_SLOW);
    event.as.component_slow.component = (uint8_t)component;
    event.as.component_slow.is_slow = c->is_slow;
    event.as.component_slow.latency = c->latency;
    event.as.component_slow.usual = usual;
    sb_core_emit(core, &event);
}

void sb_components_input(struct sb_core *core, const struct sb_in_component *said)
{
    struct sb_in_component judged = *said;
    const struct sb_in_component *input = &judged;
    judge_engine(core, &judged);
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
    judge_latency(core, (enum sb_component)input->component);
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
