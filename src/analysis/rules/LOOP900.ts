/** LOOP900: a suppression that suppresses nothing. Only its page: suppression.ts checks it, once all findings are known. */
import { defineRule } from './rule';

export const rule = defineRule({
  code: 'LOOP900',
  name: 'unused-suppression',
  severity: 'info',
  summary: 'A suppression that suppresses nothing.',
  facts: [],
  doc: {
    what: 'Flags a code of this linter in a `# noqa: …` comment, or in a `# loopscope: noqa: …` comment for the whole file, where no finding of that code is on the line or in the file, and a code that no rule has. A bare `# noqa` is never reported, because it may be meant for another tool, and nothing is reported in a file with syntax errors.',
    why: 'A suppression that has outlived its finding hides the next one.',
    bad: 'import asyncio\n\nasync def main():\n    await asyncio.sleep(0)\n\nasyncio.run(main())  # noqa: LOOP101\n',
    good: 'import asyncio\n\nasync def main():\n    await asyncio.sleep(0)\n\nasyncio.run(main())\n',
    message: '',
    fix: 'Remove the code, or the comment. The quick fix does it; it is safe.',
    versions: 'All.',
    related: [{ tool: 'ruff', rule: 'RUF100' }],
  },
  check() {
    // suppression.ts does it.
  },
});
