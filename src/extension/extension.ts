/**
 * The composition root of the extension: makes its parts, joins them and hands them to VS Code. Nothing is loaded here
 * that is not needed to draw the first row; a failure is told to the person.
 */
import * as vscode from 'vscode';
import { createApi, type LoopscopeApi } from './api';
import { registerArranging } from './commands/arrange';
import { registerCopying } from './commands/copy';
import { registerNavigation } from './commands/navigate';
import { registerSessionCommands } from './commands/session';
import { registerStepping } from './commands/stepping';
import { registerDebugType } from './launch/debug-type';
import { registerUvloopOffer } from './launch/uvloop-offer';
import { activateLint } from './lint/activate';
import { LogChannel } from './log/log-channel';
import { createReporter } from './report';
import { watchDebugSessions } from './sessions/debug-sessions';
import { SessionHub } from './sessions/session-hub';
import { settings } from './settings';
import { StatusBar } from './status-bar';
import { ViewState } from './views/view-state';
import { EventLoopViews } from './views/views';

export function activate(context: vscode.ExtensionContext): LoopscopeApi {
  try {
    return compose(context);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    void vscode.window.showErrorMessage(`Loopscope could not start: ${reason}. Reloading the window may help.`);
    throw error;
  }
}

function compose(context: vscode.ExtensionContext): LoopscopeApi {
  const own = <D extends vscode.Disposable>(item: D): D => {
    context.subscriptions.push(item);
    return item;
  };
  const clock = (): number => performance.now() / 1000;
  const wall = (): number => Date.now() / 1000;
  const { report, output, channel } = createReporter();
  own(channel);
  const hub = new SessionHub(clock, wall);
  const state = new ViewState(
    { tree: settings.tasksTree(), sort: settings.tasksSort(), group: settings.tasksGroup(), filter: '' },
    clock,
    wall,
  );
  const log = own(new LogChannel(hub, report));
  const views = own(new EventLoopViews(hub, state, { report, lastLook: () => log.lastLook() }));
  own(new StatusBar(hub, state));
  const parts = [
    registerDebugType(context.extensionUri),
    registerNavigation(views),
    registerArranging(views),
    registerCopying(views),
    registerSessionCommands(views),
    registerStepping(views),
    registerUvloopOffer(hub),
  ];
  for (const part of parts.flat()) own(part);
  own(activateLint({ extensionUri: context.extensionUri, output }));
  // Last: sessions that run already are told to parts that are there.
  own(watchDebugSessions(hub));
  return createApi(views.shells);
}
