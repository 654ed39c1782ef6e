/* Reflection tables of inputs, events, orders and commands, generated from their field lists. Pure. */
#include "signalbox/base/text.h"
#include "signalbox/model/event.h"
#include "signalbox/model/input.h"
#include "signalbox/model/order.h"

#include <string.h>

size_t sb_field_size(enum sb_field_type type)
{
    static const uint8_t sizes[SB_FIELD_TYPE_COUNT] = {
        [SB_FIELD_u8] = 1,   [SB_FIELD_u16] = 2, [SB_FIELD_u32] = 4,  [SB_FIELD_u64] = 8, [SB_FIELD_i64] = 8,
        [SB_FIELD_flag] = 1, [SB_FIELD_run] = 8, [SB_FIELD_job] = 2,  [SB_FIELD_step] = 1, [SB_FIELD_ctx] = 2,
        [SB_FIELD_ns] = 8,   [SB_FIELD_wall] = 8, [SB_FIELD_usd] = 8, [SB_FIELD_name] = SB_NAME_MAX,
        [SB_FIELD_note] = SB_NOTE_MAX,
#define SIZE(lower, UPPER) [SB_FIELD_##lower] = 1,
        SB_ENUMERATIONS(SIZE)
#undef SIZE
    };
    return sizes[type];
}

#define FIELD(owner, type, name) { #name, SB_FIELD_##type, (uint16_t)offsetof(struct owner, name) },

/* Each list ends in a sentinel, so that an empty one (tick) is a legal array too. */
#define END { NULL, SB_FIELD_u8, 0 }

#define INFO(label, severity_of, line, payload, list) \
    { .name = label, .text = line, .severity = severity_of, .field_count = (uint8_t)(SB_LEN(list) - 1), \
      .size = (uint16_t)sizeof(struct payload), .fields = list },

#define IN_FIELDS(code, name) static const struct sb_field in_##name[] = { SB_IN_##name(FIELD, sb_in_##name) END };
static const struct sb_field in_command[] = { SB_COMMAND_FIELDS(FIELD, sb_command) END };
static const struct sb_field in_tick[] = { END };
IN_FIELDS(RESTORE_BASE, restore_base)
IN_FIELDS(RESTORE_JOB, restore_job)
IN_FIELDS(RESTORE_STEP, restore_step)
IN_FIELDS(RESTORE_RUN, restore_run)
IN_FIELDS(RESTORE_PAUSE, restore_pause)
IN_FIELDS(RESTORE_INCIDENT, restore_incident)
IN_FIELDS(RESTORE_BUDGET, restore_budget)
IN_FIELDS(RESTORE_HOUR, restore_hour)
IN_FIELDS(RESTORE_CALLS, restore_calls)
IN_FIELDS(RESTORE_RECOVERY, restore_recovery)
IN_FIELDS(RESTORE_TRIP, restore_trip)
IN_FIELDS(RESTORE_ALERT, restore_alert)
IN_FIELDS(RESTORE_ACK, restore_ack)
IN_FIELDS(RESTORE_SILENCE, restore_silence)
IN_FIELDS(RESTORE_NOTICE, restore_notice)
IN_FIELDS(RESTORE_TOLD, restore_told)
IN_FIELDS(BEGIN, begin)
IN_FIELDS(STEP_DONE, step_done)
IN_FIELDS(NOTE, note)
IN_FIELDS(CONTEXT_UP, context_up)
IN_FIELDS(CONTEXT_DOWN, context_down)
IN_FIELDS(COMPONENT, component)
IN_FIELDS(SPENT, spent)
IN_FIELDS(LEDGER, ledger)
IN_FIELDS(LLM_FAILED, llm_failed)
IN_FIELDS(BREAKER_PROBED, breaker_probed)
IN_FIELDS(NOTICE_DONE, notice_done)
IN_FIELDS(MEMORY, memory)
IN_FIELDS(VITALS, vitals)
IN_FIELDS(MODEL_END, model_end)
IN_FIELDS(BILL, bill)
IN_FIELDS(USAGE, usage)

#define sb_in_command sb_command
const struct sb_kind_info sb_input_infos[SB_INPUT_COUNT] = {
#define IN_INFO(code, name) [SB_INPUT_##code] = INFO(#name, SB_SEVERITY_DEBUG, "", sb_in_##name, in_##name)
    SB_INPUTS(IN_INFO)
};
#undef sb_in_command

#define OR_FIELDS(code, name) static const struct sb_field or_##name[] = { SB_OR_##name(FIELD, sb_or_##name) END };
SB_ORDERS(OR_FIELDS)
const struct sb_kind_info sb_order_infos[SB_ORDER_COUNT] = {
#define OR_INFO(code, name) [SB_ORDER_##code] = INFO(#name, SB_SEVERITY_DEBUG, "", sb_or_##name, or_##name)
    SB_ORDERS(OR_INFO)
};

#define EV_FIELDS(code, name, severity, text) \
    static const struct sb_field ev_##name[] = { SB_EV_##name(FIELD, sb_ev_##name) END };
SB_EVENTS(EV_FIELDS)
const struct sb_kind_info sb_event_infos[SB_EVENT_COUNT] = {
#define EV_INFO(code, name, severity, text) \
    [SB_EVENT_##code] = INFO(#name, SB_SEVERITY_##severity, text, sb_ev_##name, ev_##name)
    SB_EVENTS(EV_INFO)
};

struct sb_input sb_input_make(enum sb_input_kind kind)
{
    struct sb_input input;
    memset(&input, 0, sizeof(input));
    input.kind = (uint16_t)kind;
    return input;
}

const struct sb_command_info sb_command_infos[SB_COMMAND_COUNT] = {
#define X(code, label, guard_class, help_text) \
    [SB_COMMAND_##code] = { .name = #label, .help = help_text, .guard = guard_class },
#include "signalbox/model/commands.def"
#undef X
};

int sb_command_parse(const char *name)
{
    for (int i = 0; i < SB_COMMAND_COUNT; i++)
        if (sb_streq(sb_command_infos[i].name, name))
            return i;
    return -1;
}

struct sb_command sb_command_make(enum sb_command_kind kind, uint64_t id, const char *actor)
{
    struct sb_command command;
    memset(&command, 0, sizeof(command));
    command.kind = (uint8_t)kind;
    command.id = id;
    command.job = SB_NO_JOB;
    command.ctx = SB_NO_CTX;
    command.site = SB_SITES_MAX; /* none */
    command.rule = SB_RULE_COUNT;
    (void)sb_copy(command.actor, sizeof(command.actor), actor);
    return command;
}
