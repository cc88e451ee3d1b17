/** The version of this package, as its package.json has it. */
import { version } from '../../package.json';

export const VERSION: string = version;
