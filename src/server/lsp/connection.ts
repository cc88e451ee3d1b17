/**
 * The wire to the editor: vscode-jsonrpc over stdio or Node's IPC, with the protocol's own types for the methods that we
 * use. vscode-languageserver would bring every feature of the protocol along, which is half of this bundle.
 */
import { Console } from 'node:console';
import type { CancellationToken, GenericRequestHandler, MessageConnection } from 'vscode-jsonrpc/node';
import {
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import type * as lsp from 'vscode-languageserver';

/** What the editor asks: parameters and results. */
export interface Requests {
  initialize: [lsp.InitializeParams, lsp.InitializeResult];
  shutdown: [undefined, null];
  'textDocument/diagnostic': [lsp.DocumentDiagnosticParams, lsp.DocumentDiagnosticReport];
  'workspace/diagnostic': [lsp.WorkspaceDiagnosticParams, lsp.WorkspaceDiagnosticReport];
  'textDocument/codeAction': [lsp.CodeActionParams, lsp.CodeAction[]];
  'textDocument/codeLens': [lsp.CodeLensParams, lsp.CodeLens[]];
  'textDocument/hover': [lsp.HoverParams, lsp.Hover | null];
}

/** What the editor tells. */
export interface Notifications {
  initialized: lsp.InitializedParams;
  exit: undefined;
  'textDocument/didOpen': lsp.DidOpenTextDocumentParams;
  'textDocument/didChange': lsp.DidChangeTextDocumentParams;
  'textDocument/didClose': lsp.DidCloseTextDocumentParams;
  'notebookDocument/didOpen': lsp.DidOpenNotebookDocumentParams;
  'notebookDocument/didChange': lsp.DidChangeNotebookDocumentParams;
  'notebookDocument/didClose': lsp.DidCloseNotebookDocumentParams;
  'workspace/didChangeConfiguration': lsp.DidChangeConfigurationParams;
  'workspace/didChangeWatchedFiles': lsp.DidChangeWatchedFilesParams;
  'workspace/didChangeWorkspaceFolders': lsp.DidChangeWorkspaceFoldersParams;
  'window/workDoneProgress/cancel': lsp.WorkDoneProgressCancelParams;
  'loopscope/ruffIsOn': boolean;
}

/** What we ask of the editor. */
export interface Questions {
  'workspace/configuration': [lsp.ConfigurationParams, unknown[]];
  'workspace/diagnostic/refresh': [undefined, null];
  'workspace/codeLens/refresh': [undefined, null];
  'client/registerCapability': [lsp.RegistrationParams, null];
  'client/unregisterCapability': [lsp.UnregistrationParams, null];
  'window/workDoneProgress/create': [lsp.WorkDoneProgressCreateParams, null];
}

/** What we tell the editor. */
export interface Tellings {
  'textDocument/publishDiagnostics': lsp.PublishDiagnosticsParams;
  'window/logMessage': lsp.LogMessageParams;
  '$/progress': { readonly token: lsp.ProgressToken; readonly value: unknown };
}

const LOG_LEVEL = { error: 1, warning: 2, info: 3 } as const;

/** The editor at the other end. */
export class Connection {
  constructor(private readonly rpc: MessageConnection) {}

  onRequest<M extends keyof Requests>(
    method: M,
    handler: (params: Requests[M][0], token: CancellationToken) => Requests[M][1] | Promise<Requests[M][1]>,
  ): void {
    const untyped: GenericRequestHandler<unknown, void> = (params: Requests[M][0], token: CancellationToken) =>
      handler(params, token);
    this.rpc.onRequest(method, untyped);
  }

  onNotification<M extends keyof Notifications>(method: M, handler: (params: Notifications[M]) => void): void {
    this.rpc.onNotification(method, (params: Notifications[M]) => handler(params));
  }

  /** Asks the editor. Rejects where it refuses. */
  ask<M extends keyof Questions>(method: M, params: Questions[M][0]): Promise<Questions[M][1]> {
    return this.rpc.sendRequest(method, params);
  }

  /** Tells the editor. Never rejects: an editor that is gone hears nothing. */
  tell<M extends keyof Tellings>(method: M, params: Tellings[M]): void {
    this.rpc.sendNotification(method, params).catch(() => undefined);
  }

  log(level: keyof typeof LOG_LEVEL, message: string): void {
    this.tell('window/logMessage', { type: LOG_LEVEL[level], message });
  }

  /** Says what failed, with where it did. */
  logError(what: string, error: unknown): void {
    this.log('error', `${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }

  listen(): void {
    this.rpc.listen();
  }
}

/**
 * Connects this process to the editor that started it: `--node-ipc`, else stdio. The process ends with the editor's
 * `exit`, or when the editor is gone.
 */
export function connect(args: readonly string[]): Connection {
  const isIpc = args.includes('--node-ipc');
  const rpc = isIpc
    ? createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process))
    : createMessageConnection(new StreamMessageReader(process.stdin), new StreamMessageWriter(process.stdout));
  // Standard output is the wire: whatever a library prints must not get there.
  if (!isIpc) globalThis.console = new Console(process.stderr, process.stderr);
  const connection = new Connection(rpc);
  let isShutDown = false;
  const end = (): void => process.exit(isShutDown ? 0 : 1);
  connection.onRequest('shutdown', () => {
    isShutDown = true;
    return null;
  });
  connection.onNotification('exit', end);
  rpc.onClose(end);
  process.on('disconnect', end);
  process.on('unhandledRejection', (error) => connection.logError('An error that nothing caught', error));
  return connection;
}
