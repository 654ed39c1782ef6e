/* What a runtime runs with, for captures that are made elsewhere. */
#ifndef SIGNALBOX_APP_CONFIG_PAGE_H
#define SIGNALBOX_APP_CONFIG_PAGE_H

#include "verdicts.h"

/* The page "config": every value with the place it comes from, redacted. For free(). `source`: a struct verdict_source. */
enum sb_err config_page(const void *source, char **text, struct sb_error *err) SB_MUST_USE;
/* The same from a running runtime, for free(); NULL: `err` says why not. Untrusted. At most three seconds. */
char *config_page_ask(const char *socket_path, struct sb_error *err);

#endif
