/**
 * Which Pythons a project runs on: reads `requires-python` (PEP 440 specifiers) and our own `target-version`.
 * Knows minor versions only: a specifier that some patch release of 3.N meets admits 3.N.
 */
import type { TargetVersion } from '../../analysis/settings';
import { NEWEST_PYTHON, OLDEST_PYTHON } from '../../analysis/settings';

const SPECIFIER = /^(~=|===?|!=|<=?|>=?)\s*v?(\d+(?:\.\d+)*)(\.\*)?(?:[-_.]?(?:a|b|rc|alpha|beta|post|dev).*)?$/i;
/** Enough to stand for every patch release that there is. */
const PATCHES = 40;

type Version = readonly number[];

function compare(a: Version, b: Version): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function startsWith(version: Version, prefix: Version): boolean {
  return prefix.every((part, at) => (version[at] ?? 0) === part);
}

/** One specifier as a test of a version, or undefined where it is none. */
function testOf(specifier: string): ((version: Version) => boolean) | undefined {
  const match = SPECIFIER.exec(specifier.trim());
  if (!match) return undefined;
  const wanted = (match[2] ?? '').split('.').map(Number);
  const wildcard = match[3] !== undefined;
  switch (match[1]) {
    case '==':
    case '===':
      return wildcard ? (version) => startsWith(version, wanted) : (version) => compare(version, wanted) === 0;
    case '!=':
      return wildcard ? (version) => !startsWith(version, wanted) : (version) => compare(version, wanted) !== 0;
    case '>=':
      return (version) => compare(version, wanted) >= 0;
    case '<=':
      return (version) => compare(version, wanted) <= 0;
    case '>':
      return (version) => compare(version, wanted) > 0;
    case '<':
      return (version) => compare(version, wanted) < 0;
    case '~=':
      return (version) => compare(version, wanted) >= 0 && startsWith(version, wanted.slice(0, -1));
    default:
      return undefined;
  }
}

/** The tests of a set of specifiers; undefined for a part that is none. */
function testsOf(source: string): ReturnType<typeof testOf>[] {
  return source
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(testOf);
}

/** Whether `requires-python` is what packaging calls a set of specifiers, whichever Pythons they admit. */
export function isSpecifierList(source: string): boolean {
  return testsOf(source).every((test) => test !== undefined);
}

/**
 * The Pythons that `requires-python` admits, within those that the analysis knows; undefined where it admits none of
 * them or is no list of specifiers.
 */
export function targetOfRequiresPython(source: string): TargetVersion | undefined {
  const tests = testsOf(source);
  const isAdmitted = (version: Version): boolean => tests.every((test) => test?.(version) ?? false);
  const admitted: number[] = [];
  for (let minor = OLDEST_PYTHON; minor <= NEWEST_PYTHON; minor++) {
    for (let patch = 0; patch < PATCHES; patch++) {
      if (!isAdmitted([3, minor, patch])) continue;
      admitted.push(minor);
      break;
    }
  }
  const lowest = admitted[0];
  const highest = admitted.at(-1);
  return lowest === undefined || highest === undefined ? undefined : { lowest, highest };
}

/** What `target-version` may be. */
export const TARGET_VERSION_FORMS = `"3.12", "py312", "3.10+" or "3.10-3.14", from 3.${OLDEST_PYTHON} to 3.${NEWEST_PYTHON}`;

/** Reads `target-version` and `--target-version`; undefined where it has none of the forms. */
export function parseTargetVersion(source: string): TargetVersion | undefined {
  const match = /^(?:py3|3\.)(\d{1,2})(\+|-(?:py3|3\.)(\d{1,2}))?$/.exec(source.trim());
  if (!match) return undefined;
  const lowest = Number(match[1]);
  const highest = match[2] === undefined ? lowest : match[2] === '+' ? NEWEST_PYTHON : Number(match[3]);
  const isKnown = lowest >= OLDEST_PYTHON && lowest <= highest && highest <= NEWEST_PYTHON;
  return isKnown ? { lowest, highest } : undefined;
}
