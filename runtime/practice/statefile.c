/* The practice world's state file: {"kind":"world"}, then {"kind":"start"} and {"kind":"post"} lines.
 *
 * Written by the daemon's thread alone, one write(2) per line. It must survive a kill of this process, which page cache does; it does not
 * claim to survive a power cut, because nothing in it is worth an fsync. A line without its end is what a kill in the middle leaves: it
 * was never confirmed to anybody, so it is cut off at the next start. */
#include "statefile.h"

#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STATE_BYTES_MAX = 128 * 1024 * 1024, LINE_BYTES_MAX = 16384 };

struct sb_statefile {
    int fd;
    char path[512];
    char *bytes;        /* what was there at the open, until the replay */
    size_t size;
    uint64_t starts;
};

static enum sb_err write_line(struct sb_statefile *file, struct sb_json_out *out, struct sb_error *err)
{
    char *json = sb_json_out_take(out);
    if (!json) {
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for a line of %s", file->path);
    }
    const size_t size = strlen(json);
    json[size] = '\n'; /* the terminator's place; the length is known */
    const ssize_t written = write(file->fd, json, size + 1);
    free(json);
    if (written != (ssize_t)(size + 1)) {
        return sb_error_set(err, SB_ERR_IO, "cannot append to %s: %s", file->path, written < 0 ? strerror(errno) : "disk full");
    }
    return SB_OK;
}

static struct sb_json_out *begin_line(const char *kind)
{
    struct sb_json_out *out = sb_json_out_create(LINE_BYTES_MAX);
    if (out) {
        sb_json_object_begin(out);
        sb_json_key(out, "kind");
        sb_json_string(out, kind);
    }
    return out;
}

static void add_integer(struct sb_json_out *out, const char *key, int64_t value)
{
    sb_json_key(out, key);
    sb_json_integer(out, value);
}

static enum sb_err write_head(struct sb_statefile *file, uint64_t seed, int64_t epoch_ms, struct sb_error *err)
{
    struct sb_json_out *out = begin_line("world");
    if (!out) {
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for %s", file->path);
    }
    add_integer(out, "seed", (int64_t)seed);
    add_integer(out, "epoch_ms", epoch_ms);
    sb_json_object_end(out);
    const enum sb_err code = write_line(file, out, err);
    sb_json_out_destroy(out);
    return code;
}

static enum sb_err read_head(const struct sb_statefile *file, uint64_t seed, int64_t *epoch_ms, struct sb_error *err)
{
    struct sb_json *json = NULL;
    int64_t value = 0, epoch = 0;
    const char *end = memchr(file->bytes, '\n', file->size);
    enum sb_err code = sb_json_parse(&json, file->bytes, (size_t)(end - file->bytes), err);
    if (code != SB_OK || !sb_json_i64(json, "seed", &value) || !sb_json_i64(json, "epoch_ms", &epoch)) {
        code = sb_error_set(err, SB_ERR_CORRUPT, "%s is not a practice world; move it away to begin a new one", file->path);
    } else if (value != (int64_t)seed) {
        code = sb_error_set(err, SB_ERR_CONFIG, "%s belongs to seed %lld, not %lld; use that seed or another file", file->path,
                            (long long)value, (long long)seed);
    } else {
        *epoch_ms = epoch;
    }
    sb_json_destroy(json);
    return code;
}

/* Forgets a last line without its end, in memory and on disk. */
static enum sb_err cut_torn_line(struct sb_statefile *file, struct sb_error *err)
{
    const size_t whole = file->size;
    while (file->size > 0 && file->bytes[file->size - 1] != '\n') {
        file->size--;
    }
    if (file->size != whole && ftruncate(file->fd, (off_t)file->size) != 0) {
        return sb_error_set(err, SB_ERR_IO, "cannot cut the torn last line of %s: %s", file->path, strerror(errno));
    }
    return SB_OK;
}

enum sb_err sb_statefile_open(struct sb_statefile **out_file, const char *path, uint64_t seed, int64_t *epoch_ms, struct sb_error *err)
{
    struct sb_statefile *file = calloc(1, sizeof *file);
    if (!file) {
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for %s", path);
    }
    enum sb_err code;
    sb_copy(file->path, sizeof file->path, path);
    file->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file->fd < 0) {
        code = sb_error_set(err, SB_ERR_IO, "cannot open the practice world %s: %s", path, strerror(errno));
        goto out;
    }
    code = sb_file_read(path, STATE_BYTES_MAX, &file->bytes, &file->size, err);
    if (code == SB_OK) {
        code = cut_torn_line(file, err);
    }
    if (code == SB_OK) {
        code = file->size > 0 ? read_head(file, seed, epoch_ms, err) : write_head(file, seed, *epoch_ms, err);
    }
    if (code != SB_OK) {
        goto out;
    }
    *out_file = file;
    file = NULL;
out:
    sb_statefile_close(file);
    return code;
}

void sb_statefile_close(struct sb_statefile *file)
{
    if (!file) {
        return;
    }
    sb_fd_close(&file->fd);
    free(file->bytes);
    free(file);
}

static enum sb_err replay_post(const struct sb_json *json, struct sb_world *world, struct sb_error *err)
{
    char *author = sb_json_text(json, "author"), *id = sb_json_text(json, "id");
    char *text = sb_json_text(json, "text"), *reply_to = sb_json_text(json, "reply_to");
    char made[SB_WORLD_ID_MAX] = "";
    int64_t at_ms = 0;
    enum sb_err code = sb_error_set(err, SB_ERR_CORRUPT, "a post is incomplete or out of order");
    const uint32_t account = author ? sb_world_find_account(author) : SB_WORLD_NO_ACCOUNT;
    const bool is_reply = sb_json_type(json, "reply_to") == SB_JSON_STRING;
    const uint32_t target = is_reply && reply_to ? sb_world_find_post(world, reply_to) : SB_WORLD_NO_POST;
    if (!id || !text || account == SB_WORLD_NO_ACCOUNT || !sb_json_i64(json, "at_ms", &at_ms) || (is_reply && target == SB_WORLD_NO_POST)) {
        goto out;
    }
    sb_world_post_id(world, sb_world_post_count(world), made);
    if (!sb_streq(made, id) || sb_world_add_post(world, account, text, target, at_ms) == SB_WORLD_NO_POST) {
        goto out;
    }
    text = NULL; /* the world's now */
    code = SB_OK;
out:
    free(author);
    free(id);
    free(text);
    free(reply_to);
    return code;
}

static enum sb_err replay_line(struct sb_statefile *file, const char *line, size_t size, struct sb_world *world, struct sb_error *err)
{
    struct sb_json *json = NULL;
    enum sb_err code = sb_json_parse(&json, line, size, err);
    char *kind = code == SB_OK ? sb_json_text(json, "kind") : NULL;
    if (kind && sb_streq(kind, "post")) {
        code = replay_post(json, world, err);
    } else if (kind && sb_streq(kind, "start")) {
        file->starts++;
    }
    free(kind);
    sb_json_destroy(json);
    return code;
}

static enum sb_err note_start(struct sb_statefile *file, struct sb_error *err)
{
    struct sb_json_out *out = begin_line("start");
    if (!out) {
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for %s", file->path);
    }
    sb_json_object_end(out);
    const enum sb_err code = write_line(file, out, err);
    sb_json_out_destroy(out);
    return code;
}

enum sb_err sb_statefile_replay(struct sb_statefile *file, struct sb_world *world, struct sb_error *err)
{
    struct sb_error cause = { 0 };
    const char *at = file->bytes, *const end = file->bytes + file->size;
    for (unsigned line = 1; at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at)); /* cut_torn_line made sure of it */
        if (replay_line(file, at, (size_t)(stop - at), world, &cause) != SB_OK) {
            return sb_error_set(err, SB_ERR_CORRUPT, "%s:%u: %s; move the file away to begin a new world", file->path, line, cause.text);
        }
        at = stop + 1;
    }
    free(file->bytes);
    file->bytes = NULL;
    file->size = 0;
    return note_start(file, err);
}

uint64_t sb_statefile_starts(const struct sb_statefile *file)
{
    return file->starts;
}

enum sb_err sb_statefile_append(struct sb_statefile *file, const struct sb_world *world, uint32_t index, uint32_t author,
                                const char *text, uint32_t reply_to, int64_t at_ms, struct sb_error *err)
{
    char id[SB_WORLD_ID_MAX], target[SB_WORLD_ID_MAX];
    struct sb_json_out *out = begin_line("post");
    if (!out) {
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for %s", file->path);
    }
    sb_world_post_id(world, index, id);
    sb_json_key(out, "id");
    sb_json_string(out, id);
    sb_json_key(out, "author");
    sb_json_string(out, sb_world_account(author)->handle);
    sb_json_key(out, "text");
    sb_json_string(out, text);
    add_integer(out, "at_ms", at_ms);
    if (reply_to != SB_WORLD_NO_POST) {
        sb_world_post_id(world, reply_to, target);
        sb_json_key(out, "reply_to");
        sb_json_string(out, target);
    }
    sb_json_object_end(out);
    const enum sb_err code = write_line(file, out, err);
    sb_json_out_destroy(out);
    return code;
}
