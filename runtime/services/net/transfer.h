/* One HTTP request on its way through libcurl. Private to services/net. */
#ifndef SIGNALBOX_NET_TRANSFER_H
#define SIGNALBOX_NET_TRANSFER_H

#include "curl.h"

#include "signalbox/os/os.h"
#include "signalbox/ports/http.h"

struct sockaddr;

/* Whether an address belongs to this machine or to a private or special network (private, loopback, link-local, shared, multicast and the like;
 * also inside an IPv6 address that embeds an IPv4 one). What is no internet address counts as special. Pure. */
bool sb_net_is_special(const struct sockaddr *address);

/* Nothing from the environment, no redirect, no secret in an address, no signal: what every handle of ours starts with. */
CURLcode sb_transfer_guard(CURL *easy, const char *protocols);
/* What a failure of libcurl's is called here. */
enum sb_err sb_transfer_map(CURLcode code);

/* Owned by the caller of sb_http_send until it is queued, by the I/O thread until `is_done`, then by the caller again. The request's
 * strings are borrowed: the caller stands still until `is_done`. */
struct sb_transfer {
    CURL *easy;
    struct curl_slist *headers;
    struct sb_op op;
    struct sb_cond *done;      /* signalled when is_done becomes true */
    bool is_done;              /* under the client's mutex */
    char *body;
    size_t body_size, body_cap, body_max;
    bool is_too_large, is_out_of_memory;
    bool cuts_body;            /* too large is no failure */
    char refused[64];          /* the special address that was not connected to, else "" */
    char target[160];          /* scheme, host and path for messages; no query, which may hold a secret */
    char curl_text[CURL_ERROR_SIZE];
    struct sb_http_response response;
    struct sb_error error;
    struct sb_transfer *next;  /* in the queue of new transfers, under the client's mutex */
};

/* Checks the request and builds the libcurl handle; nothing is sent. */
enum sb_err sb_transfer_create(struct sb_transfer **transfer, const struct sb_http_request *request, const struct sb_op *op,
                               struct sb_error *err) SB_MUST_USE;
/* NULL is fine. */
void sb_transfer_destroy(struct sb_transfer *transfer);
/* Fills response and error from what libcurl reported. I/O thread, after the handle has left the multi handle. */
void sb_transfer_conclude(struct sb_transfer *transfer, CURLcode code);
/* The same for a transfer that was ended by us: `code` is SB_ERR_CANCELLED or SB_ERR_TIMEOUT. */
void sb_transfer_abandon(struct sb_transfer *transfer, enum sb_err code, const char *why);

#endif
