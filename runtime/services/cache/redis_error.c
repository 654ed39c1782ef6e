/* What Redis means by its error answers, in the words of whoever has to do something about it. Pure but for the message. The server's own words
 * are quoted, cut; those about a password are not: old servers repeat what they were given. */
#include "wire.h"

#include <string.h>

static const struct {
    const char *begins;
    enum sb_err code;
    const char *meaning; /* NULL: the server's words say it */
} errors[] = {
    { "ERR max number of clients reached", SB_ERR_FULL, "max number of clients reached: raise its maxclients, or lower settings.cache_pool" },
    { "LOADING", SB_ERR_UNAVAILABLE, "is still loading its data" },
    { "READONLY", SB_ERR_READ_ONLY, "is a replica and may not be written to: name its master in settings.cache" },
    { "OOM", SB_ERR_FULL, "is full: set maxmemory-policy allkeys-lru, or raise its maxmemory" },
    { "MISCONF", SB_ERR_UNAVAILABLE, "refuses writes because it cannot save to its disk: make room there, or turn saving off" },
    { "MASTERDOWN", SB_ERR_UNAVAILABLE, "has lost its master" },
    { "BUSY", SB_ERR_UNAVAILABLE, "is busy with somebody's script: SCRIPT KILL ends it" },
    { "NOAUTH", SB_ERR_PERMISSION, "asks for a password: name it in settings.cache_password" },
    { "WRONGPASS", SB_ERR_PERMISSION, "refuses user or password: look at what settings.cache_password refers to" },
    { "ERR invalid password", SB_ERR_PERMISSION, "refuses the password: look at what settings.cache_password refers to" },
    { "ERR AUTH", SB_ERR_PERMISSION, "knows no password for that user: remove settings.cache_password, or set one there" },
    { "ERR Client sent AUTH", SB_ERR_PERMISSION, "knows no password: remove settings.cache_password, or set one there" },
    { "ERR unknown command", SB_ERR_UNSUPPORTED, "lacks a command: Redis 5 or newer is needed, with none renamed" },
    { "ERR DB index", SB_ERR_CONFIG, "has no database of that number: look at settings.cache" },
    { "NOPERM", SB_ERR_PERMISSION, NULL },
    { "MOVED", SB_ERR_UNSUPPORTED, "is a Redis Cluster: name a single server in settings.cache" },
    { "CLUSTERDOWN", SB_ERR_UNSUPPORTED, "is a Redis Cluster: name a single server in settings.cache" },
    { "WRONGTYPE", SB_ERR_INVALID, "the key holds another kind of value" },
    { "ERR value is not an integer", SB_ERR_INVALID, "the key holds no number" },
    { "ERR increment or decrement would overflow", SB_ERR_INVALID, "the counter would overflow" },
};

enum sb_err sb_redis_error(const struct sb_redis_address *address, const char *words, struct sb_error *err)
{
    for (size_t i = 0; i < SB_LEN(errors); i++)
        if (strncmp(words, errors[i].begins, strlen(errors[i].begins)) == 0)
            return errors[i].meaning != NULL ? sb_error_set(err, errors[i].code, "%s: %s", address->shown, errors[i].meaning)
                                             : sb_error_set(err, errors[i].code, "%s: %.160s", address->shown, words);
    return sb_error_set(err, SB_ERR_PROTOCOL, "%s: unexpected answer: %.120s", address->shown, words);
}
