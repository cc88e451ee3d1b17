/**
 * What the command line says of a file: plain data that crosses threads, with lines and columns for every place. The
 * formats turn it into text; none of them looks at a source file again.
 */
import type { Severity } from '../../analysis/finding';
import type { Region } from '../text/lines';

export interface ReportedPlace extends Region {
  readonly message: string;
  /** The text of its first line. */
  readonly source: string;
}

export interface ReportedEdit extends Region {
  readonly newText: string;
}

export interface ReportedFix {
  readonly title: string;
  readonly safe: boolean;
  readonly edits: readonly ReportedEdit[];
}

export interface ReportedFinding extends ReportedPlace {
  readonly code: string;
  readonly severity: Severity;
  /** As it is shown: relative to the working folder where it is in there, with `/`. */
  readonly path: string;
  readonly related: readonly ReportedPlace[];
  readonly fixes: readonly ReportedFix[];
  /** Stays the same while lines move: made of the code, the text of the line, and how often both came before in the file. */
  readonly fingerprint: string;
}

/** Why a file was not checked. */
export interface FileProblem {
  readonly message: string;
  /** `not Python`: CPython would not read it either; a fault only in a file that the person named. */
  readonly kind: 'unreadable' | 'not Python' | 'failed';
}

export interface FileReport {
  readonly path: string;
  readonly findings: readonly ReportedFinding[];
  readonly problem?: FileProblem;
  /** How many findings `--fix` mended, or `--diff` would. */
  readonly fixed?: number;
  /** What `--fix` would change, as a unified diff in the encoding of the file; empty where that is nothing. */
  readonly diff?: Uint8Array;
  /** The mended text in the encoding of the source. */
  readonly output?: Uint8Array;
}

/** What a run of the command line found. */
export interface RunReport {
  /** In the order in which the files were named and are sorted. */
  readonly files: readonly FileReport[];
  /** All findings that are not in the baseline. */
  readonly findings: readonly ReportedFinding[];
}
