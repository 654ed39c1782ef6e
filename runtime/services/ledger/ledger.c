/* The ledger over the store port: every move is one guarded transaction, so that it holds for any number of threads and processes. No figure is
 * kept here: the window's row is the only truth. Any thread. */
#include "signalbox/ports/ledger.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_ID_MAX = SB_NAME_MAX + 16, TRIES_MAX = 16 };

struct sb_ledger {
    struct sb_ledger_setup setup;
    int64_t boot;             /* of this process: who owns its holds */
    _Atomic int64_t next_id;
};

enum sb_err sb_ledger_create(struct sb_ledger **out_ledger, const struct sb_ledger_setup *setup, struct sb_error *err)
{
    uint64_t random[2];
    struct sb_ledger *ledger = calloc(1, sizeof(*ledger));
    if (ledger == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the ledger");
    enum sb_err rc = sb_random(random, sizeof(random), err);
    if (rc != SB_OK) {
        free(ledger);
        return rc;
    }
    ledger->setup = *setup;
    ledger->boot = (int64_t)(random[0] >> 1);
    if (ledger->boot == 0)
        ledger->boot = 1; /* 0 is no process */
    /* 43 random bits, then a count: ids of different processes do not meet. */
    atomic_store(&ledger->next_id, (int64_t)(random[1] >> 21 << 20) + 1);
    *out_ledger = ledger;
    return SB_OK;
}

void sb_ledger_destroy(struct sb_ledger *ledger)
{
    free(ledger);
}

static enum sb_err query(struct sb_ledger *ledger, const char *sql, const struct sb_cell *params, size_t count, const struct sb_op *op,
                         struct sb_rows **rows, struct sb_error *err)
{
    const struct sb_statement statement = { sql, params, count, -1 };
    return ledger->setup.store->ops->query(ledger->setup.store, &statement, op, rows, err);
}

static enum sb_err write_all(struct sb_ledger *ledger, const struct sb_statement *statements, size_t count, int64_t *changed,
                             const struct sb_op *op, struct sb_error *err)
{
    return ledger->setup.store->ops->write(ledger->setup.store, statements, count, changed, op, err);
}

static int64_t now_ms(const struct sb_ledger *ledger)
{
    return ledger->setup.now().ns / SB_MS(1);
}

/* --- windows ---------------------------------------------------------------------------------------------------------------- */

struct window {
    char id[WINDOW_ID_MAX]; /* "2026-11-27@Europe/Riga" */
    int64_t starts_ms, ends_ms;
};

static int64_t midnight_s(const struct sb_zone *zone, int64_t local_day)
{
    return sb_zone_from_local(zone, local_day * 86400).utc_s[0];
}

static void find_window(const struct sb_ledger *ledger, struct window *window)
{
    const struct sb_zone *zone = ledger->setup.zone;
    int64_t utc_s = ledger->setup.now().ns / SB_S(1), local_s = utc_s + sb_zone_offset(zone, utc_s);
    int64_t day = (local_s >= 0 ? local_s : local_s - 86399) / 86400;
    struct sb_text text;
    struct sb_civil civil = sb_wall_civil((struct sb_wall){ day * SB_DAY(1) });
    window->starts_ms = midnight_s(zone, day) * 1000;
    window->ends_ms = midnight_s(zone, day + 1) * 1000;
    sb_text_init(&text, window->id, sizeof(window->id));
    sb_text_add_padded(&text, (uint64_t)civil.year, 4);
    sb_text_add_char(&text, '-');
    sb_text_add_padded(&text, civil.month, 2);
    sb_text_add_char(&text, '-');
    sb_text_add_padded(&text, civil.day, 2);
    sb_text_add_char(&text, '@');
    sb_text_add(&text, zone->name);
}

static const char totals_sql[] =
    "SELECT starts_ms, ends_ms, limit_nano, spent_nano, held_nano, uncertain_nano, is_closed, version FROM budget_windows WHERE window_id = $1";

/* SB_ERR_NOT_FOUND when there is no such window yet. */
static enum sb_err read_totals(struct sb_ledger *ledger, const char *window_id, const struct sb_op *op, struct sb_ledger_totals *totals,
                               struct sb_error *err)
{
    struct sb_cell id = sb_cell_text(window_id);
    struct sb_rows *rows = NULL;
    enum sb_err rc = query(ledger, totals_sql, &id, 1, op, &rows, err);
    if (rc == SB_OK && sb_rows_count(rows) == 0)
        rc = sb_error_set(err, SB_ERR_NOT_FOUND, "the budget has no window %s", window_id);
    if (rc == SB_OK)
        *totals = (struct sb_ledger_totals){
            .starts = { SB_MS(sb_rows_number(rows, 0, "starts_ms")) }, .ends = { SB_MS(sb_rows_number(rows, 0, "ends_ms")) },
            .limit = { sb_rows_number(rows, 0, "limit_nano") }, .spent = { sb_rows_number(rows, 0, "spent_nano") },
            .held = { sb_rows_number(rows, 0, "held_nano") }, .uncertain = { sb_rows_number(rows, 0, "uncertain_nano") },
            .is_closed = sb_rows_number(rows, 0, "is_closed") != 0, .version = (uint64_t)sb_rows_number(rows, 0, "version"),
        };
    sb_rows_destroy(rows);
    return rc;
}

/* A new window begins with what was settled in its time before windows were kept; a changed limit holds from now on. */
static enum sb_err open_window(struct sb_ledger *ledger, const struct window *window, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_text(window->id), sb_cell_int(window->starts_ms), sb_cell_int(window->ends_ms),
                                      sb_cell_int(ledger->setup.budget->limit.nano) };
    const struct sb_statement statements[] = {
        { "INSERT INTO budget_windows (window_id, starts_ms, ends_ms, limit_nano, spent_nano) SELECT $1, $2, $3, $4, COALESCE((SELECT "
          "SUM(cost_nano) FROM llm_ledger WHERE window_id = 'before' AND ended_at_ms >= $2 AND ended_at_ms < $3), 0) "
          "WHERE NOT EXISTS (SELECT 1 FROM budget_windows WHERE window_id = $1)", params, SB_LEN(params), -1 },
        { "UPDATE budget_windows SET limit_nano = $2, version = version + 1 WHERE window_id = $1 AND limit_nano <> $2",
          (const struct sb_cell[]){ params[0], params[3] }, 2, -1 },
    };
    return write_all(ledger, statements, SB_LEN(statements), NULL, op, err);
}

static enum sb_err window_now(struct sb_ledger *ledger, struct window *window, const struct sb_op *op, struct sb_ledger_totals *totals,
                              struct sb_error *err)
{
    find_window(ledger, window);
    enum sb_err rc = read_totals(ledger, window->id, op, totals, err);
    if (rc == SB_ERR_NOT_FOUND || (rc == SB_OK && totals->limit.nano != ledger->setup.budget->limit.nano)) {
        rc = open_window(ledger, window, op, err);
        if (rc == SB_OK)
            rc = read_totals(ledger, window->id, op, totals, err);
    }
    return rc;
}

enum sb_err sb_ledger_totals(struct sb_ledger *ledger, const struct sb_op *op, struct sb_ledger_totals *totals, struct sb_error *err)
{
    struct window window;
    return window_now(ledger, &window, op, totals, err);
}

/* --- holding ---------------------------------------------------------------------------------------------------------------- */

static const struct sb_model_alias *find_alias(const struct sb_ledger *ledger, const char *name)
{
    for (size_t i = 0; i < ledger->setup.llm->alias_count; i++)
        if (sb_streq(ledger->setup.llm->aliases[i].alias, name))
            return &ledger->setup.llm->aliases[i];
    return NULL;
}

static bool is_free(const struct sb_model_alias *alias)
{
    return alias->in_nano == 0 && alias->out_nano == 0 && alias->cached_nano == 0;
}

static int64_t headroom_of(const struct sb_ledger_totals *totals)
{
    int64_t used = totals->spent.nano + totals->held.nano + totals->uncertain.nano; /* each is at most some limit: no overflow */
    return totals->is_closed || used >= totals->limit.nano ? 0 : totals->limit.nano - used;
}

/* How many output tokens the money buys with that alias, at most as many as are wanted; 0 when fewer than are of use. */
static uint32_t fit(const struct sb_model_alias *alias, const struct sb_ledger_ask *ask, int64_t headroom)
{
    int64_t input = sb_ledger_bound(alias, ask->input_bytes, ask->message_count, 0);
    if (input > headroom)
        return 0;
    if (alias->out_nano == 0)
        return ask->output_max;
    int64_t tokens = (headroom - input) / alias->out_nano;
    if (tokens >= ask->output_max)
        return ask->output_max;
    return tokens >= ask->output_min && tokens > 0 ? (uint32_t)tokens : 0;
}

static void add_figure(struct sb_text *text, const char *before, int64_t nano)
{
    sb_text_add(text, before);
    sb_text_add_usd(text, (struct sb_usd){ nano }, 6);
}

/* Everything somebody needs to understand it: what is missing, of what, and until when. */
static enum sb_err refuse(const struct sb_ledger *ledger, const struct sb_ledger_ask *ask, const struct sb_ledger_totals *totals,
                          struct sb_error *err)
{
    char line[SB_ERROR_TEXT_MAX];
    struct sb_text text;
    int64_t cheapest = INT64_MAX;
    for (size_t i = 0; i < ask->alias_count; i++) {
        const struct sb_model_alias *alias = find_alias(ledger, ask->aliases[i]);
        int64_t least = alias != NULL ? sb_ledger_bound(alias, ask->input_bytes, ask->message_count, ask->output_min) : INT64_MAX;
        cheapest = least < cheapest ? least : cheapest;
    }
    sb_text_init(&text, line, sizeof(line));
    sb_text_add(&text, totals->is_closed ? "the budget is closed by a bill above its hold: " : "the budget does not pay it: ");
    add_figure(&text, "needs ", cheapest);
    add_figure(&text, ", left ", headroom_of(totals));
    add_figure(&text, " of ", totals->limit.nano);
    add_figure(&text, " USD (spent ", totals->spent.nano);
    add_figure(&text, ", held ", totals->held.nano);
    add_figure(&text, ", uncertain ", totals->uncertain.nano);
    sb_text_add(&text, "); resets ");
    sb_text_add_wall(&text, totals->ends, false);
    return sb_error_set(err, SB_ERR_REFUSED, "%s", line);
}

/* SB_ERR_CONFLICT: somebody else took the money meanwhile. */
static enum sb_err insert_hold(struct sb_ledger *ledger, const struct window *window, const struct sb_ledger_ask *ask,
                               const struct sb_ledger_hold *hold, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_cell guard[] = { sb_cell_text(window->id), sb_cell_int(hold->bound.nano) };
    const struct sb_cell row[] = { sb_cell_int(hold->id), sb_cell_text(window->id), sb_cell_int(ledger->boot), sb_cell_int((int64_t)ask->run),
                                   sb_cell_text(ask->job), sb_cell_text(hold->alias->alias), sb_cell_text(ask->intent),
                                   sb_cell_int(hold->output_max), sb_cell_int(hold->bound.nano), sb_cell_int(now_ms(ledger)) };
    const struct sb_statement statements[] = {
        { "UPDATE budget_windows SET held_nano = held_nano + $2, version = version + 1 WHERE window_id = $1 AND ($2 = 0 OR (is_closed = 0 AND "
          "spent_nano + held_nano + uncertain_nano + $2 <= limit_nano))", guard, SB_LEN(guard), 1 },
        { "INSERT INTO llm_ledger (hold_id, window_id, state, boot, run, job_name, alias, intent, output_max, bound_nano, held_at_ms) "
          "VALUES ($1, $2, 'held', $3, $4, $5, $6, $7, $8, $9, $10)", row, SB_LEN(row), 1 },
    };
    return write_all(ledger, statements, SB_LEN(statements), NULL, op, err);
}

static enum sb_err check_ask(const struct sb_ledger *ledger, const struct sb_ledger_ask *ask, struct sb_error *err)
{
    for (size_t i = 0; i < ask->alias_count; i++)
        if (find_alias(ledger, ask->aliases[i]) == NULL)
            return sb_error_set(err, SB_ERR_CONFIG, "llm.aliases has no alias \"%.39s\" with a price: nothing is called at an unknown cost",
                                ask->aliases[i]);
    return ask->alias_count > 0 ? SB_OK : sb_error_set(err, SB_ERR_CONFIG, "no alias is given");
}

/* The first alias that the headroom pays; false when none does. */
static bool choose(const struct sb_ledger *ledger, const struct sb_ledger_ask *ask, const struct sb_ledger_totals *totals,
                   struct sb_ledger_hold *hold)
{
    for (size_t i = 0; i < ask->alias_count; i++) {
        const struct sb_model_alias *alias = find_alias(ledger, ask->aliases[i]);
        uint32_t tokens = fit(alias, ask, is_free(alias) ? INT64_MAX : headroom_of(totals));
        if (tokens == 0)
            continue;
        hold->alias = alias;
        hold->output_max = tokens;
        hold->bound.nano = sb_ledger_bound(alias, ask->input_bytes, ask->message_count, tokens);
        return true;
    }
    return false;
}

/* The store does not answer: what costs nothing may go on, what costs something may not. */
static enum sb_err choose_free(const struct sb_ledger *ledger, const struct sb_ledger_ask *ask, struct sb_ledger_hold *hold, struct sb_error *err)
{
    for (size_t i = 0; i < ask->alias_count; i++) {
        const struct sb_model_alias *alias = find_alias(ledger, ask->aliases[i]);
        if (!is_free(alias))
            continue;
        *hold = (struct sb_ledger_hold){ .alias = alias, .output_max = ask->output_max };
        return SB_OK;
    }
    return err != NULL ? sb_error_wrap(err, "the ledger is not available, so nothing that costs money is called") : SB_ERR_UNAVAILABLE;
}

enum sb_err sb_ledger_hold(struct sb_ledger *ledger, const struct sb_ledger_ask *ask, const struct sb_op *op, struct sb_ledger_hold *hold,
                           struct sb_ledger_totals *totals, struct sb_error *err)
{
    struct window window;
    struct sb_error local = { 0 };
    err = err != NULL ? err : &local;
    enum sb_err rc = check_ask(ledger, ask, err);
    if (rc != SB_OK)
        return rc;
    struct sb_ledger_hold made = { .id = atomic_fetch_add(&ledger->next_id, 1) };
    rc = SB_ERR_CONFLICT;
    for (int tries = 0; tries < TRIES_MAX && rc == SB_ERR_CONFLICT; tries++) {
        rc = window_now(ledger, &window, op, totals, err);
        if (rc == SB_OK && !choose(ledger, ask, totals, &made))
            return refuse(ledger, ask, totals, err);
        if (rc == SB_OK)
            rc = insert_hold(ledger, &window, ask, &made, op, err);
    }
    if (rc == SB_OK) {
        *hold = made;
        struct sb_ledger_totals after;
        if (read_totals(ledger, window.id, op, &after, &local) == SB_OK)
            *totals = after; /* the hold is on disk; figures that cannot be read now come with the next move */
        return SB_OK;
    }
    return rc == SB_ERR_CANCELLED ? rc : choose_free(ledger, ask, hold, err);
}

/* --- what becomes of it ------------------------------------------------------------------------------------------------------ */

enum sb_err sb_ledger_sent(struct sb_ledger *ledger, const struct sb_ledger_hold *hold, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_int(hold->id), sb_cell_int(now_ms(ledger)) };
    const struct sb_statement statement = { "UPDATE llm_ledger SET state = 'sent', sent_at_ms = $2 WHERE hold_id = $1 AND state = 'held'", params,
                                            SB_LEN(params), 1 };
    return hold->id == 0 ? SB_OK : write_all(ledger, &statement, 1, NULL, op, err);
}

/* One row of a hold: its window, its state. */
static enum sb_err read_hold(struct sb_ledger *ledger, int64_t id, const struct sb_op *op, char window_id[WINDOW_ID_MAX], char state[16],
                             struct sb_error *err)
{
    struct sb_cell cell = sb_cell_int(id);
    struct sb_rows *rows = NULL;
    enum sb_err rc = query(ledger, "SELECT window_id, state FROM llm_ledger WHERE hold_id = $1", &cell, 1, op, &rows, err);
    if (rc == SB_OK && sb_rows_count(rows) == 0)
        rc = sb_error_set(err, SB_ERR_NOT_FOUND, "the ledger has no hold %lld", (long long)id);
    if (rc == SB_OK) {
        (void)sb_copy(window_id, WINDOW_ID_MAX, sb_rows_words(rows, 0, "window_id"));
        (void)sb_copy(state, 16, sb_rows_words(rows, 0, "state"));
    }
    sb_rows_destroy(rows);
    return rc;
}

/* Ends a hold that is in one of two states, in one transaction with its window. Asked again after it has ended, nothing changes. */
static enum sb_err end_hold(struct sb_ledger *ledger, const struct sb_ledger_hold *hold, const struct sb_statement *row, int64_t spent,
                            int64_t uncertain, const struct sb_op *op, struct sb_ledger_totals *totals, struct sb_error *err)
{
    char window_id[WINDOW_ID_MAX], state[16];
    enum sb_err rc = read_hold(ledger, hold->id, op, window_id, state, err);
    if (rc != SB_OK)
        return rc;
    const struct sb_cell figures[] = { sb_cell_text(window_id), sb_cell_int(hold->bound.nano), sb_cell_int(spent), sb_cell_int(uncertain) };
    const struct sb_statement statements[] = {
        *row,
        { "UPDATE budget_windows SET held_nano = held_nano - $2, spent_nano = spent_nano + $3, uncertain_nano = uncertain_nano + $4, "
          "version = version + 1, is_closed = CASE WHEN spent_nano + $3 + held_nano - $2 + uncertain_nano + $4 > limit_nano "
          "AND $3 + $4 > $2 THEN 1 ELSE is_closed END WHERE window_id = $1", figures, SB_LEN(figures), 1 },
    };
    rc = write_all(ledger, statements, SB_LEN(statements), NULL, op, err);
    if (rc == SB_ERR_CONFLICT) {
        rc = read_hold(ledger, hold->id, op, window_id, state, err);
        bool is_open = sb_streq(state, "held") || sb_streq(state, "sent");
        if (rc == SB_OK && is_open)
            rc = sb_error_set(err, SB_ERR_CONFLICT, "hold %lld is %s: it cannot end so", (long long)hold->id, state);
    }
    return rc == SB_OK ? read_totals(ledger, window_id, op, totals, err) : rc;
}

enum sb_err sb_ledger_settle(struct sb_ledger *ledger, const struct sb_ledger_hold *hold, const struct sb_ledger_usage *usage,
                             const struct sb_op *op, struct sb_ledger_totals *totals, struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_int(hold->id), sb_cell_int(usage->cost.nano), sb_cell_int(usage->tokens_in),
                                      sb_cell_int(usage->tokens_out), sb_cell_int(now_ms(ledger)) };
    const struct sb_statement row = { "UPDATE llm_ledger SET state = 'settled', cost_nano = $2, tokens_in = $3, tokens_out = $4, ended_at_ms = $5 "
                                      "WHERE hold_id = $1 AND state = 'sent'", params, SB_LEN(params), 1 };
    if (hold->id == 0)
        return sb_ledger_totals(ledger, op, totals, err);
    return end_hold(ledger, hold, &row, usage->cost.nano, 0, op, totals, err);
}

enum sb_err sb_ledger_fail(struct sb_ledger *ledger, const struct sb_ledger_hold *hold, bool is_charged, const char *category,
                           const char *reason, const struct sb_op *op, struct sb_ledger_totals *totals, struct sb_error *err)
{
    char said[SB_ERROR_TEXT_MAX]; /* what an endpoint answered may repeat the key it was asked with */
    (void)sb_copy(said, sizeof(said), reason != NULL ? reason : "");
    sb_veil_text(said, sizeof(said));
    const struct sb_cell params[] = { sb_cell_int(hold->id), sb_cell_text(category), sb_cell_text(reason != NULL ? said : NULL),
                                      sb_cell_int(now_ms(ledger)) };
    const struct sb_statement unknown = { "UPDATE llm_ledger SET state = 'unknown', category = $2, reason = $3, ended_at_ms = $4 "
                                          "WHERE hold_id = $1 AND state = 'sent'", params, SB_LEN(params), 1 };
    const struct sb_statement released = { "UPDATE llm_ledger SET state = 'released', cost_nano = 0, category = $2, reason = $3, ended_at_ms = $4 "
                                           "WHERE hold_id = $1 AND state IN ('held', 'sent')", params, SB_LEN(params), 1 };
    if (hold->id == 0)
        return sb_ledger_totals(ledger, op, totals, err);
    return end_hold(ledger, hold, is_charged ? &unknown : &released, 0, is_charged ? hold->bound.nano : 0, op, totals, err);
}

/* --- start, and the bill ------------------------------------------------------------------------------------------------------ */

enum sb_err sb_ledger_recover(struct sb_ledger *ledger, const struct sb_op *op, int64_t *released, int64_t *unknown, struct sb_error *err)
{
    static const char figures[] =
        "UPDATE budget_windows SET version = version + 1, "
        "held_nano = COALESCE((SELECT SUM(bound_nano) FROM llm_ledger l WHERE l.window_id = budget_windows.window_id AND "
        "state IN ('held', 'sent')), 0), "
        "uncertain_nano = COALESCE((SELECT SUM(bound_nano) FROM llm_ledger l WHERE l.window_id = budget_windows.window_id AND "
        "state = 'unknown'), 0) "
        "WHERE held_nano <> 0 OR EXISTS (SELECT 1 FROM llm_ledger l WHERE l.window_id = budget_windows.window_id AND ended_at_ms = $1)";
    const struct sb_cell params[] = { sb_cell_int(ledger->boot), sb_cell_int(now_ms(ledger)) };
    const struct sb_statement statements[] = {
        { "UPDATE llm_ledger SET state = 'released', cost_nano = 0, category = 'interrupted', reason = 'its process ended before it was sent', "
          "ended_at_ms = $2 WHERE state = 'held' AND boot <> $1", params, SB_LEN(params), -1 },
        { "UPDATE llm_ledger SET state = 'unknown', category = 'interrupted', reason = 'its process ended while the answer was awaited', "
          "ended_at_ms = $2 WHERE state = 'sent' AND boot <> $1", params, SB_LEN(params), -1 },
        { figures, &params[1], 1, -1 },
    };
    int64_t changed[SB_LEN(statements)] = { 0 };
    enum sb_err rc = write_all(ledger, statements, SB_LEN(statements), changed, op, err);
    if (rc == SB_OK) {
        *released = changed[0];
        *unknown = changed[1];
    }
    return rc;
}

enum sb_err sb_ledger_reconcile(struct sb_ledger *ledger, struct sb_usd charged, const char *actor, const struct sb_op *op,
                                struct sb_ledger_totals *totals, struct sb_error *err)
{
    struct window window;
    enum sb_err rc = window_now(ledger, &window, op, totals, err);
    if (rc != SB_OK)
        return rc;
    if (charged.nano < 0 || totals->uncertain.nano == 0)
        return sb_error_set(err, SB_ERR_REFUSED, charged.nano < 0 ? "a correction is not negative" : "nothing is uncertain in this window");
    const struct sb_cell params[] = { sb_cell_text(window.id), sb_cell_int(now_ms(ledger)) };
    const struct sb_cell row[] = { sb_cell_int(atomic_fetch_add(&ledger->next_id, 1)), sb_cell_text(window.id), sb_cell_int(ledger->boot),
                                   sb_cell_text(actor), sb_cell_int(charged.nano), sb_cell_int(now_ms(ledger)) };
    const struct sb_cell figures[] = { sb_cell_text(window.id), sb_cell_int(charged.nano), sb_cell_int((int64_t)totals->version) };
    const struct sb_statement statements[] = {
        /* The version is the one that was read: what became uncertain meanwhile is not forgiven with it. */
        { "UPDATE budget_windows SET spent_nano = spent_nano + $2, uncertain_nano = 0, version = version + 1 WHERE window_id = $1 AND "
          "version = $3", figures, SB_LEN(figures), 1 },
        { "UPDATE llm_ledger SET state = 'reconciled', ended_at_ms = $2 WHERE window_id = $1 AND state = 'unknown'", params, SB_LEN(params), -1 },
        { "INSERT INTO llm_ledger (hold_id, window_id, state, boot, run, alias, intent, bound_nano, cost_nano, reason, held_at_ms, ended_at_ms) "
          "VALUES ($1, $2, 'correction', $3, 0, '', 'reconcile', 0, $5, $4, $6, $6)", row, SB_LEN(row), 1 },
    };
    rc = write_all(ledger, statements, SB_LEN(statements), NULL, op, err);
    if (rc == SB_ERR_CONFLICT)
        return sb_error_set(err, SB_ERR_CONFLICT, "a call ended meanwhile: look again and repeat it");
    return rc == SB_OK ? read_totals(ledger, window.id, op, totals, err) : rc;
}
