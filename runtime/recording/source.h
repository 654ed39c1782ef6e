/* What a path says is recorded there, and how a file is cut into parts. Private to the recording room. */
#ifndef SIGNALBOX_RECORDING_SOURCE_H
#define SIGNALBOX_RECORDING_SOURCE_H

#include "signalbox/base/err.h"
#include "signalbox/base/units.h"

#include <stddef.h>
#include <stdint.h>

/* A stretch of whole lines. */
struct piece {
    uint64_t id;              /* from 1 */
    struct sb_wall from;
    uint64_t offset, size;    /* bytes of the file */
    uint64_t first_line;      /* lines of the file before it */
    bool has_snapshot;
};

/* Opens what is to be read: a folder of segments (`*is_folder`), or one file with its name. A folder with an events.jsonl is that file, and so is
 * a .tar.gz that has one: its bytes are then in memory. */
enum sb_err source_open(const char *path, int *fd, bool *is_folder, char *name, size_t name_cap, struct sb_error *err) SB_MUST_USE;
/* Cuts a file, for free(). Reads it once. SB_ERR_CORRUPT when no line of it begins as an event does. */
enum sb_err source_cut(int fd, const char *name, struct piece **pieces, size_t *count, struct sb_error *err) SB_MUST_USE;

#endif
