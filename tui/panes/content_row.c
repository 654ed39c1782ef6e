/* One content row: what it says, its attempts, what the receipts journal knows of it. A text made by whoever has the store; untrusted, cleaned
 * by the view. Pure. */
#include "lines.h"

#include "signalbox/base/text.h"

uint32_t sb_pane_rows_content_row(const struct sb_screen *screen)
{
    return screen->line_counts[SB_PANE_CONTENT_ROW];
}

void sb_pane_draw_content_row(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    const struct sb_findings *const found = sb_wants_found(screen, SB_LOOKUP_CONTENT, screen->shown.content, 0);
    struct sb_lines lines;
    sb_lines_begin(&lines, screen, view, SB_PANE_CONTENT_ROW);
    if (found != NULL)
        sb_lines_text(&lines, found->text);
    sb_wants_line(&lines, SB_LOOKUP_CONTENT);
    sb_lines_end(&lines, right);
    sb_text_add(text, screen->shown.content);
}
