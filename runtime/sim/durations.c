/* How long steps last: the catalogue gives median and 95th percentile of a whole run, a log-normal distribution through both gives the
 * time of one run, and each step has the share of it that its time limit has of all limits. The draw belongs to (seed, job, due time,
 * attempt), so that two policies see the same work. One thread, no state but the simulation's. */
#include "world.h"

#include <math.h>
#include <string.h>

#define Z95 1.6448536269514722 /* 95th percentile of the standard normal distribution */
#define TAU 6.283185307179586

static const struct sb_duration_def GUESS = { SB_S(1), SB_S(1) };

void sim_durations_init(struct sim *sim)
{
    const struct sb_catalogue *catalogue = sim->setup->catalogue;
    for (uint32_t j = 0; j < catalogue->job_count; j++) {
        const struct sb_job_def *job = &catalogue->jobs[j];
        const struct sb_duration_def *given = &catalogue->durations[j];
        const struct sb_duration_def *duration = given->p50 > 0 ? given : &GUESS;
        sim->report->jobs_guessed += given->p50 > 0 ? 0u : 1u;
        sim->draws[j] = (struct draw){
            .median_ns = (double)duration->p50,
            .sigma = log((double)duration->p95 / (double)duration->p50) / Z95,
            .p95 = duration->p95,
        };
        double whole = 0;
        for (uint8_t s = 0; s < job->step_count; s++)
            whole += (double)catalogue->steps[job->first_step + s].timeout;
        for (uint8_t s = 0; s < job->step_count; s++)
            sim->shares[job->first_step + s] = (double)catalogue->steps[job->first_step + s].timeout / whole;
    }
}

static double unit(uint64_t hash)
{
    return ((double)(hash >> 11) + 1.0) / 9007199254740992.0; /* 2^53: (0, 1] */
}

static uint64_t name_of(const struct sim *sim, const struct sb_or_start_step *start)
{
    const char *job = sim->jobs[start->job].name;
    uint64_t due = sim->latest_run[start->job] == start->run ? (uint64_t)sim->latest_nominal[start->job] : start->run;
    uint64_t hash = sb_hash_fold(sim->setup->seed, sb_hash_bytes(job, strlen(job)));
    return sb_hash_fold(sb_hash_fold(hash, due), start->attempt);
}

double sim_chance(const struct sim *sim, const struct sb_or_start_step *start, uint64_t use)
{
    return unit(sb_hash_fold(name_of(sim, start), 0x10000u + use * 256u + start->step));
}

double sim_chance_next(struct sb_rng *rng)
{
    return unit(sb_rng_next(rng));
}

sb_ns sim_step_lasts(const struct sim *sim, const struct sb_or_start_step *start)
{
    const struct draw *draw = &sim->draws[start->job];
    double whole = (double)draw->p95;
    if (!sim->setup->is_p95) {
        uint64_t name = name_of(sim, start);
        double radius = sqrt(-2.0 * log(unit(sb_hash_fold(name, 1)))), angle = TAU * unit(sb_hash_fold(name, 2)); /* Box-Muller */
        whole = draw->median_ns * exp(draw->sigma * radius * cos(angle));
    }
    uint32_t pct = sim->setup->duration_pct > 0 ? sim->setup->duration_pct : 100;
    double lasts = whole * sim->shares[sim->jobs[start->job].first_step + start->step] * pct / 100.0;
    if (lasts > (double)SB_DAY(365))
        return SB_DAY(365);
    return lasts < (double)SB_MS(1) ? SB_MS(1) : (sb_ns)lasts;
}
