/** Every rule, in the order of their codes, and which of two says what when both see one defect. Nothing else. */
import type { Rule } from './rule';
import { rule as LOOP101 } from './LOOP101';
import { rule as LOOP102 } from './LOOP102';
import { rule as LOOP103 } from './LOOP103';
import { rule as LOOP104 } from './LOOP104';
import { rule as LOOP105 } from './LOOP105';
import { rule as LOOP106 } from './LOOP106';
import { rule as LOOP107 } from './LOOP107';
import { rule as LOOP108 } from './LOOP108';
import { rule as LOOP109 } from './LOOP109';
import { rule as LOOP110 } from './LOOP110';
import { rule as LOOP111 } from './LOOP111';
import { rule as LOOP112 } from './LOOP112';
import { rule as LOOP113 } from './LOOP113';
import { rule as LOOP201 } from './LOOP201';
import { rule as LOOP202 } from './LOOP202';
import { rule as LOOP203 } from './LOOP203';
import { rule as LOOP204 } from './LOOP204';
import { rule as LOOP301 } from './LOOP301';
import { rule as LOOP302 } from './LOOP302';
import { rule as LOOP303 } from './LOOP303';
import { rule as LOOP401 } from './LOOP401';
import { rule as LOOP402 } from './LOOP402';
import { rule as LOOP403 } from './LOOP403';
import { rule as LOOP404 } from './LOOP404';
import { rule as LOOP501 } from './LOOP501';
import { rule as LOOP502 } from './LOOP502';
import { rule as LOOP503 } from './LOOP503';
import { rule as LOOP601 } from './LOOP601';
import { rule as LOOP602 } from './LOOP602';
import { rule as LOOP603 } from './LOOP603';
import { rule as LOOP604 } from './LOOP604';
import { rule as LOOP605 } from './LOOP605';
import { rule as LOOP606 } from './LOOP606';
import { rule as LOOP701 } from './LOOP701';
import { rule as LOOP900 } from './LOOP900';

export const RULES: readonly Rule[] = [
  LOOP101,
  LOOP102,
  LOOP103,
  LOOP104,
  LOOP105,
  LOOP106,
  LOOP107,
  LOOP108,
  LOOP109,
  LOOP110,
  LOOP111,
  LOOP112,
  LOOP113,
  LOOP201,
  LOOP202,
  LOOP203,
  LOOP204,
  LOOP301,
  LOOP302,
  LOOP303,
  LOOP401,
  LOOP402,
  LOOP403,
  LOOP404,
  LOOP501,
  LOOP502,
  LOOP503,
  LOOP601,
  LOOP602,
  LOOP603,
  LOOP604,
  LOOP605,
  LOOP606,
  LOOP701,
  LOOP900,
];

/** Of two findings of one defect the one whose code stands further left is kept. */
export const PRECEDENCE: readonly (readonly string[])[] = [
  ['LOOP107', 'LOOP101', 'LOOP102', 'LOOP103', 'LOOP109'],
  ['LOOP105', 'LOOP108', 'LOOP106'],
  ['LOOP302', 'LOOP301', 'LOOP303', 'LOOP501'],
  ['LOOP502', 'LOOP503', 'LOOP402'],
];

/** Every code that a rule has. */
export const KNOWN_CODES: ReadonlySet<string> = new Set(RULES.map(({ code }) => code));
