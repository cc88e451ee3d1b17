/** The language client: starts dist/server.js and joins it to VS Code. Knows nothing of rules. */
import * as vscode from 'vscode';
import type { LanguageClientOptions, ServerOptions } from 'vscode-languageclient/node';
import { LanguageClient, RevealOutputChannelOn, TransportKind, vsdiag } from 'vscode-languageclient/node';
import { Commands, RUFF_IS_ON } from '../../protocol/ids';
import type { LintHost } from './host';

const RUFF = 'charliermarsh.ruff';

/**
 * Room for what an analysis makes and drops: where it is scarce, V8 copies all of it several times in each. Measured: a third less
 * CPU for a keystroke in 5,000 lines. In MB, of Node's options.
 */
const ROOM = '--max-semi-space-size=64';

/** Where Python is looked at: on disk, not saved yet, in notebooks. Not in the left half of a diff. */
const DOCUMENTS = ['file', 'untitled', 'vscode-notebook-cell'].map((scheme) => ({ scheme, language: 'python' }));

export class LintClient {
  private readonly client: LanguageClient;
  private readonly watching: vscode.Disposable;

  constructor(host: LintHost) {
    const module = vscode.Uri.joinPath(host.extensionUri, 'dist', 'server.js').fsPath;
    const server: ServerOptions = {
      run: { module, transport: TransportKind.ipc, options: { execArgv: [ROOM] } },
      debug: { module, transport: TransportKind.ipc, options: { execArgv: [ROOM, '--nolazy', '--inspect=6017'] } },
    };
    const options: LanguageClientOptions = {
      documentSelector: DOCUMENTS,
      outputChannel: host.output(),
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      diagnosticPullOptions: { onChange: true },
      initializationOptions: () => ({
        ruffIsOn: isRuffOn(),
        canShowPlaces: true,
        settings: vscode.workspace.getConfiguration('loopscope').get('lint'),
      }),
      middleware: {
        provideDiagnostics: async (document, previousResultId, token, next) => {
          const report = await next(document, previousResultId, token);
          if (report?.kind === vsdiag.DocumentDiagnosticReportKind.full) report.items.forEach(linkToPage);
          return report;
        },
        provideWorkspaceDiagnostics: (resultIds, token, reporter, next) =>
          next(resultIds, token, (chunk) => {
            for (const report of chunk?.items ?? [])
              if (report.kind === vsdiag.DocumentDiagnosticReportKind.full) report.items.forEach(linkToPage);
            reporter(chunk);
          }),
      },
    };
    this.client = new LanguageClient('loopscope.lint', 'Loopscope', server, options);
    let wasOn = isRuffOn();
    this.watching = vscode.extensions.onDidChange(() => {
      const isOn = isRuffOn();
      if (isOn === wasOn) return;
      wasOn = isOn;
      if (this.client.isRunning()) void this.client.sendNotification(RUFF_IS_ON, isOn);
    });
  }

  start(): Promise<void> {
    return this.client.start();
  }

  restart(): Promise<void> {
    return this.client.restart();
  }

  async dispose(): Promise<void> {
    this.watching.dispose();
    await this.client.dispose();
  }
}

/** An extension that is disabled is not among those that VS Code knows. */
function isRuffOn(): boolean {
  return vscode.extensions.getExtension(RUFF) !== undefined;
}

/** Lets a diagnostic's code open the page that came with the extension, of the version that found it, without a network. */
function linkToPage(diagnostic: vscode.Diagnostic): void {
  const { code } = diagnostic;
  if (typeof code !== 'object') return;
  const target = vscode.Uri.parse(
    `command:${Commands.lintOpenRule}?${encodeURIComponent(JSON.stringify([code.value]))}`,
  );
  diagnostic.code = { value: code.value, target };
}
