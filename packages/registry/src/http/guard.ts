import { isIP } from "node:net";
import { ApiError } from "./api-error.ts";
import type { Exchange } from "./exchange.ts";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "::1"]);

/**
 * Checks that a request was meant for this registry: its one Host is a loopback name, the address it came in on, or one of the
 * given names (a name that was pointed here by somebody else's DNS is none of these), and a write does not come from
 * another site's page. A request without a Host, as load balancers look with HTTP/1.0, comes from no page.
 * @throws ApiError 400, 421 or `DENIED`
 */
export function checkMeantForUs(exchange: Exchange, names: ReadonlySet<string>): void {
  // RFC 9112 3.2: several are a fault. Who stands between, a proxy say, may have gone by another one than we would.
  if ((exchange.request.headersDistinct["host"]?.length ?? 0) > 1) {
    throw new ApiError("UNSUPPORTED", { status: 400, detail: "A request has one Host." });
  }
  const { host } = exchange;
  if (host !== undefined && !isOurs(hostName(host), exchange, names)) {
    throw new ApiError("DENIED", { status: 421, detail: "This registry is not known by that name; name it with --host." });
  }
  const origin = exchange.header("origin");
  if (origin === undefined || ["GET", "HEAD", "OPTIONS"].includes(exchange.method)) return;
  if (origin !== `http://${host}` && origin !== `https://${host}`) {
    throw new ApiError("DENIED", { detail: "Writes from pages of other sites are refused." });
  }
}

function isOurs(name: string, exchange: Exchange, names: ReadonlySet<string>): boolean {
  if (LOOPBACK.has(name) || names.has(name)) return true;
  return isIP(name) !== 0 && name === unmapped(exchange.request.socket.localAddress ?? "");
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
