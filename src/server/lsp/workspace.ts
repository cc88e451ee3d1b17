/**
 * Diagnostics of the whole workspace, for an editor that asks for them: files that are not open are read from disk, a
 * file at a time between other requests. An answer is held back until there is something new to tell.
 */
import { readFileSync, statSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type {
  CancellationToken,
  Diagnostic,
  WorkspaceDiagnosticParams,
  WorkspaceDocumentDiagnosticReport,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { Analyzer } from '../../analysis/analyze';
import { mayConcern } from '../files/prefilter';
import { walk } from '../files/walk';
import { decode } from '../text/decode';
import { toDiagnostic } from './convert';
import type { Progress } from './progress';
import { diagnosticsOf, reportOf, resultIdOf } from './reports';
import { FileUnit, OpenDocument } from './units';
import type { Workbench } from './workbench';

/** How long files may be checked at a stretch before other requests get their turn. */
const STRETCH_MS = 10;
/** How often found diagnostics are sent while a check goes on. */
const SEND_EVERY_MS = 200;
/** A longer file is left out of the workspace's check: opened, it is checked like any other. */
const LONGEST_FILE = 4 * 1024 * 1024;

export interface WorkspaceHost {
  /** A progress bar; undefined where the editor has none. */
  beginProgress(): Promise<Progress | undefined> | undefined;
  isOpen(uri: string): number | undefined;
  log(message: string): void;
}

interface Cached {
  readonly stamp: string;
  readonly settings: object;
  readonly items: Diagnostic[];
}

export class WorkspaceDiagnostics {
  /** Grows with everything that can change a diagnostic; an answer is due when it is past the one answered. */
  private generation = 1;
  private answered = 0;
  private readonly cache = new Map<string, Cached>();
  private wake: (() => void) | undefined;

  constructor(
    private readonly workbench: Workbench,
    private readonly analyzer: Promise<Analyzer>,
    private readonly host: WorkspaceHost,
  ) {}

  /** Some file, document or setting is not what it was. */
  changed(): void {
    this.generation++;
    this.wake?.();
  }

  /** Answers a pull: what differs from what the editor has, as soon as something does. */
  async pull(
    params: WorkspaceDiagnosticParams,
    token: CancellationToken,
    send: (items: WorkspaceDocumentDiagnosticReport[]) => void,
  ): Promise<void> {
    const previous = new Map(params.previousResultIds.map(({ uri, value }) => [uri, value]));
    for (;;) {
      if (token.isCancellationRequested) return;
      if (this.generation !== this.answered) {
        this.answered = this.generation;
        if (await this.check(previous, token, send)) return;
      } else {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
          token.onCancellationRequested(() => resolve());
        });
      }
    }
  }

  /** Checks all files and sends what differs. Tells whether anything did. */
  private async check(
    previous: ReadonlyMap<string, string>,
    token: CancellationToken,
    send: (items: WorkspaceDocumentDiagnosticReport[]) => void,
  ): Promise<boolean> {
    const files = await this.files();
    const seen = new Set<string>();
    let pending: WorkspaceDocumentDiagnosticReport[] = [];
    let hasSent = false;
    const flush = (): void => {
      if (pending.length === 0) return;
      hasSent = true;
      send(pending);
      pending = [];
    };
    const add = (uri: string, version: number | null, items: Diagnostic[]): void => {
      const known = previous.get(uri);
      if (known === undefined && items.length === 0) return;
      if (known === resultIdOf(items)) return;
      pending.push({ uri, version, ...reportOf(items, known) });
    };
    const progress = files.length > 0 ? await this.host.beginProgress() : undefined;
    let turnBegan = Date.now();
    let sentAt = turnBegan;
    let isWhole = true;
    for (const [index, path] of files.entries()) {
      const uri = pathToFileURL(path).toString();
      seen.add(uri);
      const version = this.host.isOpen(uri);
      add(
        uri,
        version ?? null,
        version === undefined ? await this.itemsOf(path, uri) : await diagnosticsOf(uri, this.workbench),
      );
      if (Date.now() - turnBegan < STRETCH_MS) continue;
      progress?.report(index, files.length);
      if (Date.now() - sentAt > SEND_EVERY_MS) {
        flush();
        sentAt = Date.now();
      }
      await nextTurn();
      turnBegan = Date.now();
      if (token.isCancellationRequested || progress?.isCancelled === true) {
        isWhole = false;
        break;
      }
    }
    // A file that is no longer there, or no longer checked, has nothing wrong in it.
    for (const uri of isWhole ? previous.keys() : []) {
      if (!seen.has(uri) && this.host.isOpen(uri) === undefined)
        pending.push({ uri, version: null, kind: 'full', items: [] });
    }
    flush();
    progress?.done();
    return hasSent;
  }

  private async files(): Promise<string[]> {
    const files: string[] = [];
    for (const folder of this.workbench.folders) {
      const { editor } = await this.workbench.settingsOf(pathToFileURL(`${folder}/x.py`).toString());
      if (!editor.enable || editor.scope !== 'workspace') continue;
      const isExcluded = (path: string): boolean => this.workbench.projects.of(path).isExcluded(path);
      const onUnreadable = (unread: string, error: Error): void =>
        this.host.log(`${unread} can not be read: ${error.message}`);
      for (const path of walk(folder, isExcluded, onUnreadable)) files.push(path);
    }
    return files;
  }

  private async itemsOf(path: string, uri: string): Promise<Diagnostic[]> {
    const settings = await this.workbench.settingsOf(uri);
    let stamp: string;
    try {
      const { mtimeMs, size } = statSync(path);
      if (size > LONGEST_FILE) return [];
      stamp = `${mtimeMs}:${size}:${this.workbench.ruffIsOn}`;
    } catch {
      return [];
    }
    const known = this.cache.get(path);
    if (known?.stamp === stamp && known.settings === settings.analysis) return known.items;
    let items: Diagnostic[] = [];
    try {
      const bytes = readFileSync(path);
      if (mayConcern(bytes, settings.analysis)) {
        const document = new OpenDocument(TextDocument.create(uri, 'python', 0, decode(bytes).text));
        const unit = new FileUnit(document, await this.analyzer);
        items = this.workbench
          .shown(unit.findings(settings.analysis), settings)
          .map((finding) => toDiagnostic(finding, unit));
        unit.dispose();
      }
    } catch (error) {
      this.host.log(`${path} is not checked: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.cache.set(path, { stamp, settings: settings.analysis, items });
    return items;
  }
}
