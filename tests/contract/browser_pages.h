/* The pages of the browser's contract. */
#ifndef SIGNALBOX_TESTS_BROWSER_PAGES_H
#define SIGNALBOX_TESTS_BROWSER_PAGES_H

#include "browser_server.h"

#define PAGE(path, body) { path, "200 OK", "", body, 0 }

static const struct server_page pages[] = {
    { "/404", "404 Not Found", "", "<h1 id=t>nothing here</h1>", 0 },
    PAGE("/plain", "<title>Plain</title><h1 id=t>plain page</h1>"),
    { "/slow", "200 OK", "", "<h1 id=t>slow page</h1>", 400 },
    { "/never", "200 OK", "", "<h1 id=t>never</h1>", 3600 * 1000 },
    { "/empty-404", "404 Not Found", "", "", 0 },
    { "/no-content", "204 No Content", "", "", 0 },
    { "/download", "200 OK", "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=x.bin\r\n", "bytes", 0 },
    { "/redirect", "302 Found", "Location: /plain\r\n", "", 0 },
    PAGE("/script-redirect", "<p>first</p><script>location.href='/plain?by=script'</script>"),
    PAGE("/meta-redirect", "<meta http-equiv=refresh content='0;url=/plain?by=meta'><p>first</p>"),
    PAGE("/script-nowhere", "<h1 id=t>stays</h1><script>location.href='/no-content'</script>"),
    { "/redirect-out", "302 Found", "Location: http://localhost:{port}/plain\r\n", "", 0 },
    PAGE("/script-out", "<p>first</p><script>location.href='http://localhost:{port}/outside'</script>"),
    PAGE("/frame-out", "<h1 id=t>with a frame</h1><iframe src='http://localhost:{port}/outside'></iframe>"),
    PAGE("/frame-chain", "<h1 id=t>with a frame</h1><iframe src='http://localhost:{port}/frame-inner'></iframe>"),
    PAGE("/frame-inner", "<p>inner</p><script>location.href='http://other.localhost:{port}/outside'</script>"),
    PAGE("/outside", "<h1 id=t>outside</h1>"),
    PAGE("/picture-page", "<body><script>var i=new Image();i.onload=function(){document.body.setAttribute('data-picture','there')};"
                          "i.src='/picture';document.body.appendChild(i);</script></body>"),
    { "/picture", "200 OK", "Content-Type: image/svg+xml\r\n", "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", 400 },
    PAGE("/endless", "<h1 id=t>endless</h1><script>while(true);</script>"),
    PAGE("/endless-click", "<button id=b onclick='while(true);'>go</button>"),
    PAGE("/heavy", "<h1>heavy</h1><script>var kept=[];for(var i=0;i<400000;i++)kept.push({n:i,t:'t'+i})</script>"),
    PAGE("/later", "<h1>later</h1><script>setTimeout(function(){var d=document.createElement('div');d.id='late';d.textContent='here';"
                   "document.body.appendChild(d)},250)</script>"),
    PAGE("/style-later", "<style>#late{display:none}</style><div id=late>here</div><script>setTimeout(function(){"
                         "document.styleSheets[0].deleteRule(0)},250)</script>"),
    PAGE("/moves-on", "<p>first</p><script>addEventListener('load',function(){setTimeout(function(){location.href='/later'},200)})</script>"),
    PAGE("/alert", "<h1 id=t>alert</h1><script>alert('stop');document.getElementById('t').textContent=String(confirm('sure?'))</script>"),
    PAGE("/leaving", "<button id=b>b</button><script>addEventListener('beforeunload',function(e){e.preventDefault();e.returnValue='x'})</script>"),
    PAGE("/popup", "<button id=b onclick=\"window.open('/popped');document.getElementById('t').textContent='clicked'\">open</button><p id=t></p>"),
    PAGE("/popups", "<button id=b onclick=\"for(var i=0;i<6;i++)window.open(i%2?'/popped':'');document.getElementById('t').textContent="
                    "'clicked'\">open</button><a id=a href=/popped target=_blank>link</a><p id=t></p>"),
    PAGE("/popped", "<h1>popped</h1>"),
    PAGE("/buttons",
         "<div style='height:3000px'></div><button id=far onclick=\"note('far')\">far</button><p id=t>-</p><p id=trusted>-</p>"
         "<div style='position:relative'><button id=under onclick=\"note('under')\">under</button>"
         "<div id=cover class='a b' style='position:absolute;left:0;top:0;width:400px;height:80px;background:#ccc'></div></div>"
         "<button id=off disabled onclick=\"note('off')\">off</button><button id=hid style='display:none'>hid</button>"
         "<div style='position:relative;height:60px'><button id=soon onclick=\"note('soon')\">soon</button>"
         "<div id=veil style='position:absolute;left:0;top:0;width:400px;height:60px;background:#eee'></div></div>"
         "<label for=check id=lab>box</label><input type=checkbox id=check onchange=\"note('check')\">"
         "<script>function note(n){document.getElementById('t').textContent=n;document.getElementById('trusted').textContent="
         "String(event.isTrusted)}setTimeout(function(){document.getElementById('veil').remove()},400)</script>"),
    PAGE("/form",
         "<form action=/submitted><input id=in name=text value=old><output id=o></output><textarea id=area></textarea>"
         "<input id=ro readonly value=fixed><button>send</button></form><div id=ed contenteditable>draft</div>"
         "<script>var n=0;document.getElementById('in').addEventListener('input',function(e){n++;document.getElementById('o').textContent="
         "n+':'+e.inputType+':'+e.isTrusted+':'+e.target.value});</script>"),
    PAGE("/submitted", "<h1 id=t>submitted</h1>"),
    PAGE("/list",
         "<ul><li class=item data-id=p1><a href='/p/1'>Ann</a> <span class=n>1,234</span><time datetime='2026-11-23T14:41:07Z'>now</time>"
         "<p class=body>Hello<br>w\xc3\xb6rld \xf0\x9f\x98\x80</p><i class=star></i></li>"
         "<li class=item data-id=p2><a href='/p/2'>Bob</a> <span class=n>1.2K</span><time datetime='2026-11-23T15:00:00+01:00'>now</time>"
         "<p class=body>second</p></li>"
         "<li class=item data-id=p3><a href='/p/3'>Cy</a> <span class=n>many</span><p class=body>x<script>1</script></p></li></ul>"
         "<script>document.querySelectorAll('.item a')[2].textContent='C\\u0000\\ud800y'</script>"),
    PAGE("/poster",
         "<button id=b onclick='post()'>post</button><p id=t>-</p><script>function post(){fetch('/api/post?x=1',{method:'POST',body:'{}'})"
         ".then(function(r){return r.json()}).then(function(){location.href='/plain'})}</script>"),
    PAGE("/restless", "<button id=b onclick='go()'>go</button><script>function go(){var n=8,t=setInterval(function(){"
                      "if(!n--)clearInterval(t);location.href='/plain?'+n},6)}</script>"),
    { "/api/post", "201 Created", "Content-Type: application/json\r\n", "{\"post\":{\"id\":\"p17\",\"text\":\"h\xc3\xa4\"}}", 50 },
    PAGE("/set-cookie", "<script>document.cookie='who=me; path=/'</script><p id=t>set</p>"),
    PAGE("/show-cookie", "<p id=t>[{cookie}]</p>"),
    PAGE("/tall", "<div style='height:5000px'></div><p id=y>0</p><script>addEventListener('scroll',function(){"
                  "document.getElementById('y').textContent=String(Math.round(scrollY))})</script>"),
    PAGE("/keys", "<p id=k style='min-height:9px'></p><script>addEventListener('keydown',function(e){"
                  "document.getElementById('k').textContent+=e.key+'/'+e.code+' '})</script>"),
};

#endif
