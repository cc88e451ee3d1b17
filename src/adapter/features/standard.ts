/**
 * The requests of DAP in a session without debugpy (Run Without Debugging): breakpoints are taken and said to be
 * unverified, and what only a stopped program could answer is refused with a sentence. With debugpy they are debugpy's.
 */
import * as v from 'valibot';
import { type Handlers, RequestError } from '../dispatch';

/** Why a breakpoint does not stop the program. */
export const NO_BREAKPOINTS = 'Run Without Debugging has no breakpoints: start with debugging (F5) to stop here.';

const NOT_STOPPED = [
  'stepBack',
  'reverseContinue',
  'restartFrame',
  'goto',
  'gotoTargets',
  'stepInTargets',
  'setVariable',
  'setExpression',
  'locations',
] as const;

const NOT_SUPPORTED = {
  source: 'Loopscope has no sources of its own: open the file.',
  terminateThreads: 'Python cannot end a thread from outside.',
  readMemory: 'Loopscope does not read memory.',
  writeMemory: 'Loopscope does not write memory.',
  disassemble: 'Loopscope does not disassemble.',
} as const;

const setBreakpoints = v.object({
  source: v.optional(v.looseObject({}), {}),
  breakpoints: v.optional(v.array(v.looseObject({ line: v.number() }))),
  lines: v.optional(v.array(v.number())),
});
const list = v.object({
  breakpoints: v.optional(v.array(v.unknown()), []),
});

const unverified = { verified: false, message: NO_BREAKPOINTS } as const;

/** Handlers that are the same for every session. */
export function standardHandlers(): Handlers {
  const handlers: Record<string, (args: unknown) => unknown> = {
    setBreakpoints: (args) => {
      const parsed = v.safeParse(setBreakpoints, args ?? {});
      if (!parsed.success) throw new RequestError('setBreakpoints: the breakpoints have no lines.');
      const { breakpoints, lines, source } = parsed.output;
      const wanted = breakpoints?.map(({ line }) => line) ?? lines ?? [];
      return { breakpoints: wanted.map((line) => ({ ...unverified, line, source })) };
    },
    setFunctionBreakpoints: (args) => ({ breakpoints: unverifiedFor(args, 'breakpoints') }),
    setDataBreakpoints: (args) => ({ breakpoints: unverifiedFor(args, 'breakpoints') }),
    setInstructionBreakpoints: (args) => ({ breakpoints: unverifiedFor(args, 'breakpoints') }),
    breakpointLocations: () => ({ breakpoints: [] }),
    dataBreakpointInfo: () => ({ dataId: null, description: 'Loopscope does not watch data.' }),
    completions: () => ({ targets: [] }),
    modules: () => ({ modules: [], totalModules: 0 }),
    loadedSources: () => ({ sources: [] }),
    // Requests are short; one that was answered before cannot be cancelled, and DAP allows to say nothing.
    cancel: () => ({}),
  };
  for (const command of NOT_STOPPED)
    handlers[command] = () => {
      throw new RequestError(`The program runs: "${command}" needs a program that is stopped.`);
    };
  for (const [command, message] of Object.entries(NOT_SUPPORTED))
    handlers[command] = () => {
      throw new RequestError(message);
    };
  return handlers;
}

function unverifiedFor(args: unknown, field: 'breakpoints'): (typeof unverified)[] {
  const parsed = v.safeParse(list, args ?? {});
  return parsed.success ? parsed.output[field].map(() => unverified) : [];
}
