/**
 * What of a configuration debugpy is given: everything, as it is, but what is ours alone, with the program's command as
 * we work it out and the variables by which the runtime gets into the program. Pure.
 */
import type { LaunchArguments } from '../../protocol/dap';
import type { Command } from '../launch/command';

/** Words of ours that debugpy need not see. */
const OURS: ReadonlySet<string> = new Set([
  'detail',
  'holdLastState',
  'envFile',
  'debuggerFrom',
  'debugpyPath',
  'debugpyExtension',
  'freezeClock',
  'asyncioLoop',
  'stopOnFirstTick',
  'loopscopeChild',
  // The old name of `python`, which debugpy is always given: it takes one of the two.
  'pythonPath',
]);

/** The arguments of debugpy's `launch`. `shell`: the client's terminal expands arguments given as one string. */
export function launchForDebugpy(
  raw: unknown,
  args: LaunchArguments,
  command: Command,
  shell: boolean,
  windows: boolean,
): Record<string, unknown> {
  const console = args.console ?? 'internalConsole';
  const expands = typeof args.args === 'string' && shell && console !== 'internalConsole';
  const [first = ''] = command.args;
  const rest = command.args.slice(args.program === undefined ? 2 : 1);
  const env: Record<string, string | null> = { ...command.changes };
  const separator = windows ? ';' : ':';
  const path = Object.keys(env).find((name) => (windows ? name.toUpperCase() : name) === 'PYTHONPATH') ?? 'PYTHONPATH';
  const inherited = Object.hasOwn(env, path) ? env[path] : command.inheritedPath;
  env[path] = inherited ? `${command.bootstrap}${separator}${inherited}` : command.bootstrap;
  return {
    ...withoutOurs(raw),
    ...(args.program === undefined ? {} : { program: first }),
    python: command.python,
    pythonArgs: command.pythonArgs,
    args: expands ? args.args : rest,
    cwd: command.cwd,
    console,
    env,
  };
}

/** A configuration without what is ours alone. */
export function withoutOurs(raw: unknown): Record<string, unknown> {
  if (typeof raw !== 'object' || raw === null) return {};
  return Object.fromEntries(Object.entries(raw).filter(([name, value]) => !OURS.has(name) && value !== null));
}
