#!/usr/bin/env python3
"""engine_proxy.py LISTEN ENGINE: a bad network between a node and its engine, both unix sockets.

Reads a word a line from standard input, and answers "ok" once it is done:
    cut         breaks all connections
    cut-reply   breaks them amid the engine's next answer: half of it has arrived
    delay MS    what is under way takes so long, in both directions
    hold        nothing passes any more, and nobody is told
    go          all passes again
"""
import os
import socket
import sys
import threading
import time

PIECE = 1 << 16
HALVED = 32  # bytes of an answer that is cut: a shorter one waits for the next

lock = threading.Condition()
links = set()
state = {"delay": 0.0, "hold": False, "halve": False}


def close(link):
    """Breaks a link: (node's socket, engine's)."""
    with lock:
        links.discard(link)
    for end in link:
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def passes(data, is_answer):
    """Waits until data may pass. Returns what of it does, and whether the link breaks then."""
    arrived = time.monotonic()
    with lock:
        while state["hold"]:
            lock.wait()
        late = arrived + state["delay"] - time.monotonic()
        halved = is_answer and state["halve"] and len(data) >= HALVED
        if halved:
            state["halve"] = False
            lock.notify_all()
    if late > 0:
        time.sleep(late)
    return (data[:len(data) // 2], True) if halved else (data, False)


def forward(link, source, to, is_answer):
    try:
        while data := source.recv(PIECE):
            data, breaks = passes(data, is_answer)
            to.sendall(data)
            if breaks:
                cut()
    except OSError:
        pass
    close(link)


def serve(listener, engine):
    while True:
        node, _ = listener.accept()
        out = socket.socket(socket.AF_UNIX)
        try:
            out.connect(engine)
        except OSError:
            node.close()
            continue
        link = (node, out)
        with lock:
            links.add(link)
        for ends in ((node, out, False), (out, node, True)):
            threading.Thread(target=forward, args=(link, *ends), daemon=True).start()


def cut():
    with lock:
        broken = list(links)
    for link in broken:
        close(link)


def command(words):
    if words[0] == "cut":
        cut()
    with lock:
        if words[0] == "delay":
            state["delay"] = int(words[1]) / 1000
        elif words[0] in ("hold", "go"):
            state["hold"] = words[0] == "hold"
            lock.notify_all()
        elif words[0] == "cut-reply":
            state["halve"] = True
            while state["halve"]:
                lock.wait()


def main():
    path, engine = sys.argv[1:]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    os.chmod(path, 0o777)
    listener.listen(16)
    threading.Thread(target=serve, args=(listener, engine), daemon=True).start()
    print("ok", flush=True)
    for line in sys.stdin:
        command(line.split())
        print("ok", flush=True)


main()
