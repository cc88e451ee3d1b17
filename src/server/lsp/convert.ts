/** Findings as the protocol's diagnostics. */
import type { Diagnostic, TextEdit as LspTextEdit, WorkspaceEdit } from 'vscode-languageserver';
import type { Finding, Severity, TextEdit } from '../../analysis/finding';
import { pageOf } from '../catalog';
import type { Unit } from './units';

/** The name under which an editor shows our diagnostics. */
export const SOURCE = 'Loopscope';

/** DiagnosticSeverity of the protocol. */
const SEVERITY = { error: 1, warning: 2, info: 3, hint: 4 } as const satisfies Record<Severity, number>;

/** DiagnosticTag of the protocol. */
const TAG = { unnecessary: 1, deprecated: 2 } as const;

/** A finding of a unit as a diagnostic of the document that it is in. */
export function toDiagnostic(finding: Finding, unit: Unit): Diagnostic {
  return {
    range: unit.locate(finding.span).range,
    severity: SEVERITY[finding.severity],
    code: finding.code,
    codeDescription: { href: pageOf(finding.code) },
    source: SOURCE,
    message: finding.message,
    ...(finding.tags.length > 0 ? { tags: finding.tags.map((tag) => TAG[tag]) } : {}),
    ...(finding.related.length > 0
      ? { relatedInformation: finding.related.map(({ span, message }) => ({ location: unit.locate(span), message })) }
      : {}),
  };
}

/** The edits of a fix by document; undefined where one of them goes beyond its document (the next cell of a notebook). */
export function toWorkspaceEdit(edits: readonly TextEdit[], unit: Unit): WorkspaceEdit | undefined {
  const changes: Record<string, LspTextEdit[]> = {};
  for (const edit of edits) {
    if (!unit.isWithinOne(edit.span)) return undefined;
    const { uri, range } = unit.locate(edit.span);
    (changes[uri] ??= []).push({ range, newText: edit.newText });
  }
  return { changes };
}
