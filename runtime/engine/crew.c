/* Steps of the active node, run by one that waits (engine/crew.h). The crew's thread alone speaks with the database: it offers hands, claims work,
 * renews what is claimed at a third of the lease, and hands in answers. Threads of steps run one step each and say when it has ended.
 *
 * A claim counts as lost when the database says so, or when it could not be renewed for as long as it lasts: by then another node may have it. */
#include "parts.h"

#include "signalbox/engine/crew.h"

#include <stdlib.h>
#include <string.h>

static const sb_ns turn_min = SB_S(1), retry_pause = SB_MS(200), farewell_max = SB_S(3);

struct hand {
    struct sb_crew *crew;
    bool is_busy;             /* the crew's thread's, as all but is_done */
    bool is_lost;             /* its answer does not count */
    struct sb_work work;
    sb_ns relied_until;       /* by a clock that goes on while the machine sleeps */
    const struct sb_job_def *job;
    uint8_t step;             /* of that job */
    struct sb_fence fence;
    struct sb_cancel *cancel;
    struct sb_op op;
    struct sb_thread *thread;
    struct sb_step_result result; /* the step's thread's until is_done */
    atomic_bool is_done;
};

struct sb_crew {
    const struct sb_catalogue *catalogue;
    struct sb_services services;
    struct sb_hands *hands;
    sb_ns lease;
    char name[SB_NODE_NAME_MAX];
    uint32_t count;
    struct sb_cancel *ending;
    int wake_fd;
    atomic_bool is_ending;
    struct sb_thread *thread;
    /* its own */
    uint64_t done;
    enum sb_err trouble; /* of the last turn */
    struct hand slots[SB_CREW_MAX];
};

/* --- a step's thread ------------------------------------------------------------------------------------------------------------------ */

static void hand_main(void *arg)
{
    struct hand *hand = arg;
    const struct sb_catalogue *catalogue = hand->crew->catalogue;
    const size_t at = hand->job->first_step + hand->step;
    const struct sb_step_env env = {
        .services = &hand->crew->services, .job = hand->job, .step = &catalogue->steps[at], .params = &catalogue->params[at],
        .run = hand->work.run, .fence_number = hand->work.fence, .job_id = (uint16_t)(hand->job - catalogue->jobs), .step_id = hand->step,
        .attempt = hand->work.attempt, .tier = (enum sb_tier)hand->work.tier, .op = hand->op, .fence = &hand->fence,
        .outputs = hand->work.outputs, .wall_now = sb_wall_now, .now = sb_now,
    };

    hand->result = (struct sb_step_result){ .state = SB_STEP_STATE_PENDING };
    sb_step_kind_ops((enum sb_step_kind)env.step->kind)->run(&env, &hand->result);
    atomic_store(&hand->is_done, true);
    sb_wake_post(hand->crew->wake_fd);
}

/* --- the life of a claim ---------------------------------------------------------------------------------------------------------------- */

static sb_ns reliance(const struct sb_crew *crew)
{
    return sb_hands_claim_term(crew->lease);
}

/* Where this node has that step and may run it; false: it is another one than was lent. */
static bool find_step(const struct sb_catalogue *catalogue, struct hand *hand)
{
    const uint16_t job = sb_catalogue_job(catalogue, hand->work.job);

    if (job == SB_NO_JOB)
        return false;
    hand->job = &catalogue->jobs[job];
    for (hand->step = 0; hand->step < hand->job->step_count; hand->step++) {
        const size_t at = hand->job->first_step + hand->step;
        if (sb_streq(catalogue->steps[at].name, hand->work.step)) {
            const uint64_t recipe = sb_step_recipe(&catalogue->params[at]);
            return recipe != 0 && recipe == hand->work.recipe && !catalogue->steps[at].is_effect && !catalogue->steps[at].needs_context;
        }
    }
    return false;
}

static void clear(struct hand *hand)
{
    sb_thread_join(hand->thread);
    sb_cancel_destroy(hand->cancel);
    free(hand->work.outputs);
    free(hand->result.output);
    *hand = (struct hand){ .crew = hand->crew };
}

static void lose(struct hand *hand, const char *why)
{
    if (hand->is_lost)
        return;
    hand->is_lost = true;
    atomic_store(&hand->fence.is_revoked, true);
    sb_cancel_ask(hand->cancel);
    sb_log(SB_LOG_WARN, "crew", "%s/%s of run %llu: %s", hand->work.job, hand->work.step, (unsigned long long)hand->work.run, why);
}

static enum sb_err refuse(struct sb_crew *crew, struct hand *hand, const struct sb_op *op, struct sb_error *err)
{
    bool counts = false;

    sb_log(SB_LOG_WARN, "crew", "%s/%s is another step here, or none: the active node runs it (are its overrides the same?)", hand->work.job,
           hand->work.step);
    enum sb_err rc = crew->hands->ops->answer(crew->hands, &hand->work, NULL, op, &counts, err);
    clear(hand);
    return rc; /* what could not be said is seen when the claim's lease ends */
}

/* The claim in the slot becomes a running step. */
static enum sb_err begin(struct sb_crew *crew, struct hand *hand, const struct sb_op *op, struct sb_error *err)
{
    if (!find_step(crew->catalogue, hand))
        return refuse(crew, hand, op, err);
    hand->is_busy = true;
    hand->cancel = sb_cancel_create(err);
    if (hand->cancel != NULL) {
        hand->op = (struct sb_op){ .deadline = sb_ns_add(sb_now(), hand->work.left), .cancel = hand->cancel };
        atomic_store(&hand->fence.is_revoked, false);
        hand->fence.hard = SB_NEVER;
        atomic_store(&hand->is_done, false);
        if (sb_thread_start(&hand->thread, "sb-hand", hand_main, hand, err) == SB_OK) {
            sb_log(SB_LOG_INFO, "crew", "%s runs %s/%s of run %llu for the active node", crew->name, hand->work.job, hand->work.step,
                   (unsigned long long)hand->work.run);
            return SB_OK;
        }
    }
    enum sb_err rc = crew->hands->ops->give_back(crew->hands, &hand->work, op, NULL);
    clear(hand);
    return rc == SB_OK ? err->code : rc;
}

static enum sb_err claim(struct sb_crew *crew, struct hand *hand, const struct sb_op *op, bool *has_work, struct sb_error *err)
{
    const sb_ns begun = sb_now_with_sleep();
    enum sb_err rc = crew->hands->ops->claim(crew->hands, &hand->work, op, has_work, err);

    if (rc != SB_OK || !*has_work)
        return rc;
    hand->relied_until = sb_ns_add(begun, reliance(crew));
    return begin(crew, hand, op, err);
}

static enum sb_err renew(struct sb_crew *crew, struct hand *hand, const struct sb_op *op, struct sb_error *err)
{
    const sb_ns begun = sb_now_with_sleep();
    enum sb_work_hold hold = SB_WORK_HELD;

    if (hand->is_lost)
        return SB_OK;
    enum sb_err rc = crew->hands->ops->renew(crew->hands, &hand->work, op, &hold, err);
    if (rc != SB_OK)
        return rc;
    switch (hold) {
    case SB_WORK_HELD:
        break;
    case SB_WORK_CALLED_OFF: /* its answer says that it has ended */
        sb_cancel_ask(hand->cancel);
        break;
    case SB_WORK_LOST:
        lose(hand, "the claim is lost; it is stopped, and what it did does not count");
        return SB_OK;
    }
    hand->relied_until = sb_ns_add(begun, reliance(crew));
    return SB_OK;
}

/* What leaves this node leaves without its secrets, as a step's result does on the active one. */
static struct sb_work_answer answer_of(struct hand *hand)
{
    struct sb_work_answer answer = { .state = hand->result.state, .class = hand->result.class, .retry_after = hand->result.retry_after,
                                     .rows = hand->result.rows };
    bool has_output = hand->result.output != NULL;

    sb_veil_text(hand->result.text, sizeof(hand->result.text));
    (void)sb_copy(answer.text, sizeof(answer.text), hand->result.text); /* same capacity */
    if (has_output && !sb_veil_document(&hand->result.output)) {
        answer.state = SB_STEP_STATE_FAILED;
        answer.class = SB_CLASS_RETRYABLE;
        (void)sb_copy(answer.text, sizeof(answer.text), "no memory to keep the step's output");
    }
    answer.output = hand->result.output;
    return answer;
}

static bool is_for_later(enum sb_err code)
{
    return code == SB_ERR_UNAVAILABLE || code == SB_ERR_TIMEOUT || code == SB_ERR_CANCELLED;
}

static enum sb_err hand_in(struct sb_crew *crew, struct hand *hand, const struct sb_op *op, struct sb_error *err)
{
    struct sb_work_answer answer = answer_of(hand);
    bool counts = false;
    enum sb_err rc = SB_OK;

    if (!hand->is_lost)
        rc = crew->hands->ops->answer(crew->hands, &hand->work, &answer, op, &counts, err);
    if (is_for_later(rc))
        return rc;
    if (rc != SB_OK) { /* the database does not take this text: then it is told why */
        answer = (struct sb_work_answer){ .state = SB_STEP_STATE_FAILED, .class = SB_CLASS_FATAL };
        (void)sb_copy(answer.text, sizeof(answer.text), err->text); /* cut to the field */
        rc = crew->hands->ops->answer(crew->hands, &hand->work, &answer, op, &counts, err);
        if (is_for_later(rc))
            return rc;
    }
    if (counts)
        crew->done++;
    else if (!hand->is_lost)
        lose(hand, "its answer came too late and does not count");
    clear(hand);
    return SB_OK;
}

/* --- the crew's thread ------------------------------------------------------------------------------------------------------------------ */

static void doubt(struct sb_crew *crew)
{
    for (uint32_t i = 0; i < crew->count; i++) {
        struct hand *hand = &crew->slots[i];
        if (hand->is_busy && sb_now_with_sleep() >= hand->relied_until)
            lose(hand, "the claim could not be renewed in time; it is stopped, and what it did does not count");
    }
}

static enum sb_err tend(struct sb_crew *crew, const struct sb_op *op, struct sb_error *err)
{
    enum sb_err rc = SB_OK;

    for (uint32_t i = 0; i < crew->count && rc == SB_OK; i++) {
        struct hand *hand = &crew->slots[i];
        if (hand->is_busy && atomic_load(&hand->is_done))
            rc = hand_in(crew, hand, op, err);
        else if (hand->is_busy)
            rc = renew(crew, hand, op, err);
    }
    return rc;
}

static enum sb_err turn(struct sb_crew *crew, struct sb_error *err)
{
    const sb_ns third = crew->lease / 3;
    const struct sb_op op = { .deadline = sb_ns_add(sb_now(), third > turn_min ? third : turn_min), .cancel = crew->ending };
    enum sb_err rc = tend(crew, &op, err);

    if (rc == SB_OK)
        rc = crew->hands->ops->offer(crew->hands, crew->count, crew->done, &op, err);
    for (uint32_t i = 0; i < crew->count && rc == SB_OK; i++) {
        bool has_work = false;
        if (crew->slots[i].is_busy)
            continue;
        rc = claim(crew, &crew->slots[i], &op, &has_work, err);
        if (!has_work)
            break;
    }
    doubt(crew);
    return rc;
}

/* Steps that have ended are handed in, the rest is given back: another node goes on with it at once. */
static void leave(struct sb_crew *crew)
{
    const struct sb_op op = { .deadline = sb_ns_add(sb_now(), farewell_max) };
    struct sb_error error = { 0 };
    enum sb_err rc = SB_OK;

    for (uint32_t i = 0; i < crew->count; i++)
        if (crew->slots[i].is_busy)
            sb_cancel_ask(crew->slots[i].cancel);
    for (uint32_t i = 0; i < crew->count; i++) {
        struct hand *hand = &crew->slots[i];
        if (!hand->is_busy)
            continue;
        sb_thread_join(hand->thread);
        hand->thread = NULL;
        if (!hand->is_lost && hand->result.state == SB_STEP_STATE_FAILED && hand->result.class == SB_CLASS_CANCELLED)
            rc = crew->hands->ops->give_back(crew->hands, &hand->work, &op, &error);
        else
            rc = hand_in(crew, hand, &op, &error);
        if (hand->is_busy)
            clear(hand);
    }
    if (crew->hands->ops->leave(crew->hands, &op, &error) != SB_OK || rc != SB_OK)
        sb_log(SB_LOG_WARN, "crew", "what was lent could not be given back; it moves when its lease ends: %s", error.text);
}

static void crew_main(void *arg)
{
    struct sb_crew *crew = arg;

    while (!atomic_load(&crew->is_ending)) {
        struct sb_error error = { 0 };
        sb_wake_clear(crew->wake_fd);
        const sb_ns begun = sb_now();
        const enum sb_err rc = turn(crew, &error);
        if (rc != SB_OK && rc != crew->trouble && !atomic_load(&crew->is_ending))
            sb_log(rc == SB_ERR_UNSUPPORTED ? SB_LOG_INFO : SB_LOG_WARN, "crew", "%s: %s", crew->name, error.text); /* a new schema is made at once */
        crew->trouble = rc;
        const struct sb_op until = { .deadline = is_for_later(rc) ? sb_now() + retry_pause : begun + crew->lease / 3, .cancel = crew->ending };
        crew->hands->ops->wait(crew->hands, crew->wake_fd, &until);
    }
    leave(crew);
}

/* --- beginning and end ------------------------------------------------------------------------------------------------------------------- */

static void destroy(struct sb_crew *crew)
{
    if (crew->hands != NULL)
        crew->hands->ops->close(crew->hands);
    sb_cancel_destroy(crew->ending);
    sb_fd_close(&crew->wake_fd);
    free(crew);
}

enum sb_err sb_crew_start(struct sb_crew **crew, const struct sb_crew_setup *setup, struct sb_error *err)
{
    struct sb_crew *fresh = calloc(1, sizeof(*fresh));

    SB_ASSERT(setup->count > 0 && setup->count <= SB_CREW_MAX);
    if (fresh == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for lent steps");
    fresh->catalogue = setup->catalogue;
    fresh->services.catalogue = setup->catalogue;
    fresh->lease = setup->hands.lease;
    fresh->count = setup->count;
    fresh->wake_fd = -1;
    (void)sb_copy(fresh->name, sizeof(fresh->name), setup->hands.name); /* who opens the hands refuses one that is too long */
    for (uint32_t i = 0; i < fresh->count; i++)
        fresh->slots[i].crew = fresh;
    fresh->ending = sb_cancel_create(err);
    enum sb_err rc = fresh->ending == NULL ? SB_ERR_NOMEM : sb_wake_open(&fresh->wake_fd, err);
    if (rc == SB_OK)
        rc = setup->open(&fresh->hands, &setup->hands, err);
    if (rc == SB_OK)
        rc = sb_thread_start(&fresh->thread, "sb-crew", crew_main, fresh, err);
    if (rc == SB_OK)
        *crew = fresh;
    else
        destroy(fresh);
    return rc;
}

void sb_crew_stop(struct sb_crew *crew)
{
    if (crew == NULL)
        return;
    atomic_store(&crew->is_ending, true);
    sb_cancel_ask(crew->ending);
    sb_wake_post(crew->wake_fd);
    sb_thread_join(crew->thread);
    destroy(crew);
}
