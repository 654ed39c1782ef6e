/* The breakers in front of sites, of the LLM endpoints, the browser and the store, which are further sites here: which ends of steps are calls, what
 * a change concerns, and the probes. The rule itself is breaker.c. Browser and store open by themselves as components; here operators close them
 * off. Core thread only. */
#include "state.h"

enum { SLOW_PCT = 80 }; /* of the step's time limit */

/* A host that gives the core no sites (the simulator) has no breakers. */
static bool has_breaker(const struct sb_core *core, const struct sb_step_def *step)
{
    return step->site != 0 && step->site <= core->setup.site_count;
}

static bool is_open(const struct sb_core *core, uint32_t site)
{
    return sb_breaker_is_open(&core->breakers[site].breaker);
}

uint32_t sb_breakers_holding(const struct sb_core *core, const struct sb_step_def *step)
{
    uint32_t needs = step->needs | (step->needs_context ? 1u << SB_COMPONENT_BROWSER : 0u);
    if (has_breaker(core, step) && is_open(core, step->site - 1u))
        return step->site - 1u;
    for (uint32_t site = 0; site < core->setup.site_count; site++) /* what is no site of the catalogue is named as its component */
        for (unsigned c = 0; needs != 0 && c < SB_COMPONENT_COUNT && is_open(core, site); c++)
            if ((needs >> c & 1u) != 0 && sb_streq(core->setup.sites[site], sb_component_text(c)))
                return site;
    return SB_SITES_MAX;
}

static uint64_t jitter(const struct sb_core *core, uint32_t site)
{
    return sb_hash_fold(sb_hash_fold(core->setup.seed, site), core->breakers[site].breaker.generation);
}

struct sb_event sb_breakers_event(const struct sb_core *core, uint32_t site)
{
    const struct site_breaker *b = &core->breakers[site];
    struct sb_event event = sb_event_make(core, SB_EVENT_BREAKER_CHANGED);
    struct sb_ev_breaker_changed *out = &event.as.breaker_changed;
    out->site = (uint8_t)site;
    out->state = b->breaker.state;
    out->generation = b->breaker.generation;
    out->lasts = b->breaker.state == SB_BREAKER_STATE_OPEN ? b->breaker.until - core->now : 0;
    (void)sb_copy(out->name, sizeof(out->name), core->setup.sites[site]);
    (void)sb_copy(out->actor, sizeof(out->actor), b->actor);
    note_copy(out->reason, b->reason);
    return event;
}

/* Sends what is to be sent, and wakes up when something is due. */
static void follow(struct sb_core *core, uint32_t site)
{
    struct sb_breaker *breaker = &core->breakers[site].breaker;
    if (sb_breaker_wants_probe(breaker) && !core->is_draining) {
        struct sb_order order = sb_order_make(SB_ORDER_PROBE_SITE);
        order.as.probe_site.site = (uint8_t)site;
        order.as.probe_site.generation = breaker->generation;
        sb_core_order(core, &order);
        sb_breaker_probing(breaker, core->now);
    }
    sb_timer_set(core, timer_site(core, site), sb_breaker_next(breaker));
}

static void changed(struct sb_core *core, uint32_t site, const char *actor, const char *reason)
{
    struct site_breaker *b = &core->breakers[site];
    (void)sb_copy(b->actor, sizeof(b->actor), actor);
    note_copy(b->reason, reason);
    struct sb_event event = sb_breakers_event(core, site);
    sb_core_emit(core, &event);
    follow(core, site);
    sb_advance_all(core);
}

void sb_breakers_step_ended(struct sb_core *core, const struct sb_step_def *step, const struct sb_in_step_done *done, sb_ns lasted)
{
    if (!has_breaker(core, step) || !step->asks_site)
        return;
    uint32_t site = step->site - 1u;
    struct sb_breaker *breaker = &core->breakers[site].breaker;
    bool is_over = done->state == SB_STEP_STATE_SUCCEEDED || done->state == SB_STEP_STATE_NOTHING_TO_DO;
    bool is_slow = step->timeout > 0 && lasted >= step->timeout / 100 * SLOW_PCT;
    bool is_down = done->state == SB_STEP_STATE_FAILED && done->class == SB_CLASS_DEPENDENCY_DOWN;
    if (is_down && core->components[SB_COMPONENT_STORE].state == SB_COMPONENT_STATE_FAILED)
        return; /* a call that is not made for want of the ledger says nothing about who would have been asked */
    if (done->state == SB_STEP_STATE_FAILED && done->class == SB_CLASS_RATE_LIMITED) {
        if (sb_breaker_limited(breaker, core->now, done->retry_after))
            changed(core, site, "", done->text);
    } else if (is_over || is_down || is_slow) { /* what it refuses, or we cancelled, says nothing about whether it answers */
        if (sb_breaker_call(breaker, core->now, is_down, is_slow, jitter(core, site)))
            changed(core, site, "", done->text[0] != '\0' ? done->text : "it answers too slowly");
    }
}

void sb_breakers_probed(struct sb_core *core, const struct sb_in_breaker_probed *probed)
{
    if (probed->site >= core->setup.site_count)
        return;
    struct sb_breaker *breaker = &core->breakers[probed->site].breaker;
    if (sb_breaker_probed(breaker, probed->generation, core->now, probed->is_ok, jitter(core, probed->site)))
        changed(core, probed->site, "", probed->is_ok ? "it answers again" : probed->reason);
    else
        follow(core, probed->site);
}

void sb_breakers_timer(struct sb_core *core, uint32_t site)
{
    struct sb_breaker *breaker = &core->breakers[site].breaker;
    bool was_half_open = breaker->state == SB_BREAKER_STATE_HALF_OPEN;
    if (sb_breaker_due(breaker, core->now, jitter(core, site)))
        changed(core, site, "", was_half_open ? "its probe got no answer" : "asked again carefully");
    else
        follow(core, site);
}

bool sb_breakers_trip(struct sb_core *core, uint32_t site, const char *actor, const char *reason)
{
    if (!sb_breaker_trip(&core->breakers[site].breaker))
        return false;
    changed(core, site, actor, reason);
    return true;
}

bool sb_breakers_reset(struct sb_core *core, uint32_t site, const char *actor, const char *reason)
{
    if (!sb_breaker_reset(&core->breakers[site].breaker, core->now))
        return false;
    changed(core, site, actor, reason);
    return true;
}

void sb_breakers_restore(struct sb_core *core, const struct sb_in_restore_trip *trip)
{
    for (uint32_t site = 0; site < core->setup.site_count; site++) {
        struct site_breaker *b = &core->breakers[site];
        if (!sb_streq(core->setup.sites[site], trip->site) || !sb_breaker_trip(&b->breaker))
            continue;
        memcpy(b->actor, trip->actor, sizeof(b->actor));
        memcpy(b->reason, trip->reason, sizeof(b->reason));
    }
}

void sb_breakers_begin(struct sb_core *core)
{
    for (uint32_t site = 0; site < core->setup.site_count; site++) {
        if (core->breakers[site].breaker.state == SB_BREAKER_STATE_CLOSED)
            continue;
        struct sb_event event = sb_breakers_event(core, site);
        sb_core_emit(core, &event);
    }
}
