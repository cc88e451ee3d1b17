/**
 * Rule tests in Markdown: reads a page of test/rules into blocks with their expectations and compares them with what an
 * analysis says. Prose and headings are free; test/rules/README.md is the reference of the marks. Knows the analysis only
 * as a function, runs no program (oracle.ts does) and no mocha (rules.test.ts does).
 */
import type { Finding, Severity } from '../../../src/analysis/finding';
import type { AnalysisSettings } from '../../../src/analysis/settings';
import { DEFAULT_SETTINGS } from '../../../src/analysis/settings';
import { parseWords, settingsOf } from './markdown-settings';

/** What the harness needs to know of the analysis. */
export type Analyse = (text: string, settings: AnalysisSettings) => readonly Finding[];

/** `LOOP101@span [severity] part of the message`, on its line (from 1, within the block). */
export interface Expectation {
  readonly line: number;
  readonly code: string;
  readonly span?: string;
  readonly severity?: Severity;
  readonly message: string;
}

/** `# related: LOOP101 part of the message`: a step of that finding's story is told of this line. */
export interface RelatedExpectation {
  readonly line: number;
  readonly code: string;
  readonly message: string;
}

/** What CPython has to say of a block: the text that its stderr must hold, or `clean`. */
export interface OracleRun {
  readonly shows: string;
  /** `3.12`: the Pythons to ask; empty asks the default one. */
  readonly pythons: readonly string[];
  /** Whether the block with its fixes applied must run clean. */
  readonly fixedRunsClean: boolean;
}

export interface Block {
  /** The heading that it stands under, and its number there. */
  readonly title: string;
  /** The line of the page, from 1, of the block's first line of code. */
  readonly pageLine: number;
  /** The code without the marks. Lines keep their numbers. */
  readonly code: string;
  readonly settings: AnalysisSettings;
  readonly expected: readonly Expectation[];
  readonly related: readonly RelatedExpectation[];
  readonly run?: OracleRun;
  /** The text that the fixes must give, and which fixes: a part of their titles, or '' for each finding's first. */
  readonly after?: { readonly title: string; readonly code: string };
}

/** A mistake in the page itself, not in the analysis. */
export class PageError extends Error {}

const FENCE = /^(`{3,})\s*(\w*)\s*(.*)$/;
const EXPECT = /\s*# expect: (.*)$/;
const RELATED = /\s*# related: (LOOP\d+)\s*(.*)$/;
const ONE_EXPECTATION = /^(LOOP\d+)(?:@(\S+))?(?:\s+\[(error|warning|info|hint)\])?\s*(.*)$/;

/** Reads a page. @throws PageError naming the page's line */
export function parsePage(page: string): Block[] {
  const lines = page.replaceAll('\r\n', '\n').split('\n');
  const blocks: Block[] = [];
  let heading = '';
  let numberUnderHeading = 0;
  let common = '';
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const settingsComment = /^<!-- settings: (.*) -->$/.exec(line);
    if (settingsComment) common = settingsComment[1] ?? '';
    if (/^#+ /.test(line)) {
      heading = line.replace(/^#+ /, '');
      numberUnderHeading = 0;
    }
    const fence = FENCE.exec(line);
    if (!fence) continue;
    const end = lines.indexOf(fence[1] ?? '', at + 1);
    if (end < 0) throw new PageError(`line ${at + 1}: this block has no end`);
    const body = lines.slice(at + 1, end);
    const pageLine = at + 2;
    at = end;
    if (fence[2] !== 'python') continue;
    const words = parseWords(`${common} ${fence[3] ?? ''}`, pageLine - 1);
    const after = words.get('after');
    if (after !== undefined) {
      const before = blocks.pop();
      if (!before || before.after)
        throw new PageError(`line ${pageLine - 1}: an "after" block follows the block that it mends`);
      blocks.push({ ...before, after: { title: after, code: `${body.join('\n')}\n` } });
      continue;
    }
    if (words.has('skip')) continue;
    numberUnderHeading++;
    const title = numberUnderHeading === 1 ? heading : `${heading} (${numberUnderHeading})`;
    blocks.push(readBlock(title, pageLine, body, words));
  }
  return blocks;
}

function readBlock(
  title: string,
  pageLine: number,
  body: readonly string[],
  words: ReadonlyMap<string, string>,
): Block {
  const expected: Expectation[] = [];
  const related: RelatedExpectation[] = [];
  const code = body.map((source, index) => {
    const line = index + 1;
    let rest = source;
    const story = RELATED.exec(rest);
    if (story) {
      rest = rest.slice(0, story.index);
      related.push({ line, code: story[1] ?? '', message: (story[2] ?? '').trim() });
    }
    const mark = EXPECT.exec(rest);
    if (mark) {
      rest = rest.slice(0, mark.index);
      for (const one of (mark[1] ?? '').split(/;\s*(?=LOOP)/))
        expected.push(readExpectation(one, line, pageLine + index));
    }
    return rest;
  });
  const shows = words.get('run');
  return {
    title,
    pageLine,
    code: `${code.join('\n')}\n`,
    settings: settingsOf(words, DEFAULT_SETTINGS),
    expected,
    related,
    ...(shows === undefined
      ? {}
      : {
          run: {
            shows: shows === '' ? 'clean' : shows,
            pythons: words.get('python')?.split(',') ?? [],
            fixedRunsClean: words.get('fixed') !== 'any',
          },
        }),
  };
}

function readExpectation(source: string, line: number, pageLine: number): Expectation {
  const match = ONE_EXPECTATION.exec(source.trim());
  if (!match)
    throw new PageError(`line ${pageLine}: expected "# expect: LOOP101@span [severity] message", found "${source}"`);
  const [, code = '', span, severity, message = ''] = match;
  return {
    line,
    code,
    message,
    ...(span === undefined ? {} : { span }),
    ...(severity === undefined ? {} : { severity: severity as Severity }),
  };
}

/** What differs between a block and the analysis of it, as lines for a person; empty when nothing does. */
export function compareBlock(block: Block, findings: readonly Finding[]): string[] {
  const problems: { line: number; text: string }[] = [];
  const open = findings.map((finding) => ({ finding, line: lineOf(block.code, finding.span.start) }));
  for (const wanted of block.expected) {
    const index = open.findIndex(({ finding, line }) => line === wanted.line && meets(block.code, wanted, finding));
    if (index >= 0) open.splice(index, 1);
    else problems.push({ line: wanted.line, text: `missing     ${describeExpectation(wanted)}` });
  }
  for (const { finding, line } of open) {
    problems.push({ line, text: `unexpected  ${describeFinding(block.code, finding)}` });
  }
  for (const wanted of block.related) {
    const told = findings.some(
      (finding) =>
        finding.code === wanted.code &&
        finding.related.some(
          (step) => lineOf(block.code, step.span.start) === wanted.line && step.message.includes(wanted.message),
        ),
    );
    if (!told)
      problems.push({
        line: wanted.line,
        text: `missing     a related location of ${wanted.code} here: "${wanted.message}"`,
      });
  }
  const lines = block.code.split('\n');
  return problems
    .sort((a, b) => a.line - b.line)
    .map(({ line, text }) => `page line ${block.pageLine + line - 1}: ${text}\n    ${lines[line - 1]?.trim() ?? ''}`);
}

function meets(code: string, wanted: Expectation, finding: Finding): boolean {
  return (
    finding.code === wanted.code &&
    (wanted.severity === undefined || finding.severity === wanted.severity) &&
    (wanted.span === undefined || code.slice(finding.span.start, finding.span.end).startsWith(wanted.span)) &&
    finding.message.includes(wanted.message)
  );
}

function describeExpectation(wanted: Expectation): string {
  const span = wanted.span === undefined ? '' : `@${wanted.span}`;
  const severity = wanted.severity === undefined ? '' : ` [${wanted.severity}]`;
  return `${wanted.code}${span}${severity}${wanted.message === '' ? '' : ` "${wanted.message}"`}`;
}

function describeFinding(code: string, finding: Finding): string {
  const span = code.slice(finding.span.start, finding.span.end).split('\n')[0] ?? '';
  return `${finding.code}@${span} [${finding.severity}] "${finding.message}"`;
}

/** The line, from 1, of an offset. */
export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}
