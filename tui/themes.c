/* Owns which themes there are: the names in the folder's INDEX, one a line. */
#include "themes.h"

#include "signalbox/base/text.h"
#include "signalbox/tui/theme.h"

#include <stdio.h>
#include <string.h>

void sb_themes_list(const char *theme_dir, char *out, size_t cap)
{
    char path[512], line[128];
    struct sb_text text;
    sb_text_init(&text, path, sizeof path);
    sb_text_addf(&text, "%s/INDEX", theme_dir);
    sb_text_init(&text, out, cap);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return; /* the palette then offers none; the theme in use was loaded by its name */
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, " \t\r\n")] = '\0';
        const size_t room = cap - text.len;
        if (!sb_theme_name_is_valid(line) || strlen(line) + 2 > room)
            continue; /* a comment, or one too many */
        sb_text_add(&text, text.len == 0 ? "" : " ");
        sb_text_add(&text, line);
    }
    (void)fclose(file);
}
