const HOST = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]+)?$/;
const PART = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;
const MAX_NAME = 255;

/**
 * Whether opm accepts an image reference. Stricter than registries in places: the whole name, host included, has at most
 * 255 characters, and a first part with capitals but without a dot is no host.
 */
export function isOpmImage(text: string): boolean {
  const at = text.indexOf("@");
  const digest = at === -1 ? undefined : text.slice(at + 1);
  const named = at === -1 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(":");
  const tagged = colon !== -1 && named.indexOf("/", colon) === -1;
  const name = tagged ? named.slice(0, colon) : named;
  if (tagged && !TAG.test(named.slice(colon + 1))) return false;
  if (digest !== undefined && !DIGEST.test(digest)) return false;
  if (/^[0-9a-f]{64}$/.test(name)) return false;
  const slash = name.indexOf("/");
  const first = slash === -1 ? "" : name.slice(0, slash);
  const hosted = first.includes(".") || first.includes(":") || first === "localhost";
  const path = hosted ? name.slice(slash + 1) : name;
  if (hosted && !HOST.test(first)) return false;
  if ((hosted ? name : `docker.io/${slash === -1 ? "library/" : ""}${name}`).length > MAX_NAME) return false;
  return path.split("/").every((part) => PART.test(part));
}
