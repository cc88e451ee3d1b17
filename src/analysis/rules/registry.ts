/** Every rule, in the order of their codes, and which of two says what when both see one defect. Nothing else. */
import type { Rule } from './rule';
import { rule as LOOP101 } from './LOOP101';
import { rule as LOOP102 } from './LOOP102';

export const RULES: readonly Rule[] = [LOOP101, LOOP102];

/** Of two findings of one defect the one whose code stands further left is kept. */
export const PRECEDENCE: readonly (readonly string[])[] = [
  ['LOOP101', 'LOOP102', 'LOOP103', 'LOOP109'],
  ['LOOP302', 'LOOP301', 'LOOP303', 'LOOP501'],
  ['LOOP502', 'LOOP503'],
];

/** The code of the rule whose check is the suppression comments' own (suppression.ts). */
export const KNOWN_CODES: ReadonlySet<string> = new Set([...RULES.map(({ code }) => code), 'LOOP900']);
