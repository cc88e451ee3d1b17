/**
 * What is run: argv, folder and environment of the program, from the launch arguments. Pure but for what it is given:
 * the platform, the environment and a way to read a file. What hides us from the program's Python is named here too.
 */
import type { LaunchArguments } from '../../protocol/dap';
import { LaunchError } from './arguments';
import { parseEnvFile } from './env-file';
import { splitArgs } from './split-args';

/** The world around, as the command needs it. */
export interface Surroundings {
  readonly windows: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Text of a file. Throws if it cannot be read. */
  readFile(path: string): string;
  isFile(path: string): boolean;
  isFolder(path: string): boolean;
  resolve(folder: string, path: string): string;
}

/** How the runtime gets into the program. */
export interface Injection {
  /** Folder that is put first on PYTHONPATH. */
  readonly bootstrap: string;
  readonly port: number;
  readonly token: string;
  readonly children: boolean;
}

export interface Command {
  /** The interpreter and what comes before Python's own options. */
  readonly python: readonly string[];
  readonly pythonArgs: readonly string[];
  /** What follows Python's own options. */
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment of the program, where we start it. */
  readonly env: Readonly<Record<string, string>>;
  /** Where a terminal starts it: what is set over the terminal's own environment (null: removed). */
  readonly changes: Readonly<Record<string, string | null>>;
  readonly bootstrap: string;
  /** PYTHONPATH around us, '' if there is none. */
  readonly inheritedPath: string;
  /** What to call it on the screen: server.py, -m uvicorn. */
  readonly name: string;
  /** Why the runtime will not be seen, '' if it will. */
  readonly hidden: string;
}

/** The command for these arguments. Throws LaunchError. */
export function buildCommand(args: LaunchArguments, injection: Injection, around: Surroundings): Command {
  const cwd = folder(args, around);
  const programArgs = typeof args.args === 'string' ? splitArgs(args.args, around.windows) : (args.args ?? []);
  const [target, name] = what(args, cwd, around);
  const python =
    args.python === undefined
      ? [around.windows ? 'python' : 'python3']
      : [args.python].flat().filter((part) => part !== '');
  if (python.length === 0) throw new LaunchError('"python" in the launch configuration is empty: name an interpreter.');
  const pythonArgs = args.pythonArgs ?? [];
  const changes = changedVariables(args, injection, cwd, around);
  return {
    python,
    pythonArgs,
    args: [...target, ...programArgs],
    cwd,
    env: environment(changes, injection.bootstrap, (args.console ?? 'internalConsole') === 'internalConsole', around),
    changes,
    bootstrap: injection.bootstrap,
    inheritedPath: around.env['PYTHONPATH'] ?? '',
    name,
    hidden: hidden(pythonArgs),
  };
}

/** The same command with one more variable in the program's environment. */
export function withVariable(command: Command, name: string, value: string): Command {
  return { ...command, env: { ...command.env, [name]: value }, changes: { ...command.changes, [name]: value } };
}

function folder(args: LaunchArguments, around: Surroundings): string {
  if (args.cwd === undefined) return around.cwd;
  const cwd = around.resolve(around.cwd, args.cwd);
  if (!around.isFolder(cwd))
    throw new LaunchError(`The folder ${cwd} does not exist: correct "cwd" in the launch configuration.`);
  return cwd;
}

function what(args: LaunchArguments, cwd: string, around: Surroundings): [readonly string[], string] {
  if (args.program !== undefined) {
    const path = around.resolve(cwd, args.program);
    if (!around.isFile(path) && !around.isFolder(path))
      throw new LaunchError(`The program ${path} does not exist: correct "program" in the launch configuration.`);
    return [[path], path.replace(/^.*[\\/]/, '')];
  }
  if (args.module !== undefined) return [['-m', args.module], `-m ${args.module}`];
  return [['-c', [args.code ?? ''].flat().join('\n')], '-c'];
}

/** What the launch configuration and we set (null: remove), without what PYTHONPATH gets in front. */
function changedVariables(
  args: LaunchArguments,
  injection: Injection,
  cwd: string,
  around: Surroundings,
): Record<string, string | null> {
  const changes: Record<string, string | null> = {
    // Set for ourselves where an editor runs us; a program that starts the editor must not inherit it.
    ELECTRON_RUN_AS_NODE: null,
  };
  if (args.envFile !== undefined) {
    const path = around.resolve(cwd, args.envFile);
    if (around.isFile(path)) {
      let text: string;
      try {
        text = around.readFile(path);
      } catch (error) {
        throw new LaunchError(`The file ${path} of "envFile" cannot be read: ${reason(error)}.`);
      }
      Object.assign(changes, parseEnvFile(text, around.env));
    } else if (!/(^|[\\/])\.env$/.test(path)) {
      // The default of Python's extension is ${workspaceFolder}/.env, which need not exist.
      throw new LaunchError(`The file ${path} of "envFile" does not exist: correct it in the launch configuration.`);
    }
  }
  Object.assign(changes, args.env);
  changes['LOOPSCOPE_CONNECT'] = `127.0.0.1:${injection.port}`;
  changes['LOOPSCOPE_TOKEN'] = injection.token;
  changes['LOOPSCOPE_STARTED'] = null;
  changes['LOOPSCOPE_CHILDREN'] = injection.children ? '1' : '0';
  changes['LOOPSCOPE_ASYNCIO_LOOP'] = args.asyncioLoop === true ? '1' : null;
  return changes;
}

/** The environment of a program that we start ourselves. */
function environment(
  changes: Readonly<Record<string, string | null>>,
  bootstrap: string,
  withPipes: boolean,
  around: Surroundings,
): Record<string, string> {
  const env = new Map<string, string>();
  /** Names of variables have no case on Windows: the first spelling stays. */
  const keyOf = (name: string): string =>
    (around.windows ? [...env.keys()].find((key) => key.toUpperCase() === name.toUpperCase()) : undefined) ?? name;
  const set = (name: string, value: string | undefined | null): void => {
    if (value === undefined || value === null) env.delete(keyOf(name));
    else env.set(keyOf(name), value);
  };
  for (const [name, value] of Object.entries(around.env)) set(name, value);
  for (const [name, value] of Object.entries(changes)) set(name, value);
  const path = env.get(keyOf('PYTHONPATH'));
  set('PYTHONPATH', path ? `${bootstrap}${around.windows ? ';' : ':'}${path}` : bootstrap);
  if (withPipes) {
    // Lines appear when they are printed, and in the encoding in which they are read; unless the person says otherwise.
    if (!env.has(keyOf('PYTHONUNBUFFERED'))) set('PYTHONUNBUFFERED', '1');
    if (!env.has(keyOf('PYTHONIOENCODING'))) set('PYTHONIOENCODING', 'utf-8');
  }
  return Object.fromEntries(env);
}

/** Options that take a value, so that the value is not read as options. */
const WITH_VALUE = new Set(['-X', '-W', '-Q', '--check-hash-based-pycs']);

function hidden(pythonArgs: readonly string[]): string {
  for (let at = 0; at < pythonArgs.length; at++) {
    const option = pythonArgs[at] ?? '';
    if (WITH_VALUE.has(option)) at++;
    else if (/^-[a-zA-Z]+$/.test(option) && !/^-[XWQcm]/.test(option)) {
      const found = /[IES]/.exec(option)?.[0];
      if (found)
        return `The option -${found} in "pythonArgs" keeps Loopscope out of the program: remove it to see the event loop.`;
    }
  }
  return '';
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
