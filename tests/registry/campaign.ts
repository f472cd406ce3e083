import { createHash } from "node:crypto";
import { Agent, request } from "node:http";

const OCI = "application/vnd.oci.image.manifest.v1+json";

/** Seeded numbers from 0 to 1, so that a failing round can be run again. Mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** A client of one registry that keeps its connections. Rejects when the server is gone. */
export class CampaignClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  ask(method: string, path: string, body?: Uint8Array, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const sent = request(new URL(path, this.#url), { method, headers, agent: this.#agent }, (response) => {
      const chunks: Uint8Array[] = [];
      response.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      response.on("error", reject);
      response.on("aborted", () => reject(new Error("answer broken off")));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }));
    });
    sent.on("error", reject);
    sent.end(body);
    return promise;
  }

  /** POST and PUT, or POST, two PATCH and PUT. */
  async pushBlob(repository: string, bytes: Buffer, chunked = false): Promise<Answer> {
    const opened = await this.ask("POST", `/v2/${repository}/blobs/uploads/`, Buffer.alloc(0));
    const location = String(opened.headers["location"] ?? "");
    if (opened.status !== 202) return opened;
    if (!chunked) return this.ask("PUT", `${location}?digest=${sha256(bytes)}`, bytes);
    const half = bytes.length >> 1;
    for (const part of [bytes.subarray(0, half), bytes.subarray(half)]) {
      const patched = await this.ask("PATCH", location, part);
      if (patched.status !== 202) return patched;
    }
    return this.ask("PUT", `${location}?digest=${sha256(bytes)}`, Buffer.alloc(0));
  }

  pushManifest(repository: string, reference: string, manifest: Buffer): Promise<Answer> {
    return this.ask("PUT", `/v2/${repository}/manifests/${reference}`, manifest, { "Content-Type": OCI });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** A manifest over a config and layers. */
export function manifestOver(config: Buffer, layers: readonly Buffer[]): Buffer {
  const of = (mediaType: string, bytes: Buffer): object => ({ mediaType, digest: sha256(bytes), size: bytes.length });
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI,
      config: of("application/vnd.oci.image.config.v1+json", config),
      layers: layers.map((layer) => of("application/vnd.oci.image.layer.v1.tar", layer)),
    }),
  );
}

/** What a registry has promised about one name: the values that may be there now. The last acknowledged, and what was under way since. */
interface Promised {
  readonly allowed: Set<string>;
}

const GONE = "gone";

/**
 * Mixed load with a memory: what was acknowledged must be there after a crash, byte for byte; what was under way may be
 * there or not, but whole; everything visible must make sense.
 */
export class MixedLoad {
  readonly #random: () => number;
  readonly #blobs = new Map<string, Buffer>();
  readonly #promised = new Map<string, Promised>();
  readonly #collectable = new Set<string>();
  #count = 0;
  /** Operations that were acknowledged. */
  acknowledged = 0;

  constructor(seed: number) {
    this.#random = seeded(seed);
  }

  /** Runs until the server dies or `stop` says so. */
  async run(url: string, clients: number, stop: () => boolean): Promise<void> {
    const client = new CampaignClient(url);
    const worker = async (number: number): Promise<void> => {
      while (!stop()) {
        try {
          await this.#step(client, `r${number}`);
        } catch {
          return;
        }
      }
    };
    await Promise.all(Array.from({ length: clients }, (_, number) => worker(number)));
    client.close();
  }

  /** Repositories have one writer each, so the order of what was acknowledged is known. */
  async #step(client: CampaignClient, repository: string): Promise<void> {
    const dice = this.#random();
    if (dice < 0.12) return this.#deleteTag(client, repository);
    if (dice < 0.2) return this.#deleteManifest(client, repository);
    if (dice < 0.3) {
      await client.ask("GET", `/v2/${repository}/tags/list`);
      return;
    }
    await this.#pushImage(client, repository);
  }

  async #pushImage(client: CampaignClient, repository: string): Promise<void> {
    this.#count += 1;
    const config = this.#content(2 + Math.floor(this.#random() * 300));
    const layer = this.#content(1 + Math.floor(this.#random() ** 4 * 300_000));
    for (const blob of [config, layer]) {
      const name = `${repository}/blobs/${sha256(blob)}`;
      await this.#promise(name, sha256(blob), async () => (await client.pushBlob(repository, blob, this.#random() < 0.4)).status === 201);
    }
    const manifest = manifestOver(config, [layer]);
    const digest = sha256(manifest);
    this.#blobs.set(digest, manifest);
    const tag = `t${Math.floor(this.#random() * 5)}`;
    const names = [`${repository}/manifests/${digest}`, `${repository}/manifests/${tag}`];
    await this.#promiseAll(names, digest, async () => (await client.pushManifest(repository, tag, manifest)).status === 201);
  }

  #content(size: number): Buffer {
    const bytes = Buffer.alloc(size, createHash("sha256").update(`${this.#count} ${size} ${this.#random()}`).digest());
    this.#blobs.set(sha256(bytes), bytes);
    return bytes;
  }

  async #deleteTag(client: CampaignClient, repository: string): Promise<void> {
    const tag = `t${Math.floor(this.#random() * 5)}`;
    await this.#promise(`${repository}/manifests/${tag}`, GONE, async () => {
      const { status } = await client.ask("DELETE", `/v2/${repository}/manifests/${tag}`);
      return status === 202 || status === 404;
    });
  }

  async #deleteManifest(client: CampaignClient, repository: string): Promise<void> {
    const tag = `t${Math.floor(this.#random() * 5)}`;
    const found = await client.ask("HEAD", `/v2/${repository}/manifests/${tag}`);
    const digest = String(found.headers["docker-content-digest"] ?? "");
    if (found.status !== 200) return;
    // Its tags go with it: which ones were there is known from what was promised.
    const tags = [...this.#promised].filter(([name, { allowed }]) => name.startsWith(`${repository}/manifests/t`) && allowed.has(digest));
    const names = [`${repository}/manifests/${digest}`, ...tags.map(([name]) => name)];
    // What only this manifest named may be collected from the moment the delete is asked for.
    const { config, layers } = JSON.parse(String(this.#blobs.get(digest))) as { config: { digest: string }; layers: { digest: string }[] };
    for (const blob of [config, ...layers]) this.#collectable.add(`${repository}/blobs/${blob.digest}`);
    await this.#promiseAll(names, GONE, async () => (await client.ask("DELETE", `/v2/${repository}/manifests/${digest}`)).status === 202);
  }

  #promise(name: string, value: string, work: () => Promise<boolean>): Promise<void> {
    return this.#promiseAll([name], value, work);
  }

  async #promiseAll(names: readonly string[], value: string, work: () => Promise<boolean>): Promise<void> {
    for (const name of names) {
      const promised = this.#promised.get(name) ?? { allowed: new Set([GONE]) };
      promised.allowed.add(value);
      this.#promised.set(name, promised);
    }
    if (!(await work())) return;
    this.acknowledged += 1;
    for (const name of names) this.#promised.set(name, { allowed: new Set([value]) });
  }

  /** Looks at everything that was ever promised; returns what is wrong. */
  async check(url: string): Promise<string[]> {
    const client = new CampaignClient(url);
    const wrong: string[] = [];
    for (const [name, promised] of this.#promised) {
      const answer = await client.ask("GET", `/v2/${name}`);
      const got = answer.status === 404 ? GONE : answer.status === 200 ? sha256(answer.body) : `status ${answer.status}`;
      if (!promised.allowed.has(got) && !(got === GONE && this.#collectable.has(name)))
        wrong.push(`${name}: ${got}, promised ${[...promised.allowed].join(" or ")}`);
      // From here on what was found is what must stay.
      promised.allowed.clear();
      promised.allowed.add(got);
    }
    wrong.push(...(await this.#checkLists(client)));
    client.close();
    return wrong;
  }

  /** What is listed must be there, and what a manifest names that was acknowledged with it must be there too. */
  async #checkLists(client: CampaignClient): Promise<string[]> {
    const wrong: string[] = [];
    const { repositories } = JSON.parse((await client.ask("GET", "/v2/_catalog")).body.toString()) as { repositories: string[] };
    for (const repository of repositories) {
      const listed = await client.ask("GET", `/v2/${repository}/tags/list`);
      for (const tag of (JSON.parse(listed.body.toString()) as { tags: string[] }).tags) {
        const manifest = await client.ask("GET", `/v2/${repository}/manifests/${tag}`);
        if (manifest.status !== 200) wrong.push(`${repository}:${tag} is listed and answers ${manifest.status}`);
        else wrong.push(...(await this.#checkContents(client, repository, manifest.body)));
      }
    }
    return wrong;
  }

  async #checkContents(client: CampaignClient, repository: string, manifest: Buffer): Promise<string[]> {
    const { config, layers } = JSON.parse(manifest.toString()) as { config: { digest: string }; layers: { digest: string }[] };
    const wrong: string[] = [];
    for (const { digest } of [config, ...layers]) {
      const blob = await client.ask("GET", `/v2/${repository}/blobs/${digest}`);
      if (blob.status !== 200 || sha256(blob.body) !== digest)
        wrong.push(`${repository}@${digest} is named by a manifest and answers ${blob.status}`);
    }
    return wrong;
  }
}
