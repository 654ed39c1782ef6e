/* The command line and the environment. Every subcommand takes the same options; those which do not concern it are ignored. */
#include "app.h"

#include "signalbox/base/text.h"

#include <ctype.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

/* X(long name, short, argument name or NULL, help) */
#define OPTIONS(X)                                                                                 \
    X("catalogue", 'c', "FILE", "catalogue to load")                                               \
    X("set", 's', "KEY=VALUE", "override a value, as in --set pool.policy=strict")                 \
    X("state-dir", 'd', "DIR", "store, receipts, log and lock of this installation")               \
    X("theme", 't', "NAME", "dark, light, high-contrast, deuteranopia, protanopia, mono or amber")      \
    X("bell", 'G', "NAME", "console, practice, attach, top: off, bell or notice: how an alert that begins to page calls")         \
    X("keys", 'E', "FILE", "keymap of the console (default keys.yaml beside the catalogue; builtin: none)")        \
    X("ascii", 'a', NULL, "ASCII marks only")                                                      \
    X("readonly", 'r', NULL, "a viewer: no key changes anything")                                  \
    X("json", 'j', NULL, "machine-readable output")                                                \
    X("headless", 'H', NULL, "practice: no console")                                               \
    X("serve-only", 'S', NULL, "practice: only the site and the LLM endpoint, no jobs")            \
    X("fresh", 'F', NULL, "practice: forget the state of earlier rehearsals")                      \
    X("speed", 'x', "N", "practice: intervals N times shorter (default 30)")                       \
    X("seed", 'e', "N", "practice, simulate: seed of what is invented (default 1)")                \
    X("port", 'p', "N", "practice --serve-only: port on 127.0.0.1 (default any)")                  \
    X("job", 'J', "NAME", "runs: only this job")                                                   \
    X("failed", 'f', NULL, "runs: only failed ones")                                               \
    X("limit", 'n', "N", "runs, content, alert test: at most N rows (default 50)")                             \
    X("check", 'k', NULL, "keys: check the keymap; simulate: every invariant, each step")        \
    X("check-core", 'K', NULL, "assert every invariant after each decision (slow)")                \
    X("policy", 'P', "NAME", "simulate: lane policy instead of the catalogue's")                   \
    X("against", 'A', "FILE", "simulate: a second catalogue to compare with")                      \
    X("against-policy", 'Q', "NAME", "simulate: its lane policy")                                  \
    X("hours", 'o', "N", "simulate: virtual hours (default 168, a week)")                          \
    X("faults", 'u', "NAME", "simulate: none, light or heavy (default none)")                      \
    X("load", 'l', "X", "simulate: due times X times as often, as in 3 or 1.5")                    \
    X("budget", 'B', NULL, "simulate: days of LLM calls under each budget policy")                 \
    X("days", 'i', "N", "simulate --budget: virtual days (default 60)")                            \
    X("worst", 'w', NULL, "simulate: every run takes its p95")                                     \
    X("svg", 'g', "FILE", "simulate: write a timeline of the contexts")                            \
    X("optimise-offsets", 'O', NULL, "simulate: propose offsets with less waiting")                \
    X("once", '1', NULL, "top: print one screen and end")                                          \
    X("plain", 'N', NULL, "top: a line for every change, nothing drawn")                           \
    X("origin", 'I', NULL, "config: show where each value was given")                              \
    X("man", 'M', NULL, "help: the manual page, for man -l")                                       \
    X("size", 'Z', "CxR", "top --once: as if the terminal had so many columns and rows, as in 200x50") \
    X("record", 'U', "FILE", "simulate: write the events as a recording, for replay")              \
    X("at", 'V', "TIME", "replay: begin there, as in 14:02, 2026-11-27T14:02:10 or -10m")          \
    X("why", 'W', "TEXT", "commands: the reason, kept in the journal")                             \
    X("yes", 'y', NULL, "job run: also when it breaks a promise; run cancel: at once")              \
    X("whole", 'R', NULL, "run retry: from the first step")                                        \
    X("dry-run", 'D', NULL, "commands, notify test: say what would be asked or sent, and do nothing")                  \
    X("format", 'm', "NAME", "status: text, tmux or nagios")                                       \
    X("for", 'T', "SPAN", "budget force, alert ack, alert silence: for how long, as in 30m, 2h or 1d")                       \
    X("last", 'L', "SPAN", "alert test, audit: the journal of that time, as in 12h (alert test: 7d); replay: begin so long before its end") \
    X("severity", 'v', "NAME", "notify test: page, warn or info (default info)")                   \
    X("ready-fd", 'Y', "N", "run: an open descriptor that gets the line \"ready\" when the start has ended well")     \
    X("standby", 'b', NULL, "run: wait for the turn among the nodes that share a PostgreSQL")                          \
    X("note", 'C', "TEXT", "incident: what the bundle is about")                                    \
    X("help", 'h', NULL, "this text")

static const struct option long_options[] = {
#define LONG(name, letter, argument, help) { name, (argument) != NULL ? required_argument : no_argument, NULL, letter },
    OPTIONS(LONG)
#undef LONG
    { NULL, 0, NULL, 0 },
};

static const struct option_row rows[] = {
#define ROW(option_name, option_letter, option_argument, text) \
    { .name = option_name, .argument = option_argument, .help = text, .letter = option_letter },
    OPTIONS(ROW)
#undef ROW
};

const struct option_row *options_rows(size_t *count)
{
    *count = SB_LEN(rows);
    return rows;
}

void options_print(void)
{
    (void)printf("\noptions:\n");
    for (size_t i = 0; i < SB_LEN(rows); i++) {
        char left[64];
        (void)snprintf(left, sizeof(left), "--%s %s", rows[i].name, rows[i].argument != NULL ? rows[i].argument : "");
        (void)printf("  -%c, %-22s %s\n", rows[i].letter, left, rows[i].help);
    }
    (void)printf("\nenvironment: SIGNALBOX_CATALOGUE, SIGNALBOX_STATE_DIR, SIGNALBOX_KEYS, SIGNALBOX_<SECTION>_<KEY> as --set section.key,\n"
                 "NO_COLOR, LC_ALL, TERM\n");
}

static int keep(struct options *options, char *string)
{
    if (string == NULL || options->string_count == SB_LEN(options->strings)) {
        free(string);
        complain("too many settings on the command line and in the environment");
        return EXIT_USAGE;
    }
    options->strings[options->string_count++] = string;
    return EXIT_OK;
}

int options_override(struct options *options, const char *key, const char *value, const char *origin)
{
    if (options->override_count == OVERRIDES_MAX) {
        complain("more than %d overrides; put them into the catalogue", (int)OVERRIDES_MAX);
        return EXIT_USAGE;
    }
    options->overrides[options->override_count++] = (struct sb_config_override){ key, value, origin };
    return EXIT_OK;
}

static int add_set(struct options *options, const char *text)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text) {
        complain("--set %s: expected KEY=VALUE, as in --set pool.policy=strict", text);
        return EXIT_USAGE;
    }
    char *key = strndup(text, (size_t)(equals - text));
    int code = keep(options, key);
    return code != EXIT_OK ? code : options_override(options, key, equals + 1, "--set");
}

/* SIGNALBOX_POOL_POLICY=strict is --set pool.policy=strict: the section ends at the first underscore. Sections that do not exist are told, so that a
 * misspelt name is not silently without effect. */
static int add_environment_entry(struct options *options, const char *entry)
{
    static const char *const sections[] = { "settings", "pool", "budget", "llm", "content", "alerts" };
    static const char *const known[] = { "SIGNALBOX_CATALOGUE=", "SIGNALBOX_STATE_DIR=", "SIGNALBOX_KEYS=", "SIGNALBOX_PRACTICE_" };
    const char *prefix = "SIGNALBOX_";
    if (strncmp(entry, prefix, strlen(prefix)) != 0)
        return EXIT_OK;
    for (size_t i = 0; i < SB_LEN(known); i++)
        if (strncmp(entry, known[i], strlen(known[i])) == 0)
            return EXIT_OK;
    const char *equals = strchr(entry, '=');
    if (equals == NULL)
        return EXIT_OK;
    char *key = strndup(entry + strlen(prefix), (size_t)(equals - entry) - strlen(prefix));
    char *origin = strndup(entry, (size_t)(equals - entry));
    int code = keep(options, key);
    if (code == EXIT_OK)
        code = keep(options, origin);
    else
        free(origin);
    if (code != EXIT_OK)
        return code;
    bool has_dot = false;
    for (char *at = key; *at != '\0'; at++) {
        *at = *at == '_' && !has_dot ? '.' : (char)tolower((unsigned char)*at);
        has_dot = has_dot || *at == '.';
    }
    for (size_t i = 0; i < SB_LEN(sections); i++)
        if (strncmp(key, sections[i], strlen(sections[i])) == 0 && key[strlen(sections[i])] == '.')
            return options_override(options, key, equals + 1, origin);
    complain("%s: no setting of that name; known are SIGNALBOX_<SECTION>_<KEY> with settings, pool, budget, llm, content", origin);
    return EXIT_CONFIGURATION;
}

static int read_environment(struct options *options)
{
    options->catalogue = getenv("SIGNALBOX_CATALOGUE");
    options->state_dir = getenv("SIGNALBOX_STATE_DIR");
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        int code = add_environment_entry(options, *entry);
        if (code != EXIT_OK)
            return code;
    }
    return EXIT_OK;
}

static int read_number(const char *name, const char *text, int64_t min, int64_t max, int64_t *out)
{
    int64_t value;
    if (!sb_parse_i64(text, &value) || value < min || value > max) {
        complain("--%s %s: expected a whole number from %lld to %lld", name, text, (long long)min, (long long)max);
        return EXIT_USAGE;
    }
    *out = value;
    return EXIT_OK;
}

static int read_bell(struct options *options)
{
    for (unsigned bell = 0; bell < SB_BELL_COUNT; bell++)
        if (strcmp(sb_bell_text(bell), optarg) == 0) {
            options->bell = (int)bell + 1;
            return EXIT_OK;
        }
    complain("--bell %.40s: expected off, bell or notice", optarg);
    return EXIT_USAGE;
}

static int read_ready_fd(struct options *options)
{
    int64_t fd = 0;
    int code = read_number("ready-fd", optarg, 3, 65535, &fd);
    if (code == EXIT_OK && fcntl((int)fd, F_SETFD, FD_CLOEXEC) != 0) {
        complain("--ready-fd %s: no such descriptor is open; redirect one, as in 3>ready", optarg);
        return EXIT_USAGE;
    }
    options->ready_fd = (int)fd;
    return code;
}

static int apply(struct options *options, int letter)
{
    switch (letter) {
    case 'c': options->catalogue = optarg; return EXIT_OK;
    case 's': return add_set(options, optarg);
    case 'd': options->state_dir = optarg; return EXIT_OK;
    case 't': options->theme = optarg; return EXIT_OK;
    case 'G': return read_bell(options);
    case 'E': options->keys = optarg; return EXIT_OK;
    case 'a': options->is_ascii = true; return EXIT_OK;
    case 'r': options->is_read_only = true; return EXIT_OK;
    case 'j': options->is_json = true; return EXIT_OK;
    case 'H': options->is_headless = true; return EXIT_OK;
    case 'S': options->is_serve_only = true; return EXIT_OK;
    case 'F': options->is_fresh = true; return EXIT_OK;
    case 'x': return read_number("speed", optarg, 1, 1000, &options->speed);
    case 'e': return read_number("seed", optarg, 0, INT64_MAX, &options->seed);
    case 'p': return read_number("port", optarg, 0, 65535, &options->port);
    case 'J': options->job = optarg; return EXIT_OK;
    case 'f': options->is_failed_only = true; return EXIT_OK;
    case 'n': return read_number("limit", optarg, 1, 10000, &options->limit);
    case 'k': options->is_check = true; return EXIT_OK;
    case 'K': options->checks_core = true; return EXIT_OK;
    case 'P': options->policy = optarg; return EXIT_OK;
    case 'A': options->against = optarg; return EXIT_OK;
    case 'Q': options->against_policy = optarg; return EXIT_OK;
    case 'o': return read_number("hours", optarg, 1, 876000, &options->hours);
    case 'u': options->faults = optarg; return EXIT_OK;
    case 'l': options->load = optarg; return EXIT_OK;
    case 'B': options->is_budget = true; return EXIT_OK;
    case 'i': return read_number("days", optarg, 1, 1000, &options->days);
    case 'w': options->is_worst = true; return EXIT_OK;
    case 'g': options->svg = optarg; return EXIT_OK;
    case 'U': options->record = optarg; return EXIT_OK;
    case 'V': options->at = optarg; return EXIT_OK;
    case 'O': options->is_optimise = true; return EXIT_OK;
    case 'W': options->why = optarg; return EXIT_OK;
    case 'y': options->is_confirmed = true; return EXIT_OK;
    case 'R': options->is_whole = true; return EXIT_OK;
    case 'D': options->is_dry_run = true; return EXIT_OK;
    case '1': options->is_once = true; return EXIT_OK;
    case 'N': options->is_plain = true; return EXIT_OK;
    case 'I': options->is_origin = true; return EXIT_OK;
    case 'M': options->is_man = true; return EXIT_OK;
    case 'Z': options->size = optarg; return EXIT_OK;
    case 'T': options->lasts = optarg; return EXIT_OK;
    case 'm': options->format = optarg; return EXIT_OK;
    case 'L': options->last = optarg; return EXIT_OK;
    case 'v': options->severity = optarg; return EXIT_OK;
    case 'Y': return read_ready_fd(options);
    case 'b': options->is_standby = true; return EXIT_OK;
    case 'C': options->note = optarg; return EXIT_OK;
    case 'h': options->wants_help = true; return EXIT_OK;
    default: return EXIT_USAGE; /* getopt has said what is wrong */
    }
}

int options_read(struct options *options, int argc, char **argv)
{
    options->speed = 30;
    options->seed = 1;
    options->limit = 50;
    options->hours = 168;
    options->days = 60;
    int code = read_environment(options);
    int letter;
    while (code == EXIT_OK &&
           (letter = getopt_long(argc, argv, "c:s:d:t:G:1NMIZ:arjHSFx:e:p:J:fn:kKP:A:Q:o:u:l:wg:OW:yRDm:T:L:Bi:v:Y:bC:E:U:V:h", long_options,
                                NULL)) != -1)
        code = apply(options, letter);
    for (; code == EXIT_OK && optind < argc; optind++) {
        if (options->positional_count == POSITIONALS_MAX) {
            complain("too many arguments, from \"%s\" on", argv[optind]);
            return EXIT_USAGE;
        }
        options->positionals[options->positional_count++] = argv[optind];
    }
    return code;
}

void options_deinit(struct options *options)
{
    for (size_t i = 0; i < options->string_count; i++)
        free(options->strings[i]);
    options->string_count = 0;
}
