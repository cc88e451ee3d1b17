/**
 * The Python processes of this machine, to choose one to attach to. How they are found differs by system and is given
 * (ProcessSystem), so that each way is tested everywhere; a real one is made in pick-process.ts.
 */
export interface PythonProcess {
  readonly pid: number;
  /** Name of its program: python3.12 */
  readonly program: string;
  /** What it runs, without the interpreter: server.py --port 80 */
  readonly runs: string;
  /** The command line, in one line and not too long. */
  readonly command: string;
}

/** What the search looks at. */
export interface ProcessSystem {
  readonly platform: NodeJS.Platform;
  /** Names in a folder. */
  list(folder: string): Promise<readonly string[]>;
  /** Text of a file; rejects if it cannot be read. */
  read(file: string): Promise<string>;
  /** Target of a link; rejects if it cannot be read. */
  link(file: string): Promise<string>;
  /** What a command prints; rejects if it fails. */
  run(command: string, args: readonly string[]): Promise<string>;
}

/** `python`, `python3.12`, `Python` (macOS), `pythonw.exe`, `pypy3` */
const PYTHON = /^(python|pypy)w?[\d.]*t?d?(\.exe)?$/i;
/** Those of a debugger are nothing to attach to. */
const DEBUGGERS = /[\\/]debugpy[\\/](adapter|launcher)|-m debugpy\.(adapter|launcher)|ms-python\.|lsp_server\.py/;

/** Win32_Process: https://learn.microsoft.com/windows/win32/cimwin32prov/win32-process */
const WINDOWS_QUERY =
  'Get-CimInstance Win32_Process -Filter "Name LIKE \'py%\'" | Select-Object ProcessId, Name, CommandLine | ConvertTo-Json -Compress';

interface WindowsProcess {
  readonly ProcessId: number;
  readonly Name: string;
  /** null for a process of somebody else's. */
  readonly CommandLine: string | null;
}

/** The Python processes of this person, those that came last first. Rejects if the system cannot be asked. */
export async function pythonProcesses(system: ProcessSystem): Promise<readonly PythonProcess[]> {
  const found =
    system.platform === 'linux'
      ? await fromProc(system)
      : system.platform === 'win32'
        ? await fromWindows(system)
        : await fromPs(system);
  return found
    .filter(({ program, command }) => PYTHON.test(program) && !DEBUGGERS.test(command))
    .sort((one, other) => other.pid - one.pid);
}

async function fromProc(system: ProcessSystem): Promise<readonly PythonProcess[]> {
  const pids = (await system.list('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      try {
        // The link of somebody else's process cannot be read: nor can it be attached to.
        const program = baseName((await system.link(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, ''));
        const argv = (await system.read(`/proc/${pid}/cmdline`)).split('\0').filter((part) => part !== '');
        return [made(Number(pid), program, argv.join(' '), argv.slice(1).join(' '))];
      } catch {
        return [];
      }
    }),
  );
  return found.flat();
}

async function fromPs(system: ProcessSystem): Promise<readonly PythonProcess[]> {
  const text = await system.run('ps', ['-xww', '-o', 'pid=,ucomm=,command=']);
  return text.split('\n').flatMap((line) => {
    const [, pid, program, command] = /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined || program === undefined || command === undefined) return [];
    return [made(Number(pid), program, command, withoutFirst(command))];
  });
}

async function fromWindows(system: ProcessSystem): Promise<readonly PythonProcess[]> {
  const text = await system.run('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', WINDOWS_QUERY]);
  if (text.trim() === '') return [];
  const printed: unknown = JSON.parse(text); // One object, or a list of several.
  return (Array.isArray(printed) ? printed : [printed])
    .filter(isWindowsProcess)
    .map(({ ProcessId, Name, CommandLine }) => {
      const command = CommandLine ?? Name;
      return made(ProcessId, Name, command, withoutFirst(command));
    });
}

/** Longest text that is shown: a program can be given as text on the command line. */
const LONGEST_LABEL = 80;
const LONGEST_COMMAND = 300;

function made(pid: number, program: string, command: string, rest: string): PythonProcess {
  const runs = cut(rest.replace(/^\S*[\\/](?=[^\\/\s]+(\s|$))/, ''), LONGEST_LABEL);
  return { pid, program, command: cut(command, LONGEST_COMMAND), runs: runs === '' ? program : runs };
}

function cut(text: string, longest: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}

/** A command line without its program, which may be quoted. */
function withoutFirst(command: string): string {
  return command.replace(/^("[^"]*"|\S+)\s*/, '');
}

function baseName(path: string): string {
  return path.replace(/^.*[\\/]/, '');
}

function isWindowsProcess(value: unknown): value is WindowsProcess {
  if (typeof value !== 'object' || value === null) return false;
  const { ProcessId, Name, CommandLine } = value as Partial<Record<keyof WindowsProcess, unknown>>;
  return (
    typeof ProcessId === 'number' &&
    typeof Name === 'string' &&
    (CommandLine === null || typeof CommandLine === 'string')
  );
}
