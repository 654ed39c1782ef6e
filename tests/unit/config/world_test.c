/* A catalogue with sites and prices: steps and actions, exact prices, references between files, overrides with their origins. */
#include "files.h"

#include "runtime/config/region.h"

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
                               "      - sql: {statement: \"INSERT INTO t VALUES ($1)\", params: [\"{{item.id}}\"], write: true,\n"
                               "              for_each: steps.read.posts}\n"
                               "        needs: [disk]\n"
                               "      - name: post\n"
                               "        browse: {site: practice, flow: post, with: {text: \"{{steps.llm.text}}\"}}\n"
                               "        effect: true\n"
                               "        restart: job\n"
                               "        timeout: 90s\n"
                               "      - check: {what: disk, fail: 100}\n"
                               "      - native: {function: f, with: {n: 5}}\n"
                               "      - http: {url: \"http://x/{{run}}\", headers: {X-A: b}, expect_status: 204}\n"
                               "      - exec: {argv: [cat, -], input: \"{{now}}\", env: {A: b}}\n"
                               "        node: any\n";

#define BIG(day, rest) "- {model: big, effective_from: " day ", " rest "}\n"

static const char PRICES[] = BIG("2026-01-01", "in_usd_per_mtok: 2.5, out_usd_per_mtok: 10, cached_usd_per_mtok: 1.25")
                             BIG("2026-06-01", "in_usd_per_mtok: 2.001, out_usd_per_mtok: 8.00, shutdown_date: 2027-01-01")
                             "- {model: small, effective_from: 2025-01-01, in_usd_per_mtok: 0.15, out_usd_per_mtok: 0.6,\n"
                             "   cached_usd_per_mtok: 0.075}\n";

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
    assert_true(p[7].is_lent && !p[2].is_lent);
    assert_int_equal(4, c->settings.hands);
    assert_string_equal("steps.read.posts", p[2].as.sql.for_each);
    assert_string_equal("{{item.id}}", p[2].as.sql.params[0]);
    assert_true(s[3].is_effect && s[3].restarts_job);
    assert_int_equal(SB_S(90), s[3].timeout);
    assert_string_equal("{{steps.llm.text}}", p[3].as.browse.with[0].value);
    assert_int_equal(50, p[3].as.browse.max_items);
    assert_string_equal("test.yaml:18:9", p[3].place);
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
    int64_t days = 0;
    assert_ptr_equal(sb_catalogue_ending(c, (struct sb_wall){ SB_DAY(sb_civil_days(2026, 12, 2)) }, 0, &days), &c->llm.aliases[0]);
    assert_int_equal(days, 30);
    assert_ptr_equal(sb_catalogue_ending(c, (struct sb_wall){ SB_DAY(sb_civil_days(2027, 1, 2)) }, INT64_MIN, &days), &c->llm.aliases[0]);
    assert_int_equal(days, -1);
    assert_null(sb_catalogue_ending(c, (struct sb_wall){ SB_DAY(sb_civil_days(2027, 1, 2)) }, 0, &days));
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
    expect_price_mistake(BIG("2026-01-01", "in_usd_per_mtok: 0.0005, out_usd_per_mtok: 1"), 1, 61, "at most 3 digits");
    expect_price_mistake(BIG("2026-02-30", "in_usd_per_mtok: 1, out_usd_per_mtok: 1"), 1, 32, "must be a date");
    expect_price_mistake(BIG("2026-01-01", "in_usd_per_mtok: 1e3, out_usd_per_mtok: 1"), 1, 61, "decimal");
    expect_price_mistake(BIG("2026-01-01", "in_usd_per_mtok: 1, out_usd_per_mtok: 1")
                         BIG("2026-01-01", "in_usd_per_mtok: 2, out_usd_per_mtok: 1"), 2, 32, "two prices from 2026-01-01");
    expect_price_mistake(BIG("2026-01-01", "in_usd_per_mtok: 1"), 1, 3, "lacks the key \"out_usd_per_mtok\"");
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
        {"with: {text: ", "with: {txt: ", 19, 9, "flow post of site practice needs the argument \"text\"", ""},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config__steps_know_what_they_need),
        cmocka_unit_test(config__site_profiles_become_actions),
        cmocka_unit_test(config__prices_are_exact_and_of_the_day),
        cmocka_unit_test(config__prices_that_do_not_fit_are_refused),
        cmocka_unit_test(config__an_alias_needs_a_price),
        cmocka_unit_test(config__dangling_references_are_found_at_their_place),
        cmocka_unit_test(config__mistakes_of_all_files_come_together),
        cmocka_unit_test(config__overrides_win_and_keep_their_origin),
        cmocka_unit_test(config__the_hash_covers_every_file),
        cmocka_unit_test(config__running_out_of_memory_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests_name("world", tests, NULL, NULL);
}
