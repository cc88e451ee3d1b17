import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Limiter } from '../../../src/common/limiter';

describe('Limiter', () => {
  it('never runs more than its limit, runs all, in the order in which they came', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.boolean(), { maxLength: 20 }),
        fc.scheduler(),
        async (limit, works, s) => {
          const limiter = new Limiter(limit);
          const started: number[] = [];
          let running = 0;
          const all = works.map((fails, index) =>
            limiter
              .run(async () => {
                started.push(index);
                running += 1;
                assert.ok(running <= limit);
                await s.schedule(Promise.resolve());
                running -= 1;
                if (fails) throw new Error('failed');
              })
              .then(
                () => false,
                () => true,
              ),
          );
          await s.waitFor(Promise.all(all));
          assert.deepEqual(await Promise.all(all), works, 'each settles as its own work does');
          assert.deepEqual(
            started,
            works.map((_, index) => index),
          );
          assert.deepEqual(limiter.load, { running: 0, waiting: 0 });
        },
      ),
    );
  });

  it('refuses to have no room at all', () => {
    assert.throws(() => new Limiter(0), RangeError);
  });
});
