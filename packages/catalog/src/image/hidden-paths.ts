/** What one layer hides from those below it. */
export interface LayerEffects {
  /** Paths that are gone with all below them: whiteouts, and members that are no directories. */
  readonly gone: Set<string>;
  /** Directories whose lower contents are gone. */
  readonly opaque: Set<string>;
  /** Directories, which hide a lower file of the same name but not a lower directory. */
  readonly directories: Set<string>;
}

/**
 * What the layers read so far hide from the layers below them. Layers are read from the top down, so that every file is
 * written once and nothing is ever deleted. OCI image-spec "layer", "changeset".
 */
export class HiddenPaths {
  readonly #gone = new Set<string>();
  readonly #opaque = new Set<string>();
  readonly #directories = new Set<string>();

  /** True when an upper layer hides a file at `path`. */
  hidesFile(path: string): boolean {
    return this.#directories.has(path) || this.#hides(path);
  }

  /** True when nothing at or below `root` can come from lower layers any more. */
  hidesAllOf(root: string): boolean {
    return this.#opaque.has(root) || this.#hides(root);
  }

  /** Adds what one layer hides; call it when the layer has been read to its end. */
  add(layer: LayerEffects): void {
    for (const path of layer.gone) this.#gone.add(path);
    for (const path of layer.opaque) this.#opaque.add(path);
    for (const path of layer.directories) this.#directories.add(path);
  }

  #hides(path: string): boolean {
    return this.#gone.has(path) || parents(path).some((directory) => this.#gone.has(directory) || this.#opaque.has(directory));
  }
}

/** Directories above a path, the root (`""`) included. */
export function parents(path: string): string[] {
  const parts = path.split("/");
  return parts.map((_, index) => parts.slice(0, index).join("/"));
}
