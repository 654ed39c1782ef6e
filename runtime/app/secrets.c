/* Collecting the values of secrets, so that they can be found in what is passed on. They are read anew each time and wiped afterwards. Any thread;
 * prints and logs nothing of them. */
#include "secrets.h"

#include "signalbox/os/os.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

extern char **environ;

enum { VALUE_MIN = 6, VALUE_MAX = 4096 }; /* shorter ones would black out half of a screen */

static void add_text(struct secrets *secrets, const char *name, const char *text)
{
    if (strlen(text) < VALUE_MIN)
        return;
    for (size_t i = 0; i < secrets->count; i++)
        if (sb_streq(secrets->items[i].value, text))
            return;
    char *copy = secrets->count < SECRETS_MAX ? strdup(text) : NULL;
    if (copy == NULL) {
        secrets->is_full = true;
        return;
    }
    (void)sb_copy(secrets->names[secrets->count], sizeof(secrets->names[0]), name);
    secrets->items[secrets->count] = (struct sb_redact_secret){ secrets->names[secrets->count], copy };
    secrets->count++;
}

enum writing { AS_JSON, AS_XML, AS_ADDRESS, WRITING_COUNT };

static void add_written(struct sb_text *out, char byte, enum writing as)
{
    static const struct {
        char byte;
        const char *json, *xml;
    } names[] = { { '"', "\\\"", "&quot;" }, { '\\', "\\\\", NULL }, { '\t', "\\t", NULL }, { '&', NULL, "&amp;" }, { '<', NULL, "&lt;" },
                  { '>', NULL, "&gt;" },     { '\'', NULL, "&#39;" } };
    if (as == AS_ADDRESS && !isalnum((unsigned char)byte) && strchr("-_.~", byte) == NULL) {
        sb_text_addf(out, "%%%02X", (unsigned)(unsigned char)byte);
        return;
    }
    for (size_t i = 0; i < SB_LEN(names) && as != AS_ADDRESS; i++) {
        const char *name = as == AS_JSON ? names[i].json : names[i].xml;
        if (names[i].byte == byte && name != NULL) {
            sb_text_add(out, name);
            return;
        }
    }
    sb_text_add_char(out, byte);
}

static void add_value(struct secrets *secrets, const char *name, const char *value)
{
    char written[3 * VALUE_MAX];
    add_text(secrets, name, value);
    for (int as = 0; as < WRITING_COUNT; as++) {
        struct sb_text text;
        sb_text_init(&text, written, sizeof(written));
        for (const char *at = value; *at != '\0'; at++)
            add_written(&text, *at, (enum writing)as);
        if (!text.is_cut)
            add_text(secrets, name, written);
    }
    explicit_bzero(written, sizeof(written));
}

/* The words of the practice world stand in its own source: hiding them would hide "practice" wherever it is said. */
static bool is_practice_word(const char *value)
{
    return sb_streq(value, "practice");
}

static void add_reference(struct secrets *secrets, const char *name, const char *reference)
{
    char *value = NULL;
    struct sb_error err = { 0 };
    if (reference == NULL)
        return;
    if (sb_secret_read(reference, &value, &err) != SB_OK) {
        secrets->unknown++;
        return;
    }
    secrets->known++;
    if (!is_practice_word(value))
        add_value(secrets, name, value);
    sb_secret_free(value);
}

/* "password=env:NAME" among the options of a database's address. */
static void add_store(struct secrets *secrets, const char *location)
{
    const char *at = location != NULL ? strstr(location, "password=") : NULL;
    char reference[1024];
    if (at != NULL && sb_copy_n(reference, sizeof(reference), at + 9, strcspn(at + 9, "& ")))
        add_reference(secrets, "settings.store", reference);
}

static bool is_reference(const char *text)
{
    return text != NULL && (strncmp(text, "env:", 4) == 0 || strncmp(text, "file:", 5) == 0 || strncmp(text, "cred:", 5) == 0);
}

static void add_catalogue(struct secrets *secrets, const struct sb_catalogue *catalogue)
{
    char name[64];
    for (size_t i = 0; i < catalogue->site_count; i++) {
        (void)snprintf(name, sizeof(name), "sites.%.40s.login", catalogue->sites[i].name);
        add_reference(secrets, name, catalogue->sites[i].login_secret);
    }
    add_reference(secrets, "llm.key", catalogue->llm.key);
    for (size_t i = 0; i < catalogue->llm.endpoint_count; i++) {
        (void)snprintf(name, sizeof(name), "llm.endpoints.%.40s", catalogue->llm.endpoints[i].name);
        add_reference(secrets, name, catalogue->llm.endpoints[i].key);
    }
    for (size_t i = 0; i < catalogue->channel_count; i++) {
        (void)snprintf(name, sizeof(name), "channels.%.40s", catalogue->channels[i].name);
        add_reference(secrets, name, catalogue->channels[i].secret);
        if (is_reference(catalogue->channels[i].url))
            add_reference(secrets, name, catalogue->channels[i].url);
    }
    add_reference(secrets, "settings.cache_password", catalogue->settings.cache_password);
    if (is_reference(catalogue->settings.browser_url))
        add_reference(secrets, "settings.browser_url", catalogue->settings.browser_url);
    add_store(secrets, catalogue->settings.store);
}

static bool sounds_secret(const char *name, size_t size)
{
    static const char *const words[] = { "PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "APIKEY", "PRIVATE_KEY", "ACCESS_KEY", "CREDENTIAL" };
    for (size_t i = 0; i < SB_LEN(words); i++)
        for (size_t at = 0; at + strlen(words[i]) <= size; at++)
            if (strncasecmp(name + at, words[i], strlen(words[i])) == 0)
                return true;
    return size > 4 && strncasecmp(name + size - 4, "_KEY", 4) == 0;
}

static void add_environment(struct secrets *secrets)
{
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        const size_t size = strcspn(*entry, "=");
        char name[64];
        if ((*entry)[size] != '=' || !sounds_secret(*entry, size) || is_practice_word(*entry + size + 1) || strlen(*entry + size + 1) >= VALUE_MAX)
            continue;
        (void)snprintf(name, sizeof(name), "env.%.*s", (int)(size < 50 ? size : 50), *entry);
        if ((*entry)[size + 1] != '/' && strncmp(*entry + size + 1, "file:", 5) != 0) /* a path is where a secret is, and none itself */
            add_value(secrets, name, *entry + size + 1);
    }
}

static void make_redactors(struct secrets *secrets)
{
    sb_redactor_init(&secrets->redactor, secrets->items, secrets->count, 4);
    secrets->exact = secrets->redactor;
    secrets->exact.is_exact = true;
}

void secrets_open(struct secrets *secrets, const struct sb_catalogue *catalogue, bool has_environment)
{
    memset(secrets, 0, sizeof(*secrets));
    if (catalogue != NULL)
        add_catalogue(secrets, catalogue);
    if (has_environment)
        add_environment(secrets);
    make_redactors(secrets);
}

struct secrets *secrets_renew(struct secrets *known, const struct sb_catalogue *catalogue)
{
    struct secrets *fresh = calloc(1, sizeof(*fresh));
    if (fresh == NULL)
        return NULL;
    secrets_open(fresh, catalogue, false);
    const size_t read = fresh->count;
    size_t had = 0;
    for (size_t i = 0; i < read; i++)
        for (size_t j = 0; j < known->count; j++)
            had += sb_streq(fresh->items[i].value, known->items[j].value);
    if (had == read) {
        secrets_close(fresh);
        free(fresh);
        return NULL;
    }
    for (size_t i = 0; i < known->count; i++)
        add_text(fresh, known->names[i], known->items[i].value);
    make_redactors(fresh);
    fresh->before = known;
    return fresh;
}

char *secrets_redact(const struct secrets *secrets, const char *text, size_t size)
{
    char *bytes = NULL;
    size_t out_size = 0, at = 0;
    struct sb_redact_span span;
    FILE *out = open_memstream(&bytes, &out_size);
    if (out == NULL)
        return NULL;
    while (sb_redact_next(&secrets->redactor, text, size, at, &span)) {
        (void)fwrite(text + at, 1, span.start - at, out);
        (void)fprintf(out, "[redacted:%s]", span.name);
        at = span.start + span.size;
    }
    (void)fwrite(text + at, 1, size - at, out);
    const bool is_bad = ferror(out) != 0;
    if (fclose(out) == 0 && !is_bad)
        return bytes;
    free(bytes);
    return NULL;
}

void secrets_close(struct secrets *secrets)
{
    if (secrets->before != NULL) {
        secrets_close(secrets->before);
        free(secrets->before);
    }
    for (size_t i = 0; i < secrets->count; i++) {
        char *value = (char *)(uintptr_t)secrets->items[i].value; /* strdup'ed above */
        explicit_bzero(value, strlen(value));
        free(value);
    }
    memset(secrets, 0, sizeof(*secrets));
}
