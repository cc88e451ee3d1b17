"""Prints, for each file of a tree, what CPython's own parser says of it: the oracle of the syntax layer.

One JSON line a file: path, and for functions, awaits, calls and try blocks the list of [line, column, end line, end column],
columns in UTF-16 code units. A file that this Python cannot parse is left out. Uses the standard library alone.
"""

import ast
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
    return len(line.encode()[:column].decode().encode("utf-16-le")) // 2


# Before 3.12 the positions inside f-strings are not those of the file.
READS_STRINGS = sys.version_info >= (3, 12)


def nodes(tree):
    todo = [tree]
    while todo:
        node = todo.pop()
        yield node
        if READS_STRINGS or not isinstance(node, ast.JoinedStr):
            todo.extend(ast.iter_child_nodes(node))


def facts(text):
    lines = text.split("\n")
    found = {kind: [] for kind in KINDS}
    for node in nodes(ast.parse(text)):
        for kind, classes in KINDS.items():
            if isinstance(node, classes):
                found[kind].append(
                    [
                        node.lineno,
                        utf16_column(lines[node.lineno - 1], node.col_offset),
                        node.end_lineno,
                        utf16_column(lines[node.end_lineno - 1], node.end_col_offset),
                    ]
                )
    return {kind: sorted(spans) for kind, spans in found.items()}


def main(roots):
    for root in roots:
        for folder, folders, files in os.walk(root):
            folders.sort()
            for name in sorted(files):
                if not name.endswith(".py"):
                    continue
                path = os.path.join(folder, name)
                try:
                    with tokenize.open(path) as file:
                        text = file.read()
                    found = facts(text)
                except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
                    continue
                # The text itself goes along: Python has read its encoding and its line ends.
                json.dump({"path": path, "text": text, "strings": READS_STRINGS, **found}, sys.stdout)
                sys.stdout.write("\n")


sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="surrogatepass")
main(sys.argv[1:])
