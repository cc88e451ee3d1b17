/**
 * The newest events as numbers, with the tasks' ids in place of their addresses: what the event log shows. Recording
 * costs a few stores an event; texts are made only for the records that somebody reads (the adapter does that).
 * Events with a text of their own (a loop's life, a message of the runtime) keep it beside the ring.
 */
import { RecordRing } from '../common/record-ring';
import type { SourceSite } from '../protocol/wire';

/** Records kept: what a person can scroll through, and a bound on memory (0.8 MB). */
const KEPT = 8192;
const WIDTH = 11;

/** Codes of records that are not events of the wire's table. */
export const LogCode = { handle: 0, text: -1, dropped: -2 } as const;

/** A record as it was stored; what the numbers mean depends on `code` (see `EVENTS` and apply.ts). */
export interface LogRecord {
  readonly sequence: number;
  readonly loop: number;
  readonly code: number;
  readonly time: number;
  /** The task that it is about: id, name as in `TaskTable.name`, coroutine's string id; id 0: no task. */
  readonly task: number;
  readonly name: number;
  readonly coroutine: number;
  /** The task that did it: id and name; 0: none. */
  readonly by: number;
  readonly byName: number;
  /** Numbers of the event itself. */
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly word: string;
  readonly text: string;
  readonly site: SourceSite | null;
}

export class EventLog {
  readonly #ring = new RecordRing(KEPT, WIDTH);
  readonly #texts = new Map<number, { readonly word: string; readonly text: string; readonly site: SourceSite | null }>();

  get newest(): number {
    return this.#ring.newest;
  }

  /** Notes an event. See LogRecord for the numbers. */
  event(
    loop: number,
    code: number,
    time: number,
    task = 0,
    name = 0,
    coroutine = 0,
    by = 0,
    byName = 0,
    x = 0,
    y = 0,
    z = 0,
  ): void {
    const sequence = this.#ring.push(loop, code, time, task, name, coroutine, by, byName, x, y, z);
    if (this.#texts.size > 0) this.#texts.delete(sequence - KEPT);
  }

  /** Notes something that is a text already; `loop` 0: of no loop. `word` is one hyphenated word. */
  text(loop: number, time: number, word: string, text: string, site: SourceSite | null): void {
    const sequence = this.#ring.push(loop, LogCode.text, time);
    this.#texts.delete(sequence - KEPT);
    this.#texts.set(sequence, { word, text, site });
  }

  /** Records after number `after`, oldest first, at most `limit`; and how many after it are no longer kept. */
  read(after: number, limit: number): { readonly records: readonly LogRecord[]; readonly missed: number } {
    const records: LogRecord[] = [];
    const first = Math.max(after + 1, this.#ring.oldest);
    for (let sequence = first; records.length < limit; sequence++) {
      const row = this.#ring.read(sequence);
      if (!row) break;
      const [loop = 0, code = 0, time = 0, task = 0, name = 0, coroutine = 0, by = 0, byName = 0, x = 0, y = 0, z = 0] =
        row;
      const { word = '', text = '', site = null } = this.#texts.get(sequence) ?? {};
      records.push({ sequence, loop, code, time, task, name, coroutine, by, byName, x, y, z, word, text, site });
    }
    return { records, missed: Math.max(0, first - after - 1) };
  }
}
