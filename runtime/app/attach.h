/* The console on a runtime in another process. */
#ifndef SIGNALBOX_APP_ATTACH_H
#define SIGNALBOX_APP_ATTACH_H

#include "app.h"

/* Runs it until the operator leaves; the runtime goes on. `theme` NULL = that of the options or "dark". The exit code. */
int attach_console(const struct options *options, const struct paths *paths, const char *theme, const char *socket_path);

#endif
