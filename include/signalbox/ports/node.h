/* Several processes on one database, of which one is active. Implementation: services/store/postgres_node.c; docs/decisions/0014 says why.
 *
 *   STANDBY --lease over or given back--> ACTIVE --another token in the database--> LOST (until closed)
 *
 * A node has a thread of its own with a connection of its own: it tells the database that it is there, and renews or watches the lease at a third
 * of its time. Whether a lease is over is judged by the database's clock; how long a node may rely on its own, by its own clock, from the moment
 * before it asked. */
#ifndef SIGNALBOX_PORTS_NODE_H
#define SIGNALBOX_PORTS_NODE_H

#include "signalbox/base/err.h"
#include "signalbox/base/units.h"

#include <stdbool.h>
#include <stdint.h>

/* The right to act outside. Checked right before every outside effect, so that a process that was paused for longer than its lease does nothing
 * with what it believed before. Any thread. */
struct sb_lease {
    _Atomic(sb_ns) until;
    sb_ns (*now)(void); /* a clock that goes on while the machine sleeps */
};
static inline bool sb_lease_holds(const struct sb_lease *lease) /* NULL: nobody else could act */
{
    return !lease || lease->now() < lease->until;
}

enum { SB_NODE_NAME_MAX = 64, SB_NODE_ID_MAX = 17 };
enum sb_node_state { SB_NODE_STANDBY, SB_NODE_ACTIVE, SB_NODE_LOST };

struct sb_node_setup {
    const char *location;        /* of the store; must be one that has nodes */
    const char *name, *host, *version;
    const char *id;              /* of the state folder: whose receipts are there; 1 to 16 hex digits */
    sb_ns lease;
    sb_ns hold_off;              /* not active before that has passed */
    bool is_standby;             /* waits for the lease; else it has it or the opening fails */
};

/* Before a node's name: the key of its version in the table meta. */
#define SB_NODE_VERSION_KEY "node version "

/* As last heard from the database. */
struct sb_node_picture {
    enum sb_node_state state;
    char name[SB_NODE_NAME_MAX];
    char active[SB_NODE_NAME_MAX]; /* who has the lease, or had it last; "" = nobody yet */
    int64_t heard_ms;              /* how old that one's last sign of life is; -1 = it has left */
    uint32_t count;                /* nodes alive, this one among them */
    char trouble[160];             /* why nothing is heard, or "" */
};

struct sb_node;
bool sb_node_is_possible(const char *location);
/* SB_ERR_EXISTS when another node is active and this one is no standby; SB_ERR_CONFIG when a living node has the same name. A standby opens
 * without the database too. */
enum sb_err sb_node_open(struct sb_node **node, const struct sb_node_setup *setup, struct sb_error *err) SB_MUST_USE;
/* Gives an active node's lease back, so that another one goes on at once. After everything that writes. NULL is fine. */
void sb_node_close(struct sb_node *node);
/* Readable when the state has changed, until sb_node_state is asked. */
int sb_node_fd(const struct sb_node *node);
enum sb_node_state sb_node_state(struct sb_node *node);
void sb_node_look(struct sb_node *node, struct sb_node_picture *picture);
const struct sb_lease *sb_node_lease(const struct sb_node *node);
/* Claims with a smaller number than `*fence` were made by another node, whose receipts are not here and who could act on them until `*until_ms`
 * by this node's wall clock. Known once the store was opened for the node. */
void sb_node_foreign(const struct sb_node *node, uint64_t *fence, int64_t *until_ms);

#endif
