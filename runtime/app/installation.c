/* Opening and closing the services of an installation, in one order and its reverse. */
#include "app.h"
#include "secrets.h"

#include "signalbox/os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static enum sb_err in_state_dir(const struct installation *in, char *out, size_t cap, const char *name, struct sb_error *err)
{
    int wanted = snprintf(out, cap, "%s/%s", in->paths.state_dir, name);
    if (wanted > 0 && (size_t)wanted < cap)
        return SB_OK;
    return sb_error_set(err, SB_ERR_TOO_LARGE, "the path of the state folder %s is too long", in->paths.state_dir);
}

static enum sb_err open_state(struct installation *in, bool is_console, struct sb_error *err)
{
    char path[PATH_BYTES + 32];
    enum sb_err rc = sb_dir_make(in->paths.state_dir, 0700, err);
    if (rc == SB_OK)
        rc = in_state_dir(in, path, sizeof(path), "lock", err);
    if (rc == SB_OK) {
        rc = sb_lock_open(&in->lock_fd, path, err);
        if (rc == SB_ERR_EXISTS)
            (void)sb_error_wrap(err, "another runtime already serves %s", in->paths.state_dir);
    }
    if (rc == SB_OK && is_console) {
        rc = in_state_dir(in, path, sizeof(path), "signalbox.log", err);
        if (rc == SB_OK)
            rc = sb_log_open(path, err);
    }
    return rc;
}

/* The address of a remote browser may be a secret: then the catalogue names where it is. */
static enum sb_err open_browser(struct installation *in, const char *pid_path, struct sb_error *err)
{
    const struct sb_settings *settings = &in->catalogue->settings;
    struct sb_browser_setup setup = { .executable = settings->chromium, .pid_file = pid_path, .processes = settings->browsers,
                                      .remote_url = settings->browser_url };
    char *secret = NULL;
    enum sb_err rc = SB_OK;
    if (settings->browser_url != NULL && strstr(settings->browser_url, "://") == NULL) {
        rc = sb_secret_read(settings->browser_url, &secret, err);
        setup.remote_url = secret;
    }
    if (rc == SB_OK)
        rc = sb_browser_create(&in->services.browser, &setup, err);
    sb_secret_free(secret);
    return rc;
}

/* What the last process had held and sent is ended first. */
static enum sb_err open_ledger(struct installation *in, struct sb_error *err)
{
    const struct sb_catalogue *catalogue = in->catalogue;
    const struct sb_ledger_setup setup = { in->services.store, &catalogue->budget, &catalogue->zones[catalogue->budget.zone], &catalogue->llm,
                                           sb_wall_now };
    const struct sb_op op = { .deadline = sb_now() + SB_S(30) };
    int64_t released = 0, unknown = 0;
    enum sb_err rc = sb_ledger_create(&in->services.ledger, &setup, err);
    if (rc == SB_OK)
        rc = sb_ledger_recover(in->services.ledger, &op, &released, &unknown, err);
    if (rc == SB_OK && released + unknown > 0)
        sb_log(SB_LOG_WARN, "ledger", "of the last process %lld held calls were released, %lld that were under way stay charged", (long long)released,
               (long long)unknown);
    return rc;
}

static enum sb_err open_cache(struct installation *in, struct sb_error *err)
{
    const struct sb_settings *settings = &in->catalogue->settings;
    const struct sb_cache_setup setup = { .location = settings->cache, .password = settings->cache_password, .prefix = settings->cache_prefix,
                                          .pool = settings->cache_pool };
    return sb_cache_open(&in->services.cache, &setup, err);
}

static enum sb_err open_services(struct installation *in, struct sb_error *err)
{
    char path[PATH_BYTES + 32], pid_path[PATH_BYTES + 32];
    struct sb_services *s = &in->services;
    struct sb_error unheard = { 0 };

    /* A migration may take long; who watches the start is told before it begins. */
    if (sb_notify("EXTEND_TIMEOUT_USEC=600000000\nSTATUS=opening the store", &unheard) != SB_OK)
        sb_log(SB_LOG_WARN, "systemd", "%s", unheard.text);
    const char *location = in->catalogue->settings.store;
    enum sb_err rc = in->node != NULL ? sb_store_open_as(&s->store, location, in->node, err) : sb_store_open(&s->store, location, err);
    if (rc == SB_OK && in->node != NULL) {
        s->lease = sb_node_lease(in->node);
        sb_node_foreign(in->node, &s->foreign_fence, &s->foreign_until_ms);
    }
    if (rc == SB_OK)
        rc = in_state_dir(in, path, sizeof(path), "receipts.journal", err);
    if (rc == SB_OK)
        rc = sb_receipts_open(&s->receipts, path, err);
    if (rc == SB_OK)
        rc = open_cache(in, err);
    if (rc == SB_OK)
        rc = sb_http_create(&s->http, err);
    const struct sb_component_def *components = in->catalogue->components;
    if (rc == SB_OK)
        rc = open_ledger(in, err);
    if (rc == SB_OK && components[SB_COMPONENT_LLM].is_used)
        rc = sb_llm_create(&s->llm, s->http, &in->catalogue->llm, err);
    if (rc == SB_OK)
        rc = in_state_dir(in, pid_path, sizeof(pid_path), "chromium.pid", err);
    if (rc == SB_OK && components[SB_COMPONENT_BROWSER].is_used)
        rc = open_browser(in, pid_path, err);
    return rc;
}

int installation_load(struct installation *in, struct options *options)
{
    struct sb_error error = { 0 };
    memset(in, 0, sizeof(*in));
    in->lock_fd = -1;
    enum sb_err rc = paths_find(&in->paths, options, "default", &error);
    if (rc != SB_OK) {
        complain("%s", error.text);
        return exit_code_of(rc);
    }
    int code = EXIT_OK;
    if (options->state_dir != NULL)
        code = options_override(options, "settings.state_dir", options->state_dir, "--state-dir");
    if (code == EXIT_OK)
        code = load_catalogue(&in->catalogue, options, &in->paths);
    if (code != EXIT_OK)
        return code;
    if (in->catalogue->settings.is_simulation_only) {
        complain("%s: this catalogue is only for the simulator (settings.simulation_only): its steps do nothing.\n"
                 "Try `signalbox simulate --catalogue %s`, or name another one with --catalogue FILE",
                 in->paths.catalogue, in->paths.catalogue);
        sb_catalogue_destroy(in->catalogue);
        in->catalogue = NULL;
        return EXIT_CONFIGURATION;
    }
    (void)sb_copy(in->paths.state_dir, sizeof(in->paths.state_dir), in->catalogue->settings.state_dir);
    struct stat status;
    if (stat(in->paths.catalogue, &status) == 0)
        in->catalogue_changed = status.st_mtim;
    in->options = options;
    in->services.catalogue = in->catalogue;
    return EXIT_OK;
}

/* Services read theirs when they need them: one that is changed meanwhile is known here after a hang-up. */
static enum sb_err open_veil(struct installation *in, struct sb_error *err)
{
    in->secrets = calloc(1, sizeof(*in->secrets));
    if (in->secrets == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the names of secrets");
    secrets_open(in->secrets, in->catalogue, false);
    sb_veil_set(&in->secrets->exact);
    return SB_OK;
}

void installation_look_at_secrets(struct installation *in)
{
    struct secrets *fresh = in->secrets != NULL ? secrets_renew(in->secrets, in->catalogue) : NULL;
    if (fresh == NULL)
        return;
    in->secrets = fresh;
    sb_veil_set(&fresh->exact);
    complain("a secret has another value now: it is kept out of everything from here on, and so is the one before");
    if (fresh->is_full)
        complain("there are more secrets than are looked for; a restart forgets those of before");
}

int installation_open(struct installation *in, struct options *options, bool is_console, struct turn *turn)
{
    struct sb_error error = { 0 };
    int code = installation_load(in, options);
    if (code != EXIT_OK)
        return code;
    enum sb_err rc = open_state(in, is_console, &error);
    if (rc == SB_OK)
        rc = open_veil(in, &error);
    if (rc == SB_OK)
        rc = node_open(in, turn, &error);
    if (rc == SB_OK && turn != NULL)
        rc = node_wait(in, turn, &error);
    if (rc == SB_OK && (turn == NULL || !turn->is_ended))
        rc = open_services(in, &error);
    if (rc == SB_OK)
        return EXIT_OK;
    complain("%s", error.text);
    installation_close(in);
    return exit_code_of(rc);
}

int installation_open_browser(struct installation *in, struct options *options, bool has_browser)
{
    struct sb_error error = { 0 };
    int code = installation_load(in, options);
    if (code != EXIT_OK)
        return code;
    enum sb_err rc = has_browser ? open_browser(in, NULL, &error) : SB_OK;
    if (rc == SB_OK)
        return EXIT_OK;
    complain("%s", error.text);
    installation_close(in);
    return exit_code_of(rc);
}

int installation_open_store(struct installation *in, struct options *options, bool is_view)
{
    struct sb_error error = { 0 };
    int code = installation_load(in, options);
    if (code != EXIT_OK)
        return code;
    enum sb_err rc = is_view ? sb_store_view(&in->services.store, in->catalogue->settings.store, &error)
                             : sb_store_open(&in->services.store, in->catalogue->settings.store, &error);
    if (rc == SB_OK)
        return EXIT_OK;
    complain("%s", error.text);
    installation_close(in);
    return exit_code_of(rc);
}

void installation_close(struct installation *in)
{
    struct sb_services *s = &in->services;
    if (s->browser != NULL)
        s->browser->ops->close(s->browser);
    sb_llm_destroy(s->llm);
    sb_ledger_destroy(s->ledger);
    sb_http_destroy(s->http);
    sb_cache_close(s->cache);
    sb_receipts_close(s->receipts);
    if (s->store != NULL)
        s->store->ops->close(s->store);
    sb_node_close(in->node); /* nothing of it writes any more */
    if (in->secrets != NULL) {
        sb_veil_set(NULL);
        secrets_close(in->secrets);
        free(in->secrets);
    }
    sb_fd_close(&in->lock_fd);
    sb_catalogue_destroy(in->catalogue);
    memset(in, 0, sizeof(*in));
    in->lock_fd = -1;
}

enum sb_err installation_probe_site(void *arg, const struct sb_site *site, const struct sb_op *op, struct sb_error *err)
{
    enum { PAGE_MAX = 4 << 20 };
    struct installation *in = arg;
    struct sb_http_response response = { 0 };
    const struct sb_http_request request = { .method = "GET", .url = site->base_url, .response_max = PAGE_MAX };
    if (site->proxy != NULL)
        return SB_OK; /* the way to it goes through the browser alone: the next run finds out */
    enum sb_err rc = sb_http_send(in->services.http, &request, op, &response, err);
    if (rc == SB_OK && (response.status >= 500 || response.status == 429))
        rc = sb_error_set(err, SB_ERR_UNAVAILABLE, "the site answered %ld for %.120s", response.status, site->base_url);
    free(response.body);
    return rc;
}
