/** The debug type for VS Code: how its adapter is started, which configurations it offers and how they are filled in. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import { Commands, DEBUG_TYPE } from '../../protocol/ids';
import { settings } from '../settings';
import {
  ATTACH,
  complete,
  INITIAL,
  offered,
  runFile,
  runTests,
  type LoopscopeConfiguration,
  type OpenFile,
} from './configurations';
import { findInterpreter } from './interpreter';
import { registerPickProcess } from './pick-process';
import { registerPythonProvider } from './python-provider';
import { interpreterSystem } from './system';

export function registerDebugType(extension: vscode.Uri): vscode.Disposable[] {
  const provider = new ConfigurationProvider();
  const { Initial, Dynamic } = vscode.DebugConfigurationProviderTriggerKind;
  return [
    vscode.debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, new AdapterFactory(extension.fsPath)),
    vscode.debug.registerDebugConfigurationProvider(DEBUG_TYPE, provider, Initial),
    registerPythonProvider(),
    registerPickProcess(),
    vscode.debug.registerDebugConfigurationProvider(DEBUG_TYPE, new OfferedProvider(), Dynamic),
    vscode.commands.registerCommand(Commands.runFile, (uri?: vscode.Uri) => startFile(uri, runFile, true)),
    vscode.commands.registerCommand(Commands.debugFile, (uri?: vscode.Uri) => startFile(uri, runFile, false)),
    vscode.commands.registerCommand(Commands.attachProcess, () =>
      vscode.debug.startDebugging(undefined, { ...ATTACH }),
    ),
    vscode.commands.registerCommand(Commands.runTests, (uri?: vscode.Uri) => startFile(uri, runTests, true)),
  ];
}

/** Runs the bundled adapter with VS Code's own Node, so that no Node need be installed. */
class AdapterFactory implements vscode.DebugAdapterDescriptorFactory {
  constructor(private readonly extension: string) {}

  createDebugAdapterDescriptor(): vscode.DebugAdapterDescriptor {
    const adapter = path.join(this.extension, 'dist', 'adapter.js');
    return new vscode.DebugAdapterExecutable(process.execPath, [adapter], { env: { ELECTRON_RUN_AS_NODE: '1' } });
  }
}

class ConfigurationProvider implements vscode.DebugConfigurationProvider {
  provideDebugConfigurations(): vscode.DebugConfiguration[] {
    return INITIAL.map((config) => ({ ...config }));
  }

  resolveDebugConfiguration(
    folder: vscode.WorkspaceFolder | undefined,
    given: vscode.DebugConfiguration,
  ): vscode.DebugConfiguration | undefined {
    if (!vscode.workspace.isTrusted) {
      void vscode.window.showErrorMessage('Loopscope starts no program in a folder that is not trusted.');
      return undefined;
    }
    const file = openFile();
    const scope = folder?.uri ?? (file && vscode.Uri.file(file.path));
    const config = complete(given, file, {
      console: settings.console(scope),
      detail: settings.detail(scope),
      slowCallback: settings.slowCallback(scope),
      debuggerFrom: settings.debuggerFrom(scope),
      freezeClock: settings.freezeClock(scope),
      asyncioLoop: settings.uvloop(scope) === 'asyncio',
      folder: folder?.uri.fsPath,
    });
    if (typeof config !== 'string') return { ...config };
    void vscode.window.showErrorMessage(config);
    return undefined;
  }

  async resolveDebugConfigurationWithSubstitutedVariables(
    folder: vscode.WorkspaceFolder | undefined,
    given: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration | undefined> {
    const debugpyExtension = vscode.extensions.getExtension('ms-python.debugpy')?.extensionPath;
    const extension = debugpyExtension === undefined ? {} : { debugpyExtension };
    if (given.request !== 'launch') return { ...given, ...extension };
    const { program, pythonPath } = given as unknown as LoopscopeConfiguration;
    const python = (given as unknown as LoopscopeConfiguration).python ?? pythonPath;
    const resource = folder?.uri ?? (program === undefined ? undefined : vscode.Uri.file(program));
    const found = await findInterpreter(python, interpreterSystem(resource));
    if ('command' in found) return { ...given, python: found.command, ...extension };
    // Not waited for: until the answer VS Code would show a start under way.
    void noInterpreter(found.problem);
    return undefined;
  }
}

class OfferedProvider implements vscode.DebugConfigurationProvider {
  provideDebugConfigurations(): vscode.DebugConfiguration[] {
    return offered(openFile()).map((config) => ({ ...config }));
  }
}

/** The Python file in front of the person. */
function openFile(): OpenFile | undefined {
  const document = vscode.window.activeTextEditor?.document;
  if (document?.languageId !== 'python' || document.uri.scheme !== 'file') return undefined;
  return { path: document.uri.fsPath, text: document.getText() };
}

async function startFile(
  uri: vscode.Uri | undefined,
  configure: (path: string) => LoopscopeConfiguration,
  noDebug: boolean,
): Promise<void> {
  const target = uri ?? vscode.window.activeTextEditor?.document.uri;
  const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === target?.toString());
  if (target === undefined || (document && document.languageId !== 'python')) {
    void vscode.window.showInformationMessage('Open a Python file first: it is what will be started.');
    return;
  }
  if (target.scheme !== 'file') {
    void vscode.window.showInformationMessage('Save the file first: Python runs it from the disk.');
    return;
  }
  const folder = vscode.workspace.getWorkspaceFolder(target);
  await vscode.debug.startDebugging(folder, { ...configure(target.fsPath) }, { noDebug });
}

async function noInterpreter(problem: string): Promise<void> {
  const choose = 'Select Interpreter';
  const openSettings = 'Open Settings';
  const python = vscode.extensions.getExtension('ms-python.python') !== undefined;
  const answer = await vscode.window.showErrorMessage(problem, ...(python ? [choose] : []), openSettings);
  if (answer === choose) await vscode.commands.executeCommand('python.setInterpreter');
  if (answer === openSettings)
    await vscode.commands.executeCommand('workbench.action.openSettings', 'loopscope.pythonPath');
}
