/* What a transaction of the writer is made of on every database: folding the events, trying again without what broke it, and the answers to
 * the callers. Writer thread only. Events are never dropped. */
#include "queue.h"

enum sb_err sb_batch_fold(struct sb_fold *fold, const struct sb_chunks *events, const struct sb_fold_exec *exec, uint64_t *seq, struct sb_error *err)
{
    sb_fold_begin(fold);
    for (const struct sb_chunk *chunk = events->first; chunk; chunk = chunk->next) {
        for (uint32_t i = 0; i < chunk->count; i++) {
            *seq = chunk->events[i].seq;
            enum sb_err code = sb_fold_event(fold, &chunk->events[i], exec, err);
            if (code)
                return code;
        }
    }
    return events->count > 0 ? sb_fold_flush(fold, exec, err) : SB_OK;
}

enum sb_err sb_batch_check_rows(const struct sb_statement *statement, int64_t changed, struct sb_error *err)
{
    if (statement->expect_rows < 0 || changed == statement->expect_rows)
        return SB_OK;
    return sb_error_set(err, SB_ERR_CONFLICT, "the statement changed %lld rows where %lld were expected: \"%.60s\"", (long long)changed,
                        (long long)statement->expect_rows, statement->sql);
}

bool sb_request_is_open(const struct sb_request *request)
{
    return request->code == SB_OK && !request->is_housekeeping && !request->is_settled;
}

bool sb_requests_are_open(const struct sb_request *requests)
{
    for (; requests; requests = requests->next)
        if (sb_request_is_open(requests))
            return true;
    return false;
}

static void fail_requests(struct sb_request *requests, const struct sb_error *error)
{
    for (struct sb_request *request = requests; request; request = request->next) {
        if (sb_request_is_open(request)) {
            request->code = error->code;
            request->err = *error;
        }
    }
}

enum sb_outcome sb_batch_run(enum sb_try (*try_once)(void *arg, const struct sb_chunks *events, struct sb_request *requests,
                                                     struct sb_error *err),
                             void *arg, const struct sb_chunks *events, struct sb_request *requests, struct sb_error *err)
{
    const struct sb_chunks none = { .first = NULL };
    struct sb_error why = { 0 };
    bool has_events = true;
    do {
        switch (try_once(arg, has_events ? events : &none, requests, &why)) {
        case SB_TRY_COMMITTED:
            return has_events ? SB_OUTCOME_DONE : SB_OUTCOME_FAILED;
        case SB_TRY_FAILED:
            fail_requests(requests, &why);
            if (has_events)
                *err = why;
            return SB_OUTCOME_FAILED;
        case SB_TRY_DOUBTFUL:
            *err = why;
            return SB_OUTCOME_DOUBT;
        case SB_TRY_NO_EVENTS: /* the journal's trouble is not the callers' */
            has_events = false;
            *err = why;
            break;
        case SB_TRY_AGAIN:
            break; /* ends: each round answers one request more */
        }
    } while (has_events || sb_requests_are_open(requests));
    return SB_OUTCOME_FAILED;
}
