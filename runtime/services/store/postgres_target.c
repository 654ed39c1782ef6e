/* Locations of PostgreSQL: parsing, and showing them without what is secret. Keeps no state. */
#include "postgres.h"

#include "signalbox/base/text.h"

#include <stdlib.h>
#include <string.h>

static const sb_ns connect_timeout = SB_S(5);

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *option = options; option && option->keyword; option++)
        if (sb_streq(option->keyword, keyword))
            return option->val && *option->val ? option->val : NULL;
    return NULL;
}

const char *sb_pg_option(const struct sb_pg_target *target, const char *keyword)
{
    return value_of(target->options, keyword);
}

/* A password with unescaped / or @ makes libpq see its rest as host, port or database. */
static bool is_plausible(const PQconninfoOption *options)
{
    static const char *const names[] = { "user", "host", "dbname" };
    const char *port = value_of(options, "port");
    bool is_fine = !port || port[strspn(port, "0123456789,")] == '\0';
    for (size_t i = 0; i < SB_LEN(names); i++) {
        const char *value = value_of(options, names[i]);
        is_fine = is_fine && (!value || !strchr(value, '@'));
    }
    return is_fine;
}

/* NULL when the text is no location. */
static PQconninfoOption *parse(const char *location)
{
    PQconninfoOption *options = PQconninfoParse(location, NULL);
    if (!options || is_plausible(options))
        return options;
    PQconninfoFree(options);
    return NULL;
}

/* Only parts that name the place. */
static void show_options(const PQconninfoOption *options, char out[SB_LOCATION_SHOWN_MAX])
{
    const char *user = value_of(options, "user"), *host = value_of(options, "host"), *port = value_of(options, "port"),
               *database = value_of(options, "dbname");
    bool is_socket = host && *host == '/';
    struct sb_text text;
    sb_text_init(&text, out, SB_LOCATION_SHOWN_MAX);
    sb_text_add(&text, "postgresql://");
    if (user) {
        sb_text_add(&text, user);
        sb_text_add_char(&text, '@');
    }
    if (host && !is_socket)
        sb_text_add(&text, host);
    if (port && !is_socket) {
        sb_text_add_char(&text, ':');
        sb_text_add(&text, port);
    }
    sb_text_add_char(&text, '/');
    sb_text_add(&text, database ? database : "");
    if (is_socket) {
        sb_text_add(&text, "?host=");
        sb_text_add(&text, host);
    }
}

void sb_pg_show(const char *location, char out[SB_LOCATION_SHOWN_MAX])
{
    PQconninfoOption *options = sb_pq_load(NULL) == SB_OK ? parse(location) : NULL;
    if (!options) {
        (void)sb_copy(out, SB_LOCATION_SHOWN_MAX, "postgresql://..."); /* where a password begins and ends is not known */
        return;
    }
    show_options(options, out);
    PQconninfoFree(options);
}

enum sb_err sb_pg_target_init(struct sb_pg_target *target, const char *location, struct sb_error *err)
{
    uint64_t seconds;
    memset(target, 0, sizeof *target);
    enum sb_err code = sb_pq_load(err); /* whoever has a target may call libpq */
    if (code)
        return code;
    target->options = parse(location);
    if (!target->options) /* what libpq says quotes the text, password included */
        return sb_error_set(err, SB_ERR_CONFIG, "store postgresql://...: this is no PostgreSQL location; write postgresql://USER@HOST:PORT/DATABASE"
                            "?KEY=VALUE with libpq's keys, and special characters as %%XX (the rest is not shown: it may hold a password)");
    show_options(target->options, target->shown);
    target->connect_timeout = connect_timeout;
    const char *given = sb_pg_option(target, "connect_timeout");
    if (given && sb_parse_u64(given, &seconds) && seconds > 0 && seconds <= 3600)
        target->connect_timeout = SB_S((sb_ns)seconds);
    if (sb_pg_option(target, "dbname"))
        return SB_OK;
    sb_pg_target_deinit(target);
    return sb_error_set(err, SB_ERR_CONFIG, "store %s names no database: write postgresql://USER@HOST/DATABASE", target->shown);
}

void sb_pg_target_deinit(struct sb_pg_target *target)
{
    for (PQconninfoOption *option = target->options; option && option->keyword; option++)
        if (option->val)
            explicit_bzero(option->val, strlen(option->val));
    if (target->options)
        PQconninfoFree(target->options);
    target->options = NULL;
}

static bool is_reference(const char *text)
{
    return strncmp(text, "file:", 5) == 0 || strncmp(text, "env:", 4) == 0 || strncmp(text, "cred:", 5) == 0;
}

enum sb_err sb_pg_password(const struct sb_pg_target *target, char **password, struct sb_error *err)
{
    const char *given = sb_pg_option(target, "password");
    *password = NULL;
    if (!given)
        return SB_OK;
    if (is_reference(given)) {
        enum sb_err code = sb_secret_read(given, password, err);
        if (code && err)
            (void)sb_error_wrap(err, "store %s: its password", target->shown);
        return code;
    }
    *password = strdup(given);
    return *password ? SB_OK : sb_error_set(err, SB_ERR_NOMEM, "no memory for a connection");
}
