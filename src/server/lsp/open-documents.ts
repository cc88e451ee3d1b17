/** The documents and notebooks that the editor has open, kept as it tells. Knows nothing of the analysis. */
import type {
  NotebookCell,
  NotebookDocumentChangeEvent,
  TextDocumentItem,
  TextDocumentContentChangeEvent,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { Connection } from './connection';
import { OpenDocument } from './units';

/** What happens to documents, for those who keep something of them. URIs. */
export interface DocumentListener {
  /** Opened or changed: documents, or all cells of a notebook. */
  changed(uris: readonly string[]): void;
  closed(uris: readonly string[]): void;
  /** A notebook was opened, or its cells are others, or say something else. */
  notebookChanged(notebook: string, cells: readonly string[]): void;
  /** A document or a notebook was closed: what was kept of it can go. */
  released(uri: string): void;
}

export class OpenDocuments {
  private readonly documents = new Map<string, OpenDocument>();
  /** The cells of each notebook, in order. */
  private readonly notebooks = new Map<string, string[]>();

  /** An open document or cell. */
  get(uri: string): OpenDocument | undefined {
    return this.documents.get(uri);
  }

  all(): string[] {
    return [...this.documents.keys()];
  }

  /** The documents of a notebook's cells, in order; undefined where no such notebook is open. */
  cellsOf(notebook: string): OpenDocument[] | undefined {
    return this.notebooks.get(notebook)?.flatMap((uri) => this.documents.get(uri) ?? []);
  }

  listen(connection: Connection, listener: DocumentListener): void {
    connection.onNotification('textDocument/didOpen', ({ textDocument }) => {
      this.open(textDocument);
      listener.changed([textDocument.uri]);
    });
    connection.onNotification('textDocument/didChange', ({ textDocument, contentChanges }) => {
      this.change(textDocument.uri, contentChanges, textDocument.version);
      listener.changed([textDocument.uri]);
    });
    connection.onNotification('textDocument/didClose', ({ textDocument: { uri } }) => {
      this.documents.delete(uri);
      listener.released(uri);
      listener.closed([uri]);
    });
    connection.onNotification('notebookDocument/didOpen', ({ notebookDocument, cellTextDocuments }) => {
      cellTextDocuments.forEach((cell) => this.open(cell));
      const cells = notebookDocument.cells.map(uriOf);
      this.notebooks.set(notebookDocument.uri, cells);
      listener.notebookChanged(notebookDocument.uri, cells);
      listener.changed(cells);
    });
    connection.onNotification('notebookDocument/didChange', ({ notebookDocument: { uri }, change }) => {
      const { cells, gone } = this.changeNotebook(uri, change);
      listener.notebookChanged(uri, cells);
      listener.changed(cells);
      listener.closed(gone);
    });
    connection.onNotification('notebookDocument/didClose', ({ notebookDocument: { uri }, cellTextDocuments }) => {
      this.notebooks.delete(uri);
      const cells = cellTextDocuments.map((cell) => cell.uri);
      for (const cell of cells) this.documents.delete(cell);
      listener.released(uri);
      listener.closed(cells);
    });
  }

  private open({ uri, languageId, version, text }: TextDocumentItem): void {
    this.documents.set(uri, new OpenDocument(TextDocument.create(uri, languageId, version, text)));
  }

  private change(uri: string, changes: readonly TextDocumentContentChangeEvent[], version: number): void {
    this.documents.get(uri)?.update(changes, version);
  }

  private changeNotebook(uri: string, change: NotebookDocumentChangeEvent): { cells: string[]; gone: string[] } {
    const cells = this.notebooks.get(uri) ?? [];
    const { structure, textContent } = change.cells ?? {};
    const gone = (structure?.didClose ?? []).map((cell) => cell.uri);
    if (structure) {
      const { start, deleteCount, cells: added } = structure.array;
      for (const cell of gone) this.documents.delete(cell);
      structure.didOpen?.forEach((cell) => this.open(cell));
      cells.splice(start, deleteCount, ...(added ?? []).map(uriOf));
    }
    for (const { document, changes } of textContent ?? []) this.change(document.uri, changes, document.version);
    this.notebooks.set(uri, cells);
    return { cells, gone };
  }
}

function uriOf(cell: NotebookCell): string {
  return cell.document;
}
