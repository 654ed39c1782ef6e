/* Pictures of goldens: every cell of a grid and its slot as text, held against the file of that name. GENERATE=1 writes them anew. */
#ifndef SB_TEST_PICTURE_H
#define SB_TEST_PICTURE_H

#include "signalbox/base/text.h"
#include "signalbox/tui/export.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CELLS_MAX = 400 * 120, PICTURE_MAX = CELLS_MAX * 6 };

static struct sb_grid_cell cells[CELLS_MAX];
static char drawn[PICTURE_MAX], expected[PICTURE_MAX];

static inline bool is_generating(void)
{
    const char *const value = getenv("GENERATE");
    return value != NULL && value[0] == '1';
}

static inline void path_of(char *path, size_t cap, const char *name)
{
    struct sb_text text;
    sb_text_init(&text, path, cap);
    sb_text_addf(&text, "%s/tests/golden/%s", SB_SOURCE_DIR, name);
}

static inline void paint_bytes(void *arg, const char *bytes, size_t size)
{
    sb_text_add_n(arg, bytes, size);
}

/* The text of the rows as a capture writes it, then one letter per slot of each cell, then the cursor. */
static inline void paint(const struct sb_grid *grid, char *out)
{
    struct sb_text text;
    sb_text_init(&text, out, PICTURE_MAX);
    sb_export_text(grid, "|\n", false, (struct sb_export_sink){paint_bytes, &text});
    sb_text_add(&text, "\n");
    for (unsigned row = 0; row < grid->rows; row++) {
        for (unsigned col = 0; col < grid->cols; col++)
            sb_text_add_char(&text, (char)('a' + grid->cells[(size_t)row * grid->cols + col].slot));
        sb_text_add(&text, "\n");
    }
    sb_text_add(&text, "\n");
    sb_text_addf(&text, "cursor %u,%u\n", grid->cursor_row, grid->cursor_col);
    assert_false(text.is_cut);
}

static inline void write_file(const char *path, const char *text)
{
    FILE *const file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline void read_file(const char *path, char *text)
{
    FILE *const file = fopen(path, "r");
    if (file == NULL)
        fail_msg("%s is missing; GENERATE=1 writes it", path);
    const size_t size = fread(text, 1, PICTURE_MAX - 1, file);
    text[size] = '\0';
    fclose(file);
}

static inline void check_picture(const char *name, const struct sb_grid *grid)
{
    char path[512];
    path_of(path, sizeof path, name);
    paint(grid, drawn);
    if (is_generating()) {
        write_file(path, drawn);
        return;
    }
    read_file(path, expected);
    if (strcmp(drawn, expected) == 0)
        return;
    const char *a = drawn, *b = expected;
    for (unsigned line = 1;; line++) { /* the first line that differs says most */
        const size_t na = strcspn(a, "\n"), nb = strcspn(b, "\n");
        if (na != nb || memcmp(a, b, na) != 0)
            fail_msg("%s:%u\n expected %.*s\n drawn    %.*s", name, line, (int)nb, b, (int)na, a);
        a += na + (a[na] == '\n');
        b += nb + (b[nb] == '\n');
    }
}

#endif
