/* The name of a socket in the file system. sockaddr_un has room for 107 bytes; longer paths are named through their open folder. */
#include "signalbox/api/api.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum sb_err sb_api_address(const char *socket_path, char out[SB_API_ADDRESS_MAX], int *dir_fd, struct sb_error *err)
{
    char folder[4096];
    const char *slash = strrchr(socket_path, '/');
    *dir_fd = -1;
    if (sb_copy(out, SB_API_ADDRESS_MAX, socket_path))
        return SB_OK;
    if (slash == NULL || !sb_copy_n(folder, sizeof(folder), socket_path, (size_t)(slash - socket_path)))
        return sb_error_set(err, SB_ERR_TOO_LARGE, "the path of the socket %.100s... is too long", socket_path);
    int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return sb_error_set(err, errno == ENOENT ? SB_ERR_NOT_FOUND : SB_ERR_IO, "%.200s: %s", folder, strerror(errno));
    int size = snprintf(out, SB_API_ADDRESS_MAX, "/proc/self/fd/%d%s", fd, slash);
    if (size < 0 || size >= SB_API_ADDRESS_MAX) {
        sb_fd_close(&fd);
        return sb_error_set(err, SB_ERR_TOO_LARGE, "the name of the socket %s is too long", slash);
    }
    *dir_fd = fd;
    return SB_OK;
}
