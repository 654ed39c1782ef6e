/* A node's thread: signs of life, the lease, its end (ports/node.h). The lease row changes its owner in one statement, which raises the token;
 * what an older token still writes is the writer's to end (postgres_writer.c). Times in statements are the server's. */
#include "postgres_node.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOW "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"

static const sb_ns start_patience = SB_S(30), farewell_max = SB_S(3), turn_min = SB_S(1);
enum { FORGET_MS = 24 * 3600 * 1000 };

struct sb_node {
    char name[SB_NODE_NAME_MAX], host[SB_NODE_NAME_MAX], id[SB_NODE_ID_MAX], version[SB_NODE_NAME_MAX];
    char *location;
    sb_ns term;
    struct sb_pg_target target;
    struct sb_thread *thread;
    struct sb_cancel *ending;
    int wake_fd, changed_fd;
    struct sb_lease lease;
    uint64_t foreign_fence;   /* set by adopt, before anybody else looks */
    int64_t foreign_until_ms;

    /* the thread's own */
    struct sb_pg pg;
    struct sb_pg_gate gate;
    sb_ns may_take_at, left;  /* `left`: of the lease that another one has */
    bool has_connected;

    struct sb_mutex *mutex;   /* guards the rest */
    struct sb_cond *turned;
    enum sb_node_state state;
    int64_t token;
    bool has_turned, is_closing;
    struct sb_error why;      /* the last turn's; code SB_OK when it went well */
    struct sb_node_picture picture;
};

/* --- what others ask --------------------------------------------------------------------------------------------------------------- */

int sb_node_fd(const struct sb_node *node)
{
    return node->changed_fd;
}

const struct sb_lease *sb_node_lease(const struct sb_node *node)
{
    return &node->lease;
}

enum sb_node_state sb_node_state(struct sb_node *node)
{
    sb_wake_clear(node->changed_fd);
    sb_mutex_lock(node->mutex);
    enum sb_node_state state = node->state;
    sb_mutex_unlock(node->mutex);
    return state;
}

int64_t sb_node_token(struct sb_node *node)
{
    sb_mutex_lock(node->mutex);
    int64_t token = node->token;
    sb_mutex_unlock(node->mutex);
    return token;
}

void sb_node_look(struct sb_node *node, struct sb_node_picture *picture)
{
    sb_mutex_lock(node->mutex);
    *picture = node->picture;
    picture->state = node->state;
    if (node->why.code)
        (void)sb_copy(picture->trouble, sizeof picture->trouble, node->why.text); /* cut to the field */
    sb_mutex_unlock(node->mutex);
}

void sb_node_foreign(const struct sb_node *node, uint64_t *fence, int64_t *until_ms)
{
    *fence = node->foreign_fence;
    *until_ms = node->foreign_until_ms;
}

void sb_node_lose(struct sb_node *node)
{
    sb_mutex_lock(node->mutex);
    bool is_news = node->state != SB_NODE_LOST;
    node->state = SB_NODE_LOST;
    node->lease.until = 0; /* from here on nothing is begun */
    sb_mutex_unlock(node->mutex);
    if (!is_news)
        return;
    sb_log(SB_LOG_ERROR, "node", "%s: another node has taken over", node->name);
    sb_wake_post(node->changed_fd);
}

enum sb_err sb_node_adopt(struct sb_node *node, struct sb_pg *writer, struct sb_error *err)
{
    const struct sb_op op = { .deadline = sb_now() + SB_S(30) };
    const struct sb_cell params[] = { sb_cell_text(node->id), sb_cell_int(sb_wall_now().ns / SB_MS(1)) };
    PGresult *row = NULL;
    int64_t fence = 0;
    enum sb_err code = sb_pg_ask(writer, "UPDATE node_lease SET claims_id = $1, foreign_until_ms = $2, foreign_fence = 1 + "
                                         "COALESCE((SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'next_fence'), 0) "
                                         "WHERE COALESCE(claims_id, '') <> $1", params, SB_LEN(params), &op, NULL, err);
    if (!code)
        code = sb_pg_ask(writer, "SELECT foreign_fence, foreign_until_ms FROM node_lease", NULL, 0, &op, &row, err);
    if (!code && (PQntuples(row) != 1 || !sb_parse_i64(PQgetvalue(row, 0, 0), &fence) ||
                  !sb_parse_i64(PQgetvalue(row, 0, 1), &node->foreign_until_ms)))
        code = sb_error_set(err, SB_ERR_CORRUPT, "the table node_lease has not one row with numbers");
    if (!code)
        node->foreign_fence = (uint64_t)fence;
    PQclear(row);
    return code ? code : sb_hands_clear(writer, sb_node_token(node), &op, err);
}

/* --- one turn ------------------------------------------------------------------------------------------------------------------------ */

/* How long the node may rely on a renewal: a sixth of the term is kept for what was under way when it was checked. */
static sb_ns reliance(const struct sb_node *self)
{
    return self->term - self->term / 6;
}

static enum sb_err changed_rows(struct sb_node *self, const char *sql, const struct sb_cell *params, size_t count, const struct sb_op *op,
                                int64_t *changed, struct sb_error *err)
{
    PGresult *result = NULL;
    enum sb_err code = sb_pg_ask(&self->pg, sql, params, count, op, &result, err);
    if (!code)
        *changed = sb_pg_changed(result);
    PQclear(result);
    return code;
}

/* The first node on a new or older schema makes it what it must be. */
static enum sb_err make_schema(struct sb_node *self, const struct sb_op *op, struct sb_error *err)
{
    PGresult *row = NULL;
    struct sb_store *store = NULL;
    enum sb_err code = sb_pg_ask(&self->pg, "SELECT 1 WHERE to_regclass('node_lease') IS NOT NULL", NULL, 0, op, &row, err);
    bool is_there = PQntuples(row) > 0;
    PQclear(row);
    if (code || is_there)
        return code;
    code = sb_backend_postgres.open(&store, self->location, err);
    if (!code)
        store->ops->close(store);
    return code;
}

/* What it runs: during an upgrade nodes differ, so this is where the oldest schema has room for it too. */
static enum sb_err tell_version(struct sb_node *self, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_text(self->name), sb_cell_text(self->version) };
    return sb_pg_ask(&self->pg, "INSERT INTO meta (key, value) VALUES ('" SB_NODE_VERSION_KEY "' || $1, $2) ON CONFLICT (key) DO UPDATE SET "
                                "value = excluded.value", params, SB_LEN(params), op, NULL, err);
}

static enum sb_err connect_node(struct sb_node *self, const struct sb_op *op, struct sb_error *err)
{
    if (!sb_pg_is_lost(&self->pg))
        return SB_OK;
    sb_pg_disconnect(&self->pg);
    enum sb_err code = sb_pg_gate_check(&self->gate, err);
    if (code)
        return code;
    code = sb_pg_connect(&self->pg, &self->target, false, op, err);
    if (!code)
        code = make_schema(self, op, err);
    if (!code)
        code = sb_pg_ask(&self->pg, "LISTEN signalbox_node", NULL, 0, op, NULL, err);
    if (!code)
        code = tell_version(self, op, err);
    if (code) {
        sb_pg_disconnect(&self->pg);
        sb_pg_gate_failed(&self->gate, err);
        if (self->gate.until > sb_now() + self->term / 6) /* who is active has to be back before the others may go on */
            self->gate.until = sb_now() + self->term / 6;
        return code;
    }
    sb_pg_gate_passed(&self->gate);
    if (self->has_connected) /* a database that was away comes back to all: the one that is active goes first */
        self->may_take_at = sb_now() + self->term / 2;
    self->has_connected = true;
    return SB_OK;
}

static enum sb_err give_sign(struct sb_node *self, enum sb_node_state state, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_text(self->name), sb_cell_text(self->id), sb_cell_text(self->host), sb_cell_int(getpid()),
                                      sb_cell_text(state == SB_NODE_ACTIVE ? "active" : "standby"),
                                      sb_cell_int(3 * self->term / SB_MS(1)) };
    int64_t changed = 0;
    enum sb_err code = changed_rows(self, "INSERT INTO nodes (node, id, host, pid, state, started_ms, heartbeat_ms) VALUES ($1, $2, $3, $4, $5, "
                                          NOW ", " NOW ") ON CONFLICT (node) DO UPDATE SET id = excluded.id, host = excluded.host, "
                                          "started_ms = CASE WHEN nodes.pid = excluded.pid THEN nodes.started_ms ELSE excluded.started_ms END, "
                                          "pid = excluded.pid, state = excluded.state, heartbeat_ms = excluded.heartbeat_ms "
                                          "WHERE nodes.id = excluded.id OR nodes.heartbeat_ms < " NOW " - $6",
                                    params, SB_LEN(params), op, &changed, err);
    if (!code && changed == 0)
        code = sb_error_set(err, SB_ERR_CONFIG, "another node is called \"%s\": give this one another name with settings.node", self->name);
    return code;
}

static enum sb_err take(struct sb_node *self, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_text(self->name), sb_cell_text(self->id), sb_cell_int(self->term / SB_MS(1)) };
    const sb_ns begun = self->lease.now();
    PGresult *row = NULL;
    int64_t token = 0;
    enum sb_err code = sb_pg_ask(&self->pg, "UPDATE node_lease SET node = $1, id = $2, token = token + 1, taken_ms = " NOW
                                            ", expires_ms = " NOW " + $3 WHERE expires_ms <= " NOW " OR id = $2 RETURNING token",
                                 params, SB_LEN(params), op, &row, err);
    bool is_ours = !code && PQntuples(row) == 1 && sb_parse_i64(PQgetvalue(row, 0, 0), &token);
    PQclear(row);
    if (!is_ours)
        return code;
    self->lease.until = begun + reliance(self);
    sb_mutex_lock(self->mutex);
    self->state = SB_NODE_ACTIVE;
    self->token = token;
    sb_mutex_unlock(self->mutex);
    sb_log(SB_LOG_INFO, "node", "%s is active, token %lld", self->name, (long long)token);
    sb_wake_post(self->changed_fd);
    return give_sign(self, SB_NODE_ACTIVE, op, err);
}

/* A lease that ran out while nobody took it is renewed as well: the token decides, not the time. */
static enum sb_err renew(struct sb_node *self, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_int(self->token), sb_cell_int(self->term / SB_MS(1)) };
    const sb_ns begun = self->lease.now();
    int64_t changed = 0;
    enum sb_err code = changed_rows(self, "UPDATE node_lease SET expires_ms = " NOW " + $2 WHERE token = $1", params, SB_LEN(params), op, &changed,
                                    err);
    if (!code && changed == 0) {
        sb_node_lose(self);
        return SB_OK;
    }
    sb_mutex_lock(self->mutex);
    if (!code && self->state == SB_NODE_ACTIVE) /* the writer may have heard of another one meanwhile */
        self->lease.until = begun + reliance(self);
    sb_mutex_unlock(self->mutex);
    return code;
}

static int64_t number(const PGresult *row, const char *column)
{
    int64_t value = 0;
    (void)sb_parse_i64(PQgetvalue(row, 0, PQfnumber(row, column)), &value); /* the statement makes numbers of them */
    return value;
}

static enum sb_err look(struct sb_node *self, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_cell alive = sb_cell_int(3 * self->term / SB_MS(1));
    PGresult *row = NULL;
    enum sb_err code = sb_pg_ask(&self->pg, "SELECT COALESCE(l.node, '') AS node, l.expires_ms - " NOW " AS left, "
                                            "COALESCE(" NOW " - n.heartbeat_ms, -1) AS heard, "
                                            "(SELECT COUNT(*) FROM nodes WHERE heartbeat_ms >= " NOW " - $1) AS count "
                                            "FROM node_lease l LEFT JOIN nodes n ON n.node = l.node", &alive, 1, op, &row, err);
    if (!code && PQntuples(row) != 1)
        code = sb_error_set(err, SB_ERR_CORRUPT, "the table node_lease has not one row");
    if (!code) {
        const int64_t left = number(row, "left");
        self->left = left > 0 ? SB_MS(left) : 0;
        sb_mutex_lock(self->mutex);
        (void)sb_copy(self->picture.active, sizeof self->picture.active, PQgetvalue(row, 0, 0)); /* written by one of us */
        self->picture.heard_ms = number(row, "heard");
        self->picture.count = (uint32_t)number(row, "count");
        sb_mutex_unlock(self->mutex);
    }
    PQclear(row);
    return code;
}

static enum sb_err forget_dead(struct sb_node *self, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_cell age = sb_cell_int(FORGET_MS);
    enum sb_err code = sb_pg_ask(&self->pg, "DELETE FROM nodes WHERE heartbeat_ms < " NOW " - $1", &age, 1, op, NULL, err);
    if (!code)
        code = sb_pg_ask(&self->pg, "DELETE FROM meta WHERE key LIKE '" SB_NODE_VERSION_KEY "%' AND NOT EXISTS (SELECT 1 FROM nodes "
                                    "WHERE '" SB_NODE_VERSION_KEY "' || node = key)", NULL, 0, op, NULL, err);
    return code;
}

/* A turn ends in time for the next one, on which a lease may depend. On the first one nothing depends yet, and it may have a schema to make. */
static sb_ns patience(const struct sb_node *self)
{
    const sb_ns third = self->term / 3;
    if (!self->has_connected)
        return start_patience;
    return third > turn_min ? third : turn_min;
}

static enum sb_err turn(struct sb_node *self, enum sb_node_state state, struct sb_error *err)
{
    const struct sb_op op = { .deadline = sb_now() + patience(self), .cancel = self->ending };
    enum sb_err code = connect_node(self, &op, err);
    if (!code && state == SB_NODE_ACTIVE)
        code = renew(self, &op, err);
    if (!code && state == SB_NODE_ACTIVE && self->lease.until == 0)
        return SB_OK; /* lost: there is nothing more to say */
    if (!code)
        code = give_sign(self, state, &op, err);
    if (!code && state == SB_NODE_ACTIVE)
        code = forget_dead(self, &op, err);
    if (!code && state == SB_NODE_STANDBY && sb_now() >= self->may_take_at)
        code = take(self, &op, err);
    if (!code)
        code = look(self, &op, err);
    return code;
}

/* --- the thread ---------------------------------------------------------------------------------------------------------------------- */

/* When to turn again: at a third of the term, or when the lease of another one ends. */
static sb_ns next_turn(const struct sb_node *self, enum sb_node_state state, sb_ns begun)
{
    sb_ns next = begun + self->term / 3;
    if (state == SB_NODE_STANDBY && self->pg.conn) {
        sb_ns over = sb_now() + self->left + SB_MS(10);
        if (over < self->may_take_at)
            over = self->may_take_at;
        next = over < next ? over : next;
    }
    return next > sb_now() + SB_MS(20) ? next : sb_now() + SB_MS(20);
}

/* Until the time has come, a notice of another node arrives, or the node is to end. */
static void wait_turn(struct sb_node *self, enum sb_node_state state, sb_ns until)
{
    const struct sb_op op = { .deadline = until };
    size_t ready = 0;
    for (;;) {
        const int fds[] = { self->wake_fd, self->pg.conn ? PQsocket(self->pg.conn) : -1 };
        if (sb_poll_readable(fds, SB_LEN(fds), &op, &ready, NULL) || ready == 0)
            return;
        if (sb_pg_is_lost(&self->pg)) {
            sb_pg_disconnect(&self->pg);
            return;
        }
        bool is_told = false;
        for (PGnotify *notice; (notice = PQnotifies(self->pg.conn)) != NULL; PQfreemem(notice))
            is_told = true;
        if (is_told && state == SB_NODE_STANDBY)
            return;
    }
}

static void say_goodbye(struct sb_node *self, bool was_active)
{
    const struct sb_op op = { .deadline = sb_now() + farewell_max };
    const struct sb_cell token = sb_cell_int(self->token), row[] = { sb_cell_text(self->name), sb_cell_text(self->id) };
    struct sb_error err = { 0 };
    enum sb_err code = SB_OK;
    if (self->has_connected)
        code = connect_node(self, &op, &err);
    if (!code && self->pg.conn)
        code = sb_pg_ask(&self->pg, "DELETE FROM nodes WHERE node = $1 AND id = $2", row, SB_LEN(row), &op, NULL, &err);
    if (!code && was_active)
        code = sb_pg_ask(&self->pg, "UPDATE node_lease SET expires_ms = 0 WHERE token = $1", &token, 1, &op, NULL, &err);
    if (!code && was_active)
        code = sb_pg_ask(&self->pg, "SELECT pg_notify('signalbox_node', '')", NULL, 0, &op, NULL, &err);
    if (code && was_active)
        sb_log(SB_LOG_WARN, "node", "the lease could not be given back; another node takes it when it ends: %s", err.text);
}

static void node_main(void *arg)
{
    struct sb_node *self = arg;
    for (;;) {
        struct sb_error why = { 0 };
        sb_mutex_lock(self->mutex);
        enum sb_node_state state = self->state;
        bool is_closing = self->is_closing;
        sb_mutex_unlock(self->mutex);
        if (is_closing)
            break;
        const sb_ns begun = sb_now();
        enum sb_err code = state == SB_NODE_LOST ? SB_OK : turn(self, state, &why);
        sb_mutex_lock(self->mutex);
        bool is_news = code && code != self->why.code && !self->is_closing;
        self->why = why;
        self->has_turned = true;
        state = self->state;
        sb_mutex_unlock(self->mutex);
        sb_cond_broadcast(self->turned);
        if (is_news)
            sb_log(SB_LOG_WARN, "node", "%s: %s", self->name, why.text);
        wait_turn(self, state, state == SB_NODE_LOST ? SB_NEVER : code ? sb_now() + SB_MS(200) : next_turn(self, state, begun));
    }
    sb_mutex_lock(self->mutex);
    bool was_active = self->state == SB_NODE_ACTIVE;
    sb_mutex_unlock(self->mutex);
    say_goodbye(self, was_active);
    sb_pg_disconnect(&self->pg);
}

/* --- beginning and end --------------------------------------------------------------------------------------------------------------- */

static enum sb_err in_use(struct sb_node *self, struct sb_error *err)
{
    struct sb_node_picture picture;
    sb_node_look(self, &picture);
    return sb_error_set(err, SB_ERR_EXISTS, "store %s is in use by node %s, heard of %lld ms ago; wait for it with run --standby, stop it, or name "
                        "another store", self->target.shown, picture.active, (long long)picture.heard_ms);
}

/* Whoever is no standby has the lease after the first turn, or is not wanted. A server that is starting is waited for. */
static enum sb_err await_lease(struct sb_node *self, struct sb_error *err)
{
    const sb_ns deadline = sb_now() + start_patience;
    struct sb_error why = { 0 };
    enum sb_node_state state = SB_NODE_STANDBY;
    bool goes_on = true;
    while (goes_on && state == SB_NODE_STANDBY) {
        sb_mutex_lock(self->mutex);
        while (!self->has_turned)
            (void)sb_cond_wait(self->turned, self->mutex, SB_NEVER); /* a turn has its own limits */
        self->has_turned = false;
        state = self->state;
        why = self->why;
        sb_mutex_unlock(self->mutex);
        goes_on = why.code == SB_ERR_UNAVAILABLE && sb_now() < deadline && (strstr(why.text, "starting up") || strstr(why.text, "shutting down"));
    }
    if (state == SB_NODE_ACTIVE)
        return SB_OK;
    return why.code ? sb_error_set(err, why.code, "%s", why.text) : in_use(self, err);
}

static enum sb_err start(struct sb_node *self, const struct sb_node_setup *setup, struct sb_error *err)
{
    enum sb_err code = sb_pg_target_init(&self->target, setup->location, err);
    self->location = strdup(setup->location);
    self->mutex = sb_mutex_create(SB_RANK_STORE);
    self->turned = sb_cond_create();
    if (!code && (!self->location || !self->mutex || !self->turned))
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for a node");
    if (!code && (!sb_copy(self->name, sizeof self->name, setup->name) || !sb_copy(self->host, sizeof self->host, setup->host) ||
                  !sb_copy(self->id, sizeof self->id, setup->id)))
        code = sb_error_set(err, SB_ERR_CONFIG, "the name \"%.80s\" is too long for a node", setup->name);
    if (code)
        return code;
    (void)sb_copy(self->picture.name, sizeof self->picture.name, self->name); /* same capacity */
    (void)sb_copy(self->version, sizeof self->version, setup->version);       /* cut to the field */
    self->ending = sb_cancel_create(err);
    if (!self->ending)
        return SB_ERR_NOMEM;
    code = sb_wake_open(&self->wake_fd, err);
    if (!code)
        code = sb_wake_open(&self->changed_fd, err);
    return code ? code : sb_thread_start(&self->thread, "sb-node", node_main, self, err);
}

enum sb_err sb_node_open(struct sb_node **node, const struct sb_node_setup *setup, struct sb_error *err)
{
    struct sb_node *self = calloc(1, sizeof *self);
    if (!self)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a node");
    self->wake_fd = self->changed_fd = -1;
    self->lease.now = sb_now_with_sleep;
    self->term = setup->lease;
    self->may_take_at = sb_now() + setup->hold_off;
    enum sb_err code = start(self, setup, err);
    if (!code && !setup->is_standby)
        code = await_lease(self, err);
    if (code)
        sb_node_close(self);
    else
        *node = self;
    return code;
}

void sb_node_close(struct sb_node *node)
{
    if (!node)
        return;
    if (node->thread) {
        sb_mutex_lock(node->mutex);
        node->is_closing = true;
        sb_mutex_unlock(node->mutex);
        sb_cancel_ask(node->ending);
        sb_wake_post(node->wake_fd);
        sb_thread_join(node->thread);
    }
    sb_fd_close(&node->wake_fd);
    sb_fd_close(&node->changed_fd);
    sb_cancel_destroy(node->ending);
    sb_cond_destroy(node->turned);
    sb_mutex_destroy(node->mutex);
    sb_pg_target_deinit(&node->target);
    free(node->location);
    free(node);
}
