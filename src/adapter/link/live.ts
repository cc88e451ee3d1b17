/** What a feature needs of a program: its model, and its connection while there is one. */
import type { LoopModel } from '../../model/model';
import type { RuntimeLink } from './runtime-link';

export interface Live {
  readonly model: LoopModel;
  /** undefined: not connected (yet, or no longer). */
  readonly link: RuntimeLink | undefined;
}
