/* What the store remembers of the process before. Collected first and given to the core afterwards, because the core's answers are
 * appended to the very store that is being read. Start-up thread. */
#include "parts.h"

#include "signalbox/model/catalogue.h"

#include <stdlib.h>
#include <string.h>

enum { RESTORE_INPUTS_MAX = 4 * SB_JOBS_MAX };

static void add(struct sb_input_list *list, const struct sb_input *input)
{
    if (list->count == list->cap) {
        size_t cap = list->cap > 0 ? list->cap * 2 : 64;
        struct sb_input *wider = cap <= RESTORE_INPUTS_MAX ? realloc(list->inputs, cap * sizeof(*wider)) : NULL;
        if (wider == NULL) {
            list->is_full = true;
            return;
        }
        list->inputs = wider;
        list->cap = cap;
    }
    list->inputs[list->count++] = *input;
}

/* The jobs by name: the store may ask for each of thousands. */
struct named {
    const char *name;
    uint16_t job;
};

/* The port has one argument for both callbacks, so it carries both. */
struct both {
    struct sb_input_list *list;
    struct named *jobs;
    size_t job_count;
};

static int compare(const void *left, const void *right)
{
    const struct named *a = left, *b = right;

    return strcmp(a->name, b->name);
}

static enum sb_err index_jobs(struct both *both, const struct sb_catalogue *catalogue, struct sb_error *err)
{
    both->jobs = calloc((size_t)catalogue->job_count + 1, sizeof(*both->jobs));
    if (both->jobs == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the names of %u jobs", catalogue->job_count);
    both->job_count = catalogue->job_count;
    for (uint32_t i = 0; i < catalogue->job_count; i++)
        both->jobs[i] = (struct named){ catalogue->jobs[i].name, (uint16_t)i };
    qsort(both->jobs, both->job_count, sizeof(*both->jobs), compare);
    return SB_OK;
}

static uint16_t job_of(void *arg, const char *name)
{
    const struct both *both = arg;
    const struct named key = { .name = name };
    const struct named *found = bsearch(&key, both->jobs, both->job_count, sizeof(*both->jobs), compare);

    return found != NULL ? found->job : SB_NO_JOB;
}

static void emit(void *arg, const struct sb_input *input)
{
    const struct both *both = arg;

    add(both->list, input);
}

uint64_t sb_restore_live_fence(const struct sb_input_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->inputs[i].kind == SB_INPUT_RESTORE_BASE && list->inputs[i].as.restore_base.next_fence > 0)
            return list->inputs[i].as.restore_base.next_fence + 1;
    return 0;
}

enum sb_err sb_restore_collect(struct sb_input_list *list, struct sb_store *store, const struct sb_catalogue *catalogue,
                               struct sb_error *err)
{
    struct both both = { .list = list };

    if (store == NULL)
        return SB_OK;
    enum sb_err rc = index_jobs(&both, catalogue, err);
    if (rc == SB_OK)
        rc = store->ops->restore(store, &both, job_of, emit, err);
    if (rc == SB_OK && list->is_full)
        rc = sb_error_set(err, SB_ERR_TOO_LARGE, "the store remembers more than %d unfinished facts, or memory is short; nothing was started",
                          RESTORE_INPUTS_MAX);
    free(both.jobs);
    return rc;
}
