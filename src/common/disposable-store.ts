import type { Disposable } from './emitter';

/** Disposes each of what was put in, once, last come first. */
export class DisposableStore implements Disposable {
  private items: Disposable[] = [];

  add<D extends Disposable>(item: D): D {
    this.items.push(item);
    return item;
  }

  dispose(): void {
    const items = this.items;
    this.items = [];
    for (const item of items.reverse()) item.dispose();
  }
}
