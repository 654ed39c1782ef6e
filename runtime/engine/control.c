/* How everybody but the core thread speaks to the engine. Any thread; keeps nothing but the numbering of commands. */
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
    bool is_budget = input->kind == SB_INPUT_SPENT || input->kind == SB_INPUT_LEDGER || input->kind == SB_INPUT_LLM_FAILED;
    if (input->kind != SB_INPUT_NOTE && input->kind != SB_INPUT_COMPONENT && !is_budget)
        return sb_error_set(err, SB_ERR_REFUSED, "inputs of kind %u are not posted from outside", input->kind);
    if (input->kind == SB_INPUT_SPENT) {
        /* Money that was spent must be counted, however busy the core is. */
        sb_inbox_post_result(control->inbox, input);
        return SB_OK;
    }
    return sb_inbox_post(control->inbox, input, err);
}
