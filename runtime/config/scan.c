/* Readers of single values: durations, decimals, dates, names. Pure; exact (no floating point); any thread. */
#include "scan.h"

#include "signalbox/base/text.h"
#include "signalbox/model/limits.h"

#include <string.h>

static const struct unit {
    const char *text;
    sb_ns size;
} UNITS[] = {{"d", SB_DAY(1)}, {"h", SB_HOUR(1)}, {"m", SB_MIN(1)}, {"s", SB_S(1)}, {"ms", SB_MS(1)}};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take_digits(const char **at, int64_t *value)
{
    const char *start = *at;
    *value = 0;
    while (is_digit(**at)) {
        if (__builtin_mul_overflow(*value, 10, value) || __builtin_add_overflow(*value, **at - '0', value)) {
            return false;
        }
        (*at)++;
    }
    return *at > start;
}

/* Index of the unit at the cursor, or SB_LEN(UNITS). The longest match wins: "ms" is no "m". */
static size_t take_unit(const char **at)
{
    size_t found = SB_LEN(UNITS);
    size_t length = 0;
    for (size_t i = 0; i < SB_LEN(UNITS); i++) {
        size_t size = strlen(UNITS[i].text);
        if (size > length && strncmp(*at, UNITS[i].text, size) == 0) {
            found = i;
            length = size;
        }
    }
    *at += length;
    return found;
}

bool sb_cfg_scan_duration(const char *text, sb_ns *out)
{
    sb_ns total = 0;
    size_t next_unit = 0;
    const char *at = text;
    if (sb_streq(text, "0")) {
        *out = 0;
        return true;
    }
    do {
        int64_t value = 0;
        if (!take_digits(&at, &value)) {
            return false;
        }
        size_t unit = take_unit(&at);
        if (unit == SB_LEN(UNITS) || unit < next_unit) {
            return false;
        }
        next_unit = unit + 1;
        if (__builtin_mul_overflow(value, UNITS[unit].size, &value) || __builtin_add_overflow(total, value, &total)) {
            return false;
        }
    } while (*at != '\0');
    *out = total;
    return true;
}

void sb_cfg_write_duration(char *out, size_t cap, sb_ns duration)
{
    struct sb_text text;
    sb_text_init(&text, out, cap);
    for (size_t i = 0; i < SB_LEN(UNITS); i++) {
        if (duration >= UNITS[i].size) {
            sb_text_add_i64(&text, duration / UNITS[i].size);
            sb_text_add(&text, UNITS[i].text);
            duration %= UNITS[i].size;
        }
    }
    if (text.len == 0) {
        sb_text_add(&text, "0s");
    }
}

bool sb_cfg_scan_decimal(const char *text, unsigned scale, int64_t *out)
{
    int64_t value = 0;
    const char *at = text;
    bool is_negative = *at == '-';
    at += is_negative ? 1 : 0;
    if (!take_digits(&at, &value)) {
        return false;
    }
    bool has_point = *at == '.';
    at += has_point ? 1 : 0;
    if (has_point && !is_digit(*at)) {
        return false;
    }
    for (unsigned i = 0; i < scale; i++) {
        int digit = has_point && is_digit(*at) ? *at++ - '0' : 0;
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value)) {
            return false;
        }
    }
    while (has_point && *at == '0') {
        at++;
    }
    if (*at != '\0') {
        return false;
    }
    *out = is_negative ? -value : value;
    return true;
}

static bool take_two(const char **at, int64_t low, int64_t high, int64_t *out)
{
    if (!is_digit((*at)[0]) || !is_digit((*at)[1])) {
        return false;
    }
    *out = ((*at)[0] - '0') * 10 + (*at)[1] - '0';
    *at += 2;
    return *out >= low && *out <= high;
}

bool sb_cfg_scan_date(const char *text, int64_t *days)
{
    static const uint8_t LENGTHS[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t century = 0;
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
    const char *at = text;
    if (!take_two(&at, 19, 21, &century) || !take_two(&at, 0, 99, &year) || *at++ != '-' || !take_two(&at, 1, 12, &month) ||
        *at++ != '-' || !take_two(&at, 1, LENGTHS[month - 1], &day) || *at != '\0') {
        return false;
    }
    year += century * 100;
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (month == 2 && day == 29 && !is_leap) {
        return false;
    }
    *days = sb_civil_days((int32_t)year, (uint32_t)month, (uint32_t)day);
    return true;
}

bool sb_cfg_scan_call(const char *text, char *word, size_t cap, uint64_t *count)
{
    char digits[8];
    const char *open = strchr(text, '(');
    size_t size = strlen(text);
    if (open == NULL || text[size - 1] != ')') {
        return false;
    }
    return sb_copy_n(word, cap, text, (size_t)(open - text)) &&
           sb_copy_n(digits, sizeof digits, open + 1, (size_t)(text + size - 1 - open - 1)) && sb_parse_u64(digits, count);
}

/* ------------------------------------------------------------------------------------------------ checks */

static bool consists_of(const char *text, const char *extra)
{
    for (; *text != '\0'; text++) {
        bool is_plain = is_digit(*text) || (*text >= 'a' && *text <= 'z');
        if (!is_plain && strchr(extra, *text) == NULL) {
            return false;
        }
    }
    return true;
}

const char *sb_cfg_check_name(const char *text)
{
    if (text[0] == '\0' || !consists_of(text, "_")) {
        return "must consist of a-z, 0-9 and _";
    }
    return strlen(text) < SB_NAME_MAX ? NULL : "must have at most 39 characters";
}

const char *sb_cfg_check_file(const char *text)
{
    if (text[0] == '\0' || !consists_of(text, "_-")) {
        return "must consist of a-z, 0-9, _ and -";
    }
    return strlen(text) < SB_NAME_MAX ? NULL : "must have at most 39 characters";
}

const char *sb_cfg_check_key(const char *text)
{
    size_t size = 0;
    for (; text[size] != '\0'; size++) {
        if (text[size] <= ' ' || text[size] > '~' || text[size] == '=' || text[size] == ':') {
            return "must consist of printable ASCII characters without blank, = and :";
        }
    }
    return size > 0 && size < 128 ? NULL : "must have 1 to 127 characters";
}

const char *sb_cfg_check_secret(const char *text)
{
    static const char *const SCHEMES[] = {"file:", "env:", "cred:"};
    for (size_t i = 0; i < SB_LEN(SCHEMES); i++) {
        size_t size = strlen(SCHEMES[i]);
        if (strncmp(text, SCHEMES[i], size) == 0) {
            return text[size] != '\0' ? NULL : "must name something after the colon";
        }
    }
    return "must be a reference, file:PATH, env:NAME or cred:NAME; a secret itself does not belong in this file";
}

/* Host, then optionally :port. `end` is the end of the text to look at. */
static bool is_host(const char *text, const char *end)
{
    const char *colon = memchr(text, ':', (size_t)(end - text));
    const char *host_end = colon != NULL ? colon : end;
    if (host_end == text || host_end - text > 253) {
        return false;
    }
    for (const char *at = text; at < host_end; at++) {
        bool is_letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');
        if (!is_letter && !is_digit(*at) && *at != '.' && *at != '-') {
            return false;
        }
    }
    int64_t port = 1;
    if (colon != NULL) {
        const char *at = colon + 1;
        if (end - at < 1 || end - at > 5 || !take_digits(&at, &port) || at != end) {
            return false;
        }
    }
    return port >= 1 && port <= 65535;
}

const char *sb_cfg_check_host(const char *text)
{
    return is_host(text, text + strlen(text)) ? NULL : "must be HOST or HOST:PORT, without scheme and path";
}

const char *sb_cfg_check_url(const char *text)
{
    size_t scheme = strncmp(text, "http://", 7) == 0 ? 7 : strncmp(text, "https://", 8) == 0 ? 8 : 0;
    if (scheme == 0) {
        return "must begin with http:// or https://";
    }
    const char *end = text + scheme + strcspn(text + scheme, "/?#");
    for (const char *at = end; *at != '\0'; at++) {
        if (*at <= ' ' || *at == 0x7f) {
            return "must not contain blanks or control characters";
        }
    }
    return is_host(text + scheme, end) ? NULL : "must name a host after http:// (and perhaps a port; no user or password)";
}

const char *sb_cfg_check_date(const char *text)
{
    int64_t days = 0;
    return sb_cfg_scan_date(text, &days) ? NULL : "must be a date like 2026-11-23";
}

const char *sb_cfg_check_browser_url(const char *text)
{
    static const char *const SCHEMES[] = {"ws://", "wss://", "http://", "https://"};
    if (sb_cfg_check_secret(text) == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < SB_LEN(SCHEMES); i++) {
        size_t size = strlen(SCHEMES[i]);
        if (strncmp(text, SCHEMES[i], size) == 0 && text[size] != '\0') {
            return strpbrk(text, "@?") == NULL
                       ? NULL
                       : "must not hold a password or a token: give the whole address as file:PATH, env:NAME or cred:NAME";
        }
    }
    return "must begin with ws://, wss://, http:// or https:// and go on with HOST:PORT, or be file:PATH, env:NAME or cred:NAME";
}

bool sb_cfg_read_approval(const char *text, uint64_t *first)
{
    static const char FIRST[] = "first:";
    uint64_t count = 0;
    *first = sb_streq(text, "required") ? UINT32_MAX : 0;
    if (sb_streq(text, "required") || sb_streq(text, "off")) {
        return true;
    }
    if (strncmp(text, FIRST, strlen(FIRST)) != 0 || !sb_parse_u64(text + strlen(FIRST), &count) || count == 0 || count > 100000) {
        return false;
    }
    *first = count;
    return true;
}

const char *sb_cfg_check_approval(const char *text)
{
    uint64_t first = 0;
    return sb_cfg_read_approval(text, &first) ? NULL : "must be off, required or first:N with N from 1 to 100000";
}

/* Whether a PostgreSQL location holds a password itself: before the host, or as a parameter that is no reference. */
static bool has_password(const char *text)
{
    static const char *const REFERENCES[] = {"file:", "env:", "cred:"};
    const char *host = strstr(text, "://") + 3, *query = strchr(text, '?');
    const char *at = memchr(host, '@', strcspn(host, "/?"));
    if (at != NULL && memchr(host, ':', (size_t)(at - host)) != NULL) {
        return true;
    }
    const char *value = query != NULL ? strstr(query, "password=") : NULL;
    if (value == NULL || (value[-1] != '?' && value[-1] != '&')) {
        return false;
    }
    value += strlen("password=");
    for (size_t i = 0; i < SB_LEN(REFERENCES); i++) {
        if (strncmp(value, REFERENCES[i], strlen(REFERENCES[i])) == 0) {
            return false;
        }
    }
    return true;
}

/* What follows the scheme the store itself looks at; a password must not even be shown. */
const char *sb_cfg_check_store(const char *text)
{
    static const char *const SCHEMES[] = {"sqlite:", "postgresql://", "postgres://"};
    for (size_t i = 0; i < SB_LEN(SCHEMES); i++) {
        size_t size = strlen(SCHEMES[i]);
        if (strncmp(text, SCHEMES[i], size) != 0 || text[size] == '\0') {
            continue;
        }
        return i == 0 || !has_password(text) ? NULL : "must not hold a password: give it by reference, as in ?password=cred:NAME, or in ~/.pgpass";
    }
    return "must be sqlite:PATH or postgresql://USER@HOST/DATABASE";
}

/* What follows the scheme is read by the cache itself, at start; a password must not even be shown. */
const char *sb_cfg_check_cache(const char *text)
{
    static const char *const SCHEMES[] = {"redis://", "redis+unix://"};
    if (sb_streq(text, "memory")) {
        return NULL;
    }
    for (size_t i = 0; i < SB_LEN(SCHEMES); i++) {
        size_t size = strlen(SCHEMES[i]);
        if (strncmp(text, SCHEMES[i], size) != 0 || text[size] == '\0') {
            continue;
        }
        const char *at = memchr(text + size, '@', strcspn(text + size, "/"));
        return at == NULL || memchr(text + size, ':', (size_t)(at - text) - size) == NULL
                   ? NULL
                   : "must not hold a password: give it by reference in cache_password";
    }
    return "must be memory, redis://[USER@]HOST[:PORT][/DB] or redis+unix://[USER@]/PATH[?db=N]";
}

const char *sb_cfg_check_prefix(const char *text)
{
    size_t size = 0;
    for (; text[size] != '\0'; size++) {
        if (text[size] <= ' ' || text[size] > '~') {
            return "must consist of printable ASCII characters without blank";
        }
    }
    return size > 0 && size < 64 ? NULL : "must have from 1 to 63 characters";
}

bool sb_cfg_scan_rate(const char *text, struct sb_rate *out)
{
    char count_text[8];
    uint64_t count = 0;
    sb_ns window = 0;
    const char *slash = strchr(text, '/');
    if (slash == NULL || !sb_copy_n(count_text, sizeof count_text, text, (size_t)(slash - text)) || !sb_parse_u64(count_text, &count) ||
        !sb_cfg_scan_duration(slash + 1, &window) || count < 1 || count > 1000 || window < SB_MS(1) || window > SB_DAY(31)) {
        return false;
    }
    *out = (struct sb_rate){(uint32_t)count, window};
    return true;
}

const char *sb_cfg_check_rate(const char *text)
{
    struct sb_rate rate;
    return sb_cfg_scan_rate(text, &rate) ? NULL : "must be COUNT/TIME, e.g. 30/1m: from 1 to 1000, within at most 31 days";
}

const char *sb_cfg_check_some(const char *text)
{
    return text[0] != '\0' ? NULL : "must not be empty";
}

const char *sb_cfg_check_zone(const char *text)
{
    bool is_bad = text[0] == '\0' || text[0] == '/' || strstr(text, "..") != NULL || strlen(text) >= SB_NAME_MAX;
    for (const char *at = text; *at != '\0' && !is_bad; at++) {
        bool is_letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');
        is_bad = !is_letter && !is_digit(*at) && strchr("/_+-", *at) == NULL;
    }
    return is_bad ? "must be a time zone like Europe/Riga or UTC" : NULL;
}

const char *sb_cfg_check_method(const char *text)
{
    static const char *const METHODS[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < SB_LEN(METHODS); i++) {
        if (sb_streq(text, METHODS[i])) {
            return NULL;
        }
    }
    return "must be one of GET HEAD POST PUT PATCH DELETE OPTIONS";
}
