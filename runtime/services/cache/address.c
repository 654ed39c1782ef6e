/* Addresses of Redis: redis://[user@]host[:port][/db] and redis+unix://[user@]/path[?db=N]. Pure. */
#include "wire.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { PORT_DEFAULT = 6379, DATABASE_MAX = 65535 };

static bool read_number(const char *text, size_t size, uint64_t least, uint64_t most, int *out)
{
    char digits[8];
    uint64_t value = 0;
    if (!sb_copy_n(digits, sizeof(digits), text, size) || !sb_parse_u64(digits, &value) || value < least || value > most)
        return false;
    *out = (int)value;
    return true;
}

/* Takes "user@" off the text. */
static enum sb_err read_user(struct sb_redis_address *out, const char **text, struct sb_error *err)
{
    const char *at = memchr(*text, '@', strcspn(*text, "/"));
    if (at == NULL)
        return SB_OK;
    if (memchr(*text, ':', (size_t)(at - *text)) != NULL)
        return sb_error_set(err, SB_ERR_CONFIG, "the address of the cache holds a password: give it by reference in cache_password");
    if (!sb_copy_n(out->user, sizeof(out->user), *text, (size_t)(at - *text)))
        return sb_error_set(err, SB_ERR_CONFIG, "the user in the address of the cache has more than %zu bytes", sizeof(out->user) - 1);
    *text = at + 1;
    return SB_OK;
}

static enum sb_err read_tcp(struct sb_redis_address *out, const char *host, struct sb_error *err)
{
    const char *slash = strchrnul(host, '/'), *end = slash, *colon = NULL;
    if (*host == '[') { /* [v6]:port */
        const char *close = memchr(host, ']', (size_t)(slash - host));
        if (close == NULL || (close + 1 < slash && close[1] != ':'))
            return sb_error_set(err, SB_ERR_CONFIG, "the address of the cache: %.60s has no end", host);
        colon = close + 1 < slash ? close + 1 : NULL;
        end = close;
        host++;
    } else {
        colon = memchr(host, ':', (size_t)(slash - host));
        end = colon != NULL ? colon : slash;
    }
    if (end == host || !sb_copy_n(out->host, sizeof(out->host), host, (size_t)(end - host)))
        return sb_error_set(err, SB_ERR_CONFIG, "the address of the cache has no host: write redis://HOST:PORT/DB");
    out->port = PORT_DEFAULT;
    if (colon != NULL && !read_number(colon + 1, (size_t)(slash - colon - 1), 1, 65535, &out->port))
        return sb_error_set(err, SB_ERR_CONFIG, "the address of the cache: the port is from 1 to 65535, not \"%.20s\"", colon + 1);
    if (slash[0] == '/' && slash[1] != '\0' && !read_number(slash + 1, strlen(slash + 1), 0, DATABASE_MAX, &out->database))
        return sb_error_set(err, SB_ERR_CONFIG, "the address of the cache: after the host comes the number of a database, not \"%.20s\"", slash + 1);
    return SB_OK;
}

static enum sb_err read_unix(struct sb_redis_address *out, const char *text, struct sb_error *err)
{
    static const char query[] = "?db=";
    const char *end = strchrnul(text, '?');
    if (*text != '/' || end - text >= 108) /* sun_path */
        return sb_error_set(err, SB_ERR_CONFIG, "the address of the cache: redis+unix:// goes on with the path of a socket, below 108 bytes");
    (void)sb_copy_n(out->host, sizeof(out->host), text, (size_t)(end - text));
    if (*end == '\0')
        return SB_OK;
    if (strncmp(end, query, strlen(query)) != 0 || !read_number(end + strlen(query), strlen(end + strlen(query)), 0, DATABASE_MAX, &out->database))
        return sb_error_set(err, SB_ERR_CONFIG, "the address of the cache: after the socket comes ?db=N, not \"%.20s\"", end);
    return SB_OK;
}

enum sb_err sb_redis_address_read(struct sb_redis_address *out, const char *text, struct sb_error *err)
{
    static const char tcp[] = "redis://", local[] = "redis+unix://";
    struct sb_redis_address address = { .port = 0 };
    struct sb_text shown;
    const bool is_tcp = strncmp(text, tcp, strlen(tcp)) == 0;
    if (!is_tcp && strncmp(text, local, strlen(local)) != 0)
        return sb_error_set(err, SB_ERR_CONFIG, "the address of the cache begins with redis:// or redis+unix://");
    text += is_tcp ? strlen(tcp) : strlen(local);
    enum sb_err rc = read_user(&address, &text, err);
    if (rc == SB_OK)
        rc = is_tcp ? read_tcp(&address, text, err) : read_unix(&address, text, err);
    if (rc != SB_OK)
        return rc;
    sb_text_init(&shown, address.shown, sizeof(address.shown));
    sb_text_addf(&shown, address.port != 0 ? "redis %s:%d/%d" : "redis %s", address.host, address.port, address.database);
    *out = address;
    return SB_OK;
}
