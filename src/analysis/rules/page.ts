/** Makes the page of a rule, docs/rules/CODE.md, and the list of all rules, from what the rule files say. Writes no files. */
import type { Rule } from './rule';

const NOTICE = '<!-- Made from src/analysis/rules by scripts/rule-docs.mjs. Do not edit. -->';

/** The Markdown page of one rule. */
export function rulePage(rule: Rule): string {
  const { code, name, severity, summary, doc } = rule;
  const parts = [
    `# ${code}: ${name}`,
    NOTICE,
    summary,
    `Severity: **${severity}**, unless the finding or \`[tool.loopscope]\` says otherwise.`,
    '## What it flags',
    doc.what,
    '## Why it matters',
    doc.why,
    '## Bad',
    fenced(doc.bad),
    '## Good',
    fenced(doc.good),
  ];
  if (doc.message !== '') parts.push('## What Python says', `\`\`\`text\n${doc.message.trim()}\n\`\`\``);
  parts.push('## How to mend it', doc.fix, '## Versions', doc.versions);
  if (doc.related.length > 0) {
    parts.push('## Related rules', doc.related.map(({ tool, rule: other }) => `- ${tool}: ${other}`).join('\n'));
  }
  parts.push(`## Suppress it\n\n\`# noqa: ${code}\` at the end of the line.`);
  return `${parts.join('\n\n')}\n`;
}

/** The list of all rules. */
export function rulesIndex(rules: readonly Rule[]): string {
  const rows = rules.map(
    ({ code, name, severity, summary }) => `| [${code}](${code}.md) | ${name} | ${severity} | ${summary} |`,
  );
  return (
    ['# Rules', NOTICE, ['| code | name | severity | flags |', '|---|---|---|---|', ...rows].join('\n')].join('\n\n') +
    '\n'
  );
}

function fenced(code: string): string {
  return `\`\`\`python\n${code.trimEnd()}\n\`\`\``;
}
