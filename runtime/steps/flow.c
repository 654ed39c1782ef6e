/* The interpreter of site flows over the browser port. Runs on the worker thread that holds the context.
 *
 * It keeps one piece of state between runs: per site, the time before which no further navigation may begin (pacing), as atomics. It
 * must never retry an action, never click a submit without asking the caller's hook, and never put a template value anywhere but into a
 * field, an address or a comparison. */
#include "flow.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SAVES_MAX = 32, SITES_PACED_MAX = 64 };

static const sb_ns expect_timeout = SB_S(2); /* an element that "must exist" is there or is about to be */

/* A value kept under a save_as name. */
struct saved {
    const char *name;
    char *json;
};

struct flow_run {
    const struct sb_flow_call *call;
    struct saved saved[SAVES_MAX];
    size_t saved_count;
};

/* Next allowed navigation by place of the site in the catalogue, monotonic. Sites beyond the table share a slot: only slower, never faster. */
static _Atomic(int64_t) next_navigation[SITES_PACED_MAX];

static const struct sb_browser_ops *ops_of(const struct flow_run *run)
{
    return run->call->env->services->browser->ops;
}

static enum sb_err expand(const struct flow_run *run, const struct sb_action *action, const char *template, enum sb_template_use use,
                          char **text, struct sb_error *err)
{
    struct sb_scope scope = *run->call->scope;
    scope.place = action->place;
    return sb_template_expand(&scope, template, use, text, err);
}

/* Frees a text that may hold a password. */
static void wipe(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

/* Takes `json`. */
static enum sb_err save(struct flow_run *run, const struct sb_action *action, char *json, struct sb_error *err)
{
    const struct sb_flow_hooks *hooks = run->call->hooks;
    enum sb_err code = hooks && hooks->saved ? hooks->saved(hooks->arg, action, json, err) : SB_OK;
    if (code != SB_OK || action->save_as == NULL) {
        free(json);
        return code;
    }
    for (size_t i = 0; i < run->saved_count; i++)
        if (sb_streq(run->saved[i].name, action->save_as)) {
            free(run->saved[i].json);
            run->saved[i].json = json;
            return SB_OK;
        }
    if (run->saved_count == SAVES_MAX) {
        free(json);
        return sb_error_set(err, SB_ERR_TOO_LARGE, "a flow saves at most %d values", SAVES_MAX);
    }
    run->saved[run->saved_count++] = (struct saved){ action->save_as, json };
    return SB_OK;
}

/* Waits for the site's turn. The slot is reserved before waiting, so that two contexts on one site take turns. */
static enum sb_err pace(const struct flow_run *run, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_site *site = run->call->site;
    size_t slot = (size_t)(site - run->call->env->services->catalogue->sites) % SITES_PACED_MAX;
    if (site->pacing <= 0)
        return SB_OK;
    int64_t next = atomic_load(&next_navigation[slot]), now = run->call->env->now(), turn;
    do {
        turn = next > now ? next : now;
    } while (!atomic_compare_exchange_weak(&next_navigation[slot], &next, sb_ns_add(turn, site->pacing)));
    if (turn <= now)
        return SB_OK;
    struct sb_op wait = sb_op_within(op, turn - now);
    enum sb_err code = sb_poll_readable(NULL, 0, &wait, &(size_t){ 0 }, err);
    return code == SB_ERR_TIMEOUT ? sb_op_check(op, "pacing of the site", err) : code;
}

static enum sb_err status_check(const struct sb_navigation *navigation, struct sb_error *err)
{
    int status = navigation->status;
    if (status < 400)
        return SB_OK;
    enum sb_err code = status == 404 || status == 410 ? SB_ERR_NOT_FOUND
                       : status == 401 || status == 403 ? SB_ERR_PERMISSION
                       : status == 429                  ? SB_ERR_RATE_LIMITED
                                                        : SB_ERR_PROTOCOL;
    return sb_error_set(err, code, "the site answered %d for %s", status, navigation->url);
}

static enum sb_err act_goto(struct flow_run *run, const struct sb_action *action, const struct sb_op *op, struct sb_error *err)
{
    struct sb_navigation navigation = { 0 };
    char *path = NULL;
    enum sb_err code = expand(run, action, action->url, SB_TEMPLATE_URL, &path, err);
    if (code != SB_OK)
        return code;
    bool is_absolute = strncasecmp(path, "http://", 7) == 0 || strncasecmp(path, "https://", 8) == 0;
    const char *base = is_absolute ? "" : run->call->site->base_url;
    size_t base_size = strlen(base), size = base_size + strlen(path) + 2;
    char *url = malloc(size);
    if (url == NULL) {
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for an address");
        goto out;
    }
    if (base_size > 0 && base[base_size - 1] == '/')
        base_size--;
    (void)snprintf(url, size, "%.*s%s%s", (int)base_size, base, is_absolute || path[0] == '/' ? "" : "/", path);
    code = pace(run, op, err);
    if (code == SB_OK)
        code = ops_of(run)->go(run->call->env->context, url, op, &navigation, err);
    if (code == SB_OK)
        code = status_check(&navigation, err);
out:
    free(url);
    free(path);
    return code;
}

static enum sb_err act_wait(struct flow_run *run, const struct sb_action *action, const struct sb_op *op, struct sb_error *err)
{
    return ops_of(run)->wait(run->call->env->context, action->selector, op, err);
}

/* Asks the hook of a submit. The element is awaited first, so that a missing button fails before anything is promised. */
static enum sb_err before_submit(struct flow_run *run, const struct sb_action *action, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_flow_hooks *hooks = run->call->hooks;
    if (!action->is_submit)
        return SB_OK;
    if (action->kind == SB_ACTION_CLICK) {
        enum sb_err code = ops_of(run)->wait(run->call->env->context, action->selector, op, err);
        if (code != SB_OK)
            return code;
    }
    if (hooks == NULL || hooks->submit == NULL)
        return sb_error_set(err, SB_ERR_REFUSED, "this step may not submit: only publishing steps run a flow with an outside effect");
    return hooks->submit(hooks->arg, err);
}

static enum sb_err act_click(struct flow_run *run, const struct sb_action *action, const struct sb_op *op, struct sb_error *err)
{
    enum sb_err code = before_submit(run, action, op, err);
    return code == SB_OK ? ops_of(run)->click(run->call->env->context, action->selector, op, err) : code;
}

static enum sb_err act_type(struct flow_run *run, const struct sb_action *action, const struct sb_op *op, struct sb_error *err)
{
    char *text = NULL;
    enum sb_err code = expand(run, action, action->text, SB_TEMPLATE_TEXT, &text, err);
    if (code == SB_OK)
        code = ops_of(run)->type(run->call->env->context, action->selector, text, op, err);
    wipe(text);
    return code;
}

static enum sb_err act_press(struct flow_run *run, const struct sb_action *action, const struct sb_op *op, struct sb_error *err)
{
    enum sb_err code = before_submit(run, action, op, err);
    return code == SB_OK ? ops_of(run)->press(run->call->env->context, action->key, op, err) : code;
}

static enum sb_err act_scroll(struct flow_run *run, const struct sb_action *action, const struct sb_op *op, struct sb_error *err)
{
    return ops_of(run)->scroll(run->call->env->context, action->pixels, op, err);
}

static enum sb_err act_extract(struct flow_run *run, const struct sb_action *action, const struct sb_op *op, struct sb_error *err)
{
    char *json = NULL;
    uint32_t max = action->max ? action->max : SB_STEP_ITEMS_MAX;
    enum sb_err code = ops_of(run)->extract(run->call->env->context, action->selector, action->fields, action->field_count,
                                            action->is_many, max, op, &json, err);
    return code == SB_OK ? save(run, action, json, err) : code;
}

/* The element's text must be the expected one, apart from white space around it. */
static enum sb_err expect_text(struct flow_run *run, const struct sb_action *action, const struct sb_op *op, struct sb_error *err)
{
    static const struct sb_extract_field field = { .name = "text", .selector = "", .type = SB_VALUE_TEXT };
    char *wanted = NULL, *json = NULL, *found = NULL;
    const char *from = "";
    size_t size = 0;
    struct sb_json *document = NULL;
    enum sb_err code = expand(run, action, action->text, SB_TEMPLATE_TEXT, &wanted, err);
    if (code == SB_OK)
        code = ops_of(run)->extract(run->call->env->context, action->selector, &field, 1, false, 1, op, &json, err);
    if (code == SB_OK)
        code = sb_json_parse(&document, json, strlen(json), err);
    if (code != SB_OK)
        goto out;
    found = sb_json_text(document, "text");
    from = found ? found : "";
    size = strlen(from);
    while (size > 0 && strchr(" \t\r\n", from[size - 1]) != NULL)
        size--;
    while (size > 0 && strchr(" \t\r\n", *from) != NULL) {
        from++;
        size--;
    }
    if (size != strlen(wanted) || strncmp(from, wanted, size) != 0)
        code = sb_error_set(err, SB_ERR_NOT_FOUND, "expected \"%.80s\" at %s, found \"%.*s\"", wanted, action->selector,
                            (int)(size < 80 ? size : 80), from);
out:
    free(found);
    sb_json_destroy(document);
    free(json);
    wipe(wanted);
    return code;
}

static enum sb_err act_expect(struct flow_run *run, const struct sb_action *action, const struct sb_op *op, struct sb_error *err)
{
    struct sb_op soon = sb_op_within(op, action->timeout ? action->timeout : expect_timeout);
    enum sb_err code = ops_of(run)->wait(run->call->env->context, action->selector, &soon, err);
    if (code == SB_ERR_TIMEOUT && sb_op_check(op, action->selector, NULL) == SB_OK)
        return sb_error_set(err, SB_ERR_NOT_FOUND, "expected element %s is not on the page", action->selector);
    return code == SB_OK && action->text != NULL ? expect_text(run, action, op, err) : code;
}

static enum sb_err act_capture(struct flow_run *run, const struct sb_action *action, const struct sb_op *op, struct sb_error *err)
{
    char *part = NULL;
    enum sb_err code = expand(run, action, action->url, SB_TEMPLATE_TEXT, &part, err);
    if (code == SB_OK)
        code = ops_of(run)->capture(run->call->env->context, part, op, err);
    free(part);
    return code;
}

static void put_field(struct sb_json_out *out, const struct sb_json *body, const struct sb_extract_field *field)
{
    int64_t number = 0;
    char *text = NULL;
    if (field->type == SB_VALUE_NUMBER && sb_json_i64(body, field->selector, &number)) {
        sb_json_integer(out, number);
        return;
    }
    text = sb_json_text(body, field->selector);
    if (field->type == SB_VALUE_FLAG)
        sb_json_boolean(out, sb_streq(text ? text : "", "true") || sb_streq(text ? text : "", "1"));
    else if (field->type == SB_VALUE_TEXT)
        sb_json_string(out, text);
    else
        sb_json_put(out, body, field->selector);
    free(text);
}

/* The fields of an answer by JSON path, as an object; without fields the whole answer. */
static enum sb_err pick_fields(const struct sb_action *action, const char *body, char **json, struct sb_error *err)
{
    struct sb_json *document = NULL;
    enum sb_err code = sb_json_parse(&document, body, strlen(body), err);
    if (code != SB_OK)
        return sb_error_set(err, SB_ERR_PROTOCOL, "the received answer is no JSON");
    struct sb_json_out *out = sb_json_out_create(SB_STEP_OUTPUT_MAX);
    if (out == NULL)
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for a received answer");
    if (code == SB_OK && action->field_count == 0)
        sb_json_raw(out, body);
    if (code == SB_OK && action->field_count > 0) {
        sb_json_object_begin(out);
        for (size_t i = 0; i < action->field_count && code == SB_OK; i++) {
            const struct sb_extract_field *field = &action->fields[i];
            enum sb_json_type type = sb_json_type(document, field->selector);
            if ((type == SB_JSON_MISSING || type == SB_JSON_NULL) && !field->is_optional)
                code = sb_error_set(err, SB_ERR_NOT_FOUND, "the received answer has no \"%s\"", field->selector);
            sb_json_key(out, field->name);
            put_field(out, document, field);
        }
        sb_json_object_end(out);
    }
    if (code == SB_OK && (*json = sb_json_out_take(out)) == NULL)
        code = sb_error_set(err, SB_ERR_TOO_LARGE, "the received answer is too large");
    sb_json_out_destroy(out);
    sb_json_destroy(document);
    return code;
}

static enum sb_err act_receive(struct flow_run *run, const struct sb_action *action, const struct sb_op *op, struct sb_error *err)
{
    int status = 0;
    char *body = NULL, *json = NULL;
    enum sb_err code = ops_of(run)->receive(run->call->env->context, op, &status, &body, err);
    if (code != SB_OK)
        return code;
    if (status == 429)
        code = sb_error_set(err, SB_ERR_RATE_LIMITED, "the site answered 429 to the captured request");
    else if (status >= 400)
        code = sb_error_set(err, SB_ERR_PROTOCOL, "the site answered %d to the captured request", status);
    else
        code = pick_fields(action, body, &json, err);
    if (code == SB_OK)
        code = save(run, action, json, err);
    free(body);
    return code;
}

/* Writes a picture of the page below the state folder. `*path` is malloc'ed. */
static enum sb_err picture(const struct flow_run *run, const char *name, const struct sb_op *op, char **path, struct sb_error *err)
{
    const char *state = run->call->env->services->catalogue->settings.state_dir;
    unsigned char *png = NULL;
    size_t size = 0;
    char folder[512], file[768];
    if (state == NULL)
        return sb_error_set(err, SB_ERR_UNAVAILABLE, "no state folder for a screenshot");
    (void)snprintf(folder, sizeof folder, "%s/captures", state);
    (void)snprintf(file, sizeof file, "%s/%s-%s-%s.png", folder, run->call->site->name, run->call->flow->name, name);
    enum sb_err code = ops_of(run)->screenshot(run->call->env->context, op, &png, &size, err);
    if (code == SB_OK)
        code = sb_dir_make(folder, 0700, err);
    if (code == SB_OK)
        code = sb_file_write_atomically(file, png, size, 0600, err);
    if (code == SB_OK && (*path = strdup(file)) == NULL)
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for a path");
    free(png);
    return code;
}

static enum sb_err act_screenshot(struct flow_run *run, const struct sb_action *action, const struct sb_op *op, struct sb_error *err)
{
    char *path = NULL;
    enum sb_err code = picture(run, action->save_as ? action->save_as : "page", op, &path, err);
    if (code != SB_OK)
        return code;
    struct sb_json_out *out = sb_json_out_create(4096);
    char *json = NULL;
    if (out != NULL) {
        sb_json_string(out, path);
        json = sb_json_out_take(out);
    }
    sb_json_out_destroy(out);
    free(path);
    return json ? save(run, action, json, err) : sb_error_set(err, SB_ERR_NOMEM, "no memory for a screenshot's path");
}

/* One row per kind; `needs` tells which members of the action must be there. */
static const struct {
    enum sb_err (*act)(struct flow_run *run, const struct sb_action *action, const struct sb_op *op, struct sb_error *err);
    bool needs_selector, needs_text, needs_url, needs_key;
} actions[SB_ACTION_COUNT] = {
    [SB_ACTION_GOTO] = { act_goto, .needs_url = true },
    [SB_ACTION_WAIT] = { act_wait, .needs_selector = true },
    [SB_ACTION_CLICK] = { act_click, .needs_selector = true },
    [SB_ACTION_TYPE] = { act_type, .needs_selector = true, .needs_text = true },
    [SB_ACTION_PRESS] = { act_press, .needs_key = true },
    [SB_ACTION_SCROLL] = { .act = act_scroll },
    [SB_ACTION_EXTRACT] = { act_extract, .needs_selector = true },
    [SB_ACTION_EXPECT] = { act_expect, .needs_selector = true },
    [SB_ACTION_CAPTURE] = { act_capture, .needs_url = true },
    [SB_ACTION_RECEIVE] = { .act = act_receive },
    [SB_ACTION_SCREENSHOT] = { .act = act_screenshot },
};

static enum sb_err act(struct flow_run *run, const struct sb_action *action, struct sb_error *err)
{
    struct sb_op op = sb_op_within(&run->call->env->op, action->timeout);
    enum sb_err code = sb_op_check(&run->call->env->op, run->call->flow->name, err);
    if (code != SB_OK)
        return code;
    if (action->kind >= SB_ACTION_COUNT || actions[action->kind].act == NULL ||
        (actions[action->kind].needs_selector && action->selector == NULL) ||
        (actions[action->kind].needs_text && action->text == NULL) || (actions[action->kind].needs_url && action->url == NULL) ||
        (actions[action->kind].needs_key && action->key == NULL))
        return sb_error_set(err, SB_ERR_CONFIG, "the action lacks what it acts on");
    return actions[action->kind].act(run, action, &op, err);
}

/* A page that no longer fits the profile is worth a picture; losing the picture is not worth a failure. */
static void picture_of_failure(const struct flow_run *run, enum sb_err code)
{
    struct sb_error err = { 0 };
    char *path = NULL;
    if ((code != SB_ERR_NOT_FOUND && code != SB_ERR_TIMEOUT) || sb_op_check(&run->call->env->op, "screenshot", NULL) != SB_OK)
        return;
    struct sb_op op = sb_op_within(&run->call->env->op, SB_S(3));
    if (picture(run, "failure", &op, &path, &err) == SB_OK)
        sb_step_note(run->call->env, SB_SEVERITY_INFO, "picture of the page: %s", path);
    free(path);
}

static enum sb_err flow_output(const struct flow_run *run, char **output, struct sb_error *err)
{
    struct sb_json_out *out = sb_json_out_create(SB_STEP_OUTPUT_MAX);
    if (out == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a flow's output");
    sb_json_object_begin(out);
    for (size_t i = 0; i < run->saved_count; i++) {
        sb_json_key(out, run->saved[i].name);
        sb_json_raw(out, run->saved[i].json);
    }
    sb_json_object_end(out);
    char *json = sb_json_out_take(out);
    sb_json_out_destroy(out);
    if (json == NULL)
        return sb_error_set(err, SB_ERR_TOO_LARGE, "flow %s: the output is above %d bytes", run->call->flow->name, SB_STEP_OUTPUT_MAX);
    *output = json;
    return SB_OK;
}

enum sb_err sb_flow_run(const struct sb_flow_call *call, char **output, struct sb_error *err)
{
    struct flow_run run = { .call = call };
    struct sb_error own = { 0 };
    enum sb_err code = SB_OK;
    if (call->env->context == NULL || call->env->services->browser == NULL)
        return sb_error_set(err, SB_ERR_CONFIG, "flow %s of site %s needs a browser context", call->flow->name, call->site->name);
    for (size_t i = 0; i < call->flow->action_count && code == SB_OK; i++) {
        const struct sb_action *action = &call->flow->actions[i];
        code = act(&run, action, &own);
        if (code == SB_OK)
            continue;
        (void)sb_error_wrap(&own, "%s %s", action->place ? action->place : call->flow->name, sb_action_text(action->kind));
        bool may_go_on = action->is_optional && code != SB_ERR_CANCELLED && code != SB_ERR_GONE && code != SB_ERR_STALE &&
                         sb_op_check(&call->env->op, call->flow->name, NULL) == SB_OK;
        if (!may_go_on)
            break;
        sb_step_note(call->env, SB_SEVERITY_DEBUG, "optional action: %s", own.text);
        code = SB_OK;
    }
    if (code != SB_OK)
        picture_of_failure(&run, code);
    if (code == SB_OK)
        code = flow_output(&run, output, &own);
    for (size_t i = 0; i < run.saved_count; i++)
        free(run.saved[i].json);
    return code == SB_OK ? SB_OK : sb_error_set(err, code, "%s", own.text);
}

enum sb_err sb_flow_find(const struct sb_step_env *env, const char *site_name, const char *flow_name, const struct sb_site **site,
                         const struct sb_flow **flow, struct sb_error *err)
{
    const struct sb_site *found = site_name ? sb_catalogue_site(env->services->catalogue, site_name) : NULL;
    if (found == NULL)
        return sb_error_set(err, SB_ERR_CONFIG, "%s: there is no site \"%s\"", env->params->place, site_name ? site_name : "");
    const struct sb_flow *its = flow_name ? sb_site_flow(found, flow_name) : NULL;
    if (flow_name != NULL && its == NULL)
        return sb_error_set(err, SB_ERR_CONFIG, "%s: site %s has no flow \"%s\"", env->params->place, site_name, flow_name);
    *site = found;
    if (flow_name != NULL)
        *flow = its;
    return SB_OK;
}
