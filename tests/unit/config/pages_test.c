/* Schema, reference page and single values. */
#include "files.h"

#include "runtime/config/keys.h"

/* ------------------------------------------------------------------------------------------------ a strict JSON reader */

static void skip_blank(const char **at)
{
    *at += strspn(*at, " \t\r\n");
}

static bool read_value(const char **at, unsigned depth);

static bool read_string(const char **at)
{
    if (*(*at)++ != '"') {
        return false;
    }
    while (**at != '"') {
        if ((unsigned char)**at < 0x20) {
            return false;
        }
        if (**at == '\\') {
            (*at)++;
            if (**at == 'u') {
                if (strspn(*at + 1, "0123456789abcdefABCDEF") < 4) {
                    return false;
                }
                *at += 4;
            } else if (**at == '\0' || strchr("\"\\/bfnrt", **at) == NULL) {
                return false;
            }
        }
        (*at)++;
    }
    (*at)++;
    return true;
}

static bool read_members(const char **at, char close, bool has_keys, unsigned depth)
{
    (*at)++;
    skip_blank(at);
    if (**at == close) {
        (*at)++;
        return true;
    }
    for (;;) {
        skip_blank(at);
        if (has_keys) {
            if (!read_string(at)) {
                return false;
            }
            skip_blank(at);
            if (*(*at)++ != ':') {
                return false;
            }
        }
        if (!read_value(at, depth)) {
            return false;
        }
        skip_blank(at);
        char c = *(*at)++;
        if (c != ',') {
            return c == close;
        }
    }
}

static bool read_value(const char **at, unsigned depth)
{
    skip_blank(at);
    if (depth == 0) {
        return false;
    }
    if (**at == '{' || **at == '[') {
        return read_members(at, **at == '{' ? '}' : ']', **at == '{', depth - 1);
    }
    if (**at == '"') {
        return read_string(at);
    }
    static const char *const WORDS[] = {"true", "false", "null"};
    for (size_t i = 0; i < SB_LEN(WORDS); i++) {
        if (strncmp(*at, WORDS[i], strlen(WORDS[i])) == 0) {
            *at += strlen(WORDS[i]);
            return true;
        }
    }
    char *end = NULL;
    bool is_number = (**at == '-' || (**at >= '0' && **at <= '9')) && (strtod(*at, &end) < 1e300);
    bool has_leading_zero = (*at)[0] == '0' && (*at)[1] >= '0' && (*at)[1] <= '9';
    *at = is_number ? end : *at;
    return is_number && !has_leading_zero;
}

/* ------------------------------------------------------------------------------------------------ pages */

static void expect_keys(const struct sb_cfg_section *section, const char *page, const char *format, size_t *count)
{
    for (size_t i = 0; i < section->key_count; i++) {
        char wanted[100];
        (void)snprintf(wanted, sizeof wanted, format[0] == '|' ? "| `%s` | " : "\"%s\":{\"description\":", section->keys[i].name);
        if (strstr(page, wanted) == NULL || strstr(page, section->keys[i].help) == NULL) {
            fail_msg("%s.%s is missing", section->title, section->keys[i].name);
        }
        (*count)++;
        if (section->keys[i].section != NULL) {
            expect_keys(section->keys[i].section, page, format, count);
        }
    }
}

static void config__the_schema_is_json_and_has_every_key(void **state)
{
    (void)state;
    size_t count = 0;
    char *schema = sb_config_schema();
    assert_non_null(schema);
    const char *at = schema;
    assert_true(read_value(&at, 100));
    skip_blank(&at);
    assert_int_equal('\0', *at);
    expect_keys(&sb_cfg_root_section, schema, "{", &count);
    expect_keys(&sb_cfg_site_section, schema, "{", &count);
    expect_keys(&sb_cfg_prices_section, schema, "{", &count);
    assert_true(count > 150);
    assert_non_null(strstr(schema, "\"enum\":[\"strict\",\"lend\",\"reclaim\",\"legacy\"]"));
    assert_non_null(strstr(schema, "\"additionalProperties\":false"));
    free(schema);
}

static void config__the_reference_has_every_key_with_its_meaning(void **state)
{
    (void)state;
    size_t count = 0;
    char *page = sb_config_reference();
    assert_non_null(page);
    expect_keys(&sb_cfg_root_section, page, "|", &count);
    expect_keys(&sb_cfg_site_section, page, "|", &count);
    expect_keys(&sb_cfg_prices_section, page, "|", &count);
    assert_non_null(strstr(page, "| `drain` | duration, 0 to 1h | `30s` |"));
    assert_non_null(strstr(page, "\n## jobs.NAME.steps[].browse\n"));
    free(page);
}

static void check_section(const struct sb_cfg_section *section)
{
    assert_in_range(section->key_count, 1, SB_CFG_KEYS_MAX);
    for (size_t i = 0; i < section->key_count; i++) {
        const struct sb_cfg_key *key = &section->keys[i];
        assert_ptr_equal(key, sb_cfg_find_key(section, key->name)); /* no name twice */
        assert_true(strlen(key->help) > 5);
        assert_true(key->type != SB_CFG_SPAN || key->max > key->min);
        assert_true((key->type >= SB_CFG_SECTION) == (key->section != NULL));
        assert_true(key->type != SB_CFG_CHOICE || key->choice_count > 0);
        assert_false(strchr(key->help, '|') != NULL); /* it would break the table of the reference */
        if (key->section != NULL) {
            check_section(key->section);
        }
    }
}

static void config__the_key_table_is_consistent(void **state)
{
    (void)state;
    check_section(&sb_cfg_root_section);
    check_section(&sb_cfg_site_section);
    check_section(&sb_cfg_prices_section);
}

/* ------------------------------------------------------------------------------------------------ values */

static void scan__durations_are_read_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        sb_ns value;
        const char *written;
    } RIGHT[] = {
        {"250ms", SB_MS(250), "250ms"}, {"90s", SB_S(90), "1m30s"}, {"15m", SB_MIN(15), "15m"},   {"2h", SB_HOUR(2), "2h"},
        {"1d", SB_DAY(1), "1d"},        {"1h30m", SB_MIN(90), "1h30m"}, {"0", 0, "0s"},           {"0s", 0, "0s"},
        {"1d2h3m4s5ms", SB_DAY(1) + SB_HOUR(2) + SB_MIN(3) + SB_S(4) + SB_MS(5), "1d2h3m4s5ms"},
    };
    static const char *const WRONG[] = {"", "5", "m", "5x", "5m5m", "5s5m", "-5m", "5 m", "5m ", "1.5h", "99999999999999999999s", "300000d", "5M"};
    for (size_t i = 0; i < SB_LEN(RIGHT); i++) {
        sb_ns value = -1;
        char text[40];
        assert_true(sb_cfg_scan_duration(RIGHT[i].text, &value));
        assert_int_equal(RIGHT[i].value, value);
        sb_cfg_write_duration(text, sizeof text, value);
        assert_string_equal(RIGHT[i].written, text);
    }
    for (size_t i = 0; i < SB_LEN(WRONG); i++) {
        sb_ns value = 77;
        assert_false(sb_cfg_scan_duration(WRONG[i], &value));
        assert_int_equal(77, value);
    }
}

static void scan__decimals_are_exact_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned scale;
        int64_t value;
    } RIGHT[] = {{"5", 9, 5000000000}, {"0.000000001", 9, 1}, {"0.15", 3, 150}, {"0.150000", 3, 150}, {"-1.5", 2, -150}, {"007", 0, 7}};
    static const char *const WRONG[] = {"", ".5", "5.", "1e3", "0.1234", "+1", "1,5", " 1", "9223372036854775807", "nan", "--1"};
    for (size_t i = 0; i < SB_LEN(RIGHT); i++) {
        int64_t value = 0;
        assert_true(sb_cfg_scan_decimal(RIGHT[i].text, RIGHT[i].scale, &value));
        assert_int_equal(RIGHT[i].value, value);
    }
    for (size_t i = 0; i < SB_LEN(WRONG); i++) {
        int64_t value = 77;
        assert_false(sb_cfg_scan_decimal(WRONG[i], 3, &value));
        assert_int_equal(77, value);
    }
}

static void scan__addresses_hosts_and_secrets_are_told_from_others(void **state)
{
    (void)state;
    static const struct {
        sb_cfg_check *check;
        const char *text;
        bool is_right;
    } CASES[] = {
        {sb_cfg_check_url, "http://127.0.0.1:8080", true},   {sb_cfg_check_url, "https://api.example.com/v1?x=1", true},
        {sb_cfg_check_url, "http://", false},                {sb_cfg_check_url, "http://a:b@c/", false},
        {sb_cfg_check_url, "http://a b", false},             {sb_cfg_check_url, "http://a/ b", false},
        {sb_cfg_check_url, "file:///etc/passwd", false},     {sb_cfg_check_url, "http://a:99999", false},
        {sb_cfg_check_host, "localhost", true},              {sb_cfg_check_host, "a.example.com:443", true},
        {sb_cfg_check_host, "http://a", false},              {sb_cfg_check_host, "a/b", false},
        {sb_cfg_check_host, "a:", false},                    {sb_cfg_check_host, "", false},
        {sb_cfg_check_secret, "file:/run/x", true},          {sb_cfg_check_secret, "env:KEY", true},
        {sb_cfg_check_secret, "cred:key", true},             {sb_cfg_check_secret, "env:", false},
        {sb_cfg_check_secret, "sk-1234", false},             {sb_cfg_check_zone, "America/Argentina/Buenos_Aires", true},
        {sb_cfg_check_zone, "Etc/GMT+5", true},              {sb_cfg_check_zone, "a/../b", false},
        {sb_cfg_check_file, "../x", false},                  {sb_cfg_check_file, "a-b_1", true},
        {sb_cfg_check_date, "2024-02-29", true},             {sb_cfg_check_date, "2025-02-29", false},
        {sb_cfg_check_date, "2025-1-1", false},              {sb_cfg_check_date, "2025-13-01", false},
    };
    for (size_t i = 0; i < SB_LEN(CASES); i++) {
        if ((CASES[i].check(CASES[i].text) == NULL) != CASES[i].is_right) {
            fail_msg("\"%s\"", CASES[i].text);
        }
    }
}

static void report__distance_counts_single_changes(void **state)
{
    (void)state;
    assert_int_equal(0, sb_cfg_distance("policy", "POLICY", 3));
    assert_int_equal(1, sb_cfg_distance("polcy", "policy", 3));
    assert_int_equal(1, sb_cfg_distance("psoting", "posting", 3)); /* two letters swapped */
    assert_int_equal(3, sb_cfg_distance("kitten", "sitting", 3));
    assert_int_equal(3, sb_cfg_distance("", "abcdefgh", 2)); /* at most limit + 1 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config__the_schema_is_json_and_has_every_key),
        cmocka_unit_test(config__the_reference_has_every_key_with_its_meaning),
        cmocka_unit_test(config__the_key_table_is_consistent),
        cmocka_unit_test(scan__durations_are_read_and_written),
        cmocka_unit_test(scan__decimals_are_exact_or_refused),
        cmocka_unit_test(scan__addresses_hosts_and_secrets_are_told_from_others),
        cmocka_unit_test(report__distance_counts_single_changes),
    };
    return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
