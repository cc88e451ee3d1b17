/** Applies fixes to a text, as the editor and `--fix` do, for tests: alone, or one after the other until none is left. */
import type { Finding, Fix } from '../../../src/analysis/finding';
import type { AnalysisSettings } from '../../../src/analysis/settings';
import type { Analyse } from './markdown';

/** The text after one fix. @throws Error where its edits overlap or leave the text */
export function applyFix(text: string, fix: Fix): string {
  let result = text;
  let limit = text.length;
  for (const { span, newText } of [...fix.edits].sort(
    (a, b) => b.span.start - a.span.start || b.span.end - a.span.end,
  )) {
    if (span.start > span.end || span.end > limit)
      throw new Error(`"${fix.title}": its edits overlap at ${span.start}`);
    result = result.slice(0, span.start) + newText + result.slice(span.end);
    limit = span.start;
  }
  return result;
}

/**
 * Chooses one fix of the first finding that has a wanted one, applies it, analyses again, until nothing is left to do.
 * @throws Error where that does not come to an end
 */
export function applyAll(
  text: string,
  settings: AnalysisSettings,
  analyse: Analyse,
  choose: (finding: Finding) => Fix | undefined,
): string {
  let result = text;
  for (let round = 0; round < 50; round++) {
    const fix = analyse(result, settings)
      .map(choose)
      .find((one) => one !== undefined);
    if (!fix) return result;
    result = applyFix(result, fix);
  }
  throw new Error('the fixes do not come to an end: each one leaves a finding that has another');
}

/** What is wrong with the fixes of a block's findings: each alone must take its finding away and bring no graver one. */
export function checkFixes(
  text: string,
  settings: AnalysisSettings,
  analyse: Analyse,
): { problems: string[]; fixed: string[] } {
  const problems: string[] = [];
  const fixed: string[] = [];
  const before = analyse(text, settings);
  for (const finding of before) {
    const titles = finding.fixes.map((fix) => fix.title);
    if (new Set(titles).size !== titles.length)
      problems.push(`${finding.code} has two fixes of one title: ${titles.join(' | ')}`);
    for (const fix of finding.fixes) {
      const after = applyFix(text, fix);
      fixed.push(after);
      if (after === text) problems.push(`${finding.code} "${fix.title}" changes nothing`);
      const left = analyse(after, settings);
      const count = (list: readonly Finding[]): number => list.filter((one) => one.code === finding.code).length;
      if (count(left) >= count(before))
        problems.push(`${finding.code} "${fix.title}" does not take the finding away:\n${after}`);
      const isNew = (one: Finding): boolean => !before.some((old) => old.code === one.code);
      for (const one of left.filter(
        (each) => isNew(each) && (each.severity === 'error' || each.severity === 'warning'),
      )) {
        problems.push(`${finding.code} "${fix.title}" brings ${one.code} "${one.message}":\n${after}`);
      }
    }
  }
  return { problems, fixed };
}
