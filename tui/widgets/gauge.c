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

static const char spark_ascii[8] = {'.', ':', '-', '=', '+', '*', '#', '%'};

static unsigned spark_level(int64_t value, int64_t largest)
{
    return value <= 0 ? 0 : (unsigned)(value / (largest / 8 + 1)) & 7U; /* the unit is such that it is 0..7 */
}

void sb_spark_add(struct sb_text *text, const int64_t *values, unsigned count, bool is_ascii)
{
    int64_t largest = 1;
    for (unsigned i = 0; i < count; i++)
        largest = values[i] > largest ? values[i] : largest;
    for (unsigned i = 0; i < count; i++) {
        char bytes[4] = {spark_ascii[spark_level(values[i], largest)]};
        sb_text_add_n(text, bytes, is_ascii ? 1 : sb_utf8_encode(0x2581 + spark_level(values[i], largest), bytes));
    }
}

void sb_spark_draw(const struct sb_view *view, unsigned row, unsigned col, unsigned cols, const int64_t *values, unsigned count, enum sb_slot slot)
{
    int64_t largest = 1;
    if (count > cols) {
        values += count - cols;
        count = cols;
    }
    for (unsigned i = 0; i < count; i++)
        largest = values[i] > largest ? values[i] : largest;
    for (unsigned i = 0; i < count; i++) {
        const unsigned level = spark_level(values[i], largest);
        sb_view_fill(view, row, col + i, 1, 0x2581 + level, spark_ascii[level], slot);
    }
}
