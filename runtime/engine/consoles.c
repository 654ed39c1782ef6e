/* The seats of the consoles (ports/console.h). One lock, held for looking at a short table; the journal is told after it. Any thread. */
#include "parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct seat {
    uint64_t id, visit; /* id 0: free */
    struct sb_console shown;
};

struct sb_consoles {
    struct sb_mutex *mutex;
    /* guarded by mutex */
    struct seat seats[SB_CONSOLES_MAX]; /* in the order of joining, no gaps */
    size_t count;
    uint64_t visits, changes;
};

struct sb_consoles *sb_consoles_create(struct sb_error *err)
{
    struct sb_consoles *consoles = calloc(1, sizeof(*consoles));
    if (consoles != NULL) {
        consoles->mutex = sb_mutex_create(SB_RANK_CONSOLES);
        if (consoles->mutex != NULL)
            return consoles;
    }
    free(consoles);
    (void)sb_error_set(err, SB_ERR_NOMEM, "no memory for the list of consoles");
    return NULL;
}

void sb_consoles_destroy(struct sb_consoles *consoles)
{
    if (consoles == NULL)
        return;
    sb_mutex_destroy(consoles->mutex);
    free(consoles);
}

/* Under the mutex. */
static struct seat *find(struct sb_consoles *consoles, uint64_t id)
{
    for (size_t i = 0; i < consoles->count; i++)
        if (consoles->seats[i].id == id)
            return &consoles->seats[i];
    return NULL;
}

/* Under the mutex; NULL = nobody. */
static struct seat *writer(struct sb_consoles *consoles)
{
    for (size_t i = 0; i < consoles->count; i++)
        if (consoles->seats[i].shown.writes)
            return &consoles->seats[i];
    return NULL;
}

enum sb_err sb_console_join(struct sb_control *control, uint64_t id, const char *name, bool wants_to_write, uint64_t *visit,
                            struct sb_error *err)
{
    struct sb_consoles *consoles = control->consoles;
    enum sb_err rc = id != 0 ? SB_OK : sb_error_set(err, SB_ERR_INVALID, "0 is no number of a console");
    if (rc != SB_OK)
        return rc;
    const struct sb_wall now = sb_wall_now();
    sb_mutex_lock(consoles->mutex);
    struct seat *seat = find(consoles, id);
    if (seat == NULL && consoles->count == SB_CONSOLES_MAX) {
        rc = sb_error_set(err, SB_ERR_FULL, "%d consoles are attached; detach one", (int)SB_CONSOLES_MAX);
    } else {
        if (seat == NULL) {
            seat = &consoles->seats[consoles->count++];
            memset(seat, 0, sizeof(*seat));
            seat->id = id;
            seat->shown.since = now;
        }
        (void)sb_copy(seat->shown.name, sizeof(seat->shown.name), name);
        seat->shown.writes = wants_to_write && (seat->shown.writes || writer(consoles) == NULL);
        *visit = seat->visit = ++consoles->visits;
        consoles->changes++;
    }
    sb_mutex_unlock(consoles->mutex);
    return rc;
}

void sb_console_leave(struct sb_control *control, uint64_t id, uint64_t visit)
{
    struct sb_consoles *consoles = control->consoles;
    sb_mutex_lock(consoles->mutex);
    struct seat *seat = find(consoles, id);
    if (seat != NULL && seat->visit == visit) {
        const size_t at = (size_t)(seat - consoles->seats);
        memmove(seat, seat + 1, (consoles->count - at - 1) * sizeof(*seat));
        consoles->count--;
        consoles->changes++;
    }
    sb_mutex_unlock(consoles->mutex);
}

/* Who took what from whom is for the journal, and wakes every console that it concerns. */
static void tell(struct sb_control *control, const char *after, const char *before)
{
    struct sb_input input = sb_input_make(SB_INPUT_NOTE);
    struct sb_error unheard = { 0 };
    input.as.note.job = SB_NO_JOB;
    input.as.note.severity = SB_SEVERITY_INFO;
    (void)snprintf(input.as.note.text, sizeof(input.as.note.text), "console: %.39s writes now, %.39s watches", after, before);
    if (sb_control_input(control, &input, &unheard) != SB_OK)
        sb_log(SB_LOG_WARN, "console", "%s; not in the journal: %s", input.as.note.text, unheard.text);
}

enum sb_err sb_console_take_over(struct sb_control *control, uint64_t id, struct sb_error *err)
{
    struct sb_consoles *consoles = control->consoles;
    char after[SB_NAME_MAX] = "", before[SB_NAME_MAX] = "";
    sb_mutex_lock(consoles->mutex);
    struct seat *seat = find(consoles, id), *earlier = writer(consoles);
    if (seat != NULL && seat != earlier) {
        (void)sb_copy(after, sizeof(after), seat->shown.name);
        if (earlier != NULL) {
            (void)sb_copy(before, sizeof(before), earlier->shown.name);
            earlier->shown.writes = false;
        }
        seat->shown.writes = true;
        consoles->changes++;
    }
    sb_mutex_unlock(consoles->mutex);
    if (before[0] != '\0')
        tell(control, after, before);
    return seat != NULL ? SB_OK : sb_error_set(err, SB_ERR_NOT_FOUND, "this console is not attached");
}

void sb_console_look(struct sb_control *control, uint64_t id, struct sb_seat *seat)
{
    struct sb_consoles *consoles = control->consoles;
    memset(seat, 0, sizeof(*seat));
    sb_mutex_lock(consoles->mutex);
    const struct seat *own = find(consoles, id), *who = writer(consoles);
    seat->writes = own != NULL && own == who;
    if (who != NULL)
        (void)sb_copy(seat->writer, sizeof(seat->writer), who->shown.name);
    seat->consoles = (uint32_t)consoles->count;
    seat->changes = consoles->changes;
    sb_mutex_unlock(consoles->mutex);
}

enum sb_err sb_console_check(struct sb_control *control, uint64_t id, struct sb_error *err)
{
    struct sb_seat seat;
    sb_console_look(control, id, &seat);
    if (seat.writes)
        return SB_OK;
    if (seat.writer[0] == '\0')
        return sb_error_set(err, SB_ERR_REFUSED, "this console is a viewer and nobody writes; W takes over");
    return sb_error_set(err, SB_ERR_REFUSED, "this console is a viewer, %s writes; W takes over", seat.writer);
}

size_t sb_console_list(struct sb_control *control, struct sb_console list[SB_CONSOLES_MAX])
{
    struct sb_consoles *consoles = control->consoles;
    sb_mutex_lock(consoles->mutex);
    const size_t count = consoles->count;
    for (size_t i = 0; i < count; i++)
        list[i] = consoles->seats[i].shown;
    sb_mutex_unlock(consoles->mutex);
    return count;
}
