/* Addresses of remote browsers. Pure. */
#include "remote.h"

#include "signalbox/base/text.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *prefix;
    bool is_secure, is_discovery;
    int port;
} schemes[] = {
    { "ws://", false, false, 80 }, { "wss://", true, false, 443 }, { "http://", false, true, 80 }, { "https://", true, true, 443 },
};

/* Host and port of "host", "host:port" or "[v6]:port". */
static bool split_authority(struct sb_remote_url *url, const char *text, size_t size)
{
    const char *end = text + size;
    const char *colon = NULL;
    if (size > 0 && text[0] == '[') {
        const char *close = memchr(text, ']', size);
        if (close == NULL || !sb_copy_n(url->host, sizeof(url->host), text + 1, (size_t)(close - text) - 1))
            return false;
        colon = close + 1 < end ? close + 1 : NULL;
        if (colon != NULL && *colon != ':')
            return false;
    } else {
        colon = memchr(text, ':', size);
        if (!sb_copy_n(url->host, sizeof(url->host), text, colon != NULL ? (size_t)(colon - text) : size))
            return false;
    }
    if (colon != NULL) {
        char digits[8];
        uint64_t port;
        if (!sb_copy_n(digits, sizeof(digits), colon + 1, (size_t)(end - colon) - 1) || !sb_parse_u64(digits, &port) || port == 0 || port > 65535)
            return false;
        url->port = (int)port;
    }
    return url->host[0] != '\0';
}

enum sb_err sb_remote_url_parse(struct sb_remote_url *out, const char *text, struct sb_error *err)
{
    struct sb_remote_url url = { 0 };
    const char *rest = NULL;
    for (size_t i = 0; i < SB_LEN(schemes); i++) {
        if (strncmp(text, schemes[i].prefix, strlen(schemes[i].prefix)) != 0)
            continue;
        rest = text + strlen(schemes[i].prefix);
        url.is_secure = schemes[i].is_secure;
        url.is_discovery = schemes[i].is_discovery;
        url.port = schemes[i].port;
    }
    if (rest == NULL)
        return sb_error_set(err, SB_ERR_INVALID, "the address of a remote browser begins with ws://, wss://, http:// or https://");
    const size_t size = strcspn(rest, "/?#");
    if (memchr(rest, '@', size) != NULL)
        return sb_error_set(err, SB_ERR_INVALID, "the address of a remote browser must not hold a user or a password");
    if (!split_authority(&url, rest, size))
        return sb_error_set(err, SB_ERR_INVALID, "the address of a remote browser must go on with HOST or HOST:PORT (1 to 65535)");
    for (const char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 0x7f)
            return sb_error_set(err, SB_ERR_INVALID, "the address of the remote browser at %s holds a character that no address may have", url.host);
    int used = snprintf(url.path, sizeof(url.path), "%s%s", rest[size] == '/' ? "" : "/", rest + size);
    if (used < 0 || (size_t)used >= sizeof(url.path))
        return sb_error_set(err, SB_ERR_INVALID, "the address of the remote browser at %s is longer than %zu bytes", url.host, sizeof(url.path));
    *out = url;
    return SB_OK;
}

void sb_remote_url_show(const struct sb_remote_url *url, char *text, size_t cap)
{
    struct sb_text out;
    sb_text_init(&out, text, cap);
    const bool is_v6 = strchr(url->host, ':') != NULL;
    sb_text_addf(&out, "%s%s://%s%s%s:%d", url->is_discovery ? "http" : "ws", url->is_secure ? "s" : "", is_v6 ? "[" : "", url->host,
                 is_v6 ? "]" : "", url->port);
}
