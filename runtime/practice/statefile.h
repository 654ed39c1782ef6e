/* The practice world's memory between two starts: a file of JSON lines, append-only. Private to practice. */
#ifndef SIGNALBOX_PRACTICE_STATEFILE_H
#define SIGNALBOX_PRACTICE_STATEFILE_H

#include "world.h"

struct sb_statefile;

/* Opens or begins the file. `*epoch_ms` holds the present on entry and the world's beginning on return. SB_ERR_CONFIG when the file
 * belongs to another seed. */
enum sb_err sb_statefile_open(struct sb_statefile **file, const char *path, uint64_t seed, int64_t *epoch_ms,
                              struct sb_error *err) SB_MUST_USE;
void sb_statefile_close(struct sb_statefile *file);
/* Puts the posts of the file into the world and notes this start. Once, before anything is added. */
enum sb_err sb_statefile_replay(struct sb_statefile *file, struct sb_world *world, struct sb_error *err) SB_MUST_USE;
/* Earlier starts that the file knows of. */
uint64_t sb_statefile_starts(const struct sb_statefile *file);
/* Appends a post that is about to get the index `index`. */
enum sb_err sb_statefile_append(struct sb_statefile *file, const struct sb_world *world, uint32_t index, uint32_t author,
                                const char *text, uint32_t reply_to, int64_t at_ms, struct sb_error *err) SB_MUST_USE;

#endif
