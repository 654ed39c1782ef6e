/* The log sink: one line per call, written with one write(2), so that lines of several threads never mix. No lock, no allocation:
 * it may be called anywhere but in a signal handler. Text of others cannot move a terminal: control characters become visible. */
#include "os_private.h"

#include "signalbox/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LOG_MESSAGE_MAX = 1024, LOG_LINE_MAX = 4 * LOG_MESSAGE_MAX + 128 };

static atomic_int log_fd = STDERR_FILENO;
static atomic_int log_level = SB_LOG_INFO;

enum sb_err sb_log_open(const char *path, struct sb_error *err)
{
    int current = atomic_load(&log_fd);

    if (path == NULL && current == STDERR_FILENO)
        return SB_OK;
    int fresh = path == NULL ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
                             : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fresh < 0)
        return os_error_path(err, errno, "open the log", path != NULL ? path : "stderr", "give a file in a folder that can be written");
    if (current == STDERR_FILENO) {
        atomic_store(&log_fd, fresh);
        return SB_OK;
    }
    /* Replaces the file behind the number in one step: a thread that is about to write never meets a closed descriptor. */
    int rc = dup3(fresh, current, O_CLOEXEC);
    int number = errno;
    (void)close(fresh);
    return rc < 0 ? os_error_path(err, number, "switch the log to", path != NULL ? path : "stderr", NULL) : SB_OK;
}

void sb_log_level_set(enum sb_log_level level)
{
    atomic_store(&log_level, (int)level);
}

/* C0 and C1 controls, and the characters that reorder or break a line. */
static bool is_control(uint32_t code_point)
{
    return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0) || (code_point >= 0x200e && code_point <= 0x200f) ||
           (code_point >= 0x2028 && code_point <= 0x202e) || (code_point >= 0x2066 && code_point <= 0x2069);
}

static void add_visible(struct sb_text *line, const char *message, size_t size)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < size;) {
        uint32_t code_point = 0;
        unsigned length = sb_utf8_decode(message + i, size - i, &code_point);
        if (length > 0 && !is_control(code_point)) {
            sb_text_add_n(line, message + i, length);
            i += length;
            continue;
        }
        for (unsigned end = length > 0 ? length : 1; end > 0; end--, i++) {
            unsigned char byte = (unsigned char)message[i];
            const char escape[] = { '\\', 'x', digits[byte >> 4], digits[byte & 15] };
            sb_text_add_n(line, escape, sizeof(escape));
        }
    }
}

void sb_log(enum sb_log_level level, const char *area, const char *format, ...)
{
    static const char letters[] = { [SB_LOG_DEBUG] = 'D', [SB_LOG_INFO] = 'I', [SB_LOG_WARN] = 'W', [SB_LOG_ERROR] = 'E' };
    char message[LOG_MESSAGE_MAX], buffer[LOG_LINE_MAX];
    struct sb_text line;
    va_list arguments;

    if ((int)level < atomic_load(&log_level))
        return;
    va_start(arguments, format);
    int length = vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    sb_veil_text(message, sizeof(message));
    bool is_cut = (size_t)length >= sizeof(message);

    sb_text_init(&line, buffer, sizeof(buffer));
    sb_text_add_wall(&line, sb_wall_now(), true);
    sb_text_add_char(&line, ' ');
    sb_text_add_char(&line, letters[level]);
    sb_text_add_char(&line, ' ');
    sb_text_add(&line, area);
    sb_text_add_char(&line, ' ');
    add_visible(&line, message, strlen(message));
    if (is_cut)
        sb_text_add(&line, " ...");
    sb_text_add_char(&line, '\n');
    /* A log that cannot be written has nowhere to be reported; the work goes on without it. */
    ssize_t written = write(atomic_load(&log_fd), line.buf, line.len);
    (void)written;
}
