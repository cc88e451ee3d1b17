/**
 * Completes task rows with what only the running program knows: what a task waits for, the line it is suspended on, its
 * name and state at that instant. One query a loop for the rows of a page. What was last said of a task is kept, so that
 * rows still say it when the program has ended or does not answer.
 */
import type { TaskNode, TaskRow } from '../../protocol/dap';
import type { SourceSite, TaskState, WaitsFor } from '../../protocol/wire';
import { describeAnswer } from '../link/answers';
import { QueryError } from '../link/runtime-link';
import type { Live } from '../link/live';

/** How long a page waits for the descriptions of its rows, s: then it is shown without. */
const PATIENCE = 0.5;
/** Descriptions kept. */
const KEPT = 4096;

interface Described {
  readonly state: TaskState;
  readonly waitsFor: WaitsFor | null;
  readonly waitsForTask: number | null;
  readonly at: SourceSite | null;
}

export class Describer {
  readonly #program: Live;
  readonly #last = new Map<number, Described>();
  readonly #frozen = new Set<number>();

  constructor(program: Live) {
    this.#program = program;
  }

  /** The rows, completed; each is taken from the model anew, so that it is of the same instant as its description. */
  async complete(rows: readonly TaskNode[]): Promise<TaskNode[]> {
    await this.#ask(rows.flatMap((row) => (row.kind === 'task' ? [row.task] : [])));
    return rows.map((row) => (row.kind === 'task' ? this.merge(row) : row));
  }

  /** One row with what was last said of its task. */
  merge(row: TaskRow): TaskRow {
    const current = this.#program.model.row(row.task);
    const fresh: TaskRow = current ? { ...current, node: row.node, children: row.children } : row;
    const said = this.#last.get(row.task);
    const done = fresh.state === 'finished' || fresh.state === 'failed' || fresh.state === 'cancelled';
    if (done) return fresh;
    const frozen = this.#frozen.has(row.task) ? { frozen: true } : {};
    if (!said) return { ...fresh, ...frozen };
    return {
      ...fresh,
      ...frozen,
      state: said.state,
      waitsFor: said.state === 'waiting' ? (said.waitsFor?.text ?? '') : '',
      waitsForTask: said.waitsForTask,
      due: said.waitsFor?.due ?? null,
      at: said.at,
    };
  }

  /** A person has frozen or thawed a task. */
  freeze(task: number, action: 'cancel' | 'freeze' | 'thaw'): void {
    if (action === 'freeze') this.#frozen.add(task);
    else if (action === 'thaw') this.#frozen.delete(task);
  }

  /** A loop has stopped running: nothing of it is frozen any more. */
  thawAll(loop: number): void {
    for (const task of this.#frozen) if (this.#program.model.row(task)?.loop === loop) this.#frozen.delete(task);
  }

  /** Keeps what an answer said of a task. */
  take(
    loop: number,
    id: number,
    said: {
      readonly name: string;
      readonly state: TaskState;
      readonly waitsFor: { kind: string; text: string; due?: number; task?: number } | null;
      readonly at: SourceSite | null;
    },
  ): void {
    this.#program.model.describe(id, said.name, said.state);
    this.#last.delete(id);
    this.#last.set(id, {
      state: said.state,
      waitsFor: said.waitsFor,
      waitsForTask: this.#program.model.idAt(loop, said.waitsFor?.task ?? 0) ?? null,
      at: said.at,
    });
    if (this.#last.size > KEPT) for (const oldest of this.#last.keys()) return void this.#last.delete(oldest);
  }

  async #ask(ids: readonly number[]): Promise<void> {
    const { link, model } = this.#program;
    if (!link) return;
    const byLoop = new Map<number, Map<number, number>>();
    for (const id of ids) {
      const where = model.addressOf(id);
      if (!where) continue;
      const known = byLoop.get(where.loop) ?? new Map<number, number>();
      known.set(where.address, id);
      byLoop.set(where.loop, known);
    }
    await Promise.all(
      [...byLoop].map(async ([loop, idOf]) => {
        try {
          // An answer holds the loop for a few milliseconds at most, and names what it had no time for.
          let tasks: readonly number[] = [...idOf.keys()];
          while (tasks.length > 0) {
            const answer = await link.query({ query: 'describe', loop, tasks }, describeAnswer, PATIENCE);
            for (const said of answer.tasks) {
              const id = idOf.get(said.task);
              if (id !== undefined) this.take(loop, id, said);
            }
            const rest: readonly number[] = answer.rest ?? [];
            tasks = rest.length < tasks.length ? rest : [];
          }
        } catch (error) {
          if (!(error instanceof QueryError)) throw error;
          // The page is shown with what the model and the last answer know.
        }
      }),
    );
  }
}
