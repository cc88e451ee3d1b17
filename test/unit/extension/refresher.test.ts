// When a view is brought up to date. Time is a list of calls that the test makes.
import assert from 'node:assert/strict';
import { Refresher } from '../../../src/extension/views/refresher';

class Bench {
  now = 0;
  readonly due: { at: number; work: () => void }[] = [];
  started = 0;
  ticks = 0;
  failures: unknown[] = [];
  finish: (() => void)[] = [];
  fail = false;
  readonly refresher = new Refresher(
    {
      interval: () => 300,
      refresh: () => {
        this.started += 1;
        if (this.fail) return Promise.reject(new Error('no'));
        return new Promise((resolve) => this.finish.push(resolve));
      },
      tick: () => (this.ticks += 1),
      failed: (error) => this.failures.push(error),
    },
    {
      after: (ms, work) => {
        const entry = { at: this.now + ms, work };
        this.due.push(entry);
        return () => {
          if (this.due.includes(entry)) this.due.splice(this.due.indexOf(entry), 1);
        };
      },
    },
  );

  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      this.due.sort((a, b) => a.at - b.at);
      const next = this.due[0];
      if (!next || next.at > end) break;
      this.due.shift();
      this.now = next.at;
      next.work();
      await settle();
    }
    this.now = end;
  }

  async done(): Promise<void> {
    this.finish.shift()?.();
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

describe('Refresher', () => {
  it('does nothing for a view that nobody sees, and catches up once it is seen', async () => {
    const bench = new Bench();
    bench.refresher.notify();
    bench.refresher.notify();
    await bench.pass(10_000);
    assert.equal(bench.started, 0);
    bench.refresher.setVisible(true);
    assert.equal(bench.started, 1);
    await bench.done();
    await bench.pass(10_000);
    assert.equal(bench.started, 1, 'nothing new, nothing asked');
  });

  it('runs one refresh at a time and no more often than the interval allows', async () => {
    const bench = new Bench();
    bench.refresher.setVisible(true);
    for (let step = 0; step < 100; step += 1) {
      bench.refresher.notify();
      await bench.pass(10);
    }
    assert.equal(bench.started, 1, 'the first is still under way');
    await bench.done();
    await bench.pass(299);
    assert.equal(bench.started, 1);
    await bench.pass(1);
    assert.equal(bench.started, 2, 'what came meanwhile is one refresh');
  });

  it('stands still while paused', async () => {
    const bench = new Bench();
    bench.refresher.setVisible(true);
    bench.refresher.setTicking(true);
    bench.refresher.setPaused(true);
    bench.refresher.notify();
    await bench.pass(5_000);
    assert.deepEqual([bench.started, bench.ticks], [0, 0]);
    bench.refresher.setPaused(false);
    assert.equal(bench.started, 1);
    await bench.pass(3_000);
    assert.equal(bench.ticks, 3);
  });

  it('keeps still while somebody reads a tooltip, and goes on when the person does', async () => {
    const bench = new Bench();
    bench.refresher.setVisible(true);
    bench.refresher.setTicking(true);
    bench.refresher.hold(4_000);
    bench.refresher.notify();
    await bench.pass(3_900);
    assert.deepEqual([bench.started, bench.ticks], [0, 0]);
    await bench.pass(200);
    assert.equal(bench.started, 1);
    await bench.done();
    bench.refresher.hold(4_000);
    bench.refresher.notify();
    await bench.pass(400);
    bench.refresher.release();
    assert.equal(bench.started, 2);
  });

  it('ticks only while something lives and somebody sees it', async () => {
    const bench = new Bench();
    bench.refresher.setTicking(true);
    await bench.pass(3_000);
    assert.equal(bench.ticks, 0);
    bench.refresher.setVisible(true);
    await bench.pass(2_000);
    bench.refresher.setTicking(false);
    await bench.pass(5_000);
    assert.equal(bench.ticks, 2);
  });

  it('goes on after a failure and tells it', async () => {
    const bench = new Bench();
    bench.refresher.setVisible(true);
    bench.fail = true;
    bench.refresher.notify();
    await settle();
    assert.equal(bench.failures.length, 1);
    bench.fail = false;
    bench.refresher.notify();
    await bench.pass(300);
    assert.equal(bench.started, 2);
  });

  it('leaves no timer behind', async () => {
    const bench = new Bench();
    bench.refresher.setVisible(true);
    bench.refresher.setTicking(true);
    bench.refresher.notify();
    bench.refresher.hold(1_000);
    bench.refresher.dispose();
    await bench.done();
    assert.deepEqual(bench.due, []);
  });
});
