/* A node on PostgreSQL, as its store's writer sees it; private to this room. */
#ifndef SIGNALBOX_STORE_POSTGRES_NODE_H
#define SIGNALBOX_STORE_POSTGRES_NODE_H

#include "postgres.h"

/* The node's token, for statements on other connections. Does not change while it is active. */
int64_t sb_node_token(struct sb_node *node);
/* Its token is not the database's any more. Any thread. */
void sb_node_lose(struct sb_node *node);
/* Makes the claims of its state folder the current ones. On the writer's connection, with the lock and the schema. */
enum sb_err sb_node_adopt(struct sb_node *node, struct sb_pg *writer, struct sb_error *err) SB_MUST_USE;
/* postgres_hands.c: ends what was lent in other terms; who still works on it is told. The same connection. */
enum sb_err sb_hands_clear(struct sb_pg *writer, int64_t term, const struct sb_op *op, struct sb_error *err) SB_MUST_USE;

#endif
