/* Loading the catalogue with its overrides, and telling all its mistakes at once. */
#include "app.h"

#include "signalbox/os/os.h"

#include <stdio.h>
#include <stdlib.h>

enum { ERRORS_TEXT_MAX = 32768 };

static void print_mistakes(const struct sb_config_errors *errors)
{
    char *buf = malloc(ERRORS_TEXT_MAX);
    struct sb_text text;
    if (buf == NULL) {
        complain("out of memory while telling %zu configuration mistakes", errors->total);
        return;
    }
    sb_text_init(&text, buf, ERRORS_TEXT_MAX);
    sb_config_errors_print(errors, &text);
    (void)fputs(buf, stderr);
    free(buf);
}

/* `prices` gets the path that the source borrows. */
static struct sb_config_source source_of(const struct options *options, const struct paths *paths, char prices[PATH_BYTES + 16])
{
    (void)snprintf(prices, PATH_BYTES + 16, "%s/prices.yaml", paths->data_dir);
    return (struct sb_config_source){
        .catalogue_path = paths->catalogue,
        .site_dirs = { paths->user_site_dir, paths->site_dir },
        .prices_path = prices,
        .overrides = options->overrides,
        .override_count = options->override_count,
        .now = sb_wall_now(), /* the prices of today */
    };
}

enum sb_err load_effective(const struct options *options, const struct paths *paths, char **text, char hash[SB_NAME_MAX], struct sb_error *err)
{
    char prices[PATH_BYTES + 16];
    const struct sb_config_source source = source_of(options, paths, prices);
    return sb_config_effective(&source, text, hash, err);
}

int load_catalogue(struct sb_catalogue **catalogue, const struct options *options, const struct paths *paths)
{
    char prices[PATH_BYTES + 16];
    const struct sb_config_source source = source_of(options, paths, prices);
    struct sb_error error = { 0 };

    if (paths->catalogue[0] == '\0') {
        complain("no catalogue: write one to ~/.config/signalbox/catalogue.yaml or name it with --catalogue FILE\n"
                 "(shipped examples are in %s; `signalbox practice` needs none)", paths->data_dir);
        return EXIT_CONFIGURATION;
    }
    struct sb_config_errors *errors = calloc(1, sizeof(*errors));
    if (errors == NULL)
        return EXIT_BUG;
    enum sb_err rc = sb_config_load(catalogue, &source, errors, &error);
    if (rc != SB_OK && errors->count > 0)
        print_mistakes(errors);
    else if (rc != SB_OK)
        complain("%s", error.text);
    free(errors);
    const char *store = rc == SB_OK ? (*catalogue)->settings.store : NULL;
    if (store != NULL && (rc = sb_store_check_location(store, &error)) != SB_OK) {
        const char *place = sb_config_explain("settings.store");
        complain("%s: %s", place != NULL ? place : paths->catalogue, error.text);
        sb_catalogue_destroy(*catalogue);
        *catalogue = NULL;
    }
    return exit_code_of(rc);
}
