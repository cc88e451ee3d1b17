/**
 * web-tree-sitter below its classes, for the two things that are done for every character and every node: giving the text
 * to the parser, and walking its tree. The classes copy the cursor into wasm and out again at each step, and the text one
 * character at a time through three functions. Here the cursor stays where it is and the text is copied in a loop. Knows
 * nothing of Python.
 * Source: web-tree-sitter 0.27, lib/binding_web/lib/tree-sitter.c and lib/imports.js; emscripten's `instantiateWasm`.
 */
import type { Tree } from 'web-tree-sitter';
import { Parser } from 'web-tree-sitter';

/** The functions and the memory of the module that emscripten puts on the object it is given. */
export interface Wasm {
  readonly HEAPU16: Uint16Array;
  readonly HEAP32: Int32Array;
  _ts_tree_root_node_wasm(tree: number): void;
  _ts_tree_cursor_new_wasm(tree: number): void;
  _ts_tree_cursor_delete_wasm(tree: number): void;
  _ts_tree_cursor_goto_first_child_wasm(tree: number): number;
  _ts_tree_cursor_goto_next_sibling_wasm(tree: number): number;
  _ts_tree_cursor_goto_parent_wasm(tree: number): number;
  _ts_tree_cursor_current_node_type_id_wasm(tree: number): number;
  _ts_tree_cursor_current_node_is_missing_wasm(tree: number): number;
  _ts_tree_cursor_start_index_wasm(tree: number): number;
  _ts_tree_cursor_end_index_wasm(tree: number): number;
}

/** What a wasm module imports, by module and name. */
type Imports = Readonly<Record<string, Record<string, unknown>>>;

/** The part of WebAssembly that is needed; the types of Node have it only partly, those of browsers are not ours. */
const { Module, Instance } = (
  globalThis as unknown as {
    readonly WebAssembly: {
      readonly Module: new (binary: Uint8Array) => object;
      readonly Instance: new (module: object, imports: Imports) => object;
    };
  }
).WebAssembly;

/** How many characters the parser's buffer takes at once: INPUT_BUFFER_SIZE of lib/binding_web/lib/tree-sitter.c. */
const CHUNK = 5 * 1024 - 1;

/** One in a process: web-tree-sitter itself has one module. */
let wasm: Promise<Wasm> | undefined;
let text = '';

/** Compiles web-tree-sitter's module, once. */
export function loadWasm(binary: Uint8Array): Promise<Wasm> {
  wasm ??= load(binary);
  return wasm;
}

async function load(binary: Uint8Array): Promise<Wasm> {
  const module: Record<string, unknown> = {
    instantiateWasm(imports: Imports, receive: (instance: object, module: object) => void): object {
      const { env } = imports;
      if (env) env['tree_sitter_parse_callback'] = give;
      const compiled = new Module(binary);
      receive(new Instance(compiled, imports), compiled);
      return {};
    },
  };
  /** Writes what stands at `index` of the text into the parser's buffer, and how much that is. */
  const give = (buffer: number, index: number, _row: number, _column: number, length: number): void => {
    const { HEAPU16, HEAP32 } = module as unknown as Wasm;
    const count = Math.max(0, Math.min(text.length - index, CHUNK));
    const to = buffer >> 1;
    for (let at = 0; at < count; at++) HEAPU16[to + at] = text.charCodeAt(index + at);
    HEAP32[length >> 2] = count;
  };
  await Parser.init(module);
  return module as unknown as Wasm;
}

/** Parses a text. */
export function parseText(parser: Parser, source: string, oldTree: Tree | null): Tree | null {
  text = source;
  try {
    return parser.parse(source, oldTree);
  } finally {
    text = '';
  }
}

/**
 * A cursor over a tree, from its root. Only one can be in use at a time, and nothing else of web-tree-sitter meanwhile: its
 * place is kept in the buffer through which all calls pass.
 */
export class Cursor {
  private readonly tree: number;

  constructor(
    private readonly wasm: Wasm,
    tree: Tree,
  ) {
    // The class keeps its address as an element.
    this.tree = (tree as unknown as Readonly<Record<number, number>>)[0] ?? 0;
    wasm._ts_tree_root_node_wasm(this.tree);
    wasm._ts_tree_cursor_new_wasm(this.tree);
  }

  get type(): number {
    return this.wasm._ts_tree_cursor_current_node_type_id_wasm(this.tree);
  }

  get isMissing(): boolean {
    return this.wasm._ts_tree_cursor_current_node_is_missing_wasm(this.tree) === 1;
  }

  get start(): number {
    return this.wasm._ts_tree_cursor_start_index_wasm(this.tree);
  }

  get end(): number {
    return this.wasm._ts_tree_cursor_end_index_wasm(this.tree);
  }

  toFirstChild(): boolean {
    return this.wasm._ts_tree_cursor_goto_first_child_wasm(this.tree) === 1;
  }

  toNextSibling(): boolean {
    return this.wasm._ts_tree_cursor_goto_next_sibling_wasm(this.tree) === 1;
  }

  toParent(): boolean {
    return this.wasm._ts_tree_cursor_goto_parent_wasm(this.tree) === 1;
  }

  /** Frees it; not usable afterwards. */
  free(): void {
    this.wasm._ts_tree_cursor_delete_wasm(this.tree);
  }
}
