import { type Catalog, catalogFormat, openCatalog } from "@skerry/catalog";
import type { Registries } from "@skerry/oci";
import { type Job, pathOf } from "../command/job.ts";
import type { RegistryFlags } from "../command/registry-flags.ts";
import { type ImageName, parseImageName } from "../names/image-name.ts";
import { hostsOf, Places } from "../places/places.ts";
import { type Ends, openRegistries } from "../registries/open.ts";
import { workFolder } from "./work-folder.ts";

/** Catalogs of one command, closed with everything that was opened for them. */
export interface OpenCatalogs extends AsyncDisposable {
  readonly catalogs: readonly Catalog[];
  /** Digest of each, for those that are images. */
  readonly digests: readonly (string | undefined)[];
  /** Private folder that is removed at the end. */
  readonly workdir: string;
  readonly places: Places;
  readonly registries: Registries;
}

/** What else the command reads and writes, by name or host. Without destinations the catalogs' own hosts are meant by `--insecure`. */
export interface MoreEnds {
  readonly sources?: "any" | readonly ImageName[];
  readonly destinations?: readonly (ImageName | string)[];
}

/**
 * Opens CATALOGs of section 1 of the contract: images, layouts, folders, files, databases, stdin.
 * @throws CatalogError, OciError, UsageError of what the names say
 */
export async function openCatalogs(job: Job<RegistryFlags>, texts: readonly string[], more: MoreEnds = {}): Promise<OpenCatalogs> {
  const names = new Map<string, ImageName>();
  const local: string[] = [];
  for (const text of texts) {
    const path = text === "-" ? text : localPath(job, text);
    // A path that is there goes before a reference; what is no path and no reference is refused by its name.
    const image = path === undefined || (await isImageName(text, path));
    if (image) names.set(text, parseImageName(text));
    local.push(names.has(text) ? text : (path ?? text));
  }
  const hosts = hostsOf([...names.values()]);
  const parts = new AsyncDisposableStack();
  try {
    const registries = parts.use(await openRegistries(job, endsOf(hosts, more)));
    const places = parts.use(new Places(job, registries));
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
          const found = await places.find(image ?? parseImageName(asked));
          digests[index] = found.descriptor.digest;
          return { reader: found.reader, place: found.at, descriptor: found.descriptor };
        },
      });
      parts.defer(() => catalog.close());
      for (const problem of catalog.problems) job.log.warn(`${problem.code} ${problem.message}`, { ...problem });
      catalogs.push(catalog);
    }
    const open = parts.move();
    return { catalogs, digests, workdir, places, registries, [Symbol.asyncDispose]: () => open.disposeAsync() };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

function endsOf(hosts: readonly string[], more: MoreEnds): Ends {
  const { sources = [], destinations } = more;
  const all = sources === "any" ? sources : [...hosts, ...hostsOf(sources)];
  if (destinations === undefined) return { sources: all, destinations: hosts };
  return {
    sources: all,
    destinations: destinations.flatMap((one) => (typeof one === "string" ? [one] : hostsOf([one]))),
  };
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
