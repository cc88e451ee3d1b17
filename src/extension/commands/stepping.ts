/**
 * Commands that stop and step the scheduler, change the order of a stopped loop and act on a task. They find out which
 * loop is meant and ask the adapter; what it refuses is shown as its sentence.
 */
import * as vscode from 'vscode';
import type { OrderAction, StepGoal, TaskAction } from '../../protocol/stepping';
import { Commands } from '../../protocol/ids';
import { stopWords } from '../present/stepping';
import type { LiveSession } from '../sessions/live-session';
import { taskOf } from '../views/rows';
import type { ViewNode } from '../views/tree-shell';
import type { EventLoopViews } from '../views/views';
import { registerRowCommand } from './row-command';

interface LoopOfSession {
  readonly session: LiveSession;
  readonly loop: number;
}

interface LoopItem extends vscode.QuickPickItem {
  readonly loop: number;
}

export function registerStepping(views: EventLoopViews): vscode.Disposable[] {
  const register = (id: string, work: (node?: ViewNode) => Promise<void>): vscode.Disposable =>
    vscode.commands.registerCommand(id, told(work));
  const row = (id: string, work: (node?: ViewNode) => Promise<void>): vscode.Disposable =>
    registerRowCommand(views, id, told(work));
  const step = (goal: StepGoal) => (node?: ViewNode) => stepLoop(views, node, goal);
  const order = (action: OrderAction) => (node?: ViewNode) => changeOrder(views, node, action);
  const task = (action: TaskAction) => (node?: ViewNode) => actOnTask(views, node, action);
  return [
    register(Commands.pauseLoop, (node) => pause(views, node)),
    register(Commands.continueLoop, (node) => goOn(views, node)),
    register(Commands.stepHandle, step({ kind: 'handle' })),
    register(Commands.stepTick, step({ kind: 'tick' })),
    register(Commands.stepReadyChange, step({ kind: 'readyChange' })),
    register(Commands.stepCreated, step({ kind: 'created' })),
    register(Commands.stepEnded, step({ kind: 'ended' })),
    register(Commands.stepCancelled, step({ kind: 'cancelled' })),
    row(Commands.runToTask, (node) => stepToTask(views, node, 'task')),
    row(Commands.runToTaskEnd, (node) => stepToTask(views, node, 'ended')),
    row(Commands.runToTimer, (node) => stepToHandle(views, node, 'timer')),
    row(Commands.runToCallback, (node) => stepToHandle(views, node, 'callback')),
    row(Commands.runFirst, order('first')),
    row(Commands.holdBack, order('hold')),
    row(Commands.release, order('release')),
    row(Commands.fireNow, order('fire')),
    row(Commands.cancelHandle, order('cancel')),
    row(Commands.cancelTask, task('cancel')),
    row(Commands.freezeTask, task('freeze')),
    row(Commands.thawTask, task('thaw')),
  ];
}

function say(text: string): void {
  void vscode.window.showInformationMessage(text);
}

/** The session of a row, else the one that is shown; says so where there is none that runs. */
function running(views: EventLoopViews, node: ViewNode | undefined): LiveSession | undefined {
  const session = node?.row?.session ?? views.hub.current;
  if (session && !session.over) return session;
  say('No program runs in Loopscope: start one to stop its event loop.');
  return undefined;
}

/** The loop that a row stands for or belongs to. */
function loopOf(node: ViewNode | undefined): LoopOfSession | undefined {
  const row = node?.row;
  switch (row?.kind) {
    case 'loop':
    case 'life':
    case 'fact':
    case 'registration':
      return { session: row.session, loop: row.loop.loop };
    case 'ready':
    case 'timer':
      return { session: row.session, loop: row.loop };
    case 'task':
      return row.node.kind === 'task' ? { session: row.session, loop: row.node.loop } : undefined;
    case 'session':
    case undefined:
      return undefined;
  }
}

/** The stopped loop that is meant: the row's, the only one, or the one that the person picks. */
async function stoppedLoop(views: EventLoopViews, node: ViewNode | undefined): Promise<LoopOfSession | undefined> {
  const given = loopOf(node);
  if (given?.session.stopOf(given.loop)) return given;
  const session = running(views, node);
  if (!session) return undefined;
  const names = new Map(session.knownLoops.map((loop) => [loop.loop, loop.name]));
  const stopped = session.stops.map((stop) => ({
    label: names.get(stop.loop) ?? `loop ${stop.loop}`,
    description: stopWords(stop),
    loop: stop.loop,
  }));
  // At a line of a callback no stop of the loop is told: the debugger holds its thread. One that runs is refused by the adapter.
  if (stopped.length === 0) return given ?? pickLoop(session, await loopsThatRun(session), 'Several run');
  return pickLoop(session, stopped, 'Several are stopped');
}

/** Those of a session that run, or would if a debugger did not hold their thread. */
async function loopsThatRun(session: LiveSession): Promise<readonly LoopItem[]> {
  const { rows } = await session.loops();
  return rows.filter((loop) => loop.state === 'running').map(({ loop, name }) => ({ loop, label: name }));
}

/** The only one of these loops, or the one that the person picks. */
async function pickLoop(
  session: LiveSession,
  loops: readonly LoopItem[],
  placeHolder: string,
): Promise<LoopOfSession | undefined> {
  const [first, ...others] = loops;
  if (!first) {
    say('No event loop runs in that program: step it once there is one.');
    return undefined;
  }
  const chosen =
    others.length === 0 ? first : await vscode.window.showQuickPick(loops, { title: 'Which loop', placeHolder });
  return chosen && { session, loop: chosen.loop };
}

async function pause(views: EventLoopViews, node: ViewNode | undefined): Promise<void> {
  const loop = loopOf(node);
  const session = running(views, node);
  if (session) await session.request('loopscope/pause', loop ? { loop: loop.loop } : {});
}

async function goOn(views: EventLoopViews, node: ViewNode | undefined): Promise<void> {
  const loop = loopOf(node);
  const session = running(views, node);
  if (session) await session.request('loopscope/continue', loop ? { loop: loop.loop } : {});
}

async function stepLoop(views: EventLoopViews, node: ViewNode | undefined, goal: StepGoal): Promise<void> {
  const target = await stoppedLoop(views, node);
  if (target) await target.session.request('loopscope/step', { loop: target.loop, goal });
}

async function stepToTask(views: EventLoopViews, node: ViewNode | undefined, kind: 'task' | 'ended'): Promise<void> {
  const loop = loopOf(node);
  const task = node?.row ? taskOf(node.row) : null;
  if (!loop || task === null) {
    say('Select a task first.');
    return;
  }
  await loop.session.request('loopscope/step', { loop: loop.loop, goal: { kind, task } });
}

async function stepToHandle(
  views: EventLoopViews,
  node: ViewNode | undefined,
  kind: 'timer' | 'callback',
): Promise<void> {
  const target = handleOf(node);
  if (!target) {
    say('Stop the loop, then select a row of the Ready Queue or of the Timers.');
    return;
  }
  const { session, loop, handle } = target;
  await session.request('loopscope/step', { loop, goal: { kind, handle } });
}

async function changeOrder(views: EventLoopViews, node: ViewNode | undefined, action: OrderAction): Promise<void> {
  const target = handleOf(node);
  if (!target) {
    say('Stop the loop, then select a row of the Ready Queue or of the Timers.');
    return;
  }
  const { session, loop, handle } = target;
  const { text } = await session.request('loopscope/order', { loop, action, handle });
  done(text);
}

async function actOnTask(views: EventLoopViews, node: ViewNode | undefined, action: TaskAction): Promise<void> {
  const task = node?.row ? taskOf(node.row) : null;
  if (!node?.row || task === null) {
    say('Select a task first.');
    return;
  }
  const { text } = await node.row.session.request('loopscope/taskAction', { task, action });
  done(text);
}

function handleOf(node: ViewNode | undefined): (LoopOfSession & { readonly handle: number }) | undefined {
  const row = node?.row;
  if (row?.kind !== 'ready' && row?.kind !== 'timer') return undefined;
  const { handle } = row.row;
  return handle === undefined ? undefined : { session: row.session, loop: row.loop, handle };
}

/** The same work, which tells the person when it fails. */
function told(work: (node?: ViewNode) => Promise<void>): (node?: ViewNode) => Promise<void> {
  return async (node) => {
    try {
      await work(node);
    } catch (error) {
      void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
    }
  };
}

/** What was done, where nobody has to click it away. */
function done(text: string): void {
  if (text !== '') void vscode.window.setStatusBarMessage(`$(check) ${text.replace(/\$\(/g, '$ (')}`, 4000);
}
