/** Tar works in blocks. POSIX.1-2017 pax, "ustar interchange format". */
export const TAR_BLOCK = 512;

/** A header, taken apart. */
export interface TarHeader {
  readonly name: string;
  readonly size: number;
  /** `0` file, `5` folder, `1` and `2` links, `x` and `g` PAX records, `L` and `K` long names of GNU. */
  readonly type: string;
  readonly link: string;
}

/** Bytes that an entry of this size takes after its header. */
export function padded(size: number): number {
  return Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
}

/**
 * Reads a header block.
 * @returns undefined for a block of zeros, which ends an archive; a text for one that is no header
 */
export function readHeader(block: Uint8Array): TarHeader | undefined | string {
  if (block.every((byte) => byte === 0)) return undefined;
  let sum = 8 * 0x20;
  for (let index = 0; index < TAR_BLOCK; index++) if (index < 148 || index >= 156) sum += block[index] ?? 0;
  if (numeric(block, { start: 148, length: 8 }) !== sum) return "its checksum is wrong";
  const size = numeric(block, { start: 124, length: 12 });
  if (size === undefined || !Number.isSafeInteger(size) || size < 0) return "its size is no number";
  const isUstar = text(block, { start: 257, length: 5 }) === "ustar";
  const prefix = isUstar ? text(block, { start: 345, length: 155 }) : "";
  const name = text(block, { start: 0, length: 100 });
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    size,
    type: String.fromCharCode(block[156] || 0x30),
    link: text(block, { start: 157, length: 100 }),
  };
}

/**
 * A ustar header with fixed owner and time, so that equal contents make equal archives. Names up to 100 bytes; sizes from
 * 8 GiB on in GNU's base-256 form, which every current tar reads.
 */
export function tarHeader(entry: { readonly name: string; readonly size: number; readonly folder?: boolean }): Uint8Array {
  const block = Buffer.alloc(TAR_BLOCK);
  if (Buffer.byteLength(entry.name) > 100) throw new RangeError(`tar name too long: ${entry.name}`);
  block.write(entry.name, 0, "utf8");
  block.write(entry.folder === true ? "0000755\0" : "0000644\0", 100, "latin1");
  block.write("0000000\0", 108, "latin1");
  block.write("0000000\0", 116, "latin1");
  if (entry.size < 8 ** 11) block.write(`${entry.size.toString(8).padStart(11, "0")}\0`, 124, "latin1");
  else {
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(entry.size), 128);
  }
  block.write("00000000000\0", 136, "latin1");
  block.write("        ", 148, "latin1");
  block.write(entry.folder === true ? "5" : "0", 156, "latin1");
  block.write("ustar\x0000", 257, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

interface Field {
  readonly start: number;
  readonly length: number;
}

function text(block: Uint8Array, { start, length }: Field): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

/** Octal digits, or base-256 when the first bit is set (GNU). */
function numeric(block: Uint8Array, { start, length }: Field): number | undefined {
  const field = block.subarray(start, start + length);
  if (((field[0] ?? 0) & 0x80) !== 0) {
    let value = (field[0] ?? 0) & 0x7f;
    for (const byte of field.subarray(1)) value = value * 256 + byte;
    return value;
  }
  const digits = text(block, { start, length }).trim();
  if (digits === "") return 0;
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}
