/** Diagnostics of documents as reports with result ids: asked for again with the id that it has, a report is `unchanged`. */
import type { Diagnostic, DocumentDiagnosticReport } from 'vscode-languageserver';
import { digest } from '../text/digest';
import { noteWork } from '../worked';
import { toDiagnostic } from './convert';
import type { Workbench } from './workbench';

/** The diagnostics of an open document; of a notebook's cell those within that cell. */
export async function diagnosticsOf(uri: string, workbench: Workbench): Promise<Diagnostic[]> {
  const unit = await workbench.unitOf(uri);
  if (!unit) return [];
  const findings = await workbench.findingsOf(unit);
  noteWork();
  return findings.flatMap((finding) => (unit.locate(finding.span).uri === uri ? [toDiagnostic(finding, unit)] : []));
}

/** An id that two lists share only if they are equal, as far as 64 bits tell. */
export function resultIdOf(items: readonly Diagnostic[]): string {
  return digest(JSON.stringify(items));
}

/** A report for someone who has the report of `previousResultId`. */
export function reportOf(items: Diagnostic[], previousResultId: string | undefined): DocumentDiagnosticReport {
  const resultId = resultIdOf(items);
  return resultId === previousResultId ? { kind: 'unchanged', resultId } : { kind: 'full', resultId, items };
}
