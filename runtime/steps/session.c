/* Log-in of a context to a site: flow "check" says whether it is logged in, flow "login" makes it so. Runs on the worker thread that holds
 * the context. It must never let the password out: not into an output, an error or a note. */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

static bool is_true(const struct sb_json *json, const char *path)
{
    char *text = sb_json_text(json, path);
    bool is = text != NULL && (sb_streq(text, "true") || sb_streq(text, "1"));
    free(text);
    return is;
}

/* What the check flow saved decides: a `logged_in` flag, or an `account` (or `handle`) that must be the site's. A flow that saves none of
 * them proves the log-in by running to its end. */
static bool says_logged_in(const struct sb_site *site, const struct sb_flow *flow, const struct sb_json *output)
{
    bool says = true;
    for (size_t i = 0; i < flow->action_count; i++) {
        const char *name = flow->actions[i].save_as;
        char path[96], account[SB_ACCOUNT_MAX];
        struct sb_text text;
        if (name == NULL)
            continue;
        sb_text_init(&text, path, sizeof path);
        sb_text_addf(&text, "%s.logged_in", name);
        if (sb_json_type(output, path) != SB_JSON_MISSING)
            says = says && is_true(output, path);
        sb_text_init(&text, path, sizeof path);
        sb_text_addf(&text, "%s.account", name);
        if (sb_json_type(output, path) == SB_JSON_MISSING) {
            sb_text_init(&text, path, sizeof path);
            sb_text_addf(&text, "%s.handle", name);
        }
        if (site->account != NULL && sb_json_type(output, path) != SB_JSON_MISSING)
            says = says && sb_json_copy(output, path, account, sizeof account) && sb_streq(account, site->account);
    }
    return says;
}

/* SB_OK with *is_in, or an error that says nothing about the log-in (the site is down, the deadline passed). */
static enum sb_err check(const struct sb_flow_call *call, bool *is_in, struct sb_error *err)
{
    char *json = NULL;
    struct sb_json *output = NULL;
    struct sb_error own = { 0 };
    enum sb_err code = sb_flow_run(call, &json, &own);
    bool is_no = code == SB_ERR_NOT_FOUND || code == SB_ERR_PERMISSION ||
                 (code == SB_ERR_TIMEOUT && sb_op_check(&call->env->op, "check", NULL) == SB_OK);
    if (is_no) {
        *is_in = false;
        return SB_OK;
    }
    if (code != SB_OK)
        return sb_error_set(err, code, "%s", own.text);
    code = sb_json_parse(&output, json, strlen(json), err);
    if (code == SB_OK)
        *is_in = says_logged_in(call->site, call->flow, output);
    sb_json_destroy(output);
    free(json);
    return code;
}

static enum sb_err log_in(const struct sb_step_env *env, const struct sb_site *site, const struct sb_flow *flow, struct sb_error *err)
{
    char *secret = NULL, *output = NULL;
    enum sb_err code = SB_OK;
    if (site->login_secret != NULL)
        code = sb_secret_read(site->login_secret, &secret, err);
    if (code != SB_OK)
        return sb_error_wrap(err, "log-in to %s", site->name);
    struct sb_pair with[] = { { "user", site->login_user ? site->login_user : "" }, { "password", secret ? secret : "" },
                              { "secret", secret ? secret : "" } };
    struct sb_scope scope = { .env = env, .with = with, .with_count = SB_LEN(with), .account = site->account, .place = env->params->place };
    struct sb_flow_call call = { .env = env, .site = site, .flow = flow, .scope = &scope };
    code = sb_flow_run(&call, &output, err);
    free(output);
    sb_secret_free(secret);
    return code;
}

enum sb_err sb_flow_session(const struct sb_step_env *env, const struct sb_site *site, struct sb_error *err)
{
    const struct sb_flow *check_flow = sb_site_flow(site, "check"), *login_flow = sb_site_flow(site, "login");
    struct sb_scope scope = { .env = env, .account = site->account, .place = env->params->place };
    struct sb_flow_call call = { .env = env, .site = site, .flow = check_flow, .scope = &scope };
    bool is_in = false;
    if (check_flow == NULL || login_flow == NULL)
        return SB_OK;
    enum sb_err code = check(&call, &is_in, err);
    if (code != SB_OK || is_in)
        return code;
    sb_step_note(env, SB_SEVERITY_INFO, "logging in to %s as %s", site->name, site->account ? site->account : "?");
    code = log_in(env, site, login_flow, err);
    if (code == SB_OK)
        code = check(&call, &is_in, err);
    if (code == SB_OK && !is_in)
        code = sb_error_set(err, SB_ERR_PERMISSION, "%s does not accept the log-in of %s", site->name, site->account ? site->account : "?");
    return code;
}
