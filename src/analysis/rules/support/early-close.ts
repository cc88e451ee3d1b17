/** Fixes for a `close()` that comes too early: while the loop runs, or before its last use. */
import type { Facts } from '../../facts';
import type { Fix } from '../../finding';
import type { NodeId } from '../../syntax/ast';
import { NONE } from '../../syntax/ast';
import { Kind } from '../../syntax/kinds';
import {
  fix,
  indented,
  indentOf,
  indentUnit,
  lineEndOf,
  linesOf,
  linesOfRange,
  removal,
  siblingsOf,
  someNode,
  statementOf,
} from './edits';

type Wanted = Pick<Facts, 'ast'> & { readonly names: Pick<Facts['names'], 'symbolOf'> };

/** The statement that is nothing but this call, or NONE. */
function statementOfCall({ ast }: Pick<Facts, 'ast'>, call: NodeId): NodeId {
  const statement = statementOf(ast, call);
  return statement !== NONE && ast.kindOf(statement) === Kind.ExprStmt && ast.textOf(statement) === ast.textOf(call)
    ? statement
    : NONE;
}

/** Takes out a `close()` of a loop that runs there. Not safe: who closes the loop instead is not looked at. */
export function removeClose(facts: Pick<Facts, 'ast'>, call: NodeId): Fix | undefined {
  const statement = statementOfCall(facts, call);
  if (statement === NONE) return undefined;
  return fix('Remove this close()', false, [removal(facts.ast, statement)]);
}

/** Puts what follows a `close()` in its block, down to the last use of the loop, into a `try` whose `finally` closes it. */
export function closeAfterLastUse({ ast, names }: Wanted, close: NodeId): Fix | undefined {
  const statement = statementOfCall({ ast }, close);
  const receiver = close + 2;
  if (statement === NONE || ast.kindOf(receiver) !== Kind.Name) return undefined;
  const symbol = names.symbolOf(receiver);
  const siblings = siblingsOf(ast, statement);
  const behind = siblings.slice(siblings.indexOf(statement) + 1);
  const last = behind.findLast((each) =>
    someNode(ast, each, (node) => ast.kindOf(node) === Kind.Name && names.symbolOf(node) === symbol),
  );
  const [first] = behind;
  if (first === undefined || last === undefined) return undefined;
  const closing = linesOf(ast, statement);
  const lines = linesOfRange(ast, first, last);
  if (!closing || !lines) return undefined;
  const end = lineEndOf(ast);
  const indent = indentOf(ast, statement);
  const unit = indentUnit(ast);
  let body = indented(ast, { start: closing.end, end: lines.end }, unit);
  if (!body.endsWith('\n')) body += end;
  const newText = `${indent}try:${end}${body}${indent}finally:${end}${indent}${unit}${ast.textOf(statement)}${end}`;
  return fix('Close the loop after its last use', false, [{ span: { start: closing.start, end: lines.end }, newText }]);
}
