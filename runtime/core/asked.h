/* A command being carried out: its handler writes the outcome and says whether it was refused. Core thread only. */
#ifndef SIGNALBOX_CORE_ASKED_H
#define SIGNALBOX_CORE_ASKED_H

#include "state.h"

struct asked {
    const struct sb_command *command;
    bool is_refused;
    uint64_t run;          /* run it ended up acting on */
    struct sb_text outcome;
};

typedef void command_handler(struct sb_core *core, struct asked *asked);

static inline void asked_refuse(struct asked *asked, const char *why)
{
    asked->is_refused = true;
    asked->outcome.len = 0;
    sb_text_add(&asked->outcome, why);
}

static inline void asked_say(struct asked *asked, const char *what)
{
    sb_text_add(&asked->outcome, what);
}

/* commands_alerts.c */
command_handler on_ack_alert, on_unack_alert, on_silence, on_unsilence;

#endif
