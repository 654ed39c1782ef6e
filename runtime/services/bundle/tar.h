/* A .tar.gz being written: ustar (POSIX.1-2017, pax, "ustar Interchange Format"), which every tar reads, through zlib. Private to the room. */
#ifndef SIGNALBOX_BUNDLE_TAR_H
#define SIGNALBOX_BUNDLE_TAR_H

#include "signalbox/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct sb_tar;
/* Takes the descriptor, also on failure. */
enum sb_err sb_tar_open(struct sb_tar **tar, int fd, int64_t wall_s, struct sb_error *err) SB_MUST_USE;
/* `name` has at most 99 bytes; a folder's ends in '/' and has no bytes. */
enum sb_err sb_tar_add(struct sb_tar *tar, const char *name, const void *bytes, size_t size, struct sb_error *err) SB_MUST_USE;
/* Writes the end and closes; the archive is on disk. `tar` is gone, also on failure. */
enum sb_err sb_tar_finish(struct sb_tar *tar, struct sb_error *err) SB_MUST_USE;
/* Closes what is not finished. NULL is fine. */
void sb_tar_abandon(struct sb_tar *tar);

#endif
