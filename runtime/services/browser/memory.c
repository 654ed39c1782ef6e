/* What a context carries of an account into the next one: cookies and localStorage as one JSON text. Runs on the thread that uses the context.
 *
 * The text is written in one fixed order and expiry is rounded to minutes, so that "nothing has changed" is a comparison of texts. It holds
 * secrets: nothing of it goes into an error or the log.
 *
 * localStorage belongs to an origin and can be reached only from a document of that origin. To put it back, the page is sent to each origin
 * while all documents are answered by us with an empty page: the site itself hears nothing. */
#include "chromium.h"
#include "hosts.h"

#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { COOKIES_MAX = 1000, ORIGINS_MAX = 16, STORAGE_MAX = 256 * 1024 };

static const char *const cookie_texts[] = { "name", "value", "domain", "path", "sameSite" };
static const char *const cookie_flags[] = { "httpOnly", "secure" };

/* ---- remember ---- */

/* A cookie of ".site.example" belongs to site.example and to www.site.example; ports mean nothing to cookies. */
static bool fits(const char *domain, const char *const *hosts, size_t count)
{
    domain += domain[0] == '.';
    size_t size = strlen(domain);
    for (size_t i = 0; i < count && size > 0; i++) {
        size_t host_size = hosts[i][0] == '[' ? strcspn(hosts[i], "]") + 1 : strcspn(hosts[i], ":");
        if (host_size < size || strncasecmp(hosts[i] + host_size - size, domain, size) != 0)
            continue;
        if (host_size == size || hosts[i][host_size - size - 1] == '.')
            return true;
    }
    return false;
}

static json_t *copy_cookie(const json_t *cookie)
{
    json_t *copy = json_object();
    const json_t *session = json_object_get(cookie, "session"), *partition = json_object_get(cookie, "partitionKey");

    for (size_t i = 0; i < SB_LEN(cookie_texts); i++)
        if (json_is_string(json_object_get(cookie, cookie_texts[i])))
            (void)json_object_set(copy, cookie_texts[i], json_object_get(cookie, cookie_texts[i]));
    for (size_t i = 0; i < SB_LEN(cookie_flags); i++)
        if (json_is_true(json_object_get(cookie, cookie_flags[i])))
            (void)json_object_set_new(copy, cookie_flags[i], json_true());
    if (json_is_object(partition))
        (void)json_object_set(copy, "partitionKey", json_object_get(cookie, "partitionKey"));
    /* Sites push the expiry on at every visit: whole minutes, rounded down, are change enough. */
    double expires = json_number_value(json_object_get(cookie, "expires"));
    if (!json_is_true(session) && expires > 0 && expires < 1e12)
        (void)json_object_set_new(copy, "expires", json_integer((json_int_t)(expires / 60) * 60));
    return copy;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void wipe(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

/* In one order whatever the browser's. */
static json_t *sort_cookies(json_t *cookies)
{
    char *texts[COOKIES_MAX];
    size_t count = 0, i;
    json_t *cookie, *sorted = json_array();
    json_error_t where;

    json_array_foreach(cookies, i, cookie)
    {
        char *text = count < COOKIES_MAX ? json_dumps(cookie, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
        if (text != NULL)
            texts[count++] = text;
    }
    qsort(texts, count, sizeof(texts[0]), compare_texts);
    for (i = 0; i < count; i++) {
        (void)json_array_append_new(sorted, json_loads(texts[i], 0, &where));
        wipe(texts[i]);
    }
    return sorted;
}

static enum sb_err read_cookies(struct sb_context *context, const char *const *hosts, size_t host_count, const struct sb_op *op,
                                json_t **cookies, struct sb_error *err)
{
    struct sb_call call = { .wake_fd = context->wake_fd, .is_for_browser = true };
    json_t *result = NULL, *cookie, *fitting;
    size_t i;

    enum sb_err rc = sb_call_begin(&call, context->chromium, NULL, context, "Storage.getCookies",
                                   json_pack("{s:s}", "browserContextId", context->id), err);
    if (rc == SB_OK)
        rc = sb_call_end(&call, op, &result, err);
    if (rc != SB_OK)
        return rc;
    fitting = json_array();
    json_array_foreach(json_object_get(result, "cookies"), i, cookie)
    {
        if (fits(sb_cdp_text(cookie, "domain"), hosts, host_count))
            (void)json_array_append_new(fitting, copy_cookie(cookie));
    }
    *cookies = sort_cookies(fitting);
    json_decref(fitting);
    json_decref(result);
    return SB_OK;
}

/* A page without storage (about:blank, a sandboxed one) or with too much of it has none to remember. */
static const char storage_script[] =
    "function(max){try{var r={},n=0;for(var i=0;i<localStorage.length;i++){var k=localStorage.key(i),v=localStorage.getItem(k);"
    "n+=k.length+v.length;if(n>max)return null;r[k.toWellFormed()]=v.toWellFormed();}return [location.origin,r];}catch(e){return null;}}";

static bool are_texts(json_t *items)
{
    const char *key;
    json_t *value;

    if (!json_is_object(items))
        return false;
    json_object_foreach(items, key, value)
    {
        if (!json_is_string(value))
            return false;
    }
    return true;
}

/* Replaces what `storage` knows of the page's origin. A page that does not answer leaves what was known. */
static void read_storage(struct sb_context *context, const char *const *hosts, size_t host_count, const struct sb_op *op, json_t *storage)
{
    const struct sb_op bounded = sb_op_within(op, SB_MS(500));
    json_t *value = NULL;

    if (sb_page_call(context, storage_script, json_pack("[i]", STORAGE_MAX), &bounded, &value, NULL) != SB_OK)
        return;
    const char *origin = json_string_value(json_array_get(value, 0));
    json_t *items = json_array_get(value, 1);
    bool is_ours = origin != NULL && !sb_streq(origin, "about:blank") && host_count > 0 && sb_hosts_allow(hosts, host_count, origin);
    if (is_ours && are_texts(items)) {
        if (json_object_size(items) == 0)
            (void)json_object_del(storage, origin);
        else if (json_object_get(storage, origin) != NULL || json_object_size(storage) < ORIGINS_MAX)
            (void)json_object_set(storage, origin, items);
    }
    json_decref(value);
}

static json_t *parse(const char *memory)
{
    json_error_t where;
    json_t *root = memory != NULL ? json_loads(memory, JSON_REJECT_DUPLICATES, &where) : NULL;

    if (json_is_object(root))
        return root;
    json_decref(root);
    return NULL;
}

enum sb_err sb_page_remember(struct sb_context *context, const char *const *hosts, size_t host_count, const char *before,
                             const struct sb_op *op, char **memory, struct sb_error *err)
{
    json_t *old = parse(before), *cookies = NULL;
    json_t *storage = json_is_object(json_object_get(old, "storage")) ? json_deep_copy(json_object_get(old, "storage")) : json_object();
    enum sb_err rc = read_cookies(context, hosts, host_count, op, &cookies, err);

    json_decref(old);
    if (rc != SB_OK) {
        json_decref(storage);
        (void)sb_error_wrap(err, "cookies of the context");
        return rc;
    }
    read_storage(context, hosts, host_count, op, storage);
    json_t *root = json_pack("{s:o,s:o}", "cookies", cookies, "storage", storage);
    char *text = root != NULL ? json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(root);
    if (text == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for cookies and storage");
    if (strlen(text) > SB_MEMORY_MAX) {
        wipe(text);
        return sb_error_set(err, SB_ERR_TOO_LARGE, "cookies and storage are more than %d bytes", SB_MEMORY_MAX);
    }
    *memory = text;
    return SB_OK;
}

/* ---- recall ---- */

static enum sb_err set_cookies(struct sb_context *context, json_t *cookies, const struct sb_op *op, struct sb_error *err)
{
    struct sb_call call = { .wake_fd = context->wake_fd, .is_for_browser = true };

    if (json_array_size(cookies) == 0)
        return SB_OK;
    enum sb_err rc = sb_call_begin(&call, context->chromium, NULL, context, "Storage.setCookies",
                                   json_pack("{s:O,s:s}", "cookies", cookies, "browserContextId", context->id), err);
    return rc == SB_OK ? sb_call_end(&call, op, NULL, err) : rc;
}

static enum sb_err set_furnished(struct sb_context *context, bool is_furnished, const struct sb_op *op, struct sb_error *err)
{
    sb_mutex_lock(context->chromium->mutex);
    context->is_furnished = is_furnished;
    json_t *patterns = sb_context_patterns(context, NULL);
    sb_mutex_unlock(context->chromium->mutex);
    if (patterns == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a list of requests");
    if (json_array_size(json_object_get(patterns, "patterns")) > 0)
        return sb_context_call(context, "Fetch.enable", patterns, op, NULL, err);
    json_decref(patterns);
    return sb_context_call(context, "Fetch.disable", NULL, op, NULL, err);
}

static const char fill_script[] = "function(items){for(var k in items)localStorage.setItem(k,items[k]);return true;}";

static enum sb_err fill(struct sb_context *context, const char *origin, json_t *items, const struct sb_op *op, struct sb_error *err)
{
    json_t *value = NULL;
    char url[512];

    if (!are_texts(items) || snprintf(url, sizeof(url), "%s/", origin) >= (int)sizeof(url) ||
        !sb_hosts_allow((const char *const *)context->hosts, context->host_count, url))
        return SB_OK; /* of a host which is not allowed any more */
    enum sb_err rc = sb_page_go(context, url, op, NULL, err);
    if (rc == SB_OK)
        rc = sb_page_call(context, fill_script, json_pack("[O]", items), op, &value, err);
    json_decref(value);
    return rc;
}

static enum sb_err set_storage(struct sb_context *context, json_t *storage, const struct sb_op *op, struct sb_error *err)
{
    const char *origin;
    json_t *items;

    if (json_object_size(storage) == 0)
        return SB_OK;
    enum sb_err rc = set_furnished(context, true, op, err);
    json_object_foreach(storage, origin, items)
    {
        if (rc == SB_OK)
            rc = fill(context, origin, items, op, err);
    }
    if (rc == SB_OK)
        rc = sb_page_go(context, "about:blank", op, NULL, err);
    /* Even when something failed: a context that answers documents by itself would be worse than one without its storage. */
    enum sb_err ended = set_furnished(context, false, op, rc == SB_OK ? err : NULL);
    return rc == SB_OK ? ended : rc;
}

enum sb_err sb_page_recall(struct sb_context *context, const char *memory, const struct sb_op *op, struct sb_error *err)
{
    json_t *root = parse(memory);
    json_t *cookies = json_object_get(root, "cookies"), *storage = json_object_get(root, "storage");

    if (!json_is_array(cookies) || !json_is_object(storage) || json_array_size(cookies) > COOKIES_MAX || json_object_size(storage) > ORIGINS_MAX) {
        json_decref(root);
        return sb_error_set(err, SB_ERR_INVALID, "what is kept of the account is not cookies and storage");
    }
    enum sb_err rc = set_cookies(context, cookies, op, err);
    if (rc == SB_OK)
        rc = set_storage(context, storage, op, err);
    json_decref(root);
    if (rc != SB_OK)
        (void)sb_error_wrap(err, "cookies and storage of the account");
    return rc;
}
