/* Owns texts of labelled lines. Pure. */
#include "lines.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { LINE_MAX_BYTES = 512 };

void sb_lines_begin(struct sb_lines *lines, struct sb_screen *screen, const struct sb_view *view, enum sb_pane pane)
{
    struct sb_scroll *const scroll = &screen->scrolls[pane];
    const uint32_t rows = view->box.rows, drawn = screen->line_counts[pane];
    if (scroll->selected + rows > drawn) /* the text ends where it ends */
        scroll->selected = drawn > rows ? drawn - rows : 0;
    *lines = (struct sb_lines){.screen = screen, .view = view, .pane = pane, .top = screen->focus == pane ? scroll->selected : 0};
}

void sb_lines_end(struct sb_lines *lines, struct sb_text *right)
{
    const uint32_t rows = lines->view->box.rows, last = lines->top + rows;
    lines->screen->line_counts[lines->pane] = lines->count;
    lines->screen->visible[lines->pane] = rows;
    if (lines->count <= rows)
        return;
    sb_text_add_u64(right, lines->top + 1U);
    sb_text_add(right, "-");
    sb_text_add_u64(right, last < lines->count ? last : lines->count);
    sb_text_add(right, "/");
    sb_text_add_u64(right, lines->count);
}

unsigned sb_lines_row(struct sb_lines *lines, bool *is_visible)
{
    const uint32_t at = lines->count++;
    *is_visible = at >= lines->top && at - lines->top < lines->view->box.rows;
    return *is_visible ? at - lines->top : 0;
}

void sb_lines_say(struct sb_lines *lines, enum sb_slot slot, const char *label, const char *text)
{
    bool is_visible = false;
    const unsigned row = sb_lines_row(lines, &is_visible), cols = lines->view->box.cols;
    if (!is_visible)
        return;
    sb_view_field(lines->view, row, 1, 7, false, SB_SLOT_DIM, label);
    if (cols > SB_LINES_TEXT)
        sb_view_field(lines->view, row, SB_LINES_TEXT, cols - SB_LINES_TEXT, false, slot, text);
}

/* Bytes of the text that fit into `room` columns: whole words, or whole characters when there is no space. */
static size_t fitting(const struct sb_view *view, const char *text, unsigned room)
{
    size_t size = 0, space = 0;
    const size_t length = strlen(text);
    while (size < length && size + 4 < LINE_MAX_BYTES && sb_view_width(text, size + 1, view->is_ascii, room + 1) <= room) {
        if (text[size] == ' ')
            space = size;
        size++;
    }
    while (size > 0 && size < length && ((unsigned char)text[size] & 0xc0U) == 0x80)
        size--;
    if (size < length && space > 0)
        size = space;
    return size == 0 ? length : size;
}

void sb_lines_say_all(struct sb_lines *lines, enum sb_slot slot, const char *label, const char *text, unsigned max)
{
    const unsigned room = lines->view->box.cols > SB_LINES_TEXT + 1 ? lines->view->box.cols - SB_LINES_TEXT - 1U : 1;
    char line[LINE_MAX_BYTES];
    for (unsigned i = 0; i < max; i++) {
        const size_t size = fitting(lines->view, text, room);
        if (i + 1 == max) { /* the last one shows that there was more */
            sb_lines_say(lines, slot, i == 0 ? label : "", text);
            return;
        }
        sb_copy_n(line, sizeof line, text, size);
        sb_lines_say(lines, slot, i == 0 ? label : "", line);
        text += size;
        while (*text == ' ')
            text++;
        if (*text == '\0')
            return;
    }
}

void sb_lines_head(struct sb_lines *lines, const char *text)
{
    bool is_visible = false;
    if (lines->count > 0)
        (void)sb_lines_row(lines, &is_visible);
    const unsigned row = sb_lines_row(lines, &is_visible);
    if (is_visible)
        sb_view_text(lines->view, row, 1, lines->view->box.cols - 1U, SB_SLOT_HEADER, text);
}

void sb_lines_event(struct sb_lines *lines, const char *label, const struct sb_event *event)
{
    static const char letters[SB_SEVERITY_COUNT] = {'D', 'I', 'W', 'E', 'P'};
    static const uint8_t slots[SB_SEVERITY_COUNT] = {SB_SLOT_DIM, SB_SLOT_TEXT, SB_SLOT_WARN, SB_SLOT_BAD, SB_SLOT_BAD};
    const unsigned severity = sb_event_severity(event) < SB_SEVERITY_COUNT ? sb_event_severity(event) : SB_SEVERITY_ERROR;
    const struct sb_event_names names = sb_model_names(lines->screen->model);
    char line[LINE_MAX_BYTES];
    struct sb_text text;
    sb_text_init(&text, line, sizeof line);
    sb_add_when(lines->screen, &text, event->wall);
    sb_text_add_char(&text, ' ');
    sb_text_add_char(&text, letters[severity]);
    sb_text_add_char(&text, ' ');
    sb_event_text(event, &names, &text);
    sb_lines_say(lines, (enum sb_slot)slots[severity], label, line);
}

void sb_lines_text(struct sb_lines *lines, const char *text)
{
    char line[LINE_MAX_BYTES];
    while (*text != '\0') {
        const size_t size = strcspn(text, "\n");
        sb_copy_n(line, sizeof line, text, size);
        const char *const words = line[0] == '=' && line[1] == ' ' ? line + 2 : line;
        if (words != line) {
            sb_lines_head(lines, words);
        } else {
            const unsigned cols = lines->view->box.cols;
            const char *at = line;
            do { /* folded at the width */
                bool is_visible = false;
                const size_t fits = fitting(lines->view, at, cols > 2 ? cols - 2U : 1);
                const unsigned row = sb_lines_row(lines, &is_visible);
                if (is_visible)
                    sb_view_text_n(lines->view, row, 1, cols, SB_SLOT_TEXT, at, fits);
                at += fits;
                at += *at == ' ';
            } while (*at != '\0');
        }
        text += size + (text[size] == '\n');
    }
}

void sb_add_when(const struct sb_screen *screen, struct sb_text *out, struct sb_wall at)
{
    const int64_t day = SB_DAY(1);
    if (at.ns == 0)
        sb_text_add(out, "-");
    else if (at.ns / day == screen->now.wall.ns / day)
        sb_text_add_clock(out, at);
    else
        sb_text_add_wall(out, at, false);
}

sb_ns sb_time_between(sb_ns from, sb_ns to)
{
    sb_ns between = 0;
    if (to <= from)
        return 0;
    return __builtin_sub_overflow(to, from, &between) ? INT64_MAX : between;
}

static const struct sb_field *field_of(const struct sb_event *event, const char *name)
{
    const struct sb_kind_info *const info = &sb_event_infos[event->kind < SB_EVENT_COUNT ? event->kind : 0];
    for (unsigned i = 0; i < info->field_count; i++) {
        if (sb_streq(info->fields[i].name, name))
            return &info->fields[i];
    }
    return NULL;
}

uint64_t sb_event_field(const struct sb_event *event, const char *name)
{
    const struct sb_field *const field = field_of(event, name);
    uint64_t wide = 0;
    uint32_t word = 0;
    uint16_t half = 0;
    if (field == NULL)
        return 0;
    const unsigned char *const at = (const unsigned char *)&event->as + field->offset;
    switch (sb_field_size(field->type)) {
    case sizeof wide:
        memcpy(&wide, at, sizeof wide);
        return wide;
    case sizeof word:
        memcpy(&word, at, sizeof word);
        return word;
    case sizeof half:
        memcpy(&half, at, sizeof half);
        return half;
    case 1:
        return *at;
    }
    return 0; /* a text is no number */
}

bool sb_event_is_of_job(const struct sb_event *event, uint16_t job)
{
    return field_of(event, "job") != NULL && sb_event_field(event, "job") == job;
}
