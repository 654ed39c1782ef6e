/* Several processes on one store: who they are, and what one that waits for its turn answers. */
#include "call.h"

#include <string.h>

/* The age of a sign of life is told against the newest one: all are the database's times. */
#define NODE_COLUMNS                                                                                                                          \
    "SELECT n.node, n.host, n.pid, CASE WHEN l.node = n.node THEN 'active' ELSE 'standby' END AS state, n.started_ms AS started_at, "           \
    "n.heartbeat_ms AS heartbeat_at, (SELECT MAX(m.heartbeat_ms) FROM nodes m) - n.heartbeat_ms AS behind_ms, "                                 \
    "CASE WHEN l.node = n.node THEN l.token END AS token, "                                                                                     \
    "(SELECT value FROM meta WHERE key = '" SB_NODE_VERSION_KEY "' || n.node) AS version"
/* By its key, so that the database knows of one lease: for hundreds, as it guesses of tables it has not counted, it would compile the statement. */
#define NODES_IN_ORDER " FROM nodes n, node_lease l WHERE l.one = 1 ORDER BY n.node"

/* Of what is lent: how much the active one has lent, how much one that waits would run, runs now (and the oldest of it) and has run. */
static const char nodes_sql[] = NODE_COLUMNS
    ", CASE WHEN l.node = n.node THEN (SELECT COUNT(*) FROM lent_steps s WHERE s.term = l.token AND s.state IN ('waiting', 'claimed')) END AS lent, "
    "(SELECT hands FROM node_hands h WHERE h.node = n.node) AS hands, "
    "(SELECT COUNT(*) FROM lent_steps s WHERE s.node = n.node AND s.state = 'claimed') AS running, "
    "(SELECT s.job || '/' || s.step FROM lent_steps s WHERE s.node = n.node AND s.state = 'claimed' ORDER BY s.claimed_ms LIMIT 1) AS runs, "
    "(SELECT done FROM node_hands h WHERE h.node = n.node) AS done" NODES_IN_ORDER;

/* During an upgrade a node looks at the store of an older one. */
static const char older_sql[] = NODE_COLUMNS NODES_IN_ORDER;

static bool look(const struct call *call, struct sb_node_picture *picture)
{
    if (call->setup->node != NULL)
        call->setup->look_at_node(call->setup->node, picture);
    return call->setup->node != NULL;
}

/* NULL without memory. */
static struct sb_json_out *tell_nodes(const struct call *call, const char *name, const char *sql, enum sb_err *rc, struct sb_error *err)
{
    struct sb_json_out *out = sb_json_out_create(ANSWER_MAX);
    if (out == NULL)
        return NULL;
    sb_json_object_begin(out);
    put_text(out, "this", name);
    *rc = put_rows(out, "nodes", call->setup->store, sql, NULL, 0, &call->op, err);
    sb_json_object_end(out);
    return out;
}

void handle_nodes(const struct call *call, struct answer *answer)
{
    struct sb_node_picture picture;
    struct sb_error err = { 0 };
    enum sb_err rc = SB_OK;
    const char *name = look(call, &picture) ? picture.name : NULL;
    if (call->setup->store == NULL) {
        (void)sb_error_set(&err, SB_ERR_UNAVAILABLE, "there is no store yet; a first `signalbox run` makes it");
        answer_failure(answer, &err);
        return;
    }
    struct sb_json_out *out = tell_nodes(call, name, nodes_sql, &rc, &err);
    if (rc == SB_ERR_INVALID) { /* it has no such tables */
        sb_json_out_destroy(out);
        rc = SB_OK;
        out = tell_nodes(call, name, older_sql, &rc, &err);
    }
    if (rc == SB_OK) {
        answer_json(answer, 200, out);
    } else {
        sb_json_out_destroy(out);
        answer_failure(answer, &err);
    }
}

static void say_standby(const struct sb_node_picture *picture, struct sb_text *text)
{
    sb_text_addf(text, "standby: node %s is active", picture->active[0] != '\0' ? picture->active : "-");
    if (picture->heard_ms >= 0)
        sb_text_addf(text, ", heard of %lld ms ago", (long long)picture->heard_ms);
    if (picture->trouble[0] != '\0')
        sb_text_addf(text, "; %s", picture->trouble);
}

static void answer_status(const struct call *call, struct answer *answer, const struct sb_node_picture *picture)
{
    struct sb_json_out *out = sb_json_out_create(ANSWER_MAX);
    if (out != NULL) {
        sb_json_object_begin(out);
        put_text(out, "verdict", "standby");
        put_text(out, "node", picture->name);
        put_text(out, "active_node", picture->active[0] != '\0' ? picture->active : NULL);
        if (picture->heard_ms >= 0)
            put_number(out, "active_heard_ms", picture->heard_ms);
        else
            put_text(out, "active_heard_ms", NULL);
        put_number(out, "nodes", picture->count);
        put_text(out, "trouble", picture->trouble);
        put_flag(out, "practice", call->setup->catalogue->settings.is_practice);
        sb_json_object_end(out);
    }
    answer_json(answer, 200, out);
}

bool standby_answer(const struct call *call, const char *path, struct answer *answer)
{
    struct sb_node_picture picture;
    char line[512];
    struct sb_text text;
    if (call->setup->control != NULL || !look(call, &picture))
        return false;
    sb_text_init(&text, line, sizeof(line));
    if (sb_streq(path, "/v1/status")) {
        answer_status(call, answer, &picture);
        return true;
    }
    say_standby(&picture, &text);
    const bool is_question = sb_streq(path, "/livez") || sb_streq(path, "/readyz") || sb_streq(path, "/startupz");
    if (!is_question) {
        answer_error(answer, 503, "standby", line);
        return true;
    }
    sb_text_add_char(&text, '\n');
    answer->body = strdup(sb_streq(path, "/readyz") ? line : "ok\n");
    answer->status = answer->body == NULL ? 500 : sb_streq(path, "/readyz") ? 503 : 200;
    answer->type = "text/plain; charset=utf-8";
    return true;
}
