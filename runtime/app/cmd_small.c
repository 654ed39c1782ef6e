/* The small subcommands: config, db, version. */
#include "app.h"

#include "signalbox/api/api.h"
#include "signalbox/os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *topic_of(const struct options *options)
{
    return options->positional_count > 0 ? options->positionals[0] : "";
}

static int print_made(char *text)
{
    if (text == NULL) {
        complain("out of memory");
        return EXIT_BUG;
    }
    (void)puts(text);
    free(text);
    return EXIT_OK;
}

/* config check [FILE] and config catalogue [FILE]: load it, then say it is fine or print it as a page. */
static int config_load(struct options *options, bool is_page)
{
    struct paths paths;
    struct sb_catalogue *catalogue = NULL;
    struct sb_error error = { 0 };
    if (options->positional_count > 1)
        options->catalogue = options->positionals[1];
    enum sb_err rc = paths_find(&paths, options, "default", &error);
    if (rc != SB_OK) {
        complain("%s", error.text);
        return exit_code_of(rc);
    }
    int code = load_catalogue(&catalogue, options, &paths);
    if (code == EXIT_OK && is_page)
        catalogue_page_print(catalogue);
    else if (code == EXIT_OK)
        (void)printf("%s: %u jobs, %u steps, %zu sites, config %s\n", paths.catalogue, catalogue->job_count, catalogue->step_count,
                     catalogue->site_count, catalogue->config_hash);
    sb_catalogue_destroy(catalogue);
    return code;
}

static int config_explain(struct options *options)
{
    struct paths paths;
    struct sb_catalogue *catalogue = NULL;
    struct sb_error error = { 0 };
    if (options->positional_count != 2) {
        complain("config explain: expected a key, as in config explain pool.policy");
        return EXIT_USAGE;
    }
    enum sb_err rc = paths_find(&paths, options, "default", &error);
    int code = rc == SB_OK ? load_catalogue(&catalogue, options, &paths) : exit_code_of(rc);
    if (rc != SB_OK)
        complain("%s", error.text);
    const char *origin = code == EXIT_OK ? sb_config_explain(options->positionals[1]) : NULL;
    if (code == EXIT_OK && origin == NULL) {
        complain("no key \"%s\"; `signalbox config reference` lists them", options->positionals[1]);
        code = EXIT_NO;
    } else if (code == EXIT_OK) {
        (void)printf("%s: %s\n", options->positionals[1], origin);
    }
    sb_catalogue_destroy(catalogue);
    return code;
}

int command_config(struct options *options)
{
    const char *topic = topic_of(options);
    if (strcmp(topic, "check") == 0)
        return config_load(options, false);
    if (strcmp(topic, "catalogue") == 0)
        return config_load(options, true);
    if (strcmp(topic, "show") == 0)
        return config_show(options);
    if (strcmp(topic, "explain") == 0)
        return config_explain(options);
    if (strcmp(topic, "schema") == 0)
        return print_made(sb_config_schema());
    if (strcmp(topic, "reference") == 0)
        return print_made(sb_config_reference());
    if (strcmp(topic, "metrics") == 0)
        return print_made(sb_api_metrics_page());
    complain("config %s: expected check [FILE], show [PREFIX], catalogue [FILE], explain KEY, schema, reference or metrics", topic);
    return EXIT_USAGE;
}

/* db backup FILE: the store alone is touched, also while a runtime works on it. */
static int db_backup(struct options *options)
{
    struct installation in;
    struct sb_error error = { 0 };
    char shown[SB_LOCATION_SHOWN_MAX];
    if (options->positional_count != 2) {
        complain("db backup: expected the name of a new file");
        return EXIT_USAGE;
    }
    int code = installation_load(&in, options);
    if (code != EXIT_OK)
        return code;
    const char *path = options->positionals[1];
    const struct sb_op op = { .deadline = sb_now() + SB_HOUR(1) };
    sb_store_show_location(in.catalogue->settings.store, shown);
    enum sb_err rc = sb_store_backup(in.catalogue->settings.store, path, &op, &error);
    if (rc == SB_OK)
        (void)printf("%s: copied to %s and checked\n", shown, path);
    else
        complain("%s", error.text);
    installation_close(&in);
    return exit_code_of(rc);
}

int command_db(struct options *options)
{
    struct installation in;
    char shown[SB_LOCATION_SHOWN_MAX];
    const char *topic = topic_of(options);
    if (strcmp(topic, "backup") == 0)
        return db_backup(options);
    if (strcmp(topic, "status") != 0 && strcmp(topic, "migrate") != 0) {
        complain("db %s: expected status, migrate or backup FILE", topic);
        return EXIT_USAGE;
    }
    int code = installation_open_store(&in, options, strcmp(topic, "status") == 0); /* opening for work migrates */
    if (code != EXIT_OK)
        return code;
    struct sb_error error = { 0 };
    struct sb_op op = { .deadline = sb_now() + SB_S(10) };
    enum sb_err rc = in.services.store->ops->check(in.services.store, &op, &error);
    sb_store_show_location(in.catalogue->settings.store, shown);
    if (rc == SB_OK)
        (void)printf("%s: ok (%s)\n", shown, in.services.store->ops->name);
    else
        complain("%s: %s", shown, error.text);
    installation_close(&in);
    return exit_code_of(rc);
}

int command_version(struct options *options)
{
    if (options->is_json)
        (void)printf("{\"version\":\"%s\",\"commit\":\"%s\",\"build\":\"%s\",\"libraries\":{}}\n", SB_VERSION, SB_COMMIT, SB_BUILD);
    else
        (void)printf("signalbox %s (%s, %s)\n", SB_VERSION, SB_COMMIT, SB_BUILD);
    return EXIT_OK;
}
