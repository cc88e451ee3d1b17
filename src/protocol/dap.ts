/**
 * What Loopscope adds to the Debug Adapter Protocol: custom requests and events between the adapter and any client.
 * Types, tables and limits only; prose for other editors is docs/protocol.md. Every page carries the revision and the
 * loop time at which it is true. Requests are answered once; an error's message says what to do next.
 */
import type { LoopStop, SteppingRequests } from './stepping';
import type { SourceSite, StackFrame, TaskState } from './wire';

/** Raised when a request or row changes so that an older client would misread it. In `initialize`'s answer: `supportsLoopscope`. */
export const PROTOCOL_VERSION = 1;
export const MAX_PAGE_ROWS = 200;
/** Most `loopscope/update` events a second. */
export const MAX_UPDATES_PER_SECOND = 10;

/** Launch arguments of debug type `loopscope`: names and meanings as in Python's own debugger where it has them. */
export interface LaunchArguments {
  readonly program?: string;
  readonly module?: string;
  readonly code?: string | readonly string[];
  readonly args?: readonly string[] | string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | null>>;
  readonly envFile?: string;
  readonly python?: string | readonly string[];
  readonly pythonArgs?: readonly string[];
  readonly console?: 'internalConsole' | 'integratedTerminal' | 'externalTerminal';
  readonly stopOnEntry?: boolean;
  /** Without debugpy: no breakpoints, no stepping of lines; the runtime alone. */
  readonly noDebug?: boolean;
  /** Stops before the first handle of the first loop. */
  readonly stopOnFirstTick?: boolean;
  /** Whether a loop's clock stands still while its thread is stopped (default true). */
  readonly freezeClock?: boolean;
  /** A program that asks uvloop for its loop gets asyncio's own, which can be seen and stepped whole (default false). */
  readonly asyncioLoop?: boolean;
  /** Only the person's own code is stopped in (default true): debugpy's, which gets it as it is. */
  readonly justMyCode?: boolean;
  /** Which debugpy debugs: `auto` (default) takes the first of the others that is there and new enough. */
  readonly debuggerFrom?: 'auto' | 'extension' | 'interpreter' | 'bundled';
  /** Folder of the debugpy to use: before all others. */
  readonly debugpyPath?: string;
  /** Internal: where the editor's debugpy extension is. */
  readonly debugpyExtension?: string;
  /** Level of detail of the recording: `adaptive` (default) costs a program nothing, `full` lists every handle. */
  readonly detail?: 'adaptive' | 'full';
  /** A callback, or a task's step, that runs longer is told of as slow, seconds; 0: never. Default 0.1, as asyncio's own. */
  readonly slowCallback?: number;
  /** Which folders here are which folders where the program runs; `.` is the folder it runs in. */
  readonly pathMappings?: readonly { readonly localRoot: string; readonly remoteRoot: string }[];
  /** Follow child processes (default true): each becomes a session of its own. */
  readonly subProcess?: boolean;
  /**
   * The client keeps the last state on its screen: after the update with phase `ended`, `terminated` is held back until
   * the client says `loopscope/seen`, for one second at most.
   */
  readonly holdLastState?: boolean;
}

/** Event `loopscope/update`: something changed; ask for the pages you show. */
export interface UpdateEvent {
  readonly revision: number;
  /** Where the program is in its life. */
  readonly process: ProcessState;
  readonly loops: number;
  readonly liveTasks: number;
  readonly ready: number;
  readonly timers: number;
  /** Worst lag over the last second, over all loops, seconds. */
  readonly lag: number;
  readonly ticksPerSecond: number;
  /** Events dropped so far. */
  readonly dropped: number;
  /** Whether a loop that lives is uvloop's, which hides its ready queue and timers. */
  readonly uvloop: boolean;
}

export interface ProcessState {
  readonly phase: 'starting' | 'connected' | 'ended';
  readonly pid: number;
  readonly name: string;
  readonly python: string;
  readonly exitCode: number | null;
  /** Something the person should know, '' if nothing: why nothing is seen, what is hidden, what was lost. */
  readonly notice: string;
}

export interface PageOf<Row> {
  readonly revision: number;
  readonly total: number;
  readonly offset: number;
  readonly rows: readonly Row[];
}

export interface LoopRow {
  readonly loop: number;
  readonly name: string; // server.py · MainThread
  readonly class: string;
  readonly thread: string;
  readonly state: 'created' | 'running' | 'stopped' | 'closed' | 'collected';
  readonly debug: boolean;
  /** Each transition of its life, oldest first. */
  readonly life: readonly {
    readonly what: string;
    readonly time: number;
    readonly wall: number;
    readonly call: string;
    readonly site: SourceSite | null;
    readonly times: number;
  }[];
  readonly time: number; // loop time now, s
  readonly tick: number;
  readonly ticksPerSecond: number;
  /** Share of the last second spent in handles, 0–1. */
  readonly busy: number;
  /** How late due work started over the last second, worst, s. */
  readonly lag: number;
  /** Longest handle so far: seconds, text, where. */
  readonly longest: { readonly duration: number; readonly text: string; readonly site: SourceSite | null } | null;
  readonly liveTasks: number;
  readonly ready: number;
  readonly timers: number;
  /** Loop time of the next timer, as the loop last said; null if none is set. In the past while it is held up. */
  readonly nextTimer: number | null;
  readonly sleeping: boolean;
  readonly pendingAtClose: number;
  /** What cannot be seen of this loop, as a sentence; '' if nothing. */
  readonly hides: string;
  /** True while single handles are counted, not listed. */
  readonly counting: boolean;
  readonly dropped: number;
  /** reader/writer registrations, running executor calls, child processes, signal handlers. */
  readonly io: number;
  readonly executorCalls: number;
  readonly childProcesses: number;
  readonly signals: readonly number[];
  /** Where it is stopped before a handle; absent while it runs. */
  readonly stop?: LoopStop | undefined;
  /** Seconds that its clock stood still so far. */
  readonly frozenFor?: number | undefined;
}

export type TaskTree = 'creator' | 'awaits' | 'flat';
export type TaskSort = 'age' | 'busy' | 'steps' | 'name';
export type TaskGroup = 'none' | 'coroutine' | 'state' | 'site';

export interface TasksArguments {
  readonly tree: TaskTree;
  /** Node whose children are wanted; absent: the roots. */
  readonly parent?: string;
  readonly offset: number;
  readonly limit: number;
  readonly sort: TaskSort;
  readonly group: TaskGroup;
  /** Matches name, coroutine, state or file, without regard to case; '' for all. */
  readonly filter: string;
  readonly loop?: number;
  /** Ids of pinned tasks: first among their siblings. */
  readonly pinned?: readonly number[];
}

export interface TaskRow {
  readonly kind: 'task';
  /** Node id: stable while the node exists, unique in the tree asked for. */
  readonly node: string;
  readonly task: number; // id of ours, never reused
  readonly loop: number;
  readonly name: string;
  readonly coroutine: string;
  readonly state: TaskState;
  readonly waitsFor: string;
  readonly waitsForTask: number | null;
  /** Due time on the loop's clock, if the wait ends by itself. */
  readonly due: number | null;
  /** Loop time since when it is in this state; -1: not known (handles were only counted then, or events were lost). */
  readonly since: number;
  readonly created: number; // loop time
  readonly createdBy: number | null;
  readonly createdAt: SourceSite | null; // null: not captured
  readonly definedAt: SourceSite | null;
  readonly at: SourceSite | null;
  readonly steps: number;
  readonly busy: number; // s
  readonly detail: string; // exception type, who cancelled it
  readonly children: number;
  /** Its handles are held back: see `loopscope/taskAction`. */
  readonly frozen?: boolean | undefined;
}

/** Equal subtrees folded into one row, a group, or the finished tasks of a parent as a count. */
export interface FoldRow {
  readonly kind: 'fold' | 'group' | 'finished';
  readonly node: string;
  readonly text: string;
  readonly count: number;
  readonly children: number;
  readonly oldest: number; // loop time of creation of the oldest in it
  readonly states: Readonly<Partial<Record<TaskState, number>>>;
}
export type TaskNode = TaskRow | FoldRow;

export interface TaskDetailRow extends TaskRow {
  readonly frames: readonly StackFrame[];
  readonly awaitedBy: readonly { readonly task: number; readonly name: string }[];
  readonly creation: readonly {
    readonly task: number | null;
    readonly name: string;
    readonly site: SourceSite | null;
  }[];
}

export interface QueueRow {
  readonly node: string;
  readonly position: number; // 0 runs next
  readonly task: number | null;
  readonly text: string;
  readonly by: string;
  readonly at: SourceSite | null;
  readonly cancelled: boolean;
  /** Id of the handle for `loopscope/order` and goals, while the loop is stopped; absent while it runs. */
  readonly handle?: number | undefined;
  /** What a person did with it: 'moved first', 'held back', 'fired early'; '' or absent: nothing. Held ones come last. */
  readonly mark?: string | undefined;
}

export interface TimerQueueRow {
  readonly node: string;
  /** As in QueueRow. */
  readonly handle?: number | undefined;
  readonly task: number | null;
  readonly text: string;
  readonly due: number;
  readonly at: SourceSite | null;
  readonly cancelled: boolean;
}

/** A page that the runtime answered: true at that tick of that loop. */
export interface LoopPage<Row> extends PageOf<Row> {
  readonly loop: number;
  readonly tick: number;
  readonly time: number;
  /** Why there are no rows to see, '' if there is no reason but emptiness (uvloop, not connected …). */
  readonly notice: string;
}

export interface RegistrationRow {
  readonly fd: number;
  readonly events: string;
  readonly text: string;
  readonly peer: string;
  readonly task: number | null;
}

/**
 * One line of the event log, in a small language (grammar: syntaxes/loopscope-events.tmLanguage.json):
 *
 *     12.034511  L1  task-created    Task-5 handle_request() by Task-1  server.py:41
 *
 * loop time in seconds with 6 decimals; `L` and the loop's number (`--` for what belongs to no loop); one hyphenated
 * word (loop-created, tick, handle, scheduled, task-created, task-waits, task-woken, task-finished, task-failed,
 * task-cancelled, timer-set, timer-fired, timer-cancelled, io, executor, process, signal, slow, dropped …); free text;
 * and, where there is a site, its `basename:line` at the end of the line.
 */
export interface LogLine {
  readonly sequence: number;
  readonly text: string;
  /** Where the `file:line` at the end of the text leads. */
  readonly site?: SourceSite | null;
}

/** Custom requests: command → [arguments, answer body]. */
export interface CustomRequests extends SteppingRequests {
  'loopscope/loops': [Record<string, never>, PageOf<LoopRow>];
  'loopscope/tasks': [TasksArguments, PageOf<TaskNode>];
  'loopscope/task': [{ readonly task: number }, TaskDetailRow];
  'loopscope/ready': [{ readonly loop: number; readonly offset: number; readonly limit: number }, LoopPage<QueueRow>];
  'loopscope/timers': [
    { readonly loop: number; readonly offset: number; readonly limit: number },
    LoopPage<TimerQueueRow>,
  ];
  'loopscope/selector': [{ readonly loop: number }, LoopPage<RegistrationRow>];
  /** Lines of the event log after `after` (0: from the oldest kept), oldest first. `missed`: lines no longer kept. */
  'loopscope/log': [
    { readonly after: number; readonly limit: number },
    { readonly lines: readonly LogLine[]; readonly missed: number },
  ];
  'loopscope/level': [{ readonly detail: 'adaptive' | 'full' }, Record<string, never>];
  /** Totals as in the update event, without waiting for one. */
  'loopscope/state': [Record<string, never>, UpdateEvent];
  /** The whole state (bounded, with "showing N of M") for a bug report. */
  'loopscope/snapshot': [{ readonly format: 'json' | 'markdown' }, { readonly text: string }];
  /** The tasks that a person has pinned, in place of those before: they come first in the Call Stack. */
  'loopscope/pins': [{ readonly tasks: readonly number[] }, Record<string, never>];
  /** The task whose row among DAP's threads that is; null: none's, and `text` says what it is. */
  'loopscope/row': [{ readonly threadId: number }, { readonly task: TaskRow | null; readonly text: string }];
  /** The client has taken the last state after phase `ended`: see LaunchArguments.holdLastState. */
  'loopscope/seen': [Record<string, never>, Record<string, never>];
}
export type CustomCommand = keyof CustomRequests;
export const CUSTOM_COMMANDS = [
  'loopscope/loops',
  'loopscope/tasks',
  'loopscope/task',
  'loopscope/ready',
  'loopscope/timers',
  'loopscope/selector',
  'loopscope/log',
  'loopscope/level',
  'loopscope/state',
  'loopscope/snapshot',
  'loopscope/pins',
  'loopscope/row',
  'loopscope/seen',
] as const satisfies readonly CustomCommand[];
