/** Tells from the text alone that a file can have no finding, so that most files of a tree are never parsed. */
import type { AnalysisSettings } from './settings';

/** A file without any of these has no loop, no coroutine and no suppression of ours. */
const WORDS = /asyncio|async[ \t]+(?:def|with|for)|await[ \t(]|uvloop|winloop|LOOP\d|loopscope/;

/** Whether a text must be looked at. */
export function mayHaveFindings(text: string, settings: AnalysisSettings): boolean {
  if (WORDS.test(text)) return true;
  return [...settings.loopFactories, ...settings.blockingCalls, ...settings.cleanupFunctions].some((name) =>
    text.includes(name.slice(0, name.indexOf('.') < 0 ? undefined : name.indexOf('.'))),
  );
}
