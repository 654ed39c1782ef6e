/* Contexts over time as a picture: one row per context, one bar per lease, coloured by category. Plain SVG without scripts or outside
 * references; every text is escaped. Shows at most the first day, since more would be grey. */
#include "world.h"

#include <inttypes.h>

enum { WIDTH = 1400, LEFT = 90, RIGHT = 20, ROW = 22, GAP = 4, HEAD = 34, TOP = 16, FOOT = 46, TICKS = 12 };

static const char *const colours[SB_CATEGORY_COUNT] = {
    [SB_CATEGORY_NONE] = "#999999",       [SB_CATEGORY_POSTING] = "#d1495b",    [SB_CATEGORY_METRICS] = "#2e86ab",
    [SB_CATEGORY_HARVESTING] = "#3c9d5d", [SB_CATEGORY_BACKGROUND] = "#b08a3e",
};

static void put_text(FILE *to, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '&')
            (void)fputs("&amp;", to);
        else if (*text == '<')
            (void)fputs("&lt;", to);
        else if (*text == '>')
            (void)fputs("&gt;", to);
        else if (*text == '"')
            (void)fputs("&quot;", to);
        else if ((unsigned char)*text >= 0x20)
            (void)fputc(*text, to);
    }
}

static double x_of(sb_ns at, sb_ns shown)
{
    return LEFT + (double)at / (double)shown * (WIDTH - LEFT - RIGHT);
}

static int rows_of(const struct sb_sim_picture *side)
{
    int rows = side->contexts;
    for (size_t i = 0; i < side->timeline->count; i++)
        if (side->timeline->leases[i].ctx >= rows)
            rows = side->timeline->leases[i].ctx + 1;
    return rows;
}

static void put_lease(FILE *to, const struct sb_sim_picture *side, const struct sb_sim_lease *lease, int top, sb_ns shown)
{
    char held[32];
    struct sb_text text;
    sb_ns end = lease->to < shown ? lease->to : shown;
    double x = x_of(lease->from, shown), width = x_of(end, shown) - x;
    sb_text_init(&text, held, sizeof(held));
    sb_text_add_duration(&text, lease->to - lease->from);
    (void)fprintf(to, "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"%s><title>", x, top + lease->ctx * ROW,
                  width < 0.6 ? 0.6 : width, ROW - GAP, colours[lease->category < SB_CATEGORY_COUNT ? lease->category : 0],
                  lease->is_borrowed ? " fill-opacity=\"0.55\"" : "");
    put_text(to, lease->job < side->catalogue->job_count ? side->catalogue->jobs[lease->job].name : "?");
    (void)fprintf(to, " %s%s%s</title></rect>\n", held, lease->is_borrowed ? ", borrowed" : "", lease->is_burst ? ", burst" : "");
}

static void put_side(FILE *to, const struct sb_sim_picture *side, int top, sb_ns shown)
{
    int rows = rows_of(side);
    (void)fprintf(to, "<text x=\"%d\" y=\"%d\" font-weight=\"bold\">", LEFT, top + HEAD - 14);
    put_text(to, side->title);
    (void)fputs("</text>\n", to);
    for (int row = 0; row < rows; row++)
        (void)fprintf(to, "<text x=\"8\" y=\"%d\">%s%d</text><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#8882\"/>\n",
                      top + HEAD + row * ROW + ROW - GAP - 4, row < side->contexts ? "ctx " : "burst ", row, LEFT, top + HEAD + row * ROW,
                      WIDTH - LEFT - RIGHT, ROW - GAP);
    for (size_t i = 0; i < side->timeline->count; i++)
        if (side->timeline->leases[i].from < shown)
            put_lease(to, side, &side->timeline->leases[i], top + HEAD, shown);
}

static void put_axis(FILE *to, int height, sb_ns shown)
{
    for (int i = 0; i <= TICKS; i++) {
        sb_ns at = shown / TICKS * i;
        char label[32];
        struct sb_text text;
        sb_text_init(&text, label, sizeof(label));
        sb_text_add_duration(&text, at);
        (void)fprintf(to, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#8884\"/><text x=\"%.1f\" y=\"%d\" "
                          "text-anchor=\"middle\">%s</text>\n",
                      x_of(at, shown), TOP, x_of(at, shown), height - FOOT + 4, x_of(at, shown), height - FOOT + 18, label);
    }
    for (int i = 1; i < SB_CATEGORY_COUNT; i++)
        (void)fprintf(to, "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\"/><text x=\"%d\" y=\"%d\">%s</text>\n",
                      LEFT + (i - 1) * 120, height - 18, colours[i], LEFT + (i - 1) * 120 + 18, height - 8, sb_category_text((unsigned)i));
    (void)fprintf(to, "<text x=\"%d\" y=\"%d\">pale: borrowed from another lane</text>\n", LEFT + SB_CATEGORY_COUNT * 120, height - 8);
}

bool sb_sim_svg(FILE *to, const struct sb_sim_picture *sides, size_t side_count, sb_ns lasts)
{
    sb_ns shown = lasts < SB_DAY(1) ? lasts : SB_DAY(1);
    int height = TOP + FOOT;
    for (size_t i = 0; i < side_count; i++)
        height += HEAD + rows_of(&sides[i]) * ROW;
    (void)fprintf(to,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
                  "font-size=\"12\" fill=\"#444\">\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
                  WIDTH, height, WIDTH, height, WIDTH, height);
    put_axis(to, height, shown);
    int top = TOP;
    for (size_t i = 0; i < side_count; i++) {
        put_side(to, &sides[i], top, shown);
        top += HEAD + rows_of(&sides[i]) * ROW;
    }
    (void)fputs("</svg>\n", to);
    return ferror(to) == 0;
}
