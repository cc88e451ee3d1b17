/**
 * Whether the bytes of a file can hold anything that a rule is about. Most files of a tree can not: they are neither
 * decoded nor parsed. Says too much rather than too little.
 */
import type { AnalysisSettings } from '../../analysis/settings';

/**
 * What src/analysis/prefilter.ts asks of a text, less exactly: every text that it lets through holds one of these. ASCII,
 * and so the same bytes in every encoding that Python reads source in.
 */
const WORDS = ['async', 'await', 'uvloop', 'winloop', 'LOOP', 'loopscope'].map((word) => Buffer.from(word, 'latin1'));

const bySettings = new WeakMap<AnalysisSettings, readonly Buffer[]>();

export function mayConcern(bytes: Buffer, settings: AnalysisSettings): boolean {
  return wordsOf(settings).some((word) => bytes.includes(word));
}

function wordsOf(settings: AnalysisSettings): readonly Buffer[] {
  let words = bySettings.get(settings);
  if (!words) {
    const configured = [...settings.loopFactories, ...settings.blockingCalls, ...settings.cleanupFunctions];
    words = [...WORDS, ...configured.map((name) => Buffer.from(name.split('.')[0] ?? name))];
    bySettings.set(settings, words);
  }
  return words;
}
