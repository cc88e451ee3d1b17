import assert from 'node:assert/strict';
import { isFlat, lineThrough, soak } from '../bench/soak';

/** What the adapter may grow by in ten seconds, kB: from 1,000 to 6,000 were seen. */
const SHORT_RUN = 16 * 1024;

describe('the soak', () => {
  it('runs: a server under load, the adapter, and a client that looks', async function () {
    if (process.platform !== 'linux') this.skip();
    const result = await soak(10, 200);
    assert.ok(result.looks > 3 && result.program.begin > 0, JSON.stringify(result));
    assert.equal(result.dropped, 0);
    // So short a run ends before V8 has found its size; only what grows with each event shows. `npm run soak` looks closer.
    const { begin, end } = result.adapter;
    assert.ok(end - begin <= SHORT_RUN, `the adapter has grown: ${JSON.stringify(result.adapter)} kB`);
  }).timeout(60_000);

  it('tells a leak from noise', () => {
    const noisy = (slope: number): number[] =>
      Array.from({ length: 1000 }, (_, at) => 50_000 + slope * at + ((at * 7919) % 2000));
    assert.ok(isFlat(lineThrough(noisy(0))));
    assert.ok(!isFlat(lineThrough(noisy(10))));
    const warming = Array.from({ length: 1000 }, (_, at) => 50_000 + Math.min(at, 200) * 100);
    assert.ok(isFlat(lineThrough(warming)));
  });
});
