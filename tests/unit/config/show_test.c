/* config show: every value with its place, defaults included, and nothing of it a secret. */
#include "signalbox/config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char yaml[] = "catalogue: t\n"
                           "settings:\n"
                           "  cache_password: env:REDIS_WORD\n"
                           "  drain: 45s\n"
                           "jobs:\n"
                           "  ask:\n"
                           "    every: 5m\n"
                           "    steps:\n"
                           "      - name: first\n"
                           "        exec: { argv: [echo, \"http://ana:hunter2@host/x\", b] }\n"
                           "      - name: second\n"
                           "        http:\n"
                           "          url: https://ana:hunter2@127.0.0.1/x\n"
                           "          headers: { authorization: Bearer hunter2, accept: text/plain, x_api_key: hunter2 }\n";

struct shown {
    struct sb_config_value of[512];
    char keys[512][96], values[512][256];
    size_t count;
};
static struct shown shown;

static void take(void *arg, const struct sb_config_value *value)
{
    (void)arg;
    assert_true(shown.count < SB_LEN(shown.of));
    shown.of[shown.count] = *value;
    assert_true(sb_copy(shown.keys[shown.count], sizeof shown.keys[0], value->key));
    assert_true(sb_copy(shown.values[shown.count], sizeof shown.values[0], value->value));
    shown.count++;
}

static size_t place_of(const char *key)
{
    size_t found = shown.count;
    for (size_t i = 0; i < shown.count; i++) {
        if (sb_streq(shown.keys[i], key)) {
            assert_int_equal(found, shown.count); /* once */
            found = i;
        }
    }
    if (found == shown.count)
        fail_msg("%s is not shown", key);
    return found;
}

static void assert_value(const char *key, const char *value, const char *file, unsigned line)
{
    const size_t at = place_of(key);
    assert_string_equal(shown.values[at], value);
    if (file == NULL)
        assert_null(shown.of[at].file);
    else
        assert_string_equal(shown.of[at].file, file);
    assert_int_equal(shown.of[at].line, line);
    assert_int_equal(shown.of[at].is_default, file == NULL);
}

static struct sb_catalogue *catalogue;

static int load(void **state)
{
    (void)state;
    static const struct sb_config_override overrides[] = {
        {"pool.policy", "strict", "SIGNALBOX_POOL_POLICY"}, {"settings.theme", "amber", "--theme"}, {"jobs.ask.timeout", "7s", "--set"}};
    const struct sb_config_source source = {.overrides = overrides, .override_count = SB_LEN(overrides)};
    struct sb_error err = {SB_OK, ""};
    shown.count = 0;
    if (sb_config_load_text(&catalogue, "t.yaml", yaml, sizeof yaml - 1, &source, NULL, &err) != SB_OK)
        fail_msg("%s", err.text);
    assert_true(sb_config_each(take, NULL));
    return 0;
}

static int unload(void **state)
{
    (void)state;
    sb_catalogue_destroy(catalogue);
    return 0;
}

static void show__names_file_and_line_variable_or_flag_of_each_value(void **state)
{
    (void)state;
    assert_value("settings.drain", "45s", "t.yaml", 4);
    assert_value("jobs.ask.every", "5m", "t.yaml", 7);
    assert_value("jobs.ask.steps.first.name", "first", "t.yaml", 9);
    assert_value("jobs.ask.steps.second.http.headers.accept", "text/plain", "t.yaml", 14);
    assert_value("pool.policy", "strict", "SIGNALBOX_POOL_POLICY", 0);
    assert_value("settings.theme", "amber", "--theme", 0);
    assert_value("jobs.ask.timeout", "7s", "--set", 0);
    assert_int_equal(shown.of[place_of("settings.drain")].column, 10);
}

static void show__has_the_defaults_of_everything_that_is_there_once(void **state)
{
    (void)state;
    assert_value("settings.lease", "15s", NULL, 0);
    assert_value("settings.bell", "off", NULL, 0);
    assert_value("pool.workers", "4", NULL, 0);
    assert_false(shown.of[place_of("pool.workers")].is_derived);
    assert_true(shown.of[place_of("settings.store")].is_derived);
    assert_true(shown.count > 100);
}

static void show__masks_what_could_be_a_secret_and_keeps_references(void **state)
{
    (void)state;
    assert_value("settings.cache_password", "env:REDIS_WORD", "t.yaml", 3);
    assert_value("jobs.ask.steps.second.http.headers.authorization", "***", "t.yaml", 14);
    assert_value("jobs.ask.steps.second.http.headers.x_api_key", "***", "t.yaml", 14);
    assert_value("jobs.ask.steps.second.http.url", "https://ana:***@127.0.0.1/x", "t.yaml", 13);
    assert_value("jobs.ask.steps.first.exec.argv", "[echo, http://ana:***@host/x, b]", "t.yaml", 10);
    for (size_t i = 0; i < shown.count; i++)
        assert_null(strstr(shown.values[i], "hunter2"));
}

static void show__tells_nothing_when_nothing_is_loaded(void **state)
{
    (void)state;
    shown.count = 0;
    assert_true(sb_config_each(take, NULL));
    assert_int_equal(shown.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(show__names_file_and_line_variable_or_flag_of_each_value, load, unload),
        cmocka_unit_test_setup_teardown(show__has_the_defaults_of_everything_that_is_there_once, load, unload),
        cmocka_unit_test_setup_teardown(show__masks_what_could_be_a_secret_and_keeps_references, load, unload),
        cmocka_unit_test(show__tells_nothing_when_nothing_is_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
