/**
 * A hash table from whole numbers (up to 2^53) to 32-bit integers, in two typed arrays: 12 bytes an entry at full load
 * where a `Map` takes about 50 and allocates for each key above 2^31. Open addressing, linear probing, and removal that
 * closes the gap, so that a table in which keys come and go for hours does not degrade.
 */

const EMPTY = -1;
const SMALLEST = 16;

export class NumberMap {
  #keys: Float64Array;
  #values: Int32Array;
  #mask: number;
  #size = 0;

  constructor() {
    this.#keys = new Float64Array(SMALLEST).fill(EMPTY);
    this.#values = new Int32Array(SMALLEST);
    this.#mask = SMALLEST - 1;
  }

  get size(): number {
    return this.#size;
  }

  /** The value of `key`, or -1 if it is not there. */
  get(key: number): number {
    const keys = this.#keys;
    const mask = this.#mask;
    for (let at = hash(key) & mask; ; at = (at + 1) & mask) {
      const found = keys[at];
      if (found === key) return this.#values[at] ?? EMPTY;
      if (found === EMPTY) return EMPTY;
    }
  }

  /** Sets `key` (a whole number ≥ 0) to `value` (≥ 0). */
  set(key: number, value: number): void {
    if (!(key >= 0)) throw new RangeError(`A key must be a whole number from 0: ${key}`);
    const keys = this.#keys;
    const mask = this.#mask;
    let at = hash(key) & mask;
    for (; ; at = (at + 1) & mask) {
      const found = keys[at];
      if (found === key) {
        this.#values[at] = value;
        return;
      }
      if (found === EMPTY) break;
    }
    keys[at] = key;
    this.#values[at] = value;
    this.#size++;
    if (this.#size * 4 > (mask + 1) * 3) this.#resize((mask + 1) * 2);
  }

  /** Removes `key`; false if it was not there. */
  delete(key: number): boolean {
    const keys = this.#keys;
    const values = this.#values;
    const mask = this.#mask;
    let at = hash(key) & mask;
    for (; ; at = (at + 1) & mask) {
      const found = keys[at];
      if (found === key) break;
      if (found === EMPTY) return false;
    }
    // Entries after the gap that would no longer be found across it move into it.
    for (let next = (at + 1) & mask; ; next = (next + 1) & mask) {
      const moving = keys[next] ?? EMPTY;
      if (moving === EMPTY) break;
      const home = hash(moving) & mask;
      if (((next - home) & mask) >= ((next - at) & mask)) {
        keys[at] = moving;
        values[at] = values[next] ?? EMPTY;
        at = next;
      }
    }
    keys[at] = EMPTY;
    this.#size--;
    if (mask >= SMALLEST * 4 && this.#size * 8 < mask) this.#resize((mask + 1) / 4);
    return true;
  }

  /** Calls back for each entry, in no order. The table must not be changed meanwhile. */
  forEach(visit: (key: number, value: number) => void): void {
    const keys = this.#keys;
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at] ?? EMPTY;
      if (key !== EMPTY) visit(key, this.#values[at] ?? EMPTY);
    }
  }

  #resize(capacity: number): void {
    const keys = this.#keys;
    const values = this.#values;
    this.#keys = new Float64Array(capacity).fill(EMPTY);
    this.#values = new Int32Array(capacity);
    this.#mask = capacity - 1;
    for (let from = 0; from < keys.length; from++) {
      const key = keys[from] ?? EMPTY;
      if (key === EMPTY) continue;
      let at = hash(key) & this.#mask;
      while (this.#keys[at] !== EMPTY) at = (at + 1) & this.#mask;
      this.#keys[at] = key;
      this.#values[at] = values[from] ?? EMPTY;
    }
  }
}

/** Addresses differ in their middle bits only: both halves are mixed until the low bits depend on all of them. */
function hash(key: number): number {
  let mixed = Math.imul(key | 0, 0x9e3779b1) ^ Math.imul((key / 0x1_0000_0000) | 0, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return mixed ^ (mixed >>> 13);
}
