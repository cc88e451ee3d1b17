import assert from 'node:assert/strict';
import fc from 'fast-check';
import { NumberList, WireError } from '../../../src/model/number-list';
import { marshalList, type Value } from '../../support/batches';

const integer = fc.oneof(
  fc.integer(),
  fc.constantFrom(0, -1, 0x7fff_ffff, 0x8000_0000, -0x8000_0000, -0x8000_0001, 2 ** 53 - 1, 1 - 2 ** 53),
  fc.maxSafeInteger(),
);
const float = fc.double({ noNaN: true }).map((value) => ({ float: value }));
const values = fc.array(fc.oneof(integer, float), { maxLength: 60 });

function decoded(bytes: Uint8Array): Value[] {
  const list = new NumberList();
  list.decode(bytes);
  return Array.from({ length: list.length }, (_, index) => {
    const value = list.values[index] ?? NaN;
    return list.floats[index] === 1 ? { float: value } : value;
  });
}

describe('NumberList', () => {
  it('reads back what was marshalled, ints and floats apart', () => {
    fc.assert(fc.property(values, (list) => assert.deepEqual(decoded(marshalList(list)), list)));
  });

  it('reads from the middle of a larger buffer', () => {
    const bytes = marshalList([1, { float: 2.5 }, 0x7f00_0000_0010]);
    const around = Buffer.concat([Buffer.from([0x69, 1, 2]), bytes, Buffer.from([9])]);
    assert.deepEqual(decoded(around.subarray(3, 3 + bytes.length)), [1, { float: 2.5 }, 0x7f00_0000_0010]);
  });

  it('keeps infinities, which say that a loop sleeps until it is woken', () => {
    assert.deepEqual(decoded(marshalList([{ float: Infinity }])), [{ float: Infinity }]);
  });

  it('refuses every list that is cut short or has something behind it', () => {
    fc.assert(
      fc.property(values, fc.nat(), (list, cut) => {
        const bytes = marshalList(list);
        assert.throws(() => decoded(bytes.subarray(0, cut % bytes.length)), WireError);
        assert.throws(() => decoded(Buffer.concat([bytes, Buffer.from([0])])), WireError);
      }),
    );
  });

  it('never throws anything but WireError, whatever the bytes', () => {
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      // A valid list with a few bytes changed.
      fc.tuple(values, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 })).map(([list, changes]) => {
        const bytes = marshalList(list);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        return bytes;
      }),
    );
    fc.assert(
      fc.property(hostile, (bytes) => {
        try {
          decoded(bytes);
        } catch (error) {
          assert.ok(error instanceof WireError, String(error));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('does not allocate for a length that the payload cannot hold', () => {
    const list = new NumberList();
    const before = list.values.length;
    const bytes = Buffer.alloc(5);
    bytes[0] = 0x5b;
    bytes.writeInt32LE(0x7fff_ffff, 1);
    assert.throws(() => list.decode(bytes), /2147483647 numbers/);
    bytes.writeInt32LE(-1, 1);
    assert.throws(() => list.decode(bytes), WireError);
    assert.equal(list.values.length, before);
  });

  it('is empty after a list that could not be read', () => {
    const list = new NumberList();
    list.decode(marshalList([1, 2, 3]));
    assert.throws(() => list.decode(marshalList([1, 2, 3]).subarray(0, 12)), WireError);
    assert.equal(list.length, 0);
  });
});
