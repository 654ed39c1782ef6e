/* Owns gauges and sparklines. Pure. */
#include "signalbox/tui/widgets.h"

void sb_gauge_draw(const struct sb_view *view, unsigned row, unsigned col, unsigned cols, unsigned permille, enum sb_slot slot)
{
    if (cols < 3)
        return;
    const unsigned inner = cols - 2;
    if (permille > 1000)
        permille = 1000;
    unsigned filled = (inner * permille + 500) / 1000;
    if (permille > 0 && filled == 0)
        filled = 1; /* something is not nothing */
    if (permille < 1000 && filled == inner)
        filled = inner - 1; /* nearly is not full */
    sb_view_fill(view, row, col, 1, '[', '[', SB_SLOT_DIM);
    sb_view_fill(view, row, col + 1, filled, 0x2588, '#', slot);
    sb_view_fill(view, row, col + 1 + filled, inner - filled, 0xb7, '.', SB_SLOT_GAUGE_EMPTY);
    sb_view_fill(view, row, col + cols - 1, 1, ']', ']', SB_SLOT_DIM);
}

void sb_spark_draw(const struct sb_view *view, unsigned row, unsigned col, unsigned cols, const int64_t *values, unsigned count, enum sb_slot slot)
{
    static const char ascii[8] = {'.', ':', '-', '=', '+', '*', '#', '%'};
    int64_t largest = 1;
    if (count > cols) {
        values += count - cols;
        count = cols;
    }
    for (unsigned i = 0; i < count; i++)
        largest = values[i] > largest ? values[i] : largest;
    const int64_t unit = largest / 8 + 1; /* so that value / unit is 0..7 */
    for (unsigned i = 0; i < count; i++) {
        const unsigned level = values[i] <= 0 ? 0 : (unsigned)(values[i] / unit) & 7U;
        sb_view_fill(view, row, col + i, 1, 0x2581 + level, ascii[level], slot);
    }
}
