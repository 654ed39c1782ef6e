/* A Unix socket in front of the test's PostgreSQL which can lose answers and stop passing anything on. One thread. Header only. */
#ifndef SIGNALBOX_TEST_POSTGRES_PROXY_H
#define SIGNALBOX_TEST_POSTGRES_PROXY_H

#include "postgres_server.h"

#include <poll.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { TEST_PROXY_PAIRS = 24 };

struct test_proxy {
    char folder[64];
    int listener, wake_fd;
    struct {
        int client, server; /* -1 = free */
    } pairs[TEST_PROXY_PAIRS];
    struct sb_thread *thread;
    _Atomic int lose_commits;  /* so many answers to a commit are swallowed, with their connection */
    _Atomic int lost;
    _Atomic bool is_frozen, is_over;
};

static inline int test_proxy_socket(const char *folder, bool listens)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.5432", folder);
    const struct sockaddr *where = (const struct sockaddr *)(const void *)&address;
    if (fd < 0 || (listens ? bind(fd, where, sizeof address) != 0 || listen(fd, 64) != 0 : connect(fd, where, sizeof address) != 0))
        sb_fd_close(&fd);
    return fd;
}

static inline void test_proxy_drop(struct test_proxy *proxy, size_t i)
{
    sb_fd_close(&proxy->pairs[i].client);
    sb_fd_close(&proxy->pairs[i].server);
}

static inline void test_proxy_accept(struct test_proxy *proxy)
{
    int client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC), server = test_proxy_socket(test_pg.folder, false);
    for (size_t i = 0; i < TEST_PROXY_PAIRS && server >= 0; i++) {
        if (proxy->pairs[i].client < 0) {
            proxy->pairs[i].client = client;
            proxy->pairs[i].server = server;
            return;
        }
    }
    sb_fd_close(&client);
    sb_fd_close(&server);
}

static inline bool test_proxy_has(const char *bytes, size_t size, const char *word)
{
    return memmem(bytes, size, word, strlen(word) + 1) != NULL;
}

static inline bool test_proxy_pass(int from, int to, struct test_proxy *proxy)
{
    char bytes[65536];
    ssize_t size = recv(from, bytes, sizeof bytes, 0);
    if (size <= 0)
        return false;
    if (proxy && test_proxy_has(bytes, (size_t)size, "COMMIT") && atomic_load(&proxy->lose_commits) > 0) {
        atomic_fetch_sub(&proxy->lose_commits, 1);
        atomic_fetch_add(&proxy->lost, 1);
        return false;
    }
    for (ssize_t sent = 0, part; sent < size; sent += part)
        if ((part = send(to, bytes + sent, (size_t)(size - sent), MSG_NOSIGNAL)) <= 0)
            return false;
    return true;
}

static inline void test_proxy_main(void *arg)
{
    struct test_proxy *proxy = arg;
    while (!atomic_load(&proxy->is_over)) {
        struct pollfd fds[2 + 2 * TEST_PROXY_PAIRS];
        bool is_frozen = atomic_load(&proxy->is_frozen);
        fds[0] = (struct pollfd){ .fd = proxy->wake_fd, .events = POLLIN };
        fds[1] = (struct pollfd){ .fd = is_frozen ? -1 : proxy->listener, .events = POLLIN };
        for (size_t i = 0; i < TEST_PROXY_PAIRS; i++) {
            fds[2 + 2 * i] = (struct pollfd){ .fd = is_frozen ? -1 : proxy->pairs[i].client, .events = POLLIN };
            fds[3 + 2 * i] = (struct pollfd){ .fd = is_frozen ? -1 : proxy->pairs[i].server, .events = POLLIN };
        }
        (void)poll(fds, SB_LEN(fds), -1);
        sb_wake_clear(proxy->wake_fd);
        for (size_t i = 0; i < TEST_PROXY_PAIRS; i++)
            if ((fds[2 + 2 * i].revents && !test_proxy_pass(proxy->pairs[i].client, proxy->pairs[i].server, NULL)) ||
                (fds[3 + 2 * i].revents && !test_proxy_pass(proxy->pairs[i].server, proxy->pairs[i].client, proxy)))
                test_proxy_drop(proxy, i);
        if (fds[1].revents)
            test_proxy_accept(proxy);
    }
}

static inline void test_proxy_freeze(struct test_proxy *proxy, bool is_frozen)
{
    atomic_store(&proxy->is_frozen, is_frozen);
    sb_wake_post(proxy->wake_fd);
}

/* `location` of the server becomes one through the proxy. */
static inline void test_proxy_start(struct test_proxy *proxy, char *location, size_t cap)
{
    char through[256];
    memset(proxy, 0, sizeof *proxy);
    for (size_t i = 0; i < TEST_PROXY_PAIRS; i++)
        proxy->pairs[i].client = proxy->pairs[i].server = -1;
    (void)snprintf(proxy->folder, sizeof proxy->folder, "/tmp/signalbox-px-XXXXXX");
    if (!mkdtemp(proxy->folder) || (proxy->listener = test_proxy_socket(proxy->folder, true)) < 0 || sb_wake_open(&proxy->wake_fd, NULL) ||
        sb_thread_start(&proxy->thread, "proxy", test_proxy_main, proxy, NULL))
        test_pg_die("proxy", proxy->folder);
    const char *host = strstr(location, test_pg.folder);
    (void)snprintf(through, sizeof through, "%.*s%s%s", (int)(host - location), location, proxy->folder, host + strlen(test_pg.folder));
    (void)snprintf(location, cap, "%s", through);
}

static inline void test_proxy_stop(struct test_proxy *proxy)
{
    struct sb_error err = { 0 };
    atomic_store(&proxy->is_over, true);
    sb_wake_post(proxy->wake_fd);
    sb_thread_join(proxy->thread);
    for (size_t i = 0; i < TEST_PROXY_PAIRS; i++)
        test_proxy_drop(proxy, i);
    sb_fd_close(&proxy->listener);
    sb_fd_close(&proxy->wake_fd);
    if (sb_dir_remove(proxy->folder, &err))
        test_pg_die("proxy", err.text);
}

#endif
