/* The HTTP client port. libcurl lives only in services/net. One I/O thread inside; calls block the caller within its op. */
#ifndef SIGNALBOX_PORTS_HTTP_H
#define SIGNALBOX_PORTS_HTTP_H

#include "signalbox/ports/op.h"

#include <stddef.h>

struct sb_http; /* the client */

struct sb_http_header {
    const char *name, *value;
};

struct sb_http_request {
    const char *method;              /* "GET", "POST" ... */
    const char *url;                 /* http or https */
    const char *unix_socket;         /* NULL, or the socket that is the server, whatever the url's host */
    const struct sb_http_header *headers;
    size_t header_count;
    const char *body;                /* may be NULL */
    size_t body_size;
    size_t response_max;             /* bytes; more is SB_ERR_TOO_LARGE, or cut when `cuts_body` */
    bool cuts_body;                  /* the status is what counts: reading ends at response_max */
    bool is_public_only;             /* an address of a private, loopback, link-local or otherwise special network is SB_ERR_REFUSED */
    bool hides_path;                 /* the url's path is a secret too: messages have the host alone */
    const char *ca_file;             /* PEM of the only authorities trusted; NULL = the system's */
};

struct sb_http_response {
    long status;
    char *body;                      /* NUL-terminated, the caller's to free() */
    size_t body_size;
    char content_type[64];
    sb_ns retry_after;               /* from Retry-After, 0 when absent */
    bool was_sent;                   /* request bytes left this machine, also set on failure */
};

enum sb_err sb_http_create(struct sb_http **http, struct sb_error *err) SB_MUST_USE;
/* Ends every request under way with SB_ERR_CANCELLED, then the thread. NULL is fine. */
void sb_http_destroy(struct sb_http *http);

/* Sends one request; no redirects, no retries, no proxies from the environment. Any status is SB_OK. Any thread. On failure only
 * `response->was_sent` is set. */
enum sb_err sb_http_send(struct sb_http *http, const struct sb_http_request *request, const struct sb_op *op,
                         struct sb_http_response *response, struct sb_error *err) SB_MUST_USE;

/* For how long the I/O thread has owed a turn; 0 = it turns. Asks it again. Any thread. */
sb_ns sb_http_silence(struct sb_http *http);

#endif
