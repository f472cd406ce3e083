import {
  type Bundle,
  type Catalog,
  fetchCatalogImage,
  readWholeBundle,
  renderBundle,
  renderTemplate,
  type TemplateType,
} from "@skerry/catalog";
import { UsageError } from "../args/errors.ts";
import { type Job, pathOf } from "../command/job.ts";
import type { RegistryFlags } from "../command/registry-flags.ts";
import { parseImageName } from "../names/image-name.ts";
import { Places } from "../places/places.ts";
import { readTextInput } from "../places/text-input.ts";
import { openRegistries } from "../registries/open.ts";
import { workFolder } from "./work-folder.ts";

/**
 * Opens the catalogs that template files make. Bundles are read from their images.
 * @throws CatalogError `TEMPLATE_INVALID`, and what reading a bundle's image throws
 */
export async function openTemplates(
  job: Job<RegistryFlags>,
  files: readonly string[],
  type: TemplateType,
): Promise<{ readonly catalogs: readonly Catalog[] } & AsyncDisposable> {
  const parts = new AsyncDisposableStack();
  try {
    const registries = parts.use(await openRegistries(job, { sources: "any", destinations: [] }));
    const places = parts.use(new Places(job, registries));
    const { path: workdir } = parts.use(await workFolder(job.world));
    const catalogs: Catalog[] = [];
    for (const file of files) {
      const text = await readTextInput(job, file === "-" ? file : pathOf(job, file));
      const catalog = await renderTemplate(text, { type, source: (image) => readBundle(image, { places, workdir, signal: job.signal }) });
      parts.defer(() => catalog.close());
      catalogs.push(catalog);
    }
    const open = parts.move();
    return { catalogs, [Symbol.asyncDispose]: () => open.disposeAsync() };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

async function readBundle(
  image: string,
  how: { readonly places: Places; readonly workdir: string; readonly signal: AbortSignal },
): Promise<Bundle> {
  const { reader, at, descriptor } = await how.places.find(parseImageName(image));
  const fetched = await fetchCatalogImage({ reader, place: at, descriptor }, { name: image, workdir: how.workdir, signal: how.signal });
  try {
    if (fetched.kind !== "bundle") throw new UsageError(`cannot use ${image} in a template: it is no bundle image`, { subject: image });
    return renderBundle(await readWholeBundle(fetched.path), { image });
  } finally {
    await fetched.close();
  }
}
