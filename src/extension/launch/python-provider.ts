/**
 * Lets configurations of Python's own debugger run through Loopscope, as the setting `loopscope.debugPython` says. A
 * changed type makes VS Code ask the providers of the new type, so what is filled in is debug-type.ts's as ever.
 */
import * as vscode from 'vscode';
import { Settings } from '../../protocol/ids';
import { remember, settings } from '../settings';
import { canRunHere, throughLoopscope } from './python-configurations';

export function registerPythonProvider(): vscode.Disposable {
  // Of every type: these are asked after those of `debugpy`, which fill in what is Python's.
  return vscode.debug.registerDebugConfigurationProvider('*', new PythonProvider());
}

class PythonProvider implements vscode.DebugConfigurationProvider {
  async resolveDebugConfiguration(
    folder: vscode.WorkspaceFolder | undefined,
    config: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration> {
    if (!vscode.workspace.isTrusted || !canRunHere(config)) return config;
    const setting = settings.debugPython(folder?.uri);
    if (setting === 'off') return config;
    if (setting === 'ask' && !(await asked(config.name, folder))) return config;
    return { ...throughLoopscope(config, folder !== undefined) };
  }
}

/** Asks once for this start; true: run it through Loopscope. What is closed without an answer is a no. */
async function asked(name: string, folder: vscode.WorkspaceFolder | undefined): Promise<boolean> {
  const [once, always, never] = ['This Time', 'Always', 'Never'] as const;
  const question = `Run “${name}” through Loopscope, to see and step its event loop? Every option of it stays as it is.`;
  const answer = await vscode.window.showInformationMessage(question, once, always, never);
  if (answer === always || answer === never)
    await remember(Settings.debugPython, answer === always ? 'on' : 'off', folder);
  return answer === once || answer === always;
}
