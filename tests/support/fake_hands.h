/* One row of lent work in memory (ports/hands.h), for both sides: a test plays the other one by hand. Its clock is the test: a claim is over when
 * the test says so. Header only. */
#ifndef SIGNALBOX_TEST_FAKE_HANDS_H
#define SIGNALBOX_TEST_FAKE_HANDS_H

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/hands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fake_board {
    struct sb_mutex *mutex;
    struct sb_cond *changed;
    int news_fd; /* of the side under test */
    /* guarded by mutex */
    bool has_hands, is_away, is_over; /* offered; the database does not answer; the lease of the claim is over */
    bool is_called_off, has_row, has_left;
    bool is_late; /* the lease is over when the answer comes */
    void (*on_waiting)(void); /* the other side, as soon as the row may be claimed: without it nobody comes */
    struct sb_work work;
    struct sb_work_look row;
    unsigned puts, requeues, renewals, offers, given_back, refused_late;
    uint64_t done;
};
static struct fake_board board;

struct fake_hands {
    struct sb_hands hands; /* first */
};

/* Every call of the side under test begins so; true: go on, locked. */
static inline bool fake_enter(struct sb_error *err)
{
    sb_mutex_lock(board.mutex);
    if (!board.is_away)
        return true;
    sb_mutex_unlock(board.mutex);
    (void)sb_error_set(err, SB_ERR_UNAVAILABLE, "the database is away");
    return false;
}

static inline enum sb_err fake_leave(void)
{
    sb_cond_broadcast(board.changed);
    sb_mutex_unlock(board.mutex);
    return SB_OK;
}

static inline bool fake_is_row(const struct sb_work *work)
{
    return board.has_row && board.work.fence == work->fence;
}

static inline bool fake_is_claim(const struct sb_work *work)
{
    return fake_is_row(work) && board.row.state == SB_WORK_CLAIMED && board.row.token == work->token && !board.is_over;
}

static inline void fake_shut(struct sb_hands *hands)
{
    free(hands);
}

static inline void fake_wait(struct sb_hands *hands, int wake_fd, const struct sb_op *op)
{
    const int fds[] = { board.news_fd, wake_fd };
    size_t ready = 1;
    (void)hands;
    if (sb_poll_readable(fds, SB_LEN(fds), op, &ready, NULL) == SB_OK && ready == 0)
        sb_wake_clear(board.news_fd);
}

static inline enum sb_err fake_put(struct sb_hands *hands, struct sb_work *work, const struct sb_op *op, bool *is_put, struct sb_error *err)
{
    (void)hands, (void)op;
    if (!fake_enter(err))
        return SB_ERR_UNAVAILABLE;
    board.puts++;
    *is_put = board.has_hands;
    board.has_row = board.has_hands;
    board.work = *work;
    board.row = (struct sb_work_look){ .state = SB_WORK_WAITING };
    board.is_over = board.is_called_off = false;
    if (*is_put && board.on_waiting != NULL)
        board.on_waiting();
    return fake_leave();
}

static inline enum sb_err fake_look(struct sb_hands *hands, const struct sb_work *work, const struct sb_op *op, struct sb_work_look *look,
                                    struct sb_error *err)
{
    (void)hands, (void)op;
    if (!fake_enter(err))
        return SB_ERR_UNAVAILABLE;
    *look = fake_is_row(work) ? board.row : (struct sb_work_look){ .state = SB_WORK_GONE };
    look->left = look->state == SB_WORK_CLAIMED && !board.is_over ? SB_S(60) : 0;
    if (look->state == SB_WORK_DONE && board.row.answer.output != NULL)
        look->answer.output = strdup(board.row.answer.output);
    return fake_leave();
}

static inline enum sb_err fake_requeue(struct sb_hands *hands, const struct sb_work *work, const struct sb_op *op, struct sb_error *err)
{
    (void)hands, (void)op;
    if (!fake_enter(err))
        return SB_ERR_UNAVAILABLE;
    if (fake_is_row(work) && board.row.state == SB_WORK_CLAIMED && board.is_over) {
        board.row.state = SB_WORK_WAITING;
        board.requeues++;
        if (board.on_waiting != NULL)
            board.on_waiting();
    }
    return fake_leave();
}

static inline enum sb_err fake_call_off(struct sb_hands *hands, const struct sb_work *work, const struct sb_op *op, struct sb_error *err)
{
    (void)hands, (void)op;
    if (!fake_enter(err))
        return SB_ERR_UNAVAILABLE;
    board.is_called_off = fake_is_row(work);
    return fake_leave();
}

static inline enum sb_err fake_drop(struct sb_hands *hands, const struct sb_work *work, bool is_unclaimed, const struct sb_op *op, bool *is_dropped,
                                    struct sb_error *err)
{
    (void)hands, (void)op;
    if (!fake_enter(err))
        return SB_ERR_UNAVAILABLE;
    *is_dropped = !fake_is_row(work) || !is_unclaimed || board.row.state != SB_WORK_CLAIMED || board.is_over;
    board.has_row = board.has_row && !*is_dropped;
    return fake_leave();
}

static inline enum sb_err fake_offer(struct sb_hands *hands, uint32_t count, uint64_t done, const struct sb_op *op, struct sb_error *err)
{
    (void)hands, (void)op, (void)count;
    if (!fake_enter(err))
        return SB_ERR_UNAVAILABLE;
    board.offers++;
    board.done = done;
    return fake_leave();
}

static inline enum sb_err fake_go(struct sb_hands *hands, const struct sb_op *op, struct sb_error *err)
{
    (void)hands, (void)op;
    if (!fake_enter(err))
        return SB_ERR_UNAVAILABLE;
    board.has_left = true;
    return fake_leave();
}

static inline enum sb_err fake_claim(struct sb_hands *hands, struct sb_work *work, const struct sb_op *op, bool *has_work, struct sb_error *err)
{
    (void)hands, (void)op;
    *has_work = false;
    if (!fake_enter(err))
        return SB_ERR_UNAVAILABLE;
    if (board.has_row && board.row.state == SB_WORK_WAITING) {
        board.row.state = SB_WORK_CLAIMED;
        board.work.token = ++board.row.token;
        *work = board.work;
        work->outputs = strdup(board.work.outputs);
        *has_work = true;
    }
    return fake_leave();
}

static inline enum sb_err fake_renew(struct sb_hands *hands, const struct sb_work *work, const struct sb_op *op, enum sb_work_hold *hold,
                                     struct sb_error *err)
{
    (void)hands, (void)op;
    if (!fake_enter(err))
        return SB_ERR_UNAVAILABLE;
    board.renewals++;
    *hold = !fake_is_claim(work) ? SB_WORK_LOST : board.is_called_off ? SB_WORK_CALLED_OFF : SB_WORK_HELD;
    return fake_leave();
}

static inline enum sb_err fake_answer(struct sb_hands *hands, const struct sb_work *work, const struct sb_work_answer *answer, const struct sb_op *op,
                                      bool *counts, struct sb_error *err)
{
    (void)hands, (void)op;
    if (!fake_enter(err))
        return SB_ERR_UNAVAILABLE;
    board.is_over = board.is_over || board.is_late;
    *counts = fake_is_claim(work);
    board.refused_late += !*counts;
    if (*counts) {
        board.row.state = answer != NULL ? SB_WORK_DONE : SB_WORK_REFUSED;
        if (answer != NULL) {
            board.row.answer = *answer;
            board.row.answer.output = answer->output != NULL ? strdup(answer->output) : NULL;
        }
    }
    return fake_leave();
}

static inline enum sb_err fake_give_back(struct sb_hands *hands, const struct sb_work *work, const struct sb_op *op, struct sb_error *err)
{
    (void)hands, (void)op;
    if (!fake_enter(err))
        return SB_ERR_UNAVAILABLE;
    if (fake_is_claim(work)) {
        board.row.state = SB_WORK_WAITING;
        board.given_back++;
    }
    return fake_leave();
}

static inline enum sb_err fake_hands_open(struct sb_hands **hands, const struct sb_hands_setup *setup, struct sb_error *err)
{
    static const struct sb_hands_ops ops = {
        .close = fake_shut, .wait = fake_wait, .put = fake_put, .look = fake_look, .requeue = fake_requeue, .call_off = fake_call_off,
        .drop = fake_drop, .offer = fake_offer, .leave = fake_go, .claim = fake_claim, .renew = fake_renew, .answer = fake_answer,
        .give_back = fake_give_back,
    };
    struct fake_hands *self = calloc(1, sizeof *self);
    (void)setup;
    if (self == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory");
    self->hands.ops = &ops;
    *hands = &self->hands;
    return SB_OK;
}

static inline void fake_board_init(void)
{
    memset(&board, 0, sizeof board);
    board.mutex = sb_mutex_create(SB_RANK_LOG);
    board.changed = sb_cond_create();
    assert_non_null(board.mutex);
    assert_non_null(board.changed);
    assert_int_equal(sb_wake_open(&board.news_fd, NULL), SB_OK);
}

static inline void fake_board_deinit(void)
{
    free(board.row.answer.output);
    sb_fd_close(&board.news_fd);
    sb_cond_destroy(board.changed);
    sb_mutex_destroy(board.mutex);
}

/* The test's side: does `act`, and the side under test is told. */
static inline void fake_do(void (*act)(void))
{
    sb_mutex_lock(board.mutex);
    act();
    sb_mutex_unlock(board.mutex);
    sb_wake_post(board.news_fd);
}

/* Waits until `holds` and then does `act` under the lock; the side under test is told. */
static inline void fake_when(bool (*holds)(void), void (*act)(void))
{
    const sb_ns deadline = sb_now() + SB_S(60);
    bool is_in_time = true;
    sb_mutex_lock(board.mutex);
    while (!holds() && is_in_time)
        is_in_time = sb_cond_wait(board.changed, board.mutex, deadline);
    const bool does_hold = holds();
    if (does_hold && act != NULL)
        act();
    sb_mutex_unlock(board.mutex);
    assert_true(does_hold);
    sb_wake_post(board.news_fd);
}

#endif
