import assert from 'node:assert/strict';
import fc from 'fast-check';
import { awaitedBy, awaitRoots, type Edge } from '../../../src/model/awaits';

const task = fc.integer({ min: 1, max: 12 });
const graph = fc.array(fc.tuple(task, task), { maxLength: 30 });
const order = fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], { minLength: 0 });

function reachable(from: readonly number[], edges: readonly Edge[]): Set<number> {
  const seen = new Set(from);
  for (let grew = true; grew;) {
    grew = false;
    for (const [a, b] of edges)
      if (seen.has(a) && !seen.has(b)) {
        seen.add(b);
        grew = true;
      }
  }
  return seen;
}

describe('awaitRoots', () => {
  it('makes every task that nobody awaits a root', () => {
    fc.assert(
      fc.property(order, graph, (tasks, edges) => {
        const roots = awaitRoots(tasks, edges);
        for (const id of tasks)
          if (!edges.some(([from, to]) => to === id && from !== id)) assert.ok(roots.includes(id));
      }),
    );
  });

  it('lets every task be reached from a root or from a task that has not been looked at', () => {
    fc.assert(
      fc.property(order, graph, (tasks, edges) => {
        const roots = awaitRoots(tasks, edges);
        const outside = edges.map(([from]) => from).filter((id) => !tasks.includes(id));
        const reached = reachable([...roots, ...outside], edges);
        for (const id of tasks) assert.ok(reached.has(id), `${id} is lost`);
      }),
    );
  });

  it('has no root that another root leads to; one that is awaited stands for a circle', () => {
    fc.assert(
      fc.property(order, graph, (tasks, edges) => {
        const roots = awaitRoots(tasks, edges);
        for (const root of roots) {
          const others = roots.filter((id) => id !== root);
          assert.ok(!reachable(others, edges).has(root));
          if (!edges.some(([from, to]) => to === root && from !== root)) continue;
          const below = edges.filter(([from, to]) => from === root && to !== root).map(([, to]) => to);
          assert.ok(reachable(below, edges).has(root));
        }
      }),
    );
  });

  it('shows a deadlock of two by the first of them, and keeps the order given', () => {
    const edges: Edge[] = [
      [5, 6],
      [6, 5],
      [1, 2],
    ];
    assert.deepEqual(awaitRoots([6, 2, 1, 5], edges), [6, 1]);
  });
});

describe('awaitedBy', () => {
  it('names each awaited task once, and never the task itself', () => {
    assert.deepEqual(
      awaitedBy(1, [
        [1, 2],
        [1, 3],
        [1, 2],
        [1, 1],
        [4, 5],
      ]),
      [2, 3],
    );
  });
});
