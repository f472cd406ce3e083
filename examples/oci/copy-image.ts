import { OciError, parseReference, Registries, type RegistriesOptions, referenceName, type TransferReport, transfer } from "@skerry/oci";

/** Copies an image with all platforms and everything that refers to it; digests stay as they are. */
export async function copyImage(from: string, to: string, options: RegistriesOptions): Promise<TransferReport> {
  const source = parseReference(from);
  const target = parseReference(to);
  await using registries = new Registries(options);
  const reader = registries.reader(source.registry);
  const descriptor = await reader.resolve(source, referenceName(source));
  if (descriptor === undefined) throw new OciError({ code: "NOT_FOUND", message: `Cannot copy ${from}: it is not there`, subject: from });
  const root = { id: to, source: reader, from: source, descriptor, to: target, tags: [target.tag ?? "latest"], referrers: "all" } as const;
  return transfer([root], registries.writer(target.registry), { gates: registries.gates });
}
