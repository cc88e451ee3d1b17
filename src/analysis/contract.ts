/**
 * What crosses the door of the analysis beside findings and settings: the wasm modules, edits, facts about loops, and
 * the analyzer itself. Types only. Offsets count UTF-16 code units of the text.
 */
import type { Finding, Span } from './finding';
import type { AnalysisSettings } from './settings';

/** The two modules that the parser needs, as bytes: web-tree-sitter's runtime and tree-sitter-python's grammar. */
export interface ParserWasm {
  readonly treeSitter: Uint8Array;
  readonly python: Uint8Array;
}

/** One replaced range of the text, as editors tell it; a change list applies in its order, each to the text before. */
export interface TextChange {
  readonly span: Span;
  readonly newText: string;
}

/** What can be true of a loop at a point of the program. */
export type LoopState =
  'created' | 'set current' | 'running' | 'stop requested' | 'stopped' | 'closed' | 'escaped' | 'foreign';

/** Who has to close a loop: this function, its class, this module, its caller, the running program, nobody knows. */
export type LoopOwner = 'function' | 'class' | 'module' | 'caller' | 'running program' | 'unknown';

/** A loop's life as the file shows it, for CodeLens and hover. All spans in source order. */
export interface LoopLife {
  /** The call that makes or gets the loop. */
  readonly creation: Span;
  /** The name that it is first bound to (`loop`, `self._loop`), empty if none. */
  readonly name: string;
  readonly owner: LoopOwner;
  readonly runs: readonly Span[];
  readonly stops: readonly Span[];
  readonly closes: readonly Span[];
  /** Where it is given away: returned, stored elsewhere, an unknown call's argument, `set_event_loop`. */
  readonly escapes: readonly Span[];
}

/** What is known about the loop that an expression names, at that place. */
export interface LoopFact {
  /** The expression, as written. */
  readonly span: Span;
  readonly text: string;
  /** All states that some path brings here, in the order of `LoopState`; empty: not reachable or not known. */
  readonly states: readonly LoopState[];
  readonly owner: LoopOwner;
  /** The lives that it can be, one per creation; empty for a parameter. */
  readonly lives: readonly LoopLife[];
}

/** A text that is kept parsed while it is edited. Not usable after `dispose`. */
export interface AnalyzedDocument {
  readonly text: string;
  /** Applies changes and parses again only what they touch. */
  edit(changes: readonly TextChange[]): void;
  /** Findings of the text as it is now; the same list as `Analyzer.analyze` gives. Cached until the next edit. */
  findings(settings: AnalysisSettings): readonly Finding[];
  /** What is known of the loop named at `offset`, or `undefined` where no loop is named. */
  loopAt(offset: number, settings: AnalysisSettings): LoopFact | undefined;
  /** Every loop that the text creates, in source order. */
  loops(settings: AnalysisSettings): readonly LoopLife[];
  /** Frees the parser's memory. */
  dispose(): void;
}

export interface Analyzer {
  /**
   * All findings of a text, ordered by start, end and code; suppression comments and the settings' levels are applied.
   * The same text and settings always give the same list. Never throws on any text.
   */
  analyze(text: string, settings: AnalysisSettings): readonly Finding[];
  /** Opens a text that will be edited. The caller disposes it. */
  open(text: string): AnalyzedDocument;
}
