/**
 * The other way round: clean-up removed from working programs, or moved. Of the mutants in which CPython then shows a leak
 * or an error of a loop's life, at least nine of ten must be found. Half a minute of CPU time. Says
 * how many were found, and which were not.
 */
import assert from 'node:assert/strict';
import { analyzer } from './analyser';
import type { Analyse } from './markdown';
import type { Mutant, Verdict } from './mutants';
import { mutantsOf, runMany, saidOf, verdictsOn, workingPrograms } from './mutants';
import { judge, pythonOf } from './oracle';

describe('working programs', function () {
  this.timeout(1_200_000);
  const python = pythonOf().path;
  let all: readonly Mutant[] = [];
  let analyse: Analyse;

  before(async () => {
    const shared = await analyzer();
    analyse = (text, settings) => shared.analyze(text, settings);
    all = mutantsOf(workingPrograms(), python);
  });

  it('run clean, and have no finding of severity error', () => {
    const own = all.filter(({ how }) => how === '');
    const shown = runMany(
      own.map(({ text }) => text),
      python,
    );
    const problems = own.flatMap(({ name }, index) => {
      // unittest writes its report to stderr.
      const text = shown[index]?.replace(/^\.+\n-+\nRan \d+ tests? in .*\n\nOK\n$/m, '') ?? 'it does not end';
      const problem = judge('clean', text);
      return problem === '' ? [] : [`${name}: ${problem}`];
    });
    assert.deepEqual(problems, []);
  });

  it('without their clean-up are found, nine of ten', () => {
    const before = new Map(all.filter(({ how }) => how === '').map(({ name, text }) => [name, saidOf(text, analyse)]));
    const mutants = all.filter(({ how }) => how !== '');
    const shown = verdictsOn(mutants, before, python, analyse).filter(({ symptoms }) => symptoms.length > 0);
    const missed = shown.filter(({ isFound }) => !isFound);
    const sum = `${shown.length - missed.length} of ${shown.length} found, of ${mutants.length} mutants`;
    console.log([`      ${sum}`, ...missed.map((each) => `      missed: ${wordsOf(each)}`)].join('\n'));
    // Most mutants show nothing: what they leave out is not needed there. Enough must show something.
    assert.ok(shown.length >= mutants.length / 3, `only ${sum}`);
    assert.ok(missed.length <= shown.length / 10, `only ${sum}`);
  });
});

function wordsOf({ mutant, symptoms, codes }: Verdict): string {
  const has = codes.length > 0 ? `, found ${codes.join()}` : '';
  return `${mutant.name}, line ${mutant.line}, ${mutant.how}: ${symptoms.join('; ')}${has}`;
}
