/**
 * The wire between the runtime (Python) and the adapter: frame kinds, event codes and the layout of each event.
 * Tables, types and guards only: decoding is in src/model/apply.ts, framing in src/adapter/link.
 * The runtime's twin of the tables is src/runtime/loopscope/wire.py; test/wire compares the two. Prose: docs/wire.md.
 */

import type { SourceSite } from './site';
import type { RuntimeCommand, SteppingMessage } from './stepping';

/** Raised when a peer with another version must be refused: both sides then say which versions they speak. */
export const WIRE_VERSION = 2;

/** The first bytes on a connection: magic, one version byte, then the token as 64 ASCII hex digits. */
export const WIRE_MAGIC = 'LSCP';
export const TOKEN_LENGTH = 64;

/** A frame: u32 big-endian payload length, u8 kind, payload. Anything longer is an error, never an allocation. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;
export const FRAME_HEADER_BYTES = 5;

export const FrameKind = {
  /** UTF-8 JSON object; runtime → adapter: see RuntimeMessage; adapter → runtime: see AdapterMessage. */
  json: 0x4a, // J
  /** marshal version 2 of one flat list of int and float: BATCH_HEADER, then events. */
  events: 0x45, // E
  /** UTF-8 JSON array of [id, text] pairs: strings interned since the last such frame. Sent before the batch that uses them. */
  strings: 0x53, // S
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** The first numbers of every batch, in this order. Times are the loop's own clock, in seconds. */
export const BATCH_HEADER = [
  'sequence', // 1, 2, 3 … over the connection: a gap is an error of ours
  'loop', // number of the loop, from the `loop` message
  'dropped', // events of this loop dropped since its previous batch
  'tick', // number of the newest tick that has begun on this loop
  'now', // loop time at the flush
  'sleepUntil', // -1: not about to sleep (buffer full); inf: sleeps until woken; else the due time of the next timer
  'ready', // length of the ready queue at the flush
  'timers', // length of the timer heap at the flush
  'listing', // 1: single handles are listed (full, or adaptive with few); 0: they are counted
] as const;

/**
 * Beyond plus or minus this, an integer where an event's code is expected is an event by itself; every address is beyond it.
 */
export const SHORT_FORM = 4096;

/** The remainder by this of an event above SHORT_FORM says what it is, see `Short`. Addresses have none. */
export const SHORT_KINDS = 8;
/** Added to a string's id before it is multiplied by SHORT_KINDS, so that it is beyond SHORT_FORM. */
export const SHORT_STRINGS = 1024;
/** What an event above SHORT_FORM is. *The handle* is the one that started last, and is its loop's own affair over batches. */
export const Short = {
  /** taskEnded of the task at that address, with outcome 1 and detail 0. */
  ended: 0,
  /** The handle that starts at the time before this is a step of the task at that address. */
  step: 1,
  /** taskWoken of the task at that address, by the handle's task. */
  woken: 2,
  /** taskWaits of the handle's task, on the future at that address. */
  waits: 3,
  /** handleScheduled of the callback that a string describes, by the handle's task, site 0. */
  scheduled: 4,
  /** The handle that starts at the time before this is a callback that a string describes. */
  callback: 5,
  /** taskWaits of the handle's task, on nothing. */
  yields: 6,
} as const;

/**
 * Event codes. In a batch an event is its code followed by its fields, but for the most frequent, which are one number:
 * - a *float* where a code is expected is the time at which a handle starts: the next Short.step or Short.callback says which
 *   (what another thread has recorded may be between the two);
 * - an int above SHORT_FORM is what `Short` says;
 * - an int below -SHORT_FORM is minus the address of a task that was created with the parent and the coroutine of the
 *   taskCreated before it in the same batch (there is one), and with site 0 and name 0.
 *
 * Field types: A object's address (an identity while the object lives; the model turns it into an id of ours),
 * T loop time or duration in seconds (float), S string id, N plain number.
 * Subject: > 0 the address of the task that is stepped; < 0 minus the string id of the callback's description.
 */
export const EVENTS = {
  /**
   * Tick `number` (from 1, by loop) begins; select has returned and took `select`; `ready` handles will run in it. While
   * handles are counted, a tick is listed after each sleep and else when 1 ms has passed since the last one listed: those
   * between follow from the number. It is also the clock of the events after it that carry no time of their own.
   */
  tick: { code: 1, fields: ['number:N', 'time:T', 'select:T', 'ready:N'] },
  /**
   * A task was created. `name` > 0: "Task-<name>"; < 0: minus the id of a string that is used this once (forget it then); 0: unknown,
   * ask when it is shown. `parent` 0: by no task. `site` 0: not captured.
   */
  taskCreated: { code: 2, fields: ['task:A', 'parent:A', 'coroutine:S', 'site:S', 'name:N'] },
  /**
   * A task ended, with the step that ran last. `outcome` 1 finished, 2 failed, 3 cancelled; `detail`: the exception's type, or 0.
   * Its time is that of the next start of a handle, tickEnd or tick.
   */
  taskEnded: { code: 3, fields: ['task:A', 'outcome:N', 'detail:S'] },
  /** A step ended and the task is suspended on that future; 0: it only gave way (`sleep(0)`) and is ready again. */
  taskWaits: { code: 4, fields: ['task:A', 'future:A'] },
  /** The next step of a task was put into the ready queue, by that task (0: by no task). */
  taskWoken: { code: 5, fields: ['task:A', 'by:A'] },
  /** Task.cancel() was called, by that task (0: by no task), at that site; or what the task awaits was cancelled (site 0). Of a task that did not wait at that moment only the end is told. */
  taskCancelled: { code: 6, fields: ['task:A', 'by:A', 'site:S'] },
  /** call_later / call_at. */
  timerSet: { code: 7, fields: ['handle:A', 'due:T', 'subject:N', 'site:S'] },
  /** A due timer was moved to the ready queue. */
  timerFired: { code: 8, fields: ['handle:A'] },
  timerCancelled: { code: 9, fields: ['handle:A'] },
  /** A handle was put into the ready queue, by that task (0: by no task), at that site (0: not captured). */
  handleScheduled: { code: 10, fields: ['subject:N', 'by:A', 'site:S'] },
  /** A handle that had been cancelled came up in the ready queue and was passed over. */
  handleCancelled: { code: 11, fields: ['subject:N'] },
  /** The last handle of a tick has ended, and the loop is about to sleep or to stop; else the next tick's time says so. */
  tickEnd: { code: 12, fields: ['time:T'] },
  /** Instead of single events, while handles are only counted: how many of each since the last such event. */
  counts: {
    code: 13,
    fields: ['handles:N', 'steps:N', 'waits:N', 'wakes:N', 'timersSet:N', 'timersFired:N', 'timersCancelled:N'],
  },
  /** `what` 1 add_reader, 2 remove_reader, 3 add_writer, 4 remove_writer. */
  io: { code: 14, fields: ['what:N', 'fd:N', 'callback:S'] },
  /** `what` 1 run_in_executor called, 2 its function ended. */
  executor: { code: 15, fields: ['what:N', 'future:A', 'function:S', 'by:A'] },
  /** `what` 1 first iterated, 2 finalised by the garbage collector. */
  asyncGenerator: { code: 16, fields: ['what:N', 'generator:S'] },
  /** `what` 1 started, 2 exited (`status`). */
  childProcess: { code: 17, fields: ['what:N', 'pid:N', 'status:N', 'command:S'] },
  /** `what` 1 add_signal_handler, 2 remove_signal_handler. */
  signal: { code: 18, fields: ['what:N', 'number:N', 'callback:S'] },
  /**
   * A handle runs longer than the threshold and has not ended (`duration` 0), and the user's code stands at `site`. While handles are
   * counted a second such event says how long it was, to within a quarter of the threshold; while they are listed their starts say it.
   */
  slowHandle: { code: 19, fields: ['subject:N', 'start:T', 'duration:T', 'site:S'] },
  /** A task was given a name after it was created, as asyncio.create_task does before 3.13. `name` as in taskCreated. */
  taskNamed: { code: 20, fields: ['task:A', 'name:N'] },
} as const satisfies Record<string, { code: number; fields: readonly `${string}:${'A' | 'T' | 'S' | 'N'}`[] }>;
export type EventName = keyof typeof EVENTS;

/** Level of detail. `adaptive` lists single handles only while they are few enough to be looked at. */
export type DetailLevel = 'adaptive' | 'full';

export type { SourceSite };

/**
 * Strings that stand for structured things are interned in these forms (the model parses them once):
 * a site is `file\tline\tfunction`; a coroutine is `qualname\tfile\tline` (line of its `def`); a callback is `text\tfile\tline`.
 */
export const STRING_FIELD_SEPARATOR = '\t';

/** What happened to a loop. `site` is the user's frame that did it, `call` the asyncio function it called. */
export type LoopTransition = 'created' | 'setCurrent' | 'runs' | 'stopRequested' | 'stopped' | 'closed' | 'collected'; // the loop object was garbage collected (never closed, if no `closed` came before)

/** runtime → adapter, frame kind `json`. */
export type RuntimeMessage =
  | SteppingMessage
  | {
      readonly type: 'hello';
      readonly wire: number;
      readonly pid: number;
      readonly parentPid: number;
      readonly python: string; // 3.13.0
      readonly implementation: string; // cpython
      readonly executable: string;
      readonly argv: readonly string[];
      readonly freeThreaded: boolean;
      /** How the main thread's process was started: 'main', 'fork', 'spawn', 'subprocess'. */
      readonly started: string;
      /** The folder in which it runs; absent if that cannot be told. */
      readonly cwd?: string;
    }
  | {
      readonly type: 'loop';
      readonly loop: number;
      readonly what: LoopTransition;
      readonly time: number; // loop time, s
      readonly wall: number; // seconds since the epoch
      readonly class: string; // asyncio.unix_events._UnixSelectorEventLoop
      readonly thread: string;
      readonly threadId: number;
      readonly debug: boolean;
      readonly site: SourceSite | null;
      readonly call: string; // asyncio.run, new_event_loop, Runner, run_forever …
      /** How its handles are seen: 'replaced', 'handle' (slower hook on Handle._run), 'calls' (uvloop: wrapped calls only). */
      readonly hook: 'replaced' | 'handle' | 'calls';
      /** What this hook hides, as a sentence for the person; '' if nothing. */
      readonly hides: string;
      /** Tasks still pending, where `what` is closed. */
      readonly pending?: number;
      /** This message stands for so many transitions like it (a program that runs a loop very often); time and wall are the first's. */
      readonly times?: number;
    }
  | { readonly type: 'log'; readonly level: 'info' | 'warning' | 'error'; readonly text: string }
  | { readonly type: 'bye'; readonly reason: string }
  | { readonly type: 'answer'; readonly id: number; readonly ok: true; readonly result: unknown }
  /** `gone`: because the loop that it was about has been collected; what was sent before may not say so yet. */
  | { readonly type: 'answer'; readonly id: number; readonly ok: false; readonly error: string; readonly gone?: true };

/** adapter → runtime, frame kind `json`. */
export type AdapterMessage =
  /** `slow`: from how many seconds on a handle is told of as slow; 0: never. */
  | { readonly type: 'welcome'; readonly wire: number; readonly level: DetailLevel; readonly slow?: number }
  | { readonly type: 'level'; readonly level: DetailLevel }
  | ({ readonly type: 'query'; readonly id: number } & RuntimeQuery)
  | ({ readonly type: 'command'; readonly id: number } & RuntimeCommand);

/** Questions that the runtime answers in the loop's own thread, or from its own when the loop does not answer in 50 ms. */
export type RuntimeQuery =
  /** Name, state, wait and top frame of these tasks. */
  | { readonly query: 'describe'; readonly loop: number; readonly tasks: readonly number[] }
  /** One task whole: await chain, who awaits it. (Who made it and where came with its creation.) */
  | { readonly query: 'task'; readonly loop: number; readonly task: number }
  | { readonly query: 'ready'; readonly loop: number; readonly offset: number; readonly limit: number }
  | { readonly query: 'timers'; readonly loop: number; readonly offset: number; readonly limit: number }
  | { readonly query: 'selector'; readonly loop: number; readonly offset?: number; readonly limit?: number }
  /**
   * Values in a frame of a suspended task of a stopped loop, `frame` as in the `frames` of its TaskDetail: the variables
   * (`path` empty), or what is inside the value that the path of `key`s leads to. `only`: those of this name.
   */
  | {
      readonly query: 'values';
      readonly loop: number;
      readonly task: number;
      readonly frame: number;
      readonly path: readonly (string | number)[];
      readonly offset: number;
      readonly limit: number;
      readonly only: string;
    }
  /** Who awaits these tasks (for the awaits tree): edges up and down for the tasks named. */
  | { readonly query: 'edges'; readonly loop: number; readonly tasks: readonly number[] }
  /** The live tasks of a loop in slices: those made before we listened, and after drops. `cursor` 0 begins. */
  | { readonly query: 'sync'; readonly loop: number; readonly cursor: number };

export type TaskState = 'running' | 'ready' | 'waiting' | 'finished' | 'failed' | 'cancelled';

/** What a task waits for, in the user's terms. */
export interface WaitsFor {
  /** lock, event, condition, semaphore, barrier, queue, sleep, task, future, gather, group, wait, shield, timeout, executor, socket, stream, process, generator, server, unknown */
  readonly kind: string;
  /** `Lock self.db held by Task-3 since worker.py:9`. Time left is not in it: see `due`. */
  readonly text: string;
  /** Due time on the loop's clock, for sleeps and time-outs. */
  readonly due?: number;
  /** Address of the task that it waits for, or that holds what it waits for. */
  readonly task?: number;
}

export interface StackFrame extends SourceSite {
  /** True for frames of asyncio, of other libraries and of the standard library: folded in the views. */
  readonly library: boolean;
}

export interface TaskDescription {
  readonly task: number;
  readonly name: string;
  readonly coroutine: string; // qualname
  readonly state: TaskState;
  readonly waitsFor: WaitsFor | null;
  /** The innermost frame of the user's code in the await chain. */
  readonly at: SourceSite | null;
}

export interface TaskDetail extends TaskDescription {
  /** Await chain, outermost (the task's coroutine) first, innermost last. */
  readonly frames: readonly StackFrame[];
  readonly awaitedBy: readonly number[];
  readonly cancelling: number;
}

export interface ReadyRow {
  readonly subject: number; // task address, or 0
  readonly kind: 'task' | 'callback' | 'timer';
  readonly text: string;
  readonly at: SourceSite | null;
  /** Who scheduled it: `woken by Queue.put · producer() server.py:18`; '' if that was not captured. */
  readonly by: string;
  readonly cancelled: boolean;
  /** Address of the handle, while the loop is stopped. */
  readonly handle?: number;
  /** As in the QueueRow of dap.ts. */
  readonly mark?: string;
}

export interface TimerRow {
  readonly handle: number;
  readonly due: number; // loop time, s
  readonly subject: number; // task address it will wake, or 0
  readonly text: string;
  readonly at: SourceSite | null;
  readonly cancelled: boolean;
}

export interface SelectorRow {
  readonly fd: number;
  readonly events: 'read' | 'write' | 'read, write';
  readonly text: string; // what is called; who waits
  readonly peer: string; // 127.0.0.1:5000, or ''
  readonly task: number; // the task that will be woken, or 0
}

/** Every answer says at which instant it is true. `total` counts all rows, not those on the page. */
export interface AnswerBase {
  readonly loop: number;
  readonly tick: number;
  readonly time: number; // loop time, s
}
export interface DescribeAnswer extends AnswerBase {
  readonly tasks: readonly TaskDescription[];
  /** Tasks that live and that there was no time for: an answer may not hold the loop. To be asked for again. */
  readonly rest?: readonly number[];
}
export interface TaskAnswer extends AnswerBase {
  /** null: the task is gone. */
  readonly task: TaskDetail | null;
}
export interface ReadyAnswer extends AnswerBase {
  readonly total: number;
  readonly rows: readonly ReadyRow[];
}
/** Read without running a line of the program: the type, and the text of what is of a built-in type. */
export interface ValueRow {
  readonly key: string | number;
  readonly name: string;
  readonly type: string;
  readonly text: string;
  /** How many values are inside; `indexed`: they are numbered. */
  readonly children: number;
  readonly indexed: boolean;
}
export interface ValuesAnswer extends AnswerBase {
  readonly total: number;
  readonly rows: readonly ValueRow[];
}
export interface TimersAnswer extends AnswerBase {
  readonly total: number;
  readonly rows: readonly TimerRow[];
}
export interface SelectorAnswer extends AnswerBase {
  /** All registrations; the answer holds at most 200 of them. */
  readonly total?: number;
  readonly rows: readonly SelectorRow[];
}
export interface EdgesAnswer extends AnswerBase {
  /** [awaiter, awaited] pairs. */
  readonly edges: readonly (readonly [number, number])[];
  /** As in DescribeAnswer. */
  readonly rest?: readonly number[];
}
export interface SyncAnswer extends AnswerBase {
  /** `coroutine` in the form in which coroutines are interned: `qualname\tfile\tline`. */
  readonly tasks: readonly {
    readonly task: number;
    readonly name: string;
    readonly coroutine: string;
    readonly state: TaskState;
  }[];
  /** 0: that was the last slice. */
  readonly cursor: number;
}
