/* Owns undo: what takes the last reversible command back, for five seconds, one or many at once. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

/* The kind that takes one back; COUNT = none does. */
static enum sb_command_kind inverse_of(unsigned kind)
{
    static const struct {
        uint8_t done, inverse;
    } pairs[] = {
        {SB_COMMAND_PAUSE_JOB, SB_COMMAND_RESUME_JOB},           {SB_COMMAND_RESUME_JOB, SB_COMMAND_PAUSE_JOB},
        {SB_COMMAND_PAUSE_CATEGORY, SB_COMMAND_RESUME_CATEGORY}, {SB_COMMAND_RESUME_CATEGORY, SB_COMMAND_PAUSE_CATEGORY},
        {SB_COMMAND_ACK_ALERT, SB_COMMAND_UNACK_ALERT},          {SB_COMMAND_SILENCE, SB_COMMAND_UNSILENCE},
        {SB_COMMAND_FORCE_TIER, SB_COMMAND_FREE_TIER},
        {SB_COMMAND_INCIDENT_OPEN, SB_COMMAND_INCIDENT_CLOSE},   {SB_COMMAND_INCIDENT_CLOSE, SB_COMMAND_INCIDENT_OPEN},
    };
    for (unsigned i = 0; i < SB_LEN(pairs); i++) {
        if (pairs[i].done == kind)
            return (enum sb_command_kind)pairs[i].inverse;
    }
    return SB_COMMAND_COUNT;
}

/* The silence that the command has begun: its number is known only since then. 0 = it is not there. */
static uint32_t silence_of(const struct sb_model *model, const struct sb_command *done)
{
    uint32_t newest = 0;
    for (unsigned i = 0; i < SB_SILENCES_MAX; i++) {
        const struct sb_model_silence *const silence = &model->silences[i];
        const bool is_same = silence->rule == done->rule && sb_streq(silence->subject, done->subject) && sb_streq(silence->actor, done->actor);
        if (is_same && silence->id > newest)
            newest = silence->id;
    }
    return newest;
}

bool sb_undo_make(const struct sb_screen *screen, const struct sb_command *done, struct sb_command *inverse)
{
    const enum sb_command_kind kind = inverse_of(done->kind);
    if (kind == SB_COMMAND_COUNT)
        return false;
    *inverse = sb_command_make(kind, 0, screen->actor);
    inverse->job = done->job;
    inverse->category = done->category;
    inverse->confirmed = true;
    if (kind == SB_COMMAND_INCIDENT_OPEN || kind == SB_COMMAND_INCIDENT_CLOSE)
        sb_copy(inverse->subject, sizeof inverse->subject, done->subject);
    inverse->alert = kind == SB_COMMAND_UNSILENCE ? silence_of(screen->live, done) : done->alert;
    return kind != SB_COMMAND_UNSILENCE || inverse->alert != 0;
}

void sb_undo_arm(struct sb_screen *screen, struct sb_now now, const struct sb_command *done, const char *target)
{
    memset(&screen->undo, 0, sizeof screen->undo);
    screen->undo.is_armed = inverse_of(done->kind) != SB_COMMAND_COUNT;
    screen->undo.until = sb_ns_add(now.mono, SB_UNDO_WINDOW);
    screen->undo.number = screen->sent;
    screen->undo.command = *done;
    sb_copy(screen->undo.target, sizeof screen->undo.target, target);
}

void sb_undo_arm_bulk(struct sb_screen *screen, struct sb_now now)
{
    memset(&screen->undo, 0, sizeof screen->undo);
    screen->undo.is_armed = screen->undo.is_bulk = inverse_of(screen->bulk.kind) != SB_COMMAND_COUNT;
    screen->undo.until = sb_ns_add(now.mono, SB_UNDO_WINDOW);
}

void sb_act_undo(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    if (!screen->undo.is_armed || now.mono >= screen->undo.until) {
        screen->undo.is_armed = false;
        sb_notice_say(screen, now, false,
                      "nothing to undo: a pause, an acknowledgement, a silence, a tier or an incident id can be undone for 5 seconds");
        return;
    }
    screen->undo.is_armed = false;
    if (screen->undo.is_bulk) {
        sb_bulk_undo(screen, now);
        return;
    }
    struct sb_command inverse;
    if (sb_undo_make(screen, &screen->undo.command, &inverse))
        sb_emit(screen, now, &inverse, screen->undo.target, answer);
    else
        sb_notice_say(screen, now, true, "nothing to undo: the silence has not begun");
}
