/* Every legal move of a run's state.
 *
 *            +--------------------- BACKOFF <-----------+
 *            v                                          |
 *   (new) QUEUED <--> HELD        RUNNING <--> (QUEUED between steps)
 *            |                      |   |
 *            +------> RUNNING ------+   +--> STOPPING --> the same ends
 *
 *   ends: SUCCEEDED FAILED CANCELLED SKIPPED INTERRUPTED QUARANTINED
 *
 * A pair without its bit is a bug in the core and trips the assertion in sb_run_move. */
#include "state.h"

#define TO(state) (1u << SB_RUN_STATE_##state)

static const uint32_t moves[SB_RUN_STATE_COUNT] = {
    [SB_RUN_STATE_QUEUED] = TO(HELD) | TO(RUNNING) | TO(BACKOFF) | TO(SUCCEEDED) | TO(FAILED) | TO(CANCELLED) | TO(SKIPPED) |
                            TO(INTERRUPTED) | TO(QUARANTINED),
    [SB_RUN_STATE_HELD] = TO(QUEUED) | TO(CANCELLED) | TO(SKIPPED),
    [SB_RUN_STATE_RUNNING] = TO(QUEUED) | TO(STOPPING) | TO(BACKOFF) | TO(SUCCEEDED) | TO(FAILED) | TO(CANCELLED) | TO(SKIPPED),
    [SB_RUN_STATE_STOPPING] = TO(QUEUED) | TO(BACKOFF) | TO(SUCCEEDED) | TO(FAILED) | TO(CANCELLED) | TO(SKIPPED),
    [SB_RUN_STATE_BACKOFF] = TO(QUEUED) | TO(CANCELLED) | TO(SKIPPED),
};

bool sb_run_state_is_end(enum sb_run_state state)
{
    return moves[state] == 0;
}

bool sb_run_move_is_legal(enum sb_run_state from, enum sb_run_state to)
{
    return (moves[from] >> to & 1u) != 0;
}
