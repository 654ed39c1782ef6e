/* Steps that any node may run, lent to nodes that wait (ports/hands.h). Worker threads: the one whose attempt it is waits for the answer, and runs
 * the step itself when nobody takes it or who took it is lost. So an attempt answers once, whoever did the work, and the core knows of nothing.
 *
 * Each loan has a connection of its own for as long as it lasts; they are kept for the next one. */
#include "parts.h"

#include "signalbox/base/hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEATS_MAX = 16 };
static const sb_ns patience_max = SB_S(1), statement_max = SB_S(2), retry_pause = SB_MS(200);
static const sb_ns end_max = SB_S(4); /* for the end of what was called off: a program has two seconds to follow SIGTERM */

struct sb_lender {
    struct sb_engine *engine;
    sb_hands_opener *open;
    struct sb_hands_setup setup;
    struct sb_mutex *mutex;
    struct {
        struct sb_hands *hands; /* whose thread has taken the seat */
        bool is_taken;          /* guarded by mutex */
    } seats[SEATS_MAX];
};

struct loan {
    struct sb_lender *lender;
    struct sb_hands *hands;
    const struct sb_step_env *env;
    struct sb_work work;
    struct sb_work_look seen;
    int64_t awaited, told; /* the claims after which it is waited for the next one, and that the run's log knows of; -1 = none */
    sb_ns patience;        /* until then somebody may claim it */
    sb_ns heard;           /* when the database last answered */
    bool is_away;          /* it did not answer the last statement */
    sb_ns give_up;         /* SB_NEVER until it is called off; then until when its end is waited for */
};

struct sb_lender *sb_lender_create(struct sb_engine *engine, struct sb_error *err)
{
    struct sb_lender *lender = calloc(1, sizeof(*lender));

    if (lender != NULL) {
        lender->engine = engine;
        lender->open = engine->setup.open_hands;
        lender->setup = engine->setup.hands;
        lender->mutex = sb_mutex_create(SB_RANK_HANDS);
        if (lender->mutex != NULL)
            return lender;
    }
    free(lender);
    (void)sb_error_set(err, SB_ERR_NOMEM, "no memory for lent steps");
    return NULL;
}

void sb_lender_destroy(struct sb_lender *lender)
{
    if (lender == NULL)
        return;
    for (size_t i = 0; i < SEATS_MAX; i++) {
        SB_ASSERT(!lender->seats[i].is_taken);
        if (lender->seats[i].hands != NULL)
            lender->seats[i].hands->ops->close(lender->seats[i].hands);
    }
    sb_mutex_destroy(lender->mutex);
    free(lender);
}

static uint64_t fold_text(uint64_t state, const char *text)
{
    return text == NULL ? sb_hash_fold(state, 0) : sb_hash_fold(sb_hash_fold(state, 1), sb_hash_bytes(text, strlen(text)));
}

uint64_t sb_step_recipe(const struct sb_step_params *params)
{
    const struct sb_exec_params *exec = &params->as.exec;
    uint64_t state = sb_hash_fold(exec->argc, exec->env_count);

    if (params->kind != SB_STEP_KIND_EXEC || !params->is_lent)
        return 0;
    for (size_t i = 0; i < exec->argc; i++)
        state = fold_text(state, exec->argv[i]);
    for (size_t i = 0; i < exec->env_count; i++)
        state = fold_text(fold_text(state, exec->env[i].key), exec->env[i].value);
    state = fold_text(fold_text(state, exec->input), exec->directory);
    return sb_hash_fold(state, exec->output_max) | 1;
}

/* --- one loan ------------------------------------------------------------------------------------------------------------------------ */

static void SB_PRINTF(3, 4) note(const struct loan *loan, enum sb_severity severity, const char *format, ...)
{
    struct sb_input input = sb_input_make(SB_INPUT_NOTE);
    struct sb_in_note *told = &input.as.note;
    char text[SB_ERROR_TEXT_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    told->run = loan->env->run;
    told->job = loan->env->job_id;
    told->step = loan->env->step_id;
    told->severity = (uint8_t)severity;
    (void)sb_copy(told->text, sizeof(told->text), text); /* cut to the field */
    if (sb_inbox_post(loan->lender->engine->inbox, &input, NULL) != SB_OK)
        sb_log(SB_LOG_WARN, "lender", "run %llu: note not taken: %s", (unsigned long long)loan->env->run, text);
}

/* Not the step's own op: what is said about the row must be said also when the step is called off. */
static struct sb_op statement_op(void)
{
    return (struct sb_op){ .deadline = sb_ns_add(sb_now(), statement_max) };
}

static sb_ns patience_of(const struct loan *loan)
{
    const sb_ns spare = loan->lender->setup.lease - sb_hands_claim_term(loan->lender->setup.lease);

    return spare < patience_max ? spare : patience_max;
}

static bool is_called_off(const struct loan *loan)
{
    return loan->give_up != SB_NEVER;
}

/* What the database did not do is looked at again: the row says what is. */
static bool has_gone_well(struct loan *loan, enum sb_err rc, const struct sb_error *error)
{
    loan->is_away = rc != SB_OK;
    if (loan->is_away)
        sb_log(SB_LOG_WARN, "lender", "%s/%s: %s", loan->work.job, loan->work.step, error->text);
    return !loan->is_away;
}

/* A row that stays is claimed by nobody after its time, and deleted by a later put. */
static bool drop(struct loan *loan, bool is_unclaimed)
{
    const struct sb_op op = statement_op();
    struct sb_error error;
    bool is_dropped = false;

    enum sb_err rc = loan->hands->ops->drop(loan->hands, &loan->work, is_unclaimed, &op, &is_dropped, &error);
    return has_gone_well(loan, rc, &error) && is_dropped;
}

static void call_off(struct loan *loan)
{
    const struct sb_op op = statement_op();
    struct sb_error error;

    loan->give_up = sb_ns_add(sb_now(), end_max);
    (void)has_gone_well(loan, loan->hands->ops->call_off(loan->hands, &loan->work, &op, &error), &error);
}

static void take_answer(struct loan *loan, struct sb_step_result *result)
{
    struct sb_work_answer *answer = &loan->seen.answer;

    *result = (struct sb_step_result){ .state = answer->state, .class = answer->class, .retry_after = answer->retry_after, .rows = answer->rows,
                                       .output = answer->output };
    (void)sb_copy(result->text, sizeof(result->text), answer->text); /* same capacity */
    answer->output = NULL;
}

/* A claim is news for the run's log once. */
static void tell_claim(struct loan *loan)
{
    if (loan->told != loan->seen.token)
        note(loan, SB_SEVERITY_INFO, "runs on node %s", loan->seen.node);
    loan->told = loan->seen.token;
}

/* One that is over goes to whoever is free. */
static void watch_claim(struct loan *loan)
{
    const struct sb_op op = statement_op();
    struct sb_error error;

    if (loan->seen.left > 0)
        return;
    note(loan, SB_SEVERITY_WARN, "node %s was silent for longer than its lease: the step begins again elsewhere", loan->seen.node);
    if (has_gone_well(loan, loan->hands->ops->requeue(loan->hands, &loan->work, &op, &error), &error))
        loan->seen.state = SB_WORK_WAITING; /* nothing else happens to it before somebody claims it again */
}

/* Whether nobody comes any more, and the row is away. */
static bool comes_back(struct loan *loan)
{
    const sb_ns now = sb_now();

    if (loan->awaited != loan->seen.token) {
        loan->awaited = loan->seen.token;
        loan->patience = sb_ns_add(now, patience_of(loan));
    }
    if (!is_called_off(loan) && now < loan->patience)
        return false;
    if (!drop(loan, true)) /* somebody has just claimed it, or the database does not answer */
        return false;
    if (loan->seen.token > 0 && !is_called_off(loan))
        note(loan, SB_SEVERITY_INFO, "no other node takes it: runs here");
    return true;
}

enum turn { WAITS, ANSWERED, COMES_BACK };

static enum turn look(struct loan *loan, struct sb_step_result *result)
{
    const struct sb_op op = statement_op();
    struct sb_error error;

    const bool was_away = loan->is_away;
    enum sb_err rc = loan->hands->ops->look(loan->hands, &loan->work, &op, &loan->seen, &error);
    loan->is_away = rc != SB_OK;
    if (loan->is_away) {
        if (!was_away)
            sb_log(SB_LOG_WARN, "lender", "%s/%s: %s", loan->work.job, loan->work.step, error.text);
        /* Who has it stops by its own clock; so it can be run here without asking anybody. */
        return sb_now() - loan->heard > loan->lender->setup.lease ? COMES_BACK : WAITS;
    }
    loan->heard = sb_now();
    if (loan->seen.state == SB_WORK_CLAIMED || loan->seen.state == SB_WORK_DONE) /* a short one may be done at the first look */
        tell_claim(loan);
    if (loan->seen.state == SB_WORK_CLAIMED)
        watch_claim(loan);
    switch (loan->seen.state) {
    case SB_WORK_WAITING:
        return comes_back(loan) ? COMES_BACK : WAITS;
    case SB_WORK_CLAIMED:
        return WAITS;
    case SB_WORK_DONE:
        take_answer(loan, result);
        (void)drop(loan, false);
        return ANSWERED;
    case SB_WORK_REFUSED:
        note(loan, SB_SEVERITY_WARN, "node %s has another step of this name: runs here", loan->seen.node);
        return drop(loan, true) ? COMES_BACK : WAITS;
    case SB_WORK_GONE:
        return COMES_BACK;
    }
    return COMES_BACK;
}

/* When to look again although nobody says anything. */
static sb_ns next_look(const struct loan *loan)
{
    const sb_ns now = sb_now(), end = is_called_off(loan) ? loan->give_up : loan->env->op.deadline;
    sb_ns next = sb_ns_add(now, loan->lender->setup.lease / 3);

    if (loan->is_away)
        next = sb_ns_add(now, retry_pause);
    else if (loan->seen.state == SB_WORK_WAITING)
        next = loan->patience;
    else if (loan->seen.state == SB_WORK_CLAIMED && loan->seen.left < loan->lender->setup.lease / 3)
        next = sb_ns_add(now, loan->seen.left + SB_MS(5));
    return next < end ? next : end;
}

/* Until the step has an answer (true), or is to be run here. */
static bool await_answer(struct loan *loan, struct sb_step_result *result)
{
    const struct sb_op *own = &loan->env->op;

    for (;;) {
        if (!is_called_off(loan) && (sb_cancel_is_asked(own->cancel) || sb_now() >= own->deadline))
            call_off(loan);
        const enum turn turn = look(loan, result);
        if (turn == ANSWERED)
            return true;
        if (turn == COMES_BACK)
            return false;
        if (sb_now() >= loan->give_up) {
            (void)drop(loan, false); /* who does not end is fenced out */
            return false;
        }
        const struct sb_op until = { .deadline = next_look(loan), .cancel = is_called_off(loan) ? NULL : own->cancel };
        loan->hands->ops->wait(loan->hands, -1, &until);
    }
}

/* --- the call ------------------------------------------------------------------------------------------------------------------------ */

static size_t take_seat(struct sb_lender *lender)
{
    size_t seat = 0;

    sb_mutex_lock(lender->mutex);
    while (seat < SEATS_MAX && lender->seats[seat].is_taken)
        seat++;
    if (seat < SEATS_MAX)
        lender->seats[seat].is_taken = true;
    sb_mutex_unlock(lender->mutex);
    return seat;
}

static void give_seat(struct sb_lender *lender, size_t seat)
{
    sb_mutex_lock(lender->mutex);
    lender->seats[seat].is_taken = false;
    sb_mutex_unlock(lender->mutex);
}

static bool put(struct loan *loan)
{
    const struct sb_op op = sb_op_within(&loan->env->op, statement_max);
    struct sb_error error;
    bool is_put = false;

    if (loan->hands->ops->put(loan->hands, &loan->work, &op, &is_put, &error) != SB_OK)
        sb_log(SB_LOG_DEBUG, "lender", "%s/%s runs here: %s", loan->work.job, loan->work.step, error.text);
    return is_put;
}

static bool lend(struct sb_lender *lender, struct sb_hands *hands, const struct sb_step_env *env, struct sb_step_result *result)
{
    struct loan loan = { .lender = lender, .hands = hands, .env = env, .awaited = -1, .told = -1, .give_up = SB_NEVER };
    char nothing[] = "{}", *outputs = env->outputs != NULL ? strdup(env->outputs) : nothing;
    bool is_answered = false;

    if (outputs == NULL)
        return false;
    loan.work = (struct sb_work){ .fence = env->fence_number, .run = env->run, .recipe = sb_step_recipe(env->params), .attempt = env->attempt,
                                  .tier = (uint8_t)env->tier, .left = env->op.deadline - sb_now(), .outputs = outputs };
    (void)sb_copy(loan.work.job, sizeof(loan.work.job), env->job->name);   /* same capacity */
    (void)sb_copy(loan.work.step, sizeof(loan.work.step), env->step->name); /* the same */
    if (loan.work.left > 0 && put(&loan)) {
        loan.heard = sb_now();
        is_answered = await_answer(&loan, result);
    }
    if (outputs != nothing)
        free(outputs);
    if (is_answered || !is_called_off(&loan))
        return is_answered;
    /* Nothing begins here that was called off there. */
    const bool is_late = !sb_cancel_is_asked(env->op.cancel);
    *result = (struct sb_step_result){ .state = SB_STEP_STATE_FAILED, .class = is_late ? SB_CLASS_RETRYABLE : SB_CLASS_CANCELLED };
    (void)snprintf(result->text, sizeof(result->text), is_late ? "lent to node %.40s, it did not end within its time" : "stopped on node %.40s",
                   loan.seen.node[0] != '\0' ? loan.seen.node : "-");
    return true;
}

bool sb_lender_lend(struct sb_lender *lender, const struct sb_step_env *env, struct sb_step_result *result)
{
    struct sb_error error;

    if (lender == NULL || !env->params->is_lent || env->context != NULL)
        return false;
    const size_t seat = take_seat(lender);
    if (seat == SEATS_MAX)
        return false;
    struct sb_hands **hands = &lender->seats[seat].hands;
    bool is_answered = false;
    if (*hands != NULL || lender->open(hands, &lender->setup, &error) == SB_OK)
        is_answered = lend(lender, *hands, env, result);
    else
        sb_log(SB_LOG_WARN, "lender", "%s/%s runs here: %s", env->job->name, env->step->name, error.text);
    give_seat(lender, seat);
    return is_answered;
}
