/* Owns the filtered and sorted list of jobs. Sorting is a merge sort over own storage: stable, without allocation. Pure. */
#include "panes.h"

static void merge(const struct sb_screen *screen, const uint16_t *from, uint16_t *to, uint32_t low, uint32_t middle, uint32_t high)
{
    uint32_t left = low, right = middle;
    for (uint32_t at = low; at < high; at++) {
        if (left < middle && (right >= high || !sb_sort_job_before(screen, from[right], from[left])))
            to[at] = from[left++];
        else
            to[at] = from[right++];
    }
}

static void sort(struct sb_screen *screen)
{
    sb_sort_keys(screen);
    uint16_t *from = screen->order, *to = screen->order_scratch;
    const uint32_t count = screen->order_count;
    for (uint32_t width = 1; width < count; width *= 2) {
        for (uint32_t low = 0; low < count; low += 2 * width) {
            const uint32_t middle = low + width < count ? low + width : count;
            const uint32_t high = low + 2 * width < count ? low + 2 * width : count;
            merge(screen, from, to, low, middle, high);
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
    sb_find_refresh(screen);
    const struct sb_match *const filter = sb_find_filter(screen, SB_PANE_JOBS);
    if (screen->is_order_valid && screen->order_changes == model->changes && screen->order_model == model)
        return;
    screen->order_count = 0;
    for (uint32_t i = 0; i < model->job_high; i++) {
        const struct sb_model_job *const job = &model->jobs[i];
        if (!job->is_defined || (screen->is_tiny && job->state > SB_JOB_STATE_HELD))
            continue; /* a tiny screen has room for what fails only */
        if (sb_match_job(filter, model, (uint16_t)i))
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
