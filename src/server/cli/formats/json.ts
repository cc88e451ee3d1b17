/** `--format json`: a list of findings. docs/lint.md is the reference. */
import type { ReportedFinding, ReportedPlace, RunReport } from '../report';

function place({
  line,
  column,
  endLine,
  endColumn,
}: ReportedPlace | ReportedFinding['fixes'][number]['edits'][number]) {
  return { line, column, endLine, endColumn };
}

export function formatJson(report: RunReport): string {
  const findings = report.findings.map((finding) => ({
    code: finding.code,
    message: finding.message,
    severity: finding.severity,
    path: finding.path,
    ...place(finding),
    related: finding.related.map((step) => ({ message: step.message, path: finding.path, ...place(step) })),
    fixes: finding.fixes.map(({ title, safe, edits }) => ({
      title,
      safe,
      edits: edits.map((edit) => ({ ...place(edit), newText: edit.newText })),
    })),
    fingerprint: finding.fingerprint,
  }));
  return `${JSON.stringify(findings, undefined, 2)}\n`;
}
