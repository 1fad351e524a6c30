#!/usr/bin/python3
"""terminal.py PORT TALK_PORT SECONDS SEED: random sessions at chatd's editor, held against a model.

A telnet client types at a chatd that runs at 127.0.0.1:PORT (telnet), others talk at TALK_PORT. What chatd
sends goes through a terminal emulator (pyte). After every event the screen must be what a list of graphemes
says: the prompt and the line below the talk, wrapped at the screen's width, the cursor in its place, and above
them all that was said, in its order. Prints TAP; each session can be run again by its seed.

Graphemes here are a base character and at most one combining mark: pyte drops what follows a joiner.
"""
import random
import re
import select
import socket
import sys
import time
import unicodedata

import pyte
from wcwidth import wcwidth

IAC, DONT, DO, WONT, WILL, SB, GA, SE = 255, 254, 253, 252, 251, 250, 249, 240
ECHO, SGA, TIMING_MARK, TTYPE, NAWS = 1, 3, 6, 24, 31
WAIT_S = 20
SESSION_EVENTS = 120

LETTERS = list('abcdefghijklmnopqrstuvwxyzABC0123456789.,;:!?-') + [
    'é', 'ß', 'Ω', 'я', '漢', '字', '한', 'カ', '、', '😀', '🎉', 'e\u0301', 'o\u0308', '\u0915']
WORDS = ['disk', 'full', 'backup', 'the', 'on', 'to', 'ops', '漢字', 'größer', 'x' * 30, '😀😀', 'no', 'question,']


class Fault(Exception):
    pass


def width(grapheme):
    return wcwidth(grapheme[0])


def graphemes(text):
    """The text's graphemes: a character with the combining marks behind it."""
    out = []
    for ch in text:
        if out and unicodedata.combining(ch):
            out[-1] += ch
        else:
            out.append(ch)
    return out


class Editor:
    """What the line is, by the keys' documentation (docs/terminal.md)."""

    def __init__(self):
        self.line, self.cursor, self.kill, self.joins = [], 0, [], False
        self.history, self.back, self.begun = [], 0, []

    def insert(self, items):
        self.line[self.cursor:self.cursor] = items
        self.cursor += len(items)

    def cut(self, begin, end):
        if begin == end:
            return
        if not self.joins:
            self.kill = []
        piece = self.line[begin:end]
        self.kill = self.kill + piece if begin == self.cursor else piece + self.kill
        del self.line[begin:end]
        self.cursor = begin
        self.joins = True

    @staticmethod
    def letter(g):
        return g[0].isascii() and g[0].isalnum() or not g[0].isascii()

    def word_left(self):
        at = self.cursor
        while at > 0 and not self.letter(self.line[at - 1]):
            at -= 1
        while at > 0 and self.letter(self.line[at - 1]):
            at -= 1
        return at

    def word_right(self):
        at = self.cursor
        while at < len(self.line) and not self.letter(self.line[at]):
            at += 1
        while at < len(self.line) and self.letter(self.line[at]):
            at += 1
        return at

    def blank_left(self):
        at = self.cursor
        while at > 0 and self.line[at - 1] == ' ':
            at -= 1
        while at > 0 and self.line[at - 1] != ' ':
            at -= 1
        return at

    def walk(self, back):
        if not 0 <= back <= len(self.history):
            return
        if back > 0 and self.back == 0:
            self.begun = self.line
        self.line = list(self.begun if back == 0 else self.history[-back])
        self.back = back
        self.cursor = len(self.line)

    def press(self, key):
        if key not in ('kill', 'rubout', 'word_delete', 'word_rubout'):
            self.joins = False
        at, n = self.cursor, len(self.line)
        if key == 'left':
            self.cursor = max(0, at - 1)
        elif key == 'right':
            self.cursor = min(n, at + 1)
        elif key == 'home':
            self.cursor = 0
        elif key == 'end':
            self.cursor = n
        elif key == 'word_left':
            self.cursor = self.word_left()
        elif key == 'word_right':
            self.cursor = self.word_right()
        elif key == 'backspace' and at > 0:
            del self.line[at - 1]
            self.cursor = at - 1
        elif key == 'delete' and at < n:
            del self.line[at]
        elif key == 'kill':
            self.cut(at, n)
        elif key == 'rubout':
            self.cut(0, at)
        elif key == 'word_rubout':
            self.cut(self.blank_left(), at)
        elif key == 'word_delete':
            self.cut(at, self.word_right())
        elif key == 'yank':
            self.insert(self.kill)
        elif key == 'transpose':
            middle = at if at < n else at - 1
            if middle > 0:
                self.line[middle - 1], self.line[middle] = self.line[middle], self.line[middle - 1]
                self.cursor = middle + 1
        elif key == 'up':
            self.walk(self.back + 1)
        elif key == 'down':
            self.walk(self.back - 1)

    def taken(self, remember=True):
        if remember and self.line and (not self.history or self.history[-1] != self.line):
            self.history = (self.history + [self.line])[-50:]
        self.line, self.cursor, self.back, self.begun, self.joins = [], 0, 0, [], False


KEYS = {
    'left': ['\x1b[D', '\x1bOD', '\x02'], 'right': ['\x1b[C', '\x06'], 'home': ['\x1b[H', '\x01', '\x1b[1~'],
    'end': ['\x1b[F', '\x05', '\x1b[4~'], 'word_left': ['\x1bb', '\x1b[1;5D'],
    'word_right': ['\x1bf', '\x1b[1;5C'], 'backspace': ['\x7f', '\x08'], 'delete': ['\x1b[3~'],
    'kill': ['\x0b'], 'rubout': ['\x15'], 'word_rubout': ['\x17'], 'word_delete': ['\x1bd'], 'yank': ['\x19'],
    'transpose': ['\x14'], 'up': ['\x1b[A', '\x10'], 'down': ['\x1b[B', '\x0e'],
}


class Terminal(pyte.Screen):
    """A screen that keeps what scrolls off it, and is resized as xterm is."""

    def __init__(self, columns, lines):
        self.gone = []
        super().__init__(columns, lines)

    def row(self, y):
        cells, out, x = self.buffer[y], '', 0
        while x < self.columns:
            out += cells[x].data
            x += 1
        return out.rstrip()

    def index(self):
        if self.cursor.y == self.lines - 1:
            self.gone.append(self.row(0))
        super().index()

    def fit(self, columns, lines):
        """Rows go off at the top as far as the cursor needs it, and come back from nowhere."""
        while self.cursor.y > lines - 1:
            self.gone.append(self.row(0))
            for y in range(self.lines - 1):
                self.buffer[y] = self.buffer[y + 1]
            self.buffer.pop(self.lines - 1, None)
            self.cursor.y -= 1
        for y in range(lines, self.lines):
            self.buffer.pop(y, None)
        for y in range(lines):
            for x in [x for x in self.buffer[y] if x >= columns]:
                self.buffer[y].pop(x)
        self.lines, self.columns = lines, columns
        self.cursor.x = min(self.cursor.x, columns - 1)


class Person:
    """Somebody with nc."""

    def __init__(self, port, name):
        self.sock = socket.create_connection(('127.0.0.1', port), WAIT_S)
        self.name, self.got = name, b''
        self.say(name)
        self.say('/nosuch')
        self.until(b'There is no command /nosuch')

    def say(self, line):
        self.sock.sendall(line.encode() + b'\n')

    def until(self, text):
        while text not in self.got:
            more = self.sock.recv(65536)
            if not more:
                raise Fault(f'{self.name} is cut off: {self.got[-300:]}')
            self.got += more
        self.got = self.got[self.got.index(text) + len(text):]


class Session:
    def __init__(self, port, talk_port, seed):
        self.random = random.Random(seed)
        self.columns, self.lines = 80, 24
        self.sock = socket.create_connection(('127.0.0.1', port), WAIT_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.screen = Terminal(self.columns, self.lines)
        self.stream = pyte.ByteStream(self.screen)
        self.raw, self.marks, self.mode = b'', 0, set()
        self.editor, self.top = Editor(), 0
        self.prompt, self.said, self.seen_from = '[ENTER YOUR NAME]: ', None, 0
        self.name = f'alice{seed}'
        self.did = []
        self.bob = Person(talk_port, f'bob{seed}')

    # -- telnet

    def naws(self):
        size = b''.join(bytes([b, b]) if b == IAC else bytes([b])
                        for n in (self.columns, self.lines) for b in (n >> 8, n & 255))
        return bytes([IAC, SB, NAWS]) + size + bytes([IAC, SE])

    def answer(self, verb, option):
        if option == TIMING_MARK:
            self.marks += 1
        elif verb == DO and option in (TTYPE, NAWS, SGA):
            self.sock.sendall(bytes([IAC, WILL, option]) + (self.naws() if option == NAWS else b''))
        elif verb == DO:
            self.sock.sendall(bytes([IAC, WONT, option]))
        elif verb == WILL and option in (ECHO, SGA):
            self.mode.add(option)
            self.sock.sendall(bytes([IAC, DO, option]))
        elif verb == WILL:
            self.sock.sendall(bytes([IAC, DONT, option]))
        elif verb == WONT:
            self.mode.discard(option)

    def take(self):
        """One read, up to a sequence that is not complete yet."""
        more = self.sock.recv(65536)
        if not more:
            raise Fault('is cut off')
        self.raw += more
        text = b''
        while self.raw:
            at = self.raw.find(IAC)
            if at != 0:
                text += self.raw if at < 0 else self.raw[:at]
                self.raw = b'' if at < 0 else self.raw[at:]
                continue
            if self.raw[1:2] == bytes([GA]) and not self.did:
                # The prompt was there before both had agreed to leave these out (RFC 858).
                self.raw = self.raw[2:]
                continue
            if len(self.raw) < 3:
                break
            if self.raw[1] == SB:
                end = self.raw.find(bytes([IAC, SE]))
                if end < 0:
                    break
                if self.raw[2] == TTYPE:
                    self.sock.sendall(bytes([IAC, SB, TTYPE, 0]) + b'XTERM' + bytes([IAC, SE]))
                self.raw = self.raw[end + 2:]
            elif self.raw[1] >= WILL:
                self.answer(self.raw[1], self.raw[2])
                self.raw = self.raw[3:]
            else:
                raise Fault(f'telnet: {self.raw[:3]}')
        if text:
            self.stream.feed(text)

    def until(self, condition, what):
        end = time.monotonic() + WAIT_S
        while not condition():
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.sock], [], [], left)[0]:
                raise Fault(f'waits in vain for {what}')
            self.take()

    def sync(self):
        """Everything that was sent has been handled, and what came of it is here: the first mark may be answered
        before the line is drawn, but in the same step."""
        for _ in range(2):
            want = self.marks + 1
            self.sock.sendall(bytes([IAC, DO, TIMING_MARK]))
            self.until(lambda: self.marks >= want, 'an answer')

    # -- what must be seen

    def text_above(self, end):
        rows = self.screen.gone + [self.screen.row(y) for y in range(end)]
        return rows[self.seen_from:]

    def layout(self):
        """The rows of prompt and line, and where the cursor is in them."""
        limit, rows, x, cursor = self.columns - 1, [''], 0, None
        for i, g in enumerate(graphemes(self.prompt) + self.editor.line):
            at = i - len(graphemes(self.prompt))
            if x + width(g) > limit:
                rows.append('')
                x = 0
            if at == self.editor.cursor:
                cursor = (len(rows) - 1, x)
            rows[-1] += g
            x += width(g)
        return rows, cursor or (len(rows) - 1, x)

    def check(self):
        rows, (row, column) = self.layout()
        most = min(max(self.lines, 2), 65) - 1
        if len(rows) <= most:
            self.top = 0
        else:
            if row < self.top:
                self.top = row
            elif row >= self.top + most:
                self.top = row - most + 1
            self.top = min(self.top, len(rows) - most)
        shown = rows[self.top:self.top + most]
        first = self.screen.cursor.y - (row - self.top)
        got = [self.screen.row(y) for y in range(max(first, 0), self.screen.lines)]
        want = [unicodedata.normalize('NFC', r.rstrip()) for r in shown]
        if first < 0 or got[:len(want)] != want or any(got[len(want):]) or self.screen.cursor.x != column:
            raise Fault(f'the line is {want}, the cursor in row {row - self.top}, column {column};\n'
                        f'the screen has {got}, the cursor in row {self.screen.cursor.y - first}, '
                        f'column {self.screen.cursor.x}')
        self.check_said(first)

    def check_said(self, end):
        if self.said is None:
            return
        above = self.text_above(end)
        for r in above:
            if sum(max(wcwidth(ch), 0) for ch in r) > self.columns - 1:
                raise Fault(f'a row is too wide: {r}')
        squeezed = re.sub(r'\s', '', ''.join(above))
        want = re.sub(r'\s', '', unicodedata.normalize('NFC', ''.join(self.said)))
        if squeezed != want:
            n = next((i for i, (a, b) in enumerate(zip(squeezed, want)) if a != b), min(len(squeezed), len(want)))
            raise Fault(f'was said: ...{want[max(0, n - 20):n + 80]}\nthe screen has: ...{squeezed[max(0, n - 20):n + 80]}')

    def forget_said(self):
        """What is above the line from here on is compared, and nothing before it."""
        rows, (row, _) = self.layout()
        self.seen_from = len(self.screen.gone) + self.screen.cursor.y - (row - self.top)
        self.said = []

    # -- events

    def send(self, text):
        """Cut anywhere but in an escape sequence: whoever is slow to send the rest has pressed ESC (50 ms)."""
        data = text.encode().replace(b'\xff', b'\xff\xff')
        while data:
            n = self.random.randint(1, len(data)) if self.random.random() < 0.2 and b'\x1b' not in data else len(data)
            self.sock.sendall(data[:n])
            data = data[n:]

    def begin(self):
        self.until(lambda: {ECHO, SGA} <= self.mode and '[ENTER YOUR NAME]' in '\n'.join(self.screen.display),
                   'the prompt')
        self.send(f'{self.name}\r')
        self.until(lambda: any(r.startswith('[general] ') for r in self.screen.display), 'the room')
        self.prompt = '[general] '
        for setting in ('time off', 'more off', 'joins off', 'colour off'):
            self.send(f'/set {setting}\r')
            self.editor.line = graphemes(f'/set {setting}')
            self.editor.taken()
        self.sync()
        self.until(lambda: '-- colour is off now.' in '\n'.join(self.screen.display), 'the settings')
        self.sync()
        self.forget_said()

    def others_say(self, line):
        self.bob.say(line)
        self.said.append(f'{self.bob.name}: {line}')
        self.bob.say('/nosuch')
        self.bob.until(b'There is no command /nosuch')
        # It is told to everybody in the room before bob is answered; here it comes as soon as it is sent.
        squeezed = re.sub(r'\s', '', unicodedata.normalize('NFC', ''.join(self.said)))
        self.until(lambda: squeezed in re.sub(r'\s', '', ''.join(self.text_above(self.screen.lines))), line)

    def event(self):
        kind = self.random.random()
        if kind < 0.34:
            items = [self.random.choice(LETTERS) for _ in range(self.random.choice((1, 1, 1, 3, 40)))]
            if self.random.random() < 0.4:
                items.append(' ')
            if len(''.join(self.editor.line + items).encode()) > 900:
                return
            self.did.append(('type', ''.join(items)))
            self.editor.joins = False
            self.editor.insert(items)
            self.send(''.join(items))
        elif kind < 0.64:
            key = self.random.choice(list(KEYS))
            if key == 'yank' and len(''.join(self.editor.line + self.editor.kill).encode()) > 900:
                return
            self.did.append(('key', key))
            self.editor.press(key)
            self.send(self.random.choice(KEYS[key]))
        elif kind < 0.80:
            line = ' '.join(self.random.choice(WORDS) for _ in range(self.random.choice((1, 3, 20))))
            self.did.append(('bob', line))
            self.others_say(line)
        elif kind < 0.86:
            self.say()
        elif kind < 0.90:
            self.did.append(('drop', ''))
            if not self.editor.line:
                self.said.append('-- /quit leaves the chat.')
            self.editor.taken(remember=False)
            self.send('\x03')
        elif kind < 0.93:
            self.paste()
        elif kind < 0.95:
            self.did.append(('clear', ''))
            self.editor.joins = False
            self.send('\x0c')
            self.sync()
            self.forget_said()
        else:
            self.resize()
        self.sync()
        self.check()

    @staticmethod
    def sayable(line):
        """Neither a command, nor what chatd may take for one that was meant: it says so then."""
        first = (line.split() or [''])[0]
        return not line.startswith('/') and (len(first) > 7 or first != '' and not first.isascii())

    def say(self):
        line = ''.join(self.editor.line)
        self.did.append(('say', line))
        if not self.sayable(line):
            return
        self.said.append(f'{self.name}: {line.strip()}')
        self.editor.taken()
        self.send(self.random.choice(('\r', '\n', '\r\n')))
        squeezed = re.sub(r'\s', '', unicodedata.normalize('NFC', ''.join(self.said)))
        self.until(lambda: squeezed in re.sub(r'\s', '', ''.join(self.text_above(self.screen.lines))), line)

    def paste(self):
        n = self.random.choice((1, 1, 2, 3))
        lines = [' '.join(self.random.choice(WORDS) for _ in range(3)) for _ in range(n)]
        if len(''.join(self.editor.line).encode()) > 500:
            return
        self.did.append(('paste', lines))
        self.send('\x1b[200~' + '\r'.join(lines) + '\x1b[201~')
        self.editor.joins = False
        if n == 1:
            self.editor.insert(graphemes(lines[0]))
            return
        # Held: what is shown is how many there are. The parts of the line before and behind the cursor belong
        # to the first and the last.
        before, behind = self.editor.line[:self.editor.cursor], self.editor.line[self.editor.cursor:]
        held = Editor()
        held.line = list(f'{n} lines pasted: Enter sends them, ctrl-C drops them')
        held.cursor = len(held.line)
        kept, self.editor = self.editor, held
        self.sync()
        self.check()
        lines = [''.join(before) + lines[0]] + lines[1:-1] + [lines[-1] + ''.join(behind)]
        self.editor = kept
        kept.back, kept.begun, kept.joins = 0, [], False
        if self.random.random() < 0.5 or not all(self.sayable(line) for line in lines):
            # What was typed before stays.
            self.send('\x03')
            if not kept.line:
                self.editor.taken(remember=False)
            return
        self.said += [f'{self.name}: {line.strip()}' for line in lines]
        self.send('\r')
        squeezed = re.sub(r'\s', '', unicodedata.normalize('NFC', ''.join(self.said)))
        self.until(lambda: squeezed in re.sub(r'\s', '', ''.join(self.text_above(self.screen.lines))), 'a paste')
        for line in lines:
            kept.line = graphemes(line)
            kept.taken()
        self.editor.taken(remember=False)

    def resize(self):
        rows, (row, _) = self.layout()
        end = self.screen.cursor.y - (row - self.top)
        before = self.text_above(end)[-1:]
        columns, lines = self.random.choice((20, 33, 47, 80, 132)), self.random.choice((5, 10, 24, 50))
        if lines <= len(rows):
            return  # what goes off at the top with the line's first rows cannot be taken back from there
        self.columns, self.lines = columns, lines
        self.did.append(('resize', (self.columns, self.lines)))
        self.screen.fit(self.columns, self.lines)
        self.sock.sendall(self.naws())
        self.sync()
        self.said = None
        self.check()
        rows, (row, _) = self.layout()
        end = self.screen.cursor.y - (row - self.top)
        after = (self.screen.gone + [self.screen.row(y) for y in range(end)])[-1:]
        # An xterm that becomes narrower cuts rows off; what is left is there still.
        if before and before[0] and not (after and after[0] and
                                         before[0].startswith(after[0][:self.columns - 2])):
            raise Fault(f'the row above the line was {before}, and is {after}')
        self.forget_said()

    def run(self, until):
        self.begin()
        self.check()
        n = 0
        while n < SESSION_EVENTS and time.monotonic() < until:
            self.event()
            n += 1
        # Both have gone before others come: what these are sent is what is said to them.
        for sock in (self.bob.sock, self.sock):
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):
                pass
            sock.close()
        return n


def main():
    port, talk_port, seconds, seed = map(int, sys.argv[1:5])
    until, events, sessions, faults = time.monotonic() + seconds, 0, 0, 0
    while time.monotonic() < until and faults < 3:
        session = None
        try:
            session = Session(port, talk_port, seed + sessions)
            events += session.run(until)
        except (Fault, OSError) as why:
            faults += 1
            print(f'not ok {faults} - terminal, seed {seed + sessions}, after {len(session.did) if session else 0} events')
            for line in str(why).split('\n'):
                print(f'# {line}')
            if session:
                for did in session.did[-6:]:
                    print(f'#   {did}')
                for y in range(session.screen.lines):
                    print(f'#   |{session.screen.row(y)}')
        sessions += 1
    if events == 0:
        print('not ok 1 - no session came to anything')
    elif faults == 0:
        print(f'ok 1 - {sessions} sessions, {events} events: each screen is what the model says')
    print(f'1..{max(faults, 1)}')
    return faults > 0 or events == 0


if __name__ == '__main__':
    sys.exit(main())
