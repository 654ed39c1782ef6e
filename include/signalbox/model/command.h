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
 * fills it at the key press, and the command is refused when the job's current run is another one by then. `lasts`: how long an override
 * holds, 0 = until the next start. */
#define SB_COMMAND_FIELDS(F, O) \
    F(O, u64, id) F(O, u8, kind) F(O, category, category) F(O, component, component) F(O, lane_policy, policy) F(O, tier, tier) F(O, u8, site) F(O, flag, confirmed) \
    F(O, job, job) F(O, ctx, ctx) F(O, u32, alert) F(O, run, run) F(O, name, actor) F(O, note, reason) \
    F(O, ns, lasts) F(O, rule, rule) F(O, name, subject)

struct sb_command {
    SB_COMMAND_FIELDS(SB_FIELD_DECLARE, _)
};

/* A zeroed command with "none" targets. */
struct sb_command sb_command_make(enum sb_command_kind kind, uint64_t id, const char *actor);

#endif
