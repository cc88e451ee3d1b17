/**
 * The linter in the editor: its commands, and the language server, which is started with the first Python document or
 * cell. Works in an untrusted workspace too: it reads the text of documents and settings, and runs nothing of the
 * workspace. Loads the language client only when it starts the server.
 */
import * as vscode from 'vscode';
import { Commands, InternalCommands } from '../../protocol/ids';
import type { LintClient } from './client';
import { fixAll, openRule, showPlaces } from './commands';
import type { LintHost } from './host';

/** Registers commands and starts the server when there is Python to look at. Disposing ends both. */
export function activateLint(host: LintHost): vscode.Disposable {
  const parts: vscode.Disposable[] = [];
  let client: Promise<LintClient> | undefined;
  let isDisposed = false;

  const start = async (): Promise<LintClient> => {
    const { LintClient } = await import('./client');
    const made = new LintClient(host);
    if (!isDisposed) await made.start();
    return made;
  };
  /** Starts the server once. Tells the person when it can not be started. */
  const ensure = (): Promise<LintClient> => {
    if (!client) {
      client = start();
      client.catch((error: unknown) => {
        client = undefined;
        host.output().error(error instanceof Error ? error : String(error));
        void tellFailure(host, error);
      });
    }
    return client;
  };
  const startFor = (document: vscode.TextDocument): void => {
    if (document.languageId === 'python' && document.uri.scheme !== 'git') void ensure().catch(() => undefined);
  };

  parts.push(
    vscode.workspace.onDidOpenTextDocument(startFor),
    vscode.commands.registerCommand(Commands.lintFixAll, fixAll),
    vscode.commands.registerCommand(Commands.lintOpenRule, (code: unknown) => openRule(host.extensionUri, code)),
    vscode.commands.registerCommand(InternalCommands.lintShowPlaces, showPlaces),
    vscode.commands.registerCommand(Commands.lintRestart, async () => {
      const running = client;
      await (running ? (await running).restart() : ensure());
    }),
    new vscode.Disposable(() => {
      isDisposed = true;
      client?.then((started) => started.dispose()).catch(() => undefined);
    }),
  );
  vscode.workspace.textDocuments.forEach(startFor);
  return vscode.Disposable.from(...parts);
}

async function tellFailure(host: LintHost, error: unknown): Promise<void> {
  const reason = error instanceof Error ? error.message : String(error);
  const show = 'Show Output';
  const chosen = await vscode.window.showErrorMessage(`Loopscope's linter could not start: ${reason}`, show);
  if (chosen === show) host.output().show();
}
