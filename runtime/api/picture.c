/* What is now: one feed's description of everything. Made for each request and thrown away: nothing is kept up to date for nobody. */
#include "call.h"

/* Reads until the description is complete; folds it when there is a model. */
static enum sb_err read_description(struct sb_feed *feed, const struct sb_op *op, struct sb_model *model, struct sb_error *err)
{
    struct sb_event events[EVENTS_AT_ONCE];
    bool is_described = false;
    while (!is_described) {
        bool is_gap = false;
        size_t count = sb_feed_take(feed, events, EVENTS_AT_ONCE, &is_gap), ready = 0;
        int fd = sb_feed_fd(feed);
        if (is_gap && model != NULL)
            sb_model_reset(model);
        for (size_t i = 0; i < count; i++) {
            if (model != NULL)
                sb_model_fold(model, &events[i]);
            is_described = is_described || events[i].kind == SB_EVENT_DESCRIBED;
        }
        if (count == 0 && sb_poll_readable(&fd, 1, op, &ready, err) != SB_OK)
            return sb_error_set(err, SB_ERR_UNAVAILABLE, "the runtime does not answer; it may be starting, or hang");
    }
    return SB_OK;
}

enum sb_err picture_take(struct sb_control *control, const struct sb_op *op, struct sb_model **model, struct sb_error *err)
{
    struct sb_model *fresh = sb_model_create();
    struct sb_feed *feed = NULL;
    if (fresh == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a picture of the runtime");
    enum sb_err rc = sb_feed_open(control, &feed, err);
    if (rc == SB_OK)
        rc = read_description(feed, op, fresh, err);
    sb_feed_close(feed);
    if (rc == SB_OK)
        *model = fresh;
    else
        sb_model_destroy(fresh);
    return rc;
}

enum sb_err picture_feed(struct sb_control *control, const struct sb_op *op, struct sb_feed **feed, struct sb_error *err)
{
    struct sb_feed *fresh = NULL;
    enum sb_err rc = sb_feed_open(control, &fresh, err);
    if (rc == SB_OK)
        rc = read_description(fresh, op, NULL, err);
    if (rc == SB_OK)
        *feed = fresh;
    else
        sb_feed_close(fresh);
    return rc;
}

const char *picture_verdict(const struct sb_model *model)
{
    bool is_degraded = false;
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++) {
        const struct sb_model_component *component = &model->components[i];
        if (!component->is_defined || component->state == SB_COMPONENT_STATE_OK || component->state == SB_COMPONENT_STATE_DISABLED)
            continue;
        if (component->class == SB_COMPONENT_CLASS_REQUIRED && component->state != SB_COMPONENT_STATE_DEGRADED)
            return "not_ready";
        is_degraded = true;
    }
    return is_degraded ? "degraded" : "ready";
}

const char *picture_unchecked(const struct sb_model *model)
{
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++)
        if (model->components[i].is_defined && model->components[i].state == SB_COMPONENT_STATE_UNCHECKED)
            return sb_component_text(i);
    return model->is_described ? NULL : "config";
}
