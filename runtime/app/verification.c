/* The real check of each component, one function in one table. The engine's keepers call them again and again, `check` calls them once for all.
 * A check looks at the thing itself and says what to do about it; it costs no money but the one token of cap_probe.c. */
#include "verification.h"

#include "cap_probe.h"

#include "signalbox/os/os.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Free space below which the store will soon fail, and below which nothing is started. */
#define DISK_LOW (256ull << 20)
#define DISK_FULL (32ull << 20)

enum {
    TRIES = 4,
    SHUTDOWN_NEAR_DAYS = 3,
    FDS_BASE = 128,        /* store, logs, sockets, and a margin */
    FDS_PER_CONTEXT = 8,
    FDS_PER_WORKER = 16,   /* a child's pipes, a transfer, a cancellation */
};
static const sb_ns try_max = SB_S(15), pause_first = SB_MS(500);

typedef enum sb_component_state component_check(struct installation *in, const struct sb_op *op, struct sb_error *err);

static enum sb_component_state state_of(enum sb_err rc)
{
    return rc == SB_OK ? SB_COMPONENT_STATE_OK : SB_COMPONENT_STATE_FAILED;
}

static enum sb_component_state degraded(struct sb_error *err, const char *text)
{
    (void)sb_error_set(err, SB_ERR_CONFLICT, "%s", text);
    return SB_COMPONENT_STATE_DEGRADED;
}

/* What was loaded is consistent, or it had not been loaded; it can be out of date. */
static enum sb_component_state check_config(struct installation *in, const struct sb_op *op, struct sb_error *err)
{
    struct stat status;
    (void)op;
    if (stat(in->paths.catalogue, &status) != 0) {
        (void)sb_error_set(err, SB_ERR_NOT_FOUND, "%.200s cannot be read any more: %s; the next start will fail", in->paths.catalogue,
                           strerror(errno));
        return SB_COMPONENT_STATE_DEGRADED;
    }
    if (status.st_mtim.tv_sec == in->catalogue_changed.tv_sec && status.st_mtim.tv_nsec == in->catalogue_changed.tv_nsec)
        return SB_COMPONENT_STATE_OK;
    char hash[SB_NAME_MAX], *text = NULL;
    const enum sb_err rc = load_effective(in->options, &in->paths, &text, hash, err);
    free(text);
    if (rc == SB_OK && sb_streq(hash, in->catalogue->config_hash)) { /* written anew as it was */
        in->catalogue_changed = status.st_mtim;
        return SB_COMPONENT_STATE_OK;
    }
    (void)sb_error_set(err, SB_ERR_CONFLICT, "the file was changed after it was loaded%s: `signalbox config check`, then reload; %.200s",
                       rc == SB_OK ? "" : " and does not load", in->paths.catalogue);
    return SB_COMPONENT_STATE_DEGRADED;
}

static enum sb_component_state check_store(struct installation *in, const struct sb_op *op, struct sb_error *err)
{
    struct sb_store *store = in->services.store;
    struct sb_store_stats stats;
    enum sb_component_state state = state_of(store->ops->check(store, op, err));
    store->ops->stats(store, &stats);
    const uint64_t waits = stats.reader_waits_long - in->store_waits_seen;
    in->store_waits_seen = stats.reader_waits_long;
    if (state != SB_COMPONENT_STATE_OK || waits == 0)
        return state;
    (void)sb_error_set(err, SB_ERR_RATE_LIMITED, "%llu queries waited a second and longer for one of %u connections since the last check",
                       (unsigned long long)waits, stats.readers_max);
    return SB_COMPONENT_STATE_DEGRADED;
}

/* The first time a context is opened and closed, too; later the pool does that all the time. */
static enum sb_component_state check_browser(struct installation *in, const struct sb_op *op, struct sb_error *err)
{
    struct sb_browser *browser = in->services.browser;
    struct sb_context *context = NULL;
    enum sb_err rc = browser->ops->check(browser, op, err);
    if (rc != SB_OK || in->has_opened_context)
        return state_of(rc);
    rc = browser->ops->open(browser, NULL, 0, op, &context, err);
    if (rc == SB_OK)
        browser->ops->close_context(browser, context);
    in->has_opened_context = rc == SB_OK;
    return state_of(rc);
}

/* A model that its provider has ended fails all its calls; the practice world's models live on. Long before, a rule tells (model_shutdown). */
static enum sb_component_state check_shutdowns(const struct sb_catalogue *catalogue, struct sb_error *err)
{
    int64_t days = 0;
    const struct sb_model_alias *alias = catalogue->settings.is_practice ? NULL : sb_catalogue_ending(catalogue, sb_wall_now(), INT64_MIN, &days);
    if (alias == NULL || days > SHUTDOWN_NEAR_DAYS)
        return SB_COMPONENT_STATE_OK;
    (void)sb_error_set(err, SB_ERR_CONFIG, "the provider %s model %s (alias %s) on %s: name its successor in llm.aliases",
                       days < 0 ? "ended" : "ends", alias->model, alias->alias, alias->shutdown_date);
    return days < 0 ? SB_COMPONENT_STATE_FAILED : SB_COMPONENT_STATE_DEGRADED;
}

/* That every alias has a price, the configuration has checked. */
static enum sb_component_state check_llm(struct installation *in, const struct sb_op *op, struct sb_error *err)
{
    enum sb_err rc = sb_llm_check(in->services.llm, op, err);
    if (rc == SB_OK && !in->has_obeyed_caps)
        rc = cap_probe(in, op, &in->has_obeyed_caps, err);
    return rc == SB_OK ? check_shutdowns(in->catalogue, err) : state_of(rc);
}

/* Enough descriptors for what the catalogue lets run at once, and a clock that does not stand before the catalogue's last change. */
static enum sb_component_state check_engine(struct installation *in, const struct sb_op *op, struct sb_error *err)
{
    const struct sb_pool_def *pool = &in->catalogue->pool;
    uint32_t needed = FDS_BASE + (uint32_t)FDS_PER_WORKER * pool->workers + (uint32_t)FDS_PER_CONTEXT * pool->burst;
    struct sb_process process;
    (void)op;
    for (size_t i = 0; i < SB_LANE_COUNT; i++)
        needed += (uint32_t)FDS_PER_CONTEXT * pool->lane_contexts[i];
    sb_process_look(&process);
    if (process.fds_max < needed) {
        (void)sb_error_set(err, SB_ERR_FULL, "the limit of %u open files is below the %u this catalogue may need: raise LimitNOFILE or ulimit -n",
                           process.fds_max, needed);
        return SB_COMPONENT_STATE_DEGRADED;
    }
    if (process.fds > process.fds_max - process.fds_max / 5) {
        (void)sb_error_set(err, SB_ERR_FULL, "%u of %u descriptors are open: raise LimitNOFILE or ulimit -n", process.fds, process.fds_max);
        return SB_COMPONENT_STATE_DEGRADED;
    }
    if (sb_wall_now().ns / SB_S(1) < in->catalogue_changed.tv_sec - SB_DAY(1) / SB_S(1))
        return degraded(err, "the clock stands more than a day before the last change of the catalogue: set it, due times follow it");
    return SB_COMPONENT_STATE_OK;
}

/* The rules were read with the catalogue and are used to the end; the next start needs the files again. */
static enum sb_component_state check_timezones(struct installation *in, const struct sb_op *op, struct sb_error *err)
{
    const char *folder = getenv("TZDIR");
    char path[PATH_BYTES];
    (void)op;
    folder = folder != NULL && folder[0] == '/' ? folder : "/usr/share/zoneinfo";
    for (uint32_t i = 1; i < in->catalogue->zone_count; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, in->catalogue->zones[i].name);
        if (access(path, R_OK) == 0)
            continue;
        (void)sb_error_set(err, SB_ERR_NOT_FOUND, "%.200s cannot be read: install tzdata; the rules read at the start are used meanwhile", path);
        return SB_COMPONENT_STATE_DEGRADED;
    }
    return SB_COMPONENT_STATE_OK;
}

/* The state folder: ours alone, written to and read, with room. */
static enum sb_component_state check_disk(struct installation *in, const struct sb_op *op, struct sb_error *err)
{
    const char *folder = in->paths.state_dir;
    char path[PATH_BYTES + 32], *back = NULL;
    struct stat status;
    size_t size = 0;
    (void)op;
    if (stat(folder, &status) != 0) {
        (void)sb_error_set(err, SB_ERR_NOT_FOUND, "the state folder %.200s is gone: %s", folder, strerror(errno));
        return SB_COMPONENT_STATE_FAILED;
    }
    const uint64_t free_bytes = sb_disk_free(folder);
    if (free_bytes < DISK_FULL) {
        (void)sb_error_set(err, SB_ERR_FULL, "%llu MiB free in %s; make room", (unsigned long long)(free_bytes >> 20), folder);
        return SB_COMPONENT_STATE_FAILED;
    }
    (void)snprintf(path, sizeof(path), "%s/check.tmp", folder);
    enum sb_err rc = sb_file_write_atomically(path, "ok", 2, 0600, err);
    if (rc == SB_OK)
        rc = sb_file_read(path, 16, &back, &size, err);
    if (rc == SB_OK && !sb_streq(back, "ok"))
        rc = sb_error_set(err, SB_ERR_CORRUPT, "%s does not hold what was written to it", path);
    free(back);
    (void)unlink(path);
    if (rc != SB_OK)
        return SB_COMPONENT_STATE_FAILED;
    if (status.st_uid != geteuid() || (status.st_mode & 077) != 0) {
        (void)sb_error_set(err, SB_ERR_PERMISSION, "the state folder %.200s is open to others (mode %03o, owner %u): chmod 700, chown it to user %u",
                           folder, status.st_mode & 0777u, (unsigned)status.st_uid, (unsigned)geteuid());
        return SB_COMPONENT_STATE_DEGRADED;
    }
    if (free_bytes < DISK_LOW) {
        (void)sb_error_set(err, SB_ERR_FULL, "only %llu MiB free in %s; make room", (unsigned long long)(free_bytes >> 20), folder);
        return SB_COMPONENT_STATE_DEGRADED;
    }
    return SB_COMPONENT_STATE_OK;
}

/* Without its Redis the cache serves from this process. */
static enum sb_component_state check_cache(struct installation *in, const struct sb_op *op, struct sb_error *err)
{
    return sb_cache_check(in->services.cache, op, err) == SB_OK ? SB_COMPONENT_STATE_OK : SB_COMPONENT_STATE_DEGRADED;
}

static component_check *const checks[] = {
    [SB_COMPONENT_CONFIG] = check_config, [SB_COMPONENT_STORE] = check_store,         [SB_COMPONENT_BROWSER] = check_browser,
    [SB_COMPONENT_LLM] = check_llm,       [SB_COMPONENT_ENGINE] = check_engine,       [SB_COMPONENT_TIMEZONES] = check_timezones,
    [SB_COMPONENT_DISK] = check_disk,     [SB_COMPONENT_CACHE] = check_cache,
};
_Static_assert(SB_LEN(checks) == SB_COMPONENT_COUNT, "every component has its check");

enum sb_component_state installation_probe(void *arg, enum sb_component component, const struct sb_op *op, struct sb_error *err)
{
    return checks[component](arg, op, err);
}

enum sb_component_state verification_try(struct installation *in, enum sb_component component, sb_ns deadline, struct sb_error *err)
{
    enum sb_component_state state = SB_COMPONENT_STATE_UNCHECKED;
    sb_ns pause = pause_first;
    for (int i = 0; i < TRIES; i++) {
        const sb_ns until = sb_ns_add(sb_now(), try_max);
        const struct sb_op op = { .deadline = until < deadline ? until : deadline };
        *err = (struct sb_error){ .code = SB_OK };
        state = installation_probe(in, component, &op, err);
        if (state != SB_COMPONENT_STATE_FAILED || !sb_err_is_retryable(err->code) || sb_ns_add(sb_now(), pause) >= deadline)
            break;
        const struct sb_op wait = { .deadline = sb_ns_add(sb_now(), pause) };
        size_t ready = 0;
        struct sb_error unheard = { 0 };
        if (i + 1 < TRIES && sb_poll_readable(NULL, 0, &wait, &ready, &unheard) != SB_ERR_TIMEOUT)
            break;
        pause *= 2;
    }
    return state;
}
