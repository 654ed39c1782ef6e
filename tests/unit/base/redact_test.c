/* What the redactor finds in texts of every kind, and what it leaves. */
#include "signalbox/base/redact.h"

#include "signalbox/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct sb_redact_secret secrets[] = {{"llm.key", "sup3r-s3cret-value"}, {"site.login", "h\xc3\xa4sslich!"},
                                                  {"longer", "sup3r-s3cret-value-two"}};

/* The text with each span as [NAME]. */
static void expect(const char *given, const char *wanted)
{
    char made[1024];
    struct sb_text text;
    struct sb_redactor redactor;
    struct sb_redact_span span;
    const size_t size = strlen(given);
    size_t at = 0;
    sb_redactor_init(&redactor, secrets, SB_LEN(secrets), 4);
    sb_text_init(&text, made, sizeof made);
    while (sb_redact_next(&redactor, given, size, at, &span)) {
        assert_true(span.start >= at && span.size > 0 && span.start + span.size <= size);
        sb_text_add_n(&text, given + at, span.start - at);
        sb_text_add(&text, "[");
        sb_text_add(&text, span.name);
        sb_text_add(&text, "]");
        at = span.start + span.size;
    }
    sb_text_add_n(&text, given + at, size - at);
    assert_string_equal(made, wanted);
}

static void secrets__are_found_by_their_value(void **state)
{
    (void)state;
    expect("x sup3r-s3cret-value, h\xc3\xa4sslich!sup3r-s3cret-value-two.", "x [llm.key], [site.login][longer].");
    expect("sup3r-s3cre", "[llm.key]");                        /* cut at the end of a field */
    expect("{\"text\":\"it said sup3r-s3c\"}", "{\"text\":\"it said [llm.key]\"}");
    expect("| sup3r-s3\xe2\x80\xa6 |", "| [llm.key]\xe2\x80\xa6 |");
    expect("sup3r-s", "sup3r-s");                              /* too little to tell */
    expect("sup3r-s3 is another word", "sup3r-s3 is another word");
}

static void values__are_found_behind_words(void **state)
{
    (void)state;
    expect("Authorization: Basic YWJj\r\nHost: x", "Authorization: [authorization]\r\nHost: x");
    expect("{\"password\": \"abcd\", \"n\": 1}", "{\"password\": \"[password]\", \"n\": 1}");
    expect("{\"body\":\"{\\\"api_key\\\":\\\"abcdef\\\"}\"}", "{\"body\":\"{\\\"api_key\\\":\\\"[api_key]\\\"}\"}");
    expect("GET /x?key=AbCd1234&n=2", "GET /x?key=[key]&n=2");
    expect("bearer eyJhbGciOi.J9", "bearer [bearer]");
    expect("export TOKEN=abcd", "export TOKEN=[token]");
}

static void values__that_are_no_secrets_stay(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "password: env:SB_PASSWORD", "secret: file:/etc/x", "\"token\": null", "sid: 7", "\"tokens_in\":4096", "monkey=banana",
        "http://site/a:b@c", "postgresql://ann@host/db", "a key to it", "password=[redacted:password]", "sk-short",
    };
    for (size_t i = 0; i < SB_LEN(texts); i++)
        expect(texts[i], texts[i]);
    expect("session: practice.yaml:77:7 wait: no such element", "session: practice.yaml:77:7 wait: no such element"); /* the name of a step */
    expect("a=1&session=9f3a61c2&b=2", "a=1&session=[session]&b=2");
}

static void passwords__in_addresses_and_known_keys_are_found(void **state)
{
    (void)state;
    expect("postgresql://ann:pa:ss@host/db", "postgresql://ann:[userinfo]@host/db");
    expect("wss://0123456789abcdef@host", "wss://[userinfo]@host");
    expect("key sk-abcdefghijklmnopqrst ends", "key [token] ends");
    expect("(eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.c2ln)", "([token])");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets__are_found_by_their_value),
        cmocka_unit_test(values__are_found_behind_words),
        cmocka_unit_test(values__that_are_no_secrets_stay),
        cmocka_unit_test(passwords__in_addresses_and_known_keys_are_found),
    };
    return cmocka_run_group_tests_name("base_redact", tests, NULL, NULL);
}
