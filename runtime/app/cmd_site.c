/* site: the profiles of the catalogue, and whether they still fit their sites. `site check` drives the real browser through every flow that
 * changes nothing: it logs in, reads the profile, and uses what it found there for the flows that want an argument. It publishes nothing. */
#include "client.h"

#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLOW_SECONDS = 60, VALUE_MAX = 128 };

struct looking {
    struct installation *in;
    const struct sb_site *site;
    struct sb_context *context;
    struct sb_json_out *out;      /* with --json, else NULL */
    char post_id[VALUE_MAX];      /* of an own post, "" until a flow has shown one */
    unsigned good, bad, skipped;
};

static bool publishes(const struct sb_flow *flow)
{
    for (size_t i = 0; i < flow->action_count; i++)
        if (flow->actions[i].is_submit)
            return true;
    return false;
}

/* The arguments of the usual flows, as far as they can be made. False when one is missing: `why` says which. */
static bool arguments(const struct looking *looking, const struct sb_flow *flow, struct sb_pair *with, size_t *count, const char **why)
{
    const struct {
        const char *flow, *name, *value, *missing;
    } rows[] = {
        { "item", "post_id", looking->post_id, "no own post was found to open" },
        { "profile_older", "before", looking->post_id, "no own post was found to go on from" },
        { "search", "query", "a", "" },
        { "account", "handle", looking->site->account ? looking->site->account : "", "the site has no account" },
    };
    *count = 0;
    for (size_t i = 0; i < SB_LEN(rows); i++) {
        if (strcmp(rows[i].flow, flow->name) != 0)
            continue;
        with[(*count)++] = (struct sb_pair){ rows[i].name, rows[i].value };
        if (rows[i].value[0] == '\0') {
            *why = rows[i].missing;
            return false;
        }
    }
    return true;
}

static void tell(struct looking *looking, const char *flow, const char *state, const char *text, sb_ns took)
{
    char line[512];
    size_t used = 0;
    for (; text[used] != '\0' && used + 1 < sizeof(line); used++) /* a page may have written part of it */
        line[used] = (unsigned char)text[used] < 0x20 || text[used] == 0x7f ? '?' : text[used];
    line[used] = '\0';
    if (looking->out == NULL) {
        (void)printf("%-8s %-16s %6lld ms  %s\n", state, flow, (long long)(took / SB_MS(1)), line);
        return;
    }
    sb_json_object_begin(looking->out);
    sb_json_key(looking->out, "flow");
    sb_json_string(looking->out, flow);
    sb_json_key(looking->out, "state");
    sb_json_string(looking->out, state);
    sb_json_key(looking->out, "ms");
    sb_json_integer(looking->out, took / SB_MS(1));
    sb_json_key(looking->out, "text");
    sb_json_string(looking->out, line);
    sb_json_object_end(looking->out);
}

static bool take(const struct sb_json *json, const char *path, char value[VALUE_MAX])
{
    char *text = sb_json_type(json, path) == SB_JSON_STRING ? sb_json_text(json, path) : NULL;
    bool is_there = text != NULL && sb_copy(value, VALUE_MAX, text);
    free(text);
    return is_there;
}

/* What a flow read, by the names it saves under; and the first own post, for the flows after it. */
static void summary(struct looking *looking, const struct sb_flow *flow, const char *output, struct sb_text *text)
{
    struct sb_json *json = NULL;
    if (output == NULL || sb_json_parse(&json, output, strlen(output), NULL) != SB_OK) {
        sb_text_add(text, "done");
        return;
    }
    const char *separator = "";
    for (size_t i = 0; i < flow->action_count; i++) {
        const struct sb_action *action = &flow->actions[i];
        if (action->save_as == NULL || sb_json_type(json, action->save_as) == SB_JSON_MISSING)
            continue;
        if (sb_json_type(json, action->save_as) == SB_JSON_ARRAY)
            sb_text_addf(text, "%s%s: %zu", separator, action->save_as, sb_json_count(json, action->save_as));
        else
            sb_text_addf(text, "%s%s", separator, action->save_as);
        separator = ", ";
    }
    if (strcmp(flow->name, "profile") == 0 && !take(json, "posts.0.id", looking->post_id))
        (void)take(json, "posts.0.post_id", looking->post_id);
    if (separator[0] == '\0')
        sb_text_add(text, "done");
    sb_json_destroy(json);
}

static void run(struct looking *looking, const char *name, const struct sb_step_params *params, const struct sb_flow *flow)
{
    struct sb_job_def job = { .name = "site_check" };
    struct sb_step_def step = { .kind = params->kind, .needs_context = true };
    (void)sb_copy(step.name, sizeof(step.name), name);
    struct sb_step_env env = { .services = &looking->in->services, .job = &job, .step = &step, .params = params, .attempt = 1,
                               .op = { .deadline = sb_now() + SB_S(FLOW_SECONDS) }, .context = looking->context, .wall_now = sb_wall_now,
                               .now = sb_now };
    struct sb_step_result result = { .state = SB_STEP_STATE_PENDING };
    const struct sb_step_kind_ops *ops = sb_step_kind_ops((enum sb_step_kind)params->kind);
    sb_ns start = sb_now();
    char buf[512] = "";
    struct sb_text text;
    sb_text_init(&text, buf, sizeof(buf));
    ops->run(&env, &result);
    bool is_good = result.state == SB_STEP_STATE_SUCCEEDED;
    if (is_good && flow != NULL)
        summary(looking, flow, result.output, &text);
    else
        sb_text_add(&text, result.text);
    if (!is_good && ops->explain != NULL) {
        ops->explain(&env, &result);
        sb_text_addf(&text, "; the page is kept in %s/failures", looking->in->paths.state_dir);
    }
    looking->good += is_good;
    looking->bad += !is_good;
    tell(looking, name, is_good ? "ok" : "FAILED", buf, sb_now() - start);
    free(result.output);
}

static void look_at_session(struct looking *looking)
{
    const struct sb_pair with[] = { { "site", looking->site->name } };
    struct sb_step_params params = { .kind = SB_STEP_KIND_NATIVE, .place = "site check" };
    params.as.native = (struct sb_native_params){ .function = "session_check", .with = with, .with_count = SB_LEN(with) };
    run(looking, "check, login", &params, NULL);
}

static void look_at_flow(struct looking *looking, const struct sb_flow *flow)
{
    struct sb_pair with[2];
    const char *why = "";
    struct sb_step_params params = { .kind = SB_STEP_KIND_BROWSE, .place = "site check" };
    params.as.browse = (struct sb_browse_params){ .site = looking->site->name, .flow = flow->name, .with = with, .max_items = 1, .pages_max = 1 };
    if (publishes(flow))
        why = "it publishes: not tried";
    if (why[0] == '\0' && arguments(looking, flow, with, &params.as.browse.with_count, &why)) {
        run(looking, flow->name, &params, flow);
        return;
    }
    looking->skipped++;
    tell(looking, flow->name, "-", why, 0);
}

/* The profile before the others: it shows the post that they open. */
static void look_at_all(struct looking *looking)
{
    const struct sb_flow *profile = sb_site_flow(looking->site, "profile");
    look_at_session(looking);
    if (profile != NULL)
        look_at_flow(looking, profile);
    for (size_t i = 0; i < looking->site->flow_count; i++) {
        const struct sb_flow *flow = &looking->site->flows[i];
        if (flow != profile && strcmp(flow->name, "check") != 0 && strcmp(flow->name, "login") != 0)
            look_at_flow(looking, flow);
    }
}

static int check_site(struct installation *in, const struct sb_site *site, bool is_json)
{
    struct looking looking = { .in = in, .site = site, .out = is_json ? sb_json_out_create(1u << 20) : NULL };
    struct sb_op op = { .deadline = sb_now() + SB_S(FLOW_SECONDS) };
    struct sb_error error = { 0 };
    struct sb_browser *browser = in->services.browser;
    if (browser->ops->open(browser, site->allowed_hosts, site->allowed_host_count, &op, &looking.context, &error) != SB_OK) {
        complain("site %s: %s", site->name, error.text);
        sb_json_out_destroy(looking.out);
        return EXIT_UNAVAILABLE;
    }
    if (looking.out != NULL)
        sb_json_array_begin(looking.out);
    else
        (void)printf("%s at %s as %s\n", site->name, site->base_url, site->account ? site->account : "nobody");
    look_at_all(&looking);
    browser->ops->close_context(browser, looking.context);
    if (looking.out != NULL) {
        sb_json_array_end(looking.out);
        char *text = sb_json_out_take(looking.out);
        (void)puts(text != NULL ? text : "[]");
        free(text);
        sb_json_out_destroy(looking.out);
    } else {
        (void)printf("%u flows fit, %u do not, %u not tried\n", looking.good, looking.bad, looking.skipped);
    }
    return looking.bad == 0 ? EXIT_OK : EXIT_NO;
}

static int list_sites(const struct sb_catalogue *catalogue)
{
    (void)printf("%-16s %-40s %-20s %s\n", "SITE", "ADDRESS", "ACCOUNT", "FLOWS");
    for (size_t i = 0; i < catalogue->site_count; i++) {
        const struct sb_site *site = &catalogue->sites[i];
        (void)printf("%-16s %-40s %-20s", site->name, site->base_url, site->account ? site->account : "-");
        for (size_t k = 0; k < site->flow_count; k++)
            (void)printf(" %s", site->flows[k].name);
        (void)putchar('\n');
    }
    return EXIT_OK;
}

/* --- the breakers of a running runtime ----------------------------------------------------------------------------------------------- */

static int list_breakers(struct options *options)
{
    static const struct show_column columns[] = {
        { "SITE", "site", 20, SHOW_TEXT }, { "BREAKER", "state", 9, SHOW_TEXT },    { "SINCE", "age_ms", 8, SHOW_MS },
        { "ASKED IN", "asked_again_in_ms", 8, SHOW_MS }, { "BY", "actor", 10, SHOW_TEXT }, { "REASON", "reason", 0, SHOW_TEXT },
    };
    return show_list(options, "/v1/components", "breakers", columns, SB_LEN(columns));
}

static int move_breaker(struct options *options, const char *kind, const char *site)
{
    const struct client_field fields[] = { { "kind", CLIENT_TEXT, kind, 0 }, { "site", CLIENT_TEXT, site, 0 },
                                           { "reason", CLIENT_TEXT, options->why, 0 } };
    return client_send(options, "/v1/commands", fields, SB_LEN(fields));
}

int command_site(struct options *options)
{
    struct installation in;
    const char *verb = options->positional_count > 0 ? options->positionals[0] : "";
    if (sb_streq(verb, "breakers") && options->positional_count == 1)
        return list_breakers(options);
    if (options->positional_count == 2 && (sb_streq(verb, "trip") || sb_streq(verb, "reset")))
        return move_breaker(options, sb_streq(verb, "trip") ? "trip_breaker" : "reset_breaker", options->positionals[1]);
    bool is_list = strcmp(verb, "list") == 0 && options->positional_count == 1;
    bool is_check = strcmp(verb, "check") == 0 && options->positional_count == 2;
    if (!is_list && !is_check) {
        complain("site: expected list, breakers, or check | trip | reset NAME");
        return EXIT_USAGE;
    }
    sb_log_level_set(SB_LOG_ERROR); /* what the steps note is in the table */
    int code = installation_open_browser(&in, options, is_check);
    if (code != EXIT_OK)
        return code;
    const struct sb_site *site = is_check ? sb_catalogue_site(in.catalogue, options->positionals[1]) : NULL;
    if (is_check && site == NULL) {
        complain("there is no site \"%.60s\" in catalogue %s; `signalbox site list` names them", options->positionals[1], in.catalogue->name);
        code = EXIT_DATA;
    } else {
        code = is_list ? list_sites(in.catalogue) : check_site(&in, site, options->is_json);
    }
    installation_close(&in);
    return code;
}
