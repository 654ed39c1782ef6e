/* A feed of the engine and its inbox, as a console's source. It has a seat among the consoles like those that attach. Console's thread. */
#include "embedded.h"

#include "signalbox/os/os.h"
#include "signalbox/ports/console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct embedded {
    struct sb_source source; /* first */
    struct sb_control *control;
    struct sb_feed *feed;
    uint64_t console, visit;
};

static struct embedded *self_of(struct sb_source *source)
{
    return (struct embedded *)source;
}

static void close_source(struct sb_source *source)
{
    if (source == NULL)
        return;
    sb_console_leave(self_of(source)->control, self_of(source)->console, self_of(source)->visit);
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
    enum sb_err rc = sb_console_check(self_of(source)->control, self_of(source)->console, err);
    return rc == SB_OK ? sb_control_command(self_of(source)->control, command, id, err) : rc;
}

static void look(struct sb_source *source, struct sb_source_status *status)
{
    struct sb_seat seat;
    memset(status, 0, sizeof(*status));
    sb_console_look(self_of(source)->control, self_of(source)->console, &seat);
    status->is_viewer = !seat.writes;
    (void)sb_copy(status->writer, sizeof(status->writer), seat.writes ? "" : seat.writer);
}

static enum sb_err take_over(struct sb_source *source, struct sb_error *err)
{
    return sb_console_take_over(self_of(source)->control, self_of(source)->console, err);
}

static enum sb_err sit_down(struct embedded *embedded, const char *actor, bool is_viewer, struct sb_error *err)
{
    char name[SB_NAME_MAX];
    enum sb_err rc = sb_random(&embedded->console, sizeof(embedded->console), err);
    embedded->console = embedded->console >> 11 | 1;
    (void)snprintf(name, sizeof(name), "%.20s embedded", actor);
    return rc == SB_OK ? sb_console_join(embedded->control, embedded->console, name, !is_viewer, &embedded->visit, err) : rc;
}

enum sb_err embedded_open(struct sb_source **source, struct sb_control *control, const char *actor, bool is_viewer, struct sb_error *err)
{
    static const struct sb_source_ops ops = { .close = close_source, .fd = fd, .take = take, .ping = ping, .command = command, .look = look,
                                              .take_over = take_over };
    struct embedded *embedded = calloc(1, sizeof(*embedded));
    if (embedded == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the console");
    embedded->source.ops = &ops;
    embedded->control = control;
    enum sb_err rc = sb_feed_open(control, &embedded->feed, err);
    if (rc == SB_OK)
        rc = sit_down(embedded, actor, is_viewer, err);
    if (rc == SB_OK) {
        *source = &embedded->source;
    } else {
        sb_feed_close(embedded->feed);
        free(embedded);
    }
    return rc;
}
