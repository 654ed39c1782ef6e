/* Mistakes in catalogues: each kind at its exact line and column, with what to do. */
#include "mistakes.h"

static void config__unknown_keys_are_named_with_the_nearest_known_one(void **state)
{
    (void)state;
    static const struct mistake MISTAKES[] = {
        {"catalogue: t\njobs: {}\npool:\n  polcy: strict\n", 4, 3, "unknown key \"polcy\" in pool", "did you mean \"policy\"?"},
        {"catalogue: t\njobs: {}\nsetings: {}\n", 3, 1, "unknown key \"setings\"", "did you mean \"settings\"?"},
        {"catalogue: t\njobs: {}\npool: {lanes: {psoting: 1}}\n", 3, 16, "unknown key \"psoting\" in lanes", "\"posting\""},
        {"catalogue: t\njobs: {}\nzzzzzz: 1\n", 3, 1, "unknown key \"zzzzzz\"", "known here: catalogue settings pool"},
        {JOB_HEAD "    steps:\n      - exec: {argv: [a], enviroment: {}}\n", 5, 27, "unknown key \"enviroment\" in exec", NULL},
        {JOB_HEAD "    steps:\n      - brows: {site: a, flow: b}\n", 5, 9, "unknown key \"brows\" in step", "\"browse\""},
        {"catalogue: t\njobs: {}\npool:\n  <<: 1\n", 4, 3, "unknown key \"<<\"", "merge keys"},
    };
    struct mistake last = MISTAKES[4];
    expect_each(MISTAKES, 4, NULL);
    last.hint = "known here: argv env";
    expect_one(&last, NULL);
    expect_each(MISTAKES + 5, 2, NULL);
}

static void config__values_of_the_wrong_type_are_pointed_at(void **state)
{
    (void)state;
    static const struct mistake MISTAKES[] = {
        {"catalogue: t\njobs: {}\npool: {workers: many}\n", 3, 17, "workers is a whole number, not \"many\"", NULL},
        {"catalogue: t\njobs: {}\npool: {workers: 65}\n", 3, 17, "workers is from 1 to 64, not 65", NULL},
        {"catalogue: t\njobs: {}\npool: {workers: 99999999999999999999}\n", 3, 17, "workers is a whole number", NULL},
        {"catalogue: t\njobs: {}\npool: {workers: [1]}\n", 3, 17, "workers is one value, not a list", NULL},
        {"catalogue: t\njobs: {}\npool: 5\n", 3, 7, "pool is a map, not a text", NULL},
        {"catalogue: t\njobs: {}\npool:\n", 3, 1, "pool is a map, not empty", NULL},
        {"catalogue: t\njobs: []\n", 2, 7, "jobs is a map, not a list", "name: value"},
        {"catalogue: t\njobs: {}\nsites: practice\n", 3, 8, "sites is a list, not a text", "[ ... ]"},
        {"catalogue:\njobs: {}\n", 1, 1, "catalogue has no value", "give a value"},
        {"- a\n", 1, 1, "a catalogue is a map, not a list", "catalogue: NAME"},
        {"catalogue: t\njobs: {}\nbudget: {limit_usd: $5}\n", 3, 21, "limit_usd is a decimal", "without $"},
        {"catalogue: t\njobs: {}\nbudget: {limit_usd: 5.0000000001}\n", 3, 21, "at most 9 digits", NULL},
        {"catalogue: t\njobs: {}\nbudget: {limit_usd: -1}\n", 3, 21, "limit_usd is from 0 to 1000000, not -1", NULL},
        {"catalogue: t\njobs: {}\nbudget: {thresholds: {high: 5.01}}\n", 3, 29, "threshold high is at most 5.00", "scale with limit_usd"},
        {"catalogue: t\njobs: {}\nbudget: {thresholds: {medium: 4.50}}\n", 3, 31, "threshold medium must be below threshold high", NULL},
        {"catalogue: t\njobs: {}\npool: {lanes: {low: 15}}\n", 3, 15, "add up to 18 contexts; the limit is 16", NULL},
        {"catalogue: t\njobs: {}\ncontent: {posts_per_hour: 5}\n", 3, 27, "above posts_per_hour_max 4", NULL},
    };
    expect_each(MISTAKES, SB_LEN(MISTAKES), NULL);
}

static void config__truth_values_are_true_or_false_and_texts_are_not(void **state)
{
    (void)state;
    static const struct mistake MISTAKES[] = {
        {JOB_HEAD "    enabled: yes\n" EXEC_STEP, 4, 14, "enabled is true or false, not \"yes\"", "write true"},
        {JOB_HEAD "    enabled: off\n" EXEC_STEP, 4, 14, "enabled is true or false, not \"off\"", "write false"},
        {JOB_HEAD "    enabled: On\n" EXEC_STEP, 4, 14, "enabled is true or false", "write true"},
        {JOB_HEAD "    enabled: maybe\n" EXEC_STEP, 4, 14, "not \"maybe\"", NULL},
        {JOB_HEAD "    steps:\n      - exec: {argv: [true]}\n", 5, 23, "a bare true is a truth value", "quote it if the text is meant: \"true\""},
        {JOB_HEAD "    steps:\n      - exec: {argv: [echo, no]}\n", 5, 29, "a bare no is a truth value", "\"no\""},
    };
    expect_each(MISTAKES, SB_LEN(MISTAKES), NULL);
}

static void config__durations_need_their_unit(void **state)
{
    (void)state;
    static const struct mistake MISTAKES[] = {
        {JOB_HEAD "    every: 5\n" EXEC_STEP, 4, 12, "every is a duration", "add a unit: 5s or 5m"},
        {JOB_HEAD "    every: 5min\n" EXEC_STEP, 4, 12, "not \"5min\"", "units are d, h, m, s and ms"},
        {JOB_HEAD "    every: 30m1h\n" EXEC_STEP, 4, 12, "every is a duration", "1h30m"},
        {JOB_HEAD "    every: -5m\n" EXEC_STEP, 4, 12, "every is a duration", "units are"},
        {JOB_HEAD "    every: 500ms\n" EXEC_STEP, 4, 12, "every is from 1s to 366d, not 500ms", NULL},
    };
    expect_each(MISTAKES, SB_LEN(MISTAKES), NULL);
}

static void config__values_that_yaml_keeps_for_itself_are_explained(void **state)
{
    (void)state;
    static const struct mistake MISTAKES[] = {
        {JOB_HEAD "    cron: */15 * * * *\n" EXEC_STEP, 4, 11, "a value that begins with * is an alias", "quote it: \"*/15 * * * *\""},
        {JOB_HEAD "    cron: * * * * * # each minute\n" EXEC_STEP, 4, 11, "a value that begins with *", "quote it: \"* * * * *\""},
        {JOB_HEAD "    cron: @daily\n" EXEC_STEP, 4, 11, "a value cannot begin with @", "quote it: \"@daily\""},
        {JOB_HEAD "    cron: *daily\n" EXEC_STEP, 4, 11, "aliases are not allowed", "quote it: \"*daily\""},
        {JOB_HEAD "    cron: &x 5 * * * *\n" EXEC_STEP, 4, 11, "anchors (&name) are not allowed", "write the value out"},
        {JOB_HEAD "    cron: !x \"5 * * * *\"\n" EXEC_STEP, 4, 11, "tags (!name) are not allowed", "quote it"},
        {JOB_HEAD "    steps:\n      - exec:\n          argv: [\"a\"]\n          input: {{now}}\n", 7, 18, "begins with { is a map",
         "quote it: \"{{now}}\""},
        {JOB_HEAD "    steps:\n      - exec:\n          argv: [\"a\"]\n          input: {{now}} and more\n", 7, 18,
         "begins with { is a map", "quote it: \"{{now}} and more\""},
        {JOB_HEAD "    enabled:\ttrue\n" EXEC_STEP, 4, 13, "a tab between key and value", "use a space"},
        {"catalogue: t\njobs:\n\ta: {}\n", 3, 1, "a tab in the indentation", "indent with spaces"},
        {"catalogue: t\njobs: {}\ncatalogue: u\n", 3, 1, "key \"catalogue\" is already given in line 1", "keep one"},
        {"catalogue: t\njobs: {}\n---\ncatalogue: u\n", 3, 1, "a second document", "remove the line ---"},
        {"catalogue: t\njobs: {}\npool: {? [a] : b}\n", 3, 10, "a key must be a plain text", NULL},
        {"catalogue: t\njobs: {}\npool: {workers: \"4\\0\"}\n", 3, 17, "NUL", NULL},
        {"catalogue: a: b\n", 1, 13, "a \": \" where YAML expects no key", "quote a text that holds"},
        {"catalogue: \"t\njobs: {}\n", 1, 12, "a quote is not closed", NULL},
        {"catalogue: t\njobs: {}\npool: [1\n", 3, 7, "", NULL},
        {"", 0, 0, "the file is empty", NULL},
        {"# nothing\n", 0, 0, "the file is empty", NULL},
        {"catalogue: t\nnote: \x01\njobs: {}\n", 2, 7, "control characters", "UTF-8"},
        {"catalogue: \xff\n", 1, 12, "invalid leading UTF-8", "UTF-8"},
    };
    for (size_t i = 0; i < SB_LEN(MISTAKES); i++) {
        struct mistake mistake = MISTAKES[i];
        if (mistake.message[0] == '\0') { /* only that it is refused somewhere sensible */
            assert_int_equal(1, load_wrong(mistake.yaml, NULL)->total);
            continue;
        }
        expect_one(&mistake, NULL);
    }
}

static void config__columns_count_characters_not_bytes(void **state)
{
    (void)state;
    static const struct mistake MISTAKES[] = {
        {"catalogue: t\njobs: {}\npool: {\"w\xc3\xb6rkers\": 4, burst: x}\n", 3, 8, "unknown key", "\"workers\""},
    };
    const struct sb_config_errors *errors = load_wrong(MISTAKES[0].yaml, NULL);
    assert_int_equal(2, errors->total);
    assert_int_equal(8, errors->items[0].column);
    assert_int_equal(29, errors->items[1].column);
}

static void config__jobs_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const struct mistake MISTAKES[] = {
        {JOB_HEAD "    every: 5m\n    cron: 5 * * * *\n" EXEC_STEP, 5, 11, "job a has every and cron", NULL},
        {JOB_HEAD "    cron: 5 24 * * *\n" EXEC_STEP, 4, 13, "cron: hour \"24\": allowed are 0-23", NULL},
        {JOB_HEAD "    cron: \"5 24 * * *\"\n" EXEC_STEP, 4, 14, "cron: hour \"24\"", NULL},
        {JOB_HEAD "    cron: 5 4 * * *\n    timezone: Europe/Rga\n" EXEC_STEP, 5, 15, "time zone \"Europe/Rga\" is unknown",
         "did you mean \"Europe/Riga\"?"},
        {JOB_HEAD "    cron: 5 4 * * *\n    timezone: ../../etc/passwd\n" EXEC_STEP, 5, 15, "must be a time zone", NULL},
        {JOB_HEAD "    cron: 5 4 * * *\n    timezone: /etc/passwd\n" EXEC_STEP, 5, 15, "must be a time zone", NULL},
        {JOB_HEAD "    cron: 5 4 * * *\n    timezone: zone1970.tab\n" EXEC_STEP, 5, 15, "must be a time zone", NULL},
        {JOB_HEAD "    every: 5m\n    timezone: Europe/Riga\n" EXEC_STEP, 5, 15, "timezone without cron", NULL},
        {JOB_HEAD "    overlap: alow(3)\n" EXEC_STEP, 4, 14, "overlap is one of skip, queue_one, replace, allow(n)", "\"allow\""},
        {JOB_HEAD "    overlap: allow\n" EXEC_STEP, 4, 14, "allow takes a number", NULL},
        {JOB_HEAD "    overlap: skip(2)\n" EXEC_STEP, 4, 14, "takes no number", NULL},
        {JOB_HEAD "    misfire: all(0)\n" EXEC_STEP, 4, 14, "the number is from 1 to 255", NULL},
        {JOB_HEAD "    category: postin\n" EXEC_STEP, 4, 15, "category is one of none, posting", "\"posting\""},
        {JOB_HEAD "    every: 5m\n", 3, 3, "job lacks the key \"steps\"", NULL},
        {JOB_HEAD "    steps: []\n", 4, 12, "job a has no steps", NULL},
        {JOB_HEAD "    steps:\n      - name: x\n", 5, 9, "step has no kind; give one of browse, llm, sql", NULL},
        {JOB_HEAD "    steps:\n      - exec: {argv: [a]}\n        sql: {statement: SELECT 1}\n", 6, 9, "\"exec\" and \"sql\" together", NULL},
        {JOB_HEAD "    steps:\n      - exec: {argv: [a]}\n      - exec: {argv: [b]}\n", 6, 9, "is called \"exec\" too", "another name"},
        {JOB_HEAD "    steps:\n      - name: first\n        exec: {argv: [a]}\n      - exec: {argv: [b]}\n        uses: [first, frist]\n", 8, 23,
         "no earlier step of this job has that name", "stands before it"},
        {JOB_HEAD "    steps:\n      - exec: {argv: []}\n", 5, 22, "argv is empty", NULL},
        {JOB_HEAD "    steps:\n      - exec: {}\n", 5, 9, "exec lacks the key \"argv\"", NULL},
        {JOB_HEAD "    steps:\n      - sql: {statement: \"SELECT $2\", params: [a]}\n", 5, 26, "uses 2 parameters and params gives 1", NULL},
        {JOB_HEAD "    steps:\n      - sql: {statement: \"SELECT '{{now}}'\"}\n", 5, 26, "a template inside SQL", "write $1"},
        {JOB_HEAD "    steps:\n      - sql: {statement: SELECT 1, stop_when: full}\n", 5, 47, "must be empty", NULL},
        {JOB_HEAD "    steps:\n      - exec: {argv: [a]}\n        needs: [browser, browsr]\n", 6, 26, "needs is one of config, store", "\"browser\""},
        {JOB_HEAD "    steps:\n      - native: {function: f}\n        context: true\n", 3, 3,
         "needs a browser context, and category none", "give a category"},
        {JOB_HEAD "    steps:\n      - sql: {statement: SELECT 1}\n        node: any\n", 6, 15,
         "node: any is for exec; step sql is sql", "remove it"},
        {JOB_HEAD "    steps:\n      - exec: {argv: [a]}\n        effect: true\n        node: any\n", 7, 15,
         "must not begin a second time elsewhere", "remove it, or effect"},
        {JOB_HEAD "    category: background\n    steps:\n      - exec: {argv: [a]}\n        context: true\n        node: any\n", 8, 15,
         "its browser context is the active node's", "remove it, or context"},
        {JOB_HEAD "    steps:\n      - exec: {argv: [a]}\n        node: b\n", 6, 15, "node is one of active, any", NULL},
        {"catalogue: t\njobs: {}\nsettings: {hands: 65}\n", 3, 19, "hands is from 0 to 64, not 65", NULL},
        {"catalogue: t\njobs:\n  Bad-Name:\n" EXEC_STEP, 3, 3, "name \"Bad-Name\" in jobs must consist of a-z", NULL},
        {"catalogue: t\njobs:\n  a234567890123456789012345678901234567890:\n" EXEC_STEP, 3, 3, "at most 39 characters", NULL},
        {JOB_HEAD "    retry: {base: 1m}\n" EXEC_STEP, 4, 19, "max is below base", NULL},
        {"catalogue: t\njobs: {}\nsettings: {speed: 60}\n", 3, 19, "speed is for the practice world", "practice: true"},
        {"catalogue: t\njobs: {}\nsettings: {store: \"mysql:x\"}\n", 3, 19, "must be sqlite:PATH or postgresql://", NULL},
        {"catalogue: t\njobs: {}\nsettings: {store: \"postgresql://u:pw@h/d\"}\n", 3, 19, "must not hold a password", NULL},
        {"catalogue: t\njobs: {}\nsettings: {store: \"postgresql://u@h/d?password=pw\"}\n", 3, 19, "must not hold a password", NULL},
        {"catalogue: t\njobs: {}\nsettings: {browser_url: \"10.0.0.1:9222\"}\n", 3, 25, "must begin with ws://", NULL},
        {"catalogue: t\njobs: {}\nsettings: {browser_url: \"wss://h/x?token=abc\"}\n", 3, 25, "must not hold a password or a token", NULL},
        {"catalogue: t\njobs: {}\nsettings: {cache: \"memcached://h\"}\n", 3, 19, "must be memory, redis://", NULL},
        {"catalogue: t\njobs: {}\nsettings: {cache: \"redis://box:hunter2@h\"}\n", 3, 19, "must not hold a password", NULL},
        {"catalogue: t\njobs: {}\nsettings: {cache_password: hunter2}\n", 3, 28, "must be a reference", NULL},
        {"catalogue: t\njobs: {}\nsettings: {cache_prefix: \"a b\"}\n", 3, 26, "printable ASCII", NULL},
        {"catalogue: t\njobs: {}\nsettings: {cache_pool: 65}\n", 3, 24, "cache_pool is from 1 to 64", NULL},
        {JOB_HEAD "    steps:\n      - http: {url: \"http://h\", limit: 30}\n", 5, 40, "must be COUNT/TIME", NULL},
        {JOB_HEAD "    steps:\n      - http: {url: \"http://h\", limit: 0/1m}\n", 5, 40, "must be COUNT/TIME", NULL},
        {JOB_HEAD "    steps:\n      - http: {url: \"http://h\", method: POST, cache_for: 1m}\n", 5, 58, "a POST is sent every time", NULL},
        {"catalogue: t\n", 1, 1, "lacks the key \"jobs\"", NULL},
    };
    expect_each(MISTAKES, SB_LEN(MISTAKES), NULL);
}

static void config__templates_that_lead_nowhere_are_refused(void **state)
{
    (void)state;
#define STEP(text) JOB_HEAD "    steps:\n      - name: first\n        exec: {argv: [a]}\n      - exec: {argv: [\"" text "\"]}\n"
    static const struct mistake MISTAKES[] = {
        {STEP("{{steps.frist.stdout}}"), 7, 23, "no earlier step of this job is called \"frist\"", "\"first\""},
        {STEP("{{steps.exec.stdout}}"), 7, 23, "no earlier step of this job is called \"exec\"", NULL},
        {STEP("{{nwo}}"), 7, 23, "{{nwo}} names nothing", "\"now\""},
        {STEP("{{item.id}}"), 7, 23, "{{item}} exists only with for_each", "for_each"},
        {STEP("{{with.x}}"), 7, 23, "only inside the flows", NULL},
        {STEP("{{steps}}"), 7, 23, "must go on with .NAME", NULL},
        {STEP("a {{now"), 7, 23, "\"{{\" without a path", NULL},
        {STEP("{{}}"), 7, 23, "\"{{\" without a path", NULL},
        {JOB_HEAD "    steps:\n      - sql: {statement: SELECT 1, for_each: \"{{steps.a}}\"}\n", 5, 46, "without braces", "steps.read.posts"},
    };
    expect_each(MISTAKES, SB_LEN(MISTAKES), NULL);
    struct sb_catalogue *catalogue = load_right(STEP("{{ now.iso }} {{steps.first.stdout}} {{tier}}"), NULL);
    sb_catalogue_destroy(catalogue);
#undef STEP
}

static void config__a_key_in_the_file_is_refused_and_never_shown(void **state)
{
    (void)state;
    const struct sb_config_errors *errors =
        load_wrong("catalogue: t\njobs: {}\nllm:\n  key: sk-secret123\n", NULL);
    assert_int_equal(1, errors->total);
    assert_int_equal(4, errors->items[0].line);
    assert_int_equal(8, errors->items[0].column);
    assert_non_null(strstr(errors->items[0].message, "file:PATH, env:NAME or cred:NAME"));
    assert_null(strstr(errors->items[0].message, "sk-secret123"));
    assert_null(strstr(errors->items[0].source, "sk-secret123"));
}

static void config__all_mistakes_come_in_one_run_in_order(void **state)
{
    (void)state;
    static const char YAML[] = "catalogue: t\n"
                               "pool:\n"
                               "  workers: many\n"
                               "  polcy: strict\n"
                               "jobs:\n"
                               "  a:\n"
                               "    every: 5\n"
                               "    cron: */15 * * * *\n"
                               "    enabled: yes\n"
                               "    steps:\n"
                               "      - exec: {argv: [a], input: {{now}}}\n"
                               "  a:\n"
                               "    steps:\n"
                               "      - browse: {site: nowhere, flow: post}\n"
                               "    category: posting\n";
    static const uint32_t LINES[] = {3, 4, 7, 8, 9, 11, 12, 14};
    const struct sb_config_errors *errors = load_wrong(YAML, NULL);
    assert_int_equal(SB_LEN(LINES), errors->total);
    for (size_t i = 0; i < SB_LEN(LINES); i++) {
        assert_int_equal(LINES[i], errors->items[i].line);
    }
}

static void config__keeps_twenty_mistakes_and_counts_the_rest(void **state)
{
    (void)state;
    char yaml[2000] = "catalogue: t\njobs: {}\npool:\n";
    struct sb_text text = {.buf = yaml, .cap = sizeof yaml, .len = strlen(yaml)};
    char page[8192];
    struct sb_text out;
    for (int i = 0; i < 30; i++) {
        sb_text_addf(&text, "  unknown%d: 1\n", i);
    }
    const struct sb_config_errors *errors = load_wrong(yaml, NULL);
    assert_int_equal(20, errors->count);
    assert_int_equal(30, errors->total);
    sb_text_init(&out, page, sizeof page);
    sb_config_errors_print(errors, &out);
    assert_non_null(strstr(page, "and 10 more\n"));
}

static void config__printed_mistakes_show_line_caret_and_hint(void **state)
{
    (void)state;
    char page[1024];
    struct sb_text out;
    const struct sb_config_errors *errors = load_wrong("catalogue: t\njobs: {}\npool:\n  polcy: strict\n", NULL);
    sb_text_init(&out, page, sizeof page);
    sb_config_errors_print(errors, &out);
    assert_string_equal("test.yaml:4:3: unknown key \"polcy\" in pool\n"
                        "     4 |   polcy: strict\n"
                        "       |   ^\n"
                        "       = did you mean \"policy\"?\n",
                        page);
}

static void config__what_it_prints_cannot_steer_the_terminal(void **state)
{
    (void)state;
    const struct sb_config_errors *errors =
        load_wrong("catalogue: t\njobs: {}\npool: {\"a\\e[2Jb\": 1, \"\\x9b\": 1}\n", NULL);
    char page[2048];
    struct sb_text out;
    sb_text_init(&out, page, sizeof page);
    sb_config_errors_print(errors, &out);
    assert_int_equal(2, errors->total);
    for (size_t i = 0; i < out.len; i++) {
        assert_true(page[i] == '\n' || ((unsigned char)page[i] >= 0x20 && (unsigned char)page[i] < 0x7f));
    }
}

static void config__bounds_on_size_depth_and_lists_are_reported(void **state)
{
    (void)state;
    static char big[5 * 1024 * 1024];
    memset(big, '#', sizeof big - 1);
    assert_non_null(strstr(load_wrong(big, NULL)->items[0].message, "larger than the 4 MiB"));
    char deep[200] = "catalogue: ";
    for (int i = 0; i < 50; i++) {
        (void)sb_copy(deep + 11 + i, 2, "[");
    }
    assert_non_null(strstr(load_wrong(deep, NULL)->items[0].message, "nested deeper than 32"));
    char steps[2000] = JOB_HEAD "    steps:\n";
    struct sb_text text = {.buf = steps, .cap = sizeof steps, .len = strlen(steps)};
    for (int i = 0; i < 17; i++) {
        sb_text_addf(&text, "      - {name: s%d, exec: {argv: [a]}}\n", i);
    }
    const struct sb_config_error *error = &load_wrong(steps, NULL)->items[0];
    assert_non_null(strstr(error->message, "steps has 17 entries; the limit is 16"));
    assert_int_equal(5, error->line);
}

static void config__a_file_that_cannot_be_read_is_said(void **state)
{
    (void)state;
    struct sb_config_source source = {.catalogue_path = "/nonexistent/x.yaml"};
    struct sb_config_errors errors;
    struct sb_catalogue *catalogue = NULL;
    assert_int_equal(SB_ERR_CONFIG, sb_config_load(&catalogue, &source, &errors, NULL));
    assert_int_equal(1, errors.total);
    assert_string_equal("/nonexistent/x.yaml", errors.items[0].path);
    assert_int_equal(0, errors.items[0].line);
    assert_non_null(strstr(errors.items[0].message, "No such file"));
    source.catalogue_path = "/tmp";
    assert_int_equal(SB_ERR_CONFIG, sb_config_load(&catalogue, &source, &errors, NULL));
    assert_non_null(strstr(errors.items[0].message, "not a regular file"));
    assert_null(catalogue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config__unknown_keys_are_named_with_the_nearest_known_one),
        cmocka_unit_test(config__values_of_the_wrong_type_are_pointed_at),
        cmocka_unit_test(config__truth_values_are_true_or_false_and_texts_are_not),
        cmocka_unit_test(config__durations_need_their_unit),
        cmocka_unit_test(config__values_that_yaml_keeps_for_itself_are_explained),
        cmocka_unit_test(config__columns_count_characters_not_bytes),
        cmocka_unit_test(config__jobs_that_make_no_sense_are_refused),
        cmocka_unit_test(config__templates_that_lead_nowhere_are_refused),
        cmocka_unit_test(config__a_key_in_the_file_is_refused_and_never_shown),
        cmocka_unit_test(config__all_mistakes_come_in_one_run_in_order),
        cmocka_unit_test(config__keeps_twenty_mistakes_and_counts_the_rest),
        cmocka_unit_test(config__printed_mistakes_show_line_caret_and_hint),
        cmocka_unit_test(config__what_it_prints_cannot_steer_the_terminal),
        cmocka_unit_test(config__bounds_on_size_depth_and_lists_are_reported),
        cmocka_unit_test(config__a_file_that_cannot_be_read_is_said),
    };
    return cmocka_run_group_tests_name("mistakes", tests, NULL, NULL);
}
