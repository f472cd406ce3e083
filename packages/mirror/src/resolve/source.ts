import { type Place, parseReference, type Reader, referenceName } from "@skerry/oci";

/** Where an origin is read from. */
export interface OriginSource {
  readonly reader: Reader;
  readonly place: Place;
  /** Name inside the place: a tag or digest. */
  readonly name: string;
}

/** Reader and place of a registry reference. */
export function registrySource(origin: string, reader: (host: string) => Reader): OriginSource {
  const reference = parseReference(origin);
  return { reader: reader(reference.registry), place: { repository: reference.repository }, name: referenceName(reference) };
}
