/* Owns the order of jobs and alerts: what they are compared by, and the keys that choose it. A job's key is one number, so that sorting
 * ten thousand of them reads their records once. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

#define LAST_OF_ALL UINT64_MAX /* what has no such value stands last, inverted too */
enum { STATE_SHIFT = 57, NAME_BYTES = 8 };

static const struct {
    const char *word, *help;
} job_sorts[SB_JOB_SORT_COUNT] = {
#define SORT_ROW(code, word, help) [SB_JOB_SORT_##code] = {word, help},
    SB_LIST_JOB_SORT(SORT_ROW)
#undef SORT_ROW
}, alert_sorts[SB_ALERT_SORT_COUNT] = {
#define SORT_ROW(code, word, help) [SB_ALERT_SORT_##code] = {word, help},
    SB_LIST_ALERT_SORT(SORT_ROW)
#undef SORT_ROW
}, content_sorts[SB_CONTENT_SORT_COUNT] = {
#define SORT_ROW(code, word, help) [SB_CONTENT_SORT_##code] = {word, help},
    SB_LIST_CONTENT_SORT(SORT_ROW)
#undef SORT_ROW
};

uint32_t sb_sort_count(enum sb_pane pane)
{
    return pane == SB_PANE_JOBS ? SB_JOB_SORT_COUNT : pane == SB_PANE_ALERTS ? SB_ALERT_SORT_COUNT
           : pane == SB_PANE_CONTENT ? SB_CONTENT_SORT_COUNT : 0;
}

const char *sb_sort_word(enum sb_pane pane, uint32_t by)
{
    return pane == SB_PANE_JOBS ? job_sorts[by].word : pane == SB_PANE_CONTENT ? content_sorts[by].word : alert_sorts[by].word;
}

const char *sb_sort_help(enum sb_pane pane, uint32_t by)
{
    return pane == SB_PANE_JOBS ? job_sorts[by].help : pane == SB_PANE_CONTENT ? content_sorts[by].help : alert_sorts[by].help;
}

void sb_sort_title(const struct sb_screen *screen, enum sb_pane pane, struct sb_text *text)
{
    sb_text_add(text, "sort:");
    sb_text_add(text, sb_sort_word(pane, screen->sort.by[pane]));
    if (screen->sort.is_inverted[pane])
        sb_text_add(text, " inverted");
}

/* ---- jobs ---- */

/* The beginning of a name as a number that sorts like it. */
static uint64_t name_key(const char *name)
{
    uint64_t key = 0;
    bool is_over = false;
    for (unsigned i = 0; i < NAME_BYTES; i++) {
        is_over = is_over || name[i] == '\0';
        key = key << 8 | (is_over ? 0 : (unsigned char)name[i]);
    }
    return key;
}

static uint64_t most(int64_t value)
{
    return ~(uint64_t)(value < 0 ? 0 : value);
}

/* Small first; false when the job has no such value. */
static bool key_of(const struct sb_model_job *job, enum sb_job_sort by, uint64_t *key)
{
    const uint64_t since = (uint64_t)(job->since < 0 ? 0 : job->since);
    const uint64_t since_max = (UINT64_C(1) << STATE_SHIFT) - 1;
    const int good = by == SB_JOB_SORT_GOOD ? sb_model_recent_ok(job) : 0;
    switch (by) {
    case SB_JOB_SORT_SEVERITY: *key = (uint64_t)job->state << STATE_SHIFT | (since < since_max ? since : since_max); return true;
    case SB_JOB_SORT_NAME: *key = name_key(job->name); return true;
    case SB_JOB_SORT_ATTEMPT: *key = most(job->run.attempt); return job->run.id != 0;
    case SB_JOB_SORT_LAST: *key = most(job->last_duration); return job->last_duration > 0;
    case SB_JOB_SORT_P50: *key = most(sb_model_recent_permille(job, 500)); return job->recent_count > 0;
    case SB_JOB_SORT_P95: *key = most(sb_model_recent_permille(job, 950)); return job->recent_count > 0;
    case SB_JOB_SORT_NEXT: *key = (uint64_t)job->next_due.ns; return job->next_due.ns != 0;
    case SB_JOB_SORT_CONTEXT: *key = job->run.ctx; return job->run.id != 0 && job->run.ctx != SB_NO_CTX;
    case SB_JOB_SORT_GOOD: *key = (uint64_t)(good < 0 ? 0 : good); return good >= 0;
    case SB_JOB_SORT_SPENT: *key = most(job->spent.nano); return job->spent.nano != 0;
    case SB_JOB_SORT_AGE: *key = since; return true;
    case SB_JOB_SORT_PRIORITY: *key = job->priority; return true;
    case SB_JOB_SORT_COUNT: break;
    }
    return false;
}

void sb_sort_keys(struct sb_screen *screen)
{
    const enum sb_job_sort by = (enum sb_job_sort)screen->sort.by[SB_PANE_JOBS];
    const bool is_inverted = screen->sort.is_inverted[SB_PANE_JOBS];
    for (uint32_t i = 0; i < screen->order_count; i++) {
        uint64_t key = 0;
        const bool has_key = key_of(&screen->model->jobs[screen->order[i]], by, &key);
        screen->order_keys[screen->order[i]] = !has_key ? LAST_OF_ALL : is_inverted ? ~key : key;
    }
}

bool sb_sort_job_before(const struct sb_screen *screen, uint16_t a, uint16_t b)
{
    const uint64_t left = screen->order_keys[a], right = screen->order_keys[b];
    if (left == right && screen->sort.by[SB_PANE_JOBS] == SB_JOB_SORT_NAME) {
        const int order = strcmp(screen->model->jobs[a].name, screen->model->jobs[b].name);
        return screen->sort.is_inverted[SB_PANE_JOBS] ? order > 0 : order < 0;
    }
    return left < right;
}

/* ---- alerts ---- */

static int compare_alerts(enum sb_alert_sort by, const struct sb_model_alert *a, const struct sb_model_alert *b)
{
    if (by == SB_ALERT_SORT_AGE)
        return a->since > b->since ? -1 : a->since < b->since;
    if (by == SB_ALERT_SORT_SUBJECT)
        return strcmp(a->subject, b->subject);
    if (a->is_acked != b->is_acked)
        return a->is_acked ? 1 : -1;
    if (a->severity != b->severity)
        return a->severity > b->severity ? -1 : 1;
    return a->since < b->since ? -1 : a->since > b->since;
}

bool sb_sort_alert_before(const struct sb_screen *screen, const struct sb_model_alert *a, const struct sb_model_alert *b)
{
    const int order = compare_alerts((enum sb_alert_sort)screen->sort.by[SB_PANE_ALERTS], a, b);
    return screen->sort.is_inverted[SB_PANE_ALERTS] ? order > 0 : order < 0;
}

/* ---- keys ---- */

/* Who sorts the list has seen it: from now on the selection is a choice and stays on its job. */
void sb_sort_set(struct sb_screen *screen, enum sb_pane pane, uint32_t by, bool is_inverted)
{
    screen->sort.by[pane] = (uint8_t)by;
    screen->sort.is_inverted[pane] = is_inverted;
    screen->content.is_new = screen->content.is_new || pane == SB_PANE_CONTENT; /* the cursor goes with its row */
    if (pane == SB_PANE_JOBS) {
        screen->is_chosen = screen->is_chosen || sb_model_job(screen->model, screen->selected_job) != NULL;
        sb_order_invalidate(screen);
    }
}

static bool can_sort(struct sb_screen *screen, struct sb_now now)
{
    if (sb_sort_count(screen->focus) > 0)
        return true;
    struct sb_text text = sb_notice(screen, now, false);
    sb_text_add(&text, sb_pane_infos[screen->focus].title);
    sb_text_add(&text, " has one order; jobs (1), alerts (4) and content (7) can be sorted");
    return false;
}

void sb_act_sort(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    if (can_sort(screen, now))
        sb_menu_open(screen, SB_MENU_SORT);
}

static void step(struct sb_screen *screen, struct sb_now now, int by)
{
    const enum sb_pane pane = screen->focus;
    if (!can_sort(screen, now))
        return;
    const uint32_t count = sb_sort_count(pane);
    sb_sort_set(screen, pane, (screen->sort.by[pane] + count + (uint32_t)by) % count, false);
}

void sb_act_sort_left(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    step(screen, now, -1);
}

void sb_act_sort_right(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    step(screen, now, 1);
}

void sb_act_invert(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)answer;
    if (can_sort(screen, now))
        sb_sort_set(screen, screen->focus, screen->sort.by[screen->focus], !screen->sort.is_inverted[screen->focus]);
}
