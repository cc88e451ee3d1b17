/** The requests `loopscope/loops`, `loopscope/state` and `loopscope/level`. */
import * as v from 'valibot';
import type { LoopRow, PageOf, UpdateEvent } from '../../protocol/dap';
import type { Handlers } from '../dispatch';
import { monotonic, type Program } from '../program';
import { parseArguments } from './pages';

const level = v.object({ detail: v.picklist(['adaptive', 'full']) });

/** Handlers over the program of the moment. */
export function loopHandlers(program: () => Program): Handlers {
  return {
    'loopscope/loops': (): PageOf<LoopRow> => {
      const { model } = program();
      const rows = model.loopRows(monotonic());
      return { revision: model.revision, total: rows.length + model.forgottenLoops, offset: 0, rows };
    },
    'loopscope/state': (): UpdateEvent => program().update(),
    'loopscope/level': (args) => {
      program().setLevel(parseArguments(level, args, 'loopscope/level').detail);
      return {};
    },
  };
}
