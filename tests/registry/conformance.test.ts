import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addUser, type RunningRegistry, startRegistry, userFilesIn } from "@skerry/registry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sharedPath } from "../shared-data.ts";
import { type Check, Contents, type Recorded, readLines } from "./conversation.ts";
import { type PlainAnswer, sendPlain } from "./plain-http.ts";

const checksFile = sharedPath("golden", "registry", "conformance-checks.jsonl");
const conversationFile = sharedPath("golden", "registry", "conformance-conversation.jsonl");
const present = checksFile !== undefined && conversationFile !== undefined;
const checks = present ? readLines<Check>(checksFile) : [];
const conversation = present ? readLines<Recorded>(conversationFile) : [];
const byCheck = Map.groupBy(conversation, (recorded) => recorded.check);

describe.skipIf(!present)("conformance (needs ../shared/data/golden/registry)", () => {
  for (const version of ["1.0", "1.1", "dev+sparse"]) {
    const meant = checks.filter((check) => check.versions.includes(version));
    describe(`version ${version}`, () => replay(version, meant));
  }
  const newest = checks.filter((check) => check.versions.includes("dev+sparse"));
  describe("version dev+sparse, with TLS and a password", () => replay("dev+sparse", newest, true));

  test("every exchange belongs to a check, and every check has one", () => {
    expect(new Set(byCheck.keys())).toEqual(new Set(checks.map((check) => check.name)));
  });
});

const USER = { name: "conformance", password: "only for this test" };

function replay(version: string, meant: readonly Check[], locked = false): void {
  const contents = new Contents(conversation);
  const credentials = Buffer.from(`${USER.name}:${USER.password}`).toString("base64");
  const session: Session = {
    contents,
    uploads: new Map(),
    headers: locked ? { authorization: `Basic ${credentials}` } : {},
    ca: undefined,
  };
  let root: string;
  let registry: RunningRegistry;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "skerry-conformance-"));
    if (locked) await addUser(userFilesIn(root), USER);
    registry = await startRegistry({ root, ...(locked ? { auth: "htpasswd", tls: { kind: "auto" } } : {}) });
    if (locked) session.ca = await readFile(join(root, "tls", "ca.crt"), "utf8");
  });
  afterAll(async () => {
    await registry.close();
    await rm(root, { recursive: true });
  });

  for (const check of meant) {
    test(`${check.id} ${check.name}`, async () => {
      for (const recorded of byCheck.get(check.name) ?? []) {
        const answer = await exchange(registry.url, recorded, session);
        judge(recorded, answer, { contents, version });
      }
    });
  }
}

interface Session {
  readonly contents: Contents;
  /** Location of each upload by its placeholder. */
  readonly uploads: Map<string, string>;
  readonly headers: Readonly<Record<string, string>>;
  ca: string | undefined;
}

async function exchange(base: string, recorded: Recorded, session: Session): Promise<PlainAnswer> {
  const body = recorded.request.size === undefined ? undefined : session.contents.body(recorded);
  const answer = await sendPlain(base, {
    method: recorded.method,
    path: pathOf(recorded, session),
    headers: { ...recorded.request.headers, ...session.headers },
    body,
    ...(session.ca === undefined ? {} : { ca: session.ca }),
  });
  const opened = /\{upload:\d+\}/.exec(String(recorded.seen.headers["location"] ?? ""))?.[0];
  const location = answer.headers["location"];
  if (opened !== undefined && typeof location === "string") session.uploads.set(opened, location);
  return answer;
}

/** A session's Location comes from the server, with its own query; what the client adds follows. */
function pathOf(recorded: Recorded, { contents, uploads }: Session): string {
  const upload = /\{upload:\d+\}/.exec(recorded.path)?.[0];
  if (upload === undefined) return contents.fill(recorded.path);
  const location = uploads.get(upload) ?? expect.fail(`no session ${upload}`);
  const query = contents.fill(recorded.path.split("?")[1] ?? "");
  if (query === "") return location;
  return `${location}${location.includes("?") ? "&" : "?"}${query}`;
}

function judge(recorded: Recorded, answer: PlainAnswer, { contents, version }: { contents: Contents; version: string }): void {
  const told = `exchange ${recorded.n}: ${recorded.method} ${recorded.path}`;
  // A delete after a check that an older version leaves out may find nothing.
  const accepted = version === "dev+sparse" || recorded.method !== "DELETE" ? [recorded.seen.status] : recorded.accept;
  expect(accepted, told).toContain(answer.status);
  for (const fact of recorded.mustHave) mustHave(fact, recorded, { answer, contents, version, told });
  if (recorded.method !== "GET" || ![200, 206].includes(answer.status)) return;
  const bytes = contents.asked(recorded.path);
  const range = recorded.request.headers["range"];
  if (bytes !== undefined && range === undefined) expect(answer.body.equals(bytes), told).toBe(true);
  if (bytes !== undefined && range !== undefined) expect(answer.body.equals(part(bytes, range)), told).toBe(true);
  if (/\/(?:tags\/list|referrers\/)/.test(recorded.path)) {
    const expected = JSON.parse(contents.fill(recorded.seen.text ?? "")) as Listing;
    expect(ordered(JSON.parse(answer.body.toString()) as Listing), told).toEqual(ordered(expected));
  }
}

interface Judged {
  readonly answer: PlainAnswer;
  readonly contents: Contents;
  readonly version: string;
  readonly told: string;
}

function mustHave(fact: string, recorded: Recorded, { answer, contents, version, told }: Judged): void {
  const name = fact.split(/[ :]/)[0]?.toLowerCase() ?? "";
  const got = answer.headers[name];
  if (name === "docker-content-digest" && version !== "dev+sparse" && got === undefined) return;
  expect(got, `${told}: ${fact}`).toBeDefined();
  const seen = recorded.seen.headers[name];
  if (name === "location" || (name === "range" && answer.status === 204)) return;
  if (name === "oci-tag") expect(String(got).split(/, ?/).sort(), told).toEqual([seen].flat().sort());
  else expect(got, `${told}: ${fact}`).toBe(contents.fill(String(seen)));
}

interface Listing {
  readonly manifests?: readonly { readonly digest: string }[];
}

/** The specification gives referrers no order. */
function ordered(listing: Listing): Listing {
  if (listing.manifests === undefined) return listing;
  return { ...listing, manifests: [...listing.manifests].sort((a, b) => (a.digest < b.digest ? -1 : 1)) };
}

function part(bytes: Buffer, range: string): Buffer {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  if (first === "") return bytes.subarray(bytes.length - Number(last));
  return bytes.subarray(Number(first), last === "" ? bytes.length : Number(last) + 1);
}
