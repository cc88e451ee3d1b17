/** The forms of the runtime's answers to queries (protocol/wire.ts), checked when they arrive. */
import * as v from 'valibot';

const finite = v.pipe(v.number(), v.finite());
const address = v.pipe(v.number(), v.integer());
const site = v.object({ file: v.string(), line: finite, function: v.string() });
const frame = v.object({ ...site.entries, library: v.boolean() });
const state = v.picklist(['running', 'ready', 'waiting', 'finished', 'failed', 'cancelled']);
const base = { loop: v.number(), tick: finite, time: finite };

const waitsFor = v.object({
  kind: v.string(),
  text: v.string(),
  due: v.exactOptional(v.number()),
  task: v.exactOptional(address),
});

const description = {
  task: address,
  name: v.string(),
  coroutine: v.string(),
  state,
  waitsFor: v.nullable(waitsFor),
  at: v.nullable(site),
};

export const describeAnswer = v.object({
  ...base,
  tasks: v.array(v.object(description)),
  rest: v.optional(v.array(address)),
});

export const taskAnswer = v.object({
  ...base,
  task: v.nullable(
    v.object({
      ...description,
      frames: v.array(frame),
      awaitedBy: v.array(address),
      cancelling: finite,
    }),
  ),
});

export const readyAnswer = v.object({
  ...base,
  total: finite,
  rows: v.array(
    v.object({
      subject: address,
      kind: v.picklist(['task', 'callback', 'timer']),
      text: v.string(),
      at: v.nullable(site),
      by: v.string(),
      cancelled: v.boolean(),
      handle: v.exactOptional(address),
      mark: v.exactOptional(v.string()),
    }),
  ),
});

export const valuesAnswer = v.object({
  ...base,
  total: finite,
  rows: v.array(
    v.object({
      key: v.union([v.string(), v.number()]),
      name: v.string(),
      type: v.string(),
      text: v.string(),
      children: finite,
      indexed: v.boolean(),
    }),
  ),
});

/** Results of commands. */
export const doneAnswer = v.object({});
export const changeAnswer = v.object({ text: v.string() });
export const breakOnAnswer = v.object({ errors: v.array(v.string()) });

export const timersAnswer = v.object({
  ...base,
  total: finite,
  rows: v.array(
    v.object({
      handle: address,
      due: v.number(),
      subject: address,
      text: v.string(),
      at: v.nullable(site),
      cancelled: v.boolean(),
    }),
  ),
});

export const selectorAnswer = v.object({
  ...base,
  total: v.optional(finite),
  rows: v.array(
    v.object({
      fd: finite,
      events: v.picklist(['read', 'write', 'read, write']),
      text: v.string(),
      peer: v.string(),
      task: address,
    }),
  ),
});

export const edgesAnswer = v.object({
  ...base,
  edges: v.array(v.tuple([address, address])),
  rest: v.optional(v.array(address)),
});

export const syncAnswer = v.object({
  ...base,
  tasks: v.array(v.object({ task: address, name: v.string(), coroutine: v.string(), state })),
  cursor: finite,
});
