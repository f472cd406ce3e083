import { stat } from "node:fs/promises";
import { join } from "node:path";
import { RegistryError } from "../errors.ts";
import { nodeFiles } from "../store/files.ts";
import { Layout } from "../store/layout.ts";
import { openStore } from "../store/open.ts";
import { takeRoot } from "../store/owner.ts";
import { Uploads } from "../store/uploads.ts";
import { LocalCare, type RegistryCare, type RepairSources } from "./local-care.ts";
import { isServed, remoteCare } from "./remote-care.ts";
import { repairFromFolder } from "./scrub.ts";

const DAY_MS = 24 * 3600_000;

export interface OpenedCare extends RegistryCare, AsyncDisposable {
  /** True when another process serves the root and does the work. */
  readonly served: boolean;
}

export interface OpenCareOptions {
  /** Understands what is written after `--repair-from`; by default a folder that holds `blobs/`. */
  readonly sources?: RepairSources;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Opens a root to look after it: through the process that serves it, or by itself.
 * @throws RegistryError `ROOT_INVALID`, `ROOT_BUSY`
 */
export async function openRegistryCare(root: string, options: OpenCareOptions = {}): Promise<OpenedCare> {
  const layout = new Layout(root);
  if (await isServed(layout.control)) {
    const remote = remoteCare(layout.control);
    return { ...remote, served: true, [Symbol.asyncDispose]: async () => undefined };
  }
  await checkIsRoot(layout);
  const owner = await takeRoot(layout);
  try {
    const store = await openStore(root, options.now === undefined ? {} : { now: options.now });
    const { serverCertificateFacts } = await import("../tls/certificates.ts");
    const endsAt = (await serverCertificateFacts(root))?.endsAt;
    const care = new LocalCare(store, new Uploads(store, DAY_MS), {
      sources: options.sources ?? folderSources,
      certificateEndsAt: () => endsAt,
    });
    return {
      collect: (asked) => care.collect(asked),
      scrub: (asked) => care.scrub(asked),
      retain: (policy, asked) => care.retain(policy, asked),
      backup: (to, asked) => care.backup(to, asked),
      status: () => care.status(),
      served: false,
      async [Symbol.asyncDispose]() {
        try {
          await store.close();
        } finally {
          await owner[Symbol.asyncDispose]();
        }
      },
    };
  } catch (error) {
    await owner[Symbol.asyncDispose]();
    throw error;
  }
}

/** Folders only. @throws RegistryError `ROOT_INVALID` for one without `blobs/` */
export const folderSources: RepairSources = async (text) => {
  if ((await nodeFiles.facts(join(text, "blobs"))) !== undefined) return repairFromFolder(nodeFiles, text);
  throw new RegistryError({
    code: "ROOT_INVALID",
    message: `Cannot repair from ${text}: it has no folder blobs/`,
    subject: text,
    hint: "Name a backup, the root of a registry, an OCI layout, or docker://HOST[/PREFIX].",
  });
};

async function checkIsRoot(layout: Layout): Promise<void> {
  const found = await stat(layout.version).catch(() => undefined);
  if (found !== undefined) return;
  throw new RegistryError({
    code: "ROOT_INVALID",
    message: `Cannot open ${layout.root}: it is no registry's root`,
    subject: layout.root,
    hint: "Name the folder that 'skerry registry serve --root' was started with.",
  });
}
