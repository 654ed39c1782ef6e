/* Documents as tables and fields. What they quote may come from pages and models: nothing of it reaches the terminal but visible text. */
#include "client.h"

#include "signalbox/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_MAX = 1024 };

/* C0, C1, bidi controls, zero-width and line separators. */
static bool is_visible(uint32_t c)
{
    return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && !(c >= 0x200b && c <= 0x200f) && !(c >= 0x2028 && c <= 0x202e) &&
           !(c >= 0x2060 && c <= 0x206f) && c != 0xfeff && c != 0xfe0f;
}

void show_text(const char *text, int width, size_t max)
{
    char line[CELL_MAX];
    size_t size = strlen(text), used = 0;
    int columns = 0;
    for (size_t at = 0; at < size;) {
        uint32_t c = 0;
        unsigned count = sb_utf8_decode(text + at, size - at, &c);
        bool is_shown = count > 0 && is_visible(c);
        size_t wanted = is_shown ? count : 1;
        if (used + wanted >= sizeof(line) || (max > 0 && (size_t)columns >= max))
            break;
        if (is_shown)
            memcpy(line + used, text + at, count);
        else
            line[used] = '?';
        used += wanted;
        columns++;
        at += count > 0 ? count : 1;
    }
    line[used] = '\0';
    (void)printf("%s%*s", line, columns < width ? width - columns : 0, "");
}

/* The value as it is printed; "-" when there is none. For free(). */
static char *value_of(const struct sb_json *json, const char *path, const struct show_column *column)
{
    char made[48] = "-";
    struct sb_text text;
    int64_t number = 0;
    enum sb_json_type type = sb_json_type(json, path);
    sb_text_init(&text, made, sizeof(made));
    if (type == SB_JSON_STRING || (type > SB_JSON_NULL && column->as == SHOW_TEXT)) {
        char *as_text = sb_json_text(json, path);
        if (as_text == NULL || as_text[0] != '\0')
            return as_text;
        free(as_text);
    }
    bool is_number = sb_json_i64(json, path, &number);
    if (column->as == SHOW_TIME && is_number) {
        text.len = 0;
        sb_text_add_wall(&text, (struct sb_wall){ SB_MS(number) }, false);
    } else if (column->as == SHOW_MS && is_number) {
        text.len = 0;
        sb_text_add_duration(&text, SB_MS(number));
    } else if (column->as == SHOW_FLAG && type == SB_JSON_BOOL) {
        char *flag = sb_json_text(json, path);
        (void)sb_copy(made, sizeof(made), flag != NULL && sb_streq(flag, "true") ? column->key : "-");
        free(flag);
    } else {
        (void)sb_copy(made, sizeof(made), "-");
    }
    return strdup(made);
}

void show_table(const struct sb_json *json, const char *path, const struct show_column *columns, size_t count)
{
    for (size_t c = 0; c < count; c++)
        (void)printf(c + 1 < count ? "%-*s " : "%-*s\n", c + 1 < count ? columns[c].width : 0, columns[c].title);
    for (size_t r = 0; r < sb_json_count(json, path); r++) {
        for (size_t c = 0; c < count; c++) {
            char at[160];
            (void)snprintf(at, sizeof(at), "%s%s%zu.%s", path, path[0] != '\0' ? "." : "", r, columns[c].key);
            char *value = value_of(json, at, &columns[c]);
            bool is_last = c + 1 == count;
            show_text(value != NULL ? value : "-", is_last ? 0 : columns[c].width, is_last ? 0 : (size_t)columns[c].width);
            (void)fputs(is_last ? "\n" : " ", stdout);
            free(value);
        }
    }
}

void show_fields(const struct sb_json *json, const struct show_column *columns, size_t count)
{
    for (size_t c = 0; c < count; c++) {
        if (sb_json_type(json, columns[c].key) <= SB_JSON_NULL)
            continue;
        char *value = value_of(json, columns[c].key, &columns[c]);
        (void)printf("%-16s ", columns[c].title);
        show_text(value != NULL ? value : "-", 0, 0);
        (void)putchar('\n');
        free(value);
    }
}

int show_document(struct options *options, const char *target, const struct show_page *page)
{
    struct client_reply reply;
    int code = client_get(options, target, &reply);
    if (code == EXIT_OK && options->is_json) {
        (void)puts(reply.body);
    } else if (code == EXIT_OK) {
        show_fields(reply.json, page->fields, page->field_count);
        (void)putchar('\n');
        show_table(reply.json, page->path, page->columns, page->column_count);
    }
    client_reply_deinit(&reply);
    return code;
}

int show_list(struct options *options, const char *target, const char *path, const struct show_column *columns, size_t count)
{
    struct client_reply reply;
    int code = client_get(options, target, &reply);
    if (code == EXIT_OK && options->is_json)
        (void)puts(reply.body);
    else if (code == EXIT_OK)
        show_table(reply.json, path, columns, count);
    client_reply_deinit(&reply);
    return code;
}
