/* The notification protocol of systemd (sd_notify(3)): datagrams of lines NAME=VALUE on the socket that NOTIFY_SOCKET names. Any thread; each
 * message opens the socket anew, for there are a few in a minute. */
#include "os_private.h"

#include "signalbox/base/text.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum sb_err sb_notify(const char *state, struct sb_error *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *path = getenv("NOTIFY_SOCKET");
    if (path == NULL || path[0] == '\0')
        return SB_OK;
    if ((path[0] != '/' && path[0] != '@') || !sb_copy(address.sun_path, sizeof(address.sun_path), path))
        return sb_error_set(err, SB_ERR_INVALID, "NOTIFY_SOCKET=%.120s is no path of a socket", path);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (path[0] == '@')
        address.sun_path[0] = '\0'; /* Linux' abstract names */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return os_error_path(err, errno, "open a socket for", path, NULL);
    ssize_t sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
    int number = errno;
    sb_fd_close(&fd);
    return sent >= 0 ? SB_OK : os_error_path(err, number, "write to NOTIFY_SOCKET", path, NULL);
}

sb_ns sb_notify_interval(void)
{
    const char *limit = getenv("WATCHDOG_USEC"), *whose = getenv("WATCHDOG_PID");
    int64_t usec = 0, pid = getpid();
    if (limit == NULL || !sb_parse_i64(limit, &usec) || usec <= 0 || usec > INT64_MAX / 1000)
        return 0;
    if (whose != NULL && (!sb_parse_i64(whose, &pid) || pid != getpid()))
        return 0;
    return SB_US(usec) / 2;
}
