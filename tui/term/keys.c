/* Reading keys: ncurses' codes become ours, a paste is told apart from typing, and what is no key never turns into letters.
 *
 * Thread: the one that opened the terminal. Must never wait longer than the escape delay, and never deliver the letters of an
 * unknown escape sequence: in this program a letter is an action. */
#include "term_private.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

enum { CODE_PASTE_BEGIN = 0x7001, CODE_PASTE_END = 0x7002, CODE_FOCUS_IN = 0x7003, CODE_FOCUS_OUT = 0x7004 }; /* above every code of ncurses */

#define PASTE_SILENCE_MAX SB_S(1) /* a paste without its end is over after this */
#define SEQUENCE_BYTES_MAX 32
#define SEQUENCE_WAIT_MS 25

void term_keys_init(struct sb_term *term)
{
    (void)define_key(NULL, KEY_MOUSE); /* the mouse is off: a report is an unknown sequence */
    if (term->has_paste_marks) {
        (void)define_key("\033[200~", CODE_PASTE_BEGIN);
        (void)define_key("\033[201~", CODE_PASTE_END);
    }
    if (term->has_osc) {
        (void)define_key("\033[I", CODE_FOCUS_IN);
        (void)define_key("\033[O", CODE_FOCUS_OUT);
    }
}

static const struct {
    int from;
    uint32_t to;
} special[] = {
    { KEY_UP, SB_KEY_UP },         { KEY_DOWN, SB_KEY_DOWN },        { KEY_LEFT, SB_KEY_LEFT },
    { KEY_RIGHT, SB_KEY_RIGHT },   { KEY_HOME, SB_KEY_HOME },        { KEY_FIND, SB_KEY_HOME },
    { KEY_A1, SB_KEY_HOME },       { KEY_END, SB_KEY_END },          { KEY_SELECT, SB_KEY_END },
    { KEY_C1, SB_KEY_END },        { KEY_PPAGE, SB_KEY_PAGE_UP },    { KEY_A3, SB_KEY_PAGE_UP },
    { KEY_NPAGE, SB_KEY_PAGE_DOWN }, { KEY_C3, SB_KEY_PAGE_DOWN },   { KEY_BTAB, SB_KEY_BACKTAB },
    { KEY_F(5), SB_KEY_F5 },       { KEY_DC, SB_KEY_DELETE },        { KEY_ENTER, SB_KEY_ENTER },
    { KEY_BACKSPACE, SB_KEY_BACKSPACE },
};

static uint32_t from_special(int code)
{
    for (size_t i = 0; i < SB_LEN(special); i++) {
        if (special[i].from == code) {
            return special[i].to;
        }
    }
    return SB_KEY_NONE; /* KEY_RESIZE too: resizing has its own descriptor */
}

/* Bytes are decoded here: get_wch of this ncurses swallows the next fifteen keys after one byte that is not valid UTF-8. An invalid
 * byte is dropped alone; a sequence cut by the end of a read is continued by the next one. */
static uint32_t from_byte(struct sb_term *term, int byte)
{
    uint32_t code = SB_KEY_NONE;

    if (byte < 0x80) {
        term->utf8_count = 0;
        return byte == 8 ? SB_KEY_BACKSPACE : (uint32_t)byte; /* terminals disagree on what the key sends; C-h is bound to nothing */
    }
    if (!term->is_utf8) {
        return SB_KEY_NONE;
    }
    bool is_lead = byte >= 0xc2 && byte <= 0xf4;
    if (is_lead) {
        term->utf8_count = 0;
    } else if (term->utf8_count == 0) {
        return SB_KEY_NONE;
    }
    term->utf8[term->utf8_count++] = (char)byte;
    if (sb_utf8_decode(term->utf8, term->utf8_count, &code) == term->utf8_count || term->utf8_count == sizeof term->utf8) {
        term->utf8_count = 0;
    } else {
        code = SB_KEY_NONE;
    }
    return code >= 0xa0 ? code : SB_KEY_NONE; /* no C1 controls */
}

/* After ESC: a sequence ncurses does not know (ESC [ ... or ESC O .) is swallowed whole. Another character right behind ESC is an
 * Alt chord, which is bound to nothing: it is swallowed and ESC, which only ever steps back, remains. Returns whether ESC remains;
 * *key: what a report of the mouse says when that is asked for. */
static bool swallow_sequence(const struct sb_term *term, uint32_t *key)
{
    char report[SEQUENCE_BYTES_MAX + 1] = "";
    int byte = getch();

    if (byte == ERR) {
        return true;
    }
    if (byte > 0xff || byte == SB_KEY_ESCAPE) {
        (void)ungetch(byte);
        return true;
    }
    if (byte != '[' && byte != 'O') {
        return true;
    }
    bool is_single = byte == 'O';
    timeout(SEQUENCE_WAIT_MS);
    for (unsigned i = 0; i < SEQUENCE_BYTES_MAX; i++) {
        byte = getch();
        report[i] = (char)(byte > 0 && byte < 0x7f ? byte : 0);
        if (byte < ' ' || byte > '~' || is_single || byte >= '@') {
            break;
        }
    }
    (void)nodelay(stdscr, TRUE);
    *key = term->is_mouse_on && !is_single ? term_mouse_key(report) : SB_KEY_NONE;
    return false;
}

/* One key, SB_KEY_NONE for something to ignore; false when nothing is there. */
static bool next_key(struct sb_term *term, uint32_t *key, bool *is_mark)
{
    int code = getch();

    *key = SB_KEY_NONE;
    *is_mark = code == CODE_PASTE_BEGIN || code == CODE_PASTE_END;
    if (code == ERR) {
        return false;
    }
    if (*is_mark) {
        term->is_pasting = code == CODE_PASTE_BEGIN;
    } else if (code == CODE_FOCUS_IN || code == CODE_FOCUS_OUT) {
        term->is_unfocused = code == CODE_FOCUS_OUT;
    } else if (code > 0xff) {
        *key = from_special(code);
    } else {
        *key = from_byte(term, code);
    }
    uint32_t report = SB_KEY_NONE;
    if (*key == SB_KEY_ESCAPE && !term->is_pasting && !swallow_sequence(term, &report)) {
        *key = report;
    }
    return true;
}

size_t sb_term_keys(struct sb_term *term, struct sb_key *keys, size_t cap, bool *is_paste)
{
    size_t count = 0;
    sb_ns now = sb_now();

    if (term->is_pasting && now - term->last_key > PASTE_SILENCE_MAX) {
        term->is_pasting = false;
    }
    *is_paste = term->is_pasting;
    term->has_more = false;
    while (count < cap) {
        uint32_t key;
        bool is_mark;
        if (!next_key(term, &key, &is_mark)) {
            return count;
        }
        term->last_key = now;
        if (key != SB_KEY_NONE) {
            keys[count++].code = key;
        }
        if (is_mark && count > 0) {
            break; /* what comes now is of the other kind */
        }
        *is_paste = is_mark ? term->is_pasting : *is_paste;
    }
    term->has_more = true;
    return count;
}

bool sb_term_has_more(const struct sb_term *term)
{
    return term->has_more;
}
