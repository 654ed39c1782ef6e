/* /v1/nodes: who shares a store, and what is lent from whom to whom. A store with rows; no database server. */
#include "signalbox/api/api.h"
#include "signalbox/base/text.h"
#include "signalbox/ports/step.h"

#include "os_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* There is no runtime here that would run one. */
const struct sb_step_kind_ops *sb_step_kind_ops(enum sb_step_kind kind)
{
    (void)kind;
    return NULL;
}

static struct sb_store *store;
static char folder[256];

static void change(const char *sql)
{
    const struct sb_op op = test_op();
    const struct sb_statement statement = { sql, NULL, 0, -1 };
    struct sb_error err = { 0 };
    if (store->ops->write(store, &statement, 1, NULL, &op, &err) != SB_OK)
        fail_msg("%s: %s", sql, err.text);
}

static int setup(void **state)
{
    char location[300];
    struct sb_error err = { 0 };
    (void)state;
    test_folder(folder, sizeof folder);
    (void)snprintf(location, sizeof location, "sqlite:%s/store.db", folder);
    if (sb_store_open(&store, location, &err) != SB_OK)
        fail_msg("%s", err.text);
    change("INSERT INTO nodes (node, id, host, pid, state, started_ms, heartbeat_ms) VALUES ('a', 'aa', 'h1', 11, 'active', 1000, 9000), "
           "('b', 'bb', 'h2', 12, 'standby', 2000, 8500), ('c', 'cc', 'h3', 13, 'standby', 3000, 8900)");
    change("UPDATE node_lease SET node = 'a', token = 7");
    change("INSERT INTO node_hands (node, config, version, hands, done, heartbeat_ms) VALUES ('b', 'c0ffee', '1.2', 4, 31, 8500)");
    change("INSERT INTO lent_steps (term, fence, config, version, recipe, run, job, step, attempt, tier, outputs, put_ms, left_ms, state, node, "
           "claimed_ms) VALUES (7, 1, 'c0ffee', '1.2', 5, 41, 'report', 'crunch', 1, 0, '{}', 8000, 60000, 'claimed', 'b', 8200), "
           "(7, 2, 'c0ffee', '1.2', 5, 42, 'other', 'first', 1, 0, '{}', 8000, 60000, 'claimed', 'b', 8100), "
           "(7, 3, 'c0ffee', '1.2', 5, 43, 'report', 'crunch', 1, 0, '{}', 8000, 60000, 'waiting', NULL, NULL), "
           "(7, 4, 'c0ffee', '1.2', 5, 44, 'report', 'crunch', 1, 0, '{}', 8000, 60000, 'done', 'b', 8000)");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    store->ops->close(store);
    return sb_dir_remove(folder, NULL) == SB_OK ? 0 : -1;
}

static char *get_nodes(void)
{
    static struct sb_catalogue catalogue;
    const struct sb_api_setup api = { .catalogue = &catalogue, .store = store };
    struct sb_error err = { 0 };
    unsigned status = 0;
    char *body = NULL;
    if (sb_api_get(&api, "/v1/nodes", &status, &body, &err) != SB_OK)
        fail_msg("%s", err.text);
    assert_int_equal(status, 200);
    return body;
}

static void assert_says(const char *body, const char *words)
{
    if (strstr(body, words) == NULL)
        fail_msg("no %s in %s", words, body);
}

static void nodes__tell_what_is_lent_and_what_each_runs(void **state)
{
    (void)state;
    char *body = get_nodes();
    assert_says(body, "\"node\":\"a\",\"host\":\"h1\",\"pid\":11,\"state\":\"active\"");
    assert_says(body, "\"lent\":3,\"hands\":null,\"running\":0,\"runs\":null,\"done\":null");
    assert_says(body, "\"lent\":null,\"hands\":4,\"running\":2,\"runs\":\"other/first\",\"done\":31"); /* the oldest */
    assert_says(body, "\"lent\":null,\"hands\":null,\"running\":0,\"runs\":null,\"done\":null}]");
    free(body);
}

static void nodes__of_an_older_store_are_told_without_it(void **state)
{
    (void)state;
    change("DROP TABLE lent_steps");
    char *body = get_nodes();
    assert_says(body, "\"node\":\"b\"");
    assert_null(strstr(body, "hands"));
    free(body);
}

#define TEST(claim) cmocka_unit_test_setup_teardown(claim, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nodes__tell_what_is_lent_and_what_each_runs),
        TEST(nodes__of_an_older_store_are_told_without_it),
    };
    return cmocka_run_group_tests_name("nodes", tests, NULL, NULL);
}
