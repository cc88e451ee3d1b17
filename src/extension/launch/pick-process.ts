/** Lets a person choose the Python process to attach to: `"processId": "${command:pickProcess}"`. */
import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import { Commands } from '../../protocol/ids';
import { pythonProcesses, type ProcessSystem } from './processes';

const system: ProcessSystem = {
  platform: process.platform,
  list: (folder) => readdir(folder),
  read: (file) => readFile(file, 'utf8'),
  link: (file) => readlink(file),
  run: async (command, args) => (await promisify(execFile)(command, args, { maxBuffer: 2 ** 26 })).stdout,
};

export function registerPickProcess(): vscode.Disposable {
  return vscode.commands.registerCommand(Commands.pickProcess, pickProcess);
}

/** Number of the process chosen, as text, since that is what variables are; undefined ends the start without a word. */
async function pickProcess(): Promise<string | undefined> {
  let found;
  try {
    found = await pythonProcesses(system);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    void vscode.window.showErrorMessage(`The processes cannot be listed (${reason}): put a number into “processId”.`);
    return undefined;
  }
  if (found.length === 0) {
    void vscode.window.showInformationMessage('No Python process of yours runs on this machine: start one first.');
    return undefined;
  }
  const items = found.map(({ pid, program, runs, command }) => ({
    label: runs,
    description: `${program} · ${String(pid)}`,
    detail: command,
    pid: String(pid),
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'Attach Loopscope to a Python Process',
    placeHolder: 'Choose a process',
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return chosen?.pid;
}
