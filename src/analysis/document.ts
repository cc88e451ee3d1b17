/** A text that is kept parsed while it is edited, with its findings and its loops. Applies no fixes. */
import type { AnalyzedDocument, LoopFact, LoopLife, LoopOwner, LoopState, TextChange } from './contract';
import { findingsOf } from './engine';
import { FileFacts } from './facts';
import type { Finding, Span } from './finding';
import { BORN, CLOSED, CURRENT, ELSEWHERE, ESCAPED, RAN, STOPPING, UNKNOWN } from './flow/bits';
import { isHeldBy } from './flow/explore';
import type { Life } from './flow/lives';
import { mayHaveFindings } from './prefilter';
import type { AnalysisSettings } from './settings';
import type { NodeId } from './syntax/ast';
import { NONE } from './syntax/ast';
import { Kind } from './syntax/kinds';
import type { ParsedText } from './syntax/parser';

/** The order in which states are listed. */
const STATE_ORDER: readonly LoopState[] = [
  'created',
  'set current',
  'running',
  'stop requested',
  'stopped',
  'closed',
  'escaped',
  'foreign',
];

export class OpenDocument implements AnalyzedDocument {
  private facts: FileFacts | undefined;
  private known: { readonly settings: AnalysisSettings; readonly findings: readonly Finding[] } | undefined;

  constructor(private readonly parsed: ParsedText) {}

  get text(): string {
    return this.parsed.text;
  }

  edit(changes: readonly TextChange[]): void {
    this.parsed.edit(changes);
    this.facts = undefined;
    this.known = undefined;
  }

  findings(settings: AnalysisSettings): readonly Finding[] {
    if (this.known?.settings !== settings) {
      const isWorth = mayHaveFindings(this.text, settings);
      const findings = isWorth ? findingsOf(this.parsed.ast, settings, this.factsFor(settings)) : [];
      this.known = { settings, findings };
    }
    return this.known.findings;
  }

  loops(settings: AnalysisSettings): readonly LoopLife[] {
    const facts = this.factsFor(settings);
    return facts.lives.owned.map((life) => lifeOf(facts, life));
  }

  loopAt(offset: number, settings: AnalysisSettings): LoopFact | undefined {
    const facts = this.factsFor(settings);
    const { ast, names, values, lives } = facts;
    const node = ast.nodeAt(offset);
    if (node === NONE || !values.isLoop(node)) return undefined;
    const kind = ast.kindOf(node);
    if (kind !== Kind.Name && kind !== Kind.Attribute && kind !== Kind.Param) return undefined;
    const fn = names.functionOf(node);
    const states = new Set<LoopState>();
    const found: Life[] = [];
    for (const life of lives.all) {
      if (life.fn !== fn || !statesAt(facts, life, node, states)) continue;
      if (life.origin !== 'borrowed') found.push(life);
    }
    if (found.length === 0) {
      // The name that a new loop is bound to: no operation reads it there.
      const made = lives.all.find(
        (life) =>
          life.fn === fn && life.origin !== 'borrowed' && ast.statementOf(life.creation) === ast.statementOf(node),
      );
      if (made) {
        found.push(made);
        states.add('created');
      }
    }
    if (found.length === 0) found.push(...lives.owned.filter((life) => isKeptBy(facts, life, node)));
    if (states.size === 0 && found.length > 0) states.add('foreign');
    return {
      span: ast.span(node),
      text: ast.textOf(node),
      states: STATE_ORDER.filter((state) => states.has(state)),
      owner: found[0] ? ownerOf(found[0]) : states.has('foreign') ? 'caller' : 'unknown',
      lives: found.map((life) => lifeOf(facts, life)),
    };
  }

  dispose(): void {
    this.parsed.dispose();
  }

  private factsFor(settings: AnalysisSettings): FileFacts {
    if (this.facts?.settings !== settings) this.facts = new FileFacts(this.parsed.ast, settings);
    return this.facts;
  }
}

/** Adds the states that a loop can be in where `node` names it; false where it does not name this loop. */
function statesAt(facts: FileFacts, life: Life, node: NodeId, states: Set<LoopState>): boolean {
  const { ast, names } = facts;
  const { exploration } = life;
  const statement = ast.statementOf(node);
  let isNamed = false;
  for (const state of exploration.states) {
    const op = exploration.cfg.ops[state.op];
    if (!op || op.node === NONE || (state.bits & BORN) === 0) continue;
    // The first operation that comes after the name was read: the one that it is an operand of.
    const isOperand = ast.contains(op.node, node) || (op.node >= node && ast.statementOf(op.node) === statement);
    if (!isOperand || !isHeldBy(names, node, exploration.aliasesOf(state))) continue;
    isNamed = true;
    addStates(state.bits, states);
  }
  return isNamed;
}

function addStates(bits: number, states: Set<LoopState>): void {
  if ((bits & UNKNOWN) !== 0 && (bits & CLOSED) === 0) states.add('foreign');
  if ((bits & CLOSED) !== 0) states.add('closed');
  else if ((bits & ELSEWHERE) !== 0) states.add('running');
  else if ((bits & RAN) !== 0) states.add('stopped');
  else if ((bits & UNKNOWN) === 0) states.add('created');
  if ((bits & CURRENT) !== 0) states.add('set current');
  if ((bits & STOPPING) !== 0 && (bits & (RAN | CLOSED)) === 0) states.add('stop requested');
  if ((bits & ESCAPED) !== 0) states.add('escaped');
}

/** Whether a name is the field or module variable that keeps a loop made elsewhere. */
function isKeptBy({ ast, names }: FileFacts, life: Life, node: NodeId): boolean {
  if (life.variable) return names.symbolOf(node) === life.variable;
  return life.field !== undefined && ast.kindOf(node) === Kind.Attribute && ast.name(node) === life.field.name;
}

function ownerOf(life: Life): LoopOwner {
  if (life.field) return 'class';
  if (life.variable) return 'module';
  if (life.origin === 'borrowed') return 'caller';
  return (life.done & ESCAPED) !== 0 ? 'unknown' : 'function';
}

function lifeOf(facts: FileFacts, life: Life): LoopLife {
  const { ast } = facts;
  const where = (bit: number): Span[] => {
    const nodes = life.exploration.events
      .filter(({ effect, op }) => ((effect.must | effect.may) & bit) !== 0 && op.node !== NONE)
      .map(({ op }) => op.node);
    return [...new Set([...nodes, ...facts.lives.elsewhere(life, bit)])]
      .sort((a, b) => a - b)
      .map((node) => ast.span(node));
  };
  return {
    creation: ast.span(life.creation),
    name: life.name,
    owner: ownerOf(life),
    runs: where(RAN),
    stops: where(STOPPING),
    closes: where(CLOSED),
    escapes: where(ESCAPED | CURRENT),
  };
}
