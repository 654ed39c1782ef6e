/* A browser somewhere else, spoken to over a WebSocket. The bridge makes it look like a browser of our own: the same two descriptors, the same
 * messages ended by a NUL, so that nothing else in this room knows the difference. */
#ifndef SIGNALBOX_BROWSER_REMOTE_H
#define SIGNALBOX_BROWSER_REMOTE_H

#include "signalbox/ports/op.h"

#include <stdbool.h>
#include <stddef.h>

/* An address taken apart; the parts are short copies. */
struct sb_remote_url {
    bool is_secure;    /* wss: or https: */
    bool is_discovery; /* http: or https:, whose /json/version tells the WebSocket's path */
    int port;
    char host[256];
    char path[1024];   /* with query; may hold a token: never shown */
};

/* Takes ws://, wss://, http:// or https:// apart. SB_ERR_INVALID says what is wrong without showing more than the host. */
enum sb_err sb_remote_url_parse(struct sb_remote_url *url, const char *text, struct sb_error *err) SB_MUST_USE;
/* "wss://host:port": all of an address that may be shown. */
void sb_remote_url_show(const struct sb_remote_url *url, char *text, size_t cap);

struct sb_remote;

/* Connects within the op and starts the bridge's thread. Write commands to *commands_fd, read replies from *replies_fd; both are the caller's,
 * and end-of-file on the second means that the connection is over. SB_ERR_UNSUPPORTED when built without libwebsockets. */
enum sb_err sb_remote_open(struct sb_remote **remote, const char *url, const struct sb_op *op, int *commands_fd, int *replies_fd,
                           struct sb_error *err) SB_MUST_USE;
/* Ends the connection and joins the thread. NULL is fine. */
void sb_remote_close(struct sb_remote *remote);

#endif
