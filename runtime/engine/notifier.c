/* The notifier: sends notices through channels, on a few threads of its own, because a receiver may take its time.
 *
 * There is no queue: the core has at most one notice per channel on its way, so each channel has one slot. A notice waits until the journal has
 * its event, but not for long: a receiver that hears it twice after a crash is better than one that never hears that the database is down. */
#include "parts.h"

#include <stdlib.h>

enum { THREADS_MAX = 4, SEND_LIMIT_S = 30, LAST_WORD_LIMIT_S = 2, DURABLE_LIMIT_S = 5 };

struct slot {
    struct sb_or_send_notice order;
    sb_ns wait_until;  /* for the journal */
    bool is_wanted, is_busy;
};

struct sb_notifier {
    struct sb_notifier_setup setup;
    struct sb_mutex *mutex;
    struct sb_cond *news;
    struct sb_cancel *ending;
    struct sb_thread *threads[THREADS_MAX];
    size_t thread_count;
    /* guarded by mutex */
    struct slot slots[SB_CHANNELS_MAX];
    uint64_t durable;
    bool is_stopping;
};

static void post_done(struct sb_notifier *notifier, const struct sb_or_send_notice *order, enum sb_err rc, bool is_final, sb_ns retry_after,
                      sb_ns took, const char *reason)
{
    struct sb_input input = sb_input_make(SB_INPUT_NOTICE_DONE);

    input.as.notice_done.id = order->id;
    input.as.notice_done.channel = order->channel;
    input.as.notice_done.is_ok = rc == SB_OK;
    input.as.notice_done.is_final = is_final;
    input.as.notice_done.retry_after = retry_after;
    input.as.notice_done.took = took;
    (void)sb_copy(input.as.notice_done.reason, sizeof(input.as.notice_done.reason), reason); /* cut to the field */
    sb_inbox_post_result(notifier->setup.inbox, &input);
}

static void send(struct sb_notifier *notifier, const struct sb_or_send_notice *order)
{
    sb_ns begun = sb_now(), retry_after = 0;
    bool is_last_word = order->notice == SB_NOTICE_STOPPING; /* of a dead-man's switch: the end waits for it, a little */
    const struct sb_op op = { .deadline = sb_ns_add(begun, is_last_word ? SB_S(LAST_WORD_LIMIT_S) : SB_S(SEND_LIMIT_S)),
                              .cancel = is_last_word ? NULL : notifier->ending };
    struct sb_error error = { .text = "" };
    bool is_final = false;
    enum sb_err rc = notifier->setup.send(notifier->setup.arg, order, &op, &retry_after, &is_final, &error);

    post_done(notifier, order, rc, is_final, retry_after, sb_now() - begun, rc == SB_OK ? "" : error.text);
}

/* Under the mutex: a slot that can be sent, or NULL and when one can. */
static struct slot *choose(struct sb_notifier *notifier, sb_ns now, sb_ns *next)
{
    *next = SB_NEVER;
    for (size_t i = 0; i < SB_CHANNELS_MAX; i++) {
        struct slot *slot = &notifier->slots[i];
        if (!slot->is_wanted || slot->is_busy || (notifier->is_stopping && slot->order.notice != SB_NOTICE_STOPPING))
            continue;
        if (slot->order.id <= notifier->durable || slot->wait_until <= now)
            return slot;
        if (slot->wait_until < *next)
            *next = slot->wait_until;
    }
    return NULL;
}

static void notifier_main(void *argument)
{
    struct sb_notifier *notifier = argument;

    sb_mutex_lock(notifier->mutex);
    for (;;) {
        sb_ns next = SB_NEVER;
        struct slot *slot = choose(notifier, sb_now(), &next);
        if (slot == NULL && notifier->is_stopping)
            break;
        if (slot == NULL) {
            (void)sb_cond_wait(notifier->news, notifier->mutex, next); /* the loop looks itself */
            continue;
        }
        struct sb_or_send_notice order = slot->order;
        slot->is_busy = true;
        slot->is_wanted = false;
        sb_mutex_unlock(notifier->mutex);
        send(notifier, &order);
        sb_mutex_lock(notifier->mutex);
        slot->is_busy = false;
        sb_cond_broadcast(notifier->news); /* another order may have come for this slot meanwhile */
    }
    sb_mutex_unlock(notifier->mutex);
}

void sb_notifier_send(struct sb_notifier *notifier, const struct sb_or_send_notice *order)
{
    SB_ASSERT(order->channel < SB_CHANNELS_MAX);
    sb_mutex_lock(notifier->mutex);
    struct slot *slot = &notifier->slots[order->channel];
    slot->order = *order;
    slot->wait_until = sb_ns_add(sb_now(), SB_S(DURABLE_LIMIT_S));
    slot->is_wanted = true;
    sb_mutex_unlock(notifier->mutex);
    sb_cond_broadcast(notifier->news);
}

void sb_notifier_durable(struct sb_notifier *notifier, uint64_t seq)
{
    sb_mutex_lock(notifier->mutex);
    bool is_waited_for = false;
    for (size_t i = 0; i < SB_CHANNELS_MAX; i++)
        is_waited_for |= notifier->slots[i].is_wanted && notifier->slots[i].order.id > notifier->durable;
    if (seq > notifier->durable)
        notifier->durable = seq;
    sb_mutex_unlock(notifier->mutex);
    if (is_waited_for)
        sb_cond_broadcast(notifier->news);
}

struct sb_notifier *sb_notifier_create(const struct sb_notifier_setup *setup, size_t channel_count, struct sb_error *err)
{
    struct sb_notifier *notifier = calloc(1, sizeof(*notifier));
    size_t threads = channel_count < THREADS_MAX ? channel_count : THREADS_MAX;

    if (notifier == NULL)
        goto nomem;
    notifier->setup = *setup;
    notifier->mutex = sb_mutex_create(SB_RANK_KEEPER);
    notifier->news = sb_cond_create();
    if (notifier->mutex == NULL || notifier->news == NULL)
        goto nomem;
    notifier->ending = sb_cancel_create(err);
    if (notifier->ending == NULL)
        goto failed;
    for (; notifier->thread_count < threads; notifier->thread_count++)
        if (sb_thread_start(&notifier->threads[notifier->thread_count], "sb-notifier", notifier_main, notifier, err) != SB_OK)
            goto failed;
    return notifier;
nomem:
    (void)sb_error_set(err, SB_ERR_NOMEM, "no memory for the notifier");
failed:
    sb_notifier_destroy(notifier);
    return NULL;
}

void sb_notifier_destroy(struct sb_notifier *notifier)
{
    if (notifier == NULL)
        return;
    if (notifier->mutex != NULL && notifier->ending != NULL) {
        sb_cancel_ask(notifier->ending);
        sb_mutex_lock(notifier->mutex);
        notifier->is_stopping = true;
        sb_mutex_unlock(notifier->mutex);
        sb_cond_broadcast(notifier->news);
        for (size_t i = 0; i < notifier->thread_count; i++)
            sb_thread_join(notifier->threads[i]);
    }
    sb_cancel_destroy(notifier->ending);
    sb_cond_destroy(notifier->news);
    sb_mutex_destroy(notifier->mutex);
    free(notifier);
}
