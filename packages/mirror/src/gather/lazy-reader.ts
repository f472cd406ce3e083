import type { Descriptor, Place, Reader } from "@skerry/oci";

/** A reader that is opened when the first thing of it is asked for, and once. Its own place decides, whatever place is asked. */
export function lazyReader(
  known: { readonly name: string; readonly host: string | undefined },
  open: () => Promise<{ readonly reader: Reader; readonly place: Place }>,
): Reader {
  let opened: ReturnType<typeof open> | undefined;
  const inner = (): ReturnType<typeof open> => {
    opened ??= open();
    return opened;
  };
  return {
    name: known.name,
    host: known.host,
    async resolve(_at, name, options) {
      const { reader, place } = await inner();
      return await reader.resolve(place, name, options);
    },
    async manifest(_at, descriptor, options) {
      const { reader, place } = await inner();
      return await reader.manifest(place, descriptor, options);
    },
    blob: (_at, descriptor: Descriptor) => ({
      size: descriptor.size,
      async *open(offset, options) {
        const { reader, place } = await inner();
        yield* reader.blob(place, descriptor).open(offset, options);
      },
    }),
    async *referrers(_at, subject, options) {
      const { reader, place } = await inner();
      yield* reader.referrers(place, subject, options);
    },
  };
}
