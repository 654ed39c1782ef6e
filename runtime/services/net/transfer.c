/* One HTTP request: its libcurl handle, its bounded body and what became of it.
 *
 * Built on the caller's thread, run on the client's I/O thread, read on the caller's thread again. It must never follow a redirect, use a
 * proxy or a password from the environment, send anything twice, or put a header, a body or a query into a message. */
#include "transfer.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { METHOD_MAX = 16, HEADERS_MAX = 64, HEADER_LINE_MAX = 8192, BODY_STEP = 16384 };

/* Retry-After beyond a day is a mistake of the other side; the engine would only cut it further. */
#define RETRY_AFTER_MAX SB_DAY(1)

struct sb_code_row {
    CURLcode code;
    enum sb_err err;
};

/* What is not in the table is a failure of the network or of the other side: SB_ERR_UNAVAILABLE. */
static const struct sb_code_row code_rows[] = {
    { CURLE_OPERATION_TIMEDOUT, SB_ERR_TIMEOUT },
    { CURLE_OUT_OF_MEMORY, SB_ERR_NOMEM },
    { CURLE_UNSUPPORTED_PROTOCOL, SB_ERR_INVALID },
    { CURLE_URL_MALFORMAT, SB_ERR_INVALID },
    { CURLE_LOGIN_DENIED, SB_ERR_INVALID },
    { CURLE_WEIRD_SERVER_REPLY, SB_ERR_PROTOCOL },
    { CURLE_PARTIAL_FILE, SB_ERR_PROTOCOL },
    { CURLE_BAD_CONTENT_ENCODING, SB_ERR_PROTOCOL },
};

enum sb_err sb_transfer_map(CURLcode code)
{
    for (size_t i = 0; i < SB_LEN(code_rows); i++) {
        if (code_rows[i].code == code) {
            return code_rows[i].err;
        }
    }
    return SB_ERR_UNAVAILABLE;
}

static void describe_target(char *out, size_t cap, const char *url, bool hides_path)
{
    const char *colon = strstr(url, "://");
    const size_t start = hides_path && colon ? (size_t)(colon - url) + 3 : 0;
    sb_copy_n(out, cap, url, start + strcspn(url + start, hides_path ? "/?#" : "?#"));
}

/* Called with each address before it is connected to, so that no name can lead somewhere else after it was looked at. */
static curl_socket_t open_public(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct sb_transfer *transfer = arg;
    (void)purpose;
    if (sb_net_is_special(&address->addr)) {
        if (getnameinfo(&address->addr, address->addrlen, transfer->refused, sizeof transfer->refused, NULL, 0, NI_NUMERICHOST) != 0) {
            sb_copy(transfer->refused, sizeof transfer->refused, "?");
        }
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool grow(struct sb_transfer *transfer, size_t needed)
{
    size_t cap = transfer->body_cap ? transfer->body_cap : BODY_STEP;
    while (cap < needed) {
        cap *= 2; /* needed is bounded by body_max + 1, far below SIZE_MAX / 2 */
    }
    char *body = realloc(transfer->body, cap);
    if (!body) {
        return false;
    }
    transfer->body = body;
    transfer->body_cap = cap;
    return true;
}

/* libcurl's write callback: any other return value than the size given ends the transfer. */
static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct sb_transfer *transfer = arg;
    const size_t total = size * count;
    if (total > transfer->body_max - transfer->body_size) {
        transfer->is_too_large = true;
        return 0;
    }
    const size_t needed = transfer->body_size + total + 1;
    if (needed > transfer->body_cap && !grow(transfer, needed)) {
        transfer->is_out_of_memory = true;
        return 0;
    }
    memcpy(transfer->body + transfer->body_size, bytes, total);
    transfer->body_size += total;
    transfer->body[transfer->body_size] = '\0';
    return total;
}

static bool is_method(const char *method)
{
    const size_t len = strlen(method);
    return len > 0 && len < METHOD_MAX && strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == len;
}

static bool is_header_name(const char *name)
{
    const size_t len = strlen(name);
    return len > 0 && len == strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
}

static enum sb_err append_header(struct sb_transfer *transfer, const char *line, struct sb_error *err)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, line);
    if (!longer) {
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the headers of a request to %s", transfer->target);
    }
    transfer->headers = longer;
    return SB_OK;
}

/* The line goes through a buffer that is wiped, because a header may hold a key. libcurl keeps its own copy until the handle is gone. */
static enum sb_err add_header(struct sb_transfer *transfer, const struct sb_http_header *header, struct sb_error *err)
{
    if (!is_header_name(header->name) || strpbrk(header->value, "\r\n")) {
        return sb_error_set(err, SB_ERR_INVALID, "header %.40s of a request to %s has a forbidden character", header->name,
                            transfer->target);
    }
    char line[HEADER_LINE_MAX];
    struct sb_text text;
    sb_text_init(&text, line, sizeof line);
    sb_text_add(&text, header->name);
    sb_text_add(&text, header->value[0] ? ": " : ";"); /* libcurl's notation of a header without a value */
    sb_text_add(&text, header->value);
    enum sb_err code = text.is_cut ? sb_error_set(err, SB_ERR_TOO_LARGE, "header %.40s of a request to %s is longer than %d bytes",
                                                  header->name, transfer->target, HEADER_LINE_MAX - 1)
                                   : append_header(transfer, line, err);
    explicit_bzero(line, sizeof line);
    return code;
}

static enum sb_err add_headers(struct sb_transfer *transfer, const struct sb_http_request *request, struct sb_error *err)
{
    if (request->header_count > HEADERS_MAX) {
        return sb_error_set(err, SB_ERR_TOO_LARGE, "a request to %s has %zu headers, the limit is %d", transfer->target,
                            request->header_count, HEADERS_MAX);
    }
    /* Without these libcurl would ask for "100-continue" and call every body a web form. */
    enum sb_err code = append_header(transfer, "Expect:", err);
    bool has_type = false;
    for (size_t i = 0; code == SB_OK && i < request->header_count; i++) {
        has_type = has_type || strcasecmp(request->headers[i].name, "Content-Type") == 0;
        code = add_header(transfer, &request->headers[i], err);
    }
    if (code == SB_OK && !has_type) {
        code = append_header(transfer, "Content-Type:", err);
    }
    return code;
}

CURLcode sb_transfer_guard(CURL *easy, const char *protocols)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_PROXY, "");
    code = code ? code : curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    code = code ? code : curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Ending a transfer must not wait for its name resolver. */
    return code ? code : curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
}

static CURLcode set_receiver(struct sb_transfer *transfer, const struct sb_http_request *request)
{
    CURL *easy = transfer->easy;
    CURLcode code = CURLE_OK;
    if (request->is_public_only) {
        code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_public);
        code = code ? code : curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
        code = code ? code : curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L); /* others may have connected to it already */
    }
    if (request->ca_file) {
        code = code ? code : curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_file);
        code = code ? code : curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    return code;
}

static CURLcode set_request(struct sb_transfer *transfer, const struct sb_http_request *request)
{
    CURL *easy = transfer->easy;
    const bool is_head = sb_streq(request->method, "HEAD");
    const bool is_safe = is_head || sb_streq(request->method, "GET");
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, request->url);
    /* HTTP/2 would let libcurl repeat a refused stream on its own. */
    code = code ? code : curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    if (request->unix_socket) {
        code = code ? code : curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
    }
    if (request->body) {
        code = code ? code : curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
        code = code ? code : curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
    }
    code = code ? code : curl_easy_setopt(easy, CURLOPT_NOBODY, is_head ? 1L : 0L);
    if (!is_head) {
        code = code ? code : curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    }
    /* On a reused connection that turns out to be dead libcurl sends again; only requests without an effect may see that. */
    code = code ? code : curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, is_safe ? 0L : 1L);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_USERAGENT, "signalbox");
    code = code ? code : curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    return code ? code : curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->curl_text);
}

enum sb_err sb_transfer_create(struct sb_transfer **out_transfer, const struct sb_http_request *request, const struct sb_op *op,
                               struct sb_error *err)
{
    if (!is_method(request->method)) {
        return sb_error_set(err, SB_ERR_INVALID, "\"%.20s\" is not an HTTP method", request->method);
    }
    struct sb_transfer *transfer = calloc(1, sizeof *transfer);
    if (!transfer) {
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a request");
    }
    enum sb_err code;
    CURLcode curl;
    transfer->op = *op;
    transfer->body_max = request->response_max;
    transfer->cuts_body = request->cuts_body;
    describe_target(transfer->target, sizeof transfer->target, request->url, request->hides_path);
    transfer->easy = curl_easy_init();
    transfer->done = sb_cond_create();
    if (!transfer->easy || !transfer->done || !grow(transfer, 1)) {
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for a request to %s", transfer->target);
        goto out;
    }
    transfer->body[0] = '\0';
    code = add_headers(transfer, request, err);
    if (code != SB_OK) {
        goto out;
    }
    curl = sb_transfer_guard(transfer->easy, "http,https");
    curl = curl ? curl : set_request(transfer, request);
    curl = curl ? curl : set_receiver(transfer, request);
    if (curl != CURLE_OK) {
        code = sb_error_set(err, curl == CURLE_OUT_OF_MEMORY ? SB_ERR_NOMEM : SB_ERR_INVALID, "request to %s: %s", transfer->target,
                            curl_easy_strerror(curl));
        goto out;
    }
    *out_transfer = transfer;
    transfer = NULL;
out:
    sb_transfer_destroy(transfer);
    return code;
}

static void free_headers(struct curl_slist *headers)
{
    for (struct curl_slist *row = headers; row; row = row->next) {
        explicit_bzero(row->data, strlen(row->data));
    }
    curl_slist_free_all(headers);
}

void sb_transfer_destroy(struct sb_transfer *transfer)
{
    if (!transfer) {
        return;
    }
    if (transfer->easy) {
        curl_easy_cleanup(transfer->easy);
    }
    free_headers(transfer->headers);
    sb_cond_destroy(transfer->done);
    free(transfer->body);
    free(transfer);
}

static void note_sent(struct sb_transfer *transfer)
{
    long sent = 0;
    transfer->response.was_sent = curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &sent) == CURLE_OK && sent > 0;
}

static void note_answer(struct sb_transfer *transfer)
{
    struct sb_http_response *response = &transfer->response;
    char *type = NULL;
    curl_off_t seconds = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &response->status);
    if (curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type) {
        sb_copy(response->content_type, sizeof response->content_type, type);
    }
    if (curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK && seconds > 0) {
        response->retry_after = seconds < RETRY_AFTER_MAX / SB_S(1) ? SB_S(seconds) : RETRY_AFTER_MAX;
    }
    response->body = transfer->body;
    response->body_size = transfer->body_size;
    transfer->body = NULL;
}

void sb_transfer_conclude(struct sb_transfer *transfer, CURLcode code)
{
    note_sent(transfer);
    if (code == CURLE_OK || (transfer->is_too_large && transfer->cuts_body)) {
        note_answer(transfer);
    } else if (transfer->refused[0] && code == CURLE_COULDNT_CONNECT) {
        sb_error_set(&transfer->error, SB_ERR_REFUSED, "%s: %s is not a public address", transfer->target, transfer->refused);
    } else if (transfer->is_too_large) {
        sb_error_set(&transfer->error, SB_ERR_TOO_LARGE, "the answer of %s is larger than %zu bytes", transfer->target,
                     transfer->body_max);
    } else if (transfer->is_out_of_memory) {
        sb_error_set(&transfer->error, SB_ERR_NOMEM, "no memory for the answer of %s", transfer->target);
    } else {
        sb_error_set(&transfer->error, sb_transfer_map(code), "%s: %s", transfer->target,
                     transfer->curl_text[0] ? transfer->curl_text : curl_easy_strerror(code));
    }
}

void sb_transfer_abandon(struct sb_transfer *transfer, enum sb_err code, const char *why)
{
    SB_ASSERT(code != SB_OK);
    note_sent(transfer);
    sb_error_set(&transfer->error, code, "%s: %s", transfer->target, why);
}
