/**
 * Which settings hold for a file: those of the nearest pyproject.toml above it that has a table [tool.loopscope]; without
 * a target-version there, the `requires-python` of the nearest pyproject.toml. Reads files, keeps what it read until told
 * that something changed, and reports every error once per file.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { Ignore } from 'ignore';
import ignore from 'ignore';
import type { AnalysisSettings } from '../../analysis/settings';
import type { ProjectSettings, SettingError } from './pyproject';
import { NO_PROJECT, readPyproject, selectedByRuff } from './pyproject';
import { readToml } from './toml';

/** The settings that hold in a folder. */
export interface Project {
  /** The folder that patterns are relative to. */
  readonly root: string;
  /** The pyproject.toml that the settings come from, if any. */
  readonly path?: string;
  readonly settings: AnalysisSettings;
  /** Whether a walk leaves out a file or folder (an absolute path), by `exclude`. */
  isExcluded(path: string): boolean;
  /** The codes that Ruff's settings there select; undefined where Ruff has no settings. */
  readonly ruffSelects?: readonly string[];
  /** The settings of one file: per-file-ignores are in `off`. The same object for files with the same ones. */
  settingsOf(path: string): AnalysisSettings;
}

/** A file with settings that are wrong. */
export interface FileErrors {
  readonly path: string;
  readonly errors: readonly SettingError[];
}

interface ReadFile {
  readonly folder: string;
  readonly path: string;
  readonly project: ProjectSettings;
}

/** Finds projects. One for a process. */
export class Projects {
  private readonly files = new Map<string, ReadFile | undefined>();
  private readonly ruffFiles = new Map<string, readonly string[] | undefined>();
  private readonly byFolder = new Map<string, Project>();
  private readonly wrong = new Map<string, FileErrors>();

  constructor(private readonly knownCodes: ReadonlySet<string>) {}

  /** The project that a file belongs to. @param path absolute */
  of(path: string): Project {
    return this.inFolder(dirname(path));
  }

  /** The project that holds in a folder. @param folder absolute */
  inFolder(folder: string): Project {
    let project = this.byFolder.get(folder);
    if (!project) {
      project = this.find(folder);
      this.byFolder.set(folder, project);
    }
    return project;
  }

  /** Every pyproject.toml read so far that has wrong settings. */
  errors(): readonly FileErrors[] {
    return [...this.wrong.values()];
  }

  /** Forgets everything: some pyproject.toml or ruff.toml was written, made or removed. */
  forget(): void {
    this.files.clear();
    this.ruffFiles.clear();
    this.byFolder.clear();
    this.wrong.clear();
  }

  private find(folder: string): Project {
    const above = this.pyprojectsFrom(folder);
    const ours = above.find((file) => file.project.isOurs);
    const chosen = ours?.project ?? NO_PROJECT;
    const required = above.find((file) => file.project.targetFrom === 'requires-python');
    const target = chosen.targetFrom === 'target-version' ? chosen.settings.target : required?.project.settings.target;
    const settings = target ? { ...chosen.settings, target } : chosen.settings;
    const ruffSelects = this.ruffFrom(folder) ?? above.find((file) => file.project.ruffSelects)?.project.ruffSelects;
    return makeProject(ours?.folder ?? above[0]?.folder ?? folder, { ...chosen, settings }, ours?.path, ruffSelects);
  }

  /** The pyproject.toml files of a folder and the folders above it, the nearest first. */
  private pyprojectsFrom(folder: string): ReadFile[] {
    return foldersFrom(folder).flatMap((each) => this.read(each) ?? []);
  }

  private read(folder: string): ReadFile | undefined {
    if (this.files.has(folder)) return this.files.get(folder);
    const path = join(folder, 'pyproject.toml');
    const text = readIfThere(path);
    let file: ReadFile | undefined;
    if (text !== undefined) {
      const { project, errors } = readPyproject(text, this.knownCodes);
      if (errors.length > 0) this.wrong.set(path, { path, errors });
      file = { folder, path, project };
    }
    this.files.set(folder, file);
    return file;
  }

  /** What the nearest ruff.toml selects. */
  private ruffFrom(folder: string): readonly string[] | undefined {
    for (const each of foldersFrom(folder)) {
      if (!this.ruffFiles.has(each)) this.ruffFiles.set(each, readRuff(each));
      const selects = this.ruffFiles.get(each);
      if (selects) return selects;
    }
    return undefined;
  }
}

/** A folder and all above it. */
function foldersFrom(folder: string): string[] {
  const folders = [folder];
  for (let each = folder; dirname(each) !== each; each = dirname(each)) folders.push(dirname(each));
  return folders;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function readRuff(folder: string): readonly string[] | undefined {
  const text = readIfThere(join(folder, 'ruff.toml')) ?? readIfThere(join(folder, '.ruff.toml'));
  if (text === undefined) return undefined;
  try {
    return selectedByRuff(readToml(text));
  } catch {
    return undefined; // Ruff itself tells of it.
  }
}

/** A project from what a pyproject.toml says. */
function makeProject(
  root: string,
  from: ProjectSettings,
  path: string | undefined,
  ruffSelects: readonly string[] | undefined,
): Project {
  const excluded = ignore().add([...from.exclude]);
  const perFile = from.perFileIgnores.map(({ pattern, codes }) => {
    // A leading "!" is for all files but those that match.
    const isNegated = pattern.startsWith('!');
    return { codes, isNegated, matcher: ignore().add(isNegated ? pattern.slice(1) : pattern) };
  });
  const byCodes = new Map<string, AnalysisSettings>();
  return {
    root,
    ...(path === undefined ? {} : { path }),
    settings: from.settings,
    ...(ruffSelects ? { ruffSelects } : {}),
    isExcluded: (file) => from.exclude.length > 0 && matches(excluded, root, file),
    settingsOf(file) {
      const off = perFile.flatMap(({ codes, isNegated, matcher }) =>
        matches(matcher, root, file) !== isNegated ? codes : [],
      );
      if (off.length === 0) return from.settings;
      const key = off.join();
      let settings = byCodes.get(key);
      if (!settings) {
        settings = { ...from.settings, off: [...from.settings.off, ...off] };
        byCodes.set(key, settings);
      }
      return settings;
    },
  };
}

function matches(matcher: Ignore, root: string, path: string): boolean {
  const inside = relative(root, path).split(sep).join('/');
  return ignore.isPathValid(inside) && matcher.ignores(inside);
}

/** Whether a path is a file that settings may come from. */
export function isSettingsFile(path: string): boolean {
  return ['pyproject.toml', 'ruff.toml', '.ruff.toml'].includes(basename(path));
}
