/**
 * `loopscope lint`: collects the files, has them checked, takes away what the baseline knows, writes the report. Gives the
 * exit code: 0 nothing found, 1 findings, 2 it could not do its work.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, relative, resolve, sep } from 'node:path';
import type { WriteStream } from 'node:tty';
import type { TargetVersion } from '../../analysis/settings';
import { VERSION } from '../version';
import { loadAnalyzer } from '../wasm';
import type { Baseline } from './baseline';
import { formatBaseline, newSince, parseBaseline } from './baseline';
import type { CheckOptions } from './check';
import { FileChecker } from './check';
import { collect } from './collect';
import { formatGithub } from './formats/github';
import { formatJson } from './formats/json';
import { formatSarif } from './formats/sarif';
import { formatText } from './formats/text';
import { checkInWorkers } from './pool';
import { ProgressBar } from './progress';
import type { FileReport, RunReport } from './report';

export const FORMATS = ['text', 'json', 'sarif', 'github'] as const;
export type Format = (typeof FORMATS)[number];

/** What the person asked for. */
export interface LintOptions {
  readonly paths: readonly string[];
  readonly format: Format;
  readonly mode: CheckOptions['mode'];
  readonly select?: readonly string[];
  readonly ignore?: readonly string[];
  readonly target?: TargetVersion;
  readonly baseline?: string;
  readonly updateBaseline: boolean;
  readonly stdinFilename?: string;
}

/** The process, as far as the command uses it. */
export interface LintHost {
  readonly cwd: string;
  readonly stdout: Pick<WriteStream, 'write'>;
  readonly stderr: WriteStream;
  /** Whether colours are to be used on standard output. */
  readonly isColored: boolean;
  /** The file that workers run. */
  readonly script: string;
  readStdin(): Uint8Array;
}

/** It could not do its work; the message says why. */
export class LintError extends Error {}

/**
 * How many bytes to analyse are worth a thread of their own: about four seconds of work, of which half a second goes by until V8
 * has compiled there too what runs often.
 */
const BYTES_FOR_THREAD = 6_000_000;

/** Runs the command. @throws LintError */
export async function lint(options: LintOptions, host: LintHost): Promise<0 | 1 | 2> {
  const { select, ignore, target, mode } = options;
  const checks: CheckOptions = {
    cwd: host.cwd,
    mode,
    ...(select ? { select } : {}),
    ...(ignore ? { ignore } : {}),
    ...(target ? { target } : {}),
  };
  const baselinePath = options.baseline === undefined ? undefined : resolve(host.cwd, options.baseline);
  const baseline = baselinePath === undefined || options.updateBaseline ? undefined : readBaseline(baselinePath);
  // By its place relative to the baseline, so that it does not matter from which folder and on which machine.
  const nameOf = (path: string): string =>
    relative(dirname(baselinePath ?? ''), resolve(host.cwd, path))
      .split(sep)
      .join('/');
  const checker = new FileChecker(await loadAnalyzer(), checks);
  const talk = new Talk(host.stderr);
  const isStdin = options.paths.length === 1 && options.paths[0] === '-';
  const files = isStdin
    ? [checkStdin(options, host, checker, talk)]
    : await checkPaths(options, host, checker, checks, talk);
  for (const { path, errors } of checker.projects.errors()) {
    for (const { message, at } of errors)
      talk.fail(`${checker.shownPath(path)}:${at.start.line}:${at.start.column}: ${message}`);
  }
  const all = files.flatMap((file) => file.findings);
  if (options.updateBaseline && baselinePath !== undefined) {
    writeBaseline(baselinePath, formatBaseline(all, nameOf));
    talk.note(
      `${checker.shownPath(baselinePath)} now holds ${all.length} ${all.length === 1 ? 'finding' : 'findings'}`,
    );
    return talk.hasFailed ? 2 : 0;
  }
  const report: RunReport = { files, findings: baseline ? newSince(all, baseline, nameOf) : all };
  let code: 0 | 1 = report.findings.length > 0 ? 1 : 0;
  if (mode === 'diff') code = writeDiffs(files, host);
  else {
    const text = formatted(report, options.format, host, !talk.hasFailed);
    const isMended = isStdin && mode === 'fix';
    if (isMended) host.stdout.write(files[0]?.output ?? '');
    (isMended ? host.stderr : host.stdout).write(text);
  }
  return talk.hasFailed ? 2 : code;
}

/** What is said on standard error, and whether any of it is a fault. */
class Talk {
  hasFailed = false;

  constructor(private readonly stream: Pick<WriteStream, 'write'>) {}

  note(message: string): void {
    this.stream.write(`loopscope: ${message}\n`);
  }

  fail(message: string): void {
    this.hasFailed = true;
    this.note(message);
  }
}

function checkStdin(options: LintOptions, host: LintHost, checker: FileChecker, talk: Talk): FileReport {
  const report = checker.checkBytes(host.readStdin(), resolve(host.cwd, options.stdinFilename ?? 'stdin.py'));
  if (report.problem) talk.fail(`standard input is not checked: ${report.problem.message}`);
  return report;
}

async function checkPaths(
  options: LintOptions,
  host: LintHost,
  checker: FileChecker,
  checks: CheckOptions,
  talk: Talk,
): Promise<FileReport[]> {
  const given = options.paths.length > 0 ? options.paths : ['.'];
  const { targets, problems } = collect(given, host.cwd, checker.projects);
  for (const { path, message } of problems) talk.fail(`${checker.shownPath(path)}: ${message}`);
  const paths = targets.map((each) => each.path);
  const bar = new ProgressBar(paths.length, host.stderr);
  const threads = threadsFor(paths, checker);
  const inWorkers = (): Promise<FileReport[]> =>
    checkInWorkers(
      host.script,
      paths,
      checks,
      threads,
      (path) => checker.shownPath(path),
      () => bar.step(),
    );
  const here = (): FileReport[] =>
    paths.map((path) => {
      const report = checker.checkFile(path);
      bar.step();
      return report;
    });
  const files = threads > 1 ? await inWorkers() : here();
  bar.clear();
  // Settings are read by whoever checks; here once more, for their errors, where only workers did.
  for (const path of paths) checker.projects.of(path);
  const named = new Set(targets.filter((each) => each.isNamed).map((each) => checker.shownPath(each.path)));
  for (const { path, problem } of files) {
    if (!problem) continue;
    const message = `${path} is not checked: ${problem.message}`;
    // What Python would not read either is no part of the program, unless the person says so by naming it.
    if (problem.kind === 'not Python' && !named.has(path)) talk.note(message);
    else talk.fail(message);
  }
  return files;
}

/** How many threads are worth their start. Reads no further than it has to for that. */
function threadsFor(paths: readonly string[], checker: FileChecker): number {
  const most = availableParallelism();
  if (most === 1) return 1;
  let bytes = 0;
  for (const path of paths) {
    if (bytes >= most * BYTES_FOR_THREAD) return most;
    bytes += checker.sizeUp(path);
  }
  return Math.min(most, Math.floor(bytes / BYTES_FOR_THREAD));
}

/** Prints what `--fix` would change. 1 where that is anything. */
function writeDiffs(files: readonly FileReport[], host: LintHost): 0 | 1 {
  let fixed = 0;
  for (const file of files) {
    if (file.diff === undefined || file.diff.length === 0) continue;
    host.stdout.write(file.diff);
    fixed += file.fixed ?? 0;
  }
  host.stderr.write(
    fixed === 0 ? 'Nothing to fix.\n' : `${fixed} ${fixed === 1 ? 'finding' : 'findings'} would be fixed.\n`,
  );
  return fixed === 0 ? 0 : 1;
}

function formatted(report: RunReport, format: Format, host: LintHost, isSuccessful: boolean): string {
  switch (format) {
    case 'text':
      return formatText(report, host.isColored);
    case 'json':
      return formatJson(report);
    case 'sarif':
      return formatSarif(report, { version: VERSION, cwd: host.cwd, isSuccessful });
    case 'github':
      return formatGithub(report);
  }
}

function readBaseline(path: string): Baseline {
  try {
    return parseBaseline(readFileSync(path, 'utf8'));
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const why = error instanceof Error ? error.message : String(error);
    throw new LintError(
      isMissing
        ? `there is no baseline ${path}: write one with --baseline ${path} --update-baseline`
        : `the baseline ${path} can not be read: ${why}`,
      { cause: error },
    );
  }
}

function writeBaseline(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new LintError(`the baseline ${path} can not be written: ${why}`, { cause: error });
  }
}
