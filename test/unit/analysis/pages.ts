/** The pages of test/rules. A rule may have several: `LOOP101.md`, and others whose names begin with its code. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Block } from './markdown';
import { parsePage } from './markdown';

const FOLDER = join('test', 'rules');

/** The names of all pages, in order. */
export function pageNames(): string[] {
  return readdirSync(FOLDER)
    .filter((name) => /^LOOP\d+.*\.md$/.test(name))
    .sort();
}

/** The blocks of a page. @throws PageError */
export function blocksOf(page: string): Block[] {
  return parsePage(readFileSync(join(FOLDER, page), 'utf8'));
}
