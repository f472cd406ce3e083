import { RegistryError } from "../errors.ts";
import { errorCode, type FileSystem, nodeFiles } from "./files.ts";
import { LAYOUT_VERSION, Layout, VERSION_FILE } from "./layout.ts";
import { RegistryStore } from "./store.ts";

export interface OpenStoreOptions {
  readonly files?: FileSystem;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** How long a blob that was looked at, mounted or uploaded counts as used. */
  readonly leaseMs?: number;
}

export const DEFAULT_LEASE_MS: number = 10 * 60_000;

/**
 * Opens a root, making it when the folder is empty or missing. Reads one small file and empties the folder for temporary
 * files, whatever the store holds. The caller owns the root (owner.ts).
 * @throws RegistryError `ROOT_INVALID` for a folder that holds something else, or a layout of another version
 */
export async function openStore(root: string, options: OpenStoreOptions = {}): Promise<RegistryStore> {
  const files = options.files ?? nodeFiles;
  const layout = new Layout(root);
  const store = new RegistryStore(layout, files, { now: options.now ?? Date.now, leaseMs: options.leaseMs ?? DEFAULT_LEASE_MS });
  const version = await files.read(layout.version);
  if (version === undefined) await makeRoot(store);
  else checkVersion(root, version);
  for (const name of await files.list(layout.temporary)) await files.remove(`${layout.temporary}/${name}`);
  return store;
}

async function makeRoot(store: RegistryStore): Promise<void> {
  const { layout, durable } = store;
  const strange = (await durable.files.list(layout.root)).filter((name) => !isOwn(layout, name));
  if (strange.length > 0) {
    throw new RegistryError({
      code: "ROOT_INVALID",
      message: `Cannot use ${layout.root} as a registry: it is not empty and has no ${VERSION_FILE} (found ${JSON.stringify(strange[0])})`,
      subject: layout.root,
      hint: "Name an empty folder, or the one of an earlier registry.",
    });
  }
  for (const folder of layout.folders()) await durable.makeFolder(folder);
  await durable.write(layout.version, new TextEncoder().encode(`${JSON.stringify({ layout: LAYOUT_VERSION })}\n`));
}

/** What a process that was killed while making the root, or the owner's note, leaves behind. */
function isOwn(layout: Layout, name: string): boolean {
  const path = `${layout.root}/${name}`;
  const own = [...layout.folders(), layout.control, `${layout.root}/blobs`];
  return own.includes(path) || path.startsWith(layout.owner) || ["tls", "htpasswd", "access.yaml", "audit.jsonl"].includes(name);
}

function checkVersion(root: string, bytes: Uint8Array): void {
  const found = layoutOf(bytes);
  if (found === LAYOUT_VERSION) return;
  throw new RegistryError({
    code: "ROOT_INVALID",
    message: `Cannot open ${root}: its layout is version ${String(found)}, expected ${LAYOUT_VERSION}`,
    subject: root,
    hint: "Use the skerry that made it, or a newer one.",
  });
}

function layoutOf(bytes: Uint8Array): unknown {
  try {
    return (JSON.parse(new TextDecoder().decode(bytes)) as { layout?: unknown }).layout;
  } catch (error) {
    return errorCode(error) ?? "unreadable";
  }
}
