import { RegistryError } from "../errors.ts";
import type { Durable } from "./durable.ts";
import { errorCode, type FileSystem } from "./files.ts";
import { JOURNAL_LAYOUT_VERSION, LAYOUT_VERSION, type Layout } from "./layout.ts";

/** Says in the root which version its layout has. */
export async function writeVersion(durable: Durable, layout: Layout, version: number): Promise<void> {
  await durable.write(layout.version, new TextEncoder().encode(`${JSON.stringify({ layout: version })}\n`));
}

/**
 * True for a folder that says that it is a root; false for one that says nothing.
 * @throws RegistryError `ROOT_INVALID` for a layout of another version
 */
export async function isRoot(files: FileSystem, layout: Layout): Promise<boolean> {
  const bytes = await files.read(layout.version);
  if (bytes === undefined) return false;
  const found = layoutOf(bytes);
  if (found === LAYOUT_VERSION || found === JOURNAL_LAYOUT_VERSION) return true;
  throw new RegistryError({
    code: "ROOT_INVALID",
    message: `Cannot open ${layout.root}: its layout is version ${String(found)}, expected ${LAYOUT_VERSION} or ${JOURNAL_LAYOUT_VERSION}`,
    subject: layout.root,
    hint: "Use the skerry that made it, or a newer one.",
  });
}

function layoutOf(bytes: Uint8Array): unknown {
  try {
    return (JSON.parse(new TextDecoder().decode(bytes)) as { layout?: unknown }).layout;
  } catch (error) {
    return errorCode(error) ?? "unreadable";
  }
}
