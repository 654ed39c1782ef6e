/* What a supervisor and Prometheus ask: /livez, /readyz, /startupz, /metrics. Text, answered from the observer; the core is not asked. */
#include "observer.h"

#include <string.h>

static bool wants_more(const struct call *call)
{
    const char *query = strchr(call->target, '?');
    return query != NULL && (sb_streq(query, "?verbose") || strstr(query, "verbose=") != NULL);
}

static void ask(const struct call *call, struct answer *answer, observer_question *question)
{
    char lines[8192];
    struct sb_text text;
    sb_text_init(&text, lines, sizeof(lines));
    const bool is_yes = question(call->observer, wants_more(call), &text);
    if (text.len == 0)
        sb_text_add(&text, "ok\n");
    answer->body = strdup(lines);
    answer->status = answer->body == NULL ? 500 : is_yes ? 200 : 503;
    answer->type = "text/plain; charset=utf-8";
}

void handle_livez(const struct call *call, struct answer *answer)
{
    ask(call, answer, observer_live);
}

void handle_readyz(const struct call *call, struct answer *answer)
{
    ask(call, answer, observer_ready);
}

void handle_startupz(const struct call *call, struct answer *answer)
{
    ask(call, answer, observer_started);
}

void handle_metrics(const struct call *call, struct answer *answer)
{
    const bool is_openmetrics = strstr(call->accept, "application/openmetrics-text") != NULL;
    answer->body = observer_scrape(call->observer, is_openmetrics);
    answer->status = answer->body != NULL ? 200 : 500;
    answer->type = is_openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8";
}
