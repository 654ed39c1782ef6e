/* Asking the runtime of an installation over its socket, for the commands that show and control. */
#ifndef SIGNALBOX_APP_CLIENT_H
#define SIGNALBOX_APP_CLIENT_H

#include "app.h"

#include "signalbox/codec/codec.h"

/* An answer; `json` is NULL when the body is none. Owned: client_reply_deinit. */
struct client_reply {
    unsigned status;
    char *body;
    struct sb_json *json;
    bool is_offline; /* answered from the store: no runtime is running */
};

/* The answer to a GET. Without a running runtime: from the store, when the store alone knows; else what to do is told. An answer of
 * 400 and above is told. EXIT_OK or the exit code. */
int client_get(struct options *options, const char *target, struct client_reply *reply);
void client_reply_deinit(struct client_reply *reply);
/* Where the runtime of that installation would be, and whether it is there. EXIT_OK, or the exit code of what was told. */
enum { CLIENT_SOCKET_BYTES = PATH_BYTES + 32 };
struct client_place {
    struct paths paths;
    char socket_path[CLIENT_SOCKET_BYTES];
    char theme_name[SB_NAME_MAX];
    const char *theme; /* of a catalogue that had to be loaded, or of the options; NULL: neither says */
    bool is_running;
};
int client_find(struct options *options, struct client_place *place);
/* Whether somebody listens there. */
bool client_is_served(const char *socket_path);
/* Says what to do instead; EXIT_UNAVAILABLE. */
int client_tell_not_running(const struct options *options, const struct client_place *place);
/* Whether a runtime serves that installation. EXIT_OK, or the exit code of what was told. */
int client_is_running(struct options *options, bool *is_running);

/* One member of what is sent: a text (NULL = null), a number or a flag. */
struct client_field {
    const char *key;
    enum { CLIENT_TEXT, CLIENT_NUMBER, CLIENT_FLAG } as;
    const char *text;
    int64_t number;
};
/* Sends a command to a running runtime and prints what became of it; what an earlier name stands for, too. With --dry-run it is printed instead.
 * EXIT_OK, EXIT_NO for a refusal, or the exit code. */
int client_send(struct options *options, const char *target, const struct client_field *fields, size_t count);
/* "health_check is unified_health_monitor now, step ...", when the document at `path` says so. On standard error. */
void client_tell_alias(const struct client_reply *reply, const char *job_key);

/* "2h", "30m", "90s" in milliseconds; false for anything else. */
bool client_span(const char *text, int64_t *out);

/* --- printing -------------------------------------------------------------------------------------------------------------- */

struct show_column {
    const char *title, *key;
    int width;          /* of the column; the last one is not cut */
    enum { SHOW_TEXT, SHOW_TIME, SHOW_MS, SHOW_FLAG } as;
};
/* The array at `path` ("" = the document) as a table; characters that could reach the terminal as more than text are made visible. */
void show_table(const struct sb_json *json, const char *path, const struct show_column *columns, size_t count);
/* "key   value" for each of the columns, nulls left out. */
void show_fields(const struct sb_json *json, const struct show_column *columns, size_t count);
/* A document as fields and, below, a table; or as it is with --json. */
struct show_page {
    const struct show_column *fields, *columns;
    size_t field_count, column_count;
    const char *path; /* of the table */
};
int show_document(struct options *options, const char *target, const struct show_page *page);
/* An array as a table, or as it is with --json. */
int show_list(struct options *options, const char *target, const char *path, const struct show_column *columns, size_t count);
/* A text of the document in one line, cleaned, at least `width` wide and at most `max` bytes. */
void show_text(const char *text, int width, size_t max);

#endif
