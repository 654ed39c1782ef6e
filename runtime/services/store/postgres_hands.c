/* Steps lent by the active node to nodes that wait, as rows of lent_steps (ports/hands.h). Every change is one statement that says in its own
 * condition whether it is allowed: whose term it is, whose claim, whether the lease is over. Times in statements are the server's. */
#include "postgres_node.h"

#include "signalbox/base/text.h"
#include "signalbox/ports/hands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
#define IS_TERM "term = (SELECT token FROM node_lease)"
#define NEWS_FOR_HANDS "pg_notify('signalbox_hands', '')"

enum { CHANNEL_MAX = 48, KEPT_MS = 60 * 1000 };

struct pg_hands {
    struct sb_hands hands; /* first */
    char name[SB_NODE_NAME_MAX], version[SB_NODE_NAME_MAX], config[SB_NAME_MAX];
    sb_ns lease;
    struct sb_node *node;
    struct sb_pg_target target;
    struct sb_pg pg;
    struct sb_pg_gate gate;
    bool has_schema;
    char channel[CHANNEL_MAX]; /* that this connection listens to; "" = none */
};

static struct pg_hands *self_of(struct sb_hands *hands)
{
    return (struct pg_hands *)(void *)hands;
}

/* --- the connection ------------------------------------------------------------------------------------------------------------------ */

static enum sb_err check_schema(struct pg_hands *self, const struct sb_op *op, struct sb_error *err)
{
    PGresult *row = NULL;
    enum sb_err code = sb_pg_ask(&self->pg, "SELECT 1 WHERE to_regclass('lent_steps') IS NOT NULL", NULL, 0, op, &row, err);
    self->has_schema = !code && PQntuples(row) == 1;
    PQclear(row);
    if (!code && !self->has_schema)
        code = sb_error_set(err, SB_ERR_UNSUPPORTED, "store %s has an older schema, without lent steps: it gets them when this version is active",
                            self->target.shown);
    return code;
}

static enum sb_err listen_again(struct pg_hands *self, const struct sb_op *op, struct sb_error *err)
{
    char sql[CHANNEL_MAX + 16];
    (void)snprintf(sql, sizeof sql, "LISTEN %s", self->channel); /* made of our own words and a number */
    return self->channel[0] ? sb_pg_ask(&self->pg, sql, NULL, 0, op, NULL, err) : SB_OK;
}

/* A connection that is there, with what is listened to. */
static enum sb_err ready(struct pg_hands *self, const struct sb_op *op, struct sb_error *err)
{
    enum sb_err code = SB_OK;
    if (sb_pg_is_lost(&self->pg)) {
        sb_pg_disconnect(&self->pg);
        code = sb_pg_gate_check(&self->gate, err);
        if (code)
            return code;
        code = sb_pg_connect(&self->pg, &self->target, false, op, err);
        if (!code)
            code = listen_again(self, op, err);
        if (code) {
            sb_pg_disconnect(&self->pg);
            sb_pg_gate_failed(&self->gate, err);
            return code;
        }
        sb_pg_gate_passed(&self->gate);
    }
    return self->has_schema ? SB_OK : check_schema(self, op, err);
}

/* From now on `wait` hears of this. */
static enum sb_err listen_to(struct pg_hands *self, const char *channel, const struct sb_op *op, struct sb_error *err)
{
    if (sb_streq(self->channel, channel))
        return ready(self, op, err);
    enum sb_err code = ready(self, op, err);
    if (!code && self->channel[0])
        code = sb_pg_ask(&self->pg, "UNLISTEN *", NULL, 0, op, NULL, err);
    (void)sb_copy(self->channel, sizeof self->channel, channel); /* both are short */
    if (!code)
        code = listen_again(self, op, err);
    if (code) /* what it listens to is not known: the next connection does it anew */
        sb_pg_disconnect(&self->pg);
    return code;
}

static enum sb_err ask(struct pg_hands *self, const char *sql, const struct sb_cell *params, size_t count, const struct sb_op *op,
                       PGresult **result, struct sb_error *err)
{
    enum sb_err code = ready(self, op, err);
    return code ? code : sb_pg_ask(&self->pg, sql, params, count, op, result, err);
}

/* A statement with a row for each one it changed. */
static enum sb_err change(struct pg_hands *self, const char *sql, const struct sb_cell *params, size_t count, const struct sb_op *op,
                          bool *has_changed, struct sb_error *err)
{
    PGresult *rows = NULL;
    enum sb_err code = ask(self, sql, params, count, op, &rows, err);
    *has_changed = !code && PQntuples(rows) > 0;
    PQclear(rows);
    return code;
}

static bool is_told(struct pg_hands *self)
{
    bool has_news = false;
    for (PGnotify *notice; (notice = PQnotifies(self->pg.conn)) != NULL; PQfreemem(notice))
        has_news = true;
    return has_news;
}

static void wait_news(struct sb_hands *hands, int wake_fd, const struct sb_op *op)
{
    struct pg_hands *self = self_of(hands);
    size_t readable = 0;
    for (;;) {
        if (self->pg.conn && is_told(self))
            return;
        const int fds[] = { wake_fd, self->pg.conn ? PQsocket(self->pg.conn) : -1 };
        if (sb_poll_readable(fds, SB_LEN(fds), op, &readable, NULL) || readable == 0)
            return;
        if (sb_pg_is_lost(&self->pg)) { /* the next call connects again */
            sb_pg_disconnect(&self->pg);
            return;
        }
    }
}

static void close_hands(struct sb_hands *hands)
{
    if (!hands)
        return;
    struct pg_hands *self = self_of(hands);
    sb_pg_disconnect(&self->pg);
    sb_pg_target_deinit(&self->target);
    free(self);
}

/* --- the active node's side ---------------------------------------------------------------------------------------------------------- */

static enum sb_err put(struct sb_hands *hands, struct sb_work *work, const struct sb_op *op, bool *is_put, struct sb_error *err)
{
    static const char sql[] =
        "WITH forgotten AS (DELETE FROM lent_steps WHERE term = $1 AND put_ms + left_ms < " NOW " - $14), "
        "put AS (INSERT INTO lent_steps (term, fence, config, version, recipe, run, job, step, attempt, tier, outputs, put_ms, left_ms, state) "
        "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, " NOW ", $12, 'waiting' WHERE $1 = (SELECT token FROM node_lease) AND "
        "(SELECT COALESCE(SUM(hands), 0) FROM node_hands WHERE config = $3 AND version = $4 AND heartbeat_ms >= " NOW " - $13) > "
        "(SELECT COUNT(*) FROM lent_steps WHERE term = $1 AND state IN ('waiting', 'claimed')) ON CONFLICT DO NOTHING RETURNING 1) "
        "SELECT " NEWS_FOR_HANDS " FROM put";
    struct pg_hands *self = self_of(hands);
    char channel[CHANNEL_MAX];
    *is_put = false;
    work->term = self->node ? sb_node_token(self->node) : work->term;
    const struct sb_cell params[] = { sb_cell_int(work->term), sb_cell_int((int64_t)work->fence), sb_cell_text(self->config),
                                      sb_cell_text(self->version), sb_cell_int((int64_t)work->recipe), sb_cell_int((int64_t)work->run),
                                      sb_cell_text(work->job), sb_cell_text(work->step), sb_cell_int(work->attempt), sb_cell_int(work->tier),
                                      sb_cell_text(work->outputs), sb_cell_int(work->left / SB_MS(1)), sb_cell_int(self->lease / SB_MS(1)),
                                      sb_cell_int(KEPT_MS) };
    (void)snprintf(channel, sizeof channel, "signalbox_lent_%lld", (long long)work->fence);
    enum sb_err code = listen_to(self, channel, op, err);
    return code ? code : change(self, sql, params, SB_LEN(params), op, is_put, err);
}

static int64_t number(const PGresult *row, const char *column)
{
    int64_t value = 0;
    (void)sb_parse_i64(PQgetvalue(row, 0, PQfnumber(row, column)), &value); /* NULL and what is no number count as 0 */
    return value;
}

static const char *word(const PGresult *row, const char *column)
{
    return PQgetvalue(row, 0, PQfnumber(row, column));
}

/* The place of a text among `count`; `fallback` for one that another version may have written. */
static unsigned place_of(const char *text, const char *(*text_of)(unsigned), unsigned count, unsigned fallback)
{
    for (unsigned i = 0; i < count; i++)
        if (sb_streq(text_of(i), text))
            return i;
    return fallback;
}

static enum sb_err read_answer(const PGresult *row, struct sb_work_answer *answer, struct sb_error *err)
{
    answer->state = (enum sb_step_state)place_of(word(row, "answer_state"), sb_step_state_text, SB_STEP_STATE_COUNT, SB_STEP_STATE_FAILED);
    answer->class = (enum sb_class)place_of(word(row, "answer_class"), sb_class_text, SB_CLASS_COUNT, SB_CLASS_FATAL);
    answer->rows = number(row, "answer_rows");
    answer->retry_after = number(row, "answer_retry_ns");
    (void)sb_copy(answer->text, sizeof answer->text, word(row, "answer_text")); /* cut to the field */
    if (PQgetisnull(row, 0, PQfnumber(row, "answer_output")))
        return SB_OK;
    answer->output = strdup(word(row, "answer_output"));
    return answer->output ? SB_OK : sb_error_set(err, SB_ERR_NOMEM, "no memory for the output of a lent step");
}

static enum sb_err look(struct sb_hands *hands, const struct sb_work *work, const struct sb_op *op, struct sb_work_look *look, struct sb_error *err)
{
    static const char *const states[] = { [SB_WORK_WAITING] = "waiting", [SB_WORK_CLAIMED] = "claimed", [SB_WORK_DONE] = "done",
                                          [SB_WORK_REFUSED] = "refused" };
    const struct sb_cell params[] = { sb_cell_int(work->term), sb_cell_int((int64_t)work->fence) };
    PGresult *row = NULL;
    *look = (struct sb_work_look){ .state = SB_WORK_GONE };
    enum sb_err code = ask(self_of(hands), "SELECT state, COALESCE(node, '') AS node, token, expires_ms - " NOW " AS left_ms, answer_state, "
                                           "answer_class, answer_rows, answer_retry_ns, answer_text, answer_output FROM lent_steps "
                                           "WHERE term = $1 AND fence = $2", params, SB_LEN(params), op, &row, err);
    if (!code && PQntuples(row) == 1) {
        const int64_t left = number(row, "left_ms");
        for (unsigned i = SB_WORK_WAITING; i < SB_LEN(states); i++)
            if (sb_streq(states[i], word(row, "state")))
                look->state = (enum sb_work_state)i;
        (void)sb_copy(look->node, sizeof look->node, word(row, "node")); /* written by one of us */
        look->token = number(row, "token");
        look->left = left > 0 ? SB_MS(left) : 0;
        if (look->state == SB_WORK_DONE)
            code = read_answer(row, &look->answer, err);
    }
    PQclear(row);
    return code;
}

static enum sb_err requeue(struct sb_hands *hands, const struct sb_work *work, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_int(work->term), sb_cell_int((int64_t)work->fence) };
    bool is_again = false;
    return change(self_of(hands), "WITH again AS (UPDATE lent_steps SET state = 'waiting', expires_ms = 0 WHERE term = $1 AND fence = $2 AND "
                                  "state = 'claimed' AND expires_ms <= " NOW " RETURNING 1) SELECT " NEWS_FOR_HANDS " FROM again",
                  params, SB_LEN(params), op, &is_again, err);
}

static enum sb_err call_off(struct sb_hands *hands, const struct sb_work *work, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_int(work->term), sb_cell_int((int64_t)work->fence) };
    bool is_asked = false;
    return change(self_of(hands), "WITH asked AS (UPDATE lent_steps SET is_called_off = 1 WHERE term = $1 AND fence = $2 RETURNING 1) "
                                  "SELECT " NEWS_FOR_HANDS " FROM asked", params, SB_LEN(params), op, &is_asked, err);
}

static enum sb_err drop(struct sb_hands *hands, const struct sb_work *work, bool is_unclaimed, const struct sb_op *op, bool *is_dropped,
                        struct sb_error *err)
{
    static const char sql[] =
        "WITH over AS (DELETE FROM lent_steps WHERE term = $1 AND fence = $2 AND ($3 = 0 OR state IN ('waiting', 'refused') OR "
        "(state = 'claimed' AND expires_ms <= " NOW ")) RETURNING state), "
        "told AS (SELECT " NEWS_FOR_HANDS " FROM over WHERE state = 'claimed'), looked AS (SELECT COUNT(*) FROM told) "
        "SELECT 1 FROM looked WHERE EXISTS (SELECT 1 FROM over) OR NOT EXISTS (SELECT 1 FROM lent_steps WHERE term = $1 AND fence = $2)";
    struct pg_hands *self = self_of(hands);
    const struct sb_cell params[] = { sb_cell_int(work->term), sb_cell_int((int64_t)work->fence), sb_cell_int(is_unclaimed) };
    enum sb_err code = change(self, sql, params, SB_LEN(params), op, is_dropped, err);
    if (!code && *is_dropped)
        code = listen_to(self, "", op, err);
    return code;
}

enum sb_err sb_hands_clear(struct sb_pg *writer, int64_t term, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_int(term) };
    enum sb_err code = sb_pg_ask(writer, "DELETE FROM lent_steps WHERE term <> $1", params, SB_LEN(params), op, NULL, err);
    if (!code)
        code = sb_pg_ask(writer, "DELETE FROM node_hands WHERE NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.node = node_hands.node)", NULL, 0, op,
                         NULL, err);
    if (!code)
        code = sb_pg_ask(writer, "SELECT " NEWS_FOR_HANDS, NULL, 0, op, NULL, err);
    return code;
}

/* --- a waiting node's side ------------------------------------------------------------------------------------------------------------ */

static enum sb_err offer(struct sb_hands *hands, uint32_t count, uint64_t done, const struct sb_op *op, struct sb_error *err)
{
    struct pg_hands *self = self_of(hands);
    const struct sb_cell params[] = { sb_cell_text(self->name), sb_cell_text(self->config), sb_cell_text(self->version), sb_cell_int(count),
                                      sb_cell_int((int64_t)done) };
    enum sb_err code = listen_to(self, "signalbox_hands", op, err);
    return code ? code : ask(self, "INSERT INTO node_hands (node, config, version, hands, done, heartbeat_ms) VALUES ($1, $2, $3, $4, $5, " NOW ") "
                                   "ON CONFLICT (node) DO UPDATE SET config = excluded.config, version = excluded.version, "
                                   "hands = excluded.hands, done = excluded.done, heartbeat_ms = excluded.heartbeat_ms",
                             params, SB_LEN(params), op, NULL, err);
}

static enum sb_err leave(struct sb_hands *hands, const struct sb_op *op, struct sb_error *err)
{
    struct pg_hands *self = self_of(hands);
    const struct sb_cell name = sb_cell_text(self->name);
    return ask(self, "DELETE FROM node_hands WHERE node = $1", &name, 1, op, NULL, err);
}

static enum sb_err read_work(const PGresult *row, struct sb_work *work, struct sb_error *err)
{
    *work = (struct sb_work){ .fence = (uint64_t)number(row, "fence"), .run = (uint64_t)number(row, "run"), .term = number(row, "term"),
                              .token = number(row, "token"), .recipe = (uint64_t)number(row, "recipe"),
                              .attempt = (uint8_t)number(row, "attempt"), .left = SB_MS(number(row, "rest_ms")) };
    const int64_t tier = number(row, "tier");
    work->tier = (uint8_t)(tier >= 0 && tier < SB_TIER_COUNT ? tier : 0);
    (void)sb_copy(work->job, sizeof work->job, word(row, "job"));    /* a name that does not fit is no job of ours, */
    (void)sb_copy(work->step, sizeof work->step, word(row, "step")); /* which who claims finds out */
    work->outputs = strdup(word(row, "outputs"));
    return work->outputs ? SB_OK : sb_error_set(err, SB_ERR_NOMEM, "no memory for a lent step");
}

static enum sb_err claim(struct sb_hands *hands, struct sb_work *work, const struct sb_op *op, bool *has_work, struct sb_error *err)
{
    /* The row is chosen and locked before anything is changed: materialized, so that it is chosen once. */
    static const char sql[] =
        "WITH chosen AS MATERIALIZED (SELECT term, fence FROM lent_steps WHERE " IS_TERM " AND config = $1 AND version = $2 AND "
        "state = 'waiting' AND is_called_off = 0 AND put_ms + left_ms > " NOW " ORDER BY fence LIMIT 1 FOR UPDATE SKIP LOCKED) "
        "UPDATE lent_steps AS w SET state = 'claimed', node = $3, token = w.token + 1, claimed_ms = " NOW ", expires_ms = " NOW " + $4 "
        "FROM chosen WHERE w.term = chosen.term AND w.fence = chosen.fence RETURNING w.term, w.fence, w.token, w.recipe, w.run, w.job, w.step, "
        "w.attempt, w.tier, w.outputs, w.left_ms - (w.claimed_ms - w.put_ms) AS rest_ms, pg_notify('signalbox_lent_' || w.fence, '')";
    struct pg_hands *self = self_of(hands);
    const struct sb_cell params[] = { sb_cell_text(self->config), sb_cell_text(self->version), sb_cell_text(self->name),
                                      sb_cell_int(sb_hands_claim_term(self->lease) / SB_MS(1)) };
    PGresult *row = NULL;
    enum sb_err code = ask(self, sql, params, SB_LEN(params), op, &row, err);
    *has_work = !code && PQntuples(row) == 1;
    if (*has_work)
        code = read_work(row, work, err);
    PQclear(row);
    return code;
}

static enum sb_err renew(struct sb_hands *hands, const struct sb_work *work, const struct sb_op *op, enum sb_work_hold *hold, struct sb_error *err)
{
    struct pg_hands *self = self_of(hands);
    const struct sb_cell params[] = { sb_cell_int(work->term), sb_cell_int((int64_t)work->fence), sb_cell_int(work->token),
                                      sb_cell_int(sb_hands_claim_term(self->lease) / SB_MS(1)) };
    PGresult *row = NULL;
    enum sb_err code = ask(self, "UPDATE lent_steps SET expires_ms = " NOW " + $4 WHERE term = $1 AND fence = $2 AND token = $3 AND "
                                 "state = 'claimed' AND expires_ms > " NOW " AND " IS_TERM " RETURNING is_called_off",
                           params, SB_LEN(params), op, &row, err);
    if (!code)
        *hold = PQntuples(row) == 0 ? SB_WORK_LOST : number(row, "is_called_off") != 0 ? SB_WORK_CALLED_OFF : SB_WORK_HELD;
    PQclear(row);
    return code;
}

/* Saying the same again after a connection was lost changes nothing: the row is done by the same claim. */
static enum sb_err answer_work(struct sb_hands *hands, const struct sb_work *work, const struct sb_work_answer *answer, const struct sb_op *op,
                               bool *counts, struct sb_error *err)
{
    static const char sql[] =
        "WITH told AS (UPDATE lent_steps SET state = $4, answer_state = $5, answer_class = $6, answer_rows = $7, answer_retry_ns = $8, "
        "answer_text = $9, answer_output = $10 WHERE term = $1 AND fence = $2 AND token = $3 AND " IS_TERM " AND "
        "((state = 'claimed' AND expires_ms > " NOW ") OR state = $4) RETURNING fence) "
        "SELECT pg_notify('signalbox_lent_' || fence, '') FROM told";
    const struct sb_work_answer none = { .state = SB_STEP_STATE_PENDING };
    const struct sb_work_answer *said = answer ? answer : &none;
    const struct sb_cell params[] = { sb_cell_int(work->term), sb_cell_int((int64_t)work->fence), sb_cell_int(work->token),
                                      sb_cell_text(answer ? "done" : "refused"), sb_cell_text(sb_step_state_text((unsigned)said->state)),
                                      sb_cell_text(sb_class_text((unsigned)said->class)), sb_cell_int(said->rows), sb_cell_int(said->retry_after),
                                      sb_cell_text(said->text), said->output ? sb_cell_text(said->output) : sb_cell_null() };
    return change(self_of(hands), sql, params, SB_LEN(params), op, counts, err);
}

static enum sb_err give_back(struct sb_hands *hands, const struct sb_work *work, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_int(work->term), sb_cell_int((int64_t)work->fence), sb_cell_int(work->token) };
    bool is_given = false;
    return change(self_of(hands), "WITH given AS (UPDATE lent_steps SET state = 'waiting', expires_ms = 0 WHERE term = $1 AND fence = $2 AND "
                                  "token = $3 AND state = 'claimed' RETURNING fence) SELECT " NEWS_FOR_HANDS
                                  ", pg_notify('signalbox_lent_' || fence, '') FROM given", params, SB_LEN(params), op, &is_given, err);
}

/* --- beginning ----------------------------------------------------------------------------------------------------------------------- */

enum sb_err sb_hands_open(struct sb_hands **hands, const struct sb_hands_setup *setup, struct sb_error *err)
{
    static const struct sb_hands_ops ops = {
        .close = close_hands, .wait = wait_news, .put = put, .look = look, .requeue = requeue, .call_off = call_off, .drop = drop,
        .offer = offer, .leave = leave, .claim = claim, .renew = renew, .answer = answer_work, .give_back = give_back,
    };
    struct pg_hands *self = calloc(1, sizeof *self);
    if (!self)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for lent steps");
    self->hands.ops = &ops;
    self->lease = setup->lease;
    self->node = setup->node;
    enum sb_err code = sb_pg_target_init(&self->target, setup->location, err);
    if (!code && (!sb_copy(self->name, sizeof self->name, setup->name) || !sb_copy(self->config, sizeof self->config, setup->config) ||
                  !sb_copy(self->version, sizeof self->version, setup->version)))
        code = sb_error_set(err, SB_ERR_CONFIG, "the name \"%.80s\" is too long for a node", setup->name);
    if (code)
        close_hands(&self->hands);
    else
        *hands = &self->hands;
    return code;
}
