import { isIPv4 } from "node:net";

/**
 * DER of a NameConstraints extension (RFC 5280 4.2.1.10) that permits exactly these names: the key of such a CA is of no
 * use against any other host. DNS names and addresses; an address carries a mask of ones.
 */
export function nameConstraints(names: { readonly dns: readonly string[]; readonly addresses: readonly string[] }): Uint8Array {
  const bases = [
    ...names.dns.map((name) => tagged(0x82, Buffer.from(name, "ascii"))),
    ...names.addresses.map((address) => {
      const bytes = addressBytes(address);
      return tagged(0x87, Buffer.concat([bytes, Buffer.alloc(bytes.length, 0xff)]));
    }),
  ];
  const subtrees = bases.map((base) => tagged(0x30, base));
  return tagged(0x30, tagged(0xa0, Buffer.concat(subtrees)));
}

/** Four or sixteen bytes of an address in text. */
function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail] = address.split("::");
  const groups = (text: string): number[] => (text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16)));
  const [first, last] = [groups(head), groups(tail ?? "")];
  const all = tail === undefined ? first : [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head = length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}
