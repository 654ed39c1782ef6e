/* Fuzz target: bytes as a browser could send them, through the splitter in pieces of changing size and through the reading of each message.
 * Whatever comes in, slices stay inside the message and no byte is lost or read twice.
 *
 * Rooms: browser base */
#include "runtime/services/browser/frames.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGE_MAX = 1 << 20 };

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_slice(struct sb_slice slice, const char *text, size_t size)
{
    require(slice.at == NULL || (slice.at >= text && slice.at + slice.size <= text + size));
    require(slice.at != NULL || slice.size == 0);
}

static void check_message(const char *text, size_t size)
{
    struct sb_message message;

    require(text[size] == '\0' && memchr(text, '\0', size) == NULL);
    enum sb_message_kind kind = sb_message_read(text, size, &message);
    require(kind == message.kind);
    check_slice(message.method, text, size);
    check_slice(message.session, text, size);
    check_slice(message.body, text, size);
    if (kind == SB_MESSAGE_REPLY)
        require(message.body.size > 0);
    if (kind == SB_MESSAGE_EVENT)
        require(memchr(message.method.at, '"', message.method.size) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sb_frames frames;
    size_t fed = 0, seen = 0, step = size > 0 ? data[0] % 61u + 1u : 1u;

    sb_frames_init(&frames, MESSAGE_MAX);
    while (fed < size) {
        char *at;
        size_t room;
        if (sb_frames_reserve(&frames, &at, &room, NULL) != SB_OK)
            break;
        size_t part = size - fed < step ? size - fed : step;
        part = part < room ? part : room;
        memcpy(at, data + fed, part);
        sb_frames_commit(&frames, part);
        fed += part;
        step = step * 7 % 4093 + 1;
        const char *message;
        size_t length;
        while (sb_frames_next(&frames, &message, &length)) {
            require(memcmp(message, data + seen, length) == 0);
            check_message(message, length);
            seen += length + 1;
        }
    }
    require(seen + frames.len == fed || fed < size);
    sb_frames_deinit(&frames);

    /* The reading of a message also stands on its own, NUL bytes included. */
    struct sb_message alone;
    (void)sb_message_read((const char *)data, size, &alone);
    return 0;
}
