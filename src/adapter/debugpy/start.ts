/**
 * Brings debugpy into a session: finds one, starts or dials it. For a launch and for each way to attach it is said here
 * with which interpreter, and where. What follows is debugger.ts's.
 */
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { AttachArguments } from '../launch/arguments';
import { LaunchError } from '../launch/arguments';
import type { Command } from '../launch/command';
import { askProcess } from '../launch/interpreter';
import type { LaunchArguments } from '../../protocol/dap';
import { type DebugpySystem, findDebugpy, type FoundDebugpy } from './find';
import { dialDebugpy, type Reached, spawnDebugpy } from './process';
import { rouse } from './rouse';

export interface Started extends Reached {
  /** The debugpy that was started; undefined for one that was dialled. */
  readonly found: FoundDebugpy | undefined;
  /** debugpy is in the process that it was to be brought into, or will not be. */
  arrived?(): void;
}

const system: DebugpySystem = {
  ask: askProcess,
  join,
  read: (path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  },
};

/** Starts debugpy for a launch. `raw`: the configuration as it came. Throws LaunchError. */
export async function startForLaunch(
  args: LaunchArguments,
  raw: unknown,
  command: Command,
  bundle: string,
): Promise<Started> {
  const own = (raw as { readonly debugAdapterPython?: unknown }).debugAdapterPython;
  const python = typeof own === 'string' && own !== '' ? [own] : command.python;
  return start(args, command.python, python, command.cwd, bundle);
}

/** Reaches debugpy for an attach. Throws LaunchError. */
export async function startForAttach(args: AttachArguments, bundle: string): Promise<Started> {
  const { connect, port, processId } = args;
  if (connect ?? port !== undefined) {
    const host = connect ? connect.host : args.host;
    const reached = await dialDebugpy(host ?? '127.0.0.1', connect?.port ?? port ?? 0);
    return { ...reached, found: undefined };
  }
  const cwd = args.cwd !== undefined && existsSync(args.cwd) ? args.cwd : process.cwd();
  // Into a process debugpy must be brought by a Python of the same version: the process's own is.
  const own = processId === undefined ? undefined : executableOf(processId);
  const configured = args.python === undefined ? [] : [args.python].flat().filter((part) => part !== '');
  const python = own
    ? [own]
    : configured.length > 0
      ? configured
      : [process.platform === 'win32' ? 'python' : 'python3'];
  const started = await start(args, configured.length > 0 ? configured : python, python, cwd, bundle);
  if (processId === undefined || own === undefined) return started;
  const arrived = rouse(processId, own);
  started.channel.onClosed(arrived);
  return { ...started, arrived };
}

async function start(
  args: LaunchArguments | AttachArguments,
  asked: readonly string[],
  python: readonly string[],
  cwd: string,
  bundle: string,
): Promise<Started> {
  const env = environment();
  const found = await findDebugpy(
    {
      from: args.debuggerFrom ?? 'auto',
      path: args.debugpyPath,
      extension: args.debugpyExtension,
      bundled: bundledDebugpy(bundle),
      python: asked,
      cwd,
      env,
    },
    system,
  );
  return { ...(await spawnDebugpy(found, python, cwd, env)), found };
}

/** Where the debugpy that comes with us is, beside the bundle. */
export function bundledDebugpy(bundle: string): string {
  return join(bundle, 'debugpy');
}

/** The program of a process, where the system tells. Throws LaunchError if there is no such process. */
function executableOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  if (!existsSync(`/proc/${pid}`)) throw new LaunchError(`There is no process ${pid}: choose one that runs.`);
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    throw new LaunchError(`Process ${pid} belongs to somebody else: it cannot be attached to.`);
  }
}

/** The environment around us, without what is ours: debugpy's adapter is no program to be watched. */
function environment(): Record<string, string> {
  const ours = /^(ELECTRON_RUN_AS_NODE|LOOPSCOPE_(CONNECT|TOKEN|STARTED|CHILDREN|STEPPING|ASYNCIO_LOOP))$/;
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env))
    if (value !== undefined && !ours.test(name)) env[name] = value;
  return env;
}
