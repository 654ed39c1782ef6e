/* Owns the thread that asks about the past. A store that hangs costs this thread its time, and the picture nothing.
 *
 * Threads: `ask`, `take` and `fd` by the console's; `main_of` is the asker's own. The lock guards the three places below and is never held while
 * anything is asked. */
#include "asker.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_WITHIN SB_S(5)

struct sb_asker {
    const struct sb_tui_setup *setup;
    struct sb_mutex *mutex;
    struct sb_cond *news;
    struct sb_thread *thread;
    int fd;
    bool is_ending, has_question, has_answer;
    struct sb_lookup question;
    struct sb_cancel *cancel;        /* of the question under way; NULL = none is */
    struct sb_findings answer, work; /* `work` is the asker's own */
};

static void fail(struct sb_findings *findings, const struct sb_lookup *lookup, const struct sb_error *err)
{
    memset(findings, 0, sizeof *findings);
    findings->code = (uint8_t)err->code;
    (void)sb_copy(findings->text, sizeof findings->text, err->text);
    findings->kind = lookup->kind;
    findings->number = lookup->number;
}

/* Asks without the lock. */
static void answer_one(struct sb_asker *asker, const struct sb_lookup *lookup, const struct sb_cancel *cancel)
{
    const struct sb_op op = { .deadline = sb_now() + ANSWER_WITHIN, .cancel = cancel };
    struct sb_error err = { SB_OK, "" };
    memset(&asker->work, 0, sizeof asker->work);
    const enum sb_err rc = asker->setup->lookup(asker->setup->lookup_self, lookup, &op, &asker->work, &err);
    asker->work.kind = lookup->kind;
    asker->work.number = lookup->number;
    if (rc != SB_OK) {
        err.code = sb_cancel_is_asked(cancel) ? SB_ERR_CANCELLED : rc;
        fail(&asker->work, lookup, &err);
    }
}

static void main_of(void *arg)
{
    struct sb_asker *const asker = arg;
    sb_mutex_lock(asker->mutex);
    while (!asker->is_ending) {
        if (!asker->has_question) {
            (void)sb_cond_wait(asker->news, asker->mutex, SB_NEVER);
            continue;
        }
        const struct sb_lookup lookup = asker->question;
        struct sb_error err = { SB_OK, "" };
        asker->has_question = false;
        sb_mutex_unlock(asker->mutex);
        struct sb_cancel *const cancel = sb_cancel_create(&err);
        sb_mutex_lock(asker->mutex);
        asker->cancel = cancel;
        if (cancel != NULL && (asker->has_question || asker->is_ending)) /* something newer came in between */
            sb_cancel_ask(cancel);
        sb_mutex_unlock(asker->mutex);
        if (cancel != NULL)
            answer_one(asker, &lookup, cancel);
        else
            fail(&asker->work, &lookup, &err);
        sb_mutex_lock(asker->mutex);
        asker->cancel = NULL;
        asker->answer = asker->work;
        asker->has_answer = true;
        sb_mutex_unlock(asker->mutex);
        sb_cancel_destroy(cancel);
        sb_wake_post(asker->fd);
        sb_mutex_lock(asker->mutex);
    }
    sb_mutex_unlock(asker->mutex);
}

struct sb_asker *sb_asker_create(const struct sb_tui_setup *setup)
{
    struct sb_error err = { SB_OK, "" };
    struct sb_asker *const asker = calloc(1, sizeof *asker);
    if (asker == NULL)
        return NULL;
    asker->setup = setup;
    asker->fd = -1;
    asker->mutex = sb_mutex_create(SB_RANK_ASKER);
    asker->news = sb_cond_create();
    if (asker->mutex != NULL && asker->news != NULL && sb_wake_open(&asker->fd, &err) == SB_OK &&
        sb_thread_start(&asker->thread, "asker", main_of, asker, &err) == SB_OK)
        return asker;
    sb_log(SB_LOG_WARN, "tui", "the console cannot ask about the past: %s", err.text[0] != '\0' ? err.text : "no memory");
    sb_asker_destroy(asker);
    return NULL;
}

void sb_asker_destroy(struct sb_asker *asker)
{
    if (asker == NULL)
        return;
    if (asker->thread != NULL) {
        sb_mutex_lock(asker->mutex);
        asker->is_ending = true;
        if (asker->cancel != NULL)
            sb_cancel_ask(asker->cancel);
        sb_cond_signal(asker->news);
        sb_mutex_unlock(asker->mutex);
        sb_thread_join(asker->thread);
    }
    if (asker->fd >= 0)
        sb_fd_close(&asker->fd);
    sb_cond_destroy(asker->news);
    sb_mutex_destroy(asker->mutex);
    free(asker);
}

int sb_asker_fd(const struct sb_asker *asker)
{
    return asker != NULL ? asker->fd : -1;
}

void sb_asker_ask(struct sb_asker *asker, const struct sb_lookup *lookup)
{
    sb_mutex_lock(asker->mutex);
    asker->question = *lookup;
    asker->has_question = true;
    if (asker->cancel != NULL)
        sb_cancel_ask(asker->cancel);
    sb_cond_signal(asker->news);
    sb_mutex_unlock(asker->mutex);
}

bool sb_asker_take(struct sb_asker *asker, struct sb_findings *findings)
{
    sb_mutex_lock(asker->mutex);
    const bool is_there = asker->has_answer;
    if (is_there)
        *findings = asker->answer;
    asker->has_answer = false;
    sb_wake_clear(asker->fd);
    sb_mutex_unlock(asker->mutex);
    return is_there;
}
