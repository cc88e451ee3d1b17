/** CodeLenses on the creation of each loop: its life in a line, and on a click the places. */
import type { CodeLens, Location } from 'vscode-languageserver';
import type { Span } from '../../analysis/finding';
import { InternalCommands } from '../../protocol/ids';
import { lifeText } from './hover';
import type { Workbench } from './workbench';

/** @param canShowPlaces whether the editor has the command lintShowPlaces; else a lens is text alone */
export async function codeLenses(uri: string, workbench: Workbench, canShowPlaces: boolean): Promise<CodeLens[]> {
  const unit = await workbench.unitOf(uri);
  if (!unit) return [];
  const { analysis, editor } = await workbench.settingsOf(unit.uri);
  if (!editor.enable || !editor.codeLens) return [];
  const lineOf = (span: Span): number => unit.locate(span).range.start.line + 1;
  return unit.loops(analysis).flatMap((life) => {
    const creation = unit.locate(life.creation);
    if (creation.uri !== uri) return [];
    const spans = [...life.runs, ...life.stops, ...life.escapes, ...life.closes].sort((a, b) => a.start - b.start);
    const places: Location[] = spans.map((span) => unit.locate(span));
    const command = canShowPlaces && places.length > 0 ? InternalCommands.lintShowPlaces : '';
    const args = command === '' ? {} : { arguments: [uri, creation.range.start, places] };
    return [{ range: creation.range, command: { title: lifeText(life, lineOf), command, ...args } }];
  });
}
