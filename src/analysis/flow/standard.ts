/** Which qualified names belong to Python itself, and which methods of unknown objects do not fail in practice. */

/** Top-level modules of the standard library that programs with loops meet (docs.python.org, Python Module Index). */
const MODULES: ReadonlySet<string> = new Set(
  (
    'abc argparse array ast asyncio atexit base64 binascii bisect builtins calendar cmath code codecs collections colorsys ' +
    'concurrent configparser contextlib contextvars copy csv ctypes curses dataclasses datetime decimal difflib dis email enum errno ' +
    'faulthandler fcntl fnmatch fractions functools gc getopt getpass gettext glob grp gzip hashlib heapq hmac html http imaplib importlib ' +
    'inspect io ipaddress itertools json keyword linecache locale logging lzma mailbox math mimetypes mmap multiprocessing netrc numbers ' +
    'operator optparse os pathlib pdb pickle pkgutil platform plistlib poplib pprint profile pty pwd queue random re readline ' +
    'reprlib resource sched secrets select selectors shelve shlex shutil signal site smtplib socket socketserver sqlite3 ssl stat ' +
    'statistics string struct subprocess sys sysconfig syslog tarfile tempfile textwrap threading time timeit tkinter token tokenize ' +
    'tomllib trace traceback tracemalloc tty types typing unicodedata unittest urllib uuid uvloop venv warnings wave weakref webbrowser ' +
    'winloop xml xmlrpc zipfile zipimport zlib zoneinfo _thread _weakref __future__'
  ).split(' '),
);

/** Whether a qualified name is a builtin or of the standard library (or of a loop that stands in for asyncio's). */
export function isStandard(qualified: string): boolean {
  const dot = qualified.indexOf('.');
  return dot < 0 || MODULES.has(qualified.slice(0, dot));
}

/** Methods of whatever object that do not raise in practice: logging, containers, cancelling, closing. */
export const HARMLESS_METHODS: ReadonlySet<string> = new Set(
  (
    'debug info warning warn error exception critical log print write flush append appendleft add discard remove extend insert clear ' +
    'get setdefault update pop popleft popitem keys values items copy join split strip rstrip lstrip format encode decode lower upper ' +
    'startswith endswith replace cancel cancelled done close stop start set is_set is_alive is_closed is_running is_closing add_done_callback ' +
    'set_result set_exception put_nowait release locked terminate kill abort shutdown set_debug get_debug time getLogger setLevel ' +
    'add_argument add_task fileno setblocking settimeout setsockopt'
  ).split(' '),
);
