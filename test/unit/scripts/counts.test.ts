// The counts that decide whether a step passed are read from what the runners print.
import assert from 'node:assert/strict';
import { add, mochaCounts, pytestCounts, words } from '../../../scripts/lib/counts.mjs';

describe('counts of test runners', () => {
  it('reads mocha, several runs and colours included', () => {
    const output =
      '\n  12 passing (3s)\n  2 pending\n  1 failing\n\n  window\n\u001b[92m \u001b[0m\u001b[32m 3 passing\u001b[0m\u001b[90m (8s)\u001b[0m\n';
    assert.deepEqual(mochaCounts(output), { passed: 15, failed: 1, skipped: 2 });
  });

  it('takes no sentence of a test for a count', () => {
    assert.deepEqual(mochaCounts('  ✔ shows 7 passing trains\nextension host: 4 tests, 0 failures\n'), {
      passed: 0,
      failed: 0,
      skipped: 0,
    });
  });

  it('reads the last line of pytest', () => {
    const output =
      '...F\nFAILED test_a.py::test_b - assert 3 passed in 9.99s\n2 failed, 41 passed, 3 skipped, 1 error in 12.34s\n';
    assert.deepEqual(pytestCounts(output), { passed: 41, failed: 3, skipped: 3 });
    assert.deepEqual(pytestCounts('no tests ran in 0.01s\n'), { passed: 0, failed: 0, skipped: 0 });
  });

  it('adds up and says it', () => {
    assert.equal(
      words(add({ passed: 1, failed: 0, skipped: 2 }, { passed: 2, failed: 1, skipped: 0 })),
      '3 passed, 1 failed, 2 skipped',
    );
  });
});
