// Reads how many tests ran, and what the failed ones said, from what the test runners print themselves. Pure: text in, counts and text out.

/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 */

/** Colours, where a runner does not leave them out. @param {string} text */
const plain = (text) => text.replace(/\u001b\[[\d;]*m/g, '');

/** @param {string} text @param {RegExp} pattern global, its first group a number */
const sum = (text, pattern) => [...plain(text).matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);

/** Mocha's `12 passing (3s)`, `1 failing`, `2 pending`; several runs in one output add up. @param {string} output @returns {Counts} */
export function mochaCounts(output) {
  return {
    passed: sum(output, /^ {0,4}(\d+) passing\b/gm),
    failed: sum(output, /^ {0,4}(\d+) failing\b/gm),
    skipped: sum(output, /^ {0,4}(\d+) pending\b/gm),
  };
}

/** Pytest's last line, such as `3 failed, 12 passed, 1 skipped in 4.20s`. @param {string} output @returns {Counts} */
export function pytestCounts(output) {
  const closing =
    plain(output)
      .split('\n')
      .findLast((line) => / in \d+\.\d+s\b/.test(line)) ?? '';
  return {
    passed: sum(closing, /(\d+) (?:passed|xfailed)/g),
    failed: sum(closing, /(\d+) (?:failed|errors?|xpassed)\b/g),
    skipped: sum(closing, /(\d+) skipped/g),
  };
}

/** As much of a failed step's words as is repeated at the end. */
const MAX_FAILURE_LINES = 120;

/** What mocha prints below `1 failing`, of all runs in one output. @param {string} output @returns {string} empty where nothing failed */
export function mochaFailures(output) {
  const lines = plain(output).split('\n');
  const kept = lines.flatMap((line, at) => {
    if (!/^ {0,4}\d+ failing\b/.test(line)) return [];
    // The next run's first passed test, or its end.
    const next = lines.findIndex((other, index) => index > at && /^ {0,4}\d+ passing\b|^ {2,}✔ /.test(other));
    return lines.slice(at, next < 0 ? undefined : next);
  });
  return short(kept);
}

/** Pytest's own list of what failed (`-rfE`), and the lines that say why. @param {string} output @returns {string} empty where nothing failed */
export function pytestFailures(output) {
  const lines = plain(output).split('\n');
  const failed = lines.filter((line) => /^(FAILED|ERROR) /.test(line));
  return failed.length === 0 ? '' : short([...failed, ...lines.filter((line) => /^E {3}/.test(line))]);
}

/** @param {string[]} lines */
function short(lines) {
  const more = lines.length - MAX_FAILURE_LINES;
  return (more > 0 ? [...lines.slice(0, MAX_FAILURE_LINES), `… ${String(more)} more lines above`] : lines)
    .join('\n')
    .trimEnd();
}

/** @param {Counts} counts */
export function words({ passed, failed, skipped }) {
  return `${String(passed)} passed, ${String(failed)} failed${skipped ? `, ${String(skipped)} skipped` : ''}`;
}

/** @param {Counts} a @param {Counts} b @returns {Counts} */
export const add = (a, b) => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
});
