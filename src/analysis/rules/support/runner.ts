/**
 * The fix that lets an `asyncio.Runner` make and close a loop which the code closes by itself: the code from the creation to
 * the `close()` goes below `with`, the `close()` goes, and with it a `try … finally` that was there for nothing else.
 */
import type { Facts } from '../../facts';
import type { Fix, Span } from '../../finding';
import type { Life } from '../../flow/lives';
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
  siblingsOf,
  someNode,
  statementOf,
} from './edits';
import { closesOf, moduleOf } from './loops';
import { isFree } from './rewrites';

type Wanted = Pick<Facts, 'ast' | 'names' | 'values' | 'lives' | 'raising' | 'settings'>;

/** `with asyncio.Runner() as runner:` in place of `close`; undefined where the code is not simple enough for it. */
export function closeByRunner(facts: Wanted, life: Life, close: NodeId): Fix | undefined {
  const { ast, names, values, lives, settings } = facts;
  const module = moduleOf(facts, life.creation);
  const [only, ...others] = closesOf(life);
  if (settings.target.lowest < 11 || module === undefined || life.origin !== 'new') return undefined;
  if (only !== close || others.length > 0 || !isFree(values, life.creation, 'runner')) return undefined;
  const target = lives.targetOf(life.creation);
  const creation = statementOf(ast, life.creation);
  const statement = statementOf(ast, close);
  const symbol = target === NONE ? undefined : names.symbolOf(target);
  if (!symbol || symbol.bindings.length !== 1 || ast.kindOf(creation) !== Kind.Assign) return undefined;
  if (ast.kindOf(statement) !== Kind.ExprStmt || ast.firstChild(statement) !== close) return undefined;
  const siblings = siblingsOf(ast, creation);
  const holder = siblings.find((each) => ast.contains(each, statement));
  if (holder === undefined) return undefined;
  const behind = siblings.slice(siblings.indexOf(holder) + 1);
  if (behind.some((each) => someNode(ast, each, (node) => names.symbolOf(node) === symbol))) return undefined;
  const lines = linesOfRange(ast, creation, holder);
  if (!lines) return undefined;
  const text = rest(facts, creation, holder, statement, lines);
  if (text === undefined) return undefined;
  const indent = indentOf(ast, creation);
  const head = `${indent}with ${module}.Runner() as runner:${lineEndOf(ast)}`;
  const made = `${indent}${indentUnit(ast)}${ast.textOf(target)} = runner.get_loop()${lineEndOf(ast)}`;
  return fix('Use asyncio.Runner', false, [{ span: lines, newText: head + made + text }]);
}

/** The code behind the creation, one level deeper, without the close. */
function rest({ ast }: Wanted, creation: NodeId, holder: NodeId, close: NodeId, lines: Span): string | undefined {
  const unit = indentUnit(ast);
  const own = linesOf(ast, close);
  const made = linesOf(ast, creation);
  if (!own || !made) return undefined;
  const deeper = (span: Span): string => (span.end > span.start ? indented(ast, span, unit) : '');
  const without = (cut: Span): string =>
    deeper({ start: made.end, end: cut.start }) + deeper({ start: cut.end, end: lines.end });
  if (holder === close) return without(own);
  const block = ast.parent(close);
  const clause = ast.parent(block);
  if (ast.kindOf(holder) !== Kind.Try || ast.kindOf(clause) !== Kind.Finally || ast.parent(clause) !== holder) {
    return undefined;
  }
  if (ast.children(block).length > 1) return without(own);
  // Nothing is left of the `finally`.
  const end = { start: lineStart(ast.text, ast.start[clause] ?? 0), end: own.end };
  const tried = holder + 1;
  const first = linesOf(ast, ast.firstChild(tried));
  if (!first || ast.text.slice(end.start, own.start).includes('#')) return undefined;
  if (ast.children(holder).length > 2) return without(end);
  // Nor of the `try`: its body stands as deep as it stood.
  const before = linesOf(ast, holder);
  const header = ast.text.slice(before?.start ?? 0, first.start);
  if (!before || !/^\s*try\s*:\s*$/.test(header)) return undefined;
  return deeper({ start: made.end, end: before.start }) + ast.text.slice(first.start, end.start);
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}
