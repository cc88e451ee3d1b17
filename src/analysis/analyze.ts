/**
 * The door to the analysis: makes an analyzer, which takes texts and settings and gives findings and facts about loops.
 * Does no I/O: the two wasm modules are given as bytes. Knows nothing of LSP, files or the editor.
 */
import type { Analyzer, ParserWasm } from './contract';
import { OpenDocument } from './document';
import { findingsOf } from './engine';
import type { Finding } from './finding';
import { codeMayHaveFindings } from './prefilter';
import { SyntaxParser } from './syntax/parser';

export type * from './contract';

/** Compiles the parser. One analyzer serves a whole process; it keeps no text. */
export async function createAnalyzer(wasm: ParserWasm): Promise<Analyzer> {
  const parser = await SyntaxParser.create(wasm.treeSitter, wasm.python);
  return {
    analyze(text, settings) {
      const plain = text.replace(LONE_CR, '\n');
      if (!codeMayHaveFindings(plain, settings)) return [];
      const findings = findingsOf(parser.parse(plain), settings);
      return plain === text || text.includes('\n') ? findings : findings.map(withCr);
    },
    open: (text) => new OpenDocument(parser.open(text)),
  };
}

/** To Python it ends a line, to the parser it does not. Both are one character: every offset stays. */
const LONE_CR = /\r(?!\n)/g;

/** A finding whose fixes end their lines as all others of the text end. */
function withCr(finding: Finding): Finding {
  const fixes = finding.fixes.map((fix) => ({
    ...fix,
    edits: fix.edits.map(({ span, newText }) => ({ span, newText: newText.replaceAll('\n', '\r') })),
  }));
  return { ...finding, fixes };
}
