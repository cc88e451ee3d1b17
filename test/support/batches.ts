/**
 * Writes batches as the runtime does (marshal version 2 of a flat list, as CPython's Python/marshal.c writes it), for
 * tests and benchmarks that need streams no program has produced. Independent of the decoder that it tests.
 */
import { EVENTS, type EventName, Short, SHORT_KINDS, SHORT_STRINGS } from '../../src/protocol/wire';

/** A number that is written as a float even where it is whole. */
export interface Float {
  readonly float: number;
}
export type Value = number | Float;

/** Times are floats on the wire. */
export function at(time: number): Float {
  return { float: time };
}

/** A flat list as marshal version 2 writes it: `i` for 32 bits, `l` above, `g` for floats. */
export function marshalList(values: readonly Value[]): Buffer {
  const bytes = Buffer.allocUnsafe(5 + values.length * 15);
  bytes[0] = 0x5b;
  bytes.writeInt32LE(values.length, 1);
  let end = 5;
  for (const value of values) {
    if (typeof value !== 'number') {
      bytes[end] = 0x67;
      bytes.writeDoubleLE(value.float, end + 1);
      end += 9;
    } else if (value >= -0x8000_0000 && value <= 0x7fff_ffff) {
      bytes[end] = 0x69;
      bytes.writeInt32LE(value, end + 1);
      end += 5;
    } else {
      bytes[end] = 0x6c;
      const start = end;
      end += 5;
      let digits = 0;
      for (let rest = Math.abs(value); rest > 0; rest = Math.floor(rest / 0x8000)) {
        bytes.writeUInt16LE(rest % 0x8000, end);
        end += 2;
        digits++;
      }
      bytes.writeInt32LE(value < 0 ? -digits : digits, start + 1);
    }
  }
  return Buffer.from(bytes.subarray(0, end));
}

/** What a batch's header says; the rest has defaults. */
export interface Header {
  readonly loop?: number;
  readonly dropped?: number;
  readonly tick?: number;
  readonly now?: number;
  readonly sleepUntil?: number;
  readonly ready?: number;
  readonly timers?: number;
  readonly listing?: boolean;
}

/** One connection's batches, numbered in order. */
export class BatchWriter {
  #sequence = 0;
  #values: Value[] = [];

  /** A handle starts at `time`: the step of the task at an address, or (negative) a callback. */
  handle(time: number, subject: number): this {
    const event = subject > 0 ? subject + Short.step : (SHORT_STRINGS - subject) * SHORT_KINDS + Short.callback;
    this.#values.push(at(time), event);
    return this;
  }

  /** An event by its name; fields of type T are written as floats. */
  event(name: EventName, ...fields: readonly number[]): this {
    const { code, fields: types } = EVENTS[name];
    if (fields.length !== types.length) throw new Error(`${name} has ${types.length} fields`);
    this.#values.push(
      code,
      ...fields.map((field, index) => (types[index]?.endsWith(':T') === true ? at(field) : field)),
    );
    return this;
  }

  /** As if the last batch had never been flushed: its number is given again. */
  withoutLast(): this {
    this.#sequence--;
    this.#values = [];
    return this;
  }

  /** The batch so far, as bytes; the next one begins empty. */
  flush(header: Header = {}): Buffer {
    const { loop = 1, dropped = 0, tick = 0, now = 0, sleepUntil = -1, ready = 0, timers = 0, listing = true } = header;
    const values = this.#values;
    this.#values = [];
    return marshalList([
      ++this.#sequence,
      loop,
      dropped,
      tick,
      at(now),
      at(sleepUntil),
      ready,
      timers,
      listing ? 1 : 0,
      ...values,
    ]);
  }
}
