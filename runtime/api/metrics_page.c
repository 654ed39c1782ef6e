/* docs/METRICS.md, from the table the scrape is written with. */
#include "metrics_out.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_MAX = 64 * 1024 };

static const char intro[] =
    "# Metrics\n"
    "\n"
    "`GET /metrics` on the socket, and on `127.0.0.1` when `settings.api_port` is set, in Prometheus' text format 0.0.4, or OpenMetrics 1.0 when\n"
    "`Accept` asks for it. This page is made by `signalbox config metrics`; docs/monitoring has rules and a dashboard made of these names.\n"
    "\n"
    "Counters and histograms are folded from the events of the journal, from the first event of the process on; they begin with 0 at each start, as\n"
    "Prometheus expects. Gauges are as of the newest event. A scrape asks neither the core nor anything outside the process. Label values come from\n"
    "closed lists: names of the catalogue and words of the program; never a run, an address or an error text. A series without a value yet (the due\n"
    "time of a job that has none) is absent. At most 20000 series are written, 1024 jobs have figures of their own; what is left out is counted by\n"
    "`signalbox_metrics_series_dropped_total`.\n"
    "\n"
    "| name | type | unit | labels | what it says |\n"
    "| --- | --- | --- | --- | --- |\n";

char *sb_api_metrics_page(void)
{
    static const char *const types[] = { "gauge", "counter", "histogram", "summary" };
    char *page = malloc(PAGE_MAX);
    struct sb_text text;
    if (page == NULL)
        return NULL;
    sb_text_init(&text, page, PAGE_MAX);
    sb_text_add(&text, intro);
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        const struct metric_def *def = &metric_defs[i];
        sb_text_addf(&text, "| `%s%s` | %s | %s | %s | %s |\n", def->family, def->type == METRIC_COUNTER ? "_total" : "", types[def->type], def->unit,
                     def->labels, def->help);
    }
    if (text.len > 0 && text.buf[text.len - 1] == '\n')
        text.buf[text.len - 1] = '\0'; /* whoever prints it ends the line */
    return page;
}
