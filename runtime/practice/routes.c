/* The table of routes, and the answers of faults that replace a handler. Constants and pure functions. */
#include "routes.h"

#include <string.h>

#define SITE SB_PRACTICE_SITE
#define LLM SB_PRACTICE_LLM
#define CONTROL SB_PRACTICE_TARGET_COUNT

static const struct sb_route routes[] = {
    { "GET", "/", SITE, false, sb_site_root },
    { "GET", "/login", SITE, false, sb_site_login_page },
    { "POST", "/login", SITE, false, sb_site_log_in },
    { "POST", "/logout", SITE, false, sb_site_log_out },
    { "GET", "/home", SITE, true, sb_site_home },
    { "GET", "/search", SITE, true, sb_site_search },
    { "GET", "/compose", SITE, true, sb_site_compose },
    { "GET", "/@*", SITE, false, sb_site_profile },
    { "GET", "/post/*", SITE, false, sb_site_item },
    { "GET", "/app.css", SITE, false, sb_asset_serve_css },
    { "GET", "/compose.js", SITE, false, sb_asset_serve_js },
    { "POST", "/api/posts", SITE, false, sb_api_create_post },
    { "GET", "/v1/models", LLM, false, sb_llm_models },
    { "POST", "/v1/chat/completions", LLM, false, sb_llm_completions },
    { "GET", "/v1/usage", CONTROL, false, sb_llm_usage },
    { "GET", "/api/state.json", CONTROL, false, sb_api_state },
    { "GET", "/control", CONTROL, false, sb_control_page },
    { "POST", "/control", CONTROL, false, sb_control_form },
    { "POST", "/control/faults", CONTROL, false, sb_control_set },
    { "GET", "/control/faults.json", CONTROL, false, sb_control_list },
};

static bool path_fits(const char *pattern, const char *path, const char **argument)
{
    const size_t size = strlen(pattern);
    if (pattern[size - 1] != '*') {
        *argument = "";
        return sb_streq(pattern, path);
    }
    *argument = path + size - 1;
    return strncmp(pattern, path, size - 1) == 0 && path[size - 1] != '\0' && !strchr(path + size - 1, '/');
}

const struct sb_route *sb_route_find(const char *method, const char *path, const char **argument, bool *is_path_known)
{
    const char *wanted = sb_streq(method, "HEAD") ? "GET" : method;
    *is_path_known = false;
    for (size_t i = 0; i < SB_LEN(routes); i++) {
        const char *rest = "";
        if (!path_fits(routes[i].path, path, &rest)) {
            continue;
        }
        *is_path_known = true;
        if (sb_streq(routes[i].method, wanted)) {
            *argument = rest;
            return &routes[i];
        }
    }
    return NULL;
}

struct failure_row {
    uint8_t kind;
    unsigned status, retry_after_s;
    const char *code, *message;
};

static const struct failure_row failures[] = {
    { SB_PRACTICE_FAULT_ERROR500, 500, 0, "server_error", "The server had an error (a fault of the practice world)." },
    { SB_PRACTICE_FAULT_ERROR401, 401, 0, "invalid_api_key", "Not allowed (a fault of the practice world)." },
    { SB_PRACTICE_FAULT_ERROR429, 429, 2, "rate_limit_exceeded", "Too many requests (a fault of the practice world)." },
    { SB_PRACTICE_FAULT_QUOTA, 429, 0, "insufficient_quota", "The quota is used up (a fault of the practice world)." },
};

bool sb_route_fail(const struct sb_route *route, const struct sb_call *call, struct sb_answer *answer)
{
    for (size_t i = 0; i < SB_LEN(failures); i++) {
        const struct failure_row *row = &failures[i];
        if (row->kind != call->fault) {
            continue;
        }
        answer->retry_after_s = row->retry_after_s;
        if (route->target == LLM || strncmp(call->path, "/api/", 5) == 0) {
            sb_answer_error(answer, row->status, row->code, row->message);
        } else {
            answer->status = row->status;
            answer->type = "text/html; charset=utf-8";
            answer->fixed = "<!doctype html><title>Error</title><h1>Something went wrong</h1><p data-role=\"error\">Try again later.</p>";
        }
        return true;
    }
    return false;
}
