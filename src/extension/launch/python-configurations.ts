/**
 * Configurations that were written for Python's own debugger (types `debugpy` and `python`), run by Loopscope: which
 * ones can be, and what they become. Pure; what is asked of the person is python-provider.ts's.
 */
import { DEBUG_TYPE } from '../../protocol/ids';

/** A configuration of whatever type, as VS Code hands it over. */
export type AnyConfiguration = Readonly<Record<string, unknown>> & {
  readonly type: string;
  readonly name: string;
  readonly request: string;
};

/** The types of Python's own debugger: the extension's today, and the one that it replaced. */
export const PYTHON_TYPES: readonly string[] = ['debugpy', 'python'];

/**
 * Whether a configuration can run through Loopscope. Not the child of a session of Python's own (`subProcessId`): it
 * belongs to its parent's debugpy. Not one that names an adapter of its own (`debugServer`).
 */
export function canRunHere(config: AnyConfiguration): boolean {
  return (
    PYTHON_TYPES.includes(config.type) &&
    (config.request === 'launch' || config.request === 'attach') &&
    config['subProcessId'] === undefined &&
    config['debugServer'] === undefined
  );
}

/**
 * The same configuration for Loopscope: every option stays as it is. `inFolder`: it belongs to a folder of the workspace,
 * whose `.env` is read where no `envFile` is named, as Python's own debugger does.
 */
export function throughLoopscope(config: AnyConfiguration, inFolder: boolean): AnyConfiguration {
  const launch = config.request === 'launch';
  const envFile = launch && inFolder && config['envFile'] === undefined ? { envFile: '${workspaceFolder}/.env' } : {};
  return { ...envFile, ...config, type: DEBUG_TYPE };
}
