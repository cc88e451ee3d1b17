/**
 * An editor, as far as a language server can tell: starts the server as a process over stdio, answers what it asks, and
 * keeps what it says. Each test says what its editor can do.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type {
  ClientCapabilities,
  CodeAction,
  CodeLens,
  Diagnostic,
  DocumentDiagnosticReport,
  Hover,
  InitializeResult,
  NotebookCell,
  MessageConnection,
  PublishDiagnosticsParams,
  Range,
  TextEdit,
} from 'vscode-languageserver/node';
import {
  createMessageConnection,
  NotebookCellKind,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { bundles } from './bundles';

/** What VS Code can do, as far as it matters. */
export const LIKE_VSCODE: ClientCapabilities = {
  workspace: {
    configuration: true,
    workspaceFolders: true,
    didChangeConfiguration: { dynamicRegistration: true },
    didChangeWatchedFiles: { dynamicRegistration: true },
    diagnostics: { refreshSupport: true },
    codeLens: { refreshSupport: true },
  },
  textDocument: { diagnostic: { dynamicRegistration: true } },
  notebookDocument: { synchronization: {} },
  window: { workDoneProgress: true },
};

/** An editor of the simplest kind. */
export const PLAIN: ClientCapabilities = {};

export interface EditorOptions {
  readonly capabilities?: ClientCapabilities;
  readonly analysis?: 'fake' | 'real';
  /** Names of folders of the workspace, below the editor's own. `.` is that itself. */
  readonly folders?: readonly string[];
  readonly initializationOptions?: unknown;
  readonly args?: readonly string[];
}

/** Something that the server said, in its order. */
export interface Said {
  readonly method: string;
  readonly params: unknown;
}

export class Editor {
  readonly said: Said[] = [];
  /** The settings `loopscope.lint`, by the URI of their scope; '' for all others. */
  readonly settings = new Map<string, unknown>();
  initialized!: InitializeResult;
  private readonly documents = new Map<string, TextDocument>();
  private readonly listeners = new Set<() => void>();

  private constructor(
    readonly path: string,
    readonly connection: MessageConnection,
    private readonly end: () => Promise<number | null>,
  ) {}

  static async start(options: EditorOptions = {}): Promise<Editor> {
    const { server } = await bundles(options.analysis ?? 'fake');
    const path = realpathSync(mkdtempSync(join(tmpdir(), 'loopscope-editor-')));
    const child = spawn(process.execPath, [server, ...(options.args ?? ['--stdio'])], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    const connection = createMessageConnection(
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
    );
    const editor = new Editor(path, connection, () => ended);
    editor.listen();
    const capabilities = options.capabilities ?? LIKE_VSCODE;
    editor.initialized = await connection.sendRequest('initialize', {
      processId: process.pid,
      rootUri: null,
      capabilities,
      workspaceFolders: (options.folders ?? ['.']).map((name) => ({
        uri: editor.uri(name).replace(/\/\.$|\/$/, ''),
        name,
      })),
      initializationOptions: options.initializationOptions,
    });
    await connection.sendNotification('initialized', {});
    return editor;
  }

  private listen(): void {
    const { connection } = this;
    const note = (method: string, params: unknown): void => {
      this.said.push({ method, params });
      for (const listener of [...this.listeners]) listener();
    };
    connection.onNotification((method, params) => note(method, params));
    connection.onRequest((method, params) => {
      note(method, params);
      if (method !== 'workspace/configuration') return null;
      const { items } = params as unknown as { items: { scopeUri?: string }[] };
      return items.map((item) => this.settings.get(item.scopeUri ?? '') ?? this.settings.get('') ?? null);
    });
    connection.onUnhandledProgress(({ token, value }) => note(`$/progress:${String(token)}`, value));
    connection.listen();
  }

  /** Shuts the server down in order; resolves with its exit code. */
  async stop(): Promise<number | null> {
    await this.connection.sendRequest('shutdown');
    await this.connection.sendNotification('exit');
    const code = await this.end();
    this.connection.dispose();
    rmSync(this.path, { recursive: true, force: true });
    return code;
  }

  /** Resolves with the first thing said, from now or before, for which `pick` gives something. */
  heard<T>(pick: (said: Said) => T | undefined, from = 0): Promise<T> {
    return new Promise((resolve) => {
      let at = from;
      const look = (): void => {
        while (at < this.said.length) {
          const said = this.said[at++];
          const picked = said && pick(said);
          if (picked === undefined) continue;
          this.listeners.delete(look);
          resolve(picked);
          return;
        }
      };
      this.listeners.add(look);
      look();
    });
  }

  /** The diagnostics pushed for a document, from the `from`th thing said on. */
  pushed(uri: string, from = 0): Promise<Diagnostic[]> {
    return this.heard(({ method, params }) => {
      const publish = params as PublishDiagnosticsParams;
      return method === 'textDocument/publishDiagnostics' && publish.uri === uri ? publish.diagnostics : undefined;
    }, from);
  }

  uri(name: string): string {
    return pathToFileURL(join(this.path, name)).toString();
  }

  write(name: string, text: string): string {
    mkdirSync(dirname(join(this.path, name)), { recursive: true });
    writeFileSync(join(this.path, name), text);
    return this.uri(name);
  }

  async open(uri: string, text: string, languageId = 'python'): Promise<void> {
    this.documents.set(uri, TextDocument.create(uri, languageId, 1, text));
    await this.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId, version: 1, text },
    });
  }

  /** Replaces each first occurrence, one change event for all, as an editor types. */
  async edit(uri: string, ...replacements: readonly (readonly [string, string])[]): Promise<void> {
    let document = this.document(uri);
    const version = document.version + 1;
    const contentChanges = replacements.map(([before, after]) => {
      const at = document.getText().indexOf(before);
      const range = { start: document.positionAt(at), end: document.positionAt(at + before.length) };
      document = TextDocument.update(document, [{ range, text: after }], version);
      return { range, text: after };
    });
    this.documents.set(uri, document);
    await this.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version },
      contentChanges,
    });
  }

  /** Replaces a part of the text, by offsets. */
  async replace(uri: string, start: number, end: number, text: string): Promise<void> {
    const document = this.document(uri);
    const version = document.version + 1;
    const contentChanges = [{ range: { start: document.positionAt(start), end: document.positionAt(end) }, text }];
    this.documents.set(uri, TextDocument.update(document, contentChanges, version));
    await this.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version },
      contentChanges,
    });
  }

  async close(uri: string): Promise<void> {
    this.documents.delete(uri);
    await this.connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
  }

  /** Opens a notebook with these cells; resolves with their URIs. A cell is its text, or [language, text]. */
  async openNotebook(uri: string, cells: readonly (string | readonly [string, string])[]): Promise<string[]> {
    const documents = cells.map((cell, index) => {
      const [languageId, text] = typeof cell === 'string' ? ['python', cell] : cell;
      const cellUri = `${uri.replace(/^file/, 'vscode-notebook-cell')}#c${index}`;
      this.documents.set(cellUri, TextDocument.create(cellUri, languageId, 1, text));
      return { uri: cellUri, languageId, version: 1, text };
    });
    const notebookCells: NotebookCell[] = documents.map((document) => ({
      kind: NotebookCellKind.Code,
      document: document.uri,
    }));
    await this.connection.sendNotification('notebookDocument/didOpen', {
      notebookDocument: { uri, notebookType: 'jupyter-notebook', version: 1, cells: notebookCells },
      cellTextDocuments: documents,
    });
    return documents.map((document) => document.uri);
  }

  async editCell(notebook: string, cell: string, text: string): Promise<void> {
    const version = this.document(cell).version + 1;
    this.documents.set(cell, TextDocument.create(cell, 'python', version, text));
    await this.connection.sendNotification('notebookDocument/didChange', {
      notebookDocument: { uri: notebook, version },
      change: { cells: { textContent: [{ document: { uri: cell, version }, changes: [{ text }] }] } },
    });
  }

  pull(uri: string, previousResultId?: string): Promise<DocumentDiagnosticReport> {
    return this.connection.sendRequest('textDocument/diagnostic', {
      textDocument: { uri },
      identifier: 'loopscope',
      ...(previousResultId === undefined ? {} : { previousResultId }),
    });
  }

  /** The diagnostics of a document, pulled, each as `line:character-line:character CODE`. */
  async diagnostics(uri: string): Promise<string[]> {
    const report = await this.pull(uri);
    return report.kind === 'full' ? report.items.map(brief) : ['unchanged'];
  }

  actions(uri: string, at: string, only?: readonly string[]): Promise<CodeAction[]> {
    return this.connection.sendRequest('textDocument/codeAction', {
      textDocument: { uri },
      range: this.rangeOf(uri, at),
      context: { diagnostics: [], ...(only ? { only } : {}) },
    });
  }

  hover(uri: string, at: string): Promise<Hover | null> {
    return this.connection.sendRequest('textDocument/hover', {
      textDocument: { uri },
      position: this.rangeOf(uri, at).start,
    });
  }

  lenses(uri: string): Promise<CodeLens[]> {
    return this.connection.sendRequest('textDocument/codeLens', { textDocument: { uri } });
  }

  /** The text of a document after an action's edits. */
  after(uri: string, action: CodeAction | undefined): string {
    const edits: TextEdit[] = action?.edit?.changes?.[uri] ?? [];
    return TextDocument.applyEdits(this.document(uri), edits);
  }

  rangeOf(uri: string, part: string): Range {
    const document = this.document(uri);
    const at = document.getText().indexOf(part);
    return { start: document.positionAt(at), end: document.positionAt(at + part.length) };
  }

  private document(uri: string): TextDocument {
    const document = this.documents.get(uri);
    if (!document) throw new Error(`${uri} is not open`);
    return document;
  }
}

/** `0:4-0:11 LOOP101`. */
export function brief({ range, code }: Diagnostic): string {
  const { start, end } = range;
  return `${start.line}:${start.character}-${end.line}:${end.character} ${String(code ?? '')}`.trim();
}
