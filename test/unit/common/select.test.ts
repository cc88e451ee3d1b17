import assert from 'node:assert/strict';
import fc from 'fast-check';
import { sortedPage } from '../../../src/common/select';

describe('sortedPage', () => {
  it('is the same page as of the whole list sorted', () => {
    const list = fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 300 });
    fc.assert(
      fc.property(list, fc.nat(320), fc.nat(50), (keys, offset, limit) => {
        // Positions are sorted by key, then by themselves: a total order over many equal keys.
        const compare = (a: number, b: number): number => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b;
        const positions = Int32Array.from(keys.keys());
        const sorted = [...positions].sort(compare);
        const page = sortedPage(positions, positions.length, offset, limit, compare);
        assert.deepEqual([...page], sorted.slice(offset, offset + limit));
        assert.deepEqual(
          [...positions].sort((a, b) => a - b),
          [...keys.keys()],
          'the list keeps its elements',
        );
      }),
    );
  });

  it('looks only at the first elements that it is told of', () => {
    const list = Int32Array.from([5, 3, 4, 0, 1]);
    assert.deepEqual([...sortedPage(list, 3, 0, 10, (a, b) => a - b)], [3, 4, 5]);
  });

  it('does not go quadratic on input that is sorted already, backwards or equal', () => {
    for (const make of [(index: number) => index, (index: number) => -index, () => 7]) {
      let comparisons = 0;
      const length = 20_000;
      const keys = Array.from({ length }, (_, index) => make(index));
      const compare = (a: number, b: number): number => {
        comparisons++;
        return (keys[a] ?? 0) - (keys[b] ?? 0) || a - b;
      };
      sortedPage(Int32Array.from(keys.keys()), length, 9_900, 200, compare);
      assert.ok(comparisons < length * 20, `${comparisons} comparisons for ${length} elements`);
    }
  });
});
