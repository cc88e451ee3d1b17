/** Suppression comments: what they take away, what LOOP900 says of them, and what its fix leaves. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Finding, Span } from '../../../src/analysis/finding';
import { DEFAULT_SETTINGS, isEnabled, severityOf } from '../../../src/analysis/settings';
import { applySuppressions } from '../../../src/analysis/suppression';

const KNOWN = new Set(['LOOP101', 'LOOP102', 'LOOP201', 'LOOP900']);

/** Each `‹CODE›` in the text is a finding of that code where it stands; the marks are taken out. */
function marked(source: string): { text: string; findings: Finding[] } {
  const findings: Finding[] = [];
  let text = '';
  for (const part of source.split(/(‹\w+›)/)) {
    const code = /^‹(\w+)›$/.exec(part)?.[1];
    if (code === undefined) text += part;
    else findings.push(finding(code, { start: text.length, end: text.length + 1 }));
  }
  return { text, findings };
}

function finding(code: string, span: Span): Finding {
  return { code, severity: 'warning', message: code, span, related: [], fixes: [], tags: [] };
}

/** Good enough for these texts, in which no string holds a `#`. */
function commentsOf(text: string): Span[] {
  return [...text.matchAll(/#.*/g)].map((match) => ({ start: match.index, end: match.index + match[0].length }));
}

function run(source: string, settings = DEFAULT_SETTINGS): { text: string; left: Finding[] } {
  const { text, findings } = marked(source);
  const left = applySuppressions({
    text,
    comments: commentsOf(text),
    findings,
    settings,
    complete: true,
    knownCodes: KNOWN,
  });
  return { text, left };
}

/** The codes that are left, LOOP900 with the code that it is about. */
function check(source: string, expected: string[], settings = DEFAULT_SETTINGS): void {
  const { text, left } = run(source, settings);
  const got = left.map((one) =>
    one.code === 'LOOP900' ? `900:${text.slice(one.span.start, one.span.end)}` : one.code,
  );
  assert.deepEqual(got, expected, source);
}

/** The text after every fix of every finding that is left. */
function fixed(source: string): string {
  const { text, left } = run(source);
  let result = text;
  const edits = left.flatMap((one) => one.fixes.flatMap((fix) => fix.edits));
  for (const edit of [...edits].sort((a, b) => b.span.start - a.span.start)) {
    result = result.slice(0, edit.span.start) + edit.newText + result.slice(edit.span.end);
  }
  return result;
}

describe('suppression', () => {
  it('takes away what a line names', () => {
    check('‹LOOP101›x = 1  # noqa: LOOP101', []);
    check('‹LOOP101›x = 1  #noqa:LOOP101', []);
    check('‹LOOP101›x = 1  # NOQA : loop101', []);
    check('‹LOOP101›x = 1  # noqa: LOOP1', []);
    check('‹LOOP101›x = 1  # noqa: LOOP', []);
    check('‹LOOP101›x = 1  # noqa: LOOP, E501 long', []);
    check('‹LOOP101›x = 1  # noqa: E501 loop that is long', ['LOOP101']);
    check('‹LOOP101›x = 1  # noqa', []);
    check('‹LOOP101›x = 1  # noqa because of y', []);
    check('‹LOOP101›x = ‹LOOP201›1  # noqa: E501, LOOP101 LOOP201', []);
    check('‹LOOP101›x = 1  # pragma: no cover # noqa: LOOP101 closed by the caller', []);
  });

  it('leaves the rest', () => {
    check('‹LOOP101›x = 1  # noqa: F401', ['LOOP101']);
    check('‹LOOP101›x = 1  # noqa:', ['LOOP101']);
    check('‹LOOP101›x = 1  # noqaLOOP101', ['LOOP101']);
    check('x = 1  # noqa\n‹LOOP101›y = 1', ['LOOP101']);
    check('‹LOOP101›x = 1  # noqa: LOOP201', ['LOOP101', '900:LOOP201']);
  });

  it('covers a file only from a line of its own', () => {
    check('# loopscope: noqa\n‹LOOP101›x = ‹LOOP201›1', []);
    check('x = 1\n  # loopscope:noqa: LOOP101\n‹LOOP101›x = ‹LOOP201›1', ['LOOP201']);
    check('y = 2  # loopscope: noqa\n‹LOOP101›x = 1', ['LOOP101']);
    check('# loopscope: noqa: LOOP102\n‹LOOP101›x = 1', ['900:LOOP102', 'LOOP101']);
  });

  it('counts the first and the last line of a finding, and those of its statement', () => {
    const text = 'x = (\n  f(),\n)  # noqa: LOOP101\n';
    const input = {
      text,
      comments: commentsOf(text),
      findings: [finding('LOOP101', { start: 8, end: 11 })],
      settings: DEFAULT_SETTINGS,
      complete: true,
      knownCodes: KNOWN,
    };
    assert.deepEqual(
      applySuppressions(input).map((one) => one.code),
      ['LOOP101', 'LOOP900'],
    );
    assert.deepEqual(applySuppressions({ ...input, statementAt: () => ({ start: 0, end: 15 }) }), []);
    const long = { ...input, findings: [finding('LOOP101', { start: 4, end: 15 })] };
    assert.deepEqual(applySuppressions(long), []);
  });

  it('calls nothing unused where it can not know', () => {
    check('x = 1  # noqa', []);
    check('x = 1  # noqa: F401', []);
    check('x = 1  # noqa: LOOP101', [], { ...DEFAULT_SETTINGS, ignore: ['LOOP101'] });
    check('x = 1  # noqa: LOOP101', [], { ...DEFAULT_SETTINGS, off: ['LOOP9'] });
    check('x = 1  # noqa: LOOP101, LOOP900', []);
    const text = 'x = 1  # noqa: LOOP101';
    const broken = {
      text,
      comments: commentsOf(text),
      findings: [],
      settings: DEFAULT_SETTINGS,
      complete: false,
      knownCodes: KNOWN,
    };
    assert.deepEqual(applySuppressions(broken), []);
  });

  it('reports a code that no rule has', () => {
    check('x = 1  # noqa: LOOP999', ['900:LOOP999']);
    assert.match(run('x = 1  # noqa: LOOP999').left[0]?.message ?? '', /no rule LOOP999/);
    check('x = 1  # noqa: LOOP10x', ['900:LOOP10x']);
    check('x = 1  # noqa: F401, LOOP1O1 loop 2 loops', ['900:LOOP1O1']);
  });

  it('removes no more than what is unused', () => {
    assert.equal(fixed('x = 1  # noqa: LOOP101\ny'), 'x = 1\ny');
    assert.equal(fixed('x = 1  # noqa: LOOP101\r\ny'), 'x = 1\r\ny');
    assert.equal(fixed('a\n  # loopscope: noqa: LOOP101\nb'), 'a\nb');
    assert.equal(fixed('x = 1  # noqa: LOOP101, F401'), 'x = 1  # noqa: F401');
    assert.equal(fixed('x = 1  # noqa: F401, LOOP101'), 'x = 1  # noqa: F401');
    assert.equal(fixed('x = 1  # noqa: LOOP101, F401, LOOP102,LOOP201'), 'x = 1  # noqa: F401');
    assert.equal(fixed('x = 1  # noqa: LOOP101, LOOP102, F401'), 'x = 1  # noqa: F401');
    assert.equal(fixed('x = 1  # noqa: LOOP101, LOOP102'), 'x = 1');
    assert.equal(fixed('x = 1  # noqa: LOOP101 see above'), 'x = 1  # see above');
    assert.equal(fixed('x = 1  # noqa: LOOP101  # type: ignore'), 'x = 1  # type: ignore');
    assert.equal(fixed('x = 1  # type: ignore  # noqa: LOOP101'), 'x = 1  # type: ignore');
    assert.equal(fixed('‹LOOP101›x = 1  # noqa: LOOP101, LOOP102'), 'x = 1  # noqa: LOOP101');
  });

  it('has nothing left to say after its own fixes, whatever the comment', () => {
    const word = fc.constantFrom(
      'noqa',
      ':',
      ',',
      ' ',
      'LOOP101',
      'LOOP102',
      'F401',
      '#',
      'why',
      'LOOP9',
      'loopscope:',
      '\n',
      'x',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 14 }), (words) => {
        const source = `‹LOOP101›x = 1  # noqa: ${words.join('')}`;
        const after = fixed(source);
        const left = applySuppressions({
          text: after,
          comments: commentsOf(after),
          findings: [finding('LOOP101', { start: 0, end: 1 })],
          settings: DEFAULT_SETTINGS,
          complete: true,
          knownCodes: KNOWN,
        });
        assert.deepEqual(
          left.filter((one) => one.code === 'LOOP900'),
          [],
        );
      }),
    );
  });
});

describe('settings', () => {
  it('lets the longer prefix win, and ignore on a tie', () => {
    const on = (select: string[], ignore: string[], off: string[] = []): boolean =>
      isEnabled({ ...DEFAULT_SETTINGS, select, ignore, off }, 'LOOP101');
    assert.equal(on(['LOOP'], []), true);
    assert.equal(on(['LOOP'], ['LOOP1']), false);
    assert.equal(on(['LOOP', 'LOOP101'], ['LOOP1']), true);
    assert.equal(on(['LOOP101'], ['LOOP101']), false);
    assert.equal(on(['ALL'], []), true);
    assert.equal(on(['LOOP2'], []), false);
    assert.equal(on(['LOOP101'], [], ['LOOP']), false);
  });

  it('lets the longest prefix name the severity', () => {
    const settings = { ...DEFAULT_SETTINGS, severity: { LOOP101: 'hint', LOOP1: 'error' } as const };
    assert.equal(severityOf(settings, 'LOOP101', 'warning'), 'hint');
    assert.equal(severityOf(settings, 'LOOP102', 'warning'), 'error');
    assert.equal(severityOf(settings, 'LOOP201', 'warning'), 'warning');
  });
});
