/* A loopback server with one scripted answer for every request. One thread, one connection at a time. */
#ifndef SIGNALBOX_TEST_NET_SERVER_H
#define SIGNALBOX_TEST_NET_SERVER_H

#include "signalbox/os/os.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct server {
    const char *answer;      /* NULL: never answers */
    bool closes;             /* ends the connection after its answer */
    int listener, stop_fd;
    struct sb_thread *thread;
    struct sb_mutex *mutex;
    struct sb_cond *changed;
    unsigned connections, requests; /* under the mutex */
    char last[8192];         /* the newest request, under the mutex */
    char url[64];
};

/* Until the descriptor has something to say; false when the test is over, or when somebody else knocks (`other`, or -1). */
static bool server_wait(struct server *server, int fd, int other)
{
    struct pollfd fds[3] = { { .fd = fd, .events = POLLIN }, { .fd = server->stop_fd, .events = POLLIN }, { .fd = other, .events = POLLIN } };
    return poll(fds, 3, -1) > 0 && fds[1].revents == 0 && fds[2].revents == 0;
}

static size_t server_body_size(const char *head)
{
    const char *line = strcasestr(head, "\r\nContent-Length:");
    return line ? (size_t)strtoul(line + 17, NULL, 10) : 0;
}

/* One whole request into `buf`; false when the connection ended or, between two requests, another one waits. */
static bool server_read(struct server *server, int fd, char *buf, size_t cap)
{
    size_t len = 0;
    buf[0] = '\0';
    for (;;) {
        const char *end = strstr(buf, "\r\n\r\n");
        if (end && len >= (size_t)(end + 4 - buf) + server_body_size(buf)) {
            return true;
        }
        if (len + 1 >= cap || !server_wait(server, fd, len == 0 ? server->listener : -1)) {
            return false;
        }
        const ssize_t got = recv(fd, buf + len, cap - 1 - len, 0);
        if (got <= 0) {
            return false;
        }
        len += (size_t)got;
        buf[len] = '\0';
    }
}

static void server_note(struct server *server, const char *request)
{
    sb_mutex_lock(server->mutex);
    server->requests++;
    snprintf(server->last, sizeof server->last, "%s", request);
    sb_cond_broadcast(server->changed);
    sb_mutex_unlock(server->mutex);
}

static void server_converse(struct server *server, int fd)
{
    char request[8192];
    while (server_read(server, fd, request, sizeof request)) {
        server_note(server, request);
        if (!server->answer) {
            (void)server_wait(server, fd, -1);
            return;
        }
        if (send(fd, server->answer, strlen(server->answer), MSG_NOSIGNAL) < 0 || server->closes) {
            return;
        }
    }
}

static void server_main(void *arg)
{
    struct server *server = arg;
    while (server_wait(server, server->listener, -1)) {
        const int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        sb_mutex_lock(server->mutex);
        server->connections++;
        sb_mutex_unlock(server->mutex);
        server_converse(server, fd);
        close(fd);
    }
}

static void server_start(struct server *server, const char *answer, bool closes)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    *server = (struct server){ .answer = answer, .closes = closes };
    server->mutex = sb_mutex_create(SB_RANK_INBOX);
    server->changed = sb_cond_create();
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->listener, 16), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%u/x?token=1", ntohs(address.sin_port));
    assert_int_equal(sb_wake_open(&server->stop_fd, NULL), SB_OK);
    assert_int_equal(sb_thread_start(&server->thread, "test-server", server_main, server, NULL), SB_OK);
}

static void server_stop(struct server *server)
{
    sb_wake_post(server->stop_fd);
    sb_thread_join(server->thread);
    close(server->listener);
    sb_fd_close(&server->stop_fd);
    sb_cond_destroy(server->changed);
    sb_mutex_destroy(server->mutex);
}

/* Until so many requests have arrived whole. */
static inline void server_await(struct server *server, unsigned requests)
{
    sb_mutex_lock(server->mutex);
    while (server->requests < requests) {
        assert_true(sb_cond_wait(server->changed, server->mutex, sb_ns_add(sb_now(), SB_S(20))));
    }
    sb_mutex_unlock(server->mutex);
}

#endif
