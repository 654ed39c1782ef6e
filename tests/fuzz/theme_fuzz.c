/* Theme files are written by operators: any bytes are either a theme whose every style can be shown, or a mistake with a place.
 * Rooms: tui_theme base */
#include "signalbox/tui/theme.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sb_theme theme;
    struct sb_theme_mistakes mistakes;
    struct sb_error err = { SB_OK, "" };

    enum sb_err rc = sb_theme_parse(&theme, "fuzz", (const char *)data, size, &mistakes, &err);
    if (rc == SB_ERR_CONFIG && (mistakes.count == 0 || strncmp(err.text, "fuzz.theme:", 11) != 0)) {
        abort();
    }
    for (size_t slot = 0; rc == SB_OK && slot < SB_SLOT_COUNT; slot++) {
        for (unsigned ability = SB_ABILITY_MONO; ability <= SB_ABILITY_TRUE; ability++) {
            struct sb_style_shown shown = sb_style_show(theme.styles[slot], (enum sb_ability)ability);
            if (shown.fg != -1 && shown.fg == shown.bg) {
                abort();
            }
        }
    }
    for (const char *c = err.text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || (unsigned char)*c > '~') {
            abort(); /* an error text goes to a terminal */
        }
    }
    return 0;
}
