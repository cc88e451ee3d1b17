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

interface LoopOfSession {
  readonly session: LiveSession;
  readonly loop: number;
}

export function registerStepping(views: EventLoopViews): vscode.Disposable[] {
  const register = (id: string, work: (node?: ViewNode) => Promise<void>): vscode.Disposable =>
    vscode.commands.registerCommand(id, async (node?: ViewNode) => {
      try {
        await work(node);
      } catch (error) {
        void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
      }
    });
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
    register(Commands.runToTask, (node) => stepToTask(views, node, 'task')),
    register(Commands.runToTaskEnd, (node) => stepToTask(views, node, 'ended')),
    register(Commands.runToTimer, (node) => stepToHandle(views, node, 'timer')),
    register(Commands.runToCallback, (node) => stepToHandle(views, node, 'callback')),
    register(Commands.runFirst, order('first')),
    register(Commands.holdBack, order('hold')),
    register(Commands.release, order('release')),
    register(Commands.fireNow, order('fire')),
    register(Commands.cancelHandle, order('cancel')),
    register(Commands.cancelTask, task('cancel')),
    register(Commands.freezeTask, task('freeze')),
    register(Commands.thawTask, task('thaw')),
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
  const [last, ...others] = session.stops;
  if (!last) {
    say('The event loop runs: use "Pause Loop at Next Tick" first.');
    return undefined;
  }
  if (others.length === 0) return { session, loop: last.loop };
  const names = new Map(session.knownLoops.map((loop) => [loop.loop, loop.name]));
  const items = session.stops.map((stop) => ({
    label: names.get(stop.loop) ?? `loop ${stop.loop}`,
    description: stopWords(stop),
    loop: stop.loop,
  }));
  const chosen = await vscode.window.showQuickPick(items, { title: 'Which loop', placeHolder: 'Several are stopped' });
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

async function stepToTask(views: EventLoopViews, given: ViewNode | undefined, kind: 'task' | 'ended'): Promise<void> {
  const node = views.target(given);
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
  given: ViewNode | undefined,
  kind: 'timer' | 'callback',
): Promise<void> {
  const target = handleOf(views.target(given));
  if (!target) {
    say('Stop the loop, then select a row of the Ready Queue or of the Timers.');
    return;
  }
  const { session, loop, handle } = target;
  await session.request('loopscope/step', { loop, goal: { kind, handle } });
}

async function changeOrder(views: EventLoopViews, given: ViewNode | undefined, action: OrderAction): Promise<void> {
  const target = handleOf(views.target(given));
  if (!target) {
    say('Stop the loop, then select a row of the Ready Queue or of the Timers.');
    return;
  }
  const { session, loop, handle } = target;
  const { text } = await session.request('loopscope/order', { loop, action, handle });
  told(text);
}

async function actOnTask(views: EventLoopViews, given: ViewNode | undefined, action: TaskAction): Promise<void> {
  const node = views.target(given);
  const task = node?.row ? taskOf(node.row) : null;
  if (!node?.row || task === null) {
    say('Select a task first.');
    return;
  }
  const { text } = await node.row.session.request('loopscope/taskAction', { task, action });
  told(text);
}

function handleOf(node: ViewNode | undefined): (LoopOfSession & { readonly handle: number }) | undefined {
  const row = node?.row;
  if (row?.kind !== 'ready' && row?.kind !== 'timer') return undefined;
  const { handle } = row.row;
  return handle === undefined ? undefined : { session: row.session, loop: row.loop, handle };
}

/** What was done, where nobody has to click it away. */
function told(text: string): void {
  if (text !== '') void vscode.window.setStatusBarMessage(`$(check) ${text.replace(/\$\(/g, '$ (')}`, 4000);
}
