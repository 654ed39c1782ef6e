/* What consoles ask about the past: pages of runs and of operators' commands, one run, the life of an incident, a content row. Reads only; keeps
 * no state; any thread. Every query has an index and a LIMIT: a page costs the same in a store of a million runs as in one of a hundred. */
#include "signalbox/ports/lookup.h"

#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/store.h"

#include <stdio.h>
#include <string.h>

#define RUN_COLUMNS \
    "SELECT run, job_name, cause, state, attempt, nominal_ns, queued_at_ms, started_at_ms, ended_at_ms, duration_ns, error_class, error "        \
    "FROM job_runs "
#define EVENT_COLUMNS "SELECT seq, at_ms, kind, job_name, payload FROM events "
/* Word for word the conditions of migration 9: else its indexes are not used. */
#define OF_OPERATORS "kind IN ('command_done', 'command_refused', 'command_asked', 'incident_action')"
#define OF_ALERTS                                                                                                                              \
    "kind IN ('alert_raised', 'alert_moved', 'alert_acked', 'alert_unacked', 'alert_cleared', 'notice_queued', 'notice_sent', 'notice_failed')"

enum { EVENTS_SPAN_MS = 1000 };

static const char runs_below_sql[] = RUN_COLUMNS "WHERE job_name = $1 AND run < $2 ORDER BY run DESC LIMIT 21";
static const char runs_above_sql[] = RUN_COLUMNS "WHERE job_name = $1 AND run > $2 ORDER BY run LIMIT 21";
static const char run_sql[] = RUN_COLUMNS "WHERE run = $1";
static const char steps_sql[] =
    "SELECT step, attempt, name, state, class, ctx, is_effect, started_at_ms, duration_ns, rows, text FROM job_steps WHERE run = $1 "
    "ORDER BY attempt DESC, step DESC LIMIT 48";
static const char next_event_sql[] = "SELECT seq, at_ms FROM events WHERE seq >= $1 ORDER BY seq LIMIT 1";
static const char ends_sql[] = /* each by itself: together they would be a scan */
    "SELECT COALESCE((SELECT MIN(seq) FROM events), 0) AS low, COALESCE((SELECT MAX(seq) FROM events), 0) AS high";
static const char run_events_sql[] = EVENT_COLUMNS "WHERE seq >= $1 AND seq <= $2 AND run = $3 ORDER BY seq LIMIT 64";
static const char alert_events_sql[] = EVENT_COLUMNS "WHERE " OF_ALERTS " AND payload LIKE $1 ORDER BY seq DESC LIMIT 64";
static const char audit_below_sql[] = EVENT_COLUMNS "WHERE " OF_OPERATORS " AND seq < $1 AND at_ms >= $2 ORDER BY seq DESC LIMIT 64";
static const char audit_above_sql[] = EVENT_COLUMNS "WHERE " OF_OPERATORS " AND seq > $1 AND at_ms >= $2 ORDER BY seq LIMIT 64";
static const char content_sql[] =
    "SELECT decision_id, kind, status, account, text, topic, angle, tone, format, post_id, target_post_id, thread_id, part, scheduled_at_ms, "
    "claimed_at_ms, posted_at_ms, attempts, last_error, intent, alias FROM content_metadata WHERE decision_id = $1";
static const char attempts_sql[] =
    "SELECT attempt, started_at_ms, ended_at_ms, COALESCE(outcome, 'under way') AS outcome, COALESCE(error, '') AS error FROM posting_attempts "
    "WHERE decision_id = $1 ORDER BY attempt DESC LIMIT 20";

static enum sb_err ask(struct sb_store *store, const char *sql, const struct sb_cell *params, size_t count, const struct sb_op *op,
                       struct sb_rows **rows, struct sb_error *err)
{
    const struct sb_statement statement = { sql, params, count, -1 };
    return store->ops->query(store, &statement, op, rows, err);
}

static struct sb_wall wall_of(const struct sb_rows *rows, size_t row, const char *column)
{
    int64_t ms = sb_rows_number(rows, row, column), ns = 0;
    return (struct sb_wall){ __builtin_mul_overflow(ms, SB_MS(1), &ns) ? 0 : ns };
}

/* The value of a word; 0 for one that this program does not know. */
static uint8_t value_of(enum sb_field_type type, const char *word)
{
    int value = sb_field_enum_parse(type, word);
    return value >= 0 ? (uint8_t)value : 0;
}

static void take_run(const struct sb_rows *rows, size_t row, struct sb_past_run *run)
{
    run->id = (uint64_t)sb_rows_number(rows, row, "run");
    run->nominal.ns = sb_rows_number(rows, row, "nominal_ns");
    run->queued = wall_of(rows, row, "queued_at_ms");
    run->started = wall_of(rows, row, "started_at_ms");
    run->ended = wall_of(rows, row, "ended_at_ms");
    run->duration = sb_rows_number(rows, row, "duration_ns");
    run->state = value_of(SB_FIELD_run_state, sb_rows_words(rows, row, "state"));
    run->cause = value_of(SB_FIELD_cause, sb_rows_words(rows, row, "cause"));
    run->class = value_of(SB_FIELD_class, sb_rows_words(rows, row, "error_class"));
    run->attempt = (uint8_t)sb_rows_number(rows, row, "attempt");
    (void)sb_copy(run->job, sizeof run->job, sb_rows_words(rows, row, "job_name"));
    (void)sb_copy(run->error, sizeof run->error, sb_rows_words(rows, row, "error"));
}

/* Rows beyond a page only say that there are more. `is_up`: they came from below and are turned round. */
static enum sb_err read_runs(struct sb_store *store, const struct sb_lookup *lookup, const struct sb_op *op, struct sb_findings *out,
                             struct sb_error *err)
{
    const bool is_up = lookup->after > 0 || lookup->from_oldest;
    const bool is_top = !is_up && lookup->before == 0;
    const int64_t from = is_up ? (int64_t)lookup->after : is_top ? INT64_MAX : (int64_t)lookup->before;
    const struct sb_cell params[] = { sb_cell_text(lookup->name), sb_cell_int(from) };
    struct sb_rows *rows = NULL;
    enum sb_err rc = ask(store, is_up ? runs_above_sql : runs_below_sql, params, SB_LEN(params), op, &rows, err);
    if (rc != SB_OK)
        return rc;
    size_t found = sb_rows_count(rows), count = found < SB_LOOKUP_PAGE ? found : SB_LOOKUP_PAGE;
    for (size_t i = 0; i < count; i++)
        take_run(rows, is_up ? count - 1 - i : i, &out->runs[i]);
    out->run_count = (uint32_t)count;
    out->is_newest = is_top || (is_up && found <= SB_LOOKUP_PAGE);
    out->is_oldest = is_up ? lookup->from_oldest : found <= SB_LOOKUP_PAGE;
    sb_rows_destroy(rows);
    return SB_OK;
}

static enum sb_err read_steps(struct sb_store *store, uint64_t run, const struct sb_op *op, struct sb_findings *out, struct sb_error *err)
{
    const struct sb_cell id = sb_cell_int((int64_t)run);
    struct sb_rows *rows = NULL;
    enum sb_err rc = ask(store, steps_sql, &id, 1, op, &rows, err);
    if (rc != SB_OK)
        return rc;
    out->step_count = (uint32_t)sb_rows_count(rows);
    for (size_t i = 0; i < out->step_count; i++) {
        struct sb_past_step *step = &out->steps[out->step_count - 1 - i];
        const struct sb_cell *ctx = sb_rows_get(rows, i, "ctx");
        step->step = (uint8_t)sb_rows_number(rows, i, "step");
        step->attempt = (uint8_t)sb_rows_number(rows, i, "attempt");
        step->state = value_of(SB_FIELD_step_state, sb_rows_words(rows, i, "state"));
        step->class = value_of(SB_FIELD_class, sb_rows_words(rows, i, "class"));
        step->is_effect = sb_rows_number(rows, i, "is_effect") != 0;
        step->ctx = ctx != NULL && ctx->type == SB_CELL_INT && ctx->integer >= 0 && ctx->integer < SB_CONTEXTS_MAX ? (uint16_t)ctx->integer
                                                                                                                   : (uint16_t)SB_NO_CTX;
        step->started = wall_of(rows, i, "started_at_ms");
        step->duration = sb_rows_number(rows, i, "duration_ns");
        step->rows = sb_rows_number(rows, i, "rows");
        (void)sb_copy(step->name, sizeof step->name, sb_rows_words(rows, i, "name"));
        (void)sb_copy(step->text, sizeof step->text, sb_rows_words(rows, i, "text"));
    }
    sb_rows_destroy(rows);
    return SB_OK;
}

/* A row of the journal; one that another version wrote, and that this one cannot read, is passed over. */
static bool take_event(const struct sb_rows *rows, size_t row, struct sb_past_event *past)
{
    const char *payload = sb_rows_words(rows, row, "payload");
    struct sb_error err = { 0 };
    if (sb_codec_event_read_row((uint64_t)sb_rows_number(rows, row, "seq"), wall_of(rows, row, "at_ms"), sb_rows_words(rows, row, "kind"),
                                payload, strlen(payload), &past->event, &err) != SB_OK) {
        sb_log(SB_LOG_WARN, "store", "event %lld of the journal is not shown: %s", (long long)sb_rows_number(rows, row, "seq"), err.text);
        return false;
    }
    (void)sb_copy(past->job, sizeof past->job, sb_rows_words(rows, row, "job_name"));
    return true;
}

/* The first event at or after that time, by halving: numbers and times grow together. A wall clock that was set back makes it miss some. */
static enum sb_err find_event(struct sb_store *store, int64_t low, int64_t high, int64_t at_ms, const struct sb_op *op, int64_t *seq,
                              struct sb_error *err)
{
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        const struct sb_cell from = sb_cell_int(middle);
        struct sb_rows *rows = NULL;
        enum sb_err rc = ask(store, next_event_sql, &from, 1, op, &rows, err);
        if (rc != SB_OK)
            return rc;
        const bool is_before = sb_rows_count(rows) > 0 && sb_rows_number(rows, 0, "at_ms") < at_ms;
        const int64_t found = sb_rows_count(rows) > 0 ? sb_rows_number(rows, 0, "seq") : high;
        sb_rows_destroy(rows);
        if (is_before)
            low = found + 1;
        else
            high = middle;
    }
    *seq = low;
    return SB_OK;
}

/* The journal has no index by run: it would cost every event. Its events lie between the times of the run. */
static enum sb_err read_run_events(struct sb_store *store, const struct sb_past_run *run, const struct sb_op *op, struct sb_findings *out,
                                   struct sb_error *err)
{
    struct sb_rows *rows = NULL;
    int64_t low = 0, high = 0, until = 0;
    enum sb_err rc = ask(store, ends_sql, NULL, 0, op, &rows, err);
    if (rc != SB_OK)
        return rc;
    low = sb_rows_number(rows, 0, "low");
    until = high = sb_rows_number(rows, 0, "high");
    sb_rows_destroy(rows);
    rc = find_event(store, low, high, run->queued.ns / SB_MS(1) - EVENTS_SPAN_MS, op, &low, err);
    if (rc == SB_OK && run->ended.ns > 0)
        rc = find_event(store, low, high, run->ended.ns / SB_MS(1) + EVENTS_SPAN_MS, op, &until, err);
    const struct sb_cell params[] = { sb_cell_int(low), sb_cell_int(until), sb_cell_int((int64_t)run->id) };
    rows = NULL;
    if (rc == SB_OK)
        rc = ask(store, run_events_sql, params, SB_LEN(params), op, &rows, err);
    for (size_t i = 0; rc == SB_OK && i < sb_rows_count(rows) && out->event_count < SB_LOOKUP_EVENTS_MAX; i++)
        out->event_count += take_event(rows, i, &out->events[out->event_count]) ? 1u : 0u;
    sb_rows_destroy(rows);
    return rc;
}

static enum sb_err read_run(struct sb_store *store, const struct sb_lookup *lookup, const struct sb_op *op, struct sb_findings *out,
                            struct sb_error *err)
{
    const struct sb_cell id = sb_cell_int((int64_t)lookup->id);
    struct sb_rows *rows = NULL;
    enum sb_err rc = ask(store, run_sql, &id, 1, op, &rows, err);
    if (rc == SB_OK && sb_rows_count(rows) == 0)
        rc = sb_error_set(err, SB_ERR_NOT_FOUND, "the store has no run %llu; old ones are pruned",
                          (unsigned long long)lookup->id);
    if (rc == SB_OK) {
        take_run(rows, 0, &out->runs[0]);
        out->run_count = 1;
        rc = read_steps(store, lookup->id, op, out, err);
    }
    sb_rows_destroy(rows);
    return rc == SB_OK ? read_run_events(store, &out->runs[0], op, out, err) : rc;
}

static void turn_round(struct sb_past_event *events, uint32_t count)
{
    for (uint32_t i = 0; i < count / 2; i++) {
        const struct sb_past_event kept = events[i];
        events[i] = events[count - 1 - i];
        events[count - 1 - i] = kept;
    }
}

static enum sb_err read_alert(struct sb_store *store, const struct sb_lookup *lookup, const struct sb_op *op, struct sb_findings *out,
                              struct sb_error *err)
{
    char pattern[40];
    (void)snprintf(pattern, sizeof pattern, "%%\"alert\":%llu,%%", (unsigned long long)lookup->id);
    const struct sb_cell about = sb_cell_text(pattern);
    struct sb_rows *rows = NULL;
    enum sb_err rc = ask(store, alert_events_sql, &about, 1, op, &rows, err);
    for (size_t i = 0; rc == SB_OK && i < sb_rows_count(rows) && out->event_count < SB_LOOKUP_EVENTS_MAX; i++)
        out->event_count += take_event(rows, i, &out->events[out->event_count]) ? 1u : 0u;
    turn_round(out->events, out->event_count);
    sb_rows_destroy(rows);
    return rc;
}

static bool is_answer(const struct sb_event *event)
{
    return event->kind == SB_EVENT_COMMAND_DONE || event->kind == SB_EVENT_COMMAND_REFUSED;
}

/* A command is one answer, what was asked before it and what an incident notes behind it. The page is whole commands, so it may end with what
 * belongs to the last of them (`is_up`: behind the answer, else before it). */
static bool is_of_page(const struct sb_event *event, unsigned answers, uint64_t last, bool is_up)
{
    if (answers < SB_LOOKUP_PAGE)
        return true;
    if (is_answer(event) || is_up != (event->kind != SB_EVENT_COMMAND_ASKED))
        return false;
    return !is_up ? event->as.command_asked.command == last : true;
}

static enum sb_err read_audit(struct sb_store *store, const struct sb_lookup *lookup, const struct sb_op *op, struct sb_findings *out,
                              struct sb_error *err)
{
    const bool is_up = lookup->after > 0 || lookup->from_oldest, is_top = !is_up && lookup->before == 0;
    const int64_t from = is_up ? (int64_t)lookup->after : is_top ? INT64_MAX : (int64_t)lookup->before;
    const struct sb_cell params[] = { sb_cell_int(from), sb_cell_int(lookup->since_ms) };
    struct sb_rows *rows = NULL;
    enum sb_err rc = ask(store, is_up ? audit_above_sql : audit_below_sql, params, SB_LEN(params), op, &rows, err);
    unsigned answers = 0;
    uint64_t last = 0;
    bool is_cut = false;
    for (size_t i = 0; rc == SB_OK && i < sb_rows_count(rows) && !is_cut; i++) {
        struct sb_past_event *past = &out->events[out->event_count];
        if (!take_event(rows, i, past))
            continue;
        is_cut = !is_of_page(&past->event, answers, last, is_up);
        if (is_cut) {
            memset(past, 0, sizeof *past);
            break;
        }
        if (is_answer(&past->event)) {
            answers++;
            last = past->event.as.command_done.command;
        }
        out->event_count++;
    }
    is_cut = is_cut || sb_rows_count(rows) == SB_LOOKUP_EVENTS_MAX;
    if (is_up)
        turn_round(out->events, out->event_count);
    out->is_newest = is_top || (is_up && !is_cut);
    out->is_oldest = is_up ? lookup->from_oldest : !is_cut;
    sb_rows_destroy(rows);
    return rc;
}

static void add_line(struct sb_text *text, const char *label, const char *words)
{
    if (words[0] != '\0')
        sb_text_addf(text, "%-10s %s\n", label, words);
}

static void add_time(struct sb_text *text, const char *label, struct sb_wall at)
{
    if (at.ns == 0)
        return;
    sb_text_addf(text, "%-10s ", label);
    sb_text_add_wall(text, at, false);
    sb_text_add(text, "\n");
}

static void add_content(const struct sb_rows *rows, struct sb_text *text)
{
    static const char *const words[][2] = {
        { "id", "decision_id" }, { "kind", "kind" },       { "status", "status" },        { "account", "account" },  { "text", "text" },
        { "topic", "topic" },    { "angle", "angle" },     { "tone", "tone" },            { "format", "format" },    { "post", "post_id" },
        { "answers", "target_post_id" },                   { "thread", "thread_id" },     { "intent", "intent" },    { "model", "alias" },
        { "last error", "last_error" },
    };
    static const char *const times[][2] = { { "scheduled", "scheduled_at_ms" }, { "claimed", "claimed_at_ms" }, { "posted", "posted_at_ms" } };
    for (size_t i = 0; i < SB_LEN(words); i++)
        add_line(text, words[i][0], sb_rows_words(rows, 0, words[i][1]));
    for (size_t i = 0; i < SB_LEN(times); i++)
        add_time(text, times[i][0], wall_of(rows, 0, times[i][1]));
    sb_text_addf(text, "%-10s %lld\n", "attempts", (long long)sb_rows_number(rows, 0, "attempts"));
}

static void add_attempts(const struct sb_rows *rows, struct sb_text *text)
{
    sb_text_addf(text, "= attempts, the newest first%s\n", sb_rows_count(rows) == 0 ? ": none yet" : "");
    for (size_t i = 0; i < sb_rows_count(rows); i++) {
        const struct sb_wall ended = wall_of(rows, i, "ended_at_ms");
        sb_text_addf(text, "#%lld ", (long long)sb_rows_number(rows, i, "attempt"));
        sb_text_add_wall(text, wall_of(rows, i, "started_at_ms"), false);
        sb_text_add(text, ended.ns != 0 ? " - " : "");
        if (ended.ns != 0)
            sb_text_add_clock(text, ended);
        sb_text_addf(text, " %s %s\n", sb_rows_words(rows, i, "outcome"), sb_rows_words(rows, i, "error"));
    }
}

static enum sb_err read_content(struct sb_store *store, const struct sb_lookup *lookup, const struct sb_op *op, struct sb_findings *out,
                                struct sb_error *err)
{
    const struct sb_cell id = sb_cell_text(lookup->name);
    struct sb_rows *rows = NULL, *attempts = NULL;
    struct sb_text text;
    sb_text_init(&text, out->text, sizeof out->text);
    enum sb_err rc = ask(store, content_sql, &id, 1, op, &rows, err);
    if (rc == SB_OK && sb_rows_count(rows) == 0)
        rc = sb_error_set(err, SB_ERR_NOT_FOUND, "the store has no content row %.60s", lookup->name);
    if (rc == SB_OK)
        rc = ask(store, attempts_sql, &id, 1, op, &attempts, err);
    if (rc == SB_OK) {
        add_content(rows, &text);
        add_attempts(attempts, &text);
    }
    sb_rows_destroy(rows);
    sb_rows_destroy(attempts);
    return rc;
}

enum sb_err sb_lookup_read(struct sb_store *store, const struct sb_lookup *lookup, const struct sb_op *op, struct sb_findings *findings,
                           struct sb_error *err)
{
    switch ((enum sb_lookup_kind)lookup->kind) {
    case SB_LOOKUP_RUNS:
        return read_runs(store, lookup, op, findings, err);
    case SB_LOOKUP_RUN:
        return read_run(store, lookup, op, findings, err);
    case SB_LOOKUP_ALERT:
        return read_alert(store, lookup, op, findings, err);
    case SB_LOOKUP_AUDIT:
        return read_audit(store, lookup, op, findings, err);
    case SB_LOOKUP_CONTENT:
        return read_content(store, lookup, op, findings, err);
    case SB_LOOKUP_JOB:
    case SB_LOOKUP_COUNT:
        break;
    }
    return sb_error_set(err, SB_ERR_UNSUPPORTED, "the store does not know that");
}
