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

/* The port has one argument for both callbacks, so it carries both. */
struct both {
    struct sb_input_list *list;
    const struct sb_catalogue *catalogue;
};

static uint16_t job_of(void *arg, const char *name)
{
    const struct both *both = arg;

    return sb_catalogue_job(both->catalogue, name);
}

static void emit(void *arg, const struct sb_input *input)
{
    const struct both *both = arg;

    add(both->list, input);
}

enum sb_err sb_restore_collect(struct sb_input_list *list, struct sb_store *store, const struct sb_catalogue *catalogue,
                               struct sb_error *err)
{
    struct both both = { .list = list, .catalogue = catalogue };

    if (store == NULL)
        return SB_OK;
    enum sb_err rc = store->ops->restore(store, &both, job_of, emit, err);
    if (rc == SB_OK && list->is_full)
        rc = sb_error_set(err, SB_ERR_TOO_LARGE, "the store remembers more than %d unfinished facts, or memory is short; nothing was started",
                          RESTORE_INPUTS_MAX);
    return rc;
}
