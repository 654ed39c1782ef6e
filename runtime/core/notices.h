/* Who is told of alerts: silences, the outbox of notices, and what each channel has been told. Core thread only. */
#ifndef SIGNALBOX_CORE_NOTICES_H
#define SIGNALBOX_CORE_NOTICES_H

#include "state.h"

/* silences.c */
/* The one that covers the alert now, or NULL. */
const struct silence *sb_silence_of(const struct sb_core *core, const struct alert *alert);
/* NULL when there are as many as there can be. */
const struct silence *sb_silence_set(struct sb_core *core, const struct sb_command *command);
bool sb_silence_end(struct sb_core *core, uint32_t id, const char *actor);
void sb_silence_restore(struct sb_core *core, const struct sb_in_restore_silence *restored);
/* Ends one whose time is over; false when there is none. */
bool sb_silences_due(struct sb_core *core);
sb_ns sb_silences_next(const struct sb_core *core);
struct sb_event sb_silence_event(const struct sb_core *core, const struct silence *silence);

/* notices.c */
/* An alert, a silence or the time changed: look again at who is to be told. */
void sb_notices_changed(struct sb_core *core);
void sb_notices_timer(struct sb_core *core);
struct sb_event sb_notice_held_event(const struct sb_core *core, const struct alert *alert, uint32_t channel);

/* outbox.c */
struct told *sb_told_of(struct sb_core *core, const struct alert *alert, uint32_t channel);
/* A new incident in that slot: nobody has been told of it. */
void sb_notices_forget(struct sb_core *core, const struct alert *alert);
/* The same incident once more: who still waits for the word that the last one was over knows of it already. */
void sb_notices_again(struct sb_core *core, const struct alert *alert);
/* Whether that notice is still on its way. */
bool sb_outbox_holds(const struct sb_core *core, uint64_t id);
bool sb_outbox_is_full(const struct sb_core *core);
/* When the channel's rate allows another message; at most `now`: it does. */
sb_ns sb_outbox_free_at(const struct sb_core *core, uint32_t channel);
/* A notice about `alert`, which speaks for `count` of them; NULL when the outbox is full. */
struct notice *sb_outbox_add(struct sb_core *core, const struct alert *alert, uint32_t c, enum sb_notice_kind kind, uint32_t count,
                             const char *text);
/* The channel is told of the alert with that notice. */
void sb_outbox_mark(struct sb_core *core, const struct alert *alert, uint32_t c, const struct notice *notice, enum sb_notice_kind kind);
/* Gives the engine the channel's next notice, when none is in flight. When to ask again; SB_NEVER: not by time. */
sb_ns sb_outbox_send(struct sb_core *core, uint32_t channel);
/* Pings a dead-man's switch that is due; brings `next` forward to its next ping. */
void sb_outbox_ping(struct sb_core *core, uint32_t channel, sb_ns *next);
void sb_notices_begin(struct sb_core *core);
void sb_notices_done(struct sb_core *core, const struct sb_in_notice_done *done);
void sb_notices_restore(struct sb_core *core, const struct sb_in_restore_notice *restored);
void sb_notices_restore_told(struct sb_core *core, const struct sb_in_restore_told *told);
/* A rehearsal: what has been given to channels has arrived, and nobody says so. */
void sb_notices_arrive(struct sb_core *core);
/* The last ping of dead-man's switches: this end is meant. */
void sb_notices_stopping(struct sb_core *core);

#endif
