/**
 * The newest events as numbers, with the tasks' ids in place of their addresses: what the event log shows. Recording
 * costs a few stores an event; texts are made only for the records that somebody reads (the adapter does that).
 * Events with a text of their own (a loop's life, a message of the runtime) keep it beside the numbers.
 */
import type { SourceSite } from '../protocol/wire';
import type { TaskTable } from './task-table';

/** Records kept: what a person can scroll through, and a bound on memory (0.9 MB). A power of two. */
export const LOG_KEPT = 8192;
const WIDTH = 13;

/** Codes of records that are not events of the wire's table. */
export const LogCode = { handle: 0, text: -1, dropped: -2 } as const;

interface TextRecord {
  readonly word: string;
  readonly text: string;
  readonly site: SourceSite | null;
}

/** A record as it was stored; what the numbers mean depends on `code` (see `EVENTS` and apply.ts). */
export interface LogRecord extends TextRecord {
  readonly sequence: number;
  readonly loop: number;
  readonly code: number;
  readonly time: number;
  /** The task that it is about: id (0: none), name as names.ts keeps it, coroutine's string id. */
  readonly task: number;
  readonly prefix: number;
  readonly number: number;
  readonly coroutine: number;
  /** The task that did it: id (0: none) and name. */
  readonly by: number;
  readonly byPrefix: number;
  readonly byNumber: number;
  /** Numbers of the event itself. */
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

const NO_TEXT: TextRecord = { word: '', text: '', site: null };

export class EventLog {
  readonly #data = new Float64Array(LOG_KEPT * WIDTH);
  readonly #texts = new Map<number, TextRecord>();
  #sequence = 0;

  /** Number of the newest record; the first has number 1. */
  get newest(): number {
    return this.#sequence;
  }

  /** Number of the oldest record that is still kept; newest + 1 if there is none. */
  get oldest(): number {
    return Math.max(1, this.#sequence - LOG_KEPT + 1);
  }

  /** Notes an event: its task and the one that did it (slots, or -1), then its own numbers. */
  event(
    loop: number,
    code: number,
    time: number,
    tasks: TaskTable,
    slot: number,
    by: number,
    x = 0,
    y = 0,
    z = 0,
  ): void {
    const data = this.#data;
    const at = (this.#sequence & (LOG_KEPT - 1)) * WIDTH;
    const sequence = ++this.#sequence;
    data[at] = loop;
    data[at + 1] = code;
    data[at + 2] = time;
    if (slot > 0) {
      data[at + 3] = tasks.id[slot] ?? 0;
      data[at + 4] = tasks.prefix[slot] ?? 0;
      data[at + 5] = tasks.number[slot] ?? 0;
      data[at + 6] = tasks.coroutine[slot] ?? 0;
    } else {
      data[at + 3] = 0;
    }
    if (by > 0) {
      data[at + 7] = tasks.id[by] ?? 0;
      data[at + 8] = tasks.prefix[by] ?? 0;
      data[at + 9] = tasks.number[by] ?? 0;
    } else {
      data[at + 7] = 0;
    }
    data[at + 10] = x;
    data[at + 11] = y;
    data[at + 12] = z;
    if (this.#texts.size > 0) this.#texts.delete(sequence - LOG_KEPT);
  }

  /** Notes something that is a text already; `loop` 0: of no loop. `word` is one hyphenated word. */
  text(loop: number, time: number, word: string, text: string, site: SourceSite | null): void {
    const at = (this.#sequence & (LOG_KEPT - 1)) * WIDTH;
    const sequence = ++this.#sequence;
    this.#data.fill(0, at, at + WIDTH);
    this.#data[at] = loop;
    this.#data[at + 1] = LogCode.text;
    this.#data[at + 2] = time;
    this.#texts.delete(sequence - LOG_KEPT);
    this.#texts.set(sequence, { word, text, site });
  }

  /** Records after number `after`, oldest first, at most `limit`; and how many after it are no longer kept. */
  read(after: number, limit: number): { readonly records: readonly LogRecord[]; readonly missed: number } {
    const data = this.#data;
    const records: LogRecord[] = [];
    const first = Math.max(after + 1, this.oldest);
    for (let sequence = first; sequence <= this.#sequence && records.length < limit; sequence++) {
      const at = ((sequence - 1) & (LOG_KEPT - 1)) * WIDTH;
      const column = (offset: number): number => data[at + offset] ?? 0;
      records.push({
        sequence,
        loop: column(0),
        code: column(1),
        time: column(2),
        task: column(3),
        prefix: column(4),
        number: column(5),
        coroutine: column(6),
        by: column(7),
        byPrefix: column(8),
        byNumber: column(9),
        x: column(10),
        y: column(11),
        z: column(12),
        ...(this.#texts.get(sequence) ?? NO_TEXT),
      });
    }
    return { records, missed: Math.max(0, first - after - 1) };
  }
}
