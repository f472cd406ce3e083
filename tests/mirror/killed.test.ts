import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Registries } from "@skerry/oci";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Captured, runInWorld } from "../../packages/cli/src/testing/world.ts";
import { type UpstreamWorld, upstreamWorld } from "../catalogs/upstream-world.ts";
import { projectRoot, skerryProgram } from "../support/skerry.ts";

const INDEX = "registry.isle.example/catalogs/operator-index:v1";
const CONFIG = `apiVersion: mirror.openshift.io/v2alpha1
kind: ImageSetConfiguration
mirror:
  operators:
    - catalog: ${INDEX}
      packages:
        - name: beacon-operator
        - name: ferry-mesh
        - name: kelp-search
        - name: lantern-metrics
`;
const MOMENTS = 20;

interface Event {
  readonly event: string;
  readonly digest?: string;
  readonly bytes?: number;
}

/** Stops at a moment of the run: the events so far say whether it has come. */
type Moment = (events: readonly Event[]) => boolean;

describe("a mirror that is killed", () => {
  let world: UpstreamWorld;
  let lock: string;
  let images: readonly { readonly destination: { readonly repository: string; readonly tag: string } }[];
  let undisturbed: { readonly events: readonly Event[]; readonly files: readonly string[] };

  beforeAll(async () => {
    world = await upstreamWorld(
      {
        seed: "killed",
        totalBytes: 40_000_000,
        catalogs: [{ dir: join(projectRoot, "examples", "quickstart", "catalog"), reference: INDEX }],
      },
      CONFIG,
    );
    const planned = await world.run("plan");
    expect(planned.code, planned.stdout).toBe(0);
    lock = join(world.workspace, "imageset.lock");
    images = (JSON.parse(await readFile(lock, "utf8")) as { images: typeof images }).images;
    const ended = await mirrorUntil("undisturbed", () => false);
    expect(ended).toMatchObject({ code: 0, signal: null });
    undisturbed = { events: ended.events, files: await filesOf(workspaceOf("undisturbed")) };
  }, 600_000);
  afterAll(() => world[Symbol.asyncDispose]());

  const workspaceOf = (name: string): string => join(world.folder, `workspace-${name}`);
  const words = (name: string): string[] => [
    ...["mirror", "--lock", lock, "--workspace", workspaceOf(name), "--registries-conf", world.upstream.registriesConfPath],
    ...["--insecure", "--progress", "json", `docker://${world.mirror.host}/${name}`],
  ];

  // Only what is killed needs a process of its own.
  const here = (args: readonly string[]): Promise<Captured> => runInWorld(args, { cwd: world.folder, env: {}, home: world.folder });

  /** Runs a mirror in a process of its own and kills that without warning when the moment has come. */
  async function mirrorUntil(name: string, moment: Moment): Promise<{ code: number | null; signal: string | null; events: Event[] }> {
    // As many at once as said here, however far away a busy machine makes the other end seem.
    const args = [skerryProgram, ...words(name), "--limit-rate", "20MB", "--max-per-host", "8"];
    const child = spawn(process.execPath, args, { cwd: world.folder, stdio: ["ignore", "ignore", "pipe"] });
    const ended = once(child, "exit") as Promise<[number | null, string | null]>;
    const events: Event[] = [];
    for await (const line of createInterface({ input: child.stderr })) {
      if (!line.startsWith("{")) continue;
      events.push(JSON.parse(line) as Event);
      if (moment(events)) child.kill("SIGKILL");
    }
    const [code, signal] = await ended;
    return { code, signal, events };
  }

  async function answering(name: string): Promise<number> {
    await using registries = new Registries({ insecureHosts: [world.mirror.host] });
    const store = registries.writer(world.mirror.host);
    let found = 0;
    for (const { destination } of images) {
      if ((await store.resolve({ repository: `${name}/${destination.repository}` }, destination.tag)) !== undefined) found += 1;
    }
    return found;
  }

  test(`at any of ${MOMENTS} moments is completed by the same command, verifies, and leaves no temporary file`, {
    timeout: 900_000,
  }, async () => {
    const total = undisturbed.events.length;
    expect(total).toBeGreaterThan(200);
    for (let turn = 0; turn < MOMENTS; turn += 1) {
      // Spread over the run, each at a place of its own in its twentieth part.
      const at = Math.floor(((turn + ((turn * 7) % MOMENTS) / MOMENTS) / MOMENTS) * total * 0.95) + 1;
      const name = `turn-${turn}`;
      const killed = await mirrorUntil(name, (events) => events.length >= at);
      expect([name, killed.signal]).toEqual([name, "SIGKILL"]);
      const again = await here(words(name));
      expect(again.code, `${name}: ${again.stderr}`).toBe(0);
      const verified = await here(["verify", "--lock", lock, "--insecure", "--deep", `docker://${world.mirror.host}/${name}`]);
      expect(verified.code, `${name}: ${verified.stdout}`).toBe(0);
      expect([name, await filesOf(workspaceOf(name))]).toEqual([name, undisturbed.files]);
    }
    expect(await filesOf(join(world.folder, "mirror", "tmp"))).toEqual([]);
  });

  test("at half its bytes has left at least a third of its images whole", { timeout: 300_000 }, async () => {
    const copied = (events: readonly Event[]): number =>
      events.filter(({ event }) => event === "blob.end").reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
    const half = copied(undisturbed.events) / 2;
    expect(half).toBeGreaterThan(1_000_000);
    const killed = await mirrorUntil("half", (events) => copied(events) >= half);
    expect(killed.signal).toBe("SIGKILL");
    const found = await answering("half");
    expect(found).toBeGreaterThanOrEqual(images.length / 3);
    expect(found).toBeLessThan(images.length);
  });
});

/** Files under a folder, sorted; the random part of a catalog's folder is masked. */
async function filesOf(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replace(/\/catalog-\w{6}\//, "/catalog-…/"),
    );
  // How fast it went is written down only where enough was moved to tell.
  return files.filter((path) => path !== "journal/rate.json").sort();
}
