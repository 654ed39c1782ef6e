/* What is kept of pages on which steps failed, for whoever wants to read it. */
#ifndef SIGNALBOX_PORTS_KEPT_H
#define SIGNALBOX_PORTS_KEPT_H

#include "signalbox/base/err.h"

#include <stddef.h>
#include <stdint.h>

/* One text of all that is kept of a run, the newest attempt first: a line with the path before each file, at most 256 KiB of each; of a picture
 * only its path. UNTRUSTED: it is what a page showed. The caller frees it. SB_ERR_NOT_FOUND when nothing is kept. Reads files; any thread. */
enum sb_err sb_kept_read(const char *state_dir, uint64_t run, char **text, struct sb_error *err) SB_MUST_USE;

/* The folders of a run, the newest attempt first, with ", " between them; "" when nothing is kept. Reads a folder; any thread. */
void sb_kept_paths(const char *state_dir, uint64_t run, char *out, size_t cap);

#endif
