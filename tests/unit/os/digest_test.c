/* Digests and signatures against the vectors of their standards: the right functions of the library are called in the right way. */
#include "signalbox/os/digest.h"

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
};

static void digests__are_the_standards(void **state)
{
    char hex[SB_SHA256_HEX];
    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        assert_int_equal(sb_sha256_hex(vectors[i].text, strlen(vectors[i].text), hex, NULL), SB_OK);
        assert_string_equal(hex, vectors[i].hex);
    }
}

struct signed_text {
    uint8_t key_byte;
    size_t key_size;
    const char *key, *text, *hex;
};

/* RFC 4231, cases 1, 2 and 6: a short key, one of letters, and one longer than a block. */
static const struct signed_text signed_texts[] = {
    { 0x0b, 20, NULL, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
    { 0, 4, "Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    { 0xaa, 131, NULL, "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
};

static void signatures__are_the_standards(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(signed_texts) / sizeof(signed_texts[0]); i++) {
        const struct signed_text *row = &signed_texts[i];
        uint8_t key[131];
        char hex[SB_SHA256_HEX];
        memset(key, row->key_byte, sizeof(key));
        if (row->key != NULL)
            memcpy(key, row->key, row->key_size);
        assert_int_equal(sb_hmac_sha256_hex(key, row->key_size, row->text, strlen(row->text), hex, NULL), SB_OK);
        assert_string_equal(hex, row->hex);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests__are_the_standards),
        cmocka_unit_test(signatures__are_the_standards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
