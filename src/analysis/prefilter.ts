/** Tells from the text alone that a file can have no finding, so that most files of a tree are never parsed. */
import { codeOf } from './code';
import type { AnalysisSettings } from './settings';

/** A file without any of these has no loop, no coroutine and no suppression of ours. */
const WORDS = /asyncio|async[ \t]+(?:def|with|for)|await[ \t(]|uvloop|winloop|LOOP\d|loopscope/;

/** Of those, what only a comment says. */
const COMMENTED = /LOOP\d|loopscope/;

/** Whether a text must be looked at; quick. */
export function mayHaveFindings(text: string, settings: AnalysisSettings): boolean {
  if (WORDS.test(text)) return true;
  return [...settings.loopFactories, ...settings.blockingCalls, ...settings.cleanupFunctions].some((name) =>
    text.includes(name.slice(0, name.indexOf('.') < 0 ? undefined : name.indexOf('.'))),
  );
}

/** Whether a text must be looked at, where words in its comments and strings do not count: slower, and still far from parsing. */
export function codeMayHaveFindings(text: string, settings: AnalysisSettings): boolean {
  if (!mayHaveFindings(text, settings)) return false;
  if (COMMENTED.test(text)) return true;
  const code = codeOf(text);
  return code === undefined || mayHaveFindings(code, settings);
}
