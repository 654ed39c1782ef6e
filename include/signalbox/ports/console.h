/* The consoles of a runtime: who watches it, and which of them acts. One writes, the others are viewers; the runtime decides which, consoles ask.
 * Programs that send single commands are none. Implemented by the engine.
 *
 *     joins, nobody writes, and it wants to -> writes        leaves -> nobody writes
 *     joins otherwise                       -> views         takes over -> writes, and the one before it views
 *
 * Nobody is made the writer without asking: keys that were harmless a moment ago stay so. */
#ifndef SIGNALBOX_PORTS_CONSOLE_H
#define SIGNALBOX_PORTS_CONSOLE_H

#include "signalbox/ports/control.h"

enum { SB_CONSOLES_MAX = 32 };

/* As one console is to be told. */
struct sb_seat {
    bool writes;
    char writer[SB_NAME_MAX]; /* who does; "" = nobody */
    uint32_t consoles;        /* how many there are */
    uint64_t changes;         /* grows with every change of any of this */
};

struct sb_console {
    char name[SB_NAME_MAX];
    struct sb_wall since;
    bool writes;
};

/* A console is known by a number of its own, drawn at random (1 .. 2^53 - 1), and shown by its name. The same number again takes the place of the
 * earlier one, which is a connection that broke. `*visit` is for leaving. SB_ERR_FULL: there are SB_CONSOLES_MAX. Any thread. */
enum sb_err sb_console_join(struct sb_control *control, uint64_t id, const char *name, bool wants_to_write, uint64_t *visit,
                            struct sb_error *err) SB_MUST_USE;
/* Nothing happens when a later visit has taken the place. */
void sb_console_leave(struct sb_control *control, uint64_t id, uint64_t visit);
/* It writes from now on; whoever did before is told by a note in the journal. SB_ERR_NOT_FOUND: it has not joined. */
enum sb_err sb_console_take_over(struct sb_control *control, uint64_t id, struct sb_error *err) SB_MUST_USE;
/* Whether it may act; SB_ERR_REFUSED says who does. */
enum sb_err sb_console_check(struct sb_control *control, uint64_t id, struct sb_error *err) SB_MUST_USE;
void sb_console_look(struct sb_control *control, uint64_t id, struct sb_seat *seat);
/* All of them, in the order in which they joined; returns their number. */
size_t sb_console_list(struct sb_control *control, struct sb_console list[SB_CONSOLES_MAX]);

#endif
