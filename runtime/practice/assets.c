/* Style sheet and script of the practice site. Constants. */
#include "call.h"

const char sb_asset_css[] =
    ":root{color-scheme:light dark}"
    "body{font:16px/1.45 system-ui,sans-serif;max-width:42rem;margin:0 auto;padding:0 1rem 3rem}"
    ".top{display:flex;justify-content:space-between;align-items:center;padding:.8rem 0;border-bottom:1px solid #8884}"
    ".top nav{display:flex;gap:1rem;align-items:center}.brand{font-weight:700;text-decoration:none}"
    ".post,.profile{border-bottom:1px solid #8884;padding:.9rem 0}.text{white-space:pre-wrap;overflow-wrap:anywhere;margin:.4rem 0}"
    ".handle,.note,footer,time{color:#888;font-size:.9em}"
    ".counters{list-style:none;display:flex;gap:1.4rem;margin:.3rem 0 0;padding:0;font-size:.9em}"
    "textarea{width:100%;min-height:8rem;font:inherit;box-sizing:border-box}"
    "button{font:inherit;padding:.35rem 1rem}label{display:block;margin:.7rem 0}"
    ".error{color:#c33}table{border-collapse:collapse}td,th{border:1px solid #8884;padding:.25rem .5rem;text-align:left}";

/* The link comes first and the address changes a moment later, as on sites that show a toast: whoever watches the response of the create
 * request has time to read it, whoever does not has the link and then the address. */
const char sb_asset_compose_js[] =
    "'use strict';\n"
    "const form = document.querySelector('[data-role=\"composer\"]');\n"
    "const button = form.querySelector('[data-role=\"submit\"]');\n"
    "const text = form.querySelector('textarea');\n"
    "const status = document.querySelector('[data-role=\"status\"]');\n"
    "function say(role, content, href) {\n"
    "  const line = document.createElement(href ? 'a' : 'p');\n"
    "  line.dataset.role = role;\n"
    "  line.className = role === 'error' ? 'error' : 'note';\n"
    "  line.textContent = content;\n"
    "  if (href) { line.href = href; }\n"
    "  status.replaceChildren(line);\n"
    "}\n"
    "function count() { form.querySelector('[data-role=\"count\"]').textContent = [...text.value].length + ' / 280'; }\n"
    "text.addEventListener('input', count);\n"
    "count();\n"
    "form.addEventListener('submit', async (event) => {\n"
    "  event.preventDefault();\n"
    "  button.disabled = true;\n"
    "  say('sending', 'Sending ...');\n"
    "  try {\n"
    "    const answer = await fetch('/api/posts', { method: 'POST', headers: { 'Content-Type': 'application/json' },\n"
    "      body: JSON.stringify({ text: text.value, reply_to: form.dataset.replyTo || null }) });\n"
    "    const made = await answer.json();\n"
    "    if (answer.status !== 201) { throw new Error(made.error ? made.error.message : 'status ' + answer.status); }\n"
    "    const address = '/post/' + made.post.id;\n"
    "    say('created', 'Your post was sent. View', address);\n"
    "    setTimeout(() => location.assign(address), 700);\n"
    "  } catch (error) {\n"
    "    say('error', 'Something went wrong: ' + error.message);\n"
    "    button.disabled = false;\n"
    "  }\n"
    "});\n";

void sb_asset_serve_css(struct sb_call *call, struct sb_answer *answer)
{
    (void)call;
    answer->status = 200;
    answer->type = "text/css; charset=utf-8";
    answer->fixed = sb_asset_css;
}

void sb_asset_serve_js(struct sb_call *call, struct sb_answer *answer)
{
    (void)call;
    answer->status = 200;
    answer->type = "text/javascript; charset=utf-8";
    answer->fixed = sb_asset_compose_js;
}
