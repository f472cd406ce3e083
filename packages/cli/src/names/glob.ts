/** A pattern over whole names: `*` is any text, `?` one character; everything else stands for itself. */
export function globPattern(glob: string): RegExp {
  const source = glob.replaceAll(/[.*+?^${}()|[\]\\]/g, (special) => (special === "*" ? "[^]*" : special === "?" ? "[^]" : `\\${special}`));
  // Neighbouring stars would make matching slow and mean nothing more.
  return new RegExp(`^${source.replaceAll(/(?:\[\^\]\*)+/g, "[^]*")}$`);
}
