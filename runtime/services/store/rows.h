/* Building a result set, row by row; private to this room, the same for every database. */
#ifndef SIGNALBOX_STORE_ROWS_H
#define SIGNALBOX_STORE_ROWS_H

#include "signalbox/ports/store.h"

enum { SB_ROWS_MAX = 10000, SB_ROWS_BYTES_MAX = 8 << 20 };

/* NULL when out of memory. Names are copied by sb_rows_name, once per column, before the first cell. */
struct sb_rows *sb_rows_create(size_t columns);
enum sb_err sb_rows_name(struct sb_rows *rows, size_t column, const char *name, struct sb_error *err) SB_MUST_USE;
/* Adds the next cell, in reading order; texts are copied. SB_ERR_TOO_LARGE beyond the bounds. */
enum sb_err sb_rows_add(struct sb_rows *rows, const struct sb_cell *cell, struct sb_error *err) SB_MUST_USE;

#endif
