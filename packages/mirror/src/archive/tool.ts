import {
  type ArchiveRoot,
  type Descriptor,
  digestOf,
  MEDIA_TYPES,
  OciError,
  parseManifest,
  type VolumeReader,
  verified,
  type Writer,
} from "@skerry/oci";

/** Type of the artifact that holds the program, and of its one layer. */
export const TOOL_MEDIA_TYPE = "application/vnd.skerry.tool.v1";

const CONFIG_MEDIA_TYPE = "application/vnd.skerry.tool.config.v1+json";

/** Under this name and its version the program is listed among the images of an archive. */
const TOOL_REPOSITORY = "skerry.dev/tool";

/** The running program as one file. */
export interface Tool {
  readonly name: string;
  readonly version: string;
  readonly bytes: Uint8Array;
}

/** The program as an OCI artifact. */
export interface ToolArtifact {
  readonly tool: Tool;
  readonly manifest: Descriptor;
  readonly bytes: Uint8Array;
  readonly contents: readonly (readonly [Descriptor, Uint8Array])[];
}

/** Puts the program into the form of an OCI artifact. Image-spec, "guidelines for artifact usage". Pure. */
export function toolArtifact(tool: Tool): ToolArtifact {
  const config = new TextEncoder().encode(JSON.stringify({ name: tool.name, version: tool.version }));
  const contents = [
    [describe(tool.bytes, TOOL_MEDIA_TYPE), tool.bytes],
    [describe(config, CONFIG_MEDIA_TYPE), config],
  ] as const;
  const [[layer], [configuration]] = contents;
  const document = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    artifactType: TOOL_MEDIA_TYPE,
    config: configuration,
    layers: [{ ...layer, annotations: { "org.opencontainers.image.title": tool.name } }],
    annotations: { "org.opencontainers.image.version": tool.version },
  };
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  return { tool, manifest: describe(bytes, MEDIA_TYPES.ociManifest), bytes, contents };
}

/** Writes the program into an archive. What an interrupted run wrote stays. */
export async function writeTool(writer: Writer, { tool, manifest, bytes, contents }: ToolArtifact): Promise<void> {
  const place = { repository: TOOL_REPOSITORY };
  for (const [descriptor, body] of contents) {
    if (await writer.has(place, descriptor)) continue;
    const write = await writer.begin(place, descriptor);
    await write.append(once(body));
    await write.commit();
  }
  await writer.putManifest(place, manifest, { mediaType: manifest.mediaType, digest: manifest.digest, bytes }, [tool.version]);
}

/** True for the program among the images that an archive lists. */
export function isTool({ name }: Pick<ArchiveRoot, "name">): boolean {
  return name.startsWith(`${TOOL_REPOSITORY}:`);
}

/** The program that travels in an archive, verified. @throws OciError `NOT_FOUND` when it was left out */
export async function readTool(archive: VolumeReader): Promise<Tool> {
  const root = archive.contents.roots.find(isTool);
  if (root === undefined) {
    throw new OciError({
      code: "NOT_FOUND",
      message: `Cannot take the program out of ${archive.dir}: it was left out when the archive was written`,
      subject: archive.dir,
      hint: "It travels when skerry runs as a single file, and --exclude-tool is not given.",
    });
  }
  const place = { repository: TOOL_REPOSITORY };
  const { bytes, mediaType } = await archive.manifest(place, { digest: root.digest, mediaType: root.mediaType, size: root.bytes });
  const manifest = parseManifest(bytes, mediaType, root.name);
  const layer = manifest.kind === "image" ? manifest.layers.find((one) => one.mediaType === TOOL_MEDIA_TYPE) : undefined;
  if (layer === undefined) {
    throw new OciError({ code: "ARCHIVE_INVALID", message: `${root.name} of ${archive.dir} holds no program`, subject: root.name });
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of verified(archive.blob(place, layer).open(0), layer)) chunks.push(chunk);
  return { name: "skerry.mjs", version: root.name.slice(TOOL_REPOSITORY.length + 1), bytes: Buffer.concat(chunks) };
}

function describe(bytes: Uint8Array, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
