/* Owns the reading of times as people write them. Pure. Any thread. */
#include "signalbox/base/when.h"

#include <stddef.h>

static bool take_number(const char **at, unsigned digits_max, int64_t *out)
{
    unsigned digits = 0;
    *out = 0;
    while (**at >= '0' && **at <= '9' && digits < digits_max) {
        *out = *out * 10 + (*(*at)++ - '0');
        digits++;
    }
    return digits > 0 && (**at < '0' || **at > '9');
}

static bool take_char(const char **at, char c)
{
    if (**at != c)
        return false;
    ++*at;
    return true;
}

static sb_ns unit_of(char c)
{
    return c == 's' ? SB_S(1) : c == 'm' ? SB_MIN(1) : c == 'h' ? SB_HOUR(1) : c == 'd' ? SB_DAY(1) : 0;
}

static bool read_span(const char *text, sb_ns *span)
{
    const bool is_back = text[0] == '-';
    const char *at = text + 1;
    sb_ns sum = 0;

    if ((text[0] != '-' && text[0] != '+') || *at == '\0')
        return false;
    while (*at != '\0') {
        int64_t number = 0;
        if (!take_number(&at, 4, &number) || unit_of(*at) == 0)
            return false;
        sum = sb_ns_add(sum, number * unit_of(*at++));
    }
    *span = is_back ? -sum : sum;
    return true;
}

/* A date and what parts it from the clock. Whether there is one, `*days`; false: half a date. */
static bool read_date(const char **text, int64_t *days, bool *is_there)
{
    const char *at = *text;
    int64_t year = 0, month = 0, day = 0;

    *is_there = take_number(&at, 4, &year) && take_char(&at, '-');
    if (!*is_there)
        return true;
    if (!take_number(&at, 2, &month) || !take_char(&at, '-') || !take_number(&at, 2, &day) || !(take_char(&at, 'T') || take_char(&at, ' ')))
        return false;
    if (year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    *days = sb_civil_days((int32_t)year, (uint32_t)month, (uint32_t)day);
    *text = at;
    const struct sb_civil civil = sb_wall_civil((struct sb_wall){ SB_DAY(*days) });
    return civil.month == month; /* there is no 31st of April */
}

bool sb_when_parse(const char *text, struct sb_wall from, struct sb_wall *to, bool *is_clock)
{
    int64_t days = from.ns / SB_DAY(1), hour = 0, minute = 0, second = 0;
    const char *at = text;
    sb_ns span = 0;
    bool has_date = false;

    if (read_span(text, &span)) {
        to->ns = sb_ns_add(from.ns, span);
        *is_clock = false;
        return true;
    }
    if (!read_date(&at, &days, &has_date))
        return false;
    if (!take_number(&at, 2, &hour) || !take_char(&at, ':') || !take_number(&at, 2, &minute))
        return false;
    if (take_char(&at, ':') && !take_number(&at, 2, &second))
        return false;
    (void)(take_char(&at, 'Z') || take_char(&at, 'z'));
    if (*at != '\0' || hour > 23 || minute > 59 || second > 59)
        return false;
    to->ns = SB_DAY(days) + SB_HOUR(hour) + SB_MIN(minute) + SB_S(second) + SB_S(1) - 1;
    *is_clock = !has_date;
    return true;
}
