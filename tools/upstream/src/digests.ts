/** `sha256:` digests inside text, not part of a longer run of hex. */
const DIGEST = /sha256:[0-9a-f]{64}(?![0-9a-f])/g;
/** Manifests of a bundle inside a catalog (`olm.bundle.object`): base64 that is long enough to hold a digest. */
const ENCODED = /(\bdata"?[ \t]*:[ \t]*["']?)([A-Za-z0-9+/]{96,}={0,2})/g;

/** Puts another digest in the place of each, everywhere, also inside `olm.bundle.object` data; every other byte stays. */
export function replaceDigests(text: string, replacements: ReadonlyMap<string, string>): string {
  const plain = replacePlain(text, replacements);
  return plain.replace(ENCODED, (whole: string, before: string, encoded: string) => {
    const decoded = Buffer.from(encoded, "base64").toString("latin1");
    const replaced = replacePlain(decoded, replacements);
    return replaced === decoded ? whole : before + Buffer.from(replaced, "latin1").toString("base64");
  });
}

function replacePlain(text: string, replacements: ReadonlyMap<string, string>): string {
  return text.replace(DIGEST, (digest) => replacements.get(digest) ?? digest);
}
