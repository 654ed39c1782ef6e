/* Texts: read from files, with the starts of their lines. One thread. Reads are bounded, and only of regular files. */
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char BOM[] = "\xef\xbb\xbf";

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* False when memory ended. */
static bool index_lines(struct sb_cfg_region *region, struct sb_cfg_doc *doc)
{
    uint32_t count = 1;
    for (size_t i = 0; i < doc->size; i++) {
        count += doc->text[i] == '\n';
    }
    uint32_t *starts = sb_cfg_take(region, count, sizeof *starts);
    if (starts == NULL) {
        return false;
    }
    doc->line_starts = starts;
    for (size_t i = 0; i < doc->size; i++) {
        if (doc->text[i] == '\n') {
            starts[++doc->line_count] = (uint32_t)i + 1;
        }
    }
    doc->line_count++;
    return true;
}

struct sb_cfg_doc *sb_cfg_doc_copy(struct sb_cfg_region *region, struct sb_config_errors *errors, const char *path,
                                   const char *bytes, size_t size)
{
    struct sb_cfg_doc *doc = sb_cfg_take(region, 1, sizeof *doc);
    if (doc == NULL || (doc->path = sb_cfg_take_text(region, path, strlen(path))) == NULL) {
        return NULL;
    }
    doc->name = last_part(doc->path);
    if (size > SB_CFG_FILE_MAX) {
        sb_cfg_report(errors, (struct sb_cfg_place){.doc = doc}, NULL, "larger than the %d MiB a file may have",
                      SB_CFG_FILE_MAX >> 20);
        return NULL;
    }
    if (size >= 3 && memcmp(bytes, BOM, 3) == 0) {
        bytes += 3;
        size -= 3;
    }
    doc->size = size;
    doc->text = sb_cfg_take_text(region, bytes, size);
    doc->original = sb_cfg_take_text(region, bytes, size);
    if (doc->text == NULL || doc->original == NULL || !index_lines(region, doc)) {
        return NULL;
    }
    return doc;
}

static void report_file(struct sb_config_errors *errors, const char *path, const char *what)
{
    struct sb_cfg_doc doc = {.path = path, .name = path};
    sb_cfg_report(errors, (struct sb_cfg_place){.doc = &doc}, NULL, "cannot be read: %s", what);
}

struct sb_cfg_doc *sb_cfg_doc_read(struct sb_cfg_region *region, struct sb_config_errors *errors, const char *path,
                                   bool is_optional)
{
    struct sb_cfg_doc *doc = NULL;
    struct stat status;
    FILE *file = NULL;
    /* Looked at before it is opened: opening a named pipe would wait for its writer. */
    if (stat(path, &status) != 0) {
        if (!is_optional || errno != ENOENT) {
            report_file(errors, path, strerror(errno));
        }
        return NULL;
    }
    if (!S_ISREG(status.st_mode)) {
        report_file(errors, path, "not a regular file");
        return NULL;
    }
    char *bytes = sb_cfg_take(region, (size_t)(status.st_size < SB_CFG_FILE_MAX ? status.st_size : SB_CFG_FILE_MAX) + 1, 1);
    if (bytes == NULL) {
        return NULL;
    }
    file = fopen(path, "rbe");
    if (file == NULL) {
        report_file(errors, path, strerror(errno));
        return NULL;
    }
    size_t cap = (size_t)(status.st_size < SB_CFG_FILE_MAX ? status.st_size : SB_CFG_FILE_MAX) + 1;
    size_t size = fread(bytes, 1, cap, file);
    if (ferror(file) != 0) {
        report_file(errors, path, strerror(errno));
    } else {
        doc = sb_cfg_doc_copy(region, errors, path, bytes, size); /* one byte above the limit is refused there */
    }
    (void)fclose(file);
    return doc;
}

size_t sb_cfg_doc_offset(const struct sb_cfg_doc *doc, uint32_t line, uint32_t column)
{
    if (line == 0 || line > doc->line_count) {
        return doc->size;
    }
    size_t at = doc->line_starts[line - 1];
    for (uint32_t i = 1; i < column && at < doc->size; i++) {
        at++;
        while (at < doc->size && ((unsigned char)doc->text[at] & 0xc0) == 0x80) {
            at++;
        }
    }
    return at;
}
