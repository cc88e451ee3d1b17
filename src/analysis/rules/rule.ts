/**
 * The shape of a rule: one file that holds what it flags, why, a bad and a good example, how it is mended, and its check.
 * A rule declares the facts that it wants and gets no others. Decides nothing about severities that settings change,
 * suppression or order: the engine does.
 */
import type { Facts } from '../facts';
import type { Fix, Related, Severity, Span } from '../finding';

/** A rule of another tool that looks at something near. */
export interface RelatedRule {
  readonly tool: string;
  readonly rule: string;
}

/** The page of a rule, from which docs/rules/CODE.md is made. Markdown without headings; code without fences. */
export interface RuleDoc {
  readonly what: string;
  readonly why: string;
  readonly bad: string;
  readonly good: string;
  /** What Python says at run time, as it prints it; empty where it says nothing. */
  readonly message: string;
  /** How to mend it, and what the quick fixes do. */
  readonly fix: string;
  /** Which versions of Python behave how. */
  readonly versions: string;
  readonly related: readonly RelatedRule[];
}

/** What a rule reports. */
export interface Report {
  readonly span: Span;
  readonly message: string;
  /** Instead of the rule's own. */
  readonly severity?: Severity;
  /** Steps of the story in the order in which they are told. */
  readonly related?: readonly Related[];
  readonly fixes?: readonly Fix[];
  readonly tags?: readonly ('unnecessary' | 'deprecated')[];
  /**
   * Names the defect, where another rule may report the same one in other words (the node of a loop's creation, of a
   * call): of the reports of one defect only the one of the rule that comes first in PRECEDENCE is kept.
   */
  readonly defect?: number;
}

export type Reporter = (report: Report) => void;

export interface Rule {
  readonly code: string;
  /** Names the bad pattern: `loop-never-closed`. */
  readonly name: string;
  readonly severity: Severity;
  /** One line for lists: what it flags. */
  readonly summary: string;
  readonly doc: RuleDoc;
  check(facts: Facts, report: Reporter): void;
}

/** A rule whose check sees only the facts that it declares. */
export function defineRule<Wanted extends keyof Facts>(
  rule: Omit<Rule, 'check'> & {
    readonly facts: readonly Wanted[];
    check(facts: Pick<Facts, Wanted>, report: Reporter): void;
  },
): Rule & { readonly facts: readonly Wanted[] } {
  return rule;
}
