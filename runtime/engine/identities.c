/* Accounts' cookies and storage, from one context to the next and over restarts. Worker threads.
 *
 * A context serves many jobs, so an identity is not given to a context but to a run: at its first step on a context, the accounts of the job's
 * sites are put in, unless the context has them already; after each step what has changed is taken back, kept in memory and written to
 * STATE/identities/SITE.ACCOUNT.json. Each identity counts its versions. A context that was given an older one may not overwrite what another
 * has saved since: the newer log-in counts.
 *
 * The lock is held over the writing of a file, so that files are written in the order of their versions; only the starts and ends of steps in
 * a browser wait for that. The texts hold secrets: they go to their file and into the browser, and nowhere else. */
#include "parts.h"

#include "signalbox/codec/codec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SITES_MAX = 64, PATH_BYTES = 1024, SAVE_LIMIT_S = 2 };

static const char nothing[] = "{\"cookies\":[],\"storage\":{}}";

struct identity {
    char *memory;     /* NULL: none yet */
    uint64_t version; /* 0: none yet */
};

/* What a context has been given. */
struct place {
    uint32_t generation;
    const struct sb_context *context; /* another one may take the place within a generation; only compared */
    uint64_t run;                     /* whose steps it serves */
    uint64_t seen[SITES_MAX];         /* versions */
};

struct sb_identities {
    const struct sb_catalogue *catalogue;
    const struct sb_browser_ops *ops; /* NULL: no browser, or one that remembers nothing */
    uint64_t *job_sites;              /* [job_count] bit masks of sites */
    size_t site_count;
    char folder[PATH_BYTES];          /* "" = nothing is written */
    struct sb_mutex *mutex;
    /* guarded by mutex */
    struct identity items[SITES_MAX];
    struct place places[SB_CONTEXTS_MAX];
};

static void wipe(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

/* ---- which sites a job visits ---- */

static uint64_t site_bit(const struct sb_catalogue *catalogue, const char *name)
{
    for (size_t i = 0; name != NULL && i < catalogue->site_count && i < SITES_MAX; i++)
        if (sb_streq(catalogue->sites[i].name, name))
            return 1ull << i;
    return 0;
}

static uint64_t sites_of_step(const struct sb_catalogue *catalogue, const struct sb_step_params *params)
{
    uint64_t sites = 0;

    if (params->kind == SB_STEP_KIND_BROWSE)
        return site_bit(catalogue, params->as.browse.site);
    if (params->kind != SB_STEP_KIND_NATIVE)
        return 0;
    for (size_t i = 0; i < params->as.native.with_count; i++)
        if (sb_streq(params->as.native.with[i].key, "site"))
            sites |= site_bit(catalogue, params->as.native.with[i].value);
    return sites;
}

static void collect_sites(struct sb_identities *identities)
{
    const struct sb_catalogue *catalogue = identities->catalogue;

    for (uint32_t job = 0; job < catalogue->job_count; job++)
        for (uint32_t step = 0; step < catalogue->jobs[job].step_count; step++)
            identities->job_sites[job] |= sites_of_step(catalogue, &catalogue->params[catalogue->jobs[job].first_step + step]);
}

/* The next site of the mask from *site on. */
static bool next_site(uint64_t sites, size_t *site)
{
    while (*site < SITES_MAX && (sites >> *site & 1u) == 0)
        (*site)++;
    return *site < SITES_MAX;
}

const char *sb_identities_proxy(const struct sb_identities *identities, uint16_t job)
{
    for (size_t site = 0; next_site(identities->job_sites[job], &site); site++)
        if (identities->catalogue->sites[site].proxy != NULL)
            return identities->catalogue->sites[site].proxy;
    return NULL;
}

/* ---- files ---- */

/* Bytes of an account's name that could mean something in a path are written as %XX, so that two accounts never share a file. */
static bool file_path(const struct sb_identities *identities, size_t site, char path[static PATH_BYTES])
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    const struct sb_site *profile = &identities->catalogue->sites[site];
    struct sb_text text;

    sb_text_init(&text, path, PATH_BYTES);
    sb_text_addf(&text, "%s/%s.", identities->folder, profile->name);
    for (const char *at = profile->account; *at != '\0'; at++) {
        if (strchr(plain, *at) != NULL)
            sb_text_add_char(&text, *at);
        else
            sb_text_addf(&text, "%%%02X", (unsigned)(unsigned char)*at);
    }
    sb_text_add(&text, ".json");
    return !text.is_cut && text.len - strlen(identities->folder) < 200;
}

static enum sb_err read_identity(const char *path, struct identity *item, struct sb_error *err)
{
    struct sb_json *json = NULL;
    char *bytes = NULL;
    size_t size = 0;
    int64_t version = 0;

    enum sb_err rc = sb_file_read(path, SB_MEMORY_MAX + 4096, &bytes, &size, err);
    if (rc == SB_OK)
        rc = sb_json_parse(&json, bytes, size, NULL);
    if (rc == SB_OK && (!sb_json_i64(json, "version", &version) || version <= 0 || sb_json_type(json, "memory") != SB_JSON_OBJECT ||
                        sb_json_type(json, "memory.cookies") != SB_JSON_ARRAY || sb_json_type(json, "memory.storage") != SB_JSON_OBJECT))
        rc = SB_ERR_INVALID;
    if (rc == SB_OK) {
        item->memory = sb_json_text(json, "memory");
        item->version = (uint64_t)version;
    }
    sb_json_destroy(json);
    wipe(bytes);
    return rc;
}

/* An account starts without what cannot be read; the bad file stays for whoever wants to look, and is in nobody's way. */
static void read_file(struct sb_identities *identities, size_t site)
{
    char path[PATH_BYTES], aside[PATH_BYTES + 8];
    struct sb_error error = { .text = "" };
    struct stat info;

    if (!file_path(identities, site, path) || stat(path, &info) != 0)
        return;
    if (read_identity(path, &identities->items[site], &error) == SB_OK)
        return;
    (void)snprintf(aside, sizeof(aside), "%s.bad", path);
    bool is_aside = rename(path, aside) == 0;
    sb_log(SB_LOG_WARN, "identity", "%s cannot be used (damaged): %s logs in to %s again; %s %s", path,
           identities->catalogue->sites[site].account, identities->catalogue->sites[site].name,
           is_aside ? "the file is kept as" : "moving it away failed too:", is_aside ? aside : strerrorname_np(errno));
}

static enum sb_err write_file(const struct sb_identities *identities, size_t site, struct sb_error *err)
{
    const struct sb_site *profile = &identities->catalogue->sites[site];
    const struct identity *item = &identities->items[site];
    char path[PATH_BYTES];

    if (identities->folder[0] == '\0')
        return SB_OK;
    if (!file_path(identities, site, path))
        return sb_error_set(err, SB_ERR_TOO_LARGE, "the path of its file would be too long");
    struct sb_json_out *out = sb_json_out_create(SB_MEMORY_MAX + 4096);
    if (out == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for its file");
    sb_json_object_begin(out);
    sb_json_key(out, "version");
    sb_json_integer(out, (int64_t)item->version);
    sb_json_key(out, "site");
    sb_json_string(out, profile->name);
    sb_json_key(out, "account");
    sb_json_string(out, profile->account);
    sb_json_key(out, "memory");
    sb_json_raw(out, item->memory);
    sb_json_object_end(out);
    char *text = sb_json_out_take(out);
    sb_json_out_destroy(out);
    enum sb_err rc = text != NULL ? sb_dir_make(identities->folder, 0700, err) : sb_error_set(err, SB_ERR_TOO_LARGE, "it is too large");
    if (rc == SB_OK)
        rc = sb_file_write_atomically(path, text, strlen(text), 0600, err);
    wipe(text);
    return rc;
}

/* ---- life ---- */

struct sb_identities *sb_identities_create(const struct sb_catalogue *catalogue, struct sb_browser *browser, struct sb_error *err)
{
    struct sb_identities *identities = calloc(1, sizeof(*identities));

    if (identities != NULL) {
        identities->catalogue = catalogue;
        identities->ops = browser != NULL ? browser->ops : NULL;
        identities->site_count = catalogue->site_count < SITES_MAX ? catalogue->site_count : SITES_MAX;
        identities->mutex = sb_mutex_create(SB_RANK_IDENTITIES);
        identities->job_sites = calloc(catalogue->job_count > 0 ? catalogue->job_count : 1, sizeof(*identities->job_sites));
    }
    if (identities == NULL || identities->mutex == NULL || identities->job_sites == NULL) {
        sb_identities_destroy(identities);
        (void)sb_error_set(err, SB_ERR_NOMEM, "no memory for the accounts of %zu sites", catalogue->site_count);
        return NULL;
    }
    collect_sites(identities);
    if (catalogue->settings.state_dir != NULL &&
        snprintf(identities->folder, PATH_BYTES, "%s/identities", catalogue->settings.state_dir) >= PATH_BYTES)
        identities->folder[0] = '\0'; /* such a state folder is refused elsewhere */
    for (size_t site = 0; site < identities->site_count && identities->folder[0] != '\0'; site++)
        if (catalogue->sites[site].account != NULL)
            read_file(identities, site);
    return identities;
}

void sb_identities_destroy(struct sb_identities *identities)
{
    if (identities == NULL)
        return;
    for (size_t site = 0; site < SITES_MAX; site++)
        wipe(identities->items[site].memory);
    sb_mutex_destroy(identities->mutex);
    free(identities->job_sites);
    free(identities);
}

/* ---- load ---- */

/* Under the mutex: true when the run has its first step on this context. */
static bool arrive(struct sb_identities *identities, const struct sb_step_env *env, uint16_t ctx, uint32_t generation)
{
    struct place *place = &identities->places[ctx];

    if (place->generation != generation || place->context != env->context)
        *place = (struct place){ .generation = generation, .context = env->context };
    bool is_first = place->run != env->run;
    place->run = env->run;
    return is_first;
}

/* A copy of the identity when the context has an older one or none. The caller wipes it. */
static char *newer(struct sb_identities *identities, uint16_t ctx, size_t site)
{
    char *copy = NULL;

    sb_mutex_lock(identities->mutex);
    const struct identity *item = &identities->items[site];
    if (item->version > identities->places[ctx].seen[site] && item->memory != NULL)
        copy = strdup(item->memory);
    if (copy != NULL)
        identities->places[ctx].seen[site] = item->version; /* also when it turns out to be unusable: then the next one replaces it */
    sb_mutex_unlock(identities->mutex);
    return copy;
}

static void load_site(struct sb_identities *identities, const struct sb_step_env *env, uint16_t ctx, size_t site)
{
    const struct sb_site *profile = &identities->catalogue->sites[site];
    struct sb_error error = { .text = "" };
    char *memory = newer(identities, ctx, site);

    /* A context that is lost fails the step by itself; here only an identity that the browser does not take is worth a word. */
    if (memory != NULL && identities->ops->recall(env->context, memory, &env->op, &error) != SB_OK)
        sb_log(SB_LOG_WARN, "identity", "%s at %s: %s", profile->account, profile->name, error.text);
    wipe(memory);
}

/* Blocked is what every site of the job can do without. */
static uint32_t blocked_kinds(const struct sb_identities *identities, uint64_t sites)
{
    uint32_t kinds = sites != 0 ? UINT32_MAX : 0;

    for (size_t site = 0; next_site(sites, &site); site++)
        kinds &= identities->catalogue->sites[site].block;
    return kinds;
}

void sb_identities_load(struct sb_identities *identities, const struct sb_step_env *env, uint16_t ctx, uint32_t generation)
{
    uint64_t sites = identities->job_sites[env->job_id];
    struct sb_error error = { .text = "" };

    SB_ASSERT(ctx < SB_CONTEXTS_MAX && identities->ops != NULL);
    sb_mutex_lock(identities->mutex);
    bool is_first = arrive(identities, env, ctx, generation);
    sb_mutex_unlock(identities->mutex);
    if (!is_first)
        return;
    if (identities->ops->block != NULL &&
        identities->ops->block(env->context, blocked_kinds(identities, sites), &env->op, &error) != SB_OK)
        sb_log(SB_LOG_DEBUG, "identity", "blocked kinds of requests: %s", error.text); /* costs traffic, or the step fails by itself */
    for (size_t site = 0; identities->ops->recall != NULL && next_site(sites, &site); site++)
        if (identities->catalogue->sites[site].account != NULL)
            load_site(identities, env, ctx, site);
}

/* ---- save ---- */

/* Takes `memory`. */
static void keep(struct sb_identities *identities, uint16_t ctx, size_t site, char *memory)
{
    const struct sb_site *profile = &identities->catalogue->sites[site];
    struct sb_error error = { .text = "" };
    enum sb_err rc = SB_OK;

    sb_mutex_lock(identities->mutex);
    struct identity *item = &identities->items[site];
    bool is_newest = identities->places[ctx].seen[site] == item->version;
    if (is_newest) {
        char *old = item->memory;
        item->memory = memory;
        memory = old;
        identities->places[ctx].seen[site] = ++item->version;
        rc = write_file(identities, site, &error);
    }
    sb_mutex_unlock(identities->mutex);
    if (rc != SB_OK)
        sb_log(SB_LOG_WARN, "identity", "the log-in of %s at %s will not survive a restart: %s", profile->account, profile->name, error.text);
    wipe(memory);
}

/* A copy of what the context was given, for comparison. False when another context has saved since: then this one has nothing to say. */
static bool may_save(struct sb_identities *identities, uint16_t ctx, size_t site, char **before)
{
    sb_mutex_lock(identities->mutex);
    const struct identity *item = &identities->items[site];
    bool may = identities->places[ctx].seen[site] == item->version;
    if (may && item->memory != NULL) {
        *before = strdup(item->memory);
        may = *before != NULL;
    }
    sb_mutex_unlock(identities->mutex);
    return may;
}

static void save_site(struct sb_identities *identities, const struct sb_step_env *env, uint16_t ctx, size_t site)
{
    const struct sb_site *profile = &identities->catalogue->sites[site];
    const struct sb_op op = sb_op_within(&env->op, SB_S(SAVE_LIMIT_S));
    struct sb_error error = { .text = "" };
    char *before = NULL, *memory = NULL;

    if (!may_save(identities, ctx, site, &before))
        return;
    enum sb_err rc = identities->ops->remember(env->context, profile->allowed_hosts, profile->allowed_host_count, before, &op, &memory, &error);
    if (rc == SB_OK && !sb_streq(memory, before != NULL ? before : nothing)) {
        keep(identities, ctx, site, memory);
        memory = NULL;
    } else if (rc == SB_ERR_TOO_LARGE) {
        sb_log(SB_LOG_WARN, "identity", "%s at %s is not kept: %s", profile->account, profile->name, error.text);
    }
    wipe(memory);
    wipe(before);
}

void sb_identities_save(struct sb_identities *identities, const struct sb_step_env *env, uint16_t ctx, uint32_t generation)
{
    uint64_t sites = identities->job_sites[env->job_id];

    SB_ASSERT(ctx < SB_CONTEXTS_MAX && identities->ops != NULL);
    if (identities->ops->remember == NULL || !sb_fence_holds(env->fence))
        return;
    sb_mutex_lock(identities->mutex);
    bool is_there = identities->places[ctx].generation == generation;
    sb_mutex_unlock(identities->mutex);
    for (size_t site = 0; is_there && next_site(sites, &site); site++)
        if (identities->catalogue->sites[site].account != NULL)
            save_site(identities, env, ctx, site);
}
