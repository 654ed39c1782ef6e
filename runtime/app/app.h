/* The app room: the only one that knows every name. main, one file per subcommand, wiring. */
#ifndef SIGNALBOX_APP_H
#define SIGNALBOX_APP_H

#include "signalbox/config/config.h"
#include "signalbox/engine/engine.h"
#include "signalbox/ports/step.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* Exit codes (docs/OPERATIONS.md): 0 ok, 1 no, 2 degraded, and the ones of sysexits where they fit. */
enum exit_code {
    EXIT_OK = 0,
    EXIT_NO = 1,
    EXIT_DEGRADED = 2,
    EXIT_USAGE = 64,
    EXIT_DATA = 65,
    EXIT_UNAVAILABLE = 69,
    EXIT_BUG = 70,
    EXIT_CANNOT_CREATE = 73,
    EXIT_INPUT_OUTPUT = 74,
    EXIT_LATER = 75,
    EXIT_PERMISSION = 77,
    EXIT_CONFIGURATION = 78,
};
int exit_code_of(enum sb_err code);

#define API_SOCKET "signalbox.sock" /* in the state folder */

enum { OVERRIDES_MAX = 64, POSITIONALS_MAX = 8, PATH_BYTES = 1024 };

/* What the command line and the environment say; strings are borrowed from argv and environ, or owned by `strings`. */
struct options {
    const char *catalogue, *state_dir, *theme, *keys, *job;
    const char *policy, *against, *against_policy, *faults, *load, *svg; /* simulate */
    const char *size; /* top --once */
    const char *record, *at;                                             /* simulate, replay */
    const char *why, *format, *lasts, *severity, *last; /* commands, status, budget, notify, alert test */
    const char *note; /* incident */
    struct sb_config_override overrides[OVERRIDES_MAX];
    size_t override_count;
    const char *positionals[POSITIONALS_MAX];
    size_t positional_count;
    char *strings[OVERRIDES_MAX * 2];
    size_t string_count;
    bool is_json, is_read_only, is_ascii, is_headless, is_serve_only, is_fresh, is_failed_only, is_check, wants_help, checks_core;
    bool is_once, is_plain, is_man, is_origin;
    bool is_worst, is_optimise, is_confirmed, is_whole, is_dry_run, is_budget, is_standby;
    int64_t speed, seed, port, limit, hours, days;
    int bell;     /* enum sb_bell + 1; 0 = as the setting says */
    int ready_fd; /* of --ready-fd; 0 = none */
};

/* Reads the options of a subcommand. Prints what is wrong and returns EXIT_USAGE, or EXIT_OK. */
int options_read(struct options *options, int argc, char **argv);
void options_deinit(struct options *options);
/* Adds an override; prints and returns EXIT_USAGE when there are too many. Borrows. */
int options_override(struct options *options, const char *key, const char *value, const char *origin);
void options_print(void);
struct option_row {
    const char *name, *argument, *help; /* argument NULL: it takes none */
    char letter;
};
const struct option_row *options_rows(size_t *count);

/* Where things are on this machine. */
struct paths {
    char data_dir[PATH_BYTES];   /* shipped catalogues */
    char theme_dir[PATH_BYTES];
    char site_dir[PATH_BYTES];   /* shipped site profiles */
    char user_site_dir[PATH_BYTES];
    char catalogue[PATH_BYTES];  /* "" when none was found */
    char state_dir[PATH_BYTES];
    char keys[PATH_BYTES];       /* the operator's keymap; may not be there */
};
/* `installation`: name of the state folder ("practice", "default"). */
enum sb_err paths_find(struct paths *paths, const struct options *options, const char *installation, struct sb_error *err);

/* Loads the catalogue; prints all mistakes. EXIT_OK, or the exit code. */
int load_catalogue(struct sb_catalogue **catalogue, const struct options *options, const struct paths *paths);

/* The configuration in force as sb_config_effective gives it, for free(); any thread. */
enum sb_err load_effective(const struct options *options, const struct paths *paths, char **text, char hash[SB_NAME_MAX],
                           struct sb_error *err) SB_MUST_USE;

/* The services of a running installation. Opened in order, closed in reverse. */
struct installation {
    struct sb_node *node; /* NULL: its store is for one process */
    char node_name[64];   /* SB_NODE_NAME_MAX */
    struct paths paths;
    struct sb_catalogue *catalogue;
    struct sb_services services;
    int lock_fd;
    const struct options *options;     /* that it was loaded with; borrowed */
    struct timespec catalogue_changed; /* when its file was, as it was loaded; keeper's thread */
    struct secrets *secrets;  /* what nothing that is kept may hold; NULL until it is open */
    bool has_obeyed_caps; /* every endpoint that costs something has shown it; keeper's thread */
    uint64_t store_waits_seen; /* long waits for a connection, as of the last check of the store */
    bool has_opened_context; /* the browser has; keeper's thread */
};
/* Opens lock, log, node, store, receipts, HTTP, LLM and browser services. On failure prints the reason and returns the exit code; what was
 * opened is closed again. `is_console`: the log goes to a file. `turn` NULL: at once or not at all. */
struct turn;
int installation_open(struct installation *installation, struct options *options, bool is_console, struct turn *turn);
void installation_close(struct installation *installation);
/* Secrets whose values have changed are kept out of what is told from now on, beside those that were known. Main thread. */
void installation_look_at_secrets(struct installation *installation);
/* The catalogue, and a browser of its own when `has_browser`: beside a running program, without touching its state. */
int installation_open_browser(struct installation *installation, struct options *options, bool has_browser);
/* The store alone, without services. `is_view`: for commands that only look, also beside a running program. */
int installation_open_store(struct installation *installation, struct options *options, bool is_view);
/* The state folder and the catalogue, nothing opened. */
int installation_load(struct installation *installation, struct options *options);
/* The real checks behind the engine's probes and `check`: the component's state, and in `err` why it is not ok. */
enum sb_component_state installation_probe(void *arg, enum sb_component component, const struct sb_op *op, struct sb_error *err);
/* Whether a site answers: its first page by plain HTTP, logged in as nobody. */
enum sb_err installation_probe_site(void *arg, const struct sb_site *site, const struct sb_op *op, struct sb_error *err);

/* reload.c: what a hang-up asks for. Reads the configuration again; prints its mistakes, or what is different from the one in use. Whether there is
 * a reason to begin anew. */
bool reload_is_wanted(const struct installation *installation, const struct options *options);

/* node.c: waiting for the turn among several nodes. */
struct turn {
    int signal_fd;   /* what ends the waiting */
    const struct options *options;
    sb_ns hold_off;  /* not active before that has passed */
    bool is_ended;   /* by a signal: there is nothing more to do */
    bool was_active; /* it had its turn */
};
enum sb_err node_open(struct installation *installation, const struct turn *turn, struct sb_error *err) SB_MUST_USE;
/* Serves questions and does nothing else until it is this node's turn, or a signal comes. */
enum sb_err node_wait(struct installation *installation, struct turn *turn, struct sb_error *err) SB_MUST_USE;
/* For the connections over which steps are lent: by this node when it is active, to it while it waits. Borrows of the installation. */
struct sb_hands_setup;
void node_hands(const struct installation *installation, struct sb_hands_setup *hands);
/* Ends the runtime hard when another node takes over. Without a node it does nothing. */
struct node_guard {
    struct sb_node *node;
    struct sb_control *control;
    struct sb_thread *thread;
    int stop_fd;
};
enum sb_err node_guard_start(struct node_guard *guard, const struct installation *installation, struct sb_control *control,
                             struct sb_error *err) SB_MUST_USE;
void node_guard_stop(struct node_guard *guard); /* zeroed is fine */

/* Makes SIGTERM, SIGINT and SIGHUP readable on a descriptor (close with sb_fd_close). Before any thread starts: a thread that does not block
 * them would be ended by them. Prints what is wrong and returns the exit code. */
int session_signals(int *signal_fd);
struct sb_keys;
struct session {
    struct installation *installation;
    _Atomic bool *is_reloading; /* set when it ends to begin anew with another configuration; NULL: a hang-up ends it */
    const struct options *options;
    const char *environment; /* shown in line 1 */
    struct turn *turn;       /* NULL: this is no standby */
    const struct sb_keys *keys; /* of the console; NULL = the built-in ones */
    bool is_headless;
    int signal_fd;
};
/* Runs the engine with a console or headless until it ends. Returns the exit code. */
int session_run(const struct session *session);

/* simulate --budget, with the prices and the limit of the catalogue. */
int simulate_budget(struct options *options, const struct sb_catalogue *catalogue, uint32_t load_pct);

/* recordings.c: the flight recorder of a session, and its recordings for a console. */
struct sb_recorder;
enum sb_err recordings_start(struct sb_recorder **recorder, const struct installation *installation, struct sb_control *control,
                             struct sb_error *err) SB_MUST_USE; /* NULL when nothing is to be recorded */
struct sb_history;
/* `self`: struct installation. SB_ERR_NOT_FOUND says why there is none. */
enum sb_err recordings_open(const void *self, struct sb_history **history, struct sb_error *err);
/* The same for a runtime in another process; `self`: the path of its state folder. */
enum sb_err recordings_open_beside(const void *self, struct sb_history **history, struct sb_error *err);
/* The same, where that runtime says it keeps them; `self`: struct recordings_told. */
struct recordings_told {
    char state_dir[PATH_BYTES], folder[PATH_BYTES + 32]; /* folder "": it did not say */
};
enum sb_err recordings_open_told(const void *self, struct sb_history **history, struct sb_error *err);

/* simulate --record FILE: writes one side's events. */
struct recording_file;
struct sb_event;
int recording_file_open(struct recording_file **file, const char *path);
void recording_file_hear(void *arg, const struct sb_event *events, size_t count);
int recording_file_close(struct recording_file *file); /* prints what is wrong; EXIT_OK, or the exit code. NULL is fine */

/* alert test [RULE]; NULL: every rule in a line. */
int alert_test(struct options *options, const char *rule);

/* config show [PREFIX]. */
int config_show(struct options *options);

/* run show | retry | cancel ID. */
int command_one_run(struct options *options);

/* The catalogue as a Markdown page on standard output. */
void catalogue_page_print(const struct sb_catalogue *catalogue);

/* Prints the document and destroys it; an exit code. */
struct sb_json_out;
int print_document(struct sb_json_out *out);

/* Prints an error the way every command does: "signalbox: text". */
void complain(const char *format, ...) SB_PRINTF(1, 2);

#define X(name, function, summary) int command_##function(struct options *options);
#include "commands.def"
#undef X

#endif
