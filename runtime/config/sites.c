/* Site profiles: read, bound, and what jobs ask of them. One thread. A profile's name comes from the catalogue and is part of a path,
 * so it must have passed sb_cfg_check_file. */
#include "load.h"

#include "signalbox/model/fields.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SITES_MAX = 64 };

static const struct sb_cfg_node *site_node(const struct sb_cfg_loader *loader, size_t index)
{
    const struct sb_cfg_node *sites = sb_cfg_get(loader->tree, "sites");
    if (sites == NULL) {
        return loader->tree;
    }
    const struct sb_cfg_node *child = sites->kind == SB_CFG_LIST ? sites->first : NULL;
    for (; child != NULL && !sb_streq(child->text, loader->root.sites[index]); child = child->next) {
    }
    return child != NULL ? child : sites;
}

/* The first folder that has NAME.yaml. */
static bool find_site(const struct sb_cfg_loader *loader, const char *name, char *path, size_t cap)
{
    struct stat status;
    size_t count = SB_LEN(loader->source->site_dirs);
    for (size_t i = 0; i < count && loader->source->site_dirs[i] != NULL; i++) {
        int size = snprintf(path, cap, "%s/%s.yaml", loader->source->site_dirs[i], name);
        if (size > 0 && (size_t)size < cap && stat(path, &status) == 0) {
            return true;
        }
    }
    return false;
}

/* HOST[:PORT] of an address that passed sb_cfg_check_url. */
static void host_of(const char *url, char *host, size_t cap)
{
    const char *start = strstr(url, "://") + 3;
    (void)sb_copy_n(host, cap, start, strcspn(start, "/?#"));
}

static bool is_allowed(const struct sb_site *site, const char *host)
{
    size_t name_size = strcspn(host, ":");
    for (size_t i = 0; i < site->allowed_host_count; i++) {
        const char *allowed = site->allowed_hosts[i];
        if (strcasecmp(allowed, host) == 0 || (strlen(allowed) == name_size && strncasecmp(allowed, host, name_size) == 0)) {
            return true;
        }
    }
    return false;
}

static void settle_hosts(struct sb_cfg_loader *loader, const struct sb_cfg_node *tree, struct sb_site *site)
{
    char host[264];
    if (site->base_url == NULL) {
        return;
    }
    host_of(site->base_url, host, sizeof host);
    if (site->allowed_host_count == 0 && sb_cfg_get(tree, "allowed_hosts") == NULL) {
        const char **hosts = sb_cfg_take(&loader->box->region, 1, sizeof(const char *));
        if (hosts != NULL) {
            hosts[0] = sb_cfg_take_text(&loader->box->region, host, strlen(host));
            site->allowed_hosts = hosts;
            site->allowed_host_count = 1;
        }
    } else if (!is_allowed(site, host)) {
        sb_cfg_blame(&loader->binder, sb_cfg_spot(tree, "base_url"), "add it to allowed_hosts",
                     "the host of base_url, %s, is not in allowed_hosts", host);
    }
}

static void load_site(struct sb_cfg_loader *loader, size_t index, struct sb_site *site)
{
    char path[1024];
    char prefix[SB_NAME_MAX + 8];
    const char *name = loader->root.sites[index];
    if (!find_site(loader, name, path, sizeof path)) {
        sb_cfg_blame(&loader->binder, site_node(loader, index), NULL,
                     "there is no profile of site \"%s\": %s.yaml is in none of the site folders", name, name);
        return;
    }
    struct sb_cfg_doc *doc = sb_cfg_doc_read(&loader->scratch, loader->errors, path, false);
    struct sb_cfg_node *tree = doc != NULL ? sb_cfg_load_tree(loader, doc) : NULL;
    if (tree == NULL) {
        return;
    }
    (void)snprintf(prefix, sizeof prefix, "sites.%s.", name);
    sb_cfg_apply_overrides(loader, tree, prefix);
    (void)sb_copy_n(loader->binder.path, sizeof loader->binder.path, prefix, strlen(prefix) - 1);
    loader->binder.path_size = strlen(prefix) - 1;
    sb_cfg_bind(&loader->binder, &sb_cfg_site_section, tree, site);
    sb_cfg_write_effective(loader, &sb_cfg_site_section, tree, loader->binder.path);
    loader->binder.path_size = 0;
    if (site->name != NULL && !sb_streq(site->name, name)) {
        sb_cfg_blame(&loader->binder, sb_cfg_spot(tree, "site"), NULL,
                     "the profile calls itself \"%s\", and its file is %s.yaml", site->name, name);
    }
    settle_hosts(loader, tree, site);
}

void sb_cfg_load_sites(struct sb_cfg_loader *loader)
{
    size_t before = loader->errors->total;
    size_t count = loader->root.site_count;
    if (count > SITES_MAX) {
        sb_cfg_blame(&loader->binder, site_node(loader, 0), NULL, "%zu sites; the limit is %d", count, SITES_MAX);
        return;
    }
    struct sb_site *sites = sb_cfg_take(&loader->box->region, count, sizeof *sites);
    for (size_t i = 0; sites != NULL && i < count; i++) {
        load_site(loader, i, &sites[i]);
        if (sb_field_enum_parse(SB_FIELD_component, loader->root.sites[i]) >= 0) {
            sb_cfg_blame(&loader->binder, site_node(loader, i), NULL, "a site may not be called %s: that is a component with a breaker of its own",
                         loader->root.sites[i]);
        }
        for (size_t k = 0; k < i; k++) {
            if (sb_streq(loader->root.sites[i], loader->root.sites[k])) {
                sb_cfg_blame(&loader->binder, site_node(loader, i), NULL, "site \"%s\" is listed twice", loader->root.sites[i]);
            }
        }
    }
    sb_cfg_check_site_overrides(loader);
    loader->box->catalogue.sites = sites;
    loader->box->catalogue.site_count = sites != NULL ? count : 0;
    loader->has_all_sites = sites != NULL && loader->errors->total == before;
}

/* ------------------------------------------------------------------------------------------------ what browse steps ask for */

struct argument_check {
    struct sb_cfg_loader *loader;
    const struct sb_cfg_node *node;
    const struct sb_browse_params *browse;
    uint64_t used; /* bit per argument given */
    const char *reported; /* the last one missing */
};

static void visit_argument(void *arg, const char *name)
{
    struct argument_check *check = arg;
    for (size_t i = 0; i < check->browse->with_count; i++) {
        if (sb_streq(check->browse->with[i].key, name)) {
            check->used |= i < 64 ? 1ull << i : 0;
            return;
        }
    }
    if (check->reported != NULL && sb_streq(check->reported, name)) {
        return;
    }
    check->reported = sb_cfg_take_text(&check->loader->scratch, name, strlen(name));
    sb_cfg_blame(&check->loader->binder, sb_cfg_spot(check->node, "with"), NULL,
                 "flow %s of site %s needs the argument \"%s\" in with", check->browse->flow, check->browse->site, name);
}

static void check_arguments(struct argument_check *check, const struct sb_flow *flow)
{
    for (size_t i = 0; i < flow->action_count; i++) {
        const struct sb_action *action = &flow->actions[i];
        const char *const texts[] = {action->selector, action->text, action->url};
        for (size_t k = 0; k < SB_LEN(texts); k++) {
            if (texts[k] != NULL) {
                sb_cfg_each_argument(texts[k], visit_argument, check);
            }
        }
    }
    const struct sb_cfg_node *with = sb_cfg_get(check->node, "with");
    for (size_t i = 0; with != NULL && i < check->browse->with_count && i < 64; i++) {
        const struct sb_cfg_node *given = sb_cfg_get(with, check->browse->with[i].key);
        if ((check->used >> i & 1u) == 0 && given != NULL) {
            sb_cfg_blame(&check->loader->binder, given->key, NULL, "flow %s of site %s takes no argument \"%s\"", check->browse->flow,
                         check->browse->site, check->browse->with[i].key);
        }
    }
}

static void report_flow(struct sb_cfg_loader *loader, const struct sb_cfg_node *node, const struct sb_site *site, const char *flow)
{
    char hint[120];
    struct sb_cfg_guess guess;
    sb_cfg_guess_init(&guess, flow);
    for (size_t i = 0; i < site->flow_count; i++) {
        sb_cfg_guess_try(&guess, site->flows[i].name);
    }
    sb_cfg_blame(&loader->binder, sb_cfg_spot(node, "flow"), sb_cfg_guess_hint(&guess, hint, sizeof hint),
                 "site %s has no flow \"%s\"", site->name, flow);
}

void sb_cfg_check_browse(struct sb_cfg_loader *loader, const struct sb_cfg_step *step)
{
    char hint[120];
    const struct sb_browse_params *browse = &step->params.as.browse;
    const struct sb_cfg_node *node = sb_cfg_get(step->node, "browse");
    struct sb_cfg_guess guess;
    if (node == NULL || browse->site == NULL || browse->flow == NULL) {
        return;
    }
    bool is_listed = false;
    sb_cfg_guess_init(&guess, browse->site);
    for (size_t i = 0; i < loader->root.site_count; i++) {
        is_listed = is_listed || sb_streq(loader->root.sites[i], browse->site);
        sb_cfg_guess_try(&guess, loader->root.sites[i]);
    }
    if (!is_listed) {
        const char *near = sb_cfg_guess_hint(&guess, hint, sizeof hint);
        sb_cfg_blame(&loader->binder, sb_cfg_spot(node, "site"), near != NULL ? near : "add it to the list `sites`",
                     "site \"%s\" is not in `sites`", browse->site);
        return;
    }
    const struct sb_site *site = loader->has_all_sites ? sb_catalogue_site(&loader->box->catalogue, browse->site) : NULL;
    if (site == NULL) {
        return; /* its profile has mistakes of its own */
    }
    const struct sb_flow *flow = sb_site_flow(site, browse->flow);
    if (flow == NULL) {
        report_flow(loader, node, site, browse->flow);
        return;
    }
    struct argument_check check = {.loader = loader, .node = node, .browse = browse};
    check_arguments(&check, flow);
}
