/* The text of the nodes' pane: a line for each process that shares the store (signalbox/tui/screen.h). Reads only. */
#include "pages.h"

#include "signalbox/os/os.h"
#include "signalbox/ports/node.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 32768 };

/* All times are the server's: nodes share a PostgreSQL. */
static const char nodes_sql[] =
    "SELECT n.node, n.host, n.pid, n.heartbeat_ms, "
    "COALESCE((SELECT value FROM meta WHERE key = '" SB_NODE_VERSION_KEY "' || n.node), '-') AS version, "
    "CASE WHEN l.node = n.node THEN l.taken_ms ELSE n.started_ms END AS since_ms, CASE WHEN l.node = n.node THEN 1 ELSE 0 END AS is_owner, "
    "(SELECT COUNT(*) FROM lent_steps s WHERE s.term = l.token AND s.state IN ('waiting', 'claimed')) AS lent, "
    "COALESCE((SELECT hands FROM node_hands h WHERE h.node = n.node), -1) AS hands, "
    "(SELECT COUNT(*) FROM lent_steps s WHERE s.node = n.node AND s.state = 'claimed') AS running, "
    "COALESCE((SELECT s.job || '/' || s.step FROM lent_steps s WHERE s.node = n.node AND s.state = 'claimed' ORDER BY s.claimed_ms LIMIT 1), '') "
    "AS runs, COALESCE((SELECT done FROM node_hands h WHERE h.node = n.node), -1) AS done, "
    "l.expires_ms, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS now_ms FROM nodes n, node_lease l "
    "WHERE l.one = 1 ORDER BY CASE WHEN l.node = n.node THEN 0 ELSE 1 END, n.node LIMIT 100";

static void add_age(struct sb_text *text, int64_t ms)
{
    sb_text_add_duration(text, (ms > 0 ? ms : 0) * SB_MS(1));
    sb_text_add_char(text, '\t');
}

/* What it runs for the active one, of how many it would, and how many it has run; of the active one, what it has lent. */
static void add_hands(struct sb_text *text, const struct sb_rows *rows, size_t row, bool is_owner)
{
    const long long lent = sb_rows_number(rows, row, "lent"), hands = sb_rows_number(rows, row, "hands"), done = sb_rows_number(rows, row, "done");
    if (is_owner && lent > 0)
        sb_text_addf(text, "%lld lent\t-\t", lent);
    else if (is_owner || hands < 0)
        sb_text_add(text, "-\t-\t");
    else
        sb_text_addf(text, "%lld/%lld %s\t%lld\t", (long long)sb_rows_number(rows, row, "running"), hands, sb_rows_words(rows, row, "runs"), done);
}

static void add_node(struct sb_text *text, const struct sb_rows *rows, size_t row, int64_t term_ms)
{
    const int64_t now = sb_rows_number(rows, row, "now_ms"), heard = now - sb_rows_number(rows, row, "heartbeat_ms");
    const bool is_owner = sb_rows_number(rows, row, "is_owner") == 1;
    sb_text_addf(text, "%s\t%s\t", sb_rows_words(rows, row, "node"), heard > 3 * term_ms ? "silent" : is_owner ? "active" : "standby");
    add_age(text, now - sb_rows_number(rows, row, "since_ms"));
    if (is_owner)
        add_age(text, sb_rows_number(rows, row, "expires_ms") - now);
    else
        sb_text_add(text, "-\t");
    add_age(text, heard);
    add_hands(text, rows, row, is_owner);
    sb_text_addf(text, "%s\t%s\t%lld\n", sb_rows_words(rows, row, "version"), sb_rows_words(rows, row, "host"),
                 (long long)sb_rows_number(rows, row, "pid"));
}

static void add_picture(struct sb_text *text, const struct sb_node_picture *picture, size_t count)
{
    sb_text_addf(text, "%zu node%s, this is %s", count, count == 1 ? "" : "s", picture->name);
    if (picture->active[0] != '\0')
        sb_text_addf(text, ", %s is active", picture->active);
    if (picture->trouble[0] != '\0')
        sb_text_addf(text, "; %s", picture->trouble);
    sb_text_add_char(text, '\n');
}

enum sb_err pages_nodes(const struct installation *in, const struct sb_op *op, char **out, struct sb_error *err)
{
    const struct sb_statement statement = { nodes_sql, NULL, 0, -1 };
    struct sb_node_picture picture;
    struct sb_rows *rows = NULL;
    enum sb_err rc = SB_OK;
    char *bytes = malloc(TEXT_MAX);
    struct sb_text text;
    if (bytes == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the nodes");
    sb_text_init(&text, bytes, TEXT_MAX);
    if (in->node == NULL) {
        sb_text_add(&text, "one node\nthis process has the store for itself; nodes share a postgresql:// store\n");
        *out = bytes;
        return SB_OK;
    }
    sb_node_look(in->node, &picture);
    rc = in->services.store->ops->query(in->services.store, &statement, op, &rows, err);
    if (rc == SB_OK) {
        add_picture(&text, &picture, sb_rows_count(rows));
        for (size_t i = 0; i < sb_rows_count(rows); i++)
            add_node(&text, rows, i, in->catalogue->settings.lease / SB_MS(1));
        if (sb_rows_count(rows) == 1)
            sb_text_add(&text, "nobody stands by: `signalbox run --standby` elsewhere would take over\n");
        *out = bytes;
    } else {
        free(bytes);
    }
    sb_rows_destroy(rows);
    return rc;
}
