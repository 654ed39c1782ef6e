/* Cuts the byte stream of the browser into messages and classifies them. It owns its buffer, belongs to the reader thread, never blocks
 * and never trusts a byte: it is a fuzz target (tests/fuzz/cdp_fuzz.c). */
#include "frames.h"

#include "signalbox/base/assert.h"

#include <stdlib.h>
#include <string.h>

enum {
    FRAMES_CHUNK = 64 * 1024,      /* least room for one read */
    FRAMES_KEEP = 1024 * 1024,     /* a larger buffer is given back once it is empty */
    ID_DIGITS_MAX = 16,            /* ids of ours stay far below 10^16 */
};

void sb_frames_init(struct sb_frames *frames, size_t max)
{
    *frames = (struct sb_frames){ .max = max };
}

void sb_frames_deinit(struct sb_frames *frames)
{
    free(frames->buf);
    *frames = (struct sb_frames){ .max = frames->max };
}

/* Moves the unread bytes to the front, so that the room behind them is one piece. */
static void compact(struct sb_frames *frames)
{
    if (frames->start > 0 && frames->len > 0)
        memmove(frames->buf, frames->buf + frames->start, frames->len);
    frames->start = 0;
    if (frames->len == 0 && frames->cap > FRAMES_KEEP) {
        free(frames->buf);
        frames->buf = NULL;
        frames->cap = 0;
    }
}

enum sb_err sb_frames_reserve(struct sb_frames *frames, char **at, size_t *size, struct sb_error *err)
{
    compact(frames);
    if (frames->len > frames->max)
        return sb_error_set(err, SB_ERR_TOO_LARGE, "the browser sent a message of more than %zu bytes", frames->max);
    if (frames->cap - frames->len < FRAMES_CHUNK) {
        size_t cap = frames->cap * 2 > frames->len + FRAMES_CHUNK ? frames->cap * 2 : frames->len + FRAMES_CHUNK;
        char *grown = realloc(frames->buf, cap);
        if (grown == NULL)
            return sb_error_set(err, SB_ERR_NOMEM, "no memory for a message of the browser (%zu bytes)", cap);
        frames->buf = grown;
        frames->cap = cap;
    }
    *at = frames->buf + frames->len;
    *size = frames->cap - frames->len;
    return SB_OK;
}

void sb_frames_commit(struct sb_frames *frames, size_t size)
{
    SB_ASSERT(frames->start == 0 && size <= frames->cap - frames->len);
    frames->len += size;
}

bool sb_frames_next(struct sb_frames *frames, const char **message, size_t *size)
{
    if (frames->scanned == frames->len)
        return false;
    const char *begin = frames->buf + frames->start;
    const char *end = memchr(begin + frames->scanned, '\0', frames->len - frames->scanned);
    if (end == NULL) {
        frames->scanned = frames->len;
        return false;
    }
    *message = begin;
    *size = (size_t)(end - begin);
    frames->start += *size + 1;
    frames->len -= *size + 1;
    frames->scanned = 0;
    return true;
}

/* ---- one message ---- */

struct scan {
    const char *at, *end;
};

static void skip_space(struct scan *scan)
{
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r'))
        scan->at++;
}

static bool take_char(struct scan *scan, char c)
{
    skip_space(scan);
    if (scan->at >= scan->end || *scan->at != c)
        return false;
    scan->at++;
    return true;
}

/* A string with its quotes at `at`; the slice is what stands between them. */
static bool take_string(struct scan *scan, struct sb_slice *inside, bool *has_escape)
{
    if (!take_char(scan, '"'))
        return false;
    const char *begin = scan->at;
    *has_escape = false;
    while (scan->at < scan->end && *scan->at != '"') {
        if (*scan->at == '\\') {
            *has_escape = true;
            scan->at++;
        }
        if (scan->at < scan->end)
            scan->at++;
    }
    if (scan->at >= scan->end)
        return false;
    *inside = (struct sb_slice){ begin, (size_t)(scan->at - begin) };
    scan->at++;
    return true;
}

static bool skip_nested(struct scan *scan)
{
    size_t depth = 0;
    struct sb_slice inside;
    bool has_escape;

    do {
        if (scan->at >= scan->end)
            return false;
        char c = *scan->at;
        if (c == '"') {
            if (!take_string(scan, &inside, &has_escape))
                return false;
            continue;
        }
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        scan->at++;
    } while (depth > 0);
    return true;
}

static bool take_value(struct scan *scan, struct sb_slice *value)
{
    struct sb_slice inside;
    bool has_escape, is_ok = true;

    skip_space(scan);
    const char *begin = scan->at;
    if (begin >= scan->end)
        return false;
    if (*begin == '"') {
        is_ok = take_string(scan, &inside, &has_escape);
    } else if (*begin == '{' || *begin == '[') {
        is_ok = skip_nested(scan);
    } else {
        while (scan->at < scan->end && strchr(",}] \t\r\n", *scan->at) == NULL)
            scan->at++;
    }
    *value = (struct sb_slice){ begin, (size_t)(scan->at - begin) };
    return is_ok && value->size > 0;
}

static bool read_id(struct sb_slice value, uint64_t *id)
{
    uint64_t number = 0;

    if (value.size == 0 || value.size > ID_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < value.size; i++) {
        if (value.at[i] < '0' || value.at[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(value.at[i] - '0');
    }
    *id = number;
    return true;
}

/* The text between the quotes of a plain string value. */
static bool read_name(struct sb_slice value, struct sb_slice *name)
{
    if (value.size < 2 || value.at[0] != '"' || memchr(value.at, '\\', value.size) != NULL)
        return false;
    *name = (struct sb_slice){ value.at + 1, value.size - 2 };
    return true;
}

enum { SEEN_ID = 1, SEEN_METHOD = 2, SEEN_SESSION = 4, SEEN_PARAMS = 8, SEEN_RESULT = 16, SEEN_ERROR = 32 };

static const struct {
    const char *key;
    unsigned bit;
} keys[] = {
    { "id", SEEN_ID },         { "method", SEEN_METHOD }, { "sessionId", SEEN_SESSION },
    { "params", SEEN_PARAMS }, { "result", SEEN_RESULT }, { "error", SEEN_ERROR },
};

static bool store_member(struct sb_message *message, struct sb_slice key, struct sb_slice value, unsigned *seen)
{
    unsigned bit = 0;

    for (size_t i = 0; i < SB_LEN(keys); i++)
        if (sb_slice_is(key, keys[i].key))
            bit = keys[i].bit;
    if ((*seen & bit) != 0)
        return false; /* twice the same key: whom to believe? */
    *seen |= bit;
    if (bit == SEEN_ID)
        return read_id(value, &message->id);
    if (bit == SEEN_METHOD)
        return read_name(value, &message->method);
    if (bit == SEEN_SESSION)
        return read_name(value, &message->session);
    if (bit != 0)
        message->body = value;
    return true;
}

static bool read_members(struct scan *scan, struct sb_message *message, unsigned *seen)
{
    struct sb_slice key, value;
    bool has_escape;

    if (!take_char(scan, '{'))
        return false;
    if (take_char(scan, '}'))
        return true;
    do {
        if (!take_string(scan, &key, &has_escape) || !take_char(scan, ':') || !take_value(scan, &value))
            return false;
        if (!has_escape && !store_member(message, key, value, seen))
            return false;
    } while (take_char(scan, ','));
    return take_char(scan, '}');
}

enum sb_message_kind sb_message_read(const char *text, size_t size, struct sb_message *message)
{
    const unsigned bodies = SEEN_PARAMS | SEEN_RESULT | SEEN_ERROR;
    struct scan scan = { text, text + size };
    unsigned seen = 0;

    *message = (struct sb_message){ .kind = SB_MESSAGE_BAD };
    bool is_object = read_members(&scan, message, &seen);
    skip_space(&scan);
    if (!is_object || scan.at != scan.end)
        return message->kind;
    if ((seen & SEEN_ID) != 0) {
        bool is_reply = (seen & bodies) == SEEN_RESULT || (seen & bodies) == SEEN_ERROR;
        message->is_error = (seen & SEEN_ERROR) != 0;
        message->kind = is_reply ? SB_MESSAGE_REPLY : SB_MESSAGE_BAD;
    } else if ((seen & SEEN_METHOD) != 0 && (seen & (SEEN_RESULT | SEEN_ERROR)) == 0) {
        message->kind = SB_MESSAGE_EVENT;
    }
    return message->kind;
}

bool sb_slice_is(struct sb_slice slice, const char *text)
{
    return strlen(text) == slice.size && (slice.size == 0 || memcmp(slice.at, text, slice.size) == 0);
}
