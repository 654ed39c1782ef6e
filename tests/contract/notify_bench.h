/* A channel and a notice for the contract tests of notifications, and a private server that tells its address on a pipe. */
#ifndef SIGNALBOX_TEST_NOTIFY_BENCH_H
#define SIGNALBOX_TEST_NOTIFY_BENCH_H

#include "signalbox/base/text.h"
#include "signalbox/model/catalogue.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/http.h"
#include "signalbox/ports/notify.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static inline struct sb_notice notice_of(enum sb_notice_kind kind, enum sb_severity severity)
{
    struct sb_notice notice;
    memset(&notice, 0, sizeof notice);
    notice.kind = (uint8_t)kind;
    notice.severity = (uint8_t)severity;
    notice.count = 1;
    notice.alert = 17;
    notice.since = notice.at = sb_wall_now();
    (void)sb_copy(notice.key, sizeof notice.key, "a17.ops.1");
    (void)sb_copy(notice.incident, sizeof notice.incident, "a17");
    (void)sb_copy(notice.rule, sizeof notice.rule, "job_failed");
    (void)sb_copy(notice.subject, sizeof notice.subject, "posting");
    (void)sb_copy(notice.text, sizeof notice.text, "3 attempts failed");
    (void)sb_copy(notice.remedy, sizeof notice.remedy, "look at it");
    (void)sb_copy(notice.environment, sizeof notice.environment, "growth");
    return notice;
}

/* What one attempt came to. */
struct attempt {
    enum sb_err code;
    struct sb_notify_answer answer;
    struct sb_error err;
};

static inline struct attempt attempt_of(const struct sb_channel_def *def, const struct sb_notice *notice, const struct sb_op *op)
{
    struct attempt attempt = { 0 };
    struct sb_http *http = NULL;
    struct sb_notify *notify = NULL;
    assert_int_equal(sb_http_create(&http, NULL), SB_OK);
    assert_int_equal(sb_notify_create(&notify, http, def, 1, NULL), SB_OK);
    attempt.code = sb_notify_send(notify, 0, notice, op, &attempt.answer, &attempt.err);
    sb_notify_destroy(notify);
    sb_http_destroy(http);
    return attempt;
}

static inline void must_deliver(const struct sb_channel_def *def, const struct sb_notice *notice)
{
    const struct sb_op op = { .deadline = SB_NEVER };
    const struct attempt attempt = attempt_of(def, notice, &op);
    if (attempt.code != SB_OK)
        fail_msg("%s", attempt.err.text);
}

/* A server in a folder of its own. */
struct daemon {
    char folder[64];
    struct sb_child child;
    int output;   /* its stderr, read end */
    char said[16384];
    size_t said_size;
};

static inline void daemon_folder(struct daemon *daemon)
{
    memset(daemon, 0, sizeof *daemon);
    (void)sb_copy(daemon->folder, sizeof daemon->folder, "/tmp/sb-notify-XXXXXX");
    assert_non_null(mkdtemp(daemon->folder));
}

static inline const char *daemon_file(const struct daemon *daemon, const char *name)
{
    static char path[4][160];
    static unsigned next;
    char *out = path[next++ % 4];
    (void)snprintf(out, sizeof path[0], "%s/%s", daemon->folder, name);
    return out;
}

static inline void daemon_write(const struct daemon *daemon, const char *name, const char *text)
{
    assert_int_equal(sb_file_write_atomically(daemon_file(daemon, name), text, strlen(text), 0600, NULL), SB_OK);
}

/* cert.pem and key.pem in its folder: a throw-away authority that is the server too. */
static inline void daemon_certificate(const struct daemon *daemon)
{
    const char *const argv[] = { "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mail.test", "-addext",
                                 "subjectAltName=IP:127.0.0.1", "-keyout", daemon_file(daemon, "key.pem"), "-out", daemon_file(daemon, "cert.pem"),
                                 NULL };
    const struct sb_child_spec spec = { .path = argv[0], .argv = argv };
    const struct sb_op op = { .deadline = sb_ns_add(sb_now(), SB_S(60)) };
    struct sb_child_talk talk = { .output_max = 4096 };
    struct sb_error err = { 0 };
    if (sb_child_talk(&spec, &talk, &op, &err) != SB_OK)
        fail_msg("%s", err.text);
    if (talk.status != 0)
        fail_msg("openssl: %s", talk.errors);
    free(talk.out);
    free(talk.errors);
}

static inline void daemon_start(struct daemon *daemon, const char *const *argv)
{
    int ends[2];
    struct sb_error err = { 0 };
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    const struct sb_child_spec spec = { .path = argv[0], .argv = argv, .directory = daemon->folder, .stdin_fd = -1, .stdout_fd = ends[1],
                                        .stderr_fd = ends[1] };
    if (sb_child_start(&daemon->child, &spec, &err) != SB_OK)
        fail_msg("%s", err.text);
    close(ends[1]);
    daemon->output = ends[0];
}

/* Waits until it has said `word` and returns what stands behind it, up to a blank. */
static inline const char *daemon_await(struct daemon *daemon, const char *word)
{
    const struct sb_op op = { .deadline = sb_ns_add(sb_now(), SB_S(30)) };
    static char found[128];
    for (;;) {
        const char *at = strstr(daemon->said, word);
        const char *end = at ? at + strlen(word) + strcspn(at + strlen(word), " \r\n") : NULL;
        if (end && *end) {
            (void)sb_copy_n(found, sizeof found, at + strlen(word), (size_t)(end - at) - strlen(word));
            return found;
        }
        size_t ready = 0;
        ssize_t got = -1;
        if (sb_poll_readable(&daemon->output, 1, &op, &ready, NULL) == SB_OK && daemon->said_size + 1 < sizeof daemon->said)
            got = read(daemon->output, daemon->said + daemon->said_size, sizeof daemon->said - 1 - daemon->said_size);
        if (got <= 0)
            fail_msg("the server never said \"%s\": %s", word, daemon->said);
        daemon->said_size += (size_t)got;
        daemon->said[daemon->said_size] = '\0';
    }
}

/* Also when it was not started, or is over. */
static inline void daemon_end(struct daemon *daemon)
{
    if (daemon->folder[0] == '\0')
        return;
    if (daemon->child.pid > 0) {
        sb_child_end(&daemon->child, SB_S(5));
        close(daemon->output);
    }
    assert_int_equal(sb_dir_remove(daemon->folder, NULL), SB_OK);
    daemon->folder[0] = '\0';
}

#endif
