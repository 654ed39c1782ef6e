/* The table of routes, and what stands before every handler: the path, the query, whether there is a runtime. Pure but for the handlers. */
#include "call.h"

#include <string.h>

static const struct route routes[] = {
#define X(method, path, function, needs_runtime, help) { method, path, handle_##function, needs_runtime, help },
#include "routes.def"
#undef X
};

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes %XX and "+"; false when it does not fit or holds a NUL. */
static bool decode(const char *text, size_t size, char *out, size_t cap)
{
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        char c = text[i] == '+' ? ' ' : text[i];
        if (c == '%' && i + 2 < size && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
            c = (char)(hex(text[i + 1]) * 16 + hex(text[i + 2]));
            i += 2;
        }
        if (c == '\0' || used + 1 >= cap)
            return false;
        out[used++] = c;
    }
    out[used] = '\0';
    return true;
}

bool call_query(const struct call *call, const char *name, char *out, size_t cap)
{
    const char *at = strchr(call->target, '?');
    size_t name_size = strlen(name);
    while (at != NULL) {
        const char *pair = at + 1;
        size_t size = strcspn(pair, "&");
        if (size > name_size && strncmp(pair, name, name_size) == 0 && pair[name_size] == '=')
            return decode(pair + name_size + 1, size - name_size - 1, out, cap);
        at = pair[size] == '&' ? pair + size : NULL;
    }
    return false;
}

int64_t call_query_number(const struct call *call, const char *name, int64_t otherwise)
{
    char text[24];
    int64_t value = 0;
    return call_query(call, name, text, sizeof(text)) && sb_parse_i64(text, &value) ? value : otherwise;
}

static bool path_fits(const char *pattern, const char *path, size_t size, char *argument, size_t cap)
{
    size_t fixed = strlen(pattern);
    argument[0] = '\0';
    if (pattern[fixed - 1] != '*')
        return size == fixed && strncmp(pattern, path, size) == 0;
    fixed--;
    return size > fixed && strncmp(pattern, path, fixed) == 0 && memchr(path + fixed, '/', size - fixed) == NULL &&
           decode(path + fixed, size - fixed, argument, cap);
}

const struct route *route_find(const char *method, const char *target, char *argument, size_t argument_cap, bool *is_path_known)
{
    size_t size = strcspn(target, "?");
    *is_path_known = false;
    for (size_t i = 0; i < SB_LEN(routes); i++) {
        if (!path_fits(routes[i].path, target, size, argument, argument_cap))
            continue;
        *is_path_known = true;
        if (sb_streq(method, routes[i].method) || (sb_streq(method, "HEAD") && sb_streq(routes[i].method, "GET")))
            return &routes[i];
    }
    return NULL;
}

void route_answer(const char *method, struct call *call, struct answer *answer)
{
    char argument[256];
    bool is_path_known = false;
    const struct route *route = route_find(method, call->target, argument, sizeof(argument), &is_path_known);
    call->argument = argument;
    if (route == NULL && is_path_known)
        answer_error(answer, 405, "method", "that path takes another method; docs/API.md lists them");
    else if (route == NULL)
        answer_error(answer, 404, "not_found", "no such path; docs/API.md lists them");
    else if (!route->needs_runtime || call->setup->control != NULL)
        route->handle(call, answer);
    else if (!standby_answer(call, route->path, answer))
        answer_error(answer, 503, "not_running", "no runtime is running here; start `signalbox run` or the console");
}
