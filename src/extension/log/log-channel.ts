/**
 * The output channel *Loop Events*: filled only while somebody looks at it, and once more when the program ends. Its
 * lines lead to the source.
 */
import * as vscode from 'vscode';
import { DisposableStore } from '../../common/disposable-store';
import { Commands, LOG_CHANNEL, LOG_LANGUAGE } from '../../protocol/ids';
import type { SessionHub } from '../sessions/session-hub';
import { Refresher } from '../views/refresher';
import { LogFeed, MAX_SITES, placeInLine } from './log-feed';

/** ms between two looks. VS Code looks for links once a text has been quiet for a second: more often, there were none. */
const INTERVAL = 2500;
/** Lines taken at one look: more than can be read, less than would hold the editor up. */
const LINES = 2500;
/** Lines taken when the program has ended and they could not be had later. */
const LAST_LINES = 10_000;

export class LogChannel implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private channel: vscode.OutputChannel | undefined;
  private readonly feed = new LogFeed((text) => this.open().append(text));
  private readonly refresher: Refresher;

  constructor(
    private readonly hub: SessionHub,
    report: (error: unknown) => void,
  ) {
    this.refresher = new Refresher(
      {
        interval: () => INTERVAL,
        refresh: () => this.pull(),
        tick: () => undefined,
        failed: report,
      },
      {
        after: (ms, work) => {
          const timer = setTimeout(work, ms);
          return () => clearTimeout(timer);
        },
      },
    );
    this.store.add(this.refresher);
    this.store.add(hub.onDidChange((session) => session === hub.current && this.refresher.notify()));
    this.store.add(
      hub.onDidChangeShown(() => {
        // There is a channel to choose in the output panel as soon as there is something to log.
        if (hub.current) this.open();
        this.feed.keepOnly(new Set(hub.every.map((session) => session.id)));
        this.refresher.notify();
      }),
    );
    this.store.add(vscode.window.onDidChangeVisibleTextEditors(() => this.look()));
    this.store.add(vscode.commands.registerCommand(Commands.showLog, () => this.show()));
    this.store.add(
      vscode.languages.registerDocumentLinkProvider(
        { language: LOG_LANGUAGE, scheme: 'output' },
        { provideDocumentLinks: (doc) => this.links(doc) },
      ),
    );
  }

  dispose(): void {
    this.store.dispose();
    this.channel?.dispose();
  }

  /** Takes what can still be had of the log of a program that has ended. */
  async lastLook(): Promise<void> {
    const session = this.hub.current;
    if (session?.phase === 'ended') await this.feed.pull(session, LAST_LINES);
  }

  private open(): vscode.OutputChannel {
    this.channel ??= vscode.window.createOutputChannel(LOG_CHANNEL, LOG_LANGUAGE);
    return this.channel;
  }

  private show(): void {
    this.open().show(true);
    this.look();
  }

  private look(): void {
    this.refresher.setVisible(
      vscode.window.visibleTextEditors.some(({ document }) => document.languageId === LOG_LANGUAGE),
    );
  }

  private async pull(): Promise<void> {
    const session = this.hub.current;
    if (!session || session.phase === 'starting' || session.phase === 'gone') return;
    if (await this.feed.pull(session, LINES)) this.refresher.notify();
  }

  private links(document: vscode.TextDocument): vscode.DocumentLink[] {
    const links: vscode.DocumentLink[] = [];
    for (let number = Math.max(0, document.lineCount - MAX_SITES); number < document.lineCount; number += 1) {
      const { text } = document.lineAt(number);
      const site = this.feed.siteOf(text);
      const place = site && placeInLine(text);
      if (!place) continue;
      const range = new vscode.Range(number, place.start, number, place.end);
      links.push(new vscode.DocumentLink(range, vscode.Uri.file(site.file).with({ fragment: `L${site.line}` })));
    }
    return links;
  }
}
