#!/usr/bin/env python3
"""service.py CHATD FOLDER PORT [WORD...]: a service manager, as chatd meets systemd's.

Listens on a socket of its own for NOTIFY_SOCKET, and makes sockets to pass on (LISTEN_FDS). WORDs are
put before CHATD, to run it as another user. Prints "ok - title" or "not ok - title" for each thing that
an operator would notice, and "done" at the end; tests/system/e2e makes TAP of it.
"""
import errno
import os
import re
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import time

chatd, folder, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
words = sys.argv[4:]
patience = 10 * int(os.environ.get("CHATD_PATIENCE", "1"))
conf, database = folder + "/etc/chatd.conf", folder + "/service.db"
WATCHDOG_S = 0.4


def result(good, title, *details):
    """One result; details are shown if it is not good."""
    print(("ok - " if good else "not ok - ") + title)
    if not good:
        for detail in details:
            print(detail)
    sys.stdout.flush()


class Manager:
    """The end of NOTIFY_SOCKET that the manager reads."""

    def __init__(self, name):
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name[0] == "@" else name)
        if name[0] != "@":
            os.chmod(name, 0o666)
        self.seen = []

    def next(self, seconds):
        """The next message as a dictionary; None: there was none in time."""
        if not select.select([self.socket], [], [], seconds)[0]:
            return None
        text = self.socket.recv(4096).decode()
        self.seen.append(text)
        return dict(line.partition("=")[::2] for line in text.splitlines())

    def until(self, wanted):
        """The first message with all of these keys and values (patterns); None: none in time."""
        end = time.monotonic() + patience
        while (left := end - time.monotonic()) > 0:
            message = self.next(left)
            if message is not None and all(re.fullmatch(value, message.get(key, "-"))
                                           for key, value in wanted.items()):
                return message
        return None

    def empty(self):
        """Forgets what has come."""
        while self.next(0) is not None:
            pass


def configure(*lines):
    """Writes a new configuration."""
    with open(conf, "w", encoding="utf-8") as f:
        f.write("\n".join((f"database = {database}", *lines)) + "\n")


class Chatd:
    """A chatd with this environment and these sockets passed."""

    def __init__(self, environment=(), sockets=(), names="", pid="self"):
        inherited = {key: value for key, value in os.environ.items()
                     if not re.match("(NOTIFY|WATCHDOG|LISTEN)_", key)}
        # What is passed must lie at 3 and up, and LISTEN_PID is known only after the fork; the shell
        # keeps its process. Copies far up are not in each other's way.
        passed = [os.dup(s.fileno()) for s in sockets]
        high = []
        for fd in passed:
            os.dup2(fd, 100 + len(high), inheritable=True)
            high.append(100 + len(high))
            os.close(fd)
        moves = " ".join(f"{3 + i}<&{fd} {fd}<&-" for i, fd in enumerate(high))
        script = f"exec {moves}; " if moves else ""
        if sockets:
            pid_value = "$$" if pid == "self" else pid
            script += f'export LISTEN_PID={pid_value} LISTEN_FDS={len(sockets)} LISTEN_FDNAMES="{names}"; '
        script += 'exec "$@"'
        self.process = subprocess.Popen(
            ["bash", "-c", script, "-", *words, chatd, "-c", conf], env={**inherited, **dict(environment)},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            pass_fds=high)
        for fd in high:
            os.close(fd)
        self.said = ""

    def ready(self, lines=1):
        """Whether it says that it listens, on so many sockets."""
        while self.said.count("listening on") < lines or not self.said.endswith("\n"):
            if not select.select([self.process.stdout], [], [], patience)[0]:
                return False
            part = os.read(self.process.stdout.fileno(), 4096).decode()
            self.said += part
            if not part:
                return False
        return True

    def end(self, signo=signal.SIGTERM):
        """Ends it; its status and what it logged."""
        if signo and self.process.poll() is None:
            self.process.send_signal(signo)
        try:
            out, err = self.process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
        self.said += out
        return self.process.returncode, err


def listen_tcp(host, family=socket.AF_INET, number=None, only_ipv6=False):
    s = socket.socket(family, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only_ipv6)
    end = time.monotonic() + patience
    while True:
        try:
            s.bind((host, port if number is None else number))
            s.listen(64)
            break
        except OSError as e:
            # The kernel lets go of a chatd's ring, and so of its port, only after the process has ended.
            if e.errno != errno.EADDRINUSE or time.monotonic() > end:
                raise
            time.sleep(0.02)
    # As systemd has it.
    s.setblocking(False)
    return s


def listen_unix(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.bind(path)
    os.chmod(path, 0o666)
    s.listen(64)
    return s


def connect(where):
    s = socket.socket(socket.AF_UNIX if isinstance(where, str) else socket.AF_INET)
    s.settimeout(patience)
    s.connect(where)
    return s


def reads(s, pattern):
    """Whether that comes, before the end or in time."""
    got = b""
    try:
        while not re.search(pattern, got.decode(errors="replace")):
            part = s.recv(4096)
            if not part:
                return False
            got += part
    except TimeoutError:
        return False
    return True


def says(s, *lines):
    s.sendall("".join(line + "\n" for line in lines).encode())


def abstract(name):
    """A manager whose socket has no path."""
    configure(f"listen = 127.0.0.1:{port}")
    manager = Manager(name)
    c = Chatd({"NOTIFY_SOCKET": name})
    up = manager.until({"READY": "1"})
    status, log = c.end()
    result(up is not None and status == 0 and manager.until({"STOPPING": "1"}) is not None,
           "a manager may have an abstract socket", status, log, *manager.seen)
    manager.socket.close()


def notified(name):
    """The whole life of a chatd, as its manager hears of it."""
    configure(f"listen = 127.0.0.1:{port}")
    manager = Manager(name)
    # The watchdog is for this process, which has started chatd.
    c = Chatd({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6)),
               "WATCHDOG_PID": str(os.getpid())})
    message = manager.until({"STATUS": "Starting: .*", "EXTEND_TIMEOUT_USEC": "[1-9][0-9]{6,}"})
    result(message is not None, "the manager hears of the start and how long it may take", *manager.seen)
    early = any("READY=1" in seen for seen in manager.seen)
    message = manager.until({"READY": "1"})
    try:
        connect(("127.0.0.1", port)).close()
        open_then = True
    except OSError:
        open_then = False
    result(message is not None and open_then and not early,
           "READY comes once people can connect, and not before", *manager.seen)
    beats = [manager.until({"WATCHDOG": "1"}) for _ in range(3)]
    result(None not in beats, "the watchdog is fed", *manager.seen)
    bob = connect(("127.0.0.1", port))
    says(bob, "bob")
    result(manager.until({"STATUS": "1 person, 1 room"}) is not None, "STATUS counts people and rooms",
           *manager.seen)
    c.process.send_signal(signal.SIGHUP)
    message = manager.until({"RELOADING": "1", "MONOTONIC_USEC": "[1-9][0-9]*"})
    late = message and time.clock_gettime(time.CLOCK_MONOTONIC) - int(message["MONOTONIC_USEC"]) / 1e6
    after = manager.until({"READY": "1"})
    result(message is not None and 0 <= late < patience and after is not None,
           "a reload begins with RELOADING and ends with READY", *manager.seen)
    c.process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, c.process.pid, os.WSTOPPED | os.WNOWAIT)
    manager.empty()
    silence = manager.next(3 * WATCHDOG_S)
    c.process.send_signal(signal.SIGCONT)
    result(silence is None and manager.until({"WATCHDOG": "1"}) is not None,
           "a chatd that hangs does not feed it", *manager.seen)
    full(manager, bob)
    c.process.send_signal(signal.SIGTERM)
    result(manager.until({"STOPPING": "1"}) is not None, "the end is announced", *manager.seen)
    status, log = c.end(None)
    result(status == 0 and "listening" in c.said, "and is an orderly one", status, log)
    result("service manager" not in log, "the log says nothing of the manager", log)
    bob.close()
    manager.socket.close()


def full(manager, bob):
    """A manager that reads nothing holds nobody up, and is told again once it reads."""
    filler = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    filler.setblocking(False)
    try:
        while True:
            filler.sendto(b"STATUS=full", manager.name)
    except BlockingIOError:
        pass
    ann = connect(("127.0.0.1", port))
    says(ann, "ann")
    says(bob, "still here?")
    served = reads(ann, r"\[bob\]:still here\?")
    manager.empty()
    result(served and manager.until({"STATUS": "2 people, 1 room"}) is not None,
           "a manager that reads nothing holds nobody up, and is told later", *manager.seen[-5:])
    filler.close()
    ann.close()


def long_end():
    """An end that takes long, because another program holds the database: more time is asked for."""
    configure(f"listen = 127.0.0.1:{port}")
    manager = Manager(folder + "/notify-end")
    c = Chatd({"NOTIFY_SOCKET": folder + "/notify-end"})
    up = c.ready()
    bob = connect(("127.0.0.1", port))
    says(bob, "bob", "before")
    other = sqlite3.connect(database, isolation_level=None, timeout=patience)
    other.execute("BEGIN IMMEDIATE")
    says(bob, "after")
    told = reads(bob, "Nothing can be saved")
    c.process.send_signal(signal.SIGTERM)
    message = manager.until({"STATUS": "Stopping: .*", "EXTEND_TIMEOUT_USEC": "[1-9][0-9]{6,}"})
    other.execute("ROLLBACK")
    other.close()
    status, log = c.end(None)
    result(up and told and message is not None and status == 0,
           "an end that takes long asks for more time", up, told, status, log, *manager.seen)
    bob.close()
    manager.socket.close()


def unreachable():
    configure(f"listen = 127.0.0.1:{port}")
    c = Chatd({"NOTIFY_SOCKET": folder + "/nobody", "WATCHDOG_USEC": "1000000"})
    up = c.ready()
    status, log = c.end()
    result(up and status == 0 and "cannot reach the service manager" in log,
           "a manager that cannot be reached is a warning", status, log)


def activated():
    """Sockets passed: a restart refuses nobody."""
    path = folder + "/passed.sock"
    configure(f"listen = 127.0.0.1:{port}", f"listen = unix:{path} telnet")
    tcp, unix = listen_tcp("127.0.0.1"), listen_unix(path)
    c = Chatd((), (unix, tcp), "local:chatd.socket")
    up = c.ready(2)
    result(up and re.search(rf"127\.0\.0\.1:{port} \(passed by the service manager\).*\n.*"
                            rf"unix:{path} \(passed by the service manager, telnet\)", c.said) is not None,
           "sockets passed take the place of their listen lines, with the options of these", c.said)
    bob, ann = connect(("127.0.0.1", port)), connect(path)
    says(bob, "bob", "/quit")
    says(ann, "ann", "/quit")
    result(reads(bob, "You are bob") and reads(ann, "You are ann"), "people come in by both")
    status, log = c.end()
    result(status == 0 and os.path.exists(path), "at its end the path of a socket passed stays", status, log)
    waiting = connect(("127.0.0.1", port)), connect(path)
    for s in waiting:
        says(s, "eve" if s is waiting[0] else "dan", "/quit")
    c = Chatd((), (tcp, unix))
    up = c.ready(2)
    result(up and reads(waiting[0], "You are eve") and reads(waiting[1], "You are dan"),
           "people who connect while no chatd runs are served by the next one", c.said)
    c.end()
    configure(f"listen = unix:{path}")
    c = Chatd((), (tcp,), "chatd.socket")
    status, log = c.end(None)
    result(status == 78 and f"passes a socket for 127.0.0.1:{port} (chatd.socket), but no listen line" in log,
           "a socket passed without a listen line is an error of the configuration", status, log)
    talk = connect(("127.0.0.1", port))
    c = Chatd((), (talk,), "chatd@1")
    status, log = c.end(None)
    result(status == 78 and "passes something (chatd@1) that is not a listening socket" in log,
           "and so is a socket that does not listen", status, log)
    tcp.close()
    talk.close()
    configure(f"listen = 127.0.0.1:{port}")
    other = listen_tcp("127.0.0.1", number=0)
    c = Chatd((), (other,), pid="1")
    up = c.ready()
    status, log = c.end()
    result(up and "(passed" not in c.said, "sockets meant for another process are none of its", c.said, log)
    for s in (unix, other, *waiting, bob, ann):
        s.close()


def activated_everywhere():
    """A socket for every address; where there is IPv6."""
    if not os.path.exists("/proc/net/if_inet6"):
        return
    configure(f"listen = {port}")
    both = listen_tcp("::", socket.AF_INET6)
    c = Chatd((), (both,), "chatd.socket")
    up = c.ready()
    result(up and f"[::]:{port} (passed" in c.said, "a socket for every address is that of listen = PORT", c.said)
    c.end()
    both.close()
    only = listen_tcp("::", socket.AF_INET6, only_ipv6=True)
    c = Chatd((), (only,), "chatd.socket")
    status, log = c.end(None)
    result(status == 78 and "BindIPv6Only=both" in log, "one that takes no IPv4 is refused", status, log)
    only.close()


notified(folder + "/notify")
abstract(f"@chatd-service-{os.getpid()}")
long_end()
unreachable()
activated()
activated_everywhere()
print("done")
