/**
 * Runs the rules that are on over one syntax tree and makes findings of their reports: severities, one finding for each
 * defect, a fixed order, suppression comments. Knows no single rule and keeps nothing between texts.
 */
import { FileFacts } from './facts';
import type { Finding, Fix, Span } from './finding';
import { KNOWN_CODES, PRECEDENCE, RULES } from './rules/registry';
import type { Report, Rule } from './rules/rule';
import type { AnalysisSettings } from './settings';
import { isEnabled, severityOf } from './settings';
import { applySuppressions } from './suppression';
import type { Ast, NodeId } from './syntax/ast';
import { NONE } from './syntax/ast';
import { isStatement, Kind } from './syntax/kinds';

interface Reported {
  readonly rule: Rule;
  readonly report: Report;
}

/** All findings of a text, in order. */
export function findingsOf(ast: Ast, settings: AnalysisSettings, facts = new FileFacts(ast, settings)): Finding[] {
  const reported: Reported[] = [];
  for (const rule of RULES) {
    if (isEnabled(settings, rule.code)) rule.check(facts, (report) => reported.push({ rule, report }));
  }
  const comments = ast.commentSpans();
  const findings = oneForEachDefect(reported).map(({ rule, report }): Finding => {
    const { span, message, severity, related, fixes, tags } = report;
    return {
      code: rule.code,
      severity: severityOf(settings, rule.code, severity ?? rule.severity),
      message,
      span,
      related: related ?? [],
      // A fix that would take a comment away is for a person to look at.
      fixes: (fixes ?? []).map((fix) => ({ ...fix, safe: fix.safe && keepsComments(fix, ast.text, comments) })),
      tags: tags ?? [],
    };
  });
  return applySuppressions({
    text: ast.text,
    comments,
    findings: ordered(findings),
    settings,
    complete: !ast.hasErrors,
    knownCodes: KNOWN_CODES,
    statementAt: (offset) => statementSpan(ast, offset),
  });
}

/** Whether every comment that the edits of a fix touch is in what they write. */
function keepsComments(fix: Fix, text: string, comments: readonly Span[]): boolean {
  return fix.edits.every(({ span, newText }) =>
    comments.every(
      ({ start, end }) => end <= span.start || start >= span.end || newText.includes(text.slice(start, end)),
    ),
  );
}

/** Of the reports of one defect, those of the rule that comes first. */
function oneForEachDefect(reported: readonly Reported[]): Reported[] {
  const best = new Map<string, number>();
  const placeOf = ({ rule, report }: Reported): { key: string; place: number } | undefined => {
    const list = PRECEDENCE.findIndex((codes) => codes.includes(rule.code));
    if (list < 0 || report.defect === undefined) return undefined;
    return { key: `${list} ${report.defect}`, place: PRECEDENCE[list]?.indexOf(rule.code) ?? 0 };
  };
  for (const each of reported) {
    const at = placeOf(each);
    if (at) best.set(at.key, Math.min(at.place, best.get(at.key) ?? at.place));
  }
  return reported.filter((each) => {
    const at = placeOf(each);
    return !at || best.get(at.key) === at.place;
  });
}

function ordered(findings: Finding[]): Finding[] {
  const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  findings.sort(
    (a, b) =>
      a.span.start - b.span.start ||
      a.span.end - b.span.end ||
      compare(a.code, b.code) ||
      compare(a.message, b.message),
  );
  return findings.filter((each, index) => {
    const before = findings[index - 1];
    const isSame =
      before?.code === each.code && before.span.start === each.span.start && before.span.end === each.span.end;
    return !isSame;
  });
}

/** The lines of code that a suppression comment behind them speaks of: a simple statement, or a compound one's header. */
function statementSpan(ast: Ast, offset: number): { start: number; end: number } {
  const node = ast.nodeAt(offset);
  const statement: NodeId = node === NONE ? NONE : ast.enclosing(node, (kind) => isStatement(kind));
  if (statement === NONE) return { start: offset, end: offset };
  const start = ast.start[statement] ?? offset;
  const block = ast.childOfKind(statement, Kind.Block);
  return { start, end: block === NONE ? (ast.end[statement] ?? offset) : (ast.start[block] ?? offset) };
}
