/**
 * Stands in for src/analysis/analyze and its list of rules in the tests of the language server and the command line: findings are where the text
 * says so, so that those tests do not change with the rules. `bug_101` is a finding LOOP101; `why_101` a step of its story;
 * a safe fix makes it `ok_101`; `odd_101` has only an unsafe fix; `loop_x` is a loop. `hang`, `slow`
 * (20 ms) and `crash` do what they say.
 */
import type { AnalyzedDocument, Analyzer, LoopFact, LoopLife, TextChange } from '../../../src/analysis/analyze';
import type { Finding, Severity } from '../../../src/analysis/finding';
import type { AnalysisSettings } from '../../../src/analysis/settings';
import { isEnabled, severityOf } from '../../../src/analysis/settings';
import { applySuppressions } from '../../../src/analysis/suppression';

/** The rules that there are. */
export const RULES = ['LOOP101', 'LOOP102', 'LOOP201', 'LOOP301', 'LOOP402'].map((code) => ({
  code,
  name: `bug-${code.slice(4)}`,
  summary: `A bug ${code.slice(4)}.`,
  severity: 'warning',
}));
export const KNOWN_CODES: ReadonlySet<string> = new Set([...RULES.map(({ code }) => code), 'LOOP900']);

const LEVELS: readonly Severity[] = ['hint', 'warning', 'info', 'error'];

function spansOf(text: string, pattern: RegExp) {
  return [...text.matchAll(pattern)].map((match) => ({
    span: { start: match.index, end: match.index + match[0].length },
    name: match[1] ?? '',
  }));
}

function findingsOf(text: string, settings: AnalysisSettings): Finding[] {
  if (text.includes('hang')) for (;;);
  for (const end = Date.now() + 20; text.includes('slow') && Date.now() < end;);
  if (text.includes('crash')) throw new Error('crashed');
  const findings = spansOf(text, /\b(?:bug|odd)_(\d+)\b/g).map(({ span, name }): Finding => {
    const code = `LOOP${name}`;
    const isSafe = text.startsWith('bug', span.start);
    const target = `for 3.${settings.target.lowest}${settings.notebook ? ' in a notebook' : ''}`;
    return {
      code,
      severity: severityOf(settings, code, LEVELS[Number(name[0])] ?? 'warning'),
      message: `A bug ${name}, ${target}.`,
      span,
      related: spansOf(text, /\bwhy_(\d+)\b/g)
        .filter((step) => step.name === name)
        .map((step) => ({ span: step.span, message: `why ${name}` })),
      fixes: [{ title: `Mend ${name}`, safe: isSafe, edits: [{ span, newText: `ok_${name}` }] }],
      tags: name.startsWith('2') ? ['deprecated'] : [],
    };
  });
  return applySuppressions({
    text,
    comments: [...text.matchAll(/#.*/g)].map((match) => ({ start: match.index, end: match.index + match[0].length })),
    findings: findings.filter((finding) => isEnabled(settings, finding.code)),
    settings,
    complete: true,
    knownCodes: KNOWN_CODES,
  });
}

function livesOf(text: string): LoopLife[] {
  return spansOf(text, /\bloop_(\w+) = /g).map(({ span, name }) => ({
    creation: span,
    name: `loop_${name}`,
    owner: 'function',
    runs: spansOf(text, new RegExp(`loop_${name}\\.run\\b`, 'g')).map((each) => each.span),
    stops: [],
    closes: spansOf(text, new RegExp(`loop_${name}\\.close\\b`, 'g')).map((each) => each.span),
    escapes: [],
  }));
}

class FakeDocument implements AnalyzedDocument {
  constructor(public text: string) {}

  edit(changes: readonly TextChange[]): void {
    for (const { span, newText } of changes)
      this.text = this.text.slice(0, span.start) + newText + this.text.slice(span.end);
  }

  findings(settings: AnalysisSettings): readonly Finding[] {
    return findingsOf(this.text, settings);
  }

  loopAt(offset: number): LoopFact | undefined {
    const life = livesOf(this.text).find((each) => each.creation.start <= offset && offset < each.creation.end);
    return life && { span: life.creation, text: life.name, states: ['created'], owner: 'function', lives: [life] };
  }

  loops(): readonly LoopLife[] {
    return livesOf(this.text);
  }

  dispose(): void {
    this.text = '';
  }
}

export function createAnalyzer(): Promise<Analyzer> {
  return Promise.resolve({ analyze: findingsOf, open: (text) => new FakeDocument(text) });
}
