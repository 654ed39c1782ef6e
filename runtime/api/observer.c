/* The observer's thread: events into the fold, and every two seconds a look at the loops, when all is quiet every five. docs/OPERATIONS.md says
 * what systemd hears. */
#include "observer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX = 200 };
static const sb_ns look_every = SB_S(2);
static const sb_ns measure_every = SB_S(10);
static const sb_ns look_every_quiet = SB_S(5);    /* nothing has happened, nobody owes an answer, no supervisor waits to hear so */
static const sb_ns late_after = SB_S(10);
static const sb_ns late_after_keeper = SB_S(60);  /* opening a context may take half a minute */
static const sb_ns late_after_journal = SB_S(90); /* a database that hangs is noticed by its own limits first, at the latest after 65 s */

struct observer {
    const struct sb_api_setup *setup;
    struct sb_feed *counted, *shown;    /* every event from the first on; a picture and what follows */
    struct sb_thread *thread;
    struct sb_mutex *mutex;
    int stop_fd;
    struct sb_pulse pulse;              /* answered by the thread at each turn */
    /* the thread's own */
    sb_ns interval, fed_at;             /* of the watchdog; 0 = nobody waits for it */
    bool is_late[SB_LOOPS_MAX], is_announced, is_stopping_told, has_complained;
    int ready_fd;
    char status[LINE_MAX];              /* last told */
    sb_ns measured_at, core_silence;    /* core_silence: the longest since then */
    /* under the mutex */
    struct sb_model *model;
    struct metrics metrics;
    struct sb_loop loops[SB_LOOPS_MAX]; /* as last looked at */
    size_t loop_count;
    sb_ns opened;
    bool is_started;                    /* the start-up verification has ended */
    struct sb_error start_failure;
};

/* --- the loops ------------------------------------------------------------------------------------------------------------------ */

static sb_ns limit_of(const struct observer *observer, const char *loop)
{
    const sb_ns limit = sb_streq(loop, "journal") ? late_after_journal : sb_streq(loop, "keeper") ? late_after_keeper : late_after;
    return observer->interval > 0 && 2 * observer->interval < limit ? 2 * observer->interval : limit;
}

static bool is_late(const struct observer *observer, const struct sb_loop *loop)
{
    return loop->silence > limit_of(observer, loop->name);
}

static size_t ask_loops(const struct observer *observer, struct sb_loop loops[SB_LOOPS_MAX])
{
    size_t count = sb_control_loops(observer->setup->control, loops);
    for (size_t i = 0; i < observer->setup->loop_count && count < SB_LOOPS_MAX; i++) {
        const struct sb_api_loop *more = &observer->setup->loops[i];
        loops[count++] = (struct sb_loop){ more->name, more->silence(more->arg) };
    }
    return count;
}

static void say(struct observer *observer, const char *lines)
{
    struct sb_error err = { 0 };
    if (sb_notify(lines, &err) != SB_OK && !observer->has_complained) {
        observer->has_complained = true;
        sb_log(SB_LOG_WARN, "systemd", "%s: it will take this start for a failed one", err.text);
    }
}

static void feed_watchdog(struct observer *observer)
{
    const sb_ns now = sb_now();
    if (observer->interval == 0 || now - observer->fed_at < observer->interval)
        return;
    observer->fed_at = now;
    say(observer, "WATCHDOG=1");
}

/* Tells once who is late, and once that it is over. The watchdog is fed only while nobody is. Returns whether an answer is owed. */
static bool look_at_loops(struct observer *observer)
{
    struct sb_loop loops[SB_LOOPS_MAX];
    const size_t count = ask_loops(observer, loops);
    bool is_any_late = false, is_any_owed = false;
    for (size_t i = 0; i < count; i++) {
        const bool was_late = observer->is_late[i];
        is_any_owed = is_any_owed || loops[i].silence > 0;
        observer->is_late[i] = is_late(observer, &loops[i]);
        if (sb_streq(loops[i].name, "core") && loops[i].silence > observer->core_silence)
            observer->core_silence = loops[i].silence;
        is_any_late = is_any_late || observer->is_late[i];
        if (observer->is_late[i] && !was_late)
            sb_log(SB_LOG_ERROR, "watch", "loop %s has not answered for %lld ms%s", loops[i].name, (long long)(loops[i].silence / SB_MS(1)),
                   observer->interval > 0 ? "; the watchdog is not fed any more" : "");
        else if (!observer->is_late[i] && was_late)
            sb_log(SB_LOG_WARN, "watch", "loop %s answers again", loops[i].name);
    }
    sb_mutex_lock(observer->mutex);
    memcpy(observer->loops, loops, count * sizeof(*loops));
    observer->loop_count = count;
    sb_mutex_unlock(observer->mutex);
    if (!is_any_late)
        feed_watchdog(observer);
    return is_any_owed;
}

/* The next model that its provider ends. One that has ended is the component llm's, which fails. */
static void tell_ending(struct observer *observer)
{
    const struct sb_catalogue *catalogue = observer->setup->catalogue;
    struct sb_input input = sb_input_make(SB_INPUT_MODEL_END);
    struct sb_error unheard = { 0 };
    int64_t days = 0;
    const struct sb_model_alias *alias = catalogue->settings.is_practice ? NULL : sb_catalogue_ending(catalogue, sb_wall_now(), 0, &days);
    if (alias != NULL) {
        (void)sb_copy(input.as.model_end.model, sizeof(input.as.model_end.model), alias->model); /* cut to the field */
        input.as.model_end.days = days > UINT32_MAX ? UINT32_MAX : (uint32_t)days;
    }
    if (sb_control_input(observer->setup->control, &input, &unheard) != SB_OK)
        sb_log(SB_LOG_DEBUG, "watch", "%s; it is said again", unheard.text);
}

/* What the rules about the process itself look at. A full inbox passes it over: it comes again. */
static void measure(struct observer *observer)
{
    const sb_ns now = sb_now();
    if (now - observer->measured_at < measure_every)
        return;
    struct sb_input input = sb_input_make(SB_INPUT_VITALS);
    struct sb_in_vitals *vitals = &input.as.vitals;
    const char *state_dir = observer->setup->catalogue->settings.state_dir;
    struct sb_process process;
    struct sb_health health;
    struct sb_error unheard = { 0 };
    struct sb_store_stats stored = { 0 };
    sb_process_look(&process);
    if (observer->setup->store != NULL)
        observer->setup->store->ops->stats(observer->setup->store, &stored);
    sb_control_health(observer->setup->control, &health);
    sb_mutex_lock(observer->mutex);
    vitals->lost = health.lost + observer->metrics.gaps;
    sb_mutex_unlock(observer->mutex);
    vitals->queries = stored.reader_waits_long;
    vitals->memory = process.memory;
    vitals->disk = state_dir != NULL ? sb_disk_free(state_dir) : UINT64_MAX;
    vitals->fds = process.fds;
    vitals->fds_max = process.fds_max;
    vitals->threads = process.threads;
    vitals->late = health.late > observer->core_silence ? health.late : observer->core_silence;
    if (sb_control_input(observer->setup->control, &input, &unheard) != SB_OK)
        return;
    tell_ending(observer);
    observer->measured_at = now;
    observer->core_silence = 0;
}

/* --- the start ------------------------------------------------------------------------------------------------------------------ */

static bool is_usable(const struct sb_model_component *component)
{
    return !component->is_defined || (component->state != SB_COMPONENT_STATE_FAILED && component->state != SB_COMPONENT_STATE_UNCHECKED);
}

/* Under the mutex. A component that is not usable and has that policy, or SB_COMPONENT_COUNT. */
static unsigned held_up_by(const struct observer *observer, enum sb_start_policy policy)
{
    unsigned i = 0;
    while (i < SB_COMPONENT_COUNT &&
           (is_usable(&observer->model->components[i]) || observer->setup->catalogue->components[i].at_start != policy))
        i++;
    return i;
}

static unsigned first_unusable(const struct sb_model *model)
{
    unsigned i = 0;
    while (i < SB_COMPONENT_COUNT && is_usable(&model->components[i]))
        i++;
    return i;
}

/* Under the mutex. The verification ends when all works, or when everything was checked and its time is over; until then what fails is tried
 * again. */
static void judge_start(struct observer *observer)
{
    const struct sb_catalogue *catalogue = observer->setup->catalogue;
    const bool is_over = sb_now() - observer->opened >= catalogue->settings.startup_deadline;
    if (observer->is_started || picture_unchecked(observer->model) != NULL || (!is_over && first_unusable(observer->model) < SB_COMPONENT_COUNT))
        return;
    observer->is_started = true;
    const unsigned failed = held_up_by(observer, SB_START_POLICY_FAIL);
    if (failed < SB_COMPONENT_COUNT)
        (void)sb_error_set(&observer->start_failure, SB_ERR_UNAVAILABLE, "component %s does not work and components.%s.at_start is fail: %s",
                           sb_component_text(failed), sb_component_text(failed), observer->model->components[failed].reason);
}

/* Under the mutex: one line for whoever asks the supervisor. */
static void write_status(const struct observer *observer, struct sb_text *out)
{
    const struct sb_model *model = observer->model;
    const unsigned unusable = first_unusable(model);
    sb_text_add(out, model->is_draining ? "stopping" : !observer->is_started ? "starting" : picture_verdict(model));
    if (unusable < SB_COMPONENT_COUNT) {
        sb_text_add(out, ": ");
        sb_text_add(out, sb_component_text(unusable));
        sb_text_add_char(out, ' ');
        sb_text_add(out, sb_component_state_text(model->components[unusable].state));
    }
    sb_text_add(out, "; jobs ");
    sb_text_add_u64(out, model->job_count);
    sb_text_add(out, ", running ");
    sb_text_add_u64(out, model->jobs_in_state[SB_JOB_STATE_RUN]);
    sb_text_add(out, ", failed ");
    sb_text_add_u64(out, model->jobs_in_state[SB_JOB_STATE_FAIL]);
    sb_text_add(out, ", alerts ");
    sb_text_add_u64(out, model->alert_count);
}

static void stop_failed_start(struct observer *observer)
{
    struct sb_command drain = sb_command_make(SB_COMMAND_DRAIN, 0, "start-up");
    struct sb_error err = { 0 };
    drain.confirmed = true;
    (void)sb_copy(drain.reason, sizeof(drain.reason), observer->start_failure.text); /* cut to the field */
    if (sb_control_command(observer->setup->control, drain, NULL, &err) != SB_OK)
        sb_log(SB_LOG_ERROR, "start-up", "%s; and it cannot be stopped: %s", observer->start_failure.text, err.text);
}

static void announce(struct observer *observer, const char *status)
{
    static const char ready[] = "ready\n";
    char lines[LINE_MAX + 32];
    struct sb_text text;
    sb_text_init(&text, lines, sizeof(lines));
    sb_text_add(&text, "READY=1\nSTATUS=");
    sb_text_add(&text, status);
    say(observer, lines);
    if (observer->ready_fd >= 0 && write(observer->ready_fd, ready, sizeof(ready) - 1) < 0)
        sb_log(SB_LOG_WARN, "start-up", "nobody reads the descriptor of --ready-fd");
    sb_fd_close(&observer->ready_fd);
    observer->is_announced = true;
}

static void tell(struct observer *observer, const char *status)
{
    char lines[LINE_MAX + 32];
    struct sb_text text;
    if (sb_streq(status, observer->status))
        return;
    sb_text_init(&text, lines, sizeof(lines));
    sb_text_add(&text, "STATUS=");
    sb_text_add(&text, status);
    say(observer, lines);
    (void)sb_copy(observer->status, sizeof(observer->status), status); /* same capacity */
}

/* Once, and not when the process waits for its turn again. */
static void tell_stopping(struct observer *observer)
{
    const struct sb_api_setup *setup = observer->setup;
    struct sb_node_picture picture = { .state = SB_NODE_STANDBY };
    if (setup->node != NULL && setup->waits_again)
        setup->look_at_node(setup->node, &picture);
    if (observer->is_stopping_told || picture.state == SB_NODE_LOST)
        return;
    observer->is_stopping_told = true;
    if (setup->is_reloading == NULL || !*setup->is_reloading) {
        say(observer, "STOPPING=1");
        return;
    }
    char lines[64];
    struct sb_text text;
    sb_text_init(&text, lines, sizeof(lines));
    sb_text_add(&text, "RELOADING=1\nMONOTONIC_USEC="); /* READY=1 of the next start ends it */
    sb_text_add_u64(&text, (uint64_t)(sb_now() / SB_US(1)));
    say(observer, lines);
}

/* What has changed for a supervisor. */
static void report(struct observer *observer)
{
    char status[LINE_MAX];
    struct sb_text text;
    sb_text_init(&text, status, sizeof(status));
    sb_mutex_lock(observer->mutex);
    const bool was_started = observer->is_started;
    judge_start(observer);
    write_status(observer, &text);
    const bool has_failed = observer->start_failure.code != SB_OK, has_just_failed = has_failed && !was_started;
    const bool is_held_up = held_up_by(observer, SB_START_POLICY_WAIT) < SB_COMPONENT_COUNT;
    const bool is_ready = observer->is_started && !has_failed && !is_held_up && !observer->model->is_draining;
    const bool is_draining = observer->model->is_draining;
    sb_mutex_unlock(observer->mutex);
    if (has_just_failed)
        stop_failed_start(observer);
    if (is_ready && !observer->is_announced)
        announce(observer, status);
    if (is_draining)
        tell_stopping(observer);
    tell(observer, status);
}

/* --- the thread ------------------------------------------------------------------------------------------------------------------- */

static size_t count_events(struct observer *observer)
{
    struct sb_event events[EVENTS_AT_ONCE];
    bool is_gap = false;
    const size_t count = sb_feed_take(observer->counted, events, EVENTS_AT_ONCE, &is_gap);
    sb_mutex_lock(observer->mutex);
    observer->metrics.gaps += is_gap;
    for (size_t i = 0; i < count; i++)
        metrics_fold(&observer->metrics, &events[i]);
    if (count > 0 && events[count - 1].seq != 0)
        observer->metrics.lag = sb_now() - events[count - 1].now;
    sb_mutex_unlock(observer->mutex);
    return count;
}

static size_t show_events(struct observer *observer)
{
    struct sb_event events[EVENTS_AT_ONCE];
    bool is_gap = false;
    const size_t count = sb_feed_take(observer->shown, events, EVENTS_AT_ONCE, &is_gap);
    sb_mutex_lock(observer->mutex);
    if (is_gap)
        sb_model_reset(observer->model);
    for (size_t i = 0; i < count; i++)
        sb_model_fold(observer->model, &events[i]);
    sb_mutex_unlock(observer->mutex);
    return count;
}

/* Returns whether there were any. */
static bool take_events(struct observer *observer)
{
    bool is_more = true, is_any = false;
    while (is_more) {
        const size_t counted = count_events(observer), shown = show_events(observer);
        is_more = counted == EVENTS_AT_ONCE || shown == EVENTS_AT_ONCE;
        is_any = is_any || counted > 0 || shown > 0;
    }
    return is_any;
}

/* How long until the next look at the loops. */
static sb_ns pause_of(const struct observer *observer, bool is_quiet)
{
    if (observer->interval > 0)
        return observer->interval < look_every ? observer->interval : look_every;
    return is_quiet && observer->is_started ? look_every_quiet : look_every; /* a start has a deadline */
}

static void observer_main(void *arg)
{
    struct observer *observer = arg;
    sb_ns next_look = 0;
    size_t ready = 0;
    bool is_quiet = true; /* since the last look */
    while (ready < 2) {
        sb_pulse_answer(&observer->pulse);
        is_quiet = !take_events(observer) && is_quiet;
        report(observer);
        if (sb_now() >= next_look) {
            is_quiet = !look_at_loops(observer) && is_quiet;
            measure(observer);
            next_look = sb_now() + pause_of(observer, is_quiet);
            is_quiet = true;
        }
        const int fds[] = { sb_feed_fd(observer->counted), sb_feed_fd(observer->shown), observer->stop_fd };
        const struct sb_op op = { .deadline = next_look };
        struct sb_error err = { 0 };
        if (sb_poll_readable(fds, SB_LEN(fds), &op, &ready, &err) != SB_OK)
            ready = 0; /* the time for a look */
    }
}

/* --- life ----------------------------------------------------------------------------------------------------------------------- */

enum sb_err observer_open(struct observer **out, const struct sb_api_setup *setup, struct sb_error *err)
{
    struct observer *observer = calloc(1, sizeof(*observer));
    if (observer == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the observer of events");
    observer->setup = setup;
    observer->ready_fd = setup->ready_fd > 0 ? setup->ready_fd : -1;
    observer->interval = sb_notify_interval();
    observer->opened = sb_now();
    observer->fed_at = observer->opened;
    observer->measured_at = observer->opened - measure_every; /* the first time at once */
    observer->stop_fd = -1;
    observer->counted = setup->feed;
    observer->mutex = sb_mutex_create(SB_RANK_METRICS);
    observer->model = sb_model_create();
    enum sb_err rc = observer->mutex != NULL && observer->model != NULL ? SB_OK
                                                                       : sb_error_set(err, SB_ERR_NOMEM, "no memory for the observer of events");
    if (rc == SB_OK)
        rc = metrics_init(&observer->metrics, setup->catalogue, err);
    if (rc == SB_OK && observer->counted == NULL)
        rc = sb_feed_open(setup->control, &observer->counted, err);
    if (rc == SB_OK)
        rc = sb_feed_open(setup->control, &observer->shown, err);
    if (rc == SB_OK)
        rc = sb_wake_open(&observer->stop_fd, err);
    if (rc == SB_OK)
        rc = sb_thread_start(&observer->thread, "sb-observer", observer_main, observer, err);
    if (rc == SB_OK)
        *out = observer;
    else
        observer_close(observer);
    return rc;
}

void observer_close(struct observer *observer)
{
    if (observer == NULL)
        return;
    if (observer->thread != NULL) {
        sb_wake_post(observer->stop_fd);
        sb_thread_join(observer->thread);
        tell_stopping(observer);
    }
    sb_feed_close(observer->counted);
    sb_feed_close(observer->shown);
    sb_fd_close(&observer->stop_fd);
    sb_fd_close(&observer->ready_fd);
    metrics_deinit(&observer->metrics);
    sb_model_destroy(observer->model);
    sb_mutex_destroy(observer->mutex);
    free(observer);
}

/* --- questions -------------------------------------------------------------------------------------------------------------------- */

char *observer_scrape(struct observer *observer, bool is_openmetrics)
{
    const struct sb_api_setup *setup = observer->setup;
    struct metrics_look look = { .now = sb_now() };
    struct sb_text text;
    char *buf = malloc(METRICS_TEXT_MAX); /* touched as far as it is used */
    if (buf == NULL)
        return NULL;
    sb_text_init(&text, buf, METRICS_TEXT_MAX);
    sb_control_vitals(setup->control, &look.vitals);
    look.loop_count = ask_loops(observer, look.loops);
    sb_process_look(&look.process);
    look.has_store = setup->store != NULL && setup->store->ops->stats != NULL;
    if (look.has_store)
        setup->store->ops->stats(setup->store, &look.store);
    look.has_node = setup->node != NULL;
    if (look.has_node)
        setup->look_at_node(setup->node, &look.node);
    look.has_cache = setup->cache_stats != NULL;
    if (look.has_cache)
        setup->cache_stats(setup->cache, &look.cache);
    sb_mutex_lock(observer->mutex);
    metrics_write(&observer->metrics, observer->model, &look, is_openmetrics, &text);
    sb_mutex_unlock(observer->mutex);
    char *exact = text.is_cut ? NULL : realloc(buf, text.len + 1);
    if (exact == NULL)
        free(buf);
    return exact;
}

static void add_loop(struct sb_text *out, const struct sb_loop *loop, bool is_bad)
{
    sb_text_add(out, loop->name);
    sb_text_add(out, is_bad ? " has not answered for " : " answers");
    if (is_bad)
        sb_text_add_duration(out, loop->silence);
    sb_text_add_char(out, '\n');
}

/* Whether every loop turns, the observer's own included. Never asks anything outside the process. */
bool observer_live(struct observer *observer, bool is_verbose, struct sb_text *out)
{
    bool must_wake; /* it wakes by itself */
    struct sb_loop loops[SB_LOOPS_MAX + 1] = { { "api", sb_pulse_ask(&observer->pulse, &must_wake) } };
    bool is_live = true;
    sb_mutex_lock(observer->mutex);
    const size_t count = 1 + observer->loop_count;
    memcpy(loops + 1, observer->loops, observer->loop_count * sizeof(*loops));
    sb_mutex_unlock(observer->mutex);
    for (size_t i = 0; i < count; i++) {
        const bool is_bad = is_late(observer, &loops[i]);
        is_live = is_live && !is_bad;
        if (is_bad || is_verbose)
            add_loop(out, &loops[i], is_bad);
    }
    return is_live;
}

/* Under the mutex. */
static void add_components(const struct observer *observer, struct sb_text *out)
{
    for (unsigned i = 0; i < SB_COMPONENT_COUNT; i++) {
        const struct sb_model_component *component = &observer->model->components[i];
        if (!component->is_defined)
            continue;
        sb_text_add(out, sb_component_text(i));
        sb_text_add_char(out, ' ');
        sb_text_add(out, sb_component_class_text(component->class));
        sb_text_add_char(out, ' ');
        sb_text_add(out, sb_component_state_text(component->state));
        sb_text_add_char(out, ' ');
        sb_text_add_i64(out, component->latency / SB_MS(1));
        sb_text_add(out, " ms ");
        sb_text_add(out, component->reason);
        sb_text_add_char(out, '\n');
    }
}

bool observer_ready(struct observer *observer, bool is_verbose, struct sb_text *out)
{
    if (!observer_live(observer, false, out))
        return false;
    sb_mutex_lock(observer->mutex);
    const char *verdict = picture_verdict(observer->model);
    const bool is_draining = observer->model->is_draining, is_described = observer->model->is_described;
    const bool is_ready = is_described && !is_draining && !sb_streq(verdict, "not_ready");
    sb_text_add(out, !is_described ? "not_ready" : is_draining ? "draining" : verdict);
    sb_text_add_char(out, '\n');
    if (is_verbose)
        add_components(observer, out);
    sb_mutex_unlock(observer->mutex);
    return is_ready;
}

bool observer_started(struct observer *observer, bool is_verbose, struct sb_text *out)
{
    sb_mutex_lock(observer->mutex);
    const bool is_started = observer->is_started;
    const char *unchecked = picture_unchecked(observer->model);
    const unsigned unusable = first_unusable(observer->model);
    if (is_started) {
        sb_text_add(out, "started\n");
    } else {
        sb_text_add(out, "the start-up verification has not ended: ");
        sb_text_add(out, unchecked != NULL ? unchecked : unusable < SB_COMPONENT_COUNT ? sb_component_text(unusable) : "the last events");
        sb_text_add(out, unchecked != NULL ? " is not checked yet\n" : " is tried again\n");
    }
    if (is_verbose)
        add_components(observer, out);
    sb_mutex_unlock(observer->mutex);
    return is_started;
}

enum sb_err observer_start_failure(struct observer *observer, struct sb_error *err)
{
    sb_mutex_lock(observer->mutex);
    const struct sb_error failure = observer->start_failure;
    sb_mutex_unlock(observer->mutex);
    return failure.code == SB_OK ? SB_OK : sb_error_set(err, failure.code, "%s", failure.text);
}
