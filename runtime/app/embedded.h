/* The runtime in this process as a console's source of events. */
#ifndef SIGNALBOX_APP_EMBEDDED_H
#define SIGNALBOX_APP_EMBEDDED_H

#include "signalbox/ports/control.h"
#include "signalbox/ports/source.h"

/* `actor` names this console to others that attach. Close it before the engine stops. */
enum sb_err embedded_open(struct sb_source **source, struct sb_control *control, const char *actor, bool is_viewer, struct sb_error *err) SB_MUST_USE;

#endif
