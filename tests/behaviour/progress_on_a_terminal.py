#!/usr/bin/env python3
"""Runs a program on a pseudo-terminal and looks at what a person would see: the line of progress never wraps and is gone
at the end, the lines above it are whole, and nothing that a step writes acts on the terminal.

usage: progress_on_a_terminal.py PROGRAM      the one of programs/progress.cpp
exit status 77: skipped, with the reason"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

PATIENCE = 60  # seconds; far more than any of the programs takes


class Terminal:
    """As much of a terminal as the progress needs; whatever else it is sent is a problem. It keeps all lines."""

    def __init__(self, columns):
        self.columns = columns
        self.lines = [[]]
        self.row = self.column = 0
        self.wraps = True
        self.wrapped = 0
        self.problems = []
        self.seen = []  # each state of the row of the cursor
        self.pending = b""

    def resize(self, columns):
        self.columns = columns
        self.lines = [line[:columns] for line in self.lines]  # as xterm does it
        self.column = min(self.column, columns - 1)

    def feed(self, data):
        data = self.pending + data
        self.pending = b""
        while data:
            if data.startswith(b"\x1b"):
                match = re.match(rb"\x1b\[([?0-9;]*)([A-Za-z])", data)
                if not match:
                    if len(data) < 16:
                        self.pending = data
                        return
                    self.problems.append(f"an unknown sequence: {data[:16]!r}")
                    data = data[1:]
                    continue
                self.control(match.group(1), match.group(2))
                data = data[match.end():]
                continue
            size = next((n for n, mask in ((4, 0xf0), (3, 0xe0), (2, 0xc0)) if data[0] >= mask), 1)
            if len(data) < size:
                self.pending = data
                return
            self.character(data[:size].decode("utf-8", "replace"))
            data = data[size:]

    def control(self, parameters, final):
        line = self.lines[self.row]
        if final == b"K" and parameters in (b"", b"0"):
            del line[self.column:]
            self.seen.append("".join(line))
        elif (parameters, final) in ((b"?7", b"l"), (b"?7", b"h")):
            self.wraps = final == b"h"
        elif final == b"m":
            pass
        else:
            self.problems.append(f"a sequence that the progress has no use for: ESC[{parameters!r}{final!r}")

    def character(self, c):
        if c == "\r":
            self.column = 0
        elif c == "\n":
            self.seen.append("".join(self.lines[self.row]))
            self.row += 1
            self.lines.insert(self.row, [])
        elif ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0:
            self.problems.append(f"a control character: {c!r}")
        else:
            wide = 2 if "\u1100" <= c <= "\u115f" or "\u2e80" <= c <= "\uffdc" else 1
            if self.column + wide > self.columns:
                if not self.wraps:
                    self.problems.append("a line was cut by the terminal")
                    return
                self.wrapped += 1
                self.row += 1
                self.lines.insert(self.row, [])
                self.column = 0
            line = self.lines[self.row]
            line += [" "] * (self.column - len(line))
            line[self.column:self.column + wide] = [c] + [""] * (wide - 1)
            self.column += wide

    def text(self):
        return "\n".join("".join(line).rstrip() for line in self.lines)


class Session:
    """A program on a terminal of its own."""

    def __init__(self, command, columns, environment=None):
        self.terminal = Terminal(columns)
        main, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        settings = termios.tcgetattr(other)
        settings[3] &= ~termios.ECHO
        termios.tcsetattr(other, termios.TCSANOW, settings)
        self.main, self.other = main, other
        self.before = termios.tcgetattr(other)
        names = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "MEMO_PROGRESS", "MEMO_JOBS", "MEMO_MODE")}
        names["TERM"] = "xterm"
        names.update(environment or {})
        self.process = subprocess.Popen(command, stdin=other, stdout=other, stderr=other, env=names, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.until = time.monotonic() + PATIENCE
        self.raw = b""

    def read_some(self):
        if time.monotonic() > self.until:
            self.process.kill()
            raise RuntimeError(f"the program did not do what was expected within {PATIENCE} s; it wrote {self.raw!r}")
        if select.select([self.main], [], [], 0.2)[0]:
            data = os.read(self.main, 65536)
            self.raw += data
            self.terminal.feed(data)
            return True
        return False

    def wait_for(self, pattern):
        """Until a state of the line shows it."""
        start = len(self.terminal.seen)
        while not any(re.search(pattern, state) for state in self.terminal.seen[start:]):
            self.read_some()

    def resize(self, columns):
        fcntl.ioctl(self.other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.terminal.resize(columns)

    def end(self):
        while self.process.poll() is None:
            self.read_some()
        while self.read_some():
            pass
        self.after = termios.tcgetattr(self.other)
        os.close(self.main)
        os.close(self.other)
        return self.process.returncode


problems = []


def check(holds, what, session=None):
    if not holds:
        shown = f"\n--- what was seen:\n{session.terminal.text()}\n--- what was written:\n{session.raw!r}" if session else ""
        problems.append(what + shown)


def no_remnant(session, what):
    text = session.terminal.text()
    check(not re.search(r"^\s*\[ *\d+/\d+\]", text, re.M), f"{what}: a line of progress is left over", session)
    check(not session.terminal.problems, f"{what}: {session.terminal.problems[:3]}", session)
    check(session.terminal.wraps, f"{what}: the terminal does not wrap lines afterwards", session)
    check(session.before == session.after, f"{what}: the settings of the terminal changed", session)


def widths(program):
    for columns in (20, 40, 80, 200):
        for words in ([], ["wide"]):
            what = f"{columns} columns {words}"
            session = Session([program, "normal", "auto", "900", *words], columns)
            check(session.end() == 0, f"{what}: the program failed", session)
            no_remnant(session, what)
            seen = [s for s in session.terminal.seen if s.startswith("[")]
            check(len(seen) >= 4, f"{what}: the line of progress was not seen", session)
            # The summary may, where it is narrow.
            check(session.terminal.wrapped <= 2, f"{what}: a line wrapped", session)
            check(all(len(s) < columns for s in seen), f"{what}: a line is as wide as the terminal", session)
            if columns >= 80:
                check(session.terminal.wrapped == 0, f"{what}: a line wrapped", session)
                check(any(re.search(r"curve \d+/100", s) for s in seen), f"{what}: the elements are not told", session)
                summary = re.search(r"^seen: 0 hit, 4 ran in ", session.terminal.text(), re.M)
                check(summary, f"{what}: no summary", session)
            times = [float(m.group(1)) for m in (re.search(r"(\d+\.\d) s", s) for s in seen) if m]
            check(times == sorted(times), f"{what}: time goes back: {times}", session)
            if columns >= 80:
                check(len(set(times)) >= 4, f"{what}: time stands still: {times}", session)


def lines_above(program):
    session = Session([program, "verbose", "auto", "700", "log", "fail"], 80)
    check(session.end() == 1, "log: the program did not fail", session)
    no_remnant(session, "log")
    lines = session.terminal.text().split("\n")
    for line in ["slow: begins", "slow: with two lines, \\x1b[31mred\\x1b[2J and \\xff", "curve: element 0", "curve: element 90",
                 "slow: runs: first time", "total: failed: the total is odd", "total: and that \\x1b[5mcannot be"]:
        check(lines.count(line) == 1, f"log: not one whole line `{line}`", session)
    check(any(re.match(r"slow: ran in \d+ ms$", line) for line in lines), "log: the end of a step is not told", session)
    check(re.search(r"\x1b\[31mfailed\x1b\[0m", session.raw.decode("utf-8", "replace")), "log: no colour", session)
    session = Session([program, "normal", "auto", "10", "fail"], 80, {"NO_COLOR": "1"})
    check(session.end() == 1 and b"\x1b[31m" not in session.raw, "NO_COLOR: a colour", session)
    session = Session([program, "normal", "auto", "600", "fail"], 80, {"TERM": "dumb"})
    check(session.end() == 1 and b"\x1b" not in session.raw, "TERM=dumb: an escape sequence", session)


def resizing(program):
    session = Session([program, "normal", "auto", "300", "hold"], 200)
    session.wait_for(r"slow · \d")
    for columns in (30, 120, 24, 80):
        session.resize(columns)
        session.wait_for(r"^\[")
    os.write(session.main, b"\n")
    check(session.end() == 0, "resizing: the program failed", session)
    no_remnant(session, "resizing")
    check(session.terminal.wrapped == 0, "resizing: a line wrapped", session)


def killing(program):
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        session = Session([program, "normal", "auto", "300", "hold"], 60)
        session.wait_for(r"slow · \d")
        session.process.send_signal(number)
        check(session.end() == -number, f"signal {number}: the program did not end by it", session)
        check(session.terminal.wraps and session.before == session.after, f"signal {number}: the terminal is spoilt", session)


def stopped(program):
    """A terminal that takes no more bytes does not hold up a run that has no line to write."""
    session = Session([program, "normal", "auto", "300", "hold"], 60)
    session.wait_for(r"slow · \d")
    termios.tcflow(session.other, termios.TCOOFF)
    os.write(session.main, b"\n")
    time.sleep(0.5)
    termios.tcflow(session.other, termios.TCOON)
    check(session.end() == 0, "stopped: the program failed", session)
    no_remnant(session, "stopped")


def quiet_and_warm(program):
    session = Session([program, "quiet", "auto", "500", "log"], 80)
    check(session.end() == 0 and session.raw == b"", "quiet: something is written", session)
    session = Session([program, "quiet", "auto", "10", "fail"], 80)
    check(session.end() == 1 and session.raw.count(b"\n") == 2, "quiet: a failure is not told", session)
    session = Session([program, "normal", "auto", "0", "warm"], 80)
    is_summary = session.end() == 0 and re.fullmatch(rb"seen: 4 hit, 0 ran in [^\n]+\r\n", session.raw)
    check(is_summary, "warm: not only a summary", session)


def piped(program):
    for level in ("normal", "verbose", "very_verbose"):
        done = subprocess.run([program, level, "auto", "400", "log", "fail"], capture_output=True, timeout=PATIENCE,
                              env={k: v for k, v in os.environ.items() if k != "MEMO_PROGRESS"})
        check(done.returncode == 1, f"piped {level}: status {done.returncode}")
        check(b"\x1b" not in done.stderr and b"\r" not in done.stderr, f"piped {level}: escape bytes: {done.stderr!r}")
        check(done.stderr.endswith(b"\n"), f"piped {level}: the last line is not whole: {done.stderr!r}")
        check(not done.stdout, f"piped {level}: something on the standard output: {done.stdout!r}")
    reader, writer = os.pipe()
    os.close(reader)
    # Python ignores SIGPIPE, and what it starts would, too.
    process = subprocess.Popen([program, "very_verbose", "auto", "50", "log"], stderr=writer,
                               preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL))
    os.close(writer)
    check(process.wait(PATIENCE) == 0, "a closed pipe fails the run")


def main(program):
    try:
        main_end, other_end = pty.openpty()
    except OSError as e:
        print(f"skipped: there is no pseudo-terminal here: {e}")
        return 77
    os.close(main_end)
    os.close(other_end)
    for part in (widths, lines_above, resizing, killing, stopped, quiet_and_warm, piped):
        part(program)
    print("\n".join(problems) if problems else "what is seen on a terminal is right")
    return 1 if problems else 0


if len(sys.argv) != 2:
    sys.exit(__doc__)
sys.exit(main(sys.argv[1]))
