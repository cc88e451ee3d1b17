/** Tells the hub about VS Code's debug sessions of our type. The only place that turns a DebugSession into a SessionPort. */
import * as vscode from 'vscode';
import { DisposableStore } from '../../common/disposable-store';
import type { CustomRequests, UpdateEvent } from '../../protocol/dap';
import { DEBUG_TYPE } from '../../protocol/ids';
import type { StoppedEvent } from '../../protocol/stepping';
import type { SessionHub } from './session-hub';

const UPDATE = 'loopscope/update';
const STOPPED = 'loopscope/stopped';
const RESUMED = 'loopscope/resumed';

export function watchDebugSessions(hub: SessionHub): vscode.Disposable {
  const store = new DisposableStore();
  store.add(
    vscode.debug.onDidStartDebugSession((session) => {
      if (session.type === DEBUG_TYPE) start(hub, session);
    }),
  );
  store.add(
    vscode.debug.onDidReceiveDebugSessionCustomEvent(({ session, event, body }) => {
      if (session.type !== DEBUG_TYPE) return;
      // The first event may come before VS Code says that the session has started.
      if (event === UPDATE && isUpdate(body)) {
        start(hub, session);
        hub.accept(session.id, body);
      } else if (event === STOPPED && isStopped(body)) {
        start(hub, session);
        hub.stop(session.id, body);
      } else if (event === RESUMED && isOfLoop(body)) {
        hub.resume(session.id, body.loop);
      }
    }),
  );
  store.add(vscode.debug.onDidTerminateDebugSession((session) => hub.close(session.id)));
  store.add(vscode.debug.onDidChangeActiveDebugSession((session) => hub.choose(session?.id)));
  return new vscode.Disposable(() => store.dispose());
}

function start(hub: SessionHub, session: vscode.DebugSession): void {
  if (hub.get(session.id)) return;
  const live = hub.add({
    id: session.id,
    name: session.name,
    parent: session.parentSession?.id,
    request: async (command, args) => (await session.customRequest(command, args)) as CustomRequests[typeof command][1],
  });
  // What was said before we listened.
  live
    .request('loopscope/state', {})
    .then((update) => hub.accept(session.id, update))
    .catch(() => undefined);
}

function isUpdate(body: unknown): body is UpdateEvent {
  if (typeof body !== 'object' || body === null) return false;
  const { revision, process } = body as Partial<Record<keyof UpdateEvent, unknown>>;
  return typeof revision === 'number' && typeof process === 'object' && process !== null && 'phase' in process;
}

function isOfLoop(body: unknown): body is { readonly loop: number } {
  return typeof body === 'object' && body !== null && 'loop' in body && typeof body.loop === 'number';
}

function isStopped(body: unknown): body is StoppedEvent {
  return isOfLoop(body) && 'tick' in body && 'time' in body && 'next' in body;
}
