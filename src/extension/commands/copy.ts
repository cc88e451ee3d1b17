/** Commands that put something on the clipboard: a name, a row, the whole state for a bug report. */
import * as vscode from 'vscode';
import { Commands } from '../../protocol/ids';
import { taskText } from '../present/tasks';
import { dotted } from '../present/text';
import type { ViewNode } from '../views/tree-shell';
import type { EventLoopViews } from '../views/views';
import { taskNode } from './navigate';
import { registerRowCommand } from './row-command';

export function registerCopying(views: EventLoopViews): vscode.Disposable[] {
  return [
    registerRowCommand(views, Commands.copyName, (row) => put(nameOf(row))),
    registerRowCommand(views, Commands.copyRow, (row) => put(rowText(row))),
    vscode.commands.registerCommand(Commands.copyStateMarkdown, (node?: ViewNode) =>
      copyState(views, node, 'markdown'),
    ),
    vscode.commands.registerCommand(Commands.copyStateJson, (node?: ViewNode) => copyState(views, node, 'json')),
  ];
}

async function put(text: string | undefined): Promise<void> {
  if (text !== undefined) await vscode.env.clipboard.writeText(text);
}

function nameOf(node: ViewNode | undefined): string | undefined {
  return taskNode(node)?.name ?? node?.item.label;
}

/** The row as it reads, with the file in full words for a task. */
export function rowText(node: ViewNode | undefined): string | undefined {
  if (!node) return undefined;
  const task = taskNode(node);
  return task ? taskText(task) : dotted(node.item.label, node.item.description);
}

async function copyState(
  views: EventLoopViews,
  node: ViewNode | undefined,
  format: 'json' | 'markdown',
): Promise<void> {
  const session = node?.row?.session ?? views.hub.current;
  if (!session) {
    void vscode.window.showInformationMessage(
      'There is no event loop to copy yet: start a Python program with Loopscope.',
    );
    return;
  }
  try {
    await vscode.env.clipboard.writeText(await session.snapshot(format));
    void vscode.window.setStatusBarMessage(`$(check) The state of ${session.name} is on the clipboard`, 3000);
  } catch (error) {
    void vscode.window.showErrorMessage(
      `The state of ${session.name} could not be copied: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
