/**
 * Which Python runs a program: the configuration's, the one chosen in the Python extension, the setting's, the first on
 * the PATH. Pure: what it looks at is given. A wrong one is answered with a sentence that says what to do.
 */

/** What the search looks at; a real one is made in launch/system.ts. */
export interface InterpreterSystem {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The Python extension's choice for the folder; undefined: no such extension, or no choice. */
  chosen(): Promise<string | undefined>;
  /** Value of the setting, '' if none. */
  setting(): string;
  /** True for a file that can be run. */
  isProgram(path: string): Promise<boolean>;
}

export type Interpreter =
  | { readonly command: readonly string[]; readonly from: 'configuration' | 'extension' | 'setting' | 'path' }
  | { readonly problem: string };

const TRY_ON_PATH = {
  windows: [['py', '-3'], ['python'], ['python3']],
  posix: [['python3'], ['python']],
} as const;

export async function findInterpreter(
  configured: string | readonly string[] | undefined,
  system: InterpreterSystem,
): Promise<Interpreter> {
  const own = typeof configured === 'string' ? [configured.trim()] : (configured ?? []);
  if (own.length > 0 && own[0] !== '') return check(own, 'configuration', system);
  const setting = system.setting();
  const chosen = await system.chosen();
  if (chosen !== undefined && chosen !== '') {
    const found = await check([chosen], 'extension', system);
    // The extension may still name an environment that was deleted; the setting or the PATH may have a better one.
    if ('command' in found || setting === '') return found;
  }
  if (setting !== '') return check([setting], 'setting', system);
  for (const candidate of system.platform === 'win32' ? TRY_ON_PATH.windows : TRY_ON_PATH.posix) {
    const path = await onPath(candidate[0], system);
    if (path !== undefined) return { command: [path, ...candidate.slice(1)], from: 'path' };
  }
  return {
    problem:
      'No Python was found. Choose one with “Python: Select Interpreter”, or put its path into the setting “loopscope.pythonPath”.',
  };
}

const WHERE = {
  configuration: '“python” in the launch configuration',
  extension: 'the interpreter chosen in the Python extension',
  setting: 'the setting “loopscope.pythonPath”',
} as const;

async function check(
  command: readonly string[],
  from: keyof typeof WHERE,
  system: InterpreterSystem,
): Promise<Interpreter> {
  const [program = '', ...rest] = command;
  const path = isPath(program) ? expanded(program, system) : await onPath(program, system);
  if (path !== undefined && (await runs(path, system))) return { command: [path, ...rest], from };
  return {
    problem: `${program} cannot be run. It is named by ${WHERE[from]}: correct it there, or choose another Python.`,
  };
}

function isPath(program: string): boolean {
  return /[\\/]/.test(program);
}

/** `~/x` below the person's home folder. */
function expanded(path: string, { env }: InterpreterSystem): string {
  const home = env['HOME'] ?? env['USERPROFILE'];
  return home !== undefined && /^~[\\/]/.test(path) ? `${home}${path.slice(1)}` : path;
}

async function runs(path: string, system: InterpreterSystem): Promise<boolean> {
  if (await system.isProgram(path)) return true;
  return system.platform === 'win32' && !/\.exe$/i.test(path) && system.isProgram(`${path}.exe`);
}

async function onPath(name: string, system: InterpreterSystem): Promise<string | undefined> {
  const windows = system.platform === 'win32';
  const path = system.env['PATH'] ?? system.env['Path'] ?? '';
  const endings = windows && !/\.exe$/i.test(name) ? ['.exe'] : [''];
  for (const folder of path.split(windows ? ';' : ':')) {
    if (folder === '') continue;
    // Windows puts stubs there that open its store instead of running Python.
    if (windows && /\\WindowsApps\\?$/i.test(folder)) continue;
    for (const ending of endings) {
      const candidate = `${folder.replace(/[\\/]$/, '')}${windows ? '\\' : '/'}${name}${ending}`;
      if (await system.isProgram(candidate)) return candidate;
    }
  }
  return undefined;
}
