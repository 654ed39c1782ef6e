/* One of several processes on a store: its name, waiting for its turn, and the end of the turn. Main thread, and one that watches. */
#include "app.h"

#include "signalbox/api/api.h"
#include "signalbox/engine/crew.h"
#include "signalbox/os/os.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ID_DIGITS = 16, LINE_MAX = 256 };
static const sb_ns look_every = SB_S(1);

/* --- who it is --------------------------------------------------------------------------------------------------------------------- */

/* The id lies beside the receipts, because it says whose they are: a copied state folder needs a new one. */
static enum sb_err read_id(const char *state_dir, char id[SB_NODE_ID_MAX], struct sb_error *err)
{
    char path[PATH_BYTES + 32], *text = NULL;
    size_t size = 0;
    uint64_t chance = 0;
    (void)snprintf(path, sizeof(path), "%s/node", state_dir);
    enum sb_err rc = access(path, F_OK) == 0 ? sb_file_read(path, LINE_MAX, &text, &size, err) : SB_ERR_NOT_FOUND;
    if (rc == SB_OK) {
        text[strcspn(text, "\n")] = '\0';
        const bool is_id = strlen(text) == ID_DIGITS && strspn(text, "0123456789abcdef") == ID_DIGITS;
        if (is_id)
            (void)sb_copy(id, SB_NODE_ID_MAX, text); /* as long */
        free(text);
        return is_id ? SB_OK : sb_error_set(err, SB_ERR_CORRUPT, "%s holds no id of a node: remove it, and a new one is made", path);
    }
    if (rc != SB_ERR_NOT_FOUND)
        return rc;
    rc = sb_random(&chance, sizeof(chance), err);
    (void)snprintf(id, SB_NODE_ID_MAX, "%016llx", (unsigned long long)chance);
    return rc == SB_OK ? sb_file_write_atomically(path, id, ID_DIGITS, 0600, err) : rc;
}

enum sb_err node_open(struct installation *in, const struct turn *turn, struct sb_error *err)
{
    const struct sb_settings *settings = &in->catalogue->settings;
    char id[SB_NODE_ID_MAX], host[SB_NODE_NAME_MAX - 8] = "", name[SB_NODE_NAME_MAX], shown[SB_LOCATION_SHOWN_MAX];
    if (!sb_node_is_possible(settings->store)) {
        sb_store_show_location(settings->store, shown);
        return turn == NULL ? SB_OK : sb_error_set(err, SB_ERR_CONFIG, "--standby: the store %s is for one process; nodes share a postgresql:// one",
                                                   shown);
    }
    enum sb_err rc = read_id(in->paths.state_dir, id, err);
    if (rc != SB_OK)
        return rc;
    if (gethostname(host, sizeof(host) - 1) != 0)
        (void)sb_copy(host, sizeof(host), "localhost");
    (void)snprintf(name, sizeof(name), "%s-%.4s", host, id);
    const struct sb_node_setup setup = { .location = settings->store, .name = settings->node != NULL ? settings->node : name, .host = host,
                                         .version = SB_VERSION,
                                         .id = id, .lease = settings->lease, .hold_off = turn != NULL ? turn->hold_off : 0,
                                         .is_standby = turn != NULL };
    (void)sb_copy(in->node_name, sizeof(in->node_name), setup.name); /* one that is too long is refused now */
    return sb_node_open(&in->node, &setup, err);
}

void node_hands(const struct installation *in, struct sb_hands_setup *hands)
{
    *hands = (struct sb_hands_setup){ .location = in->catalogue->settings.store, .name = in->node_name, .version = SB_VERSION,
                                      .config = in->catalogue->config_hash, .lease = in->catalogue->settings.lease, .node = in->node };
}

static enum sb_err start_crew(struct sb_crew **crew, const struct installation *in, struct sb_error *err)
{
    struct sb_crew_setup setup = { .catalogue = in->catalogue, .open = sb_hands_open, .count = in->catalogue->settings.hands };
    node_hands(in, &setup.hands);
    return setup.count > 0 ? sb_crew_start(crew, &setup, err) : SB_OK;
}

/* --- waiting ----------------------------------------------------------------------------------------------------------------------- */

struct waiting {
    struct installation *in;
    struct sb_api *api;
    struct sb_store *store; /* for questions; NULL until the database has answered */
    char status[LINE_MAX];  /* last told */
    sb_ns fed_at;
    bool has_complained;
};

static enum sb_err serve(struct waiting *waiting, struct sb_error *err)
{
    struct installation *in = waiting->in;
    static char socket_path[PATH_BYTES + 32];
    const struct sb_api_setup setup = { .catalogue = in->catalogue, .store = waiting->store, .node = in->node, .look_at_node = sb_node_look,
                                        .socket_path = socket_path, .port = in->catalogue->settings.api_port };
    (void)snprintf(socket_path, sizeof(socket_path), "%s/" API_SOCKET, in->paths.state_dir);
    sb_api_close(waiting->api);
    waiting->api = NULL;
    return sb_api_open(&waiting->api, &setup, err);
}

/* The store for questions is opened once the node has heard from the database. */
static enum sb_err reach_store(struct waiting *waiting, const struct sb_node_picture *picture, struct sb_error *err)
{
    if (waiting->store != NULL || picture->count == 0 || picture->trouble[0] != '\0' ||
        sb_store_view(&waiting->store, waiting->in->catalogue->settings.store, NULL) != SB_OK)
        return SB_OK; /* the node tells what is wrong */
    return serve(waiting, err);
}

static void say(struct waiting *waiting, const char *lines)
{
    struct sb_error err = { 0 };
    if (sb_notify(lines, &err) == SB_OK || waiting->has_complained)
        return;
    waiting->has_complained = true;
    sb_log(SB_LOG_WARN, "systemd", "%s", err.text);
}

static void tell(struct waiting *waiting, const struct sb_node_picture *picture)
{
    char status[LINE_MAX], lines[LINE_MAX + 32];
    const sb_ns interval = sb_notify_interval();
    (void)snprintf(status, sizeof(status), "standby: node %s is active%s%.120s", picture->active[0] != '\0' ? picture->active : "-",
                   picture->trouble[0] != '\0' ? "; " : "", picture->trouble);
    if (!sb_streq(status, waiting->status)) {
        (void)sb_copy(waiting->status, sizeof(waiting->status), status); /* same capacity */
        (void)snprintf(lines, sizeof(lines), "READY=1\nSTATUS=%s", status);
        say(waiting, lines);
        sb_log(SB_LOG_INFO, "node", "%s is %s", picture->name, status);
    }
    if (interval > 0 && sb_now() - waiting->fed_at >= interval) {
        waiting->fed_at = sb_now();
        say(waiting, "WATCHDOG=1");
    }
}

/* The catalogue is read again when it is this node's turn: until then a hang-up only tells what it would find. */
static void take_signal(const struct installation *in, struct turn *turn)
{
    const int signal = sb_signals_take(turn->signal_fd);
    if (signal == SIGHUP)
        (void)reload_is_wanted(in, turn->options);
    else
        turn->is_ended = signal != 0;
}

enum sb_err node_wait(struct installation *in, struct turn *turn, struct sb_error *err)
{
    struct waiting waiting = { .in = in };
    const sb_ns interval = sb_notify_interval();
    struct sb_crew *crew = NULL;
    enum sb_err rc = serve(&waiting, err);
    if (rc == SB_OK)
        rc = start_crew(&crew, in, err);
    while (rc == SB_OK && !turn->is_ended && sb_node_state(in->node) == SB_NODE_STANDBY) {
        const int fds[] = { turn->signal_fd, sb_node_fd(in->node) };
        const struct sb_op op = { .deadline = sb_now() + (interval > 0 && interval < look_every ? interval : look_every) };
        struct sb_node_picture picture;
        size_t ready = 0;
        sb_node_look(in->node, &picture);
        tell(&waiting, &picture);
        rc = reach_store(&waiting, &picture, err);
        if (rc == SB_OK && sb_poll_readable(fds, SB_LEN(fds), &op, &ready, NULL) == SB_OK && ready == 0)
            take_signal(waiting.in, turn);
    }
    turn->was_active = rc == SB_OK && !turn->is_ended;
    sb_crew_stop(crew); /* who is active lends, it does not borrow */
    sb_api_close(waiting.api);
    if (waiting.store != NULL)
        waiting.store->ops->close(waiting.store);
    return rc;
}

/* --- the end of the turn ------------------------------------------------------------------------------------------------------------- */

static void guard_main(void *arg)
{
    struct node_guard *guard = arg;
    const int fds[] = { guard->stop_fd, sb_node_fd(guard->node) };
    const struct sb_op forever = { .deadline = SB_NEVER };
    struct sb_command drain = sb_command_make(SB_COMMAND_DRAIN, 0, "node");
    struct sb_error err = { 0 };
    size_t ready = 1;
    drain.confirmed = true;
    (void)sb_copy(drain.reason, sizeof(drain.reason), "another node has taken over"); /* shorter than the field */
    while (sb_node_state(guard->node) != SB_NODE_LOST)
        if (sb_poll_readable(fds, SB_LEN(fds), &forever, &ready, &err) != SB_OK || ready == 0)
            return;
    while (sb_control_command(guard->control, drain, NULL, &err) != SB_OK) { /* the inbox is full: nothing else will end this */
        const struct sb_op pause = { .deadline = sb_now() + SB_MS(50) };
        if (sb_poll_readable(fds, 1, &pause, &ready, NULL) == SB_OK)
            return;
    }
}

enum sb_err node_guard_start(struct node_guard *guard, const struct installation *in, struct sb_control *control, struct sb_error *err)
{
    *guard = (struct node_guard){ .node = in->node, .control = control, .stop_fd = -1 };
    if (in->node == NULL)
        return SB_OK;
    enum sb_err rc = sb_wake_open(&guard->stop_fd, err);
    return rc == SB_OK ? sb_thread_start(&guard->thread, "sb-node-guard", guard_main, guard, err) : rc;
}

void node_guard_stop(struct node_guard *guard)
{
    if (guard->node == NULL)
        return;
    if (guard->thread != NULL) {
        sb_wake_post(guard->stop_fd);
        sb_thread_join(guard->thread);
    }
    sb_fd_close(&guard->stop_fd);
}
