import { CatalogError } from "../errors.ts";
import type { CatalogFile } from "../types.ts";
import { goJson, type Members } from "../write/go-json.ts";
import { bundleDocument, channelDocument, packageDocument } from "../write/normal-form.ts";
import { readWholeBundle } from "./read-bundle.ts";
import { type RenderBundleOptions, renderBundle } from "./render-bundle.ts";

export interface ConvertBundleOptions extends RenderBundleOptions {
  /** Keeps text under `value` of related images, which no catalog has but repair needs. */
  readonly keepValues?: boolean | undefined;
}

/**
 * A bundle as a catalog of one version: its package, the channels of its annotations with it as their only entry, and the
 * bundle. `opm render` prints the bundle alone; see {@link renderBundle}.
 * @throws CatalogError `BUNDLE_INVALID`, `LIMIT_EXCEEDED`
 */
export async function* convertBundle(directory: string, options: ConvertBundleOptions = {}): AsyncGenerator<CatalogFile> {
  const files = await readWholeBundle(directory);
  if (files.package === "") {
    throw new CatalogError({
      code: "BUNDLE_INVALID",
      message: `Cannot read bundle ${directory}: its annotations name no package`,
      subject: directory,
    });
  }
  const channels = files.channels.length === 0 ? [files.defaultChannel === "" ? "stable" : files.defaultChannel] : files.channels;
  const defaultChannel = channels.includes(files.defaultChannel) ? files.defaultChannel : (channels[0] ?? "");
  const documents: Members[] = [
    packageDocument({ name: files.package }, defaultChannel),
    ...[...new Set(channels)].sort().map((name) => channelDocument({ package: files.package, name, entries: [{ name: files.name }] })),
    bundleDocument(renderBundle(files, options), options.keepValues),
  ];
  yield {
    path: `${files.package}/catalog.json`,
    content: (async function* () {
      for (const document of documents) yield Buffer.from(`${goJson(document, "    ")}\n`);
    })(),
  };
}
