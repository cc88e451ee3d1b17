/**
 * `[tool.loopscope]` of a pyproject.toml as settings, and every wrong one as an error at its place. Reads text, no file;
 * matches no path (project.ts does).
 */
import type { Severity } from '../../analysis/finding';
import type { AnalysisSettings, TargetVersion } from '../../analysis/settings';
import { DEFAULT_SETTINGS, namesCode } from '../../analysis/settings';
import { isSpecifierList, parseTargetVersion, TARGET_VERSION_FORMS, targetOfRequiresPython } from './requires-python';
import type { TomlRange, TomlTable, TomlValue } from './toml';
import { lookUp, readToml, TomlError } from './toml';

/** What a pyproject.toml says, for all files below it. */
export interface ProjectSettings {
  readonly settings: AnalysisSettings;
  /** Whether it has a table [tool.loopscope]. */
  readonly isOurs: boolean;
  /** Where settings.target comes from. */
  readonly targetFrom?: 'target-version' | 'requires-python';
  /** Patterns as in .gitignore, relative to the file, with the codes that are off in the files that match. */
  readonly perFileIgnores: readonly { readonly pattern: string; readonly codes: readonly string[] }[];
  /** Patterns of files and folders that a walk leaves out. */
  readonly exclude: readonly string[];
  /** The codes that Ruff's own settings in this file select; undefined where it has none. */
  readonly ruffSelects?: readonly string[];
}

export interface SettingError {
  readonly message: string;
  readonly at: TomlRange;
}

export const NO_PROJECT: ProjectSettings = {
  settings: DEFAULT_SETTINGS,
  isOurs: false,
  perFileIgnores: [],
  exclude: [],
};

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info', 'hint'];
/** What the names of a setting may look like, and the words for it. */
interface NameForm {
  readonly pattern: RegExp;
  readonly words: string;
}

const FUNCTION_NAME: NameForm = {
  pattern: /^[^\W\d]\w*(\.[^\W\d]\w*)*$/u,
  words: 'package.module.function',
};
const FUNCTION_OR_MODULE: NameForm = {
  pattern: /^[^\W\d]\w*(\.[^\W\d]\w*)*(\.\*)?$/u,
  words: 'package.module.function, or package.module.* for all functions of a module',
};
/** A class of characters in a pattern, as in `*.py[co]`; a `]` that comes first is one of its characters. */
const CHARACTER_CLASS = /\\.|\[([!^]?\]?(?:\\.|[^\]\\])*)\]/gsu;
const CHARACTER_RANGE = /\\?(.)(?:-\\?(.))?/gsu;

/** Reads a pyproject.toml. Where a setting is wrong, its default holds. */
export function readPyproject(
  text: string,
  knownCodes: ReadonlySet<string>,
): { readonly project: ProjectSettings; readonly errors: readonly SettingError[] } {
  let root: TomlTable;
  try {
    root = readToml(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return { project: NO_PROJECT, errors: [{ message: error.message, at: { start: error.at, end: error.at } }] };
  }
  const requires = lookUp(root, 'project', 'requires-python');
  const target = requires?.kind === 'string' ? targetOfRequiresPython(requires.value) : undefined;
  const ruff = lookUp(root, 'tool', 'ruff');
  const common: ProjectSettings = {
    ...NO_PROJECT,
    settings: { ...DEFAULT_SETTINGS, ...(target ? { target } : {}) },
    ...(target ? { targetFrom: 'requires-python' } : {}),
    ...(ruff?.kind === 'table' ? { ruffSelects: selectedByRuff(ruff) } : {}),
  };
  const table = lookUp(root, 'tool', 'loopscope');
  if (table === undefined) return { project: common, errors: [] };
  const reader = new Reader(knownCodes);
  const project = reader.read(table, { ...common, isOurs: true });
  if (requires?.kind === 'string' && project.targetFrom !== 'target-version' && !isSpecifierList(requires.value)) {
    reader.errors.push({
      message: `"requires-python" has to be version specifiers, such as ">=3.10,<3.14": "${requires.value}" is not, so all Pythons are reckoned with.`,
      at: requires.at,
    });
  }
  return { project, errors: reader.errors };
}

/** What Ruff's table of settings selects beyond Ruff's own default. */
export function selectedByRuff(ruff: TomlTable): string[] {
  const lists = [['select'], ['extend-select'], ['lint', 'select'], ['lint', 'extend-select']];
  return lists.flatMap((keys) => {
    const list = lookUp(ruff, ...keys);
    return list?.kind === 'array' ? list.items.flatMap((item) => (item.kind === 'string' ? [item.value] : [])) : [];
  });
}

class Reader {
  readonly errors: SettingError[] = [];

  constructor(private readonly knownCodes: ReadonlySet<string>) {}

  read(table: TomlValue, base: ProjectSettings): ProjectSettings {
    if (table.kind !== 'table') {
      this.wrong(table, '[tool.loopscope] has to be a table.');
      return base;
    }
    let { settings, perFileIgnores, exclude, targetFrom } = base;
    for (const [key, { value, keyAt }] of table.entries) {
      switch (key) {
        case 'select':
          settings = { ...settings, select: this.codes(key, value) ?? settings.select };
          break;
        case 'ignore':
          settings = { ...settings, ignore: this.codes(key, value) ?? settings.ignore };
          break;
        case 'per-file-ignores':
          perFileIgnores = this.perFileIgnores(value);
          break;
        case 'target-version': {
          const target = this.target(value);
          if (target) {
            settings = { ...settings, target };
            targetFrom = 'target-version';
          }
          break;
        }
        case 'severity':
          settings = { ...settings, severity: this.severity(value) };
          break;
        case 'blocking-calls':
          settings = { ...settings, blockingCalls: this.names(key, value, FUNCTION_OR_MODULE) };
          break;
        case 'loop-factories':
          settings = { ...settings, loopFactories: this.names(key, value, FUNCTION_NAME) };
          break;
        case 'cleanup-functions':
          settings = { ...settings, cleanupFunctions: this.names(key, value, FUNCTION_NAME) };
          break;
        case 'exclude':
          exclude = (this.strings(key, value) ?? []).flatMap((item) => this.pattern(item.value, item.at));
          break;
        default:
          this.errors.push({ message: `There is no setting "${key}". ${nearest(key)}`, at: keyAt });
      }
    }
    return { ...base, settings, perFileIgnores, exclude, ...(targetFrom ? { targetFrom } : {}) };
  }

  private wrong(value: TomlValue, message: string): void {
    this.errors.push({ message, at: value.at });
  }

  private strings(key: string, value: TomlValue): { value: string; at: TomlRange }[] | undefined {
    if (value.kind !== 'array') {
      this.wrong(value, `"${key}" has to be a list of strings.`);
      return undefined;
    }
    const strings: { value: string; at: TomlRange }[] = [];
    for (const item of value.items) {
      if (item.kind === 'string') strings.push({ value: item.value, at: item.at });
      else this.wrong(item, `"${key}" has to be a list of strings.`);
    }
    return strings;
  }

  private codes(key: string, value: TomlValue): string[] | undefined {
    return this.strings(key, value)?.flatMap((item) => (this.isCode(item.value, item.at) ? [item.value] : []));
  }

  private isCode(code: string, at: TomlRange): boolean {
    const problem = problemOfSelector(code, this.knownCodes);
    if (problem === undefined) return true;
    this.errors.push({ message: problem, at });
    return false;
  }

  private perFileIgnores(value: TomlValue): { pattern: string; codes: string[] }[] {
    if (value.kind !== 'table') {
      this.wrong(value, '"per-file-ignores" has to be a table of patterns, each with a list of codes.');
      return [];
    }
    return [...value.entries].flatMap(([written, entry]) =>
      this.pattern(written, entry.keyAt).map((pattern) => ({ pattern, codes: this.codes(pattern, entry.value) ?? [] })),
    );
  }

  /** A pattern as in .gitignore, or none where it could match nothing. */
  private pattern(pattern: string, at: TomlRange): string[] {
    const problem = problemOfPattern(pattern);
    if (problem === undefined) return [pattern];
    this.errors.push({ message: `"${pattern}" matches no file: ${problem}`, at });
    return [];
  }

  private target(value: TomlValue): TargetVersion | undefined {
    const target = value.kind === 'string' ? parseTargetVersion(value.value) : undefined;
    if (!target) this.wrong(value, `"target-version" has to be ${TARGET_VERSION_FORMS}.`);
    return target;
  }

  private severity(value: TomlValue): Record<string, Severity> {
    const severities: Record<string, Severity> = {};
    if (value.kind !== 'table') {
      this.wrong(value, '"severity" has to be a table of codes, each with a severity.');
      return severities;
    }
    for (const [code, entry] of value.entries) {
      if (!this.isCode(code, entry.keyAt)) continue;
      const severity = SEVERITIES.find((each) => entry.value.kind === 'string' && entry.value.value === each);
      if (severity) severities[code] = severity;
      else
        this.wrong(
          entry.value,
          `The severity of ${code} has to be one of ${SEVERITIES.map((each) => `"${each}"`).join(', ')}.`,
        );
    }
    return severities;
  }

  private names(key: string, value: TomlValue, form: NameForm): string[] {
    return (this.strings(key, value) ?? []).flatMap((item) => {
      if (form.pattern.test(item.value)) return [item.value];
      this.errors.push({
        message: `"${item.value}" in "${key}" is no qualified name, such as ${form.words}.`,
        at: item.at,
      });
      return [];
    });
  }
}

/** Why a pattern as in .gitignore can match nothing; undefined where it can match. */
function problemOfPattern(pattern: string): string | undefined {
  if (pattern.trim() === '') return 'it is empty. Leave it out.';
  if (pattern.startsWith('#')) return 'it begins with #, as a comment does. Write \\# for a name that begins so.';
  for (const [, characters] of pattern.matchAll(CHARACTER_CLASS)) {
    for (const [range, low, high] of (characters ?? '').replace(/^[!^]/, '').matchAll(CHARACTER_RANGE)) {
      if (low !== undefined && high !== undefined && low > high) return `the range ${range} is out of order.`;
    }
  }
  return undefined;
}

/** What is wrong with a code or a prefix of codes that a person wrote; undefined when nothing is. */
export function problemOfSelector(selector: string, knownCodes: ReadonlySet<string>): string | undefined {
  if ([...knownCodes].some((code) => namesCode(selector, code)))
    return selector === '' ? 'A code can not be empty.' : undefined;
  return `There is no rule "${selector}". Codes are LOOP101 and so on; a prefix such as LOOP1 names all that begin with it.`;
}

const KEYS = [
  'select',
  'ignore',
  'per-file-ignores',
  'target-version',
  'severity',
  'blocking-calls',
  'loop-factories',
  'cleanup-functions',
  'exclude',
];

/** A hint at what was meant: the setting that shares the most letters in order, or all of them. */
function nearest(key: string): string {
  const plain = key.toLowerCase().replaceAll('_', '-');
  const similar = KEYS.find(
    (each) => each === plain || each.startsWith(plain) || plain.startsWith(each) || distance(each, plain) <= 2,
  );
  return similar === undefined ? `The settings are ${KEYS.join(', ')}.` : `Did you mean "${similar}"?`;
}

/** How many letters have to be changed, put in or left out to come from one word to the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
