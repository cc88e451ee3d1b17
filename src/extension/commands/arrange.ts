/** Commands that arrange the views: how tasks are listed, pins, the filter, pausing, which sessions are shown. */
import * as vscode from 'vscode';
import type { TaskGroup, TaskSort, TaskTree } from '../../protocol/dap';
import { Commands } from '../../protocol/ids';
import type { ViewNode } from '../views/tree-shell';
import type { EventLoopViews } from '../views/views';
import { taskNode } from './navigate';
import { registerRowCommand } from './row-command';

interface Choice<T> extends vscode.QuickPickItem {
  readonly value: T;
}

const TREES: readonly Choice<TaskTree>[] = [
  { value: 'creator', label: '$(list-tree) By creator', description: 'a task stands below the one that created it' },
  {
    value: 'awaits',
    label: '$(type-hierarchy) By who awaits',
    description: 'a task stands below the one that awaits it',
  },
  { value: 'flat', label: '$(list-flat) Flat', description: 'every task on its own' },
];
const GROUPS: readonly Choice<TaskGroup>[] = [
  { value: 'none', label: 'No groups' },
  { value: 'coroutine', label: 'By coroutine' },
  { value: 'state', label: 'By state' },
  { value: 'site', label: 'By creation line' },
];
const SORTS: readonly Choice<TaskSort>[] = [
  { value: 'age', label: 'By age', description: 'oldest first' },
  { value: 'busy', label: 'By time busy', description: 'busiest first' },
  { value: 'steps', label: 'By steps', description: 'most first' },
  { value: 'name', label: 'By name' },
];

export function registerArranging(views: EventLoopViews): vscode.Disposable[] {
  const { hub, state } = views;
  const register = (id: string, work: () => unknown): vscode.Disposable => vscode.commands.registerCommand(id, work);
  return [
    register(Commands.chooseTree, async () => {
      const tree = await pick('How tasks are arranged', TREES, state.choice.tree);
      if (tree) state.choose({ tree });
    }),
    register(Commands.chooseGroup, async () => {
      const group = await pick('How tasks are grouped', GROUPS, state.choice.group);
      if (group) state.choose({ group });
    }),
    register(Commands.chooseSort, async () => {
      const sort = await pick('How tasks are sorted', SORTS, state.choice.sort);
      if (sort) state.choose({ sort });
    }),
    register(Commands.filter, () => filter(views)),
    register(Commands.clearFilter, () => state.choose({ filter: '' })),
    registerRowCommand(views, Commands.pin, (row) => pin(views, row, true)),
    registerRowCommand(views, Commands.unpin, (row) => pin(views, row, false)),
    register(Commands.pauseViews, () => state.pause(true)),
    register(Commands.resumeViews, () => state.pause(false)),
    register(Commands.showAllSessions, () => (hub.showsAll = true)),
    register(Commands.showChosenSession, () => (hub.showsAll = false)),
  ];
}

async function pick<T>(title: string, choices: readonly Choice<T>[], now: T): Promise<T | undefined> {
  const items = choices.map((choice) => ({
    ...choice,
    ...(choice.value === now ? { description: [choice.description, '(now)'].filter(Boolean).join(' ') } : {}),
  }));
  const chosen = await vscode.window.showQuickPick(items, { title, placeHolder: 'Choose' });
  return chosen?.value;
}

/** An input box that filters while the person types; Escape brings the old filter back. */
function filter({ state }: EventLoopViews): void {
  const before = state.choice.filter;
  const box = vscode.window.createInputBox();
  let kept = false;
  box.title = 'Filter Tasks';
  box.placeholder = 'Part of a name, coroutine, state or file; empty for all';
  box.value = before;
  box.onDidChangeValue((value) => state.choose({ filter: value.trim() }));
  box.onDidAccept(() => {
    kept = true;
    box.hide();
  });
  box.onDidHide(() => {
    if (!kept && state.choice.filter !== before) state.choose({ filter: before });
    box.dispose();
  });
  box.show();
}

async function pin(views: EventLoopViews, target: ViewNode | undefined, pinned: boolean): Promise<void> {
  const task = taskNode(target);
  if (!target?.row || !task) {
    void vscode.window.showInformationMessage('Select a task in the Tasks view first.');
    return;
  }
  const { session } = target.row;
  views.state.pin(session.id, task.task, pinned);
  // The Call Stack's order is the adapter's. Of a program that has ended there is none.
  if (!session.over)
    await session.request('loopscope/pins', { tasks: views.state.pinned(session.id) }).catch(() => undefined);
}
