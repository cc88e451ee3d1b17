/** The words behind ```` ```python ```` in a page of test/rules: `key`, `key=value` or `key="a value"`; some are settings. */
import type { Severity } from '../../../src/analysis/finding';
import type { AnalysisSettings, TargetVersion } from '../../../src/analysis/settings';

const WORD = /([a-z-]+)(?:=(?:"([^"]*)"|(\S+)))?(?:\s+|$)/y;

const KNOWN = new Set([
  ...['target', 'select', 'ignore', 'severity', 'blocking-calls', 'loop-factories', 'cleanup-functions', 'notebook'],
  ...['run', 'python', 'fixed', 'after', 'skip'],
]);

/** Reads the words of an info string; a later word overrides an earlier one. @throws Error on a word that means nothing */
export function parseWords(info: string, pageLine: number): Map<string, string> {
  const words = new Map<string, string>();
  const source = info.trim();
  WORD.lastIndex = 0;
  while (WORD.lastIndex < source.length) {
    const from = WORD.lastIndex;
    const match = WORD.exec(source);
    if (!match || !KNOWN.has(match[1] ?? '')) {
      throw new Error(`line ${pageLine}: "${source.slice(from)}" is none of ${[...KNOWN].join(', ')}`);
    }
    words.set(match[1] ?? '', match[2] ?? match[3] ?? '');
  }
  return words;
}

/** The settings that the words name, over those given. */
export function settingsOf(words: ReadonlyMap<string, string>, base: AnalysisSettings): AnalysisSettings {
  const list = (key: string, otherwise: readonly string[]): readonly string[] =>
    words.get(key)?.split(',').filter(Boolean) ?? otherwise;
  const target = words.get('target');
  const severity = list('severity', []).map((pair) => pair.split(':') as [string, Severity]);
  return {
    ...base,
    ...(target === undefined ? {} : { target: readTarget(target) }),
    select: list('select', base.select),
    ignore: list('ignore', base.ignore),
    severity: severity.length > 0 ? Object.fromEntries(severity) : base.severity,
    blockingCalls: list('blocking-calls', base.blockingCalls),
    loopFactories: list('loop-factories', base.loopFactories),
    cleanupFunctions: list('cleanup-functions', base.cleanupFunctions),
    notebook: words.has('notebook'),
  };
}

/** `3.12`, or `3.9-3.14`. */
function readTarget(source: string): TargetVersion {
  const [lowest, highest] = source.split('-').map((version) => {
    const minor = Number(/^3\.(\d+)$/.exec(version)?.[1]);
    if (Number.isNaN(minor)) throw new Error(`"${source}" is not a target such as 3.12 or 3.9-3.14`);
    return minor;
  });
  return { lowest: lowest ?? 0, highest: highest ?? lowest ?? 0 };
}
