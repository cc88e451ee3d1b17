/**
 * The Python cells of a notebook as one text, so that a name made in one cell is known in the next. IPython's own syntax
 * (`%magic`, `!command`, `name?`) becomes Python of the same length. Pure text: knows no protocol.
 */

/** One cell: its text as it is. */
export interface CellText {
  readonly uri: string;
  readonly text: string;
}

/** Where a cell begins in the joined text. */
export interface CellPlace {
  readonly uri: string;
  readonly start: number;
  readonly length: number;
}

export interface JoinedCells {
  readonly text: string;
  readonly places: readonly CellPlace[];
}

/** Cell magics below which Python follows. Below any other one (`%%bash`, `%%html`) nothing is Python. */
const PYTHON_CELL_MAGICS = new Set(['time', 'timeit', 'capture', 'prun', 'debug', 'python', 'python3', 'pypy']);

/** Joins cells, in order. */
export function joinCells(cells: readonly CellText[]): JoinedCells {
  let text = '';
  const places: CellPlace[] = [];
  for (const cell of cells) {
    places.push({ uri: cell.uri, start: text.length, length: cell.text.length });
    text += `${withoutMagics(cell.text)}\n`;
  }
  return { text, places };
}

/** A cell with every bit of IPython's syntax replaced by Python as long as it. */
export function withoutMagics(cell: string): string {
  const magic = /^\s*%%(\w+)/.exec(cell)?.[1];
  if (magic !== undefined && !PYTHON_CELL_MAGICS.has(magic)) return cell.replace(/[^\r\n]/g, ' ');
  if (!/[%!?]/.test(cell)) return cell;
  return cell.replace(/[^\r\n]+/g, (line) => {
    if (magic !== undefined && /^\s*%%/.test(line)) return ' '.repeat(line.length);
    const command =
      /^(\s*)(?:%[A-Za-z_]|!(?!=)|\?{1,2}[\w.])/.exec(line) ??
      /^(\s*[\w.,\s]+=\s*)(?:%[A-Za-z_]|!(?!=))/.exec(line) ??
      /^(\s*)[\w.]+\?{1,2}\s*$/.exec(line);
    if (!command) return line;
    const kept = command[1] ?? '';
    return `${kept}0${' '.repeat(line.length - kept.length - 1)}`;
  });
}
