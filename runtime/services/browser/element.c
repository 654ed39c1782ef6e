/* Elements of the page: waiting for one, clicking it, typing into it. Runs on the thread that uses the context.
 *
 * Finding and judging an element is one script in the page; acting on it is real input through the browser, so that the page's listeners see
 * what they would see from a person. Waiting happens inside the page: nothing is polled over the pipe. */
#include "chromium.h"

#include "signalbox/base/text.h"

#include <string.h>

enum {
    WAIT_MS_MAX = 24 * 3600 * 1000,
    SETTLE_MS = 1000,   /* how long an element may stay covered or moving before a click is refused */
    REPORT_MS = 30,     /* the page answers so long before the deadline, to say what it saw instead */
};

/* What all scripts of this file begin with. An element counts as visible when it has an area and is not hidden by style. */
#define FIND_FUNCTIONS                                                                                                              \
    "function shown(e){if(getComputedStyle(e).visibility!=='visible')return false;"                                                 \
    "var r=e.getClientRects();for(var i=0;i<r.length;i++)if(r[i].width>0&&r[i].height>0)return true;return false;}"                 \
    "function first(sel){var l=document.querySelectorAll(sel);for(var i=0;i<l.length;i++)if(shown(l[i]))return l[i];"               \
    "return l.length?l[0]:null;}"                                                                                                   \
    "function state(sel){var e=first(sel);return e?(shown(e)?'visible':'hidden'):'absent';}"

/* The observer sees what changes in the document, the slow timer what does not change it: style sheets that arrive, animations that end. */
static const char wait_script[] =
    "function(sel,ms){" FIND_FUNCTIONS
    "var now=state(sel);if(now==='visible'||ms<=0)return now;"
    "return new Promise(function(resolve){"
    "function done(v){observer.disconnect();clearInterval(tick);clearTimeout(limit);resolve(v);}"
    "function look(){if(state(sel)==='visible')done('visible');}"
    "var observer=new MutationObserver(look);"
    "observer.observe(document,{subtree:true,childList:true,attributes:true,characterData:true});"
    "var tick=setInterval(look,200);"
    "var limit=setTimeout(function(){done(state(sel));},ms);});}";

/* The point of the click is the middle of the element's first box that is on the screen. It is refused when something else is on top there,
 * unless that goes away in time. */
static const char target_script[] =
    "function(sel,ms){" FIND_FUNCTIONS
    "function name(e){var t=e.tagName.toLowerCase();if(e.id)t+='#'+e.id;"
    "else if(typeof e.className==='string'&&e.className.trim())t+='.'+e.className.trim().split(/\\s+/).join('.');"
    "return t.slice(0,80).toWellFormed();}"
    "function look(){var e=first(sel);if(!e)return{state:'absent'};if(!shown(e))return{state:'hidden'};"
    "if(e.matches(':disabled'))return{state:'disabled'};"
    "e.scrollIntoView({block:'center',inline:'center',behavior:'instant'});"
    "var r=Array.from(e.getClientRects()).filter(function(b){return b.width>0&&b.height>0&&b.right>0&&b.bottom>0&&"
    "b.left<innerWidth&&b.top<innerHeight;})[0];"
    "if(!r)return{state:'outside'};"
    "var x=(Math.max(r.left,0)+Math.min(r.right,innerWidth))/2,y=(Math.max(r.top,0)+Math.min(r.bottom,innerHeight))/2;"
    "var hit=document.elementFromPoint(x,y);"
    "while(hit&&hit.shadowRoot){var inner=hit.shadowRoot.elementFromPoint(x,y);if(!inner||inner===hit)break;hit=inner;}"
    "for(var n=hit;n;n=n.parentNode||n.host)if(n===e)return{state:'ready',x:x,y:y};"
    "var label=hit&&hit.closest('label');if(label&&label.control===e)return{state:'ready',x:x,y:y};"
    "return{state:'covered',by:hit?name(hit):'nothing'};}"
    "var v=look();if(v.state==='ready'||v.state==='absent'||ms<=0)return v;"
    "return new Promise(function(resolve){var end=performance.now()+ms;"
    "var tick=setInterval(function(){var v=look();if(v.state==='ready'||performance.now()>=end){clearInterval(tick);resolve(v);}},50);});}";

/* Focus and select what is there, so that the text to come replaces it. */
static const char focus_script[] =
    "function(sel){" FIND_FUNCTIONS
    "var e=first(sel);if(!e)return{state:'absent'};if(!shown(e))return{state:'hidden'};"
    "if(e.matches(':disabled')||e.readOnly)return{state:'disabled'};"
    "var field=e instanceof HTMLTextAreaElement||(e instanceof HTMLInputElement&&"
    "['button','checkbox','color','file','hidden','image','radio','range','reset','submit'].indexOf(e.type)<0);"
    "if(!field&&!e.isContentEditable)return{state:'fixed'};"
    "e.scrollIntoView({block:'center',inline:'center',behavior:'instant'});e.focus();"
    "if(field)e.select();else{var s=getSelection(),r=document.createRange();r.selectNodeContents(e);s.removeAllRanges();s.addRange(r);}"
    "var root=e.getRootNode();var a=root.activeElement;"
    "return{state:a&&(a===e||a.contains(e))?'ready':'unfocused'};}";

/* What the scripts say, as errors. */
static enum sb_err judge(const struct sb_context *context, const char *what, const char *selector, const json_t *seen, struct sb_error *err)
{
    static const struct {
        const char *state;
        enum sb_err code;
        const char *text;
    } verdicts[] = {
        { "absent", SB_ERR_NOT_FOUND, "no element matches; does the selector still fit the page?" },
        { "hidden", SB_ERR_NOT_FOUND, "the element is there but not visible" },
        { "disabled", SB_ERR_REFUSED, "the element is disabled or read-only" },
        { "outside", SB_ERR_REFUSED, "the element cannot be scrolled into view" },
        { "fixed", SB_ERR_REFUSED, "the element takes no text" },
        { "unfocused", SB_ERR_REFUSED, "the element does not take the focus" },
    };
    const char *state = sb_cdp_text(seen, "state");

    if (sb_streq(state, "ready"))
        return SB_OK;
    if (sb_streq(state, "covered"))
        return sb_error_set(err, SB_ERR_REFUSED, "%s %.80s on %.100s: another element is on top of it: %.80s", what, selector, context->url,
                            sb_cdp_text(seen, "by"));
    for (size_t i = 0; i < SB_LEN(verdicts); i++)
        if (sb_streq(state, verdicts[i].state))
            return sb_error_set(err, verdicts[i].code, "%s %.80s on %.100s: %s", what, selector, context->url, verdicts[i].text);
    return sb_error_set(err, SB_ERR_PROTOCOL, "%s %.80s on %.100s: the page gave no usable answer", what, selector, context->url);
}

static enum sb_err wrap(const struct sb_context *context, enum sb_err rc, const char *what, const char *selector, struct sb_error *err)
{
    (void)sb_error_wrap(err, "%s %.80s on %.100s", what, selector, context->url);
    return rc;
}

enum sb_err sb_page_wait(struct sb_context *context, const char *selector, const struct sb_op *op, struct sb_error *err)
{
    sb_ns begun = sb_now();
    json_t *seen = NULL;
    int ms = sb_page_ms_left(op, WAIT_MS_MAX) - REPORT_MS;
    char waited[16];
    struct sb_text text;

    enum sb_err rc = sb_page_call(context, wait_script, json_pack("[s,i]", selector, ms > 0 ? ms : 0), op, &seen, err);
    if (rc != SB_OK)
        return wrap(context, rc, "wait", selector, err);
    const char *state = json_string_value(seen);
    sb_text_init(&text, waited, sizeof(waited));
    sb_text_add_duration(&text, sb_now() - begun);
    if (state != NULL && sb_streq(state, "visible"))
        rc = SB_OK;
    else
        rc = sb_error_set(err, SB_ERR_TIMEOUT, "wait %.80s on %.100s: %s after %s; does the selector still fit the page?", selector,
                          context->url, state != NULL && sb_streq(state, "hidden") ? "the element is there but not visible" : "no element matches",
                          waited);
    json_decref(seen);
    return rc;
}

/* ---- click ---- */

static json_t *mouse(const char *type, double x, double y, bool is_button)
{
    return json_pack("{s:s,s:f,s:f,s:s,s:i,s:i}", "type", type, "x", x, "y", y, "button", is_button ? "left" : "none", "clickCount",
                     is_button ? 1 : 0, "buttons", sb_streq(type, "mousePressed") ? 1 : 0);
}

static enum sb_err press_button(struct sb_context *context, double x, double y, const struct sb_op *op, struct sb_error *err)
{
    static const char *const types[] = { "mouseMoved", "mousePressed", "mouseReleased" };
    enum { COUNT = (int)SB_LEN(types) };
    struct sb_call calls[COUNT] = { 0 };
    enum sb_err rc = SB_OK;
    size_t begun = 0;

    /* All three at once: what the page does at the first cannot come between. */
    for (; begun < COUNT && rc == SB_OK; begun++) {
        calls[begun].wake_fd = context->wake_fd;
        rc = sb_call_begin(&calls[begun], context->chromium, NULL, context, "Input.dispatchMouseEvent", mouse(types[begun], x, y, begun > 0), err);
    }
    for (size_t i = 0; i < begun; i++) {
        if (rc == SB_OK)
            rc = sb_call_end(&calls[i], op, NULL, err);
        else
            sb_call_drop(&calls[i]);
        /* The click may have led to another document before it was answered: it has happened all the same. */
        if (rc == SB_ERR_CONFLICT)
            rc = SB_OK;
    }
    return rc;
}

enum sb_err sb_page_click(struct sb_context *context, const char *selector, const struct sb_op *op, struct sb_error *err)
{
    json_t *seen = NULL;
    int ms = sb_page_ms_left(op, SETTLE_MS + REPORT_MS) - REPORT_MS;

    enum sb_err rc = sb_page_call(context, target_script, json_pack("[s,i]", selector, ms > 0 ? ms : 0), op, &seen, err);
    if (rc != SB_OK)
        return wrap(context, rc, "click", selector, err);
    rc = judge(context, "click", selector, seen, err);
    if (rc == SB_OK) {
        rc = press_button(context, json_number_value(json_object_get(seen, "x")), json_number_value(json_object_get(seen, "y")), op, err);
        if (rc != SB_OK)
            (void)wrap(context, rc, "click", selector, err);
    }
    json_decref(seen);
    return rc;
}

/* ---- type ---- */

enum sb_err sb_page_type(struct sb_context *context, const char *selector, const char *text, const struct sb_op *op, struct sb_error *err)
{
    json_t *seen = NULL, *params;

    enum sb_err rc = sb_page_call(context, focus_script, json_pack("[s]", selector), op, &seen, err);
    if (rc != SB_OK)
        return wrap(context, rc, "type into", selector, err);
    rc = judge(context, "type into", selector, seen, err);
    json_decref(seen);
    if (rc != SB_OK)
        return rc;
    /* Inserting nothing would leave what is selected; the key removes it. */
    if (text[0] == '\0')
        return sb_page_press(context, "Delete", op, err);
    params = json_pack("{s:s}", "text", text);
    if (params == NULL)
        return sb_error_set(err, SB_ERR_INVALID, "type into %.80s: the text is not valid UTF-8", selector);
    rc = sb_context_call(context, "Input.insertText", params, op, NULL, err);
    return rc == SB_OK ? SB_OK : wrap(context, rc, "type into", selector, err);
}
