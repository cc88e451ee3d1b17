/**
 * The requests `loopscope/ready`, `loopscope/timers` and `loopscope/selector`. None of these is modelled: each page is
 * read from the runtime and is true at the tick that it names. Where it cannot be read the page says why.
 */
import * as v from 'valibot';
import type { LoopPage, QueueRow, RegistrationRow, TimerQueueRow } from '../../protocol/dap';
import type { RuntimeQuery } from '../../protocol/wire';
import { type Handlers, RequestError } from '../dispatch';
import { readyAnswer, selectorAnswer, timersAnswer } from '../link/answers';
import { LoopGoneError, QueryError } from '../link/runtime-link';
import type { Program } from '../program';
import { pageFields, parseArguments } from './pages';

const queueArguments = v.object({ loop: v.number(), ...pageFields });
const CLOSED = 'This loop is closed.';

const loopArguments = v.object({ loop: v.number() });

/** What a page is read from. */
type Asked = Pick<Program, 'model' | 'link' | 'phase' | 'stops'>;

/** Handlers over the program of the moment. */
export function queueHandlers(program: () => Program): Handlers {
  return {
    'loopscope/ready': (args) => {
      const { loop, offset, limit } = parseArguments(queueArguments, args, 'loopscope/ready');
      return readyPage(program(), loop, offset, limit);
    },
    'loopscope/timers': (args) => {
      const { loop, offset, limit } = parseArguments(queueArguments, args, 'loopscope/timers');
      return timersPage(program(), loop, offset, limit);
    },
    'loopscope/selector': (args) => {
      const { loop } = parseArguments(loopArguments, args, 'loopscope/selector');
      return selectorPage(program(), loop);
    },
  };
}

/** The ready queue, the next handle first. */
export function readyPage(program: Asked, loop: number, offset: number, limit: number): Promise<LoopPage<QueueRow>> {
  return page(program, { query: 'ready', loop, offset, limit }, readyAnswer, (answer) => {
    const seen = new Map<string, number>();
    const rows = answer.rows.map((row, index): QueueRow => {
      const task = program.model.idAt(loop, row.subject) ?? null;
      return {
        node: unique(seen, task === null ? `c:${row.text}` : `t${task}`),
        position: offset + index,
        task,
        text: row.text,
        by: row.by,
        at: row.at,
        cancelled: row.cancelled,
        ...(row.handle === undefined || !program.stops.of(loop)
          ? {}
          : { handle: program.stops.handle(loop, row.handle), mark: row.mark ?? '' }),
      };
    });
    return { total: answer.total, rows };
  });
}

/** The timer heap in due order. */
export function timersPage(
  program: Asked,
  loop: number,
  offset: number,
  limit: number,
): Promise<LoopPage<TimerQueueRow>> {
  return page(program, { query: 'timers', loop, offset, limit }, timersAnswer, (answer) => ({
    total: answer.total,
    rows: answer.rows.map((row): TimerQueueRow => {
      const task = program.model.idAt(loop, row.subject);
      const owner = task === undefined ? undefined : program.model.row(task);
      return {
        node: `h${row.handle}`,
        task: task ?? null,
        // Whose it is first: that many tasks sleep says nothing.
        text: owner ? `${owner.name} · ${owner.coroutine}() · ${row.text}` : row.text,
        due: row.due,
        at: row.at,
        cancelled: row.cancelled,
        ...(program.stops.of(loop) ? { handle: program.stops.handle(loop, row.handle) } : {}),
      };
    }),
  }));
}

/** What the selector is registered for. */
export function selectorPage(program: Asked, loop: number): Promise<LoopPage<RegistrationRow>> {
  return page(program, { query: 'selector', loop }, selectorAnswer, (answer) => ({
    total: answer.total ?? answer.rows.length,
    rows: answer.rows.map((row): RegistrationRow => ({
      fd: row.fd,
      events: row.events,
      text: row.text,
      peer: row.peer,
      task: program.model.idAt(loop, row.task) ?? null,
    })),
  }));
}

/** Which queries each runtime has answered. */
const loaded = new WeakMap<NonNullable<Program['link']>, Set<string>>();

interface Answer {
  readonly tick: number;
  readonly time: number;
  readonly total?: number | undefined;
  readonly rows: readonly unknown[];
}

/** Whether there are fewer rows than were asked for and are there. */
function isCut({ total, rows }: Answer, offset: number, limit: number): boolean {
  return rows.length < Math.min(limit, (total ?? 0) - offset);
}

async function page<Schema extends v.GenericSchema<unknown, Answer>, Row>(
  program: Asked,
  query: Extract<RuntimeQuery, { query: 'ready' | 'timers' | 'selector' }>,
  schema: Schema,
  read: (answer: v.InferOutput<Schema>) => { readonly total: number; readonly rows: readonly Row[] },
): Promise<LoopPage<Row>> {
  const { model, link } = program;
  const { loop, offset = 0, limit = Infinity } = query;
  const state = model.loops.get(loop);
  if (!state) throw new RequestError(`There is no loop ${loop}: ask loopscope/loops which there are.`);
  const empty = (notice: string): LoopPage<Row> => ({
    revision: model.revision,
    total: 0,
    offset,
    rows: [],
    loop,
    tick: state.tick,
    time: state.time,
    notice,
  });
  if (state.state === 'closed' || state.state === 'collected') return empty(CLOSED);
  if (!link) return empty(program.phase === 'ended' ? 'The program has ended.' : 'The program is not connected.');
  try {
    let answer = await link.query(query, schema);
    // A loop is held for some milliseconds only, and the first time those are spent on loading what looks.
    const isFirst = !loaded.get(link)?.has(query.query);
    loaded.set(link, (loaded.get(link) ?? new Set()).add(query.query));
    if (isFirst && isCut(answer, offset, limit)) answer = await link.query(query, schema);
    return {
      revision: model.revision,
      offset,
      loop,
      tick: answer.tick,
      time: answer.time,
      notice: '',
      ...read(answer),
    };
  } catch (error) {
    if (error instanceof LoopGoneError) return empty(CLOSED);
    if (error instanceof QueryError) return empty(state.info?.hides || error.message);
    throw error;
  }
}

/** `id`, or with a number where it has come before. */
function unique(seen: Map<string, number>, id: string): string {
  const times = seen.get(id) ?? 0;
  seen.set(id, times + 1);
  return times === 0 ? id : `${id}:${times}`;
}
