/* One connection to PostgreSQL: made, waited for, cancelled and given up under a deadline; and what goes wrong in our words. A connection is
 * used by one thread at a time. */
#include "postgres.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/hash.h"
#include "signalbox/base/text.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTIONS_MAX = 64 };
static const sb_ns drain_timeout = SB_S(3), gate_first = SB_MS(100), gate_max = SB_S(5);

/* --- errors --------------------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *state; /* longer ones before their class */
    enum sb_err err;
} error_map[] = {
    { "23505", SB_ERR_EXISTS },      { "23", SB_ERR_INVALID },        { "25006", SB_ERR_READ_ONLY }, { "28", SB_ERR_PERMISSION },
    { "40", SB_ERR_UNAVAILABLE },    { "42501", SB_ERR_PERMISSION },  { "53100", SB_ERR_FULL },      { "53200", SB_ERR_NOMEM },
    { "53", SB_ERR_UNAVAILABLE },    { "54", SB_ERR_TOO_LARGE },      { "55P03", SB_ERR_UNAVAILABLE }, { "57014", SB_ERR_TIMEOUT },
    { "57", SB_ERR_UNAVAILABLE },    { "58", SB_ERR_IO },             { "08", SB_ERR_UNAVAILABLE },  { "25P03", SB_ERR_UNAVAILABLE },
    { "XX001", SB_ERR_CORRUPT },     { "XX002", SB_ERR_CORRUPT },     { "XX", SB_ERR_IO },
};

static enum sb_err map_state(const char *state)
{
    for (size_t i = 0; i < SB_LEN(error_map); i++)
        if (strncmp(state, error_map[i].state, strlen(error_map[i].state)) == 0)
            return error_map[i].err;
    return SB_ERR_INVALID; /* the statement or its values are wrong */
}

/* The server's and libpq's messages have lines; one is enough room for most. */
static void one_line(const char *message, char out[200])
{
    (void)sb_copy(out, 200, message);
    for (char *at = out; *at; at++)
        if (*at == '\n' || *at == '\r' || *at == '\t')
            *at = ' ';
    for (size_t size = strlen(out); size > 0 && out[size - 1] == ' '; size--)
        out[size - 1] = '\0';
}

enum sb_err sb_pg_result_error(const PGresult *result, const char *what, struct sb_error *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE), *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME); /* its other details quote rows */
    char line[200];
    if (!state) {
        one_line(PQresultErrorMessage(result), line);
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "%s: %s", what, line);
    }
    one_line(message ? message : "", line);
    return sb_error_set(err, map_state(state), "%s: %s (%s%s%s)", what, line, state, detail ? ", " : "", detail ? detail : "");
}

enum sb_err sb_pg_lost_error(const struct sb_pg *pg, struct sb_error *err)
{
    char line[200];
    one_line(pg->conn ? PQerrorMessage(pg->conn) : "", line);
    return sb_error_set(err, SB_ERR_UNAVAILABLE, "the connection to the database was lost%s%s", line[0] ? ": " : "", line);
}

/* --- waiting -------------------------------------------------------------------------------------------------------------------- */

static enum sb_err wait_socket(int fd, short events, const struct sb_op *op, const char *what, struct sb_error *err)
{
    struct pollfd fds[] = { { .fd = fd, .events = events }, { .fd = sb_cancel_fd(op->cancel), .events = POLLIN } };
    for (;;) {
        enum sb_err code = sb_op_check(op, what, err);
        if (code)
            return code;
        int ready = poll(fds, SB_LEN(fds), sb_op_poll_ms(op));
        if (ready < 0 && errno != EINTR)
            return sb_error_set(err, SB_ERR_IO, "%s: poll: %s", what, strerror(errno));
        if (ready > 0 && fds[0].revents)
            return SB_OK; /* an error on the socket is libpq's to tell */
    }
}

enum sb_err sb_pg_wait(struct sb_pg *pg, const struct sb_op *op, struct sb_error *err)
{
    int unsent = PQflush(pg->conn);
    if (unsent < 0)
        return sb_pg_lost_error(pg, err);
    enum sb_err code = wait_socket(PQsocket(pg->conn), unsent > 0 ? POLLIN | POLLOUT : POLLIN, op, "the statement", err);
    if (!code && !PQconsumeInput(pg->conn))
        code = sb_pg_lost_error(pg, err);
    return code;
}

bool sb_pg_is_lost(struct sb_pg *pg)
{
    if (!pg->conn)
        return true;
    struct pollfd fd = { .fd = PQsocket(pg->conn), .events = POLLIN };
    if (poll(&fd, 1, 0) > 0)
        (void)PQconsumeInput(pg->conn); /* what it finds shows in the status */
    return PQstatus(pg->conn) != CONNECTION_OK;
}

void sb_pg_end_statement(struct sb_pg *pg)
{
    if (PQstatus(pg->conn) != CONNECTION_OK || (PQtransactionStatus(pg->conn) == PQTRANS_ACTIVE && !sb_pg_cancel(pg)))
        sb_pg_disconnect(pg);
    const struct sb_op op = { .deadline = sb_now() + drain_timeout };
    while (pg->conn) {
        while (pg->conn && PQisBusy(pg->conn))
            if (sb_pg_wait(pg, &op, NULL) != SB_OK)
                sb_pg_disconnect(pg);
        PGresult *result = pg->conn ? PQgetResult(pg->conn) : NULL;
        if (!result)
            break;
        PQclear(result);
    }
    if (pg->conn && PQstatus(pg->conn) != CONNECTION_OK)
        sb_pg_disconnect(pg);
}

enum sb_err sb_pg_ask(struct sb_pg *pg, const char *sql, const struct sb_cell *params, size_t count, const struct sb_op *op,
                      PGresult **result, struct sb_error *err)
{
    struct sb_pg_bound bound;
    PGresult *last = NULL;
    enum sb_err code = sb_pg_bind(&bound, sql, params, count, err);
    if (code)
        return code;
    if (!PQsendQueryParams(pg->conn, sql, bound.count, bound.types, bound.values, bound.sizes, bound.formats, 0))
        return sb_pg_lost_error(pg, err);
    for (;;) {
        while (!code && PQisBusy(pg->conn))
            code = sb_pg_wait(pg, op, err);
        if (code) {
            PQclear(last);
            sb_pg_end_statement(pg);
            return code;
        }
        PGresult *next = PQgetResult(pg->conn);
        if (!next)
            break;
        PQclear(last);
        last = next;
    }
    ExecStatusType status = PQresultStatus(last);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        code = last ? sb_pg_result_error(last, "the database refused it", err) : sb_pg_lost_error(pg, err);
    if (!code && result)
        *result = last;
    else
        PQclear(last);
    return code;
}

/* --- connecting ----------------------------------------------------------------------------------------------------------------- */

struct options {
    const char *keywords[OPTIONS_MAX + 1], *values[OPTIONS_MAX + 1];
    size_t count;
};

static void add_option(struct options *options, const char *keyword, const char *value)
{
    SB_ASSERT(options->count < OPTIONS_MAX);
    options->keywords[options->count] = keyword;
    options->values[options->count++] = value;
}

static enum sb_err start(struct sb_pg *pg, const struct sb_pg_target *target, struct sb_error *err)
{
    /* a server that is silent for a minute is gone; the location may say otherwise */
    static const char *const defaults[][2] = { { "keepalives", "1" }, { "keepalives_idle", "20" }, { "keepalives_interval", "10" },
                                               { "keepalives_count", "4" }, { "tcp_user_timeout", "60000" } };
    char name[64], *password = NULL;
    struct options options = { .count = 0 };
    enum sb_err code = sb_pg_password(target, &password, err);
    if (code)
        return code;
    (void)snprintf(name, sizeof name, "signalbox pid %ld", (long)getpid());
    for (const PQconninfoOption *option = target->options; option->keyword; option++)
        if (option->val && !sb_streq(option->keyword, "password"))
            add_option(&options, option->keyword, option->val);
    for (size_t i = 0; i < SB_LEN(defaults); i++)
        if (!sb_pg_option(target, defaults[i][0]))
            add_option(&options, defaults[i][0], defaults[i][1]);
    if (password)
        add_option(&options, "password", password);
    add_option(&options, "client_encoding", "UTF8"); /* the last one of a keyword counts */
    add_option(&options, "fallback_application_name", name);
    pg->conn = PQconnectStartParams(options.keywords, options.values, 0);
    sb_secret_free(password);
    return pg->conn ? SB_OK : sb_error_set(err, SB_ERR_NOMEM, "no memory for a connection");
}

static void ignore_notice(void *arg, const char *message)
{
    (void)arg, (void)message;
}

static enum sb_err refused(const struct sb_pg *pg, const struct sb_pg_target *target, struct sb_error *err)
{
    char line[200];
    one_line(PQerrorMessage(pg->conn), line);
    if (PQconnectionNeedsPassword(pg->conn) || PQconnectionUsedPassword(pg->conn))
        return sb_error_set(err, SB_ERR_PERMISSION, "store %s does not accept the password (%s): put it into ~/.pgpass, or say where it is with "
                            "passfile=PATH or password=file:PATH", target->shown, line);
    return sb_error_set(err, SB_ERR_UNAVAILABLE, "store %s cannot be reached: %s", target->shown, line);
}

static enum sb_err poll_connection(struct sb_pg *pg, const struct sb_pg_target *target, const struct sb_op *own, struct sb_error *err)
{
    const struct sb_op op = sb_op_within(own, target->connect_timeout);
    char what[SB_LOCATION_SHOWN_MAX + 32];
    (void)snprintf(what, sizeof what, "connecting to %s", target->shown);
    PostgresPollingStatusType status = PQstatus(pg->conn) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK) {
        if (status == PGRES_POLLING_FAILED)
            return refused(pg, target, err);
        struct sb_error why = { 0 };
        enum sb_err code = wait_socket(PQsocket(pg->conn), status == PGRES_POLLING_WRITING ? POLLOUT : POLLIN, &op, what, &why);
        if (code == SB_ERR_TIMEOUT && sb_op_check(own, what, NULL) == SB_OK)
            return sb_error_set(err, SB_ERR_UNAVAILABLE, "store %s does not answer", target->shown);
        if (code)
            return sb_error_set(err, code, "%s", why.text);
        status = PQconnectPoll(pg->conn);
    }
    return SB_OK;
}

/* What the server must be, and what it ends by itself when nobody is left to end it. */
static enum sb_err set_up(struct sb_pg *pg, const struct sb_pg_target *target, bool is_reader, const struct sb_op *op, struct sb_error *err)
{
    static const char sql[] =
        "SELECT set_config('statement_timeout', '60000', false), set_config('idle_in_transaction_session_timeout', '60000', false), "
        "set_config('client_connection_check_interval', '1000', false), set_config('default_transaction_read_only', $1, false), "
        "set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE "
        "current_setting('synchronous_commit') END, false), "
        "current_setting('server_encoding') AS encoding, CASE WHEN pg_is_in_recovery() THEN 1 ELSE 0 END AS is_standby, "
        "current_schema() AS schema, (SELECT CAST(backend_start AS TEXT) FROM pg_stat_activity WHERE pid = pg_backend_pid()) AS started";
    const struct sb_cell mode = sb_cell_text(is_reader ? "on" : "off");
    PGresult *row = NULL;
    if (PQserverVersion(pg->conn) < SB_PG_SERVER_MIN)
        return sb_error_set(err, SB_ERR_UNSUPPORTED, "store %s is PostgreSQL %d: at least %d is needed", target->shown,
                            PQserverVersion(pg->conn) / 10000, SB_PG_SERVER_MIN / 10000);
    enum sb_err code = sb_pg_ask(pg, sql, &mode, 1, op, &row, err);
    if (code)
        return code;
    const char *encoding = PQgetvalue(row, 0, PQfnumber(row, "encoding"));
    if (!sb_streq(encoding, "UTF8"))
        code = sb_error_set(err, SB_ERR_CONFIG, "store %s has the encoding %s: make the database with ENCODING 'UTF8' TEMPLATE template0",
                            target->shown, encoding);
    else if (!is_reader && *PQgetvalue(row, 0, PQfnumber(row, "is_standby")) == '1')
        code = sb_error_set(err, SB_ERR_READ_ONLY, "store %s is a standby: name the primary, or all of them with target_session_attrs=read-write",
                            target->shown);
    else if (PQgetisnull(row, 0, PQfnumber(row, "schema")))
        code = sb_error_set(err, SB_ERR_CONFIG, "store %s: the search path of the role leads to no schema that is there; make one", target->shown);
    (void)sb_copy(pg->started, sizeof pg->started, PQgetvalue(row, 0, PQfnumber(row, "started")));
    pg->pid = PQbackendPID(pg->conn);
    PQclear(row);
    return code;
}

enum sb_err sb_pg_connect(struct sb_pg *pg, const struct sb_pg_target *target, bool is_reader, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_op bounded = sb_op_within(op, target->connect_timeout);
    SB_ASSERT(!pg->conn);
    enum sb_err code = start(pg, target, err);
    if (!code)
        code = poll_connection(pg, target, op, err);
    if (!code) {
        (void)PQsetNoticeProcessor(pg->conn, ignore_notice, NULL);
        code = PQsetnonblocking(pg->conn, 1) == 0 ? set_up(pg, target, is_reader, &bounded, err) : sb_pg_lost_error(pg, err);
    }
    if (code)
        sb_pg_disconnect(pg);
    return code;
}

void sb_pg_disconnect(struct sb_pg *pg)
{
    for (size_t i = 0; i < SB_LEN(pg->known); i++)
        sb_pg_forget(&pg->known[i]);
    if (pg->conn) /* without one libpq may not even be loaded */
        PQfinish(pg->conn);
    pg->conn = NULL;
}

/* --- the gate ------------------------------------------------------------------------------------------------------------------- */

enum sb_err sb_pg_gate_check(const struct sb_pg_gate *gate, struct sb_error *err)
{
    if (sb_now() >= gate->until)
        return SB_OK;
    return sb_error_set(err, gate->why.code, "%s", gate->why.text);
}

void sb_pg_gate_failed(struct sb_pg_gate *gate, const struct sb_error *why)
{
    sb_ns now = sb_now();
    gate->delay = gate->delay == 0 ? gate_first : gate->delay < gate_max / 2 ? gate->delay * 2 : gate_max;
    /* a quarter more or less, so that many clients do not come back at once */
    gate->until = sb_ns_add(now, gate->delay * 3 / 4 + (sb_ns)(sb_hash_bytes(&now, sizeof now) % (uint64_t)(gate->delay / 2)));
    gate->why = *why;
}

void sb_pg_gate_passed(struct sb_pg_gate *gate)
{
    gate->delay = gate->until = 0;
}
