/** Commands that lead somewhere: to a line of the source, to a task's creation, to the task that another waits for. */
import * as vscode from 'vscode';
import type { TaskDetailRow } from '../../protocol/dap';
import { Commands, InternalCommands } from '../../protocol/ids';
import type { SourceSite } from '../../protocol/wire';
import type { LiveSession } from '../sessions/live-session';
import { taskOf, type TaskTreeNode, type ViewRow } from '../views/rows';
import type { ViewNode } from '../views/tree-shell';
import type { EventLoopViews } from '../views/views';
import { registerRowCommand } from './row-command';

/** How far up a task's ancestors are followed. */
const MAX_DEPTH = 64;

export function registerNavigation(views: EventLoopViews): vscode.Disposable[] {
  return [
    vscode.commands.registerCommand(InternalCommands.openSite, (site: unknown) => openSite(site)),
    vscode.commands.registerCommand(InternalCommands.loadMore, (node: ViewNode) => loadMore(views, node)),
    registerRowCommand(views, Commands.goToCreation, goToCreation),
    registerRowCommand(views, Commands.goToDefinition, (row) => {
      const task = taskNode(row);
      return openSite(task?.definedAt, 'Where this coroutine is defined is not known.');
    }),
    registerRowCommand(views, Commands.revealAwaited, (target) => {
      const task = taskNode(target);
      if (!target?.row || !task) return say('Select a task in the Tasks view first.');
      if (task.waitsForTask === null) return say(`${task.name} waits for no other task.`);
      return revealTask(views, target.row.session, task.waitsForTask);
    }),
    registerRowCommand(views, Commands.revealTask, (target) => {
      const task = target?.row ? taskOf(target.row) : null;
      if (!target?.row || task === null) return say('This row belongs to no task.');
      return revealTask(views, target.row.session, task);
    }),
  ];
}

function loadMore(views: EventLoopViews, node: ViewNode): Promise<void> | undefined {
  const shell = views.all.find((candidate) => candidate.known(node.parent).includes(node));
  return shell?.more(node);
}

/** The task of a row of the Tasks view. */
export function taskNode(node: ViewNode | undefined): (TaskTreeNode['node'] & { kind: 'task' }) | undefined {
  return node?.row?.kind === 'task' && node.row.node.kind === 'task' ? node.row.node : undefined;
}

function isSite(value: unknown): value is SourceSite {
  return typeof value === 'object' && value !== null && 'file' in value && typeof value.file === 'string';
}

/** Opens a line of the source; says so where that cannot be done. */
async function openSite(site: unknown, otherwise = 'This place is not known.'): Promise<void> {
  if (!isSite(site)) return say(otherwise);
  const line = Math.max(0, (typeof site.line === 'number' ? site.line : 1) - 1);
  try {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.file(site.file));
    const at = document.lineAt(Math.min(line, document.lineCount - 1));
    const start = new vscode.Position(at.lineNumber, at.firstNonWhitespaceCharacterIndex);
    await vscode.window.showTextDocument(document, { selection: new vscode.Range(start, start), preserveFocus: false });
  } catch {
    await say(`${site.file} cannot be opened here.`);
  }
}

async function goToCreation(node: ViewNode | undefined): Promise<void> {
  const task = taskNode(node);
  if (!task || !node?.row) return say('Select a task in the Tasks view first.');
  if (task.createdAt) return openSite(task.createdAt);
  // The page may know less than the task itself does.
  const detail = await node.row.session.request('loopscope/task', { task: task.task }).catch(() => undefined);
  return openSite(detail?.createdAt, `Where ${task.name} was created was not captured.`);
}

async function revealTask(views: EventLoopViews, session: LiveSession, task: number): Promise<void> {
  const shell = views.shells.tasks;
  const is = (wanted: number) => (row: ViewRow) =>
    row.kind === 'task' && row.session === session && taskOf(row) === wanted;
  const known = shell.search(is(task));
  if (known) return shell.view.reveal(known, { select: true, focus: true });
  if (session.over) return say('That task was not on the screen when the program ended.');
  // Put it and those above it first among their siblings, then go down from the roots.
  const path = await ancestors(session, task, views.state.choice.tree);
  if (path.length === 0) return say('That task has ended and is no longer kept.');
  if (views.state.choice.filter !== '') views.state.choose({ filter: '' });
  views.state.light(session.id, path);
  await shell.refresh(false);
  const found = (await descend(views, session, path)) ?? (await inFlatTree(views, session, task));
  if (!found) return say('That task cannot be shown: it has ended, or is folded with others.');
  return shell.view.reveal(found, { select: true, focus: true });
}

/** The task and those above it in the tree, outermost first; empty if it is gone. */
async function ancestors(session: LiveSession, task: number, tree: 'creator' | 'awaits' | 'flat'): Promise<number[]> {
  const path: number[] = [];
  let next: number | null | undefined = task;
  while (typeof next === 'number' && !path.includes(next) && path.length < MAX_DEPTH) {
    const detail: TaskDetailRow | undefined = await session
      .request('loopscope/task', { task: next })
      .catch(() => undefined);
    if (!detail) break;
    path.unshift(next);
    next = tree === 'flat' ? null : tree === 'creator' ? detail.createdBy : detail.awaitedBy[0]?.task;
  }
  return path;
}

async function descend(
  views: EventLoopViews,
  session: LiveSession,
  path: readonly number[],
): Promise<ViewNode | undefined> {
  const shell = views.shells.tasks;
  // Sessions and loops stand above the first task.
  let level: readonly ViewNode[] = await shell.open(undefined);
  for (const kind of ['session', 'loop'] as const) {
    const heads = level.filter((node) => node.row?.kind === kind && node.row.session === session);
    if (heads.length > 0) level = (await Promise.all(heads.map((head) => shell.open(head)))).flat();
  }
  let node: ViewNode | undefined;
  for (const task of path) {
    node = level.find((candidate) => candidate.row && taskOf(candidate.row) === task);
    if (!node) return undefined;
    if (task !== path.at(-1)) level = await shell.open(node);
  }
  return node;
}

/** Where the chosen tree does not lead to a task, the flat one does. */
async function inFlatTree(views: EventLoopViews, session: LiveSession, task: number): Promise<ViewNode | undefined> {
  views.state.choose({ tree: 'flat', group: 'none' });
  views.state.light(session.id, [task]);
  await views.shells.tasks.refresh(false);
  return descend(views, session, [task]);
}

async function say(text: string): Promise<void> {
  await Promise.resolve(void vscode.window.showInformationMessage(text));
}
