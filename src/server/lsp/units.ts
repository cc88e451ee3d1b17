/**
 * What is analysed as one text: an open document, or the Python cells of an open notebook. A unit keeps its text parsed
 * while it is edited and translates between offsets and the protocol's places. Knows no request.
 */
import type { Location, Position, Range, TextDocumentContentChangeEvent } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { AnalyzedDocument, Analyzer, LoopFact, LoopLife, TextChange } from '../../analysis/analyze';
import type { Finding, Span } from '../../analysis/finding';
import type { AnalysisSettings } from '../../analysis/settings';
import { editBetween } from '../fixes';
import type { JoinedCells } from './cells';
import { joinCells } from './cells';

export interface Unit {
  /** The document's, or the notebook's. */
  readonly uri: string;
  readonly isNotebook: boolean;
  /** The text that is analysed. */
  text(): string;
  findings(settings: AnalysisSettings): readonly Finding[];
  loopAt(offset: number, settings: AnalysisSettings): LoopFact | undefined;
  loops(settings: AnalysisSettings): readonly LoopLife[];
  /** Where a span is. A span that goes on in the next cell ends with its own. */
  locate(span: Span): Location;
  /** Whether an edit of this span stays within one document. */
  isWithinOne(span: Span): boolean;
  /** The offset of a place in one of the unit's documents. */
  offsetAt(uri: string, position: Position): number;
  dispose(): void;
}

/** An open document: its text for the protocol, and the same text parsed, made when it is first asked for. */
export class OpenDocument {
  private analyzed: AnalyzedDocument | undefined;

  constructor(private document: TextDocument) {}

  get uri(): string {
    return this.document.uri;
  }

  get languageId(): string {
    return this.document.languageId;
  }

  get version(): number {
    return this.document.version;
  }

  get content(): TextDocument {
    return this.document;
  }

  /** Applies what the editor tells of, in its order. */
  update(changes: readonly TextDocumentContentChangeEvent[], version: number): void {
    for (const change of changes) {
      if ('range' in change) {
        const { start, end } = change.range;
        const span = ordered(this.document.offsetAt(start), this.document.offsetAt(end));
        this.analyzed?.edit([{ span, newText: change.text }]);
      } else {
        const edit = editBetween(this.document.getText(), change.text);
        if (edit) this.analyzed?.edit([edit]);
      }
      this.document = TextDocument.update(this.document, [change], version);
    }
  }

  parsed(analyzer: Analyzer): AnalyzedDocument {
    this.analyzed ??= analyzer.open(this.document.getText());
    return this.analyzed;
  }

  dispose(): void {
    this.analyzed?.dispose();
    this.analyzed = undefined;
  }
}

function ordered(a: number, b: number): Span {
  return a <= b ? { start: a, end: b } : { start: b, end: a };
}

/** A document by itself. */
export class FileUnit implements Unit {
  readonly isNotebook = false;

  constructor(
    private readonly document: OpenDocument,
    private readonly analyzer: Analyzer,
  ) {}

  get uri(): string {
    return this.document.uri;
  }

  text(): string {
    return this.document.content.getText();
  }

  findings(settings: AnalysisSettings): readonly Finding[] {
    return this.document.parsed(this.analyzer).findings(settings);
  }

  loopAt(offset: number, settings: AnalysisSettings): LoopFact | undefined {
    return this.document.parsed(this.analyzer).loopAt(offset, settings);
  }

  loops(settings: AnalysisSettings): readonly LoopLife[] {
    return this.document.parsed(this.analyzer).loops(settings);
  }

  locate(span: Span): Location {
    return { uri: this.uri, range: rangeIn(this.document.content, span) };
  }

  isWithinOne(): boolean {
    return true;
  }

  offsetAt(_uri: string, position: Position): number {
    return this.document.content.offsetAt(position);
  }

  dispose(): void {
    this.document.dispose();
  }
}

/** The Python cells of a notebook. `refresh` after any change of its cells. */
export class NotebookUnit implements Unit {
  readonly isNotebook = true;
  private joined: JoinedCells = { text: '', places: [] };
  private analyzed: AnalyzedDocument | undefined;

  constructor(
    readonly uri: string,
    private readonly cells: () => readonly OpenDocument[],
    private readonly analyzer: Analyzer,
  ) {
    this.refresh();
  }

  /** Takes in the cells as they are now. */
  refresh(): void {
    const before = this.joined.text;
    this.joined = joinCells(this.cells().map((cell) => ({ uri: cell.uri, text: cell.content.getText() })));
    const edit: TextChange | undefined = editBetween(before, this.joined.text);
    if (edit) this.analyzed?.edit([edit]);
  }

  /** The URIs of the cells that are analysed. */
  cellUris(): readonly string[] {
    return this.joined.places.map((place) => place.uri);
  }

  text(): string {
    return this.joined.text;
  }

  findings(settings: AnalysisSettings): readonly Finding[] {
    return this.parsed().findings(inNotebook(settings));
  }

  loopAt(offset: number, settings: AnalysisSettings): LoopFact | undefined {
    return this.parsed().loopAt(offset, inNotebook(settings));
  }

  loops(settings: AnalysisSettings): readonly LoopLife[] {
    return this.parsed().loops(inNotebook(settings));
  }

  locate(span: Span): Location {
    const { places } = this.joined;
    const place = places.findLast((each) => each.start <= span.start) ?? places[0];
    const cell = this.cells().find((each) => each.uri === place?.uri);
    if (!place || !cell)
      return { uri: this.uri, range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } } };
    const within = (offset: number): number => Math.max(0, Math.min(offset - place.start, place.length));
    return { uri: place.uri, range: rangeIn(cell.content, { start: within(span.start), end: within(span.end) }) };
  }

  isWithinOne(span: Span): boolean {
    return this.joined.places.some((place) => place.start <= span.start && span.end <= place.start + place.length);
  }

  offsetAt(uri: string, position: Position): number {
    const place = this.joined.places.find((each) => each.uri === uri);
    const cell = this.cells().find((each) => each.uri === uri);
    return place && cell ? place.start + cell.content.offsetAt(position) : 0;
  }

  dispose(): void {
    this.analyzed?.dispose();
    this.analyzed = undefined;
  }

  private parsed(): AnalyzedDocument {
    this.analyzed ??= this.analyzer.open(this.joined.text);
    return this.analyzed;
  }
}

function rangeIn(document: TextDocument, span: Span): Range {
  return { start: document.positionAt(span.start), end: document.positionAt(span.end) };
}

const notebookSettings = new WeakMap<AnalysisSettings, AnalysisSettings>();

/** The same settings for the cells of a notebook; the same object each time, as the analysis keeps results by it. */
function inNotebook(settings: AnalysisSettings): AnalysisSettings {
  let changed = notebookSettings.get(settings);
  if (!changed) {
    changed = { ...settings, notebook: true };
    notebookSettings.set(settings, changed);
  }
  return changed;
}
