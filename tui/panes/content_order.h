/* Inside tui/panes: the order of the content's rows. */
#ifndef SB_TUI_CONTENT_ORDER_H
#define SB_TUI_CONTENT_ORDER_H

#include <stdbool.h>
#include <stdint.h>

enum { SB_CONTENT_BLOCKS = 256 };
/* A row with its further lines, or a line between rows. */
struct sb_content_block {
    const char *at;
    uint32_t size;
    bool is_row;
};
/* Takes the text apart and sorts the rows of each part; `by`: enum sb_content_sort. The last block takes what has no room. Returns their number. */
uint32_t sb_content_order(const char *text, uint8_t by, bool is_inverted, struct sb_content_block blocks[SB_CONTENT_BLOCKS]);

#endif
