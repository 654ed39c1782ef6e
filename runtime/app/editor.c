/* A text in the operator's editor: a file, a program in the terminal, the file again. Console's thread, while the screen is suspended. */
#include "editor.h"

#include "signalbox/base/text.h"
#include "signalbox/base/units.h"
#include "signalbox/os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { EDITED_MAX = 65536, EDITOR_PATH_MAX = 4096 };

static const char *chosen_editor(void)
{
    static const char *const names[] = { "VISUAL", "EDITOR" };
    for (size_t i = 0; i < SB_LEN(names); i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0')
            return value;
    }
    return "vi";
}

/* The variable may hold options, so a shell splits it, as for other programs that read it; the path is a parameter, never part of the line. */
static enum sb_err run(const char *path, struct sb_error *err)
{
    char line[512];
    const char *editor = chosen_editor();
    if (snprintf(line, sizeof(line), "exec %s \"$1\"", editor) >= (int)sizeof(line))
        return sb_error_set(err, SB_ERR_CONFIG, "$EDITOR is longer than 500 bytes");
    const char *const argv[] = { "/bin/sh", "-c", line, "signalbox", path, NULL };
    union {
        char **from;
        const char *const *to;
    } cast = { .from = environ };
    const struct sb_child_spec spec = { .path = argv[0], .argv = argv, .envp = cast.to, .stdin_fd = STDIN_FILENO, .stdout_fd = STDOUT_FILENO,
                                        .stderr_fd = STDOUT_FILENO, .has_terminal = true };
    const struct sb_op op = { .deadline = SB_NEVER };
    struct sb_child child;
    int status = 0;
    enum sb_err rc = sb_child_start(&child, &spec, err);
    if (rc == SB_OK)
        rc = sb_child_wait(&child, &op, &status, err);
    sb_terminal_take();
    if (rc == SB_OK && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
        rc = sb_error_set(err, SB_ERR_REFUSED, "the editor %.60s did not end well: nothing was changed", editor);
    return rc;
}

static enum sb_err check(const char *before, const char *after, struct sb_error *err)
{
    unsigned line = 1;
    for (const char *at = after; *at != '\0'; at++) {
        line += *at == '\n';
        if ((unsigned char)*at < 0x20 && *at != '\n')
            return sb_error_set(err, SB_ERR_INVALID, "line %u has the control character 0x%02x: nothing was changed", line, (unsigned char)*at);
    }
    if (after[0] == '\0')
        return sb_error_set(err, SB_ERR_REFUSED, "the text is empty: nothing was changed; x rejects a draft");
    return sb_streq(before, after) ? sb_error_set(err, SB_ERR_REFUSED, "the text is the same: nothing was changed") : SB_OK;
}

enum sb_err editor_run(const char *folder, const char *before, char **after, struct sb_error *err)
{
    char path[EDITOR_PATH_MAX];
    char *bytes = NULL;
    size_t size = 0;
    if (snprintf(path, sizeof(path), "%s/draft-XXXXXX", folder) >= (int)sizeof(path))
        return sb_error_set(err, SB_ERR_TOO_LARGE, "the path of the state folder is too long");
    int fd = mkstemp(path); /* 0600 */
    if (fd < 0)
        return sb_error_set(err, SB_ERR_IO, "no file can be made in %.200s", folder);
    enum sb_err rc = SB_OK;
    if (dprintf(fd, "%s\n", before) < 0)
        rc = sb_error_set(err, SB_ERR_IO, "%.200s cannot be written; is the disk full?", path);
    sb_fd_close(&fd);
    if (rc == SB_OK)
        rc = run(path, err);
    if (rc == SB_OK)
        rc = sb_file_read(path, EDITED_MAX, &bytes, &size, err);
    (void)unlink(path);
    while (rc == SB_OK && size > 0 && (bytes[size - 1] == '\n' || bytes[size - 1] == '\r'))
        bytes[--size] = '\0';
    if (rc == SB_OK && strlen(bytes) != size)
        rc = sb_error_set(err, SB_ERR_INVALID, "the text holds a NUL: nothing was changed");
    if (rc == SB_OK)
        rc = check(before, bytes, err);
    if (rc == SB_OK)
        *after = bytes;
    else
        free(bytes);
    return rc;
}
