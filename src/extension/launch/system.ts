/** What the search for an interpreter looks at, for real: the Python extension, the settings, the file system. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import { settings } from '../settings';
import type { InterpreterSystem } from './interpreter';

const PYTHON_EXTENSION = 'ms-python.python';

export function interpreterSystem(resource: vscode.Uri | undefined): InterpreterSystem {
  return {
    platform: process.platform,
    env: process.env,
    chosen: () => chosen(resource),
    setting: () => settings.pythonPath(resource),
    isProgram,
  };
}

async function isProgram(path: string): Promise<boolean> {
  try {
    if (!(await stat(path)).isFile()) return false;
    await access(path, process.platform === 'win32' ? constants.F_OK : constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The Python extension is asked only if it is there, and its failure is no reason to fail. */
async function chosen(resource: vscode.Uri | undefined): Promise<string | undefined> {
  if (!vscode.extensions.getExtension(PYTHON_EXTENSION)) return undefined;
  try {
    const { PythonExtension } = await import('@vscode/python-extension');
    const api = await PythonExtension.api();
    const active = api.environments.getActiveEnvironmentPath(resource);
    const environment = await api.environments.resolveEnvironment(active);
    return environment?.executable.uri?.fsPath ?? active.path;
  } catch {
    return undefined;
  }
}
