/**
 * The settings of an analysis: plain data (it crosses worker threads) and the questions that the engine asks of it.
 * Does not read pyproject.toml and matches no path: src/server/config resolves both into one AnalysisSettings per file.
 */
import type { Severity } from './finding';

/** N of Python 3.N. */
export type PythonMinor = number;

/** The oldest and the newest CPython whose grammar and asyncio the analysis knows. */
export const OLDEST_PYTHON: PythonMinor = 8;
export const NEWEST_PYTHON: PythonMinor = 15;

/** The Pythons that the program has to run on, both ends included. One version alone has both ends equal. */
export interface TargetVersion {
  readonly lowest: PythonMinor;
  readonly highest: PythonMinor;
}

export interface AnalysisSettings {
  readonly target: TargetVersion;
  /** Codes or prefixes of codes (`LOOP`, `LOOP1`, `LOOP101`) that are on. */
  readonly select: readonly string[];
  /** Codes or prefixes that are off. Where select and ignore both name a code, the longer prefix wins; a tie is off. */
  readonly ignore: readonly string[];
  /** Codes or prefixes that are off for this file, whatever select says (per-file-ignores, the editor's switches). */
  readonly off: readonly string[];
  /** By code or prefix, the longest one wins: the severity instead of the rule's own. */
  readonly severity: Readonly<Record<string, Severity>>;
  /** Qualified names of functions that block the thread (`package.module.function`, `package.*` for all of a package). */
  readonly blockingCalls: readonly string[];
  /** Qualified names of functions that return a new loop which the caller has to close. */
  readonly loopFactories: readonly string[];
  /** Qualified names of functions that close the loop that they are given. */
  readonly cleanupFunctions: readonly string[];
  /** The text is the Python cells of a notebook: its top level runs inside a running loop and may await. */
  readonly notebook: boolean;
}

export const DEFAULT_SETTINGS: AnalysisSettings = {
  target: { lowest: 10, highest: NEWEST_PYTHON },
  select: ['LOOP'],
  ignore: [],
  off: [],
  severity: {},
  blockingCalls: [],
  loopFactories: [],
  cleanupFunctions: [],
  notebook: false,
};

/** Whether a code or a prefix of codes names this code. `ALL` names every code. */
export function namesCode(selector: string, code: string): boolean {
  return selector === 'ALL' || code.startsWith(selector);
}

/** The length of the longest selector that names the code; 0 for `ALL`, -1 when none names it. */
function bestMatch(selectors: readonly string[], code: string): number {
  let best = -1;
  for (const selector of selectors) {
    if (namesCode(selector, code)) best = Math.max(best, selector === 'ALL' ? 0 : selector.length);
  }
  return best;
}

/** Whether the rule of this code is on. */
export function isEnabled(settings: AnalysisSettings, code: string): boolean {
  if (settings.off.some((selector) => namesCode(selector, code))) return false;
  return bestMatch(settings.select, code) > bestMatch(settings.ignore, code);
}

/** The severity that a finding of this code has: the settings' if they name the code, else the one that the rule gives. */
export function severityOf(settings: AnalysisSettings, code: string, byRule: Severity): Severity {
  let severity = byRule;
  let best = -1;
  for (const [selector, value] of Object.entries(settings.severity)) {
    if (namesCode(selector, code) && selector.length > best) {
      best = selector.length;
      severity = value;
    }
  }
  return severity;
}
