// Writes docs/rules from the rule files. A test compares the two, so run this after changing a rule's text:
//   node scripts/rule-docs.mjs
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tsImport } from 'tsx/esm/api';

/** @type {unknown} */
const registry = await tsImport('../src/analysis/rules/registry.ts', import.meta.url);
/** @type {unknown} */
const page = await tsImport('../src/analysis/rules/page.ts', import.meta.url);
const { RULES } = /** @type {typeof import('../src/analysis/rules/registry')} */ (registry);
const { rulePage, rulesIndex } = /** @type {typeof import('../src/analysis/rules/page')} */ (page);
const folder = fileURLToPath(new URL('../docs/rules', import.meta.url));
mkdirSync(folder, { recursive: true });
for (const rule of RULES) writeFileSync(join(folder, `${rule.code}.md`), rulePage(rule));
writeFileSync(join(folder, 'README.md'), rulesIndex(RULES));
console.log(`${RULES.length} pages in docs/rules`);
