/* Owns the command palette: its line, its list over it and what keys do to them. Pure. */
#include "panes.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { NAME_COLS = 28, KIND_COLS = 8 };

static const char *const kind_words[SB_PALETTE_KINDS] = {
    [SB_PALETTE_ACTION] = "action",   [SB_PALETTE_JOB] = "job",   [SB_PALETTE_CONTEXT] = "context", [SB_PALETTE_ALERT] = "alert",
    [SB_PALETTE_COMPONENT] = "service", [SB_PALETTE_PANE] = "pane", [SB_PALETTE_THEME] = "theme",     [SB_PALETTE_SORT] = "sort",
    [SB_PALETTE_TIER] = "tier",
    [SB_PALETTE_POLICY] = "policy",   [SB_PALETTE_VERB] = "command",
};

void sb_act_palette(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    (void)now;
    (void)answer;
    screen->palette.is_open = true;
    screen->palette.line[0] = '\0';
    screen->palette.history_back = 0;
    sb_palette_list(screen);
}

/* ---- keys ---- */

static void set_line(struct sb_screen *screen, const char *line)
{
    (void)sb_copy(screen->palette.line, sizeof screen->palette.line, line);
    sb_palette_list(screen);
}

static void complete(struct sb_screen *screen)
{
    struct sb_palette *const palette = &screen->palette;
    char line[SB_PALETTE_LINE + 2 * SB_NAME_MAX];
    struct sb_text text;
    if (palette->count == 0)
        return;
    sb_text_init(&text, line, sizeof line);
    sb_palette_complete(screen, &palette->entries[palette->selected], &text);
    palette->history_back = 0;
    set_line(screen, line);
}

/* The same again is one entry. */
static void remember(struct sb_screen *screen, const struct sb_palette_entry *entry)
{
    struct sb_palette *const palette = &screen->palette;
    char line[SB_PALETTE_LINE];
    struct sb_text text;
    sb_text_init(&text, line, sizeof line);
    sb_palette_complete(screen, entry, &text);
    if (palette->history_count > 0 && sb_streq(palette->history[(palette->history_count - 1) % SB_PALETTE_HISTORY], line))
        return;
    (void)sb_copy(palette->history[palette->history_count++ % SB_PALETTE_HISTORY], SB_PALETTE_LINE, line);
}

static void run(struct sb_screen *screen, struct sb_now now, struct sb_screen_answer *answer)
{
    struct sb_palette *const palette = &screen->palette;
    if (palette->count == 0) {
        struct sb_text text = sb_notice(screen, now, true);
        sb_text_add(&text, "nothing is called ");
        sb_text_add(&text, palette->line);
        return;
    }
    const struct sb_palette_entry entry = palette->entries[palette->selected];
    if (entry.kind == SB_PALETTE_VERB) {
        complete(screen);
        return;
    }
    remember(screen, &entry);
    palette->is_open = false;
    sb_palette_run(screen, &entry, now, answer);
    if (entry.verb > 0 && sb_palette_verbs[entry.verb - 1].takes_reason)
        sb_palette_args_fill(screen, &sb_palette_verbs[entry.verb - 1], sb_palette_args(palette), now, answer);
}

/* Older and newer lines of the history; where there is none, the list. */
static void up_or_down(struct sb_screen *screen, int step)
{
    struct sb_palette *const palette = &screen->palette;
    const uint32_t kept = palette->history_count < SB_PALETTE_HISTORY ? palette->history_count : SB_PALETTE_HISTORY;
    const bool is_history = palette->history_back > 0 || (palette->line[0] == '\0' && step < 0 && palette->selected == 0);
    if (is_history && kept > 0) {
        const uint32_t back = step < 0 ? palette->history_back + 1 : palette->history_back - 1;
        palette->history_back = back > kept ? kept : back;
        set_line(screen, palette->history_back == 0 ? "" : palette->history[(palette->history_count - palette->history_back) % SB_PALETTE_HISTORY]);
    } else if (palette->count > 0) {
        palette->selected = (palette->selected + palette->count + (uint32_t)step) % palette->count;
    }
}

static void page(struct sb_palette *palette, bool is_down)
{
    const uint32_t last = palette->count == 0 ? 0 : palette->count - 1;
    if (is_down)
        palette->selected = palette->selected + SB_PALETTE_ROWS < last ? palette->selected + SB_PALETTE_ROWS : last;
    else
        palette->selected = palette->selected > SB_PALETTE_ROWS ? palette->selected - SB_PALETTE_ROWS : 0;
}

void sb_palette_key(struct sb_screen *screen, uint32_t key, bool is_typed, struct sb_now now, struct sb_screen_answer *answer)
{
    struct sb_palette *const palette = &screen->palette;
    if (key == SB_KEY_ENTER) {
        if (is_typed)
            run(screen, now, answer);
        else
            sb_notice_say(screen, now, true, "pasted or flooded text runs nothing; press Enter");
    } else if (key == SB_KEY_ESCAPE || key == 7 || ((key == SB_KEY_BACKSPACE || key == 8) && palette->line[0] == '\0')) {
        palette->is_open = false;
    } else if (key == SB_KEY_TAB) {
        complete(screen);
    } else if (key == SB_KEY_UP || key == SB_KEY_BACKTAB) {
        up_or_down(screen, -1);
    } else if (key == SB_KEY_DOWN) {
        up_or_down(screen, 1);
    } else if (key == SB_KEY_PAGE_DOWN || key == SB_KEY_PAGE_UP) {
        page(palette, key == SB_KEY_PAGE_DOWN);
    } else if (key == 8 || key == 21 || (key >= 0x20 && (key < SB_KEY_UP || key == SB_KEY_BACKSPACE))) {
        sb_edit_text(palette->line, sizeof palette->line, key);
        palette->history_back = 0;
        sb_palette_list(screen);
    }
}

/* ---- drawing ---- */

static void draw_entry(const struct sb_screen *screen, const struct sb_view *view, unsigned row, uint32_t at)
{
    const struct sb_palette_entry *const entry = &screen->palette.entries[at];
    const bool is_selected = at == screen->palette.selected;
    const enum sb_slot slot = is_selected ? SB_SLOT_SELECTED : SB_SLOT_DIALOG;
    const unsigned cols = view->box.cols;
    const char *const line = screen->palette.line;
    const size_t skip = entry->verb > 0 ? strlen(sb_palette_verbs[entry->verb - 1].word) : 0;
    char name[2 * SB_NAME_MAX + 2], about[200];
    bool marks[sizeof name] = {false};
    struct sb_text text;
    sb_text_init(&text, name, sizeof name);
    sb_palette_name(screen, entry, &text);
    const char *const word = line + skip + strspn(line + skip, " ");
    sb_fuzzy_mark(word, screen->palette.args_at > 0 ? strcspn(word, " ") : strlen(word), name, text.len, marks);
    sb_view_fill(view, row, 0, cols, ' ', ' ', slot);
    sb_view_fill(view, row, 0, 1, is_selected ? '>' : ' ', is_selected ? '>' : ' ', slot);
    sb_view_field(view, row, 2, NAME_COLS, false, slot, name);
    for (unsigned i = 0; i < text.len && i < NAME_COLS; i++) { /* names are ASCII, a column each */
        if (marks[i])
            sb_view_paint(view, row, 2 + i, 1, SB_SLOT_MATCH);
    }
    sb_view_field(view, row, 3 + NAME_COLS, KIND_COLS, false, is_selected ? slot : SB_SLOT_DIM, kind_words[entry->kind]);
    unsigned left = 4 + NAME_COLS + KIND_COLS;
    if (entry->kind == SB_PALETTE_ACTION && left + 9 < cols) {
        const struct sb_keymap_row *const keys = &sb_keymap[entry->id];
        const char class[2] = {keys->class, '\0'};
        char key[16];
        sb_text_init(&text, key, sizeof key);
        if (screen->keys.keys[entry->id][0] == 0)
            sb_text_add(&text, "-");
        else
            sb_key_name(screen->keys.keys[entry->id][0], &text);
        sb_view_field(view, row, left, 1, false, is_selected ? slot : SB_SLOT_DIALOG, class);
        sb_view_field(view, row, left + 2, 6, false, is_selected ? slot : SB_SLOT_KEY, key);
        left += 9;
    }
    sb_text_init(&text, about, sizeof about);
    sb_palette_about(screen, entry, &text);
    if (left < cols)
        sb_view_field(view, row, left, cols - left, false, slot, about);
}

static void draw_prompt(const struct sb_screen *screen, const struct sb_view *view, unsigned row)
{
    sb_view_fill(view, row, 0, view->box.cols, ' ', ' ', SB_SLOT_PROMPT);
    sb_view_text(view, row, 0, 1, SB_SLOT_KEY, ":");
    const unsigned used = sb_view_text(view, row, 1, view->box.cols, SB_SLOT_PROMPT, screen->palette.line);
    sb_view_fill(view, row, 1 + used, 1, '_', '_', SB_SLOT_PROMPT);
    view->grid->cursor_row = (uint16_t)(view->box.row + row);
    view->grid->cursor_col = (uint16_t)(1U + used < view->box.cols ? 1U + used : view->box.cols - 1U);
}

static void draw_preview(const struct sb_screen *screen, const struct sb_view *view, unsigned row)
{
    const struct sb_palette *const palette = &screen->palette;
    char buffer[256];
    struct sb_text text;
    sb_text_init(&text, buffer, sizeof buffer);
    if (palette->count == 0)
        sb_text_add(&text, "nothing is called that");
    else
        sb_palette_preview(screen, &palette->entries[palette->selected], &text);
    sb_view_field(view, row, 0, view->box.cols, false, SB_SLOT_BAR, buffer);
}

void sb_palette_draw(const struct sb_screen *screen, const struct sb_view *whole)
{
    const struct sb_palette *const palette = &screen->palette;
    const unsigned rows = whole->box.rows, hint_rows = rows >= 8 ? 1 : 0;
    const unsigned prompt = rows - 1U - hint_rows;
    if (hint_rows > 0) {
        sb_view_fill(whole, rows - 1U, 0, whole->box.cols, ' ', ' ', SB_SLOT_TEXT);
        sb_view_text(whole, rows - 1U, 0, whole->box.cols, SB_SLOT_DIM, "Enter runs  Tab completes  Down chooses  Up: what was run before  Esc back");
    }
    if (prompt > 0)
        draw_preview(screen, whole, prompt - 1);
    /* Two lines of the header stay: what is wrong is never hidden. */
    const unsigned room = prompt > 4 ? prompt - 4U : 0, most = room < SB_PALETTE_ROWS ? room : SB_PALETTE_ROWS;
    const unsigned shown = palette->count < most ? palette->count : most;
    const uint32_t first = palette->selected >= most && most > 0 ? palette->selected - most + 1 : 0;
    for (unsigned i = 0; i < shown; i++)
        draw_entry(screen, whole, prompt - 1U - shown + i, first + i);
    if (room > 0) {
        char right[40];
        struct sb_text text;
        sb_text_init(&text, right, sizeof right);
        sb_text_add_u64(&text, palette->count == 0 ? 0 : first + 1U);
        sb_text_add(&text, "-");
        sb_text_add_u64(&text, first + shown);
        sb_text_add(&text, "/");
        sb_text_add_u64(&text, palette->total);
        const struct sb_view title = sb_view_part(whole, prompt - 2U - shown, 0, 1, whole->box.cols);
        sb_view_title(&title, 0, '\0', "Command", "an action, a name, or both", right, true);
    }
    draw_prompt(screen, whole, prompt);
}
