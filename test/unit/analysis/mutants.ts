/**
 * Mutants of working programs, and what CPython and the linter say of each: removes or moves clean-up (oracle/mutate.py),
 * runs the result under `python -X dev`, and asks whether the analysis finds what CPython shows. Asserts nothing.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_SETTINGS } from '../../../src/analysis/settings';
import type { Analyse } from './markdown';
import { blocksOf, pageNames } from './pages';

/** A program with one piece of its clean-up removed or moved; `how` is empty for the program itself. */
export interface Mutant {
  readonly name: string;
  readonly how: string;
  /** Of the clean-up, in the program as it was. */
  readonly line: number;
  readonly text: string;
}

/** What CPython shows of a leak or an error, and the rules that tell of it beforehand. */
const SYMPTOMS: readonly (readonly [RegExp, RegExp])[] = [
  [/unclosed event loop/, /^LOOP(101|102|103|105|107|109|606)$/],
  [/Event loop is closed/, /^LOOP(105|106)$/],
  [/Cannot close a running event loop/, /^LOOP105$/],
  [/Event loop stopped before Future completed/, /^LOOP(104|113)$/],
  [/Task was destroyed but it is pending/, /^LOOP(101|102|105|106|112|402)$/],
  [/This event loop is already running|Cannot run the event loop while/, /^LOOP30[12]$/],
  [/was never awaited/, /^LOOP(105|106|301|302|401)$/],
  [/cannot schedule new futures after shutdown|Executor shutdown has been called/, /^LOOP(106|601)$/],
  [/unclosed transport/, /^LOOP(602|603|604|605)$/],
  [/Unclosed client session/, /^LOOP604$/],
  [/subprocess \d+ is still running/, /^LOOP605$/],
];
/** The change broke the program otherwise: no verdict on its clean-up. */
const BROKEN = /NameError|UnboundLocalError|AttributeError|SyntaxError/;

export interface Verdict {
  readonly mutant: Mutant;
  /** The patterns of what CPython shows; empty where it shows no leak and no error of a loop's life. */
  readonly symptoms: readonly string[];
  /** Codes of findings that the program had not before, or had in other words. */
  readonly codes: readonly string[];
  readonly isFound: boolean;
}

/** The programs: test/mutants/programs, and the blocks of the rule pages that run clean on any Python. */
export function workingPrograms(): [name: string, text: string][] {
  const folder = join('test', 'mutants', 'programs');
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.py'))
    .sort()
    .map((name): [string, string] => [name, readFileSync(join(folder, name), 'utf8')]);
  const pages = pageNames().flatMap((name) =>
    blocksOf(name)
      .filter(({ run }) => run?.shows === 'clean' && run.pythons.length === 0)
      .map((block): [string, string] => [`${name} ${block.title}`, block.code]),
  );
  return [...files, ...pages];
}

/** Every mutant of the programs, each preceded by the program itself. @throws Error where one is no Python */
export function mutantsOf(programs: readonly (readonly [string, string])[], python: string): Mutant[] {
  const done = spawnSync(python, [join('test', 'unit', 'analysis', 'oracle', 'mutate.py')], {
    input: JSON.stringify(programs),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (done.status !== 0) throw new Error(done.stderr);
  return JSON.parse(done.stdout) as Mutant[];
}

/**
 * Runs mutants and analyses them. A mutant that does not end has no symptom.
 * @param before for each program by name what the analysis says of it (`saidOf`)
 */
export function verdictsOn(
  mutants: readonly Mutant[],
  before: ReadonlyMap<string, readonly string[]>,
  python: string,
  analyse: Analyse,
): Verdict[] {
  const shown = runMany(
    mutants.map(({ text }) => text),
    python,
  );
  return mutants.map((mutant, index) => {
    const text = shown[index] ?? '';
    const seen = BROKEN.test(text) ? [] : SYMPTOMS.filter(([symptom]) => symptom.test(text));
    const codes = newCodes(saidOf(mutant.text, analyse), before.get(mutant.name) ?? []);
    const isFound = seen.some(([, rules]) => codes.some((code) => rules.test(code)));
    return { mutant, symptoms: seen.map(([symptom]) => symptom.source), codes, isFound };
  });
}

/** What programs write to stderr under `python -X dev`; null for one that does not end. @throws Error where none ran */
export function runMany(texts: readonly string[], python: string): (string | null)[] {
  const script = join('test', 'unit', 'analysis', 'oracle', 'run_many.py');
  const done = spawnSync(python, ['-X', 'dev', '-W', 'always', script], {
    input: JSON.stringify(texts),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (done.status !== 0) throw new Error(done.stderr);
  return JSON.parse(done.stdout) as (string | null)[];
}

/** All findings of a text, `CODE message`, as often as they come. */
export function saidOf(text: string, analyse: Analyse): string[] {
  return analyse(text, DEFAULT_SETTINGS).map(({ code, message }) => `${code} ${message}`);
}

function newCodes(after: readonly string[], before: readonly string[]): string[] {
  const left = [...before];
  return after.flatMap((said) => {
    const at = left.indexOf(said);
    if (at >= 0) left.splice(at, 1);
    return at < 0 ? [said.slice(0, said.indexOf(' '))] : [];
  });
}
