/* What the field types look like in memory and in JSON. Private to the codec room. */
#ifndef SIGNALBOX_CODEC_FIELDS_H
#define SIGNALBOX_CODEC_FIELDS_H

#include "signalbox/model/fields.h"

enum sb_field_shape { SB_SHAPE_UNSIGNED, SB_SHAPE_SIGNED, SB_SHAPE_FLAG, SB_SHAPE_TEXT, SB_SHAPE_ENUM };

enum sb_field_shape sb_field_shape(enum sb_field_type type);
/* The value of an UNSIGNED field, which may be 1, 2, 4 or 8 bytes wide; and the same the other way. */
uint64_t sb_field_load(enum sb_field_type type, const void *at);
void sb_field_store(enum sb_field_type type, void *at, uint64_t value);
/* Largest value of an UNSIGNED field. */
uint64_t sb_field_max(enum sb_field_type type);
/* The value which means "none" and is null in JSON: only run, job, step and ctx have one. */
bool sb_field_is_none(enum sb_field_type type, uint64_t value);
uint64_t sb_field_none(enum sb_field_type type);
/* "seq", "now", "wall" and "kind" name the envelope of a line. */
bool sb_envelope_has(const char *name);

#endif
