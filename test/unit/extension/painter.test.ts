// When changed rows are drawn again: rows at once, heads seldom, nothing while somebody reads, and nothing is forgotten.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Painter } from '../../../src/extension/views/painter';

class Bench {
  now = 0;
  due: { at: number; work: () => void }[] = [];
  readonly drawn: { at: number; nodes: readonly string[] | undefined }[] = [];
  readonly painter = new Painter<string>(
    {
      draw: (nodes) => this.drawn.push({ at: this.now, nodes }),
      isHead: (node) => node.startsWith('head'),
      gap: () => 2000,
    },
    {
      after: (ms, work) => {
        const entry = { at: this.now + ms, work };
        this.due.push(entry);
        return () => (this.due = this.due.filter((other) => other !== entry));
      },
    },
  );

  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const next = this.due.filter((entry) => entry.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.due = this.due.filter((entry) => entry !== next);
      this.now = next.at;
      next.work();
    }
    this.now = end;
  }
}

describe('Painter', () => {
  it('draws the first change at once, rows always, heads only after the gap and then once', () => {
    const bench = new Bench();
    bench.painter.paint(['head', 'row']);
    assert.deepEqual(bench.drawn, [{ at: 0, nodes: ['head', 'row'] }]);
    for (let turn = 1; turn <= 3; turn += 1) {
      bench.pass(500);
      bench.painter.paint(['head', `row${turn}`]);
    }
    assert.deepEqual(
      bench.drawn.slice(1).map((each) => each.nodes),
      [['row1'], ['row2'], ['row3']],
    );
    bench.pass(500);
    assert.deepEqual(bench.drawn.at(-1), { at: 2000, nodes: ['head'] });
    bench.pass(10_000);
    assert.equal(bench.drawn.length, 5);
  });

  it('draws everything in the place of single nodes', () => {
    const bench = new Bench();
    bench.painter.paint('all');
    bench.painter.paint(['head']);
    bench.painter.paint('all');
    bench.pass(2000);
    assert.deepEqual(bench.drawn, [
      { at: 0, nodes: undefined },
      { at: 2000, nodes: undefined },
    ]);
  });

  it('draws nothing while somebody reads, and then what has changed', () => {
    const bench = new Bench();
    bench.painter.hold(4000);
    bench.painter.paint(['row']);
    bench.painter.paint(['head']);
    bench.pass(3999);
    assert.deepEqual(bench.drawn, []);
    bench.pass(1);
    assert.deepEqual(bench.drawn, [{ at: 4000, nodes: ['row', 'head'] }]);
    bench.painter.hold(4000);
    bench.painter.paint(['row']);
    bench.painter.release();
    assert.equal(bench.drawn.length, 2);
  });

  it('draws nothing while frozen but what a person asks for', () => {
    const bench = new Bench();
    bench.painter.freeze(true);
    bench.painter.paint(['row']);
    bench.painter.release();
    bench.pass(10_000);
    assert.equal(bench.drawn.length, 0);
    bench.painter.paintNow('head');
    bench.painter.freeze(false);
    assert.deepEqual(
      bench.drawn.map((each) => each.nodes),
      [['head'], ['row']],
    );
  });

  it('draws at once what a person waits for', () => {
    const bench = new Bench();
    bench.painter.paint('all');
    bench.painter.hold(4000);
    bench.painter.paintNow('head');
    bench.painter.paintNow(undefined);
    assert.deepEqual(
      bench.drawn.map((each) => each.nodes),
      [undefined, ['head'], undefined],
    );
  });

  it('draws what is pending without waiting for the gap when nothing will change after it', () => {
    const bench = new Bench();
    bench.painter.paint(['head']);
    bench.painter.paint(['head']);
    assert.equal(bench.drawn.length, 1);
    bench.painter.settle();
    assert.deepEqual(bench.drawn.at(-1), { at: 0, nodes: ['head'] });
    bench.pass(10_000);
    assert.equal(bench.drawn.length, 2);
  });

  it('draws every change in the end, whatever comes when', () => {
    const step = fc.oneof(
      fc.record({ what: fc.constant('paint' as const), nodes: fc.subarray(['head1', 'head2', 'row1', 'row2']) }),
      fc.record({ what: fc.constant('all' as const) }),
      fc.record({ what: fc.constant('hold' as const) }),
      fc.record({ what: fc.constant('release' as const) }),
      fc.record({ what: fc.constant('settle' as const) }),
      fc.record({ what: fc.constant('pass' as const), ms: fc.nat({ max: 3000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const bench = new Bench();
        const changed = new Map<string, number>();
        let order = 0;
        const seen = new Map<string, number>();
        const look = (): void => {
          for (const { nodes } of bench.drawn.splice(0)) {
            for (const node of nodes ?? changed.keys()) seen.set(node, changed.get(node) ?? 0);
          }
        };
        for (const each of steps) {
          if (each.what === 'paint') {
            for (const node of each.nodes) changed.set(node, (order += 1));
            bench.painter.paint(each.nodes);
          } else if (each.what === 'all') {
            changed.set('view', (order += 1));
            bench.painter.paint('all');
          } else if (each.what === 'pass') bench.pass(each.ms);
          else if (each.what === 'hold') bench.painter.hold(4000);
          else if (each.what === 'settle') bench.painter.settle();
          else bench.painter.release();
          look();
        }
        bench.pass(20_000);
        look();
        assert.deepEqual(seen, new Map([...changed].filter(([node]) => seen.has(node))));
        assert.deepEqual(
          [...changed.keys()].filter((node) => !seen.has(node)),
          [],
        );
      }),
    );
  });
});
