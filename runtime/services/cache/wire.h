/* One connection to Redis: dialling, one command and its answer at a time, what its errors mean. */
#ifndef SIGNALBOX_CACHE_WIRE_H
#define SIGNALBOX_CACHE_WIRE_H

#include "signalbox/ports/cache.h"

#include <hiredis/hiredis.h>

struct sb_redis_address {
    char host[256];      /* or the path of a Unix socket */
    char user[SB_NAME_MAX]; /* "" = the default user */
    int port;            /* 0: host is a path */
    int database;
    char shown[300];     /* for messages: "redis 127.0.0.1:6379/0" */
};
/* address.c. SB_ERR_CONFIG with what is wrong; a password in the address is refused without showing it. Pure. */
enum sb_err sb_redis_address_read(struct sb_redis_address *out, const char *text, struct sb_error *err) SB_MUST_USE;

struct sb_redis_wire {
    int fd;              /* -1: not open */
    redisReader *reader;
};

/* Connects, says who we are, chooses the database. `password`: a reference, or NULL. Resolving a host name is the one thing here that can outlast
 * the op: it takes as long as the machine's resolver takes. */
enum sb_err sb_redis_dial(struct sb_redis_wire *wire, const struct sb_redis_address *address, const char *password, const struct sb_op *op,
                          struct sb_error *err) SB_MUST_USE;
void sb_redis_hang_up(struct sb_redis_wire *wire);
/* Whether the other side said something or ended the connection while nobody asked: such a connection is of no use. */
bool sb_redis_is_broken(const struct sb_redis_wire *wire);

enum { SB_REDIS_WORDS_MAX = 12 };
struct sb_redis_command {
    const char *words[SB_REDIS_WORDS_MAX];
    size_t sizes[SB_REDIS_WORDS_MAX];
    int count;
};
void sb_redis_word(struct sb_redis_command *command, const char *word); /* borrows */
void sb_redis_bytes(struct sb_redis_command *command, const void *bytes, size_t size);

/* Sends one command and waits for its answer, which is the caller's to freeReplyObject(). An answer that is an error fails the call with its
 * meaning. After any failure the connection must be hung up. */
enum sb_err sb_redis_ask(struct sb_redis_wire *wire, const struct sb_redis_address *address, const struct sb_redis_command *command,
                         const struct sb_op *op, redisReply **reply, struct sb_error *err) SB_MUST_USE;

/* redis_error.c: what an error answer of the server means here, with its remedy. */
enum sb_err sb_redis_error(const struct sb_redis_address *address, const char *words, struct sb_error *err);

#endif
