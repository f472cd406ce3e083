import { isIP } from "node:net";
import { ApiError } from "./api-error.ts";
import type { Exchange } from "./exchange.ts";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "::1"]);

/**
 * Checks that a request was meant for this registry: its Host is a loopback name, the address it came in on, or one of the
 * given names (a name that was pointed here by somebody else's DNS is none of these), and a write does not come from
 * another site's page.
 * @throws ApiError 421 or `DENIED`
 */
export function checkMeantForUs(exchange: Exchange, names: ReadonlySet<string>): void {
  const host = exchange.header("host") ?? "";
  const name = hostName(host);
  const own = unmapped(exchange.request.socket.localAddress ?? "");
  if (!LOOPBACK.has(name) && !names.has(name) && !(isIP(name) !== 0 && name === own)) {
    throw new ApiError("DENIED", { status: 421, detail: "This registry is not known by that name; name it with --host." });
  }
  const origin = exchange.header("origin");
  if (origin === undefined || ["GET", "HEAD", "OPTIONS"].includes(exchange.method)) return;
  if (origin !== `http://${host}` && origin !== `https://${host}`) {
    throw new ApiError("DENIED", { detail: "Writes from pages of other sites are refused." });
  }
}

/** Lower-case name without port and brackets. */
function hostName(host: string): string {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*))(?::\d+)?$/.exec(host);
  return (match?.[1] ?? match?.[2] ?? "").toLowerCase().replace(/\.$/, "");
}

/** An IPv4 address as a dual-stack socket shows it: `::ffff:10.0.0.1`. */
function unmapped(address: string): string {
  return address.replace(/^::ffff:/, "");
}
