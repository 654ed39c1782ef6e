/* Owns the filtered and sorted list of jobs. Sorting is a merge sort over own storage: stable, without allocation. Pure. */
#include "panes.h"

#include <string.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool contains(const char *text, const char *word, size_t size)
{
    for (; *text != '\0'; text++) {
        size_t i = 0;
        while (i < size && text[i] != '\0' && lower(text[i]) == lower(word[i]))
            i++;
        if (i == size)
            return true;
    }
    return size == 0;
}

/* Takes the next word of the filter; false at its end. */
static bool word_next(const char **at, const char **word, size_t *size)
{
    while (**at == ' ')
        (*at)++;
    *word = *at;
    while (**at != '\0' && **at != ' ')
        (*at)++;
    *size = (size_t)(*at - *word);
    return *size > 0;
}

static bool word_matches_job(const char *word, size_t size, const struct sb_model_job *job)
{
    static const char state_prefix[] = "state:", job_prefix[] = "job:";
    if (size >= 6 && strncmp(word, state_prefix, 6) == 0)
        return strncmp(sb_job_state_word((enum sb_job_state)job->state), word + 6, size - 6) == 0;
    if (size >= 4 && strncmp(word, job_prefix, 4) == 0)
        return contains(job->name, word + 4, size - 4);
    return contains(job->name, word, size);
}

bool sb_filter_matches_job(const char *filter, const struct sb_model_job *job)
{
    const char *word = NULL;
    size_t size = 0;
    while (word_next(&filter, &word, &size)) {
        if (!word_matches_job(word, size, job))
            return false;
    }
    return true;
}

bool sb_filter_matches_text(const char *filter, const char *text)
{
    const char *word = NULL;
    size_t size = 0;
    while (word_next(&filter, &word, &size)) {
        if (!contains(text, word, size))
            return false;
    }
    return true;
}

/* Severity, then age: what is in its state for longest stands first. */
static bool is_before(const struct sb_model *model, uint16_t a, uint16_t b)
{
    const struct sb_model_job *const left = &model->jobs[a], *const right = &model->jobs[b];
    if (left->state != right->state)
        return left->state < right->state;
    if (left->since != right->since)
        return left->since < right->since;
    return a < b;
}

static void merge(const struct sb_model *model, const uint16_t *from, uint16_t *to, uint32_t low, uint32_t middle, uint32_t high)
{
    uint32_t left = low, right = middle;
    for (uint32_t at = low; at < high; at++) {
        if (left < middle && (right >= high || !is_before(model, from[right], from[left])))
            to[at] = from[left++];
        else
            to[at] = from[right++];
    }
}

static void sort(struct sb_screen *screen)
{
    uint16_t *from = screen->order, *to = screen->order_scratch;
    const uint32_t count = screen->order_count;
    for (uint32_t width = 1; width < count; width *= 2) {
        for (uint32_t low = 0; low < count; low += 2 * width) {
            const uint32_t middle = low + width < count ? low + width : count;
            const uint32_t high = low + 2 * width < count ? low + 2 * width : count;
            merge(screen->model, from, to, low, middle, high);
        }
        uint16_t *const swap = from;
        from = to;
        to = swap;
    }
    screen->order = from;
    screen->order_scratch = to;
}

void sb_order_invalidate(struct sb_screen *screen)
{
    screen->is_order_valid = false;
}

void sb_order_refresh(struct sb_screen *screen)
{
    const struct sb_model *const model = screen->model;
    if (screen->is_order_valid && screen->order_changes == model->changes && screen->order_model == model)
        return;
    screen->order_count = 0;
    for (uint32_t i = 0; i < model->job_high; i++) {
        const struct sb_model_job *const job = &model->jobs[i];
        if (!job->is_defined || (screen->is_tiny && job->state > SB_JOB_STATE_HELD))
            continue; /* a tiny screen has room for what fails only */
        if (sb_filter_matches_job(screen->filters[SB_PANE_JOBS], job))
            screen->order[screen->order_count++] = (uint16_t)i;
    }
    sort(screen);
    screen->is_order_valid = true;
    screen->order_changes = model->changes;
    screen->order_model = model;
}

uint32_t sb_order_place(const struct sb_screen *screen, uint16_t job)
{
    for (uint32_t i = 0; i < screen->order_count; i++) {
        if (screen->order[i] == job)
            return i;
    }
    return screen->order_count;
}
