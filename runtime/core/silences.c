/* Silences: what nobody is told of for a time. It is shown all the same. Core thread only. */
#include "notices.h"

const struct silence *sb_silence_of(const struct sb_core *core, const struct alert *alert)
{
    for (size_t i = 0; i < SB_LEN(core->silences); i++) {
        const struct silence *silence = &core->silences[i];
        if (silence->is_used && silence->until > core->now && (silence->rule >= SB_RULE_COUNT || silence->rule == alert->rule) &&
            sb_silence_covers(silence->subject, alert->subject))
            return silence;
    }
    return NULL;
}

struct sb_event sb_silence_event(const struct sb_core *core, const struct silence *silence)
{
    struct sb_event event = sb_event_make(core, SB_EVENT_SILENCE_SET);
    struct sb_ev_silence_set *set = &event.as.silence_set;
    set->silence = silence->id;
    set->rule = silence->rule;
    set->lasts = silence->until - core->now;
    memcpy(set->subject, silence->subject, sizeof(set->subject));
    memcpy(set->actor, silence->actor, sizeof(set->actor));
    memcpy(set->reason, silence->reason, sizeof(set->reason));
    return event;
}

static struct silence *free_slot(struct sb_core *core)
{
    for (size_t i = 0; i < SB_LEN(core->silences); i++)
        if (!core->silences[i].is_used)
            return &core->silences[i];
    return NULL;
}

const struct silence *sb_silence_set(struct sb_core *core, const struct sb_command *command)
{
    struct silence *silence = free_slot(core);
    if (silence == NULL)
        return NULL;
    *silence = (struct silence){ .is_used = true, .rule = command->rule, .id = core->next_silence++, .since = core->now,
                                 .until = sb_ns_add(core->now, command->lasts) };
    (void)sb_copy(silence->subject, sizeof(silence->subject), command->subject);
    (void)sb_copy(silence->actor, sizeof(silence->actor), command->actor);
    note_copy(silence->reason, command->reason);
    struct sb_event event = sb_silence_event(core, silence);
    sb_core_emit(core, &event);
    sb_alerts_arm(core);
    sb_notices_changed(core);
    return silence;
}

static void end(struct sb_core *core, struct silence *silence, const char *actor)
{
    struct sb_event event = sb_event_make(core, SB_EVENT_SILENCE_ENDED);
    event.as.silence_ended.silence = silence->id;
    (void)sb_copy(event.as.silence_ended.actor, SB_NAME_MAX, actor);
    silence->is_used = false;
    sb_core_emit(core, &event);
    sb_notices_changed(core);
}

bool sb_silence_end(struct sb_core *core, uint32_t id, const char *actor)
{
    for (size_t i = 0; i < SB_LEN(core->silences); i++) {
        if (!core->silences[i].is_used || core->silences[i].id != id)
            continue;
        end(core, &core->silences[i], actor);
        sb_alerts_arm(core);
        return true;
    }
    return false;
}

bool sb_silences_due(struct sb_core *core)
{
    for (size_t i = 0; i < SB_LEN(core->silences); i++) {
        if (!core->silences[i].is_used || core->silences[i].until > core->now)
            continue;
        end(core, &core->silences[i], "");
        return true;
    }
    return false;
}

sb_ns sb_silences_next(const struct sb_core *core)
{
    sb_ns next = SB_NEVER;
    for (size_t i = 0; i < SB_LEN(core->silences); i++)
        if (core->silences[i].is_used && core->silences[i].until < next)
            next = core->silences[i].until;
    return next;
}

void sb_silence_restore(struct sb_core *core, const struct sb_in_restore_silence *restored)
{
    if (restored->silence >= core->next_silence)
        core->next_silence = restored->silence + 1;
    struct silence *silence = free_slot(core);
    if (silence == NULL || restored->until <= core->wall.ns)
        return;
    *silence = (struct silence){ .is_used = true, .rule = restored->rule, .id = restored->silence, .since = core->now,
                                 .until = core->now + (restored->until - core->wall.ns) };
    memcpy(silence->subject, restored->subject, sizeof(silence->subject));
    memcpy(silence->actor, restored->actor, sizeof(silence->actor));
    memcpy(silence->reason, restored->reason, sizeof(silence->reason));
}
