/* The contenders written in C, one per process, so that CPU time and memory are a contender's own.
 *
 *   sb_peers serve                                 pages on loopback; prints the port, ends with its standard input
 *   sb_peers noise                                 how much this machine's speed changes over half a second
 *   sb_peers visits|floor kept|fresh BASE COUNT    visits over three contexts: through the browser port; by the least that can be done
 *   sb_peers engine|fifo BASE SECONDS              three contexts under saturation: the runtime; one queue */
#include "peers.h"

#include "signalbox/os/os.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOISE_ROUNDS = 40, NOISE_TURNS = 4000000 };

void give_up(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("peers: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    exit(1);
}

void must(enum sb_err rc, const char *what, const struct sb_error *err)
{
    if (rc != SB_OK)
        give_up("%s: %s", what, err->text);
}

static int compare(const void *a, const void *b)
{
    sb_ns left = *(const sb_ns *)a, right = *(const sb_ns *)b;
    return left < right ? -1 : left > right;
}

/* Of sorted values; 0 when there are none. */
static double ms_at(const sb_ns *values, size_t count, size_t permille)
{
    return count == 0 ? 0 : (double)values[(count - 1) * permille / 1000] / 1e6;
}

/* The most this process ever held. ru_maxrss would begin with what the shell held before the exec. */
static double peak_mb(void)
{
    char line[128];
    unsigned long kib = 0;
    FILE *status = fopen("/proc/self/status", "re");

    while (status != NULL && fgets(line, sizeof(line), status) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtoul(line + 6, NULL, 10);
    if (status != NULL)
        (void)fclose(status);
    return (double)kib * 1024 / 1e6;
}

void peer_tell_visits(const struct peer_visits *visits)
{
    qsort(visits->each, visits->count, sizeof(*visits->each), compare);
    (void)printf("{\"part\":\"visits\",\"who\":\"%s\",\"variant\":\"%s\",\"count\":%zu,\"wall_s\":%.3f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,"
                 "\"cpu_ms\":%.1f,\"rss_mb\":%.2f}\n",
                 visits->who, visits->variant, visits->count, (double)visits->wall / 1e9, ms_at(visits->each, visits->count, 500),
                 ms_at(visits->each, visits->count, 990), (double)visits->cpu / 1e6, peak_mb());
}

void peer_tell_pool(const struct peer_pool *pool)
{
    qsort(pool->waits, pool->count, sizeof(*pool->waits), compare);
    (void)printf("{\"part\":\"pool\",\"who\":\"%s\",\"asked\":%u,\"served\":%zu,\"p50_ms\":%.1f,\"p99_ms\":%.1f,\"max_ms\":%.1f,"
                 "\"background_per_s\":%.3f}\n",
                 pool->who, pool->asked, pool->count, ms_at(pool->waits, pool->count, 500), ms_at(pool->waits, pool->count, 990),
                 ms_at(pool->waits, pool->count, 1000), pool->background / pool->seconds);
}

unsigned peer_step_ms(uint64_t number)
{
    uint32_t x = (uint32_t)number * 0x9e3779b1u;
    x = (x ^ x >> 16) * 0x85ebca6bu;
    x = (x ^ x >> 13) * 0xc2b2ae35u;
    return 100 + (x ^ x >> 16) % 501;
}

static void noise(void)
{
    sb_ns each[NOISE_ROUNDS];
    volatile uint32_t sum = 0;

    for (int i = 0; i < NOISE_ROUNDS; i++) {
        sb_ns began = sb_now();
        for (uint32_t turn = 0; turn < NOISE_TURNS; turn++)
            sum += turn;
        each[i] = sb_now() - began;
    }
    if (sum == 0) /* never: the loop must not be thrown away */
        give_up("no noise");
    qsort(each, NOISE_ROUNDS, sizeof(each[0]), compare);
    (void)printf("{\"part\":\"noise\",\"spin_ms\":%.2f,\"spin_p95_ms\":%.2f}\n", ms_at(each, NOISE_ROUNDS, 500), ms_at(each, NOISE_ROUNDS, 950));
}

/* ---- the browser port ---- */

struct sb_op peer_op(void)
{
    return (struct sb_op){ .deadline = sb_now() + SB_S(PEER_PATIENCE_S) };
}

struct sb_browser *peer_browser(void)
{
    const struct sb_browser_setup setup = { .executable = getenv("CHROMIUM") };
    struct sb_browser *browser = NULL;
    struct sb_error error = { 0 };
    const struct sb_op op = peer_op();

    must(sb_browser_create(&browser, &setup, &error), "browser", &error);
    must(browser->ops->check(browser, &op, &error), "launch", &error);
    return browser;
}

struct sb_context *peer_context(struct sb_browser *browser)
{
    struct sb_context *context = NULL;
    struct sb_error error = { 0 };
    const struct sb_op op = peer_op();

    must(browser->ops->open(browser, NULL, 0, &op, &context, &error), "context", &error);
    return context;
}

void peer_read_rows(struct sb_browser *browser, struct sb_context *context, const char *base)
{
    static const struct sb_extract_field title_field = { .name = "title", .selector = "title", .type = SB_VALUE_TEXT };
    static const struct sb_extract_field row_fields[] = {
        { .name = "author", .selector = "a", .type = SB_VALUE_TEXT },
        { .name = "text", .selector = ".body", .type = SB_VALUE_TEXT },
        { .name = "id", .selector = "", .attribute = "data-id", .type = SB_VALUE_TEXT },
    };
    struct sb_navigation navigation;
    struct sb_error error = { 0 };
    const struct sb_op op = peer_op();
    char url[128], *title = NULL, *rows = NULL;

    (void)snprintf(url, sizeof(url), "%s/rows", base);
    must(browser->ops->go(context, url, &op, &navigation, &error), "navigation", &error);
    must(browser->ops->extract(context, "", &title_field, 1, false, 1, &op, &title, &error), "title", &error);
    must(browser->ops->extract(context, ".item", row_fields, SB_LEN(row_fields), true, PEER_ROWS, &op, &rows, &error), "rows", &error);
    if (strstr(title, "Twenty") == NULL || strstr(rows, "\"p20\"") == NULL)
        give_up("the page was not read: %s %s", title, rows);
    free(title);
    free(rows);
}

enum sb_err peer_background_step(struct sb_browser *browser, struct sb_context *context, const char *base, unsigned ms, const struct sb_op *op,
                                 struct sb_error *err)
{
    struct sb_navigation navigation;
    char url[128];

    (void)snprintf(url, sizeof(url), "%s/step?ms=%u", base, ms);
    enum sb_err rc = browser->ops->go(context, url, op, &navigation, err);
    return rc == SB_OK ? browser->ops->wait(context, "#done", op, err) : rc;
}

static size_t number(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (*text == '\0' || *end != '\0' || value == 0 || value > 1000000)
        give_up("%s is no number from 1 to 1000000", text);
    return value;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";

    sb_log_level_set(SB_LOG_ERROR);
    if (argc == 2 && strcmp(mode, "serve") == 0) {
        peer_serve();
    } else if (argc == 2 && strcmp(mode, "noise") == 0) {
        noise();
    } else if (argc == 5 && (strcmp(mode, "visits") == 0 || strcmp(mode, "floor") == 0)) {
        bool keeps = strcmp(argv[2], "kept") == 0;
        (mode[0] == 'v' ? peer_run_visits : peer_run_floor)(argv[3], keeps, number(argv[4]));
    } else if (argc == 4 && (strcmp(mode, "engine") == 0 || strcmp(mode, "fifo") == 0)) {
        (mode[0] == 'e' ? peer_run_engine : peer_run_fifo)(argv[2], (unsigned)number(argv[3]));
    } else {
        give_up("see the head of main.c");
    }
    return 0;
}
