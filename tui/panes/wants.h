/* Inside tui/panes: what views want to know of the past, and what they were told. A view says what it needs; the loop hands it to whoever knows,
 * and the answer comes when it comes: until then the view says for how long it has been waiting, and goes on showing what it has. */
#ifndef SB_TUI_WANTS_H
#define SB_TUI_WANTS_H

#include "signalbox/base/text.h"
#include "signalbox/ports/lookup.h"

#include <stdbool.h>

struct sb_screen;

/* One kind of question, and the newest answer to it. */
struct sb_want {
    struct sb_lookup lookup;   /* what is wanted; number 0: nothing yet */
    struct sb_lookup answered; /* what `found` answers; number 0: nothing */
    struct sb_findings *found;
    bool is_wanted, is_asking; /* not handed over yet; handed over, and not answered */
    sb_ns since;               /* monotonic: when it was handed over, then when it was answered */
    uint64_t changes;          /* of the model when it was answered */
    uint8_t code;              /* enum sb_err of the last answer, and why */
    char why[160];
};

struct sb_wants {
    uint64_t number;           /* questions so far */
    struct sb_want kinds[SB_LOOKUP_COUNT];
};

/* Room for every kind of answer; pages of it are committed when they are written. False without memory. */
bool sb_wants_create(struct sb_wants *wants);
void sb_wants_destroy(struct sb_wants *wants);

/* Wants this, unless it is being asked already or is known. `is_again`: even then. The number is filled in here. */
void sb_want(struct sb_screen *screen, const struct sb_lookup *lookup, bool is_again);
/* The answer about that subject (job, run, alert, row), perhaps of another page; NULL = none. */
const struct sb_findings *sb_wants_found(const struct sb_screen *screen, enum sb_lookup_kind kind, const char *name, uint64_t id);
/* "asking the store... 2s", or why there is no answer; nothing when all is known. True: it is a failure. */
bool sb_wants_say(const struct sb_screen *screen, enum sb_lookup_kind kind, struct sb_text *out);
/* The same as a line of its own where something is to be said: for views without another place. */
struct sb_lines;
void sb_wants_line(struct sb_lines *lines, enum sb_lookup_kind kind);
/* What the view in front needs: called when it is opened or come back to. `is_again`: asks anew. */
void sb_wants_arrive(struct sb_screen *screen, bool is_again);

#endif
