import assert from 'node:assert/strict';
import fc from 'fast-check';
import { NumberMap } from '../../../src/common/number-map';

/** Addresses as programs have them: aligned, close together, far above 32 bits; and a few small numbers. */
const key = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: 0, max: 60 }).map((index) => 0x7f3a_1000_0000 + index * 16),
  fc.integer({ min: 0, max: 20 }).map((index) => 2 ** 52 + index),
);

describe('NumberMap', () => {
  it('answers as a Map does, whatever is set and deleted in whatever order', () => {
    const step = fc.record({ what: fc.constantFrom('set', 'set', 'delete'), key, value: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const map = new NumberMap();
        const reference = new Map<number, number>();
        for (const { what, key, value } of steps) {
          if (what === 'set') {
            map.set(key, value);
            reference.set(key, value);
          } else {
            assert.equal(map.delete(key), reference.delete(key));
          }
          assert.equal(map.size, reference.size);
        }
        for (const { key } of steps) assert.equal(map.get(key), reference.get(key) ?? -1);
        const seen = new Map<number, number>();
        map.forEach((key, value) => seen.set(key, value));
        assert.deepEqual(new Map([...seen].sort()), new Map([...reference].sort()));
      }),
    );
  });

  it('shrinks and grows through a hundred thousand entries without losing one', () => {
    const map = new NumberMap();
    for (let index = 0; index < 100_000; index++) map.set(0x7f00_0000_0000 + index * 48, index);
    for (let index = 0; index < 100_000; index += 2) assert.ok(map.delete(0x7f00_0000_0000 + index * 48));
    for (let index = 0; index < 100_000; index++)
      assert.equal(map.get(0x7f00_0000_0000 + index * 48), index % 2 === 0 ? -1 : index);
    for (let index = 1; index < 100_000; index += 2) assert.ok(map.delete(0x7f00_0000_0000 + index * 48));
    assert.equal(map.size, 0);
  });

  it('refuses a key that would be taken for an empty place', () => {
    assert.throws(() => new NumberMap().set(-1, 0), RangeError);
    assert.throws(() => new NumberMap().set(NaN, 0), RangeError);
  });
});
