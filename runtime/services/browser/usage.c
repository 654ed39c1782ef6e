/* What a page uses, by the browser's own figures for it. Any thread, also beside the one that works with the context: the wait is on a descriptor
 * of its own. Each context has renderers of its own, so what the page's renderer says is the context's; frames of other sites are not in it. */
#include "chromium.h"

#include "signalbox/base/text.h"

#include <string.h>

/* A member of [{"name", "value"}, ...]; negative when it is not there. */
static double metric(const json_t *metrics, const char *name)
{
    size_t i;
    const json_t *row;
    json_array_foreach((json_t *)(uintptr_t)metrics, i, row)
    {
        if (sb_streq(sb_cdp_text(row, "name"), name) && json_is_number(json_object_get(row, "value")))
            return json_number_value(json_object_get(row, "value"));
    }
    return -1;
}

static enum sb_err read_usage(const json_t *result, struct sb_page_usage *usage, struct sb_error *err)
{
    const json_t *metrics = json_object_get(result, "metrics");
    const double heap = metric(metrics, "JSHeapUsedSize"), cpu = metric(metrics, "ProcessTime");
    if (heap <= 0 || heap > 1e15)
        return sb_error_set(err, SB_ERR_PROTOCOL, "Performance.getMetrics: the browser gave no size of the heap");
    *usage = (struct sb_page_usage){ .heap_bytes = (uint64_t)heap, .cpu = cpu >= 0 && cpu < 1e9 ? (sb_ns)(cpu * 1e9) : -1 };
    return SB_OK;
}

/* One command to the page, on a descriptor of our own. */
static enum sb_err call_page(struct sb_context *context, int wake_fd, const char *method, const struct sb_op *op, json_t **result,
                             struct sb_error *err)
{
    struct sb_call call = { .wake_fd = wake_fd };
    enum sb_err rc = sb_call_begin(&call, context->chromium, NULL, context, method, NULL, err);
    return rc == SB_OK ? sb_call_end(&call, op, result, err) : rc;
}

static bool set_has_figures(struct sb_context *context, bool has_figures)
{
    sb_mutex_lock(context->chromium->mutex);
    const bool had = context->has_figures;
    context->has_figures = has_figures;
    sb_mutex_unlock(context->chromium->mutex);
    return had;
}

/* Figures are kept from when they are asked for; the page answers that when it is not busy. The question for them goes to the page although it
 * is, and would overtake that. */
enum sb_err sb_page_measure(struct sb_context *context, const struct sb_op *op, struct sb_page_usage *usage, struct sb_error *err)
{
    int wake_fd = -1;
    json_t *result = NULL;
    enum sb_err rc = sb_wake_open(&wake_fd, err);
    if (rc != SB_OK)
        return rc;
    const bool had_figures = set_has_figures(context, false);
    if (!had_figures)
        rc = call_page(context, wake_fd, "Performance.enable", op, NULL, err);
    if (rc == SB_OK)
        rc = call_page(context, wake_fd, "Performance.getMetrics", op, &result, err);
    if (rc == SB_OK)
        rc = read_usage(result, usage, err);
    (void)set_has_figures(context, rc == SB_OK || (had_figures && rc == SB_ERR_TIMEOUT)); /* one that has none any more begins again */
    json_decref(result);
    sb_fd_close(&wake_fd);
    return rc;
}
