/* Commands: what somebody asks for. A command always ends in exactly one of the events command_done and
 * command_refused, which carry its id. Idempotent by id: a repeated id answers the same without acting. */
#ifndef SIGNALBOX_MODEL_COMMAND_H
#define SIGNALBOX_MODEL_COMMAND_H

#include "signalbox/model/fields.h"

enum sb_command_kind {
#define X(code, name, guard, help) SB_COMMAND_##code,
#include "signalbox/model/commands.def"
#undef X
    SB_COMMAND_COUNT
};

struct sb_command_info {
    const char *name;
    const char *help;
    char guard; /* 'V', 'R', 'G' or 'T' */
};

extern const struct sb_command_info sb_command_infos[SB_COMMAND_COUNT];
/* Kind by name, or -1. */
int sb_command_parse(const char *name);

/* Fields of a command; unused targets hold their "none" value. `run` latches the target of run commands: the console
 * fills it at the key press, and the command is refused when the job's current run is another one by then. */
#define SB_COMMAND_FIELDS(F) \
    F(u64, id) F(u8, kind) F(category, category) F(component, component) F(lane_policy, policy) F(flag, confirmed) \
    F(job, job) F(ctx, ctx) F(u32, alert) F(run, run) F(name, actor) F(note, reason)

struct sb_command {
    SB_COMMAND_FIELDS(SB_FIELD_DECLARE)
};

/* A zeroed command with "none" targets. */
struct sb_command sb_command_make(enum sb_command_kind kind, uint64_t id, const char *actor);

#endif
