// The counts that decide whether a step passed are read from what the runners print.
import assert from 'node:assert/strict';
import { add, mochaCounts, mochaFailures, pytestCounts, pytestFailures, words } from '../../../scripts/lib/counts.mjs';

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

  it('repeats what failed, of each run in an output, and nothing else', () => {
    const first = '  a\n    ✔ b\n\n  12 passing (3s)\n  1 failing\n\n  1) a\n       c:\n     Error: no\n\n';
    const second = '  d\n    ✔ e\n\n  3 passing (1s)\n';
    assert.equal(mochaFailures(first).split('\n').at(-1), '     Error: no');
    assert.match(mochaFailures(first + second), /^ {2}1 failing\n\n {2}1\) a\n {7}c:\n {5}Error: no\n/);
    assert.doesNotMatch(mochaFailures(first + second), /passing/);
    assert.equal(mochaFailures(second), '');
  });

  it('repeats what failed in pytest, with the reasons', () => {
    const output =
      '..F\n    def test_b():\n>       assert 1 == 2\nE       assert 1 == 2\n\nFAILED test_a.py::test_b - assert 1 == 2\n1 failed, 2 passed in 0.30s\n';
    assert.equal(pytestFailures(output), 'FAILED test_a.py::test_b - assert 1 == 2\nE       assert 1 == 2');
    assert.equal(pytestFailures('...\n3 passed in 0.30s\n'), '');
  });

  it('is cut where it is long, and says so', () => {
    const output = `  1 failing\n${'x\n'.repeat(500)}`;
    const lines = mochaFailures(output).split('\n');
    assert.equal(lines.length, 121);
    assert.match(lines.at(-1) ?? '', /^… \d+ more lines above$/);
  });

  it('adds up and says it', () => {
    assert.equal(
      words(add({ passed: 1, failed: 0, skipped: 2 }, { passed: 2, failed: 1, skipped: 0 })),
      '3 passed, 1 failed, 2 skipped',
    );
  });
});
