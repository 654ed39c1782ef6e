/* The flight ring: the last inputs as raw values, kept for the moment in which something is wrong. Recorded by the core thread;
 * dumped on request by anybody, or by the thread on which an assertion fails. */
#include "parts.h"

#include "signalbox/codec/codec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct sb_flight {
    struct sb_mutex *mutex;
    struct sb_input *inputs; /* [SB_FLIGHT_INPUTS_MAX], guarded by mutex */
    uint64_t recorded;       /* guarded by mutex */
    char path[512];          /* for a failed assertion; "" = nowhere */
};

/* The ring of the running engine: the hook of an assertion has no argument. Set at start-up and cleared at the end. */
static _Atomic(struct sb_flight *) hooked;

/* Writes the ring as it stands. The hook calls it without the lock, which the failing thread may hold itself. */
static enum sb_err write_inputs(const struct sb_flight *flight, const char *path, struct sb_error *err)
{
    static const char advice[] = "the folder must exist and be writable";
    char line[SB_CODEC_EVENT_MAX];
    uint64_t first = flight->recorded > SB_FLIGHT_INPUTS_MAX ? flight->recorded - SB_FLIGHT_INPUTS_MAX : 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return sb_error_set(err, SB_ERR_IO, "cannot write %s (errno %d); %s", path, errno, advice);
    for (uint64_t i = first; i < flight->recorded; i++) {
        size_t size = sb_codec_input_write(&flight->inputs[i % SB_FLIGHT_INPUTS_MAX], line, sizeof(line) - 1);
        line[size] = '\n';
        if (write(fd, line, size + 1) != (ssize_t)size + 1) {
            int number = errno;
            (void)close(fd);
            return sb_error_set(err, SB_ERR_IO, "cannot write %s (errno %d)", path, number);
        }
    }
    if (close(fd) != 0)
        return sb_error_set(err, SB_ERR_IO, "cannot write %s (errno %d)", path, errno);
    return SB_OK;
}

static void on_assertion(const char *claim, const char *file, int line)
{
    struct sb_flight *flight = atomic_exchange(&hooked, NULL);
    struct sb_error error = { .text = "" };

    if (flight == NULL)
        return;
    if (write_inputs(flight, flight->path, &error) == SB_OK)
        sb_log(SB_LOG_ERROR, "engine", "%s:%d: %s does not hold; the last inputs are in %s", file, line, claim, flight->path);
    else
        sb_log(SB_LOG_ERROR, "engine", "%s:%d: %s does not hold; %s", file, line, claim, error.text);
}

struct sb_flight *sb_flight_create(const char *path, struct sb_error *err)
{
    struct sb_flight *flight = calloc(1, sizeof(*flight));

    if (flight == NULL)
        goto failed;
    flight->mutex = sb_mutex_create(SB_RANK_FLIGHT);
    flight->inputs = calloc(SB_FLIGHT_INPUTS_MAX, sizeof(*flight->inputs));
    if (flight->mutex == NULL || flight->inputs == NULL)
        goto failed;
    if (path != NULL && sb_copy(flight->path, sizeof(flight->path), path)) {
        atomic_store(&hooked, flight);
        sb_assert_hook_set(on_assertion);
    }
    return flight;
failed:
    sb_flight_destroy(flight);
    (void)sb_error_set(err, SB_ERR_NOMEM, "no memory for the flight ring");
    return NULL;
}

void sb_flight_destroy(struct sb_flight *flight)
{
    struct sb_flight *own = flight;

    if (flight == NULL)
        return;
    if (atomic_compare_exchange_strong(&hooked, &own, NULL))
        sb_assert_hook_set(NULL);
    free(flight->inputs);
    sb_mutex_destroy(flight->mutex);
    free(flight);
}

void sb_flight_record(struct sb_flight *flight, const struct sb_input *input)
{
    sb_mutex_lock(flight->mutex);
    flight->inputs[flight->recorded++ % SB_FLIGHT_INPUTS_MAX] = *input;
    sb_mutex_unlock(flight->mutex);
}

enum sb_err sb_flight_dump(struct sb_flight *flight, const char *path, struct sb_error *err)
{
    struct sb_flight copy = { .recorded = 0 };

    /* Copied first: writing a file under the lock would stall the core. */
    copy.inputs = calloc(SB_FLIGHT_INPUTS_MAX, sizeof(*copy.inputs));
    if (copy.inputs == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory to dump the last inputs");
    sb_mutex_lock(flight->mutex);
    copy.recorded = flight->recorded;
    for (size_t i = 0; i < SB_FLIGHT_INPUTS_MAX; i++)
        copy.inputs[i] = flight->inputs[i];
    sb_mutex_unlock(flight->mutex);
    enum sb_err rc = write_inputs(&copy, path, err);
    free(copy.inputs);
    return rc;
}
