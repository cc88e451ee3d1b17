/** LOOP104: run_forever() that nothing in the file can stop. */
import type { Facts } from '../facts';
import type { Fix } from '../finding';
import { ESCAPED } from '../flow/bits';
import { INTERRUPT } from '../flow/cfg';
import { LOOP } from '../flow/library';
import type { NodeId } from '../syntax/ast';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import { defineRule } from './rule';
import { fix, fixes, indentOf, indentUnit, lineEndOf, linesOf, statementOf } from './support/edits';

export const rule = defineRule({
  code: 'LOOP104',
  name: 'run-forever-without-stop',
  severity: 'warning',
  summary: 'run_forever() on a loop that nothing can stop.',
  facts: ['ast', 'names', 'values', 'lives', 'raising', 'contexts'],
  doc: {
    what: 'Flags `run_forever()` on a loop of this file where nothing in the file stops a loop: no `stop`, called or handed to `call_soon_threadsafe`, `call_later`, `add_done_callback` or a signal handler, no signal handler at all, and no handler for `KeyboardInterrupt` around it. A loop that is returned or handed to other code, and one that a daemon thread runs, is not flagged.',
    why: 'Such a program ends only by being killed: what stands behind `run_forever()` is never reached, connections are cut, buffers are not flushed.',
    bad: 'import asyncio\n\nasync def serve():\n    await asyncio.sleep(3600)\n\nloop = asyncio.new_event_loop()\ntask = loop.create_task(serve())\ntry:\n    loop.run_forever()\nfinally:\n    loop.close()\n',
    good: 'import asyncio\nimport signal\n\nasync def serve():\n    await asyncio.sleep(3600)\n\nloop = asyncio.new_event_loop()\ntask = loop.create_task(serve())\nfor signal_number in (signal.SIGINT, signal.SIGTERM):\n    loop.add_signal_handler(signal_number, loop.stop)\ntry:\n    loop.run_forever()\nfinally:\n    loop.close()\n',
    message: '',
    fix: 'Stop the loop on SIGINT and SIGTERM, or run a coroutine that ends. The quick fix adds the two signal handlers; it is not marked safe, because `add_signal_handler()` is not there on Windows.',
    versions: 'All.',
    related: [],
  },
  check(facts, report) {
    const { ast, names, values } = facts;
    const calls = (names.callsByName.get('run_forever') ?? []).filter(
      (call) => values.calleeName(call) === `${LOOP}.run_forever`,
    );
    if (calls.length === 0 || canStop(facts)) return;
    for (const call of calls) {
      if (!isOurs(facts, call) || isInterruptible(facts, call) || isInDaemon(facts, call)) continue;
      report({
        span: ast.span(call),
        message:
          'Nothing can stop this run_forever(): no stop(), no signal handler, no handler for KeyboardInterrupt. Let a signal handler call stop().',
        fixes: fixes(stopOnSignals(facts, call)),
      });
    }
  },
});

type Wanted = Pick<Facts, 'ast' | 'names' | 'values' | 'lives' | 'raising' | 'contexts'>;

/** Whether anything in the file stops a loop, or answers a signal. */
function canStop({ ast, names, values }: Wanted): boolean {
  for (let node = 0; node < ast.length; node++) {
    if (ast.kindOf(node) !== Kind.Attribute || ast.name(node) !== 'stop') continue;
    const object = values.of(node + 1);
    if (object === undefined || (object.tag === 'instance' && object.type === LOOP)) return true;
  }
  const signals = [...(names.callsByName.get('add_signal_handler') ?? []), ...(names.callsByName.get('signal') ?? [])];
  return signals.some((call) => /signal/.test(values.calleeName(call) ?? ''));
}

/** Whether the loop is made or taken in this file and nobody out of sight has it. */
function isOurs({ ast, names, lives, values }: Wanted, call: NodeId): boolean {
  const object = call + 2;
  if (ast.kindOf(object) === Kind.Call) return values.calleeName(object) === 'asyncio.get_event_loop';
  const life = lives.owned.find(({ exploration }) => exploration.events.some(({ op }) => op.node === call));
  if (life) return life.exploration.events.every(({ before, op }) => op.node !== call || (before & ESCAPED) === 0);
  const variable = names.symbolOf(object);
  const keeper = lives.owned.find((each) => each.variable !== undefined && each.variable === variable);
  return keeper !== undefined && (keeper.done & ESCAPED) === 0;
}

/** Whether a `try` around the call, in its function, has a handler for KeyboardInterrupt. */
function isInterruptible({ ast, raising }: Wanted, call: NodeId): boolean {
  for (let at = ast.parent(call), inner = call; at !== NONE; inner = at, at = ast.parent(at)) {
    const kind = ast.kindOf(at);
    if (kind === Kind.Function) return false;
    if (
      kind === Kind.With &&
      ast.childrenOfKind(at, Kind.WithItem).some((item) => ((raising.swallows(item + 1)?.some ?? 0) & INTERRUPT) !== 0)
    )
      return true;
    if (kind !== Kind.Try || inner !== at + 1) continue;
    for (const handler of ast.childrenOfKind(at, Kind.Handler)) {
      const types = ast
        .children(handler)
        .filter((child) => ast.kindOf(child) !== Kind.Block && ast.kindOf(child) !== Kind.Ident);
      const each = types.flatMap((type) => (ast.kindOf(type) === Kind.Tuple ? ast.children(type) : [type]));
      if (each.length === 0 || each.some((type) => (raising.exceptionMask(type).some & INTERRUPT) !== 0)) return true;
    }
  }
  return false;
}

function isInDaemon({ ast, names, contexts }: Wanted, call: NodeId): boolean {
  const fn = names.functionOf(call);
  if (!fn) return false;
  return contexts
    .threadStarts(fn)
    .some(
      ({ call: start }) =>
        ast.kindOf(start) === Kind.Call &&
        ast
          .childrenOfKind(start, Kind.Keyword)
          .some((each) => ast.name(each) === 'daemon' && ast.kindOf(each + 1) === Kind.True),
    );
}

function stopOnSignals({ ast, names }: Wanted, call: NodeId): Fix | undefined {
  const object = call + 2;
  const statement = statementOf(ast, call);
  if (ast.kindOf(object) !== Kind.Name || statement === NONE) return undefined;
  const lines = linesOf(ast, statement);
  if (!lines || names.functionOf(call)?.isAsync === true) return undefined;
  const end = lineEndOf(ast);
  const indent = indentOf(ast, statement);
  const loop = ast.textOf(object);
  const newText =
    `${indent}for signal_number in (signal.SIGINT, signal.SIGTERM):${end}` +
    `${indent}${indentUnit(ast)}${loop}.add_signal_handler(signal_number, ${loop}.stop)${end}`;
  const edits = [{ span: { start: lines.start, end: lines.start }, newText }];
  const first = ast.children(0).find((node) => ast.kindOf(node) === Kind.Import);
  const isImported = [...names.module.symbols.values()].some(({ name }) => name === 'signal');
  if (!isImported) {
    const place = first === undefined ? undefined : linesOf(ast, first);
    if (!place) return undefined;
    edits.unshift({ span: { start: place.end, end: place.end }, newText: `import signal${end}` });
  }
  return fix('Stop the loop on SIGINT and SIGTERM', false, edits);
}
