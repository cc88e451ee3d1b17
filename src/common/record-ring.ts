/**
 * The newest records of a fast stream: a fixed number of rows of numbers in one typed array. Writing is a few stores;
 * what is overwritten is known by its sequence number, so a reader can say how much it missed.
 */
export class RecordRing {
  readonly #data: Float64Array;
  readonly #rows: number;
  readonly #width: number;
  #sequence = 0;

  /** Keeps `rows` records (a power of two) of `width` numbers. */
  constructor(rows: number, width: number) {
    this.#data = new Float64Array(rows * width);
    this.#rows = rows;
    this.#width = width;
  }

  /** Number of the newest record; the first has number 1. */
  get newest(): number {
    return this.#sequence;
  }

  /** Number of the oldest record that is still kept; newest + 1 if there is none. */
  get oldest(): number {
    return Math.max(1, this.#sequence - this.#rows + 1);
  }

  /** Adds a record of at most eleven numbers; returns its number. */
  push(a: number, b: number, c: number, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0, j = 0, k = 0): number {
    const data = this.#data;
    const at = (this.#sequence & (this.#rows - 1)) * this.#width;
    data[at] = a;
    data[at + 1] = b;
    data[at + 2] = c;
    data[at + 3] = d;
    data[at + 4] = e;
    data[at + 5] = f;
    data[at + 6] = g;
    data[at + 7] = h;
    data[at + 8] = i;
    data[at + 9] = j;
    data[at + 10] = k;
    return ++this.#sequence;
  }

  /** The record with that number, a view that the next `push` may overwrite; undefined if it is not kept. */
  read(sequence: number): Float64Array | undefined {
    if (sequence < this.oldest || sequence > this.#sequence) return undefined;
    const at = ((sequence - 1) & (this.#rows - 1)) * this.#width;
    return this.#data.subarray(at, at + this.#width);
  }
}
