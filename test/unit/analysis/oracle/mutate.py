"""Removes or moves the clean-up in working programs, one step at a time. Knows nothing of the linter.

Reads a JSON list of [name, text] from standard input and writes a JSON list of {name, how, line, text}: every mutant of
every program, in order. `line` is that of the clean-up in the program. Runs no program. Uses the standard library alone.

remove      the clean-up is gone
early       it comes before the statement that stood in front of it
late        what stood in `finally` comes at the end of the `try`, where an exception skips it
branch      it is under a condition that does not hold
unmanaged   what `with` held is only assigned
unawaited   `await` in front of it is gone
inside      it comes first in a coroutine that sees the same name
"""

import ast
import copy
import json
import sys

# Methods that end the life of something, and functions that are told to call one later.
CLOSERS = {"close", "aclose", "shutdown", "wait_closed", "server_close", "shutdown_asyncgens", "kill", "terminate", "wait"}
REGISTRARS = {"register", "callback", "push_async_callback", "addCleanup", "finalize"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def call_of(node):
    """The call that a clean-up statement is about, or None: `x.close()`, `await x.wait_closed()`, `run(x.aclose())`."""
    if not isinstance(node, ast.Expr):
        return None
    value = node.value.value if isinstance(node.value, ast.Await) else node.value
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
        return None
    name = value.func.attr
    if name in CLOSERS:
        return value
    arguments = list(value.args)
    if name == "run_until_complete" and arguments and isinstance(arguments[0], ast.Call):
        inner = arguments[0].func
        return value if isinstance(inner, ast.Attribute) and inner.attr in CLOSERS else None
    closes = any(isinstance(each, ast.Attribute) and each.attr in CLOSERS for each in arguments)
    return value if name in REGISTRARS and closes else None


def blocks(tree):
    """Every list of statements with its owner: (owner, field, statements)."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            statements = getattr(node, field, None)
            if isinstance(statements, list) and statements and isinstance(statements[0], ast.stmt):
                yield node, field, statements


def removed(tree, find):
    owner, field, index = find(tree)
    statements = getattr(owner, field)
    statement = statements.pop(index)
    if not statements:
        if field == "finalbody" and not owner.handlers:
            # `try` needs a `finally`: one that does nothing.
            statements.append(ast.Pass())
        elif field == "body":
            statements.append(ast.Pass())
    return owner, field, index, statement


def name_of(call):
    """The variable that the clean-up is about, or None."""
    node = call.func.value
    return node.id if isinstance(node, ast.Name) else None


def mutants_of(tree):
    """Yields (how, line, changed tree)."""
    places = []
    for number, (_, _, statements) in enumerate(blocks(tree)):
        for index, statement in enumerate(statements):
            if call_of(statement) is not None:
                places.append((number, index, statement.lineno))

    def finder(number, index):
        def find(fresh):
            owner, field, _ = list(blocks(fresh))[number]
            return owner, field, index

        return find

    for number, index, line in places:
        find = finder(number, index)
        owner, field, statements = list(blocks(tree))[number]
        statement = statements[index]

        fresh = copy.deepcopy(tree)
        removed(fresh, find)
        yield "remove", line, fresh

        if index > 0 and not isinstance(statements[index - 1], (*FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom)):
            fresh = copy.deepcopy(tree)
            holder, name, at, moved = removed(fresh, find)
            rest = [each for each in getattr(holder, name) if not isinstance(each, ast.Pass)]
            rest.insert(at - 1, moved)
            setattr(holder, name, rest)
            yield "early", line, fresh

        if field == "finalbody" and not isinstance(owner.body[-1], (ast.Return, ast.Raise, ast.Continue, ast.Break)):
            fresh = copy.deepcopy(tree)
            holder, _, _, moved = removed(fresh, find)
            holder.body.append(moved)
            yield "late", line, fresh
        if field == "finalbody" and isinstance(owner.body[-1], ast.Return) and owner.body[-1].value is not None:
            fresh = copy.deepcopy(tree)
            holder, _, _, moved = removed(fresh, find)
            result = holder.body.pop()
            holder.body.append(ast.Assign([ast.Name("outcome", ast.Store())], result.value, lineno=line))
            holder.body.append(moved)
            holder.body.append(ast.Return(ast.Name("outcome", ast.Load())))
            yield "late", line, fresh

        fresh = copy.deepcopy(tree)
        holder, name, at = find(fresh)
        block = getattr(holder, name)
        # A condition that no reader of the text can decide, and that does not hold.
        block[at] = ast.If(ast.parse("len(__name__) > 100", mode="eval").body, [block[at]], [])
        yield "branch", line, fresh

        if isinstance(statement.value, ast.Await):
            fresh = copy.deepcopy(tree)
            holder, name, at = find(fresh)
            getattr(holder, name)[at].value = getattr(holder, name)[at].value.value
            yield "unawaited", line, fresh

        variable = name_of(call_of(statement))
        yield from inside(tree, find, variable, line)

    yield from unmanaged(tree)


def inside(tree, find, variable, line):
    """The close of a module's variable, moved to the head of the module's first coroutine that awaits."""
    if variable is None or not any(
        isinstance(each, ast.Assign) and any(isinstance(target, ast.Name) and target.id == variable for target in each.targets)
        for each in ast.walk(ast.Module([each for each in tree.body if not isinstance(each, (*FUNCTIONS, ast.ClassDef))], []))
    ):
        return
    for number, each in enumerate(tree.body):
        if isinstance(each, ast.AsyncFunctionDef) and variable not in [argument.arg for argument in each.args.args]:
            fresh = copy.deepcopy(tree)
            _, _, _, moved = removed(fresh, find)
            target = fresh.body[number]
            if isinstance(moved.value, ast.Await):
                return
            target.body.insert(0, moved)
            yield "inside", line, fresh
            return


def unmanaged(tree):
    for number, (_, _, statements) in enumerate(blocks(tree)):
        for index, statement in enumerate(statements):
            if not isinstance(statement, (ast.With, ast.AsyncWith)):
                continue
            for place in range(len(statement.items)):
                item = statement.items[place]
                if not isinstance(item.context_expr, (ast.Call, ast.Name, ast.Await)):
                    continue
                if item.optional_vars is None and not isinstance(item.context_expr, ast.Name):
                    continue
                fresh = copy.deepcopy(tree)
                block = list(blocks(fresh))[number][2]
                node = block[index]
                taken = node.items.pop(place)
                value = taken.context_expr
                if isinstance(value, ast.Call) and getattr(value.func, "attr", getattr(value.func, "id", "")) == "closing":
                    value = value.args[0]
                made = [ast.Assign([taken.optional_vars], value, lineno=node.lineno)] if taken.optional_vars else []
                rest = [node] if node.items else node.body
                block[index : index + 1] = made + rest
                yield "unmanaged", statement.lineno, fresh


def main():
    found = []
    for name, text in json.load(sys.stdin):
        before = ast.unparse(ast.parse(text))
        seen = {before}
        found.append({"name": name, "how": "", "line": 0, "text": before + "\n"})
        for how, line, tree in mutants_of(ast.parse(text)):
            mutant = ast.unparse(ast.fix_missing_locations(tree))
            if mutant not in seen:
                seen.add(mutant)
                found.append({"name": name, "how": how, "line": line, "text": mutant + "\n"})
    json.dump(found, sys.stdout)


main()
