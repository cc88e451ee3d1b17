/** Code actions: the fixes of a finding, its suppression, and *fix all* (safe ones only). */
import type { CodeAction, CodeActionParams, Diagnostic, Range } from 'vscode-languageserver';
import type { Finding } from '../../analysis/finding';
import { FIX_ALL_KIND } from '../../protocol/ids';
import { fixAll, safeFix } from '../fixes';
import { toDiagnostic, toWorkspaceEdit } from './convert';
import { suppressInFile, suppressOnLine } from './suppress';
import type { Unit } from './units';
import type { Workbench } from './workbench';

const QUICK_FIX = 'quickfix';

export const CODE_ACTION_KINDS = [QUICK_FIX, FIX_ALL_KIND];

type Analyse = (text: string) => readonly Finding[];

/** All actions for a range of a document. */
export async function codeActions(params: CodeActionParams, workbench: Workbench): Promise<CodeAction[]> {
  const unit = await workbench.unitOf(params.textDocument.uri);
  if (!unit) return [];
  const wants = (kind: string): boolean =>
    params.context.only?.some((only) => kind === only || kind.startsWith(`${only}.`)) ?? true;
  const findings = await workbench.findingsOf(unit);
  const actions: CodeAction[] = [];
  if (wants(QUICK_FIX)) {
    const analyse = await workbench.analyseLike(unit);
    for (const finding of findings) {
      const { uri, range } = unit.locate(finding.span);
      if (uri === params.textDocument.uri && overlaps(range, params.range))
        actions.push(...quickFixes(finding, unit, analyse));
    }
  }
  // Without a kind it would stand in the light bulb of every line: there, only where a finding has a safe fix.
  const isAskedFor = params.context.only !== undefined && wants(FIX_ALL_KIND);
  if (isAskedFor || actions.some((action) => action.isPreferred === true)) {
    const action = fixAllAction(unit, findings, await workbench.analyseLike(unit));
    if (action) actions.push(isAskedFor ? action : { ...action, kind: QUICK_FIX });
  }
  return actions;
}

function quickFixes(finding: Finding, unit: Unit, analyse: Analyse): CodeAction[] {
  const diagnostics: Diagnostic[] = [toDiagnostic(finding, unit)];
  const preferred = safeFix(finding);
  const actions: CodeAction[] = [];
  for (const fix of finding.fixes) {
    const edit = toWorkspaceEdit(fix.edits, unit);
    if (!edit) continue;
    const isPreferred = fix === preferred;
    actions.push({
      title: fix.title,
      kind: QUICK_FIX,
      diagnostics,
      edit,
      ...(isPreferred ? { isPreferred } : {}),
    });
  }
  const suppressions = [
    { title: `Suppress ${finding.code} on this line`, edit: suppressOnLine(unit.text(), finding, analyse) },
    {
      title: `Suppress ${finding.code} in this file`,
      edit: unit.isNotebook ? undefined : suppressInFile(unit.text(), finding.code),
    },
  ];
  for (const { title, edit } of suppressions) {
    const change = edit && toWorkspaceEdit([edit], unit);
    if (change) actions.push({ title, kind: QUICK_FIX, diagnostics, edit: change });
  }
  return actions;
}

function fixAllAction(unit: Unit, findings: readonly Finding[], analyse: Analyse): CodeAction | undefined {
  const fixes = findings.flatMap((finding) => safeFix(finding) ?? []);
  if (fixes.length === 0) return undefined;
  // A notebook's text is not that of its cells to the letter (magics): there, one round of the fixes as they are.
  const edit = unit.isNotebook
    ? toWorkspaceEdit(withoutOverlaps(fixes.map((fix) => fix.edits)), unit)
    : toWorkspaceEdit(fixAll(unit.text(), analyse).edits, unit);
  return edit ? { title: 'Fix all safe Loopscope findings', kind: FIX_ALL_KIND, edit } : undefined;
}

function withoutOverlaps<Edit extends { readonly span: { readonly start: number; readonly end: number } }>(
  lists: readonly (readonly Edit[])[],
): Edit[] {
  const taken: Edit[] = [];
  for (const list of lists) {
    const isFree = list.every((edit) =>
      taken.every((other) => edit.span.start > other.span.end || other.span.start > edit.span.end),
    );
    if (isFree) taken.push(...list);
  }
  return taken;
}

function overlaps(a: Range, b: Range): boolean {
  const isBefore = (x: Range, y: Range): boolean =>
    x.end.line < y.start.line || (x.end.line === y.start.line && x.end.character < y.start.character);
  return !isBefore(a, b) && !isBefore(b, a);
}
