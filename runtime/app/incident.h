/* Incident bundles: what one picture of the console, the facts around it and the installation say, in one folder and one .tar.gz. docs/OPERATIONS.md
 * tells operators what is in them. */
#ifndef SIGNALBOX_APP_INCIDENT_H
#define SIGNALBOX_APP_INCIDENT_H

#include "secrets.h"

#include "signalbox/ports/bundle.h"
#include "signalbox/ports/store.h"
#include "signalbox/tui/model.h"
#include "signalbox/tui/tui.h"

#include <stdio.h>

/* All borrowed. */
struct incident_request {
    const struct options *options;
    const struct paths *paths;
    const struct sb_catalogue *catalogue; /* NULL: not known here; then no configuration and fewer secrets are known */
    struct sb_store *store;               /* NULL: no events but those of the picture's log */
    const struct sb_tui_picture *picture;
    const char *config;                   /* as the runtime told it, redacted by it; NULL: what the files say here */
    const char *note;                     /* the operator's, or NULL */
    const char *source;                   /* where the picture comes from: "the console of this runtime" ... */
    const char *missing;                  /* what could not be had, one "- ..." line each; "" = nothing */
};

/* Writes STATE/incidents/INC-TIME[-ID] and its archive; `path`: of the folder. Any thread; blocks for as long as the disk and the store take. Leaves
 * nothing behind when it fails. */
enum sb_err incident_write(const struct incident_request *request, char path[SB_BUNDLE_PATH_MAX], struct sb_error *err) SB_MUST_USE;
/* The `capture` of a console; `self` is a struct verdict_source. */
enum sb_err incident_capture(const void *self, const struct sb_tui_picture *picture, char *path, size_t cap, struct sb_error *err);

/* incident_parts.c: the values in force with their places, below a line that says whether they are those of what runs (`running`: its hash). */
enum sb_err config_write(const struct options *options, const struct paths *paths, const char *running, FILE *out, struct sb_error *err) SB_MUST_USE;
/* ... a file's text into `out`; what could not be had goes into `missing`. */
typedef void incident_part(const struct incident_request *request, FILE *out, FILE *missing);
incident_part incident_model, incident_events, incident_logs, incident_config, incident_versions;

#endif
