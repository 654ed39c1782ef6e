/* A grid as SVG 1.1: fixed cells, one class per slot, real text. Nothing in it refers to anything outside. Pure. */
#include "out.h"

#include <string.h>

enum { CELL_W = 9, CELL_H = 18, BASELINE = 13, FONT = 15, MARGIN = 8 };

struct picture {
    struct out out;
    const struct sb_grid *grid;
    uint32_t fore[SB_SLOT_COUNT], back[SB_SLOT_COUNT]; /* 0xrrggbb */
    uint8_t attrs[SB_SLOT_COUNT];
    bool has_back[SB_SLOT_COUNT];
};

static void add_hex(struct out *out, uint32_t rgb)
{
    static const char digits[] = "0123456789abcdef";
    char text[7] = {'#'};
    for (unsigned i = 0; i < 6; i++)
        text[1 + i] = digits[rgb >> (20 - 4 * i) & 0xf];
    out_bytes(out, text, sizeof text);
}

/* XML 1.0, 2.2 and 2.4: what may not stand for itself, and what may not stand at all. */
static void add_escaped(struct out *out, uint32_t c)
{
    const bool is_allowed = c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xd7ff) || (c >= 0xe000 && c <= 0xfffd) ||
                            (c >= 0x10000 && c <= 0x10ffff);
    if (c == '&')
        out_text(out, "&amp;");
    else if (c == '<')
        out_text(out, "&lt;");
    else if (c == '>')
        out_text(out, "&gt;");
    else if (c == '"')
        out_text(out, "&quot;");
    else if (c == '\'')
        out_text(out, "&#39;");
    else
        out_code_point(out, is_allowed ? c : '?');
}

static void resolve(struct picture *p, const struct sb_theme *theme, bool is_light)
{
    const uint32_t paper = is_light ? 0xffffff : 0x101418, ink = is_light ? 0x1c2024 : 0xd6dade;
    for (unsigned slot = 0; slot < SB_SLOT_COUNT; slot++) {
        const struct sb_style *const style = &theme->styles[slot];
        uint32_t fore = style->fg.kind == SB_COLOUR_DEFAULT ? ink : sb_colour_rgb(style->fg);
        uint32_t back = style->bg.kind == SB_COLOUR_DEFAULT ? paper : sb_colour_rgb(style->bg);
        if ((style->attrs & SB_ATTR_REVERSE) != 0) {
            const uint32_t swapped = fore;
            fore = back;
            back = swapped;
        }
        p->fore[slot] = fore;
        p->back[slot] = back;
        p->has_back[slot] = back != paper;
        p->attrs[slot] = style->attrs;
    }
}

static void add_class(struct picture *p, unsigned slot)
{
    struct out *const out = &p->out;
    out_text(out, ".t");
    out_number(out, slot);
    out_text(out, "{fill:");
    add_hex(out, p->fore[slot]);
    out_text(out, (p->attrs[slot] & SB_ATTR_BOLD) != 0 ? ";font-weight:bold" : "");
    out_text(out, (p->attrs[slot] & SB_ATTR_ITALIC) != 0 ? ";font-style:italic" : "");
    out_text(out, (p->attrs[slot] & SB_ATTR_UNDERLINE) != 0 ? ";text-decoration:underline" : "");
    out_text(out, (p->attrs[slot] & SB_ATTR_DIM) != 0 ? ";opacity:.65" : "");
    out_text(out, "}");
    if (p->has_back[slot]) {
        out_text(out, ".b");
        out_number(out, slot);
        out_text(out, "{fill:");
        add_hex(out, p->back[slot]);
        out_text(out, "}");
    }
    out_text(out, "\n");
}

static void add_attribute(struct out *out, const char *name, uint64_t value)
{
    out_text(out, " ");
    out_text(out, name);
    out_text(out, "=\"");
    out_number(out, value);
    out_text(out, "\"");
}

static void add_head(struct picture *p, bool is_light, const char *title)
{
    struct out *const out = &p->out;
    const uint64_t width = (uint64_t)p->grid->cols * CELL_W + 2 * MARGIN, height = (uint64_t)p->grid->rows * CELL_H + 2 * MARGIN;
    out_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\"");
    add_attribute(out, "width", width);
    add_attribute(out, "height", height);
    out_text(out, " viewBox=\"0 0 ");
    out_number(out, width);
    out_text(out, " ");
    out_number(out, height);
    out_text(out, "\">\n<title>");
    for (size_t at = 0, size = strlen(title); at < size;) {
        uint32_t c = 0;
        const unsigned taken = sb_utf8_decode(title + at, size - at, &c);
        add_escaped(out, taken == 0 ? '?' : c);
        at += taken == 0 ? 1 : taken;
    }
    out_text(out, "</title>\n<style type=\"text/css\">\ntext{font-family:\"DejaVu Sans Mono\",Menlo,Consolas,monospace;font-size:");
    out_number(out, FONT);
    out_text(out, "px;white-space:pre}\n");
    for (unsigned slot = 0; slot < SB_SLOT_COUNT; slot++)
        add_class(p, slot);
    out_text(out, "</style>\n<rect width=\"100%\" height=\"100%\" fill=\"");
    out_text(out, is_light ? "#ffffff" : "#101418");
    out_text(out, "\"/>\n");
}

/* The first column behind the run of one slot; a wide character is a run of its own, because its font may not make it two cells wide. */
static unsigned run_end(const struct sb_grid *grid, unsigned row, unsigned col, bool breaks_at_wide)
{
    const struct sb_grid_cell *const first = cell_of(grid, row, col);
    unsigned end = col + 1;
    if (breaks_at_wide && first->width == 2)
        return end < grid->cols && cell_of(grid, row, end)->width == 0 ? end + 1 : end;
    while (end < grid->cols && slot_of(cell_of(grid, row, end)) == slot_of(first) && !(breaks_at_wide && cell_of(grid, row, end)->width != 1))
        end++;
    return end;
}

static void add_backs(struct picture *p, unsigned row)
{
    for (unsigned col = 0, end; col < p->grid->cols; col = end) {
        const unsigned slot = slot_of(cell_of(p->grid, row, col));
        end = run_end(p->grid, row, col, false);
        if (!p->has_back[slot])
            continue;
        out_text(&p->out, "<rect");
        add_attribute(&p->out, "x", MARGIN + (uint64_t)col * CELL_W);
        add_attribute(&p->out, "y", MARGIN + (uint64_t)row * CELL_H);
        add_attribute(&p->out, "width", (uint64_t)(end - col) * CELL_W);
        add_attribute(&p->out, "height", CELL_H);
        out_text(&p->out, " class=\"b");
        out_number(&p->out, slot);
        out_text(&p->out, "\"/>");
    }
}

static void add_run(struct picture *p, unsigned row, unsigned col, unsigned end)
{
    struct out *const out = &p->out;
    const unsigned slot = slot_of(cell_of(p->grid, row, col));
    const bool is_lined = (p->attrs[slot] & SB_ATTR_UNDERLINE) != 0;
    while (!is_lined && end > col && cell_of(p->grid, row, end - 1)->code_point == ' ' && cell_of(p->grid, row, end - 1)->width == 1)
        end--;
    while (!is_lined && col < end && cell_of(p->grid, row, col)->code_point == ' ')
        col++;
    if (col >= end)
        return;
    out_text(out, "<text xml:space=\"preserve\"");
    add_attribute(out, "x", MARGIN + (uint64_t)col * CELL_W);
    add_attribute(out, "y", MARGIN + (uint64_t)row * CELL_H + BASELINE);
    add_attribute(out, "textLength", (uint64_t)(end - col) * CELL_W);
    out_text(out, " lengthAdjust=\"spacingAndGlyphs\" class=\"t");
    out_number(out, slot);
    out_text(out, "\">");
    for (unsigned at = col; at < end; at++) {
        if (cell_of(p->grid, row, at)->width != 0)
            add_escaped(out, cell_of(p->grid, row, at)->code_point);
    }
    out_text(out, "</text>");
}

void sb_export_svg(const struct sb_grid *grid, const struct sb_theme *theme, bool is_light, const char *title, struct sb_export_sink sink)
{
    struct picture p = {.out = {.sink = sink}, .grid = grid};
    resolve(&p, theme, is_light);
    add_head(&p, is_light, title);
    for (unsigned row = 0; row < grid->rows; row++) {
        add_backs(&p, row);
        for (unsigned col = 0, end; col < grid->cols; col = end) {
            end = run_end(grid, row, col, true);
            add_run(&p, row, col, end);
        }
        out_text(&p.out, "\n");
    }
    out_text(&p.out, "</svg>\n");
    out_flush(&p.out);
}
