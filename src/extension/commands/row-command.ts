/**
 * Registers a command that is about one row: of a row's menu, else, from a key or the palette, the selected one. Does not know what the
 * command does. The row can be one of VS Code's Call Stack (call-stack.ts).
 *
 * VS Code forgets its rows for a moment when a view is drawn anew, and a menu that is used just then hands over nothing (VS Code 1.139,
 * extHostTreeViews.ts: `_addAllToClear`, `_convertArgument`). Such a command does nothing and says so: the selected row is another one.
 */
import * as vscode from 'vscode';
import type { ViewNode } from '../views/tree-shell';
import type { EventLoopViews } from '../views/views';
import { type CallStackRow, isCallStackRow, taskOfCallStack } from './call-stack';

/** @param work is given the row, or undefined where none is selected */
export function registerRowCommand(
  views: EventLoopViews,
  id: string,
  work: (row: ViewNode | undefined) => unknown,
): vscode.Disposable {
  return vscode.commands.registerCommand(id, (...given: readonly unknown[]) => {
    if (isLost(given)) {
      void vscode.window.showInformationMessage('The rows were drawn anew at this very moment. Choose again.');
      return undefined;
    }
    const stack = given.find(isCallStackRow);
    if (stack) return onCallStack(views, stack, work);
    return work(views.target(given[0] as ViewNode | undefined));
  });
}

/** The same on a row of VS Code's Call Stack, whose menu cannot tell tasks from threads. */
async function onCallStack(
  views: EventLoopViews,
  row: CallStackRow,
  work: (row: ViewNode | undefined) => unknown,
): Promise<unknown> {
  let found: ViewNode | string;
  try {
    found = await taskOfCallStack(views, row);
  } catch (error) {
    found = error instanceof Error ? error.message : String(error);
  }
  if (typeof found !== 'string') return work(found);
  void vscode.window.showInformationMessage(found);
  return undefined;
}

/** Whether the command comes from a row's menu, and the row is not known any more. @param given its arguments */
function isLost(given: readonly unknown[]): boolean {
  return given.length > 0 && (given[0] === undefined || given[0] === null);
}
