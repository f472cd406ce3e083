import type { ConfigFault } from "./config-error.ts";
import { formatTreePath, type TreePath, type YamlTree } from "./yaml-tree.ts";

/** Gathers what is wrong, with the place of each value in the text. */
export class Faults {
  readonly list: ConfigFault[] = [];
  readonly #tree: YamlTree;

  constructor(tree: YamlTree) {
    this.#tree = tree;
  }

  /** Notes a fault of the value at a path. */
  add(path: TreePath, message: string, suggestion?: string): void {
    this.list.push({
      path: formatTreePath(path),
      ...this.#tree.valueAt(path),
      message,
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }

  /** Where the value at a path begins. */
  at(path: TreePath): { readonly line: number; readonly column: number } {
    return this.#tree.valueAt(path);
  }
}
