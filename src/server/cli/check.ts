/**
 * Checks one file: bytes in, a report out. Reads and, with `--fix`, writes that file and nothing else. The same code runs
 * in the main thread and in the workers.
 */
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import type { Analyzer } from '../../analysis/analyze';
import type { Finding, Span } from '../../analysis/finding';
import type { AnalysisSettings, TargetVersion } from '../../analysis/settings';
import { KNOWN_CODES } from '../catalog';
import { Projects } from '../config/project';
import { mayConcern } from '../files/prefilter';
import { fixAll, safeFix } from '../fixes';
import type { Source } from '../text/decode';
import { decode, encode, NotPython } from '../text/decode';
import { diffHead, diffHunks } from '../text/diff';
import { Lines } from '../text/lines';
import type { FileProblem, FileReport, ReportedFinding, ReportedPlace } from './report';

/** A longer file is not source that a person wrote: it is told of, not checked. */
const LONGEST_FILE = 64 * 1024 * 1024;

/** What to do with each file; crosses threads. */
export interface CheckOptions {
  readonly cwd: string;
  /** `fix` writes, `diff` only shows. */
  readonly mode: 'report' | 'fix' | 'diff';
  readonly select?: readonly string[];
  readonly ignore?: readonly string[];
  readonly target?: TargetVersion;
}

export class FileChecker {
  readonly projects = new Projects(KNOWN_CODES);
  /** Files that are known to have no finding. */
  private readonly passedOver = new Set<string>();
  private readonly overridden = new WeakMap<AnalysisSettings, AnalysisSettings>();

  constructor(
    private readonly analyzer: Analyzer,
    private readonly options: CheckOptions,
  ) {}

  /** How many bytes of a file are to be analysed: 0 where it can have no finding, or can not be read. @param path absolute */
  sizeUp(path: string): number {
    try {
      const stat = statSync(path);
      if (!stat.isFile() || stat.size > LONGEST_FILE) return 0;
      const bytes = readFileSync(path);
      if (mayConcern(bytes, this.settingsOf(path))) return bytes.length;
      this.passedOver.add(path);
    } catch {
      // Checking it will say why.
    }
    return 0;
  }

  /** Reads and checks a file. Never throws. @param path absolute */
  checkFile(path: string): FileReport {
    if (this.passedOver.has(path)) return { path: this.shownPath(path), findings: [] };
    return this.guard(path, () => {
      const settings = this.settingsOf(path);
      const stat = statSync(path);
      // A pipe or a device may never end.
      if (!stat.isFile()) return this.refuse(path, 'unreadable', 'it is no regular file; "-" reads standard input');
      if (stat.size > LONGEST_FILE)
        return this.refuse(path, 'not Python', `it is longer than ${LONGEST_FILE >> 20} MiB`);
      const bytes = readFileSync(path);
      if (!mayConcern(bytes, settings)) return { path: this.shownPath(path), findings: [] };
      const source = decode(bytes);
      return this.check(path, source, settings, (mended) => writeFileSync(path, mended));
    });
  }

  /** Checks bytes as if they were a file's. `fix` gives the mended text and writes nothing. Never throws. */
  checkBytes(bytes: Uint8Array, path: string): FileReport {
    return this.guard(path, () => {
      const source = decode(bytes);
      const report = this.check(path, source, this.settingsOf(path), () => undefined);
      return this.options.mode === 'fix' && report.output === undefined ? { ...report, output: bytes } : report;
    });
  }

  private check(
    path: string,
    source: Source,
    settings: AnalysisSettings,
    write: (mended: Uint8Array) => void,
  ): FileReport {
    const analyse = (text: string): readonly Finding[] => this.analyzer.analyze(text, settings);
    const shown = this.shownPath(path);
    const findings = analyse(source.text);
    if (this.options.mode === 'report' || !findings.some(safeFix))
      return { path: shown, findings: reported(findings, source.text, shown) };
    const { text, counts } = fixAll(source.text, analyse);
    const fixed = Object.values(counts).reduce((sum, count) => sum + count, 0);
    if (this.options.mode === 'diff') {
      return {
        path: shown,
        findings: reported(findings, source.text, shown),
        fixed,
        diff: diffBytes(shown, source, text),
      };
    }
    const output = encode(text, source);
    write(output);
    return { path: shown, findings: reported(analyse(text), text, shown), fixed, output };
  }

  private guard(path: string, work: () => FileReport): FileReport {
    try {
      return work();
    } catch (error) {
      if (error instanceof NotPython) return this.refuse(path, 'not Python', error.message);
      const isSystems = error instanceof Error && 'syscall' in error;
      return this.refuse(
        path,
        isSystems ? 'unreadable' : 'failed',
        error instanceof Error ? error.message : String(error),
      );
    }
  }

  private refuse(path: string, kind: FileProblem['kind'], message: string): FileReport {
    return { path: this.shownPath(path), findings: [], problem: { kind, message } };
  }

  /** A path as it is shown. */
  shownPath(path: string): string {
    const inside = relative(this.options.cwd, path);
    const isOutside = inside === '' || inside.startsWith('..') || inside === path;
    return (isOutside ? path : inside).split(sep).join('/');
  }

  private settingsOf(path: string): AnalysisSettings {
    const { select, ignore, target } = this.options;
    const settings = this.projects.of(path).settingsOf(path);
    if (!select && !ignore && !target) return settings;
    let result = this.overridden.get(settings);
    if (!result) {
      result = {
        ...settings,
        ...(select ? { select } : {}),
        ...(ignore ? { ignore } : {}),
        ...(target ? { target } : {}),
      };
      this.overridden.set(settings, result);
    }
    return result;
  }
}

/** What `--fix` would change in a file, in the bytes of the file, so that `patch` finds its lines. */
function diffBytes(shown: string, source: Source, text: string): Uint8Array {
  const mark = source.hasBom ? '\ufeff' : '';
  const hunks = diffHunks(mark + source.text, mark + text);
  if (hunks === '') return Buffer.alloc(0);
  return Buffer.concat([Buffer.from(diffHead(shown)), encode(hunks, { encoding: source.encoding, hasBom: false })]);
}

/** Findings with lines and columns for every place. */
function reported(findings: readonly Finding[], text: string, path: string): ReportedFinding[] {
  if (findings.length === 0) return [];
  const lines = new Lines(text);
  const place = (span: Span, message: string): ReportedPlace => {
    const region = lines.region(span);
    return { ...region, message, source: lines.textOf(region.line) };
  };
  const times = new Map<string, number>();
  return findings.map((finding) => {
    const at = place(finding.span, finding.message);
    const key = `${finding.code}\n${at.source.trim()}`;
    const before = times.get(key) ?? 0;
    times.set(key, before + 1);
    return {
      ...at,
      code: finding.code,
      severity: finding.severity,
      path,
      related: finding.related.map((step) => place(step.span, step.message)),
      fixes: finding.fixes.map(({ title, safe, edits }) => ({
        title,
        safe,
        edits: edits.map((edit) => ({ ...lines.region(edit.span), newText: edit.newText })),
      })),
      fingerprint: createHash('sha256').update(`${key}\n${before}`).digest('hex').slice(0, 32),
    };
  });
}
