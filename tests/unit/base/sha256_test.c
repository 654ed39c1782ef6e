/* Digests and signatures against the vectors of their standards, in pieces of every size, and around the ends of a block. */
#include "signalbox/base/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct vector {
    const char *text, *hex;
};

/* FIPS 180-4's examples and the empty message. */
static const struct vector vectors[] = {
    { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    { "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
};

static void digests_are_the_standards(void **state)
{
    char hex[SB_SHA256_HEX];
    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        sb_sha256_hex(vectors[i].text, strlen(vectors[i].text), hex);
        assert_string_equal(hex, vectors[i].hex);
    }
}

static void a_million_letters_in_uneven_pieces(void **state)
{
    char piece[1000], hex[SB_SHA256_HEX];
    uint8_t digest[SB_SHA256_BYTES];
    struct sb_sha256 hash;
    size_t left = 1000000;
    (void)state;
    memset(piece, 'a', sizeof(piece));
    sb_sha256_init(&hash);
    for (size_t i = 1; left > 0; i++) {
        const size_t wanted = i * 37 % sizeof(piece), size = wanted < left ? wanted : left;
        sb_sha256_add(&hash, piece, size);
        left -= size;
    }
    sb_sha256_end(&hash, digest);
    sb_sha256_digits(digest, sizeof(digest), hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* The digest of the digests of 0, 1, ... 200 letters, by another implementation (coreutils): every place where the padding can begin. */
static void every_length_around_a_block(void **state)
{
    char letters[201], hex[SB_SHA256_HEX];
    struct sb_sha256 all;
    uint8_t digest[SB_SHA256_BYTES];
    (void)state;
    memset(letters, 'x', sizeof(letters));
    sb_sha256_init(&all);
    for (size_t size = 0; size <= 200; size++) {
        sb_sha256_hex(letters, size, hex);
        sb_sha256_add(&all, hex, SB_SHA256_HEX - 1);
    }
    sb_sha256_end(&all, digest);
    sb_sha256_digits(digest, sizeof(digest), hex);
    assert_string_equal(hex, "75013a3fd49991ead9d8a57ea80485c088443c3406a0e8fa003ed57144041eb4");
}

struct signed_text {
    uint8_t key_byte;
    size_t key_size;
    const char *key, *text, *hex;
};

/* RFC 4231, cases 1, 2, 6 and 7: a short key, one of letters, and keys longer than a block. */
static const struct signed_text signed_texts[] = {
    { 0x0b, 20, NULL, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
    { 0, 4, "Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    { 0xaa, 131, NULL, "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
    { 0xaa, 131, NULL,
      "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the "
      "HMAC algorithm.",
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
};

static void signatures_are_the_standards(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(signed_texts) / sizeof(signed_texts[0]); i++) {
        const struct signed_text *row = &signed_texts[i];
        uint8_t key[131], mac[SB_SHA256_BYTES];
        char hex[SB_SHA256_HEX];
        struct sb_hmac hmac;
        static const struct sb_hmac wiped;
        memset(key, row->key_byte, sizeof(key));
        if (row->key != NULL)
            memcpy(key, row->key, row->key_size);
        sb_hmac_init(&hmac, key, row->key_size);
        const size_t half = strlen(row->text) / 2;
        sb_hmac_add(&hmac, row->text, half);
        sb_hmac_add(&hmac, row->text + half, strlen(row->text) - half);
        sb_hmac_end(&hmac, mac);
        sb_sha256_digits(mac, sizeof(mac), hex);
        assert_string_equal(hex, row->hex);
        assert_memory_equal(&hmac, &wiped, sizeof(hmac)); /* nothing of the key is left */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_the_standards),
        cmocka_unit_test(a_million_letters_in_uneven_pieces),
        cmocka_unit_test(every_length_around_a_block),
        cmocka_unit_test(signatures_are_the_standards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
