const MAX_PATH = 4096;
const MAX_DEPTH = 64;
/** What every file system takes. */
const MAX_NAME = 255;

/**
 * Path of a layer's member relative to the image's root: `./configs/a` and `/configs/a` become `configs/a`, the root
 * itself becomes `""`. Undefined for what no image needs and an attack might: `..`, NUL, overlong or overdeep paths and names.
 */
export function layerPath(path: string): string | undefined {
  if (path.length > MAX_PATH || path.includes("\0")) return undefined;
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length > MAX_DEPTH || parts.includes("..") || parts.some((part) => Buffer.byteLength(part) > MAX_NAME)) return undefined;
  return parts.join("/");
}

/** True when `path` is `root` or lies below it. */
export function isUnder(path: string, root: string): boolean {
  return root === "" || path === root || path.startsWith(`${root}/`);
}

/** What a member does to lower layers. OCI image-spec "layer", "whiteouts". */
export type Whiteout = { readonly kind: "path" | "opaque"; readonly path: string };

/** Reads `.wh.NAME` and `.wh..wh..opq`; undefined for an ordinary member. */
export function whiteout(path: string): Whiteout | undefined {
  const slash = path.lastIndexOf("/");
  const directory = slash < 0 ? "" : path.slice(0, slash);
  const name = path.slice(slash + 1);
  if (name === ".wh..wh..opq") return { kind: "opaque", path: directory };
  if (!name.startsWith(".wh.") || name === ".wh.") return undefined;
  const hidden = name.slice(4);
  return { kind: "path", path: directory === "" ? hidden : `${directory}/${hidden}` };
}
