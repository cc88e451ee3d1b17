/**
 * Decodes a batch's payload: marshal version 2 of one flat list of int and float (CPython Python/marshal.c: `[`, `i`,
 * `l` with 15-bit digits, `g`). It fills typed arrays that are used again for the next batch and makes no object for
 * a number. Any other type, a length that does not fit, or bytes left over are an error; nothing is ever allocated for
 * a length that the payload cannot hold.
 */

/** What a peer sent is not what the wire allows. The message says what and where. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

const LIST = 0x5b; // [
const INT = 0x69; // i
const LONG = 0x6c; // l
const FLOAT = 0x67; // g
/** The fewest bytes that a number takes: a long without digits (0, which marshal writes as `i`, is allowed). */
const SMALLEST_NUMBER = 5;
/** Digits of 15 bits: five of them hold every 64-bit address. */
const MOST_DIGITS = 5;
const DIGIT = 0x8000;

/** The decoded numbers of one batch; the arrays are longer than `length` and belong to the list. */
export class NumberList {
  values = new Float64Array(1024);
  /** 1 where the number was a float. */
  floats = new Uint8Array(1024);
  length = 0;

  /** Replaces the numbers by those of `payload`. Throws WireError; the list is then empty. */
  decode(payload: Uint8Array): void {
    this.length = 0;
    const size = payload.length;
    if (size < 5 || payload[0] !== LIST) throw new WireError('A batch is not a marshalled list.');
    const view = new DataView(payload.buffer, payload.byteOffset, size);
    const length = view.getInt32(1, true);
    if (length < 0 || length * SMALLEST_NUMBER > size - 5)
      throw new WireError(`A batch says it holds ${length} numbers, in ${size} bytes.`);
    if (length > this.values.length) this.#grow(length);
    const values = this.values;
    const floats = this.floats;
    let at = 5;
    for (let index = 0; index < length; index++) {
      if (at + SMALLEST_NUMBER > size) throw new WireError(`A batch ends within number ${index}.`);
      const type = payload[at];
      if (type === INT) {
        values[index] = view.getInt32(at + 1, true);
        floats[index] = 0;
        at += 5;
      } else if (type === FLOAT) {
        if (at + 9 > size) throw new WireError(`A batch ends within number ${index}.`);
        values[index] = view.getFloat64(at + 1, true);
        floats[index] = 1;
        at += 9;
      } else if (type === LONG) {
        const signed = view.getInt32(at + 1, true);
        const digits = signed < 0 ? -signed : signed;
        if (digits > MOST_DIGITS || at + 5 + digits * 2 > size)
          throw new WireError(`Number ${index} of a batch has ${signed} digits.`);
        let value = 0;
        for (let digit = digits - 1; digit >= 0; digit--)
          value = value * DIGIT + (view.getUint16(at + 5 + digit * 2, true) & (DIGIT - 1));
        values[index] = signed < 0 ? -value : value;
        floats[index] = 0;
        at += 5 + digits * 2;
      } else {
        throw new WireError(`Number ${index} of a batch has the unknown type 0x${(type ?? 0).toString(16)}.`);
      }
    }
    if (at !== size) throw new WireError(`A batch has ${size - at} bytes after its last number.`);
    this.length = length;
  }

  #grow(length: number): void {
    const capacity = 2 ** Math.ceil(Math.log2(length));
    this.values = new Float64Array(capacity);
    this.floats = new Uint8Array(capacity);
  }
}
