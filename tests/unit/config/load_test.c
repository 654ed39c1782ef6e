/* What a right catalogue becomes: defaults and what follows from other values; overrides that are wrong. */
#include "files.h"

static const struct sb_job_def *job_of(const struct sb_catalogue *catalogue, const char *name)
{
    uint16_t index = sb_catalogue_job(catalogue, name);
    assert_int_not_equal(SB_NO_JOB, index);
    return &catalogue->jobs[index];
}

static void config__an_empty_catalogue_has_every_default(void **state)
{
    (void)state;
    struct sb_catalogue *c = load_right("catalogue: t\njobs: {}\n", NULL);
    assert_string_equal("t", c->name);
    assert_string_equal("test.yaml", c->path);
    assert_int_equal(0, c->job_count);
    assert_int_equal(1, c->zone_count);
    assert_string_equal("UTC", c->zones[0].name);
    assert_int_equal(1, c->pool.lane_contexts[SB_LANE_POSTING]);
    assert_int_equal(1, c->pool.lane_contexts[SB_LANE_LOW]);
    assert_int_equal(1, c->pool.burst);
    assert_int_equal(SB_LANE_POLICY_RECLAIM, c->pool.policy);
    assert_int_equal(SB_S(60), c->pool.ageing);
    assert_int_equal(SB_S(5), c->pool.reclaim_grace);
    assert_int_equal(25, c->pool.max_uses);
    assert_int_equal(SB_MIN(30), c->pool.max_age);
    assert_int_equal(5 * SB_USD_NANO, c->budget.limit.nano);
    assert_int_equal(800, c->budget.high_above_pm);
    assert_int_equal(400, c->budget.medium_above_pm);
    assert_int_equal(100, c->budget.low_above_pm);
    assert_int_equal(2, c->content.posts_per_run[SB_TIER_HIGH]);
    assert_int_equal(0, c->content.posts_per_run[SB_TIER_CLOSED]);
    assert_int_equal(SB_S(30), c->content.submit_deadline);
    assert_int_equal(SB_S(30), c->settings.drain);
    assert_int_equal(100, c->settings.speed_pct);
    assert_false(c->settings.is_practice);
    assert_string_equal("dark", c->settings.theme);
    assert_null(c->settings.chromium);
    assert_int_equal(2, c->llm.premium_intent_count);
    assert_int_equal(SB_COMPONENT_CLASS_REQUIRED, c->components[SB_COMPONENT_STORE].class);
    assert_int_equal(SB_COMPONENT_CLASS_IMPORTANT, c->components[SB_COMPONENT_BROWSER].class);
    assert_true(c->components[SB_COMPONENT_STORE].is_used);
    assert_false(c->components[SB_COMPONENT_BROWSER].is_used);
    assert_false(c->components[SB_COMPONENT_LLM].is_used);
    assert_int_equal(SB_S(30), c->components[SB_COMPONENT_DISK].probe_every);
    assert_int_equal(SB_MIN(10), c->components[SB_COMPONENT_DISK].recover_every);
    assert_int_equal(3, c->components[SB_COMPONENT_DISK].recoveries_a_day);
    assert_int_equal(SB_COMPONENT_CLASS_OPTIONAL, c->components[SB_COMPONENT_CACHE].class);
    assert_true(c->components[SB_COMPONENT_CACHE].is_used);
    assert_string_equal("memory", c->settings.cache);
    assert_int_equal(8, c->settings.cache_pool);
    sb_catalogue_destroy(c);
}

static void config__the_state_folder_follows_the_environment(void **state)
{
    (void)state;
    assert_int_equal(0, setenv("HOME", "/home/x", 1));
    assert_int_equal(0, unsetenv("XDG_STATE_HOME"));
    assert_int_equal(0, unsetenv("STATE_DIRECTORY"));
    struct sb_catalogue *c = load_right("catalogue: t\njobs: {}\n", NULL);
    assert_string_equal("/home/x/.local/state/signalbox", c->settings.state_dir);
    assert_string_equal("sqlite:/home/x/.local/state/signalbox/signalbox.db", c->settings.store);
    sb_catalogue_destroy(c);
    assert_int_equal(0, setenv("XDG_STATE_HOME", "/xdg", 1));
    c = load_right("catalogue: t\njobs: {}\nsettings: {store: \"sqlite:a.db\"}\n", NULL);
    assert_string_equal("/xdg/signalbox", c->settings.state_dir);
    assert_string_equal("sqlite:a.db", c->settings.store);
    sb_catalogue_destroy(c);
    assert_int_equal(0, setenv("STATE_DIRECTORY", "/var/lib/a:/var/lib/b", 1));
    c = load_right("catalogue: t\njobs: {}\n", NULL);
    assert_string_equal("/var/lib/a", c->settings.state_dir);
    sb_catalogue_destroy(c);
    assert_int_equal(0, unsetenv("STATE_DIRECTORY"));
}

static void config__job_defaults_follow_from_the_job(void **state)
{
    (void)state;
    struct sb_catalogue *c = load_right("catalogue: t\n"
                                        "jobs:\n"
                                        "  plain:\n"
                                        "    every: 1h30m\n" EXEC_STEP "  vital:\n"
                                        "    critical: true\n"
                                        "    every: 5m\n" EXEC_STEP "  asked:\n"
                                        "    critical: true\n"
                                        "    retry: {attempts: 1, factor: 1.5}\n" EXEC_STEP "  timed:\n"
                                        "    cron: \"*/15 8-18 * * mon-fri\"\n"
                                        "    timezone: Europe/Riga\n"
                                        "    overlap: allow(3)\n"
                                        "    misfire: all(5)\n"
                                        "    gap: skip\n"
                                        "    overlap_hour: both\n" EXEC_STEP,
                                        NULL);
    const struct sb_job_def *plain = job_of(c, "plain");
    assert_string_equal("every 1h30m", plain->schedule_text);
    assert_int_equal(SB_SCHEDULE_EVERY, plain->schedule);
    assert_int_equal(SB_MIN(45), plain->late_after);
    assert_int_equal(SB_HOUR(1), plain->misfire_window);
    assert_int_equal(1, plain->retry.attempts);
    assert_int_equal(SB_MISFIRE_ONCE, plain->misfire);
    assert_int_equal(SB_S(60), plain->queue_timeout);
    assert_int_equal(0, plain->timeout);
    assert_int_equal(5, plain->priority);
    assert_true(plain->is_enabled);
    const struct sb_job_def *vital = job_of(c, "vital");
    assert_int_equal(3, vital->retry.attempts);
    assert_int_equal(SB_S(1), vital->retry.base);
    assert_int_equal(200, vital->retry.factor_pct);
    assert_int_equal(SB_S(30), vital->retry.max);
    assert_int_equal(SB_JITTER_FULL, vital->retry.jitter);
    assert_int_equal(SB_S(60), vital->late_after);
    assert_int_equal(SB_MIN(5), vital->misfire_window);
    const struct sb_job_def *asked = job_of(c, "asked");
    assert_int_equal(1, asked->retry.attempts);
    assert_int_equal(150, asked->retry.factor_pct);
    assert_int_equal(SB_SCHEDULE_NONE, asked->schedule);
    const struct sb_job_def *timed = job_of(c, "timed");
    assert_int_equal(SB_SCHEDULE_CRON, timed->schedule);
    assert_string_equal("*/15 8-18 * * mon-fri", timed->schedule_text);
    assert_string_equal("Europe/Riga", c->zones[timed->zone].name);
    assert_int_equal(SB_OVERLAP_ALLOW, timed->overlap);
    assert_int_equal(3, timed->overlap_max);
    assert_int_equal(SB_MISFIRE_ALL, timed->misfire);
    assert_int_equal(5, timed->misfire_max);
    assert_int_equal(SB_GAP_SKIP, timed->gap);
    assert_int_equal(SB_OVERLAP_HOUR_BOTH, timed->overlap_hour);
    assert_int_equal(SB_MIN(2), timed->late_after);
    assert_true((timed->cron.minutes & 1) != 0 && timed->cron.week_days == 0x3e);
    sb_catalogue_destroy(c);
}

static void config__offset_auto_places_a_job_away_from_the_earlier_ones(void **state)
{
    (void)state;
    struct sb_catalogue *c = load_right("catalogue: t\n"
                                        "jobs:\n"
                                        "  first:\n"
                                        "    every: 10m\n"
                                        "    offset: auto\n" EXEC_STEP "  second:\n"
                                        "    every: 10m\n"
                                        "    offset: auto\n" EXEC_STEP,
                                        NULL);
    assert_int_equal(0, job_of(c, "first")->offset);
    assert_in_range(job_of(c, "second")->offset, SB_MIN(1), SB_MIN(9));
    sb_catalogue_destroy(c);
}

static void config__wrong_overrides_name_their_origin(void **state)
{
    (void)state;
    static const struct {
        struct sb_config_override override;
        const char *message, *hint;
    } WRONG[] = {
        {{"pool.polcy", "strict", "--set"}, "unknown key \"polcy\" in pool", "\"policy\""},
        {{"pol.policy", "strict", "SIGNALBOX_POL_POLICY"}, "unknown key \"pol\"", "\"pool\""},
        {{"pool.workers", "many", "--workers"}, "workers is a whole number, not \"many\"", ""},
        {{"jobs.b.every", "5m", "--set"}, "there is no job \"b\"", ""},
        {{"jobs.a.steps.0", "5m", "--set"}, "leads through a list", ""},
        {{"sites.other.base_url", "http://x", "--set"}, "names no key of a site in `sites`", ""},
        {{"pool..policy", "x", "--set"}, "\"pool..policy\" is not a key", ""},
        {{"pool.", "x", "--set"}, "\"pool.\" is not a key", ""},
        {{"", "x", "--set"}, "\"\" is not a key", ""},
        {{"catalogue.x", "x", "--set"}, "leads through a text", ""},
        {{"settings.speed", "60", "--speed"}, "speed is for the practice world", "practice: true"},
    };
    for (size_t i = 0; i < SB_LEN(WRONG); i++) {
        struct sb_config_source source = {.overrides = &WRONG[i].override, .override_count = 1};
        const struct sb_config_errors *errors = load_wrong(JOB_HEAD EXEC_STEP, &source);
        const struct sb_config_error *error = &errors->items[0];
        if (errors->total != 1 || strcmp(error->path, WRONG[i].override.origin) != 0 || error->line != 0 ||
            strstr(error->message, WRONG[i].message) == NULL || strstr(error->hint, WRONG[i].hint) == NULL) {
            fail_msg("%s: %s (%s)", error->path, error->message, error->hint);
        }
        assert_non_null(strstr(error->source, WRONG[i].override.value));
    }
}

static void config__speed_shortens_schedules_but_never_below_a_second(void **state)
{
    (void)state;
    struct sb_catalogue *c = load_right("catalogue: t\n"
                                        "settings: {practice: true, speed_pct: 6000}\n"
                                        "jobs:\n"
                                        "  a:\n    every: 20m\n    offset: 3m\n    jitter: 30s\n"
                                        "    start_deadline: 10m\n    misfire_window: 1h\n" EXEC_STEP "  b:\n    every: 30s\n" EXEC_STEP,
                                        NULL);
    const struct sb_job_def *a = job_of(c, "a");
    assert_int_equal(SB_S(20), a->every);
    assert_int_equal(SB_S(3), a->offset);
    assert_int_equal(SB_MS(500), a->jitter);
    assert_int_equal(SB_S(10), a->start_deadline);
    assert_int_equal(SB_MIN(1), a->misfire_window);
    assert_int_equal(SB_MIN(2), a->late_after);
    const struct sb_job_def *b = job_of(c, "b");
    assert_int_equal(SB_S(1), b->every);
    assert_int_equal(SB_S(1), b->misfire_window);
    assert_string_equal("every 1s", b->schedule_text);
    sb_catalogue_destroy(c);
}

static void config__budget_thresholds_are_permille_of_five_dollars(void **state)
{
    (void)state;
    struct sb_catalogue *c = load_right("catalogue: t\njobs: {}\nbudget:\n  limit_usd: 12.345678901\n  timezone: America/New_York\n"
                                        "  thresholds: {high: 4.995, medium: 2.5, low: 0.005}\n", NULL);
    assert_int_equal(12345678901, c->budget.limit.nano);
    assert_int_equal(999, c->budget.high_above_pm);
    assert_int_equal(500, c->budget.medium_above_pm);
    assert_int_equal(1, c->budget.low_above_pm);
    assert_string_equal("America/New_York", c->zones[c->budget.zone].name);
    sb_catalogue_destroy(c);
}

static void config__a_zone_is_read_once_and_tzdir_is_honoured(void **state)
{
    (void)state;
    struct sb_catalogue *c = load_right("catalogue: t\nbudget: {timezone: Europe/Riga}\njobs:\n"
                                        "  a: {cron: 5 4 * * *, timezone: Europe/Riga, steps: [{exec: {argv: [a]}}]}\n"
                                        "  b: {cron: 5 4 * * *, timezone: UTC, steps: [{exec: {argv: [a]}}]}\n", NULL);
    assert_int_equal(2, c->zone_count);
    assert_int_equal(1, c->budget.zone);
    assert_int_equal(1, c->jobs[0].zone);
    assert_int_equal(0, c->jobs[1].zone);
    sb_catalogue_destroy(c);
    assert_int_equal(0, setenv("TZDIR", "/nonexistent", 1));
    const struct sb_config_errors *errors = load_wrong("catalogue: t\njobs: {}\nbudget: {timezone: Europe/Riga}\n", NULL);
    assert_non_null(strstr(errors->items[0].message, "/nonexistent/Europe/Riga"));
    assert_int_equal(0, unsetenv("TZDIR"));
}

static void config__the_shipped_minimal_catalogue_loads(void **state)
{
    (void)state;
    static struct sb_config_errors errors;
    struct sb_config_source source = {.catalogue_path = SB_SOURCE_DIR "/runtime/catalog/minimal.yaml"};
    struct sb_catalogue *c = NULL;
    struct sb_error err = {0};
    if (sb_config_load(&c, &source, &errors, &err) != SB_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(2, c->job_count);
    assert_int_equal(SB_STEP_KIND_EXEC, c->steps[0].kind);
    assert_false(c->components[SB_COMPONENT_BROWSER].is_used);
    sb_catalogue_destroy(c);
}

static void config__many_jobs_load(void **state)
{
    (void)state;
    enum { JOBS = 10000 };
    size_t cap = JOBS * 100;
    char *yaml = malloc(cap);
    struct sb_text text;
    assert_non_null(yaml);
    sb_text_init(&text, yaml, cap);
    sb_text_add(&text, "catalogue: many\njobs:\n");
    for (int i = 0; i < JOBS; i++) {
        sb_text_addf(&text, "  j%d: {every: 5m, steps: [{exec: {argv: [a]}}]}\n", i);
    }
    struct sb_catalogue *c = load_right(yaml, NULL);
    assert_int_equal(JOBS, c->job_count);
    assert_string_equal("j9999", c->jobs[9999].name);
    assert_int_equal(9999, c->jobs[9999].first_step);
    sb_catalogue_destroy(c);
    free(yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config__an_empty_catalogue_has_every_default),
        cmocka_unit_test(config__the_state_folder_follows_the_environment),
        cmocka_unit_test(config__job_defaults_follow_from_the_job),
        cmocka_unit_test(config__offset_auto_places_a_job_away_from_the_earlier_ones),
        cmocka_unit_test(config__wrong_overrides_name_their_origin),
        cmocka_unit_test(config__speed_shortens_schedules_but_never_below_a_second),
        cmocka_unit_test(config__budget_thresholds_are_permille_of_five_dollars),
        cmocka_unit_test(config__a_zone_is_read_once_and_tzdir_is_honoured),
        cmocka_unit_test(config__the_shipped_minimal_catalogue_loads),
        cmocka_unit_test(config__many_jobs_load),
    };
    return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
