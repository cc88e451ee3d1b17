/** The request `loopscope/tasks`: a page of a task tree, its rows completed by what the runtime says of them. */
import * as v from 'valibot';
import type { PageOf, TaskNode } from '../../protocol/dap';
import type { Handlers } from '../dispatch';
import type { Program } from '../program';
import { pageFields, parseArguments } from './pages';

const tasksArguments = v.object({
  tree: v.optional(v.picklist(['creator', 'awaits', 'flat']), 'creator'),
  parent: v.exactOptional(v.string()),
  ...pageFields,
  sort: v.optional(v.picklist(['age', 'busy', 'steps', 'name']), 'age'),
  group: v.optional(v.picklist(['none', 'coroutine', 'state', 'site']), 'none'),
  filter: v.optional(v.string(), ''),
  loop: v.exactOptional(v.number()),
  pinned: v.exactOptional(v.array(v.number())),
});

/** Handlers over the program of the moment. */
export function taskHandlers(program: () => Program): Handlers {
  return {
    'loopscope/tasks': (args): PageOf<TaskNode> => {
      const parsed = parseArguments(tasksArguments, args, 'loopscope/tasks');
      return program().model.page(parsed);
    },
  };
}
