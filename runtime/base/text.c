/* Bounded text without printf. Pure. */
#include "signalbox/base/text.h"

#include "signalbox/base/assert.h"

#include <string.h>

void sb_text_init(struct sb_text *text, char *buf, size_t cap)
{
    SB_ASSERT(cap > 0);
    *text = (struct sb_text){ .buf = buf, .cap = cap };
    buf[0] = '\0';
}

void sb_text_add_n(struct sb_text *text, const char *bytes, size_t count)
{
    size_t room = text->cap - 1 - text->len;
    if (count > room) {
        /* Cut before a UTF-8 continuation byte, never inside a sequence. */
        while (room > 0 && ((unsigned char)bytes[room] & 0xc0u) == 0x80u)
            room--;
        count = room;
        text->is_cut = true;
    }
    memcpy(text->buf + text->len, bytes, count);
    text->len += count;
    text->buf[text->len] = '\0';
}

void sb_text_add(struct sb_text *text, const char *string)
{
    sb_text_add_n(text, string, strlen(string));
}

void sb_text_add_char(struct sb_text *text, char c)
{
    sb_text_add_n(text, &c, 1);
}

void sb_text_add_padded(struct sb_text *text, uint64_t value, unsigned width)
{
    char digits[32];
    size_t at = sizeof(digits);
    unsigned count = 0;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
        count++;
    } while ((value > 0 || count < width) && at > 0);
    sb_text_add_n(text, digits + at, count);
}

void sb_text_add_u64(struct sb_text *text, uint64_t value)
{
    sb_text_add_padded(text, value, 1);
}

void sb_text_add_i64(struct sb_text *text, int64_t value)
{
    if (value < 0) {
        sb_text_add_char(text, '-');
        sb_text_add_u64(text, 0u - (uint64_t)value);
    } else {
        sb_text_add_u64(text, (uint64_t)value);
    }
}

static void add_two_units(struct sb_text *text, int64_t big, char big_unit, int64_t small, const char *small_unit)
{
    sb_text_add_u64(text, (uint64_t)big);
    sb_text_add_char(text, big_unit);
    sb_text_add_padded(text, (uint64_t)small, 2);
    sb_text_add(text, small_unit);
}

void sb_text_add_duration(struct sb_text *text, sb_ns duration)
{
    if (duration == SB_NEVER) {
        sb_text_add(text, "never");
        return;
    }
    if (duration < 0) {
        sb_text_add_char(text, '-');
        duration = duration == INT64_MIN ? SB_NEVER : -duration;
    }
    int64_t seconds = duration / SB_S(1);
    if (duration < SB_MS(1) && duration > 0) {
        sb_text_add_u64(text, (uint64_t)(duration / 1000));
        sb_text_add(text, "us");
    } else if (duration < SB_MS(100) && duration > 0) {
        sb_text_add_u64(text, (uint64_t)(duration / SB_MS(1)));
        sb_text_add(text, "ms");
    } else if (duration < SB_S(10)) {
        sb_text_add_u64(text, (uint64_t)seconds);
        sb_text_add_char(text, '.');
        sb_text_add_u64(text, (uint64_t)(duration / SB_MS(100) % 10));
        sb_text_add_char(text, 's');
    } else if (seconds < 60) {
        sb_text_add_u64(text, (uint64_t)seconds);
        sb_text_add_char(text, 's');
    } else if (seconds < 3600) {
        add_two_units(text, seconds / 60, 'm', seconds % 60, "s");
    } else if (seconds < 86400) {
        add_two_units(text, seconds / 3600, 'h', seconds / 60 % 60, "m");
    } else {
        add_two_units(text, seconds / 86400, 'd', seconds / 3600 % 24, "h");
    }
}

void sb_text_add_clock(struct sb_text *text, struct sb_wall wall)
{
    struct sb_civil c = sb_wall_civil(wall);
    sb_text_add_padded(text, c.hour, 2);
    sb_text_add_char(text, ':');
    sb_text_add_padded(text, c.minute, 2);
    sb_text_add_char(text, ':');
    sb_text_add_padded(text, c.second, 2);
    sb_text_add_char(text, 'Z');
}

void sb_text_add_wall(struct sb_text *text, struct sb_wall wall, bool with_millis)
{
    struct sb_civil c = sb_wall_civil(wall);
    sb_text_add_padded(text, (uint64_t)(c.year < 0 ? 0 : c.year), 4);
    sb_text_add_char(text, '-');
    sb_text_add_padded(text, c.month, 2);
    sb_text_add_char(text, '-');
    sb_text_add_padded(text, c.day, 2);
    sb_text_add_char(text, 'T');
    sb_text_add_padded(text, c.hour, 2);
    sb_text_add_char(text, ':');
    sb_text_add_padded(text, c.minute, 2);
    sb_text_add_char(text, ':');
    sb_text_add_padded(text, c.second, 2);
    if (with_millis) {
        sb_text_add_char(text, '.');
        sb_text_add_padded(text, c.nanos / 1000000u, 3);
    }
    sb_text_add_char(text, 'Z');
}

void sb_text_add_usd(struct sb_text *text, struct sb_usd usd, unsigned decimals)
{
    SB_ASSERT(decimals <= 9);
    int64_t scale = 1;
    for (unsigned i = decimals; i < 9; i++)
        scale *= 10;
    uint64_t magnitude = usd.nano < 0 ? 0u - (uint64_t)usd.nano : (uint64_t)usd.nano;
    if (usd.nano < 0)
        sb_text_add_char(text, '-');
    uint64_t units = (magnitude + (uint64_t)scale / 2) / (uint64_t)scale;
    uint64_t one = (uint64_t)(SB_USD_NANO / scale);
    sb_text_add_u64(text, units / one);
    if (decimals > 0) {
        sb_text_add_char(text, '.');
        sb_text_add_padded(text, units % one, decimals);
    }
}

bool sb_copy_n(char *dst, size_t cap, const char *src, size_t src_len)
{
    SB_ASSERT(cap > 0);
    size_t count = src_len;
    if (count > cap - 1) {
        count = cap - 1;
        while (count > 0 && ((unsigned char)src[count] & 0xc0u) == 0x80u)
            count--;
    }
    memmove(dst, src, count);
    memset(dst + count, 0, cap - count);
    return count == src_len;
}

bool sb_copy(char *dst, size_t cap, const char *src)
{
    return sb_copy_n(dst, cap, src, strlen(src));
}

bool sb_streq(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

bool sb_parse_u64(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    if (*text == '\0')
        return false;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || __builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

bool sb_parse_i64(const char *text, int64_t *out)
{
    uint64_t magnitude;
    bool is_negative = *text == '-';
    if (!sb_parse_u64(text + (is_negative ? 1 : 0), &magnitude))
        return false;
    uint64_t limit = (uint64_t)INT64_MAX + (is_negative ? 1u : 0u);
    if (magnitude > limit)
        return false;
    *out = is_negative ? (int64_t)(0u - magnitude) : (int64_t)magnitude;
    return true;
}
