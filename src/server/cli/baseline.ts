/**
 * A baseline: the findings that a project has decided to live with for now. A finding is known by file, code and
 * fingerprint, so that lines may move. Text in, text out.
 */
import * as v from 'valibot';
import type { ReportedFinding } from './report';

const Entry = v.object({ path: v.string(), code: v.string(), fingerprint: v.string() });
const File = v.object({ version: v.literal(1), findings: v.array(Entry) });

export type Baseline = v.InferOutput<typeof File>;

/** Reads a baseline. @throws Error saying what is wrong */
export function parseBaseline(text: string): Baseline {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`it is not JSON (${error instanceof Error ? error.message : String(error)})`, { cause: error });
  }
  const result = v.safeParse(File, value);
  if (!result.success) throw new Error('it is not a baseline that `loopscope lint --update-baseline` wrote');
  return result.output;
}

/** How the baseline names a file that a report names so. */
type NameOf = (path: string) => string;

/** A baseline with all of these findings, in an order that keeps version control calm. */
export function formatBaseline(findings: readonly ReportedFinding[], nameOf: NameOf): string {
  const entries = findings.map(({ path, code, fingerprint }) => ({ path: nameOf(path), code, fingerprint }));
  const keyOf = (entry: (typeof entries)[number]): string => `${entry.path}\n${entry.code}\n${entry.fingerprint}`;
  entries.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const baseline: Baseline = { version: 1, findings: entries };
  return `${JSON.stringify(baseline, undefined, 2)}\n`;
}

/** The findings that a baseline has not. */
export function newSince(findings: readonly ReportedFinding[], baseline: Baseline, nameOf: NameOf): ReportedFinding[] {
  const known = new Set(baseline.findings.map(({ path, code, fingerprint }) => `${path}\n${code}\n${fingerprint}`));
  return findings.filter(({ path, code, fingerprint }) => !known.has(`${nameOf(path)}\n${code}\n${fingerprint}`));
}
