/* Inside tui: the themes a folder has. */
#ifndef SB_TUI_THEMES_H
#define SB_TUI_THEMES_H

#include <stddef.h>

/* Their names with blanks between them; "" when the folder names none. */
void sb_themes_list(const char *theme_dir, char *out, size_t cap);

#endif
