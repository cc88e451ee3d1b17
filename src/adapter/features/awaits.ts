/**
 * The awaits tree: who awaits whom, asked of the runtime for the tasks that a page can show and for nothing more. Its
 * roots are chosen among the first tasks in the order of the page; when there are more tasks than are looked at, the
 * last row says so.
 *
 * Node ids: `a5.7` task 7 under task 5. A task that several await stands under each; one that stands above itself (a
 * circle) is shown there without children.
 */
import { awaitedBy, awaitRoots, type Edge } from '../../model/awaits';
import type { PageOf, TaskNode, TaskRow, TasksArguments } from '../../protocol/dap';
import { edgesAnswer } from '../link/answers';
import type { Live } from '../link/live';
import { LoopGoneError } from '../link/runtime-link';

/** Tasks whose edges are asked for at once, and at most for one page. */
const BLOCK = 200;
export const LOOKED_AT_MOST = 1000;
/** Above one block edges are asked for again only after this time, s. */
const FRESH = 1;

export class AwaitsTree {
  readonly #program: Live;
  readonly #known = new Map<number, { readonly at: number; readonly edges: readonly Edge[] }>();
  readonly #clock: () => number;

  constructor(program: Live, clock: () => number) {
    this.#program = program;
    this.#clock = clock;
  }

  /** A page of the tree. Tasks of a loop that has just gone await nobody. Rejects with QueryError if the program does not answer. */
  async page(args: TasksArguments): Promise<PageOf<TaskNode>> {
    return args.parent === undefined || args.parent === '' ? this.#roots(args) : this.#children(args, args.parent);
  }

  /** Tasks that await this one, over any number of others, the nearest first; `most` at most. Rejects as `page` does. */
  async awaitersOf(task: number, most: number): Promise<number[]> {
    const found = new Set([task]);
    for (let wave = [task]; wave.length > 0 && found.size <= most;) {
      const edges = await this.#edges(wave, false);
      const above = edges.flatMap(([awaiter, awaited]) => (wave.includes(awaited) ? [awaiter] : []));
      wave = [...new Set(above)].filter((id) => !found.has(id)).slice(0, most + 1 - found.size);
      for (const id of wave) found.add(id);
    }
    found.delete(task);
    return [...found];
  }

  async #roots(args: TasksArguments): Promise<PageOf<TaskNode>> {
    const { model } = this.#program;
    const { ids, total } = model.liveTasks({ ...args, offset: 0, limit: LOOKED_AT_MOST });
    const edges = await this.#edges(ids, ids.length > BLOCK);
    const roots = args.filter.trim() === '' ? awaitRoots(ids, edges) : ids;
    const rows: TaskNode[] = roots
      .slice(args.offset, args.offset + args.limit)
      .flatMap((id) => this.#row(id, `a${id}`, awaitedBy(id, edges).length));
    const more = total - ids.length;
    if (more > 0 && args.offset <= roots.length && args.offset + args.limit > roots.length)
      rows.push({
        kind: 'group',
        node: 'amore',
        text: 'more tasks are not in this tree: set a filter, or show the tasks flat',
        count: more,
        children: 0,
        oldest: 0,
        states: {},
      });
    return { revision: model.revision, total: roots.length + (more > 0 ? 1 : 0), offset: args.offset, rows };
  }

  async #children(args: TasksArguments, parent: string): Promise<PageOf<TaskNode>> {
    const { model } = this.#program;
    const path = parent.slice(1).split('.').map(Number);
    const id = path.at(-1) ?? 0;
    const all = model.order(awaitedBy(id, await this.#edges([id], false)), args.sort);
    const page = all.slice(args.offset, args.offset + args.limit);
    const below = await this.#edges(page, false);
    const rows = page.flatMap((child) =>
      this.#row(child, `${parent}.${child}`, path.includes(child) ? 0 : awaitedBy(child, below).length),
    );
    return { revision: model.revision, total: all.length, offset: args.offset, rows };
  }

  #row(id: number, node: string, children: number): TaskRow[] {
    const row = this.#program.model.row(id);
    return row ? [{ ...row, node, children }] : [];
  }

  /** Edges up and down of the tasks named, by id. */
  async #edges(ids: readonly number[], keep: boolean): Promise<Edge[]> {
    const { link, model } = this.#program;
    const now = this.#clock();
    for (const [id, known] of this.#known) if (now - known.at >= FRESH) this.#known.delete(id);
    const byLoop = new Map<number, number[]>();
    const edges: Edge[] = [];
    for (const id of ids) {
      const known = keep ? this.#known.get(id) : undefined;
      const where = model.addressOf(id);
      if (known) edges.push(...known.edges);
      else if (where) {
        const wanted = byLoop.get(where.loop);
        if (wanted) wanted.push(id);
        else byLoop.set(where.loop, [id]);
      }
    }
    if (!link) return edges;
    for (const [loop, wanted] of byLoop) {
      for (let at = 0; at < wanted.length; at += BLOCK) {
        const block = wanted.slice(at, at + BLOCK);
        const found: Edge[] = [];
        // An answer holds the loop for a few milliseconds at most, and names what it had no time for.
        let tasks: readonly number[] = block.flatMap((id) => model.addressOf(id)?.address ?? []);
        while (tasks.length > 0) {
          const answer = await link.query({ query: 'edges', loop, tasks }, edgesAnswer).catch((error: unknown) => {
            if (error instanceof LoopGoneError) return { edges: [], rest: [] };
            throw error;
          });
          for (const [from, to] of answer.edges) {
            const awaiter = model.idAt(loop, from);
            const awaited = model.idAt(loop, to);
            if (awaiter !== undefined && awaited !== undefined) found.push([awaiter, awaited]);
          }
          const rest: readonly number[] = answer.rest ?? [];
          tasks = rest.length < tasks.length ? rest : [];
        }
        edges.push(...found);
        if (!keep) continue;
        for (const id of block)
          this.#known.set(id, { at: now, edges: found.filter(([from, to]) => from === id || to === id) });
      }
    }
    return edges;
  }
}
