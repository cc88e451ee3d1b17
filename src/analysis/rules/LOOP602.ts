/**
 * LOOP602: a transport or stream writer that nobody closes. Pipes are left out: those of the process itself stay open. A
 * protocol of the program has its transport too, and may close it: then nothing is said.
 */
import { LOOP } from '../flow/library';
import type { Opening, OpeningKind } from '../flow/openings';
import { argumentsOfCall } from '../flow/invocations';
import { NONE } from '../syntax/ast';
import { Kind } from '../syntax/kinds';
import { defineRule } from './rule';
import type { OpeningFacts } from './support/openings';
import { checkOpenings, openingsOf } from './support/openings';

const WRITER: OpeningKind = {
  type: 'asyncio.StreamWriter',
  makers: [],
  awaitedMakers: { 'asyncio.open_connection': 1, 'asyncio.open_unix_connection': 1 },
  closers: ['close', 'abort'],
  isContextManager: false,
  leaveIt: [],
};
const TRANSPORT: OpeningKind = {
  ...WRITER,
  type: 'asyncio.Transport',
  awaitedMakers: {
    [`${LOOP}.create_connection`]: 0,
    [`${LOOP}.create_unix_connection`]: 0,
    [`${LOOP}.create_datagram_endpoint`]: 0,
  },
};

export const rule = defineRule({
  code: 'LOOP602',
  name: 'transport-left-open',
  summary: 'A transport or stream writer left open.',
  severity: 'warning',
  doc: {
    what: 'Flags a stream writer or transport that a function opens and does not close, or not when something raises; the writer that `start_server()` gives a handler that never closes it; as information, one in an attribute that no method closes. Not one that is given away, nor the transport of a protocol of your own.',
    why: 'The connection stays open as long as the loop knows its socket: the other side waits, and file descriptors run out.',
    bad: 'import asyncio\n\nasync def fetch(host):\n    reader, writer = await asyncio.open_connection(host, 80)\n    return await reader.read()\n',
    good: 'import asyncio\n\nasync def fetch(host):\n    reader, writer = await asyncio.open_connection(host, 80)\n    try:\n        return await reader.read()\n    finally:\n        writer.close()\n        await writer.wait_closed()\n',
    message: 'ResourceWarning: unclosed transport <_SelectorSocketTransport …>; from 3.13: unclosed <StreamWriter …>',
    fix: '`close()` in a `finally`, or `contextlib.closing(writer)`. Moving a `close()` into a `finally` is safe.',
    versions: 'All.',
    related: [],
  },
  facts: ['ast', 'names', 'values', 'invocations', 'raising', 'graphs', 'settings', 'places'],

  check(facts, report) {
    const { ast, names, invocations } = facts;
    const words = { noun: 'connection', closed: 'closed', closes: 'closes' };
    const keep = { how: 'finally', closing: 'NAME.close()' } as const;
    const writers = openingsOf(facts, WRITER);
    checkOpenings(
      facts,
      writers,
      words,
      () => keep,
      report,
      ({ fn }) => fn !== undefined,
    );
    checkOpenings(
      facts,
      openingsOf(facts, TRANSPORT),
      words,
      () => keep,
      report,
      (each) => isOwn(facts, each),
    );
    const seen = new Set<number>();
    for (const { how, fn, call } of invocations.all) {
      const name = ast.name(call + 1);
      if (how !== 'callback' || !fn || seen.has(fn.id) || fn.isLambda || !/^start_(unix_)?server$/.test(name)) continue;
      seen.add(fn.id);
      const writer = fn.params.filter(({ kind }) => kind === 'plain').at(-1);
      const isHandler = fn.params.length === (fn.cls && names.selfClassOf(fn.params[0]?.node ?? NONE) ? 3 : 2);
      if (!writer || !isHandler || !fn.isAsync || !writers.ofParameter(fn, writer.symbol).isOpen) continue;
      report({
        span: ast.span(writer.node),
        message:
          'The server hands this connection over to its handler, which never closes it. Close it in a finally block there.',
        related: [{ span: ast.span(call), message: 'The server calls it here.' }],
      });
    }
  },
});

/** Whether the transport is only this function's: no protocol of the program closes it. */
function isOwn({ ast, names, values }: OpeningFacts, { call, fn }: Opening): boolean {
  if (!fn) return false;
  const [factory = NONE] = argumentsOfCall(values, call).positional;
  if (factory === NONE) return false;
  // `lambda: Echo(done)`
  const isLambda = ast.kindOf(factory) === Kind.Lambda && ast.kindOf(ast.lastChild(factory)) === Kind.Call;
  const value = values.of(isLambda ? ast.lastChild(factory) + 1 : factory);
  if (value?.tag === 'external') return value.name.startsWith('asyncio.');
  if (value?.tag !== 'class') return false;
  const { cls } = value;
  const isInView = values.externalBases(cls).every((base) => base?.startsWith('asyncio.') === true);
  const closes = ['close', 'abort', 'write_eof'].some((name) =>
    (names.callsByName.get(name) ?? []).some((each) =>
      values.linearBases(cls).some((one) => ast.contains(one.node, each)),
    ),
  );
  // A protocol that keeps its transport may be asked to close it.
  const keeps = values.linearBases(cls).some((one) => one.methods.has('connection_made'));
  return isInView && !closes && !keeps;
}
