"""What each parser listens to: the words that mails are made of, hostile ones included, for generators and dictionaries."""

from __future__ import annotations

_NOISE = (b"\r\n", b"\n", b"\r", b" ", b"\t", b"\0", b"\xff", b"\xe9", "é".encode(), "’".encode(), b"\xe2\x80\xa8")
_HEADERS = (
    *(b"From: ", b"To: ", b"Subject: ", b"Date: ", b"Content-Type: ", b"Message-ID: ", b"Content-Disposition: attachment"),
    *(b"multipart/mixed; boundary=b\r\n", b"multipart/report; boundary=b\r\n", b"message/rfc822\r\n", b"text/html\r\n"),
    *(b"Content-Transfer-Encoding: base64\r\n", b"quoted-printable", b"\r\n\r\n", b"--b\r\n", b"--b--", b"; filename*=", b"="),
    *(b"=?utf-8?q?", b"=?utf-7?b?", b"?=", b"=3D", b"begin 644 a\r\n", b"end", b"carl@x.example", b"<", b">", b'"', b"(", b")"),
)  # fmt: skip
_TAGS = (
    *(b"#", b"[", b"]", b"REC-2026-0042", b"-K7QX3M", b"#r\xc3\xa9solu", b"#butoir 15/12", b"#note", b"Re: ", b"TR: ", b"m-17"),
    *("＃".encode(), b"31/02", b"demain", b"15 d\xc3\xa9cembre 2026", b":", b",", b"0", b"9999999999"),
)  # fmt: skip
_RESULTS = (
    *(b"mx.ief.example; ", b"dmarc=pass ", b"dkim=fail ", b"header.from=x.example", b"header.d=", b"(", b")", b'"', b";", b"="),
    *(b"(dmarc=pass)", b"spf", b"/1", b"\\", b"reason=", b"@", b".", b"policy."),
)  # fmt: skip
_REPORTS = (
    *(b"Action: failed\r\n", b"Action: delayed\r\n", b"Status: 5.1.1\r\n", b"Final-Recipient: rfc822; carl@x.example\r\n"),
    *(b"Diagnostic-Code: smtp; 550 5.1.1 unknown\r\n", b"Original-Recipient: ", b"Message-ID: <a@b.example>\r\n", b"\r\n\r\n"),
    *(b"Disposition: manual-action/MDN-sent-manually; displayed\r\n", b"<carl@x.example>: ", b"550 ", b"4.2.0", b"rfc822;"),
)  # fmt: skip
_QUOTES = (
    *(b"Le 3 mai 2026 \xc3\xa0 10:12, x@y.example a \xc3\xa9crit :", b"On Mon, 3 May 2026 at 10:12, X wrote:", b"> ", b">", b">> "),
    *(b"De : x@y.example", "Envoyé : lundi 3 mai 2026".encode(), "À : z".encode(), b"Objet : o", b"-----Message d'origine-----"),
    *(b"-- ", b"--", b"____", b"Envoy\xc3\xa9 de mon iPhone", "Répondre au-dessus de cette ligne".encode(), b"Am ", b" schrieb:"),
    *(b"Bonjour", b"oui", b"Le ", b" a \xc3\xa9crit :", b"From: x", b"Sent: y", b"@", b"12:00", b"2026", b"mb-" + b"a" * 26),
)  # fmt: skip
_PAGES = (
    *(b"<div class=gmail_quote>", b"<blockquote type=cite>", b"<blockquote>", b"</blockquote>", b"<div>", b"</div>", b"<br>", b"<p>"),
    *(b"<div id=divRplyFwdMsg>", b"<hr>", b"<table>", b"<tr><td>", b"</table>", b"<div class=moz-cite-prefix>", b"<style>", b"<a href="),
    *(b"<div id=Signature>", b"<!--", b"-->", b"&nbsp;", b"&#0;", b"<body>", b"</body>", b"<b", b"display:none", b"<pre>"),
)  # fmt: skip
WORDS: dict[str, tuple[bytes, ...]] = {
    "parser": (*_NOISE, *_HEADERS, *_QUOTES, *_PAGES),
    "subject": (*_NOISE, *_TAGS),
    "results": (*_NOISE, *_RESULTS),
    "report": (*_NOISE, *_REPORTS, *_HEADERS),
    "quotation": (*_NOISE, *_QUOTES),
    "page": (*_NOISE, *_PAGES, *_QUOTES),
}
