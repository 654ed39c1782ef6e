/* When a browser is started, by whom, and how soon after a failure. Any thread: the first that needs a browser starts it within its own
 * operation, the others wait for the outcome.
 *
 *   none --ensure--> launching --handshake--> running --death--> dying --buried--> none
 *                        |                                                           ^
 *                        +--failed (next try after a growing delay)-------------------+
 *
 * `launch_fd` is readable in "none" and "running". A browser that cannot be started, or dies young again and again, is not tried in a loop. */
#include "chromium.h"

#include "signalbox/base/text.h"

#include <inttypes.h>
#include <string.h>

#define HANDSHAKE_TIMEOUT SB_S(30)
#define DELAY_FIRST SB_MS(500)
#define DELAY_MAX SB_S(30)
#define YOUNG SB_S(20)

enum {
    FREE_DEATHS = 3, /* young deaths in a row which are followed by a new browser at once */
    PROVEN = 10,     /* contexts after which a browser is no young one any more, however short its life was */
};

static bool is_busy(const struct sb_chromium *chromium)
{
    return chromium->is_launching || (chromium->cdp != NULL && (chromium->cdp->is_dead || chromium->cdp->must_end));
}

void sb_chromium_note_change(struct sb_chromium *chromium)
{
    if (is_busy(chromium))
        sb_wake_clear(chromium->launch_fd);
    else
        sb_wake_post(chromium->launch_fd);
    sb_cond_broadcast(chromium->news);
}

static sb_ns delay(unsigned failures)
{
    sb_ns wait = DELAY_FIRST;

    for (unsigned i = 1; i < failures && wait < DELAY_MAX; i++)
        wait *= 2;
    return wait < DELAY_MAX ? wait : DELAY_MAX;
}

void sb_chromium_note_death(struct sb_chromium *chromium, const struct sb_cdp *cdp)
{
    sb_ns now = sb_now();

    if (cdp->is_expected)
        return;
    chromium->stats.crashes++;
    /* Who has served well is not to blame for what ends it: the next one comes at once. */
    bool is_young = now - cdp->started_at < YOUNG && cdp->served < PROVEN;
    chromium->failures = is_young ? chromium->failures + 1 : 0;
    if (chromium->failures > FREE_DEATHS) {
        chromium->launch_not_before = sb_ns_add(now, delay(chromium->failures - FREE_DEATHS));
        (void)sb_error_set(&chromium->launch_error, SB_ERR_UNAVAILABLE, "%s, %u times in a row soon after its start", cdp->reason,
                           chromium->failures);
    }
}

/* ---- one launch ---- */

/* The browser says who it is, tells us of every new page before that runs, and which process it really is: the executable may be a script. */
static enum sb_err shake_hands(struct sb_cdp *cdp, const struct sb_op *op, struct sb_error *err)
{
    struct sb_chromium *chromium = cdp->chromium;
    json_t *info = NULL, *process;
    size_t i;

    enum sb_err rc = sb_browser_call(chromium, cdp, "Browser.getVersion", NULL, op, NULL, err);
    if (rc == SB_OK)
        rc = sb_browser_call(chromium, cdp, "Target.setAutoAttach",
                             json_pack("{s:b,s:b,s:b,s:[{s:s}]}", "autoAttach", 1, "waitForDebuggerOnStart", 1, "flatten", 1, "filter", "type",
                                       "page"),
                             op, NULL, err);
    if (rc == SB_OK)
        rc = cdp->remote != NULL ? SB_OK : sb_browser_call(chromium, cdp, "SystemInfo.getProcessInfo", NULL, op, &info, err);
    if (rc != SB_OK || cdp->remote != NULL)
        return rc;
    pid_t pid = cdp->group;
    json_array_foreach(json_object_get(info, "processInfo"), i, process)
    {
        if (sb_streq(sb_cdp_text(process, "type"), "browser") && json_is_integer(json_object_get(process, "id")))
            pid = (pid_t)json_integer_value(json_object_get(process, "id"));
    }
    json_decref(info);
    sb_mutex_lock(chromium->mutex);
    cdp->browser_pid = pid;
    sb_mutex_unlock(chromium->mutex);
    return SB_OK;
}

static enum sb_err start(struct sb_chromium *chromium, const struct sb_op *op, struct sb_cdp **cdp, struct sb_error *err)
{
    const struct sb_op bounded = sb_op_within(op, HANDSHAKE_TIMEOUT);
    struct sb_cdp *fresh = NULL;
    char path[512], words[sizeof(fresh->last_words)];

    const bool is_remote = chromium->remote_url != NULL;
    enum sb_err rc = is_remote ? SB_OK : sb_chromium_find(chromium->executable, path, sizeof(path), err);
    if (rc == SB_OK)
        rc = sb_cdp_open(&fresh, chromium, is_remote ? NULL : path, &bounded, err);
    if (rc != SB_OK)
        return rc;
    /* Written before the browser has answered, so that a crash of ours during its start leaves nothing unknown behind. */
    if (!is_remote)
        sb_chromium_note_process(chromium, fresh->group, fresh->group, fresh->profile);
    rc = shake_hands(fresh, &bounded, err);
    if (rc == SB_OK) {
        if (!is_remote)
            sb_chromium_note_process(chromium, fresh->group, fresh->browser_pid, fresh->profile);
        *cdp = fresh;
        return SB_OK;
    }
    /* Its thread must be over before its last words may be read; closing does that, so they are fetched around it. */
    sb_mutex_lock(chromium->mutex);
    sb_cdp_kill(fresh, true, "the browser did not start");
    while (!fresh->is_over)
        (void)sb_cond_wait(chromium->news, chromium->mutex, SB_NEVER);
    (void)sb_copy(words, sizeof(words), fresh->last_words);
    sb_mutex_unlock(chromium->mutex);
    sb_cdp_close(fresh);
    if (err != NULL) {
        char said[120];
        (void)sb_copy(said, sizeof(said), err->text);
        (void)sb_error_set(err, rc, "%s did not start: %s%s%s", is_remote ? "the remote browser" : path, said,
                           words[0] != '\0' ? "; it said: " : "", words);
    }
    return rc;
}

/* The launch is over: publishes the browser, or sets the delay before the next try. */
static void conclude(struct sb_chromium *chromium, struct sb_cdp *cdp, enum sb_err rc, const struct sb_error *error)
{
    bool died_meanwhile = false;

    sb_mutex_lock(chromium->mutex);
    chromium->is_launching = false;
    if (rc == SB_OK) {
        /* A browser that died between its last answer and here was buried as unpublished: its owner, which is us, must close it. */
        died_meanwhile = cdp->is_dead;
        if (!died_meanwhile) {
            chromium->cdp = cdp;
            chromium->stats.launches++;
        }
    } else if (rc != SB_ERR_CANCELLED) {
        chromium->failures++;
        chromium->launch_not_before = sb_ns_add(sb_now(), delay(chromium->failures));
        chromium->launch_error = *error;
    }
    sb_chromium_note_change(chromium);
    sb_mutex_unlock(chromium->mutex);
    if (died_meanwhile)
        sb_cdp_close(cdp);
}

/* Threads of dead browsers which have nothing more to do are joined now and then. */
static void join_retired(struct sb_chromium *chromium)
{
    for (;;) {
        struct sb_cdp *over = NULL;
        sb_mutex_lock(chromium->mutex);
        for (struct sb_cdp **at = &chromium->retired; *at != NULL && over == NULL;) {
            if ((*at)->is_over) {
                over = *at;
                *at = over->next;
            } else {
                at = &(*at)->next;
            }
        }
        sb_mutex_unlock(chromium->mutex);
        if (over == NULL)
            return;
        sb_cdp_close(over);
    }
}

enum outlook { RUNS, MUST_LAUNCH, MUST_WAIT, REFUSED };

static enum outlook look(struct sb_chromium *chromium, struct sb_error *err)
{
    sb_ns now = sb_now();

    if (chromium->is_closing) {
        (void)sb_error_set(err, SB_ERR_GONE, "the browser service is being closed");
        return REFUSED;
    }
    if (is_busy(chromium))
        return MUST_WAIT;
    if (chromium->cdp != NULL)
        return RUNS;
    if (now < chromium->launch_not_before) {
        (void)sb_error_set(err, SB_ERR_UNAVAILABLE, "no browser: %.220s (next try in %" PRId64 " ms)", chromium->launch_error.text,
                           (chromium->launch_not_before - now) / SB_MS(1));
        return REFUSED;
    }
    chromium->is_launching = true;
    sb_chromium_note_change(chromium);
    return MUST_LAUNCH;
}

enum sb_err sb_chromium_ensure(struct sb_chromium *chromium, const struct sb_op *op, struct sb_error *err)
{
    for (;;) {
        struct sb_error own = { 0 };
        struct sb_cdp *cdp = NULL;
        size_t ready;

        enum sb_err rc = sb_op_check(op, "browser", err);
        if (rc != SB_OK)
            return rc;
        sb_mutex_lock(chromium->mutex);
        enum outlook outlook = look(chromium, &own);
        sb_mutex_unlock(chromium->mutex);
        switch (outlook) {
        case RUNS:
            return SB_OK;
        case REFUSED:
            return sb_error_set(err, own.code, "%s", own.text);
        case MUST_WAIT:
            rc = sb_poll_readable(&chromium->launch_fd, 1, op, &ready, err);
            if (rc != SB_OK)
                return rc;
            break;
        case MUST_LAUNCH:
            join_retired(chromium);
            rc = start(chromium, op, &cdp, &own);
            conclude(chromium, cdp, rc, &own);
            if (rc != SB_OK)
                return sb_error_set(err, rc, "%s", own.text);
            break;
        }
    }
}
