/* Section browser: real Chromium through the browser port, against pages of a server in another process, so that the controller's CPU and
 * memory are its own. */
#include "bench.h"
#include "figures.h"

#include "browser_pages.h"

#include "signalbox/os/os.h"
#include "signalbox/ports/browser.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LAUNCHES = 3, OPENS = 12, VISITS = 100, PATIENCE_S = 20 };

static struct sb_op patience(void)
{
    return (struct sb_op){ .deadline = sb_now() + SB_S(PATIENCE_S) };
}

/* The server, in a process of its own that ends when `stay` is closed; returns its port. */
static int start_server(pid_t *pid, int *stay)
{
    int port_pipe[2], stay_pipe[2], port = 0;

    if (pipe(port_pipe) != 0 || pipe(stay_pipe) != 0)
        give_up("no pipe");
    (void)fflush(stdout);
    *pid = fork();
    if (*pid < 0)
        give_up("no process");
    if (*pid == 0) {
        static struct server server;
        char byte;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)close(stay_pipe[1]);
        if (!server_start(&server, pages, SB_LEN(pages)) || write(port_pipe[1], &server.port, sizeof(port)) != (ssize_t)sizeof(port))
            _exit(1);
        (void)!read(stay_pipe[0], &byte, 1);
        _exit(0);
    }
    (void)close(port_pipe[1]);
    (void)close(stay_pipe[0]);
    if (read(port_pipe[0], &port, sizeof(port)) != (ssize_t)sizeof(port))
        give_up("the server did not start");
    (void)close(port_pipe[0]);
    *stay = stay_pipe[1];
    return port;
}

static struct sb_browser *launch(struct samples *samples)
{
    const struct sb_browser_setup setup = { 0 };
    struct sb_browser *browser = NULL;
    struct sb_error error = { 0 };
    const struct sb_op op = patience();

    must(sb_browser_create(&browser, &setup, &error), "browser", &error);
    sb_ns began = sb_now();
    must(browser->ops->check(browser, &op, &error), "launch", &error);
    samples_add(samples, sb_now() - began);
    return browser;
}

static struct sb_context *open_context(struct sb_browser *browser)
{
    struct sb_context *context = NULL;
    struct sb_error error = { 0 };
    const struct sb_op op = patience();
    must(browser->ops->open(browser, NULL, 0, &op, &context, &error), "context", &error);
    return context;
}

static void measure_opens(struct sb_browser *browser)
{
    struct samples samples;
    samples_init(&samples, OPENS);
    for (int i = 0; i < OPENS; i++) {
        sb_ns began = sb_now();
        struct sb_context *context = open_context(browser);
        samples_add(&samples, sb_now() - began);
        browser->ops->close_context(browser, context);
    }
    figures_row("open a context with its page: p50, p99", figure(UNIT_NS, samples_permille(&samples, 500)),
                figure(UNIT_NS, samples_permille(&samples, 990)));
    samples_deinit(&samples);
}

static void visit(struct sb_browser *browser, struct sb_context *context, const char *url, struct samples *goes, struct samples *extracts)
{
    static const struct sb_extract_field fields[] = {
        { .name = "author", .selector = "a", .type = SB_VALUE_TEXT },
        { .name = "text", .selector = ".body", .type = SB_VALUE_TEXT },
        { .name = "id", .selector = "", .attribute = "data-id", .type = SB_VALUE_TEXT },
    };
    struct sb_navigation navigation;
    struct sb_error error = { 0 };
    const struct sb_op op = patience();
    char *json = NULL;

    sb_ns began = sb_now();
    must(browser->ops->go(context, url, &op, &navigation, &error), "navigation", &error);
    sb_ns there = sb_now();
    must(browser->ops->extract(context, ".item", fields, SB_LEN(fields), true, 10, &op, &json, &error), "extract", &error);
    samples_add(extracts, sb_now() - there);
    samples_add(goes, there - began);
    if (strstr(json, "\"p2\"") == NULL)
        give_up("the page was not read: %s", json);
    free(json);
}

static void measure_visits(struct sb_browser *browser, int port)
{
    char url[128];
    struct samples goes, extracts;
    struct sb_context *context = open_context(browser);

    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/list", port);
    samples_init(&goes, VISITS + 1);
    samples_init(&extracts, VISITS + 1);
    visit(browser, context, url, &goes, &extracts);
    goes.count = extracts.count = 0;
    sb_ns began = sb_now(), cpu = sb_cpu_time();
    for (int i = 0; i < VISITS; i++)
        visit(browser, context, url, &goes, &extracts);
    double used = (double)(sb_cpu_time() - cpu), took = (double)(sb_now() - began);
    figures_row("navigation to a loopback page: p50, p99", figure(UNIT_NS, samples_permille(&goes, 500)),
                figure(UNIT_NS, samples_permille(&goes, 990)));
    figures_row("extract of three items to JSON: p50, p99", figure(UNIT_NS, samples_permille(&extracts, 500)),
                figure(UNIT_NS, samples_permille(&extracts, 990)));
    figures_row("100 visits: wall, controller CPU", figure(UNIT_NS, took), figure(UNIT_NS, used));
    figures_row("  controller: visits per second, RSS", figure(UNIT_PER_SECOND, VISITS / took * 1e9),
                figure_at_most(UNIT_BYTES, (double)sb_memory_rss(), 10e6));
    browser->ops->close_context(browser, context);
    samples_deinit(&goes);
    samples_deinit(&extracts);
}

void bench_browser(const struct bench *bench)
{
    struct samples launches;
    pid_t server;
    int stay;

    (void)bench;
    int port = start_server(&server, &stay);
    samples_init(&launches, LAUNCHES);
    for (int i = 0; i + 1 < LAUNCHES; i++) {
        struct sb_browser *browser = launch(&launches);
        browser->ops->close(browser);
    }
    struct sb_browser *browser = launch(&launches);
    figures_row("launch of Chromium: median, slowest of 3", figure(UNIT_NS, samples_permille(&launches, 500)),
                figure(UNIT_NS, samples_permille(&launches, 999)));
    measure_opens(browser);
    measure_visits(browser, port);
    browser->ops->close(browser);
    samples_deinit(&launches);
    (void)close(stay);
    (void)waitpid(server, NULL, 0);
}
