"""A private mail server for tests: mail_server.py FOLDER MODE, with cert.pem and key.pem in FOLDER for the modes with TLS.

Listens on a free port of 127.0.0.1 and says "listening PORT". Each mail taken is written to FOLDER/mail-N.json with its envelope, what a mail
reader makes of it (decoded subject, body, ids) and the longest line; the raw bytes go to FOLDER/mail-N.eml. Runs until it is ended.

MODE: plain (no TLS), starttls (refuses mail without it), smtps (TLS from the start), login (STARTTLS, then user ops with password xyzzy),
picky (refuses gone@ for good), busy (451 to every recipient), mute (accepts the mail and never answers QUIT)."""
import asyncio
import email
import email.policy
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

folder, mode = sys.argv[1:3]
count = 0


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if mode == "busy":
            return "451 come back later"
        if mode == "picky" and address.startswith("gone@"):
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        global count
        raw = envelope.original_content
        message = email.message_from_bytes(raw, policy=email.policy.default)
        count += 1
        with open(os.path.join(folder, f"mail-{count}.eml"), "wb") as file:
            file.write(raw)
        known = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": bool(session.ssl) or mode == "smtps",
            "login": bool(session.authenticated),
            "headers": sorted({name.lower() for name in message.keys()}),
            "subject": message["subject"],
            "header_to": [a.addr_spec for a in message["to"].addresses],
            "id": message["message-id"],
            "parent": message["in-reply-to"],
            "references": message["references"],
            "body": message.get_content().replace("\r\n", "\n"),
            "defects": [str(d) for d in message.defects],
            "longest": max(len(line) for line in raw.split(b"\r\n")),
            "bare": raw.replace(b"\r\n", b"").count(b"\n") + raw.replace(b"\r\n", b"").count(b"\r"),
            "eight_bit": sum(1 for byte in raw if byte > 126),
        }
        with open(os.path.join(folder, f"mail-{count}.json"), "w", encoding="utf-8") as file:
            json.dump(known, file)
        return "250 taken"

    async def handle_QUIT(self, server, session, envelope):
        if mode == "mute":
            await asyncio.Event().wait()
        return "221 bye"


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == b"ops" and data.password == b"xyzzy", handled=False)


async def main():
    context = None
    if mode in ("starttls", "smtps", "login"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem"))
    options = {"hostname": "mail.test"}
    if mode in ("starttls", "login"):
        options.update(tls_context=context, require_starttls=True)
    if mode == "login":
        options.update(authenticator=authenticate, auth_required=True)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Handler(), **options), "127.0.0.1", 0, ssl=context if mode == "smtps" else None
    )
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
