/* What the writers share: a small buffer before the sink, so that a cell does not cost a call. Private to the room. */
#ifndef SB_EXPORT_OUT_H
#define SB_EXPORT_OUT_H

#include "signalbox/base/text.h"
#include "signalbox/tui/export.h"

struct out {
    struct sb_export_sink sink;
    size_t used;
    char bytes[4096];
};

void out_flush(struct out *out);
void out_bytes(struct out *out, const char *bytes, size_t size);
void out_text(struct out *out, const char *text);
void out_number(struct out *out, uint64_t value);
void out_code_point(struct out *out, uint32_t code_point);

static inline const struct sb_grid_cell *cell_of(const struct sb_grid *grid, unsigned row, unsigned col)
{
    return &grid->cells[(size_t)row * grid->cols + col];
}

static inline unsigned slot_of(const struct sb_grid_cell *cell)
{
    return cell->slot < SB_SLOT_COUNT ? cell->slot : (unsigned)SB_SLOT_TEXT;
}

#endif
