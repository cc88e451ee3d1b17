/**
 * DAP's own requests about a stopped program, for sessions without a debugger in the program: a stop of a loop is a stop
 * of its thread; step over runs one handle, step into goes to the next task's handle, step out to the next tick. The
 * Call Stack shows the thread with the await chain of what runs next, and the loop's tasks as threads beside it.
 * Everything is read-only. What is inside the frames is features/frames.ts.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import * as v from 'valibot';
import type { HandleInfo } from '../../protocol/stepping';
import type { StackFrame } from '../../protocol/wire';
import type { Client } from '../client';
import { type Handlers, RequestError } from '../dispatch';
import { taskAnswer } from '../link/answers';
import { QueryError } from '../link/runtime-link';
import type { Program } from '../program';
import type { Stop } from '../stops';
import { Frames } from './frames';
import { goOn, pause, step } from './stepping';
import type { Threads } from './threads';

/** Rows of tasks in the Call Stack, for each stopped loop. */
const MOST_TASKS = 100;
/** A task's number as a thread is its id and this. */
const TASK_THREADS = 1_000_000;
/** The row "N more" of a loop is this and the loop's number. */
const MORE_THREADS = 1_000_000_000;

const threadArguments = v.object({ threadId: v.number() });
const stackArguments = v.object({
  threadId: v.number(),
  startFrame: v.optional(v.number(), 0),
  levels: v.optional(v.number(), 0),
});

export class Stopped {
  readonly #client: Client;
  readonly #threads: Threads;
  readonly #program: () => Program;
  readonly #frames: Frames;
  readonly #pinned: () => readonly number[];
  /** Loops whose client knows by its own request that they go on. */
  readonly #known = new Set<number>();

  /** `pinned`: tasks that a person has pinned. */
  constructor(client: Client, threads: Threads, program: () => Program, pinned: () => readonly number[]) {
    this.#pinned = pinned;
    this.#client = client;
    this.#threads = threads;
    this.#program = program;
    this.#frames = new Frames(program);
  }

  /** Tells the client of the stops of a program from here on; `ours`: whether threads are ours and not a debugger's. */
  watch(program: Program, ours: () => boolean): void {
    program.stops.onStopped((stop) => {
      this.#frames.clear();
      if (!stop.byDebugger && ours()) this.#tellStopped(program, stop);
    });
    program.stops.onResumed((loop) => {
      this.#frames.clear();
      if (this.#known.delete(loop) || !ours()) return;
      const threadId = this.#threads.ofLoop(program.model, loop);
      this.#client.event('continued', { threadId, allThreadsContinued: program.stops.all().length === 0 });
    });
  }

  handlers(): Handlers {
    return {
      threads: () => this.#list(),
      pause: async (args) => {
        const { threadId } = this.#parse(threadArguments, args, 'pause');
        const loops = this.#loopsOf(threadId).filter(
          (loop) => this.#program().model.loops.get(loop)?.state === 'running',
        );
        if (loops.length === 0 && this.#threads.has(threadId) && this.#anyRuns())
          throw new RequestError('No event loop runs in this thread: pause a thread whose loop runs.');
        await pause(this.#program(), loops[0] ?? 0);
      },
      continue: async (args) => {
        const stop = this.#stopOf(this.#parse(threadArguments, args, 'continue').threadId);
        const others = this.#program().stops.all().length > 1;
        await this.#go(stop.event.loop, () => goOn(this.#program(), stop.event.loop));
        return { allThreadsContinued: !others };
      },
      next: (args) => this.#step(args, 'next'),
      stepIn: (args) => this.#step(args, 'stepIn'),
      stepOut: (args) => this.#step(args, 'stepOut'),
      stackTrace: (args) => this.#stackTrace(args),
      exceptionInfo: (args) => {
        const { event } = this.#stopOf(this.#parse(threadArguments, args, 'exceptionInfo').threadId);
        return { exceptionId: event.kind ?? event.reason, description: event.text, breakMode: 'always' };
      },
      ...this.#frames.handlers(),
    };
  }

  #tellStopped(program: Program, stop: Stop): void {
    const { event } = stop;
    const threadId = this.#threads.ofLoop(program.model, event.loop);
    const breaks = event.reason === 'break';
    const reason = breaks ? 'exception' : event.reason === 'firstTick' ? 'entry' : event.reason;
    const body: DebugProtocol.StoppedEvent['body'] = {
      reason,
      description: describe(stop),
      threadId,
      // A row of a task can be opened only while the client takes it for stopped; the other loops' threads are told to run on below.
      allThreadsStopped: true,
      ...(event.text === '' ? {} : { text: event.text }),
    };
    this.#client.event('stopped', body);
    const stopped = new Set(program.stops.all().map((other) => this.#threads.ofLoop(program.model, other.event.loop)));
    for (const { id } of this.#threads.list().threads)
      if (!stopped.has(id)) this.#client.event('continued', { threadId: id, allThreadsContinued: false });
  }

  /** The task that a number of a thread stands for, if it is a task's. */
  taskOf(threadId: number): number | undefined {
    return threadId > TASK_THREADS && threadId < MORE_THREADS ? threadId - TASK_THREADS : undefined;
  }

  /** Whether a number of a thread stands for the tasks without a row. */
  isMore(threadId: number): boolean {
    return threadId >= MORE_THREADS;
  }

  async #list(): Promise<{ readonly threads: readonly DebugProtocol.Thread[] }> {
    const program = this.#program();
    const threads: DebugProtocol.Thread[] = [...this.#threads.list().threads];
    for (const { event } of program.stops.all()) {
      const { ids, total } = program.model.liveTasks({
        tree: 'flat',
        offset: 0,
        limit: MOST_TASKS,
        sort: 'age',
        group: 'none',
        filter: '',
        loop: event.loop,
      });
      const ordered = [...new Set([...(await this.#first(event.loop, event.next?.task ?? 0)), ...ids])].slice(
        0,
        MOST_TASKS,
      );
      for (const id of ordered) {
        const row = program.model.row(id);
        if (row) threads.push({ id: TASK_THREADS + id, name: `${row.name} · ${row.coroutine}()` });
      }
      if (total > ordered.length)
        threads.push({
          id: MORE_THREADS + event.loop,
          name: `${total - ordered.length} more tasks: see the Tasks view`,
        });
    }
    return { threads };
  }

  /** Whose rows come first: the task that runs next, those that await it, and those that are pinned. */
  async #first(loop: number, next: number): Promise<number[]> {
    const { awaits, model } = this.#program();
    // What cannot be asked is no reason to show no rows.
    const awaiters = next > 0 ? await awaits.awaitersOf(next, MOST_TASKS / 2).catch(() => []) : [];
    const pinned = this.#pinned().filter((id) => model.addressOf(id)?.loop === loop);
    return [...(next > 0 ? [next] : []), ...awaiters, ...pinned];
  }

  async #step(args: unknown, command: 'next' | 'stepIn' | 'stepOut'): Promise<void> {
    const { threadId } = this.#parse(threadArguments, args, command);
    const { event } = this.#stopOf(threadId);
    const { loop } = event;
    const task = this.taskOf(threadId) ?? 0;
    await this.#go(loop, async () => {
      const program = this.#program();
      if (command === 'stepOut') return step(program, loop, { kind: 'tick' });
      // On a task's row: until that task runs.
      if (task > 0 && task !== event.next?.task) return step(program, loop, { kind: 'task', task });
      return step(program, loop, { kind: command === 'next' ? 'handle' : 'anyTask' });
    });
  }

  /** Lets a loop go; the client knows that by its own request. */
  async #go(loop: number, let_: () => Promise<void>): Promise<void> {
    this.#known.add(loop);
    try {
      await let_();
    } catch (error) {
      this.#known.delete(loop);
      throw error;
    }
  }

  async #stackTrace(args: unknown): Promise<DebugProtocol.StackTraceResponse['body']> {
    const { threadId, startFrame, levels } = this.#parse(stackArguments, args, 'stackTrace');
    const stop = this.#stopOf(threadId);
    const frames =
      threadId >= MORE_THREADS
        ? []
        : threadId > TASK_THREADS
          ? await this.#chain(stop.event.loop, threadId - TASK_THREADS)
          : await this.#threadFrames(stop);
    const end = levels > 0 ? startFrame + levels : undefined;
    return { stackFrames: frames.slice(startFrame, end), totalFrames: frames.length };
  }

  async #threadFrames(stop: Stop): Promise<DebugProtocol.StackFrame[]> {
    const { event } = stop;
    const { next, loop } = event;
    const chain = next && next.task > 0 ? await this.#chain(loop, next.task) : [];
    const own = chain.length === 0 && next ? [this.#handleFrame(next)] : [];
    const name = `tick ${event.tick} · ${event.position} run, ${event.ready} ready`;
    const tick = { id: this.#frames.add(undefined), name, line: 0, column: 0, presentationHint: 'label' } as const;
    return [...chain, ...own, tick];
  }

  #handleFrame(next: HandleInfo): DebugProtocol.StackFrame {
    const { at } = next;
    const frame = { id: this.#frames.add(undefined), name: next.text, line: at?.line ?? 0, column: at ? 1 : 0 };
    return at ? { ...frame, source: sourceOf(at.file) } : { ...frame, presentationHint: 'subtle' };
  }

  /** The await chain of a task, innermost first. */
  async #chain(loop: number, task: number): Promise<DebugProtocol.StackFrame[]> {
    const { model, link } = this.#program();
    const where = model.addressOf(task);
    if (!where || !link) throw new RequestError(`Task #${task} has ended.`);
    try {
      const { task: said } = await link.query({ query: 'task', loop, task: where.address }, taskAnswer);
      const frames = said?.frames ?? [];
      return frames
        .map((frame, index) => this.#frame(frame, this.#frames.add({ loop, task: where.address, frame: index })))
        .reverse();
    } catch (error) {
      if (error instanceof QueryError) throw new RequestError(error.message);
      throw error;
    }
  }

  #frame(frame: StackFrame, id: number): DebugProtocol.StackFrame {
    const row = { id, name: frame.function, line: frame.line, column: frame.line > 0 ? 1 : 0 };
    if (frame.file === '' || frame.file.startsWith('<')) return { ...row, presentationHint: 'subtle' };
    return {
      ...row,
      source: { ...sourceOf(frame.file), ...(frame.library ? { presentationHint: 'deemphasize' as const } : {}) },
      ...(frame.library ? { presentationHint: 'subtle' as const } : {}),
    };
  }

  /** The stop of the loop that a thread's or a task's row is of. */
  #stopOf(threadId: number): Stop {
    const program = this.#program();
    const loop =
      threadId >= MORE_THREADS
        ? threadId - MORE_THREADS
        : threadId > TASK_THREADS
          ? program.model.row(threadId - TASK_THREADS)?.loop
          : this.#loopsOf(threadId).find((candidate) => program.stops.of(candidate));
    const stop = loop === undefined ? undefined : program.stops.of(loop);
    if (!stop) throw new RequestError('The loop of this thread runs: pause it first.');
    return stop;
  }

  #loopsOf(threadId: number): number[] {
    const { model } = this.#program();
    return [...model.loops.keys()].filter((loop) => this.#threads.ofLoop(model, loop) === threadId);
  }

  #anyRuns(): boolean {
    return [...this.#program().model.loops.values()].some((loop) => loop.state === 'running');
  }

  #parse<Schema extends v.GenericSchema>(schema: Schema, args: unknown, command: string): v.InferOutput<Schema> {
    const parsed = v.safeParse(schema, args ?? {});
    if (!parsed.success) throw new RequestError(`The request "${command}" lacks the number of a thread.`);
    return parsed.output;
  }
}

function sourceOf(file: string): DebugProtocol.Source {
  return { name: file.replace(/^.*[\\/]/, ''), path: file };
}

/** A stop in a few words, as the Call Stack shows it. */
function describe({ event }: Stop): string {
  const where = event.next ? `before ${event.next.text}` : 'nothing is ready';
  const why = { pause: 'Paused', step: 'Stepped', break: 'Stopped', firstTick: 'Paused at the first tick' }[
    event.reason
  ];
  return `${why} at tick ${event.tick}, ${where}`;
}
