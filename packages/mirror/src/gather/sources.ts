import { cachedReader, type Lister, type ManifestCache, openLayout, type Reader } from "@skerry/oci";

/** Opens readers of source hosts and layouts, each once, all through one cache of manifests. */
export class Sources implements AsyncDisposable {
  readonly #open: (host: string) => Reader & Partial<Lister>;
  readonly #cache: ManifestCache;
  readonly #hosts = new Map<string, Reader & Partial<Lister>>();
  readonly #layouts = new Map<string, ReturnType<typeof openLayout>>();

  /** `open` gives the uncached reader of a host. */
  constructor(open: (host: string) => Reader & Partial<Lister>, cache: ManifestCache) {
    this.#open = open;
    this.#cache = cache;
  }

  registry(host: string): Reader & Partial<Lister> {
    const known = this.#hosts.get(host);
    if (known !== undefined) return known;
    const reader = cachedReader(this.#open(host), this.#cache);
    this.#hosts.set(host, reader);
    return reader;
  }

  /** A layout on disk, read only. @throws OciError `LAYOUT_INVALID`, `IO_FAILED` */
  layout(path: string): ReturnType<typeof openLayout> {
    const known = this.#layouts.get(path);
    if (known !== undefined) return known;
    const opened = openLayout(path);
    this.#layouts.set(path, opened);
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const layout of this.#layouts.values()) await layout.then((store) => store.close()).catch(() => undefined);
  }
}
