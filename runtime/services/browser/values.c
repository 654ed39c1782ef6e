/* Conversions of page text. Pure: text in, value out. */
#include "values.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Digits before and after the point as one integer of at most 18 digits, so that nothing overflows. */
struct digits {
    int64_t mantissa;
    int scale; /* digits behind the point */
    int count;
};

static bool add_digit(struct digits *digits, char c)
{
    if (digits->count >= 18)
        return false;
    digits->mantissa = digits->mantissa * 10 + (c - '0');
    digits->count += digits->mantissa != 0;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A comma belongs to the number only in front of exactly three digits. */
static bool is_group(const char *comma)
{
    return comma[0] == ',' && is_digit(comma[1]) && is_digit(comma[2]) && is_digit(comma[3]) && !is_digit(comma[4]);
}

static const char *read_digits(const char *at, struct digits *digits)
{
    if (!is_digit(*at))
        return NULL;
    while (is_digit(*at) || is_group(at)) {
        if (*at != ',' && !add_digit(digits, *at))
            return NULL;
        at++;
    }
    if (at[0] == '.' && is_digit(at[1])) {
        for (at++; is_digit(*at); at++) {
            if (!add_digit(digits, *at))
                return NULL;
            digits->scale++;
        }
    }
    return at;
}

/* The exponent of K, M or B; 0 without one, and `at` moves behind it. */
static int read_suffix(const char **at)
{
    static const char letters[] = "KMB";
    const char *next = *at;

    while (*next == ' ' || (next[0] == '\xc2' && next[1] == '\xa0'))
        next += *next == ' ' ? 1 : 2;
    for (int i = 0; letters[i] != '\0'; i++) {
        if (toupper((unsigned char)*next) == letters[i] && !isalnum((unsigned char)next[1])) {
            *at = next + 1;
            return 3 * (i + 1);
        }
    }
    return 0;
}

static bool scale_integer(int64_t *value, int exponent)
{
    for (; exponent > 0; exponent--)
        if (__builtin_mul_overflow(*value, 10, value))
            return false;
    for (; exponent < 0; exponent++) {
        if (*value % 10 != 0)
            return false;
        *value /= 10;
    }
    return true;
}

bool sb_page_number(const char *text, struct sb_number *number)
{
    struct digits digits = { 0 };

    while (isspace((unsigned char)*text))
        text++;
    bool is_negative = *text == '-';
    text += *text == '-' || *text == '+';
    const char *end = read_digits(text, &digits);
    if (end == NULL)
        return false;
    int exponent = read_suffix(&end) - digits.scale;
    /* "1.2.3", "12:30" and "3rd" are no numbers; "12 likes" and "40%" begin with one. */
    if (isalnum((unsigned char)*end) || ((*end == '.' || *end == ',' || *end == ':' || *end == '-' || *end == '/') && is_digit(end[1])))
        return false;

    int64_t integer = digits.mantissa;
    double real = (double)digits.mantissa;
    for (int i = exponent; i > 0; i--)
        real *= 10;
    for (int i = exponent; i < 0; i++)
        real /= 10;
    bool is_integer = scale_integer(&integer, exponent);
    if (!is_integer && exponent >= 0)
        return false; /* whole, but larger than any counter */
    *number = (struct sb_number){ is_integer, is_negative && is_integer ? -integer : integer, is_negative ? -real : real };
    return true;
}

static int base64_value(char c)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(letters, c) : NULL;

    return at != NULL ? (int)(at - letters) : -1;
}

unsigned char *sb_page_base64(const char *text, size_t size, size_t *out_size)
{
    size_t count = 0, bits = 0;
    uint32_t pending = 0;

    while (size > 0 && text[size - 1] == '=')
        size--;
    unsigned char *bytes = malloc(size / 4 * 3 + 4);
    if (bytes == NULL)
        return NULL;
    for (size_t i = 0; i < size; i++) {
        int value = base64_value(text[i]);
        if (value < 0) {
            free(bytes);
            return NULL;
        }
        pending = (pending << 6 | (uint32_t)value) & 0xffffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[count++] = (unsigned char)(pending >> bits & 0xff);
        }
    }
    bytes[count] = '\0';
    *out_size = count;
    return bytes;
}

size_t sb_page_utf8_cut(const char *text, size_t size, size_t max)
{
    if (size <= max)
        return size;
    while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
        max--;
    return max;
}
