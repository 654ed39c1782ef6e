/* A real Redis of a test's own: its folder, its Unix socket, no port, nothing saved. It ends with the test, also when that is killed. Header only. */
#ifndef SIGNALBOX_TEST_REDIS_SERVER_H
#define SIGNALBOX_TEST_REDIS_SERVER_H

#include "os_support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct redis_server {
    char dir[96], socket[108], location[140];
    pid_t pid;     /* 0: not running */
    int admin;     /* our own connection to it, named "test" */
};

static inline int redis_server_connect(const struct redis_server *server)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", server->socket);
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* One inline command on `fd`; the first line or the bulk string of its answer. */
static inline void redis_server_say(int fd, const char *command, char *answer, size_t cap)
{
    char line[512];
    size_t have = 0, want = 0;
    int size = snprintf(line, sizeof(line), "%s\r\n", command);

    assert_int_equal(send(fd, line, (size_t)size, MSG_NOSIGNAL), size);
    for (;;) {
        struct pollfd ready = { .fd = fd, .events = POLLIN };
        assert_true(have + 1 < cap);
        assert_true(poll(&ready, 1, 30000) > 0);
        ssize_t got = recv(fd, answer + have, cap - 1 - have, 0);
        assert_true(got > 0);
        have += (size_t)got;
        answer[have] = '\0';
        const char *end = strstr(answer, "\r\n");
        if (end != NULL && want == 0)
            want = (size_t)(end - answer) + 2 + (answer[0] == '$' ? strtoul(answer + 1, NULL, 10) + 2 : 0);
        if (want != 0 && have >= want)
            return;
    }
}

static inline void redis_server_ask(const struct redis_server *server, const char *command, char *answer, size_t cap)
{
    redis_server_say(server->admin, command, answer, cap);
}

static inline void redis_server_must(const struct redis_server *server, const char *command)
{
    char answer[4096];
    redis_server_ask(server, command, answer, sizeof(answer));
    if (answer[0] == '-')
        fail_msg("%s: %s", command, answer);
}

/* Connections of others than the test, those that have not said who they are included. */
static inline unsigned redis_server_clients(const struct redis_server *server)
{
    static char list[65536];
    unsigned count = 0;
    redis_server_ask(server, "CLIENT LIST", list, sizeof(list));
    for (const char *at = list; (at = strstr(at, "id=")) != NULL; at += 3)
        count += at > list && (at[-1] == '\n');
    for (const char *at = list; (at = strstr(at, " name=test ")) != NULL; at += 3)
        count--;
    return count;
}

/* Starts it, in the folder that is there already after an earlier start. `more`: further options, NULL-terminated, or NULL. */
static inline void redis_server_start(struct redis_server *server, const char *const *more)
{
    const char *argv[32] = { "redis-server", "--port", "0", "--unixsocket", server->socket, "--save", "", "--appendonly", "no",
                             "--dir", server->dir };
    size_t argc = 11;
    char answer[256];

    if (server->dir[0] == '\0') {
        test_folder(server->dir, sizeof(server->dir));
        (void)snprintf(server->socket, sizeof(server->socket), "%s/s", server->dir);
        (void)snprintf(server->location, sizeof(server->location), "redis+unix://%s", server->socket);
    }
    for (size_t i = 0; more != NULL && more[i] != NULL; i++)
        argv[argc++] = more[i];
    (void)unlink(server->socket);
    pid_t parent = getpid();
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        int null = open("/dev/null", O_RDWR);
        (void)dup2(null, 0);
        (void)dup2(null, 1);
        if (getppid() == parent) {
            union { const char **from; char *const *to; } words = { .from = argv };
            (void)execvp(words.to[0], words.to);
        }
        _exit(127);
    }
    const sb_ns deadline = sb_now() + SB_S(30);
    while ((server->admin = redis_server_connect(server)) < 0) {
        if (waitpid(server->pid, NULL, WNOHANG) == server->pid)
            fail_msg("redis-server does not start: is the package redis-server installed?");
        assert_true(sb_now() < deadline);
        (void)poll(NULL, 0, 5);
    }
    redis_server_ask(server, "CLIENT SETNAME test", answer, sizeof(answer)); /* refused without a password: then the test says it */
}

/* SIGKILL, and gone when this returns. */
static inline void redis_server_kill(struct redis_server *server)
{
    if (server->pid == 0)
        return;
    close(server->admin);
    (void)kill(server->pid, SIGCONT);
    (void)kill(server->pid, SIGKILL);
    assert_int_equal(waitpid(server->pid, NULL, 0), server->pid);
    server->pid = 0;
}

static inline void redis_server_end(struct redis_server *server)
{
    redis_server_kill(server);
    if (server->dir[0] != '\0')
        assert_int_equal(sb_dir_remove(server->dir, NULL), SB_OK);
    server->dir[0] = '\0';
}

#endif
