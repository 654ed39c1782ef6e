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
/* A POST of a JSON document, which is taken and destroyed. Needs a running runtime. With --dry-run it is printed instead, and the reply is empty. */
int client_post(struct options *options, const char *target, struct sb_json_out *body, struct client_reply *reply);
void client_reply_deinit(struct client_reply *reply);

/* Prints a reply to a command: its outcome, on standard output; what an earlier name stands for. EXIT_OK, or EXIT_NO for a refusal. */
int client_tell(const struct options *options, const struct client_reply *reply);
/* "health_check is unified_health_monitor now, step ...", when the document at `path` says so. On standard error. */
void client_tell_alias(const struct client_reply *reply, const char *job_key);

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
/* A text of the document in one line, cleaned, at least `width` wide and at most `max` bytes. */
void show_text(const char *text, int width, size_t max);

#endif
