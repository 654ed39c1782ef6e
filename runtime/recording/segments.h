/* Names and places of a folder's segments. Private to the recording room. */
#ifndef SIGNALBOX_RECORDING_SEGMENTS_H
#define SIGNALBOX_RECORDING_SEGMENTS_H

#include "signalbox/base/err.h"
#include "signalbox/base/units.h"

#include <stddef.h>
#include <stdint.h>

enum { SEGMENT_NAME_MAX = 64, SEGMENTS_MAX = 65536 };

struct segment {
    uint64_t number;
    struct sb_wall from;
    uint64_t size;
};

/* "00000012-20261127T140210.123Z.jsonl" */
void segment_name(const struct segment *segment, char out[SEGMENT_NAME_MAX]);
/* Fills number and from; false when the name is not exactly one that segment_name makes. */
bool segment_parse(const char *name, struct segment *segment);
/* The regular files of the folder that are segments, by number, for free(). What is no segment is passed over. */
enum sb_err segments_list(int folder_fd, const char *folder, struct segment **list, size_t *count, struct sb_error *err) SB_MUST_USE;

#endif
