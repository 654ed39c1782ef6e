/* The help: every action of the keymap with its keys, class and panes; `/` filters it. Made from the table, so it is never out of date.
 * Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

struct line {
    char keys[40], where[40], text[200];
    char class;
};

static void line_of(const struct sb_screen *screen, unsigned action, struct line *line)
{
    const struct sb_keymap_row *const row = &sb_keymap[action];
    struct sb_text text;
    sb_text_init(&text, line->keys, sizeof line->keys);
    sb_keys_names(&screen->keys, (enum sb_key_action)action, &text);
    if (text.len == 0)
        sb_text_add(&text, "-"); /* only the palette (:) has it */
    sb_text_init(&text, line->where, sizeof line->where);
    sb_where_names(row->where, &text);
    sb_text_init(&text, line->text, sizeof line->text);
    const bool is_detach = action == SB_KEY_ACTION_LEAVE && screen->source.is_attached;
    sb_text_add(&text, is_detach ? "detach: leave this console; the runtime and its jobs go on" : row->help);
    line->class = row->class;
}

static bool help_field(const void *of, enum sb_match_key key, const char *value, size_t size)
{
    const struct line *const line = of;
    if (key == SB_MATCH_KEY_CLASS)
        return size == 1 && (value[0] | 0x20) == (line->class | 0x20);
    return key == SB_MATCH_KEY_KEY ? sb_match_is_part(value, size, line->keys)
                                   : sb_match_is_part(value, size, line->where) || sb_streq(line->where, "all");
}

static bool fits(const struct sb_screen *screen, const struct sb_match *match, unsigned action, const struct line *line)
{
    if (!sb_is_offered(screen, (enum sb_key_action)action))
        return false;
    char buffer[320];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof buffer);
    sb_text_add(&text, line->keys);
    sb_text_add(&text, " ");
    sb_text_add(&text, line->where);
    sb_text_add(&text, " ");
    sb_text_add(&text, line->text);
    return sb_match_fits(match, buffer, line, help_field);
}

void sb_help_seek(const struct sb_screen *screen, struct sb_seek *seek)
{
    int64_t number = 0;
    for (unsigned action = 0; action < SB_KEY_ACTION_COUNT; action++) {
        struct line line;
        line_of(screen, action, &line);
        if (!fits(screen, sb_find_filter(screen, SB_PANE_HELP), action, &line))
            continue;
        if (fits(screen, seek->match, action, &line))
            sb_seek_offer(seek, number);
        number++;
    }
}

uint32_t sb_pane_rows_help(const struct sb_screen *screen)
{
    return screen->help_lines;
}

void sb_pane_draw_help(struct sb_screen *screen, const struct sb_view *view, struct sb_text *text, struct sb_text *right)
{
    struct sb_scroll *const scroll = &screen->scrolls[SB_PANE_HELP];
    const unsigned rows = view->box.rows > 2 ? view->box.rows - 2U : 0;
    sb_view_text(view, 0, 1, view->box.cols, SB_SLOT_DIM, "class: V view, R runs at once, G asks for y, T wants a name typed");
    sb_view_text(view, 1, 1, view->box.cols, SB_SLOT_HEADER, "KEYS          C  WHERE           WHAT IT DOES");
    if (scroll->selected >= screen->help_lines && screen->help_lines > 0)
        scroll->selected = screen->help_lines - 1;
    if (scroll->selected + rows > screen->help_lines)
        scroll->selected = screen->help_lines > rows ? screen->help_lines - rows : 0;
    uint32_t number = 0;
    for (unsigned action = 0; action < SB_KEY_ACTION_COUNT; action++) {
        struct line line;
        line_of(screen, action, &line);
        if (!fits(screen, sb_find_filter(screen, SB_PANE_HELP), action, &line))
            continue;
        if (number >= scroll->selected && number - scroll->selected < rows) {
            const unsigned row = 2 + number - scroll->selected;
            const char class[2] = {line.class, '\0'};
            sb_view_field(view, row, 1, 13, false, SB_SLOT_KEY, line.keys);
            sb_view_text(view, row, 15, 1, line.class == 'V' ? SB_SLOT_DIM : SB_SLOT_WARN, class);
            sb_view_field(view, row, 18, 15, false, SB_SLOT_DIM, line.where);
            if (view->box.cols > 35)
                sb_view_field(view, row, 34, view->box.cols - 34U, false, SB_SLOT_TEXT, line.text);
            sb_find_paint(screen, SB_PANE_HELP, view, row, 1, view->box.cols);
        }
        number++;
    }
    screen->help_lines = number;
    screen->visible[SB_PANE_HELP] = rows;
    sb_text_add(text, sb_is_viewer(screen) ? "viewer: actions are hidden" : "every key and what it does");
    sb_find_title(screen, SB_PANE_HELP, text);
    sb_text_add_u64(right, number);
    sb_text_add(right, " actions");
}
