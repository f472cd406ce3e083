import { BlockList, isIP } from "node:net";

/** True for an address that only makes sense near this machine: loopback, private, link-local, metadata, unspecified. */
export type IsPrivateAddress = (address: string) => boolean;

/** IANA special-purpose registries (RFC 6890), as far as they are not reachable over the internet. */
const PRIVATE_RANGES: readonly (readonly [string, number, "ipv4" | "ipv6"])[] = [
  ["0.0.0.0", 8, "ipv4"],
  ["10.0.0.0", 8, "ipv4"],
  // Carrier-grade NAT; also where some clouds keep their metadata service.
  ["100.64.0.0", 10, "ipv4"],
  ["127.0.0.0", 8, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.0.0.0", 24, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["198.18.0.0", 15, "ipv4"],
  ["224.0.0.0", 3, "ipv4"],
  ["::", 128, "ipv6"],
  ["::1", 128, "ipv6"],
  ["fc00::", 7, "ipv6"],
  ["fe80::", 10, "ipv6"],
  ["ff00::", 8, "ipv6"],
];

/** Builds the check once; it also sees through IPv4 addresses written inside IPv6 (mapped, 6to4, NAT64). */
export function privateAddresses(): IsPrivateAddress {
  const list = new BlockList();
  for (const [network, bits, family] of PRIVATE_RANGES) list.addSubnet(network, bits, family);
  return (address) => {
    const plain = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
    const family = isIP(plain);
    if (family === 0) return false;
    const inner = family === 6 ? innerIpv4(plain) : undefined;
    if (inner !== undefined) return list.check(inner, "ipv4");
    return list.check(plain, family === 4 ? "ipv4" : "ipv6");
  };
}

/** The IPv4 address inside `::ffff:a.b.c.d`, `::a.b.c.d`, `2002:aabb:ccdd::` and `64:ff9b::a.b.c.d`. */
function innerIpv4(address: string): string | undefined {
  const groups = expand(address);
  if (groups === undefined) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups;
  const low = `${g >> 8}.${g & 255}.${h >> 8}.${h & 255}`;
  const zeros = a === 0 && b === 0 && c === 0 && d === 0;
  if (zeros && e === 0 && f === 0xffff) return low;
  if (zeros && e === 0 && f === 0 && g !== 0) return low;
  if (zeros && e === 0xffff && f === 0) return low;
  if (a === 0x64 && b === 0xff9b) return low;
  if (a === 0x2002) return `${b >> 8}.${b & 255}.${c >> 8}.${c & 255}`;
  return undefined;
}

function expand(address: string): number[] | undefined {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const text =
    dotted === null
      ? address
      : `${dotted[1] ?? ""}${((Number(dotted[2]) << 8) | Number(dotted[3])).toString(16)}:${((Number(dotted[4]) << 8) | Number(dotted[5])).toString(16)}`;
  const [head = "", tail] = text.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const middle = tail === undefined ? 0 : 8 - left.length - right.length;
  if (middle < 0) return undefined;
  return [...left, ...Array<string>(middle).fill("0"), ...right].map((group) => Number.parseInt(group, 16));
}

/** The host name of `host[:port]` or of a bare address, brackets of IPv6 removed, lower case. */
export function hostName(host: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(host);
  if (bracketed !== null) return (bracketed[1] ?? "").toLowerCase();
  const isBareIpv6 = host.indexOf(":") !== host.lastIndexOf(":");
  return (isBareIpv6 ? host : host.replace(/:\d+$/, "")).toLowerCase();
}
