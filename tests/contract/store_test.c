/* The contract of the store port: statements, results, callers on many threads. */
#include "tests/contract/store_world.h"

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
    assert_int_equal(try_query(world, COUNTING("9000") "SELECT replace(CAST(i + 100000000 AS TEXT), '0', "
                               "'0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789') "
                               "|| replace(CAST(i + 100000000 AS TEXT), '0', "
                               "'0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789') "
                               "|| replace(CAST(i + 100000000 AS TEXT), '0', "
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
    assert_int_equal(after.write.count - before.write.count, WRITERS * WRITES); /* failed ones took their time, too */
    assert_true(after.query.count > before.query.count && after.reader_wait.count == after.query.count);
    assert_true(after.readers_leased == 0 && after.readers_open >= 1 && after.readers_open <= after.readers_max);
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
    };
    return cmocka_run_group_tests_name(test_store_suite("store contract"), tests, NULL, NULL);
}
