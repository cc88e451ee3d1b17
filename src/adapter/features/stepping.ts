/**
 * The custom requests of stepping (protocol/stepping.ts): pause, step, continue, change the order, act on a task. They
 * work the same with and without a debugger in the program, since they go to the runtime. What DAP itself calls by other
 * names is features/stopped.ts.
 */
import * as v from 'valibot';
import type { RuntimeCommand, StepGoal, SteppingRequests, Within } from '../../protocol/stepping';
import { type Handlers, RequestError } from '../dispatch';
import { changeAnswer, doneAnswer } from '../link/answers';
import { QueryError } from '../link/runtime-link';
import type { Program } from '../program';
import { parseArguments } from './pages';

const whole = v.pipe(v.number(), v.integer(), v.minValue(1));
const goal = v.variant('kind', [
  v.object({ kind: v.picklist(['handle', 'anyTask', 'tick', 'readyChange', 'created']) }),
  v.object({ kind: v.literal('task'), task: whole }),
  v.object({ kind: v.picklist(['timer', 'callback']), handle: whole }),
  v.object({ kind: v.picklist(['ended', 'cancelled']), task: v.exactOptional(whole) }),
]);
const loopArguments = v.object({ loop: v.exactOptional(whole) });
const stepArguments = v.object({ loop: whole, goal });
const orderArguments = v.object({
  loop: whole,
  action: v.picklist(['first', 'hold', 'release', 'fire', 'cancel']),
  handle: whole,
});
const taskArguments = v.object({ task: whole, action: v.picklist(['cancel', 'freeze', 'thaw']) });

/** Seconds that a change may take: a running loop does it when its running handle has ended. */
const CHANGE_SECONDS = 10;

/** How a session lets threads go: the debugger's bridge puts its own here, which only has the goal noted. */
export interface Letting {
  readonly gate?: false;
}

/** Handlers over the program of the moment. */
export function steppingHandlers(program: () => Program): Handlers {
  return {
    'loopscope/pause': async (args) => {
      await pause(program(), parseArguments(loopArguments, args, 'loopscope/pause').loop ?? 0);
      return {};
    },
    'loopscope/continue': async (args) => {
      await goOn(program(), parseArguments(loopArguments, args, 'loopscope/continue').loop ?? 0);
      return {};
    },
    'loopscope/step': async (args) => {
      const { loop, goal: wanted } = parseArguments(stepArguments, args, 'loopscope/step');
      await step(program(), loop, wanted);
      return {};
    },
    'loopscope/order': async (args): Promise<SteppingRequests['loopscope/order'][1]> => {
      const { loop, action, handle } = parseArguments(orderArguments, args, 'loopscope/order');
      const of = program();
      return tell(of, { command: 'order', loop, action, handle: addressOf(of, loop, handle) }, changeAnswer);
    },
    'loopscope/taskAction': async (args): Promise<SteppingRequests['loopscope/taskAction'][1]> => {
      const { task, action } = parseArguments(taskArguments, args, 'loopscope/taskAction');
      const of = program();
      const { loop, address } = whereIs(of, task);
      const answer = await tell(of, { command: 'task', loop, action, task: address }, changeAnswer, CHANGE_SECONDS);
      of.describer.freeze(task, action);
      return answer;
    },
  };
}

/** Stops a loop, 0: all that run, before its next handle. */
export async function pause(program: Program, loop: number): Promise<void> {
  await tell(program, { command: 'pause', loop }, doneAnswer);
}

/** Lets a loop go on, 0: all. */
export async function goOn(program: Program, loop: number, letting: Letting = {}): Promise<void> {
  await tell(program, { command: 'continue', loop, ...letting }, doneAnswer);
}

/** Lets a stopped loop go on until a goal, in whose task and handle our ids are. */
export async function step(program: Program, loop: number, wanted: StepGoal, letting: Letting = {}): Promise<void> {
  let asked: StepGoal = wanted;
  if ('handle' in wanted) asked = { ...wanted, handle: addressOf(program, loop, wanted.handle) };
  else if ('task' in wanted) {
    const where = whereIs(program, wanted.task);
    if (where.loop !== loop) throw new RequestError(`That task is of loop ${where.loop}: step that loop.`);
    asked = { ...wanted, task: where.address };
  }
  await tell(program, { command: 'step', loop, goal: asked, ...letting }, doneAnswer);
}

/** With a debugger: lets a stopped loop go on until the task at that address runs, and stops within it (StepGoal). */
export async function stepWithin(program: Program, loop: number, task: number, within: Within): Promise<void> {
  await tell(program, { command: 'step', loop, goal: { kind: 'task', task, within } }, doneAnswer);
}

/** Sends a command; a refusal becomes the request's error. */
export async function tell<Schema extends v.GenericSchema>(
  program: Program,
  command: RuntimeCommand,
  schema: Schema,
  seconds?: number,
): Promise<v.InferOutput<Schema>> {
  const { link } = program;
  if (!link)
    throw new RequestError(program.phase === 'ended' ? 'The program has ended.' : 'The program is not connected.');
  try {
    return await link.command(command, schema, seconds);
  } catch (error) {
    if (error instanceof QueryError) throw new RequestError(error.message);
    throw error;
  }
}

function addressOf(program: Program, loop: number, handle: number): number {
  const address = program.stops.addressOf(loop, handle);
  if (address === undefined)
    throw new RequestError('The loop has gone on since that handle was shown: look at the ready queue again.');
  return address;
}

function whereIs(program: Program, task: number): { readonly loop: number; readonly address: number } {
  const where = program.model.addressOf(task);
  if (!where) throw new RequestError(`Task #${task} has ended.`);
  return where;
}
