/* A folder of its own for a test's files, and short ways to load a catalogue from text. */
#ifndef SB_TEST_CONFIG_FILES_H
#define SB_TEST_CONFIG_FILES_H

#include "signalbox/base/text.h"
#include "signalbox/config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { FILES_MAX = 16 };

struct files {
    char folder[64];
    char paths[FILES_MAX][128];
    size_t count;
};

static inline void files_init(struct files *files)
{
    memset(files, 0, sizeof *files);
    (void)sb_copy(files->folder, sizeof files->folder, "/tmp/signalbox-test-XXXXXX");
    assert_non_null(mkdtemp(files->folder));
}

static inline const char *files_add(struct files *files, const char *name, const char *text)
{
    assert_true(files->count < FILES_MAX);
    char *path = files->paths[files->count++];
    struct sb_text text_of_path;
    sb_text_init(&text_of_path, path, sizeof files->paths[0]);
    sb_text_add(&text_of_path, files->folder);
    sb_text_add_char(&text_of_path, '/');
    sb_text_add(&text_of_path, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(1, fwrite(text, strlen(text), 1, file));
    assert_int_equal(0, fclose(file));
    return path;
}

static inline void files_deinit(struct files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        (void)unlink(files->paths[i]);
    }
    assert_int_equal(0, rmdir(files->folder));
}

/* Loads a text that must be right. */
static inline struct sb_catalogue *load_right(const char *yaml, const struct sb_config_source *source)
{
    static struct sb_config_errors errors;
    struct sb_catalogue *catalogue = NULL;
    struct sb_error err = {0};
    if (sb_config_load_text(&catalogue, "test.yaml", yaml, strlen(yaml), source, &errors, &err) != SB_OK) {
        char text[4096];
        struct sb_text out;
        sb_text_init(&out, text, sizeof text);
        sb_config_errors_print(&errors, &out);
        fail_msg("%s\n%s", err.text, text);
    }
    assert_non_null(catalogue);
    return catalogue;
}

/* Loads a text that must be wrong. */
static inline const struct sb_config_errors *load_wrong(const char *yaml, const struct sb_config_source *source)
{
    static struct sb_config_errors errors;
    struct sb_catalogue *catalogue = NULL;
    struct sb_error err = {0};
    assert_int_equal(SB_ERR_CONFIG, sb_config_load_text(&catalogue, "test.yaml", yaml, strlen(yaml), source, &errors, &err));
    assert_null(catalogue);
    assert_true(errors.count > 0 && err.text[0] != '\0');
    return &errors;
}

/* A catalogue around one job's lines (indented by four spaces). */
#define JOB_HEAD "catalogue: t\njobs:\n  a:\n"
#define EXEC_STEP "    steps:\n      - exec: {argv: [\"true\"]}\n"

#endif
