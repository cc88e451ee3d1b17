/** The requests `loopscope/tasks` and `loopscope/task`: pages of the task trees, and one task whole. */
import * as v from 'valibot';
import type { PageOf, TaskDetailRow, TaskNode, TasksArguments } from '../../protocol/dap';
import { type Handlers, RequestError } from '../dispatch';
import { taskAnswer } from '../link/answers';
import { QueryError } from '../link/runtime-link';
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

const taskArguments = v.object({ task: v.number() });

/** Longest chain of creators shown. */
const MOST_CREATORS = 50;

/** Handlers over the program of the moment. */
export function taskHandlers(program: () => Program): Handlers {
  return {
    'loopscope/tasks': (args) =>
      taskPage(program(), parseArguments(tasksArguments, args, 'loopscope/tasks') satisfies TasksArguments),
    'loopscope/task': (args) => taskDetail(program(), parseArguments(taskArguments, args, 'loopscope/task').task),
  };
}

/** A page of a task tree, its rows completed by what the runtime says of them. */
export async function taskPage(program: Program, args: TasksArguments): Promise<PageOf<TaskNode>> {
  const page = await pageFromModel(program, args);
  const rows = await program.describer.complete(page.rows);
  return { ...page, rows };
}

async function pageFromModel(program: Program, args: TasksArguments): Promise<PageOf<TaskNode>> {
  program.settler.looked(args.loop);
  if (args.tree === 'awaits' && args.group === 'none' && !args.parent?.startsWith('g')) {
    try {
      return await program.awaits.page(args);
    } catch (error) {
      if (error instanceof QueryError) throw new RequestError(error.message);
      throw error;
    }
  }
  const counts = args.group === 'state' || args.filter !== '' || args.tree === 'creator';
  const known = !counts || (await program.settler.states(args.loop));
  const page = program.model.page(args);
  if (known) return page;
  // Which tasks are ready cannot be known of this moment: then no count of states is better than a wrong one.
  return { ...page, rows: page.rows.map((row) => (row.kind === 'task' ? row : { ...row, states: {} })) };
}

async function taskDetail(program: Program, id: number): Promise<TaskDetailRow> {
  const { model, describer } = program;
  const row = model.row(id);
  if (!row) throw new RequestError(`Task #${id} has ended and is no longer kept.`);
  const where = model.addressOf(id);
  let silent = '';
  const answer =
    where && program.link
      ? await program.link
          .query({ query: 'task', loop: where.loop, task: where.address }, taskAnswer)
          .catch((error: unknown) => {
            if (!(error instanceof QueryError)) throw error;
            // What the model knows is shown all the same, and why the rest is missing.
            silent = error.message;
            return undefined;
          })
      : undefined;
  const said = answer?.task ?? undefined;
  if (said && where) describer.take(where.loop, id, said);
  const merged = describer.merge(row);
  return {
    ...merged,
    detail: [merged.detail, said && said.cancelling > 0 ? 'cancellation requested' : '', silent]
      .filter(Boolean)
      .join(', '),
    frames: said?.frames ?? [],
    awaitedBy: (said?.awaitedBy ?? []).flatMap((address) => {
      const awaiter = where ? model.idAt(where.loop, address) : undefined;
      return awaiter === undefined ? [] : [{ task: awaiter, name: model.row(awaiter)?.name ?? '' }];
    }),
    creation: creators(program, id),
  };
}

/** Who made the task and where, then who made that one, outward. */
function creators(program: Program, id: number): TaskDetailRow['creation'] {
  const chain: { task: number | null; name: string; site: TaskDetailRow['createdAt'] }[] = [];
  for (let row = program.model.row(id); row && chain.length < MOST_CREATORS;) {
    const creator = row.createdBy;
    const next = creator === null ? undefined : program.model.row(creator);
    chain.push({
      task: creator,
      name: next?.name ?? (creator === null ? '' : `#${creator}`),
      site: row.createdAt,
    });
    row = next;
  }
  return chain;
}
