/* The journal, page by page, through a core that does nothing but rehearse (core/core.h). Names of jobs and steps in it belong to the catalogue of
 * their time: they are looked up in the one of today, and what that does not have is passed over. Memory does not grow with the journal. */
#include "rehearsal.h"

#include "notices.h"

#include "signalbox/codec/codec.h"
#include "signalbox/core/core.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/store.h"

#include <stdlib.h>
#include <string.h>

enum { OUTBOX_EVENTS = 128, KNOWN = 4096 };
static const sb_ns query_max = SB_S(60);

static const char page_sql[] =
    "SELECT seq, at_ms, kind, run, job_name, payload FROM events WHERE seq > $1 AND at_ms >= $2 AND at_ms <= $3 ORDER BY seq LIMIT 1000";
static const char step_sql[] = "SELECT name FROM job_steps WHERE run = $1 AND step = $2 ORDER BY attempt DESC LIMIT 1";

/* What must be remembered of an incident after its event: the slot of its number, until a much later one takes it. */
struct known {
    uint8_t rule;
    bool is_flapping;
};

struct stage {
    struct rehearsal *result;
    const struct installation *in;
    struct sb_channel_rule channels[SB_CHANNELS_MAX];
    const char *sites[SB_SITES_MAX];
    void *memory;
    struct sb_core *core;
    struct sb_event events[OUTBOX_EVENTS];
    struct sb_order orders[SB_OUTBOX_ORDERS_MIN];
    uint32_t last_alert;
    struct known known[KNOWN];
    uint64_t last_digest[SB_RULE_COUNT][SB_CHANNELS_MAX];
    uint16_t jobs[SB_JOBS_MAX]; /* by the number of that time: where its name was found last */
};

/* --- what comes of it --------------------------------------------------------------------------------------------------------------- */

static struct rehearsed *kept_of(const struct stage *stage, uint32_t alert)
{
    struct rehearsal *r = stage->result;
    uint32_t count = r->kept_count < r->kept_max ? r->kept_count : r->kept_max;
    for (uint32_t i = 1; i <= count; i++) {
        struct rehearsed *kept = &r->kept[(r->kept_count - i) % r->kept_max];
        if (kept->alert == alert)
            return kept;
    }
    return NULL;
}

static void raised(struct stage *stage, const struct sb_event *event)
{
    const struct sb_ev_alert_raised *e = &event->as.alert_raised;
    struct rehearsal *r = stage->result;
    struct rehearsed *kept = NULL;
    if (e->alert > stage->last_alert) { /* else the same incident has got worse */
        stage->last_alert = e->alert;
        stage->known[e->alert % KNOWN] = (struct known){ .rule = e->rule };
        r->rules[e->rule].fired++;
        r->rules[e->rule].firing++;
        r->rules[e->rule].last = event->wall.ns;
        if (e->rule == r->rule) {
            kept = &r->kept[r->kept_count++ % r->kept_max];
            *kept = (struct rehearsed){ .alert = e->alert, .at = event->wall.ns };
            memcpy(kept->subject, e->subject, sizeof(kept->subject));
        }
    } else if (e->rule == r->rule) {
        kept = kept_of(stage, e->alert);
    }
    if (kept == NULL)
        return;
    kept->severity = e->severity;
    memcpy(kept->text, e->text, sizeof(kept->text));
}

static void cleared(struct stage *stage, const struct sb_ev_alert_cleared *e)
{
    struct rehearsed *kept = e->rule == stage->result->rule ? kept_of(stage, e->alert) : NULL;
    stage->result->rules[e->rule].firing--;
    if (kept == NULL)
        return;
    kept->is_over = true;
    kept->lasted = e->lasted;
}

static void moved(struct stage *stage, const struct sb_ev_alert_moved *e)
{
    struct known *known = &stage->known[e->alert % KNOWN];
    struct rehearsed *kept = e->rule == stage->result->rule ? kept_of(stage, e->alert) : NULL;
    if (!e->is_flapping || known->is_flapping)
        return;
    known->is_flapping = true;
    stage->result->rules[e->rule].flapped++;
    if (kept != NULL)
        kept->is_flapping = true;
}

/* A digest counts once for each rule it speaks of. */
static void told(struct stage *stage, uint8_t channel, uint8_t rule, uint64_t digest)
{
    if (digest != 0 && stage->last_digest[rule][channel] == digest)
        return;
    stage->last_digest[rule][channel] = digest;
    stage->result->rules[rule].notices[channel]++;
}

static void tally(struct stage *stage, const struct sb_event *event)
{
    const struct sb_ev_notice_queued *queued = &event->as.notice_queued;
    const struct sb_ev_notice_joined *joined = &event->as.notice_joined;
    if (event->kind == SB_EVENT_ALERT_RAISED)
        raised(stage, event);
    else if (event->kind == SB_EVENT_ALERT_CLEARED)
        cleared(stage, &event->as.alert_cleared);
    else if (event->kind == SB_EVENT_ALERT_MOVED)
        moved(stage, &event->as.alert_moved);
    else if (event->kind == SB_EVENT_NOTICE_QUEUED && queued->notice != SB_NOTICE_DIGEST)
        told(stage, queued->channel, queued->rule, 0);
    else if (event->kind == SB_EVENT_NOTICE_JOINED)
        told(stage, joined->channel, stage->known[joined->alert % KNOWN].rule, joined->id);
}

static void rehearse(struct stage *stage, const struct sb_event *event)
{
    struct sb_outbox out = { .events = stage->events, .event_cap = SB_LEN(stage->events), .orders = stage->orders,
                             .order_cap = SB_LEN(stage->orders) };
    bool is_taken = false;
    while (!is_taken) {
        is_taken = sb_core_rehearse(stage->core, event, &out);
        for (uint32_t i = 0; i < out.event_count; i++)
            tally(stage, &out.events[i]);
    }
}

/* --- what is read ------------------------------------------------------------------------------------------------------------------- */

static void *field_of(struct sb_event *event, enum sb_field_type type)
{
    const struct sb_kind_info *info = &sb_event_infos[event->kind];
    for (unsigned i = 0; i < info->field_count; i++)
        if (info->fields[i].type == type)
            return (char *)&event->as + info->fields[i].offset;
    return NULL;
}

/* The job's number in the catalogue of today. False: there is none of that name. */
static bool place_job(struct stage *stage, uint16_t *job, const char *name)
{
    const struct sb_catalogue *catalogue = stage->in->catalogue;
    uint16_t *guess = *job < SB_JOBS_MAX ? &stage->jobs[*job] : NULL;
    uint16_t found = guess != NULL ? *guess : 0;
    if (found >= catalogue->job_count || !sb_streq(catalogue->jobs[found].name, name))
        found = sb_catalogue_job(catalogue, name);
    if (found == SB_NO_JOB)
        return false;
    if (guess != NULL)
        *guess = found;
    *job = found;
    return true;
}

static enum sb_err ask(const struct stage *stage, const char *sql, const struct sb_cell *params, size_t count, struct sb_rows **rows,
                       struct sb_error *err)
{
    struct sb_store *store = stage->in->services.store;
    const struct sb_statement statement = { .sql = sql, .params = params, .param_count = count, .expect_rows = -1 };
    const struct sb_op op = { .deadline = sb_now() + query_max };
    return store->ops->query(store, &statement, &op, rows, err);
}

/* Rules name the step at which a run failed or hangs: it is found by its name, which the run's own rows have. */
static enum sb_err place_step(const struct stage *stage, uint16_t job, uint64_t run, uint8_t *step, struct sb_error *err)
{
    const struct sb_catalogue *catalogue = stage->in->catalogue;
    const struct sb_job_def *def = &catalogue->jobs[job];
    const struct sb_cell params[] = { sb_cell_int((int64_t)run), sb_cell_int(*step) };
    struct sb_rows *rows = NULL;
    enum sb_err rc = ask(stage, step_sql, params, SB_LEN(params), &rows, err);
    *step = SB_NO_STEP;
    for (uint8_t i = 0; rc == SB_OK && sb_rows_count(rows) > 0 && i < def->step_count; i++)
        if (sb_streq(catalogue->steps[def->first_step + i].name, sb_rows_words(rows, 0, "name")))
            *step = i;
    sb_rows_destroy(rows);
    return rc;
}

static bool names_its_step(const struct sb_event *event)
{
    return event->kind == SB_EVENT_RUN_STUCK || (event->kind == SB_EVENT_RUN_ENDED && event->as.run_ended.state != SB_RUN_STATE_SUCCEEDED);
}

/* What the core takes for granted of its own events, and a store that somebody has edited need not hold. */
static bool is_sound(struct sb_event *event)
{
    if (event->kind == SB_EVENT_COMPONENT_CHANGED)
        return event->as.component_changed.component < SB_COMPONENT_COUNT;
    bool is_of_run = event->kind >= SB_EVENT_RUN_QUEUED && event->kind <= SB_EVENT_RUN_ENDED;
    return !is_of_run || *(uint16_t *)field_of(event, SB_FIELD_job) != SB_NO_JOB;
}

/* The row as an event of today; *is_ours false: nothing the rules could look at. */
static enum sb_err read_row(struct stage *stage, const struct sb_rows *rows, size_t row, struct sb_event *event, bool *is_ours, struct sb_error *err)
{
    const char *payload = sb_rows_words(rows, row, "payload"), *name = sb_rows_words(rows, row, "job_name");
    const struct sb_wall wall = { SB_MS(sb_rows_number(rows, row, "at_ms")) };
    struct sb_error unread = { 0 };
    *is_ours = sb_codec_event_read_row((uint64_t)sb_rows_number(rows, row, "seq"), wall, sb_rows_words(rows, row, "kind"), payload,
                                       strlen(payload), event, &unread) == SB_OK && is_sound(event);
    if (!*is_ours) {
        stage->result->unread++;
        return SB_OK;
    }
    uint16_t *job = field_of(event, SB_FIELD_job);
    if (job == NULL || *job == SB_NO_JOB)
        return SB_OK;
    if (!place_job(stage, job, name)) {
        stage->result->passed_over++;
        *is_ours = false;
        return SB_OK;
    }
    uint8_t *step = field_of(event, SB_FIELD_step);
    if (step == NULL || *step == SB_NO_STEP || !names_its_step(event))
        return SB_OK;
    return place_step(stage, *job, (uint64_t)sb_rows_number(rows, row, "run"), step, err);
}

static enum sb_err read_journal(struct stage *stage, struct sb_error *err)
{
    struct rehearsal *r = stage->result;
    struct sb_rows *rows = NULL;
    int64_t seq = 0;
    size_t count = 1;
    enum sb_err rc = SB_OK;
    while (rc == SB_OK && count > 0) {
        const struct sb_cell params[] = { sb_cell_int(seq), sb_cell_int(r->from / SB_MS(1)), sb_cell_int(r->to / SB_MS(1)) };
        rc = ask(stage, page_sql, params, SB_LEN(params), &rows, err);
        count = rc == SB_OK ? sb_rows_count(rows) : 0;
        for (size_t row = 0; rc == SB_OK && row < count; row++) {
            struct sb_event event;
            bool is_ours = false;
            seq = sb_rows_number(rows, row, "seq");
            rc = read_row(stage, rows, row, &event, &is_ours, err);
            if (rc == SB_OK && is_ours)
                rehearse(stage, &event);
        }
        r->events += count;
        sb_rows_destroy(rows);
        rows = NULL;
    }
    return rc;
}

/* --- the whole ---------------------------------------------------------------------------------------------------------------------- */

static enum sb_err make_core(struct stage *stage, struct sb_error *err)
{
    const struct sb_catalogue *catalogue = stage->in->catalogue;
    notices_rules(catalogue, stage->channels);
    size_t site_count = catalogue->site_count < SB_SITES_MAX ? catalogue->site_count : SB_SITES_MAX;
    for (size_t i = 0; i < site_count; i++)
        stage->sites[i] = catalogue->sites[i].name;
    const struct sb_core_setup setup = {
        .jobs = catalogue->jobs, .job_count = catalogue->job_count, .steps = catalogue->steps, .step_count = catalogue->step_count,
        .zones = catalogue->zones, .zone_count = catalogue->zone_count, .pool = &catalogue->pool, .budget = &catalogue->budget,
        .components = catalogue->components, .sites = stage->sites, .site_count = (uint32_t)site_count,
        .alerts = catalogue->alerts.ack_for > 0 ? &catalogue->alerts : NULL, .channels = stage->channels,
        .channel_count = (uint32_t)catalogue->channel_count, .seed = 1, .drain_grace = catalogue->settings.drain,
    };
    size_t size = sb_core_size(&setup);
    stage->memory = calloc(1, size);
    if (stage->memory == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a rehearsal of %u jobs", catalogue->job_count);
    stage->core = sb_core_init(stage->memory, size, &setup);
    return SB_OK;
}

enum sb_err rehearsal_run(struct rehearsal *r, const struct installation *in, struct sb_error *err)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    r->kept = calloc(r->kept_max, sizeof(*r->kept));
    if (stage == NULL || r->kept == NULL) {
        free(stage);
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a rehearsal");
    }
    stage->result = r;
    stage->in = in;
    enum sb_err rc = make_core(stage, err);
    if (rc == SB_OK)
        rc = read_journal(stage, err);
    if (rc == SB_OK) { /* what is held or recovers until now */
        struct sb_event end;
        memset(&end, 0, sizeof(end));
        end.kind = SB_EVENT_HEARTBEAT;
        end.wall.ns = r->to;
        rehearse(stage, &end);
    }
    for (uint32_t i = 0; i < r->kept_max && i < r->kept_count; i++)
        if (!r->kept[i].is_over)
            r->kept[i].lasted = r->to - r->kept[i].at;
    free(stage->memory);
    free(stage);
    return rc;
}

void rehearsal_deinit(struct rehearsal *r)
{
    free(r->kept);
    r->kept = NULL;
}
