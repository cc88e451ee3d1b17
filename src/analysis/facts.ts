/**
 * Everything that rules can ask about one text, worked out when it is first asked for. The composition root of the
 * analysis of a file: the only place that knows which part needs which.
 */
import { BlockingCalls } from './flow/blocking';
import { Contexts } from './flow/contexts';
import { Invocations } from './flow/invocations';
import { Lives } from './flow/lives';
import { Places } from './flow/places';
import { LOOP_PROTOCOL } from './flow/protocols';
import { Raising } from './flow/raising';
import { Names } from './flow/scopes';
import type { TrackerFacts } from './flow/tracker';
import { Graphs, Tracker } from './flow/tracker';
import { Values } from './flow/values';
import type { AnalysisSettings } from './settings';
import type { Ast } from './syntax/ast';

/** What a rule can want. Each is worked out once for a text, and only if a rule that is on wants it. */
export interface Facts {
  readonly settings: AnalysisSettings;
  /** The syntax tree. */
  readonly ast: Ast;
  /** Scopes, symbols, functions, classes, calls. */
  readonly names: Names;
  /** What expressions can be. */
  readonly values: Values;
  /** Who runs each function, and how. */
  readonly invocations: Invocations;
  /** Where each function runs. */
  readonly contexts: Contexts;
  /** How each function comes to run where it runs. */
  readonly places: Places;
  /** Calls that block their thread. */
  readonly blocking: BlockingCalls;
  /** What can really raise. */
  readonly raising: Raising;
  /** Control flow graphs. */
  readonly graphs: Graphs;
  /** The lives of event loops. */
  readonly lives: Lives;
}

/** The facts of one text. */
export class FileFacts implements Facts {
  private madeNames?: Names;
  private madeValues?: Values;
  private madeInvocations?: Invocations;
  private madeContexts?: Contexts;
  private madePlaces?: Places;
  private madeBlocking?: BlockingCalls;
  private madeRaising?: Raising;
  private madeGraphs?: Graphs;
  private madeLives?: Lives;

  constructor(
    readonly ast: Ast,
    readonly settings: AnalysisSettings,
  ) {}

  get names(): Names {
    return (this.madeNames ??= new Names(this.ast));
  }

  get values(): Values {
    return (this.madeValues ??= this.makeValues());
  }

  get invocations(): Invocations {
    return (this.madeInvocations ??= new Invocations(this.values));
  }

  get contexts(): Contexts {
    return (this.madeContexts ??= new Contexts(this.names, this.invocations, this.settings.notebook));
  }

  get places(): Places {
    return (this.madePlaces ??= new Places(this.values, this.invocations, this.settings.notebook));
  }

  get blocking(): BlockingCalls {
    return (this.madeBlocking ??= new BlockingCalls(this.values, this.settings.blockingCalls));
  }

  get raising(): Raising {
    return (this.madeRaising ??= new Raising(this.values));
  }

  get graphs(): Graphs {
    return (this.madeGraphs ??= new Graphs(this.names, this.raising));
  }

  get lives(): Lives {
    return (this.madeLives ??= this.makeLives());
  }

  private makeValues(): Values {
    const values = new Values(this.names, new Set(this.settings.loopFactories));
    values.useArguments(new Invocations(values));
    return values;
  }

  private makeLives(): Lives {
    const { trackerFacts } = this;
    const tracker = new Tracker(trackerFacts, LOOP_PROTOCOL);
    return new Lives(trackerFacts, tracker, new Set(this.settings.loopFactories), (fn) => this.contexts.runsInLoop(fn));
  }

  private get trackerFacts(): TrackerFacts {
    const { names, values, invocations, raising, graphs, settings } = this;
    return { names, values, invocations, raising, graphs, cleanupFunctions: new Set(settings.cleanupFunctions) };
  }
}
