/* config show [PREFIX] [--origin] [--json]: the effective values, and where each of them was given. */
#include "client.h"

#include "signalbox/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOCUMENT_MAX = 8 << 20 };

struct showing {
    const char *prefix;
    bool has_origin;
    size_t count;
    struct sb_json_out *json; /* NULL: as lines */
};

/* Whether the key is the prefix itself or under it. */
static bool is_wanted(const char *key, const char *prefix)
{
    const size_t size = strlen(prefix);
    return strncmp(key, prefix, size) == 0 && (size == 0 || key[size] == '\0' || key[size] == '.');
}

static const char *layer_of(const struct sb_config_value *value)
{
    if (value->is_default)
        return value->is_derived ? "derived" : "built-in";
    if (value->line > 0)
        return "file";
    return strncmp(value->file, "--", 2) == 0 ? "flag" : strncmp(value->file, "SIGNALBOX_", 10) == 0 ? "environment" : "program";
}

static void show_as_json(struct sb_json_out *json, const struct sb_config_value *value)
{
    sb_json_object_begin(json);
    sb_json_key(json, "key");
    sb_json_string(json, value->key);
    sb_json_key(json, "value");
    sb_json_string(json, value->value);
    sb_json_key(json, "layer");
    sb_json_string(json, layer_of(value));
    sb_json_key(json, "origin");
    sb_json_string(json, value->file);
    sb_json_key(json, "line");
    sb_json_integer(json, value->line);
    sb_json_key(json, "column");
    sb_json_integer(json, value->column);
    sb_json_object_end(json);
}

static void show_as_line(const struct showing *showing, const struct sb_config_value *value)
{
    show_text(value->key, 0, 0);
    (void)fputs(" = ", stdout);
    if (value->is_derived)
        (void)fputs("(", stdout);
    show_text(value->value, 0, 0);
    if (value->is_derived)
        (void)fputs(")", stdout);
    if (showing->has_origin) {
        (void)fputs("  # ", stdout);
        show_text(value->file != NULL ? value->file : layer_of(value), 0, 0);
        if (value->line > 0)
            (void)printf(":%u:%u", (unsigned)value->line, (unsigned)value->column);
    }
    (void)putchar('\n');
}

static void show_value(void *arg, const struct sb_config_value *value)
{
    struct showing *showing = arg;
    if (!is_wanted(value->key, showing->prefix))
        return;
    showing->count++;
    if (showing->json != NULL)
        show_as_json(showing->json, value);
    else
        show_as_line(showing, value);
}

/* Options that are settings too are values of the flags' layer, or of the environment's. */
static int add_flags(struct options *options)
{
    const char *state_dir = getenv("SIGNALBOX_STATE_DIR");
    int code = EXIT_OK;
    if (options->theme != NULL)
        code = options_override(options, "settings.theme", options->theme, "--theme");
    if (code == EXIT_OK && options->bell > 0)
        code = options_override(options, "settings.bell", sb_bell_text((unsigned)options->bell - 1), "--bell");
    if (code == EXIT_OK && options->state_dir != NULL)
        code = options_override(options, "settings.state_dir", options->state_dir,
                                options->state_dir == state_dir ? "SIGNALBOX_STATE_DIR" : "--state-dir");
    return code;
}

static int show(struct showing *showing, const char *path)
{
    if (showing->json != NULL)
        sb_json_array_begin(showing->json);
    else if (showing->has_origin && showing->prefix[0] == '\0')
        (void)printf("# %s\n", path);
    bool is_told = sb_config_each(show_value, showing);
    if (showing->json != NULL)
        sb_json_array_end(showing->json);
    if (is_told && showing->count == 0) {
        sb_json_out_destroy(showing->json);
        complain("config show %.80s: no key begins so; `signalbox config reference` lists them", showing->prefix);
        return EXIT_NO;
    }
    if (!is_told)
        complain("out of memory");
    if (showing->json != NULL)
        return print_document(showing->json);
    return is_told ? EXIT_OK : EXIT_BUG;
}

int config_show(struct options *options)
{
    struct paths paths;
    struct sb_catalogue *catalogue = NULL;
    struct sb_error error = { 0 };
    if (options->positional_count > 2) {
        complain("config show: expected at most one key to begin with, as in config show settings");
        return EXIT_USAGE;
    }
    enum sb_err rc = paths_find(&paths, options, "default", &error);
    if (rc != SB_OK) {
        complain("%s", error.text);
        return exit_code_of(rc);
    }
    int code = add_flags(options);
    if (code == EXIT_OK)
        code = load_catalogue(&catalogue, options, &paths);
    if (code != EXIT_OK)
        return code;
    struct showing showing = { .prefix = options->positional_count == 2 ? options->positionals[1] : "", .has_origin = options->is_origin,
                               .json = options->is_json ? sb_json_out_create(DOCUMENT_MAX) : NULL };
    if (options->is_json && showing.json == NULL) {
        complain("out of memory");
        code = EXIT_BUG;
    } else {
        code = show(&showing, paths.catalogue);
    }
    sb_catalogue_destroy(catalogue);
    return code;
}
