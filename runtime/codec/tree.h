/* Loading untrusted JSON into a jansson tree. Private to the codec room. */
#ifndef SIGNALBOX_CODEC_TREE_H
#define SIGNALBOX_CODEC_TREE_H

#include "signalbox/base/err.h"

#include <jansson.h>

enum { SB_TREE_DEPTH_MAX = 64 };

/* Depth is limited before the parser recurses; duplicate keys are refused. `*root` is the caller's to json_decref. */
enum sb_err sb_tree_load(json_t **root, const char *text, size_t size, struct sb_error *err) SB_MUST_USE;

#endif
