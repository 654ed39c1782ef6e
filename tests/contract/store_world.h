/* The world of the store's contract tests: an empty store of one implementation (stores.h), opened again when asked; every implementation
 * passes the same suites (store_test.c, store_journal_test.c). Statements are in the common dialect. */
#ifndef SIGNALBOX_TESTS_CONTRACT_STORE_WORLD_H
#define SIGNALBOX_TESTS_CONTRACT_STORE_WORLD_H

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

#include "stores.h"

struct world {
    char location[TEST_LOCATION_MAX];
    struct sb_store *store;
    struct sb_mutex *mutex; /* guards the rest */
    struct sb_cond *changed;
    uint64_t durable;
    unsigned disorder, failures;
};

static const struct sb_op patient = { .deadline = SB_NEVER };

static inline void on_durable(void *arg, uint64_t seq)
{
    struct world *world = arg;
    sb_mutex_lock(world->mutex);
    world->disorder += seq <= world->durable;
    world->durable = seq;
    sb_cond_broadcast(world->changed);
    sb_mutex_unlock(world->mutex);
}

static inline void on_failure(void *arg, const struct sb_error *error)
{
    struct world *world = arg;
    (void)error;
    sb_mutex_lock(world->mutex);
    world->failures++;
    sb_mutex_unlock(world->mutex);
}

static inline void open_store(struct world *world)
{
    struct sb_error err = { 0 };
    if (sb_store_open(&world->store, world->location, &err))
        fail_msg("open: %s", err.text);
    world->durable = 0;
    world->store->ops->set_callbacks(world->store, world, on_durable, on_failure);
}

static inline void reopen(struct world *world)
{
    world->store->ops->close(world->store);
    world->store = NULL;
    open_store(world);
}

static inline void wait_durable(struct world *world, uint64_t seq)
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

static inline enum sb_err write_one(struct world *world, const char *sql, const struct sb_cell *params, size_t count, int64_t expect,
                             struct sb_error *err)
{
    const struct sb_statement statement = { sql, params, count, expect };
    return world->store->ops->write(world->store, &statement, 1, NULL, &patient, err);
}

static inline void must_write(struct world *world, const char *sql, const struct sb_cell *params, size_t count)
{
    struct sb_error err = { 0 };
    if (write_one(world, sql, params, count, -1, &err))
        fail_msg("%s: %s", sql, err.text);
}

static inline enum sb_err try_query(struct world *world, const char *sql, struct sb_rows **rows, struct sb_error *err)
{
    const struct sb_statement statement = { sql, NULL, 0, -1 };
    return world->store->ops->query(world->store, &statement, &patient, rows, err);
}

static inline struct sb_rows *must_query(struct world *world, const char *sql)
{
    struct sb_error err = { 0 };
    struct sb_rows *rows = NULL;
    if (try_query(world, sql, &rows, &err))
        fail_msg("%s: %s", sql, err.text);
    return rows;
}

static inline int64_t number(struct world *world, const char *sql)
{
    struct sb_rows *rows = must_query(world, sql);
    assert_int_equal(sb_rows_count(rows), 1);
    assert_int_equal(sb_rows_cell(rows, 0, 0)->type, SB_CELL_INT);
    int64_t value = sb_rows_cell(rows, 0, 0)->integer;
    sb_rows_destroy(rows);
    return value;
}

static inline void put_meta(struct world *world, const char *key, const char *value)
{
    const struct sb_cell params[] = { sb_cell_text(key), sb_cell_text(value) };
    must_write(world, "INSERT INTO meta (key, value) VALUES ($1, $2)", params, 2);
}

static inline int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->mutex = sb_mutex_create(SB_RANK_LOG);
    world->changed = sb_cond_create();
    test_store_create(world->location);
    open_store(world);
    *state = world;
    return 0;
}

static inline int tear_down(void **state)
{
    struct world *world = *state;
    world->store->ops->close(world->store);
    test_store_destroy(world->location);
    sb_cond_destroy(world->changed);
    sb_mutex_destroy(world->mutex);
    free(world);
    return 0;
}

#define TEST(claim) cmocka_unit_test_setup_teardown(claim, set_up, tear_down)

#endif
