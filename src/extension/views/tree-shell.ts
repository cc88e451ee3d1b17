/**
 * Shows a RowTree in a tree view of VS Code: items from ItemData, visibility, what is open, what to draw again. It knows
 * no kind of row; it decides nothing about what is shown.
 */
import * as vscode from 'vscode';
import { DisposableStore } from '../../common/disposable-store';
import { InternalCommands, Views, type ViewName } from '../../protocol/ids';
import { MUTED_COLOR, type ItemData } from '../present/item';
import { dotted, timeOfDay } from '../present/text';
import type { LiveSession } from '../sessions/live-session';
import type { SessionHub } from '../sessions/session-hub';
import { settings } from '../settings';
import { Painter } from './painter';
import { Refresher, type Timers } from './refresher';
import { RowTree, type RowNode } from './row-tree';
import type { ViewRow } from './rows';
import { endWords, type SessionSource } from './session-source';
import type { ViewState } from './view-state';

/** Rows below one row at most; beyond, a filter is the better way. */
const MAX_ROWS = 1000;

/** Closed rows below which a last look is taken when the program has ended. */
const LAST_ROWS = 40;

/** For how long rows stand still once a tooltip was asked for, ms. */
const READING = 4000;

/** Resources of this scheme colour the labels of rows; see RowDecorations. */
export const ROW_SCHEME = 'loopscope-row';

const TIMERS: Timers = {
  after: (ms, work) => {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};

export type ViewNode = RowNode<ViewRow>;

export interface TreeShellParts {
  readonly name: ViewName;
  readonly source: SessionSource;
  readonly hub: SessionHub;
  readonly state: ViewState;
  /** The rows are true only together. */
  readonly whole: boolean;
  readonly report: (error: unknown) => void;
  /** Called when the view was brought up to date. */
  readonly refreshed: () => void;
}

export class TreeShell implements vscode.TreeDataProvider<ViewNode>, vscode.Disposable {
  readonly view: vscode.TreeView<ViewNode>;
  private readonly tree: RowTree<ViewRow>;
  private readonly refresher: Refresher;
  private readonly painter: Painter<ViewNode>;
  private readonly drawn = new vscode.EventEmitter<ViewNode[] | undefined>();
  readonly onDidChangeTreeData = this.drawn.event;
  private readonly store = new DisposableStore();
  private shown = '';
  private asked = false;
  private answering = false;
  /** Refreshes one after the other. */
  private turn: Promise<void> = Promise.resolve();

  constructor(private readonly parts: TreeShellParts) {
    const { hub, state } = parts;
    this.tree = new RowTree(parts.source, () => ({ pageSize: settings.pageSize(), maxRows: MAX_ROWS }));
    this.refresher = new Refresher(
      {
        interval: () => settings.refreshInterval(),
        refresh: () => this.refresh(false),
        tick: () => this.painter.paint(this.tree.present()),
        failed: parts.report,
      },
      TIMERS,
    );
    this.painter = new Painter(
      {
        draw: (nodes) => this.drawn.fire(nodes && [...nodes]),
        isHead: (node) => node.item.collapsible === 'expanded',
        // A queue is true as a whole or not at all: its rows are never drawn without those that came and went.
        gap: () => (parts.whole ? 0 : 3 * settings.refreshInterval()),
      },
      TIMERS,
    );
    this.view = vscode.window.createTreeView(Views[parts.name], { treeDataProvider: this, showCollapseAll: true });
    this.store.add(this.view);
    this.store.add(this.refresher);
    this.store.add(this.painter);
    this.store.add(this.drawn);
    this.store.add(this.view.onDidChangeVisibility(({ visible }) => this.refresher.setVisible(visible)));
    this.store.add(this.view.onDidExpandElement(({ element }) => this.setOpen(element, true)));
    this.store.add(this.view.onDidCollapseElement(({ element }) => this.setOpen(element, false)));
    this.store.add(this.view.onDidChangeSelection(() => this.release()));
    this.store.add(hub.onDidChange((session) => this.sessionChanged(session)));
    this.store.add(hub.onDidChangeShown(() => this.shownChanged()));
    this.store.add(
      state.onDidPause((paused) => {
        this.refresher.setPaused(paused);
        this.painter.freeze(paused);
        if (!paused) this.refresher.notify();
        this.title();
      }),
    );
    this.refresher.setVisible(this.view.visible);
    this.refresher.setPaused(state.paused);
    this.painter.freeze(state.paused);
    this.shownChanged();
  }

  dispose(): void {
    this.store.dispose();
  }

  /** The view is empty because uvloop shows neither its ready queue nor its timers. */
  get queuesHidden(): boolean {
    return /uvloop/i.test(this.parts.source.notice()) && this.known().length === 0;
  }

  /** What the person asked for has changed: brought up to date even while paused, as far as it can be. */
  ask(): void {
    this.title();
    if (!this.view.visible) {
      this.refresher.notify();
      return;
    }
    this.asked = true;
    void this.answer();
  }

  /** One refresh after the other until what was asked last is drawn: a person waits for it. */
  private async answer(): Promise<void> {
    if (this.answering) return;
    this.answering = true;
    try {
      while (this.asked) {
        this.asked = false;
        await this.refresh(false);
        this.painter.paintNow(undefined);
      }
    } catch (error) {
      this.parts.report(error);
    } finally {
      this.answering = false;
    }
  }

  /** The program has ended: takes its last state, seen or not, as long as somebody answers. */
  async lastLook(): Promise<void> {
    if (this.parts.state.paused) return;
    await this.refresh(true);
    this.painter.settle();
    await this.tree.lookBelow(LAST_ROWS);
  }

  async more(node: ViewNode): Promise<void> {
    this.painter.paintNow(await this.tree.more(node));
  }

  /** Rows as they are known now, without asking. */
  known(node?: ViewNode): readonly ViewNode[] {
    return this.tree.known(node);
  }

  /** First known node for which `test` holds, in the order in which they are shown. */
  search(test: (row: ViewRow) => boolean, below?: ViewNode): ViewNode | undefined {
    for (const node of this.tree.known(below)) {
      if (node.row && test(node.row)) return node;
      const found = this.search(test, node);
      if (found) return found;
    }
    return undefined;
  }

  find(id: string): ViewNode | undefined {
    return this.tree.find(id);
  }

  /** Markdown. */
  tooltip(node: ViewNode): Promise<string> {
    return this.tree.tooltip(node);
  }

  /** Rows below a node, asked for if need be, and the node opened. */
  async open(node: ViewNode | undefined): Promise<readonly ViewNode[]> {
    if (node && !node.open) {
      this.tree.setOpen(node, true);
      try {
        await this.view.reveal(node, { select: false, expand: true });
      } catch {
        // The row has gone meanwhile: there is nothing to open any more.
        if (this.tree.find(node.id) !== node) return [];
      }
    }
    return this.tree.children(node);
  }

  /** Brings the view up to date now. */
  async refresh(deep: boolean): Promise<void> {
    const turn = this.turn.then(async () => {
      const changes = await this.tree.refresh(deep);
      const repainted = this.tree.present();
      this.painter.paint(changes === 'all' ? changes : [...new Set([...changes, ...repainted])]);
      this.title();
      this.parts.refreshed();
    });
    this.turn = turn.catch(() => undefined);
    await turn;
  }

  getTreeItem(node: ViewNode): vscode.TreeItem {
    return treeItem(node);
  }

  async getChildren(node?: ViewNode): Promise<ViewNode[]> {
    // VS Code asks for what is below a row only where that is open there. It does not tell us of one that was opened while
    // the whole view was drawn anew: it knows no row then (ExtHostTreeView, `setExpanded`).
    if (node && !node.open) this.setOpen(node, true);
    const rows = await this.tree.children(node);
    this.title();
    this.parts.refreshed();
    return [...rows];
  }

  getParent(node: ViewNode): ViewNode | undefined {
    return node.parent;
  }

  async resolveTreeItem(item: vscode.TreeItem, node: ViewNode): Promise<vscode.TreeItem> {
    // Drawing a row again would take its tooltip away.
    this.refresher.hold(READING);
    this.painter.hold(READING);
    try {
      item.tooltip = markdown(await this.tree.tooltip(node));
    } catch (error) {
      item.tooltip = `${node.item.aria}\n${error instanceof Error ? error.message : String(error)}`;
    }
    return item;
  }

  private setOpen(node: ViewNode, open: boolean): void {
    this.release();
    const { stale, changed } = this.tree.setOpen(node, open);
    if (changed) this.painter.paintNow(node);
    if (!stale) return;
    void this.tree
      .children(node)
      .then(() => this.refresh(false))
      .catch(this.parts.report);
  }

  /** The person does something: what was held back for reading is shown. */
  private release(): void {
    this.refresher.release();
    this.painter.release();
  }

  private sessionChanged(session: LiveSession): void {
    const { shown } = this.parts.hub;
    if (!shown.includes(session)) return;
    this.refresher.setTicking(shown.some((each) => !each.over));
    this.refresher.notify();
    if (!session.over) return;
    // The end is said and seen at once, whatever the last look brings.
    this.painter.paint(this.tree.present());
    this.title();
  }

  private shownChanged(): void {
    const { shown } = this.parts.hub;
    const ids = `${this.parts.hub.showsAll} ${shown.map((session) => session.id).join(' ')}`;
    if (ids === this.shown) return;
    this.shown = ids;
    this.refresher.setTicking(shown.some((session) => !session.over));
    this.tree.reset(true);
    this.painter.paintNow(undefined);
    this.refresher.notify();
    this.title();
  }

  private title(): void {
    const description = this.description();
    if (this.view.description !== description) this.view.description = description;
    const message = this.message();
    if ((this.view.message ?? '') !== message) this.view.message = message;
  }

  /** Paused and ended are said here and not in a message: a message would move every row. */
  private description(): string {
    const { hub, state, source } = this.parts;
    const ended = hub.shown.length > 0 && hub.shown.every((session) => session.over);
    const paused = state.pausedAt !== undefined && `paused ${timeOfDay(state.pausedAt)}`;
    return dotted(paused, ended && !paused && 'ended', source.summary());
  }

  /** '' takes the message away. */
  private message(): string {
    const { hub, source, name } = this.parts;
    const [only, ...others] = hub.shown;
    const parts: string[] = [];
    if (name === 'loops' && only?.over && others.length === 0) {
      const words = endWords(only);
      parts.push(`${words.charAt(0).toUpperCase()}${words.slice(1)}. This is the last state seen.`);
    }
    if (name === 'loops') {
      for (const session of hub.shown) {
        const notice = session.update?.process.notice ?? '';
        if (notice !== '') parts.push(notice);
      }
    }
    const notice = source.notice();
    // Where uvloop leaves nothing to see, the empty view's own words say so, and what to do.
    if (notice !== '' && !this.queuesHidden) parts.push(notice);
    return parts.join(' ');
  }
}

function treeItem(node: ViewNode): vscode.TreeItem {
  const { item } = node;
  const label: vscode.TreeItemLabel = {
    label: item.label,
    ...(item.highlights ? { highlights: item.highlights.map(([from, to]): [number, number] => [from, to]) } : {}),
  };
  const result = new vscode.TreeItem(label, collapsible(item));
  result.id = node.id;
  result.description = item.description;
  result.contextValue = item.context;
  result.accessibilityInformation = { label: item.aria };
  if (item.icon) {
    result.iconPath = item.icon.color
      ? new vscode.ThemeIcon(item.icon.id, new vscode.ThemeColor(item.icon.color))
      : new vscode.ThemeIcon(item.icon.id);
  }
  if (item.muted) result.resourceUri = vscode.Uri.from({ scheme: ROW_SCHEME, path: '/muted' });
  if (typeof item.tooltip === 'string') result.tooltip = markdown(item.tooltip);
  if (node.placeholder?.kind === 'more') {
    result.command = { command: InternalCommands.loadMore, title: 'Load More', arguments: [node] };
  } else if (item.open) {
    result.command = { command: InternalCommands.openSite, title: 'Open Line', arguments: [item.open] };
  }
  return result;
}

function collapsible(item: ItemData): vscode.TreeItemCollapsibleState {
  switch (item.collapsible) {
    case 'none':
      return vscode.TreeItemCollapsibleState.None;
    case 'collapsed':
      return vscode.TreeItemCollapsibleState.Collapsed;
    case 'expanded':
      return vscode.TreeItemCollapsibleState.Expanded;
  }
}

function markdown(text: string): vscode.MarkdownString {
  const result = new vscode.MarkdownString(text, true);
  // Nothing but our own command that opens a line; text of the program is escaped before it gets here.
  result.isTrusted = { enabledCommands: [InternalCommands.openSite] };
  return result;
}

/** Greys the labels of rows that no longer live. */
export class RowDecorations implements vscode.FileDecorationProvider {
  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    if (uri.scheme !== ROW_SCHEME) return undefined;
    return new vscode.FileDecoration(undefined, undefined, new vscode.ThemeColor(MUTED_COLOR));
  }
}
