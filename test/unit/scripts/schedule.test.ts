// Steps of `npm test`: all run, in order on the screen, and a step without tests is a failure.
import assert from 'node:assert/strict';
import { failures, runSteps, summary, type Step, type StepResult } from '../../../scripts/lib/schedule.mjs';

const passing: StepResult = { counts: { passed: 2, failed: 0, skipped: 0 } };

/** A promise that the test resolves. */
function gate<T>(): { promise: Promise<T>; open: (value: T) => void } {
  let open: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

async function run(steps: Step[], jobs = 2) {
  let output = '';
  const ends = await runSteps(steps, { jobs, now: () => 0, write: (text) => (output += text) });
  return { output, ends };
}

describe('steps', () => {
  it('print in their order, whatever ends first', async () => {
    const slow = gate<StepResult>();
    const steps: Step[] = [
      {
        name: 'slow',
        run: async (print) => {
          print('slow speaks\n');
          return slow.promise;
        },
      },
      {
        name: 'quick',
        run: (print) => {
          print('quick speaks\n');
          slow.open(passing);
          return Promise.resolve(passing);
        },
      },
    ];
    const { output } = await run(steps);
    const said = [...output.matchAll(/slow speaks|✔ slow|quick speaks|✔ quick/g)].map(([text]) => text);
    assert.deepEqual(said, ['slow speaks', '✔ slow', 'quick speaks', '✔ quick']);
  });

  it('all run after one failed, and each failure is in the summary', async () => {
    const { ends } = await run([
      { name: 'broken', run: () => Promise.reject(new Error('it broke')) },
      { name: 'failed', run: () => Promise.resolve({ counts: { passed: 3, failed: 1, skipped: 0 }, failures: 'why' }) },
      { name: 'empty', run: () => Promise.resolve({ counts: { passed: 0, failed: 0, skipped: 4 } }) },
      { name: 'good', run: () => Promise.resolve(passing) },
    ]);
    assert.deepEqual(
      ends.map(({ name, failed, problem }) => [name, failed, problem]),
      [
        ['broken', true, 'it broke'],
        ['failed', true, undefined],
        ['empty', true, 'no test was executed'],
        ['good', false, undefined],
      ],
    );
    assert.equal(
      summary(ends, 61).split('\n').at(-1),
      '5 passed, 1 failed, 4 skipped in 61 s; failed: broken, failed, empty',
    );
    assert.match(failures(ends), /^\n─+ failed: failed ─+\nwhy\n$/);
  });

  it('wait for those they come after, and some run alone', async () => {
    const running = new Set<string>();
    const seen: string[] = [];
    const step = (name: string, more: Partial<Step> = {}): Step => ({
      name,
      ...more,
      run: async () => {
        running.add(name);
        seen.push([...running].join('+'));
        await Promise.resolve();
        running.delete(name);
        return passing;
      },
    });
    await run([step('a'), step('b'), step('c', { alone: true }), step('d', { after: ['a', 'not chosen'] })]);
    assert.ok(seen.includes('a+b'), seen.join(' '));
    assert.ok(seen.includes('c'), seen.join(' '));
    assert.ok(!seen.some((names) => names.includes('c') && names !== 'c'), seen.join(' '));
    assert.ok(!seen.some((names) => names.includes('a') && names.includes('d')), seen.join(' '));
  });
});
