import { RegistryError } from "../errors.ts";
import { changesOn } from "./apply-changes.ts";
import { ChangeThread } from "./change-thread.ts";
import { Durable } from "./durable.ts";
import { type FileSystem, nodeFiles } from "./files.ts";
import { FULL_CHANGES, Journal } from "./journal.ts";
import { replayJournal } from "./journal-replay.ts";
import { JOURNAL_LAYOUT_VERSION, LAYOUT_VERSION, Layout, VERSION_FILE } from "./layout.ts";
import { RegistryStore } from "./store.ts";
import { isRoot, writeVersion } from "./version.ts";

export interface OpenStoreOptions {
  readonly files?: FileSystem;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** How long a blob that was looked at, mounted or uploaded counts as used. */
  readonly leaseMs?: number;
  /** Changes of small files that stand in one file of the journal: the fewer, the less a start after a crash makes again. */
  readonly journalChanges?: number;
}

export const DEFAULT_LEASE_MS: number = 10 * 60_000;

/**
 * Opens a root, making it when the folder is empty or missing. Reads one small file, empties the folder for temporary
 * files and makes again what a killed process left in its journal, whatever the store holds. The caller owns the root (owner.ts)
 * and closes the store.
 * @throws RegistryError `ROOT_INVALID` for a folder that holds something else, or a layout of another version
 */
export async function openStore(root: string, options: OpenStoreOptions = {}): Promise<RegistryStore> {
  const files = options.files ?? nodeFiles;
  const layout = new Layout(root);
  const now = options.now ?? Date.now;
  const durable = new Durable(files, layout.temporary);
  if (!(await isRoot(files, layout))) await makeRoot(durable, layout);
  for (const name of await files.list(layout.temporary)) await files.remove(`${layout.temporary}/${name}`);
  const changes = options.files === undefined ? new ChangeThread(() => durable.temporaryName()) : changesOn(durable);
  const journal = new Journal({
    ...(await replayJournal({ durable, changes }, { root: layout.root, folder: layout.journal })),
    root: layout.root,
    folder: layout.journal,
    durable,
    changes,
    now,
    fullChanges: options.journalChanges ?? FULL_CHANGES,
    onUse: () => writeVersion(durable, layout, JOURNAL_LAYOUT_VERSION),
  });
  return new RegistryStore(layout, durable, { now, leaseMs: options.leaseMs ?? DEFAULT_LEASE_MS, journal });
}

async function makeRoot(durable: Durable, layout: Layout): Promise<void> {
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
  await writeVersion(durable, layout, LAYOUT_VERSION);
}

/** What a process that was killed while making the root, or the owner's note, leaves behind. */
function isOwn(layout: Layout, name: string): boolean {
  const path = `${layout.root}/${name}`;
  const own = [...layout.folders(), layout.control, `${layout.root}/blobs`];
  return own.includes(path) || path.startsWith(layout.owner) || ["tls", "htpasswd", "access.yaml", "audit.jsonl"].includes(name);
}
