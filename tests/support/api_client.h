/* Asking the interface for programs over its socket, in tests. Header only. */
#ifndef SIGNALBOX_TEST_API_CLIENT_H
#define SIGNALBOX_TEST_API_CLIENT_H

#include "engine_rig.h"

#include "signalbox/api/api.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CLIENT_REPLY_BYTES = 4 << 20 };
static char client_reply[CLIENT_REPLY_BYTES];

/* The whole answer to a GET, head included; valid until the next question. */
static inline const char *client_get(const char *socket_path, const char *target, const char *headers)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const struct sb_op op = test_op();
    char request[1024];
    size_t size = 0, ready = 0;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_true(sb_copy(address.sun_path, sizeof(address.sun_path), socket_path));
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    int length = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", target, headers);
    assert_int_equal(write(fd, request, (size_t)length), length);
    for (ssize_t count = 1; count != 0;) {
        assert_int_equal(sb_poll_readable(&fd, 1, &op, &ready, NULL), SB_OK);
        count = read(fd, client_reply + size, sizeof(client_reply) - 1 - size);
        assert_true(count >= 0);
        size += (size_t)count;
    }
    client_reply[size] = '\0';
    sb_fd_close(&fd);
    return client_reply;
}

static inline bool client_says(const char *socket_path, const char *target, const char *words)
{
    return strstr(client_get(socket_path, target, ""), words) != NULL;
}

/* Until the answer has those words. */
static inline void client_await(const char *socket_path, const char *target, const char *words)
{
    const struct sb_op op = test_op();
    while (!client_says(socket_path, target, words))
        if (sb_now() > op.deadline)
            fail_msg("%s never says %s; the last answer: %s", target, words, client_reply);
}

#endif
