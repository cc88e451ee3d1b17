/**
 * Launch configurations: those offered to a person, those made for a file, and what is filled in before a start. Pure.
 */
import type { LaunchArguments } from '../../protocol/dap';
import { DEBUG_TYPE } from '../../protocol/ids';
import { baseName } from '../present/text';

export interface LoopscopeConfiguration extends LaunchArguments {
  readonly type: string;
  readonly request: string;
  readonly name: string;
  /** What `python` was called once. */
  readonly pythonPath?: string;
  /** The process to attach to, or a variable that asks for it. */
  readonly processId?: string;
  /** VS Code's: when the debug console comes into sight. */
  readonly internalConsoleOptions?: string;
}

/** What is known of the file in front of the person. */
export interface OpenFile {
  readonly path: string;
  readonly text: string;
}

export const CURRENT_FILE: LoopscopeConfiguration = {
  type: DEBUG_TYPE,
  request: 'launch',
  name: 'Loopscope: Current File',
  program: '${file}',
};

/** To a process that the person chooses. */
export const ATTACH: LoopscopeConfiguration = {
  type: DEBUG_TYPE,
  request: 'attach',
  name: 'Loopscope: Attach to a Process',
  processId: '${command:pickProcess}',
};

/** What a new launch.json holds. */
export const INITIAL: readonly LoopscopeConfiguration[] = [
  CURRENT_FILE,
  {
    type: DEBUG_TYPE,
    request: 'launch',
    name: 'Loopscope: Tests of Current File',
    module: 'pytest',
    args: ['${file}'],
  },
  ATTACH,
];

/** Runs that file, with its folder known to Python as usual. */
export function runFile(path: string): LoopscopeConfiguration {
  return { type: DEBUG_TYPE, request: 'launch', name: baseName(path), program: path };
}

/** Runs the tests of that file with pytest, the way `python -m pytest` does. */
export function runTests(path: string): LoopscopeConfiguration {
  return { type: DEBUG_TYPE, request: 'launch', name: `pytest ${baseName(path)}`, module: 'pytest', args: [path] };
}

export function isTestFile(path: string): boolean {
  return /^(test_.*|.*_test)\.py$/i.test(baseName(path));
}

/** Configurations that make sense for the file in front of the person. */
export function offered(file: OpenFile | undefined): readonly LoopscopeConfiguration[] {
  if (!file) return [];
  const found: LoopscopeConfiguration[] = [{ ...CURRENT_FILE, name: `Run ${baseName(file.path)}`, program: file.path }];
  if (isTestFile(file.path)) found.unshift(runTests(file.path));
  const app = asgiApp(file.text);
  const module = baseName(file.path).replace(/\.py$/i, '');
  if (app !== undefined && /^[A-Za-z_]\w*$/.test(module)) {
    const cwd = file.path.slice(0, file.path.length - baseName(file.path).length).replace(/[\\/]$/, '');
    found.push({
      type: DEBUG_TYPE,
      request: 'launch',
      name: `uvicorn ${module}:${app}`,
      module: 'uvicorn',
      args: [`${module}:${app}`],
      ...(cwd === '' ? {} : { cwd }),
    });
  }
  return found;
}

/** Name of the ASGI application that a module makes at its top level, if it does. */
function asgiApp(text: string): string | undefined {
  return /^([A-Za-z_]\w*)\s*(?::[^=\n]+)?=\s*(?:\w+\.)*(?:FastAPI|Starlette|Quart|Litestar)\(/m.exec(text)?.[1];
}

export interface Defaults {
  readonly console: 'integratedTerminal' | 'internalConsole' | 'externalTerminal';
  readonly detail: 'adaptive' | 'full';
  readonly slowCallback: number;
  readonly debuggerFrom: 'auto' | 'extension' | 'interpreter' | 'bundled';
  /** Whether programs that ask uvloop for a loop get asyncio's. */
  readonly asyncioLoop: boolean;
  readonly freezeClock: boolean;
  /** Folder of the workspace that the configuration belongs to. */
  readonly folder: string | undefined;
}

/** What is filled in before variables are replaced; a text instead says why nothing can be started. */
export function complete(
  given: Partial<LoopscopeConfiguration>,
  file: OpenFile | undefined,
  defaults: Defaults,
): LoopscopeConfiguration | string {
  // F5 without a launch.json: VS Code hands over an empty configuration.
  const empty = given.type === undefined && given.request === undefined && given.name === undefined;
  if (empty && !file) return 'Open a Python file to run it, or create a launch.json.';
  const config: LoopscopeConfiguration =
    empty && file
      ? { ...given, ...runFile(file.path) }
      : {
          ...given,
          type: given.type ?? DEBUG_TYPE,
          request: given.request ?? 'launch',
          name: given.name ?? 'Loopscope',
        };
  if (config.request !== 'launch') return config;
  const what = [config.program, config.module, config.code].filter((value) => value !== undefined);
  if (what.length !== 1) {
    return what.length === 0
      ? `“${config.name}” says nothing to run: give “program”, “module” or “code”.`
      : `“${config.name}” says more than one thing to run: give one of “program”, “module” and “code”.`;
  }
  const cwd = config.cwd ?? defaults.folder;
  const console = config.console ?? defaults.console;
  return {
    // The debug console stays empty where the program has a terminal: it must not come before it.
    ...(console === 'internalConsole' ? {} : { internalConsoleOptions: 'neverOpen' }),
    ...config,
    console,
    detail: config.detail ?? defaults.detail,
    slowCallback: config.slowCallback ?? defaults.slowCallback,
    debuggerFrom: config.debuggerFrom ?? defaults.debuggerFrom,
    asyncioLoop: config.asyncioLoop ?? defaults.asyncioLoop,
    freezeClock: config.freezeClock ?? defaults.freezeClock,
    holdLastState: true,
    ...(cwd === undefined ? {} : { cwd }),
  };
}
