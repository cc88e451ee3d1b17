/**
 * The rules as the two faces of the analysis show them: codes, one line each, the page that explains each.
 */

/** A rule, for a list or a report. */
export interface RuleEntry {
  readonly code: string;
  /** One line: what it flags. */
  readonly summary: string;
}

export const RULES: readonly RuleEntry[] = [];

/** Every code that a rule has. */
export const KNOWN_CODES: ReadonlySet<string> = new Set(RULES.map((rule) => rule.code));

const PAGES = 'https://github.com/loopscope/loopscope/blob/main/docs/rules';

/** The page that explains a rule. */
export function pageOf(code: string): string {
  return `${PAGES}/${code}.md`;
}
