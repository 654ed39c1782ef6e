/* The way of events to the store, and the gate for orders that must wait until theirs is on disk.
 *
 * Appending is the core thread's; the store's writer thread tells what became durable and takes waiting attempts to the workers. A
 * failing store is reported once when it begins and once when it is over. */
#include "parts.h"

#include <stdlib.h>

struct sb_journal {
    struct sb_store *store;
    struct sb_inbox *inbox;
    struct sb_workers *workers;
    struct sb_notifier *notifier;
    struct sb_relay *relay; /* what the store calls; NULL without a store */
    struct sb_mutex *mutex;
    struct sb_cond *progress;
    atomic_uint_fast64_t appended; /* written by the core thread */
    struct sb_pulse pulse;         /* answered by the store's callbacks */
    bool is_append_broken;  /* core thread */
    /* guarded by mutex */
    uint64_t durable;
    struct sb_attempt *waiting; /* in order of arrival */
    bool is_failing, is_over; /* is_over: another node writes now, and this one never again */
};

static void post_store_state(struct sb_journal *journal, enum sb_component_state state, const char *reason)
{
    struct sb_input input = sb_input_make(SB_INPUT_COMPONENT);

    input.as.component.component = SB_COMPONENT_STORE;
    input.as.component.state = (uint8_t)state;
    (void)sb_copy(input.as.component.reason, sizeof(input.as.component.reason), reason); /* cut to the field */
    sb_inbox_post_result(journal->inbox, &input);
}

/* Hands a list to the workers, oldest first. No lock is held: the workers' has a lower rank. */
static void submit_all(struct sb_journal *journal, struct sb_attempt *list)
{
    while (list != NULL) {
        struct sb_attempt *next = list->next;
        sb_workers_submit(journal->workers, list);
        list = next;
    }
}

static bool is_due(const struct sb_attempt *attempt, uint64_t durable, uint64_t fence)
{
    return attempt->order.durable_seq <= durable || (fence != 0 && attempt->order.fence == fence);
}

/* Under the mutex: takes out what is durable, and the attempt with that fence. */
static struct sb_attempt *take_due(struct sb_journal *journal, uint64_t durable, uint64_t fence)
{
    struct sb_attempt *due = NULL, **due_end = &due, **link = &journal->waiting;

    while (*link != NULL) {
        struct sb_attempt *attempt = *link;
        if (!is_due(attempt, durable, fence)) {
            link = &attempt->next;
            continue;
        }
        *link = attempt->next;
        attempt->next = NULL;
        *due_end = attempt;
        due_end = &attempt->next;
    }
    return due;
}

static void advance_durable(struct sb_journal *journal, uint64_t seq)
{
    sb_mutex_lock(journal->mutex);
    if (seq > journal->durable)
        journal->durable = seq;
    bool is_relieved = journal->is_failing;
    journal->is_failing = false;
    struct sb_attempt *due = take_due(journal, journal->durable, 0);
    sb_mutex_unlock(journal->mutex);
    sb_cond_broadcast(journal->progress);
    submit_all(journal, due);
    sb_notifier_durable(journal->notifier, seq);
    if (is_relieved)
        post_store_state(journal, SB_COMPONENT_STATE_OK, "written again");
}

static void report_failure(struct sb_journal *journal, const struct sb_error *error)
{
    sb_mutex_lock(journal->mutex);
    bool is_new = !journal->is_failing;
    journal->is_failing = true;
    journal->is_over = error->code == SB_ERR_STALE;
    sb_mutex_unlock(journal->mutex);
    sb_cond_broadcast(journal->progress);
    if (!is_new)
        return;
    sb_log(SB_LOG_ERROR, "journal", "cannot write: %s", error->text);
    post_store_state(journal, SB_COMPONENT_STATE_FAILED, error->text);
}

static void on_durable(void *arg, uint64_t seq)
{
    struct sb_journal *journal = sb_relay_enter(arg);

    if (journal != NULL) {
        sb_pulse_answer(&journal->pulse);
        advance_durable(journal, seq);
    }
    sb_relay_leave(arg);
}

static void on_failure(void *arg, const struct sb_error *error)
{
    struct sb_journal *journal = sb_relay_enter(arg);

    if (journal != NULL) {
        sb_pulse_answer(&journal->pulse);
        report_failure(journal, error);
    }
    sb_relay_leave(arg);
}

struct sb_journal *sb_journal_create(struct sb_store *store, struct sb_inbox *inbox, struct sb_error *err)
{
    struct sb_journal *journal = calloc(1, sizeof(*journal));

    if (journal != NULL) {
        journal->store = store;
        journal->inbox = inbox;
        journal->durable = store == NULL ? UINT64_MAX : 0;
        journal->mutex = sb_mutex_create(SB_RANK_JOURNAL);
        journal->progress = sb_cond_create();
        journal->relay = store != NULL ? sb_relay_create(journal, err) : NULL; /* the target is complete before the store has it */
        if (journal->mutex != NULL && journal->progress != NULL && (store == NULL || journal->relay != NULL))
            return journal;
    }
    sb_journal_destroy(journal);
    (void)sb_error_set(err, SB_ERR_NOMEM, "no memory for the journal");
    return NULL;
}

void sb_journal_attach(struct sb_journal *journal, struct sb_workers *workers, struct sb_notifier *notifier)
{
    journal->workers = workers;
    journal->notifier = notifier;
    if (journal->store == NULL)
        sb_notifier_durable(notifier, UINT64_MAX);
    if (journal->store != NULL)
        journal->store->ops->set_callbacks(journal->store, journal->relay, on_durable, on_failure);
}

void sb_journal_detach(struct sb_journal *journal)
{
    sb_relay_cut(journal->relay);
}

void sb_journal_destroy(struct sb_journal *journal)
{
    if (journal == NULL)
        return;
    sb_journal_detach(journal);
    SB_ASSERT(journal->waiting == NULL);
    sb_cond_destroy(journal->progress);
    sb_mutex_destroy(journal->mutex);
    free(journal);
}

void sb_journal_append(struct sb_journal *journal, const struct sb_event *events, size_t count)
{
    struct sb_error error;

    if (count == 0 || journal->store == NULL)
        return;
    atomic_store(&journal->appended, events[count - 1].seq);
    if (journal->store->ops->append(journal->store, events, count, &error) == SB_OK || journal->is_append_broken)
        return;
    /* The store is broken for good. What is decided from here on is not kept, and nothing that must be durable starts any more. */
    journal->is_append_broken = true;
    sb_log(SB_LOG_ERROR, "journal", "events are no longer kept: %s", error.text);
    struct sb_input input = sb_input_make(SB_INPUT_COMPONENT);
    input.as.component.component = SB_COMPONENT_STORE;
    input.as.component.state = SB_COMPONENT_STATE_FAILED;
    (void)sb_copy(input.as.component.reason, sizeof(input.as.component.reason), error.text); /* cut to the field */
    sb_inbox_post_own(journal->inbox, &input);
}

void sb_journal_submit(struct sb_journal *journal, struct sb_attempt *attempt)
{
    sb_mutex_lock(journal->mutex);
    bool must_wait = attempt->order.durable_seq > journal->durable;
    if (must_wait) {
        struct sb_attempt **link = &journal->waiting;
        while (*link != NULL)
            link = &(*link)->next;
        attempt->next = NULL;
        *link = attempt;
    }
    sb_mutex_unlock(journal->mutex);
    if (!must_wait)
        sb_workers_submit(journal->workers, attempt);
}

void sb_journal_release(struct sb_journal *journal, uint64_t fence)
{
    sb_mutex_lock(journal->mutex);
    struct sb_attempt *due = take_due(journal, fence == 0 ? UINT64_MAX : 0, fence);
    sb_mutex_unlock(journal->mutex);
    submit_all(journal, due);
}

bool sb_journal_flush(struct sb_journal *journal, sb_ns deadline)
{
    bool is_in_time = true;

    sb_mutex_lock(journal->mutex);
    while (journal->durable < atomic_load(&journal->appended) && is_in_time && !journal->is_over)
        is_in_time = sb_cond_wait(journal->progress, journal->mutex, deadline);
    bool is_durable = journal->durable >= atomic_load(&journal->appended);
    sb_mutex_unlock(journal->mutex);
    return is_durable;
}

sb_ns sb_journal_silence(struct sb_journal *journal)
{
    sb_mutex_lock(journal->mutex);
    bool is_written = journal->durable >= atomic_load(&journal->appended);
    sb_mutex_unlock(journal->mutex);
    if (is_written)
        sb_pulse_answer(&journal->pulse);
    bool must_wake; /* the store's callbacks answer, when they come */
    return is_written ? 0 : sb_pulse_ask(&journal->pulse, &must_wake);
}
