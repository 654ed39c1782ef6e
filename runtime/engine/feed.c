/* Feeds: what listeners get to see. Each has a picture (a describe stream made for it on the core thread) followed by live events in
 * a bounded ring. A listener that falls behind loses both and gets a new picture as soon as it reads again: a stalled listener costs
 * the core nothing, and no listener ever blocks it.
 *
 * One lock for all feeds of an engine; it is held for copying and for posting to an eventfd, which never blocks and must not meet a
 * descriptor that is closed meanwhile. The hub lives until the engine and the last feed are gone, whichever comes last. */
#include "parts.h"

#include <stdlib.h>
#include <string.h>

/* WANTED: waits for the core thread to make its picture. LIVE: follows. LOST: fell behind and has not noticed yet. */
enum feed_state { FEED_WANTED, FEED_LIVE, FEED_LOST };

struct sb_feed {
    struct sb_feeds *hub;
    struct sb_feed *next;
    int fd;
    /* guarded by the hub's mutex */
    enum feed_state state;
    bool is_gap_untold, is_pinged;
    struct sb_event *picture;
    size_t picture_count, picture_at;
    struct sb_event *ring; /* [SB_FEED_EVENTS_MAX] */
    size_t head, count;
};

struct sb_feeds {
    struct sb_mutex *mutex;
    /* guarded by mutex */
    struct sb_feed *first;
    struct sb_inbox *inbox; /* NULL once the engine is gone */
    size_t users;           /* open feeds, and the engine */
};

struct sb_feeds *sb_feeds_create(struct sb_inbox *inbox, struct sb_error *err)
{
    struct sb_feeds *feeds = calloc(1, sizeof(*feeds));

    if (feeds != NULL) {
        feeds->inbox = inbox;
        feeds->users = 1;
        feeds->mutex = sb_mutex_create(SB_RANK_FEED);
        if (feeds->mutex != NULL)
            return feeds;
    }
    free(feeds);
    (void)sb_error_set(err, SB_ERR_NOMEM, "no memory for feeds");
    return NULL;
}

static void hub_release(struct sb_feeds *feeds)
{
    sb_mutex_lock(feeds->mutex);
    bool is_last = --feeds->users == 0;
    sb_mutex_unlock(feeds->mutex);
    if (!is_last)
        return;
    sb_mutex_destroy(feeds->mutex);
    free(feeds);
}

void sb_feeds_destroy(struct sb_feeds *feeds)
{
    if (feeds == NULL)
        return;
    sb_mutex_lock(feeds->mutex);
    feeds->inbox = NULL;
    sb_mutex_unlock(feeds->mutex);
    hub_release(feeds);
}

static void kick(struct sb_inbox *inbox)
{
    if (inbox != NULL)
        sb_inbox_kick(inbox);
}

static enum sb_err open_feed(struct sb_feeds *hub, enum feed_state state, struct sb_feed **feed, struct sb_error *err)
{
    struct sb_feed *fresh = calloc(1, sizeof(*fresh));

    if (fresh == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a feed");
    fresh->ring = calloc(SB_FEED_EVENTS_MAX, sizeof(*fresh->ring));
    if (fresh->ring == NULL) {
        free(fresh);
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a feed");
    }
    enum sb_err rc = sb_wake_open(&fresh->fd, err);
    if (rc != SB_OK) {
        free(fresh->ring);
        free(fresh);
        return rc;
    }
    fresh->hub = hub;
    fresh->state = state;
    sb_mutex_lock(hub->mutex);
    fresh->next = hub->first;
    hub->first = fresh;
    hub->users++;
    sb_mutex_unlock(hub->mutex);
    *feed = fresh;
    return SB_OK;
}

enum sb_err sb_feed_open(struct sb_control *control, struct sb_feed **feed, struct sb_error *err)
{
    enum sb_err rc = open_feed(control->feeds, FEED_WANTED, feed, err);

    if (rc == SB_OK)
        sb_inbox_kick(control->inbox);
    return rc;
}

enum sb_err sb_feeds_open_first(struct sb_feeds *feeds, struct sb_feed **feed, struct sb_error *err)
{
    return open_feed(feeds, FEED_LIVE, feed, err);
}

void sb_feed_close(struct sb_feed *feed)
{
    if (feed == NULL)
        return;
    struct sb_feeds *hub = feed->hub;
    sb_mutex_lock(hub->mutex);
    struct sb_feed **link = &hub->first;
    while (*link != feed)
        link = &(*link)->next;
    *link = feed->next;
    sb_mutex_unlock(hub->mutex);
    sb_fd_close(&feed->fd);
    free(feed->picture);
    free(feed->ring);
    free(feed);
    hub_release(hub);
}

int sb_feed_fd(const struct sb_feed *feed)
{
    return feed->fd;
}

static size_t pending(const struct sb_feed *feed)
{
    return feed->picture_count - feed->picture_at + feed->count;
}

/* Under the mutex. The picture's memory is the caller's to free. */
static struct sb_event *drop_all(struct sb_feed *feed)
{
    struct sb_event *picture = feed->picture;

    feed->picture = NULL;
    feed->picture_count = feed->picture_at = 0;
    feed->head = feed->count = 0;
    return picture;
}

/* Under the mutex. Events of a feed that is not live are in the picture it will get. */
static void push(struct sb_feed *feed, const struct sb_event *events, size_t count)
{
    if (feed->state != FEED_LIVE || count == 0)
        return;
    bool was_empty = pending(feed) == 0;
    if (feed->count + count > SB_FEED_EVENTS_MAX) {
        /* The old picture, if any, stays allocated until the next one: memory is not freed under a lock. */
        feed->picture_at = feed->picture_count;
        feed->head = feed->count = 0;
        feed->state = FEED_LOST;
    }
    if (feed->state == FEED_LIVE) {
        if (feed->count == 0)
            feed->head = 0; /* a listener that keeps up touches a few pages of the ring only */
        for (size_t i = 0; i < count; i++)
            feed->ring[(feed->head + feed->count++) % SB_FEED_EVENTS_MAX] = events[i];
    }
    if (was_empty || feed->state == FEED_LOST)
        sb_wake_post(feed->fd);
}

void sb_feeds_publish(struct sb_feeds *feeds, const struct sb_event *events, size_t count)
{
    sb_mutex_lock(feeds->mutex);
    for (struct sb_feed *feed = feeds->first; feed != NULL; feed = feed->next)
        push(feed, events, count);
    sb_mutex_unlock(feeds->mutex);
}

/* All events of the describe stream, malloc'ed. NULL when out of memory. Their number is known after the first pass, and is bounded by
 * the catalogue and the tables of the core. */
static struct sb_event *describe(const struct sb_core *core, struct sb_outbox *scratch, size_t *count)
{
    struct sb_event *events = NULL;
    size_t total = 0, used = 0;
    uint64_t cursor = 0;
    bool is_complete;

    do {
        is_complete = sb_core_describe(core, &cursor, scratch);
        total += scratch->event_count;
    } while (!is_complete);
    events = calloc(total > 0 ? total : 1, sizeof(*events));
    if (events == NULL)
        return NULL;
    cursor = 0;
    do {
        is_complete = sb_core_describe(core, &cursor, scratch);
        SB_ASSERT(used + scratch->event_count <= total);
        memcpy(events + used, scratch->events, scratch->event_count * sizeof(*events));
        used += scratch->event_count;
    } while (!is_complete);
    *count = used;
    return events;
}

/* Gives the picture to one feed that waits for one; returns what must be freed. */
static struct sb_event *install(struct sb_feeds *feeds, struct sb_event *picture, size_t count, bool *is_installed)
{
    struct sb_event *old = NULL;

    *is_installed = false;
    sb_mutex_lock(feeds->mutex);
    struct sb_feed *feed = feeds->first;
    while (feed != NULL && feed->state != FEED_WANTED)
        feed = feed->next;
    if (feed != NULL) {
        old = drop_all(feed);
        feed->picture = picture;
        feed->picture_count = count;
        feed->state = FEED_LIVE;
        *is_installed = true;
        sb_wake_post(feed->fd);
    }
    sb_mutex_unlock(feeds->mutex);
    return *is_installed ? old : picture;
}

static bool anybody_waits(struct sb_feeds *feeds)
{
    bool is_found = false;

    sb_mutex_lock(feeds->mutex);
    for (const struct sb_feed *feed = feeds->first; feed != NULL && !is_found; feed = feed->next)
        is_found = feed->state == FEED_WANTED;
    sb_mutex_unlock(feeds->mutex);
    return is_found;
}

/* Without memory for a picture the waiting listeners are told to ask again: they will, when they poll next. */
static void lose_waiting(struct sb_feeds *feeds)
{
    sb_mutex_lock(feeds->mutex);
    for (struct sb_feed *feed = feeds->first; feed != NULL; feed = feed->next)
        if (feed->state == FEED_WANTED) {
            feed->state = FEED_LOST;
            sb_wake_post(feed->fd);
        }
    sb_mutex_unlock(feeds->mutex);
}

void sb_feeds_describe(struct sb_feeds *feeds, const struct sb_core *core, struct sb_outbox *scratch)
{
    bool is_installed = true;

    while (is_installed && anybody_waits(feeds)) {
        size_t count = 0;
        struct sb_event *picture = describe(core, scratch, &count);
        if (picture == NULL) {
            sb_log(SB_LOG_ERROR, "feed", "no memory for a picture of %zu events", count);
            lose_waiting(feeds);
            return;
        }
        free(install(feeds, picture, count, &is_installed));
    }
}

void sb_feed_ping(struct sb_feed *feed)
{
    struct sb_feeds *hub = feed->hub;

    sb_mutex_lock(hub->mutex);
    feed->is_pinged = true;
    struct sb_inbox *inbox = hub->inbox;
    sb_mutex_unlock(hub->mutex);
    kick(inbox);
}

void sb_feeds_answer(struct sb_feeds *feeds, const struct sb_event *heartbeat)
{
    sb_mutex_lock(feeds->mutex);
    for (struct sb_feed *feed = feeds->first; feed != NULL; feed = feed->next)
        if (feed->is_pinged) {
            feed->is_pinged = false;
            push(feed, heartbeat, 1);
        }
    sb_mutex_unlock(feeds->mutex);
}

/* Under the mutex. */
static size_t pop(struct sb_feed *feed, struct sb_event *events, size_t cap)
{
    size_t taken = 0;

    while (taken < cap && feed->picture_at < feed->picture_count)
        events[taken++] = feed->picture[feed->picture_at++];
    while (taken < cap && feed->count > 0) {
        events[taken++] = feed->ring[feed->head];
        feed->head = (feed->head + 1) % SB_FEED_EVENTS_MAX;
        feed->count--;
    }
    return taken;
}

size_t sb_feed_take(struct sb_feed *feed, struct sb_event *events, size_t cap, bool *is_gap)
{
    struct sb_feeds *hub = feed->hub;
    struct sb_inbox *inbox = NULL;
    struct sb_event *spent = NULL;

    *is_gap = false;
    sb_mutex_lock(hub->mutex);
    if (feed->state == FEED_LOST) {
        feed->state = FEED_WANTED;
        feed->is_gap_untold = true;
        inbox = hub->inbox;
    }
    size_t taken = pop(feed, events, cap);
    if (taken > 0) {
        *is_gap = feed->is_gap_untold;
        feed->is_gap_untold = false;
    }
    if (feed->picture_at == feed->picture_count && feed->picture != NULL) {
        spent = feed->picture;
        feed->picture = NULL;
        feed->picture_count = feed->picture_at = 0;
    }
    if (pending(feed) == 0)
        sb_wake_clear(feed->fd);
    sb_mutex_unlock(hub->mutex);
    free(spent);
    kick(inbox);
    return taken;
}
