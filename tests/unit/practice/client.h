/* A very small HTTP client for loopback: one request per connection. */
#ifndef SIGNALBOX_TEST_PRACTICE_CLIENT_H
#define SIGNALBOX_TEST_PRACTICE_CLIENT_H

#include "signalbox/practice/practice.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct page {
    int status;          /* 0: the connection was closed without an answer */
    char *text;          /* head and body; free() */
    const char *body;
};

static int client_connect(const struct sb_practice *practice)
{
    const struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                         .sin_port = htons(sb_practice_port(practice)) };
    const struct timeval limit = { .tv_sec = 20 };
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void client_send(int fd, const char *text, size_t size)
{
    while (size > 0) {
        const ssize_t sent = send(fd, text, size, MSG_NOSIGNAL);
        assert_true(sent > 0);
        text += sent;
        size -= (size_t)sent;
    }
}

static struct page client_read(int fd)
{
    enum { CAP = 4 * 1024 * 1024 };
    struct page page = { .text = malloc(CAP) };
    size_t len = 0;
    ssize_t got;
    assert_non_null(page.text);
    while (len + 1 < CAP && (got = recv(fd, page.text + len, CAP - 1 - len, 0)) > 0) {
        len += (size_t)got;
    }
    page.text[len] = '\0';
    close(fd);
    if (len > 12) {
        page.status = (int)strtol(page.text + 9, NULL, 10);
    }
    const char *end = strstr(page.text, "\r\n\r\n");
    page.body = end ? end + 4 : "";
    return page;
}

/* `headers`: lines that end in \r\n, or "". `body` may be NULL. */
static struct page ask(const struct sb_practice *practice, const char *method, const char *path, const char *headers, const char *body)
{
    char head[2048];
    const int fd = client_connect(practice);
    snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n", method,
             path, sb_practice_port(practice), headers, body ? strlen(body) : 0);
    client_send(fd, head, strlen(head));
    if (body) {
        client_send(fd, body, strlen(body));
    }
    return client_read(fd);
}

static struct page get(const struct sb_practice *practice, const char *path, const char *headers)
{
    return ask(practice, "GET", path, headers, NULL);
}

/* Logs in and writes "Cookie: sid=...\r\n". */
static void log_in(const struct sb_practice *practice, const char *name, char cookie[96])
{
    char form[128];
    snprintf(form, sizeof form, "username=%s&password=practice&next=%%2Fcompose", name);
    struct page page = ask(practice, "POST", "/login", "Content-Type: application/x-www-form-urlencoded\r\n", form);
    assert_int_equal(page.status, 303);
    const char *sid = strstr(page.text, "Set-Cookie: sid=");
    assert_non_null(sid);
    snprintf(cookie, 96, "Cookie: %.*s\r\n", (int)strcspn(sid + 12, ";"), sid + 12);
    free(page.text);
}

/* Posts as signal_ops; `text` goes into JSON as it is. */
static struct page post(const struct sb_practice *practice, const char *cookie, const char *text, const char *reply_to)
{
    char headers[256], body[4096];
    snprintf(headers, sizeof headers, "%sContent-Type: application/json\r\n", cookie);
    snprintf(body, sizeof body, "{\"text\":\"%s\",\"reply_to\":%s%s%s}", text, reply_to ? "\"" : "", reply_to ? reply_to : "null",
             reply_to ? "\"" : "");
    return ask(practice, "POST", "/api/posts", headers, body);
}

/* The id of a created post. */
static inline void id_of(const struct page *page, char id[32])
{
    const char *at = strstr(page->body, "\"id\":\"");
    assert_non_null(at);
    snprintf(id, 32, "%.*s", (int)strspn(at + 6, "0123456789"), at + 6);
}

/* A counter of the first article on a page. */
static inline long counter(const char *html, const char *name)
{
    char mark[64];
    snprintf(mark, sizeof mark, "<li data-role=\"%s\" data-value=\"", name);
    const char *at = strstr(html, mark);
    assert_non_null(at);
    return strtol(at + strlen(mark), NULL, 10);
}

#endif
