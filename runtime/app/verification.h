/* Dates and folders that the start-up verification judges; apart from the installation for the sake of its tests. */
#ifndef SIGNALBOX_APP_VERIFICATION_H
#define SIGNALBOX_APP_VERIFICATION_H

#include "app.h"

/* One attempt after another, with growing pauses, while the component fails for a reason that may pass and the time is not over. */
enum sb_component_state verification_try(struct installation *installation, enum sb_component component, sb_ns deadline, struct sb_error *err);

#endif
