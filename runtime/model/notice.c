/* Words of notices and channels, and which notices a channel asks for. Pure. */
#include "signalbox/model/notice.h"

#include "signalbox/base/text.h"

#include <string.h>

#define TEXT(code, text) text,

const char *sb_channel_kind_text(unsigned value)
{
    static const char *const texts[] = { SB_LIST_CHANNEL(TEXT) };
    return value < SB_CHANNEL_COUNT ? texts[value] : "?";
}

/* After a mismatch only the last '*' can take one more character, so this is linear in memory and at most quadratic in time. */
static bool fits(const char *pattern, const char *text)
{
    const char *star = NULL, *resume = NULL;
    while (*text != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            resume = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star + 1;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool sb_channel_wants(const struct sb_channel_def *channel, const char *rule, enum sb_severity severity)
{
    if (channel->kind == SB_CHANNEL_DEADMAN || (uint8_t)severity < channel->min_severity)
        return false;
    for (size_t i = 0; i < channel->rule_count; i++)
        if (fits(channel->rules[i], rule))
            return true;
    return channel->rule_count == 0;
}

bool sb_channel_url_is_loopback(const char *url)
{
    static const char *const hosts[] = { "127.0.0.1", "localhost", "[::1]" };
    const char *host = strchr(url, ':');
    if (host == NULL || host[1] != '/' || host[2] != '/')
        return false;
    host += 3;
    for (size_t i = 0; i < SB_LEN(hosts); i++) {
        const size_t size = strlen(hosts[i]);
        if (strncmp(host, hosts[i], size) == 0 && (host[size] == '\0' || strchr(":/?#", host[size]) != NULL))
            return true;
    }
    return false;
}
