/* The allow-list of document addresses. Pure. A URL that is not understood is refused: the list protects an identity (cookies, a logged-in
 * page) from being carried elsewhere, so the doubtful case must not pass. */
#include "hosts.h"

#include "signalbox/base/text.h"

#include <string.h>
#include <strings.h>

struct address {
    const char *host, *port;
    size_t host_size, port_size;
};

/* Splits "host", "host:port" or "[v6]:port". */
static bool split(const char *text, size_t size, struct address *out)
{
    const char *end = text + size;
    const char *host_end;

    if (size > 0 && text[0] == '[') {
        const char *bracket = memchr(text, ']', size);
        if (bracket == NULL)
            return false;
        host_end = bracket + 1;
    } else {
        const char *colon = memchr(text, ':', size);
        host_end = colon != NULL ? colon : end;
    }
    if (host_end == text || (host_end < end && *host_end != ':'))
        return false;
    out->host = text;
    out->host_size = (size_t)(host_end - text);
    out->port = host_end < end ? host_end + 1 : end;
    out->port_size = (size_t)(end - out->port);
    return true;
}

static bool parse_url(const char *url, struct address *out)
{
    static const struct {
        const char *prefix, *port;
    } schemes[] = { { "http://", "80" }, { "https://", "443" } };

    for (size_t i = 0; i < SB_LEN(schemes); i++) {
        size_t length = strlen(schemes[i].prefix);
        if (strncasecmp(url, schemes[i].prefix, length) != 0)
            continue;
        const char *begin = url + length;
        size_t size = strcspn(begin, "/?#\\");
        /* What stands before the last '@' is a name and password, not a host. */
        for (size_t at = size; at > 0; at--) {
            if (begin[at - 1] == '@') {
                begin += at;
                size -= at;
                break;
            }
        }
        if (!split(begin, size, out))
            return false;
        if (out->port_size == 0) {
            out->port = schemes[i].port;
            out->port_size = strlen(schemes[i].port);
        }
        return true;
    }
    return false;
}

static bool is_same(const char *a, size_t a_size, const char *b, size_t b_size)
{
    return a_size == b_size && strncasecmp(a, b, a_size) == 0;
}

bool sb_hosts_allow(const char *const *hosts, size_t count, const char *url)
{
    struct address wanted, listed;

    if (count == 0)
        return strncasecmp(url, "file:", 5) != 0;
    if (sb_streq(url, "about:blank"))
        return true;
    if (!parse_url(url, &wanted))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!split(hosts[i], strlen(hosts[i]), &listed))
            continue;
        if (is_same(wanted.host, wanted.host_size, listed.host, listed.host_size) &&
            (listed.port_size == 0 || is_same(wanted.port, wanted.port_size, listed.port, listed.port_size)))
            return true;
    }
    return false;
}
