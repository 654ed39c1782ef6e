/* Error codes and the error value that fallible functions fill in.
 *
 * A fallible function returns `enum sb_err`, takes `struct sb_error *err` (may be NULL) as its last
 * parameter and leaves its out-parameters untouched when it fails. Whoever handles an error reports
 * it; nobody else does. An assertion is our bug, an error is the world, an event is the operator's
 * business. Messages name the thing, the value, the place and what to do. */
#ifndef SIGNALBOX_BASE_ERR_H
#define SIGNALBOX_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

#define SB_MUST_USE __attribute__((warn_unused_result))
#define SB_PRINTF(format_index, first_index) \
    __attribute__((format(printf, format_index, first_index)))
#define SB_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* X(code, text, is_retryable): is_retryable says whether the same call may succeed later without
 * anybody changing anything. */
#define SB_ERRORS(X)                                                  \
    X(OK, "ok", false)                                                \
    X(NOMEM, "out of memory", true)                                   \
    X(INVALID, "invalid value", false)                                \
    X(NOT_FOUND, "not found", false)                                  \
    X(EXISTS, "already exists", false)                                \
    X(CONFLICT, "somebody else changed it first", true)               \
    X(FULL, "a bounded queue or buffer is full", true)                \
    X(TOO_LARGE, "larger than its limit", false)                      \
    X(TIMEOUT, "deadline passed", true)                               \
    X(CANCELLED, "cancelled", false)                                  \
    X(STALE, "fencing token is no longer current", false)             \
    X(IO, "input/output error", true)                                 \
    X(CORRUPT, "data is damaged", false)                              \
    X(READ_ONLY, "read-only", false)                                  \
    X(PERMISSION, "permission denied", false)                         \
    X(UNAVAILABLE, "the other side is not available", true)           \
    X(PROTOCOL, "the other side broke its protocol", true)            \
    X(REFUSED, "refused", false)                                      \
    X(RATE_LIMITED, "rate limited", true)                             \
    X(GONE, "page, context or browser is gone", true)                 \
    X(UNSUPPORTED, "not supported here", false)                       \
    X(CONFIG, "configuration mistake", false)                         \
    X(BUG, "internal error", false)

enum sb_err {
#define SB_ERR_ENUM(code, text, retryable) SB_ERR_##code,
    SB_ERRORS(SB_ERR_ENUM)
#undef SB_ERR_ENUM
    SB_ERR_COUNT
};
#define SB_OK SB_ERR_OK

#define SB_ERROR_TEXT_MAX 320

/* Caller-owned. `text` is empty when nothing failed; it never holds a secret. */
struct sb_error {
    enum sb_err code;
    char text[SB_ERROR_TEXT_MAX];
};

/* Static text of a code; never NULL. */
const char *sb_err_text(enum sb_err code);
bool sb_err_is_retryable(enum sb_err code);

/* Fills `err` (when not NULL) and returns `code`, so that `return sb_error_set(err, ...)` reads well.
 * Text beyond the capacity is cut. Not for the pure rooms (formats). */
enum sb_err sb_error_set(struct sb_error *err, enum sb_err code, const char *format, ...)
    SB_PRINTF(3, 4);

/* Puts "prefix: " in front of the text already there and returns err->code. */
enum sb_err sb_error_wrap(struct sb_error *err, const char *format, ...) SB_PRINTF(2, 3);

#endif
