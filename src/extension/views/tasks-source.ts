/** Rows of the Tasks view: pages of the tree that the person chose, and the tooltip of a task. Pure. */
import { MAX_PAGE_ROWS, type TaskNode, type TasksArguments } from '../../protocol/dap';
import type { ItemData } from '../present/item';
import { presentLoopOfTasks } from '../present/loops';
import { endedTaskTooltip, presentTaskNode, taskTooltip, TREE_WORDS } from '../present/tasks';
import { count, dotted } from '../present/text';
import type { LiveSession } from '../sessions/live-session';
import type { Rows } from './row-tree';
import type { TaskTreeNode, ViewRow } from './rows';
import { NOTHING, SessionSource } from './session-source';

/** With a filter rows are open at first down to this depth, so that what matches is seen. */
const FILTER_DEPTH = 3;

export class TasksSource extends SessionSource {
  override summary(): string {
    if (this.hub.shown.length === 0) return '';
    const live = this.hub.shown.reduce((sum, session) => sum + (session.update?.liveTasks ?? 0), 0);
    const { tree, group, filter } = this.state.choice;
    return dotted(
      `${count(live)} live`,
      group === 'none' ? TREE_WORDS[tree] : `by ${GROUP_WORDS[group]}`,
      filter !== '' && `filter “${filter}”`,
    );
  }

  override async tooltip(row: ViewRow): Promise<string> {
    if (row.kind !== 'task' || row.node.kind !== 'task') return super.tooltip(row);
    const now = this.loopTime(row.session, row.node.loop);
    if (row.session.phase === 'gone') return endedTaskTooltip(row.node, now);
    return taskTooltip(await row.session.request('loopscope/task', { task: row.node.task }), now);
  }

  protected override optionsVersion(): string {
    return this.state.version;
  }

  protected override idInSession(row: ViewRow): string {
    if (row.kind === 'loop') return `loop ${row.loop.loop}`;
    if (row.kind !== 'task') return '';
    return `${this.state.choice.tree}/${row.loop ?? ''}/${row.node.node}`;
  }

  protected override presentRow(row: ViewRow, open: boolean): ItemData {
    const { session } = row;
    if (row.kind === 'loop') return presentLoopOfTasks(row.loop, session.over, open);
    if (row.kind !== 'task') throw new Error(`the Tasks view has no ${row.kind} rows`);
    const { node } = row;
    const { tree, filter } = this.state.choice;
    const loop = node.kind === 'task' ? node.loop : (row.loop ?? session.knownLoops[0]?.loop ?? 0);
    return presentTaskNode(node, {
      now: this.loopTime(session, loop),
      over: session.over,
      filter,
      open,
      pinned: node.kind === 'task' && this.state.isPinned(session.id, node.task),
      expanded: tree !== 'flat' && (row.depth === 0 || (filter !== '' && row.depth < FILTER_DEPTH)),
    });
  }

  protected override async content(session: LiveSession, limit: number): Promise<Rows<ViewRow>> {
    // Asked for beside the tasks: their times are told by the loops' clocks.
    const loops = await this.openLoops(session);
    if (loops.length > 1) return this.loopNodes(session, loops, limit);
    return this.page(session, undefined, undefined, 0, limit);
  }

  protected override async below(parent: ViewRow, limit: number): Promise<Rows<ViewRow>> {
    if (parent.kind === 'loop') return this.page(parent.session, parent.loop.loop, undefined, 0, limit);
    if (parent.kind !== 'task') return NOTHING;
    return this.page(parent.session, parent.loop, parent.node.node, parent.depth + 1, limit);
  }

  /** As many pages as `limit` needs, one after the other; rows that moved between them are shown once. */
  private async page(
    session: LiveSession,
    loop: number | undefined,
    parent: string | undefined,
    depth: number,
    limit: number,
  ): Promise<Rows<ViewRow>> {
    const { tree, sort, group, filter } = this.state.choice;
    const found = new Map<string, TaskNode>();
    let total = 0;
    for (let offset = 0; offset < limit; offset += MAX_PAGE_ROWS) {
      const args: TasksArguments = {
        tree,
        sort,
        group,
        filter,
        offset,
        limit: Math.min(MAX_PAGE_ROWS, limit - offset),
        pinned: this.state.first(session.id),
        ...(parent === undefined ? {} : { parent }),
        ...(loop === undefined ? {} : { loop }),
      };
      const page = await session.request('loopscope/tasks', args);
      for (const node of page.rows) found.set(node.node, node);
      total = page.total;
      if (page.rows.length < args.limit) break;
    }
    const rows = [...found.values()].map((node): TaskTreeNode => ({ kind: 'task', session, loop, depth, node }));
    return { rows, total };
  }
}

export const GROUP_WORDS = { none: 'none', coroutine: 'coroutine', state: 'state', site: 'creation line' } as const;
