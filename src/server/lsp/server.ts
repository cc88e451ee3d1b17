/**
 * The language server: which requests there are and who answers them. Holds the editor's capabilities and settings; knows
 * nothing of how a finding comes about.
 */
import { pathToFileURL } from 'node:url';
import type {
  Connection,
  Diagnostic,
  DiagnosticOptions,
  Disposable,
  Hover,
  InitializeParams,
  InitializeResult,
} from 'vscode-languageserver';
import {
  CodeLensRefreshRequest,
  DiagnosticRefreshRequest,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  DocumentDiagnosticRequest,
  MarkupKind,
  TextDocumentSyncKind,
} from 'vscode-languageserver';
import { NotebookDocuments, TextDocuments } from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { Analyzer } from '../../analysis/analyze';
import { RUFF_IS_ON } from '../../protocol/ids';
import { isSettingsFile } from '../config/project';
import { CODE_ACTION_KINDS, codeActions } from './actions';
import { SOURCE } from './convert';
import type { EditorSettings } from './editor-settings';
import { DEFAULT_EDITOR_SETTINGS, readEditorSettings } from './editor-settings';
import { hoverText } from './hover';
import { codeLenses } from './lens';
import { PushedDiagnostics } from './push';
import { diagnosticsOf, reportOf } from './reports';
import { OpenDocument } from './units';
import { pathOf, Workbench } from './workbench';
import type { CheckProgress } from './workspace';
import { WorkspaceDiagnostics } from './workspace';

/** What our own client says of itself when it starts the server. Other editors may leave all of it out. */
interface InitializationOptions {
  readonly ruffIsOn?: boolean;
  readonly canShowPlaces?: boolean;
  /** The settings as they are at the start, or, for editors that can not be asked, all along. */
  readonly settings?: unknown;
}

const WATCHED = ['**/pyproject.toml', '**/ruff.toml', '**/.ruff.toml', '**/*.{py,pyi,pyw}'];

/** @param isWhole whether the whole workspace is checked, not only what is open */
function diagnosticOptions(isWhole: boolean): DiagnosticOptions {
  // A cell's diagnostics depend on the cells above it.
  return { identifier: 'loopscope', interFileDependencies: true, workspaceDiagnostics: isWhole };
}

/** Serves a connection until it ends. */
export function serve(connection: Connection, analyzer: Promise<Analyzer>, version: string): void {
  const configuration = {
    create: (uri: string, languageId: string, revision: number, text: string) =>
      new OpenDocument(TextDocument.create(uri, languageId, revision, text)),
    update: (document: OpenDocument, changes: Parameters<OpenDocument['update']>[0], revision: number) => {
      document.update(changes, revision);
      return document;
    },
  };
  const documents = new TextDocuments(configuration);
  const notebooks = new NotebookDocuments(configuration);
  let capabilities: InitializeParams['capabilities'] = {};
  let options: InitializationOptions = {};
  let settings = new Map<string, Promise<EditorSettings>>();

  const folderOf = (uri: string): string =>
    workbench.folders
      .map((folder) => pathToFileURL(folder).toString())
      .find((folder) => uri.startsWith(`${folder}/`)) ?? '';

  const askSettings = async (scopeUri: string): Promise<EditorSettings> => {
    if (capabilities.workspace?.configuration !== true) return readEditorSettings(options.settings);
    const item = { section: 'loopscope.lint', ...(scopeUri === '' ? {} : { scopeUri }) };
    try {
      return readEditorSettings(await connection.workspace.getConfiguration(item));
    } catch (error) {
      logError('The settings could not be read', error);
      return DEFAULT_EDITOR_SETTINGS;
    }
  };
  const editorSettings = (uri: string): Promise<EditorSettings> => {
    const scope = folderOf(uri);
    let asked = settings.get(scope);
    if (!asked) settings.set(scope, (asked = askSettings(scope)));
    return asked;
  };
  const logError = (what: string, error: unknown): void =>
    connection.console.error(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);

  const workbench = new Workbench(analyzer, documents, notebooks, editorSettings);
  const versionOf = (uri: string): number | undefined =>
    (documents.get(uri) ?? notebooks.cellTextDocuments.get(uri))?.version;
  const pushed = new PushedDiagnostics(
    workbench,
    (params) => void connection.sendDiagnostics(params),
    versionOf,
    (error) => logError('Diagnostics could not be sent', error),
  );
  const whole = new WorkspaceDiagnostics(workbench, analyzer, {
    isOpen: versionOf,
    log: (message) => connection.console.warn(message),
    beginProgress: async (): Promise<CheckProgress | undefined> => {
      if (capabilities.window?.workDoneProgress !== true) return undefined;
      const progress = await connection.window.createWorkDoneProgress();
      progress.begin('Loopscope', 0, 'checking the workspace', true);
      return {
        token: progress.token,
        report: (done, total) => progress.report(Math.floor((100 * done) / total), `${done} of ${total} files`),
        done: () => progress.done(),
      };
    },
  });
  const pulls = (): boolean => capabilities.textDocument?.diagnostic !== undefined;

  /**
   * Where the editor lets us, we say anew whether we check the whole workspace when its settings change: an editor that
   * asks for the workspace keeps the diagnostics of closed files.
   */
  const registersDiagnostics = (): boolean => capabilities.textDocument?.diagnostic?.dynamicRegistration === true;
  let registered: { readonly isWhole: boolean; readonly registration: Promise<Disposable> } | undefined;
  const registerDiagnostics = async (): Promise<void> => {
    if (!registersDiagnostics()) return;
    const scopes = workbench.folders.map((folder) => editorSettings(`${pathToFileURL(folder).toString()}/`));
    const isWhole = (await Promise.all(scopes)).some(({ enable, scope }) => enable && scope === 'workspace');
    if (registered?.isWhole === isWhole) return;
    const before = registered;
    registered = {
      isWhole,
      registration: connection.client.register(DocumentDiagnosticRequest.type, {
        documentSelector: null,
        ...diagnosticOptions(isWhole),
      }),
    };
    (await before?.registration)?.dispose();
    await registered.registration;
  };

  /** Tells of wrong settings, at their place in their file, and takes back what is mended. */
  const shownErrors = new Set<string>();
  const showSettingErrors = (): void => {
    const wrong = new Map(
      workbench.projects.errors().map((file) => [pathToFileURL(file.path).toString(), file.errors]),
    );
    for (const uri of shownErrors) {
      if (wrong.has(uri)) continue;
      shownErrors.delete(uri);
      void connection.sendDiagnostics({ uri, diagnostics: [] });
    }
    for (const [uri, errors] of wrong) {
      if (shownErrors.has(uri)) continue;
      shownErrors.add(uri);
      const diagnostics = errors.map(({ message, at }): Diagnostic => {
        const place = (position: typeof at.start) => ({ line: position.line - 1, character: position.column - 1 });
        return { range: { start: place(at.start), end: place(at.end) }, severity: 1, source: SOURCE, message };
      });
      for (const { message, at } of errors) connection.console.error(`${uri}:${at.start.line}: ${message}`);
      void connection.sendDiagnostics({ uri, diagnostics });
    }
  };

  /** Everything may be different: settings changed, or what they are read from. */
  const refresh = (): void => {
    workbench.projects.forget();
    shownErrors.forEach((uri) => void connection.sendDiagnostics({ uri, diagnostics: [] }));
    shownErrors.clear();
    whole.changed();
    registerDiagnostics().catch((error: unknown) => logError('The editor does not ask for diagnostics', error));
    const { workspace } = capabilities;
    const ask = (type: typeof DiagnosticRefreshRequest.type): void => {
      connection.sendRequest(type).catch((error: unknown) => logError('The editor did not refresh', error));
    };
    if (pulls() && workspace?.diagnostics?.refreshSupport === true) ask(DiagnosticRefreshRequest.type);
    if (!pulls()) pushed.changed([...documents.keys(), ...notebooks.cellTextDocuments.keys()]);
    if (workspace?.codeLens?.refreshSupport === true) ask(CodeLensRefreshRequest.type);
  };

  connection.onInitialize((params): InitializeResult => {
    capabilities = params.capabilities;
    options = (params.initializationOptions ?? {}) as InitializationOptions;
    workbench.ruffIsOn = options.ruffIsOn === true;
    workbench.folders = (params.workspaceFolders ?? []).flatMap((folder) => pathOf(folder.uri) ?? []);
    if (options.settings !== undefined && workbench.folders.length < 2) {
      const known = readEditorSettings(options.settings);
      for (const scope of ['', ...workbench.folders.map((folder) => pathToFileURL(folder).toString())])
        settings.set(scope, Promise.resolve(known));
    }
    return {
      serverInfo: { name: 'loopscope', version },
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
        notebookDocumentSync: { notebookSelector: [{ notebook: '*', cells: [{ language: 'python' }] }] },
        ...(registersDiagnostics() ? {} : { diagnosticProvider: diagnosticOptions(true) }),
        codeActionProvider: { codeActionKinds: CODE_ACTION_KINDS },
        hoverProvider: true,
        codeLensProvider: {},
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
    };
  });

  connection.onInitialized(() => {
    const { workspace } = capabilities;
    const register = (registration: Promise<unknown>): void => {
      registration.catch((error: unknown) => logError('The editor does not tell of changes', error));
    };
    register(registerDiagnostics());
    if (workspace?.didChangeConfiguration?.dynamicRegistration === true) {
      register(connection.client.register(DidChangeConfigurationNotification.type, { section: 'loopscope.lint' }));
    }
    if (workspace?.didChangeWatchedFiles?.dynamicRegistration === true) {
      const watchers = WATCHED.map((globPattern) => ({ globPattern }));
      register(connection.client.register(DidChangeWatchedFilesNotification.type, { watchers }));
    }
    if (workspace?.workspaceFolders === true) {
      connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
        const gone = new Set(removed.map((folder) => pathOf(folder.uri)));
        const come = added.flatMap((folder) => pathOf(folder.uri) ?? []);
        workbench.folders = [...workbench.folders.filter((folder) => !gone.has(folder)), ...come];
        settings = new Map();
        refresh();
      });
    }
  });

  connection.onDidChangeConfiguration((params) => {
    if (capabilities.workspace?.configuration !== true) {
      const given = (params.settings as { readonly loopscope?: { readonly lint?: unknown } } | undefined)?.loopscope
        ?.lint;
      options = { ...options, settings: given };
    }
    settings = new Map();
    refresh();
  });
  connection.onDidChangeWatchedFiles(({ changes }) => {
    if (changes.some(({ uri }) => isSettingsFile(pathOf(uri) ?? ''))) refresh();
    else whole.changed();
  });
  connection.onNotification(RUFF_IS_ON, (isOn: unknown) => {
    if (workbench.ruffIsOn === (isOn === true)) return;
    workbench.ruffIsOn = isOn === true;
    refresh();
  });

  documents.onDidChangeContent(({ document }) => {
    if (!pulls()) pushed.changed([document.uri]);
    whole.changed();
  });
  documents.onDidClose(({ document }) => {
    workbench.close(document.uri);
    if (!pulls()) pushed.closed(document.uri);
    whole.changed();
  });
  const pushCells = (uris: readonly string[]): void => {
    if (!pulls()) pushed.changed(uris);
  };
  notebooks.onDidOpen((notebook) => {
    workbench.takeCells(notebook);
    pushCells(notebook.cells.map((cell) => cell.document));
  });
  notebooks.onDidChange(({ notebookDocument, cells }) => {
    workbench.takeCells(notebookDocument);
    pushCells(notebookDocument.cells.map((cell) => cell.document));
    if (!pulls()) cells?.removed.forEach((cell) => pushed.closed(cell.document));
  });
  notebooks.onDidClose((notebook) => {
    workbench.close(notebook.uri);
    if (!pulls()) notebook.cells.forEach((cell) => pushed.closed(cell.document));
  });

  connection.languages.diagnostics.on(async ({ textDocument, previousResultId }) => {
    const items = await diagnosticsOf(textDocument.uri, workbench);
    showSettingErrors();
    return reportOf(items, previousResultId);
  });
  connection.languages.diagnostics.onWorkspace(async (params, token, _progress, partial) => {
    const kept: Parameters<Parameters<typeof whole.pull>[2]>[0] = [];
    const answer = await whole.pull(params, token, (items) =>
      partial ? partial.report({ items }) : kept.push(...items),
    );
    showSettingErrors();
    return { items: [...kept, ...answer.items] };
  });
  connection.onCodeAction((params) => codeActions(params, workbench));
  connection.onCodeLens(({ textDocument }) => codeLenses(textDocument.uri, workbench, options.canShowPlaces === true));
  connection.onHover(async ({ textDocument, position }): Promise<Hover | null> => {
    const unit = await workbench.unitOf(textDocument.uri);
    if (!unit) return null;
    const { analysis, editor } = await workbench.settingsOf(unit.uri);
    if (!editor.enable) return null;
    const fact = unit.loopAt(unit.offsetAt(textDocument.uri, position), analysis);
    if (!fact) return null;
    const value = hoverText(fact, (span) => unit.locate(span).range.start.line + 1);
    return { range: unit.locate(fact.span).range, contents: { kind: MarkupKind.Markdown, value } };
  });

  documents.listen(connection);
  notebooks.listen(connection);
  connection.listen();
}
