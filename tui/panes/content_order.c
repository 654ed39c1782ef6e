/* Owns the order of the content's rows. The text has parts with a headline each; what belongs together stays so, and rows are sorted inside their
 * part alone, because a part says what is to be done with them. Pure. */
#include "content_order.h"

#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

/* A headline or an empty line belongs to no row, an indented one to the row before it. */
static uint32_t take_apart(const char *text, struct sb_content_block *blocks)
{
    uint32_t count = 0;
    while (*text != '\0') {
        const size_t size = strcspn(text, "\n"), whole = size + (text[size] == '\n');
        const bool goes_on = count > 0 && (count == SB_CONTENT_BLOCKS || (text[0] == ' ' && blocks[count - 1].is_row));
        if (goes_on)
            blocks[count - 1].size += (uint32_t)whole;
        else
            blocks[count++] = (struct sb_content_block){.at = text, .size = (uint32_t)whole,
                                                        .is_row = text[0] != '=' && text[0] != '\n' && text[0] != ' '};
        text += whole;
    }
    if (count == SB_CONTENT_BLOCKS)
        blocks[count - 1].is_row = false; /* it may be several */
    return count;
}

/* What it is compared by: "ID  kind of account, when". */
static const char *key_of(const struct sb_content_block *block, uint8_t by, size_t *size)
{
    const size_t line = strcspn(block->at, "\n"), id = strcspn(block->at, " \n");
    if (by == SB_CONTENT_SORT_ID) {
        *size = id;
        return block->at;
    }
    const size_t begin = id + strspn(block->at + id, " ");
    *size = begin < line ? strcspn(block->at + begin, ",\n") : 0;
    return block->at + begin;
}

static int compare(const struct sb_content_block *a, const struct sb_content_block *b, uint8_t by)
{
    size_t left = 0, right = 0;
    if (by == SB_CONTENT_SORT_TIME)
        return a->at < b->at ? -1 : 1; /* as the part was told */
    const char *const x = key_of(a, by, &left), *const y = key_of(b, by, &right);
    const int order = memcmp(x, y, left < right ? left : right);
    return order != 0 ? order : left < right ? -1 : left > right;
}

uint32_t sb_content_order(const char *text, uint8_t by, bool is_inverted, struct sb_content_block blocks[SB_CONTENT_BLOCKS])
{
    const uint32_t count = take_apart(text, blocks);
    for (uint32_t i = 1; i < count; i++) {
        const struct sb_content_block block = blocks[i];
        uint32_t at = i;
        for (; at > 0 && block.is_row && blocks[at - 1].is_row; at--) {
            const int order = compare(&block, &blocks[at - 1], by);
            if (is_inverted ? order <= 0 : order >= 0)
                break;
            blocks[at] = blocks[at - 1];
        }
        blocks[at] = block;
    }
    return count;
}
