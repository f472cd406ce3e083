import { isIP } from "node:net";
import { RegistryError } from "./errors.ts";

const NAME = /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/**
 * Checks names that clients use: a CA is made for them and for no others, for ten years, so a slip would be found out too late.
 * @throws RegistryError `LISTEN_INVALID` for what is neither a name nor an address, with the one that may be meant
 */
export function checkHostNames(hosts: readonly string[]): void {
  for (const host of hosts) {
    if (isIP(host) !== 0 || NAME.test(host)) continue;
    const meant = meantHost(host);
    throw new RegistryError({
      code: "LISTEN_INVALID",
      message: `Cannot use ${JSON.stringify(host)} as a host: expected a name or address alone`,
      subject: host,
      hint: meant === undefined ? "Write it as mirror.example.com or 10.0.0.7, without scheme, port and path." : `Write ${meant}.`,
    });
  }
}

/** The name in `https://NAME:PORT/…` or `[ADDRESS]:PORT`. */
function meantHost(text: string): string | undefined {
  const [, address, name] = /^(?:[a-z]+:\/\/)?(?:\[([^\]]+)\]|([^/:[\]]+))(?::\d*)?(?:\/.*)?$/i.exec(text) ?? [];
  const meant = address ?? name;
  return meant !== undefined && (isIP(meant) !== 0 || NAME.test(meant)) ? meant : undefined;
}
