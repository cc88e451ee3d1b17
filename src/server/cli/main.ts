/** The command `loopscope`: reads the arguments, runs the command, gives the exit code. Also the body of its workers. */
import { fstatSync, readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { TargetVersion } from '../../analysis/settings';
import { KNOWN_CODES } from '../catalog';
import { problemOfSelector } from '../config/pyproject';
import { parseTargetVersion, TARGET_VERSION_FORMS } from '../config/requires-python';
import { VERSION } from '../version';
import { noteWork } from '../worked';
import type { Format, LintHost } from './lint';
import { FORMATS, lint, LintError } from './lint';
import { serveWorker } from './worker';

export { hasWorked } from '../worked';

/** What commander gives for the options below. */
interface Flags {
  readonly format: Format;
  readonly fix?: boolean;
  readonly diff?: boolean;
  readonly select?: string[];
  readonly ignore?: string[];
  readonly targetVersion?: TargetVersion;
  readonly baseline?: string;
  readonly updateBaseline?: boolean;
  readonly stdinFilename?: string;
}

function codes(value: string, previous: string[] = []): string[] {
  const given = value.split(/[\s,]+/).filter(Boolean);
  for (const code of given) {
    const problem = problemOfSelector(code, KNOWN_CODES);
    if (problem !== undefined) throw new InvalidArgumentError(problem);
  }
  return [...previous, ...given];
}

function selected(value: string, previous?: string[]): string[] {
  const all = codes(value, previous);
  // An empty variable in a script: to check nothing and be content is not what was meant.
  if (all.length === 0) throw new InvalidArgumentError('It names no code.');
  return all;
}

function targetVersion(value: string): TargetVersion {
  const target = parseTargetVersion(value);
  if (!target) throw new InvalidArgumentError(`It has to be ${TARGET_VERSION_FORMS}.`);
  return target;
}

function hostOf(): LintHost {
  const { stdout, stderr } = process;
  const force = process.env['FORCE_COLOR'];
  const isForced = force !== undefined && force !== '0' && force !== 'false';
  return {
    cwd: process.cwd(),
    stdout,
    stderr,
    isColored: isForced || (stdout.isTTY && stdout.hasColors()),
    script: __filename,
    readStdin: () => {
      if (fstatSync(0).isDirectory()) throw new LintError('standard input is a folder');
      return readFileSync(0);
    },
  };
}

function program(onExit: (code: 0 | 1 | 2) => void): Command {
  const command = new Command('loopscope');
  command.description('Finds mistakes in the life of asyncio event loops.').version(VERSION).exitOverride();
  command
    .command('lint')
    .description('Check Python files and folders. Exit code: 0 nothing found, 1 findings, 2 it could not do its work.')
    .argument('[path...]', 'files and folders; "-" is standard input; without any, the working folder')
    .addOption(new Option('--format <format>', 'how findings are written').choices(FORMATS).default('text'))
    .option('--fix', 'apply the safe fixes, then report what is left')
    .addOption(
      new Option('--diff', 'show what --fix would change; exit code 1 if that is anything').conflicts([
        'fix',
        'format',
      ]),
    )
    .option('--select <codes>', 'check only these: codes or prefixes, parted by commas', selected)
    .option('--ignore <codes>', 'do not check these', codes)
    .option('--target-version <version>', `the Python that the code runs on: ${TARGET_VERSION_FORMS}`, targetVersion)
    .option('--baseline <file>', 'report only findings that are not in this file')
    .option('--update-baseline', 'write all findings of now into the baseline')
    .option('--stdin-filename <path>', 'the name of what comes from standard input')
    .exitOverride()
    .action(async (paths: string[], flags: Flags) => {
      if (flags.updateBaseline === true && flags.baseline === undefined)
        throw new LintError('--update-baseline needs --baseline FILE');
      if (flags.stdinFilename !== undefined && !paths.includes('-'))
        throw new LintError('--stdin-filename is for "-" (standard input), which is not among the paths');
      if (paths.length > 1 && paths.includes('-'))
        throw new LintError('"-" (standard input) can not stand beside other paths');
      const { format, select, ignore, targetVersion: target, baseline, stdinFilename } = flags;
      const code = await lint(
        {
          paths,
          format,
          mode: flags.fix === true ? 'fix' : flags.diff === true ? 'diff' : 'report',
          updateBaseline: flags.updateBaseline === true,
          ...(select ? { select } : {}),
          ...(ignore ? { ignore } : {}),
          ...(target ? { target } : {}),
          ...(baseline === undefined ? {} : { baseline }),
          ...(stdinFilename === undefined ? {} : { stdinFilename }),
        },
        hostOf(),
      );
      noteWork();
      onExit(code);
    });
  return command;
}

async function main(): Promise<void> {
  // A reader that has seen enough (`| head`) is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  try {
    await program((code) => (process.exitCode = code)).parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has said it already. Help and version are no faults.
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    process.stderr.write(
      `loopscope: ${error instanceof LintError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = 2;
  }
}

if (isMainThread) void main();
else void serveWorker();
