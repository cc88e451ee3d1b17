// The rows of a view between updates: what is drawn again must be enough, and no more, for a screen that only looks where it is told to.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ItemData } from '../../../src/extension/present/item';
import { RowTree, type Changes, type RowNode, type RowSource, type Rows } from '../../../src/extension/views/row-tree';

/** A row of the fake program: its children are looked up by its id. */
interface Row {
  readonly id: string;
  readonly text: string;
}

class FakeSource implements RowSource<Row> {
  revision = 0;
  asked: string[] = [];
  fail: string | undefined;
  /** Called while a question is under way. */
  during: (() => void) | undefined;
  constructor(
    public world: ReadonlyMap<string, readonly Row[]>,
    private readonly expanded = false,
  ) {}

  change(world: ReadonlyMap<string, readonly Row[]>): void {
    this.world = world;
    this.revision += 1;
  }

  id(row: Row): string {
    return row.id;
  }

  version(): string {
    return String(this.revision);
  }

  async children(parent: Row | undefined, limit: number): Promise<Rows<Row>> {
    const key = parent?.id ?? '';
    this.asked.push(key);
    await Promise.resolve();
    this.during?.();
    if (this.fail !== undefined) throw new Error(this.fail);
    const rows = this.world.get(key) ?? [];
    return { rows: rows.slice(0, limit), total: rows.length };
  }

  present(row: Row): ItemData {
    const children = this.world.get(row.id)?.length ?? 0;
    return {
      label: row.text,
      description: '',
      context: 'row',
      aria: row.text,
      collapsible: children === 0 ? 'none' : this.expanded ? 'expanded' : 'collapsed',
      tooltip: '',
      muted: false,
    };
  }

  tooltip(row: Row): Promise<string> {
    return Promise.resolve(`about ${row.text}`);
  }
}

const LIMITS = { pageSize: 100, maxRows: 300 };

function world(entries: Readonly<Record<string, readonly string[]>>): Map<string, Row[]> {
  return new Map(Object.entries(entries).map(([key, ids]) => [key, ids.map((id) => ({ id, text: id }))]));
}

/** Labels as an outline. */
async function outline(tree: RowTree<Row>, parent?: RowNode<Row>, indent = ''): Promise<string[]> {
  const lines: string[] = [];
  for (const node of await tree.children(parent)) {
    lines.push(`${indent}${node.item.label}`);
    if (node.item.collapsible === 'expanded') lines.push(...(await outline(tree, node, `${indent}  `)));
  }
  return lines;
}

function ids(changes: Changes<Row>): 'all' | string[] {
  return changes === 'all' ? changes : changes.map((node) => node.id).sort();
}

/** A screen: keeps what it has drawn and looks again only where it is told to, as VS Code's tree does. */
class Screen {
  private drawn = new Map<RowNode<Row> | undefined, readonly RowNode<Row>[]>();
  private items = new Map<RowNode<Row>, ItemData>();
  constructor(private readonly tree: RowTree<Row>) {}

  async draw(node: RowNode<Row> | undefined): Promise<void> {
    if (node) this.items.set(node, node.item);
    if (node && node.item.collapsible !== 'expanded') return;
    const below = await this.tree.children(node);
    const seen = new Set(below.map((child) => child.id));
    assert.equal(seen.size, below.length, 'no row stands twice below another');
    this.drawn.set(node, below);
    for (const child of below) await this.draw(child);
  }

  async apply(changes: Changes<Row>): Promise<void> {
    if (changes === 'all') {
      this.drawn.clear();
      this.items.clear();
      return this.draw(undefined);
    }
    for (const node of changes) await this.draw(node);
  }

  lines(node?: RowNode<Row>, indent = ''): string[] {
    return (this.drawn.get(node) ?? []).flatMap((child) => {
      const item = this.items.get(child);
      return [`${indent}${item?.label}`, ...(item?.collapsible === 'expanded' ? this.lines(child, `${indent}  `) : [])];
    });
  }
}

describe('RowTree', () => {
  it('asks only for what is open', async () => {
    const source = new FakeSource(world({ '': ['a', 'b'], a: ['a1'], b: ['b1'] }));
    const tree = new RowTree(source, () => LIMITS);
    const [a] = await tree.children(undefined);
    tree.setOpen(a!, true);
    await tree.children(a);
    source.asked = [];
    source.change(source.world);
    await tree.refresh();
    assert.deepEqual(source.asked, ['', 'a']);
  });

  it('asks for nothing when nothing has changed, and for nothing before somebody looked', async () => {
    const source = new FakeSource(world({ '': ['a'] }));
    const tree = new RowTree(source, () => LIMITS);
    assert.deepEqual(ids(await tree.refresh()), []);
    assert.deepEqual(source.asked, []);
    await tree.children(undefined);
    source.asked = [];
    assert.deepEqual(ids(await tree.refresh()), []);
    assert.deepEqual(source.asked, []);
  });

  it('keeps the identity of a row that stays, and tells only what looks different', async () => {
    const source = new FakeSource(world({ '': ['a', 'b', 'c'] }));
    const tree = new RowTree(source, () => LIMITS);
    const before = await tree.children(undefined);
    source.change(
      new Map([
        [
          '',
          [
            { id: 'a', text: 'a' },
            { id: 'b', text: 'other' },
            { id: 'c', text: 'c' },
          ],
        ],
      ]),
    );
    const changes = await tree.refresh();
    assert.deepEqual(ids(changes), ['b']);
    assert.deepEqual(tree.known(undefined), before);
  });

  it('draws the parent again when rows below it come, go or move', async () => {
    const source = new FakeSource(world({ '': ['p', 'q'], p: ['x', 'y'] }), true);
    const tree = new RowTree(source, () => LIMITS);
    await outline(tree);
    source.change(world({ '': ['p', 'q'], p: ['y', 'x', 'z'] }));
    assert.deepEqual(ids(await tree.refresh()), ['p']);
    assert.deepEqual(await outline(tree), ['p', '  y', '  x', '  z', 'q']);
  });

  it('draws everything again when a row moves below another parent', async () => {
    const source = new FakeSource(world({ '': ['p', 'q'], p: ['x'], q: ['y'] }), true);
    const tree = new RowTree(source, () => LIMITS);
    await outline(tree);
    source.change(world({ '': ['p', 'q'], p: [], q: ['y', 'x'] }));
    assert.equal(ids(await tree.refresh()), 'all');
    assert.deepEqual(await outline(tree), ['p', 'q', '  y', '  x']);
  });

  it('says how many are shown of how many, and shows more on request up to its limit', async () => {
    const many = Array.from({ length: 450 }, (_, index) => `r${index}`);
    const source = new FakeSource(world({ '': many }));
    const tree = new RowTree(source, () => LIMITS);
    let rows = await tree.children(undefined);
    assert.equal(rows.length, 101);
    assert.equal(rows.at(-1)!.item.label, 'Showing 100 of 450');
    assert.equal(rows.at(-1)!.item.description, 'load more');
    assert.equal(await tree.more(rows.at(-1)!), undefined, 'the view itself is drawn again');
    await tree.more((await tree.children(undefined)).at(-1)!);
    rows = await tree.children(undefined);
    assert.equal(rows.length, 301);
    assert.equal(rows.at(-1)!.item.description, 'filter to find the others');
    await tree.more(rows.at(-1)!);
    assert.equal((await tree.children(undefined)).length, 301);
  });

  it('updates the count of what is not shown', async () => {
    const source = new FakeSource(world({ '': Array.from({ length: 150 }, (_, index) => `r${index}`) }));
    const tree = new RowTree(source, () => LIMITS);
    const more = (await tree.children(undefined)).at(-1)!;
    source.change(world({ '': Array.from({ length: 151 }, (_, index) => `r${index}`) }));
    assert.deepEqual(ids(await tree.refresh()), [more.id]);
    assert.equal(more.item.label, 'Showing 100 of 151');
  });

  it('keeps what it has when a question fails, and says why when it has nothing', async () => {
    const source = new FakeSource(world({ '': ['a'], a: ['a1'] }));
    const tree = new RowTree(source, () => LIMITS);
    const [a] = await tree.children(undefined);
    source.fail = 'the program has ended';
    source.revision += 1;
    assert.deepEqual(ids(await tree.refresh()), []);
    assert.deepEqual(tree.known(undefined), [a]);
    const [instead] = await tree.children(a);
    assert.equal(instead?.item.label, 'the program has ended');
    assert.equal(instead.row, undefined);
    source.fail = undefined;
    source.revision += 1;
    tree.setOpen(a!, true);
    await tree.refresh();
    assert.deepEqual(
      tree.known(a).map((node) => node.id),
      ['a1'],
    );
  });

  it('keeps open what a person opened, over a reset too, and refreshes what was closed when it is opened again', async () => {
    const source = new FakeSource(world({ '': ['a'], a: ['a1'] }));
    const tree = new RowTree(source, () => LIMITS);
    const [a] = await tree.children(undefined);
    tree.setOpen(a!, true);
    await tree.children(a);
    tree.reset(true);
    assert.deepEqual(await outline(tree), ['a', '  a1']);
    const again = tree.find('a')!;
    tree.setOpen(again, false);
    source.change(world({ '': ['a'], a: ['a2'] }));
    await tree.refresh();
    assert.equal(tree.setOpen(again, true).stale, true, 'its rows are old');
    assert.deepEqual(
      (await tree.children(again)).map((node) => node.id),
      ['a2'],
    );
  });

  it('keeps open, or closed, what was so when it went, and comes back', async () => {
    for (const expanded of [false, true]) {
      const source = new FakeSource(world({ '': ['a'], a: ['a1'] }), expanded);
      const tree = new RowTree(source, () => LIMITS);
      const [a] = await tree.children(undefined);
      tree.setOpen(a!, !expanded);
      source.change(world({ '': ['b'] }));
      await tree.refresh();
      source.change(world({ '': ['b', 'a'], a: ['a1'] }));
      await tree.refresh();
      assert.equal(tree.find('a')?.item.collapsible, expanded ? 'collapsed' : 'expanded');
      // A screen that drew nothing in between shows it open: what is below it is refreshed as before.
      await outline(tree);
      source.change(world({ '': ['b', 'a'], a: ['a2'] }));
      await tree.refresh();
      assert.deepEqual(
        tree.known(tree.find('a')).map((node) => node.id),
        expanded ? [] : ['a2'],
      );
    }
  });

  it('forgets rows that are gone, and all that stood below them', async () => {
    const source = new FakeSource(world({ '': ['a', 'b'], a: ['a1'] }), true);
    const tree = new RowTree(source, () => LIMITS);
    await outline(tree);
    source.change(world({ '': ['b'] }));
    await tree.refresh();
    assert.deepEqual([tree.find('a'), tree.find('a1')], [undefined, undefined]);
    assert.ok(tree.find('b'));
  });

  it('drops an answer that comes after a reset', async () => {
    const source = new FakeSource(world({ '': ['a'] }));
    const tree = new RowTree(source, () => LIMITS);
    source.during = () => {
      source.during = undefined;
      tree.reset(false);
      source.change(world({ '': ['b'] }));
    };
    await tree.children(undefined);
    assert.deepEqual(await outline(tree), ['b']);
  });

  it('takes a deep look at what was never looked at', async () => {
    const source = new FakeSource(world({ '': ['a', 'b'], a: ['a1'], a1: ['a2'] }), true);
    const tree = new RowTree(source, () => LIMITS);
    await tree.refresh(true);
    source.fail = 'gone';
    assert.deepEqual(await outline(tree), ['a', '  a1', '    a2', 'b']);
  });

  it('looks below rows that were never opened, nearest to the roots first, and no further than it may', async () => {
    const source = new FakeSource(world({ '': ['a', 'b'], a: ['a1'], b: ['b1'], a1: ['a2'], b1: ['b2'] }));
    const tree = new RowTree(source, () => LIMITS);
    await tree.refresh(true);
    source.asked = [];
    await tree.lookBelow(3);
    assert.deepEqual(source.asked, ['a', 'b', 'a1']);
    await tree.refresh();
    source.fail = 'gone';
    const [a] = tree.known(undefined);
    assert.equal(tree.setOpen(a!, true).stale, false, 'it is up to date');
    assert.deepEqual(
      (await tree.children(a)).map((node) => node.id),
      ['a1'],
    );
  });

  it('gives the tooltip when it is asked for', async () => {
    const source = new FakeSource(world({ '': ['a'] }));
    const tree = new RowTree(source, () => LIMITS);
    const [a] = await tree.children(undefined);
    assert.equal(await tree.tooltip(a!), '');
    a!.item = { ...a!.item, tooltip: { lazy: true } };
    assert.equal(await tree.tooltip(a!), 'about a');
  });

  it('tells a screen enough to show the world as it is, whatever happens to it', async () => {
    // A world: each of twelve rows stands below one with a smaller number, or is not there; texts differ.
    const worlds = fc.array(
      fc.array(fc.record({ parent: fc.integer({ min: -2, max: 11 }), text: fc.constantFrom('x', 'y') }), {
        minLength: 12,
        maxLength: 12,
      }),
      { minLength: 2, maxLength: 6 },
    );
    const toggles = fc.array(fc.nat({ max: 11 }), { maxLength: 6 });
    const build = (rows: readonly { parent: number; text: string }[], order: number): Map<string, Row[]> => {
      const result = new Map<string, Row[]>();
      rows.forEach(({ parent, text }, index) => {
        if (parent === -2 || parent >= index) return;
        const key = parent === -1 ? '' : `n${parent}`;
        const row = { id: `n${index}`, text: `${text}${index}` };
        const list = result.get(key) ?? [];
        if (order % 2) list.unshift(row);
        else list.push(row);
        result.set(key, list);
      });
      return result;
    };
    await fc.assert(
      fc.asyncProperty(worlds, toggles, fc.boolean(), async (descriptions, clicks, expanded) => {
        const source = new FakeSource(build(descriptions[0]!, 0), expanded);
        const tree = new RowTree(source, () => ({ pageSize: 4, maxRows: 8 }));
        const screen = new Screen(tree);
        await screen.apply('all');
        for (const [index, description] of descriptions.entries()) {
          source.change(build(description, index));
          await screen.apply(await tree.refresh());
          for (const click of clicks) {
            const node = tree.find(`n${click}`);
            if (!node || node.item.collapsible === 'none') continue;
            const open = !node.open;
            node.item = { ...node.item, collapsible: open ? 'expanded' : 'collapsed' };
            tree.setOpen(node, open);
            await tree.children(node);
            await screen.apply([node]);
          }
          assert.deepEqual(screen.lines(), await outline(tree), 'the screen shows what the tree knows');
        }
        const fresh = new RowTree(source, () => ({ pageSize: 4, maxRows: 8 }));
        assert.deepEqual(
          tree.known(undefined).map((node) => node.item.label),
          (await fresh.children(undefined)).map((node) => node.item.label),
          'the tree knows what is',
        );
      }),
      { numRuns: 300 },
    );
  });
});
