/* Owns the names of segments: a number that gives their order, and the time at which they begin, so that a seek reads no file. Any thread. */
#include "segments.h"

#include "signalbox/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX "Z.jsonl"

void segment_name(const struct segment *segment, char out[SEGMENT_NAME_MAX])
{
    const struct sb_civil civil = sb_wall_civil(segment->from);
    struct sb_text text;

    sb_text_init(&text, out, SEGMENT_NAME_MAX);
    sb_text_add_padded(&text, segment->number, 8);
    sb_text_add(&text, "-");
    sb_text_add_padded(&text, (uint64_t)civil.year, 4);
    sb_text_add_padded(&text, civil.month, 2);
    sb_text_add_padded(&text, civil.day, 2);
    sb_text_add(&text, "T");
    sb_text_add_padded(&text, civil.hour, 2);
    sb_text_add_padded(&text, civil.minute, 2);
    sb_text_add_padded(&text, civil.second, 2);
    sb_text_add(&text, ".");
    sb_text_add_padded(&text, civil.nanos / 1000000, 3);
    sb_text_add(&text, SUFFIX);
}

/* `digits` digits as a number, and on behind them. */
static bool take(const char **at, unsigned digits, uint64_t *out)
{
    *out = 0;
    for (unsigned i = 0; i < digits; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        *out = *out * 10 + (uint64_t)(**at - '0');
    }
    return true;
}

static bool pass(const char **at, char c)
{
    return *(*at)++ == c;
}

bool segment_parse(const char *name, struct segment *segment)
{
    uint64_t number, year, month, day, hour, minute, second, millis;
    const char *at = name;
    struct segment parsed = { .size = 0 };
    char made[SEGMENT_NAME_MAX];

    if (strlen(name) >= SEGMENT_NAME_MAX || !take(&at, 8, &number) || !pass(&at, '-') || !take(&at, 4, &year) || !take(&at, 2, &month) ||
        !take(&at, 2, &day) || !pass(&at, 'T') || !take(&at, 2, &hour) || !take(&at, 2, &minute) || !take(&at, 2, &second) ||
        !pass(&at, '.') || !take(&at, 3, &millis) || strcmp(at, SUFFIX) != 0)
        return false;
    if (year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59)
        return false;
    parsed.number = number;
    parsed.from = sb_civil_wall((struct sb_civil){ .year = (int32_t)year, .month = (uint8_t)month, .day = (uint8_t)day,
                                                   .hour = (uint8_t)hour, .minute = (uint8_t)minute, .second = (uint8_t)second,
                                                   .nanos = (uint32_t)millis * 1000000U });
    segment_name(&parsed, made);
    *segment = parsed;
    return strcmp(made, name) == 0; /* there is no 31st of February */
}

static int by_number(const void *a, const void *b)
{
    const struct segment *one = a, *other = b;
    return one->number < other->number ? -1 : one->number > other->number;
}

static enum sb_err read_all(DIR *dir, struct segment **list, size_t *count, struct sb_error *err)
{
    struct segment *found = NULL;
    size_t used = 0, cap = 0;
    const struct dirent *entry;

    while (used < SEGMENTS_MAX && (entry = readdir(dir)) != NULL) {
        struct segment segment;
        struct stat status;
        if (!segment_parse(entry->d_name, &segment) || fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(status.st_mode))
            continue;
        if (used == cap) {
            cap = cap == 0 ? 128 : cap * 2;
            struct segment *grown = realloc(found, cap * sizeof(*grown));
            if (grown == NULL) {
                free(found);
                return sb_error_set(err, SB_ERR_NOMEM, "no memory for a list of recordings");
            }
            found = grown;
        }
        segment.size = (uint64_t)status.st_size;
        found[used++] = segment;
    }
    if (used > 0)
        qsort(found, used, sizeof(*found), by_number);
    *list = found;
    *count = used;
    return SB_OK;
}

enum sb_err segments_list(int folder_fd, const char *folder, struct segment **list, size_t *count, struct sb_error *err)
{
    int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir == NULL) {
        const int why = errno;
        if (fd >= 0)
            (void)close(fd);
        return sb_error_set(err, SB_ERR_IO, "%s: %s", folder, strerror(why));
    }
    enum sb_err rc = read_all(dir, list, count, err);
    (void)closedir(dir);
    return rc;
}
