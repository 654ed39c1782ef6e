/* A runtime made for the test of the console's loop: what the parent writes becomes events and changes of state. For one file. */
#ifndef TESTS_E2E_APP_SOURCE_H
#define TESTS_E2E_APP_SOURCE_H

#include "signalbox/os/os.h"
#include "signalbox/ports/source.h"

#include <string.h>
#include <unistd.h>

/* The runtime of the test: one byte from the parent is one event, but G = a gap, F = finished, S = a signal came, L = it is
 * lost, B = it is back, X = command 4711 came to nothing. */
static struct {
    struct sb_source source;
    int events_fd, finished_fd, signal_fd;
    int commands;
    enum sb_err answer;
    bool is_lost, has_failed;
} world;

static enum sb_err take_command(struct sb_source *source, struct sb_command command, uint64_t *id, struct sb_error *err)
{
    (void)source, (void)command;
    world.commands++;
    if (world.answer != SB_OK) {
        return sb_error_set(err, world.answer, "the test says no");
    }
    *id = 4711;
    return SB_OK;
}

static void ping(struct sb_source *source)
{
    (void)source;
}

static int fd(const struct sb_source *source)
{
    (void)source;
    return world.events_fd;
}

static void look(struct sb_source *source, struct sb_source_status *status)
{
    (void)source;
    memset(status, 0, sizeof *status);
    status->state = world.is_lost ? SB_SOURCE_LOST : SB_SOURCE_LIVE;
}

static bool take_failure(struct sb_source *source, struct sb_source_failure *failure)
{
    (void)source;
    bool has_failed = world.has_failed;
    world.has_failed = false;
    failure->id = 4711;
    return has_failed;
}

static size_t take(struct sb_source *source, struct sb_event *events, size_t cap, bool *is_gap)
{
    char bytes[128];
    size_t count = 0;
    (void)source;
    ssize_t got = read(world.events_fd, bytes, cap < sizeof bytes ? cap : sizeof bytes);
    for (ssize_t i = 0; i < got; i++) {
        if (bytes[i] == 'F' || bytes[i] == 'S') {
            sb_wake_post(bytes[i] == 'F' ? world.finished_fd : world.signal_fd);
        } else if (bytes[i] == 'G') {
            *is_gap = true;
        } else if (bytes[i] == 'L' || bytes[i] == 'B') {
            world.is_lost = bytes[i] == 'L';
        } else if (bytes[i] == 'X') {
            world.has_failed = true;
        } else {
            memset(&events[count++], 0, sizeof events[0]);
        }
    }
    return count;
}

static const struct sb_source_ops ops = { .fd = fd, .take = take, .ping = ping, .command = take_command, .look = look,
                                          .take_failure = take_failure };

#endif
