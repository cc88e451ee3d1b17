import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FOLD_FROM } from '../../../src/model/pages';
import type { FoldRow, TaskNode, TaskRow, TasksArguments } from '../../../src/protocol/dap';
import { steps, World } from './world';

const PAGE: TasksArguments = { tree: 'flat', offset: 0, limit: 200, sort: 'age', group: 'none', filter: '' };
const sort = fc.constantFrom('age', 'busy', 'steps', 'name' as const);

function worldOf(list: Parameters<World['run']>[0]): World {
  const world = new World();
  world.run(list);
  return world;
}

function rowsOf(world: World, args: Partial<TasksArguments> = {}): TaskNode[] {
  const page = world.model.page({ ...PAGE, ...args });
  assert.ok(page.rows.length <= (args.limit ?? PAGE.limit));
  return [...page.rows];
}

function tasksOf(rows: readonly TaskNode[]): TaskRow[] {
  return rows.filter((row) => row.kind === 'task');
}

/** "worker-2" before "worker-10": prefix as text, trailing number as a number. */
function compareNames(a: string, b: string): number {
  const split = (name: string): [string, number] => {
    const digits = /(?:[1-9]\d{0,14}|0)$/.exec(name)?.[0] ?? '';
    return [name.slice(0, name.length - digits.length), digits === '' ? -1 : Number(digits)];
  };
  const [[prefixA, numberA], [prefixB, numberB]] = [split(a), split(b)];
  return prefixA < prefixB ? -1 : prefixA > prefixB ? 1 : numberA - numberB;
}

const ORDER: Record<TasksArguments['sort'], (a: TaskRow, b: TaskRow) => number> = {
  age: (a, b) => a.task - b.task,
  busy: (a, b) => b.busy - a.busy || a.task - b.task,
  steps: (a, b) => b.steps - a.steps || a.task - b.task,
  name: (a, b) => compareNames(a.name, b.name) || a.task - b.task,
};

/** The subtree of a task as nested text: two are equal if and only if the texts are. */
function shape(row: TaskRow, childrenOf: ReadonlyMap<number | null, TaskRow[]>): string {
  const children = (childrenOf.get(row.task) ?? []).map((child) => shape(child, childrenOf)).sort();
  return `${row.coroutine}(${children.join()})`;
}

/** Children by creator, of all tasks that are shown, worked out from the flat list alone. */
function forest(world: World): Map<number | null, TaskRow[]> {
  const flat = tasksOf(rowsOf(world));
  const shown = new Set(flat.map((row) => row.task));
  const children = new Map<number | null, TaskRow[]>();
  for (const row of flat) {
    const parent = row.createdBy !== null && shown.has(row.createdBy) ? row.createdBy : null;
    children.set(parent, [...(children.get(parent) ?? []), row]);
  }
  return children;
}

describe('TaskPages', () => {
  it('sorts and pages the flat list as a plain sort does', () => {
    fc.assert(
      fc.property(steps, sort, fc.nat(30), fc.integer({ min: 1, max: 20 }), (list, by, offset, limit) => {
        const world = worldOf(list);
        const all = tasksOf(rowsOf(world)).sort(ORDER[by]);
        const page = rowsOf(world, { sort: by, offset, limit });
        assert.deepEqual(
          tasksOf(page).map((row) => row.task),
          all.slice(offset, offset + limit).map((row) => row.task),
        );
      }),
    );
  });

  it('folds equal subtrees, and only those', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const world = worldOf(list);
        const children = forest(world);
        const check = (parent: string, rows: readonly TaskRow[]): void => {
          const shapes = new Map<string, TaskRow[]>();
          for (const row of rows) {
            const key = shape(row, children);
            shapes.set(key, [...(shapes.get(key) ?? []), row]);
          }
          const expected = [...shapes.values()];
          const shown = rowsOf(world, { tree: 'creator', ...(parent ? { parent } : {}) });
          assert.deepEqual(
            shown.flatMap((row) => (row.kind === 'fold' ? [row.count] : [])).sort(),
            expected
              .filter((group) => group.length >= FOLD_FROM)
              .map((group) => group.length)
              .sort(),
          );
          assert.deepEqual(
            tasksOf(shown)
              .map((row) => row.task)
              .sort(),
            expected
              .filter((group) => group.length < FOLD_FROM)
              .flat()
              .map((row) => row.task)
              .sort(),
          );
          for (const fold of shown.filter((row): row is FoldRow => row.kind === 'fold')) {
            const members = tasksOf(rowsOf(world, { tree: 'creator', parent: fold.node }));
            assert.equal(members.length, fold.count);
            assert.equal(fold.oldest, Math.min(...members.map((row) => row.created)));
            const states = new Map<string, number>();
            for (const row of members) states.set(row.state, (states.get(row.state) ?? 0) + 1);
            assert.deepEqual(new Map(Object.entries(fold.states)), states);
            assert.equal(new Set(members.map((row) => shape(row, children))).size, 1);
          }
          for (const row of rows) check(`t${row.task}`, children.get(row.task) ?? []);
        };
        check('', children.get(null) ?? []);
      }),
      { numRuns: 60 },
    );
  });

  it('groups without losing or doubling a task', () => {
    fc.assert(
      fc.property(steps, sort, fc.constantFrom('coroutine', 'state', 'site' as const), (list, by, group) => {
        const world = worldOf(list);
        const keyOf = (row: TaskRow): string =>
          group === 'coroutine' ? row.coroutine : group === 'state' ? row.state : `app.py:${row.createdAt?.line ?? 0}`;
        const all = tasksOf(rowsOf(world));
        const groups = rowsOf(world, { group, sort: by });
        assert.equal(new Set(groups.map((row) => row.node)).size, groups.length);
        let sum = 0;
        for (const row of groups) {
          assert.equal(row.kind, 'group');
          const members = tasksOf(rowsOf(world, { group, sort: by, parent: row.node }));
          const expected = all.filter((task) => keyOf(task) === row.text).sort(ORDER[by]);
          assert.deepEqual(
            members.map((task) => task.task),
            expected.map((task) => task.task),
          );
          assert.equal(row.count, members.length);
          sum += members.length;
        }
        assert.equal(sum, all.length);
      }),
    );
  });

  it('filters by name, coroutine, state and file; the tree keeps the way to what matches', () => {
    const filter = fc.constantFrom(
      'WORK',
      'task-1',
      '1',
      'waiting',
      'app.py',
      'fetch 3',
      'nothing has this',
      'er 2',
      'k-',
    );
    fc.assert(
      fc.property(steps, filter, (list, text) => {
        const world = worldOf(list);
        const wanted = text.toLowerCase();
        const all = tasksOf(rowsOf(world));
        const matches = all.filter((row) =>
          [row.name, row.coroutine, row.state, row.createdAt?.file ?? '', row.definedAt?.file ?? ''].some((field) =>
            field.toLowerCase().includes(wanted),
          ),
        );
        const found = tasksOf(rowsOf(world, { filter: text }));
        assert.deepEqual(
          found.map((row) => row.task),
          matches.map((row) => row.task),
        );
        // In the tree: each match is reached, and every leaf is a match.
        const matching = new Set(matches.map((row) => row.task));
        const reached = new Set<number>();
        const walk = (parent: string): number => {
          const rows = rowsOf(world, { tree: 'creator', filter: text, ...(parent ? { parent } : {}) });
          for (const row of rows) {
            assert.equal(row.kind, 'task', 'nothing is folded or counted under a filter');
            const below = walk(row.node);
            assert.equal(below, row.children);
            const { task } = row;
            if (below === 0) assert.ok(matching.has(task));
            reached.add(task);
          }
          return rows.length;
        };
        walk('');
        for (const task of matching) assert.ok(reached.has(task));
      }),
    );
  });

  it('puts pinned tasks first among their siblings, never into a fold', () => {
    fc.assert(
      fc.property(steps, sort, fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 6 }), (list, by, pinned) => {
        const world = worldOf(list);
        for (const tree of ['flat', 'creator'] as const) {
          const rows = rowsOf(world, { tree, sort: by, pinned });
          const isPinned = rows.map((row) => row.kind === 'task' && pinned.includes(row.task));
          const firstOther = isPinned.indexOf(false);
          if (firstOther >= 0) assert.ok(!isPinned.slice(firstOther).includes(true));
          // Page by page it is the same list.
          const paged: TaskNode[] = [];
          const { total } = world.model.page({ ...PAGE, tree, sort: by, pinned });
          while (paged.length < total)
            paged.push(...rowsOf(world, { tree, sort: by, pinned, offset: paged.length, limit: 3 }));
          assert.deepEqual(paged, rows);
        }
        const flat = rowsOf(world, { pinned });
        const live = tasksOf(rowsOf(world)).map((row) => row.task);
        assert.equal(tasksOf(flat).length, live.length);
      }),
    );
  });

  it('restricts every tree to one loop', () => {
    const world = new World(2);
    world.run([
      { what: 'create', pick: 4, named: false },
      { what: 'create', pick: 1, named: false },
    ]);
    for (const tree of ['flat', 'creator'] as const) {
      assert.equal(rowsOf(world, { tree, loop: 2 }).length > 0, true);
      assert.equal(rowsOf(world, { tree, loop: 1 }).length, 0);
    }
    assert.equal(rowsOf(world, { group: 'state', loop: 1 }).length, 0);
  });

  it('answers for a node that is gone, or was never there, with no rows', () => {
    const world = worldOf([{ what: 'create', pick: 4, named: false }]);
    for (const parent of ['t99', 'f99:abc', 'f0:zzz', 'n0', 'x', 't', 'g:c77', 'g:', 'a1.2'])
      assert.deepEqual(rowsOf(world, { tree: 'creator', parent }), [], parent);
  });
});
