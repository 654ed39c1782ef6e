/* Prices: read, and the one of the day picked for each alias. One thread. No clock: the day is given. */
#include "load.h"

#include <stdio.h>
#include <string.h>

/* prices.yaml beside the catalogue unless a path is given. */
static void prices_path(const struct sb_cfg_loader *loader, char *path, size_t cap)
{
    const char *slash = strrchr(loader->path, '/');
    if (loader->source->prices_path != NULL) {
        (void)sb_copy(path, cap, loader->source->prices_path);
    } else {
        (void)snprintf(path, cap, "%.*sprices.yaml", slash != NULL ? (int)(slash - loader->path + 1) : 0, loader->path);
    }
}

static int64_t day_of(const char *date)
{
    int64_t days = 0;
    (void)sb_cfg_scan_date(date, &days); /* passed sb_cfg_check_date */
    return days;
}

static void check_twice(struct sb_cfg_loader *loader)
{
    for (size_t i = 0; i < loader->prices.row_count; i++) {
        const struct sb_cfg_price *row = &loader->prices.rows[i];
        for (size_t k = 0; k < i && row->model != NULL && row->effective_from != NULL; k++) {
            const struct sb_cfg_price *other = &loader->prices.rows[k];
            if (sb_streq(row->model, other->model) && sb_streq(row->effective_from, other->effective_from)) {
                sb_cfg_blame(&loader->binder, sb_cfg_spot(row->node, "effective_from"), NULL,
                             "%s has two prices from %s on; the other is in line %u", row->model, row->effective_from,
                             (unsigned)other->node->line);
                break;
            }
        }
    }
}

void sb_cfg_load_prices(struct sb_cfg_loader *loader)
{
    char path[1024];
    bool is_optional = loader->source->prices_path == NULL;
    prices_path(loader, path, sizeof path);
    struct sb_cfg_doc *doc = sb_cfg_doc_read(&loader->scratch, loader->errors, path, is_optional);
    struct sb_cfg_node *tree = doc != NULL ? sb_cfg_load_tree(loader, doc) : NULL;
    if (tree != NULL) {
        (void)sb_copy(loader->binder.path, sizeof loader->binder.path, "prices");
        loader->binder.path_size = 6;
        sb_cfg_bind(&loader->binder, &sb_cfg_prices_section, tree, &loader->prices);
        loader->binder.path_size = 0;
        check_twice(loader);
    }
}

/* The row of the model that is in force; NULL after a report. */
static const struct sb_cfg_price *find_price(struct sb_cfg_loader *loader, const struct sb_cfg_node *node, const char *model)
{
    char hint[120];
    const struct sb_cfg_price *best = NULL;
    const struct sb_cfg_price *later = NULL;
    struct sb_cfg_guess guess;
    int64_t today = loader->source->now.ns == 0 ? INT64_MAX : loader->source->now.ns / SB_DAY(1);
    sb_cfg_guess_init(&guess, model);
    for (size_t i = 0; i < loader->prices.row_count; i++) {
        const struct sb_cfg_price *row = &loader->prices.rows[i];
        if (row->model == NULL || row->effective_from == NULL) {
            continue;
        }
        if (!sb_streq(row->model, model)) {
            sb_cfg_guess_try(&guess, row->model);
        } else if (day_of(row->effective_from) > today) {
            later = row;
        } else if (best == NULL || day_of(row->effective_from) > day_of(best->effective_from)) {
            best = row;
        }
    }
    if (best == NULL && later != NULL) {
        sb_cfg_blame(&loader->binder, node, NULL, "the price of model \"%s\" begins only on %s", model, later->effective_from);
    } else if (best == NULL) {
        sb_cfg_blame(&loader->binder, node, sb_cfg_guess_hint(&guess, hint, sizeof hint), "model \"%s\" has no price in the price file",
                     model);
    }
    return best;
}

/* "MODEL@NAME": the endpoint of that name, and the model alone in `*model`. NULL for a model of llm.base_url, or after a report. */
static const struct sb_llm_endpoint *split_endpoint(struct sb_cfg_loader *loader, const struct sb_cfg_node *node, const char **model)
{
    const struct sb_llm_def *llm = &loader->box->catalogue.llm;
    const char *at = strrchr(*model, '@');
    for (size_t i = 0; at != NULL && i < llm->endpoint_count; i++) {
        if (sb_streq(llm->endpoints[i].name, at + 1)) {
            *model = sb_cfg_take_text(&loader->box->region, *model, (size_t)(at - *model));
            return &llm->endpoints[i];
        }
    }
    if (at != NULL) {
        sb_cfg_blame(&loader->binder, node, "name it in llm.endpoints", "there is no LLM endpoint \"%s\"", at + 1);
    }
    return NULL;
}

void sb_cfg_make_aliases(struct sb_cfg_loader *loader)
{
    const struct sb_cfg_node *llm = sb_cfg_get(loader->tree, "llm");
    const struct sb_cfg_node *aliases = llm != NULL ? sb_cfg_get(llm, "aliases") : NULL;
    size_t count = loader->root.alias_count;
    struct sb_model_alias *made = sb_cfg_take(&loader->box->region, count, sizeof *made);
    loader->box->catalogue.llm = loader->root.llm;
    loader->box->catalogue.llm.endpoints = loader->root.endpoints;
    loader->box->catalogue.llm.endpoint_count = loader->root.endpoint_count;
    for (size_t i = 0; made != NULL && aliases != NULL && i < count; i++) {
        const struct sb_pair *pair = &loader->root.aliases[i];
        const char *model = pair->value;
        const struct sb_llm_endpoint *endpoint = split_endpoint(loader, sb_cfg_spot(aliases, pair->key), &model);
        bool is_free = endpoint != NULL && endpoint->is_free;
        const struct sb_cfg_price *price = is_free || model == NULL ? NULL : find_price(loader, sb_cfg_spot(aliases, pair->key), model);
        made[i] = (struct sb_model_alias){.alias = pair->key, .model = model, .endpoint = endpoint};
        if (price != NULL) {
            made[i].in_nano = price->in_nano;
            made[i].out_nano = price->out_nano;
            made[i].cached_nano = price->cached_nano;
            made[i].shutdown_date = price->shutdown_date;
        }
    }
    loader->box->catalogue.llm.aliases = made;
    loader->box->catalogue.llm.alias_count = made != NULL ? count : 0;
}
