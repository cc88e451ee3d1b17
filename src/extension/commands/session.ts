/** Commands about a session as a whole: level of detail, the walkthrough, and coming into sight when one starts. */
import * as vscode from 'vscode';
import { Commands, ContextKeys, EXTENSION_ID, Views, WALKTHROUGH } from '../../protocol/ids';
import { settings } from '../settings';
import type { EventLoopViews } from '../views/views';

export function registerSessionCommands(views: EventLoopViews): vscode.Disposable[] {
  const { hub } = views;
  let shownBefore = false;
  const seen = new Set<string>();
  return [
    vscode.commands.registerCommand(Commands.recordEverything, () => setDetail(views, 'full')),
    vscode.commands.registerCommand(Commands.recordAdaptively, () => setDetail(views, 'adaptive')),
    vscode.commands.registerCommand(Commands.openWalkthrough, () =>
      vscode.commands.executeCommand('workbench.action.openWalkthrough', `${EXTENSION_ID}#${WALKTHROUGH}`, false),
    ),
    toDisposable(
      hub.onDidChangeShown(() => {
        const fresh = hub.every.filter((session) => !seen.has(session.id));
        for (const session of fresh) seen.add(session.id);
        if (fresh.length === 0) return;
        void vscode.commands.executeCommand('setContext', ContextKeys.full, settings.detail() === 'full');
        const wanted = settings.focusOnStart();
        if (wanted === 'never' || (wanted === 'firstTime' && shownBefore)) return;
        shownBefore = true;
        void vscode.commands.executeCommand(`${Views.tasks}.focus`, { preserveFocus: true });
      }),
    ),
  ];
}

function toDisposable(item: { dispose(): void }): vscode.Disposable {
  return new vscode.Disposable(() => item.dispose());
}

async function setDetail(views: EventLoopViews, detail: 'adaptive' | 'full'): Promise<void> {
  const running = views.hub.shown.filter((session) => !session.over);
  if (running.length === 0) {
    void vscode.window.showInformationMessage(
      'No program is running. The setting “loopscope.detail” holds for those that start.',
    );
    return;
  }
  try {
    await Promise.all(running.map((session) => session.request('loopscope/level', { detail })));
    await vscode.commands.executeCommand('setContext', ContextKeys.full, detail === 'full');
  } catch (error) {
    void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
  }
}
