/**
 * Whether the bytes of a file can hold anything that a rule is about. Most files of a tree can not: they are neither
 * decoded nor parsed. Says too much rather than too little.
 */
import type { AnalysisSettings } from '../../analysis/settings';

/** ASCII in every encoding that Python reads source in. `LOOP` is for suppression comments. */
const WORDS = ['asyncio', 'async ', 'await ', 'uvloop', 'LOOP'].map((word) => Buffer.from(word, 'latin1'));

const bySettings = new WeakMap<AnalysisSettings, readonly Buffer[]>();

export function mayConcern(bytes: Buffer, settings: AnalysisSettings): boolean {
  return wordsOf(settings).some((word) => bytes.includes(word));
}

function wordsOf(settings: AnalysisSettings): readonly Buffer[] {
  let words = bySettings.get(settings);
  if (!words) {
    // A loop factory is the only configured name that makes findings in a file without a word of asyncio.
    const names = settings.loopFactories.map((name) => name.replace(/\.\*$/, '').split('.').at(-1) ?? name);
    words = [...WORDS, ...names.map((name) => Buffer.from(name))];
    bySettings.set(settings, words);
  }
  return words;
}
