/* The contract of the store port. Every implementation passes the same suite: a factory makes an empty database and opens it again.
 * Statements are in the common dialect. */
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* One implementation under test. */
struct factory {
    const char *name;
    /* Makes a new, empty database and writes its location. */
    void (*create)(char *location, size_t cap);
    void (*destroy)(const char *location);
};

struct world {
    const struct factory *factory;
    char location[256];
    struct sb_store *store;
    struct sb_mutex *mutex; /* guards the rest */
    struct sb_cond *changed;
    uint64_t durable;
    unsigned disorder, failures;
};

static const struct sb_op patient = { .deadline = SB_NEVER };

static void on_durable(void *arg, uint64_t seq)
{
    struct world *world = arg;
    sb_mutex_lock(world->mutex);
    world->disorder += seq <= world->durable;
    world->durable = seq;
    sb_cond_broadcast(world->changed);
    sb_mutex_unlock(world->mutex);
}

static void on_failure(void *arg, const struct sb_error *error)
{
    struct world *world = arg;
    (void)error;
    sb_mutex_lock(world->mutex);
    world->failures++;
    sb_mutex_unlock(world->mutex);
}

static void open_store(struct world *world)
{
    struct sb_error err = { 0 };
    if (sb_store_open(&world->store, world->location, &err))
        fail_msg("open: %s", err.text);
    world->durable = 0;
    world->store->ops->set_callbacks(world->store, world, on_durable, on_failure);
}

static void reopen(struct world *world)
{
    world->store->ops->close(world->store);
    world->store = NULL;
    open_store(world);
}

static void wait_durable(struct world *world, uint64_t seq)
{
    sb_ns deadline = sb_now() + SB_S(60);
    bool is_in_time = true;
    sb_mutex_lock(world->mutex);
    while (world->durable < seq && is_in_time)
        is_in_time = sb_cond_wait(world->changed, world->mutex, deadline);
    bool is_there = world->durable >= seq;
    sb_mutex_unlock(world->mutex);
    assert_true(is_there);
}

static enum sb_err write_one(struct world *world, const char *sql, const struct sb_cell *params, size_t count, int64_t expect,
                             struct sb_error *err)
{
    const struct sb_statement statement = { sql, params, count, expect };
    return world->store->ops->write(world->store, &statement, 1, NULL, &patient, err);
}

static void must_write(struct world *world, const char *sql, const struct sb_cell *params, size_t count)
{
    struct sb_error err = { 0 };
    if (write_one(world, sql, params, count, -1, &err))
        fail_msg("%s: %s", sql, err.text);
}

static enum sb_err try_query(struct world *world, const char *sql, struct sb_rows **rows, struct sb_error *err)
{
    const struct sb_statement statement = { sql, NULL, 0, -1 };
    return world->store->ops->query(world->store, &statement, &patient, rows, err);
}

static struct sb_rows *must_query(struct world *world, const char *sql)
{
    struct sb_error err = { 0 };
    struct sb_rows *rows = NULL;
    if (try_query(world, sql, &rows, &err))
        fail_msg("%s: %s", sql, err.text);
    return rows;
}

static int64_t number(struct world *world, const char *sql)
{
    struct sb_rows *rows = must_query(world, sql);
    assert_int_equal(sb_rows_count(rows), 1);
    assert_int_equal(sb_rows_cell(rows, 0, 0)->type, SB_CELL_INT);
    int64_t value = sb_rows_cell(rows, 0, 0)->integer;
    sb_rows_destroy(rows);
    return value;
}

static void put_meta(struct world *world, const char *key, const char *value)
{
    const struct sb_cell params[] = { sb_cell_text(key), sb_cell_text(value) };
    must_write(world, "INSERT INTO meta (key, value) VALUES ($1, $2)", params, 2);
}

/* ---- write and query ---- */

static void store__a_write_is_seen_by_the_next_query(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 20; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "k%d", i);
        put_meta(world, key, "v");
        assert_int_equal(number(world, "SELECT COUNT(*) FROM meta WHERE key LIKE 'k%'"), i + 1);
    }
}

static void store__parameters_go_by_their_number(void **state)
{
    struct world *world = *state;
    const struct sb_cell params[] = { sb_cell_text("first"), sb_cell_text("second"), sb_cell_text("third") };
    const struct sb_statement statement = { "SELECT $3 AS c, $1 AS a, $2 AS b, $1 AS again", params, 3, -1 };
    struct sb_rows *rows = NULL;
    assert_int_equal(world->store->ops->query(world->store, &statement, &patient, &rows, NULL), SB_OK);
    assert_string_equal(sb_rows_get(rows, 0, "a")->text, "first");
    assert_string_equal(sb_rows_get(rows, 0, "b")->text, "second");
    assert_string_equal(sb_rows_get(rows, 0, "c")->text, "third");
    assert_string_equal(sb_rows_get(rows, 0, "again")->text, "first");
    assert_null(sb_rows_get(rows, 0, "d"));
    assert_int_equal(sb_rows_columns(rows), 4);
    assert_string_equal(sb_rows_column(rows, 0), "c");
    sb_rows_destroy(rows);
}

static void store__a_parameter_without_a_value_is_refused(void **state)
{
    struct world *world = *state;
    const struct sb_cell one = sb_cell_int(1);
    struct sb_error err = { 0 };
    assert_int_equal(write_one(world, "UPDATE meta SET value = $2 WHERE key = $1", &one, 1, -1, &err), SB_ERR_INVALID);
    assert_non_null(strstr(err.text, "$2"));
}

static void store__cells_keep_their_types_and_bytes(void **state)
{
    struct world *world = *state;
    const struct sb_cell params[] = { sb_cell_int(INT64_MIN), sb_cell_int(INT64_MAX), sb_cell_text("gr\xc3\xbc\xc3\x9f' --"),
                                      sb_cell_null(), sb_cell_text(NULL), { .type = SB_CELL_TEXT, .text = "cut here", .size = 3 } };
    must_write(world, "INSERT INTO leases (seq, fence, ctx, run, job_name, lane, is_borrowed, is_burst, waited_ns, granted_at_ms, "
                      "released_at_ms) VALUES ($2, $1, 1, 1, $3, $6, 0, 0, 0, 0, $4)", params, 6);
    struct sb_rows *rows = must_query(world, "SELECT seq, fence, job_name, lane, released_at_ms FROM leases");
    assert_true(sb_rows_get(rows, 0, "seq")->integer == INT64_MAX);
    assert_true(sb_rows_get(rows, 0, "fence")->integer == INT64_MIN);
    assert_string_equal(sb_rows_get(rows, 0, "job_name")->text, "gr\xc3\xbc\xc3\x9f' --");
    assert_string_equal(sb_rows_get(rows, 0, "lane")->text, "cut");
    assert_int_equal(sb_rows_get(rows, 0, "released_at_ms")->type, SB_CELL_NULL);
    sb_rows_destroy(rows);
}

static void store__a_hostile_text_stays_a_text(void **state)
{
    struct world *world = *state;
    put_meta(world, "k'); DELETE FROM meta; --", "$1 ? :a @b");
    put_meta(world, "other", "v");
    assert_int_equal(number(world, "SELECT COUNT(*) FROM meta WHERE value = '$1 ? :a @b' OR key = 'other'"), 2);
}

static void store__a_real_comes_back_as_text(void **state)
{
    struct world *world = *state;
    struct sb_rows *rows = must_query(world, "SELECT 2.5 AS r");
    assert_int_equal(sb_rows_cell(rows, 0, 0)->type, SB_CELL_TEXT);
    assert_string_equal(sb_rows_cell(rows, 0, 0)->text, "2.5");
    sb_rows_destroy(rows);
}

static void store__an_empty_result_still_has_its_columns(void **state)
{
    struct world *world = *state;
    struct sb_rows *rows = must_query(world, "SELECT seq, kind FROM events");
    assert_int_equal(sb_rows_count(rows), 0);
    assert_int_equal(sb_rows_columns(rows), 2);
    assert_string_equal(sb_rows_column(rows, 1), "kind");
    sb_rows_destroy(rows);
}

static void store__a_missed_expectation_undoes_the_whole_write(void **state)
{
    struct world *world = *state;
    const struct sb_statement statements[] = {
        { "INSERT INTO meta (key, value) VALUES ('a', '1')", NULL, 0, 1 },
        { "UPDATE meta SET value = '2' WHERE key = 'nobody'", NULL, 0, 1 },
    };
    int64_t changed[2] = { 77, 77 };
    struct sb_error err = { 0 };
    assert_int_equal(world->store->ops->write(world->store, statements, 2, changed, &patient, &err), SB_ERR_CONFLICT);
    assert_int_equal(changed[0], 77);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM meta WHERE key = 'a'"), 0);
}

static void store__a_write_tells_how_many_rows_each_statement_changed(void **state)
{
    struct world *world = *state;
    const struct sb_statement statements[] = {
        { "INSERT INTO meta (key, value) VALUES ('a', '1'), ('b', '1'), ('c', '2')", NULL, 0, 3 },
        { "UPDATE meta SET value = '3' WHERE value = '1'", NULL, 0, -1 },
        { "SELECT 1", NULL, 0, -1 },
        { "DELETE FROM meta WHERE key = 'zzz'", NULL, 0, 0 },
    };
    int64_t changed[4] = { -1, -1, -1, -1 };
    assert_int_equal(world->store->ops->write(world->store, statements, 4, changed, &patient, NULL), SB_OK);
    assert_int_equal(changed[0], 3);
    assert_int_equal(changed[1], 2);
    assert_int_equal(changed[2], 0);
    assert_int_equal(changed[3], 0);
}

static void store__broken_constraints_have_their_own_codes(void **state)
{
    struct world *world = *state;
    put_meta(world, "a", "1");
    assert_int_equal(write_one(world, "INSERT INTO meta (key, value) VALUES ('a', '2')", NULL, 0, -1, NULL), SB_ERR_EXISTS);
    assert_int_equal(write_one(world, "INSERT INTO meta (key, value) VALUES ('n', NULL)", NULL, 0, -1, NULL), SB_ERR_INVALID);
    assert_int_equal(write_one(world, "INSERT INTO pauses (scope, name, actor, reason, at_ms) VALUES ('moon', '', '', '', 0)", NULL, 0,
                               -1, NULL), SB_ERR_INVALID);
    assert_int_equal(write_one(world, "INSERT INTO nowhere (a) VALUES (1)", NULL, 0, -1, NULL), SB_ERR_INVALID);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM meta WHERE key IN ('a', 'n')"), 1);
}

static void store__a_query_cannot_change_anything(void **state)
{
    struct world *world = *state;
    struct sb_rows *rows = NULL;
    put_meta(world, "a", "1");
    assert_int_not_equal(try_query(world, "DELETE FROM meta", &rows, NULL), SB_OK);
    assert_int_not_equal(try_query(world, "UPDATE meta SET value = '9' RETURNING key", &rows, NULL), SB_OK);
    assert_int_not_equal(try_query(world, "CREATE TABLE t (a TEXT)", &rows, NULL), SB_OK);
    assert_int_not_equal(try_query(world, "BEGIN", &rows, NULL), SB_OK);
    assert_null(rows);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM meta WHERE value = '1'"), 1);
}

static void store__a_caller_cannot_end_the_transaction(void **state)
{
    struct world *world = *state;
    const struct sb_statement statements[] = {
        { "INSERT INTO meta (key, value) VALUES ('a', '1')", NULL, 0, 1 },
        { "COMMIT", NULL, 0, -1 },
    };
    assert_int_not_equal(world->store->ops->write(world->store, statements, 2, NULL, &patient, NULL), SB_OK);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM meta WHERE key = 'a'"), 0);
}

static void store__two_statements_in_one_text_are_refused(void **state)
{
    struct world *world = *state;
    struct sb_rows *rows = NULL;
    assert_int_equal(write_one(world, "DELETE FROM meta; DELETE FROM events", NULL, 0, -1, NULL), SB_ERR_INVALID);
    assert_int_equal(try_query(world, "SELECT 1; SELECT 2", &rows, NULL), SB_ERR_INVALID);
    assert_int_equal(try_query(world, "", &rows, NULL), SB_ERR_INVALID);
    assert_int_equal(try_query(world, "SELECT 1; -- done", &rows, NULL), SB_OK);
    sb_rows_destroy(rows);
}

#define COUNTING(limit) "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " limit ") "

static void store__a_result_is_bounded_in_rows_and_bytes(void **state)
{
    struct world *world = *state;
    struct sb_rows *rows = NULL;
    struct sb_error err = { 0 };
    assert_int_equal(try_query(world, COUNTING("10000") "SELECT i FROM n", &rows, &err), SB_OK);
    assert_int_equal(sb_rows_count(rows), 10000);
    assert_int_equal(sb_rows_cell(rows, 9999, 0)->integer, 10000);
    sb_rows_destroy(rows);
    rows = NULL;
    assert_int_equal(try_query(world, COUNTING("10001") "SELECT i FROM n", &rows, &err), SB_ERR_TOO_LARGE);
    assert_int_equal(try_query(world, COUNTING("1000") "SELECT substr('0123456789012345678901234567890123456789', 1, 40) || "
                               "CAST(i AS TEXT) AS t FROM n", &rows, &err), SB_OK);
    assert_string_equal(sb_rows_cell(rows, 0, 0)->text, "01234567890123456789012345678901234567891");
    assert_string_equal(sb_rows_cell(rows, 999, 0)->text, "01234567890123456789012345678901234567891000");
    sb_rows_destroy(rows);
    rows = NULL;
    assert_int_equal(try_query(world, COUNTING("9000") "SELECT replace(hex(i + 100000000), '3', "
                               "'0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789') "
                               "|| replace(hex(i + 100000000), '3', "
                               "'0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789') "
                               "FROM n", &rows, &err), SB_ERR_TOO_LARGE);
    assert_null(rows);
}

static void store__a_query_past_its_deadline_is_ended(void **state)
{
    struct world *world = *state;
    struct sb_rows *rows = NULL;
    const struct sb_statement endless = { COUNTING("100000000000") "SELECT COUNT(*) FROM n", NULL, 0, -1 };
    const struct sb_op op = { .deadline = sb_now() + SB_MS(50) };
    struct sb_error err = { 0 };
    assert_int_equal(world->store->ops->query(world->store, &endless, &op, &rows, &err), SB_ERR_TIMEOUT);
    assert_int_equal(number(world, "SELECT 1"), 1);
}

struct canceller {
    struct sb_cancel *cancel;
    struct sb_mutex *mutex;
    struct sb_cond *cond;
};

static void cancel_soon(void *arg)
{
    struct canceller *self = arg;
    sb_ns deadline = sb_now() + SB_MS(30);
    sb_mutex_lock(self->mutex);
    while (sb_cond_wait(self->cond, self->mutex, deadline)) {
    }
    sb_mutex_unlock(self->mutex);
    sb_cancel_ask(self->cancel);
}

static void store__a_cancelled_write_is_ended_and_the_others_go_on(void **state)
{
    struct world *world = *state;
    struct canceller canceller = { sb_cancel_create(NULL), sb_mutex_create(SB_RANK_INBOX), sb_cond_create() };
    const struct sb_statement endless = { COUNTING("100000000000") "INSERT INTO meta (key, value) SELECT 'x', CAST(COUNT(*) AS TEXT) FROM n",
                                          NULL, 0, -1 };
    const struct sb_op op = { .deadline = sb_now() + SB_S(60), .cancel = canceller.cancel };
    struct sb_thread *thread = NULL;
    struct sb_error err = { 0 };
    assert_int_equal(sb_thread_start(&thread, "cancel", cancel_soon, &canceller, NULL), SB_OK);
    assert_int_equal(world->store->ops->write(world->store, &endless, 1, NULL, &op, &err), SB_ERR_CANCELLED);
    sb_thread_join(thread);
    put_meta(world, "after", "v");
    assert_int_equal(number(world, "SELECT COUNT(*) FROM meta WHERE key IN ('x', 'after')"), 1);
    sb_cancel_destroy(canceller.cancel);
    sb_cond_destroy(canceller.cond);
    sb_mutex_destroy(canceller.mutex);
}

static void store__a_write_whose_time_is_over_is_not_begun(void **state)
{
    struct world *world = *state;
    const struct sb_statement statement = { "INSERT INTO meta (key, value) VALUES ('late', '1')", NULL, 0, 1 };
    const struct sb_op op = { .deadline = sb_now() - 1 };
    assert_int_equal(world->store->ops->write(world->store, &statement, 1, NULL, &op, NULL), SB_ERR_TIMEOUT);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM meta WHERE key = 'late'"), 0);
}

/* ---- many threads ---- */

enum { WRITERS = 8, WRITES = 40 };
struct writer {
    struct world *world;
    int id;
    unsigned wrong;
};

/* Every second write breaks a constraint after having inserted a row. */
static void write_mixed(void *arg)
{
    struct writer *self = arg;
    for (int i = 0; i < WRITES; i++) {
        char key[32];
        (void)snprintf(key, sizeof key, "w%d-%d", self->id, i);
        const struct sb_cell params[] = { sb_cell_text(key) };
        const struct sb_statement statements[] = {
            { "INSERT INTO meta (key, value) VALUES ($1, 'mine')", params, 1, 1 },
            { i % 2 ? "INSERT INTO meta (key, value) VALUES ($1, 'again')" : "UPDATE meta SET value = 'kept' WHERE key = $1", params, 1, 1 },
        };
        enum sb_err code = self->world->store->ops->write(self->world->store, statements, 2, NULL, &patient, NULL);
        self->wrong += code != (i % 2 ? SB_ERR_EXISTS : SB_OK);
    }
}

static void store__one_callers_failure_undoes_only_his_own(void **state)
{
    struct world *world = *state;
    struct writer writers[WRITERS];
    struct sb_thread *threads[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){ .world = world, .id = i };
        assert_int_equal(sb_thread_start(&threads[i], "writer", write_mixed, &writers[i], NULL), SB_OK);
    }
    for (int i = 0; i < WRITERS; i++) {
        sb_thread_join(threads[i]);
        assert_int_equal(writers[i].wrong, 0);
    }
    assert_int_equal(number(world, "SELECT COUNT(*) FROM meta WHERE value = 'kept'"), WRITERS * WRITES / 2);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM meta WHERE value IN ('mine', 'again')"), 0);
}

static void store__writes_that_wait_together_share_a_transaction(void **state)
{
    struct world *world = *state;
    struct sb_store_stats before, after;
    world->store->ops->stats(world->store, &before);
    store__one_callers_failure_undoes_only_his_own(state);
    world->store->ops->stats(world->store, &after);
    assert_int_equal(after.writes - before.writes, WRITERS * WRITES / 2);
    assert_true(after.transactions - before.transactions < WRITERS * WRITES);
    assert_true(after.commit_p50 > 0 && after.commit_p99 >= after.commit_p50);
}

static void query_often(void *arg)
{
    struct writer *self = arg;
    for (int i = 0; i < WRITES; i++) {
        const struct sb_statement statement = { "SELECT COUNT(*) FROM meta", NULL, 0, -1 };
        struct sb_rows *rows = NULL;
        self->wrong += self->world->store->ops->query(self->world->store, &statement, &patient, &rows, NULL) != SB_OK;
        sb_rows_destroy(rows);
    }
}

static void store__more_readers_than_connections_all_get_their_answer(void **state)
{
    struct world *world = *state;
    struct writer readers[WRITERS];
    struct sb_thread *threads[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        readers[i] = (struct writer){ .world = world, .id = i };
        assert_int_equal(sb_thread_start(&threads[i], "reader", query_often, &readers[i], NULL), SB_OK);
    }
    for (int i = 0; i < WRITERS; i++) {
        sb_thread_join(threads[i]);
        assert_int_equal(readers[i].wrong, 0);
    }
}

/* ---- the journal ---- */

static struct sb_event event_of(uint64_t seq, enum sb_event_kind kind)
{
    struct sb_event event;
    memset(&event, 0, sizeof event);
    event.seq = seq;
    event.kind = (uint16_t)kind;
    event.wall.ns = (int64_t)seq * 1000000;
    return event;
}

static void append_notes(struct world *world, uint64_t first, uint64_t count)
{
    enum { PART = 500 };
    static struct sb_event events[PART];
    while (count > 0) {
        size_t part = count < PART ? (size_t)count : PART;
        for (size_t i = 0; i < part; i++) {
            events[i] = event_of(first + i, SB_EVENT_NOTE);
            events[i].as.note.job = SB_NO_JOB;
            events[i].as.note.step = SB_NO_STEP;
            (void)sb_copy(events[i].as.note.text, sizeof events[i].as.note.text, "a note of ordinary length, as steps write them");
        }
        assert_int_equal(world->store->ops->append(world->store, events, part, NULL), SB_OK);
        first += part;
        count -= part;
    }
}

static void store__appended_events_become_durable_in_order_without_holes(void **state)
{
    struct world *world = *state;
    append_notes(world, 1, 3000);
    wait_durable(world, 3000);
    assert_int_equal(world->disorder, 0);
    assert_int_equal(world->failures, 0);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM events"), 3000);
    assert_int_equal(number(world, "SELECT MAX(seq) FROM events"), 3000);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM events WHERE kind = 'note' AND at_ms = seq AND run IS NULL"), 3000);
}

static void store__closing_writes_what_was_appended(void **state)
{
    struct world *world = *state;
    append_notes(world, 1, 5000);
    reopen(world);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM events"), 5000);
}

static void store__the_queue_stays_within_its_bound(void **state)
{
    struct world *world = *state;
    struct sb_store_stats stats;
    append_notes(world, 1, 150000);
    wait_durable(world, 150000);
    world->store->ops->stats(world->store, &stats);
    assert_true(stats.queue_count_max <= 65536);
    assert_int_equal(stats.queue_count, 0);
    assert_int_equal(stats.events_durable, 150000);
    assert_true(stats.transactions < 5000);
}

static void store__an_event_number_used_twice_breaks_the_journal_aloud(void **state)
{
    struct world *world = *state;
    append_notes(world, 1, 10);
    wait_durable(world, 10);
    struct sb_event again = event_of(7, SB_EVENT_DESCRIBED);
    assert_int_equal(world->store->ops->append(world->store, &again, 1, NULL), SB_OK);
    put_meta(world, "other", "writes go on"); /* even in the very transaction that fails; comes back after it */
    struct sb_error err = { 0 };
    struct sb_event next = event_of(11, SB_EVENT_DESCRIBED);
    assert_int_not_equal(world->store->ops->append(world->store, &next, 1, &err), SB_OK);
    assert_non_null(strstr(err.text, "event 7"));
    assert_int_equal(world->failures, 1);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM events"), 10);
}

/* ---- restore ---- */

struct restored {
    struct sb_input inputs[32];
    size_t count;
};

static uint16_t job_of(void *arg, const char *name)
{
    (void)arg;
    if (strcmp(name, "posting") == 0)
        return 5; /* another number than before */
    return strcmp(name, "plan") == 0 ? 0 : SB_NO_JOB;
}

static void keep(void *arg, const struct sb_input *input)
{
    struct restored *restored = arg;
    assert_true(restored->count < SB_LEN(restored->inputs));
    restored->inputs[restored->count++] = *input;
}

static struct restored restore(struct world *world)
{
    struct restored restored = { .count = 0 };
    struct sb_error err = { 0 };
    if (world->store->ops->restore(world->store, &restored, job_of, keep, &err))
        fail_msg("restore: %s", err.text);
    return restored;
}

static void store__an_empty_store_restores_the_beginning(void **state)
{
    struct restored restored = restore(*state);
    assert_int_equal(restored.count, 1);
    assert_int_equal(restored.inputs[0].kind, SB_INPUT_RESTORE_BASE);
    assert_int_equal(restored.inputs[0].as.restore_base.genesis, 0);
    assert_int_equal(restored.inputs[0].as.restore_base.next_run, 1);
    assert_int_equal(restored.inputs[0].as.restore_base.next_seq, 1);
}

static void append_story(struct world *world, struct sb_event *events, size_t count)
{
    for (size_t i = 0; i < count; i++)
        events[i].seq = i + 1;
    assert_int_equal(world->store->ops->append(world->store, events, count, NULL), SB_OK);
    wait_durable(world, count);
}

static void store__the_last_state_is_restored_by_names_with_its_open_run(void **state)
{
    struct world *world = *state;
    struct sb_event story[8];
    for (size_t i = 0; i < SB_LEN(story); i++)
        story[i] = event_of(1, SB_EVENT_DESCRIBED);
    story[0].kind = SB_EVENT_RUNTIME_STARTED;
    story[0].as.runtime_started.genesis = 12345;
    story[1].kind = SB_EVENT_JOB_DEFINED;
    story[1].as.job_defined = (struct sb_ev_job_defined){ .job = 3, .name = "posting", .steps = 2 };
    story[2].kind = SB_EVENT_STEP_DEFINED;
    story[2].as.step_defined = (struct sb_ev_step_defined){ .job = 3, .step = 1, .is_effect = true, .name = "submit" };
    story[3].kind = SB_EVENT_RUN_QUEUED;
    story[3].as.run_queued = (struct sb_ev_run_queued){ .run = 41, .job = 3, .attempt = 1, .cause = SB_CAUSE_SCHEDULE, .nominal = 900 };
    story[4].kind = SB_EVENT_RUN_STARTED;
    story[4].as.run_started = (struct sb_ev_run_started){ .run = 41, .job = 3, .attempt = 1 };
    story[5].kind = SB_EVENT_STEP_STARTED;
    story[5].as.step_started = (struct sb_ev_step_started){ .run = 41, .job = 3, .step = 1, .attempt = 2, .ctx = 1, .fence = 77 };
    story[6].kind = SB_EVENT_CATEGORY_PAUSED;
    story[6].as.category_paused = (struct sb_ev_category_paused){ .category = SB_CATEGORY_METRICS };
    story[7].kind = SB_EVENT_BUDGET_WINDOW;
    story[7].as.budget_window = (struct sb_ev_budget_window){ .day_start = 500, .spent = 9 };
    append_story(world, story, SB_LEN(story));
    reopen(world);

    struct restored restored = restore(world);
    assert_int_equal(restored.count, 5);
    const struct sb_in_restore_base *base = &restored.inputs[0].as.restore_base;
    assert_int_equal(base->genesis, 12345);
    assert_int_equal(base->next_run, 42);
    assert_int_equal(base->next_seq, 9);
    assert_int_equal(base->next_fence, 78);
    assert_int_equal(restored.inputs[1].kind, SB_INPUT_RESTORE_JOB);
    assert_int_equal(restored.inputs[1].as.restore_job.job, 5);
    assert_int_equal(restored.inputs[1].as.restore_job.watermark, 900);
    assert_int_equal(restored.inputs[2].kind, SB_INPUT_RESTORE_PAUSE);
    assert_int_equal(restored.inputs[2].as.restore_pause.category, SB_CATEGORY_METRICS);
    assert_false(restored.inputs[2].as.restore_pause.all);
    assert_int_equal(restored.inputs[3].kind, SB_INPUT_RESTORE_BUDGET);
    assert_int_equal(restored.inputs[3].as.restore_budget.spent, 9);
    const struct sb_in_restore_run *run = &restored.inputs[4].as.restore_run;
    assert_int_equal(restored.inputs[4].kind, SB_INPUT_RESTORE_RUN);
    assert_int_equal(run->run, 41);
    assert_int_equal(run->job, 5);
    assert_int_equal(run->step, 1);
    assert_int_equal(run->attempt, 2);
    assert_int_equal(run->recoveries, 0);
    assert_int_equal(run->nominal, 900);
    assert_true(run->was_running && run->was_effect);
}

/* ---- keeping house ---- */

static void store__check_writes_and_reads_back(void **state)
{
    struct world *world = *state;
    struct sb_error err = { 0 };
    const struct sb_op op = { .deadline = sb_now() + SB_S(10) };
    if (world->store->ops->check(world->store, &op, &err))
        fail_msg("%s", err.text);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM meta WHERE key = 'check'"), 1);
}

static void store__pruning_deletes_the_old_and_keeps_the_numbers(void **state)
{
    struct world *world = *state;
    int64_t deleted = 0;
    append_notes(world, 1, 4000); /* event n happened at n ms */
    wait_durable(world, 4000);
    assert_int_equal(world->store->ops->prune(world->store, (struct sb_wall){ SB_MS(3001) }, &patient, &deleted, NULL), SB_OK);
    assert_int_equal(deleted, 3000);
    assert_int_equal(number(world, "SELECT MIN(seq) FROM events"), 3001);
    assert_int_equal(world->store->ops->prune(world->store, (struct sb_wall){ SB_MS(9999) }, &patient, &deleted, NULL), SB_OK);
    assert_int_equal(deleted, 1000);
    reopen(world);
    struct restored restored = restore(world);
    assert_int_equal(restored.inputs[0].as.restore_base.next_seq, 4001);
}

static void store__pruning_takes_ended_runs_with_their_steps_and_leaves_open_ones(void **state)
{
    struct world *world = *state;
    int64_t deleted = 0;
    must_write(world, "INSERT INTO job_runs (run, job_name, cause, state, queued_at_ms, ended_at_ms) VALUES "
                      "(1, 'a', 'schedule', 'succeeded', 10, 20), (2, 'a', 'schedule', 'running', 10, NULL)", NULL, 0);
    must_write(world, "INSERT INTO job_steps (run, step, attempt, state) VALUES (1, 0, 1, 'succeeded'), (1, 1, 1, 'succeeded'), "
                      "(2, 0, 1, 'running')", NULL, 0);
    must_write(world, "INSERT INTO step_outputs (run, step_name, output) VALUES (1, 'x', '{}'), (2, 'x', '{}')", NULL, 0);
    assert_int_equal(world->store->ops->prune(world->store, (struct sb_wall){ SB_MS(100) }, &patient, &deleted, NULL), SB_OK);
    assert_int_equal(deleted, 4);
    assert_int_equal(number(world, "SELECT MIN(run) FROM job_runs"), 2);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM job_steps"), 1);
    assert_int_equal(number(world, "SELECT COUNT(*) FROM step_outputs"), 1);
}

/* ---- the suite ---- */

static void sqlite_create(char *location, size_t cap)
{
    char folder[] = "/tmp/signalbox-store-XXXXXX";
    assert_non_null(mkdtemp(folder));
    (void)snprintf(location, cap, "sqlite:%s/store.db", folder);
}

static void sqlite_destroy(const char *location)
{
    char folder[256];
    const char *path = location + strlen("sqlite:");
    (void)sb_copy_n(folder, sizeof folder, path, (size_t)(strrchr(path, '/') - path));
    assert_int_equal(sb_dir_remove(folder, NULL), SB_OK);
}

static const struct factory sqlite_factory = { "sqlite", sqlite_create, sqlite_destroy };
static const struct factory *factory = &sqlite_factory;

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->factory = factory;
    world->mutex = sb_mutex_create(SB_RANK_LOG);
    world->changed = sb_cond_create();
    factory->create(world->location, sizeof world->location);
    open_store(world);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    world->store->ops->close(world->store);
    world->factory->destroy(world->location);
    sb_cond_destroy(world->changed);
    sb_mutex_destroy(world->mutex);
    free(world);
    return 0;
}

#define TEST(claim) cmocka_unit_test_setup_teardown(claim, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(store__a_write_is_seen_by_the_next_query),
        TEST(store__parameters_go_by_their_number),
        TEST(store__a_parameter_without_a_value_is_refused),
        TEST(store__cells_keep_their_types_and_bytes),
        TEST(store__a_hostile_text_stays_a_text),
        TEST(store__a_real_comes_back_as_text),
        TEST(store__an_empty_result_still_has_its_columns),
        TEST(store__a_missed_expectation_undoes_the_whole_write),
        TEST(store__a_write_tells_how_many_rows_each_statement_changed),
        TEST(store__broken_constraints_have_their_own_codes),
        TEST(store__a_query_cannot_change_anything),
        TEST(store__a_caller_cannot_end_the_transaction),
        TEST(store__two_statements_in_one_text_are_refused),
        TEST(store__a_result_is_bounded_in_rows_and_bytes),
        TEST(store__a_query_past_its_deadline_is_ended),
        TEST(store__a_cancelled_write_is_ended_and_the_others_go_on),
        TEST(store__a_write_whose_time_is_over_is_not_begun),
        TEST(store__one_callers_failure_undoes_only_his_own),
        TEST(store__writes_that_wait_together_share_a_transaction),
        TEST(store__more_readers_than_connections_all_get_their_answer),
        TEST(store__appended_events_become_durable_in_order_without_holes),
        TEST(store__closing_writes_what_was_appended),
        TEST(store__the_queue_stays_within_its_bound),
        TEST(store__an_event_number_used_twice_breaks_the_journal_aloud),
        TEST(store__an_empty_store_restores_the_beginning),
        TEST(store__the_last_state_is_restored_by_names_with_its_open_run),
        TEST(store__check_writes_and_reads_back),
        TEST(store__pruning_deletes_the_old_and_keeps_the_numbers),
        TEST(store__pruning_takes_ended_runs_with_their_steps_and_leaves_open_ones),
    };
    return cmocka_run_group_tests_name("store contract: sqlite", tests, NULL, NULL);
}
