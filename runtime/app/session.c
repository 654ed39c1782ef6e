/* One session of the engine: start, console or plain event lines, end by operator, signal or drain. Main thread. */
#include "app.h"
#include "embedded.h"
#include "incident.h"
#include "lookups.h"
#include "notices.h"
#include "pages.h"

#include "signalbox/api/api.h"
#include "signalbox/os/os.h"
#include "signalbox/recording/recording.h"
#include "signalbox/tui/rewind.h"
#include "signalbox/ports/http.h"
#include "signalbox/tui/tui.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EVENTS_AT_ONCE = 256 };

static const char *job_name(const void *self, uint16_t job)
{
    const struct sb_catalogue *catalogue = self;
    return job < catalogue->job_count ? catalogue->jobs[job].name : NULL;
}

static const char *step_name(const void *self, uint16_t job, uint8_t step)
{
    const struct sb_catalogue *catalogue = self;
    if (job >= catalogue->job_count || step >= catalogue->jobs[job].step_count)
        return NULL;
    return catalogue->steps[catalogue->jobs[job].first_step + step].name;
}

/* One event as a line of plain text, control characters made visible. */
static void print_event(const struct sb_catalogue *catalogue, const struct sb_event *event)
{
    char line[512];
    struct sb_text text;
    struct sb_event_names names = { catalogue, job_name, step_name };
    enum sb_severity severity = sb_event_severity(event);
    if (severity < SB_SEVERITY_INFO || event->seq == 0)
        return;
    sb_text_init(&text, line, sizeof(line));
    sb_text_add_wall(&text, event->wall, true);
    sb_text_add_char(&text, ' ');
    sb_text_add(&text, sb_severity_text((unsigned)severity));
    sb_text_add_char(&text, ' ');
    sb_event_text(event, &names, &text);
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)line[i] < 0x20 || (unsigned char)line[i] == 0x7f)
            line[i] = '?';
    (void)puts(line);
}

static void print_waiting(const struct sb_catalogue *catalogue, struct sb_feed *feed)
{
    static struct sb_event events[EVENTS_AT_ONCE];
    bool is_gap;
    size_t count;
    while ((count = sb_feed_take(feed, events, SB_LEN(events), &is_gap)) > 0) {
        if (is_gap)
            (void)puts("... events were passed over: this output is slower than the runtime");
        for (size_t i = 0; i < count; i++)
            print_event(catalogue, &events[i]);
    }
    (void)fflush(stdout);
}

/* Event lines until the runtime has finished; the first signal drains, the second hurries. */
static enum sb_err run_headless(const struct session *session, struct sb_engine *engine, struct sb_error *err)
{
    const struct sb_catalogue *catalogue = session->installation->catalogue;
    struct sb_control *control = sb_engine_control(engine);
    struct sb_feed *feed = NULL;
    enum sb_err rc = sb_feed_open(control, &feed, err);
    int asked = 0;

    while (rc == SB_OK) {
        struct pollfd fds[] = {
            { .fd = sb_feed_fd(feed), .events = POLLIN },
            { .fd = sb_engine_finished_fd(engine), .events = POLLIN },
            { .fd = session->signal_fd, .events = POLLIN },
        };
        if (poll(fds, SB_LEN(fds), -1) < 0)
            continue;
        print_waiting(catalogue, feed);
        if (fds[1].revents != 0)
            break;
        int signal;
        while ((signal = sb_signals_take(session->signal_fd)) != 0) {
            if (signal == SIGHUP && session->is_reloading != NULL && asked == 0) {
                if (*session->is_reloading)
                    continue;
                if (!reload_is_wanted(session->installation, session->options)) {
                    installation_look_at_secrets(session->installation); /* beginning anew reads them anyway */
                    continue;
                }
                *session->is_reloading = true;
                rc = sb_control_command(control, sb_command_make(SB_COMMAND_DRAIN, 0, "reload"), NULL, err);
                continue;
            }
            if (session->is_reloading != NULL)
                *session->is_reloading = false;
            struct sb_command drain = sb_command_make(SB_COMMAND_DRAIN, 0, "signal");
            drain.confirmed = asked++ > 0;
            if (session->turn != NULL)
                session->turn->is_ended = true;
            rc = sb_control_command(control, drain, NULL, err);
        }
    }
    if (feed != NULL)
        print_waiting(catalogue, feed);
    sb_feed_close(feed);
    return rc;
}

static void tell_node(const void *self, char *out, size_t cap)
{
    const struct verdict_source *source = &((const struct pages *)self)->source;
    struct sb_node_picture picture = { .count = 0 };
    if (source->installation->node != NULL)
        sb_node_look(source->installation->node, &picture);
    if (picture.count > 1)
        (void)snprintf(out, cap, "node %s of %u", picture.name, picture.count);
}

static enum sb_err run_console(const struct session *session, struct sb_engine *engine, struct sb_error *err)
{
    const struct installation *in = session->installation;
    const struct options *options = session->options;
    enum sb_tui_end end = SB_TUI_LEFT;
    const char *actor = getenv("USER");
    struct pages pages = { .source = { in, sb_engine_control(engine), options } };
    enum sb_err rc = page_reader_open(&pages.reader, pages_now, &pages.source, err);
    struct sb_tui_setup setup = {
        .theme_dir = in->paths.theme_dir,
        .theme = options->theme != NULL ? options->theme : in->catalogue->settings.theme,
        .actor = actor != NULL && actor[0] != '\0' ? actor : "operator",
        .environment = session->environment,
        .keys = session->keys,
        .is_read_only = options->is_read_only,
        .is_ascii = options->is_ascii,
        .bell = options->bell > 0 ? (enum sb_bell)(options->bell - 1) : (enum sb_bell)in->catalogue->settings.bell,
        .page = pages_read,
        .judge = pages_judge,
        .lookup = lookups_answer,
        .lookup_self = &pages.source,
        .capture = incident_capture,
        .node = tell_node,
        .page_self = &pages,
        .past = &sb_rewind_past,
        .rewind = sb_rewind_create(&(struct sb_rewind_setup){ .open = recordings_open, .self = in }),
        .finished_fd = sb_engine_finished_fd(engine),
        .signal_fd = session->signal_fd,
    };
    if (rc == SB_OK && setup.rewind == NULL)
        rc = sb_error_set(err, SB_ERR_NOMEM, "no memory for the console");
    if (rc == SB_OK)
        rc = embedded_open(&setup.source, pages.source.control, setup.actor, options->is_read_only, err);
    if (rc == SB_OK)
        rc = sb_tui_run(&setup, &end, err);
    if (setup.source != NULL)
        setup.source->ops->close(setup.source);
    sb_rewind_destroy(setup.rewind);
    page_reader_close(pages.reader);
    return rc;
}

static enum sb_err start_engine(const struct session *session, struct notices *notices, struct sb_engine **engine, struct sb_feed **feed,
                                struct sb_error *err)
{
    struct installation *in = session->installation;
    static char flight_path[PATH_BYTES + 32];
    struct sb_engine_setup setup = {
        .catalogue = in->catalogue,
        .services = in->services,
        .probe = installation_probe,
        .probe_site = installation_probe_site,
        .probe_arg = in,
        .channels = notices->rules,
        .channel_count = (uint32_t)in->catalogue->channel_count,
        .send_notice = notices_send,
        .send_arg = notices,
        .flight_path = flight_path,
        .checks_core = session->options->checks_core,
        .first_feed = feed,
    };
    if (in->node != NULL) {
        setup.open_hands = sb_hands_open;
        node_hands(in, &setup.hands);
    }
    (void)snprintf(flight_path, sizeof(flight_path), "%s/flight.jsonl", in->paths.state_dir);
    (void)sb_copy(setup.version, sizeof(setup.version), SB_VERSION);
    char host[SB_NAME_MAX] = "";
    if (gethostname(host, sizeof(host) - 1) != 0)
        (void)sb_copy(host, sizeof(host), "localhost");
    (void)sb_copy(setup.host, sizeof(setup.host), host);
    enum sb_err rc = notices_open(notices, in, host, err);
    return rc == SB_OK ? sb_engine_start(engine, &setup, err) : rc;
}

int session_signals(int *signal_fd)
{
    static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
    struct sb_error error = { 0 };
    enum sb_err rc = sb_signals_open(signal_fd, signals, SB_LEN(signals), &error);
    if (rc != SB_OK)
        complain("%s", error.text);
    return exit_code_of(rc);
}

/* A switch of the cache is news at once, not with the next check. */
static void on_cache_change(void *arg, bool is_away, const char *reason)
{
    struct sb_input input = sb_input_make(SB_INPUT_COMPONENT);
    input.as.component.component = SB_COMPONENT_CACHE;
    input.as.component.state = is_away ? SB_COMPONENT_STATE_DEGRADED : SB_COMPONENT_STATE_OK;
    (void)sb_copy(input.as.component.reason, sizeof(input.as.component.reason), reason); /* cut to the field */
    if (sb_control_input(arg, &input, NULL) != SB_OK)
        sb_log(SB_LOG_WARN, "cache", "the inbox is full: its component changes with its next check");
}

/* The core begins with the ledger's figures, not with what the journal added up. */
static enum sb_err tell_ledger(const struct session *session, struct sb_engine *engine, struct sb_error *err)
{
    const struct sb_op op = { .deadline = sb_now() + SB_S(10) };
    struct sb_input input = sb_input_make(SB_INPUT_LEDGER);
    struct sb_ledger_totals totals;
    enum sb_err rc = sb_ledger_totals(session->installation->services.ledger, &op, &totals, err);
    if (rc != SB_OK)
        return rc;
    input.as.ledger = (struct sb_in_ledger){ .day_start = totals.starts.ns, .version = totals.version, .spent = totals.spent.nano,
                                             .held = totals.held.nano, .uncertain = totals.uncertain.nano, .is_closed = totals.is_closed };
    return sb_control_input(sb_engine_control(engine), &input, err);
}

static sb_ns http_silence(void *http)
{
    return sb_http_silence(http);
}

/* The interface for programs. Who cannot be asked cannot be operated: without it nothing runs. Takes the feed. */
static enum sb_err open_api(const struct session *session, struct sb_engine *engine, struct sb_feed *feed, struct verdict_source *source,
                            struct sb_api **api, struct sb_error *err)
{
    static struct sb_api_loop http_loop = { "http", http_silence, NULL };
    struct installation *in = session->installation;
    static char socket_path[PATH_BYTES + 32], recordings[PATH_BYTES + 32];
    *source = (struct verdict_source){ in, sb_engine_control(engine), session->options };
    const struct sb_api_setup setup = {
        .catalogue = in->catalogue,
        .store = in->services.store,
        .control = source->control,
        .ledger = in->services.ledger,
        .cache = in->services.cache,
        .cache_stats = in->services.cache != NULL ? sb_cache_stats : NULL,
        .node = in->node,
        .look_at_node = sb_node_look,
        .is_reloading = session->is_reloading,
        .waits_again = session->options->is_standby,
        .judge = verdict_carry_out,
        .page = pages_tell,
        .judge_arg = source,
        .lookup = lookups_answer,
        .lookup_arg = source,
        .recordings = in->catalogue->settings.record_mib > 0 ? recordings : NULL,
        .socket_path = socket_path,
        .port = in->catalogue->settings.api_port,
        .feed = feed,
        .loops = &http_loop,
        .loop_count = 1,
        .ready_fd = session->options->ready_fd,
    };
    http_loop.arg = in->services.http;
    (void)snprintf(socket_path, sizeof(socket_path), "%s/" API_SOCKET, in->paths.state_dir);
    (void)snprintf(recordings, sizeof(recordings), "%s/" SB_RECORDING_FOLDER, in->paths.state_dir);
    return sb_api_open(api, &setup, err);
}

int session_run(const struct session *session)
{
    struct sb_engine *engine = NULL;
    struct sb_feed *feed = NULL;
    struct sb_api *api = NULL;
    struct notices notices = { .catalogue = NULL };
    struct verdict_source source;
    struct node_guard guard = { .node = NULL };
    struct sb_recorder *recorder = NULL;
    struct sb_error error = { 0 };

    enum sb_err rc = start_engine(session, &notices, &engine, &feed, &error);
    if (rc == SB_OK && session->installation->catalogue->components[SB_COMPONENT_CACHE].is_used)
        sb_cache_set_callback(session->installation->services.cache, sb_engine_control(engine), on_cache_change);
    if (rc == SB_OK)
        rc = tell_ledger(session, engine, &error);
    if (rc == SB_OK)
        rc = open_api(session, engine, feed, &source, &api, &error);
    else
        sb_feed_close(feed);
    if (rc == SB_OK)
        rc = node_guard_start(&guard, session->installation, sb_engine_control(engine), &error);
    if (rc == SB_OK)
        rc = recordings_start(&recorder, session->installation, sb_engine_control(engine), &error);
    if (rc == SB_OK)
        rc = session->is_headless ? run_headless(session, engine, &error) : run_console(session, engine, &error);
    if (rc == SB_OK)
        rc = sb_api_start_failure(api, &error);
    node_guard_stop(&guard);
    if (session->installation->node != NULL && sb_node_state(session->installation->node) == SB_NODE_LOST)
        rc = sb_error_set(&error, SB_ERR_CONFLICT, "another node has taken over%s", session->options->is_standby ? "" :
                          "; `signalbox run --standby` would wait for its turn again");
    sb_api_close(api);
    sb_cache_set_callback(session->installation->services.cache, NULL, NULL);
    sb_recorder_detach(recorder);
    sb_engine_stop(engine, rc != SB_OK);
    sb_recorder_stop(recorder);
    notices_close(&notices);
    if (rc != SB_OK)
        complain("%s", error.text);
    return exit_code_of(rc);
}
