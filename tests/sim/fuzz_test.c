/* Random catalogues, durations, faults and operators against the real core: every invariant after every step, liveness at the end, and the same
 * seed gives the same history. A failing seed is printed; SB_FUZZ_SEED runs one, SB_FUZZ_SEEDS sets how many. */
#include "world.h"

#include "signalbox/base/assert.h"

#include "signalbox/base/hash.h"

static uint64_t below(struct sb_rng *rng, uint64_t bound)
{
    return sb_rng_below(rng, bound);
}

static void random_jobs(struct world *w, struct sb_rng *rng)
{
    static char names[WORLD_JOBS][8];
    uint64_t jobs = 1 + below(rng, 12);
    w->pool.policy = (uint8_t)below(rng, SB_LANE_POLICY_COUNT);
    w->pool.burst = (uint16_t)below(rng, 3);
    w->pool.burst_kept = (uint16_t)below(rng, 3);
    w->pool.memory_max_mib = below(rng, 2) == 0 ? 0 : 1024;
    w->pool.workers = (uint16_t)(1 + below(rng, 4));
    w->pool.max_uses = (uint32_t)(1 + below(rng, 6));
    for (int lane = 0; lane < SB_LANE_COUNT; lane++)
        w->pool.lane_contexts[lane] = (uint16_t)(1 + below(rng, 2));
    for (uint64_t j = 0; j < jobs; j++) {
        (void)snprintf(names[j], sizeof(names[j]), "j%u", (unsigned)j);
        struct sb_job_def *job = world_job(w, names[j], SB_S(1 + below(rng, 300)), SB_S(below(rng, 60)));
        job->category = (uint8_t)below(rng, SB_CATEGORY_COUNT);
        job->priority = (uint8_t)below(rng, 11);
        job->overlap = (uint8_t)below(rng, SB_OVERLAP_COUNT);
        job->overlap_max = 2;
        job->misfire = (uint8_t)below(rng, SB_MISFIRE_COUNT);
        job->misfire_max = 3;
        job->jitter = below(rng, 2) == 0 ? 0 : SB_S(1 + below(rng, 5));
        job->start_deadline = below(rng, 4) == 0 ? SB_S(30) : 0;
        job->timeout = below(rng, 3) == 0 ? SB_S(40) : 0;
        job->retry = (struct sb_retry){ .attempts = (uint8_t)(1 + below(rng, 4)), .factor_pct = 200, .base = SB_S(1), .max = SB_S(30),
                                        .jitter = (uint8_t)below(rng, SB_JITTER_COUNT) };
        uint64_t steps = 1 + below(rng, 4);
        for (uint64_t s = 0; s < steps; s++) {
            bool needs_context = job->category != SB_CATEGORY_NONE && below(rng, 3) > 0;
            struct sb_step_def *step = world_step(w, "s", needs_context, SB_MS(1 + below(rng, 90000)));
            step->timeout = SB_S(1 + below(rng, 60));
            step->is_effect = needs_context && below(rng, 4) == 0;
            step->goes_on = below(rng, 4) == 0;
            step->keeps_context = below(rng, 4) == 0;
            step->every = below(rng, 4) == 0 ? SB_S(1 + below(rng, 2000)) : 0;
            step->uses = below(rng, 4) == 0 ? (uint32_t)below(rng, 256) & ((1u << s) - 1u) : 0;
            step->restarts_job = below(rng, 5) == 0;
            step->uses_llm = below(rng, 5) == 0;
            step->needs = below(rng, 6) == 0 ? 1u << SB_COMPONENT_LLM : 0;
            uint32_t index = (uint32_t)(step - w->steps);
            w->ignores_stop[index] = below(rng, 12) == 0;
            for (uint32_t e = 0; e < 3; e++)
                world_outcome(w, step, e, (struct outcome){
                    .lasts = SB_MS(1 + below(rng, 80000)),
                    .state = (enum sb_step_state)(SB_STEP_STATE_SUCCEEDED + below(rng, 3)),
                    .class = (enum sb_class)(1 + below(rng, SB_CLASS_COUNT - 1)),
                    .retry_after = SB_S(below(rng, 20)),
                    .text = "x",
                });
        }
    }
}

static void random_operator(struct world *w, struct sb_rng *rng)
{
    unsigned kind = (unsigned)below(rng, SB_COMMAND_COUNT - 1);
    kind += kind >= SB_COMMAND_DRAIN; /* every one but that */
    struct sb_input input = world_command_input(w, (enum sb_command_kind)kind, (uint16_t)below(rng, w->setup.job_count + 1));
    input.as.command.ctx = (uint16_t)below(rng, 8);
    input.as.command.category = (uint8_t)below(rng, SB_CATEGORY_COUNT + 1);
    input.as.command.component = (uint8_t)below(rng, SB_COMPONENT_COUNT + 1);
    input.as.command.policy = (uint8_t)below(rng, SB_LANE_POLICY_COUNT + 1);
    input.as.command.alert = (uint32_t)below(rng, 6);
    input.as.command.run = below(rng, 2) == 0 ? 0 : below(rng, 50);
    input.as.command.confirmed = below(rng, 2) == 0;
    if (below(rng, 8) == 0)
        input.as.command.id = 1 + below(rng, 20); /* repeated ids */
    world_input(w, input);
}

static void random_fault(struct world *w, struct sb_rng *rng)
{
    struct sb_input input;
    switch (below(rng, 6)) {
    case 4:
        input = sb_input_make(SB_INPUT_MEMORY);
        input.as.memory.used = below(rng, 2048) << 20;
        break;
    case 0:
        input = sb_input_make(SB_INPUT_CONTEXT_DOWN);
        input.as.context_down.ctx = (uint16_t)below(rng, 8);
        input.as.context_down.generation = (uint32_t)(1 + below(rng, 5));
        break;
    case 1:
        input = sb_input_make(SB_INPUT_COMPONENT);
        input.as.component.component = (uint8_t)below(rng, SB_COMPONENT_COUNT);
        input.as.component.state = (uint8_t)below(rng, SB_COMPONENT_STATE_COUNT);
        w->component_state[input.as.component.component] = below(rng, 3) > 0 ? SB_COMPONENT_STATE_OK : SB_COMPONENT_STATE_FAILED;
        break;
    case 2:
        input = sb_input_make(SB_INPUT_STEP_DONE);
        input.as.step_done.run = 1 + below(rng, 40);
        input.as.step_done.fence = below(rng, 1u << 22);
        input.as.step_done.state = SB_STEP_STATE_SUCCEEDED;
        break;
    case 3:
        input = sb_input_make(SB_INPUT_SPENT);
        input.as.spent.cost = (int64_t)below(rng, 1500000000);
        break;
    default:
        w->wall_offset += (int64_t)below(rng, 7200000000000u) - SB_HOUR(1);
        input = sb_input_make(SB_INPUT_TICK);
        break;
    }
    world_input(w, input);
}

/* After the faults: everything healthy and unpaused; all that is live must end by itself. */
static void heal(struct world *w)
{
    world_input(w, sb_input_make(SB_INPUT_MEMORY)); /* nothing is used any more */
    w->wall_offset += SB_DAY(10); /* a clock that was set back is put right: due times wait for the wall time they name */
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++) {
        struct sb_input ok = sb_input_make(SB_INPUT_COMPONENT);
        ok.as.component.component = (uint8_t)i;
        ok.as.component.state = SB_COMPONENT_STATE_OK;
        w->component_state[i] = SB_COMPONENT_STATE_OK;
        world_input(w, ok);
    }
    world_command(w, SB_COMMAND_RESUME_ALL, SB_NO_JOB);
    for (unsigned i = 0; i < SB_CATEGORY_COUNT; i++) {
        struct sb_input input = world_command_input(w, SB_COMMAND_RESUME_CATEGORY, SB_NO_JOB);
        input.as.command.category = (uint8_t)i;
        world_input(w, input);
    }
    for (uint32_t i = 0; i < w->setup.job_count; i++)
        world_command(w, SB_COMMAND_RESUME_JOB, (uint16_t)i);
}

/* A failed assertion of the core ends the process: its seed must be told all the same. */
static uint64_t seed_now;
static void tell_seed(const char *claim, const char *file, int line)
{
    (void)fprintf(stderr, "seed %llu: %s at %s:%d; SB_FUZZ_SEED=%llu repeats it\n", (unsigned long long)seed_now, claim, file, line,
                  (unsigned long long)seed_now);
}

/* Plays one world; returns what it did, as a hash, and adds its virtual time. */
static uint64_t history(uint64_t seed, sb_ns *lived)
{
    seed_now = seed;
    struct sb_rng rng = { seed };
    struct world *w = world_create();
    random_jobs(w, &rng);
    w->components[SB_COMPONENT_ENGINE].is_used = true;
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++) {
        w->components[i].recover_every = SB_MIN(1);
        w->components[i].recoveries_a_day = (uint8_t)below(&rng, 4);
    }
    world_begin(w);
    for (int i = 0; i < 120; i++) {
        world_run(w, w->now + SB_MS(below(&rng, 20000)));
        if (below(&rng, 3) == 0)
            random_operator(w, &rng);
        if (below(&rng, 6) == 0)
            random_fault(w, &rng);
    }
    heal(w);
    uint32_t ends_before = w->ends_total;
    world_run(w, w->now + SB_HOUR(2));
    if (w->ends_total == ends_before)
        fail_msg("seed %llu: no run ended in two hours after all faults were healed", (unsigned long long)seed);
    world_command(w, SB_COMMAND_DRAIN, SB_NO_JOB);
    world_run(w, w->now + SB_MIN(5));
    if (!w->is_finished)
        fail_msg("seed %llu: the drain never ended", (unsigned long long)seed);
    uint64_t hash = sb_core_hash(w->core);
    *lived += w->now;
    world_destroy(w);
    return hash;
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    uint64_t value = otherwise;
    const char *text = getenv(name);
    if (text != NULL && !sb_parse_u64(text, &value))
        fail_msg("%s is not a number: %s", name, text);
    return value;
}

/* SB_FUZZ_YEARS: as many worlds as it takes to live through so many years; else SB_FUZZ_SEEDS of them. */
static void random_worlds__keep_every_invariant_and_end(void **state)
{
    (void)state;
    uint64_t first = number_from("SB_FUZZ_SEED", number_from("SB_FUZZ_SEED_FIRST", 1));
    uint64_t count = getenv("SB_FUZZ_SEED") != NULL ? 1 : number_from("SB_FUZZ_SEEDS", 60);
    const sb_ns years = (sb_ns)number_from("SB_FUZZ_YEARS", 0) * SB_DAY(365);
    sb_ns lived = 0;
    uint64_t seed = first;
    for (; seed < first + count || lived < years; seed++) {
        if (getenv("SB_FUZZ_VERBOSE") != NULL)
            print_message("seed %llu\n", (unsigned long long)seed);
        (void)history(seed, &lived);
    }
    print_message("  seeds %llu to %llu, %.2f virtual years, every invariant after every step\n", (unsigned long long)first,
                  (unsigned long long)(seed - 1), (double)lived / (double)SB_DAY(365));
}

static void same_seed__gives_the_same_history_byte_for_byte(void **state)
{
    (void)state;
    sb_ns lived = 0;
    for (uint64_t seed = 1000; seed < 1005; seed++)
        assert_true(history(seed, &lived) == history(seed, &lived));
    assert_true(history(1000, &lived) != history(1001, &lived));
}

int main(void)
{
    sb_assert_hook_set(tell_seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_worlds__keep_every_invariant_and_end),
        cmocka_unit_test(same_seed__gives_the_same_history_byte_for_byte),
    };
    return cmocka_run_group_tests_name("sim_fuzz", tests, NULL, NULL);
}
