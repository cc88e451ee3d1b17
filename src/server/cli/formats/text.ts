/** `--format text`: for a person at a terminal. Each finding with its line, its story below, and a sum at the end. */
import { styleText } from 'node:util';
import type { Severity } from '../../../analysis/finding';
import type { ReportedFinding, ReportedPlace, RunReport } from '../report';

type Style = Parameters<typeof styleText>[0];

const SEVERITY: Readonly<Record<Severity, Style>> = {
  error: ['red', 'bold'],
  warning: ['yellow', 'bold'],
  info: 'blue',
  hint: 'gray',
};

/** A line that is longer is cut: generated files have lines of any length. */
const LONGEST_LINE = 160;

/** @param isColored whether the terminal shows colours */
export function formatText(report: RunReport, isColored: boolean): string {
  const paint = (style: Style, text: string): string =>
    isColored ? styleText(style, text, { validateStream: false }) : text;
  const parts = report.findings.map((finding) => formatFinding(finding, paint));
  return `${parts.join('')}${sum(report)}\n`;
}

function formatFinding(finding: ReportedFinding, paint: (style: Style, text: string) => string): string {
  const { path, line, column, code, severity, message } = finding;
  const mends = finding.fixes.some((fix) => fix.safe) ? ' [*]' : '';
  const head = `${paint('bold', path)}:${line}:${column}: ${code} ${paint(SEVERITY[severity], severity)}: ${message}${mends}\n`;
  const width = Math.max(...[finding, ...finding.related].map((place) => String(place.line).length));
  const story = finding.related.map((step) => {
    const number = String(step.line).padStart(width);
    return `  ${paint('gray', `${number} |`)} ${clip(step.source)}\n  ${paint('gray', `${' '.repeat(width)} |`)} ${underline(step, '-', step.message)}\n`;
  });
  const number = String(line).padStart(width);
  const own = `  ${paint('gray', `${number} |`)} ${clip(finding.source)}\n  ${paint('gray', `${' '.repeat(width)} |`)} ${paint(SEVERITY[severity], underline(finding, '^', ''))}\n`;
  return `${head}${own}${story.join('')}\n`;
}

function clip(source: string): string {
  const shown = source.replaceAll('\f', ' ').trimEnd();
  return shown.length > LONGEST_LINE ? `${shown.slice(0, LONGEST_LINE)}…` : shown;
}

/** Marks below a place, as far as it is on its first line and within what is shown of it. */
function underline(place: ReportedPlace, mark: string, label: string): string {
  const shown = Array.from(clip(place.source));
  const start = place.column - 1;
  if (start >= shown.length) return label;
  const end = place.line === place.endLine ? place.endColumn - 1 : shown.length;
  // Tabs stay tabs, so that the mark stands where the text does.
  const lead = shown
    .slice(0, start)
    .map((char) => (char === '\t' ? '\t' : ' '))
    .join('');
  const marks = mark.repeat(Math.max(1, Math.min(end, shown.length) - start));
  return `${lead}${marks}${label === '' ? '' : ` ${label}`}`;
}

function sum(report: RunReport): string {
  const { findings, files } = report;
  const mended = files.reduce((total, file) => total + (file.fixed ?? 0), 0);
  const fixed = mended > 0 ? `${count(mended, 'finding')} fixed. ` : '';
  const checked = count(files.filter((file) => !file.problem).length, 'file');
  if (findings.length === 0) return `${fixed}Nothing found in ${checked}.`;
  const levels: readonly Severity[] = ['error', 'warning', 'info', 'hint'];
  const kinds = levels.flatMap((level) => {
    const number = findings.filter((finding) => finding.severity === level).length;
    return number > 0 ? [level === 'info' ? `${number} info` : count(number, level)] : [];
  });
  const fixable = findings.filter((finding) => finding.fixes.some((fix) => fix.safe)).length;
  const hint = fixable > 0 ? ` [*] ${fixable === 1 ? 'One' : fixable} can be fixed with --fix.` : '';
  const where = new Set(findings.map((finding) => finding.path)).size;
  return `${fixed}${count(findings.length, 'finding')} (${kinds.join(', ')}) in ${where} of ${checked}.${hint}`;
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}
