/* What a right catalogue becomes: defaults, derived values, overrides, prices, sites, origins. */
#include "files.h"

#include "runtime/config/region.h"

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

static const char SITE[] = "site: practice\n"
                           "base_url: http://127.0.0.1:8080\n"
                           "account: ops\n"
                           "login: {user: ops, secret: \"env:PW\"}\n"
                           "flows:\n"
                           "  post:\n"
                           "    - goto: /compose\n"
                           "    - wait: \"#text\"\n"
                           "      timeout: 5s\n"
                           "    - type: {selector: \"#text\", text: \"{{with.text}}\"}\n"
                           "    - capture: /api/posts\n"
                           "    - click: \"#send\"\n"
                           "      submit: true\n"
                           "    - receive: {save_as: made, fields: {post_id: post.id, at: {path: post.at, type: time, optional: true}}}\n"
                           "  read:\n"
                           "    - press: Enter\n"
                           "    - scroll: -2000\n"
                           "    - extract:\n"
                           "        selector: article\n"
                           "        many: true\n"
                           "        save_as: posts\n"
                           "        fields: {id: {attribute: data-id}, likes: {selector: .likes, type: number}, text: .text}\n"
                           "    - expect: main\n"
                           "      optional: true\n"
                           "    - expect: {selector: h1, text: Home}\n"
                           "    - screenshot: after\n";

static const char BROWSING[] = "catalogue: t\n"
                               "sites: [practice]\n"
                               "llm:\n"
                               "  base_url: http://127.0.0.1/v1\n"
                               "  aliases: {premium: big, economy: small}\n"
                               "jobs:\n"
                               "  a:\n"
                               "    category: posting\n"
                               "    steps:\n"
                               "      - name: read\n"
                               "        browse: {site: practice, flow: read}\n"
                               "        keeps_context: true\n"
                               "      - llm: {intent: reply_generation, prompt: \"{{steps.read.posts.0.text}}\", temperature: 0.25}\n"
                               "        goes_on: true\n"
                               "      - sql: {statement: \"INSERT INTO t VALUES ($1)\", params: [\"{{item.id}}\"], write: true, for_each: steps.read.posts}\n"
                               "        needs: [disk]\n"
                               "      - name: post\n"
                               "        browse: {site: practice, flow: post, with: {text: \"{{steps.llm.text}}\"}}\n"
                               "        effect: true\n"
                               "        restart: job\n"
                               "        timeout: 90s\n"
                               "      - check: {what: disk, fail: 100}\n"
                               "      - native: {function: f, with: {n: 5}}\n"
                               "      - http: {url: \"http://x/{{run}}\", headers: {X-A: b}, expect_status: 204}\n"
                               "      - exec: {argv: [cat, -], input: \"{{now}}\", env: {A: b}}\n";

static const char PRICES[] = "- {model: big, effective_from: 2026-01-01, in_usd_per_mtok: 2.5, out_usd_per_mtok: 10, cached_usd_per_mtok: 1.25}\n"
                             "- {model: big, effective_from: 2026-06-01, in_usd_per_mtok: 2.001, out_usd_per_mtok: 8.00, shutdown_date: 2027-01-01}\n"
                             "- {model: small, effective_from: 2025-01-01, in_usd_per_mtok: 0.15, out_usd_per_mtok: 0.6, cached_usd_per_mtok: 0.075}\n";

struct world {
    struct files files;
    struct sb_config_source source;
};

static void world_init(struct world *world, const char *site, const char *prices)
{
    files_init(&world->files);
    (void)files_add(&world->files, "practice.yaml", site);
    world->source = (struct sb_config_source){.site_dirs = {"/nonexistent", world->files.folder}};
    world->source.prices_path = files_add(&world->files, "prices.yaml", prices);
}

static void config__steps_know_what_they_need(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, SITE, PRICES);
    struct sb_catalogue *c = load_right(BROWSING, &world.source);
    const struct sb_step_def *s = c->steps;
    const struct sb_step_params *p = c->params;
    assert_int_equal(8, c->step_count);
    assert_int_equal(8, c->jobs[0].step_count);
    assert_string_equal("read", s[0].name);
    assert_true(s[0].needs_context && s[0].keeps_context && !s[0].is_effect);
    assert_int_equal(1u << SB_COMPONENT_BROWSER, s[0].needs);
    assert_int_equal(SB_S(60), s[0].timeout);
    assert_string_equal("llm", s[1].name);
    assert_true(s[1].uses_llm && s[1].goes_on && !s[1].needs_context);
    assert_int_equal(1u << SB_COMPONENT_LLM, s[1].needs);
    assert_int_equal(250, p[1].as.llm.temperature_pm);
    assert_int_equal(1u << SB_COMPONENT_STORE | 1u << SB_COMPONENT_DISK, s[2].needs);
    assert_true(p[2].as.sql.is_write);
    assert_string_equal("steps.read.posts", p[2].as.sql.for_each);
    assert_string_equal("{{item.id}}", p[2].as.sql.params[0]);
    assert_true(s[3].is_effect && s[3].restarts_job);
    assert_int_equal(SB_S(90), s[3].timeout);
    assert_string_equal("{{steps.llm.text}}", p[3].as.browse.with[0].value);
    assert_int_equal(50, p[3].as.browse.max_items);
    assert_string_equal("test.yaml:17:9", p[3].place);
    assert_int_equal(100, p[4].as.check.fail);
    assert_true(p[4].as.check.warn == INT64_MIN);
    assert_int_equal(0, s[4].needs);
    assert_int_equal(1u << SB_COMPONENT_STORE, s[5].needs);
    assert_string_equal("5", p[5].as.native.with[0].value);
    assert_string_equal("GET", p[6].as.http.method);
    assert_int_equal(204, p[6].as.http.expect_status);
    assert_int_equal(2, p[7].as.exec.argc);
    assert_int_equal(65536, p[7].as.exec.output_max);
    assert_true(c->components[SB_COMPONENT_BROWSER].is_used && c->components[SB_COMPONENT_LLM].is_used);
    sb_catalogue_destroy(c);
    files_deinit(&world.files);
}

static void config__site_profiles_become_actions(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, SITE, PRICES);
    struct sb_catalogue *c = load_right(BROWSING, &world.source);
    const struct sb_site *site = sb_catalogue_site(c, "practice");
    assert_non_null(site);
    assert_int_equal(1, site->allowed_host_count);
    assert_string_equal("127.0.0.1:8080", site->allowed_hosts[0]);
    assert_string_equal("env:PW", site->login_secret);
    assert_int_equal(280, site->text_max);
    assert_int_equal(SB_S(1), site->pacing);
    const struct sb_flow *post = sb_site_flow(site, "post");
    static const uint8_t KINDS[] = {SB_ACTION_GOTO, SB_ACTION_WAIT, SB_ACTION_TYPE, SB_ACTION_CAPTURE, SB_ACTION_CLICK, SB_ACTION_RECEIVE};
    assert_int_equal(SB_LEN(KINDS), post->action_count);
    for (size_t i = 0; i < SB_LEN(KINDS); i++) {
        assert_int_equal(KINDS[i], post->actions[i].kind);
    }
    assert_string_equal("/compose", post->actions[0].url);
    assert_int_equal(SB_S(5), post->actions[1].timeout);
    assert_string_equal("{{with.text}}", post->actions[2].text);
    assert_true(post->actions[4].is_submit);
    assert_string_equal("made", post->actions[5].save_as);
    assert_string_equal("post.id", post->actions[5].fields[0].selector);
    assert_true(post->actions[5].fields[1].is_optional);
    assert_int_equal(SB_VALUE_TIME, post->actions[5].fields[1].type);
    assert_string_equal("practice.yaml:7:7", post->actions[0].place);
    const struct sb_flow *read = sb_site_flow(site, "read");
    assert_string_equal("Enter", read->actions[0].key);
    assert_int_equal(-2000, read->actions[1].pixels);
    assert_true(read->actions[2].is_many);
    assert_int_equal(50, read->actions[2].max);
    assert_string_equal("", read->actions[2].fields[0].selector);
    assert_string_equal("data-id", read->actions[2].fields[0].attribute);
    assert_string_equal(".text", read->actions[2].fields[2].selector);
    assert_string_equal("main", read->actions[3].selector);
    assert_true(read->actions[3].is_optional && read->actions[3].text == NULL);
    assert_string_equal("Home", read->actions[4].text);
    assert_string_equal("after", read->actions[5].save_as);
    sb_catalogue_destroy(c);
    files_deinit(&world.files);
}

static void config__prices_are_exact_and_of_the_day(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, SITE, PRICES);
    struct sb_catalogue *c = load_right(BROWSING, &world.source);
    assert_int_equal(2, c->llm.alias_count);
    assert_string_equal("premium", c->llm.aliases[0].alias);
    assert_int_equal(2001, c->llm.aliases[0].in_nano);
    assert_int_equal(8000, c->llm.aliases[0].out_nano);
    assert_int_equal(2001, c->llm.aliases[0].cached_nano); /* no price of its own */
    assert_string_equal("2027-01-01", c->llm.aliases[0].shutdown_date);
    assert_int_equal(150, c->llm.aliases[1].in_nano);
    assert_int_equal(600, c->llm.aliases[1].out_nano);
    assert_int_equal(75, c->llm.aliases[1].cached_nano);
    sb_catalogue_destroy(c);
    world.source.now = sb_civil_wall((struct sb_civil){.year = 2026, .month = 5, .day = 31, .hour = 23});
    c = load_right(BROWSING, &world.source);
    assert_int_equal(2500, c->llm.aliases[0].in_nano);
    assert_int_equal(1250, c->llm.aliases[0].cached_nano);
    sb_catalogue_destroy(c);
    world.source.now = sb_civil_wall((struct sb_civil){.year = 2025, .month = 12, .day = 31});
    const struct sb_config_errors *errors = load_wrong(BROWSING, &world.source);
    assert_int_equal(1, errors->total);
    assert_non_null(strstr(errors->items[0].message, "begins only on 2026-06-01"));
    files_deinit(&world.files);
}

static void expect_price_mistake(const char *prices, uint32_t line, uint32_t column, const char *message)
{
    struct world world;
    world_init(&world, SITE, prices);
    const struct sb_config_errors *errors = load_wrong(BROWSING, &world.source);
    const struct sb_config_error *error = &errors->items[0];
    for (size_t i = 0; i < errors->count && strstr(errors->items[i].path, "prices.yaml") == NULL; i++) {
        error = &errors->items[i + 1 < errors->count ? i + 1 : i];
    }
    if (error->line != line || error->column != column || strstr(error->message, message) == NULL) {
        fail_msg("%s:%u:%u: %s", error->path, (unsigned)error->line, (unsigned)error->column, error->message);
    }
    files_deinit(&world.files);
}

static void config__prices_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    expect_price_mistake("- {model: big, effective_from: 2026-01-01, in_usd_per_mtok: 0.0005, out_usd_per_mtok: 1}\n", 1, 61, "at most 3 digits");
    expect_price_mistake("- {model: big, effective_from: 2026-02-30, in_usd_per_mtok: 1, out_usd_per_mtok: 1}\n", 1, 32, "must be a date");
    expect_price_mistake("- {model: big, effective_from: 2026-01-01, in_usd_per_mtok: 1e3, out_usd_per_mtok: 1}\n", 1, 61, "decimal");
    expect_price_mistake("- {model: big, effective_from: 2026-01-01, in_usd_per_mtok: 1, out_usd_per_mtok: 1}\n"
                         "- {model: big, effective_from: 2026-01-01, in_usd_per_mtok: 2, out_usd_per_mtok: 1}\n", 2, 32, "two prices from 2026-01-01");
    expect_price_mistake("- {model: big, effective_from: 2026-01-01, in_usd_per_mtok: 1}\n", 1, 3, "lacks the key \"out_usd_per_mtok\"");
}

static void config__an_alias_needs_a_price(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, SITE, "- {model: bigg, effective_from: 2026-01-01, in_usd_per_mtok: 1, out_usd_per_mtok: 1}\n"
                             "- {model: small, effective_from: 2026-01-01, in_usd_per_mtok: 1, out_usd_per_mtok: 1}\n");
    const struct sb_config_errors *errors = load_wrong(BROWSING, &world.source);
    assert_int_equal(1, errors->total);
    assert_int_equal(5, errors->items[0].line);
    assert_int_equal(22, errors->items[0].column);
    assert_non_null(strstr(errors->items[0].message, "model \"big\" has no price"));
    assert_string_equal("did you mean \"bigg\"?", errors->items[0].hint);
    files_deinit(&world.files);
}

static void config__dangling_references_are_found_at_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        uint32_t line, column;
        const char *message, *hint;
    } CHANGES[] = {
        {"site: practice, flow: read", "site: practise, flow: read", 11, 24, "site \"practise\" is not in `sites`", "\"practice\""},
        {"flow: read}", "flow: raed}", 11, 40, "site practice has no flow \"raed\"", "\"read\""},
        {"with: {text: ", "with: {txt: ", 18, 9, "flow post of site practice needs the argument \"text\"", ""},
        {"  base_url: http://127.0.0.1/v1\n", "", 12, 9, "llm.base_url is not given", "premium"},
        {", economy: small", "", 5, 3, "must name the models premium and economy", "economy"},
        {"catalogue: t\n", "catalogue: t\ncomponents: {browser: {used: false}}\n", 2, 30, "browser is not used", ""},
    };
    struct world world;
    world_init(&world, SITE, PRICES);
    for (size_t i = 0; i < SB_LEN(CHANGES); i++) {
        char yaml[4096];
        const char *at = strstr(BROWSING, CHANGES[i].from);
        assert_non_null(at);
        (void)snprintf(yaml, sizeof yaml, "%.*s%s%s", (int)(at - BROWSING), BROWSING, CHANGES[i].to, at + strlen(CHANGES[i].from));
        const struct sb_config_error *error = &load_wrong(yaml, &world.source)->items[0];
        bool is_argument = strstr(CHANGES[i].message, "argument") != NULL; /* the place of `with`, and the one too many after it */
        if ((!is_argument && error->column != CHANGES[i].column) || error->line != CHANGES[i].line ||
            strstr(error->message, CHANGES[i].message) == NULL || strstr(error->hint, CHANGES[i].hint) == NULL) {
            fail_msg("%u:%u: %s (%s)", (unsigned)error->line, (unsigned)error->column, error->message, error->hint);
        }
    }
    files_deinit(&world.files);
}

static void config__mistakes_of_all_files_come_together(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, "site: other\nbase_url: ftp://x\nflows:\n  f:\n    - clik: a\n    - goto: /\n      submit: true\n",
               "- {model: big, effective_from: x, in_usd_per_mtok: 1, out_usd_per_mtok: 1}\n");
    const struct sb_config_errors *errors = load_wrong("catalogue: t\nsites: [practice, missing]\npol: {}\njobs: {}\n", &world.source);
    assert_int_equal(7, errors->total);
    assert_string_equal("test.yaml", errors->items[0].path);
    assert_int_equal(2, errors->items[0].line); /* the missing profile */
    assert_int_equal(19, errors->items[0].column);
    assert_int_equal(3, errors->items[1].line);
    static const uint32_t SITE_LINES[] = {1, 2, 5, 7};
    for (size_t i = 0; i < SB_LEN(SITE_LINES); i++) {
        assert_non_null(strstr(errors->items[2 + i].path, "/practice.yaml"));
        assert_int_equal(SITE_LINES[i], errors->items[2 + i].line);
    }
    assert_non_null(strstr(errors->items[6].path, "/prices.yaml"));
    files_deinit(&world.files);
}

static void config__overrides_win_and_keep_their_origin(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, SITE, PRICES);
    const struct sb_config_override overrides[] = {
        {"llm.base_url", "http://127.0.0.1:9/v1", "practice"},
        {"settings.store", "sqlite:/tmp/x.db", "--set"},
        {"settings.practice", "true", "practice"},
        {"settings.speed", "60", "--speed"},
        {"jobs.a.every", "30m", "--set"},
        {"sites.practice.base_url", "http://127.0.0.1:9", "practice"},
        {"sites.practice.allowed_hosts", "127.0.0.1:9,localhost", "practice"},
        {"pool.lanes.low", "3", "SIGNALBOX_POOL_LANES_LOW"},
    };
    world.source.overrides = overrides;
    world.source.override_count = SB_LEN(overrides);
    struct sb_catalogue *c = load_right(BROWSING, &world.source);
    assert_string_equal("http://127.0.0.1:9/v1", c->llm.base_url);
    assert_string_equal("sqlite:/tmp/x.db", c->settings.store);
    assert_true(c->settings.is_practice);
    assert_int_equal(6000, c->settings.speed_pct);
    assert_int_equal(SB_S(30), c->jobs[0].every);
    assert_string_equal("every 30s", c->jobs[0].schedule_text);
    assert_int_equal(3, c->pool.lane_contexts[SB_LANE_LOW]);
    assert_string_equal("http://127.0.0.1:9", c->sites[0].base_url);
    assert_int_equal(2, c->sites[0].allowed_host_count);
    assert_string_equal("localhost", c->sites[0].allowed_hosts[1]);
    assert_string_equal("practice", sb_config_explain("llm.base_url"));
    assert_string_equal("--set", sb_config_explain("jobs.a.every"));
    assert_string_equal("test.yaml:8:15", sb_config_explain("jobs.a.category"));
    assert_string_equal("practice", sb_config_explain("sites.practice.base_url"));
    assert_string_equal("practice.yaml:3:10", sb_config_explain("sites.practice.account"));
    assert_string_equal("default", sb_config_explain("pool.policy"));
    assert_string_equal("default", sb_config_explain("sites.practice.pacing"));
    assert_null(sb_config_explain("pool.polcy"));
    sb_catalogue_destroy(c);
    assert_string_equal("default", sb_config_explain("llm.base_url")); /* nothing is loaded any more */
    files_deinit(&world.files);
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
                                        "  a:\n    every: 20m\n    offset: 3m\n    jitter: 30s\n    start_deadline: 10m\n    misfire_window: 1h\n" EXEC_STEP
                                        "  b:\n    every: 30s\n" EXEC_STEP,
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

static void config__the_hash_covers_every_file(void **state)
{
    (void)state;
    struct world world;
    char first[SB_NAME_MAX];
    world_init(&world, SITE, PRICES);
    struct sb_catalogue *c = load_right(BROWSING, &world.source);
    (void)sb_copy(first, sizeof first, c->config_hash);
    assert_int_equal(12, strlen(first));
    assert_int_equal(12, strspn(first, "0123456789abcdef"));
    sb_catalogue_destroy(c);
    world.files.count--; /* the same file again, with a comment more */
    (void)files_add(&world.files, "prices.yaml", PRICES);
    c = load_right(BROWSING, &world.source);
    assert_string_equal(first, c->config_hash);
    sb_catalogue_destroy(c);
    char longer[2000];
    (void)snprintf(longer, sizeof longer, "%s# a comment\n", PRICES);
    world.files.count--;
    (void)files_add(&world.files, "prices.yaml", longer);
    c = load_right(BROWSING, &world.source);
    assert_string_not_equal(first, c->config_hash);
    sb_catalogue_destroy(c);
    files_deinit(&world.files);
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

/* Allocation n fails, for every n until nothing fails any more. */
static void config__running_out_of_memory_is_an_error_and_leaks_nothing(void **state)
{
    (void)state;
    struct world world;
    bool is_done = false;
    unsigned failures = 0;
    world_init(&world, SITE, PRICES);
    for (unsigned n = 1; !is_done; n++) {
        struct sb_catalogue *c = NULL;
        struct sb_error err = {0};
        assert_true(n < 1000);
        sb_cfg_region_fail_nth(n);
        enum sb_err code = sb_config_load_text(&c, "test.yaml", BROWSING, strlen(BROWSING), &world.source, NULL, &err);
        sb_cfg_region_fail_nth(0);
        is_done = code == SB_OK;
        if (!is_done) {
            failures++;
            assert_int_equal(SB_ERR_NOMEM, code);
            assert_null(c);
        }
        sb_catalogue_destroy(c);
    }
    assert_true(failures >= 2);
    files_deinit(&world.files);
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
        cmocka_unit_test(config__steps_know_what_they_need),
        cmocka_unit_test(config__site_profiles_become_actions),
        cmocka_unit_test(config__prices_are_exact_and_of_the_day),
        cmocka_unit_test(config__prices_that_do_not_fit_are_refused),
        cmocka_unit_test(config__an_alias_needs_a_price),
        cmocka_unit_test(config__dangling_references_are_found_at_their_place),
        cmocka_unit_test(config__mistakes_of_all_files_come_together),
        cmocka_unit_test(config__overrides_win_and_keep_their_origin),
        cmocka_unit_test(config__wrong_overrides_name_their_origin),
        cmocka_unit_test(config__speed_shortens_schedules_but_never_below_a_second),
        cmocka_unit_test(config__the_hash_covers_every_file),
        cmocka_unit_test(config__budget_thresholds_are_permille_of_five_dollars),
        cmocka_unit_test(config__a_zone_is_read_once_and_tzdir_is_honoured),
        cmocka_unit_test(config__the_shipped_minimal_catalogue_loads),
        cmocka_unit_test(config__running_out_of_memory_is_an_error_and_leaks_nothing),
        cmocka_unit_test(config__many_jobs_load),
    };
    return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
