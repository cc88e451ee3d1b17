import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Rates } from '../../../src/model/rates';

describe('Rates', () => {
  it('counts the ticks of the last second', () => {
    const rates = new Rates();
    for (let tick = 0; tick < 400; tick++) rates.tick(50 + tick * 0.01, 50.001 + tick * 0.01, 0, 1);
    const { ticksPerSecond, busy, lag } = rates.at(54);
    assert.ok(Math.abs(ticksPerSecond - 100) <= 2, String(ticksPerSecond));
    assert.ok(Math.abs(busy - 0.1) < 0.02, String(busy));
    assert.ok(Math.abs(lag - 0.001) < 1e-9);
  });

  it('grows calm without an event', () => {
    const rates = new Rates();
    rates.tick(10, 10.5, 0.2, 1);
    assert.ok(rates.at(10.5).busy > 0.9);
    assert.deepEqual(rates.at(12), { ticksPerSecond: 0, busy: 0, lag: 0 });
  });

  it('spreads a tick that is longer than the window over all of it', () => {
    const rates = new Rates();
    rates.tick(99.999, 100, 0, 1);
    rates.tick(100, 103, 0, 1);
    const { busy, lag } = rates.at(103);
    assert.ok(busy > 0.99 && busy <= 1, String(busy));
    assert.equal(lag, 3);
  });

  it('takes how late a timer was for lag, if that is worse than the tick was long', () => {
    const rates = new Rates();
    rates.tick(10, 10.001, 0.04, 1);
    assert.equal(rates.at(10.01).lag, 0.04);
  });

  it('adds the ticks that were not listed', () => {
    const rates = new Rates();
    rates.tick(20, 20.0005, 0, 1);
    rates.tick(20.1, 20.9, 0, 1000);
    rates.ticks(20.95, 500);
    assert.ok(rates.at(21).ticksPerSecond > 1400);
  });

  it('stays within its bounds for any ticks, even on a clock that jumps', () => {
    const time = fc.double({ min: -1e6, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(time, time, time, fc.nat(1000))), time, (ticks, now) => {
        const rates = new Rates();
        for (const [start, end, late, count] of ticks) rates.tick(start, end, late, count);
        const { ticksPerSecond, busy, lag } = rates.at(now);
        assert.ok(busy >= 0 && busy <= 1);
        assert.ok(ticksPerSecond >= 0 && Number.isFinite(ticksPerSecond));
        assert.ok(lag >= 0 && Number.isFinite(lag));
      }),
    );
  });
});
