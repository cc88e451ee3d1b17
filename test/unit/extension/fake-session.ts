/** A program for the views' tests: a SessionPort that answers from what the test puts in, and remembers what was asked. */
import type {
  CustomCommand,
  CustomRequests,
  FoldRow,
  LoopRow,
  TaskNode,
  TaskRow,
  UpdateEvent,
} from '../../../src/protocol/dap';
import type { SessionPort } from '../../../src/extension/sessions/live-session';

type Answers = { [C in CustomCommand]?: (args: CustomRequests[C][0]) => CustomRequests[C][1] };

export class FakePort implements SessionPort {
  readonly asked: { readonly command: CustomCommand; readonly args: unknown }[] = [];
  readonly parent = undefined;
  underWay = 0;
  mostUnderWay = 0;
  /** While set, answers wait for it. */
  gate: Promise<void> | undefined;

  constructor(
    readonly id: string,
    readonly answers: Answers,
    readonly name = `${id}.py`,
  ) {}

  async request<C extends CustomCommand>(command: C, args: CustomRequests[C][0]): Promise<CustomRequests[C][1]> {
    this.asked.push({ command, args });
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    try {
      await (this.gate ?? Promise.resolve());
      const answer = this.answers[command];
      if (!answer) throw new Error(`${command} has no answer`);
      return answer(args);
    } finally {
      this.underWay -= 1;
    }
  }

  count(command: CustomCommand): number {
    return this.asked.filter((question) => question.command === command).length;
  }
}

export function update(
  revision: number,
  change: Partial<UpdateEvent> = {},
  process: Partial<UpdateEvent['process']> = {},
): UpdateEvent {
  return {
    revision,
    process: {
      phase: 'connected',
      pid: 4711,
      name: 'server.py',
      python: '3.13.0',
      exitCode: null,
      notice: '',
      ...process,
    },
    loops: 1,
    liveTasks: 0,
    ready: 0,
    timers: 0,
    lag: 0,
    ticksPerSecond: 0,
    dropped: 0,
    uvloop: false,
    ...change,
  };
}

export function loopRow(loop: number, change: Partial<LoopRow> = {}): LoopRow {
  return {
    loop,
    name: `server.py · MainThread`,
    class: 'asyncio.unix_events._UnixSelectorEventLoop',
    thread: 'MainThread',
    state: 'running',
    debug: false,
    life: [
      { what: 'created', time: 100, wall: 1_700_000_000, call: 'asyncio.run()', site: site(41), times: 1 },
      { what: 'runs', time: 100.1, wall: 1_700_000_000.1, call: 'asyncio.run()', site: site(41), times: 1 },
    ],
    time: 142.5,
    tick: 10_482,
    ticksPerSecond: 312,
    busy: 0.042,
    lag: 0.0012,
    longest: { duration: 0.0123, text: 'handle_request()', site: site(52) },
    liveTasks: 128,
    ready: 3,
    timers: 2,
    nextTimer: 144.4,
    sleeping: false,
    pendingAtClose: 0,
    hides: '',
    counting: false,
    dropped: 0,
    io: 0,
    executorCalls: 0,
    childProcesses: 0,
    signals: [],
    ...change,
  };
}

export function site(line: number, file = '/srv/app/server.py'): { file: string; line: number; function: string } {
  return { file, line, function: 'main' };
}

export function taskRow(task: number, change: Partial<TaskRow> = {}): TaskRow {
  return {
    kind: 'task',
    node: `t${task}`,
    task,
    loop: 1,
    name: `Task-${task}`,
    coroutine: 'consume',
    state: 'waiting',
    waitsFor: 'Queue.get, empty',
    waitsForTask: null,
    due: null,
    since: 100,
    created: 90,
    createdBy: null,
    createdAt: site(30),
    definedAt: site(12),
    at: site(18),
    steps: 4,
    busy: 0.002,
    detail: '',
    children: 0,
    ...change,
  };
}

export function foldRow(change: Partial<FoldRow> = {}): FoldRow {
  return {
    kind: 'fold',
    node: 'f1',
    text: 'handle_request()',
    count: 97,
    children: 97,
    oldest: 139,
    states: { waiting: 95, ready: 2 },
    ...change,
  };
}

export function page<Row>(
  rows: readonly Row[],
  revision = 1,
  total = rows.length,
): { revision: number; total: number; offset: number; rows: readonly Row[] } {
  return { revision, total, offset: 0, rows };
}

export function loopPage<Row>(
  rows: readonly Row[],
  notice = '',
): ReturnType<typeof page<Row>> & { loop: number; tick: number; time: number; notice: string } {
  return { ...page(rows), loop: 1, tick: 7, time: 142.5, notice };
}

/** Lets everything that only waits for promises get on. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

export type { TaskNode };
