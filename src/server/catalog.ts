/**
 * The rules as the two faces of the analysis show them: codes, one line each, the page that explains each.
 */
import type { Severity } from '../analysis/finding';
import { KNOWN_CODES, RULES as ALL } from '../analysis/rules/registry';
import { UNUSED_SUPPRESSION } from '../analysis/suppression';

export { KNOWN_CODES };

/** A rule, for a list or a report. */
export interface RuleEntry {
  readonly code: string;
  /** Names the bad pattern: `loop-never-closed`. */
  readonly name: string;
  /** One line: what it flags. */
  readonly summary: string;
  /** Its severity where neither the code that it is about nor a setting says otherwise. */
  readonly severity: Severity;
}

/** The check of suppression comments belongs to no rule file. */
const SUPPRESSION: RuleEntry = {
  code: UNUSED_SUPPRESSION,
  name: 'unused-suppression',
  summary: 'A suppression that suppresses nothing.',
  severity: 'info',
};

const NAMED: readonly RuleEntry[] = ALL.map(({ code, name, summary, severity }) => ({ code, name, summary, severity }));

export const RULES: readonly RuleEntry[] = NAMED.some(({ code }) => code === UNUSED_SUPPRESSION)
  ? NAMED
  : [...NAMED, SUPPRESSION];

const PAGES = 'https://github.com/loopscope/loopscope/blob/main/docs/rules';

/** The page that explains a rule. */
export function pageOf(code: string): string {
  return `${PAGES}/${code}.md`;
}
