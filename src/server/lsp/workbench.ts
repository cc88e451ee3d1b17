/**
 * All that a request needs to know: which documents and notebooks are open, which settings hold for each, what the
 * analysis finds in them. Knows no request and sends nothing but the question for the editor's settings.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Analyzer } from '../../analysis/analyze';
import type { Finding } from '../../analysis/finding';
import type { AnalysisSettings } from '../../analysis/settings';
import { KNOWN_CODES } from '../catalog';
import type { Project } from '../config/project';
import { Projects } from '../config/project';
import type { EditorSettings } from './editor-settings';
import { isRuffs, overlay } from './editor-settings';
import type { OpenDocuments } from './open-documents';
import type { OpenDocument, Unit } from './units';
import { FileUnit, NotebookUnit } from './units';

/** The settings that hold for one unit. */
export interface UnitSettings {
  readonly analysis: AnalysisSettings;
  readonly editor: EditorSettings;
  readonly project: Project;
}

export class Workbench {
  readonly projects = new Projects(KNOWN_CODES);
  /** Whether the editor runs Ruff, as far as it has said so. */
  ruffIsOn = false;
  /** Folders of the workspace, absolute paths. */
  folders: readonly string[] = [];
  private readonly units = new Map<string, FileUnit | NotebookUnit>();
  private readonly notebookOfCell = new Map<string, string>();

  constructor(
    private readonly analyzer: Promise<Analyzer>,
    private readonly documents: OpenDocuments,
    /** Asks the editor for the settings of a resource, by URI. */
    private readonly editorSettings: (uri: string) => Promise<EditorSettings>,
  ) {}

  /** The unit that a document belongs to; undefined where it is not open or not Python. */
  async unitOf(uri: string): Promise<Unit | undefined> {
    const key = this.notebookOfCell.get(uri) ?? uri;
    const known = this.units.get(key);
    if (known) return known;
    const analyzer = await this.analyzer;
    // Opened or closed meanwhile.
    const again = this.units.get(key);
    if (again) return again;
    const document = this.documents.get(key);
    const isNotebook = this.documents.cellsOf(key) !== undefined;
    if (document?.languageId !== 'python' && !isNotebook) return undefined;
    const unit = document
      ? new FileUnit(document, analyzer)
      : new NotebookUnit(key, () => this.pythonCells(key), analyzer);
    this.units.set(key, unit);
    return unit;
  }

  /** Takes note of a notebook's cells, at its opening and after every change. */
  takeCells(notebook: string, cells: readonly string[]): void {
    this.forgetCells(notebook);
    for (const cell of cells) this.notebookOfCell.set(cell, notebook);
    const unit = this.units.get(notebook);
    if (unit instanceof NotebookUnit) unit.refresh();
  }

  /** Lets go of a closed document or notebook. */
  close(uri: string): void {
    this.units.get(uri)?.dispose();
    this.units.delete(uri);
    this.forgetCells(uri);
  }

  async settingsOf(uri: string): Promise<UnitSettings> {
    const editor = await this.editorSettings(uri);
    const path = pathOf(uri) ?? join(this.folders[0] ?? process.cwd(), 'untitled.py');
    const project = this.projects.of(path);
    return { analysis: overlay(project.settingsOf(path), editor), editor, project };
  }

  /** What a unit's diagnostics are about: its findings without those that are left to Ruff; none where lint is off. */
  async findingsOf(unit: Unit): Promise<readonly Finding[]> {
    const settings = await this.settingsOf(unit.uri);
    return this.shown(unit.findings(settings.analysis), settings);
  }

  /** Of a file's findings those that the editor's settings let through. */
  shown(findings: readonly Finding[], { editor, project }: UnitSettings): readonly Finding[] {
    if (!editor.enable) return [];
    return findings.filter((finding) => !isRuffs(finding, editor, project, this.ruffIsOn));
  }

  /** An analysis of texts that are not open, with the settings of a unit. */
  async analyseLike(unit: Unit): Promise<(text: string) => readonly Finding[]> {
    const analyzer = await this.analyzer;
    const settings = await this.settingsOf(unit.uri);
    const analysis = unit.isNotebook ? { ...settings.analysis, notebook: true } : settings.analysis;
    return (text) => this.shown(analyzer.analyze(text, analysis), settings);
  }

  private pythonCells(notebook: string): OpenDocument[] {
    return this.documents.cellsOf(notebook)?.filter((cell) => cell.languageId === 'python') ?? [];
  }

  private forgetCells(uri: string): void {
    for (const [cell, notebook] of this.notebookOfCell) if (notebook === uri) this.notebookOfCell.delete(cell);
  }
}

/** The path of a `file:` URI. */
export function pathOf(uri: string): string | undefined {
  if (!uri.startsWith('file:')) return undefined;
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined; // A URI of another host.
  }
}
