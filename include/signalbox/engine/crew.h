/* The crew of a node that waits for its turn: it runs steps which the active node lends (ports/hands.h, docs/decisions/0017), from its own
 * catalogue, so many at a time. One thread speaks with the database; each step has one of its own.
 *
 * A claim that is lost - the node was paused or cut off for longer than its lease, the active node has changed, the step was called off - ends the
 * step's program; what it said does not count. */
#ifndef SIGNALBOX_ENGINE_CREW_H
#define SIGNALBOX_ENGINE_CREW_H

#include "signalbox/model/catalogue.h"
#include "signalbox/ports/hands.h"

enum { SB_CREW_MAX = 64 };

/* Borrowed until sb_crew_stop. */
struct sb_crew_setup {
    const struct sb_catalogue *catalogue;
    sb_hands_opener *open;
    struct sb_hands_setup hands;
    uint32_t count; /* 1 to SB_CREW_MAX */
};

struct sb_crew;
/* Does not wait for the database. */
enum sb_err sb_crew_start(struct sb_crew **crew, const struct sb_crew_setup *setup, struct sb_error *err) SB_MUST_USE;
/* Ends what runs (a program has two seconds to follow SIGTERM), gives it back for others, offers nothing any more. NULL is fine. */
void sb_crew_stop(struct sb_crew *crew);

#endif
