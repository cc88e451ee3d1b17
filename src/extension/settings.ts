/** The live view's settings, read when they are needed, with their types checked: a wrong value counts as not set. */
import * as vscode from 'vscode';
import type { TaskGroup, TaskSort, TaskTree } from '../protocol/dap';
import { Settings } from '../protocol/ids';

export const SECTION = 'loopscope';

function read(key: string, scope?: vscode.Uri): unknown {
  return vscode.workspace.getConfiguration(SECTION, scope ?? null).get(key);
}

function oneOf<T extends string>(value: unknown, allowed: readonly [T, ...T[]]): T {
  return allowed.find((candidate) => candidate === value) ?? allowed[0];
}

function number(value: unknown, least: number, most: number, fallback: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : fallback;
}

export const settings = {
  /** '' if none is set. */
  pythonPath: (scope?: vscode.Uri): string => {
    const value = read(Settings.pythonPath, scope);
    return typeof value === 'string' ? value.trim() : '';
  },
  console: (scope?: vscode.Uri): 'integratedTerminal' | 'internalConsole' | 'externalTerminal' =>
    oneOf(read(Settings.console, scope), ['integratedTerminal', 'internalConsole', 'externalTerminal']),
  detail: (scope?: vscode.Uri): 'adaptive' | 'full' => oneOf(read(Settings.detail, scope), ['adaptive', 'full']),
  /** Whether configurations of Python's own debugger run through Loopscope. */
  debugPython: (scope?: vscode.Uri): 'off' | 'ask' | 'on' =>
    oneOf(read(Settings.debugPython, scope), ['off', 'ask', 'on']),
  /** Which debugpy debugs, where a configuration does not say. */
  debuggerFrom: (scope?: vscode.Uri): 'auto' | 'extension' | 'interpreter' | 'bundled' =>
    oneOf(read(Settings.debuggerFrom, scope), ['auto', 'extension', 'interpreter', 'bundled']),
  /** What becomes of programs that run on uvloop. */
  uvloop: (scope?: vscode.Uri): 'ask' | 'asyncio' | 'keep' =>
    oneOf(read(Settings.uvloop, scope), ['ask', 'asyncio', 'keep']),
  /** Whether a loop's clock stands still while its thread is stopped. */
  freezeClock: (scope?: vscode.Uri): boolean => read(Settings.freezeClock, scope) !== false,
  /** s */
  slowCallback: (scope?: vscode.Uri): number => number(read(Settings.slowCallback, scope), 0, 3600, 0.1),
  pageSize: (): number => Math.round(number(read(Settings.pageSize), 10, 200, 100)),
  /** ms */
  refreshInterval: (): number => number(read(Settings.refreshInterval), 100, 10_000, 1000),
  tasksTree: (): TaskTree => oneOf(read(Settings.tasksTree), ['creator', 'awaits', 'flat']),
  tasksSort: (): TaskSort => oneOf(read(Settings.tasksSort), ['age', 'busy', 'steps', 'name']),
  tasksGroup: (): TaskGroup => oneOf(read(Settings.tasksGroup), ['none', 'coroutine', 'state', 'site']),
  statusBar: (): boolean => read(Settings.statusBar) !== false,
  focusOnStart: (): 'firstTime' | 'always' | 'never' =>
    oneOf(read(Settings.focusOnStart), ['firstTime', 'always', 'never']),
};

/**
 * Writes a setting where it stands already, else for the person. A folder that cannot be written to is told of, and no reason to fail.
 * @param key below `loopscope.`
 */
export async function remember(key: string, value: string, folder: vscode.WorkspaceFolder | undefined): Promise<void> {
  const config = vscode.workspace.getConfiguration(SECTION, folder?.uri ?? null);
  const set = config.inspect(key);
  const target =
    set?.workspaceFolderValue !== undefined
      ? vscode.ConfigurationTarget.WorkspaceFolder
      : set?.workspaceValue !== undefined
        ? vscode.ConfigurationTarget.Workspace
        : vscode.ConfigurationTarget.Global;
  try {
    await config.update(key, value, target);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    void vscode.window.showWarningMessage(`The setting “loopscope.${key}” could not be written: ${reason}`);
  }
}
