/**
 * CPython's `ast` is the judge of the syntax layer: the same functions, awaits, calls and try blocks in every file of the
 * standard library of 3.9, 3.11, 3.13 and 3.15. Of what the grammar does not know nothing may be claimed. About a minute
 * and a half of CPU time; a text that two versions share is read once.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DEFAULT_SETTINGS } from '../../../src/analysis/settings';
import type { Ast } from '../../../src/analysis/syntax/ast';
import { Kind } from '../../../src/analysis/syntax/kinds';
import type { SyntaxParser } from '../../../src/analysis/syntax/parser';
import { analyzer, syntaxParser } from './analyser';
import { pythonOf } from './oracle';

const VERSIONS = ['3.9', '3.11', '3.13', '3.15'];

/** What the grammar of tree-sitter-python 0.25 cannot read, by the end of the path, with the version from which it is so. */
const NOT_READ: readonly { readonly end: string; readonly from: string; readonly why: string }[] = [
  { end: 'test/test_compile.py', from: '3.11', why: 'an attribute on a line of less indentation inside brackets' },
  {
    end: 'badsyntax_future8.py',
    from: '3.9',
    why: '`from __future__ import *`, which compiles only as far as ast goes',
  },
  // Debian's 3.15 is without the library's tests.
  { end: 'test/test_patma.py', from: '3.15', why: '`case +1:`' },
  { end: 'test/test_type_params.py', from: '3.15', why: 'defaults of ParamSpec and TypeVarTuple' },
];

type Spans = readonly (readonly [number, number, number, number])[];
interface OracleFile {
  readonly path: string;
  readonly sha1: string;
  readonly text: string;
  /** Whether what stands in f-strings is told. */
  readonly strings: boolean;
  readonly functions: Spans;
  readonly awaits: Spans;
  readonly calls: Spans;
  readonly tries: Spans;
}

const KINDS = { functions: Kind.Function, awaits: Kind.Await, calls: Kind.Call, tries: Kind.Try } as const;
type KindName = keyof typeof KINDS;

/** Of each kind the spans of all nodes, as `line,column,endLine,endColumn`; those inside f-strings if wanted. */
function spansOf(ast: Ast, strings: boolean): Record<KindName, string[]> {
  const starts = [0];
  for (let at = ast.text.indexOf('\n'); at >= 0; at = ast.text.indexOf('\n', at + 1)) starts.push(at + 1);
  const position = (offset: number): string => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return `${low + 1},${offset - (starts[low] ?? 0)}`;
  };
  const found: Record<KindName, string[]> = { functions: [], awaits: [], calls: [], tries: [] };
  const names = new Map(Object.entries(KINDS).map(([name, kind]) => [kind, name as KindName]));
  for (let node = 0; node < ast.length; node++) {
    const name = names.get(ast.kindOf(node) as (typeof KINDS)[KindName]);
    if (name === undefined) continue;
    if (!strings && ast.enclosing(node, (each) => each === Kind.Interp) >= 0) continue;
    found[name].push(`${position(ast.start[node] ?? 0)},${position(ast.end[node] ?? 0)}`);
  }
  return found;
}

/** How the two readings of a file differ; '' where they do not. */
function difference(syntax: SyntaxParser, file: OracleFile): string {
  const ast = syntax.parse(file.text);
  if (ast.broken.length > 0) return `it is broken at ${ast.broken.map(({ start }) => start).join()}`;
  const ours = spansOf(ast, file.strings);
  for (const name of Object.keys(KINDS) as KindName[]) {
    const theirs = file[name].map((span) => span.join());
    const [mine, its] = [new Set(ours[name]), new Set(theirs)];
    const first = [...mine].find((each) => !its.has(each)) ?? theirs.find((each) => !mine.has(each));
    if (first !== undefined) return `${name} at ${first}`;
  }
  return '';
}

describe('the standard library, as CPython reads it', function () {
  this.timeout(600_000);
  const seen: string[] = [];

  for (const version of VERSIONS) {
    it(`of ${version}`, async function () {
      let python: string;
      try {
        python = pythonOf(version).path;
      } catch (error) {
        console.log(`      not done: ${error instanceof Error ? error.message : String(error)}`);
        this.skip();
      }
      const library = spawnSync(python, ['-c', 'import sysconfig; print(sysconfig.get_path("stdlib"))'], {
        encoding: 'utf8',
      }).stdout.trim();
      const syntax = await syntaxParser();
      const shared = await analyzer();
      const script = join('test', 'unit', 'analysis', 'oracle', 'ast_facts.py');
      const child = spawn(python, [script, library], { stdio: ['pipe', 'pipe', 'inherit'] });
      child.stdin.end(seen.join('\n'));
      const ended = once(child, 'close');
      const problems: string[] = [];
      let count = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        const file = JSON.parse(line) as OracleFile;
        count++;
        seen.push(file.sha1);
        const known = NOT_READ.find(
          ({ end, from }) => file.path.endsWith(end) && Number(from.slice(2)) <= Number(version.slice(2)),
        );
        const how = difference(syntax, file);
        if (known && how === '') problems.push(`${file.path} is read now: take it off the list`);
        if (how === '') continue;
        if (known) console.log(`      not read: ${known.end}, ${known.why}`);
        else problems.push(`${file.path}: ${how}`);
        for (const { code, message } of shared.analyze(file.text, DEFAULT_SETTINGS)) {
          problems.push(`${file.path}: not read as CPython does, and yet ${code}: ${message}`);
        }
      }
      assert.deepEqual(await ended, [0, null]);
      assert.deepEqual(problems, []);
      assert.ok(count > 300, `${count} files`);
    });
  }
});
