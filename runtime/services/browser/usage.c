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

enum sb_err sb_page_measure(struct sb_context *context, const struct sb_op *op, struct sb_page_usage *usage, struct sb_error *err)
{
    struct sb_call call = { .wake_fd = -1 };
    json_t *result = NULL;
    enum sb_err rc = sb_wake_open(&call.wake_fd, err);
    if (rc != SB_OK)
        return rc;
    sb_mutex_lock(context->chromium->mutex);
    if (context->cdp != NULL) /* without it there are no figures; saying it again changes nothing */
        sb_cdp_fire(context->cdp, context->session, "Performance.enable", "{}", NULL);
    sb_mutex_unlock(context->chromium->mutex);
    rc = sb_call_begin(&call, context->chromium, NULL, context, "Performance.getMetrics", NULL, err);
    if (rc == SB_OK)
        rc = sb_call_end(&call, op, &result, err);
    if (rc == SB_OK)
        rc = read_usage(result, usage, err);
    json_decref(result);
    sb_fd_close(&call.wake_fd);
    return rc;
}
