/* A feed of the engine and its inbox, as a console's source. Console's thread. */
#include "embedded.h"

#include <stdlib.h>
#include <string.h>

struct embedded {
    struct sb_source source;
    struct sb_control *control;
    struct sb_feed *feed;
};

static struct embedded *self_of(struct sb_source *source)
{
    return (struct embedded *)source; /* its first member */
}

static void close_source(struct sb_source *source)
{
    if (source == NULL)
        return;
    sb_feed_close(self_of(source)->feed);
    free(source);
}

static int fd(const struct sb_source *source)
{
    return sb_feed_fd(((const struct embedded *)source)->feed);
}

static size_t take(struct sb_source *source, struct sb_event *events, size_t cap, bool *is_gap)
{
    return sb_feed_take(self_of(source)->feed, events, cap, is_gap);
}

static void ping(struct sb_source *source)
{
    sb_feed_ping(self_of(source)->feed);
}

static enum sb_err command(struct sb_source *source, struct sb_command command, uint64_t *id, struct sb_error *err)
{
    return sb_control_command(self_of(source)->control, command, id, err);
}

static void look(struct sb_source *source, struct sb_source_status *status)
{
    (void)source;
    memset(status, 0, sizeof(*status));
}

enum sb_err embedded_open(struct sb_source **source, struct sb_control *control, struct sb_error *err)
{
    static const struct sb_source_ops ops = { .close = close_source, .fd = fd, .take = take, .ping = ping, .command = command, .look = look };
    struct embedded *embedded = calloc(1, sizeof(*embedded));
    if (embedded == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the console");
    embedded->source.ops = &ops;
    embedded->control = control;
    enum sb_err rc = sb_feed_open(control, &embedded->feed, err);
    if (rc == SB_OK)
        *source = &embedded->source;
    else
        free(embedded);
    return rc;
}
