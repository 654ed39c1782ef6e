/* The receipts journal: one append-only file, one lock, one fdatasync per record. Any thread; a call returns when its record is on disk.
 *
 * The lock is held over the write and the sync: records of different effects must not overtake each other, and an answer given before the
 * sync would be a lie. A write or sync that fails is fatal for the file: what the disk holds is unknown until the next open reads it. Only a
 * disk without room is not: what was begun is cut off again, nothing of it was told to anybody, and there may be room tomorrow. */
#include "signalbox/ports/receipts.h"

#include "effects.h"
#include "record.h"

#include "signalbox/base/assert.h"
#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct sb_receipts {
    char *path;
    int fd, lock_fd;
    struct sb_mutex *mutex; /* guards the rest */
    uint64_t next_seq;
    bool is_failed;
    struct sb_effects effects;
};

static bool is_without_room(int code)
{
    return code == ENOSPC || code == EDQUOT || code == EFBIG;
}

static enum sb_err os_failed(const struct sb_receipts *self, const char *what, struct sb_error *err)
{
    enum sb_err code = errno == EACCES || errno == EPERM ? SB_ERR_PERMISSION
                       : errno == EROFS                  ? SB_ERR_READ_ONLY
                       : is_without_room(errno)          ? SB_ERR_FULL
                                                         : SB_ERR_IO;
    return sb_error_set(err, code, "receipts journal %s: %s: %s", self->path, what, strerror(errno));
}

/* The name of a new file is durable only when its folder is. */
static enum sb_err sync_folder(const struct sb_receipts *self, struct sb_error *err)
{
    char folder[4096];
    const char *slash = strrchr(self->path, '/');
    if (!slash)
        (void)sb_copy(folder, sizeof folder, ".");
    else if (!sb_copy_n(folder, sizeof folder, self->path, slash == self->path ? 1 : (size_t)(slash - self->path)))
        return sb_error_set(err, SB_ERR_CONFIG, "receipts journal: path is too long: %.80s...", self->path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return os_failed(self, "its folder cannot be opened", err);
    enum sb_err code = fsync(fd) == 0 ? SB_OK : os_failed(self, "its folder cannot be synced", err);
    sb_fd_close(&fd);
    return code;
}

static enum sb_err damaged(const struct sb_receipts *self, size_t offset, const char *what, struct sb_error *err)
{
    return sb_error_set(err, SB_ERR_CORRUPT, "receipts journal %s is damaged at byte %zu: %s. Nothing is published until it is whole: restore "
                        "it from a backup, or move it away and check the account's own posts by hand", self->path, offset, what);
}

static enum sb_err replay_one(struct sb_receipts *self, const struct sb_receipt *receipt, size_t offset, struct sb_error *err)
{
    struct sb_error why = { 0 };
    if (receipt->seq != self->next_seq)
        return damaged(self, offset, "a record is missing before it", err);
    if (sb_effects_allow(&self->effects, receipt, &why)) /* append would never have written it */
        return damaged(self, offset, why.text, err);
    enum sb_err code = sb_effects_reserve(&self->effects, receipt->effect_id, err);
    if (code)
        return code;
    sb_effects_apply(&self->effects, receipt);
    self->next_seq++;
    return SB_OK;
}

/* Folds all valid records; `*valid` is where they end. What follows is a torn tail only when no record is in it and it is no longer than
 * one: every record but the last was synced before the next was begun. */
static enum sb_err replay(struct sb_receipts *self, const unsigned char *bytes, size_t size, size_t *valid, struct sb_error *err)
{
    size_t at = 0;
    while (at < size) {
        struct sb_receipt receipt;
        size_t len = sb_record_read(bytes + at, size - at, &receipt);
        if (len == 0)
            break;
        enum sb_err code = replay_one(self, &receipt, at, err);
        if (code)
            return code;
        at += len;
    }
    if (size - at > SB_RECORD_MAX)
        return damaged(self, at, "more than one record is unreadable", err);
    if (sb_record_find(bytes, size, at) < size)
        return damaged(self, at, "whole records follow an unreadable one", err);
    *valid = at;
    return SB_OK;
}

static enum sb_err recover(struct sb_receipts *self, struct sb_error *err)
{
    struct stat info;
    if (fstat(self->fd, &info) != 0)
        return os_failed(self, "cannot be examined", err);
    if (info.st_size == 0)
        return sync_folder(self, err);

    size_t size = (size_t)info.st_size, valid = 0;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, self->fd, 0);
    if (bytes == MAP_FAILED)
        return os_failed(self, "cannot be read", err);
    enum sb_err code = replay(self, bytes, size, &valid, err);
    (void)munmap(bytes, size); /* of a mapping we made: it cannot fail */
    if (code || valid == size)
        return code;
    sb_log(SB_LOG_WARN, "receipts", "%s: %zu bytes of an unfinished record cut at byte %zu", self->path, size - valid, valid);
    if (ftruncate(self->fd, (off_t)valid) != 0)
        return os_failed(self, "its torn tail cannot be cut", err);
    if (fsync(self->fd) != 0)
        return os_failed(self, "cannot be synced", err);
    return SB_OK;
}

static enum sb_err take_lock(struct sb_receipts *self, struct sb_error *err)
{
    size_t cap = strlen(self->path) + sizeof ".lock";
    char *path = malloc(cap);
    struct sb_text text;
    if (!path)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the receipts journal");
    sb_text_init(&text, path, cap);
    sb_text_add(&text, self->path);
    sb_text_add(&text, ".lock");
    enum sb_err code = sb_lock_open(&self->lock_fd, path, err);
    free(path);
    return code;
}

enum sb_err sb_receipts_open(struct sb_receipts **receipts, const char *path, struct sb_error *err)
{
    struct sb_receipts *self = calloc(1, sizeof *self);
    if (!self)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the receipts journal");
    self->fd = self->lock_fd = -1;
    self->next_seq = 1;
    self->path = strdup(path);
    self->mutex = sb_mutex_create(SB_RANK_RECEIPTS);

    enum sb_err code = SB_OK;
    if (!self->path || !self->mutex)
        code = sb_error_set(err, SB_ERR_NOMEM, "no memory for the receipts journal");
    if (!code)
        code = take_lock(self, err);
    if (!code) {
        self->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        code = self->fd < 0 ? os_failed(self, "cannot be opened", err) : recover(self, err);
    }
    if (code)
        sb_receipts_close(self);
    else
        *receipts = self;
    return code;
}

void sb_receipts_close(struct sb_receipts *receipts)
{
    if (!receipts)
        return;
    sb_fd_close(&receipts->fd);
    sb_fd_close(&receipts->lock_fd);
    sb_effects_deinit(&receipts->effects);
    sb_mutex_destroy(receipts->mutex);
    free(receipts->path);
    free(receipts);
}

static enum sb_err check_receipt(const struct sb_receipt *receipt, struct sb_error *err)
{
    SB_ASSERT(receipt->kind >= SB_RECEIPT_INTENT && receipt->kind <= SB_RECEIPT_ABSENT);
    if (receipt->effect_id[0] == '\0')
        return sb_error_set(err, SB_ERR_INVALID, "a receipt needs its effect id");
    if (receipt->kind == SB_RECEIPT_RECEIPT && receipt->post_id[0] == '\0')
        return sb_error_set(err, SB_ERR_INVALID, "effect %.16s: a RECEIPT needs the post id", receipt->effect_id);
    return SB_OK;
}

/* A process that was paused or timed out may come here long after somebody else has looked: the deadline of the intent decides. */
static enum sb_err check_deadline(const struct sb_receipts *self, const struct sb_receipt *receipt, struct sb_error *err)
{
    const struct sb_effect *effect = sb_effects_find(&self->effects, receipt->effect_id);
    if (receipt->kind != SB_RECEIPT_SUBMIT || !effect || effect->last_intent.submit_deadline == 0)
        return SB_OK;
    if (sb_now() <= effect->last_intent.submit_deadline)
        return SB_OK;
    return sb_error_set(err, SB_ERR_STALE, "effect %.16s: its submit deadline has passed", receipt->effect_id);
}

static bool write_bytes(int fd, const struct sb_receipt *receipt)
{
    unsigned char bytes[SB_RECORD_MAX];
    size_t size = sb_record_write(receipt, bytes), done = 0;
    while (done < size) {
        ssize_t wrote = write(fd, bytes + done, size - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        done += (size_t)wrote;
    }
    return true;
}

static enum sb_err write_record(struct sb_receipts *self, const struct sb_receipt *receipt, struct sb_error *err)
{
    struct stat before;
    if (fstat(self->fd, &before) != 0)
        return os_failed(self, "cannot be examined", err);
    bool is_written = write_bytes(self->fd, receipt);
    if (is_written && fdatasync(self->fd) == 0)
        return SB_OK;
    int why = errno;
    self->is_failed = is_written || !is_without_room(why) || ftruncate(self->fd, before.st_size) != 0;
    errno = why;
    return os_failed(self, is_written ? "sync failed" : "write failed", err);
}

enum sb_err sb_receipts_append(struct sb_receipts *receipts, struct sb_receipt *receipt, struct sb_error *err)
{
    struct sb_receipt record = *receipt;
    enum sb_err code = check_receipt(receipt, err);
    if (code)
        return code;
    sb_mutex_lock(receipts->mutex);
    if (receipts->is_failed)
        code = sb_error_set(err, SB_ERR_IO, "receipts journal %s failed before: restart to see what it holds", receipts->path);
    if (!code)
        code = sb_effects_allow(&receipts->effects, &record, err);
    if (!code)
        code = check_deadline(receipts, &record, err);
    if (!code)
        code = sb_effects_reserve(&receipts->effects, record.effect_id, err);
    if (!code) {
        record.seq = receipts->next_seq;
        code = write_record(receipts, &record, err);
    }
    if (!code) {
        sb_effects_apply(&receipts->effects, &record);
        receipts->next_seq++;
        receipt->seq = record.seq;
    }
    sb_mutex_unlock(receipts->mutex);
    return code;
}

struct sb_effect sb_receipts_effect(struct sb_receipts *receipts, const char *effect_id)
{
    struct sb_effect effect;
    memset(&effect, 0, sizeof effect);
    sb_mutex_lock(receipts->mutex);
    const struct sb_effect *found = sb_effects_find(&receipts->effects, effect_id);
    if (found)
        effect = *found;
    sb_mutex_unlock(receipts->mutex);
    return effect;
}

void sb_receipts_newest(struct sb_receipts *receipts, size_t max, void *arg, void (*visit)(void *arg, const struct sb_effect *effect))
{
    sb_mutex_lock(receipts->mutex);
    uint32_t at = receipts->effects.count;
    sb_mutex_unlock(receipts->mutex);
    for (; at > 0 && max > 0; at--, max--) {
        struct sb_effect effect;
        sb_mutex_lock(receipts->mutex);
        bool is_there = at <= receipts->effects.count; /* a compaction may have come between */
        if (is_there)
            effect = receipts->effects.items[at - 1];
        sb_mutex_unlock(receipts->mutex);
        if (is_there)
            visit(arg, &effect);
    }
}

void sb_receipts_open_effects(struct sb_receipts *receipts, void *arg, void (*visit)(void *arg, const struct sb_effect *effect))
{
    /* copies one at a time, so that no callback runs under the lock; effects are only ever added behind */
    for (uint32_t i = 0;; i++) {
        struct sb_effect effect;
        sb_mutex_lock(receipts->mutex);
        bool is_there = i < receipts->effects.count;
        if (is_there)
            effect = receipts->effects.items[i];
        sb_mutex_unlock(receipts->mutex);
        if (!is_there)
            return;
        if (effect.state != SB_EFFECT_SETTLED && effect.state != SB_EFFECT_ABSENT)
            visit(arg, &effect);
    }
}

/* --- compaction --------------------------------------------------------------------------------------------------------- */

/* What the new file holds. */
struct rewrite {
    int fd;
    uint64_t next_seq;
    struct sb_effects effects;
};

static bool is_over(const struct sb_receipts *self, const char *effect_id, struct sb_wall before)
{
    const struct sb_effect *effect = sb_effects_find(&self->effects, effect_id);
    return effect != NULL && effect->state == SB_EFFECT_SETTLED && effect->last.at.ns < before.ns;
}

static enum sb_err copy_records(const struct sb_receipts *self, const unsigned char *bytes, size_t size, struct sb_wall before,
                                struct rewrite *rewrite, struct sb_error *err)
{
    for (size_t at = 0; at < size;) {
        struct sb_receipt receipt;
        size_t len = sb_record_read(bytes + at, size - at, &receipt);
        if (len == 0)
            return damaged(self, at, "a record that was read before cannot be read any more", err);
        at += len;
        if (is_over(self, receipt.effect_id, before))
            continue;
        enum sb_err code = sb_effects_reserve(&rewrite->effects, receipt.effect_id, err);
        if (code)
            return code;
        receipt.seq = rewrite->next_seq++;
        if (!write_bytes(rewrite->fd, &receipt))
            return os_failed(self, "its shorter copy cannot be written", err);
        sb_effects_apply(&rewrite->effects, &receipt);
    }
    return SB_OK;
}

static enum sb_err copy_file(const struct sb_receipts *self, struct sb_wall before, struct rewrite *rewrite, struct sb_error *err)
{
    struct stat info;
    if (fstat(self->fd, &info) != 0)
        return os_failed(self, "cannot be examined", err);
    size_t size = (size_t)info.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, self->fd, 0);
    if (bytes == MAP_FAILED)
        return os_failed(self, "cannot be read", err);
    enum sb_err code = copy_records(self, bytes, size, before, rewrite, err);
    (void)munmap(bytes, size); /* of a mapping we made: it cannot fail */
    if (!code && fsync(rewrite->fd) != 0)
        code = os_failed(self, "its shorter copy cannot be synced", err);
    return code;
}

/* From the rename on the new file is the journal: what fails after it is fatal. */
static enum sb_err take_over(struct sb_receipts *self, const char *path, struct rewrite *rewrite, struct sb_error *err)
{
    if (rename(path, self->path) != 0)
        return os_failed(self, "its shorter copy cannot take its place", err);
    sb_fd_close(&self->fd);
    sb_effects_deinit(&self->effects);
    self->fd = rewrite->fd;
    self->effects = rewrite->effects;
    self->next_seq = rewrite->next_seq;
    *rewrite = (struct rewrite){ .fd = -1 };
    enum sb_err code = sync_folder(self, err);
    self->is_failed = code != SB_OK;
    return code;
}

static uint64_t count_over(const struct sb_receipts *self, struct sb_wall before)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < self->effects.count; i++)
        count += is_over(self, self->effects.items[i].last.effect_id, before);
    return count;
}

enum sb_err sb_receipts_compact(struct sb_receipts *receipts, struct sb_wall before, uint64_t *dropped, struct sb_error *err)
{
    struct rewrite rewrite = { .fd = -1, .next_seq = 1 };
    enum sb_err code = SB_OK;
    char path[4096];
    struct sb_text text;
    sb_text_init(&text, path, sizeof path);
    sb_text_addf(&text, "%s.new", receipts->path);
    if (text.is_cut)
        return sb_error_set(err, SB_ERR_CONFIG, "receipts journal: path is too long: %.80s...", receipts->path);
    sb_mutex_lock(receipts->mutex);
    *dropped = count_over(receipts, before);
    if (receipts->is_failed)
        code = sb_error_set(err, SB_ERR_IO, "receipts journal %s failed before: restart to see what it holds", receipts->path);
    if (!code && *dropped > 0) {
        rewrite.fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
        code = rewrite.fd < 0 ? os_failed(receipts, "its shorter copy cannot be made", err) : copy_file(receipts, before, &rewrite, err);
        if (!code)
            code = take_over(receipts, path, &rewrite, err);
        if (code && rewrite.fd >= 0)
            (void)unlink(path); /* the journal itself is untouched */
    }
    sb_mutex_unlock(receipts->mutex);
    sb_fd_close(&rewrite.fd);
    sb_effects_deinit(&rewrite.effects);
    return code;
}
