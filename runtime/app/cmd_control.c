/* context and status: what a runtime is doing, and small commands to it. */
#include "client.h"

#include "signalbox/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A command with one numbered target. */
static int control(struct options *options, const char *kind, const char *key, const char *number)
{
    int64_t value = 0;
    if (!sb_parse_i64(number, &value) || value < 0) {
        complain("%s: \"%.40s\" is no number of a %s", kind, number, key);
        return EXIT_USAGE;
    }
    const struct client_field fields[] = { { "kind", CLIENT_TEXT, kind, 0 }, { key, CLIENT_NUMBER, NULL, value },
                                           { "reason", CLIENT_TEXT, options->why, 0 } };
    return client_send(options, "/v1/commands", fields, SB_LEN(fields));
}

int command_context(struct options *options)
{
    static const struct show_column columns[] = {
        { "CTX", "context", 3, SHOW_TEXT },    { "LANE", "lane", 8, SHOW_TEXT }, { "STATE", "state", 8, SHOW_TEXT },
        { "USES", "uses", 4, SHOW_TEXT },      { "RUN", "run", 7, SHOW_TEXT },   { "JOB", "job", 28, SHOW_TEXT },
        { "BORROWED", "borrowed", 8, SHOW_FLAG }, { "HELD", "held_ms", 7, SHOW_MS }, { "DEADLINE IN", "deadline_in_ms", 11, SHOW_MS },
        { "REASON", "reason", 0, SHOW_TEXT },
    };
    const char *verb = options->positional_count > 0 ? options->positionals[0] : "";
    if (options->positional_count == 1 && sb_streq(verb, "list"))
        return show_list(options, "/v1/contexts", "contexts", columns, SB_LEN(columns));
    if (options->positional_count == 2 && sb_streq(verb, "recycle"))
        return control(options, "recycle_context", "context", options->positionals[1]);
    complain("context: expected list, or recycle N");
    return EXIT_USAGE;
}

/* --- status ----------------------------------------------------------------------------------------------------------------- */

/* The texts and numbers of a status in one place. */
struct glance {
    char verdict[16], tier[16], worst[16], component[24], active[64]; /* active: the node, for one that waits */
    int64_t running, failed, waiting, paused, firing, unacked, total, leased, queued;
    char spent[24], limit[24];
    bool is_practice;
};

static void copy_text(const struct sb_json *json, const char *path, char *out, size_t cap)
{
    char *text = sb_json_type(json, path) > SB_JSON_NULL ? sb_json_text(json, path) : NULL;
    (void)sb_copy(out, cap, text != NULL ? text : "-");
    free(text);
}

static int64_t number(const struct sb_json *json, const char *path)
{
    int64_t value = 0;
    return sb_json_i64(json, path, &value) ? value : 0;
}

static void read_glance(const struct sb_json *json, struct glance *glance)
{
    char practice[8];
    memset(glance, 0, sizeof(*glance));
    copy_text(json, "verdict", glance->verdict, sizeof(glance->verdict));
    copy_text(json, "active_node", glance->active, sizeof(glance->active));
    copy_text(json, "tier", glance->tier, sizeof(glance->tier));
    copy_text(json, "alerts.worst", glance->worst, sizeof(glance->worst));
    copy_text(json, "worst_component", glance->component, sizeof(glance->component));
    copy_text(json, "spent_usd", glance->spent, sizeof(glance->spent));
    copy_text(json, "limit_usd", glance->limit, sizeof(glance->limit));
    copy_text(json, "practice", practice, sizeof(practice));
    glance->is_practice = sb_streq(practice, "true");
    glance->running = number(json, "jobs.running");
    glance->failed = number(json, "jobs.failed");
    glance->waiting = number(json, "jobs.waiting");
    glance->paused = number(json, "jobs.paused");
    glance->firing = number(json, "alerts.firing");
    glance->unacked = number(json, "alerts.unacked");
    glance->total = number(json, "contexts.total");
    glance->leased = number(json, "contexts.leased");
    glance->queued = number(json, "contexts.queued");
}

static int exit_of(const struct glance *g)
{
    return sb_streq(g->verdict, "ready") ? EXIT_OK : sb_streq(g->verdict, "degraded") ? EXIT_DEGRADED : EXIT_NO;
}

static int print_text(const struct glance *g)
{
    if (sb_streq(g->verdict, "standby")) {
        (void)printf("standby: node %s is active\n", g->active);
        return exit_of(g);
    }
    (void)printf("%s%s\njobs     %lld running, %lld failed, %lld waiting, %lld paused\ncontexts %lld of %lld leased, %lld waiting\n"
                 "budget   %s, %s of %s USD\nalerts   %lld unacknowledged of %lld, worst %s\nworst component %s\n",
                 g->verdict, g->is_practice ? " PRACTICE" : "", (long long)g->running, (long long)g->failed, (long long)g->waiting,
                 (long long)g->paused, (long long)g->leased, (long long)g->total, (long long)g->queued, g->tier, g->spent, g->limit,
                 (long long)g->unacked, (long long)g->firing, g->worst, g->component);
    return exit_of(g);
}

/* For status-right: #[...] are tmux's own styles. The word says it without colour too. */
static int print_tmux(const struct glance *g)
{
    bool is_bad = sb_streq(g->verdict, "not_ready") || g->failed > 0, is_good = sb_streq(g->verdict, "ready") && g->unacked == 0;
    const char *style = is_bad ? "red" : is_good ? "green" : "yellow";
    (void)printf("#[fg=%s]%s%s#[default] %lldR %lldF %s A%lld\n", style, g->is_practice ? "PRACTICE " : "", g->verdict, (long long)g->running,
                 (long long)g->failed, g->tier, (long long)g->unacked);
    return EXIT_OK;
}

/* The monitoring plug-in convention: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN; text, then |name=value. */
static int print_nagios(const struct glance *g)
{
    static const char *const words[] = { "OK", "WARNING", "CRITICAL" };
    int level = sb_streq(g->verdict, "not_ready") || sb_streq(g->worst, "page") ? 2
                : !sb_streq(g->verdict, "ready") || g->unacked > 0 || g->failed > 0 ? 1 : 0;
    (void)printf("SIGNALBOX %s - %s, %lld failed, %lld alerts, tier %s | running=%lld failed=%lld waiting=%lld alerts=%lld leased=%lld\n",
                 words[level], g->verdict, (long long)g->failed, (long long)g->unacked, g->tier, (long long)g->running, (long long)g->failed,
                 (long long)g->waiting, (long long)g->firing, (long long)g->leased);
    return level;
}

int command_status(struct options *options)
{
    struct client_reply reply;
    struct glance glance;
    const char *format = options->format != NULL ? options->format : "text";
    bool is_tmux = sb_streq(format, "tmux"), is_nagios = sb_streq(format, "nagios");
    if (!is_tmux && !is_nagios && !sb_streq(format, "text")) {
        complain("--format %.20s: expected text, tmux or nagios", format);
        return EXIT_USAGE;
    }
    int code = client_get(options, "/v1/status", &reply);
    if (code == EXIT_OK) {
        read_glance(reply.json, &glance);
        if (options->is_json)
            (void)puts(reply.body);
        code = options->is_json ? exit_of(&glance) : is_tmux ? print_tmux(&glance) : is_nagios ? print_nagios(&glance) : print_text(&glance);
    } else if (is_tmux || is_nagios) {
        (void)puts(is_tmux ? "#[fg=red]DOWN#[default]" : "SIGNALBOX CRITICAL - no runtime answers");
        code = is_nagios ? 2 : EXIT_OK;
    }
    client_reply_deinit(&reply);
    return code;
}
