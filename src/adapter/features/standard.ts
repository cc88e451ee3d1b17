/**
 * The requests of DAP that need no running program of ours to stop: breakpoints are taken and said to be unverified, and
 * what only a stopped program could answer is refused with a sentence. Stepping and breakpoints come with the debugger's
 * proxy; until then every request is answered all the same.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import * as v from 'valibot';
import { PROTOCOL_VERSION } from '../../protocol/dap';
import { type Handlers, RequestError } from '../dispatch';
import { BREAK_FILTERS } from './breaks';

/** Why a breakpoint does not stop the program. */
export const NO_BREAKPOINTS =
  'Loopscope does not stop at breakpoints yet: it shows the event loop while the program runs. Use the Python debugger to stop here.';

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

/** The answer to `initialize`. */
export const CAPABILITIES = {
  supportsConfigurationDoneRequest: true,
  supportsTerminateRequest: true,
  supportTerminateDebuggee: true,
  supportsRestartRequest: true,
  supportsCancelRequest: true,
  supportsExceptionInfoRequest: true,
  supportsExceptionFilterOptions: true,
  exceptionBreakpointFilters: BREAK_FILTERS,
  /** Ours: the version of the custom protocol, docs/protocol.md. */
  supportsLoopscope: PROTOCOL_VERSION,
} satisfies DebugProtocol.Capabilities & { supportsLoopscope: number };

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
