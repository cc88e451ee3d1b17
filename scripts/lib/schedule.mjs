// Runs named steps, several at once where they allow it, and prints them as if one after the other: the first unfinished step's output as
// it comes, the others' when their turn is. Knows nothing of what a step does.
import { add, words } from './counts.mjs';

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string[]} [after] names of steps (where they are chosen) that must have ended before
 * @property {boolean} [alone] nothing else may run meanwhile: it measures time, or needs the whole machine
 * @property {(print: (text: string) => void) => Promise<StepResult>} run never rejects for a failed test
 */
/**
 * @typedef {object} StepResult
 * @property {import('./counts.mjs').Counts} counts of tests or checks
 * @property {string} [problem] why the step failed whatever the counts say, in one sentence
 * @property {string} [failures] what its failed tests said, to be repeated at the end
 */
/** @typedef {StepResult & { name: string, seconds: number, failed: boolean }} StepEnd */

/**
 * Runs the steps to their ends, whatever fails.
 * @param {Step[]} steps in the order of printing
 * @param {{ jobs: number, write: (text: string) => void, now?: () => number }} options at most `jobs` at once; `now` in ms
 * @returns {Promise<StepEnd[]>} in the given order
 */
export async function runSteps(steps, { jobs, write, now = () => performance.now() }) {
  /** @type {Map<string, StepEnd>} */
  const ended = new Map();
  /** @type {Set<Step>} */
  const running = new Set();
  const waiting = [...steps];
  /** @type {Map<Step, string[]>} */
  const kept = new Map(
    steps.map((step) => [step, [`\n──── ${step.name} ${'─'.repeat(Math.max(4, 70 - step.name.length))}\n`]]),
  );
  let printing = 0;

  /** Prints what is due: all of the steps that have ended, and what the next one has said so far. */
  const flush = () => {
    for (; printing < steps.length; printing += 1) {
      const step = /** @type {Step} */ (steps[printing]);
      if (!running.has(step) && !ended.has(step.name)) return;
      for (const text of kept.get(step)?.splice(0) ?? []) write(text);
      if (!ended.has(step.name)) return;
    }
  };

  /** @param {Step} step */
  const start = async (step) => {
    running.add(step);
    flush();
    const begin = now();
    const result = await step
      .run((text) => {
        kept.get(step)?.push(text);
        flush();
      })
      .catch((/** @type {unknown} */ error) => ({
        counts: { passed: 0, failed: 0, skipped: 0 },
        problem: error instanceof Error ? error.message : String(error),
      }));
    const { passed, failed } = result.counts;
    const problem = result.problem ?? (passed + failed === 0 ? 'no test was executed' : undefined);
    const seconds = (now() - begin) / 1000;
    /** @type {StepEnd} */
    const end = {
      ...result,
      ...(problem ? { problem } : {}),
      name: step.name,
      seconds,
      failed: failed > 0 || problem !== undefined,
    };
    running.delete(step);
    ended.set(step.name, end);
    kept.get(step)?.push(`${closing(end)}\n`);
    flush();
  };

  /** @type {Set<Promise<void>>} */
  const promises = new Set();
  while (waiting.length > 0 || running.size > 0) {
    for (;;) {
      const aloneRuns = [...running].some((step) => step.alone);
      const next = waiting.findIndex(
        (step) =>
          (step.after ?? []).every((name) => ended.has(name) || !steps.some((other) => other.name === name)) &&
          !aloneRuns &&
          running.size < (step.alone ? 1 : jobs),
      );
      const [step] = next < 0 ? [] : waiting.splice(next, 1);
      if (!step) break;
      const promise = start(step).finally(() => promises.delete(promise));
      promises.add(promise);
    }
    if (promises.size === 0)
      throw new Error(`steps wait for each other: ${waiting.map((step) => step.name).join(', ')}`);
    await Promise.race(promises);
  }
  return steps.flatMap((step) => ended.get(step.name) ?? []);
}

/** A step's closing line. @param {StepEnd} end */
export function closing(end) {
  return `${end.failed ? '✘' : '✔'} ${end.name}: ${words(end.counts)} (${end.seconds.toFixed(1)} s)${end.problem ? `: ${end.problem}` : ''}`;
}

/** What failed, once more, since a long log is often read from its end. @param {StepEnd[]} ends @returns {string} empty where nothing failed */
export function failures(ends) {
  return ends
    .filter((end) => end.failed && end.failures)
    .map(
      (end) => `\n──── failed: ${end.name} ${'─'.repeat(Math.max(4, 62 - end.name.length))}\n${end.failures ?? ''}\n`,
    )
    .join('');
}

/** All closing lines, and the last one with the sums. @param {StepEnd[]} ends @param {number} seconds */
export function summary(ends, seconds) {
  const total = ends.map((end) => end.counts).reduce(add, { passed: 0, failed: 0, skipped: 0 });
  const bad = ends.filter((end) => end.failed).map((end) => end.name);
  const verdict = bad.length === 0 ? 'all steps passed' : `failed: ${bad.join(', ')}`;
  return [...ends.map(closing), `${words(total)} in ${seconds.toFixed(0)} s; ${verdict}`].join('\n');
}
