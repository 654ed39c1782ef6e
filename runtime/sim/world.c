/* The world around the core: steps that end after their drawn time, contexts that open, probes that answer, and what goes wrong. Every
 * order becomes an entry in one heap of things going to happen. One thread; allocates nothing. */
#include "world.h"

#include <math.h>

/* Chances per step, and means of the time between faults that come by themselves; 0 = never. */
static const struct fault {
    double fails, hangs, deaf; /* deaf: of those that hang, so many do not even notice that their context is gone */
    sb_ns crash_every, gone_every, gone_lasts;
} faults[SB_SIM_FAULTS_COUNT] = {
    [SB_SIM_FAULTS_NONE] = { 0 },
    [SB_SIM_FAULTS_LIGHT] = { .fails = 0.005, .hangs = 0.0002, .crash_every = SB_HOUR(12), .gone_every = SB_DAY(3), .gone_lasts = SB_MIN(1) },
    [SB_SIM_FAULTS_HEAVY] = { .fails = 0.03, .hangs = 0.003, .deaf = 0.1, .crash_every = SB_HOUR(1), .gone_every = SB_HOUR(12),
                              .gone_lasts = SB_MIN(5) },
};

enum { USE_FAILS, USE_HANGS, USE_DEAF, USE_CLASS };

/* How fast the world answers: a context opens on a browser that is up, a step notices that it is asked to stop. */
#define OPENS_IN SB_MS(50)
#define ANSWERS_IN SB_MS(20)
#define DEAF_FOR SB_MIN(2)

const char *sb_sim_faults_text(unsigned value)
{
    static const char *const texts[] = {
#define TEXT(code, text) text,
        SB_LIST_SIM_FAULTS(TEXT)
#undef TEXT
    };
    return value < SB_LEN(texts) ? texts[value] : "?";
}

static const struct fault *fault_of(const struct sim *sim)
{
    return &faults[sim->setup->faults < SB_SIM_FAULTS_COUNT ? sim->setup->faults : SB_SIM_FAULTS_NONE];
}

static uint32_t add(struct sim *sim, sb_ns at, struct entry entry)
{
    uint32_t id = sim->first_free;
    SB_ASSERT(id != NO_ENTRY);
    sim->first_free = sim->entries[id].next_free;
    sim->entries[id] = entry;
    sb_heap_set(&sim->due, id, at, sim->tie++);
    return id;
}

static void move(struct sim *sim, uint32_t id, sb_ns at)
{
    sb_heap_set(&sim->due, id, at, sim->tie++);
}

static sb_ns after_mean(struct sim *sim, sb_ns mean)
{
    return sb_ns_add(sim->now, (sb_ns)(-log(sim_chance_next(&sim->rng)) * (double)mean));
}

static void plan_fault(struct sim *sim, enum what what, sb_ns mean)
{
    if (mean > 0)
        (void)add(sim, after_mean(sim, mean), (struct entry){ .what = (uint8_t)what });
}

void sim_world_init(struct sim *sim)
{
    sb_heap_init(&sim->due, sim->due_items, sim->due_pos, sim->entry_cap);
    for (uint32_t i = 0; i < sim->entry_cap; i++)
        sim->entries[i].next_free = i + 1 < sim->entry_cap ? i + 1 : NO_ENTRY;
    for (size_t i = 0; i < SB_LEN(sim->ctxs); i++)
        sim->ctxs[i].entry = NO_ENTRY;
    sim->rng.state = sb_hash_fold(sim->setup->seed, 0x5eed);
    plan_fault(sim, CONTEXT_CRASHES, fault_of(sim)->crash_every);
    plan_fault(sim, BROWSER_GOES, fault_of(sim)->gone_every);
}

/* --- orders -------------------------------------------------------------------------------------------------------------- */

static void decide_end(const struct sim *sim, const struct sb_or_start_step *start, struct entry *entry)
{
    const struct fault *fault = fault_of(sim);
    entry->state = SB_STEP_STATE_SUCCEEDED;
    if (fault->fails <= 0)
        return;
    entry->is_hung = sim_chance(sim, start, USE_HANGS) < fault->hangs;
    entry->is_deaf = entry->is_hung && sim_chance(sim, start, USE_DEAF) < fault->deaf;
    if (sim_chance(sim, start, USE_FAILS) >= fault->fails)
        return;
    double class = sim_chance(sim, start, USE_CLASS);
    entry->state = SB_STEP_STATE_FAILED;
    entry->class = class < 0.8 ? SB_CLASS_RETRYABLE : class < 0.9 ? SB_CLASS_RATE_LIMITED : SB_CLASS_FATAL;
    entry->retry_after = entry->class == SB_CLASS_RATE_LIMITED ? SB_S(30) : 0;
}

static void start_step(struct sim *sim, const struct sb_or_start_step *start)
{
    struct entry entry = { .what = STEP_ENDS, .step = start->step, .ctx = start->ctx, .run = start->run, .fence = start->fence };
    decide_end(sim, start, &entry);
    sb_ns at = entry.is_hung ? SB_NEVER - 1 : sb_ns_add(sim->now, sim_step_lasts(sim, start));
    if (start->ctx != SB_NO_CTX && !sim->ctxs[start->ctx].is_open) { /* lost on the way */
        entry.state = SB_STEP_STATE_FAILED;
        entry.class = SB_CLASS_RETRYABLE;
        at = sim->now + ANSWERS_IN;
    }
    uint32_t id = add(sim, at, entry);
    sim->entry_of_slot[start->fence & 0xffffu] = id;
    if (start->ctx != SB_NO_CTX)
        sim->ctxs[start->ctx].entry = id;
}

static void stop_step(struct sim *sim, const struct sb_or_stop_step *stop)
{
    uint32_t id = sim->entry_of_slot[stop->fence & 0xffffu];
    struct entry *entry = id != NO_ENTRY ? &sim->entries[id] : NULL;
    if (entry == NULL || entry->fence != stop->fence || (entry->is_hung && !stop->hard))
        return;
    entry->state = SB_STEP_STATE_FAILED;
    entry->class = SB_CLASS_CANCELLED;
    move(sim, id, sim->now + (entry->is_deaf ? DEAF_FOR : ANSWERS_IN));
}

static void open_context(struct sim *sim, const struct sb_or_open_context *open)
{
    bool is_gone = sim->is_browser_gone;
    sim->ctxs[open->ctx].generation = open->generation;
    sim->ctxs[open->ctx].is_open = !is_gone;
    (void)add(sim, sim->now + OPENS_IN,
              (struct entry){ .what = is_gone ? CONTEXT_FAILS : CONTEXT_OPENS, .ctx = open->ctx, .generation = open->generation });
}

void sim_world_order(struct sim *sim, const struct sb_order *order)
{
    switch ((enum sb_order_kind)order->kind) {
    case SB_ORDER_START_STEP:
        start_step(sim, &order->as.start_step);
        break;
    case SB_ORDER_STOP_STEP:
        stop_step(sim, &order->as.stop_step);
        break;
    case SB_ORDER_OPEN_CONTEXT:
        open_context(sim, &order->as.open_context);
        break;
    case SB_ORDER_CLOSE_CONTEXT:
        if (sim->ctxs[order->as.close_context.ctx].generation == order->as.close_context.generation)
            sim->ctxs[order->as.close_context.ctx].is_open = false;
        break;
    case SB_ORDER_PROBE:
        (void)add(sim, sim->now + SB_MS(1), (struct entry){ .what = PROBE_ANSWERS, .component = order->as.probe.component });
        break;
    case SB_ORDER_PROBE_SITE:  /* sites of the simulator always answer: it gives the core none, */
    case SB_ORDER_SEND_NOTICE: /* and no channels */
    case SB_ORDER_ADD_WORKERS: /* its steps always answer */
    case SB_ORDER_FINISH:
    case SB_ORDER_COUNT:
        break;
    }
}

/* --- what happens --------------------------------------------------------------------------------------------------------- */

static struct sb_input step_done(struct sim *sim, uint32_t id, const struct entry *entry)
{
    struct sb_input input = sb_input_make(SB_INPUT_STEP_DONE);
    input.as.step_done.run = entry->run;
    input.as.step_done.fence = entry->fence;
    input.as.step_done.step = entry->step;
    input.as.step_done.state = entry->state;
    input.as.step_done.class = entry->class;
    input.as.step_done.retry_after = entry->retry_after;
    if (sim->entry_of_slot[entry->fence & 0xffffu] == id)
        sim->entry_of_slot[entry->fence & 0xffffu] = NO_ENTRY;
    if (entry->ctx != SB_NO_CTX && sim->ctxs[entry->ctx].entry == id)
        sim->ctxs[entry->ctx].entry = NO_ENTRY;
    return input;
}

/* The context is gone, and with it the step on it. */
static struct sb_input lose_context(struct sim *sim, uint16_t ctx)
{
    uint32_t id = sim->ctxs[ctx].entry;
    struct sb_input input = sb_input_make(SB_INPUT_CONTEXT_DOWN);
    input.as.context_down.ctx = ctx;
    input.as.context_down.generation = sim->ctxs[ctx].generation;
    (void)sb_copy(input.as.context_down.reason, SB_NOTE_MAX, "target crashed");
    sim->ctxs[ctx].is_open = false;
    if (id != NO_ENTRY && !sim->entries[id].is_deaf) {
        sim->entries[id].state = SB_STEP_STATE_FAILED;
        sim->entries[id].class = SB_CLASS_RETRYABLE;
        move(sim, id, sim->now + ANSWERS_IN);
    }
    return input;
}

static struct sb_input crash(struct sim *sim)
{
    uint32_t count = 0, chosen = 0;
    for (uint32_t i = 0; i < SB_CONTEXTS_MAX; i++)
        count += sim->ctxs[i].is_open ? 1u : 0u;
    plan_fault(sim, CONTEXT_CRASHES, fault_of(sim)->crash_every);
    if (count == 0)
        return sb_input_make(SB_INPUT_TICK);
    uint32_t left = (uint32_t)sb_rng_below(&sim->rng, count);
    for (uint32_t i = 0; i < SB_CONTEXTS_MAX; i++)
        if (sim->ctxs[i].is_open && left-- == 0)
            chosen = i;
    return lose_context(sim, (uint16_t)chosen);
}

static struct sb_input browser_says(struct sim *sim)
{
    struct sb_input input = sb_input_make(SB_INPUT_COMPONENT);
    input.as.component.component = SB_COMPONENT_BROWSER;
    input.as.component.state = sim->is_browser_gone ? SB_COMPONENT_STATE_FAILED : SB_COMPONENT_STATE_OK;
    if (sim->is_browser_gone)
        (void)sb_copy(input.as.component.reason, SB_NOTE_MAX, "the browser has gone");
    return input;
}

static struct sb_input browser_goes(struct sim *sim)
{
    plan_fault(sim, BROWSER_GOES, fault_of(sim)->gone_every);
    if (sim->is_browser_gone)
        return sb_input_make(SB_INPUT_TICK);
    sim->is_browser_gone = true;
    (void)add(sim, sb_ns_add(sim->now, fault_of(sim)->gone_lasts), (struct entry){ .what = BROWSER_COMES });
    for (uint16_t i = 0; i < SB_CONTEXTS_MAX; i++)
        if (sim->ctxs[i].is_open)
            (void)add(sim, sim->now, (struct entry){ .what = CONTEXT_FAILS, .ctx = i, .generation = sim->ctxs[i].generation });
    return browser_says(sim);
}

static struct sb_input probe_answers(struct sim *sim, const struct entry *entry)
{
    if (entry->component == SB_COMPONENT_BROWSER)
        return browser_says(sim);
    struct sb_input input = sb_input_make(SB_INPUT_COMPONENT);
    input.as.component.component = entry->component;
    input.as.component.state = SB_COMPONENT_STATE_OK;
    return input;
}

static struct sb_input context_answers(struct sim *sim, const struct entry *entry)
{
    if (entry->what == CONTEXT_FAILS && entry->generation == sim->ctxs[entry->ctx].generation)
        return lose_context(sim, entry->ctx);
    struct sb_input input = sb_input_make(entry->what == CONTEXT_FAILS ? SB_INPUT_CONTEXT_DOWN : SB_INPUT_CONTEXT_UP);
    if (entry->what == CONTEXT_FAILS) {
        input.as.context_down.ctx = entry->ctx;
        input.as.context_down.generation = entry->generation;
    } else {
        input.as.context_up.ctx = entry->ctx;
        input.as.context_up.generation = entry->generation;
        input.as.context_up.latency = OPENS_IN;
    }
    return input;
}

struct sb_input sim_world_next(struct sim *sim)
{
    uint32_t id = sb_heap_top(&sim->due)->id;
    struct entry entry = sim->entries[id];
    struct sb_input input = sb_input_make(SB_INPUT_TICK);
    sb_heap_remove(&sim->due, id);
    switch ((enum what)entry.what) {
    case STEP_ENDS:
        input = step_done(sim, id, &entry);
        break;
    case CONTEXT_OPENS:
    case CONTEXT_FAILS:
        input = context_answers(sim, &entry);
        break;
    case PROBE_ANSWERS:
        input = probe_answers(sim, &entry);
        break;
    case CONTEXT_CRASHES:
        input = crash(sim);
        break;
    case BROWSER_GOES:
        input = browser_goes(sim);
        break;
    case BROWSER_COMES:
        sim->is_browser_gone = false;
        break;
    }
    sim->entries[id].next_free = sim->first_free;
    sim->first_free = id;
    return input;
}
