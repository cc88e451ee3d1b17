/**
 * The rows of one view, kept between updates so that little changes on the screen: nodes keep their identity while
 * their id lives, only nodes whose page changed are reported, only open nodes are asked for. Pure: a RowSource asks and
 * presents, the tree shell shows. It does not know what a row is.
 */
import { sameItem, type ItemData } from '../present/item';

export interface Rows<Row> {
  readonly rows: readonly Row[];
  /** How many there are in all. */
  readonly total: number;
}

/** Where the rows come from, and how they look. */
export interface RowSource<Row> {
  /** Unique in the view, the same as long as the row stands for the same thing. */
  id(row: Row): string;
  /** At most `limit` rows below `parent`; of the view itself if undefined. */
  children(parent: Row | undefined, limit: number): Promise<Rows<Row>>;
  /** Changes when the rows below `parent` may have changed. */
  version(parent: Row | undefined): string;
  /** How a row looks. `open`: others are shown below it, which say already what it need not say. */
  present(row: Row, open: boolean): ItemData;
  /** Text of a lazy tooltip, as Markdown. */
  tooltip(row: Row): Promise<string>;
}

/** What stands at the end of rows that are not all shown, or in the place of rows that could not be had. */
export interface Placeholder {
  readonly kind: 'more' | 'error';
  readonly shown: number;
  readonly total: number;
  readonly message: string;
}

export interface RowNode<Row> {
  readonly id: string;
  parent: RowNode<Row> | undefined;
  /** undefined: a placeholder. */
  row: Row | undefined;
  placeholder: Placeholder | undefined;
  item: ItemData;
  open: boolean;
  kids: Kids<Row> | undefined;
}

interface Kids<Row> {
  nodes: RowNode<Row>[];
  limit: number;
  version: string;
}

/** What must be drawn again: everything, or these nodes and what is below them. */
export type Changes<Row> = 'all' | readonly RowNode<Row>[];

/** Rows of which it is remembered whether they were open, at most. */
const MAX_REMEMBERED = 1000;

export interface RowTreeLimits {
  /** Rows of a node at first, and how many *load more* adds. */
  readonly pageSize: number;
  /** Rows of a node at most. */
  readonly maxRows: number;
}

export class RowTree<Row> {
  private readonly nodes = new Map<string, RowNode<Row>>();
  private top: Kids<Row> | undefined;
  private readonly loading = new Map<string, Promise<void>>();
  private generation = 0;
  /** Which nodes were open when they went or were forgotten, the latest last: who comes back is as it was. */
  private readonly opened = new Map<string, boolean>();

  constructor(
    private readonly source: RowSource<Row>,
    private readonly limits: () => RowTreeLimits,
  ) {}

  /** Rows below a node, asked for if they are not known yet. */
  async children(parent: RowNode<Row> | undefined): Promise<readonly RowNode<Row>[]> {
    if (parent?.placeholder) return [];
    if (!this.kidsOf(parent)) await this.load(parent, new Changed<Row>());
    return this.kidsOf(parent)?.nodes ?? [];
  }

  /** Rows below a node, as far as they are known. */
  known(parent: RowNode<Row> | undefined): readonly RowNode<Row>[] {
    return this.kidsOf(parent)?.nodes ?? [];
  }

  find(id: string): RowNode<Row> | undefined {
    return this.nodes.get(id);
  }

  /** A person opened or closed a node. `stale`: its rows are old or not there; `changed`: it looks different now. */
  setOpen(node: RowNode<Row>, open: boolean): { readonly stale: boolean; readonly changed: boolean } {
    node.open = open;
    if (node.row === undefined) return { stale: false, changed: false };
    // That it is open or closed need not be drawn: the person did it.
    const before = { ...node.item, collapsible: open ? 'expanded' : 'collapsed' } as const;
    this.show(node, node.row);
    const stale = open && (node.kids === undefined || node.kids.version !== this.source.version(node.row));
    return { stale, changed: !sameItem(before, node.item) };
  }

  /**
   * Brings what is open up to date and tells what changed.
   * @param deep also asks for what is open but was never looked at, the rows of the view itself included
   */
  async refresh(deep = false): Promise<Changes<Row>> {
    const changed = new Changed<Row>();
    const generation = this.generation;
    if (this.top || deep) await this.refreshBelow(undefined, deep, changed);
    if (generation !== this.generation) return 'all';
    return changed.result();
  }

  /**
   * Looks below rows that were never opened, those nearest to the roots first, because nobody can be asked later.
   * @param most so many rows at most
   */
  async lookBelow(most: number): Promise<void> {
    let level: readonly RowNode<Row>[] = this.known(undefined);
    for (let left = most; left > 0 && level.length > 0;) {
      const unseen = level.filter((node) => node.row !== undefined && node.item.collapsible !== 'none' && !node.kids);
      const chosen = unseen.slice(0, left);
      left -= chosen.length;
      await Promise.all(chosen.map((node) => this.load(node, new Changed<Row>())));
      level = level.flatMap((node) => this.known(node));
    }
  }

  /** Presents every known row again (times have passed, a session has ended) without asking for anything. */
  present(): readonly RowNode<Row>[] {
    const changed: RowNode<Row>[] = [];
    const walk = (nodes: readonly RowNode<Row>[]): void => {
      for (const node of nodes) {
        if (node.row !== undefined && this.show(node, node.row)) changed.push(node);
        if (node.open && node.kids) walk(node.kids.nodes);
      }
    };
    walk(this.top?.nodes ?? []);
    return changed;
  }

  /** Shows another page of the rows in which this placeholder stands. Answers the parent, to be drawn again. */
  async more(placeholder: RowNode<Row>): Promise<RowNode<Row> | undefined> {
    const { pageSize, maxRows } = this.limits();
    const kids = this.kidsOf(placeholder.parent);
    if (kids) {
      const limit = Math.min(kids.limit + pageSize, maxRows);
      if (limit > kids.limit) await this.load(placeholder.parent, new Changed<Row>(), limit);
    }
    return placeholder.parent;
  }

  /** Forgets every row: other rows are wanted now. What is open stays open where the ids are the same. */
  reset(keepOpen: boolean): void {
    this.generation += 1;
    if (keepOpen) for (const node of this.nodes.values()) this.remember(node);
    else this.opened.clear();
    this.nodes.clear();
    this.loading.clear();
    this.top = undefined;
  }

  async tooltip(node: RowNode<Row>): Promise<string> {
    if (node.row === undefined) return '';
    const { tooltip } = node.item;
    return typeof tooltip === 'string' ? tooltip : this.source.tooltip(node.row);
  }

  private kidsOf(parent: RowNode<Row> | undefined): Kids<Row> | undefined {
    return parent ? parent.kids : this.top;
  }

  private async refreshBelow(parent: RowNode<Row> | undefined, deep: boolean, changed: Changed<Row>): Promise<void> {
    const kids = this.kidsOf(parent);
    if (!kids || kids.version !== this.source.version(parent?.row)) await this.load(parent, changed);
    const open: RowNode<Row>[] = [];
    for (const node of this.known(parent)) {
      if (node.row === undefined || node.item.collapsible === 'none') continue;
      if (node.open && (node.kids !== undefined || deep)) open.push(node);
      else if (!node.open && node.kids && node.kids.version !== this.source.version(node.row)) this.forget(node);
    }
    await Promise.all(open.map((node) => this.refreshBelow(node, deep, changed)));
  }

  /** Asks for the rows below `parent` and puts them in its place. One question a node at a time. */
  private async load(parent: RowNode<Row> | undefined, changed: Changed<Row>, limit?: number): Promise<void> {
    const key = parent?.id ?? '';
    const before = this.loading.get(key);
    if (before && limit === undefined) return before;
    const work = (async () => {
      await before;
      const wanted = limit ?? this.kidsOf(parent)?.limit ?? this.limits().pageSize;
      await this.ask(parent, wanted, changed);
    })();
    this.loading.set(key, work);
    try {
      await work;
    } finally {
      if (this.loading.get(key) === work) this.loading.delete(key);
    }
  }

  private async ask(parent: RowNode<Row> | undefined, limit: number, changed: Changed<Row>): Promise<void> {
    const generation = this.generation;
    const version = this.source.version(parent?.row);
    let page: Rows<Row>;
    try {
      page = await this.source.children(parent?.row, limit);
    } catch (error) {
      if (generation !== this.generation) return;
      // What was there is still the best that is known.
      if (!this.kidsOf(parent))
        this.put(parent, [this.placeholder(parent, 'error', 0, 0, messageOf(error)).node], limit, version);
      return;
    }
    if (generation !== this.generation) return;
    // Taken out of the tree while we asked.
    if (parent && this.nodes.get(parent.id) !== parent) return;
    this.reconcile(parent, page, limit, version, changed);
  }

  private reconcile(
    parent: RowNode<Row> | undefined,
    page: Rows<Row>,
    limit: number,
    version: string,
    changed: Changed<Row>,
  ): void {
    const before = this.kidsOf(parent)?.nodes;
    const after: RowNode<Row>[] = [];
    const taken = new Set<string>();
    for (const row of page.rows) {
      const id = this.source.id(row);
      if (taken.has(id)) continue;
      taken.add(id);
      const known = this.nodes.get(id);
      if (!known) {
        after.push(this.create(id, row, parent));
        continue;
      }
      if (known.parent !== parent) {
        this.detach(known);
        known.parent = parent;
        changed.all = true;
      }
      if (this.show(known, row)) changed.nodes.add(known);
      after.push(known);
    }
    if (page.total > page.rows.length && page.rows.length > 0) {
      const more = this.placeholder(parent, 'more', after.length, page.total, '');
      if (more.changed) changed.nodes.add(more.node);
      after.push(more.node);
    }
    this.put(parent, after, limit, version);
    const kept = new Set(after);
    for (const node of before ?? []) if (!kept.has(node) && node.parent === parent) this.remove(node);
    if (!before || before.length !== after.length || before.some((node, index) => node !== after[index])) {
      if (parent) changed.nodes.add(parent);
      else changed.all = true;
    }
  }

  private put(parent: RowNode<Row> | undefined, nodes: RowNode<Row>[], limit: number, version: string): void {
    const kids = { nodes, limit, version };
    if (parent) parent.kids = kids;
    else this.top = kids;
  }

  private create(id: string, row: Row, parent: RowNode<Row> | undefined): RowNode<Row> {
    const closed = this.source.present(row, false);
    const open = this.opened.get(id) ?? closed.collapsible === 'expanded';
    const item = withOpen(open ? this.source.present(row, true) : closed, open);
    const node: RowNode<Row> = { id, parent, row, placeholder: undefined, item, open, kids: undefined };
    this.nodes.set(id, node);
    return node;
  }

  private placeholder(
    parent: RowNode<Row> | undefined,
    kind: Placeholder['kind'],
    shown: number,
    total: number,
    message: string,
  ): { readonly node: RowNode<Row>; readonly changed: boolean } {
    const id = `${parent?.id ?? ''}|${kind}`;
    const placeholder = { kind, shown, total, message };
    const item = placeholderItem(placeholder, this.limits());
    const known = this.nodes.get(id);
    if (known) {
      const changed = !sameItem(known.item, item);
      known.item = item;
      known.placeholder = placeholder;
      return { node: known, changed };
    }
    const node: RowNode<Row> = { id, parent, row: undefined, placeholder, item, open: false, kids: undefined };
    this.nodes.set(id, node);
    return { node, changed: false };
  }

  /** Presents `row` in `node`. True: it looks different. */
  private show(node: RowNode<Row>, row: Row): boolean {
    let item = this.source.present(row, node.open);
    if (node.item.collapsible === 'none' && item.collapsible === 'expanded' && !node.open) {
      node.open = true;
      item = this.source.present(row, true);
    }
    const shown = withOpen(item, node.open);
    node.row = row;
    if (sameItem(shown, node.item)) return false;
    node.item = shown;
    return true;
  }

  private detach(node: RowNode<Row>): void {
    const kids = this.kidsOf(node.parent);
    if (kids) kids.nodes = kids.nodes.filter((other) => other !== node);
  }

  private remove(node: RowNode<Row>): void {
    this.forget(node);
    if (this.nodes.get(node.id) !== node) return;
    this.nodes.delete(node.id);
    this.remember(node);
  }

  /** A fold goes when one of its tasks looks different for a moment; VS Code, which may never have drawn that, keeps it open. */
  private remember(node: RowNode<Row>): void {
    if (node.item.collapsible === 'none') return;
    this.opened.delete(node.id);
    this.opened.set(node.id, node.open);
    for (const oldest of this.opened.keys()) {
      if (this.opened.size <= MAX_REMEMBERED) break;
      this.opened.delete(oldest);
    }
  }

  private forget(node: RowNode<Row>): void {
    const kids = node.kids;
    node.kids = undefined;
    for (const kid of kids?.nodes ?? []) if (kid.parent === node) this.remove(kid);
  }
}

/** Collects what must be drawn again. */
class Changed<Row> {
  all = false;
  readonly nodes = new Set<RowNode<Row>>();

  /** Without nodes below others of them: those are drawn with them. */
  result(): Changes<Row> {
    if (this.all) return 'all';
    return [...this.nodes].filter((node) => {
      for (let above = node.parent; above; above = above.parent) if (this.nodes.has(above)) return false;
      return true;
    });
  }
}

function withOpen(item: ItemData, open: boolean): ItemData {
  if (item.collapsible === 'none') return item;
  return { ...item, collapsible: open ? 'expanded' : 'collapsed' };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function placeholderItem(placeholder: Placeholder, limits: RowTreeLimits): ItemData {
  const number = (value: number): string => value.toLocaleString('en-US');
  switch (placeholder.kind) {
    case 'more': {
      const label = `Showing ${number(placeholder.shown)} of ${number(placeholder.total)}`;
      const full = placeholder.shown >= limits.maxRows;
      const description = full ? 'filter to find the others' : 'load more';
      return {
        label,
        description,
        icon: { id: full ? 'ellipsis' : 'unfold' },
        context: full ? 'full' : 'more',
        aria: `${label}, ${description}`,
        collapsible: 'none',
        tooltip: full ? 'No more rows are shown below one row. A filter finds the others.' : 'Shows more rows.',
        muted: false,
      };
    }
    case 'error':
      return {
        label: placeholder.message,
        description: '',
        icon: { id: 'info' },
        context: 'error',
        aria: placeholder.message,
        collapsible: 'none',
        tooltip: placeholder.message,
        muted: true,
      };
  }
}
