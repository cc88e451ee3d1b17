/**
 * Makes our tree from tree-sitter's with one walk of a cursor: drops tokens, brackets and wrapper nodes, gives names
 * their roles (a parameter, an attribute's name, an alias) and collects comments. Does not judge the code. Never recurses: the depth of
 * nesting costs only a stack of its own, and beyond `MAX_DEPTH` a subtree becomes one `Opaque` node.
 */
import type { Span } from '../finding';
import type { NodeId } from './ast';
import { Ast, NONE } from './ast';
import type { Cursor } from './binding';
import type { ActTable } from './grammar';
import { Act, ACTS } from './grammar';
import { Flag, isExpression, Kind, KINDS, Op } from './kinds';
import { moduleStart } from './pieces';
import { TreeStore } from './store';

/** How many nodes may be nested: CPython's own limits (100 indents, 200 brackets) leave room for long chains. */
export const MAX_DEPTH = 600;

/** The names of a tree: by index, and the index by name. Index 0 is the empty name. */
export interface NameTable {
  readonly list: string[];
  readonly index: Map<string, number>;
}

export interface BuildOptions {
  readonly text: string;
  readonly table: ActTable;
  readonly names: NameTable;
  /** Whether the parser reported any error: then missing tokens are looked for, which costs. */
  readonly isBroken: boolean;
  /** Lines that were left out because nothing could be made of them. */
  readonly blanked: readonly Span[];
  /** How deep the text stands in a larger one. */
  readonly depth: number;
}

/** One open node of the cursor's path. There is one for each depth, which is used again. */
interface Frame {
  act: Act;
  /** The tree-sitter type. */
  type: number;
  /** Our node that children attach to: the node's own, or, where it has none, the nearest above. */
  node: NodeId;
  /** Whether `node` is this frame's own. */
  owns: boolean;
  /** A second node around `node` that ends with it, or `NONE`. */
  around: NodeId;
  /** What the frame has seen so far; its meaning depends on the kind. */
  state: number;
}

const TYPE_CALL = /type[ \t]*\(/y;
const STAR = 42;
/** Space, tab, line ends, form feed. */
const SPACE: ReadonlySet<number> = new Set([32, 9, 10, 13, 12]);
const SEMICOLON = 59;

/** Builds the tree under a cursor that stands on the root. */
export function buildAst(cursor: Cursor, options: BuildOptions): Ast {
  return new Builder(options).build(cursor);
}

class Builder {
  private readonly text: string;
  private readonly table: ActTable;
  private readonly store: TreeStore;
  private readonly comments: number[] = [];
  private readonly frames: Frame[] = [];
  /** How many of them are open, and the innermost. */
  private open = 0;
  private top: Frame | undefined;
  private depth: number;
  /** Nodes that the grammar starts at `movedFrom` start at `movedTo` in our tree. */
  private movedFrom = -1;
  private movedTo = -1;
  /** Where the brackets of a call stand that the grammar took for brackets alone. */
  private typeCallAt = -1;
  private readonly broken: Span[];

  constructor(private readonly options: BuildOptions) {
    this.text = options.text;
    this.table = options.table;
    this.broken = [...options.blanked];
    this.depth = options.depth;
    this.store = new TreeStore(Math.max(64, options.text.length >> 2));
  }

  build(cursor: Cursor): Ast {
    for (;;) {
      if (this.enter(cursor)) {
        if (cursor.toFirstChild()) continue;
        this.leave();
      }
      while (!cursor.toNextSibling()) {
        if (!cursor.toParent()) {
          const { text, store, options, broken } = this;
          const { list, index } = options.names;
          store.start[0] = moduleStart(text);
          return new Ast(text, store, store.length, list, index, Int32Array.from(this.comments), broken);
        }
        this.leave();
      }
    }
  }

  /** Handles the node under the cursor. True: a frame was pushed, go into it. */
  private enter(cursor: Cursor): boolean {
    const type = cursor.type;
    const act = ACTS[this.table.act[type] ?? 0] ?? Act.Skip;
    if (this.options.isBroken && cursor.isMissing) return this.missing(cursor);
    const code = this.table.kind[type] ?? 0;
    const kind = KINDS[code] ?? Kind.Opaque;
    const frame = this.top;
    switch (act) {
      case Act.Skip:
        return false;
      case Act.Through:
        return this.push(act, type, this.owner(), false);
      case Act.Emit:
        return this.emit(cursor, act, type, kind);
      case Act.Leaf:
        this.leaf(cursor, kind);
        return false;
      case Act.Comment:
        this.comments.push(cursor.start, cursor.end);
        return false;
      case Act.Error:
        return this.error(cursor, type);
      case Act.Identifier:
        this.identifier(cursor, frame);
        return false;
      case Act.DottedName:
        this.dottedName(cursor, frame);
        return false;
      case Act.RelativeImport:
        if (frame) {
          this.setAtom(frame.node, squeezed(this.textAt(cursor)));
          frame.state = 1;
        }
        return false;
      case Act.FutureImport: {
        const result = this.emit(cursor, act, type, kind);
        const own = this.top;
        if (result && own) {
          own.state = 1;
          this.setAtom(own.node, '__future__');
        }
        return result;
      }
      case Act.ExpressionStatement:
        return this.emit(cursor, act, type, Kind.ExprStmt);
      case Act.Assignment:
        return this.assignment(cursor, type, kind, frame);
      case Act.AsPattern:
        return this.asPattern(cursor, type);
      case Act.AsTarget:
        return this.asTarget(cursor, type);
      case Act.ListSplat:
        return this.splat(cursor, act, type, Flag.Star, Kind.Star, frame);
      case Act.DictSplat:
        return this.splat(cursor, act, type, Flag.DoubleStar, Kind.DoubleStar, frame);
      case Act.DefaultParam: {
        const result = this.emit(cursor, act, type, Kind.Param);
        if (result && frame?.owns && frame.state === 1) this.addFlag(this.store.length - 1, Flag.KeywordOnly);
        return result;
      }
      case Act.ParamSeparator:
        if (frame) this.paramSeparator(type, frame);
        return false;
      case Act.String:
        return this.string(cursor, act, type);
      case Act.AsyncToken:
        if (frame?.owns) this.addFlag(frame.node, Flag.Async);
        return false;
      case Act.StarToken:
        if (frame?.owns && this.kindAt(frame.node) !== Kind.BinOp) this.addFlag(frame.node, Flag.Star);
        return false;
      case Act.CommaToken:
        if (frame) this.comma(frame);
        return false;
      case Act.DotToken:
        if (frame) frame.state = 1;
        return false;
      case Act.EqualsToken:
        if (frame?.act === Act.DefaultParam) frame.state = 2;
        return false;
      case Act.AsToken:
        if (frame?.owns && this.kindAt(frame.node) === Kind.Handler) frame.state = 1;
        return false;
      case Act.FromToken:
        if (frame) this.from(frame.node);
        return false;
      case Act.OrToken:
        if (frame && this.kindAt(frame.node) === Kind.And) this.store.kind[frame.node] = Kind.Or;
        return false;
      case Act.OperatorToken:
        if (frame?.owns && this.kindAt(frame.node) === Kind.Compare) {
          this.store.flags[frame.node] = frame.state === 0 ? code : Op.Chain;
          frame.state = 1;
        }
        return false;
      case Act.TypeAlias:
        return this.typeAlias(cursor, act, type);
      case Act.Parenthesized:
        return this.parenthesized(cursor, act, type);
      case Act.Type:
        return this.type(cursor, act, type, frame);
    }
  }

  private leave(): void {
    const frame = this.top;
    if (!frame) return;
    this.open--;
    this.top = this.frames[this.open - 1];
    if (!frame.owns) return;
    this.store.close(frame.node);
    this.depth--;
    if (frame.around !== NONE) this.store.close(frame.around);
    if (endsWithBlock(this.kindAt(frame.node))) this.endWithLastChild(frame.node);
  }

  // ------------------------------------------------------------------ emitting

  private owner(): NodeId {
    return this.top?.node ?? NONE;
  }

  private kindAt(node: NodeId): Kind {
    return KINDS[this.store.kind[node] ?? 0] ?? Kind.Opaque;
  }

  private addFlag(node: NodeId, flag: Flag): void {
    this.store.flags[node] = (this.store.flags[node] ?? 0) | flag;
  }

  private push(act: Act, type: number, node: NodeId, owns: boolean, around: NodeId = NONE): true {
    let frame = this.frames[this.open];
    if (!frame) this.frames.push((frame = { act, type, node, owns, around, state: 0 }));
    else {
      frame.act = act;
      frame.type = type;
      frame.node = node;
      frame.owns = owns;
      frame.around = around;
      frame.state = 0;
    }
    this.open++;
    this.top = frame;
    return true;
  }

  /** Opens a node for the cursor's. False: there is nothing to go into. */
  private emit(cursor: Cursor, act: Act, type: number, kind: Kind): boolean {
    const start = cursor.start;
    const end = cursor.end;
    if (this.depth >= MAX_DEPTH) {
      this.broken.push({ start, end });
      this.store.open(Kind.Opaque, start, end, this.owner());
      return false;
    }
    let around = NONE;
    let from = start;
    if (start === this.movedFrom) from = this.movedTo;
    else if (this.text.charCodeAt(start) === STAR && isExpression(kind)) {
      // The grammar binds `*` to the first name of `*a.b(c)`; Python binds it to all of it.
      around = this.store.open(Kind.Star, start, end, this.owner());
      this.movedFrom = start;
      from = start + 1;
      while (SPACE.has(this.text.charCodeAt(from))) from++;
      this.movedTo = from;
    }
    const node = this.store.open(kind, from, end, around === NONE ? this.owner() : around);
    this.depth++;
    return this.push(act, type, node, true, around);
  }

  /** The grammar takes `type(a).b = c` for a type alias; it assigns to an attribute of a call. */
  private typeAlias(cursor: Cursor, act: Act, type: number): boolean {
    const start = cursor.start;
    TYPE_CALL.lastIndex = start;
    const match = TYPE_CALL.exec(this.text);
    if (!match) return this.emit(cursor, act, type, Kind.TypeAlias);
    const result = this.emit(cursor, act, type, Kind.Assign);
    if (result) {
      this.movedFrom = this.typeCallAt = start + match[0].length - 1;
      this.movedTo = start;
    }
    return result;
  }

  private parenthesized(cursor: Cursor, act: Act, type: number): boolean {
    if (this.typeCallAt < 0 || cursor.start !== this.typeCallAt) {
      return this.push(act, type, this.owner(), false);
    }
    this.typeCallAt = -1;
    const call = this.store.open(Kind.Call, this.movedTo, cursor.end, this.owner());
    const name = this.store.open(Kind.Name, this.movedTo, this.movedTo + 4, call);
    this.setAtom(name, 'type');
    this.depth++;
    return this.push(act, type, call, true);
  }

  private leaf(cursor: Cursor, kind: Kind): NodeId {
    return this.store.open(kind, cursor.start, cursor.end, this.owner());
  }

  /** A comment behind a block belongs to it in the grammar; it does not in Python. */
  private endWithLastChild(node: NodeId): void {
    const { size, end, length } = this.store;
    let last = NONE;
    for (let child = node + 1; child < length; child += size[child] ?? 1) last = child;
    if (last === NONE) return;
    const at = end[last] ?? 0;
    end[node] = this.kindAt(node) === Kind.Block ? blockEnd(this.text, at) : at;
  }

  // ------------------------------------------------------------------ names

  private textAt(cursor: Cursor): string {
    return this.text.slice(cursor.start, cursor.end);
  }

  private setAtom(node: NodeId, name: string): void {
    this.store.atom[node] = this.atomOf(name);
  }

  private atomOf(name: string): number {
    const { list, index } = this.options.names;
    let atom = index.get(name);
    if (atom === undefined) {
      atom = list.length;
      list.push(name);
      index.set(name, atom);
    }
    return atom;
  }

  private named(cursor: Cursor, kind: Kind): NodeId {
    const start = cursor.start;
    const end = cursor.end;
    const node = this.store.open(kind, start, end, this.owner());
    this.setAtom(node, this.text.slice(start, end));
    return node;
  }

  /** An identifier is a name, or the parent's name, depending on where it stands. */
  private identifier(cursor: Cursor, frame: Frame | undefined): void {
    if (!frame) return;
    if (frame.act === Act.DefaultParam || frame.act === Act.ListSplat || frame.act === Act.DictSplat) {
      if (frame.state !== 0 || this.kindAt(frame.node) !== Kind.Param) this.named(cursor, Kind.Name);
      else {
        this.setAtom(frame.node, this.textAt(cursor));
        frame.state = 1;
      }
      return;
    }
    switch (frame.owns ? this.kindAt(frame.node) : Kind.Opaque) {
      case Kind.Function:
      case Kind.Class:
        if (frame.state === 0) {
          this.setAtom(frame.node, this.textAt(cursor));
          frame.state = 1;
        }
        this.named(cursor, Kind.Ident);
        return;
      case Kind.Attribute:
        if (frame.state === 1) this.setAtom(frame.node, this.textAt(cursor));
        else this.named(cursor, Kind.Name);
        return;
      case Kind.Keyword:
        if (frame.state === 0) {
          this.setAtom(frame.node, this.textAt(cursor));
          frame.state = 1;
        } else this.named(cursor, Kind.Name);
        return;
      case Kind.Params: {
        const param = this.named(cursor, Kind.Param);
        if (frame.state === 1) this.addFlag(param, Flag.KeywordOnly);
        return;
      }
      case Kind.Global:
      case Kind.Nonlocal:
      case Kind.ImportAlias:
        this.named(cursor, Kind.Ident);
        return;
      case Kind.Pattern:
        if (this.textAt(cursor) !== '_') this.named(cursor, Kind.Capture);
        return;
      case Kind.Handler:
        this.named(cursor, frame.state === 1 ? Kind.Ident : Kind.Name);
        return;
      default:
        this.named(cursor, Kind.Name);
    }
  }

  private dottedName(cursor: Cursor, frame: Frame | undefined): void {
    if (!frame) return;
    const name = squeezed(this.textAt(cursor));
    const kind = frame.owns ? this.kindAt(frame.node) : Kind.Opaque;
    if ((kind === Kind.ImportFrom && frame.state === 0) || kind === Kind.ImportAlias) {
      this.setAtom(frame.node, name);
      frame.state = 1;
    } else if (kind === Kind.Import || kind === Kind.ImportFrom) {
      this.setAtom(this.leaf(cursor, Kind.ImportAlias), name);
      // `import a.b` binds `a`: that name must have an index too.
      if (name.includes('.')) this.atomOf(name.slice(0, name.indexOf('.')));
    } else if (frame.type === this.table.classPattern || name.includes('.') || name === '_') {
      this.leaf(cursor, Kind.Pattern);
    } else {
      this.setAtom(this.leaf(cursor, Kind.Capture), name);
    }
  }

  // ------------------------------------------------------------------ special shapes

  /** `a = b = c` nests in the grammar; in our tree it is one Assign with all targets before the value. */
  private assignment(cursor: Cursor, type: number, kind: Kind, frame: Frame | undefined): boolean {
    if (frame && (frame.act === Act.ExpressionStatement || frame.act === Act.Assignment)) {
      if (frame.act === Act.ExpressionStatement) this.store.kind[frame.node] = kind;
      return this.push(Act.Assignment, type, frame.node, false);
    }
    return this.emit(cursor, Act.Assignment, type, kind);
  }

  private type(cursor: Cursor, act: Act, type: number, frame: Frame | undefined): boolean {
    if (!frame) return false;
    const kind = this.kindAt(frame.node);
    if (frame.act === Act.Assignment) {
      if (kind === Kind.Assign) this.store.kind[frame.node] = Kind.AnnAssign;
      return this.emit(cursor, act, type, Kind.Annotation);
    }
    if (frame.owns && (kind === Kind.Param || kind === Kind.Function || kind === Kind.TypeAlias)) {
      return this.emit(cursor, act, type, Kind.Annotation);
    }
    return this.push(Act.Through, type, frame.node, false);
  }

  private asPattern(cursor: Cursor, type: number): boolean {
    const kind = this.kindAt(this.owner());
    if (kind === Kind.WithItem || kind === Kind.Handler) return this.push(Act.Through, type, this.owner(), false);
    return this.emit(cursor, Act.AsPattern, type, kind === Kind.Pattern ? Kind.Pattern : Kind.AsPattern);
  }

  private asTarget(cursor: Cursor, type: number): boolean {
    if (this.kindAt(this.owner()) !== Kind.Handler) return this.push(Act.Through, type, this.owner(), false);
    this.named(cursor, Kind.Ident);
    return false;
  }

  private splat(cursor: Cursor, act: Act, type: number, flag: Flag, kind: Kind, frame: Frame | undefined): boolean {
    if (frame?.act === Act.DefaultParam) {
      this.addFlag(frame.node, flag);
      const params = this.frames[this.open - 2];
      if (flag === Flag.Star && params) params.state = 1;
      return this.push(act, type, frame.node, false);
    }
    if (!frame?.owns || this.kindAt(frame.node) !== Kind.Params) {
      if (cursor.start === this.movedFrom) return this.push(Act.Through, type, this.owner(), false);
      return this.emit(cursor, Act.Emit, type, kind);
    }
    if (flag === Flag.Star) frame.state = 1;
    const result = this.emit(cursor, act, type, Kind.Param);
    if (result) this.addFlag(this.store.length - 1, flag);
    return result;
  }

  private paramSeparator(type: number, frame: Frame): void {
    if (type !== this.table.positionalSeparator) {
      frame.state = 1;
      return;
    }
    for (let at = frame.node + 1; at < this.store.length; at += this.store.size[at] ?? 1) {
      this.addFlag(at, Flag.PositionalOnly);
    }
  }

  /** Only a string with interpolations has parts that matter. */
  private string(cursor: Cursor, act: Act, type: number): boolean {
    const start = cursor.start;
    let isFormat = false;
    let flags = 0;
    for (let at = start; at < start + 4; at++) {
      const char = this.text.charCodeAt(at) | 32;
      if (char === 102 || char === 116) isFormat = true;
      else if (char === 98) flags = Flag.Bytes;
      else if (char !== 114 && char !== 117) break;
    }
    if (isFormat) return this.emit(cursor, act, type, Kind.Str);
    const node = this.leaf(cursor, Kind.Str);
    this.store.flags[node] = flags;
    return false;
  }

  private comma(frame: Frame): void {
    if (!frame.owns) return;
    const kind = this.kindAt(frame.node);
    if (kind === Kind.ExprStmt || kind === Kind.Subscript || kind === Kind.Match) this.addFlag(frame.node, Flag.Tuple);
  }

  private from(node: NodeId): void {
    const kind = this.kindAt(node);
    if (kind === Kind.Yield) this.store.kind[node] = Kind.YieldFrom;
    else if (kind === Kind.Raise) this.addFlag(node, Flag.From);
  }

  // ------------------------------------------------------------------ broken code

  private missing(cursor: Cursor): boolean {
    this.broken.push({ start: cursor.start, end: cursor.end });
    this.leaf(cursor, Kind.Error);
    return false;
  }

  private error(cursor: Cursor, type: number): boolean {
    this.broken.push({ start: cursor.start, end: cursor.end });
    return this.emit(cursor, Act.Error, type, Kind.Error);
  }
}

/** Where a block ends whose last statement ends at an offset: behind the semicolon, if there is one. */
export function blockEnd(text: string, at: number): number {
  let next = at;
  while (SPACE.has(text.charCodeAt(next)) && text.charCodeAt(next) !== 10) next++;
  return text.charCodeAt(next) === SEMICOLON ? next + 1 : at;
}

/** Blocks, clauses and compound statements. */
function endsWithBlock(kind: Kind): boolean {
  switch (kind) {
    case Kind.Block:
    case Kind.Elif:
    case Kind.Else:
    case Kind.Finally:
    case Kind.Handler:
    case Kind.Case:
    case Kind.If:
    case Kind.While:
    case Kind.For:
    case Kind.Try:
    case Kind.With:
    case Kind.Match:
    case Kind.Decorated:
    case Kind.Function:
    case Kind.Class:
      return true;
    default:
      return false;
  }
}

/** A dotted name without the white space, line ends and comments that may stand in it. */
function squeezed(name: string): string {
  return /[\s\\#]/.test(name) ? name.replace(/#.*|[\s\\]+/g, '') : name;
}
