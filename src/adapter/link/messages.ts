/**
 * The runtime's JSON as types: what does not have the form of protocol/wire.ts is refused with a sentence that names
 * the field. Answers to queries are checked by the query that asked.
 */
import * as v from 'valibot';
import { WireError } from '../../model/number-list';
import { BREAK_ON, type BreakKind } from '../../protocol/stepping';
import type { RuntimeMessage } from '../../protocol/wire';

const finite = v.pipe(v.number(), v.finite());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const site = v.object({ file: v.string(), line: finite, function: v.string() });

const handleInfo = v.object({ handle: finite, task: finite, text: v.string(), at: v.nullable(site), by: v.string() });
const handles = v.array(handleInfo);
const stepReport = v.object({
  tick: count,
  position: count,
  ran: handleInfo,
  duration: finite,
  scheduled: handles,
  woke: handles,
  created: handles,
  timers: handles,
  counts: v.object({ scheduled: count, woke: count, created: count, timers: count }),
  outcome: v.string(),
});
const BREAK_KINDS = Object.keys(BREAK_ON) as BreakKind[];

const message = v.variant('type', [
  v.object({
    type: v.literal('hello'),
    wire: v.number(),
    pid: count,
    parentPid: count,
    python: v.string(),
    implementation: v.string(),
    executable: v.string(),
    argv: v.array(v.string()),
    freeThreaded: v.boolean(),
    started: v.string(),
    cwd: v.exactOptional(v.string()),
  }),
  v.object({
    type: v.literal('loop'),
    loop: v.pipe(count, v.minValue(1)),
    what: v.picklist(['created', 'setCurrent', 'runs', 'stopRequested', 'stopped', 'closed', 'collected']),
    time: finite,
    wall: finite,
    class: v.string(),
    thread: v.string(),
    threadId: v.number(),
    debug: v.boolean(),
    site: v.nullable(site),
    call: v.string(),
    hook: v.picklist(['replaced', 'handle', 'calls']),
    hides: v.string(),
    pending: v.exactOptional(count),
  }),
  v.object({
    type: v.literal('stopped'),
    loop: v.pipe(count, v.minValue(1)),
    threadId: v.number(),
    byDebugger: v.boolean(),
    reason: v.picklist(['pause', 'step', 'break', 'firstTick']),
    tick: count,
    position: count,
    ready: count,
    time: finite,
    wall: finite,
    frozen: v.boolean(),
    next: v.nullable(handleInfo),
    did: v.nullable(stepReport),
    text: v.string(),
    kind: v.exactOptional(v.picklist(BREAK_KINDS)),
    changes: v.array(v.string()),
  }),
  v.object({ type: v.literal('resumed'), loop: v.pipe(count, v.minValue(1)) }),
  v.object({ type: v.literal('stepped'), loop: v.pipe(count, v.minValue(1)), did: stepReport }),
  v.object({ type: v.literal('log'), level: v.picklist(['info', 'warning', 'error']), text: v.string() }),
  v.object({ type: v.literal('bye'), reason: v.string() }),
  v.variant('ok', [
    v.object({ type: v.literal('answer'), id: count, ok: v.literal(true), result: v.unknown() }),
    v.object({
      type: v.literal('answer'),
      id: count,
      ok: v.literal(false),
      error: v.string(),
      gone: v.exactOptional(v.literal(true)),
    }),
  ]),
]);

const strings = v.array(v.tuple([v.number(), v.string()]));

/** A `json` frame's payload as a message. Throws WireError. */
export function parseMessage(payload: Uint8Array): RuntimeMessage {
  return check(message, parseJson(payload), 'message');
}

/** A `strings` frame's payload as [id, text] pairs. Throws WireError. */
export function parseStrings(payload: Uint8Array): [number, string][] {
  return check(strings, parseJson(payload), 'table of strings');
}

/** `value` as the schema says, or a WireError that names the first field that is wrong in this `what`. */
export function check<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  what: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new WireError(`The runtime sent a wrong ${what}: ${v.getDotPath(issue) ?? ''} ${issue.message}`);
}

function parseJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('utf8'));
  } catch {
    throw new WireError('The runtime sent a message that is not JSON.');
  }
}
