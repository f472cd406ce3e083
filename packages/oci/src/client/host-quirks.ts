/** Piece sizes after a 413: proxies commonly allow 100, 50, 10 or 1 MiB; pieces are held in memory, one per upload. */
const FIRST_PIECE = 8 * 1024 * 1024;
const LEAST_PIECE = 512 * 1024;

/** What a run learns about the ways of each registry, so that it pays for the lesson once. */
export class HostQuirks {
  readonly #noHead: Set<string> = new Set();
  readonly #noReferrers: Set<string> = new Set();
  readonly #pieces: Map<string, number> = new Map();
  readonly #wholeUploads: Map<string, boolean> = new Map();
  readonly #triesWholeUploads: boolean;

  constructor(options: { readonly wholeUploads?: boolean | undefined } = {}) {
    this.#triesWholeUploads = options.wholeUploads !== false;
  }

  /** The registry answers GET for manifests, but not HEAD. */
  refusesHead(host: string): boolean {
    return this.#noHead.has(host);
  }

  noteHeadRefused(host: string): void {
    this.#noHead.add(host);
  }

  /** The registry does not know the referrers API. One host may hide several registries, so its first parts are told apart. */
  lacksReferrers(at: { readonly host: string; readonly repository: string }): boolean {
    return this.#noReferrers.has(firstPart(at));
  }

  noteNoReferrers(at: { readonly host: string; readonly repository: string }): void {
    this.#noReferrers.add(firstPart(at));
  }

  /** Whether the registry takes a blob with the request that opens its upload; undefined until one was tried. */
  takesWholeUploads(host: string): boolean | undefined {
    return this.#triesWholeUploads ? this.#wholeUploads.get(host) : false;
  }

  noteWholeUploads(host: string, taken: boolean): void {
    this.#wholeUploads.set(host, taken);
  }

  /** Bytes per request that an upload is cut into, or undefined for the whole in one. */
  pieceSize(host: string): number | undefined {
    return this.#pieces.get(host);
  }

  /** Learns from a 413 to a request of `sent` bytes. False when the pieces are as small as they get. */
  noteTooLarge(host: string, sent: number): boolean {
    const next = Math.min(FIRST_PIECE, Math.floor(sent / 2), this.#pieces.get(host) ?? FIRST_PIECE);
    if (next < LEAST_PIECE) return false;
    this.#pieces.set(host, next);
    return true;
  }
}

function firstPart({ host, repository }: { readonly host: string; readonly repository: string }): string {
  return `${host}/${repository.split("/", 1)[0] ?? ""}`;
}
