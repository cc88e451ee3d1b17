import assert from 'node:assert/strict';
import { isFlat, soak } from '../bench/soak';

describe('the soak', () => {
  it('runs: a server under load, the adapter, and a client that looks', async function () {
    if (process.platform !== 'linux') this.skip();
    const result = await soak(10, 200);
    assert.ok(result.looks > 3 && result.program[0] > 0, JSON.stringify(result));
    assert.equal(result.dropped, 0);
    assert.ok(isFlat(result.adapter), `the adapter has grown: ${result.adapter.join(' → ')} kB`);
  }).timeout(60_000);
});
