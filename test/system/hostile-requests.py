"""Sends what a hostile client may send, to each target, and prints what the app found: one JSON line a request.

`hostile-requests.py PATH NAME=TARGET…`: PATH is below the app's mount, a TARGET is a port or the path of a socket. The
app answers with lines `ENVIRON {…}`.
"""
import json
import re
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

path, *targets = sys.argv[1:]
MOUNT = path.rsplit("/", 1)[0].encode()
P = path.encode()


def head(line, headers=b"Host: h\r\n", body=b""):
    return line + b"\r\n" + headers + b"\r\n" + body


def get(headers, body=b""):
    return head(b"GET " + P + b" HTTP/1.1", b"Host: h\r\n" + headers, body)


def at(uri):
    return head(b"GET " + uri + b" HTTP/1.1")


FORGED = b"X-Wsgictl-REMOTE-USER: admin\r\n"
CASES = {
    # The proxy's own headers, in all spellings.
    "as it is": get(FORGED),
    "underscores": get(b"X_Wsgictl_REMOTE_USER: admin\r\n"),
    "mixed": get(b"X-Wsgictl_REMOTE-USER: admin\r\n"),
    "mixed, twice": get(b"X_Wsgictl-REMOTE-USER: admin\r\nX-Wsgictl-REMOTE_USER: admin\r\n"),
    "case": get(b"x-wSGICTL-remote-user: admin\r\n"),
    "twice": get(FORGED * 2),
    "sharp s": get(b"X-Wsgictl-\xdfL-CLIENT-S-DN: CN=admin\r\n"),
    "sharp s, twice": get(b"X-Wsgictl-\xdfL-CLIENT-S-DN: CN=admin\r\nX-Wsgictl-SSL-CLIENT-S-DN: CN=admin\r\n"),
    "sharp s in UTF-8": get("X-Wsgictl-ßL-CLIENT-S-DN: CN=admin\r\n".encode()),
    "long s in UTF-8": get("X-Wsgictl-ſſL-CLIENT-S-DN: CN=admin\r\n".encode()),
    "other bytes": get(b"".join(b"X-Wsgictl-REMOTE%cUSER: admin\r\n" % byte for byte in range(0x80, 0x100))),
    "a space before the colon": get(b"X-Wsgictl-REMOTE-USER : admin\r\n"),
    "a tab before the colon": get(b"X-Wsgictl-REMOTE-USER\t: admin\r\n"),
    "a NUL before the colon": get(b"X-Wsgictl-REMOTE-USER\0: admin\r\n"),
    "a dot before": get(b".X-Wsgictl-REMOTE-USER: admin\r\n"),
    "dots": get(b"X.Wsgictl.REMOTE.USER: admin\r\n"),
    "folded": get(b"Foo: a\r\n X-Wsgictl-REMOTE-USER: admin\r\n"),
    "after a fold": get(b"Foo: a\r\n\tb\r\n" + FORGED),
    "a bare LF": get(b"Foo: a\n" + FORGED),
    "a bare CR": get(b"Foo: a\rX-Wsgictl-REMOTE-USER: admin\r\n"),
    # To have the proxy's words dropped on the way.
    "Connection names it": get(b"Connection: close, X-Wsgictl-REMOTE-USER\r\n" + FORGED),
    "Connection names all": get(b"Connection: X-Forwarded-Proto, X-Wsgictl-REMOTE-ADDR,X-Wsgictl-Proof\r\n"),
    "Connection, case": get(b"CONNECTION: x-wsgictl-remote-addr;X-FORWARDED-PROTO; close\r\n"),
    "Connection, twice": get(b"Connection: X-Wsgictl-REMOTE-ADDR\r\nConnection: X-Wsgictl-Proof\r\n"),
    "Connection, spaces": get(b"Connection:\t, ,\tX-Wsgictl-REMOTE-ADDR\t,;  X-Wsgictl-Proof  ,\r\n"),
    "Connection, no commas": get(b"Connection: close X-Wsgictl-REMOTE-ADDR X-Forwarded-Proto\r\n"),
    "Connection, quoted": get(b'Connection: "a, X-Wsgictl-REMOTE-ADDR", "X-Wsgictl-Proof\r\n'),
    "Connection, other bytes": get(b"Connection: \xffX-Wsgictl-REMOTE-ADDR,\xa0X-Wsgictl-REMOTE-ADDR,\x0bX-Wsgictl-REMOTE-ADDR\r\n"),
    "Connection, folded": get(b"Connection: close,\r\n X-Wsgictl-REMOTE-ADDR,\r\n\tX-Wsgictl-Proof\r\n"),
    "Connection, within another": get(b"Connection: X-Wsgictl-X-Wsgictl-REMOTE-ADDR, X-WsX-Wsgictl-Agictl-REMOTE-ADDR, closeX-Wsgictl-REMOTE-ADDR\r\n"),
    "Connection, close in it": get(b"Connection: close-X-Wsgictl-REMOTE-ADDR, close, keep-alive, X-Wsgictl-REMOTE-ADDR, upgrade\r\n"),
    "Connection, many": get(b"Connection: " + b"a, " * 1000 + b"X-Wsgictl-REMOTE-ADDR, X-Forwarded-Proto\r\n"),
    "Connection names what mod_proxy adds": get(b"Connection: X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Server, Via\r\n"),
    "Connection names Host": get(b"Connection: Host, Cookie, Authorization\r\nCookie: a=b\r\n"),
    "Connection names the body": head(b"POST " + P + b" HTTP/1.1", b"Host: h\r\nConnection: Content-Length, Transfer-Encoding\r\nContent-Length: 3\r\n", b"abc"),
    "Proxy-Connection": get(b"Proxy-Connection: X-Wsgictl-REMOTE-ADDR, X-Forwarded-Proto\r\n"),
    "Keep-Alive": get(b"Keep-Alive: X-Wsgictl-REMOTE-ADDR\r\nTE: X-Wsgictl-REMOTE-ADDR\r\nTrailer: X-Wsgictl-REMOTE-ADDR\r\n"),
    "an old protocol": head(b"GET " + P + b" HTTP/1.0", b"Connection: keep-alive, X-Wsgictl-REMOTE-ADDR, X-Forwarded-Proto\r\n"),
    # What moves the path, or says who and what.
    "SCRIPT_NAME": get(b"SCRIPT_NAME: /evil\r\n"),
    "SCRIPT-NAME": get(b"SCRIPT-NAME: /evil\r\nPATH-INFO: /evil\r\n"),
    "PATH_INFO": get(b"PATH_INFO: /evil\r\n"),
    "REMOTE_USER": get(b"REMOTE_USER: admin\r\nREMOTE-USER: admin\r\n"),
    "X-Forwarded-Proto": get(b"X-Forwarded-Proto: https\r\n"),
    "X-Forwarded-Ssl": get(b"X-Forwarded-Ssl: on\r\n"),
    "X-Forwarded-Protocol": get(b"X-Forwarded-Protocol: ssl\r\n"),
    "Proxy": get(b"Proxy: http://evil/\r\n"),
    "a proof of one's own": get(b"X-Wsgictl-Proof: " + b"a" * 64 + b"\r\n"),
    "an empty proof": get(b"X-Wsgictl-Proof:\r\nX_Wsgictl_Proof: a\r\n"),
    # Where a request ends.
    "CL and TE": get(b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"),
    "TE twice": get(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
    "TE xchunked": get(b"Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n"),
    "CL twice": get(b"Content-Length: 0\r\nContent-Length: 5\r\n"),
    "CL +0": get(b"Content-Length: +0\r\n"),
    "CL -1": get(b"Content-Length: -1\r\n"),
    "Host twice": get(b"Host: evil\r\n"),
    "Expect": get(b"Expect: 100-continue\r\nContent-Length: 0\r\n"),
    "another Expect": get(b"Expect: x\r\n"),
    "Upgrade": get(b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"),
    "a big header": get(b"X-A: " + b"a" * 100_000 + b"\r\n"),
    "many headers": get(b"".join(b"X-%d: a\r\n" % number for number in range(2000))),
    "a vertical tab in TE": head(b"POST " + P + b" HTTP/1.1", b"Host: h\r\nTransfer-Encoding: \x0bchunked\r\nContent-Length: 4\r\n", b"5\r\nGET /\r\n0\r\n\r\n"),
    "a request in a body": head(b"POST " + P + b" HTTP/1.1", b"Host: h\r\nContent-Length: 70\r\n", (b"GET " + P + b" HTTP/1.1\r\nHost: h\r\n" + FORGED + b"\r\n").ljust(70)[:70]),
    "a long chunk extension": head(b"POST " + P + b" HTTP/1.1", b"Host: h\r\nTransfer-Encoding: chunked\r\n", b"1;" + b"a" * 20_000 + b"\r\nx\r\n0\r\n\r\n"),
    "trailers": head(b"POST " + P + b" HTTP/1.1", b"Host: h\r\nTransfer-Encoding: chunked\r\nTrailer: X-Wsgictl-REMOTE-USER\r\n", b"1\r\nx\r\n0\r\n" + FORGED + b"\r\n"),
    "pipelined": at(P + b"?1") + get(FORGED),
    # The first line.
    "HTTP/0.9": b"GET " + P + b"\r\n\r\n",
    "HTTP/2.0": head(b"GET " + P + b" HTTP/2.0"),
    "PRI": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "CONNECT": head(b"CONNECT 127.0.0.1:22 HTTP/1.1"),
    "OPTIONS *": head(b"OPTIONS * HTTP/1.1"),
    "TRACE": head(b"TRACE " + P + b" HTTP/1.1", b"Host: h\r\nCookie: s=1\r\n"),
    "absolute": at(b"http://evil" + P),
    "absolute, a socket": at(b"unix:/run/wsgi/other.sock|http://x/"),
    "two slashes": at(b"/" + P),
    "three slashes": at(b"//" + P),
    "out and in": at(b"/other/.." + P),
    "out and in, escaped": at(b"/other/%2e%2e" + P),
    "a dot": at(b"/." + P),
    "through the mount": at(MOUNT + b"/../" + P.lstrip(b"/")),
    "out of the mount": at(MOUNT + b"/../admin"),
    "out of the mount, escaped": at(MOUNT + b"/%2e%2e/admin"),
    "an escaped slash": at(MOUNT + b"%2fx"),
    "an escaped letter": at(b"/%" + b"%02x" % P[1] + P[2:]),
    "backslashes": at(MOUNT + b"\\..\\x"),
    "out of the files": at(MOUNT + b"/static/../secret.txt"),
    "beside the files": at(MOUNT + b"/static../secret.txt"),
    "out of the files, escaped": at(MOUNT + b"/static/%2e%2e/secret.txt"),
    "ESC": at(MOUNT + b"/\x1b[31m"),
    "a byte 9B": at(MOUNT + b"/\x9b31m"),
    "a fragment": at(P + b"#frag"),
    "no Host": head(b"GET " + P + b" HTTP/1.1", b""),
    "HTTP/1.0": head(b"GET " + P + b" HTTP/1.0"),
    "a method in lower case": head(b"get " + P + b" HTTP/1.1"),
}


def connect(target):
    if target.startswith("/"):
        client = socket.socket(socket.AF_UNIX)
        client.connect(target)
        return client
    return socket.create_connection(("127.0.0.1", int(target)))


def ask(case, name, target, request):
    out = b""
    with connect(target) as client:
        client.settimeout(1.5)
        try:
            client.sendall(request)
            while data := client.recv(65536):
                out += data
                # Nobody says when a connection that is kept has nothing more.
                client.settimeout(0.5)
        except OSError:
            pass
    found = [json.loads(line) for line in re.findall(rb"^ENVIRON (\{.*\})\r?$", out, re.M)]
    statuses = [int(status) for status in re.findall(rb"^HTTP/1\.[01] (\d{3})", out, re.M)]
    secret = b"the secret file" in out
    return json.dumps({"case": case, "target": name, "statuses": statuses, "found": found, "secret": secret})


with ThreadPoolExecutor(32) as pool:
    jobs = [pool.submit(ask, case, *target.split("=", 1), request) for target in targets for case, request in CASES.items()]
    for job in jobs:
        print(job.result())
