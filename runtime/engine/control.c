/* How everybody but the core thread speaks to the engine, and what the engine says of itself. Any thread; keeps nothing but the numbering of
 * commands. */
#include "parts.h"

enum sb_err sb_control_command(struct sb_control *control, struct sb_command command, uint64_t *id, struct sb_error *err)
{
    struct sb_input input = sb_input_make(SB_INPUT_COMMAND);

    if (command.kind >= SB_COMMAND_COUNT)
        return sb_error_set(err, SB_ERR_INVALID, "there is no command number %u", command.kind);
    if (command.id == 0)
        command.id = atomic_fetch_add(&control->next_id, 1);
    input.as.command = command;
    enum sb_err rc = sb_inbox_post(control->inbox, &input, err);
    if (rc == SB_OK && id != NULL)
        *id = command.id;
    return rc;
}

enum sb_err sb_control_input(struct sb_control *control, const struct sb_input *input, struct sb_error *err)
{
    bool is_budget = input->kind == SB_INPUT_SPENT || input->kind == SB_INPUT_LEDGER || input->kind == SB_INPUT_LLM_FAILED ||
                     input->kind == SB_INPUT_BILL;
    if (input->kind != SB_INPUT_NOTE && input->kind != SB_INPUT_COMPONENT && input->kind != SB_INPUT_VITALS &&
        input->kind != SB_INPUT_MODEL_END && !is_budget)
        return sb_error_set(err, SB_ERR_REFUSED, "inputs of kind %u are not posted from outside", input->kind);
    if (input->kind == SB_INPUT_SPENT) {
        /* Money that was spent must be counted, however busy the core is. */
        sb_inbox_post_result(control->inbox, input);
        return SB_OK;
    }
    enum sb_err rc = sb_inbox_post(control->inbox, input, err);
    if (rc == SB_ERR_FULL && input->kind == SB_INPUT_NOTE) { /* the other ones are said again by whoever says them */
        struct sb_stats *stats = &control->engine->stats;
        sb_mutex_lock(stats->mutex);
        stats->lost++;
        sb_mutex_unlock(stats->mutex);
    }
    return rc;
}

void sb_control_health(struct sb_control *control, struct sb_health *health)
{
    struct sb_stats *stats = &control->engine->stats;
    sb_mutex_lock(stats->mutex);
    *health = (struct sb_health){ .late = stats->late_worst, .lost = stats->lost };
    stats->late_worst = 0;
    sb_mutex_unlock(stats->mutex);
}

size_t sb_control_loops(struct sb_control *control, struct sb_loop loops[SB_LOOPS_MAX])
{
    struct sb_engine *engine = control->engine;
    size_t count, busy, used = 0;
    bool must_wake;

    loops[used++] = (struct sb_loop){ "core", sb_pulse_ask(&engine->core_pulse, &must_wake) };
    if (must_wake)
        sb_inbox_kick(engine->inbox);
    loops[used++] = (struct sb_loop){ "workers", sb_workers_silence(engine->workers, &count, &busy) };
    loops[used++] = (struct sb_loop){ "journal", sb_journal_silence(engine->journal) };
    loops[used++] = (struct sb_loop){ "keeper", sb_keeper_silence(engine->keeper) };
    return used;
}

void sb_control_vitals(struct sb_control *control, struct sb_vitals *vitals)
{
    struct sb_engine *engine = control->engine;
    size_t count, busy;

    (void)sb_workers_silence(engine->workers, &count, &busy);
    sb_mutex_lock(engine->stats.mutex);
    *vitals = (struct sb_vitals){
        .inputs = engine->stats.inputs, .events = engine->stats.events, .orders = engine->stats.orders, .steps_run = engine->stats.steps_run,
        .step = engine->stats.step, .dispatch = engine->stats.dispatch, .lateness = engine->stats.lateness,
    };
    sb_mutex_unlock(engine->stats.mutex);
    vitals->inbox_depth = sb_inbox_depth(engine->inbox);
    vitals->workers = (uint32_t)count;
    vitals->workers_busy = (uint32_t)busy;
}
