// Reads how many tests ran from the closing lines that the test runners print themselves. Pure: text in, counts out.

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
