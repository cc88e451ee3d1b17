/**
 * The language server: which requests there are and who answers them. Holds the editor's capabilities and settings; knows
 * nothing of how a finding comes about.
 */
import { pathToFileURL } from 'node:url';
import type {
  Diagnostic,
  DiagnosticOptions,
  InitializeParams,
  PublishDiagnosticsParams,
  Registration,
  WorkspaceDocumentDiagnosticReport,
} from 'vscode-languageserver';
import type { Analyzer } from '../../analysis/analyze';
import { RUFF_IS_ON } from '../../protocol/ids';
import { isSettingsFile } from '../config/project';
import { CODE_ACTION_KINDS, codeActions } from './actions';
import { SOURCE } from './convert';
import type { Connection } from './connection';
import type { EditorSettings } from './editor-settings';
import { DEFAULT_EDITOR_SETTINGS, readEditorSettings } from './editor-settings';
import { hoverText } from './hover';
import { codeLenses } from './lens';
import { OpenDocuments } from './open-documents';
import { PushedDiagnostics } from './push';
import { diagnosticsOf, reportOf } from './reports';
import { beginProgress } from './progress';
import { pathOf, Workbench } from './workbench';
import { WorkspaceDiagnostics } from './workspace';

/** What our own client says of itself when it starts the server. Other editors may leave all of it out. */
interface InitializationOptions {
  readonly ruffIsOn?: boolean;
  readonly canShowPlaces?: boolean;
  /** The settings as they are at the start, or, for editors that can not be asked, all along. */
  readonly settings?: unknown;
}

/** TextDocumentSyncKind of the protocol. */
const INCREMENTAL = 2;

const WATCHED = ['**/pyproject.toml', '**/ruff.toml', '**/.ruff.toml', '**/*.{py,pyi,pyw}'];

/** @param isWhole whether the whole workspace is checked, not only what is open */
function diagnosticOptions(isWhole: boolean): DiagnosticOptions {
  // A cell's diagnostics depend on the cells above it.
  return { identifier: 'loopscope', interFileDependencies: true, workspaceDiagnostics: isWhole };
}

/** Serves a connection until it ends. */
export function serve(connection: Connection, analyzer: Promise<Analyzer>, version: string): void {
  const documents = new OpenDocuments();
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
      const [answer] = await connection.ask('workspace/configuration', { items: [item] });
      return readEditorSettings(answer);
    } catch (error) {
      connection.logError('The settings could not be read', error);
      return DEFAULT_EDITOR_SETTINGS;
    }
  };
  const editorSettings = (uri: string): Promise<EditorSettings> => {
    const scope = folderOf(uri);
    let asked = settings.get(scope);
    if (!asked) settings.set(scope, (asked = askSettings(scope)));
    return asked;
  };
  const workbench = new Workbench(analyzer, documents, editorSettings);
  const publish = (params: PublishDiagnosticsParams): void =>
    connection.tell('textDocument/publishDiagnostics', params);
  const versionOf = (uri: string): number | undefined => documents.get(uri)?.version;
  const pushed = new PushedDiagnostics(workbench, publish, versionOf, (error) =>
    connection.logError('Diagnostics could not be sent', error),
  );
  const whole = new WorkspaceDiagnostics(workbench, analyzer, {
    isOpen: versionOf,
    log: (message) => connection.log('warning', message),
    beginProgress: () =>
      capabilities.window?.workDoneProgress === true ? beginProgress(connection, 'checking the workspace') : undefined,
  });
  const pulls = (): boolean => capabilities.textDocument?.diagnostic !== undefined;

  /**
   * Where the editor lets us, we say anew whether we check the whole workspace when its settings change: an editor that
   * asks for the workspace keeps the diagnostics of closed files.
   */
  const registersDiagnostics = (): boolean => capabilities.textDocument?.diagnostic?.dynamicRegistration === true;
  let registered: { readonly isWhole: boolean; readonly done: Promise<unknown> } | undefined;
  const DIAGNOSTICS = { id: 'loopscope.diagnostics', method: 'textDocument/diagnostic' };
  const registerDiagnostics = async (): Promise<void> => {
    if (!registersDiagnostics()) return;
    const scopes = workbench.folders.map((folder) => editorSettings(`${pathToFileURL(folder).toString()}/`));
    const isWhole = (await Promise.all(scopes)).some(({ enable, scope }) => enable && scope === 'workspace');
    if (registered?.isWhole === isWhole) return;
    const before = registered;
    const change = async (): Promise<void> => {
      await before?.done;
      // The protocol's own spelling.
      if (before) await connection.ask('client/unregisterCapability', { unregisterations: [DIAGNOSTICS] });
      const registerOptions = { documentSelector: null, ...diagnosticOptions(isWhole) };
      await connection.ask('client/registerCapability', { registrations: [{ ...DIAGNOSTICS, registerOptions }] });
    };
    registered = { isWhole, done: change() };
    await registered.done;
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
      publish({ uri, diagnostics: [] });
    }
    for (const [uri, errors] of wrong) {
      if (shownErrors.has(uri)) continue;
      shownErrors.add(uri);
      const diagnostics = errors.map(({ message, at }): Diagnostic => {
        const place = (position: typeof at.start) => ({ line: position.line - 1, character: position.column - 1 });
        return { range: { start: place(at.start), end: place(at.end) }, severity: 1, source: SOURCE, message };
      });
      for (const { message, at } of errors) connection.log('error', `${uri}:${at.start.line}: ${message}`);
      publish({ uri, diagnostics });
    }
  };

  /** Everything may be different: settings changed, or what they are read from. */
  const refresh = (): void => {
    workbench.projects.forget();
    shownErrors.forEach((uri) => publish({ uri, diagnostics: [] }));
    shownErrors.clear();
    whole.changed();
    registerDiagnostics().catch((error: unknown) =>
      connection.logError('The editor does not ask for diagnostics', error),
    );
    const { workspace } = capabilities;
    const ask = (method: 'workspace/diagnostic/refresh' | 'workspace/codeLens/refresh'): void => {
      connection
        .ask(method, undefined)
        .catch((error: unknown) => connection.logError('The editor did not refresh', error));
    };
    if (pulls() && workspace?.diagnostics?.refreshSupport === true) ask('workspace/diagnostic/refresh');
    if (!pulls()) pushed.changed(documents.all());
    if (workspace?.codeLens?.refreshSupport === true) ask('workspace/codeLens/refresh');
  };

  connection.onRequest('initialize', (params) => {
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
        textDocumentSync: { openClose: true, change: INCREMENTAL },
        notebookDocumentSync: { notebookSelector: [{ notebook: '*', cells: [{ language: 'python' }] }] },
        ...(registersDiagnostics() ? {} : { diagnosticProvider: diagnosticOptions(true) }),
        codeActionProvider: { codeActionKinds: CODE_ACTION_KINDS },
        hoverProvider: true,
        codeLensProvider: {},
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
    };
  });

  connection.onNotification('initialized', () => {
    const { workspace } = capabilities;
    const registrations: Registration[] = [];
    if (workspace?.didChangeConfiguration?.dynamicRegistration === true) {
      const registerOptions = { section: 'loopscope.lint' };
      registrations.push({ id: 'loopscope.settings', method: 'workspace/didChangeConfiguration', registerOptions });
    }
    if (workspace?.didChangeWatchedFiles?.dynamicRegistration === true) {
      const registerOptions = { watchers: WATCHED.map((globPattern) => ({ globPattern })) };
      registrations.push({ id: 'loopscope.files', method: 'workspace/didChangeWatchedFiles', registerOptions });
    }
    const register = async (): Promise<void> => {
      await registerDiagnostics();
      if (registrations.length > 0) await connection.ask('client/registerCapability', { registrations });
    };
    register().catch((error: unknown) => connection.logError('The editor does not tell of changes', error));
  });

  connection.onNotification('workspace/didChangeWorkspaceFolders', ({ event: { added, removed } }) => {
    const gone = new Set(removed.map((folder) => pathOf(folder.uri)));
    const come = added.flatMap((folder) => pathOf(folder.uri) ?? []);
    workbench.folders = [...workbench.folders.filter((folder) => !gone.has(folder)), ...come];
    settings = new Map();
    refresh();
  });
  connection.onNotification('workspace/didChangeConfiguration', (params) => {
    if (capabilities.workspace?.configuration !== true) {
      const given = params.settings as { readonly loopscope?: { readonly lint?: unknown } } | null | undefined;
      options = { ...options, settings: given?.loopscope?.lint };
    }
    settings = new Map();
    refresh();
  });
  connection.onNotification('workspace/didChangeWatchedFiles', ({ changes }) => {
    if (changes.some(({ uri }) => isSettingsFile(pathOf(uri) ?? ''))) refresh();
    else whole.changed();
  });
  connection.onNotification(RUFF_IS_ON, (isOn) => {
    if (workbench.ruffIsOn === isOn) return;
    workbench.ruffIsOn = isOn;
    refresh();
  });

  documents.listen(connection, {
    changed: (uris) => {
      if (!pulls()) pushed.changed(uris);
      whole.changed();
    },
    closed: (uris) => {
      if (!pulls()) uris.forEach((uri) => pushed.closed(uri));
      whole.changed();
    },
    notebookChanged: (notebook, cells) => workbench.takeCells(notebook, cells),
    released: (uri) => workbench.close(uri),
  });

  connection.onRequest('textDocument/diagnostic', async ({ textDocument, previousResultId }) => {
    const items = await diagnosticsOf(textDocument.uri, workbench);
    showSettingErrors();
    return reportOf(items, previousResultId);
  });
  connection.onRequest('workspace/diagnostic', async (params, token) => {
    const kept: WorkspaceDocumentDiagnosticReport[] = [];
    const { partialResultToken } = params;
    await whole.pull(params, token, (items) => {
      if (partialResultToken === undefined) kept.push(...items);
      else connection.tell('$/progress', { token: partialResultToken, value: { items } });
    });
    showSettingErrors();
    return { items: kept };
  });
  connection.onRequest('textDocument/codeAction', (params) => codeActions(params, workbench));
  connection.onRequest('textDocument/codeLens', ({ textDocument }) =>
    codeLenses(textDocument.uri, workbench, options.canShowPlaces === true),
  );
  connection.onRequest('textDocument/hover', async ({ textDocument, position }) => {
    const unit = await workbench.unitOf(textDocument.uri);
    if (!unit) return null;
    const { analysis, editor } = await workbench.settingsOf(unit.uri);
    if (!editor.enable) return null;
    const fact = unit.loopAt(unit.offsetAt(textDocument.uri, position), analysis);
    if (!fact) return null;
    const value = hoverText(fact, (span) => unit.locate(span).range.start.line + 1);
    return { range: unit.locate(fact.span).range, contents: { kind: 'markdown', value } };
  });

  connection.listen();
}
