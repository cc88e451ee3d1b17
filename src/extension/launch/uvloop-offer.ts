/**
 * uvloop hides its ready queue and timers: offers to start a program anew on asyncio's own loop, once in a window, as the setting
 * `loopscope.uvloop` says, and by a command. How the loop is replaced is the runtime's.
 */
import * as vscode from 'vscode';
import { Commands, DEBUG_TYPE, Settings } from '../../protocol/ids';
import type { SessionHub } from '../sessions/session-hub';
import { remember, settings } from '../settings';

export function registerUvloopOffer(hub: SessionHub): vscode.Disposable[] {
  const sessions = new Map<string, vscode.DebugSession>();
  const known = (session: vscode.DebugSession | undefined): void => {
    if (session?.type === DEBUG_TYPE) sessions.set(session.id, session);
  };
  let isOffered = false;
  known(vscode.debug.activeDebugSession);
  const changes = hub.onDidChange((live) => {
    const session = sessions.get(live.id);
    if (isOffered || !session || live.over || live.update?.uvloop !== true) return;
    if (!canStartAnew(session) || settings.uvloop(session.workspaceFolder?.uri) !== 'ask') return;
    isOffered = true;
    void offer(session);
  });
  return [
    vscode.debug.onDidStartDebugSession(known),
    vscode.debug.onDidTerminateDebugSession((session) => sessions.delete(session.id)),
    new vscode.Disposable(() => changes.dispose()),
    vscode.commands.registerCommand(Commands.restartOnAsyncioLoop, async () => {
      const session = sessions.get(hub.current?.id ?? '');
      if (session && canStartAnew(session)) await startAnew(session);
      else
        void vscode.window.showInformationMessage(
          session
            ? 'This program was not started here: start it with asyncio’s loop where it is started, with uvicorn by --loop asyncio.'
            : 'No program runs in Loopscope that could be started anew.',
        );
    }),
  ];
}

/** Whether we started it, and not its parent. */
function canStartAnew(session: vscode.DebugSession): boolean {
  return session.configuration.request === 'launch' && session.parentSession === undefined;
}

async function offer(session: vscode.DebugSession): Promise<void> {
  const [restart, always, never] = ['Restart on asyncio’s Loop', 'Always', 'Never'] as const;
  const text = `“${session.name}” runs on uvloop, which hides its ready queue and timers and cannot be stepped by handles. Run it on asyncio’s own loop while you look?`;
  const answer = await vscode.window.showInformationMessage(text, restart, always, never);
  if (answer === never) await remember(Settings.uvloop, 'keep', session.workspaceFolder);
  if (answer === always) await remember(Settings.uvloop, 'asyncio', session.workspaceFolder);
  if (answer === restart || answer === always) await startAnew(session);
}

/** Ends the program and starts it with the same configuration on asyncio's loop. */
async function startAnew(session: vscode.DebugSession): Promise<void> {
  const { workspaceFolder, configuration } = session;
  // Its end is waited for, or VS Code would call the new one “Server 2”.
  const over = new Promise<void>((resolve) => {
    const listener = vscode.debug.onDidTerminateDebugSession((ended) => {
      if (ended.id !== session.id) return;
      listener.dispose();
      resolve();
    });
  });
  await vscode.debug.stopDebugging(session);
  await over;
  await vscode.debug.startDebugging(
    workspaceFolder,
    { ...configuration, asyncioLoop: true },
    { noDebug: configuration['noDebug'] === true },
  );
}
