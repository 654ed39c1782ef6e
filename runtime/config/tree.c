/* YAML events (libyaml) to a tree of nodes with places. One thread. Never interprets a value: that is the binder's work.
 *
 * libyaml stops at its first mistake. For the mistakes that people make most, a value that begins with a character YAML keeps for
 * itself, the character is replaced in the working copy by a letter, the place is remembered, and the text is parsed again: so the other
 * mistakes of the file are found in the same run. */
#include "tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { PATCHES_MAX = SB_CONFIG_ERRORS_MAX };

struct frame {
    struct sb_cfg_node *node, *pending_key;
};

struct builder {
    struct sb_cfg_region *region;
    struct sb_config_errors *errors;
    struct sb_cfg_doc *doc;
    struct sb_cfg_node *root;
    struct frame frames[SB_CFG_DEPTH_MAX];
    unsigned depth;
    uint32_t node_count, document_count;
    struct sb_cfg_place patches[PATCHES_MAX];
    unsigned patch_count;
};

enum outcome { OUTCOME_MORE, OUTCOME_END, OUTCOME_FAILED, OUTCOME_PATCHED };

struct sb_cfg_place sb_cfg_place_of(const struct sb_cfg_node *node)
{
    return (struct sb_cfg_place){.doc = node->doc, .line = node->line, .column = node->column};
}

const char *sb_cfg_kind_text(enum sb_cfg_kind kind)
{
    static const char *const TEXTS[] = {[SB_CFG_SCALAR] = "text", [SB_CFG_MAP] = "map", [SB_CFG_LIST] = "list"};
    return TEXTS[kind];
}

struct sb_cfg_node *sb_cfg_get(const struct sb_cfg_node *map, const char *key)
{
    for (struct sb_cfg_node *child = map->kind == SB_CFG_MAP ? map->first : NULL; child != NULL; child = child->next) {
        if (child->key != NULL && child->key->kind == SB_CFG_SCALAR && strcmp(child->key->text, key) == 0) {
            return child;
        }
    }
    return NULL;
}

void sb_cfg_append(struct sb_cfg_node *parent, struct sb_cfg_node *child)
{
    if (parent->last != NULL) {
        parent->last->next = child;
    } else {
        parent->first = child;
    }
    parent->last = child;
    parent->count++;
}

/* ------------------------------------------------------------------------------------------------ building */

static struct sb_cfg_place place_of_mark(const struct builder *builder, yaml_mark_t mark)
{
    return (struct sb_cfg_place){.doc = builder->doc, .line = (uint32_t)mark.line + 1, .column = (uint32_t)mark.column + 1};
}

static bool is_patched(const struct builder *builder, const struct sb_cfg_node *node)
{
    for (unsigned i = 0; i < builder->patch_count; i++) {
        if (builder->patches[i].line == node->line && builder->patches[i].column == node->column) {
            return true;
        }
    }
    return false;
}

/* NULL when a bound or memory ended; the bound is reported. */
static struct sb_cfg_node *add_node(struct builder *builder, enum sb_cfg_kind kind, const yaml_event_t *event)
{
    if (++builder->node_count > SB_CFG_NODES_MAX) {
        sb_cfg_report(builder->errors, place_of_mark(builder, event->start_mark), NULL, "more than %d values in one file",
                      SB_CFG_NODES_MAX);
        return NULL;
    }
    struct sb_cfg_node *node = sb_cfg_take(builder->region, 1, sizeof *node);
    if (node == NULL) {
        return NULL;
    }
    node->kind = kind;
    node->doc = builder->doc;
    node->line = (uint32_t)event->start_mark.line + 1;
    node->column = (uint32_t)event->start_mark.column + 1;
    node->end_column = (uint32_t)event->end_mark.column + 1;
    node->text = "";
    node->is_poisoned = is_patched(builder, node);
    struct frame *frame = builder->depth > 0 ? &builder->frames[builder->depth - 1] : NULL;
    if (frame == NULL) {
        builder->root = node;
    } else if (frame->node->kind == SB_CFG_LIST) {
        sb_cfg_append(frame->node, node);
    } else if (frame->pending_key == NULL) {
        frame->pending_key = node;
    } else {
        node->key = frame->pending_key;
        frame->pending_key = NULL;
        sb_cfg_append(frame->node, node);
    }
    return node;
}

static enum outcome add_scalar(struct builder *builder, const yaml_event_t *event)
{
    struct sb_cfg_node *node = add_node(builder, SB_CFG_SCALAR, event);
    const char *bytes = (const char *)event->data.scalar.value;
    if (node == NULL || (node->text = sb_cfg_take_text(builder->region, bytes, event->data.scalar.length)) == NULL) {
        return OUTCOME_FAILED;
    }
    node->size = event->data.scalar.length;
    node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->flaw = event->data.scalar.anchor != NULL ? SB_CFG_FLAW_ANCHOR
                 : event->data.scalar.tag != NULL  ? SB_CFG_FLAW_TAG
                                                   : SB_CFG_FLAW_NONE;
    return OUTCOME_MORE;
}

static enum outcome add_alias(struct builder *builder, const yaml_event_t *event)
{
    struct sb_cfg_node *node = add_node(builder, SB_CFG_SCALAR, event);
    const char *name = (const char *)event->data.alias.anchor;
    if (node == NULL || (node->text = sb_cfg_take_text(builder->region, name, strlen(name))) == NULL) {
        return OUTCOME_FAILED;
    }
    node->flaw = SB_CFG_FLAW_ALIAS;
    return OUTCOME_MORE;
}

static enum outcome open_collection(struct builder *builder, enum sb_cfg_kind kind, const yaml_event_t *event)
{
    bool has_anchor = kind == SB_CFG_MAP ? event->data.mapping_start.anchor != NULL : event->data.sequence_start.anchor != NULL;
    bool has_tag = kind == SB_CFG_MAP ? event->data.mapping_start.tag != NULL : event->data.sequence_start.tag != NULL;
    struct sb_cfg_node *node = add_node(builder, kind, event);
    if (node == NULL) {
        return OUTCOME_FAILED;
    }
    node->flaw = has_anchor ? SB_CFG_FLAW_ANCHOR : has_tag ? SB_CFG_FLAW_TAG : SB_CFG_FLAW_NONE;
    if (builder->depth == SB_CFG_DEPTH_MAX) {
        sb_cfg_report(builder->errors, sb_cfg_place_of(node), NULL, "nested deeper than %d levels", SB_CFG_DEPTH_MAX);
        return OUTCOME_FAILED;
    }
    builder->frames[builder->depth++] = (struct frame){.node = node};
    return OUTCOME_MORE;
}

static enum outcome on_event(struct builder *builder, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_STREAM_END_EVENT:
        return OUTCOME_END;
    case YAML_DOCUMENT_START_EVENT:
        if (++builder->document_count > 1) {
            sb_cfg_report(builder->errors, place_of_mark(builder, event->start_mark), "remove the line ---, or use two files",
                          "a second document begins here; a file holds one");
            return OUTCOME_FAILED;
        }
        return OUTCOME_MORE;
    case YAML_ALIAS_EVENT:
        return add_alias(builder, event);
    case YAML_SCALAR_EVENT:
        return add_scalar(builder, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_collection(builder, SB_CFG_LIST, event);
    case YAML_MAPPING_START_EVENT:
        return open_collection(builder, SB_CFG_MAP, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        builder->depth--;
        return OUTCOME_MORE;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return OUTCOME_MORE;
}

/* ------------------------------------------------------------------------------------------------ mistakes of syntax */

static size_t line_end(const struct sb_cfg_doc *doc, uint32_t line)
{
    return line < doc->line_count ? doc->line_starts[line] : doc->size;
}

/* Column (1-based) of a tab in the line's indentation, or 0. */
static uint32_t indentation_tab(const struct sb_cfg_doc *doc, uint32_t line)
{
    size_t start = doc->line_starts[line - 1];
    size_t end = line_end(doc, line);
    for (size_t at = start; at < end && (doc->text[at] == ' ' || doc->text[at] == '\t'); at++) {
        if (doc->text[at] == '\t') {
            return (uint32_t)(at - start) + 1;
        }
    }
    return 0;
}

static enum outcome report_tabs(struct builder *builder, uint32_t line)
{
    for (; line <= builder->doc->line_count; line++) {
        uint32_t column = indentation_tab(builder->doc, line);
        if (column > 0) {
            sb_cfg_report(builder->errors, (struct sb_cfg_place){.doc = builder->doc, .line = line, .column = column}, "indent with spaces",
                          "a tab in the indentation");
        }
    }
    return OUTCOME_FAILED;
}

/* Replaces `count` characters at the place by x and remembers the place, so that the text can be parsed again. */
static enum outcome patch(struct builder *builder, struct sb_cfg_place place, size_t count)
{
    if (builder->patch_count == PATCHES_MAX) {
        return OUTCOME_FAILED;
    }
    size_t at = sb_cfg_doc_offset(builder->doc, place.line, place.column);
    for (size_t i = 0; i < count; i++) {
        builder->doc->text[at + i] = 'x';
    }
    builder->patches[builder->patch_count++] = place;
    return OUTCOME_PATCHED;
}

/* `quote it: "..."` with the rest of the line, comment excluded. */
static const char *quote_hint(const struct sb_cfg_doc *doc, struct sb_cfg_place place, char *out, size_t cap)
{
    size_t start = sb_cfg_doc_offset(doc, place.line, place.column);
    size_t end = start;
    while (end < doc->size && doc->original[end] != '\n' && doc->original[end] != '\r' && end - start < 80 &&
           !(doc->original[end] == '#' && end > start && doc->original[end - 1] == ' ')) {
        end++;
    }
    while (end > start && (doc->original[end - 1] == ' ' || strchr(",]}", doc->original[end - 1]) != NULL)) {
        if (doc->original[end - 1] == '}' && end - start >= 2 && doc->original[end - 2] == '}') {
            break; /* the end of a template */
        }
        end--;
    }
    (void)snprintf(out, cap, "quote it: \"%.*s\"", (int)(end - start), doc->original + start);
    return out;
}

/* The first "{{" that begins a value in the line, as a place; line 0 when there is none. */
static struct sb_cfg_place find_template(const struct sb_cfg_doc *doc, uint32_t line)
{
    size_t start = line >= 1 && line <= doc->line_count ? doc->line_starts[line - 1] : doc->size;
    size_t end = line >= 1 && line <= doc->line_count ? line_end(doc, line) : doc->size;
    uint32_t column = 1;
    for (size_t at = start; at + 1 < end; at++) {
        if (doc->text[at] == '{' && doc->text[at + 1] == '{' && at >= start + 2 && doc->text[at - 1] == ' ' &&
            strchr(":-,", doc->text[at - 2]) != NULL) {
            return (struct sb_cfg_place){.doc = doc, .line = line, .column = column};
        }
        column += ((unsigned char)doc->text[at] & 0xc0) != 0x80;
    }
    return (struct sb_cfg_place){.doc = doc};
}

static enum outcome report_reserved(struct builder *builder, struct sb_cfg_place place, char c)
{
    char hint[200];
    char message[120];
    if (c == '*') {
        (void)snprintf(message, sizeof message, "a value that begins with * is an alias in YAML");
    } else if (c == '&') {
        (void)snprintf(message, sizeof message, "a value that begins with & is an anchor in YAML");
    } else {
        (void)snprintf(message, sizeof message, "a value cannot begin with %c in YAML", c);
    }
    sb_cfg_report(builder->errors, place, quote_hint(builder->doc, place, hint, sizeof hint), "%s", message);
    return patch(builder, place, 1);
}

static const struct rewording {
    const char *problem, *message, *hint;
} REWORDINGS[] = {
    {"mapping values are not allowed", "a \": \" where YAML expects no key",
     "quote a text that holds \": \", or check the indentation of this line and the one above"},
    {"did not find expected key", "the indentation does not fit the lines above, or a quote is missing", NULL},
    {"could not find expected ':'", "this line is neither a \"key: value\" nor part of the value above",
     "add the colon, or check the indentation"},
    {"did not find expected '-' indicator", "a list goes on with \"- \", or its indentation does not fit", NULL},
    {"did not find expected ',' or '}'", "a { is not closed, or a comma is missing", NULL},
    {"did not find expected ',' or ']'", "a [ is not closed, or a comma is missing", NULL},
    {"found unexpected end of stream", "a quote is not closed", NULL},
    {"found unknown escape character", "an unknown escape after \\ in a double-quoted text", "use single quotes, or write \\\\"},
};

static enum outcome report_other(struct builder *builder, const yaml_parser_t *parser)
{
    const char *problem = parser->problem != NULL ? parser->problem : "not valid YAML";
    struct sb_cfg_place place = place_of_mark(builder, parser->problem_mark);
    if (place.line > builder->doc->line_count) {
        place.line = builder->doc->line_count;
        place.column = 1;
    }
    for (size_t i = 0; i < SB_LEN(REWORDINGS); i++) {
        if (strstr(problem, REWORDINGS[i].problem) != NULL) {
            if (strstr(problem, "end of stream") != NULL && parser->context != NULL) {
                place = place_of_mark(builder, parser->context_mark); /* where the quote was opened */
            }
            sb_cfg_report(builder->errors, place, REWORDINGS[i].hint, "%s", REWORDINGS[i].message);
            return OUTCOME_FAILED;
        }
    }
    sb_cfg_report(builder->errors, place, NULL, "%s%s%s", problem, parser->context != NULL ? " " : "",
                  parser->context != NULL ? parser->context : "");
    return OUTCOME_FAILED;
}

static enum outcome report_reader(struct builder *builder, const yaml_parser_t *parser)
{
    const struct sb_cfg_doc *doc = builder->doc;
    struct sb_cfg_place place = {.doc = doc, .line = 1, .column = 1};
    size_t end = parser->problem_offset < doc->size ? parser->problem_offset : doc->size;
    for (size_t i = 0; i < end; i++) {
        if (doc->text[i] == '\n') {
            place.line++;
            place.column = 1;
        } else {
            place.column += ((unsigned char)doc->text[i] & 0xc0) != 0x80;
        }
    }
    sb_cfg_report(builder->errors, place, "save the file as UTF-8 text", "%s",
                  parser->problem != NULL ? parser->problem : "not UTF-8 text");
    return OUTCOME_FAILED;
}

static enum outcome on_syntax_error(struct builder *builder, const yaml_parser_t *parser)
{
    if (parser->error == YAML_MEMORY_ERROR) {
        builder->region->is_exhausted = true;
        return OUTCOME_FAILED;
    }
    if (parser->error == YAML_READER_ERROR) {
        return report_reader(builder, parser);
    }
    struct sb_cfg_place place = place_of_mark(builder, parser->problem_mark);
    if (place.line <= builder->doc->line_count && indentation_tab(builder->doc, place.line) > 0) {
        return report_tabs(builder, place.line);
    }
    bool is_word = parser->context != NULL && (strstr(parser->context, "alias") != NULL || strstr(parser->context, "anchor") != NULL);
    if (is_word) {
        place = place_of_mark(builder, parser->context_mark);
    }
    size_t at = sb_cfg_doc_offset(builder->doc, place.line, place.column);
    char c = at < builder->doc->size ? builder->doc->text[at] : '\0';
    if (c != '\0' && strchr(is_word ? "*&" : "@%`", c) != NULL) {
        return report_reserved(builder, place, c);
    }
    struct sb_cfg_place brace = find_template(builder->doc, place.line);
    if (brace.line == 0 && place.line > 1) {
        brace = find_template(builder->doc, place.line - 1);
    }
    if (brace.line > 0) {
        char hint[200];
        sb_cfg_report(builder->errors, brace, quote_hint(builder->doc, brace, hint, sizeof hint),
                      "a value that begins with { is a map in YAML");
        return patch(builder, brace, 2);
    }
    return report_other(builder, parser);
}

static enum outcome build(struct builder *builder)
{
    yaml_parser_t parser;
    enum outcome outcome = OUTCOME_MORE;
    builder->root = NULL;
    builder->depth = builder->node_count = builder->document_count = 0;
    if (yaml_parser_initialize(&parser) == 0) {
        builder->region->is_exhausted = true;
        return OUTCOME_FAILED;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)builder->doc->text, builder->doc->size);
    while (outcome == OUTCOME_MORE) {
        yaml_event_t event;
        if (yaml_parser_parse(&parser, &event) == 0) {
            outcome = on_syntax_error(builder, &parser);
            break;
        }
        outcome = on_event(builder, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return outcome;
}

/* ------------------------------------------------------------------------------------------------ mistakes of form */

static int by_key_then_place(const void *a, const void *b)
{
    const struct sb_cfg_node *x = *(const struct sb_cfg_node *const *)a;
    const struct sb_cfg_node *y = *(const struct sb_cfg_node *const *)b;
    int order = strcmp(x->key->text, y->key->text);
    if (order != 0) {
        return order;
    }
    return x->key->line != y->key->line ? (x->key->line < y->key->line ? -1 : 1) : x->key->column < y->key->column ? -1 : 1;
}

static void check_duplicates(struct builder *builder, struct sb_cfg_node *map)
{
    const struct sb_cfg_node **sorted = sb_cfg_take(builder->region, map->count, sizeof(struct sb_cfg_node *));
    size_t count = 0;
    if (sorted == NULL) {
        return;
    }
    for (struct sb_cfg_node *child = map->first; child != NULL; child = child->next) {
        if (child->key->kind == SB_CFG_SCALAR) {
            sorted[count++] = child;
        }
    }
    qsort(sorted, count, sizeof sorted[0], by_key_then_place);
    const struct sb_cfg_node *first = count > 0 ? sorted[0] : NULL;
    for (size_t i = 1; i < count; i++) {
        if (strcmp(sorted[i]->key->text, first->key->text) == 0) {
            sb_cfg_report(builder->errors, sb_cfg_place_of(sorted[i]->key), "keep one of the two",
                          "key \"%s\" is already given in line %u", first->key->text, (unsigned)first->key->line);
        } else {
            first = sorted[i];
        }
    }
}

/* "key:<tab>value" is legal YAML, and looks different in every editor. */
static void check_tab(struct builder *builder, const struct sb_cfg_node *value)
{
    if (value->key->line != value->line || value->column <= value->key->end_column) {
        return;
    }
    size_t from = sb_cfg_doc_offset(builder->doc, value->line, value->key->end_column);
    size_t to = sb_cfg_doc_offset(builder->doc, value->line, value->column);
    for (size_t at = from; at < to; at++) {
        if (builder->doc->text[at] == '\t') {
            uint32_t column = value->key->end_column + (uint32_t)(at - from);
            sb_cfg_report(builder->errors, (struct sb_cfg_place){.doc = builder->doc, .line = value->line, .column = column}, "use a space",
                          "a tab between key and value");
            return;
        }
    }
}

static void check_flaw(struct builder *builder, struct sb_cfg_node *node)
{
    char hint[200];
    struct sb_cfg_place place = sb_cfg_place_of(node);
    switch (node->flaw) {
    case SB_CFG_FLAW_NONE:
        break;
    case SB_CFG_FLAW_ANCHOR:
        sb_cfg_report(builder->errors, place, "write the value out, or quote a text that begins with &",
                      "anchors (&name) are not allowed");
        break;
    case SB_CFG_FLAW_ALIAS:
        sb_cfg_report(builder->errors, place, quote_hint(builder->doc, place, hint, sizeof hint),
                      "a value that begins with * is an alias in YAML; aliases are not allowed");
        node->is_poisoned = true;
        break;
    case SB_CFG_FLAW_TAG:
        sb_cfg_report(builder->errors, place, quote_hint(builder->doc, place, hint, sizeof hint), "tags (!name) are not allowed");
        node->is_poisoned = true;
        break;
    }
    if (node->kind == SB_CFG_SCALAR && strlen(node->text) != node->size && node->flaw != SB_CFG_FLAW_ALIAS) {
        sb_cfg_report(builder->errors, place, NULL, "a text must not contain the NUL character");
        node->is_poisoned = true;
    }
}

static bool is_bare_template(const struct sb_cfg_node *node)
{
    size_t at = sb_cfg_doc_offset(node->doc, node->line, node->column);
    return node->kind == SB_CFG_MAP && at + 1 < node->doc->size && node->doc->text[at] == '{' && node->doc->text[at + 1] == '{';
}

/* Depth is bounded by the builder. */
static void check_form(struct builder *builder, struct sb_cfg_node *node)
{
    char hint[200];
    check_flaw(builder, node);
    if (is_bare_template(node)) {
        sb_cfg_report(builder->errors, sb_cfg_place_of(node),
                      quote_hint(builder->doc, sb_cfg_place_of(node), hint, sizeof hint),
                      "a value that begins with { is a map in YAML");
        node->is_poisoned = true;
        return;
    }
    for (struct sb_cfg_node *child = node->first; child != NULL; child = child->next) {
        if (child->key != NULL && child->key->kind != SB_CFG_SCALAR) {
            sb_cfg_report(builder->errors, sb_cfg_place_of(child->key), NULL, "a key must be a plain text");
            child->is_poisoned = true;
        } else if (child->key != NULL) {
            check_flaw(builder, child->key);
            check_tab(builder, child);
        }
        check_form(builder, child);
    }
    if (node->kind == SB_CFG_MAP && node->count > 1) {
        check_duplicates(builder, node);
    }
}

struct sb_cfg_node *sb_cfg_parse(struct sb_cfg_region *region, struct sb_config_errors *errors, struct sb_cfg_doc *doc)
{
    struct builder builder = {.region = region, .errors = errors, .doc = doc};
    enum outcome outcome = OUTCOME_PATCHED;
    while (outcome == OUTCOME_PATCHED) { /* at most PATCHES_MAX times */
        outcome = build(&builder);
    }
    if (outcome != OUTCOME_END) {
        return NULL;
    }
    if (builder.root == NULL) {
        sb_cfg_report(errors, (struct sb_cfg_place){.doc = doc}, NULL, "the file is empty");
        return NULL;
    }
    check_form(&builder, builder.root);
    return builder.root;
}
