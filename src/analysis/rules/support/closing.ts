/** What LOOP110, LOOP111 and LOOP112 share: the close() calls of loops that have run, and what was not done before them. */
import type { Facts } from '../../facts';
import type { Fix } from '../../finding';
import { CLOSED, RAN, WEAK } from '../../flow/bits';
import type { Life } from '../../flow/lives';
import { LOOP } from '../../flow/library';
import type { NodeId } from '../../syntax/ast';
import { NONE } from '../../syntax/ast';
import { Kind } from '../../syntax/kinds';
import { fix, indentOf, lineEndOf, linesOf, statementOf } from './edits';

type Wanted = Pick<Facts, 'ast' | 'names' | 'values' | 'lives' | 'contexts'>;

/** A `close()` before which something that `asyncio.run()` does was left out. */
export interface BareClose {
  readonly call: NodeId;
  readonly life: Life;
}

/** The close() calls of loops that ran, where no path did what `done` stands for. */
export function closesWithout(facts: Wanted, done: number): BareClose[] {
  const { ast, values, lives } = facts;
  const found = new Map<NodeId, Life>();
  for (const life of lives.all) {
    // There it raises: LOOP105 tells of it.
    if (facts.contexts.runsInLoop(life.fn)) continue;
    for (const { op, effect, before } of life.exploration.events) {
      if ((effect.must & CLOSED) === 0 || ast.kindOf(op.node) !== Kind.Call) continue;
      if (values.calleeName(op.node) !== `${LOOP}.close` || (before & WEAK) !== 0) continue;
      // Somebody else's loop is somebody else's to shut down.
      if (life.origin === 'borrowed' && facts.names.symbolOf(op.node + 2)?.param) continue;
      const known = before | keptOf(facts, life);
      if ((known & RAN) === 0 || (known & done) !== 0 || found.has(op.node)) continue;
      found.set(op.node, life);
    }
  }
  return [...found].map(([call, life]) => ({ call, life }));
}

/** What the rest of the file does to what keeps the loop. */
function keptOf({ ast, names, lives }: Wanted, life: Life): number {
  if (life.field) return lives.ofField(life.field.cls, life.field.name).may;
  if (life.variable) return lives.ofVariable(life.variable).may;
  if (life.origin !== 'borrowed') return 0;
  // A field or a variable that another function runs.
  const close = life.exploration.events.find(({ effect }) => (effect.must & CLOSED) !== 0)?.op.node ?? NONE;
  if (close === NONE || ast.kindOf(close) !== Kind.Call) return 0;
  const object = close + 2;
  const cls = ast.kindOf(object) === Kind.Attribute ? names.selfClassOf(object + 1) : undefined;
  if (cls) return lives.ofField(cls, ast.name(object)).may;
  const symbol = names.symbolOf(object);
  if (symbol?.scope.kind !== 'module') return 0;
  const own = lives.owned.find((each) => each.variable === symbol);
  return lives.ofVariable(symbol).may | (own?.done ?? 0);
}

/** `loop.run_until_complete(loop.METHOD())` in front of the close(). */
export function shutBefore({ ast }: Wanted, call: NodeId, method: string, title: string): Fix | undefined {
  const statement = statementOf(ast, call);
  if (statement === NONE || ast.kindOf(statement) !== Kind.ExprStmt || ast.firstChild(statement) !== call)
    return undefined;
  if (!linesOf(ast, statement)) return undefined;
  const loop = ast.textOf(call + 2);
  const newText = `${loop}.run_until_complete(${loop}.${method}())${lineEndOf(ast)}${indentOf(ast, statement)}`;
  // Where the statement begins, not its line: a fix that moves the statement then comes first, and takes nothing along.
  const at = ast.start[statement] ?? 0;
  return fix(title, true, [{ span: { start: at, end: at }, newText }]);
}
