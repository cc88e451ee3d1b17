/**
 * What the session can do, as DAP's capabilities: `initialize` is answered before it is known which debugpy will debug,
 * so its answer is a table, and what is otherwise then is told by the event `capabilities`. Pure.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { PROTOCOL_VERSION } from '../../protocol/dap';
import { BREAK_FILTERS } from '../features/breaks';

type Filter = DebugProtocol.ExceptionBreakpointsFilter;

/** debugpy's own (clients.py of its adapter, 1.8.11 to 1.8.22). */
const PYTHON_FILTERS: readonly Filter[] = [
  {
    filter: 'raised',
    label: 'Raised Exceptions',
    default: false,
    description: 'Break whenever any exception is raised.',
  },
  {
    filter: 'uncaught',
    label: 'Uncaught Exceptions',
    default: true,
    description: 'Break when the process is exiting due to unhandled exception.',
  },
  {
    filter: 'userUnhandled',
    label: 'User Uncaught Exceptions',
    default: false,
    description: 'Break when exception escapes into library code.',
  },
];

/** The answer to `initialize`. */
export const CAPABILITIES = {
  supportsConfigurationDoneRequest: true,
  supportsTerminateRequest: true,
  supportTerminateDebuggee: true,
  supportsRestartRequest: true,
  supportsCancelRequest: true,
  supportsCompletionsRequest: true,
  supportsConditionalBreakpoints: true,
  supportsHitConditionalBreakpoints: true,
  supportsLogPoints: true,
  supportsFunctionBreakpoints: true,
  supportsEvaluateForHovers: true,
  supportsExceptionInfoRequest: true,
  supportsExceptionOptions: true,
  supportsExceptionFilterOptions: true,
  supportsModulesRequest: true,
  supportsSetExpression: true,
  supportsSetVariable: true,
  supportsValueFormattingOptions: true,
  supportsDelayedStackTraceLoading: true,
  supportsGotoTargetsRequest: true,
  supportsStepInTargetsRequest: true,
  supportsClipboardContext: true,
  exceptionBreakpointFilters: [...PYTHON_FILTERS, ...BREAK_FILTERS],
  /** Ours: the version of the custom protocol, docs/protocol.md. */
  supportsLoopscope: PROTOCOL_VERSION,
} satisfies DebugProtocol.Capabilities & { supportsLoopscope: number };

/** What we do ourselves, whatever debugpy says of it. */
const OURS: ReadonlySet<string> = new Set([
  'supportsConfigurationDoneRequest',
  'supportsTerminateRequest',
  'supportsCancelRequest',
  'supportsExceptionFilterOptions',
  'supportsLoopscope',
]);

/**
 * What differs from the answer to `initialize` once debugpy has given its own. `launched`: it has started the program,
 * and then it cannot end a session without the program. It cannot start a program again either: the editor can.
 */
export function difference(debugpy: unknown, launched: boolean): DebugProtocol.Capabilities {
  const theirs = typeof debugpy === 'object' && debugpy !== null ? (debugpy as Record<string, unknown>) : {};
  const filters = Array.isArray(theirs['exceptionBreakpointFilters'])
    ? (theirs['exceptionBreakpointFilters'] as Filter[])
    : PYTHON_FILTERS;
  const wanted: Record<string, unknown> = {
    ...theirs,
    supportsRestartRequest: false,
    supportTerminateDebuggee: !launched,
    exceptionBreakpointFilters: [...filters, ...BREAK_FILTERS],
  };
  const known: Readonly<Record<string, unknown>> = CAPABILITIES;
  return Object.fromEntries(
    Object.keys({ ...known, ...wanted })
      .filter((name) => !OURS.has(name) && JSON.stringify(known[name]) !== JSON.stringify(wanted[name]))
      .map((name) => [name, wanted[name] ?? false]),
  );
}
