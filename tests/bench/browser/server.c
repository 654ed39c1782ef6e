/* The pages of the comparison, served from a process of their own until standard input ends. */
#include "peers.h"

#include "browser_server.h"

#include <stdio.h>
#include <unistd.h>

static char rows[16 * 1024];

static void write_rows(void)
{
    struct sb_text text;

    sb_text_init(&text, rows, sizeof(rows));
    sb_text_add(&text, "<!doctype html><title>Twenty rows</title><style>li{margin:4px;padding:4px;border:1px solid #ccc}</style><ul>");
    for (int i = 1; i <= PEER_ROWS; i++)
        sb_text_addf(&text, "<li class=item data-id=p%d><a href='/p/%d'>Author %d</a> <time datetime='2026-11-23T14:%02d:07Z'>now</time>"
                            "<p class=body>Text number %d, with a few more words to read, as a post has them.</p></li>", i, i, i % 7, i, i);
    sb_text_add(&text, "</ul>");
    SB_ASSERT(!text.is_cut);
}

void peer_serve(void)
{
    static const struct server_page pages[] = {
        { "/404", "404 Not Found", "", "nothing here", 0 },
        { "/rows", "200 OK", "", rows, 0 },
        { "/step", "200 OK", "",
          "<!doctype html><title>Step</title><p>working</p><script>setTimeout(function(){var d=document.createElement('div');d.id='done';"
          "d.textContent='done';document.body.appendChild(d)},Number(new URLSearchParams(location.search).get('ms')))</script>", 0 },
    };
    static struct server server;
    char byte;

    write_rows();
    if (!server_start(&server, pages, SB_LEN(pages)))
        give_up("the server did not start");
    (void)printf("%d\n", server.port);
    (void)fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    server_stop(&server);
}
