/* Visits through the browser port: three threads, each with a context of its own, as the workers of the runtime have. */
#include "peers.h"

#include "signalbox/os/os.h"

#include <stdatomic.h>
#include <stdlib.h>

struct visitors {
    struct sb_browser *browser;
    const char *base;
    bool keeps;
    atomic_size_t next;
    size_t count;
    sb_ns *each;
};

struct visitor {
    struct visitors *all;
    struct sb_context *context; /* NULL: a fresh one for each visit */
    struct sb_thread *thread;
};

static void visitor_main(void *arg)
{
    struct visitor *visitor = arg;
    struct visitors *all = visitor->all;

    for (size_t i = atomic_fetch_add(&all->next, 1); i < all->count; i = atomic_fetch_add(&all->next, 1)) {
        sb_ns began = sb_now();
        struct sb_context *context = all->keeps ? visitor->context : peer_context(all->browser);
        peer_read_rows(all->browser, context, all->base);
        if (!all->keeps)
            all->browser->ops->close_context(all->browser, context);
        all->each[i] = sb_now() - began;
    }
}

static void prepare(struct visitors *all, struct visitor *visitor)
{
    visitor->all = all;
    visitor->context = peer_context(all->browser);
    peer_read_rows(all->browser, visitor->context, all->base); /* the first one starts caches and processes */
    if (all->keeps)
        return;
    all->browser->ops->close_context(all->browser, visitor->context);
    visitor->context = NULL;
}

void peer_run_visits(const char *base, bool keeps, size_t count)
{
    struct visitors all = { .browser = peer_browser(), .base = base, .keeps = keeps, .count = count, .each = calloc(count, sizeof(sb_ns)) };
    struct visitor visitors[PEER_CONTEXTS] = { 0 };
    struct sb_error error = { 0 };

    if (all.each == NULL)
        give_up("no memory");
    for (size_t i = 0; i < PEER_CONTEXTS; i++)
        prepare(&all, &visitors[i]);
    sb_ns began = sb_now(), cpu = sb_cpu_time();
    for (size_t i = 0; i < PEER_CONTEXTS; i++)
        must(sb_thread_start(&visitors[i].thread, "visitor", visitor_main, &visitors[i], &error), "thread", &error);
    for (size_t i = 0; i < PEER_CONTEXTS; i++)
        sb_thread_join(visitors[i].thread);
    const struct peer_visits told = { .who = "signalbox", .variant = keeps ? "kept" : "fresh", .each = all.each, .count = count,
                                      .wall = sb_now() - began, .cpu = sb_cpu_time() - cpu };
    peer_tell_visits(&told);
    for (size_t i = 0; i < PEER_CONTEXTS; i++)
        all.browser->ops->close_context(all.browser, visitors[i].context);
    all.browser->ops->close(all.browser);
    free(all.each);
}
