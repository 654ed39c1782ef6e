/* A small web server on loopback for the browser's contract: one thread, one poll loop, answers may be delayed without holding up others.
 * Plain sockets, so that the test depends on nothing but the browser. */
#ifndef SIGNALBOX_TESTS_BROWSER_SERVER_H
#define SIGNALBOX_TESTS_BROWSER_SERVER_H

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct server_page {
    const char *path;    /* up to '?' */
    const char *status;  /* "200 OK" */
    const char *headers; /* further lines, each with \r\n, or "" */
    const char *body;    /* "{port}" and "{cookie}" are replaced */
    int delay_ms;
};

enum { SERVER_CONNECTIONS = 32, SERVER_REQUEST_MAX = 8192, SERVER_RESPONSE_MAX = 65536, SERVER_HITS = 64 };

struct server_connection {
    int fd; /* -1 = free */
    char request[SERVER_REQUEST_MAX];
    size_t size;
    const struct server_page *page; /* NULL while the request is incomplete */
    sb_ns due;
};

struct server {
    const struct server_page *pages;
    size_t page_count;
    int listener, wake_fd, port;
    atomic_bool must_end;
    atomic_int hits[SERVER_HITS]; /* per page */
    struct sb_thread *thread;
    struct server_connection connections[SERVER_CONNECTIONS];
};

static inline int server_hits(struct server *server, const char *path)
{
    for (size_t i = 0; i < server->page_count; i++)
        if (sb_streq(server->pages[i].path, path))
            return atomic_load(&server->hits[i]);
    SB_ASSERT(false && "no such page");
    return -1;
}

static inline const struct server_page *server_find(struct server *server, const char *request)
{
    const char *path = strchr(request, ' ') + 1;
    size_t length = strcspn(path, " ?");

    for (size_t i = 0; i < server->page_count; i++) {
        if (strlen(server->pages[i].path) == length && memcmp(server->pages[i].path, path, length) == 0) {
            atomic_fetch_add(&server->hits[i], 1);
            return &server->pages[i];
        }
    }
    return &server->pages[0]; /* the first page is the one for unknown addresses */
}

static inline void server_expand(const struct server *server, const char *from, const char *request, struct sb_text *out)
{
    while (*from != '\0') {
        if (strncmp(from, "{port}", 6) == 0) {
            sb_text_addf(out, "%d", server->port);
            from += 6;
        } else if (strncmp(from, "{cookie}", 8) == 0) {
            const char *cookie = strstr(request, "\r\nCookie: ");
            if (cookie != NULL)
                sb_text_add_n(out, cookie + 10, strcspn(cookie + 10, "\r"));
            from += 8;
        } else {
            sb_text_add_char(out, *from++);
        }
    }
}

static inline void server_answer(struct server *server, struct server_connection *connection)
{
    static char body[SERVER_RESPONSE_MAX / 2], response[SERVER_RESPONSE_MAX];
    const struct server_page *page = connection->page;
    struct sb_text text;

    sb_text_init(&text, body, sizeof(body));
    server_expand(server, page->body, connection->request, &text);
    size_t size = text.len;
    sb_text_init(&text, response, sizeof(response));
    sb_text_addf(&text, "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n", page->status, size);
    if (strstr(page->headers, "Content-Type") == NULL)
        sb_text_add(&text, "Content-Type: text/html; charset=utf-8\r\n");
    server_expand(server, page->headers, connection->request, &text);
    sb_text_add(&text, "\r\n");
    sb_text_add_n(&text, body, size);
    SB_ASSERT(!text.is_cut);
    /* Answers are smaller than a socket's buffer, so one send is enough. A browser that has hung up is fine. */
    (void)send(connection->fd, response, text.len, MSG_NOSIGNAL);
    sb_fd_close(&connection->fd);
}

static inline void server_read(struct server *server, struct server_connection *connection)
{
    ssize_t got = recv(connection->fd, connection->request + connection->size, sizeof(connection->request) - 1 - connection->size, 0);

    if (got <= 0) {
        sb_fd_close(&connection->fd);
        return;
    }
    connection->size += (size_t)got;
    connection->request[connection->size] = '\0';
    if (strstr(connection->request, "\r\n\r\n") == NULL || strchr(connection->request, ' ') == NULL)
        return;
    connection->page = server_find(server, connection->request);
    connection->due = sb_now() + SB_MS(connection->page->delay_ms);
}

static inline void server_accept(struct server *server)
{
    int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);

    for (size_t i = 0; i < SERVER_CONNECTIONS && fd >= 0; i++) {
        struct server_connection *connection = &server->connections[i];
        if (connection->fd >= 0)
            continue;
        *connection = (struct server_connection){ .fd = fd };
        return;
    }
    sb_fd_close(&fd); /* full: the browser tries again */
}

static inline void server_main(void *arg)
{
    struct server *server = arg;

    while (!atomic_load(&server->must_end)) {
        struct pollfd polled[SERVER_CONNECTIONS + 2];
        sb_ns next = SB_NEVER;
        for (size_t i = 0; i < SERVER_CONNECTIONS; i++) {
            const struct server_connection *connection = &server->connections[i];
            polled[i] = (struct pollfd){ .fd = connection->page == NULL ? connection->fd : -1, .events = POLLIN };
            if (connection->fd >= 0 && connection->page != NULL && connection->due < next)
                next = connection->due;
        }
        polled[SERVER_CONNECTIONS] = (struct pollfd){ .fd = server->listener, .events = POLLIN };
        polled[SERVER_CONNECTIONS + 1] = (struct pollfd){ .fd = server->wake_fd, .events = POLLIN };
        const struct sb_op op = { .deadline = next };
        (void)poll(polled, SERVER_CONNECTIONS + 2, sb_op_poll_ms(&op));
        for (size_t i = 0; i < SERVER_CONNECTIONS; i++) {
            struct server_connection *connection = &server->connections[i];
            if (polled[i].revents != 0)
                server_read(server, connection);
            if (connection->fd >= 0 && connection->page != NULL && connection->due <= sb_now())
                server_answer(server, connection);
        }
        if (polled[SERVER_CONNECTIONS].revents != 0)
            server_accept(server);
    }
}

static inline bool server_start(struct server *server, const struct server_page *pages, size_t count)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t length = sizeof(address);

    SB_ASSERT(count <= SERVER_HITS);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->pages = pages;
    server->page_count = count;
    for (size_t i = 0; i < SERVER_CONNECTIONS; i++)
        server->connections[i].fd = -1;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listener < 0 || bind(server->listener, (struct sockaddr *)&address, length) != 0 || listen(server->listener, 64) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &length) != 0)
        return false;
    server->port = ntohs(address.sin_port);
    return sb_wake_open(&server->wake_fd, NULL) == SB_OK && sb_thread_start(&server->thread, "test-server", server_main, server, NULL) == SB_OK;
}

static inline void server_stop(struct server *server)
{
    atomic_store(&server->must_end, true);
    sb_wake_post(server->wake_fd);
    sb_thread_join(server->thread);
    for (size_t i = 0; i < SERVER_CONNECTIONS; i++)
        sb_fd_close(&server->connections[i].fd);
    sb_fd_close(&server->listener);
    sb_fd_close(&server->wake_fd);
}

#endif
