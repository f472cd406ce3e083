import { type Catalog, catalogFormat, openCatalog } from "@skerry/catalog";
import { type Job, pathOf } from "../command/job.ts";
import type { RegistryFlags } from "../command/registry-flags.ts";
import { type ImageName, parseImageName } from "../names/image-name.ts";
import type { MoreEnds, Network } from "./network.ts";
import { workFolder } from "./work-folder.ts";

/** Catalogs of one command, closed with everything that was opened for them. */
export interface OpenCatalogs extends AsyncDisposable {
  readonly catalogs: readonly Catalog[];
  /** Digest of each, for those that are images. */
  readonly digests: readonly (string | undefined)[];
  /** Private folder that is removed at the end. */
  readonly workdir: string;
  /** The registries, opened when they are first asked for: a folder or file needs none of the code that talks to them. */
  readonly network: () => Promise<Network>;
}

export interface OpenOptions extends MoreEnds {
  /** Warn of what could not be read. Default true; a command whose result holds these rows says false. */
  readonly tells?: boolean;
}

/**
 * Opens CATALOGs of section 1 of the contract: images, layouts, folders, files, databases, stdin. A command that says what
 * else it reads and writes has its registry flags checked before any catalog is read.
 * @throws CatalogError, OciError, UsageError of what the names say
 */
export async function openCatalogs(job: Job<RegistryFlags>, texts: readonly string[], more: OpenOptions = {}): Promise<OpenCatalogs> {
  const names = new Map<string, ImageName>();
  const local: string[] = [];
  for (const text of texts) {
    const path = text === "-" ? text : localPath(job, text);
    // A path that is there goes before a reference; what is no path and no reference is refused by its name.
    const image = path === undefined || (await isImageName(text, path));
    if (image) names.set(text, parseImageName(text));
    local.push(names.has(text) ? text : (path ?? text));
  }
  const parts = new AsyncDisposableStack();
  let opened: Promise<Network> | undefined;
  const network = (): Promise<Network> => {
    opened ??= import("./network.ts").then(({ openNetwork }) => openNetwork(job, { catalogs: [...names.values()], more }, parts));
    return opened;
  };
  try {
    if (more.sources !== undefined || more.destinations !== undefined) await network();
    const { path: workdir } = parts.use(await workFolder(job.world));
    const catalogs: Catalog[] = [];
    const digests: (string | undefined)[] = local.map(() => undefined);
    for (const [index, text] of local.entries()) {
      const image = names.get(texts[index] ?? "");
      const catalog = await openCatalog(image === undefined ? text : `docker://${text.replace(/^docker:\/\//, "")}`, {
        workdir,
        signal: job.signal,
        stdin: job.world.stdin.chunks(),
        image: async (asked) => {
          const { places } = await network();
          const found = await places.find(image ?? parseImageName(asked));
          digests[index] = found.descriptor.digest;
          return { reader: found.reader, place: found.at, descriptor: found.descriptor };
        },
      });
      parts.defer(() => catalog.close());
      if (more.tells !== false) for (const problem of catalog.problems) job.log.warn(`${problem.code} ${problem.message}`, { ...problem });
      catalogs.push(catalog);
    }
    return { catalogs, digests, workdir, network, [Symbol.asyncDispose]: () => parts.disposeAsync() };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

/** True for what is no path that is there and can be read as a reference. */
async function isImageName(text: string, path: string): Promise<boolean> {
  try {
    return (await catalogFormat(path)) === "image";
  } catch (error) {
    // Neither path nor reference: the catalog's own error says so.
    if (!/^[^/]*[.:][^/]*\/|^localhost\//.test(text) || text.startsWith(".")) throw error;
    return true;
  }
}

/** A text that may be a path, made absolute; undefined for what can only be an image. */
function localPath(job: Job<unknown>, text: string): string | undefined {
  return /^(?:docker:\/\/|oci:|oci-archive:|dir:|docker-archive:)/.test(text) ? undefined : pathOf(job, text);
}
