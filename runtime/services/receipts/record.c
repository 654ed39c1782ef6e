/* Records of the receipts journal as bytes. Pure. Nothing read here is trusted before its checksum has been compared. */
#include "record.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/hash.h"
#include "signalbox/base/text.h"

#include <string.h>

static const unsigned char magic[4] = { 'S', 'B', 'R', '1' };

static void put(unsigned char *at, size_t size, uint64_t value)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t get(const unsigned char *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

enum { TEXT_COUNT = 6 };
struct place {
    char *text;
    size_t cap;
};

static void texts_of(struct sb_receipt *receipt, struct place places[TEXT_COUNT])
{
    places[0] = (struct place){ receipt->effect_id, sizeof receipt->effect_id };
    places[1] = (struct place){ receipt->decision_id, sizeof receipt->decision_id };
    places[2] = (struct place){ receipt->account, sizeof receipt->account };
    places[3] = (struct place){ receipt->post_id, sizeof receipt->post_id };
    places[4] = (struct place){ receipt->how, sizeof receipt->how };
    places[5] = (struct place){ receipt->fingerprint, sizeof receipt->fingerprint };
}

size_t sb_record_write(const struct sb_receipt *receipt, unsigned char out[SB_RECORD_MAX])
{
    struct sb_receipt copy = *receipt;
    struct place places[TEXT_COUNT];
    size_t len = SB_RECORD_HEAD;

    put(out + len, 8, copy.run);
    put(out + len + 8, 8, copy.token);
    put(out + len + 16, 8, (uint64_t)copy.submit_deadline);
    len += 24;
    texts_of(&copy, places);
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        size_t size = strnlen(places[i].text, places[i].cap);
        put(out + len, 2, size);
        memcpy(out + len + 2, places[i].text, size);
        len += 2 + size;
    }
    memcpy(out, magic, sizeof magic);
    put(out + 4, 4, len - SB_RECORD_HEAD);
    put(out + 8, 8, copy.seq);
    put(out + 16, 4, (uint64_t)copy.kind);
    put(out + 20, 8, (uint64_t)copy.at.ns);
    put(out + len, 4, sb_crc32c(0, out, len));
    len += SB_RECORD_TAIL;
    SB_ASSERT(len <= SB_RECORD_MAX);
    return len;
}
_Static_assert(SB_RECORD_HEAD + 24 + 2 * TEXT_COUNT + 2 * SB_EFFECT_ID_MAX + SB_DECISION_MAX + SB_ACCOUNT_MAX + SB_POST_ID_MAX + 16 +
                   SB_RECORD_TAIL <= SB_RECORD_MAX, "the longest receipt fits a record");

static bool read_texts(const unsigned char *at, const unsigned char *end, struct sb_receipt *receipt)
{
    struct place places[TEXT_COUNT];
    texts_of(receipt, places);
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        if (end - at < 2)
            return false;
        size_t size = (size_t)get(at, 2);
        at += 2;
        if (size > (size_t)(end - at) || size >= places[i].cap)
            return false;
        memcpy(places[i].text, at, size);
        at += size;
    }
    return at == end;
}

size_t sb_record_read(const unsigned char *bytes, size_t count, struct sb_receipt *receipt)
{
    if (count < SB_RECORD_HEAD + SB_RECORD_TAIL || memcmp(bytes, magic, sizeof magic) != 0)
        return 0;
    size_t payload = (size_t)get(bytes + 4, 4);
    if (payload < 24 || payload > SB_RECORD_MAX - SB_RECORD_HEAD - SB_RECORD_TAIL)
        return 0;
    size_t len = SB_RECORD_HEAD + payload;
    if (count < len + SB_RECORD_TAIL || get(bytes + len, 4) != sb_crc32c(0, bytes, len))
        return 0;

    struct sb_receipt read;
    memset(&read, 0, sizeof read);
    uint64_t kind = get(bytes + 16, 4);
    if (kind < SB_RECEIPT_INTENT || kind > SB_RECEIPT_ABSENT)
        return 0;
    read.seq = get(bytes + 8, 8);
    read.kind = (enum sb_receipt_kind)kind;
    read.at.ns = (int64_t)get(bytes + 20, 8);
    read.run = get(bytes + SB_RECORD_HEAD, 8);
    read.token = get(bytes + SB_RECORD_HEAD + 8, 8);
    read.submit_deadline = (sb_ns)get(bytes + SB_RECORD_HEAD + 16, 8);
    if (!read_texts(bytes + SB_RECORD_HEAD + 24, bytes + len, &read))
        return 0;
    *receipt = read;
    return len + SB_RECORD_TAIL;
}

size_t sb_record_find(const unsigned char *bytes, size_t count, size_t from)
{
    struct sb_receipt receipt;
    while (from < count) {
        const unsigned char *at = memchr(bytes + from, magic[0], count - from);
        if (!at)
            return count;
        from = (size_t)(at - bytes);
        if (sb_record_read(at, count - from, &receipt) > 0)
            return from;
        from++;
    }
    return count;
}
