/** The analysis as tests use it: one analyzer and one parser for the whole run, made from the wasm modules in node_modules. */
import { readFileSync } from 'node:fs';
import type { Analyzer } from '../../../src/analysis/analyze';
import { createAnalyzer } from '../../../src/analysis/analyze';
import { SyntaxParser } from '../../../src/analysis/syntax/parser';

const treeSitter = (): Buffer => readFileSync('node_modules/web-tree-sitter/web-tree-sitter.wasm');
const python = (): Buffer => readFileSync('node_modules/tree-sitter-python/tree-sitter-python.wasm');

let shared: Promise<Analyzer> | undefined;
let parser: Promise<SyntaxParser> | undefined;

/** The analyzer; made at the first call. */
export function analyzer(): Promise<Analyzer> {
  shared ??= createAnalyzer({ treeSitter: treeSitter(), python: python() });
  return shared;
}

/** The parser by itself; made at the first call. */
export function syntaxParser(): Promise<SyntaxParser> {
  parser ??= SyntaxParser.create(treeSitter(), python());
  return parser;
}
