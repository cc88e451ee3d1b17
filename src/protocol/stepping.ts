/**
 * Stopping and stepping the scheduler: what the adapter says to the runtime for it (wire), and what clients say to the
 * adapter (custom DAP). Types and tables only; prose is in docs/wire.md and docs/protocol.md. On the wire tasks and
 * handles are addresses, valid while the loop is stopped; in DAP they are ids of ours.
 */
import type { SourceSite } from './site';

/**
 * Where a debugger stops a suspended task that runs on: at the next line of the function of the person's in which it is
 * suspended, at any line of theirs, or when that function has returned; if it is the task's own, when the task has ended.
 */
export type Within = 'next' | 'line' | 'caller';

/** Until when a stopped loop goes on. `task` and `handle` as the sender numbers them: addresses on the wire, ids in DAP. */
export type StepGoal =
  /** The next handle has run. Where none is next (the loop was about to sleep): one comes, and the stop is before it. */
  | { readonly kind: 'handle' }
  /** Before the next handle that steps a task. */
  | { readonly kind: 'anyTask' }
  /** The next tick begins that has something to run: before its first handle. */
  | { readonly kind: 'tick' }
  /** The first handle of a tick at whose start the ready queue holds other tasks or functions than now. */
  | { readonly kind: 'readyChange' }
  /** Before this task runs; with a debugger, and only on the wire, `within` it. */
  | { readonly kind: 'task'; readonly task: number; readonly within?: Within }
  /** Before the callback of this timer runs. */
  | { readonly kind: 'timer'; readonly handle: number }
  /** Before this handle runs. */
  | { readonly kind: 'callback'; readonly handle: number }
  /** After the handle in which a task was created, ended, or was cancelled; `task`: that one only. */
  | { readonly kind: 'created' }
  | { readonly kind: 'ended' | 'cancelled'; readonly task?: number };
// A loop whose task or handle can never come any more (it has ended, was cancelled) stops too; the stop's `text` says why.
export type StepGoalKind = StepGoal['kind'];

/** What can be done with a handle of a stopped loop's ready queue, or with a timer (`fire`, `cancel`). */
export type OrderAction = 'first' | 'hold' | 'release' | 'fire' | 'cancel';

/** What can be done with a task, whether its loop is stopped or not. A frozen task's handles are held back. */
export type TaskAction = 'cancel' | 'freeze' | 'thaw';

/** Events of a loop at which it stops, as exception filters in DAP: `loopscope.<kind>`. */
export const BREAK_ON = {
  slowTick: { label: 'Loop: a tick takes longer than N ms', condition: 'milliseconds, 100 if empty' },
  slowHandle: { label: 'Loop: a callback takes longer than N ms', condition: 'milliseconds, 100 if empty' },
  longQueue: { label: 'Loop: more than N callbacks are ready', condition: 'a number, 1000 if empty' },
  destroyedPending: { label: 'Task: destroyed while pending', condition: 'a part of its name or coroutine' },
  neverRetrieved: {
    label: 'Task: exception never retrieved',
    condition: 'a part of the exception type or of its message',
  },
  closedPending: { label: 'Loop: closed with tasks pending', condition: 'at least how many tasks, 1 if empty' },
  loopCreated: { label: 'Loop: created', condition: 'a part of its class or thread' },
  otherThread: { label: 'Loop: call_soon from another thread', condition: 'a part of the name of the thread' },
} as const;
export type BreakKind = keyof typeof BREAK_ON;
export const BREAK_FILTER_PREFIX = 'loopscope.';

/** One thing that a stop is asked for; `condition` as the person wrote it, '' for none. The runtime checks what it means. */
export interface BreakOn {
  readonly kind: BreakKind;
  readonly condition: string;
}

/** adapter → runtime, as `{ type: 'command', id, … }`; each is answered once by an `answer` with that id. `loop` 0: all loops. */
export type RuntimeCommand =
  | { readonly command: 'pause'; readonly loop: number }
  /**
   * A stopped loop goes on until the goal. `gate` false: somebody else (the debugger's bridge) lets the thread go; only
   * the goal is noted (`continue` notes that there is none).
   */
  | { readonly command: 'step'; readonly loop: number; readonly goal: StepGoal; readonly gate?: boolean }
  | { readonly command: 'continue'; readonly loop: number; readonly gate?: boolean }
  | { readonly command: 'order'; readonly loop: number; readonly action: OrderAction; readonly handle: number }
  | { readonly command: 'task'; readonly loop: number; readonly action: TaskAction; readonly task: number }
  /** In place of those set before. The result is a `BreakOnAnswer`; a filter with an error is off. */
  | { readonly command: 'breakOn'; readonly filters: readonly BreakOn[] }
  /** With a debugger: which tasks are pinned (addresses), and how many have rows at a stop at most (100 if not said). */
  | { readonly command: 'rows'; readonly pinned?: readonly number[]; readonly most?: number }
  /** With a debugger: `others`: all tasks run while something is awaited in the console; `cancel`: what is awaited there now. */
  | { readonly command: 'console'; readonly others?: boolean; readonly cancel?: boolean }
  /** Whether loops' clocks stand still while their threads are stopped (default true), and whether the first tick of the first loop stops. */
  | { readonly command: 'stepping'; readonly freezeClock: boolean; readonly stopOnFirstTick: boolean };

/**
 * The same before the program begins, as JSON in the environment variable `LOOPSCOPE_STEPPING`: a command could come
 * after the first tick. The runtime takes it out of the program's environment.
 */
export interface SteppingSettings {
  readonly freezeClock?: boolean;
  readonly stopOnFirstTick?: boolean;
  readonly breakOn?: readonly BreakOn[];
}

/** Result of `breakOn`: for each filter a sentence that says what is wrong with its condition, '' for nothing. */
export interface BreakOnAnswer {
  readonly errors: readonly string[];
}

/** Result of `order` and `task`: what was done, as a sentence. The other commands have an empty result. */
export interface ChangeAnswer {
  readonly text: string;
}

/**
 * Event on debugpy's own channel before each stop of a thread by the debugger, DAP's numbers as debugpy gives them: which row of
 * `threads` stands for which task (address), and which loop's stop between two handles it is, if it is one.
 */
export const BRIDGE_EVENT = 'loopscope/bridge';
export interface BridgeEvent {
  readonly threadId: number;
  readonly loop: number; // 0: no loop runs in that thread
  readonly rows: readonly { readonly threadId: number; readonly task: number }[];
  /** The task at one of whose lines the thread is stopped (address); 0: none. */
  readonly current: number;
  /** Tasks without a row, and the row that says so. */
  readonly more: number;
  readonly moreThreadId?: number;
  readonly stop: Extract<SteppingMessage, { type: 'stopped' }> | null;
}

/** A handle as a stop or a step report names it. */
export interface HandleInfo {
  /** Address of the handle on the wire, id of ours in DAP; 0 if it is gone. */
  readonly handle: number;
  readonly task: number; // 0: no task
  readonly text: string;
  readonly at: SourceSite | null;
  /** Who put it into the ready queue, '' if not known. */
  readonly by: string;
}

/**
 * What one handle did. Lists hold at most `MAX_STEP_ROWS`; counts are exact. `created`: tasks made; `woke`: tasks that
 * were put into the ready queue; `scheduled`: other callbacks put there; `timers`: timers set.
 */
export interface StepReport {
  readonly tick: number;
  readonly position: number; // in its tick, from 0
  readonly ran: HandleInfo;
  readonly duration: number; // s
  readonly scheduled: readonly HandleInfo[];
  readonly woke: readonly HandleInfo[];
  readonly created: readonly HandleInfo[];
  readonly timers: readonly HandleInfo[];
  readonly counts: {
    readonly scheduled: number;
    readonly woke: number;
    readonly created: number;
    readonly timers: number;
  };
  /** How the task's step ended: 'waits', 'yields', 'finished', 'failed', 'cancelled', '' for other callbacks. */
  readonly outcome: string;
}
export const MAX_STEP_ROWS = 20;

export type StopReason = 'pause' | 'step' | 'break' | 'firstTick';

/** Where a loop is stopped: always before a handle, or before it selects (`next` null: nothing is ready). */
export interface LoopStop {
  readonly reason: StopReason;
  readonly tick: number;
  readonly position: number; // handles of this tick that have run
  readonly ready: number;
  readonly time: number; // the loop's clock, at which it stands
  readonly wall: number; // when it was stopped, seconds since the epoch
  /** Whether the clock stands still. */
  readonly frozen: boolean;
  readonly next: HandleInfo | null;
  /** What the step before did; null after a pause. */
  readonly did: StepReport | null;
  /** Why, in a sentence, for `break`; '' else. */
  readonly text: string;
  readonly kind?: BreakKind;
  /** What a person changed in the order since the loop ran on, oldest first, as sentences. */
  readonly changes: readonly string[];
}

/** runtime → adapter. */
export type SteppingMessage =
  /** `byDebugger`: debugpy tells the client of the stop of the thread by itself. */
  | ({
      readonly type: 'stopped';
      readonly loop: number;
      readonly threadId: number;
      readonly byDebugger: boolean;
    } & LoopStop)
  | { readonly type: 'resumed'; readonly loop: number }
  /** A handle was run by a step that goes on (a goal further away); for the event log. */
  | { readonly type: 'stepped'; readonly loop: number; readonly did: StepReport };

/** Custom requests for it: command → [arguments, answer body]. All answer when the runtime has taken it, not when the goal is reached. */
export interface SteppingRequests {
  /** Stops before the next handle of the loop (absent: of every loop that runs); an idle loop is woken. */
  'loopscope/pause': [{ readonly loop?: number }, Record<string, never>];
  'loopscope/step': [{ readonly loop: number; readonly goal: StepGoal }, Record<string, never>];
  'loopscope/continue': [{ readonly loop?: number }, Record<string, never>];
  'loopscope/order': [
    { readonly loop: number; readonly action: OrderAction; readonly handle: number },
    { readonly text: string },
  ];
  'loopscope/taskAction': [{ readonly task: number; readonly action: TaskAction }, { readonly text: string }];
}
export const STEPPING_COMMANDS = [
  'loopscope/pause',
  'loopscope/step',
  'loopscope/continue',
  'loopscope/order',
  'loopscope/taskAction',
] as const satisfies readonly (keyof SteppingRequests)[];

/** Event `loopscope/stopped`, body; beside DAP's `stopped`. A loop that goes on is told by `loopscope/resumed` with `{ loop }`. */
export interface StoppedEvent extends LoopStop {
  readonly loop: number;
  /** DAP's number of the thread. */
  readonly threadId: number;
}
