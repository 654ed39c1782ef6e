/* The budget's tiers: what the day's LLM money allows now. Pure: everything is given, amounts are integers; used by the core and, over virtual
 * days, by `simulate --budget`.
 *
 * Policy `absolute`: by what is left of the limit, with three thresholds. Policy `paced`: keeps a floor so that every call that is still
 * forecast for the day can run on the economy alias; only what is above the floor buys premium, and not ahead of the day's pace:
 *
 *   calls left  R = forecast of the rest of the day by hour, scaled by today's count so far
 *   floor         = R x economy mean x 1.3
 *   disc          = limit - used - floor
 *   q             = disc / (R x premium mean): the share of the calls left that could be premium
 *
 *   tier       enter          leave        critical intents                  other intents
 *   high       q >= 1.15      q < 0.95     premium                           premium
 *   medium     q >= 0.12      q < 0.06     premium at most 30 min ahead of   economy
 *                                          the pace, else economy
 *   low        otherwise                   economy                           economy
 *   critical   disc < 0, and ahead of      economy, the output cap fitted    skipped
 *              the pace
 *   closed     less is left than a call costs: until the window rolls
 *
 * The pace is the limit spread over the forecast of the day. Below it nobody is stopped, however much is expected later: a forecast alone must
 * not leave money unspent.
 *
 * Upward one step per dwell; downward at once below the floor, else one step per dwell. The window's roll starts at the forecast's tier. */
#ifndef SIGNALBOX_CORE_PACE_H
#define SIGNALBOX_CORE_PACE_H

#include "signalbox/model/job.h"

enum { SB_PACE_HOURS = 24 };

struct sb_pace {
    const struct sb_budget_def *def;
    int64_t day_start, day_end;   /* wall ns */
    int64_t counted_from;         /* wall ns: calls of the day are known from here on */
    int64_t moved_at;             /* wall ns of the last change of tier */
    uint64_t profile_milli[SB_PACE_HOURS]; /* calls expected in each hour of the day, in thousandths */
    uint32_t calls[SB_PACE_HOURS]; /* of today */
    uint64_t premium_sum, premium_count, economy_sum, economy_count; /* nano-dollars and calls, all days seen */
    uint8_t tier;                 /* enum sb_tier */
};

/* What the policy sees. */
struct sb_pace_view {
    int64_t floor, disc;          /* nano-dollars; 0 and what is left under `absolute` */
    int64_t forecast;             /* what the day will have cost at this rate */
    uint64_t calls_left;
    int32_t q_permille;           /* capped at 100000 */
    uint8_t wanted;               /* the tier it would be without dwell */
    bool is_ahead;                /* what is used is more than 30 minutes ahead of the pace */
    bool is_behind_pace;          /* it is less than 5 minutes ahead */
};

void sb_pace_init(struct sb_pace *pace, const struct sb_budget_def *def);
/* What earlier days say of an hour: mean calls in thousandths. */
void sb_pace_expect(struct sb_pace *pace, uint8_t hour, uint64_t calls_milli);
/* A new window; calls of it are known from `counted_from` on. Today's counts flow into the profile. */
void sb_pace_open(struct sb_pace *pace, int64_t day_start, int64_t day_end, int64_t counted_from, int64_t used);
/* A call that ended. */
void sb_pace_call(struct sb_pace *pace, int64_t wall, bool is_premium, int64_t cost);
struct sb_pace_view sb_pace_look(const struct sb_pace *pace, int64_t wall, int64_t used);
/* Moves the tier if it must move now; `is_closed`: the ledger takes nothing more. Returns whether it moved. */
bool sb_pace_decide(struct sb_pace *pace, int64_t wall, int64_t used, bool is_closed);
/* When the tier may move although nothing happens (end of a dwell), wall ns. */
int64_t sb_pace_next(const struct sb_pace *pace);
/* The tier for a call that starts now: medium ahead of the pace is low. */
enum sb_tier sb_pace_tier_of_call(const struct sb_pace *pace, enum sb_tier tier, int64_t wall, int64_t used);

#endif
