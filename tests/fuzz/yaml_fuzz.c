/* Hostile bytes as a catalogue: loading must end with a catalogue or with mistakes, without a leak and within bounds.
 * The first byte chooses whether the bytes are the catalogue's file or KEY=VALUE of an override.
 *
 * Rooms: config model base */
#include "signalbox/config/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(enum sb_err code, struct sb_catalogue *catalogue, const struct sb_config_errors *errors)
{
    static char page[65536];
    struct sb_text out;
    sb_text_init(&out, page, sizeof page);
    sb_config_errors_print(errors, &out);
    if ((code == SB_OK) != (catalogue != NULL) || (code == SB_OK) != (errors->total == 0) || errors->count > SB_CONFIG_ERRORS_MAX) {
        abort();
    }
    for (size_t i = 0; i < out.len; i++) {
        if (page[i] == '\x1b' || (page[i] != '\n' && (unsigned char)page[i] < 0x20)) {
            abort(); /* nothing may steer the terminal */
        }
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const char PLAIN[] = "catalogue: t\njobs: {a: {steps: [{exec: {argv: [a]}}]}}\n";
    static struct sb_config_errors errors;
    struct sb_catalogue *catalogue = NULL;
    struct sb_config_override override = {.origin = "--set"};
    struct sb_config_source source = {.site_dirs = {"/nonexistent"}, .prices_path = NULL};
    char *text = malloc(size + 1);
    if (size == 0 || text == NULL) {
        free(text);
        return 0;
    }
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    if (data[0] == '=') {
        char *value = strchr(text, '=');
        override.key = text;
        override.value = value != NULL ? value + 1 : "1";
        if (value != NULL) {
            *value = '\0';
        }
        source.overrides = &override;
        source.override_count = 1;
        enum sb_err code = sb_config_load_text(&catalogue, "/nonexistent/fuzz.yaml", PLAIN, strlen(PLAIN), &source, &errors, NULL);
        check(code, catalogue, &errors);
    } else {
        enum sb_err code = sb_config_load_text(&catalogue, "/nonexistent/fuzz.yaml", text, size - 1, &source, &errors, NULL);
        check(code, catalogue, &errors);
    }
    sb_catalogue_destroy(catalogue);
    free(text);
    return 0;
}
