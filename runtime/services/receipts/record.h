/* The bytes of one record of the receipts journal; private to this room.
 *
 *   offset  size  little-endian
 *        0     4  magic "SBR1"
 *        4     4  payload size in bytes
 *        8     8  sequence, 1, 2, 3 ...
 *       16     4  kind
 *       20     8  wall time, ns since 1970
 *       28     n  payload: run, token, submit deadline (8 bytes each), then six texts, each as 2 bytes of length and the bytes
 *     28+n     4  CRC-32C of everything before it */
#ifndef SIGNALBOX_RECEIPTS_RECORD_H
#define SIGNALBOX_RECEIPTS_RECORD_H

#include "signalbox/ports/receipts.h"

#include <stddef.h>

enum { SB_RECORD_MAX = 1024, SB_RECORD_HEAD = 28, SB_RECORD_TAIL = 4 };

/* Bytes written; every receipt fits SB_RECORD_MAX. */
size_t sb_record_write(const struct sb_receipt *receipt, unsigned char out[SB_RECORD_MAX]);
/* Bytes of the valid record at the start, or 0. */
size_t sb_record_read(const unsigned char *bytes, size_t count, struct sb_receipt *receipt);
/* Offset of the first valid record at or after `from`, or `count`. */
size_t sb_record_find(const unsigned char *bytes, size_t count, size_t from);

#endif
