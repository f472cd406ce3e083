import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type RunningRegistry, startRegistry } from "@skerry/registry";
import { type RunningUpstream, serveUpstream, type UpstreamImage, upstreamRepository } from "@skerry-tools/upstream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ended, findProgram, runProgram } from "../support/program.ts";
import { projectRoot } from "../support/skerry.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const [skopeo, podman, buildah] = [findProgram("skopeo"), findProgram("podman"), findProgram("buildah")];
const KINDS = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
] as const;

describe.skipIf(skopeo === undefined && podman === undefined && buildah === undefined)("other people's clients", () => {
  let folder: TempFolder;
  let upstream: RunningUpstream;
  let registry: RunningRegistry;

  beforeAll(async () => {
    folder = await tempFolder();
    upstream = await serveUpstream({
      root: folder.join("upstream"),
      seed: "clients",
      catalogs: [
        { dir: join(projectRoot, "examples", "quickstart", "catalog"), reference: "registry.isle.example/catalogs/operator-index:v1" },
      ],
    });
    registry = await startRegistry({ root: folder.join("registry") });
  });
  afterAll(async () => {
    await registry.close();
    await upstream.close();
    await folder[Symbol.asyncDispose]();
  });

  function imageOf(mediaType: string): UpstreamImage {
    const image = upstream.images.find((candidate) => candidate.mediaType === mediaType && candidate.kind === "operand");
    if (image === undefined) throw new Error(`the upstream has no ${mediaType}`);
    return image;
  }
  const source = (image: UpstreamImage): string => `docker://${upstream.host}/${upstreamRepository(image.repository)}@${image.digest}`;

  async function run(program: string | undefined, ...args: string[]): Promise<Ended> {
    const env = { HOME: folder.path, XDG_RUNTIME_DIR: folder.path, REGISTRY_AUTH_FILE: undefined, NO_PROXY: "127.0.0.1" };
    const ended = await runProgram(program ?? "", args, { env, cwd: folder.path });
    expect(ended.code, `${program} ${args.join(" ")}\n${ended.stderr}`).toBe(0);
    return ended;
  }

  describe.skipIf(skopeo === undefined)("skopeo (needs skopeo)", () => {
    test.each(KINDS)("pushes and pulls %s whole, and the raw bytes are equal", async (mediaType) => {
      const image = imageOf(mediaType);
      const name = `docker://${registry.host}/skopeo/${KINDS.indexOf(mediaType)}`;
      await run(
        skopeo,
        "copy",
        "--all",
        "--preserve-digests",
        "--src-tls-verify=false",
        "--dest-tls-verify=false",
        source(image),
        `${name}:tag`,
      );
      const raw = async (from: string): Promise<string> => (await run(skopeo, "inspect", "--raw", "--tls-verify=false", from)).stdout;
      const bytes = await raw(source(image));
      expect(`sha256:${createHash("sha256").update(bytes).digest("hex")}`).toBe(image.digest);
      expect(await raw(`${name}:tag`)).toBe(bytes);
      expect(await raw(`${name}@${image.digest}`)).toBe(bytes);
      const layout = folder.join(`layout-${KINDS.indexOf(mediaType)}`);
      await run(skopeo, "copy", "--all", "--preserve-digests", "--src-tls-verify=false", `${name}@${image.digest}`, `dir:${layout}`);
      expect(await readFile(join(layout, "manifest.json"), "utf8")).toBe(bytes);
    });

    test("lists tags and deletes", async () => {
      const name = `docker://${registry.host}/skopeo/listed`;
      const image = imageOf(KINDS[3]);
      for (const tag of ["a", "b"]) {
        await run(
          skopeo,
          "copy",
          "--preserve-digests",
          "--src-tls-verify=false",
          "--dest-tls-verify=false",
          source(image),
          `${name}:${tag}`,
        );
      }
      const tags = async (): Promise<string[]> =>
        (JSON.parse((await run(skopeo, "list-tags", "--tls-verify=false", name)).stdout) as { Tags: string[] }).Tags;
      expect(await tags()).toEqual(["a", "b"]);
      await run(skopeo, "delete", "--tls-verify=false", `${name}:a`);
      const answer = await fetch(`${registry.url}/v2/skopeo/listed/manifests/b`);
      // skopeo deletes by digest: both tags go with their manifest.
      expect(answer.status).toBe(404);
    });
  });

  describe.skipIf(podman === undefined)("podman (needs podman)", () => {
    const storage = (): string[] => ["--root", folder.join("podman"), "--runroot", folder.join("podman-run"), "--storage-driver", "vfs"];

    test("pulls, pushes and pulls back by tag and by digest", async () => {
      const image = imageOf(KINDS[3]);
      const original = source(image).slice("docker://".length);
      const id = (await run(podman, ...storage(), "pull", "-q", "--tls-verify=false", original)).stdout.trim();
      const name = `${registry.host}/podman/image`;
      await run(podman, ...storage(), "push", "-q", "--tls-verify=false", "--digestfile", folder.join("digest"), id, `docker://${name}:1`);
      const digest = (await readFile(folder.join("digest"), "utf8")).trim();
      await run(podman, ...storage(), "rmi", "--all", "--force");
      for (const pulled of [`${name}:1`, `${name}@${digest}`]) {
        expect((await run(podman, ...storage(), "pull", "-q", "--tls-verify=false", pulled)).stdout.trim()).toBe(id);
      }
      await run(podman, ...storage(), "rmi", "--all", "--force");
    });

    test("pushes a manifest list with all its images", async () => {
      const image = imageOf(KINDS[1]);
      const name = `${registry.host}/podman/list`;
      await run(podman, ...storage(), "manifest", "create", "list");
      await run(podman, ...storage(), "manifest", "add", "--all", "--tls-verify=false", "list", source(image));
      await run(podman, ...storage(), "manifest", "push", "--all", "--tls-verify=false", "list", `docker://${name}:1`);
      const accept = { headers: { accept: KINDS.join(", ") } };
      const pushed = (await (await fetch(`${registry.url}/v2/podman/list/manifests/1`, accept)).json()) as {
        manifests: { digest: string }[];
      };
      expect(pushed.manifests.length).toBeGreaterThan(1);
      for (const { digest } of pushed.manifests) {
        expect((await fetch(`${registry.url}/v2/podman/list/manifests/${digest}`, accept)).status).toBe(200);
      }
      await run(podman, ...storage(), "rmi", "--all", "--force");
    });
  });

  describe.skipIf(buildah === undefined)("buildah (needs buildah)", () => {
    const storage = (): string[] => ["--root", folder.join("buildah"), "--runroot", folder.join("buildah-run"), "--storage-driver", "vfs"];

    test("pushes what it made, in both families of media types, and pulls it back", async () => {
      await writeFile(folder.join("file"), "made by a test\n");
      const container = (await run(buildah, ...storage(), "from", "scratch")).stdout.trim();
      await run(buildah, ...storage(), "copy", container, folder.join("file"), "/file");
      for (const format of ["oci", "docker"]) {
        const name = `${registry.host}/buildah/made:${format}`;
        await run(buildah, ...storage(), "commit", "-q", "--format", format, container, `made-${format}`);
        await run(buildah, ...storage(), "push", "-q", "--tls-verify=false", `made-${format}`, `docker://${name}`);
        const answer = await fetch(`${registry.url}/v2/buildah/made/manifests/${format}`, { headers: { accept: KINDS.join(", ") } });
        expect(answer.headers.get("content-type")).toBe(format === "oci" ? KINDS[2] : KINDS[3]);
        const digest = answer.headers.get("docker-content-digest") ?? "";
        await run(buildah, ...storage(), "pull", "-q", "--tls-verify=false", name);
        await run(buildah, ...storage(), "pull", "-q", "--tls-verify=false", `${registry.host}/buildah/made@${digest}`);
      }
      await run(buildah, ...storage(), "rm", "--all");
      await run(buildah, ...storage(), "rmi", "--all", "--force");
    });
  });
});
