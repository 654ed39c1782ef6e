/* Time zone files: found below $TZDIR or /usr/share/zoneinfo, parsed by the model. One thread. A name must have passed
 * sb_cfg_check_zone before it becomes part of a path. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ZONE_FILE_MAX = 65536, TABLE_MAX = 131072 };

static const char *zone_folder(void)
{
    const char *folder = getenv("TZDIR");
    return folder != NULL && folder[0] == '/' ? folder : "/usr/share/zoneinfo";
}

/* Bytes read, 0 when there is no such regular file. */
static size_t read_file(const char *name, char *bytes, size_t cap)
{
    char path[1024];
    struct stat status;
    int size = snprintf(path, sizeof path, "%s/%s", zone_folder(), name);
    if (size < 0 || (size_t)size >= sizeof path || stat(path, &status) != 0 || !S_ISREG(status.st_mode)) {
        return 0;
    }
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        return 0;
    }
    size_t count = fread(bytes, 1, cap, file);
    (void)fclose(file);
    return count;
}

/* zone1970.tab: country, coordinates, NAME, comment; separated by tabs. */
static const char *zone_hint(struct sb_cfg_loader *loader, const char *name, char *out, size_t cap)
{
    struct sb_cfg_guess guess;
    char *table = sb_cfg_take(&loader->scratch, TABLE_MAX + 1, 1);
    sb_cfg_guess_init(&guess, name);
    size_t size = table != NULL ? read_file("zone1970.tab", table, TABLE_MAX) : 0;
    char *rest = table;
    char *line = NULL;
    while (size > 0 && (line = strsep(&rest, "\n")) != NULL) {
        const char *zone = NULL;
        for (int column = 0; column < 3 && line != NULL; column++) {
            zone = strsep(&line, "\t");
        }
        if (zone != NULL && zone[0] != '#') {
            sb_cfg_guess_try(&guess, zone);
        }
    }
    return sb_cfg_guess_hint(&guess, out, cap);
}

uint8_t sb_cfg_zone(struct sb_cfg_loader *loader, const char *name, const struct sb_cfg_node *node)
{
    char hint[120];
    struct sb_error err = {0};
    for (uint32_t i = 0; i < loader->zone_count; i++) {
        if (sb_streq(loader->zones[i]->name, name)) {
            return (uint8_t)i;
        }
    }
    if (loader->zone_count == SB_ZONES_MAX) {
        sb_cfg_blame(&loader->binder, node, NULL, "more than %d different time zones", SB_ZONES_MAX);
        return 0;
    }
    struct sb_zone *zone = sb_cfg_take(&loader->scratch, 1, sizeof *zone);
    char *bytes = sb_cfg_take(&loader->scratch, ZONE_FILE_MAX, 1);
    if (zone == NULL || bytes == NULL) {
        return 0;
    }
    size_t size = read_file(name, bytes, ZONE_FILE_MAX);
    if (size == 0) {
        sb_cfg_blame(&loader->binder, node, zone_hint(loader, name, hint, sizeof hint),
                     "time zone \"%s\" is unknown: there is no file %s/%s", name, zone_folder(), name);
        return 0;
    }
    if (sb_zone_parse(zone, name, bytes, size, &err) != SB_OK) {
        sb_cfg_blame(&loader->binder, node, NULL, "%s", err.text);
        return 0;
    }
    loader->zones[loader->zone_count] = zone;
    return (uint8_t)loader->zone_count++;
}

void sb_cfg_make_zones(struct sb_cfg_loader *loader)
{
    struct sb_zone *zones = sb_cfg_take(&loader->box->region, loader->zone_count, sizeof *zones);
    for (uint32_t i = 0; zones != NULL && i < loader->zone_count; i++) {
        zones[i] = *loader->zones[i];
    }
    loader->box->catalogue.zones = zones;
    loader->box->catalogue.zone_count = zones != NULL ? loader->zone_count : 0;
}
