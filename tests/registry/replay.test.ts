import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRegistry } from "@skerry/registry";
import { describe, expect, test } from "vitest";
import { sharedPath } from "../shared-data.ts";
import { sha256 } from "./campaign.ts";
import { readLines } from "./conversation.ts";
import { type PlainAnswer, sendPlain } from "./plain-http.ts";
import { type Exchanged, Replay, type Seed } from "./replay.ts";

const folder = sharedPath("golden", "registry", "clients");
// The two about logins were recorded against other realms; logins are in access.test.ts and clients.test.ts.
const files =
  folder === undefined
    ? []
    : readdirSync(folder)
        .filter((name) => name.endsWith(".jsonl") && !name.startsWith("auth-"))
        .sort();

describe.skipIf(folder === undefined)("what clients were recorded to send (needs ../shared/data/golden/registry/clients)", () => {
  for (const file of files) {
    test(file.replace(".jsonl", ""), async () => {
      const exchanges = readLines<Exchanged>(join(folder ?? "", file));
      const root = await mkdtemp(join(tmpdir(), "skerry-replay-"));
      const registry = await startRegistry({ root });
      try {
        const replay = new Replay(exchanges);
        // An index may only be complete when its children are there: what was read last goes in first.
        for (const seed of replay.seeds.toReversed()) await plant(registry.url, replay, seed);
        const uploads = new Map<string, string>();
        const sent = new Map<string, number>();
        for (const exchange of exchanges) {
          const answer = await again(registry.url, exchange, { replay, uploads, sent, exchanges });
          check(exchange, answer, replay);
        }
      } finally {
        await registry.close();
        await rm(root, { recursive: true });
      }
    });
  }

  test("there are recordings", () => expect(files.length).toBeGreaterThan(30));
});

async function plant(url: string, replay: Replay, seed: Seed): Promise<void> {
  const bytes = replay.bytes(seed.name);
  const repository = replay.fill(seed.repository);
  if (seed.kind === "manifests") {
    const path = `/v2/${repository}/manifests/${replay.fill(seed.reference)}`;
    const isManifest = /manifest|index/.test(seed.mediaType);
    const headers: Record<string, string> = isManifest ? { "content-type": seed.mediaType } : {};
    expect((await sendPlain(url, { method: "PUT", path, headers, body: bytes })).status, path).toBe(201);
    return;
  }
  const path = `/v2/${repository}/blobs/uploads/?digest=${sha256(bytes)}`;
  expect((await sendPlain(url, { method: "POST", path, body: bytes })).status).toBe(201);
}

interface Session {
  readonly replay: Replay;
  readonly uploads: Map<string, string>;
  readonly sent: Map<string, number>;
  readonly exchanges: readonly Exchanged[];
}

async function again(url: string, exchange: Exchanged, { replay, uploads, sent, exchanges }: Session): Promise<PlainAnswer> {
  const upload = /\{upload:\d+\}/.exec(exchange.path)?.[0];
  const digest = /[?&](digest=[^&]+)/.exec(exchange.path)?.[1];
  const location = upload === undefined ? undefined : uploads.get(upload);
  const path = location === undefined ? replay.fill(exchange.path) : `${location}${digest === undefined ? "" : `?${replay.fill(digest)}`}`;
  const body = replay.body(exchange, sent, exchanges);
  const answer = await sendPlain(url, { method: exchange.method, path, headers: headersOf(exchange, body), body });
  const opened = /\{upload:\d+\}/.exec(exchange.responseHeaders["location"] ?? "")?.[0];
  if (opened !== undefined) uploads.set(opened, String(answer.headers["location"]).split("?")[0] ?? "");
  return answer;
}

/** As recorded, but for what depends on the content made up here. */
function headersOf(exchange: Exchanged, body: Buffer | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(exchange.headers))
    if (!["host", "content-length", "connection"].includes(name)) headers[name] = String(value);
  if (exchange.headers["content-length"] !== undefined) headers["content-length"] = String(body?.length ?? 0);
  return headers;
}

function check(exchange: Exchanged, answer: PlainAnswer, replay: Replay): void {
  const told = `exchange ${exchange.n}: ${exchange.method} ${exchange.path}`;
  expect(answer.status, told).toBe(exchange.status);
  for (const name of ["docker-content-digest", "oci-subject"]) {
    const recorded = exchange.responseHeaders[name];
    if (recorded !== undefined && /\{sha256:\d+\}/.test(recorded))
      expect(answer.headers[name], `${told}: ${name}`).toBe(replay.fill(recorded));
  }
  if (exchange.status === 202 && exchange.method !== "DELETE") expect(answer.headers["range"], told).toBeDefined();
}
