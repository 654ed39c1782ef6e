/* What explains a failure in a browser: picture, source and messages of the page, kept in STATE/failures/RUN-STEP-ATTEMPT. Runs on the worker
 * thread that holds the context, after the step has failed.
 *
 * It takes at most EXPLAIN_LIMIT, stops at the first sign of a page that hangs, and ends at once when the context is taken away. What it
 * writes holds no password, cookie or token as far as they can be known. The folder itself is kept.c's. */
#include "kept.h"
#include "redact.h"
#include "steps.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SECRETS_MAX = 96,
    SECRET_MIN = 4,         /* shorter ones would black out half of a page */
    COOKIE_MIN = 6,
    SOURCE_MAX = 1024 * 1024,
    PATH_BYTES = 1024,
    HOSTS_MAX = 64,
};
#define EXPLAIN_LIMIT SB_S(4)

/* ---- what must not be written ---- */

struct secrets {
    char *texts[SECRETS_MAX];
    size_t count;
};

static void add_secret(struct secrets *secrets, const char *text, size_t min)
{
    if (strlen(text) < min || secrets->count == SECRETS_MAX)
        return;
    secrets->texts[secrets->count] = strdup(text);
    secrets->count += secrets->texts[secrets->count] != NULL;
}

/* As a page may repeat it: escaped for HTML and for an address. */
static void add_variants(struct secrets *secrets, const char *text)
{
    static const struct {
        char byte;
        const char *name;
    } names[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" } };
    char html[512], address[512];
    struct sb_text in_html, in_address;

    sb_text_init(&in_html, html, sizeof html);
    sb_text_init(&in_address, address, sizeof address);
    for (const char *at = text; *at != '\0'; at++) {
        const char *name = NULL;
        for (size_t i = 0; i < SB_LEN(names); i++)
            name = names[i].byte == *at ? names[i].name : name;
        if (name != NULL)
            sb_text_add(&in_html, name);
        else
            sb_text_add_char(&in_html, *at);
        if (isalnum((unsigned char)*at) || strchr("-_.~", *at) != NULL)
            sb_text_add_char(&in_address, *at);
        else
            sb_text_addf(&in_address, "%%%02X", (unsigned)(unsigned char)*at);
    }
    add_secret(secrets, text, SECRET_MIN);
    if (!in_html.is_cut && !sb_streq(html, text))
        add_secret(secrets, html, SECRET_MIN);
    if (!in_address.is_cut && !sb_streq(address, text))
        add_secret(secrets, address, SECRET_MIN);
    explicit_bzero(html, sizeof html);
    explicit_bzero(address, sizeof address);
}

static void add_logins(struct secrets *secrets, const struct sb_catalogue *catalogue)
{
    for (size_t i = 0; i < catalogue->site_count; i++) {
        char *value = NULL;
        if (catalogue->sites[i].login_secret == NULL || sb_secret_read(catalogue->sites[i].login_secret, &value, NULL) != SB_OK)
            continue;
        add_variants(secrets, value);
        sb_secret_free(value);
    }
}

static void wipe(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

static void add_cookies(struct secrets *secrets, const struct sb_step_env *env, const struct sb_op *op)
{
    const struct sb_catalogue *catalogue = env->services->catalogue;
    const struct sb_browser_ops *ops = env->services->browser->ops;
    const char *hosts[HOSTS_MAX];
    size_t count = 0;
    char *memory = NULL;
    struct sb_json *json = NULL;

    for (size_t site = 0; site < catalogue->site_count; site++)
        for (size_t i = 0; i < catalogue->sites[site].allowed_host_count && count < HOSTS_MAX; i++)
            hosts[count++] = catalogue->sites[site].allowed_hosts[i];
    if (count == 0 || ops->remember == NULL || ops->remember(env->context, hosts, count, NULL, op, &memory, NULL) != SB_OK)
        return;
    if (sb_json_parse(&json, memory, strlen(memory), NULL) == SB_OK) {
        for (size_t i = 0; i < sb_json_count(json, "cookies") && i < SECRETS_MAX; i++) {
            char path[48];
            (void)snprintf(path, sizeof path, "cookies.%zu.value", i);
            char *value = sb_json_text(json, path);
            if (value != NULL)
                add_secret(secrets, value, COOKIE_MIN);
            wipe(value);
        }
    }
    sb_json_destroy(json);
    wipe(memory);
}

/* ---- one failure ---- */

struct explanation {
    const struct sb_step_env *env;
    struct sb_op op;
    struct secrets secrets;
    char folder[PATH_BYTES];
    char name[64];
    struct sb_text kept; /* names of the files written */
    char kept_text[64];
    struct sb_error err; /* of the first thing that went wrong */
};

static void write_file(struct explanation *it, enum sb_kept_file which, const void *bytes, size_t size)
{
    char path[PATH_BYTES + 128];
    struct sb_error err = { 0 };

    (void)snprintf(path, sizeof path, "%s/%s", it->folder, it->name);
    enum sb_err code = sb_dir_make(path, 0700, &err);
    (void)snprintf(path, sizeof path, "%s/%s/%s", it->folder, it->name, sb_kept_file_name(which));
    if (code == SB_OK)
        code = sb_file_write_atomically(path, bytes, size, 0600, &err);
    if (code == SB_OK)
        sb_text_addf(&it->kept, "%s%s", it->kept.len > 0 ? ", " : "", sb_kept_file_name(which));
    else if (it->err.code == SB_OK)
        it->err = err;
}

/* Takes `text`. */
static void write_text(struct explanation *it, enum sb_kept_file which, char *text)
{
    char *clean = sb_redact(text, (const char *const *)it->secrets.texts, it->secrets.count, 2 * SOURCE_MAX);

    if (clean != NULL && sb_veil_document(&clean))
        write_file(it, which, clean, strlen(clean));
    free(clean);
    free(text);
}

static enum sb_err keep_picture(struct explanation *it)
{
    unsigned char *png = NULL;
    size_t size = 0;
    const struct sb_browser_ops *ops = it->env->services->browser->ops;
    enum sb_err code = ops->screenshot == NULL ? SB_ERR_UNSUPPORTED : ops->screenshot(it->env->context, &it->op, &png, &size, &it->err);

    if (code == SB_OK)
        write_file(it, SB_KEPT_PICTURE, png, size);
    free(png);
    return code;
}

static enum sb_err keep_source(struct explanation *it)
{
    char *html = NULL;
    const struct sb_browser_ops *ops = it->env->services->browser->ops;
    enum sb_err code = ops->source == NULL ? SB_ERR_UNSUPPORTED : ops->source(it->env->context, SOURCE_MAX, &it->op, &html, &it->err);

    if (code == SB_OK)
        write_text(it, SB_KEPT_SOURCE, html);
    return code;
}

static enum sb_err keep_console(struct explanation *it)
{
    char *lines = NULL;
    const struct sb_browser_ops *ops = it->env->services->browser->ops;
    enum sb_err code = ops->console == NULL ? SB_ERR_UNSUPPORTED : ops->console(it->env->context, &it->op, &lines, &it->err);

    if (code == SB_OK)
        write_text(it, SB_KEPT_CONSOLE, lines);
    return code;
}

/* A page that does not answer one question answers none: the first that goes wrong ends it, but for a browser that cannot do it at all. */
static void keep_all(struct explanation *it)
{
    static enum sb_err (*const parts[])(struct explanation *it) = { keep_source, keep_console, keep_picture };

    for (size_t i = 0; i < SB_LEN(parts); i++) {
        enum sb_err code = parts[i](it);
        if (code != SB_OK && code != SB_ERR_UNSUPPORTED)
            return;
    }
}

/* A step that ran out of time was asked to stop, and that request would end this at once; it has ended, so only the limit counts here. The
 * context is taken away by the hard stop all the same, and that ends every call. */
static struct sb_op own_op(const struct sb_step_env *env)
{
    return (struct sb_op){ .deadline = sb_ns_add(env->now(), EXPLAIN_LIMIT),
                           .cancel = env->op.cancel == NULL || sb_cancel_is_asked(env->op.cancel) ? NULL : env->op.cancel };
}

void sb_step_explain(const struct sb_step_env *env, const struct sb_step_result *result)
{
    const struct sb_catalogue *catalogue = env->services->catalogue;
    struct explanation it = { .env = env, .op = own_op(env) };

    (void)result;
    if (env->context == NULL || env->services->browser == NULL || catalogue == NULL || catalogue->settings.state_dir == NULL)
        return;
    if (!sb_kept_folder(catalogue->settings.state_dir, it.folder, sizeof it.folder))
        return;
    sb_kept_name(env->run, env->step->name, env->attempt, it.name, sizeof it.name);
    sb_text_init(&it.kept, it.kept_text, sizeof it.kept_text);
    add_logins(&it.secrets, catalogue);
    add_cookies(&it.secrets, env, &it.op);
    keep_all(&it);
    for (size_t i = 0; i < it.secrets.count; i++)
        wipe(it.secrets.texts[i]);
    if (it.kept.len > 0) {
        sb_step_note(env, SB_SEVERITY_INFO, "kept in failures/%s: %s", it.name, it.kept_text);
        sb_kept_tidy(it.folder);
    } else if (it.err.code != SB_ERR_GONE && it.err.code != SB_ERR_CANCELLED) {
        sb_step_note(env, SB_SEVERITY_INFO, "nothing of the page could be kept: %s", it.err.text);
    }
}
