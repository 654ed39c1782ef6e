/* Loading: files -> trees -> drafts -> one immutable catalogue, or all mistakes at once. One thread; reads files and the environment
 * (TZDIR, STATE_DIRECTORY, XDG_STATE_HOME, HOME), writes nothing. */
#include "load.h"

#include "signalbox/base/assert.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIG_HASH_DIGITS = 12 }; /* as many as people compare */

struct sb_cfg_node *sb_cfg_load_tree(struct sb_cfg_loader *loader, struct sb_cfg_doc *doc)
{
    loader->hash = sb_hash_fold(loader->hash, sb_hash_bytes(doc->original, doc->size));
    return sb_cfg_parse(&loader->scratch, loader->errors, doc);
}

/* ------------------------------------------------------------------------------------------------ places by default */

static const char *default_state_dir(struct sb_cfg_region *region)
{
    char path[1024];
    const char *service = getenv("STATE_DIRECTORY"); /* systemd; may be a list */
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (service != NULL && service[0] == '/') {
        (void)snprintf(path, sizeof path, "%.*s", (int)strcspn(service, ":"), service);
    } else if (state != NULL && state[0] == '/') {
        (void)snprintf(path, sizeof path, "%s/signalbox", state);
    } else if (home != NULL && home[0] == '/') {
        (void)snprintf(path, sizeof path, "%s/.local/state/signalbox", home);
    } else {
        (void)snprintf(path, sizeof path, "/var/lib/signalbox");
    }
    return sb_cfg_take_text(region, path, strlen(path));
}

static void make_settings(struct sb_cfg_loader *loader)
{
    struct sb_settings *settings = &loader->box->catalogue.settings;
    char store[1100];
    *settings = loader->root.settings;
    if (settings->state_dir == NULL) {
        settings->state_dir = default_state_dir(&loader->box->region);
    }
    if (settings->store == NULL && settings->state_dir != NULL) {
        (void)snprintf(store, sizeof store, "sqlite:%s/signalbox.db", settings->state_dir);
        settings->store = sb_cfg_take_text(&loader->box->region, store, strlen(store));
    }
}

/* ------------------------------------------------------------------------------------------------ assembling */

static void make_budget(struct sb_cfg_loader *loader)
{
    const struct sb_cfg_node *budget = sb_cfg_get(loader->tree, "budget");
    loader->box->catalogue.budget = loader->root.budget;
    if (loader->root.budget_zone != NULL) {
        loader->box->catalogue.budget.zone =
            sb_cfg_zone(loader, loader->root.budget_zone, budget != NULL ? sb_cfg_spot(budget, "timezone") : loader->tree);
    }
}

static void finish_hash(struct sb_cfg_loader *loader)
{
    char *digits = loader->box->catalogue.config_hash;
    (void)snprintf(digits, sizeof loader->box->catalogue.config_hash, "%0*" PRIx64, CONFIG_HASH_DIGITS,
                   loader->hash >> (64 - 4 * CONFIG_HASH_DIGITS));
}

static void assemble(struct sb_cfg_loader *loader)
{
    struct sb_catalogue *catalogue = &loader->box->catalogue;
    struct sb_zone *utc = sb_cfg_take(&loader->scratch, 1, sizeof *utc);
    if (utc == NULL) {
        return;
    }
    sb_zone_init_utc(utc);
    loader->zones[loader->zone_count++] = utc;
    catalogue->name = loader->root.name;
    catalogue->path = sb_cfg_take_text(&loader->box->region, loader->path, strlen(loader->path));
    catalogue->pool = loader->root.pool;
    catalogue->content = loader->root.content;
    catalogue->alerts = loader->root.alerts;
    if (sb_cfg_get(loader->tree, "alerts") == NULL) { /* nothing was bound, so nothing put the shipped rules under what the file says */
        sb_alerts_def_init(&catalogue->alerts);
    }
    catalogue->channels = loader->root.channels;
    catalogue->channel_count = loader->root.channel_count;
    make_settings(loader);
    make_budget(loader);
    sb_cfg_load_sites(loader);
    sb_cfg_load_prices(loader);
    sb_cfg_make_aliases(loader);
    sb_cfg_make_jobs(loader);
    sb_cfg_finish_budget(loader);
    sb_cfg_make_zones(loader);
    finish_hash(loader);
    loader->box->origins = loader->binder.origins;
    loader->box->origin_count = loader->binder.origin_count;
}

static void load_doc(struct sb_cfg_loader *loader, struct sb_cfg_doc *doc)
{
    loader->tree = sb_cfg_load_tree(loader, doc);
    if (loader->tree == NULL) {
        return;
    }
    if (loader->tree->kind != SB_CFG_MAP) {
        sb_cfg_blame(&loader->binder, loader->tree, "begin with: catalogue: NAME", "a catalogue is a map, not a %s",
                     sb_cfg_kind_text(loader->tree->kind));
        return;
    }
    sb_cfg_apply_overrides(loader, loader->tree, "");
    sb_cfg_bind(&loader->binder, &sb_cfg_root_section, loader->tree, &loader->root);
    sb_cfg_write_effective(loader, &sb_cfg_root_section, loader->tree, "");
    assemble(loader);
}

/* ------------------------------------------------------------------------------------------------ the calls */

static void loader_deinit(struct sb_cfg_loader *loader)
{
    sb_cfg_region_free(&loader->scratch);
    if (loader->box != NULL) {
        sb_catalogue_destroy(&loader->box->catalogue);
    }
    free(loader);
}

static struct sb_cfg_loader *loader_create(const struct sb_config_source *source, const char *path, struct sb_config_errors *errors)
{
    struct sb_cfg_loader *loader = calloc(1, sizeof *loader);
    if (loader == NULL) {
        return NULL;
    }
    loader->source = source;
    loader->path = path;
    loader->errors = errors;
    loader->box = calloc(1, sizeof *loader->box);
    if (loader->box == NULL) {
        loader_deinit(loader);
        return NULL;
    }
    loader->binder =
        (struct sb_cfg_binder){.errors = errors, .scratch = &loader->scratch, .kept = &loader->box->region};
    return loader;
}

/* `yaml` NULL: read the file. `effective` NULL: the catalogue is loaded, and explained from now on. */
static enum sb_err load(struct sb_catalogue **catalogue, const char *path, const char *yaml, size_t size,
                        const struct sb_config_source *source, struct sb_cfg_out *effective, struct sb_config_errors *errors, struct sb_error *err)
{
    struct sb_config_errors *found = calloc(1, sizeof *found);
    struct sb_cfg_loader *loader = found != NULL ? loader_create(source, path, found) : NULL;
    enum sb_err code = SB_OK;
    if (loader == NULL) {
        free(found);
        return sb_error_set(err, SB_ERR_NOMEM, "no memory to load %s", path);
    }
    loader->effective = effective;
    struct sb_cfg_doc *doc = yaml != NULL ? sb_cfg_doc_copy(&loader->scratch, found, path, yaml, size)
                                          : sb_cfg_doc_read(&loader->scratch, found, path, false);
    if (doc != NULL) {
        load_doc(loader, doc);
    }
    sb_cfg_sort(found);
    if (loader->scratch.is_exhausted || loader->box->region.is_exhausted) {
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory to load %s", path);
    } else if (found->total > 0) {
        const struct sb_config_error *first = &found->items[0];
        code = sb_error_set(err, SB_ERR_CONFIG, "%zu configuration mistake%s, the first in %.100s:%u:%u: %.150s", found->total,
                            found->total == 1 ? "" : "s", first->path, (unsigned)first->line, (unsigned)first->column, first->message);
    } else {
        *catalogue = &loader->box->catalogue;
        if (effective == NULL) {
            sb_cfg_explain_set(loader->box);
        }
        loader->box = NULL;
    }
    if (errors != NULL) {
        *errors = *found;
    }
    free(found);
    loader_deinit(loader);
    return code;
}

enum sb_err sb_config_load(struct sb_catalogue **catalogue, const struct sb_config_source *source, struct sb_config_errors *errors,
                           struct sb_error *err)
{
    SB_ASSERT(source->catalogue_path != NULL);
    return load(catalogue, source->catalogue_path, NULL, 0, source, NULL, errors, err);
}

enum sb_err sb_config_load_text(struct sb_catalogue **catalogue, const char *name, const char *yaml, size_t size,
                                const struct sb_config_source *source, struct sb_config_errors *errors, struct sb_error *err)
{
    static const struct sb_config_source NOTHING;
    SB_ASSERT(yaml != NULL);
    return load(catalogue, name, yaml, size, source != NULL ? source : &NOTHING, NULL, errors, err);
}

enum sb_err sb_config_effective(const struct sb_config_source *source, char **text, char hash[SB_NAME_MAX], struct sb_error *err)
{
    struct sb_cfg_out out = {.size = 0};
    struct sb_catalogue *catalogue = NULL;
    enum sb_err code = load(&catalogue, source->catalogue_path, NULL, 0, source, &out, NULL, err);
    char *written = sb_cfg_out_take(&out);
    if (code == SB_OK && written == NULL) {
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for the configuration of %s", source->catalogue_path);
    }
    if (code == SB_OK) {
        (void)sb_copy(hash, SB_NAME_MAX, catalogue->config_hash);
        *text = written;
        written = NULL;
    }
    free(written);
    sb_catalogue_destroy(catalogue);
    return code;
}

void sb_catalogue_destroy(struct sb_catalogue *catalogue)
{
    if (catalogue == NULL) {
        return;
    }
    struct sb_cfg_box *box = (struct sb_cfg_box *)catalogue; /* its first member */
    sb_cfg_explain_forget(box);
    sb_cfg_region_free(&box->region);
    free(box);
}
