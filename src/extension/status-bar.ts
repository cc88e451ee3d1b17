/** The status bar item: lag and task count of the session that is shown, at most once a second. */
import * as vscode from 'vscode';
import { DisposableStore } from '../common/disposable-store';
import { Views } from '../protocol/ids';
import { statusText } from './present/status';
import type { SessionHub } from './sessions/session-hub';
import { settings } from './settings';
import type { ViewState } from './views/view-state';

const INTERVAL = 1000;

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('loopscope.status', vscode.StatusBarAlignment.Left, 10);
  private readonly store = new DisposableStore();
  private timer: NodeJS.Timeout | undefined;
  private shownAt = 0;

  constructor(
    private readonly hub: SessionHub,
    private readonly state: ViewState,
  ) {
    this.item.name = 'Event Loop';
    this.item.command = `${Views.loops}.focus`;
    this.store.add(this.item);
    this.store.add(
      hub.onDidChange((session) => {
        if (session !== hub.current) return;
        if (session.over) this.show();
        else this.later();
      }),
    );
    this.store.add(hub.onDidStop(() => this.show()));
    this.store.add(hub.onDidChangeShown(() => this.show()));
    this.store.add(state.onDidPause(() => this.show()));
    this.store.add(vscode.workspace.onDidChangeConfiguration(() => this.show()));
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.store.dispose();
  }

  private later(): void {
    if (this.timer !== undefined) return;
    const wait = Math.max(0, this.shownAt + INTERVAL - performance.now());
    this.timer = setTimeout(() => this.show(), wait);
  }

  private show(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.shownAt = performance.now();
    const session = this.hub.current;
    if (!session?.update || session.over || !settings.statusBar()) {
      this.item.hide();
      return;
    }
    const { text, tooltip, aria, warning } = statusText(
      session.name,
      session.update,
      this.state.paused,
      session.stops[0],
    );
    this.item.text = text;
    this.item.tooltip = new vscode.MarkdownString(tooltip, true);
    this.item.accessibilityInformation = { label: aria };
    this.item.backgroundColor = warning ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    this.item.show();
  }
}
