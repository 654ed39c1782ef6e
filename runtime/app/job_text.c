/* A job's definition as it is in force: schedule, policies, retry, lanes, earlier names, steps; each value with its place in the files. */
#include "job_text.h"

#include "signalbox/config/config.h"

#include <stdio.h>
#include <string.h>

enum { KEY_BYTES = 160, VALUE_BYTES = 96 };

/* One value being told: "timeout    5m00s    growth.yaml:12:5". */
struct teller {
    const struct sb_catalogue *catalogue;
    const struct sb_job_def *job;
    struct sb_text *out;
};

/* The place without its folders: the file's name is enough to find it, and a screen is narrow. */
static void add_place(const struct teller *teller, const char *key)
{
    char path[KEY_BYTES], place[512];
    (void)snprintf(path, sizeof(path), "jobs.%s.%s", teller->job->name, key);
    if (!sb_config_origin(teller->catalogue, path, place, sizeof(place)))
        return;
    const char *slash = strrchr(place, '/');
    sb_text_add(teller->out, slash != NULL ? slash + 1 : place);
}

static void tell(const struct teller *teller, const char *key, const char *value)
{
    sb_text_addf(teller->out, "%-16s %-22s ", key, value);
    add_place(teller, key);
    sb_text_add(teller->out, "\n");
}

static void tell_time(const struct teller *teller, const char *key, sb_ns time, const char *when_zero)
{
    char value[VALUE_BYTES];
    struct sb_text text;
    sb_text_init(&text, value, sizeof(value));
    if (time == 0 && when_zero != NULL)
        sb_text_add(&text, when_zero);
    else
        sb_text_add_duration(&text, time);
    tell(teller, key, value);
}

static void tell_number(const struct teller *teller, const char *key, unsigned number)
{
    char value[VALUE_BYTES];
    (void)snprintf(value, sizeof(value), "%u", number);
    tell(teller, key, value);
}

static void tell_counted(const struct teller *teller, const char *key, const char *word, bool has_count, unsigned count)
{
    char value[VALUE_BYTES];
    (void)snprintf(value, sizeof(value), has_count ? "%s(%u)" : "%s", word, count);
    tell(teller, key, value);
}

static void tell_schedule(const struct teller *teller)
{
    const struct sb_job_def *job = teller->job;
    if (job->schedule == SB_SCHEDULE_CRON) {
        tell(teller, "cron", job->schedule_text);
    } else if (job->schedule == SB_SCHEDULE_EVERY) {
        tell_time(teller, "every", job->every, NULL);
        tell_time(teller, "offset", job->offset, "0");
    } else {
        tell(teller, "every", "none: only force-run");
    }
    tell_time(teller, "jitter", job->jitter, "0");
    tell_counted(teller, "overlap", sb_overlap_text(job->overlap), job->overlap == SB_OVERLAP_ALLOW, job->overlap_max);
    tell_counted(teller, "misfire", sb_misfire_text(job->misfire), job->misfire == SB_MISFIRE_ALL, job->misfire_max);
    tell_time(teller, "misfire_window", job->misfire_window, NULL);
    tell_time(teller, "start_deadline", job->start_deadline, "0: never");
    tell_time(teller, "late_after", job->late_after, NULL);
}

static void tell_policies(const struct teller *teller)
{
    const struct sb_job_def *job = teller->job;
    char factor[VALUE_BYTES];
    tell_number(teller, "priority", job->priority);
    tell(teller, "category", sb_category_text(job->category));
    tell(teller, "critical", job->is_critical ? "true" : "false");
    tell_time(teller, "timeout", job->timeout, "0: sum of its steps");
    tell_time(teller, "queue_timeout", job->queue_timeout, NULL);
    tell_number(teller, "retry.attempts", job->retry.attempts);
    tell_time(teller, "retry.base", job->retry.base, NULL);
    (void)snprintf(factor, sizeof(factor), "%u.%02u", job->retry.factor_pct / 100u, job->retry.factor_pct % 100u);
    tell(teller, "retry.factor", factor);
    tell_time(teller, "retry.max", job->retry.max, NULL);
    tell(teller, "retry.jitter", sb_jitter_text(job->retry.jitter));
}

static void tell_steps(const struct teller *teller)
{
    for (uint8_t i = 0; i < teller->job->step_count; i++) {
        const struct sb_step_def *step = &teller->catalogue->steps[teller->job->first_step + i];
        char limit[VALUE_BYTES];
        struct sb_text text;
        sb_text_init(&text, limit, sizeof(limit));
        sb_text_add_duration(&text, step->timeout);
        sb_text_addf(teller->out, "%2u %-22s %-6s limit %-7s%s%s%s%s\n", i + 1u, step->name, sb_step_kind_text(step->kind), limit,
                     step->needs_context ? " context" : "", step->is_effect ? " effect" : "", step->goes_on ? " goes_on" : "",
                     step->restarts_job ? " restarts the job" : "");
    }
}

static void tell_names(const struct teller *teller)
{
    const struct sb_catalogue *catalogue = teller->catalogue;
    bool is_first = true;
    for (uint32_t i = 0; i < catalogue->job_alias_count; i++) {
        const struct sb_job_alias *alias = &catalogue->job_aliases[i];
        if (&catalogue->jobs[alias->job] != teller->job)
            continue;
        sb_text_add(teller->out, is_first ? "= earlier names\n" : "");
        sb_text_addf(teller->out, "%s, now step %s\n", alias->name, catalogue->steps[teller->job->first_step + alias->step].name);
        is_first = false;
    }
}

void job_text_write(const struct sb_catalogue *catalogue, uint16_t job, struct sb_text *out)
{
    const struct teller teller = { catalogue, &catalogue->jobs[job], out };
    sb_text_add(out, "= as it is defined, and where\n");
    tell_schedule(&teller);
    tell_policies(&teller);
    const enum sb_category category = (enum sb_category)teller.job->category;
    sb_text_addf(out, "%-16s %s\n", "lane",
                 category == SB_CATEGORY_NONE ? "none: it needs no context" : sb_lane_text((unsigned)sb_category_lane(category)));
    sb_text_add(out, "= steps as they are defined\n");
    tell_steps(&teller);
    tell_names(&teller);
}
