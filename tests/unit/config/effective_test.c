/* The configuration in force: every value with its place, what nobody set included. */
#include "files.h"

static void effective__names_the_place_of_every_value(void **state)
{
    (void)state;
    struct files files;
    struct sb_error err = {0};
    char hash[SB_NAME_MAX] = "", *text = NULL;
    files_init(&files);
    const struct sb_config_override override = {"pool.policy", "strict", "--set"};
    const struct sb_config_source source = {
        .catalogue_path = files_add(&files, "cat.yaml",
                                    "catalogue: t\n"
                                    "settings: {cache: \"redis://h:6379\", cache_password: \"env:SB_TEST_PASSWORD\"}\n"
                                    "jobs:\n"
                                    "  one:\n"
                                    "    every: 5m\n"
                                    "    steps:\n"
                                    "      - name: work\n"
                                    "        exec: {argv: [\"say \\\"x\\\"\", b]}\n"),
        .overrides = &override,
        .override_count = 1,
    };
    assert_int_equal(SB_OK, sb_config_effective(&source, &text, hash, &err));
    static const char *const lines[] = {
        "catalogue: \"t\"  # cat.yaml:1:12\n",
        "settings.cache_password: \"env:SB_TEST_PASSWORD\"  # cat.yaml:2:",
        "pool.policy: \"strict\"  # --set\n",
        "jobs.one.every: \"5m\"  # cat.yaml:5:12\n",
        "jobs.one.steps[0].name: \"work\"  # cat.yaml:7:15\n",
        "jobs.one.steps[0].exec.argv[0]: \"say \\\"x\\\"\"  # cat.yaml:8:",
        "settings.drain: \"30s\"  # default\n",
    };
    for (size_t i = 0; i < SB_LEN(lines); i++) {
        if (strstr(text, lines[i]) == NULL) {
            fail_msg("there is no line %s in\n%s", lines[i], text);
        }
    }
    assert_null(strstr(text, "settings.cache: \"memory\"")); /* a default that somebody changed */
    struct sb_catalogue *catalogue = NULL;
    assert_int_equal(SB_OK, sb_config_load(&catalogue, &source, NULL, &err));
    assert_string_equal(hash, catalogue->config_hash);
    free(text);
    /* What is explained is what was loaded, not what was looked at. */
    text = NULL;
    assert_int_equal(SB_OK, sb_config_effective(&source, &text, hash, &err));
    assert_string_equal("--set", sb_config_explain("pool.policy"));
    free(text);
    sb_catalogue_destroy(catalogue);
    files_deinit(&files);
}

static void effective__gives_nothing_of_a_file_with_mistakes(void **state)
{
    (void)state;
    struct files files;
    struct sb_error err = {0};
    char hash[SB_NAME_MAX] = "", *text = NULL;
    files_init(&files);
    const struct sb_config_source source = {.catalogue_path = files_add(&files, "cat.yaml", "catalogue: t\njobs: {}\nnonsense: 1\n")};
    assert_int_equal(SB_ERR_CONFIG, sb_config_effective(&source, &text, hash, &err));
    assert_null(text);
    assert_non_null(strstr(err.text, "nonsense"));
    files_deinit(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effective__names_the_place_of_every_value),
        cmocka_unit_test(effective__gives_nothing_of_a_file_with_mistakes),
    };
    return cmocka_run_group_tests_name("config_effective", tests, NULL, NULL);
}
