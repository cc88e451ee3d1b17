/**
 * The rows of tasks beside threads, for clients that speak of them: which task a row stands for, and which tasks a person
 * has pinned, so that theirs come first. Which rows there are is decided where threads are listed (features/stopped.ts,
 * and in the program with a debugger).
 */
import * as v from 'valibot';
import type { CustomRequests } from '../../protocol/dap';
import type { Client } from '../client';
import type { DebuggerThreads } from '../debugpy/bridge';
import { type Handlers } from '../dispatch';
import { doneAnswer } from '../link/answers';
import type { Program } from '../program';
import { parseArguments } from './pages';
import type { Stopped } from './stopped';

/** Most pins that are kept: above it the Call Stack has no row for them. */
const MOST_PINS = 200;

const pinsArguments = v.object({ tasks: v.array(v.pipe(v.number(), v.integer(), v.minValue(1))) });
const rowArguments = v.object({ threadId: v.number() });

export class TaskRows {
  readonly #client: Client;
  readonly #program: () => Program;
  readonly #debugger: () => DebuggerThreads | undefined;
  #pinned: readonly number[] = [];

  /** `debug`: the rows of debugpy, where it is in the session. */
  constructor(client: Client, program: () => Program, debug: () => DebuggerThreads | undefined) {
    this.#client = client;
    this.#program = program;
    this.#debugger = debug;
  }

  /** Pinned tasks, in the order in which they were pinned. */
  get pinned(): readonly number[] {
    return this.#pinned;
  }

  handlers(stopped: Stopped): Handlers {
    return {
      'loopscope/pins': async (args) => {
        this.#pinned = parseArguments(pinsArguments, args, 'loopscope/pins').tasks.slice(0, MOST_PINS);
        if (this.#debugger()) await this.#tellProgram();
        // VS Code reads its threads anew, and leaves the frames of those that it knows.
        if (this.#client.abilities.invalidated) this.#client.event('invalidated', { areas: ['threads'] });
        return {};
      },
      'loopscope/row': (args): CustomRequests['loopscope/row'][1] => {
        const { threadId } = parseArguments(rowArguments, args, 'loopscope/row');
        const debug = this.#debugger();
        const { model } = this.#program();
        const row = debug?.row(threadId);
        const id = debug ? row && model.idAt(row.loop, row.task) : stopped.taskOf(threadId);
        const task = id === undefined ? undefined : model.row(id);
        if (task) return { task, text: '' };
        if (row?.task === 0 || stopped.isMore(threadId))
          return { task: null, text: 'That row stands for the tasks that have none: see them in the Tasks view.' };
        if (row || debug?.isOver(threadId) === true || id !== undefined)
          return { task: null, text: 'The task of that row has ended.' };
        return { task: null, text: 'That row is a thread: choose the row of a task below it.' };
      },
    };
  }

  /** The bridge in the program lists the rows itself. One that is not there lists none. */
  async #tellProgram(): Promise<void> {
    const { link, model } = this.#program();
    const pinned = this.#pinned.flatMap((id) => model.addressOf(id)?.address ?? []);
    await link?.command({ command: 'rows', pinned }, doneAnswer).catch(() => undefined);
  }
}
