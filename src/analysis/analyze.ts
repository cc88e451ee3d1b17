/**
 * The door to the analysis: makes an analyzer, which takes texts and settings and gives findings and facts about loops.
 * Does no I/O: the two wasm modules are given as bytes. Knows nothing of LSP, files or the editor.
 */
import type { Analyzer, ParserWasm } from './contract';
import { OpenDocument } from './document';
import { findingsOf } from './engine';
import { codeMayHaveFindings } from './prefilter';
import { SyntaxParser } from './syntax/parser';

export type * from './contract';

/** Compiles the parser. One analyzer serves a whole process; it keeps no text. */
export async function createAnalyzer(wasm: ParserWasm): Promise<Analyzer> {
  const parser = await SyntaxParser.create(wasm.treeSitter, wasm.python);
  return {
    analyze: (text, settings) => (codeMayHaveFindings(text, settings) ? findingsOf(parser.parse(text), settings) : []),
    open: (text) => new OpenDocument(parser.open(text)),
  };
}
