/* The folder of what failed steps left behind, as failure.c fills it: STATE/failures/RUN-STEP-ATTEMPT. Any thread. */
#ifndef SB_STEPS_KEPT_H
#define SB_STEPS_KEPT_H

#include "signalbox/ports/kept.h"

#include <stdbool.h>
#include <stddef.h>

enum sb_kept_file { SB_KEPT_PICTURE, SB_KEPT_SOURCE, SB_KEPT_CONSOLE, SB_KEPT_FILES };

const char *sb_kept_file_name(enum sb_kept_file which);
/* False when the path is too long. */
bool sb_kept_folder(const char *state_dir, char *folder, size_t cap);
void sb_kept_name(uint64_t run, const char *step, unsigned attempt, char *name, size_t cap);
/* Removes the oldest beyond 50 runs and 100 MiB. Two workers may tidy at once: what is gone already is fine. */
void sb_kept_tidy(const char *folder);

#endif
