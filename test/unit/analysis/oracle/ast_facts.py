"""Prints, for each file of a tree, what CPython's own parser says of it: the oracle of the syntax layer.

One JSON line a file: path, and for functions, awaits, calls and try blocks the list of [line, column, end line, end column],
columns in UTF-16 code units. A file that this Python cannot parse is left out, and so is one whose text has been seen: the
SHA-1 of each is in standard input, one a line, and in what is written. Uses the standard library alone.
"""

import ast
import hashlib
import io
import json
import os
import sys
import tokenize
import warnings

warnings.simplefilter("ignore")
KINDS = {
    "functions": (ast.FunctionDef, ast.AsyncFunctionDef),
    "awaits": (ast.Await,),
    "calls": (ast.Call,),
    "tries": tuple(getattr(ast, name) for name in ("Try", "TryStar") if hasattr(ast, name)),
}


def utf16_column(line, column):
    """Turn a column of UTF-8 bytes into one of UTF-16 code units."""
    if line.isascii():
        return column
    return len(line.encode()[:column].decode().encode("utf-16-le")) // 2


# Before 3.12 the positions inside f-strings are not those of the file.
READS_STRINGS = sys.version_info >= (3, 12)


KIND_OF = {cls: kind for kind, classes in KINDS.items() for cls in classes}


def nodes(tree):
    todo = [tree]
    while todo:
        node = todo.pop()
        yield node
        if not READS_STRINGS and isinstance(node, ast.JoinedStr):
            continue
        # As ast.iter_child_nodes(), in half the time.
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                todo.append(value)
            elif isinstance(value, list):
                todo.extend(each for each in value if isinstance(each, ast.AST))


def facts(text):
    lines = text.split("\n")
    found = {kind: [] for kind in KINDS}
    for node in nodes(ast.parse(text)):
        kind = KIND_OF.get(type(node))
        if kind is not None:
            found[kind].append(
                [
                    node.lineno,
                    utf16_column(lines[node.lineno - 1], node.col_offset),
                    node.end_lineno,
                    utf16_column(lines[node.end_lineno - 1], node.end_col_offset),
                ]
            )
    return {kind: sorted(spans) for kind, spans in found.items()}


def main(roots, seen):
    for root in roots:
        for folder, folders, files in os.walk(root):
            folders[:] = sorted(each for each in folders if each != "site-packages")
            for name in sorted(files):
                if not name.endswith(".py"):
                    continue
                path = os.path.join(folder, name)
                try:
                    with tokenize.open(path) as file:
                        text = file.read()
                    sha1 = hashlib.sha1(text.encode("utf-8", "surrogatepass")).hexdigest()
                    if sha1 in seen:
                        continue
                    seen.add(sha1)
                    found = facts(text)
                except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
                    continue
                # The text itself goes along: Python has read its encoding and its line ends.
                json.dump({"path": path, "sha1": sha1, "text": text, "strings": READS_STRINGS, **found}, sys.stdout)
                sys.stdout.write("\n")


sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="surrogatepass")
main(sys.argv[1:], set(sys.stdin.read().split()))
