/* A grid as plain text, and the buffer of all writers. Pure. */
#include "out.h"

#include <string.h>

void out_flush(struct out *out)
{
    if (out->used > 0)
        out->sink.write(out->sink.arg, out->bytes, out->used);
    out->used = 0;
}

void out_bytes(struct out *out, const char *bytes, size_t size)
{
    while (size > 0) {
        if (out->used == sizeof out->bytes)
            out_flush(out);
        const size_t room = sizeof out->bytes - out->used, part = size < room ? size : room;
        memcpy(out->bytes + out->used, bytes, part);
        out->used += part;
        bytes += part;
        size -= part;
    }
}

void out_text(struct out *out, const char *text)
{
    out_bytes(out, text, strlen(text));
}

void out_number(struct out *out, uint64_t value)
{
    char digits[24];
    struct sb_text text;
    sb_text_init(&text, digits, sizeof digits);
    sb_text_add_u64(&text, value);
    out_bytes(out, digits, text.len);
}

void out_code_point(struct out *out, uint32_t code_point)
{
    char bytes[4];
    out_bytes(out, bytes, sb_utf8_encode(code_point, bytes));
}

static unsigned used_cols(const struct sb_grid *grid, unsigned row)
{
    unsigned cols = grid->cols;
    while (cols > 0 && cell_of(grid, row, cols - 1)->code_point == ' ' && cell_of(grid, row, cols - 1)->width == 1)
        cols--;
    return cols;
}

void sb_export_text(const struct sb_grid *grid, const char *row_end, bool is_trimmed, struct sb_export_sink sink)
{
    struct out out = {.sink = sink};
    for (unsigned row = 0; row < grid->rows; row++) {
        const unsigned cols = is_trimmed ? used_cols(grid, row) : grid->cols;
        for (unsigned col = 0; col < cols; col++) {
            if (cell_of(grid, row, col)->width != 0)
                out_code_point(&out, cell_of(grid, row, col)->code_point);
        }
        out_text(&out, row_end);
    }
    out_flush(&out);
}
